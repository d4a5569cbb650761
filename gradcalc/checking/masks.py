"""What loops choose by masks: a bisection by `where` chooses otherwise next to its point."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from gradcalc.checking.trace import Numbers, Place

OFTEN = 8
"""Times that a comparison is made at one place in what goes on until it has found something."""

Mask = tuple[str, Place, Numbers]
"""Truth values: what made them, where, and they themselves."""


def repeated(masks: Iterable[Mask]) -> frozenset[tuple[str, Place]]:
    """What makes truth values so often at one place that a loop does it."""
    often = Counter((name, place) for name, place, _ in masks)
    return frozenset(key for key, count in often.items() if count >= OFTEN)


def turned(
    first: Sequence[Mask], second: Sequence[Mask], again: Collection[tuple[str, Place]]
) -> str | None:
    """Where a mask of a loop is another one in another run, None where none is."""
    for (name, place, mine), (_, _, theirs) in zip(first, second, strict=False):
        if (name, place) in again and not np.array_equal(mine, theirs):
            return place.told
    return None
