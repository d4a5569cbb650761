"""The pieces of mathematics as it is typed: numbers, names, signs, raised digits, bars."""

import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass

from gradcalc.lang.signs import MARK

WORDS = frozenset(keyword.kwlist)
"""Words of Python, which are no factors."""

SIGNS = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "÷": "/", "∕": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "^": "**", "⋆": "*",
}  # fmt: skip
"""Signs, and what Python has for them."""

TRANSPOSED = "ᵀ"

MATRIX_PRODUCT = "⋆"
"""A product as side by side, with a sign: that of matrices, where it is one of them."""

CONSTANTS = {"π": "pi", "∞": "inf"}
"""Constants that have a sign; τ is a name like others, as time constants are called so."""

FRACTIONS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅙": "1/6", "⅛": "1/8",
    "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip

ROOTS = {"√": 2, "∛": 3}

BARS = {"|": "abs", "‖": "norm"}

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")

LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

NO_LETTERS = f"[πᵀ⁰-⁹¹²³ⁿ{''.join(FRACTIONS)}]"
"""What is no part of a name, though it may be to Python."""

TOKEN = re.compile(
    r"(?P<space>[^\S\n]+)|(?P<comment>#[^\n]*)"
    r"|(?P<number>0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)"
    rf"|(?P<fraction>[{''.join(FRACTIONS)}])"
    # a subscript of what is no name; behind one it is a part of it
    r"|(?P<below>[₀-₉]+|(?<=[|‖)\]}⁰¹²³⁴-⁹ⁿ])_(?:∞|[^\W⁰¹²³⁴-⁹ⁿ]+))"
    rf"|(?P<name>[π∞]|(?!{NO_LETTERS})[^\W\d](?:(?!{NO_LETTERS}|[₀-₉])\w)*[₀-₉]*)"
    r"|(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|ⁿ)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<times>\*(?!\*)|//?|[%@×·⋅∙∗⋆÷∕])|(?P<power>\*\*|\^)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<bar>[|‖])|(?P<root>[√∛])"
    r"|(?P<sign>->|:=|<=|>=|==|!=|[-−–+=<>≤≥≠~&,:;.ᵀ\n])"
)

STARTS = frozenset({"number", "fraction", "name", "open", "bar", "root"})
"""What a factor begins with."""


def is_product(name: str, numbers: Collection[str]) -> bool:
    """Whether what Python takes for one name is several: x·y, πr.

    `numbers` are the names that have a value.
    """
    parts = re.split("[·π]", name)
    if name in numbers or len(parts) == 1:
        return False
    return "·" in name or ({*parts} > {""} and {*parts} - {""} <= {*numbers})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text, with its kind, its place, and the space in front of it."""

    kind: str
    text: str
    start: int
    space: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


END = Token("end", "", 0, "")


class Unreadable(Exception):
    """A text that mathematics has no reading for either."""


def tokens(text: str) -> list[Token]:
    """The pieces of a text. Raises `Unreadable` where there is none."""
    if MARK.search(text):
        raise Unreadable
    found: list[Token] = []
    place, space = 0, ""
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise Unreadable
        kind = str(match.lastgroup)
        if kind == "space":
            space = match[0]
        else:
            kind = "word" if kind == "name" and match[0] in WORDS else kind
            found.append(Token(kind, match[0], place, space))
            if [token.kind for token in found[-3:]] == ["bar", "raised", "below"]:
                # the power of a norm in front of which norm it is: ‖X‖²_F
                found[-2:] = found[:-3:-1]
            space = ""
        place = match.end()
    return found
