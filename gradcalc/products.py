"""Matrices by their texts as sums of products: numbers, and factors that are multiplied by @."""

import ast
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product as pairs

HIGHEST = 8
"""Powers up to which one is read as a product."""


def called(node: ast.expr) -> str:
    """The function that a node calls by its name, empty where it calls none."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case _:
            return ""


def same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


@dataclass(frozen=True, slots=True)
class Term:
    """A known number times others, by others, times factors that are multiplied by @."""

    number: Fraction = Fraction(1)
    above: tuple[ast.expr, ...] = ()
    below: tuple[ast.expr, ...] = ()
    factors: tuple[ast.expr, ...] = ()

    @property
    def alone(self) -> "Term":
        """Its numbers."""
        return replace(self, factors=())


def times(one: Term, other: Term) -> Term:
    return Term(
        one.number * other.number,
        one.above + other.above,
        one.below + other.below,
        one.factors + other.factors,
    )


def _inverse(number: Term) -> Term:
    return Term(1 / number.number, number.below, number.above)


def chain(factors: Sequence[ast.expr]) -> ast.expr:
    return functools.reduce(lambda a, b: ast.BinOp(a, ast.MatMult(), b), factors)


def apart(
    one: Sequence[ast.expr], other: Sequence[ast.expr]
) -> tuple[list[ast.expr], list[ast.expr]]:
    """What of two products is not in both."""
    left, right = [], list(other)
    for part in one:
        found = next((k for k, again in enumerate(right) if same(part, again)), None)
        if found is None:
            left.append(part)
        else:
            del right[found]
    return left, right


def _turned(node: ast.expr) -> ast.expr:
    """The transpose of a factor."""
    match node:
        case ast.Attribute(value=inner, attr="T"):
            return inner
        case ast.BinOp(left=one, op=ast.Add() | ast.Sub() as op, right=other):
            return ast.BinOp(_turned(one), op, _turned(other))
        case _:
            return ast.Attribute(node, "T", ast.Load())


class Products:
    """Reads matrices, told which texts can only be one number."""

    def __init__(self, is_number: Callable[[ast.expr], bool]) -> None:
        self._is_number = is_number

    def terms(self, node: ast.expr, *, spread: bool = False) -> list[Term]:
        """What a matrix is the sum of; with `spread` an outer product of sums is one itself."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                found = self.terms(inner, spread=spread)
                return [replace(term, number=-term.number) for term in found]
            case ast.BinOp(left=one, op=ast.Add() | ast.Sub() as op, right=other):
                sign = 1 if isinstance(op, ast.Add) else -1
                second = self.terms(other, spread=spread)
                second = [replace(term, number=sign * term.number) for term in second]
                return [*self.terms(one, spread=spread), *second]
        whole = self.product(node)
        inside: list[Term] = []
        match whole.factors:
            case (ast.BinOp(op=ast.Add() | ast.Sub()) as inner,):
                # a sum beside numbers, or turned
                inside = self.terms(inner, spread=spread)
            case (ast.Call(func=name, args=[one, other]) as outer,):
                if spread and called(outer) == "outer":
                    inside = self._outer(name, self.terms(one), self.terms(other))
        return [times(whole.alone, term) for term in inside] or [whole]

    def _outer(self, name: ast.expr, columns: list[Term], rows: list[Term]) -> list[Term]:
        """An outer product of sums of vectors; nothing where a term may be no vector."""
        if not all(term.factors for term in (*columns, *rows)):
            return []
        found = []
        for one, other in pairs(columns, rows):
            core = ast.Call(name, [chain(one.factors), chain(other.factors)], [])
            found.append(times(times(one.alone, other.alone), Term(factors=(core,))))
        return found

    def product(self, node: ast.expr) -> Term:
        """A matrix, a vector or a number as a product."""
        if self._is_number(node):
            return self._number(node)
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return times(Term(Fraction(-1)), self.product(inner))
            case ast.BinOp(left=one, op=ast.Mult(), right=other):
                if self._is_number(one) or self._is_number(other):
                    return times(self.product(one), self.product(other))
            case ast.BinOp(left=one, op=ast.Div(), right=other) if self._is_number(other):
                return times(self.product(one), _inverse(self._number(other)))
            case ast.BinOp(left=one, op=ast.MatMult(), right=other):
                return times(self.product(one), self.product(other))
            case ast.Attribute(value=inner, attr="T"):
                turned = self.product(inner)
                return replace(turned, factors=tuple(map(_turned, reversed(turned.factors))))
            case ast.Call(func=name, args=[one, other], keywords=[]) if called(node) == "outer":
                left, right = self.product(one), self.product(other)
                if not (left.factors and right.factors):
                    return Term(factors=(node,))
                inner = ast.Call(name, [chain(left.factors), chain(right.factors)], [])
                return times(times(left.alone, right.alone), Term(factors=(inner,)))
        return Term(factors=(node,))

    def _number(self, node: ast.expr) -> Term:
        """A number as a product."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return times(Term(Fraction(-1)), self._number(inner))
            case ast.Constant(value=int() | float() as value) if value:
                return Term(Fraction(value))
            case ast.BinOp(left=one, op=ast.Mult(), right=other):
                return times(self._number(one), self._number(other))
            case ast.BinOp(left=one, op=ast.Div(), right=other):
                return times(self._number(one), _inverse(self._number(other)))
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int() as power)):
                if 0 < power <= HIGHEST and not isinstance(base, ast.BinOp | ast.UnaryOp):
                    return Term(above=(base,) * power)
        return Term(above=(node,))
