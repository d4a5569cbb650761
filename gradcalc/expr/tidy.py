"""The shortest of a few equal forms of a scalar expression."""

import math
from collections.abc import Callable
from typing import Any

import sympy

from gradcalc.expr.cases import gathered_sums
from gradcalc.expr.logistic import recognised
from gradcalc.expr.scalars import Where, bottom_up, is_indicator, remade

LARGEST_OPERATIONS = 60
"""Operations in an expression above which it is not rewritten."""

LARGEST_EXPANSION = 60
"""Terms above which an expression is not multiplied out."""

MULTIPLIED_OUT = 1.3
"""How many times shorter an expression must become for its being multiplied out."""

LARGEST_POWER = 20
"""Powers above which an expression is not multiplied out."""


def tidy(expression: Any, length: Callable[[Any], int]) -> Any:
    """The shortest of a few equal forms, measured by `length`."""
    if expression.is_Atom or sympy.count_ops(expression) > LARGEST_OPERATIONS:
        return expression
    expression = recognised(bottom_up(expression, lambda part: part.func(*part.args)))
    expression = gathered_sums(expression)
    # sympy is to leave cases alone: each is a symbol meanwhile
    cases = {
        case: sympy.Dummy(real=True) for case in _outermost(expression) if not is_indicator(case)
    }
    expression = expression.xreplace(cases)
    forms = [expression]
    rewrites = [sympy.factor_terms] if expression.is_Add or expression.is_Mul else []
    if _terms(expression) <= LARGEST_EXPANSION and expression.has(sympy.Add):
        rewrites.append(sympy.expand)
        if _divides(expression):
            rewrites.append(sympy.cancel)
    for rewrite in rewrites:
        try:
            forms.append(remade(rewrite(expression)))
        except (sympy.PolynomialError, NotImplementedError):
            continue
    back = {
        symbol: Where(case.args[0], tidy(case.args[1], length), tidy(case.args[2], length))
        for case, symbol in cases.items()
    }
    kept = len(dict.fromkeys(forms[: 1 + len(rewrites[:1])]))
    finished = [form.xreplace(back) for form in dict.fromkeys(forms)]

    def worth(form: Any) -> tuple[float, bool, int]:
        # what the user has factored is multiplied out only where that saves much
        position = finished.index(form)
        size = length(form) * (1.0 if position < kept else MULTIPLIED_OUT)
        # of equally short forms the product: what is common to all terms stands in front
        return (size - brackets(form), form.is_Add, position)

    return min(finished, key=worth)


def brackets(form: Any) -> int:
    """What the brackets of a number times a sum are worth: `2*(x - 3)` rather than `2*x - 6`.

    Around other brackets they are worth nothing: `2*X.T@(X@w - b) + 2*w`.
    """
    number, rest = form.as_coeff_Mul()
    if number == 1 or not rest.is_Add:
        return 0
    if number == -1:
        return -3
    return 2 if all(term.as_coeff_Mul()[1].is_Atom for term in rest.args) else -1


def _divides(expression: Any) -> bool:
    return any(
        power.exp.could_extract_minus_sign() and power.base.is_Add
        for power in expression.atoms(sympy.Pow)
    )


def _outermost(expression: Any) -> list[Any]:
    """The choices in an expression that are in no other."""
    if isinstance(expression, Where):
        return [expression]
    return [case for part in expression.args for case in _outermost(part)]


def _terms(expression: Any) -> float:
    """About how many terms an expression has when it is multiplied out, everywhere in it."""
    if expression.is_Atom:
        return 1
    parts = [_terms(part) for part in expression.args]
    if expression.is_Mul:
        return math.prod(parts)
    if expression.is_Pow and expression.exp.is_Rational:
        power = min(abs(expression.exp), 1000)
        if power > LARGEST_POWER:
            return math.inf
        return float(parts[0] ** math.ceil(power))
    return float(sum(parts))
