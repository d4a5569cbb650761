"""Slopes in a few directions, each enclosed: what there is time for where there is much of it.

The program runs forward on whole arrays of balls, with one direction in which every input moves,
and, while time remains, with more of them and with single components.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.balls.numbers import OutOfReach, TooLarge, Undecided
from gradcalc.enclosure.arrays import ArrayBall, exactly
from gradcalc.enclosure.duals import DualBackend
from gradcalc.enclosure.reductions import inner_product, sum_of
from gradcalc.enclosure.streams import Check, Dual, Given, Patience, Unit
from gradcalc.errors import GradcalcError, LimitError
from gradcalc.lang.machine import Budget
from gradcalc.lang.program import Branch
from gradcalc.problem import Problem, execute, weights
from gradcalc.testimony import Probe

SECONDS = 0.4
"""The longest that a second direction of all elements may take, whatever the time limit; single
elements may take three times as long."""

FIRST = 5.0
"""The longest that the first may take: it is worth waiting for."""

SIGNS = 2
"""Directions in which every element moves, this way or that."""

COMPONENTS = 4
"""Elements that are moved alone: the first, the last, and others in between."""

SEED = 20181


@dataclass(frozen=True, slots=True)
class Sampled:
    """The slopes that were found, and the branches that the program took."""

    probes: tuple[Probe, ...]
    path: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class _Direction:
    """Where to go: signs by input, or one element of one input."""

    signs: Mapping[str, Any] | None = None
    name: str = ""
    index: tuple[int, ...] = ()

    def move(self, name: str, shape: tuple[int, ...]) -> Any:
        """How it moves an input, None if it does not."""
        if self.signs is not None:
            return self.signs.get(name)
        return Unit(int(np.ravel_multi_index(self.index, shape))) if name == self.name else None


def sample(problem: Problem, seconds: float = SECONDS) -> Sampled:
    """The slopes in as many directions as the time allows, one at the least.

    Raises `OutOfReach` where there is not one direction.
    """
    limit = problem.limits.seconds or np.inf
    start = time.monotonic()
    deadline = start + min(max(seconds, FIRST), limit)
    soon, later = (start + min(times * seconds, limit) for times in (1, 3))
    left = _directions(problem)
    # elements that move alone often cost next to nothing
    patience = Patience(((soon, len(left) - SIGNS + 1), (later, 1)))
    found, path = _run(problem, left, patience, deadline)
    left = left[len(found) :]
    once = time.monotonic() - start
    # what has no room beside the others goes alone
    while patience.crowded and left and time.monotonic() + once < soon:
        try:
            more, _ = _run(problem, left[:1], Patience(), later)
        except OutOfReach:
            break
        found += more
        del left[0]
    return Sampled(tuple(found), path)


def _why(reason: Exception) -> str:
    if isinstance(reason, Undecided):
        return "a comparison is too close to be decided at this size"
    if isinstance(reason, TooLarge | LimitError):
        return "one direction takes more time than there is"
    return str(reason) or "one direction takes more memory than there is"


def _directions(problem: Problem) -> list[_Direction]:
    """The directions in the order in which they are tried."""
    shapes = {name: problem.inputs[name].shape for name in problem.wrt}
    sizes = [int(np.prod(shape, dtype=np.int64)) for shape in shapes.values()]
    count = sum(sizes)
    if not count:
        return []
    random = np.random.default_rng(SEED)
    several = [
        _Direction({n: random.integers(0, 2, s, dtype=np.int8) * 2 - 1 for n, s in shapes.items()})
        for _ in range(SIGNS)
    ]
    numbers = [0, count - 1, *(int(random.integers(count)) for _ in range(COMPONENTS - 2))]
    single = [_component(shapes, sizes, number) for number in dict.fromkeys(numbers)]
    return [several[0], *single, *several[1:]]


def _component(
    shapes: Mapping[str, tuple[int, ...]], sizes: Sequence[int], number: int
) -> _Direction:
    """The element of that number among all inputs in a row."""
    for (name, shape), size in zip(shapes.items(), sizes, strict=True):
        if number < size:
            return _Direction(
                name=name, index=tuple(int(i) for i in np.unravel_index(number, shape))
            )
        number -= size
    raise AssertionError("there is no element of that number")


def _run(
    problem: Problem, directions: Sequence[_Direction], patience: Patience, deadline: float
) -> tuple[list[Probe], tuple[Branch, ...]]:
    """One run with tangents in some directions, which share the values.

    Raises `OutOfReach` where there is none.
    """
    try:
        # numpy only carries the numbers about; what it warns of is found out from them
        with np.errstate(all="ignore"):
            return _slopes(problem, directions, patience, deadline)
    except (OutOfReach, GradcalcError, Undecided, MemoryError) as reason:
        raise OutOfReach(_why(reason)) from reason


def _slopes(
    problem: Problem, directions: Sequence[_Direction], patience: Patience, deadline: float
) -> tuple[list[Probe], tuple[Branch, ...]]:
    budget = Budget(problem.limits.steps, deadline)
    backend = DualBackend(len(directions), budget, problem.dtype, deadline, patience)
    leaves = {name: _leaf(problem, name, directions, patience) for name in problem.inputs}
    execution = execute(problem, backend, leaves, budget)
    slopes = _weighed(problem, execution.target, len(directions), backend.check)
    kept = patience.wanted(len(directions))
    probes = [
        Probe(slope.mid[()], float(slope.rad), direction.signs, direction.name, direction.index)
        for direction, slope in zip(directions[:kept], slopes[:kept], strict=True)
    ]
    return probes, execution.run.path


def _weighed(problem: Problem, output: Dual, count: int, check: Check) -> list[ArrayBall]:
    """The tangents of the output's elements, weighed and summed."""
    if problem.cotangent is None or not output.size:
        found = sum_of(output, check)
    else:
        weighing = np.asarray(weights(problem, output.shape))
        still = Given(weighing, (None,) * count)
        found = inner_product(output, Dual(still), check)
    return [exactly(0) if slope is None else slope for slope in found.tangents]


def _leaf(
    problem: Problem, name: str, directions: Sequence[_Direction], patience: Patience
) -> Dual:
    values = problem.inputs[name]
    if not np.isfinite(values).all():
        raise OutOfReach(f"{name} is not finite")
    active = name in problem.wrt
    moves = [d.move(name, values.shape) if active else None for d in directions]
    return Dual(Given(values, moves, patience), active)
