"""How a text should look, decided by whoever knows where it will be shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """The place to draw on: nothing in the environment changes what a renderer returns.

    `show_all` draws every row of a long gradient. Without `unicode` only ASCII is used.
    """

    width: int
    color: bool
    unicode: bool = True
    show_all: bool = False
