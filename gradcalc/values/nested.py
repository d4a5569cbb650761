"""Nested lists, as JSON gives them, to arrays."""

import math
from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError
from gradcalc.values.context import Array, Context, counted, shorten

# JSON has no such numbers, so they travel as these strings.
NONFINITE: Mapping[str, float] = MappingProxyType(
    {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
)


def from_nested(value: object, context: Context) -> Array:
    """The array of a number or of nested lists of numbers, bools and NONFINITE strings.

    Goes level by level instead of calling itself, so any depth of nesting is safe.
    Raises InvalidValueError for anything else and for ragged lists.
    """
    shape: list[int] = []
    level: list[Any] = [value]
    while level and all(type(item) is list for item in level):
        shape.append(_common_length(level, shape, context))
        level = list(chain.from_iterable(level))
        if not level:
            raise context.empty()
        context.check_shape(tuple(shape), len(level))
    if not all(type(item) in (float, int) for item in level):
        level = [_number(item, context) for item in level]
    try:
        return np.array(level, dtype=np.float64).reshape(shape)
    except OverflowError:
        raise InvalidValueError(
            f"{context.name} holds an integer that is too large for a float64",
            hint='write "Infinity" if infinity is meant',
        ) from None


def _common_length(level: list[list[Any]], shape: list[int], context: Context) -> int:
    lengths = list(map(len, level))
    if len(set(lengths)) == 1:
        return lengths[0]
    odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
    found, expected = counted(lengths[odd], "number"), counted(lengths[0], "number")
    if len(shape) == 1:
        raise InvalidValueError(
            f"{context.name}: row {odd + 1} has {found}, but row 1 has {expected}"
        )
    raise InvalidValueError(
        f"{context.name}: one list at depth {len(shape) + 1} has {found}, another has {expected}"
    )


def _number(item: object, context: Context) -> float:
    if isinstance(item, bool | int | float):
        return item
    if isinstance(item, str) and item in NONFINITE:
        return NONFINITE[item]
    if isinstance(item, list):
        raise InvalidValueError(f"{context.name}: a list stands beside single numbers")
    shown = repr(shorten(item)) if isinstance(item, str) else f"a {type(item).__name__}"
    what = "null" if item is None else shown
    raise InvalidValueError(f"{context.name}: {what} is not a number")
