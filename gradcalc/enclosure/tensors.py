"""The structural primitives of arrays of balls: sums, products, extremes, elements moved about."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.balls.numbers import Undecided
from gradcalc.enclosure.arrays import (
    DOWN,
    EPSILON,
    NONE,
    TINY,
    UP,
    ArrayBall,
    exactly,
    made,
    magnitude,
)
from gradcalc.primitives import Structural
from gradcalc.primitives.shapes import axes, axis, check_dot, check_matmul

DOUBLE = float(np.finfo(np.float64).eps)

WORTH = 2_000_000
"""Multiplications of a product of matrices above which float64 with its library is worth it."""

FOLD = 16
"""Rows that are added at a time where there are many, which numpy does faster than by twos."""

FOLDED = 64
"""Rows above which they are."""

Move = Callable[[Any], Any]


def moved(ball: ArrayBall, move: Move) -> ArrayBall:
    """The elements somewhere else."""
    if ball.exact:
        return ArrayBall(np.asarray(move(ball.mid)), NONE)
    rad = np.broadcast_to(ball.rad, ball.shape)
    return ArrayBall(np.asarray(move(ball.mid)), np.asarray(move(rad)))


def joined(balls: Sequence[ArrayBall | None], shapes: Sequence[Any], join: Move) -> ArrayBall:
    """Several arrays joined to one; what is not there is 0."""
    there = [exactly(np.zeros(s)) if b is None else b for b, s in zip(balls, shapes, strict=True)]
    mid = np.asarray(join([ball.mid for ball in there]))
    if all(ball.exact for ball in there):
        return ArrayBall(mid, NONE)
    return ArrayBall(mid, np.asarray(join([np.broadcast_to(b.rad, b.shape) for b in there])))


# -- sums --------------------------------------------------------------------------------------


def total(ball: ArrayBall, along: tuple[int, ...], keepdim: bool = False) -> ArrayBall:
    """The sum along some dimensions, folded a few times and then halved.

    A sum is off by at most as many roundings as one number goes through, in relation to the sum of
    the sizes (Higham 2002, section 4.2); sizes are summed in float64, in whatever order.
    """
    rows, shape = _in_front(ball.mid, along)
    kept = tuple(1 if k in along else size for k, size in enumerate(ball.shape))
    shape = kept if keepdim else shape
    count = len(rows)
    if count == 0:
        return exactly(np.zeros(shape))
    rad = EPSILON * _levels(count) * np.sum(magnitude(rows), axis=0)
    if not ball.exact:
        radii, _ = _in_front(np.broadcast_to(ball.rad, ball.shape), along)
        rad = rad + np.sum(radii, axis=0)
    mid = _by_halves(rows).reshape(shape)
    return made(mid, np.reshape(rad, shape) * _inflation(count) + count * TINY)


def _in_front(array: Any, along: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
    """The dimensions to be reduced as the first one, and the shape of the others."""
    rest = tuple(size for k, size in enumerate(array.shape) if k not in along)
    count = math.prod(array.shape[k] for k in along)
    if not rest:
        return array.reshape(count), rest
    return np.moveaxis(array, along, range(len(along))).reshape(count, *rest), rest


def _by_halves(rows: Any) -> Any:
    while len(rows) > FOLDED:
        # the sums of so many rows, in whatever order, are off by one rounding less than there are
        half = len(rows) // FOLD
        joint = np.add.reduce(rows[: FOLD * half].reshape(FOLD, half, *rows.shape[1:]), axis=0)
        rest = rows[FOLD * half :]
        rows = np.concatenate([joint, rest]) if len(rest) else joint
    while len(rows) > 1:
        half = len(rows) // 2
        joint = rows[:half] + rows[half : 2 * half]
        rows = joint if len(rows) == 2 * half else np.concatenate([joint, rows[2 * half :]])
    return rows[0]


def _levels(count: int) -> int:
    """How many roundings a number goes through at the most in a sum of so many."""
    levels = 0
    while count > FOLDED:
        levels += FOLD - 1
        count = count // FOLD + count % FOLD
    return levels + max(count - 1, 0).bit_length()


def _inflation(count: int) -> float:
    """What makes a float64 sum of so many numbers that are not negative an upper bound."""
    return 1 + (count + 4) * DOUBLE


def running(ball: ArrayBall, along: int) -> ArrayBall:
    """Running sums, each of whose additions may be off by one rounding (Higham 2002, 4.2)."""
    count = ball.shape[along]
    rad = np.cumsum(EPSILON * count * magnitude(ball.mid) + ball.rad, axis=along)
    return made(np.cumsum(ball.mid, axis=along), rad * _inflation(count) + count * TINY)


# -- products ----------------------------------------------------------------------------------


def product(
    a: ArrayBall, b: ArrayBall, multiply: Callable[[Any, Any], Any], terms: int = 1
) -> ArrayBall:
    """A bilinear product each of whose elements is a sum of so many products, in any order.

    It is off by at most as many roundings as it has terms, in relation to the product of the sizes
    (Higham 2002, section 3.5); the rest is Rump's bound.
    """
    first, second, one = a, b, EPSILON
    mid: Any
    if terms * max(a.mid.size, b.mid.size) > WORTH and min(a.mid.ndim, b.mid.ndim) > 1:
        first, second, one = _narrow(a), _narrow(b), DOUBLE
        mid = multiply(first.mid.astype(np.float64), second.mid.astype(np.float64))
        mid = np.asarray(mid).astype(np.longdouble)
    else:
        mid = multiply(a.mid, b.mid)
    left, right = (magnitude(ball.mid) * UP + TINY for ball in (first, second))
    rad = multiply(left, second.rad + one * (terms + 2) * right + TINY)
    if not first.exact:
        rad = rad + multiply(np.broadcast_to(first.rad, first.shape), right + second.rad)
    return made(mid, rad * _inflation(terms) + terms * TINY)


def _narrow(ball: ArrayBall) -> ArrayBall:
    """The midpoints in float64, their rounding in the radius."""
    mid = ball.mid.astype(np.float64).astype(np.longdouble)
    if ball.exact and np.array_equal(mid, ball.mid):
        return ball
    return made(mid, ball.rad + DOUBLE * magnitude(ball.mid))


def inner(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """The inner product of vectors, summed by halves."""
    count = len(a.mid)
    if not count:
        return exactly(0)
    left, right = (magnitude(ball.mid) * UP + TINY for ball in (a, b))
    rad = np.dot(left, EPSILON * (_levels(count) + 1) * right + TINY)
    if not b.exact:
        rad = rad + np.dot(left, np.broadcast_to(b.rad, b.shape))
    if not a.exact:
        rad = rad + np.dot(np.broadcast_to(a.rad, a.shape), right + b.rad)
    return made(_by_halves(a.mid * b.mid), rad * _inflation(count) + count * TINY)


def matmul(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """The product of vectors and matrices."""
    if a.mid.ndim == b.mid.ndim == 1:
        return inner(a, b)
    return product(a, b, np.matmul, a.shape[-1])


def dot(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """The same for at most two dimensions."""
    check_dot(a.shape, b.shape)
    return matmul(a, b)


def _checked_matmul(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    check_matmul("matmul", a.shape, b.shape)
    return matmul(a, b)


def outer(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """Every product of two elements."""
    return product(a, b, np.multiply.outer)


def kron(a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """The Kronecker product."""
    wide = [moved(ball, np.atleast_1d) for ball in (a, b)]
    result = product(wide[0], wide[1], np.kron)
    return result if a.shape or b.shape else moved(result, lambda v: v.reshape(()))


BILINEAR: Mapping[str, Callable[[ArrayBall, ArrayBall], ArrayBall]] = MappingProxyType(
    {"matmul": _checked_matmul, "dot": dot, "outer": outer, "kron": kron}
)
"""Products of two tensors, by name."""


# -- what is linear in one tensor ---------------------------------------------------------------


def _sum(ball: ArrayBall, dim: Any = None, keepdim: bool = False) -> ArrayBall:
    along = axes(ball.shape, dim)
    return total(ball, along, keepdim) if along else ball


def _trace(ball: ArrayBall) -> ArrayBall:
    return total(moved(ball, np.diagonal), (0,))


def _cumsum(ball: ArrayBall, dim: int | None = None) -> ArrayBall:
    if not ball.shape:
        return ball
    if dim is None:
        return running(moved(ball, lambda v: v.reshape(-1)), 0)
    return running(ball, axis(ball.shape, dim))


LINEAR: Mapping[str, Callable[..., ArrayBall]] = MappingProxyType(
    {"sum": _sum, "trace": _trace, "cumsum": _cumsum}
)
"""Sums within one tensor, by name."""

PLACED = frozenset({"diag", "tril", "triu", "pad"})
"""What moves elements about and puts numbers between them."""

FIXED = frozenset({"zeros_like", "ones_like", "full_like"})
"""Fixed numbers in the shape of a tensor."""

EXTREME: Mapping[str, tuple[int, bool, bool]] = MappingProxyType(
    {
        "amax": (1, True, False), "amin": (-1, True, False), "max": (1, True, True),
        "min": (-1, True, True), "argmax": (1, False, True), "argmin": (-1, False, True),
    }
)  # fmt: skip
"""Extremes by name: the sign of the greatest, and whether values and positions are given."""


def is_enclosed(row: Structural) -> bool:
    """Whether there is such a primitive of arrays of balls."""
    own = row.name in PLACED | FIXED | set(BILINEAR) | set(LINEAR) | set(EXTREME)
    return row.moves or own


def winners(ball: ArrayBall, along: tuple[int, ...], sign: int) -> Any:
    """The positions of the greatest (or least) elements along dimensions taken as one.

    Raises `Undecided` where another element may be as great.
    """
    rows, rest = _in_front(sign * ball.mid, along)
    radii, _ = _in_front(np.broadcast_to(ball.rad, ball.shape), along)
    rows, radii = (part.reshape(len(part), -1) for part in (rows, radii))
    first = np.argmax(rows, axis=0)
    columns = np.arange(rows.shape[1])
    ahead = (rows[first, columns] - rows) * DOWN * DOWN
    ahead[first, columns] = np.inf
    if not np.all(ahead > radii + radii[first, columns]):
        raise Undecided
    return first.reshape(rest)


def taken(ball: ArrayBall, along: tuple[int, ...], places: Any) -> ArrayBall:
    """The elements at the positions that `winners` gives."""

    def take(array: Any) -> Any:
        rows, _ = _in_front(array, along)
        return np.take_along_axis(rows, places[None], 0)[0]

    return moved(ball, take)
