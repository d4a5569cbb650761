"""How steep the function itself is: the largest gradients between the point and ordinary inputs.

Where a function levels off, a slope is the difference of numbers of which floats keep so many
digits. What it loses is little beside the slopes that the function has where it does not level off.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls
from gradcalc.balls.numbers import Decisions, OutOfReach, Undecided
from gradcalc.derive.perturbations import is_finite
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.trial import largest, reals
from gradcalc.errors import GradcalcError

CHEAP = 100_000
"""Numbers in the runs on the way, if it takes more than a few."""

STEPS = 64
"""Points in equal distances, and as many in equal ratios, at the most."""

FEWEST = 4
"""The same of what is large."""

NARROW = 8
"""How near points in equal distances need be: an exponential does not level off in less."""

ORDINARY = 1.0
"""The size of inputs that are neither large nor small."""

REACH, RATIO = 750, 64
"""How far from the point a function may be steep that has levelled off there: an exponential has no
floats further away; or in relation to the inputs."""

FURTHER, LEVEL = (1.25, 1.5, 2.0), 64
"""Further out, in relation to the inputs, and how many times less steep it is there than on the way
if the function has levelled off."""


def steepest(experiment: Experiment) -> tuple[dict[str, float], dict[str, float]]:
    """The largest element of the gradient by each input at the point and on the way, and beyond.

    Inputs that are differentiated by become smaller, all in proportion, down to ordinary size, and
    pass 0 there, or as far as `REACH` and `RATIO` allow; beyond they are of ordinary size where
    they were smaller. The program has to go the same way as at the point.
    """
    gradients = experiment.centre.gradients.items()
    here = {n: float(largest(gradient[is_finite(gradient)])) for n, gradient in gradients}
    if experiment.wild is not None:
        return here, here
    sizes = {n: np.max(np.abs(experiment.problem.inputs[n]), initial=0) for n in here}
    far = max(sizes.values(), default=0)
    way = list(_slopes(experiment, _towards(experiment, sizes))) if far > ORDINARY else []
    small = {n: ORDINARY / s if 0 < s < ORDINARY else 1.0 for n, s in sizes.items()}
    beyond = list(_slopes(experiment, [small])) if 0 < far < ORDINARY else []
    outward = (dict.fromkeys(here, by) for by in FURTHER)
    further = list(_slopes(experiment, outward)) if way else []
    slopes = {n: max(size, *(s[n] for s in way), 0.0) for n, size in here.items()}
    for name, size in here.items():
        # where it is steep again further out it only turns round here
        if not further or LEVEL * max(s[name] for s in further) > slopes[name]:
            slopes[name] = size
    return slopes, {n: max(size, *(s[n] for s in beyond), 0.0) for n, size in slopes.items()}


def _slopes(
    experiment: Experiment, scales: Iterable[Mapping[str, float]]
) -> Iterator[dict[str, float]]:
    """The largest element of each gradient where the inputs are so many times as large."""
    problem, centre = experiment.problem, experiment.centre
    ways = [branch.taken for branch in centre.path]
    with flint.ctx.workprec(centre.bits):
        for factors in scales:
            if not experiment.work.goes_on(experiment.size, centre.bits):
                return
            made = Balls(Decisions(forced=True))
            inputs = problem.inputs.items()
            given = {n: made.asarray(values * factors.get(n, 1.0)) for n, values in inputs}
            try:
                run = experiment.runs.at(partial(_same, made), given, limits=experiment.budget)
                gradients = run.swept(made, given)
            except (OutOfReach, Undecided, GradcalcError):
                continue
            finite = all(is_finite(balls).all() for balls in gradients.values())
            if finite and [branch.taken for branch in run.trace.path] == ways:
                yield {n: float(largest(reals(balls))) for n, balls in gradients.items()}


def _same(arithmetic: Balls) -> Balls:
    return arithmetic


def _towards(experiment: Experiment, sizes: Mapping[str, float]) -> Iterator[dict[str, float]]:
    far = max(sizes.values())
    near = max(ORDINARY, min(far / RATIO, far - REACH))
    count = int(np.clip(CHEAP // max(experiment.size, 1), FEWEST, STEPS))
    even = min(count, math.ceil((far - near) / NARROW))
    for size in (*np.linspace(near, far, even, endpoint=False), *np.geomspace(near, far, count)):
        yield {n: max(size / far, min(1.0, ORDINARY / s)) for n, s in sizes.items() if s > 0}
    for part in (0.5, 0.0, -0.5, -1.0) if near == ORDINARY else ():
        yield {n: part * min(1.0, ORDINARY / s) for n, s in sizes.items() if s > 0}
