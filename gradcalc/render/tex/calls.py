r"""Functions that have a notation of their own; any other is `\operatorname{name}(...)`."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradcalc.render.tex.pieces import (
    CALL,
    LOWEST,
    POWER,
    PRODUCT,
    Piece,
    fenced,
    side_by_side,
    stacked,
)

if TYPE_CHECKING:
    from gradcalc.render.tex.formula import Writer

Call = Callable[["Writer", Sequence[ast.expr]], Piece | None]

HEADS: Mapping[str, str] = {
    "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "sinh": r"\sinh",
    "cosh": r"\cosh", "tanh": r"\tanh", "det": r"\det", "max": r"\max", "min": r"\min",
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log2": r"\log_{2}",
    "log10": r"\log_{10}", "amax": r"\max", "amin": r"\min", "maximum": r"\max",
    "minimum": r"\min", "sigmoid": r"\sigma", "trace": r"\operatorname{tr}",
}  # fmt: skip
"""What stands in front of the brackets, where there are no keywords."""


def _between(left: str, right: str) -> Call:
    def call(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
        return Piece(fenced(left, w.piece(arguments[0]).text, right))

    return call


def _as(text: str) -> Call:
    return lambda w, arguments: Piece(text)


def _exp(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    inner = w.piece(arguments[0])
    if w.rank(arguments[0]) == 0 and not w.has("e"):
        return Piece(f"e^{{{inner.text}}}", POWER)
    return Piece(r"\exp" + inner.bracketed, CALL)


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


def _sum(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    return Piece(rf"\sum {w.piece(arguments[0]).within(PRODUCT)}", PRODUCT, goes_on=True)


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


def _identity(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    return Piece(r"\mathbf{I}" if w.has("I") else "I")


def _where(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    """A choice, and those that its last case leads to, one below the other."""
    rows = []
    while True:
        condition, value, rest = arguments
        rows.append(rf"{w.piece(value).text} & \text{{if }} {w.condition(condition).text}")
        match rest:
            case ast.Call(func=ast.Name(id="where"), args=[_, _, _], keywords=[]):
                arguments = rest.args
            case _:
                break
    rows.append(rf"{w.piece(rest).text} & \text{{otherwise}}")
    return Piece(rf"\begin{{cases}} {stacked(rows)} \end{{cases}}", LOWEST)


CALLS: Mapping[tuple[str, int], Call] = {
    ("abs", 1): _between(r"\lvert", r"\rvert"),
    ("floor", 1): _between(r"\lfloor", r"\rfloor"),
    ("ceil", 1): _between(r"\lceil", r"\rceil"),
    ("sqrt", 1): lambda w, arguments: Piece(rf"\sqrt{{{w.piece(arguments[0]).text}}}", POWER),
    ("exp", 1): _exp,
    ("norm", 1): _norm,
    ("norm", 2): _norm_of_order,
    ("sum", 1): _sum,
    ("inv", 1): _inverse,
    ("solve", 2): _solve,
    ("outer", 2): _outer,
    ("dot", 2): lambda w, arguments: w.matrix_product(*arguments),
    ("matmul", 2): lambda w, arguments: w.matrix_product(*arguments),
    ("where", 3): _where,
    ("eye", 1): _identity,
    **{(name, count): _as(r"\mathbf{1}") for name in ("ones", "ones_like") for count in (1, 2, 3)},
    **{
        (name, count): _as(r"\mathbf{0}") for name in ("zeros", "zeros_like") for count in (1, 2, 3)
    },
}
"""By name and number of arguments, where there are no keywords."""
