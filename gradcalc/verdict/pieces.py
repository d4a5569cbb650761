"""The terms and factors of a formula and of a claim, one of which may be what a claim lacks."""

import ast
import copy
import re
from collections.abc import Iterator, Mapping

from gradcalc.errors import GradcalcError
from gradcalc.expr.written import Written
from gradcalc.lang import trees
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program
from gradcalc.problem import Problem
from gradcalc.testimony import Piece

MOST = 8
"""Terms or factors beyond which none is looked for."""


def pieces_of(problem: Problem, name: str, formula: Written | None) -> Mapping[Piece, Program]:
    """The terms and factors of the formula of a gradient, and the terms of the claim about it."""
    found: dict[Piece, str] = {}
    if formula is not None:
        parts = "".join(f"{part} = {text}; " for part, text in formula.parts)
        body = ast.parse(formula.body, mode="eval").body
        for kind, texts in (("term", _terms(body)), ("factor", _factors(body))):
            found |= {Piece(kind, text): parts + text for text in texts}
    claim = problem.claims[name].body
    if len(claim) == 1 and isinstance(claim[0], ast.Expr):
        own = claim[0].value
        for kind, texts in (("own", _terms(own)), ("own factor", _factors(own))):
            found |= {Piece(kind, text): text for text in texts}
    known = {
        *trees.roots(problem.inputs),
        *problem.program.assigned,
        *(let for let, _ in problem.lets),
    }
    programs: dict[Piece, Program] = {}
    for piece, text in found.items():
        try:
            programs[piece] = compile_program(text, known=known)
        except GradcalcError:
            continue
    return programs


def _terms(body: ast.expr) -> list[str]:
    found = list(_added(body, True))
    if len(found) == 1:
        found = list(_distributed(*found[0])) or list(_by_matrices(*found[0]))
    return [_text(node, sign) for node, sign in found] if 1 < len(found) <= MOST else []


def _distributed(node: ast.expr, sign: bool) -> Iterator[tuple[ast.expr, bool]]:
    """The terms of a product in which a factor is a sum."""
    factors = list(_multiplied(node))
    for k, factor in enumerate(factors):
        terms = list(_added(factor, sign))
        if len(terms) > 1:
            others = factors[:k] + factors[k + 1 :]
            for term, own in terms:
                yield _product([*others, *_multiplied(term)]), own
            return


def _by_matrices(node: ast.expr, sign: bool) -> Iterator[tuple[ast.expr, bool]]:
    """The terms of a product of matrices in which a factor is a sum, in the order of the factors.

    What is divided is a product as well, and so is what is transposed.
    """
    match node:
        case ast.BinOp(op=ast.Mult() | ast.MatMult()):
            sides = ["left", "right"]
        case ast.BinOp(op=ast.Div()):
            sides = ["left"]
        case ast.Attribute(attr="T" | "mT"):
            sides = ["value"]
        case _:
            return
    for side in sides:
        inner = list(_added(getattr(node, side), sign))
        terms = inner if len(inner) > 1 else list(_by_matrices(*inner[0]))
        for term, own in terms:
            changed = copy.copy(node)
            setattr(changed, side, term)
            yield changed, own
        if terms:
            return


def _product(factors: list[ast.expr]) -> ast.expr:
    """The product, numbers in front."""
    numbers = [f for f in factors if isinstance(f, ast.Constant)]
    rest = [f for f in factors if not isinstance(f, ast.Constant)]
    product = ast.Constant(1) if not factors else (numbers + rest)[0]
    for factor in (numbers + rest)[1:]:
        product = ast.BinOp(product, ast.Mult(), factor)
    return product


def _added(node: ast.expr, sign: bool) -> Iterator[tuple[ast.expr, bool]]:
    """What is added up, and whether it counts as it is or with the other sign."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield from _added(node.left, sign)
            yield from _added(node.right, sign is isinstance(node.op, ast.Add))
        case ast.UnaryOp(op=ast.USub()):
            yield from _added(node.operand, not sign)
        case _:
            yield node, sign


def _text(node: ast.expr, sign: bool) -> str:
    text = re.sub(r" (\*\*|[*/@]) ", r"\1", ast.unparse(node))
    if sign:
        return text
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
    return f"-({text})" if is_sum else f"-{text}"


def _factors(body: ast.expr) -> list[str]:
    """What is multiplied, and products of two of these."""
    single = list(_multiplied(body))
    if not 1 < len(single) <= MOST:
        return []
    pairs = [_product([left, right]) for k, left in enumerate(single) for right in single[k + 1 :]]
    return [_text(node, True) for node in (*single, *(pairs if len(single) > 2 else ()))]


def _multiplied(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(op=ast.Mult()):
            yield from _multiplied(node.left)
            yield from _multiplied(node.right)
        case ast.BinOp(op=ast.Div()):
            yield from _multiplied(node.left)
            for below in _multiplied(node.right):
                yield ast.BinOp(ast.Constant(1), ast.Div(), below)
        case ast.Constant(value=1):
            return
        case _:
            yield node
