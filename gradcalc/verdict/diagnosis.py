"""What is wrong with a claim: how it goes together with the gradient, here and at other points."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from gradcalc.testimony import NOTHING, Array, Piece

SAME = 1e-12
"""The relative difference, of each element, up to which numbers are the same for a diagnosis."""

ROUNDED = 1e-14
"""The relative difference up to which a float is a number that is said as it is."""

ROUNDINGS = 8 * float(np.finfo(np.float64).eps)
"""What a difference may lose, in relation to what it is taken of."""

LARGEST_DENOMINATOR = 100
"""Up to it a number that is no short decimal is told as a fraction."""

SHORTEST, LONGEST = 6, 10
"""Digits of a number that is only about right, and up to which one that is exact is a decimal."""

SIZES = 10**6
"""Whole numbers up to which a factor may be how many there are of something."""

EVERYWHERE, TRIED, HERE = "everywhere", "wherever it was tried", "here"


@dataclass(frozen=True, slots=True)
class Pair:
    """What a claim gives at a point, and the gradient there, with the values of pieces of both."""

    claimed: Array
    true: Array
    pieces: Mapping[Piece, Array] = field(default_factory=dict)


Pairs = Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, with where it holds before `more` of it, which is `always` if it always does."""

    text: str
    more: str = ""
    always: str = ""

    def at(self, scope: str) -> str:
        """The sentence."""
        return f"{self.text}{scope and ' '}{scope}{self.more}"


def diagnosed(
    around: Pairs, elsewhere: Pairs, counts: Sequence[int], *, smooth: bool, symmetric: str | None
) -> str | None:
    """What a wrong claim has to do with the gradient at some points; None if that is not seen.

    Those `around`, the user's own first, are where the program does the same; what holds
    `elsewhere` too holds wherever it was tried, and everywhere if all of it is `smooth`. `counts`
    are the sizes of the inputs and of their dimensions, by which a mean divides. The claim would
    hold if the matrix `symmetric` were that.
    """
    if len(around) < 2 or not all(map(_is_told, (*around, *elsewhere))):
        return None
    for find in (_summed, _transposed, lambda pairs: _multiplied(pairs, counts), _shifted):
        said = _scoped(find, around, elsewhere, smooth)
        if said is not None:
            return said
    if symmetric is not None:
        return f"it is the gradient only where {symmetric} is symmetric"
    # the point itself comes without pieces, and at one other a term may be right by chance
    return _scoped(_pieced, around[1:], elsewhere, smooth) if len(around) > 2 else None


def diagnosed_numbers(here: Pair, counts: Sequence[int]) -> str | None:
    """What numbers that are not the gradient have to do with it, if that cannot be by chance."""
    if not _is_told(here):
        return None
    for find in (_transposed, lambda pairs: _multiplied(pairs, counts), _shifted):
        for said in find([here]):
            # any number is some factor of any other
            alone = here.true.size < 2 and said.text != "it has the other sign"
            if not alone and "about" not in said.text + said.more:
                return said.at(HERE)
    return None


def _scoped(
    find: Callable[[Pairs], Iterator[Said]], around: Pairs, elsewhere: Pairs, smooth: bool
) -> str | None:
    """The first that is found around that is found elsewhere too, or the first of all."""
    near = list(find(around))
    far = list(find([*around, *elsewhere])) if near and elsewhere else []
    for said in near:
        if said in far:
            return said.at(said.always if smooth else TRIED)
    return near[0].at(HERE) if near else None


def _is_told(pair: Pair) -> bool:
    told = np.isfinite(pair.claimed).all() and np.isfinite(pair.true).all()
    return bool(told and pair.true.size)


def _spread(pairs: Pairs) -> list[Pair]:
    """One number for all elements as one for each."""
    return [replace(p, claimed=np.broadcast_to(p.claimed, p.true.shape)) for p in pairs]


def _is_same(found: Array, true: Array, taken: Array | float = 0.0) -> bool:
    """Whether each element is the same, on its own scale; something `taken` away was rounded."""
    if found.shape != true.shape:
        return False
    sizes = np.abs(true)
    room = SAME * (sizes + NOTHING * np.max(sizes, initial=0)) + ROUNDINGS * np.abs(taken)
    return bool(np.all(np.abs(found - true) <= room))


def _transposed(pairs: Pairs) -> Iterator[Said]:
    pairs = _spread(pairs)
    if pairs[0].true.ndim == 2 and all(_is_same(p.claimed.T, p.true) for p in pairs):
        yield Said("it is the transpose of the gradient")


def _multiplied(pairs: Pairs, counts: Sequence[int]) -> Iterator[Said]:
    """A factor that is the same for all elements everywhere."""
    pairs = _spread(pairs)
    claimed, true = pairs[0].claimed, pairs[0].true
    place = np.unravel_index(np.argmax(np.abs(true)), true.shape)
    if not true[place] or not claimed[place]:
        return
    factor = float(claimed[place] / true[place])
    if not all(_is_same(p.claimed / factor, p.true) for p in pairs):
        return
    size = abs(factor)
    times = _count(size) or _exact(size) or _about(size)
    if factor < 0:
        rest = "" if times == "1" else f", and {times} times as large"
        yield Said("it has the other sign", rest)
    elif times != "1":
        meant = round(max(size, 1 / size))
        mean = meant > 2 and meant in counts and times in (str(meant), f"1/{meant}")
        question = f": a mean of {meant}?" if mean else ""
        yield Said(f"it is {times} times the gradient", question, EVERYWHERE)


def _exact(number: float) -> str | None:
    """A positive number as a decimal or a fraction, None if it is neither."""
    short = f"{number:.{LONGEST}g}"
    ratio = Fraction(number).limit_denominator(LARGEST_DENOMINATOR)
    for exact, said in ((Fraction(short), short), (ratio, str(ratio))):
        if abs(float(exact) - number) <= ROUNDED * number:
            return said
    return None


def _count(number: float) -> str | None:
    """A positive number as a whole one, or one over it, None if it is neither."""
    for size, text in ((number, "{}"), (1 / number, "1/{}")):
        if abs(size - round(size)) <= ROUNDED * size and round(size) <= SIZES:
            return text.format(round(size))
    return None


def _about(number: float) -> str:
    """The first digits of a number, so many that it is told from 1."""
    digits = SHORTEST
    while float(f"{number:.{digits}g}") == 1 != number:
        digits += 1
    return f"about {number:.{digits}g}"


def _summed(pairs: Pairs) -> Iterator[Said]:
    """One number for all elements that is what they come to."""
    # at the point itself the claim is spread over the elements
    pairs = pairs[1:]
    if any(p.claimed.shape or p.true.size < 2 for p in pairs):
        return
    for how, reduce in (("sum", np.sum), ("mean", np.mean)):
        totals = [np.asarray(reduce(p.true)) for p in pairs]
        if any(totals) and all(_is_same(p.claimed, t) for p, t in zip(pairs, totals, strict=True)):
            yield Said(f"it is the {how} of the gradient's elements")


def _shifted(pairs: Pairs) -> Iterator[Said]:
    """A number that is too much, the same for all elements everywhere."""
    pairs = _spread(pairs)
    off = float((pairs[0].claimed - pairs[0].true).ravel()[0])
    if off and all(_is_same(p.claimed - off, p.true, p.claimed) for p in pairs):
        much = _exact(abs(off)) or _about(abs(off))
        yield Said(f"it is {much} too {'large' if off > 0 else 'small'}", always=EVERYWHERE)


def _pieced(pairs: Pairs) -> Iterator[Said]:
    """Terms or factors that are missing, too much, or counted otherwise."""
    pairs = _spread(pairs)
    for piece in pairs[0].pieces:
        values = [np.asarray(p.pieces[piece]) for p in pairs if piece in p.pieces]
        if len(values) < len(pairs) or not all(np.isfinite(value).all() for value in values):
            continue
        if any(v.shape not in ((), p.true.shape) for v, p in zip(values, pairs, strict=True)):
            continue
        with np.errstate(all="ignore"):
            yield from (_factor if "factor" in piece.kind else _term)(piece, pairs, values)


def _factor(piece: Piece, pairs: Pairs, values: Sequence[Array]) -> Iterator[Said]:
    """A factor of the gradient that the claim has not, or one of the claim that is none of it."""
    own = piece.kind != "factor"
    sides = ((p.true, p.claimed) if own else (p.claimed, p.true) for p in pairs)
    # what is 0 anyway tells nothing
    found = any(p.true.any() for p in pairs)
    if found and all(
        _is_same(less * value, more) for (less, more), value in zip(sides, values, strict=True)
    ):
        yield Said(f"the factor {piece.text} is {'too much' if own else 'missing'}")


def _term(piece: Piece, pairs: Pairs, values: Sequence[Array]) -> Iterator[Said]:
    """How often a term is in the claim beyond what it should be, the same everywhere."""
    excess = [p.claimed - p.true for p in pairs]
    place = np.unravel_index(np.argmax(np.abs(excess[0])), excess[0].shape)
    value = np.broadcast_to(values[0], excess[0].shape)[place]
    if not value:
        return
    times = float(excess[0][place] / value)
    # the number of times is as exact as the difference that it is taken of
    lost = [ROUNDINGS * (np.abs(p.claimed) + np.abs(p.true)) for p in pairs]
    counts = {-1: "is missing", -2: "has the other sign", 1: "is there twice"}
    counts = {1: "is too much", 2: "has the other sign"} if piece.kind == "own" else counts
    nearest = Fraction(times).limit_denominator(LARGEST_DENOMINATOR)
    for off, term, room in zip(excess, values, lost, strict=True):
        if not np.all(np.abs(off - float(nearest) * term) <= SAME * np.abs(off) + room):
            return
    counted = 1 + nearest
    if nearest.denominator == 1 and int(nearest) in counts:
        yield Said(f"the term {piece.text} {counts[int(nearest)]}")
    elif piece.kind == "term" and counted > 0 and 1 in (counted.numerator, counted.denominator):
        yield Said(f"the term {piece.text} counts {counted} times")
