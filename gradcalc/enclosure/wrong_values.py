"""Where a value goes wrong: the first call whose operands are right and whose value is not."""

from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, each, to_floats
from gradcalc.balls.numbers import Ball
from gradcalc.derive.modes import Eager
from gradcalc.derive.perturbations import is_finite
from gradcalc.enclosure.course import LOST, Course
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.primitives.arithmetic import is_step
from gradcalc.testimony import Fault, Origin, place_of

Index = tuple[int, ...]

SUDDEN = 2.0**7
"""How much worse than its operands a value is that lost its digits by itself."""


def wrong_value(course: Course) -> Fault | None:
    """Why the value is wrong, None where it is not, or the cause was not found."""
    given, true = course.autograd.value, course.centre.output
    if not given.size:
        return None
    wild = ~np.isfinite(given) & is_finite(true)
    index = place_of(wild, given.shape) if wild.any() else None
    if index is None:
        index = course.furthest(np.where(np.isfinite(given), given, 0.0), true)
        if index is None or not course.is_off(given[index], true[index]):
            return None
    origin = course.autograd.target
    if _is_nowhere(course, *(_culprit(course, origin, index) or (origin, index))):
        return Fault("asked", "", None, (), float(given[index]), shown(true[index]))
    return value_fault(course, origin, index)


def value_fault(course: Course, origin: Origin, index: Index) -> Fault | None:
    """The first call whose operands are right that makes a value wrong."""
    found = _culprit(course, origin, index)
    return None if found is None else _own(course, *found)


def _culprit(course: Course, origin: Origin, index: Index) -> tuple[tuple[int, int], Index] | None:
    """That call's result, and the element of it."""
    for _ in course.calls:
        if not isinstance(origin, tuple):
            return None
        below = _below(course, origin, index)
        if below is None:
            return origin, index
        origin, index = below
    return None


def _is_nowhere(course: Course, origin: Origin, index: Index) -> bool:
    """Whether an element is made of one that has no value, neither for torch nor in truth: then
    the two may make different numbers of it, as `nan_to_num` does of an infinity."""
    if not isinstance(origin, tuple):
        return False
    number, position = origin
    shape = course.steps[number].values[position].shape
    for slot in course.slots[number]:
        lost = ~np.isfinite(slot.value) & ~is_finite(course.centre.values[slot.number])
        place = index if lost.ndim == len(shape) and lost.shape == shape else ...
        if np.any(lost[place]):
            return True
    return False


def _below(course: Course, origin: tuple[int, int], index: Index) -> tuple[Origin, Index] | None:
    """The operand's element that makes a value wrong, None where the call itself does."""
    number, position = origin
    given = course.steps[number].values[position][index]
    true = course.centre.values[course.calls[number].results[position]][index]
    turned = _turned(course, number, index)
    if turned is not None:
        return turned
    shares = _shares(course, origin, index)
    if is_step(_row(course, number)):
        # a step takes nothing of a small difference, until it turns over
        shares = [_all_of(course, number, k, index) for k in range(len(shares))]
    best: tuple[float, Origin, Index] | None = None
    for slot, share in zip(course.slots[number], shares, strict=True):
        exact = course.centre.values[slot.number]
        for place in map(tuple, np.argwhere(each(lambda b: not b.is_zero(), share))):
            off = slot.value[place], exact[place]
            if course.is_off(*off) and not _is_sudden(given, true, *off):
                weight = _weight(share[place], *off)
                if best is None or weight > best[0]:
                    best = weight, slot.origin, place
    return None if best is None else best[1:]


def _turned(course: Course, number: int, index: Index) -> tuple[Origin, Index] | None:
    """The condition by which a call takes an element of another branch, if it does."""
    row = _row(course, number)
    if row is None or row.name != "where":
        return None
    slot = course.slots[number][0]
    place = tuple(map(int, np.argwhere(to_floats(_all_of(course, number, 0, index)))[0]))
    off = course.is_off(slot.value[place], course.centre.values[slot.number][place])
    return (slot.origin, place) if off and slot.origin is not None else None


def _shares(course: Course, origin: tuple[int, int], index: Index) -> list[Any]:
    """How much a value takes of each element of the operands, NaN where that is not known."""
    number, position = origin
    cotangents = [
        course.centre.arithmetic.zeros(value.shape) for value in course.steps[number].values
    ]
    cotangents[position][index] = flint.arb(1)
    return course.handed(number, cotangents, exact=True)


def _row(course: Course, number: int) -> Any | None:
    """The primitive of elements that a call is, if it is one."""
    node = course.centre.trace.nodes[course.calls[number].results[0]]
    return node.source[0] if node.source and course.is_elementwise(course.calls[number]) else None


def _all_of(course: Course, number: int, operand: int, index: Index) -> Any:
    """Ones for the elements of an operand that one of a result is made of, zeros elsewhere."""
    value = course.slots[number][operand].value
    marks = np.zeros(course.steps[number].values[0].shape)
    marks[index] = 1.0
    ones = ops.unbroadcast(Eager(Floats()), marks, value.shape)
    return course.centre.arithmetic.asarray(np.asarray(ones, dtype=np.float64))


def _weight(share: Ball, given: float, true: Ball) -> float:
    weight = abs(share * (true - given))
    return float(weight) if weight.is_finite() else np.inf


def _is_sudden(given: float, true: Ball, operand: float, exact: Ball) -> bool:
    """Whether a value is far worse than an operand is."""
    if not np.isfinite(operand):
        return False
    if not np.isfinite(given):
        return bool(abs(exact - operand) < abs(exact) / 2)
    return bool(abs(true - given) * abs(exact) > abs(exact - operand) * abs(true) * SUDDEN)


def _own(course: Course, origin: tuple[int, int], index: Index) -> Fault:
    """What a call whose operands are right makes wrong."""
    number, position = origin
    result = course.calls[number].results[position]
    given = float(course.steps[number].values[position][index])
    true = course.centre.values[result][index]
    meant = course.given(number, exact=False)[result][index]
    kind, row = "value", _row(course, number)
    at = course.operands(number, index)
    if np.isnan(given) and not np.isfinite(at).all():
        # nothing is too large here: 0 times what is infinite is no number
        kind = "undefined"
    elif not np.isfinite(given):
        beyond = true.is_finite() and abs(true) > float(course.range.max)
        moved = None if beyond or meant.is_finite() else rounded(course, number, index)
        if moved is not None:
            return Fault("outside", *course.named(number), at, *moved)
        kind = "overflow" if beyond or not meant.is_finite() else "value"
    elif (
        given == 0 and meant.is_finite() and 0 < abs(meant) < float(course.range.smallest_subnormal)
    ):
        kind = "underflow"
    elif is_step(row) and meant == given and (stepped := _stepped(course, number, index)):
        return stepped
    elif abs(meant - given) <= abs(meant) * (LOST * course.epsilon):
        kind = "rounded" if row is not None and row.boolean else "cancellation"
    return Fault(kind, *course.named(number), at, given, shown(true))


def _stepped(course: Course, number: int, index: Index) -> Fault | None:
    """What was rounded over a step by the call before, None where it was none."""
    row = _row(course, number)
    if row is not None and row.boolean:
        return None
    shape = course.steps[number].values[0].shape
    for slot in course.slots[number]:
        given = np.broadcast_to(slot.value, shape)[index]
        true = np.broadcast_to(course.centre.values[slot.number], shape)[index]
        if true.contains(given) or not isinstance(slot.origin, tuple):
            continue
        own = tuple(
            0 if n == 1 else i
            for i, n in zip(index[len(index) - slot.value.ndim :], slot.value.shape, strict=True)
        )
        before = slot.origin[0]
        at = course.operands(before, own) if course.is_elementwise(course.calls[before]) else ()
        then = course.calls[number].primitive, course.operands(number, index)
        return Fault("stepped", *course.named(before), at, float(given), shown(true), then)
    return None


def rounded(course: Course, number: int, index: Index) -> tuple[float, Ball] | None:
    """The first operand of an element that rounding has moved, torch's and the exact one."""
    if not course.is_elementwise(course.calls[number]):
        return None
    shape = course.steps[number].values[0].shape
    for slot in course.slots[number]:
        given = float(np.broadcast_to(slot.value, shape)[index])
        true = np.broadcast_to(course.centre.values[slot.number], shape)[index]
        if np.isfinite(given) and true.is_finite() and not true.contains(given):
            return given, shown(true)
    return None


def shown(ball: Ball) -> Ball:
    """A true number for a sentence: 0 where it may be."""
    return ZERO if ball.contains(0) else ball.mid()
