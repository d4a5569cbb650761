"""Parts of a function that have no gradient at the point: what they are, which choices valid."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradcalc.enclosure.hull import SOLVED, apart, beyond
from gradcalc.problem import Problem
from gradcalc.testimony import Array, Bends, Computed, Enclosed, Nature, Neighbourhood
from gradcalc.verdict.outcome import (
    Outcome,
    Precision,
    Verdict,
    culprit_text,
    number_text,
    precision_of,
)

VECTORS = frozenset({"eigh", "svd"})
"""Primitives whose vectors have no derivative where their values are equal; what is made of both
may have one."""

SAME = 1e-9
"""The relative difference of slopes that are the same."""


def rough_verdict(part: Neighbourhood, problem: Problem, autograd: Computed) -> Verdict:
    """What kind of point it is to a part, and whether autograd's choice there is a valid one."""
    culprit = culprit_text(part.events)
    what, of = ("the derivative", " of the derivative") if problem.before else ("the function", "")
    if part.nature is Nature.UNKNOWN:
        place = f"it is not smooth at or near this point{culprit}, and " if part.events else ""
        return Verdict(Outcome.UNRESOLVED, f"not checked: {place}{part.why}")
    if part.nature is Nature.EDGE and any(event.primitive in VECTORS for event in part.events):
        return Verdict(
            Outcome.UNRESOLVED,
            f"not checked: equal eigenvalues or singular values leave their vectors open{culprit}",
        )
    if part.nature is Nature.EDGE and part.hole:
        all_around = "the points that were sampled around it have a value"
        return Verdict(
            Outcome.EDGE, f"this point is a hole in the domain{of}{culprit}: {all_around}"
        )
    if part.nature is Nature.EDGE:
        where = "on the border of" if part.inside else "outside"
        return Verdict(Outcome.EDGE, f"this point is {where} the domain{of}{culprit}")
    if part.nature is Nature.JUMP:
        return Verdict(Outcome.JUMP, f"{what} is discontinuous here{culprit}")
    if part.nature is Nature.SINGULAR:
        return Verdict(Outcome.SINGULAR, f"the gradient grows without bound here{culprit}")
    start = f"{what} has a kink here{culprit}"
    given = problem.joined(autograd.gradients)[part.columns]
    if is_valid(given, part, precision_of(problem.precision)):
        return Verdict(Outcome.KINK, f"{start}; autograd's choice is a valid one")
    if np.isfinite(given).all() and not part.complete:
        why = "too many or too thin pieces to tell whether autograd's choice is a valid one"
        return Verdict(Outcome.UNRESOLVED, f"{start}, with {why}")
    return Verdict(Outcome.WRONG, f"{start}{_why_invalid(given, part)}")


def _why_invalid(given: Array, part: Neighbourhood) -> str:
    low, high = ends(part)
    outside = ~(np.isfinite(given) & (given >= low) & (given <= high))
    if not outside.any():
        return "; autograd's choice is no mixture of the gradients around"
    worst = int(np.argmax(np.where(outside, high - low, -1.0)))
    first, last = number_text(low[worst]), number_text(high[worst])
    slopes = f"from {first} to {last}" if first != last else f"of about {first}"
    found = "gradients" if is_exact(part) else "gradients, sampled,"
    return f", with {found} {slopes}; autograd says {number_text(given[worst])}"


def ends(part: Neighbourhood) -> tuple[Array, Array]:
    """The least and the largest slope by each element of a kink, as far as they are known.

    Those of all pieces, or along the axis, or of the samples.
    """
    low, high = part.gradients.min(axis=0), part.gradients.max(axis=0)
    if part.sides is not None and not part.whole:
        low, high = np.fmin(low, part.sides.min(axis=0)), np.fmax(high, part.sides.max(axis=0))
    return low, high


def is_whole(part: Neighbourhood) -> bool:
    """Whether all that a choice is held to is known, so that nothing has to be looked for."""
    return part.whole or (part.bends is not None and part.bends.exact)


def is_exact(part: Neighbourhood) -> bool:
    """Whether the ends are known: of all pieces, or along the axes, if no sample goes further."""
    if part.whole:
        return True
    if part.sides is None or not np.isfinite(part.sides).all():
        return False
    low, high = ends(part)
    room = SAME * np.maximum(np.abs(low), np.abs(high))
    along = part.sides.min(axis=0), part.sides.max(axis=0)
    return bool(np.all(along[0] <= low + room) and np.all(along[1] >= high - room))


def is_valid(given: Array, part: Neighbourhood, precision: Precision, power: float = 0.5) -> bool:
    """Whether numbers are a mixture of the gradients around a kink, to that power of epsilon.

    Of autograd's choice half the digits do: the point has no gradient anyway, and nothing is known
    about its conditioning.
    """
    if not np.isfinite(given).all():
        return False
    if any(np.array_equal(given, held) for held in part.held):
        return True
    room = max(room_of(part, precision, power), SOLVED)
    least, bends = least_of(part, room), part.bends
    if bends is not None and bends.jumps is not None and bends.exact:
        return beyond(given, bends.start, bends.jumps, least) <= room
    return apart(given, part.gradients, least)[0] <= room


def seen_by(part: Neighbourhood, kept: NDArray[np.bool_]) -> Neighbourhood:
    """What is around a point, of the marked elements of a part alone."""
    if kept.all():
        return part
    return replace(
        part,
        gradients=part.gradients[:, kept],
        directions=part.directions[:, kept],
        drift=None if part.drift is None else part.drift[kept],
        noise=None if part.noise is None else part.noise[kept],
        bends=None if part.bends is None else _of(part.bends, kept),
        held=(),
    )


def _of(bends: Bends, kept: NDArray[np.bool_]) -> Bends:
    jumps = None if bends.jumps is None else bends.jumps[:, kept]
    return replace(bends, start=bends.start[kept], jumps=jumps)


def room_of(part: Neighbourhood, precision: Precision, power: float = 0.5) -> float:
    """How far off a mixture of the gradients around a kink may be, in relation to the largest."""
    room = float(precision.epsilon**power)
    if part.drift is None:
        return room
    sizes = np.abs(part.gradients).max(axis=0, initial=0)
    told = sizes > 0
    return room + 2 * float(np.max(part.drift[told] / sizes[told], initial=0))


def least_of(part: Neighbourhood, room: float) -> Array | float:
    """The sizes from which on numbers are held to so much of themselves, by element."""
    return 0.0 if part.noise is None else part.noise / room


def wanted(
    problem: Problem, autograd: Computed, exact: Enclosed
) -> Iterator[tuple[int, Array, float]]:
    """The choices at a kink that have to be held to all gradients around: autograd's and claims.

    With the number of the part, and how far off they may be.
    """
    precision = precision_of(problem.precision)
    for number, part in enumerate(exact.around):
        if part.nature is Nature.KINK and not is_whole(part):
            for gradients in (autograd.gradients, *_claimed(problem, autograd, exact)):
                given = problem.joined(gradients)[part.columns]
                if np.isfinite(given).all() and not is_valid(given, part, precision):
                    yield number, given, room_of(part, precision)


def _claimed(problem: Problem, autograd: Computed, exact: Enclosed) -> Iterator[dict[str, Array]]:
    """What is claimed by each claim, beside autograd's other gradients, and by all together."""
    claimed: dict[str, Array] = {}
    for name in problem.claims:
        value = np.asarray(exact.claims.get(name, autograd.claims[name]))
        shape = problem.inputs[name].shape
        if value.size == 1 or value.shape == shape:
            spread = value.reshape(()) if value.size == 1 else value
            claimed[name] = np.broadcast_to(spread, shape)
            yield {**autograd.gradients, name: claimed[name]}
    if len(claimed) > 1:
        yield {**autograd.gradients, **claimed}


def in_hull(given: Array, around: Neighbourhood, precision: Precision) -> bool:
    """Whether a gradient is a mixture of those around the point, as far as the samples tell.

    Along every sampled direction its slope must lie between the smallest and the largest slope
    of the samples, and so must each of its components; and it must lie in the plane through them,
    if they are enough to tell it.
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
