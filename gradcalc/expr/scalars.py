"""Scalar expressions: the sympy side of a function of elements, written as people write it."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import sympy

PARTS = 4096
"""Parts of expressions that are kept with what they are rewritten to, as most come again."""


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
    """The expression in sympy's own functions alone: choices as cases, heads by definition."""

    def cases(condition: Any, yes: Any, no: Any) -> Any:
        return sympy.Piecewise((yes, condition), (no, True), evaluate=False)

    while heads := expression.atoms(Head):
        expression = expression.xreplace({call: opened(call.opened()) for call in heads})
    return expression.replace(Where, cases)


def everywhere(rewrite: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A rewriting of a part as one of expressions: each part of them, the innermost first."""

    @lru_cache(maxsize=PARTS)
    def rewritten(expression: Any) -> Any:
        if expression.is_Atom:
            return expression
        return rewrite(with_parts(expression, list(map(rewritten, expression.args))))

    return rewritten


def with_parts(expression: Any, parts: Sequence[Any]) -> Any:
    """An expression of other parts; the same one of the same."""
    if all(new is old for new, old in zip(parts, expression.args, strict=True)):
        return expression
    return expression.func(*parts)


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


def operations(body: Any) -> int:
    """How many operations are in an expression."""
    if body.is_Atom:
        return 0
    return max(1, len(body.args) - 1) + sum(map(operations, body.args))
