"""How deep lists and dictionaries of numbers may be nested, and how many numbers they may hold."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.errors import LimitError
from gradcalc.values.context import Limits

DEEPEST = 50
"""As deep as brackets in values that are texts."""

MOST = Limits().max_elements

Size = tuple[int, int]
"""How deep something is nested, and how many numbers it has in all."""


def check_nesting(value: Any, name: str) -> None:
    """Raises `LimitError` for what is nested too deeply, or holds too many numbers."""
    if _size(value, name, DEEPEST, {})[1] > MOST:
        raise LimitError(f"{name} holds more than {MOST:,} numbers")


def _size(value: Any, name: str, depth: int, known: dict[int, Size]) -> Size:
    """The size of what may hold itself, or the same list many times."""
    if isinstance(value, range):
        return 1, _length(value)
    if not isinstance(value, list | tuple | Mapping | Sequence) or isinstance(value, str | bytes):
        return 0, _elements(value)
    if id(value) not in known:
        if depth == 0:
            raise too_deep(name)
        items = value.values() if isinstance(value, Mapping) else value
        if all(type(item) in (int, float) for item in items):
            # long rows of numbers are the usual case
            return 1, len(value)
        found = [_size(item, name, depth - 1, known) for item in items]
        known[id(value)] = 1 + max(d for d, _ in found), sum(n for _, n in found)
    if known[id(value)][0] > depth:
        raise too_deep(name)
    return known[id(value)]


def too_deep(name: str) -> LimitError:
    """What is said of what is nested too deeply."""
    return LimitError(f"{name}: lists or objects are nested more than {DEEPEST} deep")


def _length(numbers: range) -> int:
    try:
        return len(numbers)
    except OverflowError:
        return sys.maxsize


def _elements(value: Any) -> int:
    """How many an array or a tensor has, and 1 of anything else."""
    try:
        shape = getattr(value, "shape", None)
    except RuntimeError:
        # tensors of tensors have none
        return 1
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        return math.prod(shape)
    return 1
