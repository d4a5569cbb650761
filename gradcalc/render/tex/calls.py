r"""Functions that have a notation of their own; any other is `\operatorname{name}(...)`."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradcalc.render.tex.pieces import (
    CALL,
    LOWEST,
    POWER,
    Piece,
    fenced,
    is_tall,
    matrix,
    side_by_side,
    stacked,
)
from gradcalc.render.tex.quotients import slashed
from gradcalc.render.tex.reductions import SIGNS, mean, total
from gradcalc.render.tex.shapes import Size, padding, together
from gradcalc.render.tex.spread import is_ones, ones, spread

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer

Call = Callable[["Writer", Sequence[ast.expr]], Piece | None]

HEADS: Mapping[str, str] = {
    "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "sinh": r"\sinh",
    "cosh": r"\cosh", "tanh": r"\tanh", "det": r"\det", "max": r"\max", "min": r"\min",
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log2": r"\log_{2}",
    "log10": r"\log_{10}", "amax": r"\max", "amin": r"\min", "maximum": r"\max",
    "minimum": r"\min", "sigmoid": r"\sigma", "trace": r"\operatorname{tr}",
    "relu": r"\operatorname{ReLU}",
}  # fmt: skip
"""What stands in front of the brackets, where there are no keywords."""

POWERS = frozenset({"sin", "cos", "tan", "sinh", "cosh", "tanh"})
"""Functions whose powers have the exponent behind the name."""


def _between(left: str, right: str) -> Call:
    def call(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
        return Piece(fenced(left, w.piece(arguments[0]).text, right))

    return call


def _as(text: str) -> Call:
    return lambda w, arguments: Piece(text)


def _exp(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    exponent = slashed(w, arguments[0]).text
    if w.rank(arguments[0]) == 0 and not w.has("e") and not is_tall(exponent):
        return Piece(f"e^{{{exponent}}}", POWER)
    return Piece(r"\exp" + w.piece(arguments[0]).bracketed, CALL)


def _norm(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    rank = w.rank(arguments[0])
    if rank is not None and rank > 2:
        return None
    text = fenced(r"\lVert", w.piece(arguments[0]).text, r"\rVert")
    return Piece(text + "_{F}", CALL) if rank == 2 else Piece(text)


def _norm_of_order(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    x, order = arguments
    if w.rank(x) != 1:
        return None
    text = fenced(r"\lVert", w.piece(x).text, r"\rVert")
    return Piece(f"{text}_{{{w.piece(order).text}}}", CALL)


def _all_of(name: str) -> Call:
    return lambda w, arguments: total(w, name, arguments[0])


def _inverse(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    match arguments[0]:
        case ast.Attribute(value=x, attr="T" | "mT") if w.rank(x) == 2:
            return Piece(rf"{w.piece(x).within(CALL)}^{{-\top}}", POWER)
    return Piece(f"{w.piece(arguments[0]).within(CALL)}^{{-1}}", POWER)


def _solve(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    if w.rank(arguments[0]) != 2 or w.rank(arguments[1]) not in (1, 2):
        return None
    return side_by_side(_inverse(w, arguments), w.piece(arguments[1]))


def _outer(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    return side_by_side(w.piece(arguments[0]), w.row(arguments[1]))


def _identity(w: "Writer", size: Size) -> Piece:
    letter = r"\mathbf{I}" if w.has("I") else "I"
    return Piece(f"{letter}_{{{size}}}", CALL) if w.sized and size is not None else Piece(letter)


def _eye(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    match arguments[0]:
        case ast.Constant(value=int(size)):
            return _identity(w, size)
    return _identity(w, None)


def _where(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    """A choice, and those that its last case leads to, one below the other."""
    rows = []
    shape = together([w.shape(argument) for argument in arguments])
    while True:
        condition, value, rest = arguments
        if len(shape or ()) == 2 and w.rank(condition) not in (0, 2):
            return None
        rows.append(rf"{spread(w, value, shape).text} & \text{{if }} {w.condition(condition).text}")
        match rest:
            case ast.Call(func=ast.Name(id="where"), args=[_, _, _], keywords=[]):
                arguments = rest.args
            case _:
                break
    rows.append(rf"{spread(w, rest, shape).text} & \text{{otherwise}}")
    return Piece(rf"\begin{{cases}} {stacked(rows)} \end{{cases}}", LOWEST)


def _ones(name: str) -> Call:
    def call(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
        return ones(w, w.shape(ast.Call(ast.Name(name), [*arguments], [])))

    return call


def _diagonal(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    shape = w.shape(arguments[0])
    return _identity(w, shape[0] if shape else None) if is_ones(arguments[0]) else None


def _tensor(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    return w.piece(arguments[0]) if isinstance(arguments[0], ast.List) else None


def _pad(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    """Zeros above and below a vector, or around a matrix."""
    x, amounts = arguments
    shape, widths = w.shape(x), padding(amounts)
    if shape is None or widths is None or not len(widths) // 2 <= len(shape) <= 2:
        return None
    ends = [*widths, 0, 0] if len(shape) == 2 else [0, 0, *widths]
    left, right, above, below = ends[:4]
    rows, columns = (*shape, 1) if len(shape) == 1 else shape
    with w.sizes():
        cells, high, wide = _cells(w, x, rows, columns)
    high, wide = [above, *high, below], [left, *wide, right]
    blank = [""] * len(wide)
    cells = [blank, *(["", *row, ""] for row in cells), blank]
    grid = [
        [cell or _zeros(r, c) for cell, c in zip(row, wide, strict=True) if c != 0]
        for row, r in zip(cells, high, strict=True)
        if r != 0
    ]
    return Piece(matrix(grid))


def _flat(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    """The elements of a matrix of one column or row as a vector."""
    match w.shape(arguments[0]):
        case (_,) | (_, 1):
            return w.piece(arguments[0])
        case (1, _):
            return w.transposed(arguments[0])
    return None


def _cells(
    w: "Writer", x: ast.expr, rows: Size, columns: Size
) -> tuple[list[list[str]], list[Size], list[Size]]:
    """What stands in a matrix by blocks, how high their rows are and how wide their columns."""
    match x:
        case ast.List(elts=elements) if elements:
            table = [node.elts if isinstance(node, ast.List) else [node] for node in elements]
            if all(w.rank(cell) == 0 for row in table for cell in row):
                texts = [[w.piece(cell).text for cell in row] for row in table]
                return texts, [1] * len(texts), [1] * len(texts[0])
    return [[w.piece(x).text]], [rows], [columns]


def _zeros(rows: Size, columns: Size) -> str:
    """A block of zeros."""
    zeros = r"\mathbf{0}"
    match rows, columns:
        case 1, 1:
            return "0"
        case _, 1:
            return rf"{zeros}_{{{rows}}}" if rows else zeros
        case 1, _:
            return rf"{zeros}_{{{columns}}}^{{\top}}" if columns else rf"{zeros}^{{\top}}"
    return rf"{zeros}_{{{rows} \times {columns}}}" if rows and columns else zeros


CALLS: Mapping[tuple[str, int], Call] = {
    ("abs", 1): _between(r"\lvert", r"\rvert"),
    ("floor", 1): _between(r"\lfloor", r"\rfloor"),
    ("ceil", 1): _between(r"\lceil", r"\rceil"),
    ("sqrt", 1): lambda w, arguments: Piece(rf"\sqrt{{{w.piece(arguments[0]).text}}}", POWER),
    ("exp", 1): _exp,
    ("norm", 1): _norm,
    ("norm", 2): _norm_of_order,
    **{(name, 1): _all_of(name) for name in SIGNS},
    ("mean", 1): lambda w, arguments: mean(w, arguments[0]),
    ("tensor", 1): _tensor,
    ("pad", 2): _pad,
    ("flatten", 1): _flat,
    ("diag", 1): _diagonal,
    ("inv", 1): _inverse,
    ("solve", 2): _solve,
    ("outer", 2): _outer,
    ("dot", 2): lambda w, arguments: w.matrix_product(*arguments),
    ("matmul", 2): lambda w, arguments: w.matrix_product(*arguments),
    ("where", 3): _where,
    ("eye", 1): _eye,
    **{("ones", count): _ones("ones") for count in (1, 2, 3)},
    ("ones_like", 1): _ones("ones_like"),
    **{
        (name, count): _as(r"\mathbf{0}") for name in ("zeros", "zeros_like") for count in (1, 2, 3)
    },
}
"""By name and number of arguments, where there are no keywords."""
