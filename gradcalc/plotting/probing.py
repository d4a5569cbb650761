"""One point after the other: torch's numbers alone, which is quick, or with a verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcalc.calculate import Ask, report_of, weigh
from gradcalc.derive.derivations import Derivations
from gradcalc.errors import EndlessError, Fault, GradcalcError
from gradcalc.plotting.data import ERROR, SUM, VALUE, WEIGHED, Point
from gradcalc.problem import Array, Problem, weights
from gradcalc.report import Report
from gradcalc.testimony import Absent
from gradcalc.verdict.outcome import Outcome

Place = tuple[float, ...]
"""Where the numbers that move are."""

FEWEST, MOST = 2, 6
"""Points without an end, which take seconds each, after which a plot is given up: where no point
has a value, and where some have."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a place: the slopes by all that moves."""

    value: float
    slopes: tuple[float, ...]
    true: tuple[float, ...]
    digits: float | None = None
    outcome: str | None = None
    message: str = ""
    possible: float = 0.0
    summed: bool = False


class Prober:
    """Asks for a problem whose inputs are `moved` to a place; `by` says how each number that moves
    moves its input, 1 for one that is the input itself. `size` is how large values are, of which
    rounding is a share; `failure` is what the program raised first."""

    def __init__(
        self,
        problem: Problem,
        ask: Ask,
        moved: Callable[[Place], dict[str, Array]],
        by: Sequence[tuple[str, Array]],
    ) -> None:
        self._problem, self._ask, self._moved, self._by = problem, ask, moved, by
        self._derivations = Derivations()
        self._quick: dict[Place, Found] = {}
        self._asked: dict[Place, Found] = {}
        self.size = 0.0
        self._endless = 0
        self.failure: GradcalcError | None = None

    @property
    def quantity(self) -> str:
        """What the values are."""
        if self._problem.cotangent is not None:
            return WEIGHED
        return SUM if any(found.summed for found in self._asked.values()) else VALUE

    def quick(self, *place: float) -> Found:
        """Torch's value and slopes, NaN where the program cannot be run."""
        if place not in self._quick:
            self._quick[place] = self._torch(place)
        return self._quick[place]

    def full(self, *place: float) -> Found:
        """The same with a verdict."""
        if place not in self._asked:
            self._asked[place] = self._verdict(place)
        return self._asked[place]

    def point(self, at: float, *, asked: bool = True) -> Point:
        """A point of a line."""
        found = self.full(at) if asked else self.quick(at)
        return Point(
            at, found.value, found.slopes[0], found.true[0], found.digits, found.outcome,
            found.message,
        )  # fmt: skip

    def is_smooth(self, low: float, high: float) -> bool:
        """Whether the check proves that slopes are finite and do not jump from one point of a line
        to another; False where it does not tell."""
        from gradcalc.plotting.bounds import is_bounded

        return is_bounded(self._derivations, *(self._at((at,)).rounded() for at in (low, high)))

    def _at(self, place: Place) -> Problem:
        return replace(self._problem, inputs={**self._problem.inputs, **self._moved(place)})

    def _torch(self, place: Place) -> Found:
        try:
            found = self._ask(replace(self._at(place), check=False))()
        except GradcalcError as error:
            return self._failed(error)
        if isinstance(found, Absent):
            return self._nothing(ERROR, found.doubt)
        unknown = (float("nan"),) * len(self._by)
        return Found(self._total(found.value), self._along(found.gradients), unknown)

    def _verdict(self, place: Place) -> Found:
        try:
            report = report_of(weigh(self._at(place), self._ask, self._derivations))
        except Fault:
            raise
        except GradcalcError as error:
            return self._failed(error)
        verdict = report.verdict
        digits = [g.digits for g in report.gradients]
        return Found(
            float("nan") if report.value is None else self._total(report.value),
            self._along({g.name: g.autograd for g in report.gradients}),
            self._true(report),
            None if None in digits else min(d for d in digits if d is not None),
            verdict.outcome.value,
            verdict.message,
            report.digits_possible,
            report.summed,
        )

    def _true(self, report: Report) -> tuple[float, ...]:
        """The gradient of the check, where the verdict trusts it."""
        if report.verdict.outcome in (Outcome.UNRESOLVED, Outcome.JUMP, Outcome.EDGE):
            return (float("nan"),) * len(self._by)
        found: dict[str, Array | None] = {}
        for gradient in report.gradients:
            best = gradient.symbolic if gradient.enclosure is None else gradient.enclosure
            if best is not None:
                told = True if gradient.told is None else gradient.told
                best = np.where(told & np.isfinite(best), best, np.nan)
            found[gradient.name] = best
        return self._along(found)

    def _total(self, value: Array) -> float:
        """The output as the one number that the slopes are of: the weighed sum of it."""
        array = np.asarray(value, dtype=np.float64)
        with np.errstate(all="ignore"):
            return float(np.sum(weights(self._problem, array.shape) * array))

    def _along(self, gradients: Mapping[str, Any]) -> tuple[float, ...]:
        """The slopes by what moves; a 0 of the direction takes no part, be the slope there NaN."""
        found = []
        for name, direction in self._by:
            gradient = gradients.get(name)
            if gradient is None:
                found.append(float("nan"))
                continue
            moves = direction != 0
            with np.errstate(all="ignore"):
                found.append(float(np.sum(np.asarray(gradient)[moves] * direction[moves])))
        return tuple(found)

    def _failed(self, error: GradcalcError) -> Found:
        if isinstance(error, EndlessError):
            self._endless += 1
            if self._endless >= (MOST if self._has_value() else FEWEST):
                raise error
        self.failure = self.failure or error
        return self._nothing(ERROR, error.message)

    def _has_value(self) -> bool:
        known = (*self._quick.values(), *self._asked.values())
        return any(found.outcome != ERROR for found in known)

    def _nothing(self, outcome: str, message: str) -> Found:
        unknown = (float("nan"),) * len(self._by)
        return Found(float("nan"), unknown, unknown, None, outcome, message)
