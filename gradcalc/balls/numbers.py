"""Balls: numbers with rigorous bounds, and comparisons of them.

A ball is python-flint's `arb`, a midpoint and a radius, at the precision that flint's context has
when a function is called. Every result encloses the true one (Johansson, "Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic", 2017).
"""

from typing import Any

import flint

Ball = Any
"""python-flint's `arb`."""


class OutOfReach(Exception):
    """The calculation met what it cannot do."""


class TooLarge(OutOfReach):
    """The calculation would take more numbers or more time than it may."""


def beyond(largest: int) -> str:
    """Why a run is too large."""
    return f"the enclosure of every element ends at {largest:,} numbers"


class Undecided(Exception):
    """Two balls overlap that have to be told apart: it takes more precision."""


class Undefined(Exception):
    """A number that is not defined was compared."""


TIGHT = 60
"""Bits of an element of a gradient that a tight enclosure is sure of."""

NOTHING = -1130
"""The power of 2 below which no float tells a number from 0."""

NAN = flint.arb.nan()


def is_tight(ball: Ball) -> bool:
    """Whether a ball is sure of more bits than any float has, or tells no float from 0."""
    return bool(ball.rel_accuracy_bits() >= TIGHT or is_nothing(ball))


def is_nothing(ball: Ball) -> bool:
    """Whether no float tells any number of a ball from 0."""
    return bool(abs(ball) < flint.arb(2) ** NOTHING)


class Decisions:
    """Comparisons of balls, each true or false for all numbers in them.

    Where they overlap `Undecided` is raised; if `forced`, their midpoints decide, which is noted.
    """

    def __init__(self, forced: bool = False) -> None:
        self.forced = forced
        self.guessed = False

    def lt(self, a: Ball, b: Ball) -> bool:
        """Whether a < b."""
        return True if a < b else False if a >= b else self._guess(a, b) < 0

    def le(self, a: Ball, b: Ball) -> bool:
        """Whether a <= b."""
        return True if a <= b else False if a > b else self._guess(a, b) <= 0

    def eq(self, a: Ball, b: Ball) -> bool:
        """Whether a == b."""
        return True if a == b else False if a != b else self._guess(a, b) == 0

    def sign(self, a: Ball) -> Ball:
        """-1, 0 or 1."""
        found = a.sgn()
        return found if found.is_exact() else flint.arb(self._guess(a, flint.arb(0)))

    def floor(self, a: Ball) -> Ball:
        """The largest integer that is not larger."""
        found = a.floor()
        return found if found.is_exact() else self._middles(a)[0].floor()

    def ceil(self, a: Ball) -> Ball:
        """The smallest integer that is not smaller."""
        found = a.ceil()
        return found if found.is_exact() else self._middles(a)[0].ceil()

    def sqrt(self, a: Ball) -> Ball:
        """The square root, of what rounding leaves of 0 too."""
        if a.contains(0) and not a.is_exact() and a.is_finite():
            if not self.forced:
                raise Undecided
            # it is defined, or there would be no value, so that what is below 0 is only rounding
            return a.nonnegative_part().sqrt()
        return a.sqrt()

    def _guess(self, a: Ball, b: Ball) -> int:
        first, second = self._middles(a, b)
        difference = first - second
        return 1 if difference > 0 else -1 if difference < 0 else 0

    def _middles(self, *balls: Ball) -> list[Ball]:
        if any(ball.is_nan() for ball in balls):
            raise Undefined
        if not self.forced:
            raise Undecided
        if not all(ball.is_finite() for ball in balls):
            raise Undefined
        self.guessed = True
        return [ball.mid() for ball in balls]


def power(base: Ball, exponent: Ball) -> Ball:
    """A real power; 0 to a positive one is 0, a negative number has only whole ones."""
    if exponent.is_zero():
        return flint.arb(1)
    if base.is_zero():
        return base if exponent > 0 else NAN
    if exponent.is_integer() and exponent > 0:
        return whole_power(base, exponent)
    return base**exponent


def whole_power(base: Ball, exponent: int | Ball) -> Ball:
    """A positive whole power, of a ball around 0 too, for which Arb gives NaN."""
    found = base**exponent
    if not found.is_nan() or not base.is_finite():
        return found
    largest = base.abs_upper() ** exponent
    lowest = flint.arb(0) if int(float(exponent)) % 2 == 0 else -largest
    return lowest.union(largest)
