"""Running a problem on balls, at its point and beside it, in as many bits as it takes.

The precision rises from run to run until every enclosure is tight. A comparison of balls that
overlap calls for more of it too; at the ceiling the midpoints decide.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls, each
from gradcalc.balls.numbers import Decisions, OutOfReach, TooLarge, Undecided, beyond
from gradcalc.derive.perturbations import directions_for, shifts, smallest
from gradcalc.derive.runs import Recording, Runs
from gradcalc.enclosure.kinks import is_undefined
from gradcalc.enclosure.trial import FAR, Reals, Trial, cost, overflows
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.lang.program import Budget
from gradcalc.problem import Problem
from gradcalc.values.precision import precision_of

LARGEST = 450_000
"""Functions of elements in one run with its gradients, which takes about a second."""

MOST = 6 * LARGEST
"""The same in all runs together, those in more bits counting more."""

FASTEST, SLOWER = 192, 1.25
"""The bits up to which numbers take the same time, and with which power of them they take more."""

SHORT = 1e-3
"""Seconds that are left even when the time is up."""

PRECISIONS = (192, 768, 2560, 8192)
"""Bits tried until the enclosure is tight."""

DEEPER, SMALL = 32768, 100
"""Bits tried where a function comes so near to where it levels off that fewer do not tell the two
apart, and the functions of elements in a run up to which that takes well under a second."""

ASIDE = "1e-25"
"""How far beside the point, in relation to the inputs, a tie is asked again: numbers that are equal
at the point alone are told apart there by far fewer bits than those of the ceiling."""

MORE = 256
"""Bits on top of those at the point for a run beside it."""

STEPS, LONGER = 2000, 10
"""Steps that a run at another point may take at the least, and how many times as many as the run at
the point: more are not taken for a run that ends."""

DIGITS = "so many digits of all numbers are more work than the check does"

LEVEL = f"{PRECISIONS[-1]:,} bits are not enough to tell numbers here from what they level off at"

NAN = "a fixed number of the program is NaN"

UNTIGHT_BESIDE = "beside the point no precision is enough to tell the gradient"

TIE = "a comparison is a tie, or so close to one that no precision decides it"

FINER, MOST_BITS = (1, 4, 16), 2**18
"""How many times as many bits are tried beside the point, and how many of them at the most."""

T = TypeVar("T")


class Level(OutOfReach):
    """A function has levelled off so far that no precision tells where it is."""

    def __init__(self, why: str = LEVEL) -> None:
        super().__init__(why)


@dataclass(slots=True)
class Work:
    """What the runs may take together, and have taken so far."""

    most: float = MOST
    spent: float = 0.0

    def goes_on(self, size: int, bits: int) -> bool:
        """One more run of so many numbers, if that is not too much."""
        self.spent += size * max(1.0, (bits / FASTEST) ** SLOWER)
        return self.spent <= self.most

    def go_on(self, size: int, bits: int) -> None:
        """The same. Raises `TooLarge` where it would be too much."""
        if not self.goes_on(size, bits):
            raise TooLarge(beyond(LARGEST) if size > LARGEST else DIGITS)


class Experiment:
    """Runs of one problem, sharing what has been derived and a budget of numbers."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        seconds = self.problem.limits.seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.epsilon = precision_of(self.problem.precision).epsilon
        self.work = Work()
        self.too_large = False
        self.shared = False
        self.level = False
        self._known: dict[str, Any] = {}

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call."""
        if key not in self._known:
            self._known[key] = make()
        found: T = self._known[key]
        return found

    @property
    def problem(self) -> Problem:
        """What is run."""
        return self.runs.problem

    @property
    def budget(self) -> Budget:
        """Steps and time for one more run."""
        limits = self.problem.limits
        return Budget(limits.steps, self.deadline, seconds=limits.seconds)

    @property
    def budget_beside(self) -> Budget:
        """The same for a run at another point, where a loop may have no end.

        What ends there at all does so in not many times the steps that it takes at the point.
        """
        found = self.budget
        most = min(found.steps, STEPS + LONGER * self.runs.recording.trace.steps)
        return Budget(most, found.deadline, "beside this point ", found.seconds)

    @property
    def left(self) -> float | None:
        """Seconds that are left to the user's limit, None where there is none."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), SHORT)

    def check(self) -> None:
        """Raise `TooLarge` once the user's time is up."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TooLarge("more time than the check may take")

    @cached_property
    def centre(self) -> Trial:
        """The run at the point. Raises `OutOfReach` where there is none."""
        if self.too_large or self.size > LARGEST:
            raise TooLarge(beyond(LARGEST))
        return settle(self)

    @cached_property
    def size(self) -> int:
        """How much one run is, in numbers."""
        return cost(self.runs.recording.derived)

    def run(
        self,
        bits: int,
        shift: Mapping[str, Reals] | None = None,
        replay: Mapping[Any, Any] | None = None,
        *,
        forced: bool = False,
        tie: int | None = None,
    ) -> Trial:
        """Run at the inputs, moved by `shift`, with that precision.

        Comparisons of balls that overlap are `forced`, by their midpoints or as `tie` says, or
        raise `Undecided`.
        Raises `OutOfReach` above the budget.
        """
        self.work.go_on(self.size, bits)
        self.check()
        with flint.ctx.workprec(bits):
            made: list[Balls] = []

            def arithmetic() -> Balls:
                decisions = Decisions(forced, tie)
                made.append(Balls(decisions, beside=shift is not None, shared=self.shared))
                return made[-1]

            inputs = {name: self._leaf(name, shift) for name in self.problem.inputs}
            # a claim is worked out from the names of a run, which is the one at the point
            fresh = bool(self.problem.claims) and shift is None
            limits = self.budget if shift is None else self.budget_beside
            recording = self.runs.at(arithmetic, inputs, replay, fresh=fresh, limits=limits)
            return self._trial(bits, recording, made[-1], inputs)

    @property
    def has_nan(self) -> bool:
        """Whether a fixed number of the program is NaN."""
        nodes = self.runs.recording.trace.nodes
        return any(node.op is ops.LITERAL and np.isnan(node["data"].array).any() for node in nodes)

    def _trial(
        self, bits: int, recording: Recording, arithmetic: Balls, inputs: Mapping[str, Any]
    ) -> Trial:
        gradients = recording.swept(arithmetic, inputs)
        output, weights = recording.output, recording.trace.weights
        if not np.isfinite(weights).all():
            raise OutOfReach("a weight of the output is not finite")
        total = np.sum(output * arithmetic.asarray(weights)) if output.size else flint.arb(0)
        guessed = arithmetic.decisions.guessed
        # what is asked of the run from now on changes none of its numbers
        arithmetic.decisions.forced = True
        return Trial(bits, recording, arithmetic, inputs, total, gradients, guessed)

    def _leaf(self, name: str, shift: Mapping[str, Reals] | None) -> Any:
        balls = self._exact[name]
        moves = None if shift is None else shift.get(name)
        if moves is None:
            return balls
        return each(lambda ball, by: (ball + flint.arb(by)).mid(), balls, moves)

    @cached_property
    def wild(self) -> str | None:
        """That an input is not finite, in words; None if all are."""
        odd = ((name, ~np.isfinite(values)) for name, values in self.problem.inputs.items())
        return next((_not_finite(name, where) for name, where in odd if where.any()), None)

    def wild_among(self, columns: Any) -> str | None:
        """The same, of these elements of what is differentiated by if it is one of them."""
        mine = np.zeros(sum(self.problem.inputs[name].size for name in self.problem.wrt), np.bool_)
        mine[columns] = True
        for name, own in self.problem.split(mine).items():
            where = own.astype(np.bool_) & ~np.isfinite(self.problem.inputs[name])
            if where.any():
                return _not_finite(name, where)
        return self.wild

    @cached_property
    def _exact(self) -> dict[str, Any]:
        """The inputs as balls."""
        arithmetic = Balls()
        return {n: arithmetic.asarray(values) for n, values in self.problem.inputs.items()}


def _not_finite(name: str, where: Any) -> str:
    index = np.argwhere(where)[0]
    return (
        f"{name}[{', '.join(map(str, index))}] is not finite"
        if len(index)
        else f"{name} is not finite"
    )


# -- precision ---------------------------------------------------------------------------------


def settle(experiment: Experiment) -> Trial:
    """The run at the point with a tight enclosure, or without one if there is no gradient.

    Raises `OutOfReach` if the ceiling is reached before.
    """
    for bits in PRECISIONS:
        try:
            trial = _decided(experiment, bits)
        except Undecided:
            continue
        if _is_told(experiment, trial):
            return trial
    trial = experiment.run(PRECISIONS[-1], forced=True)
    if trial.guessed:
        return _at_a_tie(experiment, trial)
    if not trial.finite and experiment.wild is not None:
        return trial
    if not trial.finite and overflows(trial):
        raise OutOfReach(FAR)
    if trial.finite and not trial.tight:
        raise OutOfReach(f"{PRECISIONS[-1]:,} bits are not enough to tell the gradient")
    if not trial.finite and _is_level(experiment, trial):
        return _in_more_bits(experiment) or trial
    return trial


def _is_level(experiment: Experiment, trial: Trial) -> bool:
    """Whether what is not decided at the point is not beside it either.

    Numbers that are equal at the point by chance part there; those between which a function has
    levelled off do not. It is noted, as more bits tell nothing of such a point then.
    """
    inputs, wrt = experiment.problem.inputs, experiment.problem.wrt
    bits = PRECISIONS[-1] + MORE
    size = sum(inputs[name].size for name in wrt)
    if not size:
        return False
    with flint.ctx.workprec(bits):
        way = directions_for(size, 1)[0]
        aside = shifts(inputs, wrt, way, flint.arb(ASIDE).mid(), smallest(inputs, wrt), 1.0)
    try:
        experiment.level = not _is_told(experiment, experiment.run(bits, aside, trial.detached))
    except Undecided:
        experiment.level = True
    except GradcalcError:
        return False
    return experiment.level


def _in_more_bits(experiment: Experiment) -> Trial | None:
    """The run in as many bits as small ones can be made in, None if it is not decided there."""
    if experiment.size > SMALL:
        return None
    try:
        trial = experiment.run(DEEPER)
    except Undecided:
        return None
    if not trial.finite or not trial.tight:
        return None
    experiment.level = False
    return trial


def _decided(experiment: Experiment, bits: int) -> Trial:
    """A run in which all is decided, by telling what is equal to itself where it takes that."""
    try:
        return experiment.run(bits)
    except Undecided:
        if experiment.shared:
            raise
        experiment.shared = True
        return experiment.run(bits)


def _at_a_tie(experiment: Experiment, guess: Trial) -> Trial:
    """A run at a point where midpoints decided something, as in this guess.

    One in which nothing depends on that, if it can be; else the point is one to look around at.
    Raises `OutOfReach` where it is the program's own course that depends on it.
    """
    for bits in (PRECISIONS[1], PRECISIONS[-1]):
        try:
            return _either_way(experiment, bits)
        except OutOfReach:
            continue
    if _is_level(experiment, guess):
        found = _in_more_bits(experiment)
        if found is None:
            raise OutOfReach(TIE)
        return found
    if guess.path:
        ties = [experiment.run(PRECISIONS[1], forced=True, tie=tie) for tie in (1, -1, 0)]
        if any(ways_of(run) != ways_of(guess) for run in ties):
            raise OutOfReach(TIE)
    return guess


def hangs_on_ties(experiment: Experiment, bits: int) -> bool:
    """Whether the value at the point is another if ties that are not decided come out otherwise."""
    first, *others = (experiment.run(bits, forced=True, tie=tie) for tie in (1, -1, 0))
    with flint.ctx.workprec(bits):
        return not all(first.meets(run, gradients=False) for run in others)


def ways_of(trial: Trial) -> list[tuple[bool, ...]]:
    """The branches that a run took."""
    return [branch.taken for branch in trial.path]


def _either_way(experiment: Experiment, bits: int, moved: Any = None, replay: Any = None) -> Trial:
    """A run in which nothing depends on ties that are not decided, at the point but the gradients.

    Raises `OutOfReach` where something does.
    """
    # where all is larger, what is added up and cancels is not left out
    runs = [experiment.run(bits, moved, replay, forced=True, tie=tie) for tie in (1, -1, 0)]
    first = runs[0]
    with flint.ctx.workprec(bits):
        tight = all(run.tight for run in runs)
        same = all(first.meets(run, gradients=moved is not None) for run in runs)
    if not tight or not same:
        raise OutOfReach(TIE)
    return first


def _is_told(experiment: Experiment, trial: Trial) -> bool:
    """Whether no more precision is needed: what is there is tight, and the rest is undefined."""
    if trial.tight:
        return True
    if not trial.told:
        return False
    return experiment.wild is not None or is_undefined(trial, experiment.epsilon)


def run_beside(experiment: Experiment, bits: int, moved: Any, replay: Any) -> Trial:
    """A run at another point, tight as well.

    Raises `OutOfReach` where that takes too much precision, or a tie is not decided.
    """
    trial: Trial | None = None
    for more in FINER[:1] if experiment.level else FINER:
        if bits * more > MOST_BITS and more > 1:
            break
        try:
            trial = experiment.run(bits * more, moved, replay)
        except Undecided:
            continue
        if _is_told(experiment, trial):
            return trial
    if trial is None:
        return _either_way(experiment, bits, moved, replay)
    if trial.finite:
        raise OutOfReach(UNTIGHT_BESIDE)
    return trial
