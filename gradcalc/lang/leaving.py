"""How a block of statements is left before its end."""

from dataclasses import dataclass
from typing import Any

BREAK, CONTINUE = object(), object()
"""By the loop that it stands in."""


@dataclass(frozen=True, slots=True)
class Return:
    """With the value of a function."""

    value: Any
