"""Expressions multiplied out, led by what their terms have in common, in lowest terms, in factors.

The first two are those of sympy, which looks for whatever there may be: here each part is gone
through once, and sympy is asked about the few that need it. For the others sympy takes expressions
apart and puts them together; flint, which is by far faster, finds common divisors and factors of
the polynomials between (Hart et al., "FLINT: Fast Library for Number Theory", multivariate
polynomials over the integers).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import flint
import sympy
from sympy.core.exprtools import decompose_power
from sympy.core.mul import _keep_coeff
from sympy.polys.polyutils import expr_from_dict, parallel_dict_from_expr

from gradcalc.expr.scalars import PARTS, times, with_parts

LARGEST_DEGREE = 50
"""Numerators and denominators of exponents up to which powers are taken apart."""

KEPT = 64
"""Fractions that are kept: the same is asked for in several forms."""

Polynomial = Any
"""flint's `fmpz_mpoly`."""


@lru_cache(maxsize=PARTS)
def multiplied_out(expression: Any) -> Any:
    """What `sympy.expand` gives, which goes through everything that there may be to expand."""
    if expression.is_Atom:
        return expression
    expression = with_parts(expression, [multiplied_out(part) for part in expression.args])
    if expression.is_Mul:
        if any(f.is_Mul or (f.is_Pow and f.base.is_Add) for f in expression.args):
            return expression.expand(basic=False)
        sums = [factor.args for factor in expression.args if factor.is_Add]
        if not sums:
            return expression
        rest = sympy.Mul(*[factor for factor in expression.args if not factor.is_Add])
        terms = (sympy.Mul(rest, *term) for term in itertools.product(*sums))
        # roots may meet, and leave a sum
        return sympy.Add(*map(multiplied_out, terms))
    if expression.is_Pow:
        base, exponent = expression.args
        plain = not (base.is_Add or base.is_Mul or exponent.is_Add)
    else:
        plain = not isinstance(expression, sympy.log | sympy.exp)
    return expression if plain else expression.expand(basic=False)


@lru_cache(maxsize=PARTS)
def led(expression: Any) -> Any:
    """What `sympy.factor_terms` gives: sums with what their terms have in common in front."""
    if expression.is_Atom:
        return expression
    if expression.is_Pow or not (expression.is_Add or expression.is_Mul):
        return with_parts(expression, [led(part) for part in expression.args])
    number, rest = expression.as_content_primitive(radical=False, clear=False)
    if rest.is_Add:
        terms = [led(term) for term in rest.args]
        if all(term.as_coeff_Mul()[0] < 0 for term in terms):
            number, terms = -number, [-term for term in terms]
        apart = _apart(terms)
        if apart is None:
            return sympy.factor_terms(expression)
        rest = sympy.Add(*apart)
    elif rest.args:
        rest = rest.func(*map(led, rest.args))
    return _keep_coeff(number, rest, clear=False, sign=True)


def _apart(terms: Sequence[Any]) -> list[Any] | None:
    """Terms that have nothing in common, sums in them without their numbers; None for others."""
    numbers, bases, rests = zip(*map(_taken_apart, terms), strict=True)
    if frozenset.intersection(*bases) or not all(number.is_Rational for number in numbers):
        return None
    if sympy.igcd(*[number.p for number in numbers], 0) != 1 or all(n.q != 1 for n in numbers):
        return None
    return list(map(times, numbers, rests))


@lru_cache(maxsize=PARTS)
def _taken_apart(term: Any) -> tuple[Any, frozenset[Any], Any]:
    """The number in a term, what it has powers of, and the term without the number."""
    number, rest = term.as_coeff_Mul()
    bases = set()
    for factor in sympy.Mul.make_args(rest):
        base, exponent = decompose_power(factor)
        if base.is_Add:
            content, base = base.primitive()
            number *= content**exponent
            rest = rest / factor * base**exponent
        bases.add(base)
    return number, frozenset(bases - {sympy.Integer(1)}), rest


def cancelled(expression: Any) -> Any:
    """The expression as one fraction in lowest terms. Raises `sympy.PolynomialError`."""

    def joined(above: Polynomial, below: Polynomial, symbols: Any) -> Any:
        return _expression(above, symbols) / _expression(below, symbols)

    return _plainly(expression, joined)


def factored(expression: Any) -> Any:
    """The same with numerator and denominator in factors. Raises `sympy.PolynomialError`."""

    def joined(above: Polynomial, below: Polynomial, symbols: Any) -> Any:
        over, upper = _factors(above, symbols)
        under, lower = _factors(below, symbols)
        number, rest = over / under, upper / lower
        return -rest if number == -1 else times(number, rest)

    return _plainly(expression, joined)


def _plainly(expression: Any, joined: Callable[[Polynomial, Polynomial, Any], Any]) -> Any:
    """Rewrite an expression, symbols standing for what would be of an enormous degree.

    To sympy `exp(0.7*x)` is `exp(x/10)**7`, and `exp(0.9)` a power of `exp(1)`.
    """
    hidden = _unwieldy(expression)
    shown = {symbol: part for part, symbol in hidden.items()}
    found = _fraction(expression.xreplace(hidden))
    plain = joined(*found) if isinstance(found, tuple) else found
    return plain.xreplace(shown)


@lru_cache(maxsize=KEPT)
def _unwieldy(expression: Any) -> Mapping[Any, Any]:
    """What is not taken apart, and symbols for it."""
    parts = expression.atoms(sympy.Function, sympy.Pow)
    return {part: sympy.Dummy(real=True) for part in parts if _is_unwieldy(part)}


@lru_cache(maxsize=KEPT)
def _fraction(plain: Any) -> tuple[Polynomial, Polynomial, Any] | Any:
    """Numerator and denominator in lowest terms, and their symbols; else what it comes to."""
    led = sympy.factor_terms(plain, radical=True)
    taken, symbols = parallel_dict_from_expr(led.as_numer_denom())
    if not symbols:
        return led.expand()
    above, below = _integral(taken, len(symbols))
    common = above.gcd(below)
    above, below = above / common, below / common
    if below.leading_coefficient() < 0:
        above, below = -above, -below
    return above, below, symbols


def _integral(taken: Any, count: int) -> tuple[Polynomial, Polynomial]:
    """Numerator and denominator with whole coefficients. Raises `sympy.PolynomialError`."""
    if not all(number.is_Rational for terms in taken for number in terms.values()):
        raise sympy.PolynomialError("coefficients that are not rational")
    whole = sympy.ilcm(*[number.q for terms in taken for number in terms.values()], 1)
    room = flint.fmpz_mpoly_ctx.get([f"x{k}" for k in range(count)], flint.Ordering.lex)
    first, second = (
        room.from_dict({powers: int(number * whole) for powers, number in terms.items()})
        for terms in taken
    )
    return first, second


def _expression(polynomial: Polynomial, symbols: Any) -> Any:
    terms = {tuple(map(int, powers)): sympy.Integer(int(number))
             for powers, number in polynomial.to_dict().items()}  # fmt: skip
    return expr_from_dict(terms, *symbols)


def _factors(polynomial: Polynomial, symbols: Any) -> tuple[Any, Any]:
    """A number, and the product of what is left, in factors whose first terms have no minus."""
    try:
        content, factors = polynomial.factor()
    except OverflowError:
        # its powers are beyond what is factored
        return sympy.Integer(1), _expression(polynomial, symbols)
    number, product = sympy.Integer(int(content)), sympy.Integer(1)
    for factor, power in factors:
        if factor.leading_coefficient() < 0:
            factor, number = -factor, number * (-1) ** int(power)
        product *= _expression(factor, symbols) ** int(power)
    return number, product


def _is_unwieldy(part: Any) -> bool:
    if isinstance(part, sympy.exp):
        return part.is_number or _is_large(part.args[0].as_coeff_Mul()[0])
    if part.is_Pow:
        return bool(part.exp.is_Rational and _is_large(part.exp))
    return bool(part.is_number)


def _is_large(ratio: Any) -> bool:
    return not ratio.is_Rational or max(abs(ratio.p), ratio.q) > LARGEST_DEGREE
