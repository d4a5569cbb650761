"""Arrays of balls along their dimensions: sums, products, what is larger; and numpy's functions."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.arrays.numbers import (
    DOWN,
    EPSILON,
    NONE,
    TINY,
    UP,
    ArrayBall,
    ball,
    exactly,
    made,
    magnitude,
    select,
)
from gradcalc.balls.numbers import Undecided
from gradcalc.expr.reducing import kept
from gradcalc.expr.running import recurrence

DOUBLE = float(np.finfo(np.float64).eps)

WORTH = 2_000_000
"""Multiplications of a product of matrices above which float64 with its library is worth it."""

FOLD = 16
"""Rows that are added at a time where there are many, which numpy does faster than by twos."""

FOLDED = 64
"""Rows above which they are."""


# -- sums --------------------------------------------------------------------------------------


def total(ball: ArrayBall, along: tuple[int, ...], keepdim: bool = False) -> ArrayBall:
    """The sum along some dimensions, folded a few times and then halved.

    A sum is off by at most as many roundings as one number goes through, in relation to the sum of
    the sizes (Higham 2002, section 4.2); sizes are summed in float64, in whatever order.
    """
    if not along:
        return ball
    rows, shape = in_front(ball.mid, along)
    shape = kept(ball.shape, along) if keepdim else shape
    count = len(rows)
    if count == 0:
        return exactly(np.zeros(shape))
    rad = EPSILON * _levels(count) * np.sum(magnitude(rows), axis=0)
    if not ball.exact:
        radii, _ = in_front(np.broadcast_to(ball.rad, ball.shape), along)
        rad = rad + np.sum(radii, axis=0)
    mid = _by_halves(rows).reshape(shape)
    return made(mid, np.reshape(rad, shape) * _inflation(count) + count * TINY)


def in_front(array: Any, along: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
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


def multiplied(ball: ArrayBall, along: tuple[int, ...]) -> ArrayBall:
    """The product along some dimensions, by halves."""
    rest = tuple(k for k in range(ball.ndim) if k not in along)
    shape = tuple(ball.shape[k] for k in rest)
    count = math.prod(ball.shape[k] for k in along)
    if not count:
        return exactly(np.ones(shape))
    rows: Any = ball.transpose(*along, *rest).reshape(count, *shape)
    while (count := rows.shape[0]) > 1:
        half = count // 2
        pairs = rows[:half] * rows[half : 2 * half]
        rows = np.concatenate([pairs, rows[2 * half :]]) if count % 2 else pairs
    found: ArrayBall = rows[0]
    return found


# -- products ----------------------------------------------------------------------------------


def product(
    a: ArrayBall,
    b: ArrayBall,
    multiply: Callable[[Any, Any], Any],
    terms: int = 1,
    worth: int = WORTH,
) -> ArrayBall:
    """A bilinear product each of whose elements is a sum of so many products, in any order.

    It is off by at most as many roundings as it has terms, in relation to the product of the sizes
    (Higham 2002, section 3.5).
    """
    first, second, one = a, b, EPSILON
    mid: Any
    if terms * max(a.mid.size, b.mid.size) > worth and min(a.mid.ndim, b.mid.ndim) > 1:
        first, second, one = _narrow(a), _narrow(b), DOUBLE
        mid = multiply(first.mid.astype(np.float64), second.mid.astype(np.float64))
        mid = np.asarray(mid).astype(np.longdouble)
    else:
        mid = multiply(a.mid, b.mid)
    return _bilinear(first, second, multiply, mid, one * (terms + 2), terms)


def _bilinear(
    a: ArrayBall,
    b: ArrayBall,
    multiply: Callable[[Any, Any], Any],
    mid: Any,
    off: float,
    terms: int,
) -> ArrayBall:
    """Sums `mid` of so many products, each off by `off` in relation to it; the rest is Rump's."""
    left, right = (magnitude(ball.mid) * UP + TINY for ball in (a, b))
    rad = multiply(left, b.rad + off * right + TINY)
    if not a.exact:
        rad = rad + multiply(np.broadcast_to(a.rad, a.shape), right + b.rad)
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
    mid = _by_halves(a.mid * b.mid)
    return _bilinear(a, b, np.dot, mid, EPSILON * (_levels(count) + 1), count)


def matmul(x: ArrayBall, y: ArrayBall, worth: int = WORTH) -> ArrayBall:
    """The product of vectors and matrices, in wide floats up to so many multiplications."""
    if x.mid.ndim == y.mid.ndim == 1:
        return inner(x, y)
    return product(x, y, np.matmul, x.shape[-1], worth)


# -- order ------------------------------------------------------------------------------------


def winners(x: ArrayBall, along: tuple[int, ...], sign: int) -> Any:
    """The positions of the greatest (or least) elements along dimensions taken as one.

    Raises `Undecided` where another element may be as great.
    """
    rows, rest = in_front(sign * x.mid, along)
    radii, _ = in_front(np.broadcast_to(x.rad, x.shape), along)
    rows, radii = (part.reshape(len(part), -1) for part in (rows, radii))
    first = np.argmax(rows, axis=0)
    columns = np.arange(rows.shape[1])
    ahead = (rows[first, columns] - rows) * DOWN * DOWN
    ahead[first, columns] = np.inf
    if not np.all(ahead > radii + radii[first, columns]):
        raise Undecided
    return first.reshape(rest)


def taken(x: ArrayBall, along: tuple[int, ...], places: Any) -> ArrayBall:
    """The elements at the positions that `winners` gives."""

    def take(array: Any) -> Any:
        rows, _ = in_front(array, along)
        return np.take_along_axis(rows, places[None], 0)[0]

    return x.moved(take)


def order(x: ArrayBall, axis: int, descending: bool) -> Any:
    """The positions of the elements in order along a dimension.

    Raises `Undecided` where two that stand side by side may be equal.
    """
    places = np.argsort(x.mid, axis, kind="stable")
    mid = np.take_along_axis(x.mid, places, axis)
    rad = np.take_along_axis(np.broadcast_to(x.rad, x.shape), places, axis)
    front, back = (
        (slice(None),) * (axis % x.ndim) + (part,) for part in (slice(1, None), slice(0, -1))
    )
    apart = (mid[front] - mid[back]) * DOWN * DOWN
    if not np.all(apart > rad[front] + rad[back]):
        raise Undecided
    return np.flip(places, axis) if descending else places


# -- numpy's functions ------------------------------------------------------------------------


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    given = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(k % x.ndim for k in given)


def _cumprod(x: Any, axis: int) -> ArrayBall:
    rows: Any = _moved(np.moveaxis)(x, axis, -1)
    terms = ball(np.zeros(rows.shape)).copy()
    terms[..., :1] = rows[..., :1]
    return _moved(np.moveaxis)(recurrence(rows, terms), -1, axis)


def _moved(function: Callable[..., Any]) -> Callable[..., ArrayBall]:
    def apply(x: Any, *args: Any, **kwargs: Any) -> ArrayBall:
        return ball(x).moved(lambda v: function(v, *args, **kwargs))

    return apply


def _joined(join: Callable[..., Any]) -> Callable[..., ArrayBall]:
    def apply(parts: Sequence[Any], *args: Any, **kwargs: Any) -> ArrayBall:
        balls = list(map(ball, parts))
        mid = np.asarray(join([b.mid for b in balls], *args, **kwargs))
        if all(b.exact for b in balls):
            return ArrayBall(mid, NONE)
        radii = [np.broadcast_to(b.rad, b.shape) for b in balls]
        return ArrayBall(mid, np.asarray(join(radii, *args, **kwargs)))

    return apply


FUNCTIONS: Mapping[Any, Callable[..., Any]] = MappingProxyType(
    {
        np.sum: lambda x, axis=None, keepdims=False: total(x, _axes(x, axis), keepdims),
        np.prod: lambda x, axis=None: multiplied(x, _axes(x, axis)),
        np.cumsum: lambda x, axis: running(x, axis % x.ndim), np.cumprod: _cumprod,
        np.trace: lambda x: total(x.diagonal(), (0,)),
        np.where: lambda condition, x, y: select(condition, ball(x), ball(y)),
        np.concatenate: _joined(np.concatenate), np.stack: _joined(np.stack),
        np.zeros_like: lambda x, shape: ball(np.zeros(shape)),
        np.shape: lambda x: x.shape, np.size: lambda x: x.size, np.ndim: lambda x: x.ndim,
        **{
            function: _moved(function)
            for function in (
                np.broadcast_to, np.flip, np.roll, np.moveaxis, np.take_along_axis, np.transpose,
                np.reshape,
            )
        },
    }
)  # fmt: skip
"""numpy's functions, and what they are for these arrays: those that a graph meets forward."""
