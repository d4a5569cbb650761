"""Factors and the exponential of matrices of balls."""

from typing import Any

import flint
import numpy as np

from gradcalc.balls.boxes import ZERO, array_of, to_floats
from gradcalc.balls.matrices import matrix_of
from gradcalc.balls.numbers import NAN

SPARE = 64
"""Bits more than twice as many with which products of a matrix with itself are worked out: they
have half as many digits left where columns are nearly dependent."""


def halves(x: Any) -> Any:
    """The symmetric part of a matrix."""
    return (x + x.T) / flint.arb(2)


def cholesky(x: Any) -> Any:
    """The lower factor of the symmetric part; NaN where that may not be positive definite."""
    return _factor(halves(x))


def _factor(a: Any) -> Any:
    """Cholesky's algorithm, column by column."""
    size = len(a)
    found = np.full((size, size), ZERO, dtype=object)
    for k in range(size):
        below = a[k:, k] - found[k:, :k] @ found[k, :k] if k else a[k:, k]
        if not below[0] > 0:
            return np.full((size, size), NAN, dtype=object)
        found[k:, k] = below / below[0].sqrt()
        found[k, k] = below[0].sqrt()
    return found


def triangle(x: Any) -> Any:
    """The factor R of QR, by Cholesky's of the inner products of the columns."""
    with flint.ctx.workprec(2 * flint.ctx.prec + SPARE):
        matrix = matrix_of(x)
        product = matrix.transpose() * matrix
        found = _factor(array_of(product.entries(), (x.shape[1], x.shape[1]))).T
    floats = to_floats(x)
    if not np.isfinite(floats).all():
        return found
    negative = np.diag(np.linalg.qr(floats, mode="r")) < 0
    return np.where(negative[:, None], -found, found)


def exponential(x: Any) -> Any:
    """The exponential of a matrix, which flint encloses."""
    return array_of(matrix_of(x).exp().entries(), x.shape)
