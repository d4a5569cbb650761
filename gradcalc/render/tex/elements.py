r"""Single elements of formulas: that of `W@x + b` in place i is `(W x)_{i} + b_{i}`."""

import ast
from collections.abc import Sequence

from gradcalc.render.tex.formula import Writer
from gradcalc.render.tex.pieces import ATOM, CALL, Piece, number
from gradcalc.render.tex.shapes import ELEMENTWISE, Shape


class Elements(Writer):
    """Writes what a formula is in a place, which has letters, the last for the last dimension."""

    def __init__(self, outer: Writer, letters: Sequence[str]) -> None:
        self._take(outer)
        self._outer = outer
        self._letters = letters

    def shape(self, node: ast.expr) -> Shape:
        """Every element is a number."""
        return ()

    def piece(self, node: ast.expr) -> Piece:
        """A node's element in the place. Raises ValueError where its shape is not known."""
        shape = self._outer.shape(node)
        if shape is None or len(shape) > len(self._letters):
            raise ValueError(node)
        if not shape:
            return self._outer.piece(node)
        found = self._by_elements(node)
        return self._indexed(node, shape) if found is None else found

    def _by_elements(self, node: ast.expr) -> Piece | None:
        """What is done to each element by itself, done to this one."""
        match node:
            case ast.BinOp(op=ast.MatMult()) | ast.UnaryOp(op=ast.Not()):
                return None
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.IfExp():
                return self._known(node)
            case ast.Call(func=ast.Name(id="ones" | "ones_like")):
                return number("1")
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in ELEMENTWISE:
                return self._known(node)
        return None

    def _indexed(self, node: ast.expr, shape: tuple[int | None, ...]) -> Piece:
        places = self._letters[len(self._letters) - len(shape) :]
        # there is but one place in a dimension of size 1
        below = [i for i, size in zip(places, shape, strict=True) if size != 1]
        piece = self._outer.piece(node)
        joined = "".join(below) if all(len(i) == 1 for i in below) else ",".join(below)
        base = piece.text if isinstance(node, ast.Call) and piece.level == CALL else None
        return Piece(f"{base or piece.within(ATOM)}_{{{joined or '1'}}}", CALL)
