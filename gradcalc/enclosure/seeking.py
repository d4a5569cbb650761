"""More gradients around a kink that is not made of planes: those that a choice is held to.

The gradients around such a point are infinitely many. A gradient is no mixture of them if along
some direction it goes further than every one of them; so it is along those directions that more are
looked for, until it is a mixture or there are none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.bends import is_bent
from gradcalc.enclosure.cells import WALLS, in_front
from gradcalc.enclosure.depth import Depth
from gradcalc.enclosure.hull import SOLVED, apart, beyond
from gradcalc.enclosure.neighbourhood import SETTLED, Sample, flat
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Array, Neighbourhood

ROUNDS = 100
"""Ways that are looked along for one gradient, or twice as many as there are inputs."""

SOLVED_AT_ONCE = 20_000
"""Numbers in the gradients that are mixed; of more only those that have a share are kept."""

HELD = 2e-5
"""How near a gradient must have come then, in relation to the largest, to be one of a mixture."""

TURNED = 8
"""Ways to turn the signs of a direction, where the direction itself leads no further."""

ASIDE = 1e-9
"""How far beside a direction a gradient is taken."""

NOTHING = 1e-20
"""What is nothing of a slope, in relation to the largest."""

SEED = 20193


@dataclass(slots=True)
class Search:
    """Looks for gradients that go far along a way, by at most so many runs.

    They are made at a `radius`; a direction moves each input by so many times the `scale`. It is
    `stuck` when no direction led further the last time, and `certain` when none can.
    """

    sample: Sample
    scale: Array
    radius: Any
    most: int
    stuck: bool = False
    certain: bool = False
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))

    @property
    def spent(self) -> bool:
        """Whether there may be no more runs."""
        return self.most <= 0

    def along(self, around: Neighbourhood, given: Array) -> Neighbourhood:
        """A kink with the gradients along the given one and opposite, which may be the same."""
        for direction in (given / self.scale, -given / self.scale) if given.any() else ():
            row = self._gradient(around, direction)
            around = around if row is None else _with(around, row, direction)
        return around

    def further(self, around: Neighbourhood, given: Array, way: Array) -> Neighbourhood:
        """A kink with gradients that go as far along a way as the given one, if there are any."""
        wanted = float(given @ way) * (1 - SOLVED * np.sign(given @ way))
        curvature = 0 if around.bends is None else around.bends.curvature
        self.stuck = False
        for direction in self._directions(around, way, curvature):
            row = self._gradient(around, direction)
            if row is None:
                continue
            around = _with(around, row, direction)
            if row @ way >= wanted:
                return around
            if curvature:
                # along the way itself the gradient goes further than all others
                self.certain = True
                break
            if self.spent:
                return around
        self.stuck = True
        return around

    def _directions(self, around: Neighbourhood, way: Array, curvature: int) -> Iterator[Array]:
        """Directions in which there may be a gradient that goes far along a way.

        Where the function is convex it is there itself, where it is concave opposite; where it is
        both, some elements are turned.
        """
        way = way / self.scale
        if curvature:
            yield way * curvature
            return
        yield from _modelled(around, way * self.scale)
        yield from (way, -way)
        if way.size > 1:
            for _ in range(TURNED):
                yield way * self.random.choice([-1.0, 1.0], way.size)

    def _gradient(self, around: Neighbourhood, direction: Array) -> Array | None:
        self.most -= 1
        direction = direction / np.abs(direction).max()
        # on a kink there is no gradient, and many ways lead along one
        beside = direction + ASIDE * self.random.uniform(-1.0, 1.0, direction.size)
        try:
            trial = self.sample(beside, self.radius)
        except (OutOfReach, GradcalcError):
            return None
        if not trial.finite:
            return None
        row: Array = to_floats(np.array(flat(trial), dtype=object))
        return row if around.drift is None else np.where(np.abs(row) <= around.drift, 0.0, row)


def sought(around: Neighbourhood, search: Search, given: Array, room: float) -> Neighbourhood:
    """A kink with more gradients, as many as show whether one is a mixture, up to so much."""
    bends, enough = around.bends, max(room, SOLVED)
    least: Array = np.zeros(given.size) if around.noise is None else around.noise / enough
    jumps = None if bends is None else bends.jumps
    if (
        bends is not None
        and jumps is not None
        and beyond(given, bends.start, jumps, least) > enough
    ):
        # it is none of what there can be at all
        return replace(around, complete=True)
    around = search.along(around, given)
    off, near = np.inf, np.arange(len(around.gradients))
    for _ in range(max(ROUNDS, 2 * given.size)):
        before = off
        sizes = np.maximum(np.abs(around.gradients).max(axis=0), least)
        off, way, shares = apart(given, around.gradients[near], sizes)
        if off <= enough or not way.any():
            return around
        if search.stuck and off >= before / 2:
            break
        if shares.size * given.size > SOLVED_AT_ONCE:
            # what has no share in the nearest mixture has none in a nearer one than that
            near = near[shares > 0]
        count = len(around.gradients)
        around = search.further(around, given, way)
        near = np.concatenate([near, np.arange(count, len(around.gradients))])
        if search.certain:
            return replace(around, complete=True)
        if search.spent:
            break
    if off <= HELD and not search.stuck:
        return replace(around, held=(*around.held, given))
    # what no direction leads further to may still lie in a piece that was not gone through
    certain = search.stuck and not around.missed and _is_told(around, search)
    return replace(around, complete=around.complete and certain)


def _is_told(around: Neighbourhood, search: Search) -> bool:
    """Whether the gradients along a way and opposite are those that go furthest along it.

    So it is of planes, whose pieces are all known, and of what is convex or concave, as far as the
    gradients that were found tell.
    """
    if around.walls is not None and not around.curved:
        return True
    return any(is_bent(around, sign, search.scale) for sign in (1, -1))


def _with(around: Neighbourhood, row: Array, direction: Array) -> Neighbourhood:
    """A kink with one more gradient."""
    return replace(
        around,
        gradients=np.vstack([around.gradients, row]),
        directions=np.vstack([around.directions, direction]),
    )


def _modelled(around: Neighbourhood, way: Array) -> Iterator[Array]:
    """The direction in which a gradient should go furthest, if each wall had a share of its own.

    In front of as many walls as there is a direction in front of, those of large shares first.
    """
    if around.walls is None or not 0 < len(around.walls) <= WALLS:
        return
    sides = np.sign(around.directions @ around.walls.T)
    design = np.column_stack([np.ones(len(sides)), sides])
    _, *shares = np.linalg.lstsq(design, around.gradients @ way, rcond=None)[0]
    chosen: list[Array] = []
    found = None
    for k in np.argsort(-np.abs(shares), kind="stable"):
        inside = in_front(np.array([*chosen, around.walls[k] * (np.sign(shares[k]) or 1.0)]))
        if inside is not None:
            found = inside
            chosen.append(around.walls[k] * (np.sign(shares[k]) or 1.0))
    if found is not None:
        yield found


def axis_slopes(base: Trial, sample: Sample, around: Neighbourhood, depth: Depth) -> Array:
    """The slopes along each axis, on its left and on its right, from values; NaN where unknown.

    What shrinks with the distance is on its way to 0.
    """
    size = around.gradients.shape[1]
    far, near = depth.wide, depth.near

    def along(side: int, column: int, radius: Any) -> float:
        axis = np.eye(size)[column] * (-1.0, 1.0)[side]
        try:
            return float(_slope(base, sample(axis, radius)))
        except (OutOfReach, GradcalcError):
            return np.nan

    found = np.array([[along(side, column, near) for column in range(size)] for side in (0, 1)])
    largest = np.max(
        np.abs(found), where=np.isfinite(found), initial=np.abs(around.gradients).max()
    )
    for side, column in np.argwhere((found != 0) & (np.abs(found) <= SETTLED * largest)):
        slope = found[side, column]
        if not abs(slope) > max(NOTHING * largest, abs(along(side, column, far) - slope)):
            found[side, column] = 0.0
    return found


def _slope(base: Trial, moved: Trial) -> Any:
    """How much the total rises from one run to another by the step of what has moved."""
    steps = [
        after - before
        for name in base.balls
        for before, after in zip(base.inputs[name].flat, moved.inputs[name].flat, strict=True)
    ]
    return (moved.total - base.total) / sum(steps)
