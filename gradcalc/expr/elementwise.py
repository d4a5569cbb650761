"""Scalar expressions as functions of numpy arrays of floats, computed so that few digits are lost.

An expression is gone through once; what comes of it runs at any number of points.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from gradcalc.expr.functions import FUNCTIONS, RELATIONS
from gradcalc.expr.scalars import Head, Where, closed, is_indicator

KEPT = 4096
"""Functions that are kept for the next point."""

WIDE_DIGITS = 25
"""Digits of fixed numbers, more than any long double of the usual kind has."""

Known = list[Any]
"""The operands, then the parts that have been computed, None for those that have not."""

Part = Callable[[Known], Any]
"""Gives the value of one part of an expression."""


COMPUTED: Mapping[Any, Callable[..., Any]] = {
    **{function.sympy: function.floats for function in FUNCTIONS if function.floats is not None},
    sympy.Not: np.logical_not,
}
"""sympy's functions as functions of arrays."""

NARROW = tuple(function.sympy for function in FUNCTIONS if not function.wide)
"""Functions that no library computes in wide floats."""

LOGIC: Mapping[Any, Callable[..., Any]] = {
    sympy.And: np.logical_and, sympy.Or: np.logical_or, sympy.Xor: np.logical_xor,
}  # fmt: skip


def is_narrow(body: Any) -> bool:
    """Whether there is something in an expression that is computed in float64 at the most."""
    return bool(closed(body).has(*NARROW))


@dataclass(frozen=True, slots=True)
class Precision:
    """How numbers are computed: with `wide` fixed numbers as long doubles.

    Each result within an expression is changed by about `noise`, in relation to it.
    """

    wide: bool = False
    noise: float = 0.0

    def number(self, value: Any) -> Any:
        """A fixed number of sympy's, or a whole one. Raises `OverflowError`."""
        near = float(value)
        if not self.wide or not math.isfinite(near) or value == near:
            return near
        return np.longdouble(str(sympy.N(value, WIDE_DIGITS)))

    def shaken(self, compute: "Part", place: int) -> "Part":
        """The computation of a part, its result changed if there is noise."""
        if not self.noise:
            return compute
        # of either sign, and never by the same
        factor = 1 + np.longdouble(self.noise) * (-1) ** place / (1 + place % 7 / 7)

        def changed(known: Known) -> Any:
            value = compute(known)
            return value if np.asarray(value).dtype == bool else value * factor

        return changed


PLAIN = Precision()


@lru_cache(maxsize=KEPT)
def compiled(
    symbols: tuple[Any, ...], body: Any, precision: Precision = PLAIN
) -> Callable[[Sequence[Any]], Any]:
    """An expression as a function of the arrays that its symbols stand for, in their order.

    The function raises `KeyError` for what has no such function.
    """
    maker = _Maker(symbols, precision)
    root = maker.part(body)
    room = [None] * maker.parts

    def run(values: Sequence[Any]) -> Any:
        return root([*values, *room])

    return run


class _Maker:
    """Makes the function of one expression, which computes each part of it once at the most."""

    def __init__(self, symbols: Sequence[Any], precision: Precision) -> None:
        self.parts = 0
        self._precision = precision
        self._symbols = tuple(symbols)
        self._first = len(symbols)
        self._made: dict[Any, Part] = {s: operator.itemgetter(k) for k, s in enumerate(symbols)}

    def part(self, expression: Any) -> Part:
        """What gives the value of a part."""
        made = self._made.get(expression)
        if made is None:
            made = self._made[expression] = self._kept(expression)
        return made

    def _kept(self, expression: Any) -> Part:
        if expression.is_number and not expression.has(Head, Where):
            return _fixed(self._precision.number(expression))
        compute = self._precision.shaken(self._compute(expression), self.parts)
        place = self._first + self.parts
        self.parts += 1

        def value(known: Known) -> Any:
            found = known[place]
            if found is None:
                found = known[place] = compute(known)
            return found

        return value

    def _compute(self, part: Any) -> Part:
        if part.is_Add:
            return self._sum(part)
        if part.is_Mul:
            return self._product(part)
        if part.is_Pow:
            return self._power(part.base, part.exp)
        if isinstance(part, sympy.log):
            return self._log(part.args[0])
        if isinstance(part, Where):
            return _choice(*map(self.part, part.args))
        if isinstance(part, Head):
            values = [self.part(argument) for argument in part.args]
            body = compiled(part.symbols, part.body, self._precision)
            return lambda known: body([value(known) for value in values])
        return self._rare(part)

    def _rare(self, part: Any) -> Part:
        kind = type(part)
        if isinstance(part, sympy.Piecewise):
            result = _fixed(np.nan)
            for value, condition in reversed(part.args):
                result = _choice(self.part(condition), self.part(value), result)
            return result
        if part in (sympy.true, sympy.false):
            return _fixed(part == sympy.true)
        if isinstance(part, sympy.polygamma):
            order = int(part.args[0])
            return _called(lambda x: COMPUTED[kind](order, x), [self.part(part.args[1])])
        if kind in LOGIC:
            return _folded(LOGIC[kind], [self.part(argument) for argument in part.args])
        _, function = RELATIONS.get(kind, ("", COMPUTED.get(kind)))
        if function is None:
            return lambda known: _unknown(kind)
        return _called(function, [self.part(argument) for argument in part.args])

    def _sum(self, part: Any) -> Part:
        exact = without_cancellation(part)
        if exact is not None:
            return self.part(exact)
        if sympy.Integer(-1) in part.args and len(part.args) == 2:
            (other,) = (a for a in part.args if a != -1)
            if isinstance(other, sympy.exp):
                return _called(np.expm1, [self.part(other.args[0])])
        return _folded(operator.add, [self.part(term) for term in part.args])

    def _product(self, part: Any) -> Part:
        conditions = [factor.args[0] for factor in part.args if is_indicator(factor)]
        if conditions:
            rest = sympy.Mul(*[factor for factor in part.args if not is_indicator(factor)])
            operands = [self.part(sympy.And(*conditions)), self.part(rest)]
            return _called(lambda holds, value: np.where(holds, value, 0.0), operands)
        above: list[Part] = []
        below: list[Part] = []
        for factor in part.args:
            if factor.is_Rational:
                above += [self._whole(factor.p)] if factor.p != 1 else []
                below += [self._whole(factor.q)] if factor.q != 1 else []
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                below.append(self._power(factor.base, -factor.exp))
            else:
                above.append(self.part(factor))
        numerator = _folded(operator.mul, above or [_fixed(1.0)])
        if not below:
            return numerator
        return _called(operator.truediv, [numerator, _folded(operator.mul, below)])

    def _whole(self, value: int) -> Part:
        try:
            return _fixed(self._precision.number(value))
        except OverflowError:
            return _fixed(np.inf if value > 0 else -np.inf)

    def _power(self, base: Any, exponent: Any) -> Part:
        below = self.part(base)
        if exponent == 1:
            return below
        if exponent.is_Rational and exponent < 0:
            return _called(lambda x: 1.0 / x, [self._power(base, -exponent)])
        if exponent == 2:
            return _called(lambda x: x * x, [below])
        if exponent == sympy.Rational(1, 2):
            return _called(np.sqrt, [below])
        if exponent.is_number:
            fixed = self._precision.number(exponent)
            return _called(lambda x: np.power(x, fixed), [below])
        return _called(np.power, [below, self._as_it_is(exponent)])

    def _as_it_is(self, expression: Any) -> Part:
        """A part without noise: with an exponent that is not whole some powers have no value."""
        if not self._precision.noise:
            return self.part(expression)
        body = compiled(self._symbols, expression, replace(self._precision, noise=0.0))
        return lambda known: body(known[: self._first])

    def _log(self, inner: Any) -> Part:
        if inner.is_Add and len(inner.args) == 2:
            logs = [logarithm(a) for a in inner.args]
            if all(log is not None for log in logs) and not all(a.is_number for a in inner.args):
                return _called(np.logaddexp, [self.part(log) for log in logs])
        if inner.is_Add and sympy.Integer(1) in inner.args:
            return _called(np.log1p, [self.part(inner - 1)])
        return _called(np.log, [self.part(inner)])


def _fixed(number: Any) -> Part:
    return lambda known: number


def _called(function: Callable[..., Any], operands: Sequence[Part]) -> Part:
    if len(operands) == 1:
        (only,) = operands
        return lambda known: function(only(known))
    if len(operands) == 2:
        first, second = operands
        return lambda known: function(first(known), second(known))
    return lambda known: function(*[operand(known) for operand in operands])


def _folded(join: Callable[[Any, Any], Any], operands: Sequence[Part]) -> Part:
    """All operands joined, from the left."""
    first, *rest = operands
    for other in rest:
        first = _called(join, [first, other])
    return first


def _choice(condition: Part, yes: Part, no: Part) -> Part:
    """One of two values by a condition; only that one where all elements have the same."""

    def choose(known: Known) -> Any:
        holds = condition(known)
        if np.ndim(holds) == 0:
            return yes(known) if holds else no(known)
        other = no(known)
        return np.where(holds, yes(known), other)

    return choose


def _unknown(kind: Any) -> Any:
    raise KeyError(kind)


def logarithm(part: Any) -> Any | None:
    """What a part is the exponential of, if that is plain to see."""
    if isinstance(part, sympy.exp):
        return part.args[0]
    return sympy.Integer(0) if part == 1 else None


def without_cancellation(part: Any) -> Any | None:
    """`1 - tanh(u)**2` and the like in a form that loses no digits."""
    if len(part.args) != 2 or sympy.Integer(1) not in part.args:
        return None
    (other,) = (a for a in part.args if a != 1)
    coefficient, rest = other.as_coeff_Mul()
    if isinstance(rest, sympy.erf):
        return sympy.erfc(-coefficient * rest.args[0]) if abs(coefficient) == 1 else None
    if coefficient != -1:
        return None
    if rest.is_Pow and rest.exp == 2 and isinstance(rest.base, sympy.tanh):
        return sympy.cosh(rest.base.args[0]) ** -2
    if isinstance(rest, Head) and rest.spelled == "sigmoid":
        return rest.func(-rest.args[0])
    return None
