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
from gradcalc.expr.reducing import kept

KEPT = 8
"""Matrices that are kept."""

SPREAD = 4096
"""Bits between the largest and the smallest exponent up to which a determinant is exact."""

ZERO = flint.arb(0)
ONE = flint.arb(1)

to_ball = np.frompyfunc(lambda value: flint.arb(float(value)), 1, 1)
"""Floats, exactly."""


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
        self._matrices = _Matrices()

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

        What is done with two equal ones is simplified before: x - x is 0, be x what it may.
        """
        known = self._shared
        assert known is not None

        def call(*balls: Ball) -> Ball:
            same = tuple(b.man_exp() if b.is_exact() and b.is_finite() else id(b) for b in balls)
            key = symbols, body, same
            if key not in known:
                first = {s: symbols[same.index(k)] for s, k in zip(symbols, same, strict=True)}
                one = body.xreplace(first)
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
        return _array(values, kept(x.shape, axes))

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
        return _matmul(x, y, self._matrices)

    def det(self, x: Any) -> Any:
        """Where it may be 0 and all elements are exact, without an error."""
        found = _matrix(x).det()
        exact = _exact_det(x) if found.contains(0) else None
        return found if exact is None else exact

    def logdet(self, x: Any) -> Any:
        return self.det(x).log()

    def inv(self, x: Any) -> Any:
        return _solved(lambda: _matrix(x).inv(), x)

    def solve(self, a: Any, b: Any) -> Any:
        right = b.reshape(len(b), math.prod(b.shape[1:]))
        return _solved(lambda: _matrix(a).solve(_matrix(right)), b)

    def cofactor(self, x: Any) -> Any:
        """By the inverse, or where there is none exactly, or by Cayley and Hamilton."""
        size, matrix = len(x), _matrix(x)
        try:
            return _array(matrix.inv().transpose().entries(), x.shape) * self.det(x)
        except ZeroDivisionError:
            exact = _exact_cofactor(x)
        if exact is not None:
            return exact
        # the adjugate is (-1)^(n-1) (A^(n-1) + c_(n-1) A^(n-2) + ... + c_1)
        coefficients = matrix.charpoly()
        eye = flint.arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
        total = eye * 0
        for power in range(size, 0, -1):
            total = total * matrix + eye * coefficients[power]
        return _array((total.transpose() * (-1) ** (size - 1)).entries(), x.shape)

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


def each(function: Callable[..., Any], *arrays: Any) -> Any:
    """A function of the elements of arrays, as an object array."""
    return boxed(np.frompyfunc(function, len(arrays), 1)(*arrays))


def boxed(value: Any) -> Any:
    """An object array, of no dimensions if numpy has unwrapped a single element."""
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def to_floats(values: Any) -> Any:
    """An array of balls, or of floats of any kind, rounded to float64."""
    return np.asarray(values).astype(np.float64, copy=False)


def _is_ball(value: Any) -> bool:
    return isinstance(value, flint.arb)


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


# -- matrices ----------------------------------------------------------------------------------


class _Matrices:
    """Arrays as flint's matrices, those met last kept: loops multiply by one again and again."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any) -> Any:
        """An array as a matrix; it must not be written to afterwards."""
        # with the array, whose identity would be given to another one else
        known = self._known.pop(id(x), None) or (x, _matrix(x))
        self._known[id(x)] = known
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return known[1]


def _matmul(x: Any, y: Any, matrix: Callable[[Any], Any]) -> Any:
    """numpy's product of vectors and matrices, whatever stands in front.

    `matrix` makes matrices of arrays.
    """
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y
    if left.ndim == right.ndim == 2:
        # a vector is another one each time
        factors = [
            matrix(part) if part is whole else _matrix(part)
            for part, whole in ((left, x), (right, y))
        ]
        product = factors[0] * factors[1]
        found = _array(product.entries(), (left.shape[0], right.shape[1]))
    else:
        each = np.vectorize(
            lambda a, b: _matmul(a, b, _matrix), otypes=[object], signature="(i,j),(j,k)->(i,k)"
        )
        found = each(left, right)
    found = found[..., 0] if y.ndim == 1 else found
    return (found[..., 0] if y.ndim == 1 else found[..., 0, :]) if x.ndim == 1 else found


def _solved(make: Callable[[], Any], like: Any) -> Any:
    """What a matrix gives, in the shape of `like`; NaN where it may be singular."""
    try:
        return _array(make().entries(), like.shape) if like.size else like
    except ZeroDivisionError:
        return np.full(like.shape, NAN, dtype=object)


def _matrix(x: Any) -> Any:
    rows, columns = x.shape
    return flint.arb_mat(rows, columns, list(x.flat))


def _array(balls: Sequence[Ball], shape: Any) -> Any:
    result = np.empty(len(balls), dtype=object)
    result[:] = balls
    return result.reshape(shape)


def _exact_det(x: Any) -> Ball | None:
    """The determinant of a matrix of exact balls, by whole numbers if these are not too long."""
    whole = _whole(x)
    if whole is None:
        return None
    matrix, power = whole
    return flint.arb(matrix.det()) * flint.arb(2) ** (power * len(x))


def _exact_cofactor(x: Any) -> Any | None:
    """The cofactors of a singular matrix of exact balls; None where it is not known to be one.

    They are a multiple of the outer product of what the matrix and its transpose map to zero, where
    each of these is one vector, and else 0.
    """
    whole = _whole(x)
    if whole is None:
        return None
    matrix, power = whole
    size, rank = len(x), matrix.rank()
    if rank == size:
        return None
    if rank < size - 1:
        return np.full(x.shape, ZERO, dtype=object)
    row, column = _kernel(matrix.transpose()), _kernel(matrix)
    i, j = (next(k for k in range(size) if vector[k]) for vector in (row, column))
    rest = [[matrix[p, q] for q in range(size) if q != j] for p in range(size) if p != i]
    minor = flint.fmpz_mat(size - 1, size - 1, [entry for line in rest for entry in line]).det()
    factor = flint.fmpq(minor * (-1) ** (i + j), row[i] * column[j])
    scale = flint.arb(factor) * flint.arb(2) ** (power * (size - 1))
    return each(lambda a, b: scale * (a * b), *np.ix_(_array(row, size), _array(column, size)))


def _kernel(matrix: Any) -> list[Any]:
    """The whole numbers of a vector that a matrix maps to zero."""
    vectors, _ = matrix.nullspace()
    return [vectors[k, 0] for k in range(matrix.ncols())]


def _whole(x: Any) -> tuple[Any, int] | None:
    """A matrix of exact balls as whole numbers times a power of 2, if these are not too long."""
    if not all(ball.is_exact() and ball.is_finite() for ball in x.flat):
        return None
    parts = [ball.man_exp() for ball in x.flat]
    exponents = [int(exponent) for mantissa, exponent in parts if mantissa]
    lowest = min(exponents, default=0)
    if max(exponents, default=0) - lowest > SPREAD:
        return None
    numbers = [m * flint.fmpz(2) ** (int(e) - lowest) if m else m for m, e in parts]
    return flint.fmpz_mat(len(x), len(x), numbers), lowest
