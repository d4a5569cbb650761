"""Arithmetic of floats: expressions on numpy arrays, computed so that few digits are lost.

Functions of elements see large arrays a piece at a time that the processor's cache holds.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcalc.expr.elementwise import Precision, compiled
from gradcalc.expr.functions import narrow
from gradcalc.expr.stacks import over

PIECE = 16_384
"""Elements computed at a time."""

SEED = 20191
"""That of the noise."""


def in_pieces(function: Callable[[Sequence[Any]], Any], values: Sequence[Any], dtype: Any) -> Any:
    """A function of elements of arrays, which never sees more than a piece of large ones.

    What it makes in between stays small, and so in the cache.
    """
    if all(np.size(value) <= PIECE for value in values):
        return function(values)
    shape = np.broadcast_shapes(*[np.shape(value) for value in values])
    rows, given = _rows(values, shape)
    step = max(1, PIECE * rows[0] // math.prod(rows))
    result: Any = None
    for start in range(0, rows[0], step):
        stop = min(start + step, rows[0])
        part = function([v[start:stop] if _is_cut(v, rows) else v for v in given])
        if result is None:
            if np.shape(part) != (stop - start, *rows[1:]):
                # it does not depend on every array
                return function(values)
            result = np.empty(rows, dtype)
        result[start:stop] = part
    return result.reshape(shape)


def _rows(values: Sequence[Any], shape: tuple[int, ...]) -> tuple[tuple[int, ...], list[Any]]:
    """The arrays with the dimension in front along which they are cut: in a row if that is free."""
    size = math.prod(shape)
    single = [np.size(value) == 1 for value in values]
    plain = all(
        one or (np.shape(v) == shape and v.flags.c_contiguous)
        for v, one in zip(values, single, strict=True)
    )
    if plain and size:
        parts = [np.reshape(v, () if one else size) for v, one in zip(values, single, strict=True)]
        return (size,), parts
    return shape, list(values)


def _is_cut(value: Any, rows: tuple[int, ...]) -> bool:
    return np.ndim(value) == len(rows) and value.shape[0] == rows[0]


class Floats:
    """Numbers of one float dtype: what `Op.array` gets as `m`.

    With `noise` whatever is computed within a scalar expression is changed by about so much, and
    whatever a linear system is made of.
    """

    def __init__(self, dtype: str = "float64", noise: float = 0.0) -> None:
        self.dtype: Any = np.dtype(dtype)
        self.precision = Precision(self.dtype == np.longdouble, noise)

    def asarray(self, values: Any) -> Any:
        """Values as an array of these numbers."""
        return np.asarray(values, dtype=self.dtype)

    def held(self, values: Any) -> Any:
        """Values as they are kept until they are needed: in floats64 they take less memory."""
        return np.asarray(values) if self.dtype == np.longdouble else self.asarray(values)

    def number(self, value: float) -> Any:
        """One number."""
        return self.dtype.type(value)

    def zeros(self, shape: Any) -> Any:
        return np.zeros(shape, self.dtype)

    def ones(self, shape: Any) -> Any:
        return np.ones(shape, self.dtype)

    def eye(self, size: int) -> Any:
        return np.eye(size, dtype=self.dtype)

    def floats(self, values: Any) -> Any:
        """The numbers in float64."""
        return np.asarray(values, dtype=np.float64)

    def sqrt(self, x: Any) -> Any:
        return np.sqrt(x)

    def truth(self, x: Any) -> bool:
        """Whether a number, in an array of no dimensions, is not 0."""
        return bool(x[()])

    def argmax(self, x: Any, axes: Any) -> Any:
        """The place of the first of the greatest elements along dimensions taken as one."""
        return _places(np.argmax, x, axes)

    def argmin(self, x: Any, axes: Any) -> Any:
        """The place of the first of the least elements along dimensions taken as one."""
        return _places(np.argmin, x, axes)

    def amax(self, x: Any, axes: Any) -> Any:
        """The greatest element along dimensions taken as one, which stay with size 1."""
        return np.max(x, axis=axes, keepdims=True)

    def amin(self, x: Any, axes: Any) -> Any:
        """The least element along dimensions taken as one, which stay with size 1."""
        return np.min(x, axis=axes, keepdims=True)

    def equal(self, x: Any, y: Any) -> Any:
        """Where two arrays are equal."""
        return x == y

    def order(self, x: Any, axis: int, descending: bool) -> Any:
        """The places of the elements in order along a dimension, equal ones as they stand."""
        if not descending:
            return np.argsort(x, axis, kind="stable")
        flipped = np.argsort(np.flip(x, axis), axis, kind="stable")
        return np.flip(x.shape[axis] - 1 - flipped, axis)

    def matmul(self, x: Any, y: Any) -> Any:
        return np.matmul(x, y)

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A scalar expression of arrays."""
        function = compiled(tuple(symbols), body, self.precision)
        return in_pieces(lambda parts: self._called(function, parts), values, self.dtype)

    def _called(self, function: Callable[[Sequence[Any]], Any], parts: Sequence[Any]) -> Any:
        return self.asarray(function(list(map(self.asarray, parts))))

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""
        function = compiled(tuple(symbols), body, self.precision)

        def chained(parts: Sequence[Any]) -> Any:
            first, *rest = parts
            return self._times(self.asarray(first), self._called(function, rest))

        return in_pieces(chained, [g, *values], self.dtype)

    def _times(self, g: Any, slope: Any) -> Any:
        result = g * slope
        if np.isfinite(result).all():
            return result
        return np.where(np.broadcast_to(g, np.shape(result)) == 0, self.zeros(()), result)

    def logsumexp(self, x: Any, axes: Any) -> Any:
        top = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0)
        powers = np.asarray(x - top)
        np.exp(powers, out=powers)
        return np.log(np.sum(powers, axis=axes)) + np.squeeze(top, axis=axes)

    def softmax(self, x: Any, axis: int) -> Any:
        powers = np.asarray(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
        np.exp(powers, out=powers)
        powers /= np.sum(powers, axis=axis, keepdims=True)
        return powers

    def _matrix(self, x: Any) -> Any:
        """A matrix as LAPACK takes it; noise changes it as much as LAPACK's rounding may."""
        plain = narrow(x)
        if not self.precision.noise:
            return plain
        drawn = np.random.default_rng(SEED).uniform(-1.0, 1.0, plain.shape)
        return plain * (1 + self.precision.noise * drawn)

    def det(self, x: Any) -> Any:
        return self.asarray(np.linalg.det(self._matrix(x)))

    def logdet(self, x: Any) -> Any:
        sign, size = np.linalg.slogdet(self._matrix(x))
        return np.where(sign > 0, size, np.where(sign == 0, -np.inf, np.nan))

    def inv(self, x: Any) -> Any:
        return self.asarray(_unless_singular(np.linalg.inv, x.shape, self._matrix(x)))

    def solve(self, a: Any, b: Any) -> Any:
        return self.asarray(_unless_singular(np.linalg.solve, b.shape, self._matrix(a), narrow(b)))

    def cholesky(self, x: Any) -> Any:
        return self._function(np.linalg.cholesky, self._symmetric(x))

    def triangle(self, x: Any) -> Any:
        return self._function(lambda a: np.linalg.qr(a, mode="r"), self._matrix(x))

    def expm(self, x: Any) -> Any:
        # imported where it is used: it takes longer than most calculations
        from scipy.linalg import expm

        return self._function(expm, self._matrix(x))

    def eigh(self, x: Any) -> Any:
        return self._functions(np.linalg.eigh, self._symmetric(x))

    def svd(self, x: Any) -> Any:
        left, values, right = self._functions(_svd, self._matrix(x))
        return left, values, np.swapaxes(right, -1, -2)

    def polar(self, x: Any) -> Any:
        left, _, right = self.svd(x)
        return left @ np.swapaxes(right, -1, -2)

    def _symmetric(self, x: Any) -> Any:
        plain = self._matrix(x)
        return (plain + np.swapaxes(plain, -1, -2)) / 2

    def _function(self, function: Callable[..., Any], x: Any) -> Any:
        return self._functions(lambda a: (function(a),), x)[0]

    def _functions(self, function: Callable[..., Any], x: Any) -> tuple[Any, ...]:
        """What LAPACK gives of matrices: NaN where it gives up, or was given what is no number."""
        if np.isfinite(x).all():
            try:
                return tuple(map(self.asarray, function(x)))
            except np.linalg.LinAlgError:
                pass
        shaped = function(np.broadcast_to(np.eye(*x.shape[-2:]), x.shape))
        return tuple(self.asarray(np.full(part.shape, np.nan)) for part in shaped)

    def cofactor(self, x: Any) -> Any:
        """By singular values, so that the matrix may be singular."""
        # LAPACK may look for those of an infinite one for ever
        if not np.isfinite(x).all():
            return np.full(x.shape, np.nan, self.dtype)
        return self.asarray(over(_cofactors, self._matrix(x)))


def _svd(x: Any) -> Any:
    return np.linalg.svd(x, full_matrices=False)


def _places(find: Callable[..., Any], x: Any, axes: Any) -> Any:
    rest = [k for k in range(x.ndim) if k not in axes]
    shape = tuple(1 if k in axes else size for k, size in enumerate(x.shape))
    rows = x.transpose([*rest, *axes]).reshape(*(x.shape[k] for k in rest), -1)
    return find(rows, axis=-1).reshape(shape)


def _cofactors(x: Any) -> Any:
    return _unless_singular(_cofactor, x.shape, x)


def _cofactor(x: Any) -> Any:
    left, values, right = np.linalg.svd(x)
    others = [np.prod(np.delete(values, k)) for k in range(len(values))]
    return np.linalg.det(left) * np.linalg.det(right) * (left * others) @ right


def _unless_singular(function: Callable[..., Any], shape: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except np.linalg.LinAlgError:
        return np.full(shape, np.nan)
