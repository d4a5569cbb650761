"""What hides between two points: halved, as torch's numbers say, down to two floats."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

from gradcalc.plotting.probing import Found, Prober

SMALL = 1e-6
"""What a slope may be off a cubic through the ends of a step, in relation to the slopes there: less
is taken for smooth."""

UNSURE = 1e-8
"""Changes that small, in relation, may be rounding."""

HALVINGS = 1_100
"""As many as there are between a number and the smallest float."""

NEAR = 1e-6
"""Places closer together than that, in relation to a step, are one."""

MOST = 4
"""Places that are found in one step at the most."""

LOOKS = 200
"""How often a step is halved at the most."""

Rounded = Callable[[float], float]
Pair = tuple[float, float]


def is_finite(found: Found) -> bool:
    """Whether the point has a value and a slope."""
    return math.isfinite(found.value) and math.isfinite(found.slopes[0])


def bumps(prober: Prober, steps: list[Pair], rounded: Rounded) -> list[Pair]:
    """The steps in which something may be hidden, the most conspicuous first."""
    sizes: dict[Pair, float] = {}
    for low, high in steps:
        finite = [is_finite(prober.quick(at)) for at in (low, high)]
        if all(finite):
            size = _bump(prober, low, high, rounded)
            sizes[low, high] = 0.0 if size is None else size
        else:
            sizes[low, high] = math.inf if any(finite) else 0.0
    return sorted((s for s in sizes if sizes[s] > SMALL), key=lambda s: -sizes[s])


def hidden(prober: Prober, low: float, high: float, rounded: Rounded) -> Iterator[Pair]:
    """Neighbouring floats in a step between which torch's value or slope jumps, or ends, as far as
    halving it tells them within a number of looks."""
    open_, left, near = [(low, high)], LOOKS, NEAR * (high - low)
    found: list[Pair] = []
    while open_ and left > 0 and len(found) < MOST:
        low, high = open_.pop()
        if any(low - near <= b and a <= high + near and high - low < near for a, b in found):
            continue
        if is_finite(prober.quick(low)) != is_finite(prober.quick(high)):
            found.append(_ended(prober, low, high, rounded))
            yield found[-1]
            continue
        left -= 1
        middle = _split(low, high, left, rounded)
        if middle is None:
            found.append((low, high))
            yield found[-1]
            continue
        if not is_finite(prober.quick(middle)):
            open_ += [(middle, high), (low, middle)]
            continue
        open_ += _conspicuous(prober, ((low, middle), (middle, high)), rounded)


def _conspicuous(prober: Prober, halves: tuple[Pair, Pair], rounded: Rounded) -> list[Pair]:
    """The halves of a step in which something may be hidden, the most conspicuous last."""
    found = [_bump(prober, *half, rounded) for half in halves]
    if None not in found:
        sized = [(size, half) for size, half in zip(found, halves, strict=True) if size is not None]
        return [half for size, half in sorted(sized) if size > SMALL]
    whole = _changes(prober, halves[0][0], halves[1][1])
    shares = [_share(_changes(prober, *half), whole) for half in halves]
    # in so narrow a step nothing that is smooth changes
    if not any(whole):
        return []
    return [halves[0] if shares[0] >= shares[1] else halves[1]]


def _share(part: Pair, whole: Pair) -> float:
    """How much of what changes over a step changes over a half of it."""
    return max(some / of if of else 0.0 for some, of in zip(part, whole, strict=True))


def _changes(prober: Prober, low: float, high: float) -> Pair:
    """How much the slope changes, and the value beyond what slopes make of it; 0 for what may be
    rounding."""
    first, last = prober.quick(low), prober.quick(high)
    slopes = abs(first.slopes[0]), abs(last.slopes[0])
    slope = abs(last.slopes[0] - first.slopes[0])
    jump = abs(last.value - first.value) - sum(slopes) * (high - low)
    sure = UNSURE * max(abs(first.value), abs(last.value), prober.size)
    return slope if slope > UNSURE * max(slopes) else 0.0, jump if jump > sure else 0.0


def _bump(prober: Prober, low: float, high: float, rounded: Rounded) -> float | None:
    """How far the middle of a step is off the cubic through its ends, in relation to the slopes;
    None where rounding hides it.

    The value and the slope of the cubic are never both right by chance where the slope jumps.
    """
    middle = rounded(low + (high - low) / 2)
    if not low < middle < high:
        return None
    first, here, last = (prober.quick(at) for at in (low, middle, high))
    if not is_finite(here):
        return math.inf
    width = high - low
    secant = (last.value - first.value) / width
    slopes = first.slopes[0], here.slopes[0], last.slopes[0]
    scale = max(*map(abs, slopes), abs(secant))
    step = math.ulp(1.0) if rounded(1 + 1e-9) != 1 else 1e-7
    noise = step * max(abs(first.value), abs(last.value), prober.size) / width
    if scale and 8 * noise > SMALL * scale:
        return None
    slope = 1.5 * secant - (slopes[0] + slopes[2]) / 4
    value = (first.value + last.value) / 2 + width * (slopes[0] - slopes[2]) / 8
    off = max(abs(slopes[1] - slope), 4 * abs(here.value - value) / width)
    return off / scale if scale else 0.0


def beside(prober: Prober, at: float, way: float, rounded: Rounded) -> Iterator[Found]:
    """A few points next to a float, on one side."""
    step = math.ulp(1.0) if rounded(1 + 1e-9) != 1 else 2.0**-23
    for times in (1, 2, 5):
        yield prober.quick(rounded(at + way * times * step * max(abs(at), 1e-300)))


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
