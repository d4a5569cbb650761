"""Functions of which no bound for whole arrays is known, by python-flint's balls one by one."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import flint
import numpy as np

from gradcalc.arrays.numbers import EPSILON, ArrayBall, made, magnitude
from gradcalc.balls.numbers import KEPT, Decisions, compiled

BITS = 96
"""Digits in which they are worked out: more than a midpoint has, and some to lose."""


@lru_cache(maxsize=KEPT)
def singly(symbols: tuple[Any, ...], body: Any) -> Callable[..., ArrayBall]:
    """A scalar expression of balls as a function of arrays of them.

    Raises `OutOfReach` where there is something in it that balls do not know.
    """
    make = compiled(symbols, body)

    def apply(*operands: ArrayBall) -> ArrayBall:
        function = make(Decisions())
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        with flint.ctx.workprec(BITS):
            columns = [_balls(operand, shape) for operand in operands]
            # of nothing that varies it is one number
            rows = zip(*columns, strict=True) if columns else [()]
            return _array([function(*row) for row in rows], shape)

    return apply


def _balls(operand: ArrayBall, shape: tuple[int, ...]) -> list[Any]:
    """Each element as a ball of flint's, which holds it exactly."""
    mid = np.broadcast_to(operand.mid, shape).reshape(-1)
    high = mid.astype(np.float64)
    # what float64 leaves over of a midpoint; of one that is not finite nothing is
    low = np.where(np.isfinite(high), mid - high, 0).astype(np.float64)
    if operand.exact:
        found = [flint.arb(value) for value in high.tolist()]
    else:
        rad = np.broadcast_to(operand.rad, shape).reshape(-1)
        rad = np.where(np.isnan(rad), np.inf, rad)
        found = [flint.arb(m, r) for m, r in zip(high.tolist(), rad.tolist(), strict=True)]
    for place in np.flatnonzero(low).tolist():
        found[place] = found[place] + flint.arb(float(low[place]))
    return found


def _array(balls: list[Any], shape: tuple[int, ...]) -> ArrayBall:
    """flint's balls as an array, as tight as they come here."""
    high = np.array([float(one.mid()) for one in balls])
    finite = np.isfinite(high)
    low = np.array(
        [
            float(one.mid() - flint.arb(near)) if known else 0.0
            for one, near, known in zip(balls, high.tolist(), finite.tolist(), strict=True)
        ]
    )
    rad = np.array([float(one.rad().upper()) for one in balls])
    mid = high.astype(np.longdouble) + low.astype(np.longdouble)
    return made(mid.reshape(shape), (EPSILON * magnitude(mid) + rad).reshape(shape))
