"""How steep the function itself is: the largest gradients between the point and ordinary inputs.

Where a function levels off, a slope is the difference of numbers of which floats keep so many
digits. What it loses is little beside the slopes that the function has where it does not level off.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from gradcalc.balls.arithmetic import Balls, each, to_floats
from gradcalc.balls.numbers import Decisions, OutOfReach, Undecided
from gradcalc.derive.perturbations import is_finite
from gradcalc.enclosure.experiment import PRECISIONS, Experiment
from gradcalc.enclosure.operands import nearest_zeros
from gradcalc.enclosure.trial import Reals
from gradcalc.errors import GradcalcError

Sizes = Mapping[str, NDArray[np.float64]]
"""The sizes of the elements of each gradient."""

Point = Mapping[str, Any]
"""The inputs that are differentiated by, in floats."""

BITS = PRECISIONS[1]
"""The precision on the way, at the most: bounds are enough there."""

CHEAP = 100_000
"""Numbers in the runs on the way, if it takes more than a few."""

STEPS = 64
"""Points in equal distances, and as many in equal ratios, at the most."""

FEWEST, FEW = 4, 16
"""The same of what is large, and on the way of a single operand."""

NARROW = 8
"""How near points in equal distances need be: an exponential does not level off in less."""

ORDINARY = 1.0
"""The size of inputs that are neither large nor small."""

REACH, RATIO = 750, 64
"""How far from the point a function may be steep that has levelled off there: an exponential has no
floats further away; or in relation to the inputs."""

PAST = (0.5, 0.0, -0.5, -1.0)
"""Where 0 is passed, in parts of ordinary size."""

FURTHER, LEVEL = (1.25, 1.5, 2.0), 64
"""Further out, in relation to the inputs, and how many times less steep it is there than on the way
if the function has levelled off."""


def steepest(experiment: Experiment) -> tuple[Sizes, Sizes]:
    """The largest size of each element of the gradient at the point and on the way, and beyond.

    Inputs that are differentiated by become smaller, all in proportion, down to ordinary size, and
    pass 0 there, or as far as `REACH` and `RATIO` allow; beyond they are of ordinary size where
    they were smaller. So, one after the other, do the operands of what bends and is not small,
    together with the inputs that they do not depend on: a factor that is large is none of the
    function's own size. The program has to go the same way as at the point.
    """
    here: Sizes = {
        n: np.abs(to_floats(np.where(is_finite(g), g, 0)))
        for n, g in experiment.centre.gradients.items()
    }
    if experiment.wild is not None:
        return here, here
    point = {n: experiment.problem.inputs[n] for n in here}
    sizes = {n: float(np.max(np.abs(values), initial=0)) for n, values in point.items()}
    far = max(sizes.values(), default=0)
    slopes = here
    if far > ORDINARY:
        outward = ({n: v * by for n, v in point.items()} for by in FURTHER)
        slopes = _levelled(experiment, here, here, _towards(experiment, point, sizes), outward)
    small = {
        n: v * (ORDINARY / sizes[n] if 0 < sizes[n] < ORDINARY else 1.0) for n, v in point.items()
    }
    beyond = list(_slopes(experiment, [small])) if 0 < far < ORDINARY else []
    for size, zero in nearest_zeros(experiment.centre, point, ORDINARY):
        further = (_between(point, zero, by) for by in FURTHER)
        slopes = _levelled(experiment, here, slopes, _past(point, zero, size), further)
    ordinary = {n: np.maximum.reduce([s, *(b[n][0] for b in beyond)]) for n, s in slopes.items()}
    return slopes, ordinary


def _levelled(
    experiment: Experiment, here: Sizes, known: Sizes, way: Iterable[Point], out: Iterable[Point]
) -> Sizes:
    """What is known of the largest sizes, and what they are on a way, if it is level further out.

    Where it is steep again further out it only turns round at the point.
    """
    found = list(_slopes(experiment, way))
    further = list(_slopes(experiment, out)) if found else []
    if not further:
        return known
    result = {}
    for name, size in here.items():
        most = np.maximum.reduce([size, *(s[name][0] for s in found)])
        beyond = np.maximum.reduce([s[name][1] for s in further])
        result[name] = np.maximum(known[name], np.where(LEVEL * beyond > most, size, most))
    return result


def _slopes(experiment: Experiment, points: Iterable[Point]) -> Iterator[Mapping[str, Any]]:
    """The sizes of each gradient at other points: what they are at the least and at the most."""
    problem, centre = experiment.problem, experiment.centre
    ways = [branch.taken for branch in centre.path]
    bits = min(centre.bits, BITS)
    with flint.ctx.workprec(bits):
        for point in points:
            if not experiment.work.goes_on(experiment.size, bits):
                return
            made = Balls(Decisions(forced=True))
            given = {n: made.asarray(v) for n, v in {**problem.inputs, **point}.items()}
            try:
                run = experiment.runs.at(
                    partial(_same, made), given, limits=experiment.budget_beside
                )
                gradients = run.swept(made, given)
            except (OutOfReach, Undecided, GradcalcError):
                continue
            finite = all(is_finite(balls).all() for balls in gradients.values())
            if finite and [branch.taken for branch in run.trace.path] == ways:
                yield {n: tuple(map(to_floats, _ends(balls))) for n, balls in gradients.items()}


def _ends(balls: Reals) -> tuple[Reals, Reals]:
    lower = each(lambda ball: ball.abs_lower(), balls)
    return lower, each(lambda ball: ball.abs_upper(), balls)


def _same(arithmetic: Balls) -> Balls:
    return arithmetic


# -- ways --------------------------------------------------------------------------------------


def _near(far: float) -> float:
    """How small what is as large as that becomes on the way."""
    return max(ORDINARY, min(far / RATIO, far - REACH))


def _sizes(near: float, far: float, count: int) -> NDArray[np.float64]:
    """Sizes on the way: in equal distances and in equal ratios."""
    even = min(count, math.ceil((far - near) / NARROW))
    return np.concatenate(
        [np.linspace(near, far, even, endpoint=False), np.geomspace(near, far, count)]
    )


def _towards(experiment: Experiment, point: Point, sizes: Mapping[str, float]) -> Iterator[Point]:
    """All inputs become smaller in proportion."""
    far = max(sizes.values())
    near = _near(far)
    count = int(np.clip(CHEAP // max(experiment.size, 1), FEWEST, STEPS))
    small = {n: min(1.0, ORDINARY / s) if s > 0 else 1.0 for n, s in sizes.items()}
    for size in _sizes(near, far, count):
        yield {n: v * (max(size / far, small[n]) if sizes[n] > 0 else 1.0)
               for n, v in point.items()}  # fmt: skip
    for part in PAST if near == ORDINARY else ():
        yield {n: v * (part * small[n]) if sizes[n] > 0 else v for n, v in point.items()}


def _past(point: Point, zero: Point, size: float) -> Iterator[Point]:
    """An operand of that size becomes smaller, and so does what it is not made of: 0 at `zero`."""
    near = _near(size)
    others = {n: np.where(zero[n] == v, np.abs(v), 0.0) for n, v in point.items()}
    largest = max(float(np.max(values, initial=0)) for values in others.values())
    small = min(1.0, ORDINARY / largest) if largest else 1.0
    for part in (*_sizes(near, size, FEW), *(PAST if near == ORDINARY else ())):
        by = float(part) / size
        moved = _between(point, zero, by)
        yield {
            n: np.where(zero[n] == v, v * max(small, min(1.0, abs(by))), moved[n])
            for n, v in point.items()
        }


def _between(point: Point, zero: Point, by: float) -> Point:
    return {n: zero[n] + by * (v - zero[n]) for n, v in point.items()}
