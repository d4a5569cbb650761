"""A formula as text: plain data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """A formula: the parts that have a name, each in those before it, and the whole in them."""

    parts: tuple[tuple[str, str], ...]
    body: str

    @property
    def text(self) -> str:
        """The formula as a program."""
        return "; ".join([*(f"{name} = {text}" for name, text in self.parts), self.body])
