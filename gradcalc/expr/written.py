"""A formula as text: plain data, the pieces it is made of, and why there may be none."""

from dataclasses import dataclass

COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, ATOM = range(1, 7)
"""How tightly a text holds together, as Python's operators do."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a formula, and how tightly it holds together. `matrix` marks a product by @."""

    text: str
    level: int = ATOM
    matrix: bool = False

    def within(self, level: int) -> str:
        """The text in brackets, unless it holds together at that level."""
        return self.text if self.level >= level else f"({self.text})"


LONGEST = 10_000
"""Characters above which a formula is not written: nobody would read it."""


class Unprintable(Exception):
    """An expression has no text in gradcalc's language; the message says why."""


class TooLong(Unprintable):
    """A text has more characters than are written."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {LONGEST:,} characters")


@dataclass(frozen=True, slots=True)
class Written:
    """A formula: the parts that have a name, each in those before it, and the whole in them."""

    parts: tuple[tuple[str, str], ...]
    body: str

    @property
    def text(self) -> str:
        """The formula as a program."""
        return "; ".join([*(f"{name} = {text}" for name, text in self.parts), self.body])
