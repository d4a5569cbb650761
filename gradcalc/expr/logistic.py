"""Sigmoids: what people write in place of exponentials."""

from collections.abc import Sequence
from typing import Any

import sympy

from gradcalc.expr.polynomials import factored
from gradcalc.expr.scalars import everywhere, sigmoid, times


def recognised(expression: Any) -> Any:
    """`1/(1 + exp(-u))` and what comes of it as sigmoids."""
    return _recognised(expression) if expression.has(sympy.exp) else expression


def in_sigmoids(expression: Any) -> Any:
    """Exponentials and sigmoids of the same argument in terms of the sigmoid, in factors."""
    for argument in {_upright(call.args[0]) for call in expression.atoms(sigmoid)}:
        s = sympy.Dummy(real=True)
        known = {
            sigmoid(argument): s,
            sigmoid(-argument): 1 - s,
            sympy.exp(argument): s / (1 - s),
            sympy.exp(-argument): (1 - s) / s,
        }
        rational = expression.xreplace(known)
        if rational == expression.xreplace({sigmoid(argument): s}) and not _meet(rational, s):
            continue
        factors = sympy.Mul.make_args(factored(rational))
        sign, turned = _led_by_one(factors, s)
        expression = times(sign, sympy.Mul(*turned).xreplace({s: sigmoid(argument)}))
    return expression


def _meet(product: Any, s: Any) -> bool:
    """Whether several factors are in s alone, so that they may come to less."""
    factors = sympy.Mul.make_args(product)
    return len([f for f in factors if f.free_symbols == {s} and f.has(sympy.Add)]) > 1


def _upright(argument: Any) -> Any:
    return -argument if argument.could_extract_minus_sign() else argument


def _led_by_one(factors: Sequence[Any], s: Any) -> tuple[Any, list[Any]]:
    """The factors with `1 - s` for `s - 1`, and the sign that this makes."""
    sign, turned = sympy.Integer(1), []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if base.is_Add and base.has(s) and base.as_coeff_Add()[0] < 0 and exponent.is_Integer:
            sign *= (-1) ** exponent
            factor = sympy.Add(*[-term for term in base.args]) ** exponent
        turned.append(factor)
    return sign, turned


def _as_sigmoids(expression: Any) -> Any:
    if expression.is_Pow and not expression.base.is_Atom:
        return _as_sigmoids_of(sympy.Integer(1), [expression], expression)
    if expression.is_Mul:
        plain = [f for f in expression.args if not (f.is_Pow and f.base.is_Add)]
        powers = [f for f in expression.args if f.is_Pow and f.base.is_Add]
        if powers:
            expression = _as_sigmoids_of(sympy.Mul(*plain), powers, expression)
        return _paired(_met(expression))
    return expression


def _as_sigmoids_of(rest: Any, powers: Sequence[Any], expression: Any) -> Any:
    """A product with `(1 + exp(w))**-k` in it: `exp(w)` taken along makes sigmoid(w)."""
    found = False
    for power in powers:
        inner = _logistic(power)
        if inner is None:
            rest *= power
            continue
        found = True
        count = int(-power.exp)
        for _ in range(int(-power.exp)):
            less = _without_exponential(rest, inner)
            if less is None:
                break
            rest, count = less * sigmoid(inner), count - 1
        rest *= sigmoid(-inner) ** count
    return _paired(rest) if found else expression


def _logistic(power: Any) -> Any | None:
    """The w of `(1 + exp(w))**-k`."""
    base, exponent = power.as_base_exp()
    if not (exponent.is_Integer and exponent < 0 and base.is_Add and len(base.args) == 2):
        return None
    one, other = base.args
    if one == 1 and isinstance(other, sympy.exp):
        return other.args[0]
    return None


def _without_exponential(product: Any, inner: Any) -> Any | None:
    """The product without a factor `exp(inner)`, None if there is none in it."""
    factors = list(sympy.Mul.make_args(product))
    for position, factor in enumerate(factors):
        if not isinstance(factor, sympy.exp):
            continue
        left = factor.args[0] - inner
        if left == 0 or len(sympy.Add.make_args(left)) < len(sympy.Add.make_args(factor.args[0])):
            return sympy.Mul(*factors[:position], sympy.exp(left), *factors[position + 1 :])
    return None


def _met(product: Any) -> Any:
    """`exp(u)*sigmoid(-u)` as `sigmoid(u)`."""
    for factor in sympy.Mul.make_args(product):
        call, power = factor.as_base_exp()
        if isinstance(call, sigmoid) and power.is_Integer and power > 0:
            less = _without_exponential(product / call, -call.args[0])
            if less is not None:
                return _met(less * sigmoid(-call.args[0]))
    return product


def _paired(product: Any) -> Any:
    """`sigmoid(u)*sigmoid(-u)` as `sigmoid(u)*(1 - sigmoid(u))`."""
    calls = [f for f in sympy.Mul.make_args(product) if isinstance(f, sigmoid)]
    for call in calls:
        other = sigmoid(-call.args[0])
        if other in calls and not call.args[0].could_extract_minus_sign():
            return product.xreplace({other: 1 - call})
    return product


_recognised = everywhere(_as_sigmoids)
