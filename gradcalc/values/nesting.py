"""How deep lists and dictionaries of numbers may be nested, and how many numbers they may hold."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
        raise too_many(name)


def too_deep(name: str) -> LimitError:
    """What is said of what is nested too deeply."""
    return LimitError(f"{name}: lists or objects are nested more than {DEEPEST} deep")


def too_many(name: str) -> LimitError:
    """What is said of what holds too many numbers."""
    return LimitError(f"{name} holds more than {MOST:,} numbers")


def _size(value: Any, name: str, depth: int, known: dict[int, tuple[Any, Size]]) -> Size:
    """The size of what may hold itself, or the same list many times.

    What is known is kept with the object itself, so that no other one has its id.
    """
    items = _items(value)
    if items is None:
        return 0, _elements(value)
    if id(value) not in known:
        if depth == 0:
            raise too_deep(name)
        if all(type(item) in (int, float) for item in items):
            # long rows of numbers are the usual case
            return 1, len(items)
        deep, many = 0, 0
        for item in items:
            below, count = _size(item, name, depth - 1, known)
            deep, many = max(deep, below), many + count
        known[id(value)] = value, (1 + deep, many)
    size = known[id(value)][1]
    if size[0] > depth:
        raise too_deep(name)
    return size


def _items(value: Any) -> Sequence[Any] | None:
    """What a list, or anything that is read as one, holds; None of what is none."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype == object else None
    if isinstance(value, str | bytes | range) or hasattr(value, "tolist"):
        return None
    return value if isinstance(value, Sequence) else None


def _elements(value: Any) -> int:
    """How many a range, an array or a tensor has, and 1 of anything else."""
    if isinstance(value, range):
        try:
            return len(value)
        except OverflowError:
            return sys.maxsize
    try:
        shape = getattr(value, "shape", None)
    except RuntimeError:
        # tensors of tensors have none
        return 1
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        return math.prod(shape)
    return 1
