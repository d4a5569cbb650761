"""What is at a place, as the verdict says, or as two neighbouring floats around it do."""

import math

from gradcalc.plotting.between import (
    ROUNDINGS,
    UNSURE,
    Rounded,
    beside,
    further,
    is_finite,
    is_smooth,
    plainest,
    unit,
)
from gradcalc.plotting.data import ERROR, HARMLESS, POLE, Point, Special
from gradcalc.plotting.probing import Found, Prober
from gradcalc.verdict.outcome import Outcome, number_text

CALM = 0.1
"""The share of what changes from one float to the next that may change from there to others."""

STEEP = 1e6
"""How many times as steep as at the ends of a step a function is at a pole."""

FLOATS = 10
"""How many floats beside a pole halving may end."""

GROWTH = 2
"""How many times as steep as a few floats away a function is next to a pole, at the least."""

Ends = tuple[float, float]


def special_of(point: Point) -> Special:
    """A point whose verdict is not an ordinary one."""
    assert point.outcome is not None
    return Special(
        point.at, point.outcome, point.message, value=point.value, slope=point.slope,
        true=point.true, digits=point.digits,
    )  # fmt: skip


def asked_at(
    prober: Prober, low: float, high: float, step: Ends, rounded: Rounded
) -> Special | None:
    """What the verdict says where something was seen between two floats of a step, the plainest
    first."""
    plain = rounded(plainest(low, high))
    for at in dict.fromkeys((plain, low, high)):
        point = prober.point(at)
        if point.outcome not in (None, ERROR, *HARMLESS):
            return special_of(point)
    if _is_steep(prober, (low, high), step):
        low, high = _steepest(prober, low, high, rounded)
    return _between(prober, low, high, step, rounded)


def _steepest(prober: Prober, low: float, high: float, rounded: Rounded) -> Ends:
    """The two neighbouring floats in the steepest place around two, as halving may end a few floats
    beside a pole; the same two if it is no steeper next to them."""
    for _ in range(FLOATS):
        below, above = further(low, -1, rounded), further(high, 1, rounded)
        inner = max(_steepness(prober.quick(at)) for at in (low, high))
        # NaN is not steeper
        if _steepness(prober.quick(below)) > inner:
            low, high = below, low
        elif _steepness(prober.quick(above)) > inner:
            low, high = high, above
        else:
            break
    return low, high


def _between(
    prober: Prober, low: float, high: float, step: Ends, rounded: Rounded
) -> Special | None:
    """A place that no float is at, told by what changes from one float to the next, and does not
    on either side; what is little beside the numbers at the ends of the step may be rounding."""
    if is_smooth(prober, low, high, rounded):
        return None
    first, last = prober.quick(low), prober.quick(high)
    sides = [*beside(prober, low, -1, rounded)], [*beside(prober, high, 1, rounded)]
    if not all(map(is_finite, (first, last, *sides[0], *sides[1]))):
        return None
    value, slope = abs(last.value - first.value), abs(last.slopes[0] - first.slopes[0])
    near = [found for found in (first, last, *map(prober.quick, step)) if is_finite(found)]
    usual = max(abs(f.value) for f in near), max(abs(f.slopes[0]) for f in near)
    ends = list(zip((first, last), sides, strict=True))
    unrest = (
        max(abs(found.value - end.value) for end, side in ends for found in side),
        max(abs(found.slopes[0] - end.slopes[0]) for end, side in ends for found in side),
    )
    kind: str | None = None
    told = "between two neighbouring floats"
    if _is_pole(prober, (low, high), step, rounded):
        kind = POLE
        steepest = max(abs(first.slopes[0]), abs(last.slopes[0]))
        text = f"{told} the slope grows beyond {number_text(steepest, 2)}"
    elif value * CALM > unrest[0] and value > ROUNDINGS * unit(rounded) * usual[0]:
        kind = Outcome.JUMP.value
        text = f"{told} the value goes {_pair(first.value, last.value)}"
    elif slope * CALM > unrest[1] and slope > _doubt(prober, low, high) * usual[1]:
        kind = Outcome.KINK.value
        text = f"{told} autograd's slope goes {_pair(first.slopes[0], last.slopes[0])}"
    if kind is None:
        return None
    return Special(low, kind, text, between=high, value=first.value, slope=first.slopes[0])


def _is_pole(prober: Prober, ends: Ends, step: Ends, rounded: Rounded) -> bool:
    """Whether the slope grows where the check has no bound for it, between two floats: it
    falls within a few floats, by the check's own numbers."""
    if not _is_steep(prober, ends, step):
        return False
    steep = [_steepness(prober.quick(at)) for at in ends]
    side = steep.index(max(steep))
    near, far = ends[side], further(ends[side], (-5, 5)[side], rounded)
    asked = [abs(prober.full(at).true[0]) for at in (near, far)]
    # a comparison with NaN, where the check has no gradient, holds never
    return asked[0] > GROWTH * asked[1]


def _is_steep(prober: Prober, ends: Ends, step: Ends) -> bool:
    """Whether it is far steeper at two floats than at the ends of the step around them."""
    around = [_steepness(found) for found in map(prober.quick, step) if is_finite(found)]
    steepest = max(_steepness(prober.quick(at)) for at in ends)
    return steepest > STEEP * max(around, default=0.0)


def _steepness(found: Found) -> float:
    return abs(found.slopes[0])


def _doubt(prober: Prober, low: float, high: float) -> float:
    """How much of a slope may be rounding at two points, by what their verdicts say of its
    digits."""
    digits = [prober.full(at).digits for at in (low, high)]
    known = [count for count in digits if count is not None]
    return max(UNSURE, *(100 * 10**-count for count in known)) if len(known) == 2 else math.inf


def _pair(first: float, last: float) -> str:
    return f"from {number_text(first)} to {number_text(last)}"
