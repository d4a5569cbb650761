r"""Broadcasting said aloud: a row laid along each row of a matrix is `\mathbf{1} v^{\top}`."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcalc.render.tex.pieces import (
    ATOM,
    CALL,
    POWER,
    Piece,
    fraction,
    negative,
    number,
    scaled,
    side_by_side,
)
from gradcalc.render.tex.shapes import Shape, Size, together

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer

ONES = Piece(r"\mathbf{1}", ATOM)
ROW_OF_ONES = Piece(r"\mathbf{1}^{\top}", POWER)


def is_ones(node: ast.expr) -> bool:
    """Whether a node is a tensor of ones."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id in ("ones", "ones_like"))
    )


def ones(w: "Writer", shape: Shape) -> Piece:
    """Ones of a shape; of more dimensions than two the sign is the same as of one."""
    match shape:
        case ():
            return number("1")
        case (1, columns) if columns != 1:
            return _row_of_ones(w, columns)
        case (rows, columns) if columns != 1:
            return side_by_side(_ones(w, rows), _row_of_ones(w, columns))
    return _ones(w, shape[0] if shape and len(shape) <= 2 else None)


def _ones(w: "Writer", size: Size) -> Piece:
    """A column of ones, which says its size where nothing beside it does."""
    if not w.sized or size is None:
        return ONES
    return number("1") if size == 1 else Piece(rf"{ONES.text}_{{{size}}}", CALL)


def _row_of_ones(w: "Writer", size: Size) -> Piece:
    column = _ones(w, size)
    return column if column.text == "1" else Piece(rf"{column.text}^{{\top}}", POWER)


def filled(w: "Writer", x: ast.expr, shape: Shape) -> Piece:
    """What is times ones of a shape: that laid out in it."""
    if shape == ():
        return w.piece(x)
    if w.rank(x) == 0:
        return _numbered(w, x, shape)
    return spread(w, x, together([w.shape(x), shape]))


def term(w: "Writer", node: ast.expr, shape: Shape) -> Piece:
    """What a node is as a part of a sum of that shape: a number is times ones."""
    if not shape or w.rank(node) != 0:
        return spread(w, node, shape)
    return _numbered(w, node, shape)


def _numbered(w: "Writer", x: ast.expr, shape: Shape) -> Piece:
    """A number times ones of a shape."""
    match x:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return negative(_numbered(w, inner, shape))
        case ast.Constant(value=1 | 1.0):
            return ones(w, shape)
    return scaled(w.piece(x), ones(w, shape), by_number=True)


def alike(w: "Writer", nodes: Sequence[ast.expr]) -> list[Piece]:
    """Operands of something that is done to each element, all of one shape or numbers."""
    shape = together([w.shape(node) for node in nodes])
    return [spread(w, node, shape) for node in nodes]


def spread(w: "Writer", node: ast.expr, shape: Shape) -> Piece:
    """What a node is when it is laid out in a shape; a number stays one."""
    own = w.shape(node)
    if not own or shape is None or len(shape) > 2:
        return w.piece(node)
    share = w.share(node)
    if share is not None and own != shape:
        part = fraction(number("1"), number(str(share[0])))
        return scaled(part, spread(w, share[1], shape), by_number=True)
    if len(own) == 1 and len(shape) == 2:
        row = w.row(node)
        row = side_by_side(row, _row_of_ones(w, shape[1])) if own[0] == 1 != shape[1] else row
        return row if shape[0] == 1 else side_by_side(_ones(w, shape[0]), row)
    piece = w.piece(node)
    if len(own) == 2 and own[1] == 1 != shape[1]:
        piece = side_by_side(piece, _row_of_ones(w, shape[1]))
    return side_by_side(_ones(w, shape[0]), piece) if own[0] == 1 != shape[0] else piece
