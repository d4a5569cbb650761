"""Running a problem on balls: at its point, and beside it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from gradcalc.balls.arithmetic import ZERO, Balls, boxed, to_floats
from gradcalc.balls.numbers import (
    NAN,
    NOTHING,
    TIGHT,
    Ball,
    Decisions,
    OutOfReach,
    TooLarge,
    beyond,
    is_nothing,
    is_tight,
)
from gradcalc.derive.derived import Derived
from gradcalc.derive.recording import Recording
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.work import LARGEST, Work, cost
from gradcalc.lang.program import Branch, Budget
from gradcalc.problem import Problem

Reals = Any
"""A numpy array of exact balls."""

ORDINARY = 1e-300
"""Sizes of floats, from it to one over it, of which there is nothing special."""

SHORT = 1e-3
"""Seconds that are left even when the time is up."""

LARGEST_EXPONENT = 2**60
"""Numbers beyond 2 to this power, either way, are out of reach."""


@dataclass(frozen=True)
class Trial:
    """One run: the weighted sum of the output, its gradients, and what was met on the way.

    `bits` is the precision, `arithmetic` what it ran in. Balls are the `inputs`, the total as a
    `whole`, and the gradients as `balls`. `guessed` says that a comparison was decided by
    midpoints.
    """

    bits: int
    recording: Recording
    arithmetic: Balls
    inputs: Mapping[str, Any]
    whole: Ball
    balls: Mapping[str, Any]
    guessed: bool

    @cached_property
    def tight(self) -> bool:
        """Whether no float is near enough to a total or gradient for its radius to matter."""
        return is_tight(self.whole) and all(map(is_tight, self._all()))

    @cached_property
    def finite(self) -> bool:
        """Whether the total and all gradients are finite numbers."""
        return bool(self.whole.is_finite()) and all(ball.is_finite() for ball in self._all())

    def _all(self) -> Iterator[Ball]:
        return (ball for balls in self.balls.values() for ball in balls.flat)

    @cached_property
    def total(self) -> Ball:
        """The midpoint of the total; see `real`."""
        return real(self.whole)

    @cached_property
    def output(self) -> Reals:
        """What the program gave."""
        return reals(self.recording.output)

    @cached_property
    def gradients(self) -> Mapping[str, Reals]:
        """The midpoints of the gradients."""
        return {name: reals(balls) for name, balls in self.balls.items()}

    @cached_property
    def radii(self) -> Mapping[str, NDArray[np.float64]]:
        """How far off they are at the most."""
        size = np.frompyfunc(lambda ball: ball.rad().upper(), 1, 1)
        return {name: to_floats(size(balls)) for name, balls in self.balls.items()}

    @property
    def derived(self) -> Derived:
        """What follows from the course of the run."""
        return self.recording.derived

    @property
    def values(self) -> Sequence[Any]:
        """The values of the run's nodes, as balls."""
        return self.recording.values

    @property
    def path(self) -> tuple[Branch, ...]:
        """The branches that the run took."""
        return self.recording.trace.path

    @property
    def detached(self) -> Mapping[Any, Any]:
        """The values that were detached, as they stay around the point."""
        middles = np.frompyfunc(lambda ball: ball.mid(), 1, 1)
        detached = self.recording.trace.detached
        return {key: boxed(middles(self.values[number])) for key, number in detached.items()}


class Experiment:
    """Runs of one problem, sharing what has been derived and a budget of numbers."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        seconds = self.problem.limits.seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.epsilon = float(np.finfo(self.problem.dtype).eps)
        self.work = Work()
        self.too_large = False

    @property
    def problem(self) -> Problem:
        """What is run."""
        return self.runs.problem

    @property
    def budget(self) -> Budget:
        """Steps and time for one more run."""
        return Budget(self.problem.limits.steps, self.deadline)

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
        from gradcalc.enclosure.precision import settle

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
    ) -> Trial:
        """Run at the inputs, moved by `shift`, with that precision.

        Comparisons of balls that overlap are `forced`, by their midpoints, or raise `Undecided`.
        Raises `OutOfReach` above the budget.
        """
        self.work.go_on(self.size, bits)
        self.check()
        with flint.ctx.workprec(bits):
            made: list[Balls] = []

            def arithmetic() -> Balls:
                made.append(Balls(Decisions(forced), beside=shift is not None))
                return made[-1]

            inputs = {name: self._leaf(name, shift) for name in self.problem.inputs}
            # a claim is worked out from the names of a run, which is the one at the point
            fresh = bool(self.problem.claims) and shift is None
            recording = self.runs.at(arithmetic, inputs, replay, fresh=fresh, limits=self.budget)
            return self._trial(bits, recording, made[-1], inputs)

    def _trial(
        self, bits: int, recording: Recording, arithmetic: Balls, inputs: Mapping[str, Any]
    ) -> Trial:
        swept = recording.derived.sweep(arithmetic, inputs, recording.values)
        weights = arithmetic.asarray(_finite(recording.weights))
        total = np.sum(recording.output * weights) if recording.output.size else flint.arb(0)
        guessed = arithmetic.decisions.guessed
        # what is asked of the run from now on changes none of its numbers
        arithmetic.decisions.forced = True
        gradients = dict(zip(recording.derivation.gradients, swept, strict=True))
        return Trial(bits, recording, arithmetic, inputs, total, gradients, guessed)

    def _leaf(self, name: str, shift: Mapping[str, Reals] | None) -> Any:
        balls = self._exact[name]
        moves = None if shift is None else shift.get(name)
        if moves is None:
            return balls
        move = np.frompyfunc(lambda ball, by: (ball + flint.arb(by)).mid(), 2, 1)
        return boxed(move(balls, moves))

    @cached_property
    def _exact(self) -> dict[str, Any]:
        """The inputs as balls."""
        arithmetic = Balls()
        for name, values in self.problem.inputs.items():
            wild = np.argwhere(~np.isfinite(values))
            if len(wild):
                where = f"{name}[{', '.join(map(str, wild[0]))}]" if values.ndim else name
                raise OutOfReach(f"{where} is not finite")
        return {n: arithmetic.asarray(values) for n, values in self.problem.inputs.items()}


def real(ball: Ball) -> Ball:
    """The midpoint of a ball, NaN if it is not finite, 0 if no float tells it from that."""
    if not ball.is_finite():
        return NAN
    middle = ball.mid()
    if ORDINARY < abs(float(middle)) < 1 / ORDINARY:
        return middle
    mantissa, exponent = middle.man_exp()
    power = int(exponent) + mantissa.bit_length()
    if mantissa and power > LARGEST_EXPONENT:
        raise OutOfReach("numbers far beyond any float")
    if mantissa and power < NOTHING and is_nothing(ball):
        far = power < -LARGEST_EXPONENT
        return ZERO if far or ball.rel_accuracy_bits() < TIGHT else middle
    return middle


def reals(balls: Any) -> Reals:
    """The midpoints of an array of balls."""
    return boxed(np.frompyfunc(real, 1, 1)(balls))


def _finite(weights: Any) -> Any:
    if not np.isfinite(weights).all():
        raise OutOfReach("a weight of the output is not finite")
    return np.asarray(weights)
