"""Where floats go astray: torch's values and adjoints of every call beside the exact ones.

The cause of a wrong gradient is the first call, from the output back, whose own adjoint is right
and which hands on a wrong one; the cause of a wrong value is the first whose operands are right and
whose value is not. Both are found from the other end, along what is off the most, so that they
matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import Ball, OutOfReach, Undecided, Undefined
from gradcalc.enclosure.course import LOST, Course, Unlike, Use, kept
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.trial import Trial
from gradcalc.enclosure.wrong_values import rounded, shown, value_fault, wrong_value
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Computed, Fault, Origin, place_of

Index = tuple[int, ...]


def course_of(experiment: Experiment, centre: Trial, autograd: Computed) -> Course | None:
    """Torch's steps, which it tells, beside the exact ones; None where they are not the same."""
    with np.errstate(all="ignore"), flint.ctx.workprec(centre.bits):
        try:
            return Course(centre, autograd, experiment.epsilon, experiment.problem.dtype)
        except Unlike:
            return None


def faults(course: Course, truth: Mapping[str, Any]) -> dict[str | None, Fault]:
    """The faults of autograd's gradients, by input, and of its value, as far as they are found.

    `truth` are the true gradients, which are not those of the chain rule where corners come to
    nothing.
    """
    found: dict[str | None, Fault] = {}
    with np.errstate(all="ignore"), flint.ctx.workprec(course.centre.bits):
        for name in (*truth, None):
            try:
                fault = (
                    wrong_value(course)
                    if name is None
                    else gradient_fault(course, name, truth[name])
                )
            except (Unlike, OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError):
                continue
            if fault is not None:
                found[name] = fault
    return found


def gradient_fault(course: Course, name: str, truth: Any) -> Fault | None:
    """Why a gradient is wrong, None where it is not, or the cause was not found."""
    given, true = course.autograd.gradients[name], course.exact[0].get(name)
    if true is None or not given.size:
        return None
    told = np.asarray(truth == truth, np.bool_)
    wild = ~np.isfinite(given)
    # what has no gradient is not wrong, if another is
    left = ~told & (~wild | (wild & told).any())
    if told.any() and left.any():
        given, true, truth = given.copy(), true.copy(), truth.copy()
        given[left] = true[left] = truth[left] = 0
    sizes = np.abs(truth) * (LOST * course.epsilon)
    if np.isfinite(given).all() and np.any(np.abs(true - truth) > sizes):
        return None
    index = course.furthest(given, true)
    origin: Origin = name
    for _ in course.calls:
        if index is None:
            return None
        use = _worst(course, origin, index)
        if use is None:
            return _parts(course, origin, index)
        above = _above(course, use, index)
        if above is None:
            return _handing(course, use, index)
        origin, index = above
    return None


def _worst(course: Course, origin: Origin, index: Index) -> Use | None:
    """The use of a tensor through which what is off the most comes back to an element."""
    found: list[tuple[Ball, Use]] = []
    wild: list[Use] = []
    for use in course.uses.get(origin, ()):
        given = _handed(course, use)[index]
        true = _true(course, use)[index]
        if not np.isfinite(given):
            wild.append(use)
        elif true.is_finite() and course.is_off(given, true):
            found.append((abs(true - given), use))
    if wild:
        return max(wild, key=lambda use: use.call)
    return max(found, key=lambda pair: float(pair[0]))[1] if found else None


def _handed(course: Course, use: Use) -> Any:
    return course.slots[use.call][use.operand].handed


def _true(course: Course, use: Use) -> Any:
    handed = course.exact[1].get(use.call)
    return course.centre.arithmetic.zeros(()) if handed is None else handed[use.operand]


def _above(course: Course, use: Use, index: Index) -> tuple[Origin, Index] | None:
    """The adjoint that makes an operand's wrong, None where the call itself does."""
    step, given = course.steps[use.call], _handed(course, use)[index]
    related = course.related(use.call, use.operand, index)
    arriving = list(enumerate(step.adjoints))
    if not np.isfinite(given):
        for position, adjoint in arriving:
            if adjoint is not None and (bad := related[position] & ~np.isfinite(adjoint)).any():
                return (use.call, position), place_of(bad, bad.shape)
        return None
    asarray = course.centre.arithmetic.asarray
    balls = [None if a is None else asarray(a) for a in step.adjoints]
    local = course.handed(use.call, balls, exact=True)[use.operand][index]
    inherited = abs(local - _true(course, use)[index])
    if not local.is_finite() or abs(local - given) >= inherited:
        return None
    best: tuple[Any, Origin, Index] | None = None
    for position, adjoint in arriving:
        true = course.exact[0].get((use.call, position))
        if adjoint is None or true is None:
            continue
        errors = kept(related[position], np.abs(true - adjoint))
        place = place_of(to_floats(errors / (np.max(errors) or 1)), adjoint.shape)
        if best is None or errors[place] > best[0]:
            best = errors[place], (use.call, position), place
    return None if best is None else best[1:]


def _parts(course: Course, origin: Origin, index: Index) -> Fault | None:
    """What flows back to an element from several uses, all of it right, and cancels."""
    assert origin is not None
    uses = course.uses.get(origin, ())
    true = course.exact[0][origin][index]
    parts = tuple(float(_handed(course, use)[index]) for use in uses)
    if isinstance(origin, str):
        primitive, whole = origin, course.autograd.gradients[origin]
    else:
        number, position = origin
        primitive, adjoint = course.calls[number].primitive, course.steps[number].adjoints[position]
        whole = np.asarray(np.nan if adjoint is None else adjoint)
    said = float(whole[index])
    if len(parts) < 2 or not np.isfinite(parts).all() or not course.is_off(said, true):
        return None
    kind = "parts" if np.isfinite(said) else "sum"
    return Fault(kind, primitive, _joining(course, uses), parts, said, shown(true))


def _joining(course: Course, uses: Sequence[Use]) -> Any:
    """The place of the first call that all uses of a tensor come together in."""
    reached = [{use.call} for use in uses]
    for number, step in enumerate(course.steps):
        for calls in reached:
            if any(isinstance(o, tuple) and o[0] in calls for o in step.origins):
                calls.add(number)
    common = set.intersection(*reached)
    return course.calls[min(common)].place if common else None


def _handing(course: Course, use: Use, index: Index) -> Fault | None:
    """Why a call whose adjoint is right hands on a wrong one."""
    step, given = course.steps[use.call], float(_handed(course, use)[index])
    true = _true(course, use)[index]
    at = course.at(use.call, use.operand, index)
    victim = course.calls[use.call].primitive, at
    asarray = course.centre.arithmetic.asarray
    arriving = [None if a is None else asarray(a) for a in step.adjoints]
    meant = course.handed(use.call, arriving, exact=False)[use.operand][index]
    wrong = _wrong_operand(course, use, index) if _differ(course, meant, true) else None
    if wrong is not None:
        fault = value_fault(course, *wrong)
        return None if fault is None else replace(fault, then=victim)
    if given == 0 and 0 < abs(true) < float(course.range.smallest_subnormal):
        return Fault("faded", *course.named(use.call), at, given, shown(true))
    related = course.related(use.call, use.operand, index)
    for position, value in enumerate(step.values):
        exact = course.centre.values[course.calls[use.call].results[position]]
        for place in map(tuple, np.argwhere(related[position])):
            if course.is_lost(value[place], exact[place]):
                return value_fault(course, (use.call, position), place)
    ones = [course.centre.arithmetic.ones(value.shape) for value in step.values]
    slope = course.handed(use.call, ones, exact=False)[use.operand][index]
    if np.isinf(given) and true.is_finite() and abs(true) > float(course.range.max):
        return Fault("grown", *course.named(use.call), at, given, shown(true))
    if np.isfinite(given) or (slope.is_finite() and np.isfinite(at).all()):
        return Fault("slope", *course.named(use.call), at, given, shown(true))
    number = use.call
    if at:
        number, place = _undefined(course, number, place_of(related[0], related[0].shape))
        moved, at = rounded(course, number, place), course.operands(number, place)
        if moved is not None:
            return Fault("outside", *course.named(number), at, *moved)
    return Fault("undefined", *course.named(number), at, given, shown(true))


def _undefined(course: Course, number: int, place: Index) -> tuple[int, Index]:
    """The first call, of those that make an element, without a value, and its element there."""
    while True:
        below = _without_value(course, number, place)
        if below is None:
            return number, place
        number, place = below


def _without_value(course: Course, number: int, place: Index) -> tuple[int, Index] | None:
    """The call without a value that gives a call an operand, and its element; None for none."""
    for slot in course.slots[number]:
        sizes = slot.value.shape
        behind = place[len(place) - len(sizes) :]
        own = tuple(i if size > 1 else 0 for i, size in zip(behind, sizes, strict=True))
        if isinstance(slot.origin, tuple) and not np.isfinite(slot.value[own]):
            below = slot.origin[0]
            if course.is_elementwise(course.calls[below]):
                return below, own
    return None


def _differ(course: Course, meant: Ball, true: Ball) -> bool:
    """Whether a call would hand on another number from what torch has for its operands."""
    return not meant.is_finite() or bool(abs(meant - true) > abs(true) * (LOST * course.epsilon))


def _wrong_operand(course: Course, use: Use, index: Index) -> tuple[Origin, Index] | None:
    """The operand of a call whose wrong value makes it hand on a wrong adjoint."""
    related = course.related(use.call, use.operand, index)
    for position, slot in enumerate(course.slots[use.call]):
        true = course.centre.values[slot.number]
        for place in map(tuple, np.argwhere(np.ones(true.shape, np.bool_))):
            if not course.is_off(slot.value[place], true[place]):
                continue
            beside = course.related(use.call, position, place)
            if any((a & b).any() for a, b in zip(related, beside, strict=True)):
                return slot.origin, place
    return None
