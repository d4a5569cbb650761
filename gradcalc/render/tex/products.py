r"""Products of matrices and vectors, which are columns: `x@A@y` is `x^{\top} A y`."""

import ast
from typing import TYPE_CHECKING

from gradcalc.render.tex.pieces import CALL, LOWEST, POWER, Piece, side_by_side
from gradcalc.render.tex.quotients import without_sign
from gradcalc.render.tex.reductions import along, squared_norm
from gradcalc.render.tex.spread import is_ones, ones

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer


def matrix_product(w: "Writer", x: ast.expr, y: ast.expr) -> Piece:
    """What `@` gives, if it is plain from the ranks what that is."""
    match w.rank(x), w.rank(y):
        case 1, 1 if ast.dump(x) == ast.dump(y):
            return squared_norm(w, x)
        case 1, 1:
            return side_by_side(w.row(x), w.piece(y))
        case 1, 2:
            return side_by_side(w.transposed(y), w.piece(x))
        case (2, 1) | (2, 2):
            return side_by_side(w.piece(x), w.piece(y))
    left, right = w.piece(x).within(POWER), w.piece(y).within(POWER)
    return Piece(rf"{left} \mathbin{{@}} {right}", LOWEST)


def row(w: "Writer", node: ast.expr) -> Piece:
    """A vector as a row."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[x], keywords=keywords) if w.rank(x) == 2:
            given = {keyword.arg or "**": keyword.value for keyword in keywords}
            found = along(w, name, x, given, lies=True)
            if found is not None:
                return found
        case ast.BinOp(left=x, op=ast.MatMult(), right=y) if without_sign(node) is None:
            match w.rank(x), w.rank(y):
                case 1, 2:
                    return side_by_side(w.row(x), w.piece(y))
                case 2, 1:
                    return side_by_side(w.row(y), w.transposed(x))
    return Piece(rf"{w.piece(node).within(CALL)}^{{\top}}", POWER)


def transposed(w: "Writer", node: ast.expr) -> Piece:
    """A matrix with its rows as columns."""
    match node:
        case ast.Attribute(value=x, attr="T" | "mT") if w.rank(x) == 2:
            return w.piece(x)
        case ast.Call(func=ast.Name(id="inv"), args=[x], keywords=[]):
            return Piece(rf"{w.piece(x).within(CALL)}^{{-\top}}", POWER)
    shape = w.shape(node)
    if is_ones(node) and shape is not None:
        return ones(w, shape[::-1])
    return Piece(rf"{w.piece(node).within(CALL)}^{{\top}}", POWER)
