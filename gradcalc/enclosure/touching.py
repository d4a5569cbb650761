"""Runs between borders that touch at a point, of which one at least is curved.

To first order they are one wall, and no straight way from the point leads between them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO
from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.borders import BITS, Border, borders, unit
from gradcalc.enclosure.cells import Cell, Run, Walk, each_once
from gradcalc.enclosure.depth import Depth
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError

PARALLEL = 1e-9
"""How far two unit vectors may be apart that are the same."""

APART = 1e-6
"""How far apart two borders are, in relation to how far both are, to be told apart from there."""

LEVELS = 3
"""How often it is looked from nearer."""

TANGENTS = 4
"""Pairs of opposite directions within a wall in which is looked, every other one along an axis."""

MOST_WALLS = 16
"""Walls along which is looked."""

MOVES = 512
"""Inputs that are moved for all walls together, in each of the directions."""

SEED = 20195

Looked = Callable[[Any, Any], tuple[Trial, Sequence[Border]]]
"""A run by direction and radius, with the borders that it meets."""


def between(run: Run, moves: Sequence[Any], walk: Walk, depth: Depth) -> Walk:
    """The same cells with runs between borders that touch, at the first radius and the second.

    `moves` are the changes of the inputs along each component of a direction.
    """
    if not walk.curved or len(moves) < 2 or not walk.doubled:
        return walk

    def looked(direction: Any, radius: Any) -> tuple[Trial, Sequence[Border]]:
        trial = run(direction, radius)
        return trial, borders(trial, moves, depth.nearly)

    found = []
    walls = each_once(np.array(walk.doubled))
    most = min(MOST_WALLS, max(1, MOVES // len(moves)))
    for wall in walls[:most]:
        for way in _ways(wall):
            near = list(_between(looked, wall, depth.near, way, LEVELS))
            far = list(_between(looked, wall, depth.wide, way, LEVELS)) if near else []
            if len(near) == len(far):
                found += [
                    Cell(direction, direction, trial, np.empty((0, len(moves))), farther)
                    for (direction, trial), (_, farther) in zip(near, far, strict=True)
                ]
    return replace(walk, cells=[*walk.cells, *found], complete=walk.complete and len(walls) <= most)


def _ways(wall: Any) -> list[Any]:
    """Directions within a wall."""
    drawn = np.random.default_rng(SEED).standard_normal((TANGENTS, len(wall)))
    drawn[1 : 2 * len(wall) : 2] = np.eye(len(wall))[: TANGENTS // 2]
    ways = [way - wall * (wall @ way) for way in drawn]
    ways = [way / np.abs(way).max() for way in ways if np.abs(way).max() > PARALLEL]
    return [*ways, *(-way for way in ways)]


def _between(
    looked: Looked, wall: Any, radius: Any, way: Any, levels: int
) -> Iterator[tuple[Any, Trial]]:
    """Runs between borders that have this wall in common, beside a way, with their directions.

    What is nearly one border there is looked at from nearby.
    """
    try:
        normal, reaches = _reaches(looked(way, radius)[1], wall)
    except (OutOfReach, GradcalcError):
        return
    for near, far in pairwise(reaches):
        with flint.ctx.workprec(BITS):
            # no float is near enough to the wall
            by = ((near + far) / 2 / radius).mid()
            beside = np.array([(w - n * by).mid() for w, n in zip(way, normal, strict=True)])
            told = far - near > (abs(near) + abs(far)) * APART
        if told:
            try:
                trial, met = looked(beside, radius)
            except (OutOfReach, GradcalcError):
                continue
            if _is_between(_reaches(met, wall)[1]):
                yield beside, trial
        elif levels and not (near.contains(0) and far.contains(0)):
            yield from _between(looked, wall, radius, beside, levels - 1)


def _is_between(reaches: Sequence[Any]) -> bool:
    """Whether a run has borders on both sides and is on none, as far as its digits tell."""
    return bool(any(r < 0 for r in reaches) and any(r > 0 for r in reaches)) and not any(
        r.contains(0) for r in reaches
    )


def _reaches(met: Sequence[Border], wall: Any) -> tuple[list[Any], list[Any]]:
    """The normal of a wall, and how far along it a run is from each border there, in order."""
    normal: list[Any] = []
    found = []
    with flint.ctx.workprec(BITS):
        for border in met:
            vector, length = unit(border.normal)
            along = float(vector @ wall)
            if abs(abs(along) - 1) <= PARALLEL:
                side = 1 if along > 0 else -1
                normal = normal or [part / length * side for part in border.normal]
                across = sum((p * n for p, n in zip(border.normal, normal, strict=True)), ZERO)
                found.append(border.reach(across))
    return normal, sorted(found, key=lambda reach: reach.mid())
