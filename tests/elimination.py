"""Determinants and linear systems of matrices whose elements know only `+ - * /` and `float`."""

from itertools import combinations
from typing import Any

import numpy as np

SMALL = 4
"""Rows up to which a determinant is expanded by minors: no division, and no element is special."""

SINGULAR = 1e-12
"""The size of a pivot, beside its row's elements, below which a determinant goes without it."""


def determinant(matrix: Any) -> Any:
    """The determinant of a square object array, singular or not."""
    if len(matrix) <= SMALL:
        return _by_minors(matrix)
    try:
        upper, sign = _eliminated(matrix, SINGULAR)
    except ZeroDivisionError:
        return _faddeev_leverrier(matrix)
    product = upper[0, 0]
    for k in range(1, len(matrix)):
        product = product * upper[k, k]
    return product if sign > 0 else -product


def solved(matrix: Any, right: Any) -> Any:
    """x with matrix @ x = right. Raises `ZeroDivisionError` for a singular matrix."""
    size = len(matrix)
    if size <= SMALL:
        return np.matmul(_adjugate(matrix), right) / _by_minors(matrix)
    sides = right.reshape(size, -1)
    upper, _ = _eliminated(np.concatenate([matrix, sides], axis=1), 0.0)
    rows = upper[:, size:].copy()
    for k in reversed(range(size)):
        for j in range(k + 1, size):
            rows[k] = rows[k] - rows[j] * upper[k, j]
        rows[k] = rows[k] / upper[k, k]
    return rows.reshape(right.shape)


def _eliminated(matrix: Any, least: float) -> tuple[Any, int]:
    """Gauss's upper triangle, rows in order of their pivots, and the sign of that order.

    Which pivot is taken does not change the result, so plain floats choose it: the largest beside
    the elements that its row began with. Raises `ZeroDivisionError` if that is not above `least`.
    """
    rows, sign, size = matrix.copy(), 1, len(matrix)
    scales = np.array([max(abs(float(v)) for v in row[:size]) or 1.0 for row in matrix])
    for k in range(size):
        column = np.array([abs(float(v)) for v in rows[k:, k]]) / scales[k:]
        best = k + int(np.argmax(column))
        if not (np.isfinite(column).all() and column[best - k] > least):
            raise ZeroDivisionError
        if best != k:
            rows[[k, best]], scales[[k, best]] = rows[[best, k]], scales[[best, k]]
            sign = -sign
        for i in range(k + 1, size):
            factor = rows[i, k] / rows[k, k]
            rows[i, k + 1 :] = rows[i, k + 1 :] - rows[k, k + 1 :] * factor
    return rows, sign


def _by_minors(matrix: Any) -> Any:
    """The determinant by minors, each made once: n 2**n products."""
    size = len(matrix)
    minors: dict[tuple[int, ...], Any] = {(): 1}
    for row in reversed(range(size)):
        larger = {}
        for columns in combinations(range(size), size - row):
            terms = [
                matrix[row, column] * minors[columns[:k] + columns[k + 1 :]]
                for k, column in enumerate(columns)
            ]
            # Signs alternate; starting from the first term keeps formulas free of "0 +".
            total = terms[0]
            for k, term in enumerate(terms[1:], start=1):
                total = total - term if k % 2 else total + term
            larger[columns] = total
        minors = larger
    return minors[tuple(range(size))]


def _faddeev_leverrier(matrix: Any) -> Any:
    """The determinant in n matrix products; divides by 1 to n only, so the matrix may be singular
    and its elements need no order."""
    size = len(matrix)
    identity = np.eye(size, dtype=int).astype(object)
    adjugate, sign = identity, 1
    for k in range(1, size):
        product = np.matmul(matrix, adjugate)
        adjugate = product + identity * (-np.trace(product) / k)
        sign = -sign
    return np.trace(np.matmul(matrix, adjugate)) / size * sign


def _adjugate(matrix: Any) -> Any:
    size = len(matrix)
    adjugate = np.empty((size, size), dtype=object)
    for i, j in np.ndindex(size, size):
        minor = _by_minors(np.delete(np.delete(matrix, i, axis=0), j, axis=1))
        adjugate[j, i] = -minor if (i + j) % 2 else minor
    return adjugate
