r"""Sums, products and other functions of many elements: `\sum_{i=1}^{4} x_{i}`, `X \mathbf{1}`."""

import ast
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradcalc.render.tex.pieces import (
    CALL,
    POWER,
    PRODUCT,
    Piece,
    fenced,
    fraction,
    number,
    scaled,
    side_by_side,
)
from gradcalc.render.tex.quotients import quotient
from gradcalc.render.tex.shapes import axes_of, keeps
from gradcalc.render.tex.spread import ONES, ROW_OF_ONES

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer

SIGNS: Mapping[str, str] = {
    "sum": r"\sum", "prod": r"\prod", "amax": r"\max", "amin": r"\min",
}  # fmt: skip

ALONG = {1: "row", 0: "col"}
"""What a function is of, by the dimension of a matrix that it is along."""

PLAIN_AXES = frozenset({"axis", "dim", "keepdim", "keepdims"})

RANGING = frozenset({"std", "var", "amax", "amin", "logsumexp", "prod"})
KEEPING = frozenset({"softmax", "log_softmax", "softmin"})


def total(w: "Writer", name: str, x: ast.expr) -> Piece | None:
    """A function of all elements."""
    if name == "sum":
        squares = _norm_of(w, x)
        if squares is not None:
            return squares
    shape = w.shape(x)
    if shape is None:
        return Piece(rf"\sum {w.piece(x).within(PRODUCT)}", PRODUCT, goes_on=True) if (
            name == "sum") else None  # fmt: skip
    if not shape:
        return w.piece(x)
    with w.letters(len(shape)) as letters:
        inner = w.element(x, letters)
        if inner is None:
            return None
        limits = zip(letters, shape, strict=True)
        sign = SIGNS[name]
        if name in ("sum", "prod"):
            signs = [
                f"{sign}_{{{i}}}" if size is None else f"{sign}_{{{i}=1}}^{{{size}}}"
                for i, size in limits
            ]
        else:
            signs = [f"{sign}_{{{', '.join(letters)}}}"]
    text = f"{' '.join(signs)} {inner.within(PRODUCT if name == 'sum' else POWER)}"
    return Piece(text, PRODUCT, goes_on=True)


def _norm_of(w: "Writer", x: ast.expr) -> Piece | None:
    r"""`sum(x**2)` as `\lVert x \rVert^{2}`, `sum(abs(x))` as `\lVert x \rVert_{1}`."""
    match x:
        case ast.BinOp(left=a, op=ast.Pow(), right=ast.Constant(value=2)) if w.rank(a) in (1, 2):
            return squared_norm(w, a)
        case ast.Call(func=ast.Name(id="abs"), args=[a], keywords=[]) if w.rank(a) == 1:
            return Piece(fenced(r"\lVert", w.piece(a).text, r"\rVert") + "_{1}", CALL)
    return None


def squared_norm(w: "Writer", x: ast.expr) -> Piece:
    """The sum of the squares of a vector's or matrix's elements."""
    below = "_{F}" if w.rank(x) == 2 else ""
    return Piece(fenced(r"\lVert", w.piece(x).text, r"\rVert") + below + "^{2}", POWER)


def mean(w: "Writer", x: ast.expr) -> Piece | None:
    """The mean of all elements: of a named vector a bar, else the sum over their number."""
    if isinstance(x, ast.Name) and w.rank(x) == 1:
        return Piece(rf"\bar{{{w.piece(x).text}}}")
    parts = share(w, ast.Call(ast.Name("mean"), [x], []))
    return None if parts is None else quotient(w, parts[1], ast.Constant(parts[0]))


def share(w: "Writer", node: ast.expr) -> tuple[int, ast.expr] | None:
    """How many a mean is over and their sum; None for what is no mean, or has a bar."""
    match node:
        case ast.Call(func=ast.Name(id="mean"), args=[x], keywords=keywords):
            shape = w.shape(x)
            axes = axes_of(shape, {keyword.arg or "**": keyword.value for keyword in keywords})
            if not shape or not axes or (isinstance(x, ast.Name) and len(shape) == 1):
                return None
            sizes = [size for axis in axes if (size := shape[axis]) is not None]
            if len(sizes) == len(axes):
                return math.prod(sizes), ast.Call(ast.Name("sum"), [x], keywords)
    return None


def along(
    w: "Writer", name: str, x: ast.expr, named: Mapping[str, ast.expr], *, lies: bool = False
) -> Piece | None:
    """A function along one dimension of a matrix, or along that of a vector.

    What it gives is a column, or a row if it is one or `lies`.
    """
    shape, axes = w.shape(x), axes_of(w.shape(x), named)
    if shape is None or axes is None or not PLAIN_AXES.issuperset(named):
        return None
    if name in KEEPING and not lies and len(axes) == 1 and len(shape) in (1, 2):
        word = "" if len(shape) == 1 else ALONG[axes[0]]
        return Piece(_head(name, word) + w.piece(x).bracketed, CALL)
    if len(shape) != 2 or len(axes) != 1:
        return None
    (axis,) = axes
    if keeps(named):
        if lies:
            return None
        lies = axis == 0
    match name:
        case "sum":
            return _summed(w, x, axis, lies=lies)
        case "mean" if shape[axis] is not None:
            share = fraction(number("1"), number(str(shape[axis])))
            piece = _summed(w, x, axis, lies=lies)
            return scaled(share, piece, by_number=True)
        case "norm":
            squares = ast.BinOp(x, ast.Pow(), ast.Constant(2))
            return Piece(rf"\sqrt{{{_summed(w, squares, axis, lies=lies).text}}}", POWER)
        case _ if name in RANGING:
            text = _head(name, ALONG[axis]) + w.piece(x).bracketed
            return Piece(rf"{text}^{{\top}}", POWER) if lies else Piece(text, CALL)
    return None


def _summed(w: "Writer", x: ast.expr, axis: int, *, lies: bool) -> Piece:
    turned = w.transposed(x) if lies == (axis == 1) else w.piece(x)
    return side_by_side(ROW_OF_ONES, turned) if lies else side_by_side(turned, ONES)


def _head(name: str, word: str) -> str:
    plain = rf"\operatorname{{{name}}}".replace("_", r"\_")
    return rf"{plain}_{{\mathrm{{{word}}}}}" if word else plain
