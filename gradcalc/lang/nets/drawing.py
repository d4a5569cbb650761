"""The random numbers with which torch fills parameters, from its own generator and a seed.

torch draws numbers of 32 bits from the Mersenne Twister that numpy has too; what it makes of them
is followed here, so that a network has the numbers that the program itself would give it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_VECTOR = 16
"""So many normal numbers or more torch makes in groups of that length."""


class Drawing:
    """What torch draws behind `torch.manual_seed(seed)`, on its CPU.

    `wide` is for numbers of 64 bits; torch's are of 32 unless a program says so. `used` says that
    some were drawn.
    """

    def __init__(self, seed: int, *, wide: bool = False) -> None:
        self._state = np.random.RandomState(seed % 2**32)
        self._wide = wide
        self._spare: float | None = None
        self.used = False

    def uniform(self, sizes: tuple[int, ...], low: float, high: float) -> Array:
        """Numbers between two, each as likely."""
        shares = self._shares(math.prod(sizes), self._wide)
        kind: Any = np.float64 if self._wide else np.float32
        found = shares.astype(kind) * (kind(high) - kind(low)) + kind(low)
        return np.asarray(found, dtype=np.float64).reshape(sizes)

    def normal(self, sizes: tuple[int, ...], mean: float, spread: float) -> Array:
        """Numbers about a mean."""
        count = math.prod(sizes)
        if count < LEAST_VECTOR:
            found = np.array([self._one() * spread + mean for _ in range(count)])
        else:
            found = self._many(count, mean, spread)
        found = found if self._wide else found.astype(np.float32).astype(np.float64)
        return found.reshape(sizes)

    def _shares(self, count: int, wide: bool) -> Array:
        """Numbers from 0 to 1, of as many bits as a float of that kind has."""
        self.used = True
        if not wide:
            words = self._state.randint(0, 2**32, count, dtype=np.uint32)
            return np.asarray((words & (2**24 - 1)) * 2.0**-24, dtype=np.float64)
        words = self._state.randint(0, 2**32, 2 * count, dtype=np.uint32).astype(np.uint64)
        both = (words[0::2] << np.uint64(32)) | words[1::2]
        return (both & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53

    def _one(self) -> float:
        """One normal number: of two that are drawn together the other is kept for later."""
        if self._spare is not None:
            found, self._spare = self._spare, None
            return found
        angle, size = self._shares(2, True)
        radius = math.sqrt(-2 * math.log1p(-size))
        self._spare = radius * math.sin(2 * math.pi * angle)
        return radius * math.cos(2 * math.pi * angle)

    def _many(self, count: int, mean: float, spread: float) -> Array:
        shares = self._shares(count, self._wide)
        whole = count // LEAST_VECTOR * LEAST_VECTOR
        found = _paired(shares[:whole])
        if whole < count:
            # the last group is drawn anew, over what it has in common with the one before
            last = _paired(self._shares(LEAST_VECTOR, self._wide))
            found = np.concatenate([found, np.empty(count - whole)])
            found[count - LEAST_VECTOR :] = last
        return found * spread + mean


def _paired(shares: Array) -> Array:
    """Normal numbers of even ones, in groups whose halves belong together."""
    groups = shares.reshape(-1, 2, LEAST_VECTOR // 2)
    radius = np.sqrt(-2 * np.log(1 - groups[:, 0]))
    angle = 2 * math.pi * groups[:, 1]
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both.reshape(-1)
