"""Linear systems of arrays of balls: solved in doubles, and held to what they solve.

With an approximate inverse R of A and |E| < 1 for E = I - RA, the error of an approximate solution
x' is (I - E)^-1 R (b - Ax') (Rump, "Verification methods: rigorous results using floating-point
arithmetic", Acta Numerica 19, 2010, section 10).
"""

from typing import Any

import numpy as np

from gradcalc.arrays.along import matmul, multiplied
from gradcalc.arrays.numbers import TINY, UP, ArrayBall, exactly, highest, made, number
from gradcalc.balls.numbers import Undecided

WIDE = 250_000_000
"""Multiplications up to which a residual is worked out in wide floats: its digits are those of the
solution."""

WORST = 0.1
"""The largest norm of E with which an inverse is good enough."""


def solve(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """x with a @ x = b. Raises `Undecided` where the matrix may be singular."""
    if not b.size or not a.size:
        return b
    approximate = exactly(_inverse(_floats(a)))
    left_over = exactly(np.eye(len(a.mid))) - matmul(approximate, a)
    norm = _norm(left_over)
    guess = exactly(_floats(matmul(approximate, b)))
    step = matmul(approximate, b - matmul(a, guess, WIDE))
    # (I - E)^-1 step is step but for norm/(1 - norm) times its largest element
    beyond = norm / (1 - norm) * UP * np.max(highest(step), axis=0)
    return guess + made(step.mid, step.rad + beyond)


def inv(x: ArrayBall) -> ArrayBall:
    """The inverse. Raises `Undecided` where the matrix may be singular."""
    return solve(x, exactly(np.eye(x.shape[0])))


def det(x: ArrayBall) -> ArrayBall:
    """The determinant. Raises `Undecided` where the matrix may be singular."""
    if not x.size:
        return number(1)
    sign, pivots, close = _factored(x)
    return exactly(sign) * close / multiplied(pivots, (0,))


def _factored(a: ArrayBall) -> tuple[float, ArrayBall, ArrayBall]:
    """The sign s, the diagonal p of a triangle and c with s*c/prod(p) for the determinant of `a`.

    X and Y are about the inverses of the factors of a permuted matrix, XYPA = I + F, and each
    eigenvalue of F is at most as large as its norm.
    """
    # imported where it is used: it takes longer than most calculations
    from scipy.linalg import lu, solve_triangular

    size, eye = a.shape[0], np.eye(a.shape[0])
    places, lower, upper = lu(_floats(a), p_indices=True, check_finite=False)
    if not (np.isfinite(upper).all() and np.all(np.diag(upper))):
        raise Undecided
    fast: Any = {"check_finite": False}
    x = exactly(np.triu(solve_triangular(upper, eye, **fast)))
    y = exactly(np.tril(solve_triangular(lower, eye, lower=True, unit_diagonal=True, **fast)))
    norm = _norm(matmul(x, matmul(y, a[np.argsort(places)])) - exactly(eye))
    room = np.expm1(size * norm * UP) * UP + TINY
    # a permutation is worked out without an error
    sign = float(np.linalg.det(eye[places]))
    return sign, x.diagonal() * y.diagonal(), made(number(1).mid, np.asarray(room))


def _floats(a: ArrayBall) -> Any:
    return a.mid.astype(np.float64)


def _inverse(a: Any) -> Any:
    try:
        found = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        raise Undecided from None
    if not np.isfinite(found).all():
        raise Undecided
    return found


def _norm(e: ArrayBall) -> float:
    """The largest sum of sizes in a row, rounded up. Raises `Undecided` if it is too large."""
    found = float(np.max(np.sum(highest(e), axis=1)) * (1 + e.shape[0] * 2.0**-52) * UP)
    if not found < WORST:
        raise Undecided
    return found
