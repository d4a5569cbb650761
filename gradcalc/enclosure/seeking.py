"""More gradients around a kink that is not made of planes: those that a choice is held to.

The gradients around such a point are infinitely many. A gradient is no mixture of them if along
some direction it goes further than every one of them; so it is along those directions that more are
looked for, until it is a mixture or there are none.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.cells import THIN, in_front
from gradcalc.enclosure.hull import SOLVED, apart
from gradcalc.enclosure.neighbourhood import RADII, Sample, flat
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Array, Neighbourhood

ROUNDS = 100
"""Directions that are looked along for one gradient."""

HELD = 2e-5
"""How near a gradient must have come then, in relation to the largest, to be one of a mixture."""

TURNED = 8
"""Ways to turn the signs of a direction, where the direction itself leads no further."""

NOTHING = 1e-20
"""What is nothing of a slope, in relation to the largest."""

SEED = 20193


def sought(around: Neighbourhood, sample: Sample, given: Array, room: float) -> Neighbourhood:
    """A kink with more gradients, as many as show whether one is a mixture, up to so much."""
    random = np.random.default_rng(SEED)
    enough = max(room, SOLVED)
    least = 0.0 if around.noise is None else around.noise / enough
    off = np.inf
    for _ in range(ROUNDS):
        off, way = apart(given, around.gradients, least)
        if off <= enough or not way.any():
            return around
        wanted = float(given @ way)
        further = False
        for direction in (*_modelled(around, way), *_ways(way, given, random)):
            row = _gradient(around, sample, direction)
            if row is None:
                continue
            around = replace(
                around,
                gradients=np.vstack([around.gradients, row]),
                directions=np.vstack([around.directions, direction]),
            )
            if row @ way >= wanted - SOLVED * abs(wanted):
                further = True
                break
        if not further and apart(given, around.gradients, least)[0] >= off / 2:
            break
    else:
        if off <= HELD:
            return replace(around, held=(*around.held, given))
        return replace(around, complete=False)
    # what no direction leads further to may still lie in a piece that was not gone through
    return replace(around, complete=False) if around.missed and not _adds_up(around) else around


def _ways(way: Array, given: Array, random: np.random.Generator) -> Iterator[Array]:
    """Directions in which there may be a gradient that goes far along a way.

    Where the function is convex it is there itself, where it is concave opposite; where it is both,
    some elements are turned.
    """
    yield from (way, -way)
    if given.any():
        yield from (given, -given)
    if given.size > 1:
        for _ in range(TURNED):
            yield way * random.choice([-1.0, 1.0], way.size)


def _modelled(around: Neighbourhood, way: Array) -> Iterator[Array]:
    """The direction in which a gradient should go furthest, if each wall had a share of its own.

    In front of as many walls as there is a direction in front of, those of large shares first.
    """
    if around.walls is None or not len(around.walls):
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


def _adds_up(around: Neighbourhood) -> bool:
    """Whether each wall has a share of its own in the gradient, whatever side others are on."""
    if around.walls is None or np.linalg.matrix_rank(around.walls, THIN) < len(around.walls):
        return False
    sides = np.sign(around.directions @ around.walls.T)
    design = np.column_stack([np.ones(len(sides)), sides])
    shares = np.linalg.lstsq(design, around.gradients, rcond=None)[0]
    room = SOLVED * np.abs(around.gradients).max(axis=0)
    return bool(np.all(np.abs(design @ shares - around.gradients) <= room))


def _gradient(around: Neighbourhood, sample: Sample, direction: Array) -> Array | None:
    try:
        trial = sample(direction / np.abs(direction).max(), flint.arb(RADII[1]).mid())
    except (OutOfReach, GradcalcError):
        return None
    if not trial.finite:
        return None
    row: Array = to_floats(np.array(flat(trial), dtype=object))
    return row if around.drift is None else np.where(np.abs(row) <= around.drift, 0.0, row)


def axis_slopes(base: Trial, sample: Sample, size: int) -> Array:
    """The slopes along each axis, on its left and on its right, from values; NaN where unknown."""
    radius = flint.arb(RADII[1]).mid()
    found = np.full((2, size), np.nan)
    for side, sign in enumerate((-1.0, 1.0)):
        for column, axis in enumerate(np.eye(size)):
            try:
                moved = sample(sign * axis, radius)
            except (OutOfReach, GradcalcError):
                continue
            found[side, column] = float(_slope(base, moved))
    largest = np.max(np.abs(found), where=np.isfinite(found), initial=0)
    found[np.abs(found) <= NOTHING * largest] = 0.0
    return found


def _slope(base: Trial, moved: Trial) -> Any:
    """How much the total rises from one run to another by the step of what has moved."""
    steps = [
        after - before
        for name in base.balls
        for before, after in zip(base.inputs[name].flat, moved.inputs[name].flat, strict=True)
    ]
    return (moved.total - base.total) / sum(steps)
