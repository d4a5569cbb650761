"""What is wrong with a claim: how it goes together with the gradient, here and at other points."""

from collections.abc import Callable, Sequence

import numpy as np

from gradcalc.testimony import Array

SAME = 1e-9
"""The relative difference up to which numbers are the same for a diagnosis."""

Pair = tuple[Array, Array]
"""What a claim gives at a point, and the gradient there."""

SIZES = 10**6
"""Whole numbers up to which a factor may be how many there are of something."""


def diagnosed(pairs: Sequence[Pair], counts: Sequence[int]) -> str | None:
    """What a wrong claim has to do with the gradient at some points; None if that is not seen.

    `counts` are the sizes of the inputs and of their dimensions, by which a mean divides.
    """
    if len(pairs) < 2 or any(not _is_told(*pair) for pair in pairs):
        return None
    pairs = [(np.broadcast_to(claimed, true.shape), true) for claimed, true in pairs]
    return _transposed(pairs) or _multiplied(pairs, counts) or _shifted(pairs)


def _is_told(claimed: Array, true: Array) -> bool:
    return bool(np.isfinite(claimed).all() and np.isfinite(true).all() and true.size)


def _agree(pairs: Sequence[Pair], change: Callable[[Array], Array]) -> bool:
    """Whether claims are the gradient everywhere once they are changed."""
    for claimed, true in pairs:
        found = change(claimed)
        room = SAME * np.max(np.abs(true), initial=0)
        if found.shape != true.shape or not np.all(np.abs(found - true) <= room):
            return False
    return True


def _transposed(pairs: Sequence[Pair]) -> str | None:
    true = pairs[0][1]
    if true.ndim != 2 or len({*true.shape}) > 1 or not _agree(pairs, np.transpose):
        return None
    return "it is the transpose of the gradient"


def _multiplied(pairs: Sequence[Pair], counts: Sequence[int]) -> str | None:
    """A factor that is the same for all elements everywhere."""
    claimed, true = pairs[0]
    place = np.unravel_index(np.argmax(np.abs(true)), true.shape)
    if not true[place] or not claimed[place]:
        return None
    factor = float(claimed[place] / true[place])
    if not _agree(pairs, lambda value: value / factor):
        return None
    size = abs(factor)
    times = _times(size)
    if factor < 0:
        rest = "" if times == "1" else f", and {times} times as large"
        return f"it has the other sign{rest}"
    meant = round(max(size, 1 / size))
    mean = meant > 2 and meant in counts and times in (str(meant), f"1/{meant}")
    return f"it is {times} times the gradient everywhere{f': a mean of {meant}?' if mean else ''}"


def _times(factor: float) -> str:
    """A factor as a whole number, one over a whole number, or a decimal."""
    for size, text in ((factor, "{}"), (1 / factor, "1/{}")):
        if abs(size - round(size)) <= SAME * size and round(size) <= SIZES:
            return text.format(round(size))
    return f"{factor:g}"


def _shifted(pairs: Sequence[Pair]) -> str | None:
    """A number that is too much, the same for all elements everywhere."""
    claimed, true = pairs[0]
    off = float((claimed - true).ravel()[0])
    if not off or not _agree(pairs, lambda value: value - off):
        return None
    return f"it is {abs(off):g} too {'large' if off > 0 else 'small'} everywhere"
