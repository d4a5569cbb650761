"""Arithmetic of balls: numpy object arrays of python-flint's `arb`, which `Op.array` gets as `m`.

Every number that comes out encloses the true one, at the precision of flint's context.
"""

import math
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

import flint
import numpy as np

from gradcalc.balls import linear
from gradcalc.balls.numbers import NAN, Ball, Decisions, OutOfReach, Undecided, Undefined, is_tight
from gradcalc.balls.source import compiled

ZERO = flint.arb(0)
ONE = flint.arb(1)

to_ball = np.frompyfunc(lambda value: flint.arb(float(value)), 1, 1)
"""Floats, exactly."""


class Balls:
    """Arrays of balls, with one way to decide comparisons.

    Beside a point where something is special (`beside`), a slope of exactly 0 passes nothing on,
    however steep what comes behind: the function is constant around there.
    """

    def __init__(self, decisions: Decisions | None = None, *, beside: bool = False) -> None:
        self.decisions = decisions or Decisions()
        self.beside = beside
        self._functions: dict[Any, Callable[..., Any]] = {}
        self._matrices = linear.Matrices()

    # -- numbers ---------------------------------------------------------------------------

    def asarray(self, values: Any) -> Any:
        """Values as an array of balls, floats exactly."""
        if isinstance(values, np.ndarray):
            # numpy's sums of nothing are plain numbers
            if values.dtype == object and (not values.size or _is_ball(values.flat[0])):
                return values
            return boxed(to_ball(values))
        return boxed(values if _is_ball(values) else flint.arb(float(values)))

    def held(self, values: Any) -> Any:
        """Values as they are kept until they are needed."""
        return self.asarray(values)

    def number(self, value: float) -> Ball:
        """One number."""
        return flint.arb(value)

    def zeros(self, shape: Any) -> Any:
        return np.full(shape, ZERO, dtype=object)

    def ones(self, shape: Any) -> Any:
        return np.full(shape, ONE, dtype=object)

    def eye(self, size: int) -> Any:
        return self.asarray(np.eye(size))

    def floats(self, values: Any) -> Any:
        """The numbers in float64. Raises `Undecided` where more precision would tell another."""
        if not self.decisions.forced and not all(map(is_tight, values.flat)):
            raise Undecided
        return to_floats(values)

    # -- functions of elements -------------------------------------------------------------

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A scalar expression of arrays."""
        given = list(map(self.asarray, values))
        function = self._function(tuple(symbols), body)
        return boxed(function(*given)) if given else self.asarray(function())

    def _function(self, symbols: tuple[Any, ...], body: Any) -> Callable[..., Any]:
        known = self._functions.get((symbols, body))
        if known is None:
            function = compiled(symbols, body)(self.decisions)
            known = np.frompyfunc(function, len(symbols), 1) if symbols else function
            self._functions[symbols, body] = known
        return known

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""
        flowing = _flowing_beside if self.beside else _flowing
        return boxed(flowing(self.asarray(g), self.map(symbols, body, values)))

    def sqrt(self, x: Any) -> Any:
        return boxed(np.frompyfunc(self.decisions.sqrt, 1, 1)(x))

    # -- along dimensions ------------------------------------------------------------------

    def argmax(self, x: Any, axes: Any) -> Any:
        """The place of the first of the greatest elements along dimensions taken as one."""
        return self._places(x, axes, self._greatest)

    def argmin(self, x: Any, axes: Any) -> Any:
        """The place of the first of the least elements along dimensions taken as one."""
        return self._places(x, axes, self._least)

    def amax(self, x: Any, axes: Any) -> Any:
        """The greatest element along dimensions taken as one, which stay with size 1."""
        return self._extreme(x, axes, self._greatest)

    def amin(self, x: Any, axes: Any) -> Any:
        """The least element along dimensions taken as one, which stay with size 1."""
        return self._extreme(x, axes, self._least)

    def equal(self, x: Any, y: Any) -> Any:
        """Where two arrays are equal; what is not a number is equal to nothing."""

        def same(a: Ball, b: Ball) -> bool:
            if a.is_nan() or b.is_nan():
                return False
            # the same ball is the same number, however little is known of it
            return a is b or self.decisions.eq(a, b)

        return np.asarray(np.frompyfunc(same, 2, 1)(x, y), dtype=np.bool_)

    def order(self, x: Any, axis: int, descending: bool) -> Any:
        """The places of the elements in order along a dimension, equal ones as they stand."""
        return np.apply_along_axis(lambda row: self._sorted(row, descending), axis, x).astype(
            np.int64
        )

    def truth(self, x: Any) -> bool:
        """Whether a number, in an array of no dimensions, is not 0."""
        value = x[()]
        if not value.is_finite():
            raise self._unknown()
        return not self.decisions.eq(value, ZERO)

    def _unknown(self) -> Exception:
        """What to raise where a number that is not defined decides something."""
        if not self.decisions.forced:
            return Undecided()
        return OutOfReach("a condition compares with a number that is not defined")

    def _greatest(self, row: Any) -> int:
        return self._first(row, self.decisions.lt)

    def _least(self, row: Any) -> int:
        return self._first(row, lambda best, other: self.decisions.lt(other, best))

    @staticmethod
    def _first(row: Any, is_beaten: Callable[[Ball, Ball], bool]) -> int:
        """The place of the first element that no other beats."""
        best = 0
        for k in range(1, len(row)):
            if is_beaten(row[best], row[k]):
                best = k
        return best

    def _places(self, x: Any, axes: Any, find: Callable[[Any], int]) -> Any:
        rows, shape = _in_rows(x, axes)
        try:
            return np.array([find(row) for row in rows], dtype=np.int64).reshape(shape)
        except Undefined:
            raise self._unknown() from None

    def _extreme(self, x: Any, axes: Any, find: Callable[[Any], int]) -> Any:
        def value(row: Any) -> Ball:
            if any(ball.is_nan() for ball in row):
                return NAN
            return row[find(row)]

        rows, shape = _in_rows(x, axes)
        result = np.empty(len(rows), dtype=object)
        result[:] = [value(row) for row in rows]
        return result.reshape(shape)

    def _sorted(self, row: Any, descending: bool) -> list[int]:
        decisions = self.decisions

        def before(i: int, j: int) -> int:
            first, second = (row[j], row[i]) if descending else (row[i], row[j])
            return -1 if decisions.lt(first, second) else int(decisions.lt(second, first))

        try:
            return sorted(range(len(row)), key=cmp_to_key(before))
        except Undefined:
            raise self._unknown() from None

    # -- matrices --------------------------------------------------------------------------

    def matmul(self, x: Any, y: Any) -> Any:
        return linear.matmul(x, y, self._matrices)

    def det(self, x: Any) -> Any:
        return linear.det(x)

    def logdet(self, x: Any) -> Any:
        return linear.det(x).log()

    def inv(self, x: Any) -> Any:
        return self._solved(lambda: linear.inv(x), x)

    def solve(self, a: Any, b: Any) -> Any:
        return self._solved(lambda: linear.solve(a, b), b)

    def cofactor(self, x: Any) -> Any:
        return linear.cofactor(x)

    def _solved(self, make: Callable[[], Any], like: Any) -> Any:
        try:
            return make()
        except ZeroDivisionError:
            return np.full(like.shape, NAN, dtype=object)

    def logsumexp(self, x: Any, axes: Any) -> Any:
        return _log(np.sum(_exp(x), axis=axes))

    def softmax(self, x: Any, axis: int) -> Any:
        powers = _exp(x)
        return powers / np.sum(powers, axis=axis, keepdims=True)


_exp = np.frompyfunc(flint.arb.exp, 1, 1)
_log = np.frompyfunc(flint.arb.log, 1, 1)
_flowing = np.frompyfunc(lambda g, slope: g if g.is_zero() else g * slope, 2, 1)
_flowing_beside = np.frompyfunc(
    lambda g, slope: ZERO if g.is_zero() or slope.is_zero() else g * slope, 2, 1
)


def boxed(value: Any) -> Any:
    """An object array, of no dimensions if numpy has unwrapped a single element."""
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def to_floats(values: Any) -> Any:
    """An array of balls, or of floats of any kind, rounded to float64."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return np.asarray(values, dtype=np.float64)
    return np.array([float(v) for v in np.ravel(values)], dtype=np.float64).reshape(
        np.shape(values)
    )


def _is_ball(value: Any) -> bool:
    return isinstance(value, flint.arb)


def _in_rows(x: Any, axes: Any) -> tuple[Any, tuple[int, ...]]:
    """The elements along some dimensions as rows, and the shape with those of size 1."""
    rest = [k for k in range(x.ndim) if k not in axes]
    shape = tuple(1 if k in axes else size for k, size in enumerate(x.shape))
    count = math.prod(x.shape[k] for k in axes)
    return x.transpose([*rest, *axes]).reshape(math.prod(shape), count), shape
