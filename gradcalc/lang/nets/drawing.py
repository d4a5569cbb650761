"""The random numbers with which torch fills parameters, from its own generator and a seed."""

import math

import numpy as np
from numpy.typing import NDArray

from gradcalc.lang.chance import Source
from gradcalc.lang.generators import FILLED

Array = NDArray[np.float64]


class Drawing:
    """What torch draws on its CPU from a generator.

    `wide` is for numbers of 64 bits; torch's `dtype` is one of 32 unless a program says so.
    `seeds` are those behind which some were drawn, each with whether the program itself has set it.
    """

    def __init__(self, source: Source, *, wide: bool = False) -> None:
        self._source = source
        self.dtype = "float64" if wide else "float32"
        self.seeds: dict[tuple[str, bool], None] = {}

    def uniform(self, sizes: tuple[int, ...], low: float, high: float) -> Array:
        """Numbers between two, each as likely."""
        self._note()
        shares = self._source.engine.uniform(math.prod(sizes), self.dtype)
        kind = np.dtype(self.dtype).type
        # multiplied and added in one step, as torch's processors do, which is rounded once
        found = shares.astype(np.longdouble) * (kind(high) - kind(low)) + kind(low)
        return np.asarray(found.astype(kind), dtype=np.float64).reshape(sizes)

    def normal(self, sizes: tuple[int, ...], mean: float, spread: float) -> Array:
        """Numbers about a mean."""
        self._note()
        count = math.prod(sizes)
        if count >= FILLED:
            spread, mean = (float(np.asarray(number, self.dtype)) for number in (spread, mean))
        found = self._source.engine.normal(count, self.dtype) * spread + mean
        return np.asarray(found.astype(self.dtype), dtype=np.float64).reshape(sizes)

    def _note(self) -> None:
        self.seeds[str(self._source.seed), self._source.own] = None
        self._source.engine.drawn += 1
