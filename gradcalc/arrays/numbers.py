"""Whole arrays of balls: midpoints in the widest floats there are, radii in float64.

Midpoint-radius arithmetic (Rump, "Fast and parallel interval arithmetic", BIT 39, 1999) on numpy
arrays: each operation is done on the midpoints, rounded to nearest, and the radius takes in what
its operands' radii and the rounding can do to the result. Few digits beside python-flint's balls,
but a million at a time.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.balls.numbers import Undecided

Wide = NDArray[np.longdouble]
Floats = NDArray[np.float64]

EPSILON = max(float(np.finfo(np.longdouble).eps), 2.0**-63)
"""The error of one operation on midpoints, in relation to the result: twice the unit roundoff, and
no less for floats of another make than x86's (a pair of doubles is not rounded as IEEE says)."""

UP = 1 + 2.0**-44
"""Makes a result of up to 250 operations in float64 an upper bound: (1 + u)^k <= 1 + 2ku (Higham,
Accuracy and Stability of Numerical Algorithms, 2002, section 3.1)."""

DOWN = 1 - 2.0**-44

TINY = float(np.finfo(np.float64).tiny)
"""More than what underflow can do to a radius, or to a midpoint."""

ROOMY = np.finfo(np.longdouble).minexp < 8 * np.finfo(np.float64).minexp
"""Whether midpoints have so much room that what float64 holds never underflows in a product."""

MODERATE = 100
"""The largest exponent of a power of 2 that scales without a thought."""

NONE = np.zeros(())
"""The radius of what is exact."""
NONE.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class ArrayBall:
    """An array of balls. `rad` has the shape of `mid`, or is one number for all elements.

    A radius that is infinite or NaN says that nothing is known. numpy's own functions take such
    arrays as far as `gradcalc.arrays.along` knows them.
    """

    mid: Wide
    rad: Floats

    def __post_init__(self) -> None:
        assert self.rad.ndim == 0 or self.rad.shape == self.mid.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the array."""
        return self.mid.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.mid.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.mid.size

    @property
    def exact(self) -> bool:
        """Whether every ball is known to be a single number."""
        return self.rad.ndim == 0 and self.rad == 0

    # -- elements moved about ----------------------------------------------------------------

    def moved(self, move: Callable[[Any], Any]) -> "ArrayBall":
        """The elements somewhere else."""
        if self.exact:
            return ArrayBall(np.asarray(move(self.mid)), NONE)
        rad = self.rad if self.rad.ndim else np.broadcast_to(self.rad, self.shape)
        return ArrayBall(np.asarray(move(self.mid)), np.asarray(move(rad)))

    def reshape(self, *shape: Any) -> "ArrayBall":
        """The same elements in a row, in another shape."""
        return self.moved(lambda v: v.reshape(*shape))

    def transpose(self, *order: Any) -> "ArrayBall":
        """The dimensions in another order."""
        return self.moved(lambda v: v.transpose(*order))

    def diagonal(self, *place: int) -> "ArrayBall":
        """A diagonal."""
        return self.moved(lambda v: v.diagonal(*place))

    def copy(self) -> "ArrayBall":
        """An array of its own, to be written to."""
        return ArrayBall(self.mid.copy(), np.array(np.broadcast_to(self.rad, self.shape)))

    def __getitem__(self, key: Any) -> "ArrayBall":
        return self.moved(lambda v: v[key])

    def __setitem__(self, key: Any, value: "ArrayBall") -> None:
        """Put elements into an array of its own."""
        self.mid[key] = value.mid
        self.rad[key] = value.rad

    # -- numpy's functions -------------------------------------------------------------------

    __array_ufunc__ = None
    """An array of floats leaves arithmetic with balls to them."""

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        # which are made of such arrays themselves
        from gradcalc.arrays.along import FUNCTIONS

        found = FUNCTIONS.get(function)
        return NotImplemented if found is None else found(*args, **kwargs)

    # -- arithmetic --------------------------------------------------------------------------

    def __add__(self, other: "ArrayBall") -> "ArrayBall":
        return _sum(operator.add, self, other)

    def __sub__(self, other: "ArrayBall") -> "ArrayBall":
        return _sum(operator.sub, self, other)

    def __mul__(self, other: "ArrayBall") -> "ArrayBall":
        mid = self.mid * other.mid
        if _is_exact(operator.mul, self, other, mid):
            return ArrayBall(np.asarray(mid), NONE)
        for factor, ball in ((self, other), (other, self)):
            if _is_power_of_two(factor):
                return _scaled(np.asarray(mid), factor, ball)
        rad = EPSILON * magnitude(mid)
        # what is exact adds nothing, and costs nothing
        if not other.exact:
            rad = rad + (magnitude(self.mid) + TINY) * other.rad
        if not self.exact:
            rad = rad + self.rad * (magnitude(other.mid) + TINY + other.rad)
        return made(mid, rad)

    def __truediv__(self, other: "ArrayBall") -> "ArrayBall":
        mid = self.mid / other.mid
        if _is_exact(operator.truediv, self, other, mid):
            return ArrayBall(np.asarray(mid), NONE)
        size = magnitude(mid)
        if self.exact and other.exact:
            return made(mid, EPSILON * size)
        # |a'/b' - a/b| = |a'b - ab'|/|bb'| <= (ra + |a/b| rb)/(|b| - rb)
        least = lowest(other)
        room = (self.rad + size * other.rad) * UP + TINY
        return made(mid, EPSILON * size + np.where(least > 0, room / least, np.inf))

    def __pow__(self, exponent: int) -> "ArrayBall":
        """A whole power, by squaring."""
        if exponent < 0:
            return number(1) / self**-exponent
        power, square = None, self
        while exponent:
            if exponent & 1:
                power = square if power is None else power * square
            exponent >>= 1
            square = square * square if exponent else square
        return ArrayBall(np.ones_like(self.mid), NONE) if power is None else power

    # the condition of a row (`Elementwise.usual`) is written for any numbers

    def __rmul__(self, other: Any) -> "ArrayBall":
        return ball(other) * self

    def __le__(self, other: Any) -> Any:
        return le(self, ball(other))

    def __neg__(self) -> "ArrayBall":
        return ArrayBall(np.asarray(-self.mid), self.rad)

    def __abs__(self) -> "ArrayBall":
        return ArrayBall(np.asarray(np.abs(self.mid)), self.rad)


def ball(values: Any) -> ArrayBall:
    """What is one already, or floats as they are."""
    return values if isinstance(values, ArrayBall) else exactly(values)


def made(mid: Any, rad: Any) -> ArrayBall:
    """A ball whose radius was computed to nearest: its own rounding and underflow are added."""
    return ArrayBall(np.asarray(mid), np.asarray(rad * UP + TINY, dtype=np.float64))


def exactly(values: Any) -> ArrayBall:
    """Floats as they are."""
    return ArrayBall(np.asarray(values, dtype=np.longdouble), NONE)


def number(p: int, q: int = 1) -> ArrayBall:
    """A rational number."""
    true = Fraction(p, q)
    high = _nearest(true)
    low = _nearest(true - Fraction(high))
    mid = np.longdouble(high) + np.longdouble(low)
    rest = abs(true - _fraction(mid))
    return exactly(mid) if not rest else made(mid, _nearest(rest, np.inf))


def _nearest(value: Fraction, beyond: float = 0.0) -> float:
    try:
        return float(value)
    except OverflowError:
        return beyond


def _fraction(value: Any) -> Fraction:
    return Fraction(*value.as_integer_ratio())


def magnitude(mid: Any) -> Floats:
    """The sizes of midpoints as float64, not below the true ones by more than `UP` and `TINY`."""
    return np.asarray(np.abs(np.asarray(mid).astype(np.float64)))


def lowest(ball: ArrayBall) -> Floats:
    """The least size that an element can have, rounded down; 0 where it can be 0."""
    return np.maximum(magnitude(ball.mid) * DOWN - TINY - ball.rad, 0) * DOWN


def highest(ball: ArrayBall) -> Floats:
    """The largest size that an element can have, rounded up."""
    return np.asarray((magnitude(ball.mid) + ball.rad) * UP + TINY)


def _sum(add: Callable[[Any, Any], Any], first: ArrayBall, second: ArrayBall) -> ArrayBall:
    mid = add(first.mid, second.mid)
    if _is_exact(add, first, second, mid):
        return ArrayBall(np.asarray(mid), NONE)
    found = made(mid, first.rad + second.rad + EPSILON * magnitude(mid))
    if first.exact and second.exact:
        # gradual underflow rounds no difference to 0, which labels of 0 and 1 often give
        return ArrayBall(found.mid, np.asarray(np.where(found.mid == 0, 0.0, found.rad)))
    return found


def _is_power_of_two(ball: ArrayBall) -> bool:
    """Whether a product with it is not rounded: one number, such as 1, 2 or a half."""
    if ball.mid.ndim or not ball.exact or not ROOMY:
        return False
    mantissa, exponent = np.frexp(ball.mid)
    return bool(abs(mantissa) == 0.5 and abs(exponent) <= MODERATE)


def _scaled(mid: Wide, factor: ArrayBall, ball: ArrayBall) -> ArrayBall:
    rad = ball.rad * magnitude(factor.mid)
    # what was scaled before may be far below any float64
    if not np.all((np.abs(mid) >= TINY) | (ball.mid == 0)):
        return made(mid, rad + EPSILON * magnitude(mid))
    return ArrayBall(mid, NONE) if ball.exact else made(mid, rad)


def _is_exact(
    operation: Callable[[Any, Any], Any], first: ArrayBall, second: ArrayBall, result: Any
) -> bool:
    """Whether a single number came out without rounding, as counts and exponents do."""
    if np.ndim(result) or not (first.exact and second.exact and np.isfinite(result)):
        return False
    operands = [_fraction(np.longdouble(ball.mid)) for ball in (first, second)]
    return bool(operation(*operands) == _fraction(np.longdouble(result)))


# -- comparisons -------------------------------------------------------------------------------


def _comparison(holds: Callable[[Any, Any], Any]) -> Callable[[ArrayBall, ArrayBall], Any]:
    """Where something holds of all numbers in two balls.

    Raises `Undecided` where balls overlap that are not the same number.
    """

    def compare(x: ArrayBall, y: ArrayBall) -> Any:
        difference = x.mid - y.mid
        if x.exact and y.exact:
            # gradual underflow leaves no difference that is rounded to 0, and one that is infinite
            # has the right sign
            certain = ~np.isnan(difference)
        else:
            room = x.rad + y.rad
            certain = (np.abs(difference) * DOWN * DOWN > room) | ((room == 0) & (difference == 0))
        if not np.all(certain):
            raise Undecided
        return holds(difference, 0)

    return compare


lt, le, eq = _comparison(operator.lt), _comparison(operator.le), _comparison(operator.eq)


def select(condition: Any, a: ArrayBall, b: ArrayBall) -> ArrayBall:
    """One ball where the condition holds, else the other, whatever that is."""
    mid = np.where(condition, a.mid, b.mid)
    if a.exact and b.exact:
        return ArrayBall(mid, NONE)
    return ArrayBall(mid, np.array(np.broadcast_to(np.where(condition, a.rad, b.rad), mid.shape)))
