"""The text of a value, cut into tokens; a place among them, and the errors that point at it."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gradcalc.errors import GradcalcError, InvalidValueError, LimitError, Span
from gradcalc.values.context import Array, Context, shorten

Value = float | Array

# A text longer than this is not repeated under an error: nobody reads a caret in a megabyte.
_LONGEST_SHOWN = 10_000

_DIGITS = "[0-9](?:_?[0-9])*"

NUMBER = rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?"

_TOKEN = re.compile(
    rf"""
      (?P<number>{NUMBER})
    | (?:(?:np|numpy|torch|math)\.(?:random\.)?)?(?P<name>[A-Za-z_][A-Za-z0-9_]*|[π∞])
    | (?P<elided>\.\.\.|…)
    | (?P<op>\*\*|//|[-+*/%,()\[\]=.])
    | (?P<row>[;\n])
    | (?P<opaque><[^<>\n]*>|'[^'\n]*'|"[^"\n]*")
    | (?P<space>[ \t\r]+)
    | (?P<bad>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SIGNS = {"π": "pi", "∞": "inf"}
"""Names that are a sign."""

_HINTS = {
    "^": "write ** for a power",
    **dict.fromkeys("×·⋅", "write * for a product"),
    "÷": "write / for a quotient",
    "−": "write the minus sign of the keyboard, -",
    "@": "a file is a value of its own: @file.npy",
    "{": "write a list in square brackets, such as [1,2,3]",
}


NEAR = 40
"""Characters of a number that is shown with a sign behind it."""


class Token(NamedTuple):
    """A piece of text: `kind` is number, name, op, row (`;` or a line's end), opaque or end."""

    kind: str
    text: str
    start: int
    end: int


class Cursor:
    """The tokens of a text, how far they are read, and how deep the reading is nested."""

    def __init__(self, text: str, context: Context) -> None:
        self.text = text
        self.context = context
        self.tokens = list(self._tokens())
        self.at = 0
        self.depth = 0
        # Between round brackets a space separates nothing, so `(1 -2)` is a difference.
        self.spaces_separate = True

    def _tokens(self) -> Iterator[Token]:
        """The tokens of the text, closed by one of kind `end`.

        Inside brackets the end of a line is a space, as in pasted arrays.
        """
        depth = 0
        for match in _TOKEN.finditer(self.text):
            kind = match.lastgroup or "bad"
            text = match.group(kind)
            token = Token(kind, _SIGNS.get(text, text), *match.span())
            if kind == "space" or (text == "\n" and depth > 0):
                continue
            if kind == "elided":
                raise self.error(
                    "the numbers in the middle are left out (...)",
                    token,
                    hint="print all of them, or save them to a file and give @file.npy",
                )
            if kind == "bad":
                message = f"the character {shorten(text)!r} has no place in a value"
                raise self.error(message, token, hint=_HINTS.get(text) or self._written(match))
            depth += (text in "([") - (text in ")]") if kind == "op" else 0
            yield token
        yield Token("end", "", len(self.text), len(self.text))

    def _written(self, match: re.Match[str]) -> str | None:
        """How a sign that has no place in a value is written with what belongs to it."""
        sign, start, end = match.group(), *match.span()
        # a search for what ends here would begin at each of so many characters
        near = self.text[max(0, start - NEAR) : start]
        before = re.search(rf"(?:{NUMBER}|\bpi|\))$", near)
        before = None if before and len(before[0]) == NEAR else before
        behind = re.match(rf"\s*({NUMBER}|\w+|\([^()]*\))", self.text[end:])
        plain = unicodedata.normalize("NFKC", sign).replace("⁄", "/")
        if sign == "√" and behind:
            return f"write sqrt({shorten(behind[1].strip('()'))})"
        if "/" in plain:
            return f"write {shorten(before[0])} + {plain}" if before else f"write {plain}"
        if plain.isdecimal() and plain != sign and before:
            return f"write {shorten(before[0])}**{plain} for a power"
        return None

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def skip(self, text: str) -> None:
        while self.token.text == text:
            self.at += 1

    def closes(self, closer: str) -> bool:
        """Whether the list that `closer` (a text or a kind) ends is over here."""
        token = self.token
        return token.kind in ("end", closer) or token.text in (closer, ")", "]")

    def close(self, opening: Token, closer: str) -> Token:
        if self.token.text != closer:
            raise self.error(f"this {opening.text} is not closed by {closer}", opening)
        return self.take()

    def gap_before(self, index: int) -> bool:
        return self.tokens[index - 1].end < self.tokens[index].start

    @contextmanager
    def nested(self, *, spaces_separate: bool) -> Iterator[None]:
        """One level deeper, with another meaning of spaces."""
        if self.depth >= self.context.limits.max_nesting:
            raise self.too_deep()
        before = self.spaces_separate
        self.depth, self.spaces_separate = self.depth + 1, spaces_separate
        yield
        self.depth, self.spaces_separate = self.depth - 1, before

    def error(
        self,
        message: str,
        first: Token,
        last: Token | None = None,
        hint: str | None = None,
        kind: type[GradcalcError] = InvalidValueError,
    ) -> GradcalcError:
        """An error about the text from one token to another."""
        span = source = None
        if len(self.text) <= _LONGEST_SHOWN:
            end = max((last or first).end, first.start + 1)
            span, source = Span(*self._place(first.start), *self._place(end)), self.text
        return kind(f"{self.context.name}: {message}", hint=hint, span=span, source=source)

    def _place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - line_start + 1

    def too_deep(self) -> GradcalcError:
        message = f"brackets or powers are nested more than {self.context.limits.max_nesting} deep"
        return self.error(message, self.token, kind=LimitError)

    def placed(self, work: Callable[[], Array], first: Token, last: Token) -> Value:
        """The result of the work; an error of it gets the place of these tokens."""
        try:
            result = work()
        except GradcalcError as error:
            place = self.error("", first, last)
            raise error.located(place.span, place.source) from None
        return float(result) if result.ndim == 0 else result
