"""Arithmetic of arrays of balls with float radii, which `Op.array` gets as `m`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.arrays import linear, order, sums
from gradcalc.arrays.numbers import ArrayBall, ball, eq, exactly, number, select
from gradcalc.arrays.source import compiled
from gradcalc.arrays.special import exp, log, sqrt
from gradcalc.balls.numbers import OutOfReach, Undecided


class ArrayBalls:
    """Large arrays, in few digits. What cannot be decided for all numbers raises `Undecided`."""

    def asarray(self, values: Any) -> ArrayBall:
        """Values as an array of balls, floats exactly."""
        return ball(values)

    def held(self, values: Any) -> ArrayBall:
        """Values as they are kept until they are needed."""
        return ball(values)

    def number(self, value: float) -> ArrayBall:
        """One number."""
        return exactly(value)

    def zeros(self, shape: Any) -> ArrayBall:
        return exactly(np.zeros(shape)).copy()

    def ones(self, shape: Any) -> ArrayBall:
        return exactly(np.ones(shape))

    def eye(self, size: int) -> ArrayBall:
        return exactly(np.eye(size))

    def floats(self, values: Any) -> Any:
        """The numbers in float64. Raises `OutOfReach` where a float is beside the true number."""
        rounded = values.mid.astype(np.float64)
        if not (np.all(values.rad == 0) and np.array_equal(rounded, values.mid)):
            raise OutOfReach("a number taken out of its tensor is not enclosed at this size")
        return rounded

    # -- functions of elements -------------------------------------------------------------

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> ArrayBall:
        """A scalar expression of arrays."""
        (found,) = compiled(tuple(symbols), (body,))(*map(ball, values))
        return found

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> ArrayBall:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""
        flowing = ball(g)
        still = (flowing.mid == 0) & (flowing.rad == 0)
        found = flowing * self.map(symbols, body, values)
        return select(still, exactly(0), found) if np.any(still) else found

    def sqrt(self, x: Any) -> ArrayBall:
        return sqrt(x)

    # -- along dimensions ------------------------------------------------------------------

    def argmax(self, x: Any, axes: Any) -> Any:
        """The place of the greatest element along dimensions taken as one."""
        return self._kept(order.winners(x, _tuple(axes), 1), x, axes)

    def argmin(self, x: Any, axes: Any) -> Any:
        """The place of the least element along dimensions taken as one."""
        return self._kept(order.winners(x, _tuple(axes), -1), x, axes)

    def amax(self, x: Any, axes: Any) -> ArrayBall:
        """The greatest element along dimensions taken as one, which stay with size 1."""
        return self._extreme(x, axes, 1)

    def amin(self, x: Any, axes: Any) -> ArrayBall:
        """The least element along dimensions taken as one, which stay with size 1."""
        return self._extreme(x, axes, -1)

    def _extreme(self, x: Any, axes: Any, sign: int) -> ArrayBall:
        found = order.taken(x, _tuple(axes), order.winners(x, _tuple(axes), sign))
        kept: ArrayBall = self._kept(found, x, axes)
        return kept

    @staticmethod
    def _kept(found: Any, x: Any, axes: Any) -> Any:
        return found.reshape([1 if k in _tuple(axes) else n for k, n in enumerate(x.shape)])

    def equal(self, x: Any, y: Any) -> Any:
        """Where two arrays are equal."""
        return eq(x, y)

    def order(self, x: Any, axis: int, descending: bool) -> Any:
        """The places of the elements in order along a dimension."""
        return order.order(x, axis, descending)

    def truth(self, x: Any) -> bool:
        """Whether a number, in an array of no dimensions, is not 0."""
        return not bool(np.all(eq(x, number(0))))

    def logsumexp(self, x: Any, axes: Any) -> ArrayBall:
        return log(sums.total(exp(x), _tuple(axes)))

    def softmax(self, x: Any, axis: int) -> ArrayBall:
        powers = exp(x)
        return powers / sums.total(powers, (axis,), keepdim=True)

    # -- matrices --------------------------------------------------------------------------

    def matmul(self, x: Any, y: Any) -> ArrayBall:
        return sums.matmul(x, y)

    def det(self, x: Any) -> ArrayBall:
        return linear.det(x)

    def logdet(self, x: Any) -> ArrayBall:
        return log(linear.det(x))

    def inv(self, x: Any) -> ArrayBall:
        return linear.inv(x)

    def solve(self, a: Any, b: Any) -> ArrayBall:
        return linear.solve(a, b)

    def cofactor(self, x: Any) -> ArrayBall:
        # only reverse mode asks for it, and this arithmetic is for the other one
        raise Undecided


def _tuple(axes: Any) -> tuple[int, ...]:
    return axes if isinstance(axes, tuple) else (axes,)
