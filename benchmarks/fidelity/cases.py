"""A text with its inputs, and the draws of inputs."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PROFILES = ("generic", "generic", "positive", "unit", "ties", "odd")
"""What the numbers of the inputs are like; the more usual ones more often."""

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Case:
    """A text to be read.

    `library` is the line of the table that it counts for, `subject` the function or feature that
    it is about. `readings` say whose arrays the inputs may be: more than one where the text does
    not tell. `generic` inputs have no ties, so that the last bits of them should not matter.
    """

    library: str
    subject: str
    text: str
    inputs: Mapping[str, Array]
    readings: tuple[str, ...]
    generic: bool = False


def inputs_of(text: str, pool: Mapping[str, Array]) -> dict[str, Array]:
    """The inputs that a text mentions."""
    words = set(_WORD.findall(text))
    return {name: value for name, value in pool.items() if name in words}


def draw_inputs(rng: random.Random, profile: str, one_size: bool = False) -> dict[str, Array]:
    """Inputs of ranks 0 to 3 whose sizes fit each other: x, y (n); A (n, m); D (n, n); ..."""
    n, m = rng.choice((1, 2, 3, 3, 3, 4)), rng.choice((1, 2, 2, 3))
    n, m = (3, 2) if one_size else (n, m)
    shapes: dict[str, tuple[int, ...]] = {
        "a": (), "b": (), "x": (n,), "y": (n,), "z": (m,), "A": (n, m), "B": (m, n),
        "D": (n, n), "C": (2, n, m),
    }  # fmt: skip
    return {name: _numbers(rng, profile, shape) for name, shape in shapes.items()}


def _numbers(rng: random.Random, profile: str, shape: tuple[int, ...]) -> Array:
    draw = {
        "generic": lambda: round(rng.uniform(-2.6, 2.6), 4),
        "positive": lambda: round(rng.uniform(0.1, 2.6), 4),
        "unit": lambda: round(rng.uniform(0.02, 0.98), 4),
        "ties": lambda: rng.choice((-2.0, -1.0, -1.0, 0.0, 0.5, 1.0, 1.0, 2.0, 3.0)),
        "odd": lambda: rng.choice((np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -0.5, 2.5, 4.0)),
    }[profile]
    size = int(np.prod(shape, dtype=int))
    return np.array([draw() for _ in range(size)], dtype=np.float64).reshape(shape)


def is_generic(profile: str) -> bool:
    """Whether a profile's numbers have no ties."""
    return profile in ("generic", "positive", "unit")
