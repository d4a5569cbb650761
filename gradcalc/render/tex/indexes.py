"""Indexes: they count from 1 in mathematics, and a range has its last place in it."""

import ast
from typing import TYPE_CHECKING

from gradcalc.render.tex.pieces import ATOM, CALL, Piece
from gradcalc.render.tex.shapes import Size, bounds, items_of

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer


def subscript(w: "Writer", x: ast.expr, key: ast.expr) -> Piece | None:
    """What is taken from a vector or matrix, None where that has no notation."""
    shape, items = w.shape(x), items_of(key)
    match [_kind(item) for item in items]:
        case [":", "None"] if shape is not None and len(shape) == 1:
            return w.piece(x)
        case ["None", ":"] if shape is not None and len(shape) == 1:
            return w.row(x)
    if shape is None or not 0 < len(items) <= len(shape) <= 2:
        return None
    sizes = dict(enumerate(shape))
    below = [_item(item, sizes[k]) for k, item in enumerate(items)]
    below += [":"] * (len(shape) - len(items))
    known = [text for text in below if text is not None]
    if len(known) < len(below):
        return None
    w.counts = True
    base, inner = w.piece(x).within(ATOM), ",".join(known)
    text = f"{base}_{{{inner}}}"
    # x1 is not the first of x
    return Piece(f"({base})_{{{inner}}}" if w.is_name(text) else text, CALL)


def _kind(item: ast.expr) -> str:
    match item:
        case ast.Slice(lower=None, upper=None, step=None):
            return ":"
        case ast.Constant(value=None):
            return "None"
    return ""


def _item(item: ast.expr, size: Size) -> str | None:
    if isinstance(item, ast.Slice):
        if _kind(item) == ":":
            return ":"
        found = bounds(size, item)
        if found is None or found[2] != 1 or found[0] >= found[1]:
            return None
        return f"{found[0] + 1}:{found[1]}"
    try:
        place = ast.literal_eval(item)
    except ValueError:
        return None
    if not isinstance(place, int) or isinstance(place, bool) or (place < 0 and size is None):
        return None
    return str(place + 1 + (size or 0 if place < 0 else 0))
