"""What a function without a gradient at a point draws towards there, from all sides."""

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradcalc.problem import Problem, weights
from gradcalc.testimony import Array, Computed, Enclosed

At = Callable[[Problem, dict[str, Array]], Enclosed | None]
"""The enclosure of a problem at other inputs, None where there is none."""

NEAR = (1e-12, 1e-24)
"""How far from the point the function is looked at, where an input is 0."""

ROUNDED = (2.0**-30, 2.0**-40)
"""The same in relation to an input that is not 0, which has no floats any closer."""

WAYS = 6
"""Random directions in which the point is left, beside the two along which all inputs move."""

SETTLED = 1e-4
"""How much what draws towards a limit may still change, in relation to its size or to 1."""


class Limits:
    """The limits of the value and of the gradient, as far as they settle."""

    def __init__(self, problem: Problem, exact: Enclosed, at: At) -> None:
        self._problem, self._exact, self._at = problem, exact, at

    @property
    def has_value(self) -> bool:
        """Whether there is a value at the point, or one that it draws towards."""
        return self._value is not None

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
        settled = [far for near, far in self._totals if _is_settled(near, far)]
        if not settled or len(settled) < len(self._totals):
            return None
        spread = max(settled) - min(settled)
        return settled[0] if spread <= SETTLED * max(1.0, abs(settled[0])) else None

    @property
    def _totals(self) -> list[tuple[float, float]]:
        return [(float(near.total), float(far.total)) for near, far in self._pairs]

    @cached_property
    def _slopes(self) -> Array:
        """The limits of the gradient, a row for each side: infinite where one grows and grows, NaN
        where there is none."""
        return np.array([self._settled(near, far) for near, far in self._pairs])

    def _settled(self, near: Enclosed, far: Enclosed) -> Array:
        first, second = (self._problem.joined(e.gradients) for e in (near, far))
        with np.errstate(all="ignore"):
            still = np.abs(second - first) <= SETTLED * np.maximum(1.0, np.abs(second))
            grows = (np.abs(second) > 1 + np.abs(first)) & (first * second > 0)
        return np.select([still, grows], [second, np.copysign(np.inf, second)], np.nan)

    @cached_property
    def _pairs(self) -> list[tuple[Enclosed, Enclosed]]:
        """What is found on each side, at both distances, where the function is defined."""
        found = []
        for way in self._ways():
            near, far = (self._at(self._problem, self._moved(way, step)) for step in (0, 1))
            if near is not None and far is not None and _is_defined(near) and _is_defined(far):
                found.append((near, far))
        return found

    def _ways(self) -> Iterator[dict[str, Array]]:
        random = np.random.default_rng(20262)
        sizes = {n: random.uniform(0.5, 1.0, v.shape) for n, v in self._problem.inputs.items()}
        for sign in (1.0, -1.0):
            yield {name: sign * size for name, size in sizes.items()}
        for _ in range(WAYS):
            yield {n: s * random.choice([-1.0, 1.0], s.shape) for n, s in sizes.items()}

    def _moved(self, way: dict[str, Array], step: int) -> dict[str, Array]:
        dtype = self._problem.dtype

        def move(value: Array, along: Array) -> NDArray[np.float64]:
            length = np.where(value == 0, NEAR[step], np.abs(value) * ROUNDED[step])
            return np.asarray((value + length * along).astype(dtype), dtype=np.float64)

        return {name: move(value, way[name]) for name, value in self._problem.inputs.items()}


def _is_defined(found: Enclosed) -> bool:
    return bool(np.isfinite(float(found.total)))


def _is_settled(near: float, far: float) -> bool:
    return abs(near - far) <= SETTLED * max(1.0, abs(far))
