"""Normal numbers of 32 bits by the transform of Box and Muller, as torch makes them of uniform ones
sixteen at once on processors with AVX2.

Logarithm, sine and cosine there are polynomials in floats (Moshier, Cephes; Garberoglio,
avx_mathfun), of which the last digits differ from the true ones. Products that are added at once
are rounded once.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LOGARITHM = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
LOWER, UPPER = np.float32(-2.12194440e-4), np.float32(0.693359375)
"""The logarithm of 2 in two parts."""

ROOT = np.float32(0.707106781186547524)
QUARTERS = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
"""A quarter of pi in three parts, of the other sign."""

COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)


def normal(shares: Floats, half: int) -> Floats:
    """Normal numbers of uniform ones, in rows of which the second half are the angles."""
    radius = np.sqrt(np.float32(-2) * _logarithm(np.float32(1) - shares[:, :half]))
    sine, cosine = _turned(np.float32(2 * np.pi) * shares[:, half:])
    return np.concatenate([radius * cosine, radius * sine], axis=1)


def _fused(x: Floats, factor: Any, term: Any) -> Floats:
    """A product and a sum, rounded once."""
    wide = x.astype(np.longdouble) * factor + np.asarray(term, dtype=np.longdouble)
    return np.asarray(wide.astype(np.float32))


def _logarithm(x: Floats) -> Floats:
    bits = x.view(np.uint32)
    exponent = (bits >> np.uint32(23)).astype(np.int32) - 126
    x = ((bits & np.uint32(0x807FFFFF)) | np.uint32(0x3F000000)).view(np.float32)
    low = x < ROOT
    power = exponent.astype(np.float32) - low.astype(np.float32)
    x = (x - np.float32(1)) + np.where(low, x, np.float32(0))
    square = x * x
    y = np.zeros_like(x)
    for factor in LOGARITHM:
        y = _fused(y, x, np.float32(factor))
    y = _fused(y * x, square, power * LOWER) - square * np.float32(0.5)
    return np.asarray((x + y) + power * UPPER, dtype=np.float32)


def _turned(angle: Floats) -> tuple[Floats, Floats]:
    """Sine and cosine of an angle that is not negative."""
    octant = ((angle * np.float32(4 / np.pi)).astype(np.int32) + 1) & ~1
    x = angle
    for part in QUARTERS:
        x = _fused(octant.astype(np.float32), np.float32(part), x)
    square = x * x
    cosine, sine = np.zeros_like(x), np.zeros_like(x)
    for factor in COSINE:
        cosine = _fused(cosine, square, np.float32(factor))
    cosine = _fused(cosine * square, square, -(square * np.float32(0.5))) + np.float32(1)
    for factor in SINE:
        sine = _fused(sine, square, np.float32(factor))
    sine = _fused(sine * square, x, x)
    odd = (octant & 2) != 0
    first, second = np.where(odd, cosine, sine), np.where(odd, sine, cosine)
    below, left = (octant & 4) != 0, (~(octant - 2) & 4) == 0
    return np.where(below, -first, first), np.where(left, second, -second)
