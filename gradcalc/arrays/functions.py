"""numpy's functions of arrays of balls: what moves elements about, and sums and products."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.arrays.numbers import (
    NONE,
    ArrayBall,
    ball,
    select,
)
from gradcalc.arrays.sums import multiplied, running, total
from gradcalc.expr.running import recurrence


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    given = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(k % x.ndim for k in given)


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> ArrayBall:
    return total(x, _axes(x, axis), keepdims)


def _prod(x: Any, axis: Any = None) -> ArrayBall:
    return multiplied(x, _axes(x, axis))


def _cumsum(x: Any, axis: int) -> ArrayBall:
    return running(x, axis % x.ndim)


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


def _where(condition: Any, x: Any, y: Any) -> ArrayBall:
    return select(condition, ball(x), ball(y))


def _trace(x: ArrayBall) -> ArrayBall:
    return total(x.diagonal(), (0,))


FUNCTIONS: Mapping[Any, Callable[..., Any]] = MappingProxyType(
    {
        np.sum: _sum, np.prod: _prod, np.cumsum: _cumsum, np.cumprod: _cumprod, np.trace: _trace,
        np.concatenate: _joined(np.concatenate), np.stack: _joined(np.stack), np.where: _where,
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
