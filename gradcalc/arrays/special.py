"""Functions of arrays of balls, each with a radius from a bound of its slope over the ball.

The mean value theorem: |f(x) - f(m)| <= r sup |f'| for |x - m| <= r. What the library's own result
is off by comes on top; glibc's manual ("Known maximum errors in math functions") lists at most
5 units in the last place for those used here in the wide floats.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.arrays.numbers import (
    DOWN,
    EPSILON,
    NONE,
    TINY,
    UP,
    ArrayBall,
    eq,
    exactly,
    highest,
    le,
    lowest,
    lt,
    made,
    magnitude,
    number,
)
from gradcalc.balls.numbers import Undecided

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "cos", "cosh", "eq", "erf",
    "erfc", "exp", "floor", "le", "log", "lt", "power", "sign", "sin", "sinh", "sqrt", "tan",
    "tanh",
]  # fmt: skip

LIBRARY = 16 * EPSILON
"""What a function of the library may be off by, in relation to its result."""

DOUBLES = 4 * float(np.finfo(np.float64).eps)
"""The same for those that there are in float64 only."""

MOST = 64
"""The largest whole exponent of a power by squaring."""


def _function(value: Any, a: ArrayBall, growth: Callable[[], Any]) -> ArrayBall:
    """A result with the library's error, and that from the operand's radius if it has one."""
    rad = LIBRARY * magnitude(value)
    return made(value, rad if a.exact else rad + growth())


def _over(room: Any, least: Any) -> Any:
    """A quotient of bounds; infinite where the divisor can be 0."""
    return np.where(least > 0, (room + TINY) / least, np.inf)


def exp(a: ArrayBall) -> ArrayBall:
    """e^m (e^r - 1) bounds the change."""
    value = np.exp(a.mid)
    return _function(value, a, lambda: (magnitude(value) * UP + TINY) * np.expm1(a.rad) * UP)


def log(a: ArrayBall) -> ArrayBall:
    """The slope is largest at the least number; below 0 there is no value."""
    return _function(np.log(a.mid), a, lambda: _over(a.rad, lowest(a)))


def sqrt(a: ArrayBall) -> ArrayBall:
    """|sqrt(x) - sqrt(m)| = |x - m|/(sqrt(x) + sqrt(m)); what may be 0 leaves it open."""
    return _function(
        np.sqrt(a.mid),
        a,
        lambda: np.where(a.rad == 0, 0, _over(a.rad, np.sqrt(lowest(a)) * DOWN)),
    )


def sin(a: ArrayBall) -> ArrayBall:
    """The slope is at most 1."""
    return _function(np.sin(a.mid), a, lambda: a.rad)


def cos(a: ArrayBall) -> ArrayBall:
    """The slope is at most 1."""
    return _function(np.cos(a.mid), a, lambda: a.rad)


def tan(a: ArrayBall) -> ArrayBall:
    """tan(x) - tan(m) = sin(x - m)/(cos(x) cos(m)), and |cos(x)| >= |cos(m)| - r."""
    value = np.tan(a.mid)

    def growth() -> Any:
        cosine = DOWN / np.hypot(1, magnitude(value) * UP)
        return _over(a.rad * UP, cosine * (cosine - a.rad * UP) * DOWN)

    return _function(value, a, growth)


def asin(a: ArrayBall) -> ArrayBall:
    """The slope is 1/sqrt(1 - x^2), largest where |x| is."""
    return _function(np.arcsin(a.mid), a, lambda: _over(a.rad, _leg(a)))


def acos(a: ArrayBall) -> ArrayBall:
    """The slope is that of asin but for its sign."""
    return _function(np.arccos(a.mid), a, lambda: _over(a.rad, _leg(a)))


def _leg(a: ArrayBall) -> Any:
    """A lower bound of sqrt(1 - x^2), 0 where x can be beyond 1."""
    return np.sqrt(np.maximum((1 - highest(a)) * (1 + lowest(a)), 0) * DOWN) * DOWN


def atan(a: ArrayBall) -> ArrayBall:
    """The slope is 1/(1 + x^2), largest where |x| is least."""
    return _function(np.arctan(a.mid), a, lambda: a.rad / (1 + lowest(a) ** 2))


def atan2(y: ArrayBall, x: ArrayBall) -> ArrayBall:
    """The angle turns by a way over its distance from the origin, unless it crosses the cut."""
    # a number has no signed zero
    value = np.arctan2(y.mid + 0.0, x.mid)
    rad = LIBRARY * magnitude(value)
    if y.exact and x.exact:
        return made(value, rad)
    distance = np.hypot(magnitude(y.mid), magnitude(x.mid)) * DOWN - TINY
    way = np.hypot(y.rad, x.rad) * UP
    meets = (x.mid <= x.rad) & (lowest(y) == 0)
    return made(value, rad + np.where(meets, np.inf, _over(way, (distance - way) * DOWN)))


def sinh(a: ArrayBall) -> ArrayBall:
    """The slope is cosh, largest where |x| is."""
    return _function(np.sinh(a.mid), a, lambda: a.rad * np.cosh(highest(a)))


def cosh(a: ArrayBall) -> ArrayBall:
    """The slope is sinh, largest where |x| is."""
    return _function(np.cosh(a.mid), a, lambda: a.rad * np.sinh(highest(a)))


def tanh(a: ArrayBall) -> ArrayBall:
    """The slope is 1/cosh(x)^2 <= 4 exp(-2|x|), and at most 1."""
    return _function(
        np.tanh(a.mid), a, lambda: a.rad * np.minimum(1, 4 * UP * np.exp(-2 * lowest(a)))
    )


def asinh(a: ArrayBall) -> ArrayBall:
    """The slope is 1/sqrt(1 + x^2), largest where |x| is least."""
    return _function(np.arcsinh(a.mid), a, lambda: a.rad / np.hypot(1, lowest(a)))


def acosh(a: ArrayBall) -> ArrayBall:
    """The slope is 1/sqrt(x^2 - 1), largest at the least number."""

    def growth() -> Any:
        least = lowest(a)
        # their product may overflow
        return _over(a.rad, np.sqrt(np.maximum(least - 1, 0) * DOWN) * np.sqrt(least + 1) * DOWN)

    return _function(np.arccosh(a.mid), a, growth)


def atanh(a: ArrayBall) -> ArrayBall:
    """The slope is 1/(1 - x^2), largest where |x| is."""
    return _function(
        np.arctanh(a.mid),
        a,
        lambda: _over(a.rad, np.maximum(1 - highest(a), 0) * (1 + lowest(a)) * DOWN),
    )


def erf(a: ArrayBall) -> ArrayBall:
    """The slope is 2/sqrt(pi) exp(-x^2)."""
    value, rad = _gaussian("erf", a)
    return made(value, rad + DOUBLES * magnitude(value))


def erfc(a: ArrayBall) -> ArrayBall:
    """The slope is that of erf; the library loses digits to exp(-x^2) where that is small."""
    value, rad = _gaussian("erfc", a)
    return made(value, rad + DOUBLES * (1 + highest(a) ** 2) * magnitude(value))


def _gaussian(name: str, a: ArrayBall) -> tuple[Any, Any]:
    """The library's value in float64, and what rounding the operand and its radius do to it."""
    # imported where it is used: it takes longer than most calculations
    from scipy import special

    rounded = a.mid.astype(np.float64)
    moved = a.rad + magnitude(a.mid - rounded) * UP + TINY
    # away from 0 the exponent's own rounding counts: up to 750 units of it
    slope = 1.2 * np.exp(-(lowest(ArrayBall(a.mid, moved)) ** 2) * DOWN)
    value = getattr(special, name)(rounded)
    return np.asarray(value, dtype=np.longdouble), moved * slope


def power(base: ArrayBall, exponent: ArrayBall) -> ArrayBall:
    """A real power; 0 to a positive one is 0, a negative number has only whole ones."""
    if exponent.exact and not exponent.shape:
        twice = 2 * exponent.mid
        if twice == np.rint(twice) and abs(twice) <= 2 * MOST:
            whole, half = divmod(int(twice), 2)
            return base**whole if not half else sqrt(base) ** int(twice)
    if np.all(base.mid > base.rad):
        # by far faster than the library's powers
        return exp(exponent * log(base))
    return _general_power(base, exponent)


def _general_power(base: ArrayBall, exponent: ArrayBall) -> ArrayBall:
    """x^y = exp(y log x): its logarithm moves by |y| r/(x - r) and the exponent's radius."""
    value = np.power(base.mid, exponent.mid)
    rad = LIBRARY * magnitude(value)
    if base.exact and exponent.exact:
        return made(value, rad)
    relative = np.where(base.rad == 0, 0, _over(base.rad, lowest(base)))
    size = np.abs(np.log(np.abs(base.mid)).astype(np.float64)) + relative
    moved = np.where(base.rad == 0, 0, highest(exponent) * relative)
    moved = moved + np.where(exponent.rad == 0, 0, exponent.rad * size)
    growth = (magnitude(value) * UP + TINY) * np.expm1(moved * UP + TINY) * UP
    # of a negative number only powers that are whole for certain
    lost = (base.mid < 0) & (exponent.rad != 0)
    return made(value, rad + np.where(lost, np.inf, growth))


def sign(a: ArrayBall) -> ArrayBall:
    """-1, 0 or 1. Raises `Undecided` where a ball does not tell."""
    lt(a, number(0))
    return exactly(np.sign(a.mid))


def floor(a: ArrayBall) -> ArrayBall:
    """The largest integer that is not larger. Raises `Undecided` where a ball does not tell."""
    return _whole(np.floor, a)


def ceil(a: ArrayBall) -> ArrayBall:
    """The smallest integer that is not smaller. Raises `Undecided` where a ball does not tell."""
    return _whole(np.ceil, a)


def _whole(function: Any, a: ArrayBall) -> ArrayBall:
    room = np.where(a.rad == 0, 0, a.rad * UP + EPSILON * magnitude(a.mid) + TINY)
    low, high = function(a.mid - room), function(a.mid + room)
    if not np.all(low == high):
        raise Undecided
    return ArrayBall(np.asarray(low), NONE)
