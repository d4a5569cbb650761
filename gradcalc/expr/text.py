"""A piece of a formula as text."""

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
