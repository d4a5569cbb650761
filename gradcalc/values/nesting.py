"""How deep lists and dictionaries of numbers may be nested."""

from collections.abc import Mapping
from typing import Any

from gradcalc.errors import LimitError

DEEPEST = 50
"""As deep as brackets in values that are texts."""


def check_nesting(value: Any, name: str) -> None:
    """Raises `LimitError` for what is nested too deeply."""
    if not _is_within(value, DEEPEST):
        raise LimitError(f"{name}: lists or objects are nested more than {DEEPEST} deep")


def _is_within(value: Any, depth: int) -> bool:
    if not isinstance(value, list | tuple | Mapping):
        return True
    if depth == 0:
        return False
    items = value.values() if isinstance(value, Mapping) else value
    # long rows of numbers are the usual case
    return all(type(item) in (int, float) or _is_within(item, depth - 1) for item in items)
