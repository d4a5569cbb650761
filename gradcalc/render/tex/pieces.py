r"""Pieces of mathematics put together, with as few brackets as can be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gradcalc.render.tex.names import number_tex

LOWEST, OR, AND, COMPARE, SUM, NEGATIVE, PRODUCT, FRACTION, POWER, CALL, ATOM = range(11)
"""How tightly a piece holds together: a POWER takes no other power, a CALL no index."""

_TALL = (r"\frac", r"\sqrt", r"\sum", r"\prod", r"\begin", r"\left")
_WIDEST = 10


Product = Literal["", "scaled", "elements", "mixed", "matrices"]
"""By numbers, of elements, of both, of matrices (and numbers)."""


@dataclass(frozen=True, slots=True)
class Piece:
    r"""A piece of mathematics and how tightly it holds together.

    `product` is the kind of product that it is, as another kind beside it could be misread.
    `goes_on` is true of what takes in whatever follows it: `\sum x`.
    """

    text: str
    level: int = ATOM
    product: Product = ""
    goes_on: bool = False

    def within(self, level: int) -> str:
        """The text in brackets, unless it holds together at that level."""
        return self.text if self.level >= level else self.bracketed

    @property
    def bracketed(self) -> str:
        """The text in brackets."""
        return fenced("(", self.text, ")")

    def as_left(self, *unlike: Product) -> str:
        """The text as the left factor of a product that is unlike some kinds of products."""
        loose = self.goes_on or self.product in unlike
        return self.bracketed if loose else self.within(NEGATIVE)


def fenced(left: str, text: str, right: str) -> str:
    """The text between brackets that are as tall as it is."""
    gap = " " if left.startswith("\\") else ""
    if is_tall(text):
        return rf"\left{left}{gap}{text}{gap}\right{right}"
    return f"{left}{gap}{text}{gap}{right}"


def is_tall(text: str) -> bool:
    """Whether there is something in it that is higher than a letter with an exponent."""
    return any(sign in text for sign in _TALL)


def number(text: str) -> Piece:
    """A number as Python writes it."""
    tex = number_tex(text)
    if tex.startswith("-"):
        return Piece(tex, NEGATIVE)
    return Piece(tex, PRODUCT if r"\times" in tex else POWER if "^" in tex else ATOM)


def negative(piece: Piece) -> Piece:
    """Minus the piece."""
    text = piece.within(PRODUCT)
    return Piece(f"-{text}", NEGATIVE, piece.product, goes_on=piece.goes_on)


def fraction(above: Piece, below: Piece) -> Piece:
    """One piece over the other, the sign of the upper one in front."""
    if above.level == NEGATIVE:
        return Piece(rf"-\frac{{{above.text[1:]}}}{{{below.text}}}", NEGATIVE)
    return Piece(rf"\frac{{{above.text}}}{{{below.text}}}", FRACTION)


def by_elements(left: Piece, right: Piece) -> Piece:
    """The product of each element of one with that of the other."""
    pure = right.product in ("", "elements")
    behind = right.within(PRODUCT) if pure else right.bracketed
    kind: Product = "mixed" if left.product in ("scaled", "mixed") else "elements"
    return _product(left.as_left("matrices"), r" \odot ", behind, kind, right)


def scaled(left: Piece, right: Piece, *, by_number: bool) -> Piece:
    """A product with a number, which stands on the left or, if not `by_number`, on the right."""
    before = left.as_left("matrices")
    alone = right.product == "matrices" and not by_number
    behind = right.bracketed if alone else right.within(PRODUCT)
    # 2 times 1/2 is not two and a half.
    close = re.match(r"\\mathbf|\\frac", behind) and before[-1].isdigit()
    sign = r" \cdot " if close or behind[0].isdigit() else _gap(before, behind)
    kinds = {left.product if before == left.text else "", "" if alone else right.product}
    kind: Product = "scaled"
    if not kinds.isdisjoint({"elements", "mixed"}):
        kind = "mixed"
    elif "matrices" in kinds:
        kind = "matrices"
    return _product(before, sign, behind, kind, right)


def side_by_side(left: Piece, right: Piece) -> Piece:
    """A product of matrices, without the brackets that associativity makes superfluous."""
    loose = right.product == "matrices" and right.level == PRODUCT and not right.text[0].isdigit()
    before, behind = (
        left.as_left("elements", "mixed"),
        right.text if loose else right.within(FRACTION),
    )
    return _product(before, _gap(before, behind), behind, "matrices", right)


def _gap(before: str, behind: str) -> str:
    """What stands between factors: words would run into one another."""
    words = re.search(r"\\(mathit|textit|texttt)\{[^{}]*\}$", before) or behind.startswith(
        (r"\mathit", r"\textit", r"\texttt")
    )
    return r" \, " if words else " "


def _product(before: str, sign: str, behind: str, kind: Product, right: Piece) -> Piece:
    text = before + sign + behind
    level = NEGATIVE if text.startswith("-") else PRODUCT
    return Piece(text, level, kind, goes_on=right.goes_on and behind == right.text)


def matrix(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells in round brackets."""
    inner, columns = stacked([" & ".join(row) for row in rows]), max(map(len, rows), default=1)
    if columns <= _WIDEST:
        return rf"\begin{{pmatrix}} {inner} \end{{pmatrix}}"
    # pmatrix has no more columns than that.
    spec = f"{{*{{{columns}}}{{c}}}}"
    return rf"\left(\begin{{array}}{spec} {inner} \end{{array}}\right)"


def stacked(rows: Sequence[str]) -> str:
    """Rows one below the other, many of them in lines of their own."""
    # A bracket behind the end of a row would be read as an option of it.
    safe = (f"{{}}{row}" if row.startswith("[") else row for row in rows)
    return (" \\\\\n" if len(rows) > _WIDEST else r" \\ ").join(safe)
