"""A program along a line: points with their verdicts, and what is found between them."""

import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby, pairwise

from gradcalc.errors import EndlessError
from gradcalc.plotting.between import (
    NEAR,
    Rounded,
    bumps,
    hidden,
    is_finite,
)
from gradcalc.plotting.data import ERROR, HARMLESS, Axis, Curve, Point, Special
from gradcalc.plotting.neighbours import asked_at, special_of
from gradcalc.plotting.probing import Prober
from gradcalc.plotting.ranges import places
from gradcalc.verdict.outcome import Outcome

Tell = Callable[[str], None]
"""Says what is being done."""

MARKS = 40
"""Places between points that are looked at closely, at the most."""

WHOLE = 100
"""Whole numbers that are looked at beside the points, at the most."""

LONG = 5
"""Points without a value in a row of which not each is asked about, if the first, the last and the
middle one are outside the domain."""


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
    specials = [*_stretches(prober, points)]
    # points without an end take seconds each: those that were asked for are told all the same
    with suppress(EndlessError):
        specials = [*_places(prober, points, rounded), *specials]
    width = NEAR * (axis.stop - axis.start) / axis.count
    specials = _bordered(_apart(specials, ats, width), axis)
    with suppress(EndlessError):
        specials = [_with_sides(prober, special, width, rounded) for special in specials]
    known = next((found for found in map(prober.full, asked) if found.possible), None)
    return Curve(
        program,
        axis,
        tuple(points),
        tuple(sorted(specials, key=lambda special: (special.at, special.is_stretch))),
        15.95 if known is None else known.possible,
        prober.quantity,
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
            yield from map(special_of, row)
            continue
        asked = [point for point in row if point.outcome is not None]
        middle = asked[len(asked) // 2]
        yield Special(
            row[0].at, str(found), middle.message, end=row[-1].at, asked=middle.at,
            value=middle.value, slope=middle.slope,
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
                yield special_of(point)
    # where floats have lost the function, they jump everywhere
    steps = [s for s in pairwise(sorted({*ats, *within})) if not ailing.issuperset(s)]
    for step in bumps(prober, steps, rounded)[:MARKS]:

        def told(low: float, high: float, step: tuple[float, float] = step) -> Special | None:
            return asked_at(prober, low, high, step, rounded)

        yield from hidden(prober, *step, rounded, told)


def _whole(low: float, high: float, rounded: Rounded) -> list[float]:
    """The whole numbers of a range, if they are not many, or 0 alone."""
    if high - low <= WHOLE:
        return [rounded(float(k)) for k in range(math.ceil(low), math.floor(high) + 1)]
    return [0.0] if low <= 0 <= high else []


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
