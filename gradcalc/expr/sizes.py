"""Sizes and signs of the same expression, and cases that it decides, brought together."""

from typing import Any

import sympy

from gradcalc.expr.scalars import Head, Where, is_indicator


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
