"""Steps that do the same again and again, as loops and functions that are called often do."""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from gradcalc.steps.data import Rounds

LEAST = 3
"""Rounds below which all are shown."""

LONGEST = 400
"""Steps that a round may have."""


def rounds_of(keys: Sequence[Hashable]) -> tuple[Rounds, ...]:
    """Where a sequence repeats itself, what covers the most first; the shortest rounds of that."""
    numbers: dict[Hashable, int] = {}
    steps = np.array([numbers.setdefault(key, len(numbers)) for key in keys], int)
    return tuple(sorted(_found(steps, 0), key=lambda found: found.first))


def _found(steps: "np.ndarray[tuple[int], np.dtype[np.int64]]", start: int) -> Iterator[Rounds]:
    left = [(start, steps)]
    while left:
        offset, part = left.pop()
        best = max(_candidates(part), key=lambda found: (found.length * found.count, -found.length),
                   default=None)  # fmt: skip
        if best is None:
            continue
        yield Rounds(offset + best.first, best.length, best.count)
        left += [(offset, part[: best.first]), (offset + best.end, part[best.end :])]


def _candidates(steps: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rounds]:
    for length in range(1, min(len(steps) // LEAST, LONGEST) + 1):
        same = np.concatenate([[0], (steps[:-length] == steps[length:]).astype(int), [0]])
        edges = np.flatnonzero(np.diff(same))
        for first, behind in edges.reshape(-1, 2).tolist():
            count = (behind - first) // length + 1
            if count >= LEAST:
                yield Rounds(first, length, count)
