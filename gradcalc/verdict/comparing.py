"""Autograd's answer beside the true one: its gradients, what stands for them where there is none,
and the value."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.problem import Problem, weights
from gradcalc.testimony import Array, Computed, Enclosed, Nature, Neighbourhood, Reference, place_of
from gradcalc.verdict.outcome import (
    EXCUSED,
    FACTOR,
    TAKEN,
    Comparison,
    Outcome,
    Precision,
    Verdict,
    Worst,
    culprit_text,
    digits_text,
    element_text,
    number_text,
    numbers_apart,
    precision_of,
)

SOLVED = 1e-7
"""To how much a linear program is solved."""


# -- the gradient by one input, at a smooth point ----------------------------------------------


def compare(problem: Problem, name: str, autograd: Computed, reference: Reference) -> Comparison:
    """Hold autograd's gradient by one input against the true one."""
    found = _compared(problem, name, autograd, reference)
    excused = found.outcome is Outcome.VANISHED or (found.outcome is Outcome.VERIFIED and found.why)
    if excused and not problem.enclose:
        shown = digits_text(found.digits or 0.0, precision_of(problem.dtype))
        why = f"{shown} digits are right, and only enclosures tell whether rounding took the rest"
        found = replace(found, outcome=Outcome.UNRESOLVED, why=why)
    return replace(found, worst=_worst(autograd.gradients[name], reference.exact[name]))


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
    precision = precision_of(problem.dtype)
    given, true = autograd.gradients[name], reference.exact[name]
    finite = np.isfinite(given)
    if not np.all(true == true):
        return Comparison(Outcome.UNRESOLVED, None, None, "the true gradient is not known")
    if true.dtype != object and not np.isfinite(true).all():
        why = "the check itself overflows in floats, and there is no enclosure"
        return Comparison(Outcome.UNRESOLVED, 0.0, ~np.isfinite(true), why)
    if not finite.all():
        return Comparison(
            Outcome.WRONG, 0.0, ~finite, _why_not_finite(name, given, true, precision)
        )
    # how far off the true gradient may itself be counts against autograd
    errors = errors_of(given, true) + reference.radii.get(name, 0.0)
    error, size = _largest(errors), abs(_largest(true))
    condition = reference.sensitivity.conditions.get(name) if size != 0 else None
    relative = float(error / size) if size != 0 else (np.inf if error != 0 else 0.0)
    digits = _digits(relative, precision)
    plain, allowed = _rooms(problem, condition, precision)
    accepted = max(min(allowed, EXCUSED), plain)
    strays = _strays(problem, name, errors, true, reference, precision)
    if relative <= accepted and strays.any():
        why = _why_wrong(name, given, true, np.where(strays, errors, 0))
        return Comparison(Outcome.WRONG, digits, strays, why)
    if relative <= accepted:
        why = "" if relative <= plain else "as far as the inputs allow"
        return Comparison(Outcome.VERIFIED, digits, np.zeros(given.shape, dtype=np.bool_), why)
    lost = FACTOR * reference.sensitivity.rounding.get(name, 0.0)
    if not problem.strict and relative <= lost <= precision.epsilon**TAKEN:
        why = "rounding inside the program took the rest"
        return Comparison(Outcome.VERIFIED, digits, np.zeros(given.shape, dtype=np.bool_), why)
    if not problem.strict and _has_vanished(problem, name, error, size, reference):
        return Comparison(Outcome.VANISHED, digits, np.zeros(given.shape, dtype=np.bool_), "")
    differs = np.array(errors > plain * size, dtype=np.bool_).reshape(given.shape)
    if condition is None and relative < EXCUSED and not problem.strict:
        why = "the witnesses differ by more than rounding, and the conditioning is not known"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    if relative <= allowed:
        why = "the gradient is too ill-conditioned here for its digits to be told"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    why = _why_wrong(name, given, true, errors)
    if digits >= 1:
        why += f" ({digits_text(digits, precision)} digits are right)"
    return Comparison(Outcome.WRONG, digits, differs, why)


def accepted_error(problem: Problem, name: str, reference: Reference) -> float:
    """The largest error, in relation to the largest element, of a gradient that is verified."""
    precision = precision_of(problem.dtype)
    condition = reference.sensitivity.conditions.get(name)
    plain, allowed = _rooms(problem, condition, precision)
    lost = FACTOR * reference.sensitivity.rounding.get(name, 0.0)
    excused = lost if not problem.strict and lost <= precision.epsilon**TAKEN else 0.0
    return max(min(allowed, EXCUSED), plain, excused)


def _rooms(problem: Problem, condition: float | None, precision: Precision) -> tuple[float, float]:
    """What rounding may do to a gradient, without and with the inputs' conditioning."""
    plain = max(FACTOR, _longest_sum(problem)) * precision.epsilon
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


def _has_vanished(problem: Problem, name: str, error: Any, size: Any, reference: Reference) -> bool:
    """Whether the error is below what rounding leaves of the function itself."""
    precision, known = precision_of(problem.dtype), reference.sensitivity
    if error <= precision.smallest and size <= precision.smallest / precision.epsilon:
        return True
    room = FACTOR * precision.epsilon
    blurred = error <= room * known.noise.get(name, 0.0)
    # a gradient that cancels to zero leaves some of what flows into it
    flow = 0.0 if size != 0 else abs(_largest(known.flows[name]))
    if size == 0 and (blurred or error <= room * flow):
        return True
    written = error <= FACTOR * known.rounding.get(name, 0.0) * size
    if name in known.noise and not (blurred or written):
        # neither the values that it is made of nor the way it is written lose so much
        return False
    # where a gradient is zero because everything cancels, so may the function itself
    scale = known.scales[name]
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
    room = FACTOR * precision.epsilon
    sizes = np.maximum(1.0, np.abs(problem.inputs[name]))
    noise = room * (known.flows[name] * (1 + condition) + known.scales[name] / sizes)
    found = far & (errors > noise + precision.smallest)
    return np.asarray(found, dtype=np.bool_).reshape(sizes.shape)


# -- points without a gradient -----------------------------------------------------------------


def rough_verdict(
    around: Neighbourhood, problem: Problem, autograd: Computed, reference: Reference
) -> Verdict:
    """What kind of point it is, and whether autograd's choice is a valid one."""
    culprit = culprit_text(reference.events)
    if around.nature is Nature.EDGE:
        what = "on the border of" if around.inside else "outside"
        return Verdict(Outcome.EDGE, f"this point is {what} the domain{culprit}")
    if around.nature is Nature.JUMP:
        return Verdict(Outcome.JUMP, f"the function is discontinuous here{culprit}")
    if around.nature is Nature.SINGULAR:
        return Verdict(Outcome.SINGULAR, f"the gradient grows without bound here{culprit}")
    start = f"the function has a kink here{culprit}"
    given = problem.joined(autograd.gradients)
    if in_hull(given, around, precision_of(problem.dtype)):
        return Verdict(Outcome.KINK, f"{start}; autograd's choice is a valid one")
    if np.isfinite(given).all() and not around.complete:
        why = f"{start}, with too many inputs to tell whether autograd's choice is a valid one"
        return Verdict(Outcome.UNRESOLVED, why)
    low, high = around.gradients.min(axis=0), around.gradients.max(axis=0)
    outside = ~(np.isfinite(given) & (given >= low) & (given <= high))
    if not outside.any():
        why = f"{start}; autograd's choice is no mixture of the gradients around"
        return Verdict(Outcome.WRONG, why)
    worst = int(np.argmax(outside))
    ends = number_text(low[worst]), number_text(high[worst])
    slopes = f"from {ends[0]} to {ends[1]}" if ends[0] != ends[1] else f"of about {ends[0]}"
    said = number_text(given[worst])
    return Verdict(Outcome.WRONG, f"{start}, with gradients {slopes}; autograd says {said}")


def within_rounding(problem: Problem, autograd: Computed, reference: Reference) -> bool:
    """Whether a gradient is one from beside this point, as near as floats can tell."""
    if not isinstance(reference, Enclosed) or reference.within is None:
        return False
    given = problem.joined(autograd.gradients)
    return in_hull(given, reference.within, precision_of(problem.dtype))


def in_hull(given: Array, around: Neighbourhood, precision: Precision) -> bool:
    """Whether a gradient is a mixture of those around the point.

    Along every sampled direction its slope must lie between the smallest and the largest slope
    of the samples, and so must each of its components; and it must lie in the plane through them,
    if they are enough to tell it. Half the digits do: the point has no gradient anyway, and
    nothing is known about its conditioning.
    """
    if not np.isfinite(given).all():
        return False
    if around.whole:
        return _is_mixture(given, around.gradients, np.sqrt(precision.epsilon))
    directions = np.concatenate([around.directions, np.eye(given.size)])
    sizes = np.maximum(np.abs(around.gradients).max(axis=0, initial=0), np.abs(given))
    room = np.sqrt(precision.epsilon) * sizes
    if around.drift is not None:
        room = room + 2 * around.drift
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = around.gradients @ directions.T
        own = directions @ given
        within = np.abs(directions) @ room
    if not np.all((own >= slopes.min(axis=0) - within) & (own <= slopes.max(axis=0) + within)):
        return False
    return not around.complete or _in_plane(given, around.gradients, room)


def _is_mixture(given: Array, gradients: Array, room: float) -> bool:
    """Whether numbers are a mixture of rows, each up to so much of the largest in its place."""
    sizes = np.maximum(np.abs(gradients).max(axis=0, initial=0), np.abs(given))
    told = sizes > 0
    scaled, own = gradients[:, told] / sizes[told], given[told] / sizes[told]
    # it brings much with it, and most points are smooth
    from scipy.optimize import linprog

    # the mixture that is nearest in its worst element
    weights, one = len(scaled), np.ones((own.size, 1))
    found = linprog(
        [*np.zeros(weights), 1.0],
        A_ub=np.block([[scaled.T, -one], [-scaled.T, -one]]), b_ub=np.concatenate([own, -own]),
        A_eq=[[*np.ones(weights), 0.0]], b_eq=[1.0],
    )  # fmt: skip
    return bool(found.status == 0 and found.fun <= max(room, SOLVED))


def _in_plane(given: Array, gradients: Array, room: Array) -> bool:
    """Whether a gradient lies in the smallest plane that holds all the others, within the room."""
    told = room > 0
    if not told.any():
        return True
    centre = gradients[:, told].mean(axis=0)
    scaled = (gradients[:, told] - centre) / room[told]
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=False)
    axes = axes[sizes > 1]
    off = (given[told] - centre) / room[told]
    return bool(np.max(np.abs(off - axes.T @ (axes @ off))) <= np.sqrt(off.size))


# -- the value ---------------------------------------------------------------------------------


def total_of(problem: Problem, autograd: Computed) -> float:
    """The number that autograd differentiates: the weighted sum of the output."""
    return float(_parts(problem, autograd).sum())


def value_holds(problem: Problem, autograd: Computed, exact: Enclosed) -> bool:
    """Whether the value is right as far as rounding and the inputs' conditioning allow.

    So it counts as long as nothing is known of the conditioning.
    """
    if exact.sway is None:
        return True
    parts = _parts(problem, autograd)
    total, size = float(parts.sum()), float(np.abs(parts).sum())
    true, precision = exact.total, precision_of(problem.dtype)
    if not (np.isfinite(total) and np.isfinite(float(true))):
        return False
    room = FACTOR * precision.epsilon * (max(abs(true), size) + exact.sway)
    return bool(abs(true - total) <= room + precision.smallest * parts.size)


def _parts(problem: Problem, autograd: Computed) -> Array:
    with np.errstate(all="ignore"):
        return np.ravel(autograd.value * weights(problem, autograd.value.shape))
