"""Linear algebra of arrays of balls, by flint's matrices."""

import math
from collections.abc import Callable
from typing import Any

import flint
import numpy as np

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
        known = self._known.pop(id(x), None) or (x, _matrix(x))
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
            matrix(part) if part is whole else _matrix(part)
            for part, whole in ((left, x), (right, y))
        ]
        found = _array(factors[0] * factors[1], (left.shape[0], right.shape[1]))
    else:
        front = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        found = np.empty((*front, left.shape[-2], right.shape[-1]), dtype=object)
        lefts, rights = (np.broadcast_to(z, (*front, *z.shape[-2:])) for z in (left, right))
        for place in np.ndindex(*front):
            found[place] = matmul(lefts[place], rights[place], _matrix)
    found = found[..., 0] if y.ndim == 1 else found
    return (found[..., 0] if y.ndim == 1 else found[..., 0, :]) if x.ndim == 1 else found


def det(x: Any) -> Any:
    """The determinant; where it may be 0 and all elements are exact, without an error."""
    found = _matrix(x).det()
    exact = _integers(x) if found.contains(0) else None
    if exact is None:
        return found
    integers, exponent = exact
    return flint.arb(integers.det()) * flint.arb(2) ** (exponent * len(x))


def inv(x: Any) -> Any:
    """The inverse. Raises `ZeroDivisionError` where the matrix may be singular."""
    return _array(_matrix(x).inv(), x.shape) if x.size else x


def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b. Raises `ZeroDivisionError` where the matrix may be singular."""
    right = b.reshape(len(b), math.prod(b.shape[1:]))
    return _array(_matrix(a).solve(_matrix(right)), b.shape) if b.size else b


def cofactor(x: Any) -> Any:
    """The matrix of cofactors: by the inverse, or where there is none by Cayley and Hamilton."""
    size = len(x)
    matrix = _matrix(x)
    try:
        return _array(matrix.inv().transpose(), x.shape) * det(x)
    except ZeroDivisionError:
        pass
    # the adjugate is (-1)^(n-1) (A^(n-1) + c_(n-1) A^(n-2) + ... + c_1)
    coefficients = matrix.charpoly()
    eye = flint.arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    total = eye * 0
    for power in range(size, 0, -1):
        total = total * matrix + eye * coefficients[power]
    return _array(total.transpose() * (-1) ** (size - 1), x.shape)


def _matrix(x: Any) -> Any:
    rows, columns = x.shape
    return flint.arb_mat(rows, columns, list(x.flat))


def _array(matrix: Any, shape: Any) -> Any:
    result = np.empty(math.prod(shape), dtype=object)
    result[:] = matrix.entries()
    return result.reshape(shape)


def _integers(x: Any) -> tuple[Any, int] | None:
    """A matrix of exact balls as whole numbers times a power of 2, if that is not too long."""
    if not all(ball.is_exact() and ball.is_finite() for ball in x.flat):
        return None
    parts = [ball.man_exp() for ball in x.flat]
    exponents = [int(exponent) for mantissa, exponent in parts if mantissa]
    lowest = min(exponents, default=0)
    if max(exponents, default=0) - lowest > SPREAD:
        return None
    numbers = [m * flint.fmpz(2) ** (int(e) - lowest) if m else m for m, e in parts]
    return flint.fmpz_mat(len(x), len(x), numbers), lowest
