"""Autograd's answer beside the true one: its gradients, what stands for them where there is none,
and the value."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.problem import Problem, weights
from gradcalc.testimony import (
    LEAST_FLOAT,
    Absent,
    Array,
    Computed,
    Enclosed,
    Reference,
    place_of,
)
from gradcalc.verdict.outcome import (
    EXCUSED,
    FACTOR,
    TAKEN,
    WIDEST,
    Comparison,
    Outcome,
    Precision,
    Worst,
    digits_text,
    element_text,
    number_text,
    numbers_apart,
    precision_of,
)
from gradcalc.verdict.rough import in_hull

ROUNDED = "rounding inside the program took the rest"
"""Why a gradient may have lost digits that its inputs had."""

NEAREST = "no float is nearer to the true gradient"
"""Why a gradient may have lost digits that no float has: it is as small as the smallest ones."""

# -- the gradient by one input, at a smooth point ----------------------------------------------


def compare(problem: Problem, name: str, autograd: Computed, reference: Reference) -> Comparison:
    """Hold autograd's gradient by one input against the true one."""
    found = _compared(problem, name, autograd, reference)
    given, true = _told(name, autograd, reference)
    if problem.strict and found.outcome is Outcome.WRONG:
        mild = _compared(replace(problem, strict=False), name, autograd, reference)
        if mild.outcome.exit_code == 0:
            found = replace(found, why=f"{found.why}; --strict does not excuse {_excuse(mild)}")
    excused = found.outcome is Outcome.VANISHED or (found.outcome is Outcome.VERIFIED and found.why)
    if not problem.enclose and found.outcome is Outcome.WRONG and np.isfinite(given).all():
        # as little as rounding leaves of what levels off
        excused = bool(
            np.max(errors_of(given, true), initial=0) <= precision_of(problem.precision).room
        )
    if excused and not problem.enclose:
        shown = digits_text(found.digits or 0.0, precision_of(problem.precision))
        why = f"{shown} digits are right, and only enclosures tell whether rounding took the rest"
        found = replace(found, outcome=Outcome.UNRESOLVED, why=why)
    return replace(found, worst=_worst(given, true))


def _excuse(found: Comparison) -> str:
    """What is to blame for the digits that a gradient that passes has lost."""
    if found.outcome is Outcome.VANISHED:
        return "what is lost in rounding on the function's own scale"
    return "rounding inside the program" if found.why == ROUNDED else "the inputs' conditioning"


def _worst(given: Array, true: Any) -> Worst | None:
    """The element of the largest error, one that is not finite before all others."""
    wild = ~np.isfinite(given)
    errors = wild if wild.any() else np.ravel(errors_of(given, true))
    # a NaN is not larger
    if not np.any(errors > 0):
        return None
    index = place_of(errors, given.shape)
    if given[index] == float(true[index]):
        # the float next to the true one is as near as autograd can come
        return None
    said, truth = numbers_apart(float(given[index]), true[index])
    return Worst(index, float(given[index]), float(true[index]), said, truth)


def _compared(problem: Problem, name: str, autograd: Computed, reference: Reference) -> Comparison:
    precision = precision_of(problem.precision)
    given, true = _told(name, autograd, reference)
    finite = np.isfinite(given)
    if true.dtype != object and not np.isfinite(true).all():
        why = "the check itself overflows in floats, and there is no enclosure"
        return Comparison(Outcome.UNRESOLVED, 0.0, ~np.isfinite(true), why)
    if not finite.all():
        rest = _rest(problem, name, autograd, reference, finite)
        why = _why_not_finite(name, given, true, precision)
        return Comparison(Outcome.WRONG, 0.0, ~finite | rest, why)
    # how far off the true gradient may itself be counts against autograd
    radius = reference.radii.get(name, np.zeros(given.shape))
    # the least of floats stands for what none tells from 0
    errors = errors_of(given, true) + np.where(radius > LEAST_FLOAT, radius, 0.0)
    error, size = _largest(errors), abs(_largest(true))
    condition = reference.sensitivity.conditions.get(name) if size != 0 else None
    relative = float(error / size) if size != 0 else (np.inf if error != 0 else 0.0)
    digits = _digits(relative, precision)
    plain, allowed = _rooms(problem, condition, precision)
    accepted = max(min(allowed, EXCUSED), plain)
    strays = _strays(problem, name, errors, true, reference, precision)
    if problem.before or not isinstance(reference, Enclosed):
        # what second derivatives leave of what cancels, and values of which no analysis of errors
        # tells what rounding leaves of them, is told by the largest element
        strays &= errors > plain * size
    if relative > accepted and np.all(2 * errors <= precision.least):
        # twice the error, as half of the least number is none
        return Comparison(Outcome.VERIFIED, None, np.zeros(given.shape, dtype=np.bool_), NEAREST)
    if relative <= accepted and strays.any() and not problem.strict:
        lost = strays & _are_level(name, errors, true, reference, precision)
        strays = strays & ~lost
        if lost.any() and not strays.any():
            left = _digits(float(max((errors[lost] / np.abs(true)[lost]).flat)), precision)
            return Comparison(
                Outcome.VANISHED, left, np.zeros(given.shape, dtype=np.bool_), "", lost=lost
            )
    if relative <= accepted and strays.any():
        why = _why_wrong(name, given, true, np.where(strays, errors, 0))
        apart = (errors[strays] / np.abs(true)[strays]).flat
        return Comparison(Outcome.WRONG, _digits(float(max(apart)), precision), strays, why)
    if relative <= accepted:
        why = "" if relative <= plain else "as far as the inputs allow"
        return Comparison(Outcome.VERIFIED, digits, np.zeros(given.shape, dtype=np.bool_), why)
    if not problem.strict and _is_level(name, error, size, reference, precision):
        return Comparison(Outcome.VANISHED, digits, np.zeros(given.shape, dtype=np.bool_), "")
    if not problem.strict and _is_taken(name, error, relative, reference, precision):
        why = ROUNDED
        return Comparison(Outcome.VERIFIED, digits, np.zeros(given.shape, dtype=np.bool_), why)
    if not problem.strict and _has_vanished(problem, name, error, size, reference):
        return Comparison(Outcome.VANISHED, digits, np.zeros(given.shape, dtype=np.bool_), "")
    differs = np.array(errors > plain * size, dtype=np.bool_).reshape(given.shape)
    if condition is None and relative < EXCUSED and not problem.strict:
        why = "the witnesses differ by more than rounding, and the conditioning is not known"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    if relative <= allowed:
        if error <= precision.room * abs(_largest(reference.sensitivity.flows[name])):
            # what it is made of cancels, as far as the inputs can tell to nothing
            return Comparison(Outcome.VANISHED, digits, np.zeros(given.shape, dtype=np.bool_), "")
        why = "the gradient is too ill-conditioned here for its digits to be told"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    why = _why_wrong(name, given, true, errors)
    if digits >= 1:
        why += f" ({digits_text(digits, precision)} digits are right)"
    return Comparison(Outcome.WRONG, digits, differs, why)


def _rest(
    problem: Problem, name: str, autograd: Computed, reference: Reference, finite: Any
) -> Any:
    """The finite elements that are wrong, too."""
    if not (finite & is_told(reference.exact[name])).any():
        return np.zeros(finite.shape, np.bool_)
    true = reference.exact[name].copy()
    true[~finite] = np.nan if true.dtype != object else true[~finite] * np.nan
    others = replace(reference, exact={**reference.exact, name: true})
    found = _compared(problem, name, autograd, others)
    wrong = found.outcome is Outcome.WRONG and found.differs is not None
    return found.differs if wrong else np.zeros(finite.shape, np.bool_)


def _told(name: str, autograd: Computed, reference: Reference) -> tuple[Array, Any]:
    """Autograd's gradient and the true one, 0 where there is none to be told."""
    told = is_told(reference.exact[name])
    given, true = autograd.gradients[name].copy(), reference.exact[name].copy()
    given[~told] = true[~told] = 0
    return given, true


def is_told(true: Any) -> NDArray[np.bool_]:
    """Which elements of a true gradient there are: the others are not numbers."""
    return np.asarray(true == true, dtype=np.bool_).reshape(np.shape(true))


def accepted_error(problem: Problem, name: str, reference: Reference) -> float:
    """The largest error, in relation to the largest element, of a gradient that is verified."""
    precision = precision_of(problem.precision)
    condition = reference.sensitivity.conditions.get(name)
    plain, allowed = _rooms(problem, condition, precision)
    lost, most = reference.sensitivity.rounding.get(name, 0.0), precision.epsilon**TAKEN
    excused = min(FACTOR * lost, most) if lost <= most and not problem.strict else 0.0
    return max(min(allowed, EXCUSED), plain, excused)


def _rooms(problem: Problem, condition: float | None, precision: Precision) -> tuple[float, float]:
    """What rounding may do to a gradient, without and with the inputs' conditioning."""
    plain = max(precision.room, min(_longest_sum(problem) * precision.epsilon, WIDEST))
    excused = condition is not None and not problem.strict
    return plain, plain * (1 + (condition or 0.0)) if excused else plain


def _longest_sum(problem: Problem) -> float:
    """How far rounding goes astray in a sum of all inputs: as the root of their number."""
    return float(np.sqrt(max((np.size(value) for value in problem.inputs.values()), default=0)))


def _why_not_finite(name: str, given: Array, true: Any, precision: Precision) -> str:
    # the first element that is not finite, which is the one that is shown as the worst
    truth = np.ravel(true)[int(np.argmax(~np.isfinite(given)))]
    if np.isnan(given).any():
        return f"autograd's gradient by {name} is NaN; the true one is {number_text(truth)}"
    beyond = abs(truth) > precision.largest
    range_of = f", beyond {precision.name}'s range" if beyond else ""
    return (
        f"autograd's gradient by {name} is infinite; the true one is {number_text(truth)}{range_of}"
    )


def _why_wrong(name: str, given: Array, true: Any, errors: Any) -> str:
    worst = place_of(errors, given.shape)
    ours, truth = numbers_apart(float(given[worst]), true[worst])
    return f"autograd says {ours} for {element_text(name, worst)}; the true gradient is {truth}"


def errors_of(given: Array, true: Any) -> Any:
    """How far off each element is, in the digits of the true one."""
    return np.asarray(np.abs(true - given)).reshape(given.shape)


def _largest(true: Any) -> Any:
    """The element of the largest size, 0 if there is none."""
    flat = np.ravel(true)
    return flat[int(np.argmax(np.abs(flat)))] if flat.size else 0


def _digits(relative: float, precision: Precision) -> float:
    if relative == 0:
        return precision.digits
    return float(min(precision.digits, max(0.0, -np.log10(relative))))


def _is_level(name: str, error: Any, size: Any, reference: Reference, precision: Precision) -> bool:
    """Whether the function levels off here, and the error is what rounding makes of its slopes.

    They are far larger on the way here, and the error is nothing beside them. Whether the function
    is spelled out or called by a name makes no difference.
    """
    known, room = reference.sensitivity, precision.room
    slope = _most(known.slopes, name)
    if not (error <= room * slope and FACTOR * size <= slope):
        return False
    made = max(abs(_largest(known.flows[name])), _most(known.noise, name))
    if size == 0 and error <= room * precision.epsilon * slope:
        # where it is flat a kernel may still let by what is nothing even to those roundings
        return True
    written = max(FACTOR * known.rounding.get(name, 0.0), precision.epsilon**TAKEN)
    return bool(error <= room * made or error <= written * size)


def _are_level(
    name: str, errors: Any, true: Any, reference: Reference, precision: Precision
) -> NDArray[np.bool_]:
    """The elements by which the function levels off, and that are off by what rounding makes of
    the values that they are made of."""
    known, room = reference.sensitivity, precision.room
    if name not in known.slopes or name not in known.noise:
        return np.zeros(np.shape(errors), np.bool_)
    slopes, made = known.slopes[name], np.maximum(_numbers(known.flows[name]), known.noise[name])
    level = (errors <= room * slopes) & (FACTOR * np.abs(true) <= slopes)
    return np.asarray(level & (errors <= room * made), dtype=np.bool_).reshape(np.shape(errors))


def _most(sizes: Mapping[str, Array], name: str) -> float:
    return float(np.max(sizes[name], initial=0)) if name in sizes else 0.0


def _is_taken(
    name: str, error: Any, relative: float, reference: Reference, precision: Precision
) -> bool:
    """Whether rounding took a part of the digits, in the program as it is written or in a kernel.

    What a kernel loses is beneath the rounding of the slopes that the function has elsewhere.
    """
    known, most = reference.sensitivity, precision.epsilon**TAKEN
    taken = known.rounding.get(name, 0.0)
    if taken <= most and relative <= min(FACTOR * taken, most):
        return True
    return bool(relative <= most and error <= precision.room * _most(known.ordinary, name))


def _has_vanished(problem: Problem, name: str, error: Any, size: Any, reference: Reference) -> bool:
    """Whether the error is below what rounding leaves of the function itself."""
    precision, known = precision_of(problem.precision), reference.sensitivity
    if error <= precision.smallest and size <= precision.smallest / precision.epsilon:
        return True
    room = precision.room
    blurred = error <= room * _most(known.noise, name)
    # a gradient that cancels to zero leaves some of what flows into it
    flow = 0.0 if size != 0 else abs(_largest(_numbers(known.flows[name])))
    if size == 0 and (blurred or error <= room * flow):
        return True
    written = error <= FACTOR * known.rounding.get(name, 0.0) * size
    if name in known.noise and not (blurred or written):
        # neither the values that it is made of nor the way it is written lose so much
        return False
    # where a gradient is zero because everything cancels, so may the function itself
    scale = _numbers(known.scales[name])
    scale = min(abs(reference.total), scale) if size != 0 else scale
    largest = np.abs(problem.inputs[name]).max(initial=0)
    return bool(error <= room * scale / max(1.0, largest))


def _strays(
    problem: Problem, name: str, errors: Any, true: Any, reference: Reference, precision: Precision
) -> NDArray[np.bool_]:
    """The elements with hardly a right digit, which only rounding of what makes them could excuse.

    Beside a large element a small one may be off altogether without its showing in the norm.
    """
    far = np.asarray(errors > EXCUSED * np.abs(true), dtype=np.bool_)
    if not far.any():
        return far.reshape(np.shape(problem.inputs[name]))
    known = reference.sensitivity
    condition = known.conditions.get(name, 0.0)
    room = precision.room
    sizes = np.maximum(1.0, np.abs(problem.inputs[name]))
    flows, scale = _numbers(known.flows[name]), _numbers(known.scales[name])
    if name in known.noise:
        # what cancels in the values that it is made of flows into it as nothing
        flows = np.maximum(flows, _numbers(known.noise[name]))
    with np.errstate(invalid="ignore"):
        # nothing that flows, however strongly it reacts, is told apart from nothing
        noise = room * (flows * (1 + condition) + scale / sizes)
    found = far & (errors > noise + precision.smallest)
    return np.asarray(found, dtype=np.bool_).reshape(sizes.shape)


def _numbers(sizes: Any) -> Any:
    """Sizes of what there is, 0 where there is nothing."""
    return np.where(np.asarray(np.abs(sizes) < np.inf, np.bool_), sizes, 0)[()]


def within_rounding(problem: Problem, autograd: Computed, reference: Reference) -> bool:
    """Whether a gradient is one from beside this point, as near as floats can tell."""
    if not isinstance(reference, Enclosed) or reference.within is None:
        return False
    told = is_told(problem.joined(reference.exact))
    around = replace(
        reference.within,
        gradients=reference.within.gradients[:, told],
        directions=reference.within.directions[:, told],
    )
    given = problem.joined(autograd.gradients)[told]
    return in_hull(given, around, precision_of(problem.precision))


# -- the value ---------------------------------------------------------------------------------


def total_of(problem: Problem, autograd: Computed) -> float:
    """The number that autograd differentiates: the weighted sum of the output."""
    # infinite numbers of both signs have no sum
    with np.errstate(invalid="ignore"):
        return float(_parts(problem, autograd).sum())


def value_holds(problem: Problem, autograd: Computed, exact: Enclosed) -> bool:
    """Whether the value is right as far as rounding and the inputs' conditioning allow.

    So it counts as long as nothing is known of the conditioning.
    """
    if exact.sway is None:
        return True
    parts = _parts(problem, autograd)
    total, size = total_of(problem, autograd), float(np.abs(parts).sum())
    true, precision = exact.total, precision_of(problem.precision)
    if not (np.isfinite(total) and np.isfinite(float(true))):
        return False
    room = precision.room * (max(abs(true), size) + exact.sway)
    return bool(abs(true - total) <= room + precision.smallest * parts.size)


def is_valueless(autograd: Computed, reference: Reference | Absent) -> bool:
    """Whether what is differentiated is no number, and not only for torch.

    What is infinite may be so by what does not move, and has a slope by what does.
    """
    lost = bool(np.isnan(autograd.value).any())
    return lost and isinstance(reference, Reference) and math.isnan(float(reference.total))


def _parts(problem: Problem, autograd: Computed) -> Array:
    with np.errstate(all="ignore"):
        return np.ravel(autograd.value * weights(problem, autograd.value.shape))
