"""Points beside the user's and elsewhere, ways to go from a point, and sizes of what is found."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import each
from gradcalc.expr.floats import PIECE

PATTERN = 4099
"""Random numbers that are drawn; a longer input repeats them, as drawing is what takes time."""

RANGES = (
    (0.3, 1.0, True),
    (0.3, 1.0, False),
    (0.3, 1.5, True),
    (1.2, 2.5, False),
    (0.01, 0.2, True),
)
"""Sizes of numbers, and whether they have either sign: where one is outside the domain of a
logarithm, of an arcsine or of an arcosh, another is not."""

RANDOM_PAIRS = 6
"""Pairs of opposite random directions in which both balls are looked at."""

SMALLEST = 1e-60
"""The smallest size that what is 0 is taken to have."""

FEW = 6
"""Inputs up to which every pair of them is moved together."""

Point = Mapping[str, Any]


# -- points ------------------------------------------------------------------------------------


def moved(inputs: Point, distance: float, seed: int) -> dict[str, Any]:
    """The inputs changed by up to `distance`, in relation to each element; to 1 where that is 0."""
    counts = tuple(min(max(np.size(values), 1), PATTERN) for values in inputs.values())
    patterns = _patterns(distance, seed, counts)
    return {n: _moved(v, p) for (n, v), p in zip(inputs.items(), patterns, strict=True)}


@lru_cache(maxsize=64)
def _patterns(distance: float, seed: int, counts: tuple[int, ...]) -> list[Any]:
    random = np.random.default_rng(seed)
    return [signed(random, 0.3, 1.0, count) * distance for count in counts]


def signed(random: np.random.Generator, low: float, high: float, shape: Any) -> Any:
    """Random numbers of sizes in between, of either sign."""
    return random.uniform(low, high, shape) * random.choice([-1.0, 1.0], shape)


def _moved(values: Any, pattern: Any) -> Any:
    array = np.asarray(values, dtype=np.float64)
    result = np.resize(pattern, array.shape)
    zeros = None if array.all() else np.where(array == 0, result, 0.0)
    result += 1.0
    result *= array
    if zeros is not None:
        result += zeros
    return result


def landmarks(shapes: Mapping[str, Any], labels: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Points all over, matrices regular and, where all is positive, positive definite.

    Where there are square ones, the last points have triangles of such. `labels` are the inputs
    that say one of some things by its number, and of how many.
    """
    random = np.random.default_rng(20185)

    def drawn(low: float, high: float, both: bool) -> dict[str, Any]:
        return {
            name: random.integers(labels[name], size=shape).astype(np.float64)
            if name in labels
            else _drawn(shape, low, high, both, random)
            for name, shape in shapes.items()
        }

    for low, high, both in RANGES:
        yield drawn(low, high, both)
    square = {name for name, shape in shapes.items() if name not in labels and _is_square(shape)}
    if square:
        low, high, _ = next(line for line in RANGES if not line[-1])
        point = drawn(low, high, False)
        for cut in (np.tril, np.triu):
            yield {name: cut(v) if name in square else v for name, v in point.items()}


def _is_square(shape: Any) -> bool:
    return len(shape) >= 2 and bool(shape[-1] == shape[-2])


def _drawn(shape: Any, low: float, high: float, both: bool, random: np.random.Generator) -> Any:
    if both:
        return np.asarray(signed(random, low, high, shape))
    values = random.uniform(low, high, shape)
    if _is_square(shape):
        size = shape[-1]
        values = (values + np.swapaxes(values, -1, -2)) / 2 + high * size * np.eye(size)
    return np.asarray(values)


# -- ways to go --------------------------------------------------------------------------------


def directions_for(size: int, most: int) -> Any:
    """At most so many directions to look in, one of each opposite pair.

    Some are random, then comes one near each axis. None of them lies in a coordinate plane, where a
    kink in another component would be met again.
    """
    if size == 1:
        return np.ones((1, 1))
    count = min(size, max(most - RANDOM_PAIRS, 0))
    random = np.random.default_rng(20180)
    drawn = signed(random, 0.25, 1.0, (RANDOM_PAIRS, size))
    # all components of one sign, a corner that few random ones would meet
    drawn[0] = abs(drawn[0])
    axes = signed(random, 0.01, 0.1, (count, size))
    np.fill_diagonal(axes, 1.0)
    return np.concatenate([drawn, axes])[:most]


def is_every_direction(count: int, size: int) -> bool:
    """Whether so many directions are all that there are to look in."""
    return count >= (1 if size == 1 else RANDOM_PAIRS + size)


def plain_directions(size: int) -> Any:
    """The axes, all at once, every other one turned, and pairs where there are few."""
    rows = [*np.eye(size), np.ones(size), (-1.0) ** np.arange(size)]
    if size <= FEW:
        pairs = itertools.combinations(range(size), 2)
        rows += [np.eye(size)[i] + sign * np.eye(size)[j] for i, j in pairs for sign in (1, -1)]
    half = np.array(rows if size > 1 else rows[:1])
    return np.concatenate([half, -half])


def shifts(
    inputs: Mapping[str, Any],
    names: Sequence[str],
    direction: Any,
    radius: Any,
    at_zero: float,
    widest: float = np.inf,
) -> dict[str, Any]:
    """A direction cut up by input and scaled: relative to each component, or to `at_zero`.

    It is of floats, or of balls where these are not enough.
    No component counts as larger than `widest`.
    """
    result: dict[str, Any] = {}
    position = 0
    for name in names:
        values = inputs[name]
        part = direction[position : position + values.size].reshape(values.shape)
        position += values.size
        scale = np.where(values == 0, at_zero, np.minimum(np.abs(values), widest))
        # what is not finite stays
        scale = np.where(np.isfinite(values), scale, 0.0)
        # a rounded way may lead past a wall that is near it
        exact = part if part.dtype == object else part.astype(object)
        result[name] = each(lambda a, b: radius * a * float(b), exact, scale)
    return result


def smallest(inputs: Mapping[str, Any], names: Sequence[str]) -> float:
    """By how much to move what is 0: as the smallest of the others, within bounds."""
    sizes = np.concatenate([np.abs(np.ravel(inputs[name])) for name in names])
    told = (sizes > 0) & np.isfinite(sizes)
    return float(np.clip(np.min(sizes[told], initial=1.0), SMALLEST, 1.0))


# -- sizes -------------------------------------------------------------------------------------


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
    pairs = (
        (first.reshape(-1)[start : start + PIECE], second.reshape(-1)[start : start + PIECE])
        for start in range(0, first.size, PIECE)
    )
    return max((extent(a - b) for a, b in pairs), key=_nan_last, default=0.0)


def _nan_last(value: Any) -> Any:
    return (value != value, value)


def is_finite(values: Any) -> Any:
    """Which elements are finite numbers, floats or balls."""
    if values.dtype != object:
        return np.isfinite(values)
    return np.asarray(np.abs(values) < np.inf, dtype=np.bool_)
