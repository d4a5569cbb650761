"""Rational functions in lowest terms and in factors, of what sympy can take for polynomials.

sympy takes expressions apart and puts them together; flint, which is by far faster, finds common
divisors and factors of the polynomials between (Hart et al., "FLINT: Fast Library for Number
Theory", multivariate polynomials over the integers).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import flint
import sympy
from sympy.polys.polyutils import expr_from_dict, parallel_dict_from_expr

from gradcalc.expr.scalars import times

LARGEST_DEGREE = 50
"""Numerators and denominators of exponents up to which powers are taken apart."""

KEPT = 64
"""Fractions that are kept: the same is asked for in several forms."""

Polynomial = Any
"""flint's `fmpz_mpoly`."""


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
    content, factors = polynomial.factor()
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
