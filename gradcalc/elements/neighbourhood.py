"""What a function is like around a point: smooth, kinked, at an edge, jumping or unbounded.

Gradients are taken at random points of two tiny balls around the point. They coincide or draw
together with the ball: smooth. The values do not come together: a jump. No value on a side: an
edge. Growing gradients: singular. Otherwise a kink, whose gradients are the sampled ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np

from gradcalc.elements.backend import as_objects
from gradcalc.elements.experiment import Trial
from gradcalc.elements.graph import OutOfReach
from gradcalc.testimony import Nature, Neighbourhood

Reals = Any

RADII = ("1e-25", "1e-35")
"""Relative radii of the two balls, far below any float's rounding."""


NOTHING = 1e-60
"""Slopes below this are what rounding leaves of zero, with a hundred digits."""


def directions_for(size: int, pairs: int) -> Any:
    """Directions to look in, in opposite pairs: every axis of a small space, else random ones."""
    random = np.random.default_rng(20180)
    axes = np.eye(size)[: 2 * pairs] if size <= 4 else np.empty((0, size))
    drawn = random.uniform(0.25, 1.0, (pairs, size)) * random.choice([-1.0, 1.0], (pairs, size))
    half = np.concatenate([axes, drawn]) if size > 1 else np.ones((1, 1))
    return np.concatenate([half, -half])


def shifts(
    inputs: Mapping[str, Any], wrt: Sequence[str], direction: Any, radius: Any
) -> dict[str, Reals]:
    """A direction cut up by input and scaled: relative to each component, or to 1 at zero."""
    result: dict[str, Reals] = {}
    position = 0
    for name in wrt:
        values = inputs[name]
        part = direction[position : position + values.size].reshape(values.shape)
        position += values.size
        scale = np.where(values == 0, 1.0, np.abs(values))
        result[name] = as_objects(np.frompyfunc(lambda step: radius * step, 1, 1)(part * scale))
    return result


def explore(
    centre: Trial,
    sample: Callable[[Any, Any], Trial],
    directions: Any,
    context: mpmath.MPContext,
) -> tuple[Neighbourhood, list[tuple[Trial, Any]]]:
    """Find the nature of the point by `sample(direction, radius)`.

    The samples must run with enough digits for the smaller ball. Also gives those of the wider
    ball with its radius. Raises `OutOfReach` where values but no gradients are to be had.
    """
    radii = [context.mpf(radius) for radius in RADII]
    wide, close = ([sample(d, radius) for d in directions] for radius in radii)
    rows = np.array([_flat(t) for t in close], dtype=object)
    floats = np.array([[float(v) for v in row] for row in rows]).reshape(len(rows), -1)
    defined = [context.isfinite(t.total) and all(map(context.isfinite, _flat(t))) for t in close]
    if not any(defined) and all(context.isfinite(t.total) for t in close):
        raise OutOfReach("the chain rule gives no gradient around the point")
    if not all(defined):
        inside = any(defined)
        return Neighbourhood(Nature.EDGE, floats[defined], directions[defined], inside=inside), []
    nature = _nature(centre, wide, close, context)
    if nature is not Nature.SMOOTH:
        return Neighbourhood(nature, floats, directions), []
    limit = rows.mean(axis=0)
    return Neighbourhood(nature, floats, directions, limit), [(t, radii[0]) for t in wide]


def _nature(
    centre: Trial, wide: list[Trial], close: list[Trial], context: mpmath.MPContext
) -> Nature:
    size = max(abs(t.total) for t in close)
    slopes_far, slopes_near = (
        max(max(map(abs, _flat(t)), default=0) for t in ball) for ball in (wide, close)
    )
    if slopes_near > slopes_far * 1.15 and slopes_near > NOTHING:
        return Nature.SINGULAR
    if not context.isfinite(centre.total):
        return Nature.EDGE
    noise = size * context.mpf("1e-45") + context.mpf("1e-90")
    near, far = (_spread([centre.total, *(t.total for t in ball)]) for ball in (close, wide))
    if near > noise and near > far * 0.9:
        return Nature.JUMP
    columns = list(zip(*(_flat(t) for t in close), strict=True))
    columns_far = list(zip(*(_flat(t) for t in wide), strict=True))
    spread = max(map(_spread, columns), default=0)
    spread_far = max(map(_spread, columns_far), default=0)
    if spread <= slopes_near * context.mpf("1e-20") + NOTHING or spread < spread_far * 0.5:
        return Nature.SMOOTH
    return Nature.KINK


def _flat(trial: Trial) -> list[Any]:
    return [value for gradient in trial.gradients.values() for value in gradient.flat]


def _spread(values: Sequence[Any]) -> Any:
    return max(values) - min(values)


def conditions(exact: Mapping[str, Reals], others: Sequence[tuple[Trial, Any]]) -> dict[str, float]:
    """How strongly each gradient reacts to relative changes of the inputs (the κ of the verdict).

    The largest relative change of the gradient over that of the inputs, among the samples, each
    given with its radius; infinite for a gradient that is zero here and not beside.
    """
    result: dict[str, float] = {}
    for name, gradient in exact.items():
        size = max(map(abs, np.ravel(gradient)), default=0)
        change = max(
            (
                max(map(abs, np.ravel(trial.gradients[name] - gradient)), default=0) / radius
                for trial, radius in others
            ),
            default=0,
        )
        if size:
            result[name] = float(change / size)
        else:
            result[name] = float("inf") if change else 0.0
    return result
