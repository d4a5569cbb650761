"""Rational functions in lowest terms and in factors, of what sympy can take for polynomials."""

from collections.abc import Callable
from typing import Any

import sympy

LARGEST_POWER = 50
"""Numerators and denominators of exponents up to which powers are taken apart."""


def cancelled(expression: Any) -> Any:
    """The expression as one fraction in lowest terms. Raises `sympy.PolynomialError`."""
    return _plainly(sympy.cancel, expression)


def factored(expression: Any) -> Any:
    """The same with numerator and denominator in factors. Raises `sympy.PolynomialError`."""
    return _plainly(lambda plain: sympy.factor(sympy.cancel(plain)), expression)


def _plainly(rewrite: Callable[[Any], Any], expression: Any) -> Any:
    """Rewrite an expression, symbols standing for what would be of an enormous degree.

    To sympy `exp(0.7*x)` is `exp(x/10)**7`, and `exp(0.9)` a power of `exp(1)`.
    """
    parts = expression.atoms(sympy.Function, sympy.Pow)
    hidden = {part: sympy.Dummy(real=True) for part in parts if _is_unwieldy(part)}
    shown = {symbol: part for part, symbol in hidden.items()}
    return rewrite(expression.xreplace(hidden)).xreplace(shown)


def _is_unwieldy(part: Any) -> bool:
    if isinstance(part, sympy.exp):
        return part.is_number or _is_large(part.args[0].as_coeff_Mul()[0])
    if part.is_Pow:
        return bool(part.exp.is_Rational and _is_large(part.exp))
    return bool(part.is_number)


def _is_large(ratio: Any) -> bool:
    return not ratio.is_Rational or max(abs(ratio.p), ratio.q) > LARGEST_POWER
