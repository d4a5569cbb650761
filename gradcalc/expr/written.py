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


ARROW = " ↦ "
"""What stands between a tangent and what a linear map makes of it."""

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

    @property
    def tangent(self) -> str:
        """The name of the tangent that it is a linear map of, empty if it is no map."""
        name, arrow, _ = self.body.partition(ARROW)
        return name if arrow else ""

    @property
    def image(self) -> "Written":
        """What it gives of its tangent; itself if it is no map."""
        return Written(self.parts, self.body.rpartition(ARROW)[2])

    def along(self, tangent: str) -> "Written":
        """It as a linear map of a tangent, or as it is without one."""
        return Written(self.parts, f"{tangent}{ARROW}{self.body}") if tangent else self
