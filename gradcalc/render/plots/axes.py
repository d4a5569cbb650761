"""Where numbers are on a sheet: limits that show something, ticks at plain numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLIPPED = 6.0
"""How many times as far as its middle nine tenths a function may go before it is cut off, where
it has a pole."""

ROOM = 0.06
"""The share of a panel that is left free above and below."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the sheet with a scale of its own."""

    left: float
    top: float
    width: float
    height: float
    low: float
    high: float
    first: float
    last: float

    def x(self, value: float) -> float:
        """Where a number of the horizontal axis is."""
        share = (value / 2 - self.first / 2) / (self.last / 2 - self.first / 2)
        return self.left + self.width * share

    def y(self, value: float) -> float:
        """Where a number of the vertical axis is; far outside it is just outside."""
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.top + self.height * (1 - min(max(share, -1.0), 2.0))

    @property
    def right(self) -> float:
        """Its right side."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.top + self.height


def limits(values: Sequence[float], *, clip: bool) -> tuple[float, float]:
    """From where to where numbers are shown; with `clip` a few that lie far off are left out."""
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return -1.0, 1.0
    low, high = finite[0], finite[-1]
    inner = finite[len(finite) // 20], finite[-1 - len(finite) // 20]
    spread = inner[1] - inner[0]
    if clip and spread > 0 and high - low > CLIPPED * spread:
        low, high = max(low, inner[0] - spread / 2), min(high, inner[1] + spread / 2)
    size = max(abs(low), abs(high))
    if high - low <= 1e-9 * size or high == low:
        room = size / 10 or 1.0
        return low - room, high + room
    room = (high - low) * ROOM
    low, high = low - room, high + room
    return max(low, -1.7e308), min(high, 1.7e308)


def ticks(low: float, high: float, count: int) -> list[float]:
    """About so many plain numbers from `low` to `high`."""
    raw = (high / count) - (low / count)
    unit = 10.0 ** math.floor(math.log10(raw)) if raw > 1e-300 else raw
    step = next((unit * k for k in (1, 2, 5) if unit * k >= raw * 0.999), unit * 10)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    if last - first > 10 * count:
        return [low, high]
    return [k * step for k in range(first, last + 1)]


def tick_texts(values: Sequence[float]) -> list[str]:
    """Numbers with as many digits as tell them apart."""
    largest = max(map(abs, values), default=0.0)
    plain = [0.0 if abs(value) < largest * 1e-12 else value for value in values]
    for digits in range(3, 17):
        texts = [_text(value, digits) for value in plain]
        if len(set(texts)) == len(texts):
            return [text.replace("e+", "e").replace("-", "−") for text in texts]
    return [repr(value) for value in plain]


def _text(value: float, digits: int) -> str:
    short = f"{value:.{digits}g}"
    plain = value == 0 or 1e-4 <= abs(value) < 1e6
    return f"{float(short):.12g}" if plain else short


def pieces(
    xs: Sequence[float], ys: Sequence[float], cuts: Sequence[float]
) -> list[list[tuple[float, float]]]:
    """A line in pieces: none goes over a point without a value, or over a cut."""
    found: list[list[tuple[float, float]]] = [[]]
    cuts = sorted(cuts)
    k = 0
    for x, y in zip(xs, ys, strict=True):
        while k < len(cuts) and cuts[k] < x:
            k += 1
            found.append([])
        if math.isfinite(y):
            found[-1].append((x, y))
        else:
            found.append([])
        if k < len(cuts) and cuts[k] == x:
            # the point itself belongs to neither side, as far as one sees
            k += 1
            if found[-1]:
                found[-1].pop()
            found.append([])
    return [piece for piece in found if piece]
