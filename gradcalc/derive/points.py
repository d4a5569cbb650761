"""Points beside the user's, and the sizes of what is found there."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from gradcalc.expr.floats import PIECE

PATTERN = 4099
"""Random numbers that are drawn; a longer input repeats them, as drawing is what takes time."""

Point = Mapping[str, Any]


def moved(inputs: Point, distance: float, seed: int) -> dict[str, Any]:
    """The inputs changed by up to `distance`, in relation to each element; to 1 where that is 0."""
    counts = tuple(min(max(np.size(values), 1), PATTERN) for values in inputs.values())
    patterns = _patterns(distance, seed, counts)
    return {n: _moved(v, p) for (n, v), p in zip(inputs.items(), patterns, strict=True)}


@lru_cache(maxsize=64)
def _patterns(distance: float, seed: int, counts: tuple[int, ...]) -> list[Any]:
    random = np.random.default_rng(seed)
    return [
        random.uniform(0.3, 1.0, count) * random.choice([-distance, distance], count)
        for count in counts
    ]


def _moved(values: Any, pattern: Any) -> Any:
    array = np.asarray(values, dtype=np.float64)
    result = np.resize(pattern, array.shape)
    zeros = None if array.all() else np.where(array == 0, result, 0.0)
    result += 1.0
    result *= array
    if zeros is not None:
        result += zeros
    return result


def extent(values: Any) -> Any:
    """The largest size of an element, 0 if there is none, NaN if one is not a number."""
    # numpy unwraps a single object
    values = np.asarray(values)
    if values.dtype == object:
        # what is not a number compares as neither larger nor smaller
        wild = values[~is_finite(values)]
        return wild[0] if wild.size else np.max(np.abs(np.ravel(values)), initial=0)
    if not values.size:
        return 0.0
    # two passes without a copy are faster than one with
    return max(values.max(), -values.min(), key=_nan_last)


def distance(first: Any, second: Any) -> Any:
    """The largest difference between elements of two arrays, as `extent` gives sizes."""
    first, second = np.asarray(first), np.asarray(second)
    if first.dtype == object or second.dtype == object or first.shape != second.shape:
        return extent(first - second)
    # a piece at a time, as the differences would be as large as what they are of
    pairs = zip(*(_pieces(values) for values in (first, second)), strict=True)
    return max((extent(a - b) for a, b in pairs), key=_nan_last, default=0.0)


def _pieces(values: Any) -> list[Any]:
    flat = values.reshape(-1)
    return [flat[start : start + PIECE] for start in range(0, flat.size, PIECE)]


def _nan_last(value: Any) -> Any:
    return (value != value, value)


def is_finite(values: Any) -> Any:
    """Which elements are finite numbers, floats or balls."""
    if values.dtype != object:
        return np.isfinite(values)
    return np.asarray(np.abs(values) < np.inf, dtype=np.bool_)
