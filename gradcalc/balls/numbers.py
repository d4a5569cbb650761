"""Balls: numbers with rigorous bounds, comparisons of them, and scalar expressions as functions.

A ball is python-flint's `arb`, a midpoint and a radius, at the precision that flint's context has
when a function is called. Every result encloses the true one (Johansson, "Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic", 2017).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import flint
import sympy

from gradcalc.balls.special import SPECIAL
from gradcalc.expr.functions import FUNCTIONS
from gradcalc.expr.scalars import Where, closed
from gradcalc.expr.special import Special

KEPT = 4096
"""Functions that are kept for the next point."""

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
EVERYTHING = flint.arb(0, flint.arb.pos_inf())


def is_tight(ball: Ball) -> bool:
    """Whether a ball is sure of more bits than any float has, or tells no float from 0."""
    return bool(ball.rel_accuracy_bits() >= TIGHT or is_nothing(ball))


def is_nothing(ball: Ball) -> bool:
    """Whether no float tells any number of a ball from 0."""
    return bool(abs(ball) < flint.arb(2) ** NOTHING)


class Decisions:
    """Comparisons of balls, each true or false for all numbers in them.

    The same ball is the same number. Where two others overlap `Undecided` is raised; if `forced`,
    their midpoints decide, which is noted; or all are taken for larger (1), smaller (-1) or equal
    (0) as `tie` says.
    """

    def __init__(self, forced: bool = False, tie: int | None = None) -> None:
        self.forced = forced
        self.tie = tie
        self.guessed = False

    def lt(self, a: Ball, b: Ball) -> bool:
        """Whether a < b."""
        if a is b and a.is_finite():
            return False
        return True if a < b else False if a >= b else self._guess(a, b) < 0

    def le(self, a: Ball, b: Ball) -> bool:
        """Whether a <= b."""
        if a is b and a.is_finite():
            return True
        return True if a <= b else False if a > b else self._guess(a, b) <= 0

    def eq(self, a: Ball, b: Ball) -> bool:
        """Whether a == b."""
        if a is b and a.is_finite():
            return True
        return True if a == b else False if a != b else self._guess(a, b) == 0

    def sign(self, a: Ball) -> Ball:
        """-1, 0 or 1."""
        found = a.sgn()
        return found if found.is_exact() else flint.arb(self._guess(a, flint.arb(0)))

    def isnan(self, a: Ball) -> Ball:
        """Whether it is not a number, as 1 or 0."""
        return flint.arb(int(self._settled(a).is_nan()))

    def isinf(self, a: Ball) -> Ball:
        """Whether it is infinite, as 1 or 0."""
        settled = self._settled(a)
        return flint.arb(int(not settled.is_finite() and not settled.is_nan()))

    def isfinite(self, a: Ball) -> Ball:
        """Whether it is a finite number, as 1 or 0."""
        return flint.arb(int(self._settled(a).is_finite()))

    def _settled(self, a: Ball) -> Ball:
        """A ball that tells whether it is finite; more precision may bound what is not bounded."""
        if not (self.forced or a.is_finite() or a.is_exact()):
            raise Undecided
        return a

    def floor(self, a: Ball) -> Ball:
        """The largest integer that is not larger."""
        found = a.floor()
        return found if found.is_exact() else self._end(a).floor()

    def ceil(self, a: Ball) -> Ball:
        """The smallest integer that is not smaller."""
        found = a.ceil()
        return found if found.is_exact() else self._end(a).ceil()

    def asin(self, a: Ball) -> Ball:
        """The arcsine, of what rounding leaves of a number at its border too."""
        return self._bordered(flint.arb.asin, a, -1, 1)

    def acos(self, a: Ball) -> Ball:
        """The arccosine, in the same way."""
        return self._bordered(flint.arb.acos, a, -1, 1)

    def acosh(self, a: Ball) -> Ball:
        """The inverse of the hyperbolic cosine, in the same way."""
        return self._bordered(flint.arb.acosh, a, 1)

    def sqrt(self, a: Ball) -> Ball:
        """The square root, of what rounding leaves of 0 too."""
        if a.contains(0) and not a.is_exact() and a.is_finite():
            if not self.forced:
                raise Undecided
            # it is defined, or there would be no value, so that what is below 0 is only rounding
            return a.nonnegative_part().sqrt()
        return a.sqrt()

    def _bordered(
        self, function: Callable[[Ball], Ball], a: Ball, low: int, high: int | None = None
    ) -> Ball:
        """A monotonic function of a ball that may reach beyond its domain by its radius alone."""
        found = function(a)
        if found.is_finite() or a.is_exact() or not a.is_finite():
            return found
        ends = [max(a.lower(), flint.arb(low)), a.upper()]
        if high is not None:
            ends[1] = min(ends[1], flint.arb(high))
        if ends[0] > ends[1]:
            return found
        if not self.forced:
            raise Undecided
        # it is defined, or there would be no value
        first, second = map(function, ends)
        return first.union(second)

    def _end(self, a: Ball) -> Ball:
        (middle,) = self._middles(a)
        return middle if not self.tie else a.upper() if self.tie > 0 else a.lower()

    def _guess(self, a: Ball, b: Ball) -> int:
        first, second = self._middles(a, b)
        if self.tie is not None:
            return self.tie
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
    return _raised(base, exponent)


def whole_power(base: Ball, exponent: int | Ball) -> Ball:
    """A positive whole power, of a ball around 0 too, for which Arb gives NaN."""
    found = _raised(base, exponent)
    if not found.is_nan() or not base.is_finite():
        return found
    largest = base.abs_upper() ** exponent
    lowest = flint.arb(0) if int(float(exponent)) % 2 == 0 else -largest
    return lowest.union(largest)


def _raised(base: Ball, exponent: int | Ball) -> Ball:
    """Arb's power: an infinite middle with an infinite radius ends the process there."""
    wild = not base.is_finite() and not base.rad().is_finite()
    return (EVERYTHING if wild else base) ** exponent


# -- scalar expressions ------------------------------------------------------------------------

CALLS = {function.sympy.__name__: function.ball for function in FUNCTIONS if function.ball}
"""sympy's functions by name, and what does the same with balls."""

CONSTANTS = {"Pi": "arb.pi()", "Exp1": "arb.const_e()"}
"""sympy's constants by name, and what gives them."""

RELATIONS = {
    "StrictLessThan": "decide.lt({}, {})", "LessThan": "decide.le({}, {})",
    "StrictGreaterThan": "decide.lt({1}, {0})", "GreaterThan": "decide.le({1}, {0})",
    "Equality": "decide.eq({}, {})", "Unequality": "not decide.eq({}, {})",
    "And": "{} and {}", "Or": "{} or {}", "Xor": "({}) != ({})", "Not": "not {}",
}  # fmt: skip


class Source:
    """A sympy expression as Python source, its numbers by names of their own."""

    relations: Mapping[str, str] = RELATIONS

    def __init__(self) -> None:
        self.numbers: dict[str, Any] = {}

    def write(self, node: Any) -> str:
        if isinstance(node, sympy.Symbol):
            return str(node)
        if isinstance(node, sympy.Rational):
            return self.rational(int(node.p), int(node.q))
        if isinstance(node, sympy.Add):
            return f"({' + '.join(map(self.write, node.args))})"
        if isinstance(node, sympy.Mul):
            return self._product(node.args)
        if isinstance(node, sympy.Pow):
            return self._power(*node.args)
        if isinstance(node, Where):
            condition, yes, no = node.args
            return self.choice(self._condition(condition), self.write(yes), self.write(no))
        if isinstance(node, sympy.Piecewise):
            return self._cases(node)
        name = type(node).__name__
        if name in CONSTANTS:
            return CONSTANTS[name]
        if isinstance(node, Special) and name not in CALLS:
            return self.write(node.opened())
        if name not in CALLS:
            raise NotImplementedError(name)
        return f"{CALLS[name]}({', '.join(map(self.write, node.args))})"

    def _product(self, factors: Sequence[Any]) -> str:
        """A product over another: a third of three times a number is that number, by balls too."""
        above: list[str] = []
        below: list[str] = []
        for factor in factors:
            if isinstance(factor, sympy.Rational):
                p, q = int(factor.p), int(factor.q)
                above += [self.rational(p, 1)] if p != 1 else []
                below += [self.rational(q, 1)] if q != 1 else []
            elif factor.is_Pow and isinstance(factor.exp, sympy.Rational) and factor.exp < 0:
                below.append(self._power(factor.base, -factor.exp))
            else:
                above.append(self.write(factor))
        numerator = "*".join(above or [self.rational(1, 1)])
        return f"({numerator}/({'*'.join(below)}))" if below else f"({numerator})"

    def rational(self, p: int, q: int) -> str:
        """The name of a number, or what gives it."""
        if q != 1:
            return f"({self.rational(p, 1)}/{self.rational(q, 1)})"
        name = f"_m{-p}" if p < 0 else f"_{p}"
        self.numbers[name] = flint.arb(p)
        return name

    def _power(self, base: Any, exponent: Any) -> str:
        text = self.write(base)
        if isinstance(exponent, sympy.Rational) and exponent < 0:
            return f"({self.rational(1, 1)}/{self._power(base, -exponent)})"
        if exponent == 1:
            return text
        if isinstance(exponent, sympy.Integer):
            return f"whole_power({text}, {exponent})"
        if isinstance(exponent, sympy.Rational) and exponent.q == 2:
            root = f"decide.sqrt({text})"
            return root if exponent.p == 1 else f"{root}**{exponent.p}"
        return f"power({text}, {self.write(exponent)})"

    def _cases(self, node: Any) -> str:
        text = "nan"
        for value, condition in reversed(node.args):
            if condition == sympy.true:
                text = self.write(value)
            else:
                text = self.choice(self._condition(condition), self.write(value), text)
        return text

    def choice(self, condition: str, value: str, other: str) -> str:
        """One text where the condition holds, else the other."""
        return f"({value} if {condition} else {other})"

    def _condition(self, node: Any) -> str:
        if node in (sympy.true, sympy.false):
            return str(bool(node))
        name = type(node).__name__
        if name not in self.relations:
            raise NotImplementedError(name)
        if name in ("And", "Or", "Xor", "Not"):
            parts = [f"({self._condition(part)})" for part in node.args]
            text = parts[0] if len(parts) > 1 else self.relations[name].format(parts[0])
            for part in parts[1:]:
                text = f"({self.relations[name].format(text, part)})"
            return text
        return self.relations[name].format(*map(self.write, node.args))


@lru_cache(maxsize=KEPT)
def compiled(symbols: tuple[Any, ...], body: Any) -> Callable[[Decisions], Callable[..., Ball]]:
    """A scalar expression: what gives, for some `Decisions`, its function of balls.

    It takes those that the symbols stand for, and gives NaN where it meets what is not defined.
    Raises `OutOfReach` where there is something in it that balls do not know.
    """
    source = Source()
    try:
        text = source.write(closed(body))
    except NotImplementedError as unknown:
        raise OutOfReach(
            f"there is a form here that the check cannot compute ({unknown})"
        ) from unknown
    space: dict[str, Any] = {
        **{name: getattr(flint.arb, name) for name in CALLS.values() if hasattr(flint.arb, name)},
        **SPECIAL, **source.numbers,
        "arb": flint.arb, "abs": abs, "nan": NAN, "power": power, "whole_power": whole_power,
    }  # fmt: skip
    # the source is made from a row's own definition, never from what a user typed
    make: Any = eval(f"lambda decide: lambda {', '.join(map(str, symbols))}: {text}", space)

    def guarded(decisions: Decisions) -> Callable[..., Ball]:
        function = make(decisions)

        def call(*balls: Ball) -> Ball:
            try:
                return function(*balls)
            except Undefined:
                return NAN

        return call

    # only what decides something meets what it cannot decide
    found: Callable[[Decisions], Callable[..., Ball]] = guarded if "decide." in text else make
    return found
