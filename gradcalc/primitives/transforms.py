"""The discrete Fourier transform of real numbers, of which all others are made."""

import math
from typing import Any

from gradcalc.primitives.row import Composite

FOUR = [0.5, -1.5, 2.0, 0.25]
WAVES: list[list[float]] = [[1.0, 1, 1, 1], [1, 0, -1, 0], [1, -1, 1, -1], [1, 0, -1, 0]]
FALLS: list[list[float]] = [[0.0, 0, 0, 0], [0, -1, 0, 1], [0, 0, 0, 0], [0, 1, 0, -1]]

NEAR = 1e-6
"""How far from waves numbers may be that were rounded to few digits."""


def _torch(t: Any, x: Any, cosines: Any, sines: Any) -> Any:
    """By torch's transform where these are the waves of one, as they are where nobody else asks."""
    size, count = cosines.shape
    turns = t.outer(t.arange(size), t.arange(count)) % max(size, 1)
    turns = turns.double() * (2 * math.pi / max(size, 1))
    for sign in (-1, 1):
        alike = ((t.cos(turns), cosines), (sign * t.sin(turns), sines))
        if all(((one - other).abs() < NEAR).all() for one, other in alike):
            found = t.fft.fft(x)[..., :count]
            return t.stack([found.real, -sign * found.imag])
    return t.stack([x @ cosines, x @ sines])


TRANSFORMS: tuple[Composite, ...] = (
    Composite("spectrum", """\
def spectrum(x, cosines, sines):
    return stack([matmul(x, cosines), matmul(x, sines)])
""", ((FOUR, WAVES, FALLS), ([FOUR, FOUR[::-1]], [row[:3] for row in WAVES],
                             [[-number for number in row[:3]] for row in FALLS])),
              "x @ cosines before x @ sines: with waves the transform of x", _torch,
              tensors=("x", "cosines", "sines"), data=("cosines", "sines")),
)  # fmt: skip
