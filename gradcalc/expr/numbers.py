"""Numbers in formulas: decimals or fractions, and what several of them come to."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.parts import Ordering
from gradcalc.expr.scalars import times
from gradcalc.expr.written import ATOM, NEGATIVE, PRODUCT, Text, Unprintable

LONGEST_NUMBER = 53
"""Bits of a numerator or denominator that is written as such, not as the nearest float."""

PLAIN = 12
"""Digits of a number that people write: a float next to one of them is meant to be it."""

HUGE = 10**300
"""What numbers are below that floats can be."""

MOST_FOLDED = 2
"""Powers of a fixed number up to which it is multiplied out."""

NEXT = 2
"""How many floats off a number is that a few operations on typed numbers have given."""


LARGEST_NUMBER = 262_144
"""Bits of a numerator or denominator that are still worth a float."""


class Numbers(Ordering):
    """Writes numbers.

    `decimals` are those that the user has written: where there are any, they are preferred to
    fractions, and none of them is taken for another number.
    """

    def __init__(
        self, nodes: Mapping[Any, Node], shapes: Mapping[str, Shape], decimals: frozenset[float]
    ) -> None:
        super().__init__(nodes, shapes)
        self._decimals = decimals

    def _rational(self, value: Any) -> Text:
        bits = max(abs(value.p), value.q).bit_length()
        if bits > LARGEST_NUMBER:
            raise Unprintable(f"a number in it has {bits * math.log10(2):,.0f} digits")
        long = bits > LONGEST_NUMBER
        if value.is_Integer and not long:
            text = str(value)
        else:
            near = float(value) if long else value.p / value.q
            if math.isinf(near) or (near == 0 and value != 0):
                raise Unprintable("a number in it is beyond the range of floats")
            text = self._decimal(near)
            fraction = text + "?" if long else f"{value.p}/{value.q}"
            if not (self._decimals and len(text) <= 8) and len(fraction) <= len(text):
                return Text(fraction, PRODUCT)
        return Text(text, NEGATIVE if value < 0 else ATOM)

    def _decimal(self, value: float) -> str:
        """`0.3` for what 0.1*3 comes to; a number that the user has typed as it is."""
        plain = float(f"{value:.{PLAIN}g}")
        near = abs(plain - value) <= NEXT * np.spacing(abs(value))
        return repr(plain if near and abs(value) not in self._decimals else value)

    def _as_decimal(self, value: Any) -> bool:
        """Whether a number is written as a decimal, in one piece."""
        if value.q == 1:
            return bool(abs(value.p).bit_length() > LONGEST_NUMBER)
        return self._rational(value).level != PRODUCT

    def _fixed(self, part: Any) -> Fraction | None:
        """The number that a part is, small ones being nodes of their own; None if it is none."""
        if part.is_Rational:
            return Fraction(part.p, part.q)
        if part.is_Add or part.is_Mul:
            known = []
            for inner in part.args:
                number = self._fixed(inner)
                if number is None:
                    return None
                known.append(number)
            return sum(known, Fraction(0)) if part.is_Add else math.prod(known, start=Fraction(1))
        base, exponent = part.as_base_exp()
        node = self._nodes.get(base)
        if node is None or node.op is not ops.LITERAL or node.shape != ():
            return None
        value = float(node["data"].array)
        plain = np.isfinite(value) and exponent.is_Integer and 0 < exponent <= MOST_FOLDED
        return Fraction(self._decimal(value)) ** int(exponent) if plain else None

    def _folded(self, term: Any) -> Any:
        """`3*1e-07*x` as `3e-07*x`, if a float is that number exactly."""
        factors = sympy.Mul.make_args(term)
        fixed = {factor: number for factor in factors if (number := self._fixed(factor))}
        apart = [number for factor, number in fixed.items() if not factor.is_Rational]
        number = math.prod(fixed.values(), start=Fraction(1))
        # one alone stands as it is, unless its minus is to go in front
        if not apart or (len(fixed) == 1 and apart[0] > 0) or not is_decimal(number):
            return term
        rest = sympy.Mul(*[factor for factor in factors if factor not in fixed])
        return times(as_rational(number), rest)

    def _terms(self, terms: Sequence[Any]) -> Sequence[Any]:
        """The terms of a sum with one number each, and one term that is a number."""
        fixed = {term: number for term in terms if (number := self._fixed(term))}
        total = sum(fixed.values(), Fraction(0))
        numbers: Sequence[Any] = list(fixed)
        if len(fixed) > 1 and total and is_decimal(total):
            numbers = [as_rational(total)]
        found = [*(self._folded(term) for term in terms if term not in fixed), *numbers]
        # equal terms would be taken for one
        return found if len(set(found)) == len(found) else terms


def as_rational(number: Fraction) -> Any:
    """A fraction as sympy has it."""
    return sympy.Rational(number.numerator, number.denominator)


def is_decimal(number: Fraction) -> bool:
    """Whether a float is written as exactly that number."""
    return abs(number) < HUGE and Fraction(repr(float(number))) == number
