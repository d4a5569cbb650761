"""Slopes in a few directions, each enclosed: what there is time for where there is much of it.

The graph is gone through forward, with one direction in which every input moves, and with more of
them and with single elements as far as they can be afforded: on whole arrays of balls with float
radii, or, where these say too little, in balls of as many digits as it takes.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from gradcalc.arrays.arithmetic import ArrayBalls, rounded
from gradcalc.arrays.numbers import exactly
from gradcalc.balls.arithmetic import Balls
from gradcalc.balls.numbers import OutOfReach, TooLarge, Undecided, is_tight
from gradcalc.enclosure.consistency import slope_along
from gradcalc.enclosure.experiment import Experiment, Work
from gradcalc.enclosure.trial import forward_cost, numbers_alone, numbers_of
from gradcalc.errors import GradcalcError
from gradcalc.lang.program import Branch
from gradcalc.problem import Problem
from gradcalc.slopes.bundles import Given, Unit
from gradcalc.slopes.forward import Course, Pass, course_of
from gradcalc.testimony import SURE, Probe

SIGNS = 2
"""Directions in which every element moves, this way or that."""

COMPONENTS = 4
"""Elements that are moved alone: the first, the last, and others in between."""

SEED = 20181

MANY = 100_000_000
"""Numbers in one pass forward over arrays of balls, which takes about five seconds."""

SLOWER_EACH = 16
"""Numbers of an array of balls in the time of one function of a single ball."""


ALL = 50_000_000
"""Numbers in a pass, for each direction, up to which there is more than one of them."""

FURTHER = 6_000_000
"""The same where each takes a pass of its own."""

CROWDED = 50_000
"""Elements that have to be kept as a whole from which on there is room for one direction only."""

NOTHING = 1e-300
"""A radius that says no more."""

PRECISIONS = (192, 1536, 4096)
"""Bits tried, where float radii say too little."""

WORK = "one direction is more work than the check takes on"

AFFORDED = 5_000_000
"""Functions of elements in all runs in so many bits, those in more bits counting more."""

CROWDING = "one direction takes more memory than there is"

CLOSE = "a comparison, or whether a matrix is singular, cannot be decided at this size"


@dataclass(frozen=True, slots=True)
class Sampled:
    """The slopes that were found, and the branches that the program took."""

    probes: tuple[Probe, ...]
    path: tuple[Branch, ...]

    @property
    def sure(self) -> bool:
        """Whether the slopes in which everything moves are known to some digits."""
        return all(
            probe.radius <= max(SURE * abs(float(probe.slope)), NOTHING)
            for probe in self.probes
            if probe.signs is not None
        )


def _move(direction: Probe, name: str, shape: tuple[int, ...]) -> Any:
    """How a direction moves an input, None if it does not."""
    if direction.signs is not None:
        return direction.signs.get(name)
    if name != direction.name:
        return None
    return Unit(int(np.ravel_multi_index(direction.index, shape)))


def sample(experiment: Experiment) -> Sampled:
    """The slopes in as many directions as can be afforded, one at the least.

    Raises `OutOfReach` where there is not one direction.
    """
    for name, values in experiment.problem.inputs.items():
        if not np.isfinite(values).all():
            raise OutOfReach(f"{name} is not finite")
    ways = [_by_arrays, _by_balls]
    derived = experiment.runs.recording.derived
    nodes = derived.trace.nodes
    if numbers_of(nodes) + numbers_alone(nodes) > SLOWER_EACH * forward_cost(derived):
        ways.reverse()
    found, reasons = None, []
    for way in ways:
        try:
            answer = way(experiment)
        except (OutOfReach, GradcalcError) as reason:
            reasons.append(str(reason))
            continue
        except (Undecided, MemoryError) as reason:
            reasons.append(CLOSE if isinstance(reason, Undecided) else CROWDING)
            continue
        if answer.sure:
            return answer
        found = found or answer
    if found is None:
        raise OutOfReach(reasons[0])
    return found


def _directions(problem: Problem) -> list[Probe]:
    """The directions in the order in which they are tried, nothing known of the slopes."""
    unknown = Probe(None, np.inf)
    shapes = {name: problem.inputs[name].shape for name in problem.wrt}
    sizes = [math.prod(shape) for shape in shapes.values()]
    count = sum(sizes)
    if not count:
        return []
    random = np.random.default_rng(SEED)
    signs = [
        {name: random.integers(0, 2, s, dtype=np.int8) * 2 - 1 for name, s in shapes.items()}
        for _ in range(SIGNS)
    ]
    several = [replace(unknown, signs=way) for way in signs]
    if count == 1:
        # there is no other
        return several[:1]
    numbers = [0, count - 1, *(int(random.integers(count)) for _ in range(COMPONENTS - 2))]
    starts = np.cumsum([0, *sizes])
    single = []
    for number in dict.fromkeys(numbers):
        # the element of that number among all inputs in a row
        place = int(np.searchsorted(starts, number, side="right")) - 1
        name = problem.wrt[place]
        index = np.unravel_index(number - starts[place], shapes[name])
        single.append(replace(unknown, name=name, index=tuple(map(int, index))))
    return [several[0], *single, *several[1:]]


# -- arrays of balls ---------------------------------------------------------------------------


def _by_arrays(experiment: Experiment) -> Sampled:
    """By whole arrays of balls with float radii."""
    runs, inputs = experiment.runs, experiment.problem.inputs
    derived = runs.recording.derived
    nodes = derived.trace.nodes
    if numbers_of(nodes) + numbers_alone(nodes) > MANY:
        raise TooLarge(WORK)
    # numpy only carries the numbers about; what it warns of is found out from them
    with np.errstate(all="ignore"):
        found = _along(experiment, course_of(derived.trace))
        if found is None:
            # the program goes another way in exact arithmetic
            balls = {name: exactly(values) for name, values in inputs.items()}
            recording = runs.at(ArrayBalls, balls, fresh=True, limits=experiment.budget)
            found = _along(experiment, course_of(recording.trace))
        if found is None:
            raise Undecided
        return found


def _along(experiment: Experiment, course: Course) -> Sampled | None:
    """The slopes, None where the program would not do what it did in this course."""
    problem = experiment.problem
    directions = _directions(problem)
    crowded = course.widest > CROWDED
    more = (FURTHER if crowded else ALL) // max(numbers_of(course.nodes), 1)
    left = directions[: max(1, more)]
    probes: list[Probe] = []
    while left or not directions:
        together, left = (left[:1], left[1:]) if crowded else (left, [])
        leaves = {
            name: Given(values, [
                _move(direction, name, values.shape) if name in problem.wrt else None
                for direction in together
            ])
            for name, values in problem.inputs.items()
        }  # fmt: skip
        total, seen = Pass(course, leaves, len(together), experiment.check).run()
        if not all(asked.holds(ArrayBalls(), seen) for asked in course.trace.observations):
            return None
        for direction, slope in zip(together, total.tangents, strict=True):
            found = exactly(0) if slope is None else slope
            probes.append(replace(direction, slope=found.mid[()], radius=float(found.rad)))
        if not directions:
            break
    return Sampled(tuple(probes), course.trace.path)


# -- balls of as many digits as it takes -------------------------------------------------------


def _by_balls(experiment: Experiment) -> Sampled:
    """By single balls, in the first direction."""
    problem, runs, work = experiment.problem, experiment.runs, Work(AFFORDED)
    directions = _directions(problem)[:1]
    size = forward_cost(runs.recording.derived)
    for bits in PRECISIONS:
        if not work.goes_on(size, bits):
            raise TooLarge(WORK)
        experiment.check()
        m = Balls()
        inputs = {name: m.asarray(values) for name, values in problem.inputs.items()}
        with flint.ctx.workprec(bits):
            try:
                recording = runs.at(Balls, inputs, limits=experiment.budget)
                slopes = [
                    slope_along(recording, m, {
                        name: m.asarray(signs) for name, signs in (direction.signs or {}).items()
                    })
                    for direction in directions
                ]  # fmt: skip
            except Undecided:
                continue
        if all(map(is_tight, slopes)):
            break
    else:
        raise OutOfReach(f"{PRECISIONS[-1]:,} bits are not enough to tell the slope")
    probes = [
        replace(direction, slope=ball.mid[()], radius=float(ball.rad))
        for direction, ball in zip(directions, map(rounded, slopes), strict=True)
    ]
    return Sampled(tuple(probes), recording.trace.path)
