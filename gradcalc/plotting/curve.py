"""A program along a line: points with their verdicts, and what is found between them."""

import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from gradcalc.plotting.between import (
    NEAR,
    UNSURE,
    Rounded,
    beside,
    bumps,
    hidden,
    is_finite,
    plainest,
)
from gradcalc.plotting.data import ERROR, HARMLESS, POLE, Axis, Curve, Point, Special
from gradcalc.plotting.probing import Prober
from gradcalc.plotting.ranges import places
from gradcalc.verdict.outcome import Outcome, number_text

Tell = Callable[[str], None]
"""Says what is being done."""

MARKS = 40
"""Places between points that are looked at closely, at the most."""

WHOLE = 100
"""Whole numbers that are looked at beside the points, at the most."""

LONG = 5
"""Points without a value in a row of which not each is asked about, if the first, the last and the
middle one are outside the domain."""

CALM = 0.1
"""The share of what changes from one float to the next that may change from there to others."""


STEEP = 1e6
"""How many times as steep as at the ends of a step a function is at a pole."""

ROUNDED = 1e-14
"""A change of the value that small, in relation, may be that of a float to the next."""


def curve_of(prober: Prober, axis: Axis, program: str, rounded: Rounded, tell: Tell) -> Curve:
    """The program along an axis.

    Raises the program's own error where it cannot be run at any point.
    """
    ats = places(axis, rounded)
    tell(f"running the program at {len(ats):,} points")
    for at in ats:
        prober.quick(at)
    asked = _asked(prober, ats)
    points = []
    for k, at in enumerate(ats):
        tell(f"checking point {k + 1:,} of {len(ats):,}")
        points.append(prober.point(at, asked=at in asked))
    if prober.failure is not None and all(point.outcome == ERROR for point in points):
        raise prober.failure
    tell("looking between the points")
    sizes = sorted(abs(point.value) for point in points if math.isfinite(point.value))
    prober.size = sizes[len(sizes) * 3 // 4] if sizes else 0.0
    specials = [*_places(prober, points, rounded), *_stretches(prober, points)]
    width = NEAR * (axis.stop - axis.start) / axis.count
    specials = _bordered(_apart(specials, ats, width), axis)
    specials = [_with_sides(prober, special, width, rounded) for special in specials]
    known = next((found for found in map(prober.full, asked) if found.possible), None)
    return Curve(
        program,
        axis,
        tuple(points),
        tuple(sorted(specials, key=lambda special: (special.at, special.is_stretch))),
        15.95 if known is None else known.possible,
        known is not None and known.summed,
    )


def _bordered(specials: Sequence[Special], axis: Axis) -> list[Special]:
    """Stretches up to their borders, where these were found next to them."""
    step = (axis.stop - axis.start) / (axis.count - 1) * (1 + NEAR)
    found = []
    for special in specials:
        if special.end is not None:
            low, high = special.at, special.end
            borders = [s.at for s in specials if s.kind == special.kind and s.end is None]
            low = min((at for at in borders if low - step < at < low), default=low)
            high = max((at for at in borders if high < at < high + step), default=high)
            special = replace(special, at=low, end=high)
        found.append(special)
    return found


def _with_sides(prober: Prober, special: Special, width: float, rounded: Rounded) -> Special:
    """A place, with points on both sides of it."""
    if special.is_stretch:
        return special
    above = special.at if special.between is None else special.between
    ats = rounded(special.at - width), rounded(above + width)
    sides = [prober.point(at) for at in ats if at not in (special.at, above)]
    return replace(special, sides=tuple(sides))


def _asked(prober: Prober, ats: Sequence[float]) -> list[float]:
    """The points that get a verdict: all, but for the inside of a stretch outside the domain."""
    found: list[float] = []
    for finite, run in groupby(ats, lambda at: is_finite(prober.quick(at))):
        row = list(run)
        ends = [row[0], row[len(row) // 2], row[-1]]
        outside = not finite and len(row) > LONG
        if outside and all(prober.full(at).outcome in (Outcome.EDGE, ERROR) for at in ends):
            row = ends
        found += row
    return found


def _stretches(prober: Prober, points: Sequence[Point]) -> Iterator[Special]:
    """Points in a row that are not ordinary, and single ones."""

    def kind(point: Point) -> str | None:
        asked = point.outcome
        if asked is None:
            return Outcome.EDGE if not is_finite(prober.quick(point.at)) else None
        return None if asked in HARMLESS else asked

    for found, run in groupby(points, kind):
        row = list(run)
        if found is None:
            continue
        if len(row) < 3:
            yield from map(_special, row)
            continue
        asked = [point for point in row if point.outcome is not None]
        middle = asked[len(asked) // 2]
        yield Special(
            row[0].at, str(found), middle.message, end=row[-1].at, asked=middle.at,
            value=middle.value, slope=middle.slope,
        )  # fmt: skip


def _special(point: Point) -> Special:
    assert point.outcome is not None
    return Special(
        point.at, point.outcome, point.message, value=point.value, slope=point.slope,
        true=point.true, digits=point.digits,
    )  # fmt: skip


def _places(prober: Prober, points: Sequence[Point], rounded: Rounded) -> Iterator[Special]:
    """What is special between points, and at whole numbers among them."""
    ats = [point.at for point in points]
    ailing = {point.at for point in points if point.outcome in (Outcome.WRONG, Outcome.UNRESOLVED)}
    within = _whole(ats[0], ats[-1], rounded)
    for at in within:
        k = bisect_left(ats, at)
        around = ats[max(k - 1, 0)], ats[min(k, len(ats) - 1)]
        hole = not is_finite(prober.quick(at)) and any(is_finite(prober.quick(b)) for b in around)
        if hole and at not in ats:
            point = prober.point(at)
            if point.outcome not in (None, *HARMLESS):
                yield _special(point)
    # where floats have lost the function, they jump everywhere
    steps = [s for s in pairwise(sorted({*ats, *within})) if not ailing.issuperset(s)]
    for low, high in bumps(prober, steps, rounded)[:MARKS]:
        for found in hidden(prober, low, high, rounded):
            special = _asked_at(prober, *found, (low, high), rounded)
            if special is not None:
                yield special


def _whole(low: float, high: float, rounded: Rounded) -> list[float]:
    """The whole numbers of a range, if they are not many, or 0 alone."""
    if high - low <= WHOLE:
        return [rounded(float(k)) for k in range(math.ceil(low), math.floor(high) + 1)]
    return [0.0] if low <= 0 <= high else []


def _asked_at(
    prober: Prober, low: float, high: float, step: tuple[float, float], rounded: Rounded
) -> Special | None:
    """What the verdict says where something was seen between two floats, the plainest first."""
    plain = plainest(low, high)
    for at in dict.fromkeys((plain, low, high)):
        point = prober.point(at)
        if point.outcome not in (None, ERROR, *HARMLESS):
            return _special(point)
    return _between(prober, low, high, step, rounded)


def _between(
    prober: Prober, low: float, high: float, step: tuple[float, float], rounded: Rounded
) -> Special | None:
    """A place that no float is at, told by what changes from one float to the next, and does not
    on either side; what is little beside the numbers at the ends of the step may be rounding."""
    first, last = prober.quick(low), prober.quick(high)
    sides = [*beside(prober, low, -1, rounded)], [*beside(prober, high, 1, rounded)]
    if not all(map(is_finite, (first, last, *sides[0], *sides[1]))):
        return None
    value, slope = abs(last.value - first.value), abs(last.slopes[0] - first.slopes[0])
    near = first, last, *map(prober.quick, step)
    usual = (
        max(abs(found.value) for found in near if is_finite(found)),
        max(abs(found.slopes[0]) for found in near if is_finite(found)),
    )
    steepest = max(abs(first.slopes[0]), abs(last.slopes[0]))
    ends = list(zip((first, last), sides, strict=True))
    unrest = (
        max(abs(found.value - end.value) for end, side in ends for found in side),
        max(abs(found.slopes[0] - end.slopes[0]) for end, side in ends for found in side),
    )
    kind: str | None = None
    told = "between two neighbouring floats"
    if steepest > STEEP * max(abs(prober.quick(at).slopes[0]) for at in step):
        kind = POLE
        text = f"{told} the slope grows beyond {number_text(steepest, 2)}"
    elif value * CALM > unrest[0] and value > ROUNDED * usual[0]:
        kind = Outcome.JUMP.value
        text = f"{told} the value goes {_pair(first.value, last.value)}"
    elif slope * CALM > unrest[1] and slope > _doubt(prober, low, high) * usual[1]:
        kind = Outcome.KINK.value
        text = f"{told} autograd's slope goes {_pair(first.slopes[0], last.slopes[0])}"
    if kind is None:
        return None
    return Special(low, kind, text, between=high, value=first.value, slope=first.slopes[0])


def _doubt(prober: Prober, low: float, high: float) -> float:
    """How much of a slope may be rounding at two points, by what their verdicts say of its
    digits."""
    digits = [prober.full(at).digits for at in (low, high)]
    known = [count for count in digits if count is not None]
    return max(UNSURE, *(100 * 10**-count for count in known)) if len(known) == 2 else math.inf


def _pair(first: float, last: float) -> str:
    return f"from {number_text(first)} to {number_text(last)}"


def _apart(specials: Sequence[Special], ats: Collection[float], width: float) -> list[Special]:
    """Each stretch, and each place once: of what is closer together than is seen a point, or what
    has a verdict."""
    places = [special for special in specials if not special.is_stretch]
    places.sort(key=lambda special: (special.at not in ats, special.between is not None))
    found: list[Special] = []
    for special in places:
        if all(abs(other.at - special.at) > width for other in found):
            found.append(special)
    return [*found, *(special for special in specials if special.is_stretch)]
