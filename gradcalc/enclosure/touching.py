"""Runs between borders that touch at a point, of which one at least is curved.

To first order they are one wall, and no straight way from the point leads between them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.borders import BITS, borders, unit
from gradcalc.enclosure.cells import SAME, Cell, Walk
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError

PARALLEL = 1e-9
"""How far two unit vectors may be apart that are the same."""

TANGENTS = 3
"""Pairs of opposite directions within a wall in which is looked."""

MOST_WALLS = 16
"""Walls along which is looked."""

MOVES = 512
"""Inputs that are moved for all walls together, in each of the directions."""

SEED = 20195


def between(run: Callable[[Any], Trial], moves: Sequence[Any], walk: Walk, radius: Any) -> Walk:
    """The same cells with runs between borders that touch.

    `run` makes one beside the point in a direction, at that radius; `moves` are the changes of the
    inputs along each of its components.
    """
    if not walk.curved or len(moves) < 2:
        return walk
    found = []
    walls = walk.walls
    most = min(MOST_WALLS, max(1, MOVES // len(moves)))
    for wall in walls[:most]:
        for direction in _inside(run, moves, wall, radius):
            try:
                trial = run(direction)
            except (OutOfReach, GradcalcError):
                continue
            found.append(Cell(direction, direction, trial, np.empty((0, len(moves)))))
    return replace(walk, cells=[*walk.cells, *found], complete=walk.complete and len(walls) <= most)


def _inside(
    run: Callable[[Any], Trial], moves: Sequence[Any], wall: Any, radius: Any
) -> Iterator[Any]:
    """Directions of points between borders that have this wall in common."""
    random = np.random.default_rng(SEED)
    drawn = np.concatenate([np.eye(len(wall)), random.standard_normal((TANGENTS, len(wall)))])
    ways = [way - wall * (wall @ way) for way in drawn]
    ways = [way / np.abs(way).max() for way in ways if np.abs(way).max() > PARALLEL][:TANGENTS]
    for way in (*ways, *(-way for way in ways)):
        try:
            trial = run(way)
        except (OutOfReach, GradcalcError):
            continue
        with flint.ctx.workprec(BITS):
            normal, reaches = _reaches(trial, moves, wall)
            for near, far in pairwise(reaches):
                if far - near > (abs(near) + abs(far)) * SAME:
                    # no float is near enough to the wall
                    by = (near + far) / 2 / radius
                    yield np.array([(w - n * by).mid() for w, n in zip(way, normal, strict=True)])


def _reaches(trial: Trial, moves: Sequence[Any], wall: Any) -> tuple[list[Any], list[Any]]:
    """The normal of a wall, and how far along it a run is from each border there, in order."""
    normal: list[Any] = []
    found = []
    for border in borders(trial, moves):
        vector, length = unit(border.normal)
        along = float(vector @ wall)
        if abs(abs(along) - 1) <= PARALLEL:
            side = 1 if along > 0 else -1
            normal = normal or [part / length * side for part in border.normal]
            found.append(border.margin / length * side)
    return normal, sorted(found)
