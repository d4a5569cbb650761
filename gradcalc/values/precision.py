"""What a dtype's numbers can say: how they are rounded, and how far they reach."""

from dataclasses import dataclass
from functools import cache

import numpy as np

FACTOR = 64
"""Accepted error in units of epsilon, for a well-conditioned gradient."""

WIDEST = 2.0**-4
"""The largest error that rounding is taken for, however few digits a dtype has."""


@dataclass(frozen=True, slots=True)
class Precision:
    """A dtype's rounding: epsilon, decimal digits, smallest normal, largest and least number."""

    name: str
    epsilon: float
    digits: float
    smallest: float
    largest: float
    least: float

    @property
    def room(self) -> float:
        """The relative error that is accepted of a well-conditioned gradient."""
        return min(FACTOR * self.epsilon, WIDEST)

    @property
    def bits(self) -> int:
        """The bits of its mantissa."""
        return 1 - round(float(np.log2(self.epsilon)))


BRAIN = (2.0**-126, (2 - 2.0**-7) * 2.0**127, 2.0**-133)
"""The smallest normal, the largest and the least number of bfloat16."""


@cache
def precision_of(dtype: str) -> Precision:
    """The rounding of float16, bfloat16, float32 or float64."""
    if dtype == "bfloat16":
        # numpy has none: the exponents of float32, and 7 bits behind the first one
        return Precision(dtype, 2.0**-7, 8 * float(np.log10(2)), *BRAIN)
    info = np.finfo(dtype)
    digits = (info.nmant + 1) * float(np.log10(2))
    tiny, least = float(info.tiny), float(info.smallest_subnormal)
    return Precision(dtype, float(info.eps), digits, tiny, float(info.max), least)
