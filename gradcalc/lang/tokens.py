"""The pieces of mathematics as it is typed: numbers, names, signs, raised digits, bars."""

import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass

WORDS = frozenset(keyword.kwlist)
"""Words of Python, which are no factors."""

SIGNS = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "÷": "/", "∕": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "^": "**",
}  # fmt: skip
"""Signs, and what Python has for them."""

TRANSPOSED = "ᵀ"

CONSTANTS = {"π": "pi", "τ": "tau", "∞": "inf"}

BARS = {"|": "abs", "‖": "norm"}

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")

LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

TOKEN = re.compile(
    r"(?P<space>[^\S\n]+)|(?P<comment>#[^\n]*)"
    r"|(?P<number>0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[πτ∞]|(?![πτᵀ⁰-⁹¹²³ⁿ])[^\W\d](?:(?![πτᵀ⁰-⁹¹²³ⁿ])\w)*[₀-₉]*)"
    r"|(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|ⁿ)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<times>\*(?!\*)|//?|[%@×·⋅∙∗÷∕])|(?P<power>\*\*|\^)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<bar>[|‖])|(?P<root>√)"
    r"|(?P<sign>->|:=|<=|>=|==|!=|[-−–+=<>≤≥≠~&,:;.ᵀ\n])"
)

STARTS = frozenset({"number", "name", "open", "bar", "root"})
"""What a factor begins with."""


def is_product(name: str, numbers: Collection[str]) -> bool:
    """Whether what Python takes for one name is several: x·y, πr.

    `numbers` are the names that have a value.
    """
    parts = re.split("[·πτ]", name)
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
            space = ""
        place = match.end()
    return found
