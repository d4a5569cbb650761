"""A function beside a point, and what it draws towards there, from all sides."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach, Undecided
from gradcalc.derive.derivations import Derivations
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError
from gradcalc.problem import Problem, weights
from gradcalc.testimony import Array, Computed, Enclosed

NEAR = (1e-12, 1e-24)
"""How far from the point the function is looked at, in relation to inputs that are not 0."""

BITS = 1024
"""Precision there: what cancels beside the point is left with many digits."""

WAYS = 6
"""Random directions in which the point is left, beside the two along which all inputs move."""

SETTLED = 1e-4
"""How much what draws towards a limit may still change, in relation to its size or to 1."""

GROWN = 1.5
"""How many times a slope without a limit grows from the one distance to the other, at least, or it
does by 1: a logarithm doubles."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The true value at a point, the total that is differentiated, and its gradient, flat.

    What has no gradient is NaN in it.
    """

    value: Array
    total: float
    slopes: Array

    @property
    def is_smooth(self) -> bool:
        """Whether all of the gradient is known."""
        return bool(np.isfinite(self.slopes).all())


def see(problem: Problem, inputs: Mapping[str, Array], known: Derivations) -> Seen | None:
    """A function at other inputs, None where it is not known to have a value."""
    moved = replace(problem, inputs=inputs, claims={})
    return _seen(problem, lambda: Experiment(known.runs(moved)).centre)


def _seen(problem: Problem, run: Callable[[], Trial]) -> Seen | None:
    try:
        with np.errstate(all="ignore"):
            trial = run()
    except (OutOfReach, Undecided, GradcalcError):
        return None
    if not (trial.whole.is_finite() and trial.told) or trial.guessed:
        return None
    slopes = to_floats(problem.joined(trial.gradients))
    return Seen(to_floats(trial.output), float(trial.total), slopes)


class Limits:
    """The limits of the value and of the gradient, as far as they settle."""

    def __init__(self, problem: Problem, exact: Enclosed, known: Derivations) -> None:
        self._problem, self._exact, self._known = problem, exact, known

    @property
    def has_value(self) -> bool:
        """Whether there is a value at the point, or one that it draws towards."""
        return self._value is not None

    @property
    def is_reached(self) -> bool:
        """Whether the value at the point is what the function draws towards from every side.

        A side on which it has no value is none.
        """
        experiment = Experiment(self._known.runs(self._problem))
        return all(self._reaches(experiment, way) for way in self._ways())

    def _reaches(self, experiment: Experiment, way: dict[str, Array]) -> bool:
        try:
            with np.errstate(all="ignore"):
                whole = experiment.run(BITS, _scaled(way, NEAR[-1])).whole
        except (OutOfReach, Undecided, GradcalcError):
            return False
        value = self._value
        if value is None or not whole.is_finite():
            return value is not None and whole.is_nan()
        return _is_settled(float(whole.mid()), value) and _is_settled(float(whole.rad()), 0.0)

    def allow(self, answer: Computed) -> bool:
        """Whether autograd's value is the limit, and each of its slopes the limit of some side,
        or between those of two.

        Where nothing draws towards a value, anything is as good.
        """
        if self._value is None:
            return True
        with np.errstate(all="ignore"):
            total = float((answer.value * weights(self._problem, answer.value.shape)).sum())
        if not abs(total - self._value) <= SETTLED * max(1.0, abs(self._value)):
            return False
        given = self._problem.joined(answer.gradients)
        slopes = self._slopes
        if not len(slopes):
            return False
        settled = np.isfinite(slopes)
        low = np.min(slopes, axis=0, where=settled, initial=np.inf)
        high = np.max(slopes, axis=0, where=settled, initial=-np.inf)
        room = SETTLED * np.maximum(1.0, np.abs(given))
        with np.errstate(all="ignore"):
            inside = (given >= low - room) & (given <= high + room)
        return bool(np.all(inside | (slopes == given).any(axis=0)))

    @cached_property
    def _value(self) -> float | None:
        own = float(self._exact.total)
        if np.isfinite(own):
            return own
        totals = [(near.total, far.total) for near, far in self._pairs]
        settled = [far for near, far in totals if _is_settled(near, far)]
        if not settled or len(settled) < len(totals):
            return None
        spread = max(settled) - min(settled)
        return settled[0] if spread <= SETTLED * max(1.0, abs(settled[0])) else None

    @cached_property
    def _slopes(self) -> Array:
        """The limits of the gradient, a row for each side: infinite where one grows and grows, NaN
        where there is none."""
        return np.array([self._settled(near, far) for near, far in self._pairs])

    def _settled(self, near: Seen, far: Seen) -> Array:
        first, second = near.slopes, far.slopes
        with np.errstate(all="ignore"):
            still = np.abs(second - first) <= SETTLED * np.maximum(1.0, np.abs(second))
            # what is small so far may grow as well
            more = np.abs(second) > np.minimum(GROWN * np.abs(first), 1 + np.abs(first))
            grows = more & (np.sign(first) * np.sign(second) > 0)
        return np.select([grows, still], [np.copysign(np.inf, second), second], np.nan)

    @cached_property
    def _pairs(self) -> list[tuple[Seen, Seen]]:
        """What is found on each side, at both distances, where the function is defined."""
        experiment = Experiment(self._known.runs(self._problem))
        found = []
        for way in self._ways():
            near, far = (self._beside(experiment, way, step) for step in NEAR)
            if near is not None and far is not None and near.is_smooth and far.is_smooth:
                found.append((near, far))
        return found

    def _beside(self, experiment: Experiment, way: dict[str, Array], step: float) -> Seen | None:
        return _seen(self._problem, lambda: experiment.run(BITS, _scaled(way, step)))

    def _ways(self) -> Iterator[dict[str, Array]]:
        """How far the inputs move in a direction; those that no gradient is asked for stay."""
        random = np.random.default_rng(20262)
        inputs = self._problem.inputs
        lengths = {n: np.where(v == 0, 1.0, np.abs(v)) for n, v in inputs.items()}
        sizes = {
            n: length * random.uniform(0.5, 1.0, length.shape) * (n in self._problem.wrt)
            for n, length in lengths.items()
        }
        for sign in (1.0, -1.0):
            yield {name: sign * size for name, size in sizes.items()}
        for _ in range(WAYS):
            yield {n: s * random.choice([-1.0, 1.0], s.shape) for n, s in sizes.items()}


def _scaled(way: Mapping[str, Array], step: float) -> dict[str, Array]:
    return {name: step * length for name, length in way.items()}


def _is_settled(near: float, far: float) -> bool:
    return abs(near - far) <= SETTLED * max(1.0, abs(far))
