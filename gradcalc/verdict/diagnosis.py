"""What is wrong with a claim: how it goes together with the gradient, here and at other points."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from gradcalc.testimony import Array, Piece

SAME = 1e-9
"""The relative difference up to which numbers are the same for a diagnosis."""

LARGEST_DENOMINATOR = 100
"""Up to it a factor that is no short decimal is told as a fraction."""

Pair = tuple[Array, Array]
"""What a claim gives at a point, and the gradient there."""

SIZES = 10**6
"""Whole numbers up to which a factor may be how many there are of something."""


def diagnosed(
    pairs: Sequence[Pair], counts: Sequence[int], pieces: Sequence[Mapping[Piece, Array]] = ()
) -> str | None:
    """What a wrong claim has to do with the gradient at some points; None if that is not seen.

    `counts` are the sizes of the inputs and of their dimensions, by which a mean divides. `pieces`
    are terms and factors of the gradient, and terms of the claim, at the last of the points.
    """
    if len(pairs) < 2 or any(not _is_told(*pair) for pair in pairs):
        return None
    found = _summed(pairs)
    pairs = [(np.broadcast_to(claimed, true.shape), true) for claimed, true in pairs]
    found = found or _transposed(pairs) or _multiplied(pairs, counts) or _shifted(pairs)
    return found or _pieced(pairs[len(pairs) - len(pieces) :], pieces)


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
    """A factor as a whole number, one over a whole number, a decimal, or a fraction."""
    for size, text in ((factor, "{}"), (1 / factor, "1/{}")):
        if abs(size - round(size)) <= SAME * size and round(size) <= SIZES:
            return text.format(round(size))
    short = f"{factor:g}"
    ratio = Fraction(factor).limit_denominator(LARGEST_DENOMINATOR)
    exact = abs(float(short) - factor) <= SAME * factor
    return short if exact or abs(ratio - factor) > SAME * factor else str(ratio)


def _summed(pairs: Sequence[Pair]) -> str | None:
    """One number for all elements that is what they come to."""
    # at the point itself the claim is spread over the elements
    pairs = pairs[1:]
    if any(claimed.shape or true.size < 2 for claimed, true in pairs):
        return None
    for how, reduce in (("sum", np.sum), ("mean", np.mean)):
        if all(_is_same(claimed, np.asarray(reduce(true))) for claimed, true in pairs):
            return f"it is the {how} of the gradient's elements"
    return None


def _is_same(found: Array, true: Array) -> bool:
    room = SAME * np.max(np.abs(true), initial=0)
    return bool(room and np.all(np.abs(found - true) <= room))


def _pieced(pairs: Sequence[Pair], pieces: Sequence[Mapping[Piece, Array]]) -> str | None:
    """A term or a factor of the gradient that is missing, or counted otherwise."""
    shared = [p for p in (pieces[0] if len(pieces) > 1 else ()) if all(p in at for at in pieces)]
    for piece in shared:
        values = [np.asarray(at[piece]) for at in pieces]
        if not all(np.isfinite(value).all() for value in values):
            continue
        with np.errstate(all="ignore"):
            said = _factor(piece, pairs, values) if piece.kind == "factor" else None
            said = said or (_term(piece, pairs, values) if piece.kind != "factor" else None)
        if said is not None:
            return said
    return None


def _factor(piece: Piece, pairs: Sequence[Pair], values: Sequence[Array]) -> str | None:
    if all(
        value.shape in ((), true.shape) and _is_same(claimed * value, true)
        for (claimed, true), value in zip(pairs, values, strict=True)
    ):
        return f"the factor {piece.text} is missing"
    return None


def _term(piece: Piece, pairs: Sequence[Pair], values: Sequence[Array]) -> str | None:
    """How often a term is in the claim beyond what it should be, the same everywhere."""
    excess = [claimed - true for claimed, true in pairs]
    place = np.unravel_index(np.argmax(np.abs(excess[0])), excess[0].shape)
    value = np.broadcast_to(values[0], excess[0].shape)[place] if values[0].size else 0.0
    if not value or any(v.shape not in ((), e.shape) for v, e in zip(values, excess, strict=True)):
        return None
    times = float(excess[0][place] / value)
    if not all(
        np.all(np.abs(off - times * term) <= SAME * np.max(np.abs(true) + np.abs(off), initial=0))
        for off, term, (_, true) in zip(excess, values, pairs, strict=True)
    ):
        return None
    known = {-1: "is missing", -2: "has the other sign", 1: "is there twice"}
    own = {1: "is too much", 2: "has the other sign"}
    for count, said in (own if piece.kind == "own" else known).items():
        if abs(times - count) <= SAME:
            return f"the term {piece.text} {said}"
    counted = 1 + times
    if piece.kind == "own" or counted <= 0 or "." in _times(counted):
        return None
    return f"the term {piece.text} counts {_times(counted)} times"


def _shifted(pairs: Sequence[Pair]) -> str | None:
    """A number that is too much, the same for all elements everywhere."""
    claimed, true = pairs[0]
    off = float((claimed - true).ravel()[0])
    if not off or not _agree(pairs, lambda value: value - off):
        return None
    return f"it is {abs(off):g} too {'large' if off > 0 else 'small'} everywhere"
