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
from gradcalc.render.tex.shapes import together
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


def _identity(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    return Piece(r"\mathbf{I}" if w.has("I") else "I")


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


def _ones(w: "Writer", arguments: Sequence[ast.expr]) -> Piece:
    call = ast.Call(ast.Name("ones" if len(arguments) > 1 else "ones_like"), [*arguments], [])
    return ones(w.shape(call))


def _diagonal(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    return _identity(w, arguments) if is_ones(arguments[0]) else None


def _tensor(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    return w.piece(arguments[0]) if isinstance(arguments[0], ast.List) else None


def _pad(w: "Writer", arguments: Sequence[ast.expr]) -> Piece | None:
    """Zeros above and below a vector."""
    x, amounts = arguments
    match amounts:
        case ast.Tuple(elts=[ast.Constant(value=int(above)), ast.Constant(value=int(below))]) if (
            w.rank(x) == 1
        ):
            inner = x.elts if isinstance(x, ast.List) else [x]
            cells = [*_zeros(above), *(w.piece(part).text for part in inner), *_zeros(below)]
            return Piece(matrix([[cell] for cell in cells]))
    return None


def _zeros(count: int) -> list[str]:
    return ["0"] * count if count < 2 else [rf"\mathbf{{0}}_{{{count}}}"]


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
    ("diag", 1): _diagonal,
    ("inv", 1): _inverse,
    ("solve", 2): _solve,
    ("outer", 2): _outer,
    ("dot", 2): lambda w, arguments: w.matrix_product(*arguments),
    ("matmul", 2): lambda w, arguments: w.matrix_product(*arguments),
    ("where", 3): _where,
    ("eye", 1): _identity,
    **{(name, count): _ones for name in ("ones", "ones_like") for count in (1, 2, 3)},
    **{
        (name, count): _as(r"\mathbf{0}") for name in ("zeros", "zeros_like") for count in (1, 2, 3)
    },
}
"""By name and number of arguments, where there are no keywords."""
