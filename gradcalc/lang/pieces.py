"""A place among the pieces of a text, and the refusals that point at it."""

from typing import NoReturn

from gradcalc.errors import ProgramSyntaxError, Span
from gradcalc.lang.signs import bare
from gradcalc.lang.tokens import END, Token, Unreadable, tokens


class Pieces:
    """The pieces of a text, and how far they are read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0

    # -- tokens ------------------------------------------------------------------------------

    def _next(self, ahead: int = 0) -> Token:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else END

    def _take(self) -> Token:
        token = self._next()
        self._at += 1
        return token

    def _take_close(self, kind: str) -> None:
        if self._take().kind != kind:
            raise Unreadable

    # -- what is left open -------------------------------------------------------------------

    def _refuse(self, start: int, end: int, first: str, second: str) -> NoReturn:
        span = self._span(start, end)
        part = self._text[start:end]
        raise ProgramSyntaxError(
            f"{part} has two readings",
            hint=f"write {bare(first)} or {bare(second)}",
            span=span,
            source=self._text,
        )

    def _refuse_subscript(self, token: Token) -> NoReturn:
        raise ProgramSyntaxError(
            f"the subscript {token.text} belongs to no name",
            hint="x₁² is a power of x₁; norms are ‖x‖₁, ‖x‖₂, ‖x‖_∞",
            span=self._span(token.start, token.end),
            source=self._text,
        )

    def _span(self, start: int, end: int) -> Span:
        line = self._text.count("\n", 0, start)
        behind = self._text.rfind("\n", 0, start) + 1
        return Span(line + 1, start - behind + 1, line + 1, end - behind + 1)
