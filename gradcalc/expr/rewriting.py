"""Scalar expressions as people write them: choices joined, sizes and signs met, sigmoids named."""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy.core.relational import Relational

from gradcalc.expr.scalars import (
    Head,
    Where,
    everywhere,
    is_indicator,
    opened,
    sigmoid,
)

GREATER = (sympy.Gt, sympy.Ge, sympy.Eq)


def gathered(expression: Any) -> Any:
    """`2*x*[x > 0] + 3*[x <= 0]` as one choice between 2*x and 3."""
    chosen: dict[Any, Any] = {}
    rest = sympy.Integer(0)
    for term in sympy.Add.make_args(expression):
        factors = sympy.Mul.make_args(term)
        conditions = [factor.args[0] for factor in factors if is_indicator(factor)]
        if len(conditions) != 1:
            rest += term
            continue
        others = sympy.Mul(*(factor for factor in factors if not is_indicator(factor)))
        chosen[conditions[0]] = chosen.get(conditions[0], 0) + others
    # the side that a condition with > speaks of comes first, as people write it
    for condition in sorted(chosen, key=lambda c: (not isinstance(c, GREATER), str(c))):
        if condition in chosen:
            opposite = sympy.Not(condition)
            two_sided = opposite in chosen
            otherwise = assumed(chosen.pop(opposite, sympy.Integer(0)), opposite)
            inside = assumed(chosen.pop(condition), condition)
            if two_sided:
                common, first, second = _shared(inside, otherwise)
                rest += common * Where(condition, first, second)
            else:
                rest += inside * Where(condition, 1, 0)
    return rest


def _shared(first: Any, second: Any) -> tuple[Any, Any, Any]:
    """The factors that two products have in common, and what is left of each."""
    both = [f for f in sympy.Mul.make_args(first) if f in sympy.Mul.make_args(second)]
    common = sympy.Mul(*[factor for factor in both if not factor.is_number])
    return common, first / common, second / common


def gathered_sums(expression: Any) -> Any:
    """The same everywhere in an expression."""
    if not expression.has(Where):
        return expression
    return _gathered_everywhere(expression)


_gathered_everywhere = everywhere(lambda part: gathered(part) if part.is_Add else part)


def assumed(expression: Any, condition: Any) -> Any:
    """The expression where a condition holds: functions by cases become one of their cases."""
    facts = condition.args if isinstance(condition, sympy.And) else (condition,)
    if not all(isinstance(fact, Relational) for fact in facts):
        return expression
    known: dict[Any, bool] = {}
    for fact in facts:
        known |= {fact.canonical: True, sympy.Not(fact).canonical: False}
    for call in expression.atoms(Head):
        if call.body.has(sympy.Piecewise):
            decided = _decided(opened(call.opened()), known)
            if not decided.has(Where):
                expression = expression.xreplace({call: decided})
    expression = _decided(expression, known)
    for fact in facts:
        expression = expression.xreplace(_sides(fact))
    return expression


def _decided(expression: Any, known: Mapping[Any, bool]) -> Any:
    """The expression with all choices made about whose conditions something is known."""
    if isinstance(expression, Where):
        holds = _truth(expression.args[0], known)
        if holds is not None:
            return _decided(expression.args[1 if holds else 2], known)
    if expression.is_Atom or not expression.has(Where):
        return expression
    return expression.func(*[_decided(part, known) for part in expression.args])


def _truth(condition: Any, known: Mapping[Any, bool]) -> bool | None:
    if isinstance(condition, Relational):
        return known.get(condition.canonical)
    if isinstance(condition, sympy.And | sympy.Or):
        parts = [_truth(part, known) for part in condition.args]
        decisive = isinstance(condition, sympy.Or)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    return None


def _sides(fact: Any) -> dict[Any, Any]:
    """What abs and sign are on one side of zero."""
    inner, positive = fact.lhs, isinstance(fact, sympy.Gt | sympy.Ge)
    if fact.rhs != 0 or not (positive or isinstance(fact, sympy.Lt | sympy.Le)):
        return {}
    return {
        sympy.Abs(inner): inner if positive else -inner,
        sympy.sign(inner): sympy.Integer(1 if positive else -1),
    }


def with_sizes(product: Any) -> Any:
    """`u*sign(u)` as `abs(u)`, `sign(u)/abs(u)` as `1/u`, `relu(u)*(u > 0)` as `relu(u)`."""
    if product.is_Pow and isinstance(product.base, sympy.Abs) and product.exp.is_even:
        return product.base.args[0] ** product.exp
    if product.is_Pow and is_indicator(product.base) and product.exp.is_Integer and product.exp > 0:
        return product.base
    if not product.is_Mul:
        return product
    product = _chosen_numbers(product)
    if not product.is_Mul:
        return product
    powers = dict(factor.as_base_exp() for factor in product.args)
    for base, exponent in powers.items():
        if isinstance(base, sympy.sign) and exponent.is_Integer and exponent > 0:
            met = _sign_met(product, base, powers)
            if met is not None:
                return with_sizes(met)
    return _without_idle_conditions(product, powers)


def _chosen_numbers(product: Any) -> Any:
    """`where(c, 2, 3)/2` as `where(c, 1, 3/2)`."""
    number, rest = product.as_coeff_Mul()
    for factor in sympy.Mul.make_args(rest) if number != 1 else ():
        if isinstance(factor, Where) and all(arg.is_number for arg in factor.args[1:]):
            condition, yes, no = factor.args
            if not is_indicator(factor):
                return rest / factor * Where(condition, number * yes, number * no)
    return product


def _sign_met(product: Any, sign: Any, powers: Any) -> Any | None:
    """A product with one sign less, where what it is the sign of is there too."""
    (inner,) = sign.args
    size = sympy.Abs(inner)
    if powers[sign] >= 2:
        # but for the zeros of what it is the sign of
        return product / sign**2
    if _is_integer(powers.get(size)):
        return product / sign / size * inner if powers[size] > 0 else product / sign * size / inner
    if _is_integer(powers.get(inner)) and powers[inner] > 0:
        return product / sign / inner * size
    return None


def _is_integer(exponent: Any) -> bool:
    return exponent is not None and bool(exponent.is_Integer)


def _without_idle_conditions(product: Any, powers: Any) -> Any:
    """A condition outside of which another factor is zero anyway."""
    for factor in product.args:
        if not is_indicator(factor):
            continue
        condition = factor.args[0]
        if not isinstance(condition, sympy.Gt | sympy.Ge | sympy.Lt | sympy.Le):
            continue
        positive = condition.gts - condition.lts
        for base, exponent in powers.items():
            if (
                isinstance(base, Head)
                and base.spelled == "relu"
                and exponent.is_Integer
                and exponent > 0
                and base.args[0] - positive == 0
            ):
                return product / factor
    return product


def recognised(expression: Any) -> Any:
    """`1/(1 + exp(-u))` and what comes of it as sigmoids."""
    return _recognised(expression) if expression.has(sympy.exp) else expression


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
