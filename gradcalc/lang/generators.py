"""torch's random generator, as it draws from a seed: the same in every process.

It is a Mersenne twister, and so is that of numpy's `RandomState`, begun in the same way. What torch
makes of its bits is done here in numpy, so that who does not import torch draws its numbers.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.lang import boxmuller

Floats = NDArray[np.float64]

DIGITS = {"float64": 53, "float32": 24}
"""How many bits of chance torch gives a float of each dtype."""

LONG = 2**28
"""From this on torch takes 64 bits of chance for a whole number below."""

FILLED = 16
"""So many normal numbers torch draws at once, if there are as many; else one after another."""

HALF = FILLED // 2


class TorchBits:
    """torch's generator on the CPU. `drawn` counts what was drawn of it."""

    def __init__(self, seed: int) -> None:
        self.drawn = 0
        self.begin(seed)

    def begin(self, seed: int) -> None:
        """manual_seed: the twister takes the lowest 32 bits."""
        self.drawn += 1
        state: Any = np.random.RandomState(seed % 2**32).get_state(legacy=False)
        self._bits = np.random.MT19937()
        self._bits.state = state
        self._spare: float | None = None

    def uniform(self, count: int, dtype: str) -> Floats:
        """Numbers from 0 to 1, as that dtype has them."""
        digits = DIGITS[dtype]
        raw = self._words(count) if digits < 32 else self._long_words(count)
        found: Floats = (raw & np.uint64(2**digits - 1)).astype(np.float64) * 2.0**-digits
        return found

    def normal(self, count: int, dtype: str) -> Floats:
        """Normal numbers: by pairs, as Box and Muller have them."""
        if count < FILLED:
            return np.array([self._single() for _ in range(count)])
        found = self.uniform(count, dtype)
        whole = count - count % FILLED
        found[:whole] = _paired(found[:whole], dtype)
        if count % FILLED:
            # the last ones are drawn once more, together with some before them
            found[-FILLED:] = _paired(self.uniform(FILLED, dtype), dtype)
        return found

    def below(self, bound: int, count: int) -> Floats:
        """Whole numbers from 0 up to a bound, which is left out."""
        words = self._words(count) if bound < LONG else self._long_words(count)
        return (words % np.uint64(bound)).astype(np.float64)

    def order(self, count: int) -> NDArray[np.int64]:
        """An order of so many things."""
        found = np.arange(count)
        steps = self._words(max(0, count - 1)) % np.arange(count, 1, -1).astype(np.uint64)
        for place, step in enumerate(steps.astype(np.int64)):
            other = place + step
            found[place], found[other] = found[other], found[place]
        return found

    def exponential(self, count: int) -> Floats:
        """Exponential numbers of rate 1."""
        found: Floats = -np.log1p(-self.uniform(count, "float64"))
        return found

    def _words(self, count: int) -> NDArray[np.uint64]:
        return self._bits.random_raw(count).astype(np.uint64)

    def _long_words(self, count: int) -> NDArray[np.uint64]:
        pairs = self._words(2 * count).reshape(count, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def _single(self) -> float:
        if self._spare is not None:
            found, self._spare = self._spare, None
            return found
        turn, size = (float(number) for number in self.uniform(2, "float64"))
        radius = math.sqrt(-2 * math.log1p(-size))
        self._spare = radius * math.sin(2 * math.pi * turn)
        return radius * math.cos(2 * math.pi * turn)


def _paired(uniform: Floats, dtype: str) -> Floats:
    """Normal numbers of uniform ones, so many at once as torch fills."""
    blocks = uniform.reshape(-1, FILLED)
    if dtype == "float32":
        return boxmuller.normal(blocks.astype(np.float32), HALF).astype(np.float64).reshape(-1)
    radius = np.sqrt(-2 * np.log(1 - blocks[:, :HALF]))
    turn = 2 * math.pi * blocks[:, HALF:]
    return np.concatenate([radius * np.cos(turn), radius * np.sin(turn)], axis=1).reshape(-1)
