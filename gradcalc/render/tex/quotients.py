r"""How far the line of a fraction goes: `\frac{2}{5} X^{\top} r` rather than above all of it."""

import ast
from fractions import Fraction
from typing import TYPE_CHECKING

from gradcalc.render.tex.lines import seen
from gradcalc.render.tex.pieces import (
    ATOM,
    NEGATIVE,
    POWER,
    PRODUCT,
    SUM,
    Piece,
    fraction,
    is_tall,
    number,
    scaled,
)

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer

LONG = 30
"""Signs above a line up to which all of a vector stands there."""


def quotient(w: "Writer", x: ast.expr, y: ast.expr) -> Piece:
    """One divided by the other, a number below the line in front of what is long above it."""
    if w.rank(y) != 0:
        above, below = w.alike(x, y)
        return fraction(above, below)
    below = w.piece(y)
    if is_number(y):
        return _share(w, x, y)
    above = w.piece(x)
    long = is_tall(above.text) or seen(above.text) > LONG
    factor, rest = split_scalar(w, x) if w.rank(x) else (None, x)
    if factor is not None and (long or not _is_simple(factor)):
        return scaled(quotient(w, factor, y), w.piece(rest), by_number=True)
    if w.rank(x) and long:
        return scaled(fraction(number("1"), below), above, by_number=True)
    return fraction(above, below)


def split_scalar(w: "Writer", node: ast.expr) -> tuple[ast.expr | None, ast.expr]:
    """The number in front of a product, and the rest."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if w.rank(left) == 0:
            return left, right
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() as sign, right=right):
            factor, rest = split_scalar(w, left)
            return factor, node if factor is None else ast.BinOp(rest, sign, right)
    return None, node


def _is_simple(node: ast.expr) -> bool:
    """Whether there is nothing in it but names, numbers and their products."""
    simple = ast.Name | ast.Constant | ast.BinOp | ast.Mult | ast.expr_context
    return all(isinstance(part, simple) for part in ast.walk(node))


def _share(w: "Writer", x: ast.expr, y: ast.expr) -> Piece:
    """Something divided by a number."""
    factor, rest = split_number(x)
    below = w.piece(y)
    if rest is None:
        return fraction(w.piece(x), below)
    whole = w.piece(rest)
    if factor is None and whole.level >= POWER and not is_tall(whole.text):
        return fraction(whole, below)
    front = number("1") if factor is None else w.piece(factor)
    match factor, y:
        case ast.Constant(value=int(above)), ast.Constant(value=int(under)) if under:
            least = Fraction(above, under)
            if least == 1:
                return whole
            front, below = number(str(least.numerator)), number(str(least.denominator))
            if least.denominator == 1:
                return scaled(front, whole, by_number=True)
    return scaled(fraction(front, below), whole, by_number=True)


def is_number(node: ast.expr) -> bool:
    """Whether a node is a number that was typed."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def split_number(node: ast.expr) -> tuple[ast.expr | None, ast.expr | None]:
    """The number in front of a product, and the rest, None where there is none of it."""
    if is_number(node):
        return node, None
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if is_number(left):
            return left, right
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() as sign, right=right):
            factor, rest = split_number(left)
            if factor is not None and rest is not None:
                return factor, ast.copy_location(ast.BinOp(rest, sign, right), node)
    return None, node


def without_sign(node: ast.expr) -> ast.expr | None:
    """What a product or quotient is the negative of, None if there is no minus in front of it."""
    match node:
        case ast.BinOp(
            left=ast.UnaryOp(op=ast.USub(), operand=x), op=ast.Mult() | ast.MatMult() | ast.Div()
        ):
            left: ast.expr | None = x
        case ast.BinOp(left=inner, op=ast.Mult() | ast.MatMult() | ast.Div()):
            left = without_sign(inner)
        case _:
            return None
    if left is None:
        return None
    return ast.copy_location(ast.BinOp(left, node.op, node.right), node)


def slashed(w: "Writer", node: ast.expr) -> Piece:
    """What stands in an exponent, where a fraction of two letters is `1/p`."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return Piece(f"-{slashed(w, x).within(PRODUCT)}", NEGATIVE)
        case ast.BinOp(op=ast.Div(), right=y):
            plain = without_sign(node)
            if plain is not None:
                return Piece(f"-{slashed(w, plain).within(PRODUCT)}", NEGATIVE)
            above, below = w.piece(node.left), w.piece(y)
            if min(above.level, below.level) >= POWER and not is_tall(above.text + below.text):
                return Piece(f"{above.text}/{below.text}", PRODUCT)
        case ast.BinOp(left=x, op=ast.Add() | ast.Sub() as sign, right=y):
            behind = slashed(w, y).within(PRODUCT)
            text = f"{slashed(w, x).within(NEGATIVE)} {'+' if isinstance(sign, ast.Add) else '-'}"
            return Piece(f"{text} {behind}", SUM)
    piece = w.piece(node)
    return Piece(piece.text, ATOM) if piece.level >= POWER else piece
