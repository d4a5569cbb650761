"""Scalar expressions: the sympy side of a function of elements, written as people write it."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np
import sympy

from gradcalc.expr.written import Unprintable

BIGGEST = 10**40
"""Numbers above which a constant is not worked out."""

PARTS = 4096
"""Parts of expressions that are kept with what they are rewritten to, as most come again."""

PIECEWISE = (
    sympy.Piecewise, sympy.Abs, sympy.sign, sympy.Heaviside, sympy.floor, sympy.ceiling,
    sympy.Max, sympy.Min, sympy.core.relational.Relational,
)  # fmt: skip
"""What sympy writes functions with that are made of pieces."""

PI_PARTS = 360
"""The largest numerator and denominator of a fraction of pi that is recognised."""


class Head(sympy.Function):  # type: ignore[misc]
    """A function that formulas call by its gradcalc name, sympy knowing nothing of it.

    Each has a class of its own, made by `head`: `spelled` is the name, `keywords` the names that
    operands need in front of them (or None), `words` are the fixed arguments by name, `symbols`
    and `body` its definition.
    """

    spelled: str = ""
    keywords: tuple[str | None, ...] = ()
    words: tuple[tuple[str, Any], ...] = ()
    symbols: tuple[Any, ...] = ()
    body: Any = None

    def _eval_is_extended_real(self) -> bool:
        return True

    def opened(self) -> Any:
        """The definition with the arguments filled in."""
        return self.body.xreplace(dict(zip(self.symbols, self.args, strict=True)))

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative of the definition by an argument, which sympy counts from 1."""
        derivative = sympy.diff(self.body, self.symbols[argindex - 1])
        return opened(derivative).xreplace(dict(zip(self.symbols, self.args, strict=True)))


@cache
def head(
    name: str,
    keywords: tuple[str | None, ...],
    words: tuple[tuple[str, Any], ...],
    symbols: tuple[Any, ...],
    body: Any,
) -> type[Head]:
    """The function of that name, fixed arguments and definition."""
    known = {"keywords": keywords, "words": words, "symbols": symbols, "body": body}
    return type(name, (Head,), {**known, "spelled": name, "nargs": len(symbols)})


_X = sympy.Symbol("_x", real=True)
sigmoid = head("sigmoid", (None,), (), (_X,), 1 / (1 + sympy.exp(-_X)))


class Where(sympy.Function):  # type: ignore[misc]
    """A choice by a condition. sympy's own thinks long about its conditions; this one does not."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Any, yes: Any, no: Any) -> Any:
        """The choice itself where there is one, None to leave it open."""
        plain = plain_condition(condition)
        if plain == sympy.true or yes == no:
            return yes
        if (yes, no) == (0, 1):
            return cls(plain_condition(sympy.Not(plain)), no, yes)
        if plain == sympy.false:
            return no
        return None if plain == condition else cls(plain, yes, no)

    def _eval_derivative(self, symbol: Any) -> Any:
        condition, yes, no = self.args
        return Where(condition, yes.diff(symbol), no.diff(symbol))

    def _eval_is_extended_real(self) -> bool:
        return True


def is_indicator(factor: Any) -> bool:
    """Whether a factor is a condition as 1 or 0."""
    return isinstance(factor, Where) and factor.args[1:] == (1, 0)


def plain_condition(condition: Any) -> Any:
    """A condition on truth values as a condition on what they come from."""
    if isinstance(condition, sympy.Ne | sympy.Eq) and is_indicator(condition.lhs):
        if condition.rhs != 0:
            return condition
        inner = condition.lhs.args[0]
        return inner if isinstance(condition, sympy.Ne) else sympy.Not(inner)
    if isinstance(condition, sympy.Not) and isinstance(condition.args[0], sympy.And | sympy.Or):
        inner = condition.args[0]
        other = sympy.Or if isinstance(inner, sympy.And) else sympy.And
        return other(*[plain_condition(sympy.Not(part)) for part in inner.args])
    if isinstance(condition, sympy.And | sympy.Or | sympy.Not):
        return condition.func(*map(plain_condition, condition.args))
    return condition


@cache
def is_piecewise(body: Any) -> bool:
    """Whether a function of elements, as formulas have it, is made of pieces."""
    if not isinstance(body, sympy.Basic):
        return False
    while body.has(Head):
        body = body.replace(lambda part: isinstance(part, Head), lambda part: part.opened())
    return bool(body.has(Where, *PIECEWISE))


@cache
def opened(template: Any) -> Any:
    """A primitive's definition with its cases as choices."""

    def choices(*cases: Any) -> Any:
        *first, last = cases
        result = last.expr
        for case in reversed(first):
            result = Where(case.cond, case.expr, result)
        return result

    return template.replace(sympy.Piecewise, choices)


def closed(expression: Any) -> Any:
    """The expression in sympy's own functions and choices alone: heads by definition.

    Choices stay: as cases sympy would move those within a condition to the outside.
    """
    while heads := expression.atoms(Head):
        expression = expression.xreplace({call: opened(call.opened()) for call in heads})
    return expression


MANY = 10_000
"""Numbers from which on what sympy makes of them step by step takes long."""

STEPWISE = (
    sympy.gamma, sympy.loggamma, sympy.polygamma, sympy.digamma, sympy.trigamma, sympy.factorial,
    sympy.harmonic, sympy.zeta, sympy.lowergamma, sympy.uppergamma, sympy.binomial, sympy.beta,
    sympy.RisingFactorial, sympy.FallingFactorial, sympy.expint, sympy.betainc,
)  # fmt: skip
"""Functions that sympy works out for whole numbers, as products and sums of so many parts."""


def filled(body: Any, parts: Mapping[Any, Any]) -> Any:
    """An expression with its symbols replaced. Raises `Unprintable` for constants too large."""
    plain = body.is_Pow and all(part.is_number for part in parts.values())
    if (plain and _digits(body, parts) > np.log10(float(BIGGEST))) or is_too_large(body, parts):
        raise Unprintable("a constant in it is too large")
    return body.xreplace(parts)


def is_too_large(body: Any, parts: Mapping[Any, Any]) -> bool:
    """Whether sympy would work out an immense number if symbols are replaced: it does so with
    powers, with factorials and with sums of fractions, however large."""
    return any(_is_large(part, parts) for part in sympy.preorder_traversal(body))


def _is_large(part: Any, parts: Mapping[Any, Any]) -> bool:
    if isinstance(part, STEPWISE):
        found = [own.xreplace(parts) for own in part.args]
        return any(value.is_Rational and abs(value) > MANY for value in found)
    return bool(part.is_Pow and part.free_symbols and _digits(part, parts) > MANY)


def _digits(power: Any, parts: Mapping[Any, Any]) -> float:
    """How many digits the number in front of a power has once its symbols are replaced."""
    base, exponent = (own.xreplace(parts) for own in power.args)
    factor = base.as_coeff_Mul()[0]
    if not (factor.is_Rational and factor and exponent.is_Rational):
        return 0.0
    return float(abs(float(exponent)) * np.log10(float(max(abs(factor.p), factor.q))))


def everywhere(rewrite: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A rewriting of a part as one of expressions: each part of them, the innermost first."""

    @lru_cache(maxsize=PARTS)
    def rewritten(expression: Any) -> Any:
        if expression.is_Atom:
            return expression
        return rewrite(with_parts(expression, list(map(rewritten, expression.args))))

    return rewritten


def with_parts(expression: Any, parts: Sequence[Any]) -> Any:
    """An expression of other parts; the same one of equal ones, as sympy would make it anew."""
    return expression if tuple(parts) == expression.args else expression.func(*parts)


@lru_cache(maxsize=PARTS)
def remade(expression: Any) -> Any:
    """A product as sympy makes it by itself, but for a number in front of a sum."""
    if not expression.is_Mul:
        return expression
    number, rest = expression.as_coeff_Mul()
    extra, rest = sympy.Mul(*_flat(rest)).as_coeff_Mul()
    return times(number * extra, rest)


def _flat(product: Any) -> list[Any]:
    """The factors of a product, those of products in it among them."""
    if not product.is_Mul:
        return [product]
    return [part for factor in product.args for part in _flat(factor)]


def times(number: Any, rest: Any) -> Any:
    """A number times an expression; sympy by itself would put it into each term of a sum."""
    return sympy.Mul(number, rest, evaluate=not rest.is_Add or number == 1)


def negative(total: Any) -> Any:
    """A sum with each term turned round, no minus in front."""
    return sympy.Add(*[-term for term in total.args])


def operations(body: Any) -> int:
    """How many operations are in an expression."""
    if body.is_Atom:
        return 0
    return max(1, len(body.args) - 1) + sum(map(operations, body.args))


def number(value: float, dtype: str = "float64") -> Any:
    """A float as the simplest fraction that the dtype rounds to it, if simple; else exactly.

    Raises `Unprintable` for one that is not finite.
    """
    if not np.isfinite(value):
        raise Unprintable("a constant in it is not finite")
    simple = Fraction(value).limit_denominator(10_000)
    if _rounded(float(simple), dtype) == value:
        return sympy.Rational(simple.numerator, simple.denominator)
    part = Fraction(value / np.pi).limit_denominator(PI_PARTS)
    if abs(part.numerator) <= PI_PARTS and _rounded(float(part) * np.pi, dtype) == value:
        return sympy.Rational(part.numerator, part.denominator) * sympy.pi
    if value == _rounded(np.e, dtype):
        return sympy.E
    # what the user has divided by pi
    share = Fraction(value * np.pi).limit_denominator(PI_PARTS)
    near = abs(_rounded(float(share) / np.pi, dtype) - value) <= 2 * np.spacing(abs(value))
    if abs(share.numerator) <= PI_PARTS and near and dtype == "float64":
        return sympy.Rational(share.numerator, share.denominator) / sympy.pi
    written = Fraction(repr(value))
    return sympy.Rational(written.numerator, written.denominator)


def _rounded(value: float, dtype: str) -> float:
    if dtype == "float64":
        return value
    with np.errstate(all="ignore"):
        return float(np.dtype(dtype).type(value))


def with_one_root(body: Any) -> Any:
    """`sqrt(2)/(2*sqrt(pi))` as `1/sqrt(2*pi)`."""
    if not body.is_Mul:
        return body
    roots = [f for f in body.args if f.is_Pow and f.base.is_number and abs(f.exp) * 2 == 1]
    if not roots:
        return body
    others = [f for f in body.args if f not in roots and not f.is_Rational]
    factor = body.func(*[f for f in body.args if f in roots or f.is_Rational])
    over, under = factor**2, 1 / factor**2
    sign = sympy.Integer(-1 if factor.is_negative else 1)
    if under.as_numer_denom()[1] == 1 and under.is_positive:
        root = sympy.Pow(under, sympy.Rational(-1, 2), evaluate=False)
    elif len(roots) > 1 and over.is_positive:
        root = sympy.Pow(over, sympy.Rational(1, 2), evaluate=False)
    else:
        return body
    return sympy.Mul(sign, root, *others, evaluate=False)


def is_total(body: Any, *also: type) -> bool:
    """Whether an expression has a value wherever its symbols have one; `also` are further functions
    that always have."""
    safe = (sympy.sign, sympy.Abs, sympy.tanh, sympy.sin, sympy.cos, sympy.atan, *also)
    for part in sympy.preorder_traversal(body):
        if part.is_Pow and not (part.exp.is_Integer and part.exp > 0):
            return False
        if isinstance(part, sympy.Function) and not isinstance(part, safe):
            return False
    return True
