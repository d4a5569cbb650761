"""What a function is like around a point: smooth, kinked, at an edge, jumping or unbounded.

Gradients are taken at random points of two tiny balls around the point. They coincide or draw
together with the ball: smooth. The values do not come together: a jump. No value on a side: an
edge. Growing gradients: singular. Otherwise a kink, whose gradients are the sampled ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, boxed, to_floats
from gradcalc.balls.numbers import OutOfReach, TooLarge
from gradcalc.derive.perturbations import (
    RANDOM_PAIRS,
    directions_for,
    is_every_direction,
    plain_directions,
)
from gradcalc.enclosure.cells import Cell, Walk
from gradcalc.enclosure.depth import Depth
from gradcalc.enclosure.trial import Reals, Trial, largest
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Nature, Neighbourhood

Sample = Callable[[Any, Any], Trial]
"""A run beside the point, by direction and radius."""

AGREED = 1e-20
"""The relative difference up to which gradients are the same."""

SETTLED = 1e-6
"""The relative difference between the balls up to which the slopes at a kink are told."""

STEADY = 1.2
"""How far the second of three sizes may be off the geometric mean, squared."""

FEWEST_PAIRS = 2
"""Pairs of opposite random directions in which both balls are looked at, at the least, where there
is more than one way to go."""

LEAST = flint.arb("1e-330")
"""What is below this is 0 to any float."""

PLAIN, SHRUNK = 1e-9, 1e-20
"""How far two gradients within a piece may be apart, in relation to their size, and what is left of
one that shrinks towards the point."""

STRAY = 16
"""How many times as far off as the samples a gradient may be that draws to the same."""

ALIKE = 1e-40
"""The relative difference of gradients that are the same."""

BENT = 1e-9
"""The relative deviation from a plane that the smaller ball shows of no smooth function."""

UNEXPLAINED = 1000
"""How many times the slopes around by the distance a difference of values is not their doing."""

LEVELLED = 0.5
"""How much less a value moves from the second ball to the third than before, if what is left of it
is a jump."""

CLOSER = (1e-4, 1e-8, 1e-12)
"""How near to a wall it is looked whether gradients grow, in relation to the distance from the
point."""

MOST_WALLS = 16
"""Walls that are looked at so."""

GROWTH = 1.15
"""How much larger gradients are in the smaller ball if they have no bound: log(x) grows by 1.4."""


def explore(
    centre: Trial,
    base: Trial,
    sample: Sample,
    size: int,
    affordable: int,
    depth: Depth,
) -> Neighbourhood:
    """Find the nature of the point by at most so many samples.

    `base` is a run at the point with as many digits as they have, `depth` how near they are.

    The samples must run with enough digits for the smallest ball. Raises `OutOfReach` where there
    are values but no gradients, or they settle too slowly.
    """
    both, directions, complete = _ways(size, affordable)
    radii = depth.radii
    wide = [sample(direction, radii[0]) for direction in both]
    close = [sample(direction, radii[1]) for direction in directions]
    rows = _rows(close)
    defined = [t.finite for t in close]
    if not any(defined) and all(t.total.is_finite() for t in close):
        raise OutOfReach("the chain rule gives no gradient around the point")
    if not all(defined):
        inner = to_floats(rows)[defined], directions[defined]
        return Neighbourhood(Nature.EDGE, *inner, inside=any(defined), complete=complete)
    nature = _nature(base, wide, close[: len(wide)], depth)
    drift = abs(_rows(wide) - rows[: len(wide)]).max(axis=0)
    if nature is Nature.SINGULAR:
        closest = [sample(direction, radii[2]) for direction in both]
        if _steepest(closest) <= _steepest(close) * GROWTH:
            raise OutOfReach("the gradient settles too slowly around the point to be told")
        if _is_torn(base, wide, close[: len(wide)], closest):
            nature = Nature.JUMP
    if nature is Nature.SMOOTH:
        limit = _limit(centre, _rows(wide), rows[: len(wide)])
        if limit is None:
            closest = [sample(direction, radii[2]) for direction in both]
            limit = _extrapolated(_rows(wide), rows[: len(wide)], _rows(closest))
        large = not complete or not base.total.is_finite()
        plain = not _strays(rows, limit, len(wide))
        if plain and (large or _is_plane(base, limit, sample, depth)):
            return Neighbourhood(nature, to_floats(rows), directions, limit, complete=complete)
        nature = Nature.KINK
    room = largest(rows) * SETTLED
    if nature is Nature.KINK and any(d > room for d in drift):
        raise OutOfReach("the slopes around the point settle too slowly to be told")
    # what shrinks with the ball is on its way to 0
    rows = np.where(abs(rows) <= drift, boxed(ZERO), rows)
    # all around there are values and gradients
    hole = nature is Nature.EDGE
    return Neighbourhood(
        nature, to_floats(rows), directions, hole=hole, complete=complete, drift=to_floats(drift)
    )


def _strays(rows: Any, limit: Reals, first: int) -> bool:
    """Whether one of the gradients is further off than the first of them draw to the limit."""
    off = abs(rows - limit)
    room = off[:first].max(axis=0) * STRAY + abs(limit) * AGREED + LEAST
    return bool(np.any(off.max(axis=0) > room))


def in_cells(
    around: Neighbourhood, base: Trial, walk: Walk, sample: Sample, depth: Depth
) -> Neighbourhood:
    """What a walk through the cells says of a point that samples say is smooth or a kink."""
    if around.nature not in (Nature.SMOOTH, Nature.KINK):
        return around
    if not walk.cells:
        return replace(around, missed=True)
    trials = [cell.trial for cell in walk.cells]
    directions = np.array([to_floats(cell.direction) for cell in walk.cells])
    defined = [trial.finite for trial in trials]
    if not all(defined):
        return Neighbourhood(Nature.EDGE, to_floats(_rows(trials))[defined], directions[defined])
    limit = ZERO if around.limit is None else around.limit
    looked = [_in_cell(base, cell, sample, limit, depth) for cell in walk.cells]
    natures = {one.nature for one in looked}
    settled = [one.gradient - limit for one in looked]
    rows = np.array([to_floats(one.gradient) for one in looked])
    for nature in (Nature.JUMP, Nature.SINGULAR):
        if nature in natures:
            return Neighbourhood(nature, rows, directions)
    if around.limit is not None:
        room = abs(limit) * AGREED + LEAST
        if all(np.all(abs(row) <= room) for row in settled):
            return replace(around, missed=not walk.complete, curved=walk.curved)
    elsewhere = np.array([to_floats(one.elsewhere) for one in looked])
    sizes = np.abs(rows).max(axis=1, keepdims=True)
    plain = np.all(np.abs(rows - elsewhere) <= PLAIN * sizes + SHRUNK)
    if not plain and _is_steep(walk, sample, depth):
        return Neighbourhood(Nature.SINGULAR, rows, directions)
    return replace(
        around,
        nature=Nature.KINK,
        gradients=np.concatenate([around.gradients, rows]),
        directions=np.concatenate([around.directions, directions]),
        limit=None,
        complete=walk.complete or around.complete,
        whole=walk.complete and not walk.curved and bool(plain),
        walls=walk.walls if plain else None,
        missed=not walk.complete,
        curved=walk.curved,
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """What a cell is like: if not smooth, its gradient at the point, and the one further away."""

    nature: Nature | None
    gradient: Any
    elsewhere: Any


def _in_cell(base: Trial, cell: Cell, sample: Sample, limit: Any, depth: Depth) -> Looked:
    """What the function is like within a cell, towards the point."""
    elsewhere = np.array(flat(cell.farther or sample(cell.other, depth.wide)), dtype=object)
    here = np.array(flat(cell.trial), dtype=object)
    if not _off(base, cell.trial, depth) and np.all(abs(here - elsewhere) <= abs(here) * PLAIN):
        return Looked(None, here, elsewhere)
    far = cell.farther or sample(cell.direction, depth.wide)
    last = None if cell.farther else partial(sample, cell.direction, depth.closest)
    nature = _character(base, cell.trial, far, last, depth)
    return Looked(nature, _settled(cell.trial, far, last, limit) + limit, elsewhere)


def _is_steep(walk: Walk, sample: Sample, depth: Depth) -> bool:
    """Whether gradients that are bounded along every direction have no bound towards a wall.

    Walls are where kinks are, and where an element is zero: sqrt(x*y) is as steep as y/x.
    """
    (way,) = directions_for(walk.walls.shape[1], 1)
    for wall in np.concatenate([walk.walls, np.eye(len(way))])[:MOST_WALLS]:
        within = way - wall * (way @ wall)
        for side in (1.0, -1.0):
            try:
                close = [sample(within + side * wall * by, depth.near) for by in CLOSER]
            except (OutOfReach, GradcalcError):
                continue
            first, second, last = (largest(flat(trial)) for trial in close)
            if second > first * GROWTH and last > second * GROWTH:
                return True
    return False


def _settled(near: Trial, far: Trial, last: Callable[[], Trial] | None, limit: Any) -> Any:
    """How far the gradient in a cell is from a limit, without what shrinks towards the point."""
    wide, close = (np.array(flat(trial), dtype=object) - limit for trial in (far, near))
    shrinking = [abs(n) * 2 <= abs(f) and n != 0 for n, f in zip(close, wide, strict=True)]
    if not any(shrinking):
        return close
    if last is None:
        return np.array([ZERO if s else n for s, n in zip(shrinking, close, strict=True)])
    # what shrinks so far may do so to a small rest
    rest = np.array(flat(last()), dtype=object) - limit
    settled = [ZERO if abs(r) * 2 <= abs(n) else r for n, r in zip(close, rest, strict=True)]
    return np.array([s if w else n for s, w, n in zip(settled, shrinking, close, strict=True)])


def _character(
    base: Trial, near: Trial, far: Trial, last: Callable[[], Trial] | None, depth: Depth
) -> Nature | None:
    """What is not smooth towards the point even within a cell: a jump, or a slope that grows."""

    steepest, off = largest(flat(near)), _off(base, near, depth)
    if not off:
        return None
    before = largest(flat(far))
    # without a slope the run further away is in another piece
    if before > 0 and steepest > before * GROWTH + LEAST:
        torn = last is not None and _is_torn(base, [far], [near], [last()])
        return Nature.JUMP if torn else Nature.SINGULAR
    apart, _, unknown = _apart(base, far, depth)
    return Nature.JUMP if off > max((apart + unknown) * 0.9, LEAST) else None


def _off(base: Trial, trial: Trial, depth: Depth) -> Any:
    """How far the value is from where the gradient leads to from the point, 0 if it may be so."""
    apart, rounded, unknown = _apart(base, trial, depth)
    return ZERO if apart <= rounded + unknown * 2 + depth.least else apart


def _apart(base: Trial, trial: Trial, depth: Depth) -> tuple[Any, Any, Any]:
    """How far the value is from there, and what rounding and what is not known make of that."""
    steps = _steps(base, trial)
    led = sum((s * g for s, g in zip(steps, flat(trial), strict=True)), ZERO)
    rounded = (abs(base.total) + largest(flat(trial)) * largest(steps)) * depth.noise
    unknown = base.whole.rad() + trial.whole.rad() + base.loose
    return abs(trial.total - base.total - led), rounded, unknown


def _ways(size: int, affordable: int) -> tuple[Any, Any, bool]:
    """Directions for both balls, all of them, and whether these are all that there are.

    Raises `TooLarge` where so few samples tell nothing.
    """
    half = directions_for(size, affordable)
    twice = min(RANDOM_PAIRS, len(half), affordable // 4)
    if twice < (1 if size == 1 else FEWEST_PAIRS):
        raise TooLarge("it is too large for a look around")
    pairs = min(len(half), (affordable - 2 * twice) // 2)
    both = np.concatenate([half[:twice], -half[:twice]])
    rest = np.concatenate([half[twice:pairs], -half[twice:pairs]])
    return both, np.concatenate([both, rest]), is_every_direction(pairs, size)


def _is_plane(base: Trial, limit: Reals, sample: Sample, depth: Depth) -> bool:
    """Whether the function itself goes along plain directions as its gradient says.

    Random points may all miss a thin corner, which an axis or a diagonal can lie in. There the
    slope from the value at the point itself differs from the gradient's, however small the ball.
    """

    def bend(direction: Any, radius: Any) -> Any:
        moved = sample(direction, radius)
        steps = _steps(base, moved)
        rise = sum((s * g for s, g in zip(steps, limit, strict=True)), ZERO)
        off = abs(moved.total - base.total - rise)
        if off <= abs(base.total) * depth.noise + base.loose:
            return ZERO
        return off / largest(steps)

    least = BENT * largest(limit)
    for direction in plain_directions(len(limit)):
        near = bend(direction, depth.near)
        if near > max(least, LEAST) and near > bend(direction, depth.wide) / 2:
            return False
    return True


def _steps(first: Trial, second: Trial) -> list[Any]:
    """From one run to another: what is differentiated by, in a row."""
    pairs = ((first.inputs[name].flat, second.inputs[name].flat) for name in first.gradients)
    return [after - before for flats in pairs for before, after in zip(*flats, strict=True)]


def around_rounding(
    sample: Callable[[Any, Any], Trial | None], size: int, radius: Any
) -> Neighbourhood | None:
    """The gradients at points that rounding can take for this one, None if there are none.

    `sample` gives None for a point that has no gradient of its own.
    """
    half = directions_for(size, RANDOM_PAIRS)
    directions = np.concatenate([half, -half])
    try:
        trials = [t for d in directions if (t := sample(d, radius)) is not None]
    except (OutOfReach, GradcalcError):
        return None
    if not trials:
        return None
    return Neighbourhood(Nature.SMOOTH, to_floats(_rows(trials)), directions)


def _limit(centre: Trial, wide: Any, close: Any) -> Reals | None:
    """The gradient of the chain rule, if those around draw to it; else theirs, if they agree."""
    own = np.array(flat(centre), dtype=object)
    if all(value.is_finite() for value in own):
        far, near = (abs(rows - own).max(axis=0) for rows in (wide, close))
        settled = zip(own, far, near, strict=True)
        if all(n <= f * 0.5 or n <= abs(o) * AGREED for o, f, n in settled):
            return own
    off = abs(close - wide).max(axis=0)
    middle = close.mean(axis=0)
    if all(o <= abs(m) * AGREED for o, m in zip(off, middle, strict=True)):
        return np.array([value.mid() for value in middle], dtype=object)
    return None


def _extrapolated(wide: Any, close: Any, closest: Any) -> Reals:
    """What gradients draw to that go like a power of the distance: 0, or a number they agree on.

    Raises `OutOfReach` where three balls do not tell.
    """
    limit = []
    for far, near, last in zip(wide.T, close.T, closest.T, strict=True):
        if abs(last - near).max() <= abs(last).max() * AGREED:
            limit.append(last.mean().mid())
            continue
        sizes = [abs(ball).max() for ball in (far, near, last)]
        steady = sizes[1] * sizes[1] <= sizes[0] * sizes[2] * STEADY
        if sizes[1] > sizes[0] / 2 or not steady:
            raise OutOfReach("the gradient settles too slowly around the point to be told")
        limit.append(ZERO)
    return np.array(limit, dtype=object)


def _nature(centre: Trial, wide: list[Trial], close: list[Trial], depth: Depth) -> Nature:
    size = max(abs(t.total) for t in close)
    slopes_far, slopes_near = _steepest(wide), _steepest(close)
    if slopes_near > slopes_far * GROWTH and slopes_near > LEAST:
        return Nature.SINGULAR
    noise = size * depth.noise + LEAST
    here = [centre.total] if centre.total.is_finite() else []
    near, far = (_spread([*here, *(t.total for t in ball)]) for ball in (close, wide))
    if not here:
        # values that do not come together leave no room for one at the point
        return Nature.JUMP if near > max(noise, far * 0.9) else Nature.EDGE
    step = max(sum(map(abs, _steps(centre, t))) for t in close)
    # what no slope around explains is a jump too, however much the function moves by itself
    if near > noise and (near > far * 0.9 or near > slopes_near * step * UNEXPLAINED):
        return Nature.JUMP
    for near_by, further in zip(_rows(close).T, _rows(wide).T, strict=True):
        spread, room = _spread(list(near_by)), largest(near_by) * ALIKE
        if spread > room + LEAST and spread >= _spread(list(further)) * 0.5:
            return Nature.KINK
    return Nature.SMOOTH


def _is_torn(centre: Trial, *balls: Sequence[Trial]) -> bool:
    """Whether some way leads to another value than the point's where slopes have no bound.

    Powers and logarithms draw to their value slowly, by nearly the same part from ball to ball;
    beside a jump nearly all that goes at all has gone with the first.
    """
    if not centre.total.is_finite():
        return False

    def is_one(*trials: Trial) -> bool:
        first, second, last = (trial.total - centre.total for trial in trials)
        stays = abs(last) > max(abs(second) * 0.9, LEAST)
        return bool(stays and abs(second - last) <= abs(first - second) * LEVELLED)

    return any(is_one(*way) for way in zip(*balls, strict=True))


def _steepest(ball: Sequence[Trial]) -> Any:
    return max(largest(flat(trial)) for trial in ball)


def flat(trial: Trial) -> list[Any]:
    """All gradients of a run in one row."""
    return [value for gradient in trial.gradients.values() for value in gradient.flat]


def _rows(trials: Sequence[Trial]) -> Any:
    return np.array([flat(t) for t in trials], dtype=object).reshape(len(trials), -1)


def _spread(values: Sequence[Any]) -> Any:
    return max(values) - min(values)
