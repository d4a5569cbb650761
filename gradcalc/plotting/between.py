"""What hides between two points: halved, as torch's numbers say, down to two floats."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gradcalc.plotting.data import Special
from gradcalc.plotting.probing import Found, Prober

SMALL = 1e-6
"""What a slope may be off a cubic through the ends of a step, in relation to the slopes there: less
is taken for smooth."""

UNSURE = 1e-8
"""Changes that small, in relation, may be rounding, and so may those of `ROUNDINGS` units of the
dtype."""

ROUNDINGS = 64

LOPSIDED = 2 / 3
"""The share of what changes over a step that changes over a half of it with something hidden in it:
what is smooth changes by much the same over both."""

PEAKED = 1.5
"""How many times as steep as at its ends what is smooth is not in the middle of a narrow step."""

HALVINGS = 1_100
"""As many as there are between a number and the smallest float."""

NEAR = 1e-6
"""Places closer together than that, in relation to a step, are one."""

MOST = 4
"""Places that are found in one step at the most."""

LOOKS = 200
"""How often a step is halved at the most."""

REJECTED = 12
"""Places in one step of which there is nothing to tell, at the most."""

Rounded = Callable[[float], float]
Pair = tuple[float, float]
Told = Callable[[float, float], Special | None]
"""What there is to tell of two neighbouring floats, None if nothing."""


@dataclass(frozen=True, slots=True)
class Bump:
    """How far the middle of a step is off the cubic through its ends, in relation to the slopes;
    `hidden` says that a smooth one would be off as much, by rounding alone."""

    size: float
    hidden: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether nothing that is smooth in the step looks like that."""
        return self.size > SMALL and not self.hidden


def unit(rounded: Rounded) -> float:
    """The distance from 1 to the next float of the dtype."""
    return next(2.0**-bits for bits in (52, 23, 10, 7) if rounded(1 + 2.0**-bits) != 1)


def unsure(rounded: Rounded) -> float:
    """Changes that small, in relation, may be rounding in the dtype."""
    return max(UNSURE, ROUNDINGS * unit(rounded))


def is_finite(found: Found) -> bool:
    """Whether the point has a value and a slope."""
    return math.isfinite(found.value) and math.isfinite(found.slopes[0])


def bumps(prober: Prober, steps: list[Pair], rounded: Rounded) -> list[Pair]:
    """The steps in which something may be hidden, the most conspicuous first."""
    sizes: dict[Pair, float] = {}
    for low, high in steps:
        finite = [is_finite(prober.quick(at)) for at in (low, high)]
        bump = _bump(prober, low, high, rounded) if all(finite) else None
        if bump is not None and bump.hidden:
            middle = rounded(low + (high - low) / 2)
            halves = (low, middle), (middle, high)
            sizes[low, high] = 2 * SMALL if _changing(prober, halves, rounded) else 0.0
        elif bump is not None:
            sizes[low, high] = bump.size
        else:
            sizes[low, high] = math.inf if any(finite) and not all(finite) else 0.0
    return sorted((s for s in sizes if sizes[s] > SMALL), key=lambda s: -sizes[s])


def hidden(
    prober: Prober, low: float, high: float, rounded: Rounded, told: Told
) -> Iterator[Special]:
    """What is `told` of neighbouring floats in a step between which torch's value or slope jumps,
    or ends, as far as halving it tells them within a number of looks; near what is told there is
    nothing else."""
    open_, left, near = [(low, high)], LOOKS, NEAR * (high - low)
    found: list[Pair] = []
    rejected = 0
    while open_ and left > 0 and len(found) < MOST and rejected < REJECTED:
        low, high = open_.pop()
        if any(low - near <= b and a <= high + near and high - low < near for a, b in found):
            continue
        pair: Pair | None = None
        if is_finite(prober.quick(low)) != is_finite(prober.quick(high)):
            pair = _ended(prober, low, high, rounded)
        else:
            left -= 1
            middle = _split(low, high, left, rounded)
            # around 0 there are floats without end
            if middle is None or (low <= 0 <= high and high - low < near * NEAR**3):
                pair = low, high
            elif is_finite(prober.quick(middle)):
                open_ += _conspicuous(prober, ((low, middle), (middle, high)), rounded)
            else:
                open_ += [(middle, high), (low, middle)]
        if pair is not None:
            special = told(*pair)
            if special is None:
                rejected += 1
            else:
                found.append(pair)
                yield special


def _conspicuous(prober: Prober, halves: tuple[Pair, Pair], rounded: Rounded) -> list[Pair]:
    """The halves of a step in which something may be hidden, the most conspicuous last."""
    found = [_bump(prober, *half, rounded) for half in halves]
    sized = [(b.size, half) for b, half in zip(found, halves, strict=True) if b and b.is_seen]
    seen = [half for _, half in sorted(sized)]
    if any(bump is None or bump.hidden for bump in found):
        more = _changing(prober, halves, rounded)
        return [half for half in more if half not in seen] + seen
    return seen


def _changing(prober: Prober, halves: tuple[Pair, Pair], rounded: Rounded) -> list[Pair]:
    """The half that the check cannot prove to be smooth, where rounding hides all else.

    Of two, that over which more changes than over the other; none if it is much the same, down to
    quarters, as what is at the middle itself changes both halves.
    """
    open_ = [half for half in halves if not is_smooth(prober, *half, rounded)]
    if len(open_) < 2:
        return open_
    found = _uneven(prober, halves, rounded)
    if found is not None:
        return [found]
    for half in halves:
        split = rounded(half[0] + (half[1] - half[0]) / 2)
        if not half[0] < split < half[1]:
            return [half] if any(_changes(prober, *half, unsure(rounded))) else []
        quarters = (half[0], split), (split, half[1])
        if not is_finite(prober.quick(split)) or _uneven(prober, quarters, rounded) is not None:
            return [half]
    return []


def _uneven(prober: Prober, halves: tuple[Pair, Pair], rounded: Rounded) -> Pair | None:
    """The half over which clearly more changes than over the other; of what is steeper between the
    halves than at their ends, as it is around a pole, that with the steeper end."""
    low, middle, high = halves[0][0], halves[0][1], halves[1][1]
    steep = [abs(prober.quick(at).slopes[0]) for at in (low, middle, high)]
    if steep[1] > PEAKED * max(steep[0], steep[2]) > 0:
        return halves[steep[2] > steep[0]]
    share, half = _larger(prober, halves, rounded)
    return half if share > LOPSIDED else None


def _larger(prober: Prober, halves: tuple[Pair, Pair], rounded: Rounded) -> tuple[float, Pair]:
    """The half over which more changes, and how much of all that does; 0 where nothing does."""
    changes = [_changes(prober, *half, unsure(rounded)) for half in halves]
    shares = [
        (one / (one + other), half)
        for k, half in enumerate(halves)
        for one, other in zip(changes[k], changes[1 - k], strict=True)
        if one
    ]
    return max(shares, default=(0.0, halves[0]))


def _changes(prober: Prober, low: float, high: float, doubt: float) -> Pair:
    """How much the slope changes, and the value beyond what slopes make of it; 0 for what may be
    rounding."""
    first, last = prober.quick(low), prober.quick(high)
    slopes = abs(first.slopes[0]), abs(last.slopes[0])
    slope = abs(last.slopes[0] - first.slopes[0])
    jump = abs(last.value - first.value) - sum(slopes) * (high - low)
    sure = doubt * max(abs(first.value), abs(last.value), prober.size)
    return slope if slope > doubt * max(slopes) else 0.0, jump if jump > sure else 0.0


def _bump(prober: Prober, low: float, high: float, rounded: Rounded) -> Bump | None:
    """What the middle of a step looks like; None where no float is between its ends.

    The value and the slope of the cubic are never both right by chance where the slope jumps.
    """
    middle = rounded(low + (high - low) / 2)
    if not low < middle < high:
        return None
    first, here, last = (prober.quick(at) for at in (low, middle, high))
    if not is_finite(here):
        return Bump(math.inf)
    width = high - low
    secant = (last.value - first.value) / width
    slopes = first.slopes[0], here.slopes[0], last.slopes[0]
    scale = max(*map(abs, slopes), abs(secant))
    if not scale:
        return Bump(0.0)
    size = max(abs(first.value), abs(last.value), prober.size)
    noise = 8 * unit(rounded) * (size / scale + max(abs(low), abs(high))) / width
    slope = 1.5 * secant - (slopes[0] + slopes[2]) / 4
    value = (first.value + last.value) / 2 + width * (slopes[0] - slopes[2]) / 8
    off = max(abs(slopes[1] - slope), 4 * abs(here.value - value) / width) / scale
    return Bump(off, hidden=off <= noise and noise > SMALL)


def beside(prober: Prober, at: float, way: int, rounded: Rounded) -> Iterator[Found]:
    """A few points next to a float, on one side."""
    return (prober.quick(further(at, way * floats, rounded)) for floats in (1, 2, 5))


def further(at: float, floats: int, rounded: Rounded) -> float:
    """The float of the dtype that is so many floats away."""
    size = math.ldexp(1.0, math.frexp(at)[1] - 1) if at else 1e-300
    return rounded(at + floats * unit(rounded) * size)


def is_smooth(prober: Prober, low: float, high: float, rounded: Rounded) -> bool:
    """Whether the check proves that nothing is hidden between two floats, or next to them, as
    rounding puts what torch does a few floats beside where it is."""
    return prober.is_smooth(further(low, -5, rounded), further(high, 5, rounded))


def _ended(prober: Prober, low: float, high: float, rounded: Rounded) -> Pair:
    """Two neighbouring floats, of which only one is finite; or a single point that is not, with
    one so near to it that nothing else is seen between them."""
    state = is_finite(prober.quick(low))
    alone = high if state else low
    near = rounded(alone + (low + high - 2 * alone) * NEAR)
    if near != alone and is_finite(prober.quick(near)):
        return min(alone, near), max(alone, near)
    for step in range(HALVINGS):
        middle = _split(low, high, step, rounded)
        if middle is None:
            break
        if is_finite(prober.quick(middle)) == state:
            low = middle
        else:
            high = middle
    return low, high


def _split(low: float, high: float, step: int, rounded: Rounded) -> float | None:
    """A float of the dtype between two; None if there is none. Now and then it is the plainest
    number, which is where corners are put by people."""
    middle = rounded(low + (high - low) / 2)
    if step % 4 == 3:
        plain = rounded(plainest(low, high))
        middle = plain if low < plain < high else middle
    return middle if low < middle < high else None


def plainest(low: float, high: float) -> float:
    """The number from `low` to `high` with the fewest decimals, of those the nearest to the middle;
    0 if that is between them."""
    if low <= 0 <= high:
        return 0.0
    middle = low + (high - low) / 2
    size = math.floor(math.log10(max(abs(low), abs(high))))
    for digits in range(19):
        unit = Fraction(10) ** (size - digits)
        found = float(round(Fraction(middle) / unit) * unit)
        if low <= found <= high:
            return found
    return middle
