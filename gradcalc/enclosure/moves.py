"""Where to look around a point: directions, and steps in them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import boxed

Reals = Any

RANDOM_PAIRS = 6
"""Pairs of opposite random directions in which both balls are looked at."""

SMALLEST = 1e-60
"""The smallest size that what is 0 is taken to have."""

TINY = 1e-290
"""A float above which nothing has underflown."""

FEW = 6
"""Inputs up to which every pair of them is moved together."""


def directions_for(size: int, most: int) -> Any:
    """At most so many directions to look in, one of each opposite pair.

    Some are random, then comes one near each axis. None of them lies in a coordinate plane, where a
    kink in another component would be met again.
    """
    if size == 1:
        return np.ones((1, 1))
    count = min(size, max(most - RANDOM_PAIRS, 0))
    random = np.random.default_rng(20180)

    def signs(rows: int) -> Any:
        return random.choice([-1.0, 1.0], (rows, size))

    drawn = random.uniform(0.25, 1.0, (RANDOM_PAIRS, size)) * signs(RANDOM_PAIRS)
    # all components of one sign, a corner that few random ones would meet
    drawn[0] = abs(drawn[0])
    axes = random.uniform(0.01, 0.1, (count, size)) * signs(count)
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
) -> dict[str, Reals]:
    """A direction cut up by input and scaled: relative to each component, or to `at_zero`.

    No component counts as larger than `widest`.
    """
    result: dict[str, Reals] = {}
    position = 0
    for name in names:
        values = inputs[name]
        part = direction[position : position + values.size].reshape(values.shape)
        position += values.size
        scale = np.where(values == 0, at_zero, np.minimum(np.abs(values), widest))
        product = part * scale
        if np.all(np.abs(product) >= TINY):
            result[name] = boxed(np.frompyfunc(lambda p: radius * p, 1, 1)(product))
            continue
        # the product of two floats may underflow
        step = np.frompyfunc(lambda a, b: radius * float(a) * float(b), 2, 1)
        result[name] = boxed(step(part, scale))
    return result


def smallest(inputs: Mapping[str, Any], names: Sequence[str]) -> float:
    """By how much to move what is 0: as the smallest of the others, within bounds."""
    sizes = np.concatenate([np.abs(np.ravel(inputs[name])) for name in names])
    return float(np.clip(np.min(sizes[sizes > 0], initial=1.0), SMALLEST, 1.0))
