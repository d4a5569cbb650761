"""Random numbers for inputs of which only the shape and some traits are known."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradcalc.traits import DIAGONAL, ORTHOGONAL, POSITIVE, SEMIDEFINITE, SIMPLEX, SYMMETRIC

Array = NDArray[np.float64]

MIXED = "mixed"
"""The style in which each input is of another size: what is taken from 1 may have to be small."""

STYLES: Sequence[str] = ("any", "positive", "fractions", "definite", MIXED)
"""What numbers are tried: of both signs; positive ones; ones between 0 and 1; matrices that are
positive definite beside those; and, where no others do, each input in one of these ways or near 0.
"""

NEAR = 0.03
"""How far from 0 what is near it is."""


def point(
    shapes: Mapping[str, tuple[int, ...]],
    traits: Mapping[str, frozenset[str]],
    style: str,
    random: np.random.Generator,
) -> dict[str, Array]:
    """Numbers for each input. A matrix that is square is not near a singular one."""
    return {
        name: _one(shape, traits.get(name, frozenset()), style, random)
        for name, shape in shapes.items()
    }


def _one(
    shape: tuple[int, ...], traits: frozenset[str], style: str, random: np.random.Generator
) -> Array:
    near = 1.0
    if style == MIXED:
        style = str(random.choice(("any", "positive", "near")))
        near, style = (NEAR, "any") if style == "near" else (near, style)
    found = near * _numbers(shape, POSITIVE in traits and style == "any", style, random)
    if SIMPLEX in traits:
        found = random.uniform(0.2, 1.0, shape)
        return np.asarray(found / found.sum(axis=-1, keepdims=True))
    if len(shape) != 2 or shape[0] != shape[1]:
        return found
    size = shape[0]
    if ORTHOGONAL in traits:
        return np.asarray(np.linalg.qr(random.normal(size=shape))[0])
    if DIAGONAL in traits:
        return np.diag(np.abs(np.diag(found)) + 0.2 if SEMIDEFINITE in traits else np.diag(found))
    if SEMIDEFINITE in traits or (style == "definite" and not traits - {SYMMETRIC}):
        return np.asarray(found @ found.T / size + np.eye(size))
    if SYMMETRIC in traits:
        found = (found + found.T) / 2
    return found + np.eye(size) * (size if style != "fractions" else 0)


def _numbers(
    shape: tuple[int, ...], positive: bool, style: str, random: np.random.Generator
) -> Array:
    if style == "any" and not positive:
        return np.asarray(random.normal(size=shape))
    low, high = (0.5, 2.0) if style == "positive" or positive else (0.1, 0.6)
    return np.asarray(random.uniform(low, high, shape))
