"""Choices between expressions: joined, and decided where their conditions are known."""

from collections.abc import Mapping
from typing import Any

import sympy
from sympy.core.relational import Relational

from gradcalc.expr.scalars import Head, Where, everywhere, is_indicator, opened

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
