"""The text of a value, cut into tokens."""

import re
from typing import NamedTuple

from gradcalc.errors import InvalidValueError
from gradcalc.values.context import Source, shorten


class Token(NamedTuple):
    """A piece of text: `kind` is number, name, op, row (`;` or a line's end), opaque or end."""

    kind: str
    text: str
    start: int
    end: int


NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"

_TOKEN = re.compile(
    rf"""
      (?P<number>{NUMBER})
    | (?:(?:np|numpy|torch|math)\.(?:random\.)?)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<elided>\.\.\.|…)
    | (?P<op>\*\*|//|[-+*/%,()\[\]=.])
    | (?P<row>[;\n])
    | (?P<opaque><[^<>\n]*>|'[^'\n]*'|"[^"\n]*")
    | (?P<space>[ \t\r]+)
    | (?P<bad>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_HINTS = {
    "^": "write ** for a power",
    "×": "write * for a product",
    "−": "write the minus sign of the keyboard, -",
    "@": "a file is a value of its own: @file.npy",
    "{": "write a list in square brackets, such as [1,2,3]",
}


def tokenize(source: Source) -> list[Token]:
    """The tokens of a text, closed by one of kind `end`.

    Inside brackets the end of a line is a space, as in pasted arrays.
    """
    tokens: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup or "bad"
        start, end = match.span()
        text = match.group(kind)
        if kind == "space" or (text == "\n" and depth > 0):
            continue
        if kind == "elided":
            raise source.error(
                "the numbers in the middle are left out (...)",
                start,
                end,
                "print all of them, or save them to a file and give @file.npy",
            )
        if kind == "bad":
            message = f"the character {shorten(text)!r} has no place in a value"
            raise source.error(message, start, end, _HINTS.get(text), InvalidValueError)
        depth += (text in "([") - (text in ")]") if kind == "op" else 0
        tokens.append(Token(kind, text, start, end))
    size = len(source.text)
    tokens.append(Token("end", "", size, size))
    return tokens
