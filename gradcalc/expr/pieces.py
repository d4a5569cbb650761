"""Functions of elements on large arrays, a piece at a time that the processor's cache holds."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

PIECE = 16_384
"""Elements computed at a time."""


def in_pieces(function: Callable[[Sequence[Any]], Any], values: Sequence[Any], dtype: Any) -> Any:
    """A function of elements of arrays, which never sees more than a piece of large ones.

    What it makes in between stays small, and so in the cache.
    """
    if all(np.size(value) <= PIECE for value in values):
        return function(values)
    shape = np.broadcast_shapes(*[np.shape(value) for value in values])
    rows, given = _rows(values, shape)
    step = max(1, PIECE * rows[0] // math.prod(rows))
    result: Any = None
    for start in range(0, rows[0], step):
        stop = min(start + step, rows[0])
        part = function([v[start:stop] if _is_cut(v, rows) else v for v in given])
        if result is None:
            if np.shape(part) != (stop - start, *rows[1:]):
                # it does not depend on every array
                return function(values)
            result = np.empty(rows, dtype)
        result[start:stop] = part
    return result.reshape(shape)


def _rows(values: Sequence[Any], shape: tuple[int, ...]) -> tuple[tuple[int, ...], list[Any]]:
    """The arrays with the dimension in front along which they are cut: in a row if that is free."""
    size = math.prod(shape)
    single = [np.size(value) == 1 for value in values]
    plain = all(
        one or (np.shape(v) == shape and v.flags.c_contiguous)
        for v, one in zip(values, single, strict=True)
    )
    if plain and size:
        parts = [np.reshape(v, () if one else size) for v, one in zip(values, single, strict=True)]
        return (size,), parts
    return shape, list(values)


def _is_cut(value: Any, rows: tuple[int, ...]) -> bool:
    return np.ndim(value) == len(rows) and value.shape[0] == rows[0]
