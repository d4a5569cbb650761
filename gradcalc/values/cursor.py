"""A place in a list of tokens, and the errors that point at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gradcalc.errors import GradcalcError, LimitError
from gradcalc.values.context import Array, Context, Source
from gradcalc.values.tokens import Token, tokenize

Value = float | Array


class Cursor:
    """The tokens of a text, how far they are read, and how deep the reading is nested."""

    def __init__(self, text: str, context: Context) -> None:
        self.source = Source(context.name, text)
        self.tokens = tokenize(self.source)
        self.context = context
        self.at = 0
        self.depth = 0
        # Between round brackets a space separates nothing, so `(1 -2)` is a difference.
        self.spaces_separate = True

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
        self, message: str, first: Token, last: Token | None = None, hint: str | None = None
    ) -> GradcalcError:
        return self.source.error(message, first.start, (last or first).end, hint)

    def too_deep(self) -> GradcalcError:
        message = f"brackets or powers are nested more than {self.context.limits.max_nesting} deep"
        return self.source.error(message, self.token.start, self.token.end, None, LimitError)

    def placed(self, work: Callable[[], Array], first: Token, last: Token) -> Value:
        """The result of the work; an error of it gets the place of these tokens."""
        try:
            result = work()
        except GradcalcError as error:
            place = self.error("", first, last)
            raise error.located(place.span, place.source) from None
        return float(result) if result.ndim == 0 else result
