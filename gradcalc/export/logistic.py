"""Exponentials beside logistic functions, in forms that do not overflow."""

from typing import Any

import sympy

from gradcalc.expr.scalars import Head, sigmoid, with_parts


def stable(body: Any) -> Any:
    """An expression with all of its products so."""
    if not body.args or not body.has(sympy.exp):
        return body
    args = [stable(arg) for arg in body.args]
    found = body if args == list(body.args) else with_parts(body, args)
    made = without_overflow(found) if found.is_Mul or found.is_Pow else None
    return found if made is None else made


def without_overflow(body: Any) -> Any | None:
    """`exp(-x)/(1 + exp(-x))**2` and the like as logistic functions; None for what is none."""
    factors = [_logistic(factor) for factor in sympy.Mul.make_args(body)]
    for place, factor in enumerate(factors):
        if isinstance(factor, sympy.exp):
            for other, found in enumerate(factors):
                both = _turned(factor, found)
                if both is not None:
                    factors[place], factors[other] = sympy.Integer(1), both
                    break
    made = sympy.Mul(*factors)
    return None if made == body else made


def _logistic(factor: Any) -> Any:
    """A power of `1/(1 + exp(u))` as one of a logistic function; another factor as it is."""
    base, exponent = factor.as_base_exp()
    if not (exponent.is_Integer and exponent < 0 and base.is_Add and len(base.args) == 2):
        return factor
    one, other = base.args
    if one != 1 or not isinstance(other, sympy.exp):
        return factor
    return sigmoid(-other.args[0]) ** -exponent


def _turned(exponential: Any, factor: Any) -> Any | None:
    """An exponential times a power of a logistic function: exp(-u)*sigmoid(u) is sigmoid(-u)."""
    base, exponent = factor.as_base_exp()
    if not (isinstance(base, Head) and base.spelled == "sigmoid" and exponent.is_Integer):
        return None
    (inner,) = base.args
    times = -exponential.args[0] / inner
    if not (times.is_Integer and 1 <= times <= exponent):
        return None
    return sigmoid(inner) ** (exponent - times) * sigmoid(-inner) ** times
