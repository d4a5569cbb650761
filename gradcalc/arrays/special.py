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
    "erfc", "exp", "floor", "isfinite", "isinf", "isnan", "le", "log", "lt", "power", "sign",
    "sin", "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip

LIBRARY = 16 * EPSILON
"""What a function of the library may be off by, in relation to its result."""

DOUBLES = 4 * float(np.finfo(np.float64).eps)
"""The same for those that there are in float64 only."""

MOST = 64
"""The largest whole exponent of a power by squaring."""


def _bounded(
    function: Callable[[Any], Any], growth: Callable[[ArrayBall, Any], Any]
) -> Callable[[ArrayBall], ArrayBall]:
    """A function of arrays of balls, from the library's.

    `growth` bounds how far it moves within the balls, given them and its values at midpoints.
    """

    def apply(a: ArrayBall) -> ArrayBall:
        value = function(a.mid)
        rad = LIBRARY * magnitude(value)
        return made(value, rad if a.exact else rad + growth(a, value))

    return apply


def _over(room: Any, least: Any) -> Any:
    """A quotient of bounds; infinite where the divisor can be 0."""
    return np.where(least > 0, (room + TINY) / least, np.inf)


def _leg(a: ArrayBall) -> Any:
    """A lower bound of sqrt(1 - x^2), 0 where x can be beyond 1."""
    return np.sqrt(np.maximum((1 - highest(a)) * (1 + lowest(a)), 0) * DOWN) * DOWN


def _tan(a: ArrayBall, value: Any) -> Any:
    cosine = DOWN / np.hypot(1, magnitude(value) * UP)
    return _over(a.rad * UP, cosine * (cosine - a.rad * UP) * DOWN)


def _acosh(a: ArrayBall, _: Any) -> Any:
    least = lowest(a)
    # their product may overflow
    return _over(a.rad, np.sqrt(np.maximum(least - 1, 0) * DOWN) * np.sqrt(least + 1) * DOWN)


# e^m (e^r - 1) bounds the change
exp = _bounded(np.exp, lambda a, v: (magnitude(v) * UP + TINY) * np.expm1(a.rad) * UP)
# the slope is largest at the least number; below 0 there is no value
log = _bounded(np.log, lambda a, _: _over(a.rad, lowest(a)))
# |sqrt(x) - sqrt(m)| = |x - m|/(sqrt(x) + sqrt(m)); what may be 0 leaves it open
sqrt = _bounded(
    np.sqrt, lambda a, _: np.where(a.rad == 0, 0, _over(a.rad, np.sqrt(lowest(a)) * DOWN))
)
# the slope is at most 1
sin = _bounded(np.sin, lambda a, _: a.rad)
cos = _bounded(np.cos, lambda a, _: a.rad)
# tan(x) - tan(m) = sin(x - m)/(cos(x) cos(m)), and |cos(x)| >= |cos(m)| - r
tan = _bounded(np.tan, _tan)
# the slope is 1/sqrt(1 - x^2) but for its sign, largest where |x| is
asin = _bounded(np.arcsin, lambda a, _: _over(a.rad, _leg(a)))
acos = _bounded(np.arccos, lambda a, _: _over(a.rad, _leg(a)))
# the slope is 1/(1 + x^2), largest where |x| is least
atan = _bounded(np.arctan, lambda a, _: a.rad / (1 + lowest(a) ** 2))
# the slope is cosh, or sinh, largest where |x| is
sinh = _bounded(np.sinh, lambda a, _: a.rad * np.cosh(highest(a)))
cosh = _bounded(np.cosh, lambda a, _: a.rad * np.sinh(highest(a)))
# the slope is 1/cosh(x)^2 <= 4 exp(-2|x|), and at most 1
tanh = _bounded(np.tanh, lambda a, _: a.rad * np.minimum(1, 4 * UP * np.exp(-2 * lowest(a))))
# the slope is 1/sqrt(1 + x^2), largest where |x| is least
asinh = _bounded(np.arcsinh, lambda a, _: a.rad / np.hypot(1, lowest(a)))
# the slope is 1/sqrt(x^2 - 1), largest at the least number
acosh = _bounded(np.arccosh, _acosh)
# the slope is 1/(1 - x^2), largest where |x| is
atanh = _bounded(
    np.arctanh,
    lambda a, _: _over(a.rad, np.maximum(1 - highest(a), 0) * (1 + lowest(a)) * DOWN),
)


def atan2(y: ArrayBall, x: ArrayBall) -> ArrayBall:
    """The angle turns by a way over its distance from the origin, unless it crosses the cut."""
    # a number has no signed zero
    value = np.arctan2(y.mid + 0.0, x.mid + 0.0)
    rad = LIBRARY * magnitude(value)
    if y.exact and x.exact:
        return made(value, rad)
    distance = np.hypot(magnitude(y.mid), magnitude(x.mid)) * DOWN - TINY
    way = np.hypot(y.rad, x.rad) * UP
    meets = (x.mid <= x.rad) & (lowest(y) == 0)
    return made(value, rad + np.where(meets, np.inf, _over(way, (distance - way) * DOWN)))


def _gaussian(name: str, room: Callable[[ArrayBall], Any]) -> Callable[[ArrayBall], ArrayBall]:
    """A function of slope 2/sqrt(pi) exp(-x^2), of a library's that is off by so many `DOUBLES`."""

    def apply(a: ArrayBall) -> ArrayBall:
        # imported where it is used: it takes longer than most calculations
        from scipy import special

        rounded = a.mid.astype(np.float64)
        moved = a.rad + magnitude(a.mid - rounded) * UP + TINY
        # away from 0 the exponent's own rounding counts: up to 750 units of it
        slope = 1.2 * np.exp(-(lowest(ArrayBall(a.mid, moved)) ** 2) * DOWN)
        value = np.asarray(getattr(special, name)(rounded), dtype=np.longdouble)
        return made(value, moved * slope + DOUBLES * room(a) * magnitude(value))

    return apply


erf = _gaussian("erf", lambda a: 1)
# the library loses digits to exp(-x^2) where that is small
erfc = _gaussian("erfc", lambda a: 1 + highest(a) ** 2)


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


def _settled(test: Callable[[Any], Any]) -> Callable[[ArrayBall], ArrayBall]:
    """What numbers are, as 1 or 0. Raises `Undecided` where a ball does not tell."""

    def apply(a: ArrayBall) -> ArrayBall:
        known = np.isfinite(a.mid) & np.isfinite(a.rad)
        if not np.all(known | (a.rad == 0)):
            raise Undecided
        return exactly(np.where(test(a.mid), 1.0, 0.0))

    return apply


isnan, isinf, isfinite = _settled(np.isnan), _settled(np.isinf), _settled(np.isfinite)


def _whole(function: Callable[[Any], Any]) -> Callable[[ArrayBall], ArrayBall]:
    """A function that gives integers. Raises `Undecided` where a ball does not tell which."""

    def apply(a: ArrayBall) -> ArrayBall:
        room = np.where(a.rad == 0, 0, a.rad * UP + EPSILON * magnitude(a.mid) + TINY)
        low, high = function(a.mid - room), function(a.mid + room)
        if not np.all(low == high):
            raise Undecided
        return ArrayBall(np.asarray(low), NONE)

    return apply


floor, ceil = _whole(np.floor), _whole(np.ceil)
