"""numpy's object arrays of balls: made, taken apart, a function of their elements."""

from collections.abc import Callable, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import Ball

ZERO = flint.arb(0)
ONE = flint.arb(1)

to_ball = np.frompyfunc(lambda value: flint.arb(float(value)), 1, 1)
"""Floats, exactly."""


def each(function: Callable[..., Any], *arrays: Any) -> Any:
    """A function of the elements of arrays, as an object array."""
    return boxed(np.frompyfunc(function, len(arrays), 1)(*arrays))


def boxed(value: Any) -> Any:
    """An object array, of no dimensions if numpy has unwrapped a single element."""
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def to_floats(values: Any) -> Any:
    """An array of balls, or of floats of any kind, rounded to float64."""
    return np.asarray(values).astype(np.float64, copy=False)


def is_ball(value: Any) -> bool:
    return isinstance(value, flint.arb)


def array_of(balls: Sequence[Ball], shape: Any) -> Any:
    """Balls in a row as an array."""
    result = np.empty(len(balls), dtype=object)
    result[:] = balls
    return result.reshape(shape)
