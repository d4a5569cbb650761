"""Products, inverses and determinants of matrices of balls, left to flint's matrices."""

import math
from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from gradcalc.balls.boxes import ZERO, array_of, each
from gradcalc.balls.numbers import NAN, Ball

KEPT = 8
"""Matrices that are kept."""

SPREAD = 4096
"""Bits between the largest and the smallest exponent up to which a determinant is exact."""


class Matrices:
    """Arrays as flint's matrices, those met last kept: loops multiply by one again and again."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any) -> Any:
        """An array as a matrix; it must not be written to afterwards."""
        # with the array, whose identity would be given to another one else
        known = self._known.pop(id(x), None) or (x, matrix_of(x))
        self._known[id(x)] = known
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return known[1]


def matmul(x: Any, y: Any, matrix: Callable[[Any], Any]) -> Any:
    """numpy's product of vectors and matrices, whatever stands in front.

    `matrix` makes matrices of arrays.
    """
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y
    if left.ndim == right.ndim == 2:
        # a vector is another one each time
        factors = [
            matrix(part) if part is whole else matrix_of(part)
            for part, whole in ((left, x), (right, y))
        ]
        product = factors[0] * factors[1]
        found = array_of(product.entries(), (left.shape[0], right.shape[1]))
    else:
        each = np.vectorize(
            lambda a, b: matmul(a, b, matrix_of), otypes=[object], signature="(i,j),(j,k)->(i,k)"
        )
        found = each(left, right)
    found = found[..., 0] if y.ndim == 1 else found
    return (found[..., 0] if y.ndim == 1 else found[..., 0, :]) if x.ndim == 1 else found


def _solved(make: Callable[[], Any], like: Any) -> Any:
    """What a matrix gives, in the shape of `like`; NaN where it may be singular."""
    try:
        return array_of(make().entries(), like.shape) if like.size else like
    except ZeroDivisionError:
        return np.full(like.shape, NAN, dtype=object)


def matrix_of(x: Any) -> Any:
    rows, columns = x.shape
    return flint.arb_mat(rows, columns, list(x.flat))


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
    return each(lambda a, b: scale * (a * b), *np.ix_(array_of(row, size), array_of(column, size)))


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


def det(x: Any) -> Ball:
    """The determinant: where it may be 0 and all elements are exact, without an error."""
    found = matrix_of(x).det()
    exact = _exact_det(x) if found.contains(0) else None
    return found if exact is None else exact


def inverse(x: Any) -> Any:
    """The inverse; NaN where the matrix may be singular."""
    return _solved(lambda: matrix_of(x).inv(), x)


def solution(a: Any, b: Any) -> Any:
    """The x with a @ x = b, for a vector or a matrix b."""
    right = b.reshape(len(b), math.prod(b.shape[1:]))
    return _solved(lambda: matrix_of(a).solve(matrix_of(right)), b)


def cofactor(x: Any) -> Any:
    """By the inverse, or where there is none exactly, or by Cayley and Hamilton."""
    size, matrix = len(x), matrix_of(x)
    try:
        return array_of(matrix.inv().transpose().entries(), x.shape) * det(x)
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
    return array_of((total.transpose() * (-1) ** (size - 1)).entries(), x.shape)
