"""Arithmetic of balls: numpy object arrays of python-flint's `arb`, which `Op.array` gets as `m`.

Every number that comes out encloses the true one, at the precision of flint's context. Products and
systems are left to flint's matrices.
"""

import math
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

import flint
import numpy as np

from gradcalc.balls.boxes import ONE, ZERO, array_of, boxed, each, is_ball, to_ball, to_floats
from gradcalc.balls.factors import cholesky, exponential, triangle
from gradcalc.balls.matrices import Matrices, cofactor, det, inverse, matmul, solution
from gradcalc.balls.numbers import (
    NAN,
    Ball,
    Decisions,
    OutOfReach,
    Undecided,
    Undefined,
    compiled,
    is_tight,
)
from gradcalc.balls.spectra import eigh, polar, svd
from gradcalc.expr.reducing import kept
from gradcalc.expr.stacks import over

__all__ = ["ONE", "ZERO", "Balls", "boxed", "each", "to_ball", "to_floats"]


class Balls:
    """Arrays of balls, with one way to decide comparisons; `Arithmetic` says what a method does.

    Beside a point where something is special (`beside`), a slope of exactly 0 passes nothing on,
    however steep what comes behind: the function is constant around there. With `shared` the same
    function of the same numbers is the same ball, so that it is known to be equal to itself.
    """

    def __init__(
        self, decisions: Decisions | None = None, *, beside: bool = False, shared: bool = False
    ) -> None:
        self.decisions = decisions or Decisions()
        self.beside = beside
        self._functions: dict[Any, Callable[..., Any]] = {}
        self._shared: dict[Any, tuple[Sequence[Ball], Ball]] | None = {} if shared else None
        self._matrices = Matrices()
        self._spectrum: tuple[Any, Any, Any] | None = None

    # -- numbers ---------------------------------------------------------------------------

    def asarray(self, values: Any) -> Any:
        """Values as an array of balls, floats exactly."""
        if isinstance(values, np.ndarray):
            # numpy's sums of nothing are plain numbers
            if values.dtype == object and (not values.size or is_ball(values.flat[0])):
                return values
            return boxed(to_ball(values))
        return boxed(values if is_ball(values) else flint.arb(float(values)))

    def held(self, values: Any) -> Any:
        return self.asarray(values)

    def number(self, value: float) -> Ball:
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
        given = list(map(self.asarray, values))
        function = self._function(tuple(symbols), body)
        return boxed(function(*given)) if given else self.asarray(function())

    def _function(self, symbols: tuple[Any, ...], body: Any) -> Callable[..., Any]:
        known = self._functions.get((symbols, body))
        if known is None:
            function = compiled(symbols, body)(self.decisions)
            if self._shared is not None and symbols:
                function = self._sharing(symbols, body, function)
            known = np.frompyfunc(function, len(symbols), 1) if symbols else function
            self._functions[symbols, body] = known
        return known

    def _sharing(
        self, symbols: tuple[Any, ...], body: Any, function: Callable[..., Ball]
    ) -> Callable[..., Ball]:
        """A function that gives the same ball for the same numbers.

        What is done with two equal ones is simplified before: x - x is 0, be x what it may. Numbers
        that are known exactly need none of that, and 0/0 is not 1.
        """
        known = self._shared
        assert known is not None

        def call(*balls: Ball) -> Ball:
            same = tuple(b.man_exp() if b.is_exact() and b.is_finite() else id(b) for b in balls)
            key = symbols, body, same
            if key not in known:
                first = {s: symbols[same.index(k)] for s, k in zip(symbols, same, strict=True)}
                exact = all(ball.is_exact() for ball in balls)
                one = body if exact else body.xreplace(first)
                given = function if one == body else compiled(symbols, one)(self.decisions)
                # with the balls, whose identities would be given to others else
                known[key] = balls, given(*balls)
            return known[key][1]

        return call

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        flowing = _flowing_beside if self.beside else _flowing
        return boxed(flowing(self.asarray(g), self.map(symbols, body, values)))

    def sqrt(self, x: Any) -> Any:
        return each(self.decisions.sqrt, x)

    # -- along dimensions ------------------------------------------------------------------

    def argmax(self, x: Any, axes: Any) -> Any:
        return self._places(x, axes, self.decisions.lt)

    def argmin(self, x: Any, axes: Any) -> Any:
        return self._places(x, axes, self._gt)

    def amax(self, x: Any, axes: Any) -> Any:
        return self._extreme(x, axes, self.decisions.lt)

    def amin(self, x: Any, axes: Any) -> Any:
        return self._extreme(x, axes, self._gt)

    def equal(self, x: Any, y: Any) -> Any:
        """Where two arrays are equal; what is not a number is equal to nothing."""

        def same(a: Ball, b: Ball) -> bool:
            if a.is_nan() or b.is_nan():
                return False
            # the same ball is the same number, however little is known of it
            return a is b or self.decisions.eq(a, b)

        return each(same, x, y).astype(np.bool_)

    def order(self, x: Any, axis: int, descending: bool) -> Any:
        return np.apply_along_axis(lambda row: self._sorted(row, descending), axis, x).astype(
            np.int64
        )

    def truth(self, x: Any) -> bool:
        value = x[()]
        if not value.is_finite():
            raise self._unknown()
        return not self.decisions.eq(value, ZERO)

    def _unknown(self) -> Exception:
        """What to raise where a number that is not defined decides something."""
        if not self.decisions.forced:
            return Undecided()
        return OutOfReach("a condition compares with a number that is not defined")

    def _gt(self, first: Ball, second: Ball) -> bool:
        return self.decisions.lt(second, first)

    def _places(self, x: Any, axes: Any, is_beaten: Callable[[Ball, Ball], bool]) -> Any:
        try:
            places = [_first(row, is_beaten) for row in _in_rows(x, axes)]
        except Undefined:
            raise self._unknown() from None
        return np.array(places, dtype=np.int64).reshape(kept(x.shape, axes))

    def _extreme(self, x: Any, axes: Any, is_beaten: Callable[[Ball, Ball], bool]) -> Any:
        values = [
            NAN if any(ball.is_nan() for ball in row) else row[_first(row, is_beaten)]
            for row in _in_rows(x, axes)
        ]
        return array_of(values, kept(x.shape, axes))

    def _sorted(self, row: Any, descending: bool) -> list[int]:
        decisions = self.decisions
        found = _in_sure_order(list(row), descending)
        if found is not None:
            return found

        def before(i: int, j: int) -> int:
            first, second = (row[j], row[i]) if descending else (row[i], row[j])
            return -1 if decisions.lt(first, second) else int(decisions.lt(second, first))

        try:
            return sorted(range(len(row)), key=cmp_to_key(before))
        except Undefined:
            raise self._unknown() from None

    # -- matrices --------------------------------------------------------------------------

    def matmul(self, x: Any, y: Any) -> Any:
        return matmul(x, y, self._matrices)

    def det(self, x: Any) -> Any:
        """Where it may be 0 and all elements are exact, without an error."""
        return over(lambda a: boxed(det(a)), x)

    def logdet(self, x: Any) -> Any:
        return each(flint.arb.log, self.det(x))

    def inv(self, x: Any) -> Any:
        return over(inverse, x)

    def solve(self, a: Any, b: Any) -> Any:
        return over(solution, a, b)

    def cofactor(self, x: Any) -> Any:
        """By the inverse, or where there is none exactly, or by Cayley and Hamilton."""
        return over(cofactor, x)

    def cholesky(self, x: Any) -> Any:
        return over(cholesky, x)

    def triangle(self, x: Any) -> Any:
        return over(triangle, x)

    def expm(self, x: Any) -> Any:
        return over(exponential, x)

    def eigh(self, x: Any) -> Any:
        return self._several(eigh, x)

    def svd(self, x: Any) -> Any:
        return self._several(svd, x)

    def polar(self, x: Any) -> Any:
        return self._several(polar, x)[0]

    def _several(self, function: Callable[..., Any], x: Any) -> Any:
        """What a function gives of stacks of matrices, kept with them as `Matrices` are."""
        key = function, id(x), flint.ctx.prec
        if self._spectrum is None or self._spectrum[0] != key:
            front = x.shape[:-2]
            each_one = [function(x[place]) for place in np.ndindex(front)]
            parts = [np.stack(part) for part in zip(*each_one, strict=True)]
            found = tuple(part.reshape((*front, *part.shape[1:])) for part in parts)
            self._spectrum = key, x, found
        return self._spectrum[2]

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


def _in_sure_order(row: list[Ball], descending: bool) -> list[int] | None:
    """The places of balls in order, None where it takes a decision to tell two neighbours apart."""
    if not all(ball.is_finite() for ball in row):
        return None
    middles = [ball.mid() for ball in row]
    places = sorted(range(len(row)), key=middles.__getitem__, reverse=descending)
    ordered = [row[place] for place in places]
    pairs = pairwise(reversed(ordered) if descending else ordered)
    return places if all(a < b or a == b for a, b in pairs) else None


def _in_rows(x: Any, axes: Any) -> Any:
    """The elements along some dimensions as rows."""
    rest = [k for k in range(x.ndim) if k not in axes]
    count = math.prod(x.shape[k] for k in axes)
    return x.transpose([*rest, *axes]).reshape(math.prod(x.shape[k] for k in rest), count)


def _first(row: Any, is_beaten: Callable[[Ball, Ball], bool]) -> int:
    """The place of the first element that no other beats."""
    best = 0
    for k in range(1, len(row)):
        if is_beaten(row[best], row[k]):
            best = k
    return best
