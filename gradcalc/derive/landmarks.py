"""Points of a program that depend on the shapes of its inputs alone."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

SEED = 20185

RANGES = (
    (0.3, 1.0, True),
    (0.3, 1.0, False),
    (0.3, 1.5, True),
    (1.2, 2.5, False),
    (0.01, 0.2, True),
)
"""Sizes of numbers, and whether they have either sign: where one is outside the domain of a
logarithm, of an arcsine or of an arcosh, another is not."""


def landmarks(shapes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Points all over, matrices regular and, where all is positive, positive definite."""
    random = np.random.default_rng(SEED)
    for low, high, signed in RANGES:
        yield {name: _drawn(shape, low, high, signed, random) for name, shape in shapes.items()}


def _drawn(shape: Any, low: float, high: float, signed: bool, random: np.random.Generator) -> Any:
    values = random.uniform(low, high, shape)
    if signed:
        values *= random.choice([-1.0, 1.0], shape)
    elif len(shape) == 2 and shape[0] == shape[1]:
        values = (values + values.T) / 2 + high * len(values) * np.eye(len(values))
    return np.asarray(values)
