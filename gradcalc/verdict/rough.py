"""Where there is no gradient: what kind of point it is, and whether autograd's choice is one."""

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import Array, Nature, Neighbourhood, Reference, Testimony
from gradcalc.verdict.outcome import (
    Outcome,
    Precision,
    Verdict,
    culprit_text,
    number_text,
    precision_of,
)


def is_smooth(around: Neighbourhood | None) -> bool:
    return around is None or around.nature is Nature.SMOOTH


def rough_verdict(
    around: Neighbourhood,
    problem: Problem,
    autograd: Testimony,
    reference: Reference,
    precision: Precision,
) -> Verdict:
    culprit = culprit_text(reference.events)
    if around.nature is Nature.EDGE:
        what = "on the border of" if around.inside else "outside"
        return Verdict(Outcome.EDGE, f"this point is {what} the domain{culprit}")
    if around.nature is Nature.JUMP:
        return Verdict(Outcome.JUMP, f"the function is discontinuous here{culprit}")
    if around.nature is Nature.SINGULAR:
        return Verdict(Outcome.SINGULAR, f"the gradient grows without bound here{culprit}")
    given = _together(problem, autograd)
    if in_hull(given, around, precision):
        return Verdict(
            Outcome.KINK, f"the function has a kink here{culprit}; autograd's choice is a valid one"
        )
    if np.isfinite(given).all() and not around.complete:
        return Verdict(
            Outcome.UNRESOLVED,
            f"the function has a kink here{culprit}, with too many inputs to tell whether"
            " autograd's choice is a valid one",
        )
    low, high = around.gradients.min(axis=0), around.gradients.max(axis=0)
    outside = ~(np.isfinite(given) & (given >= low) & (given <= high))
    start = f"the function has a kink here{culprit}"
    if not outside.any():
        why = f"{start}; autograd's choice is no mixture of the gradients around"
        return Verdict(Outcome.WRONG, why)
    worst = int(np.argmax(outside))
    ends = number_text(low[worst]), number_text(high[worst])
    slopes = f"from {ends[0]} to {ends[1]}" if ends[0] != ends[1] else f"of about {ends[0]}"
    said = number_text(given[worst])
    return Verdict(Outcome.WRONG, f"{start}, with gradients {slopes}; autograd says {said}")


def within_rounding(problem: Problem, autograd: Testimony, reference: Reference) -> bool:
    """Whether a gradient is one from beside this point, as near as floats can tell."""
    if reference.within is None:
        return False
    return in_hull(_together(problem, autograd), reference.within, precision_of(problem.dtype))


def _together(problem: Problem, autograd: Testimony) -> Array:
    parts = [autograd.gradients[name].ravel() for name in problem.wrt]
    return np.concatenate(parts) if parts else np.empty(0)


def in_hull(given: Array, around: Neighbourhood, precision: Precision) -> bool:
    """Whether a gradient is a mixture of those around the point.

    Along every sampled direction its slope must lie between the smallest and the largest slope
    of the samples, and so must each of its components; and it must lie in the plane through them,
    if they are enough to tell it. Half the digits do: the point has no gradient anyway, and
    nothing is known about its conditioning.
    """
    if not np.isfinite(given).all():
        return False
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
