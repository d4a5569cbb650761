"""Seconds: medians of runs that take turns, a limit for those that do not end, and their looks."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.readback.alarm import TimesUp

BRIEF = 0.1
"""Seconds up to which a run is repeated as often as it was asked for."""

LEAST = 3
"""How often longer ones are repeated."""

PLAIN = 1 / 12
"""The part of a limit after which the pace so far is taken as that of the rest."""

TICK = 0.003
"""Seconds that are measured at once: what is shorter is called more than once, and averaged."""


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """How long a call takes, and what it gives."""
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def paced(items: Sequence[Any], seconds: float) -> Iterator[Any]:
    """The items; raises `TimesUp` when it is plain that all of them will take longer."""
    start = time.perf_counter()
    for done, item in enumerate(items):
        taken = time.perf_counter() - start
        if taken > PLAIN * seconds and taken * len(items) > seconds * done:
            raise TimesUp
        yield item


def medians(actions: Mapping[str, Callable[[], Any]], repetitions: int) -> dict[str, float]:
    """Each action's median, after a first round that does not count; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    calls = {name: int(TICK / timed(action)[0]) + 1 for name, action in actions.items()}
    for round_ in range(repetitions):
        for name, action in actions.items():
            if round_ < LEAST or max(times[name]) < BRIEF:
                times[name].append(_averaged(action, calls[name]))
    return {name: statistics.median(found) for name, found in times.items()}


def _averaged(action: Callable[[], Any], calls: int) -> float:
    return timed(lambda: [action() for _ in range(calls)])[0] / calls


@dataclass
class Pace:
    """How a tool's time grows with n, to tell beforehand that it will not end in time."""

    limit: float
    times: list[tuple[int, float]] = field(default_factory=list)

    def hopeless(self, n: int) -> bool:
        """Whether the projected time is past the limit."""
        if not self.times:
            return False
        last, seconds = self.times[-1]
        if seconds > self.limit:
            return True
        if len(self.times) < 2:
            return False
        before, less = self.times[-2]
        power = max(0.0, math.log(seconds / less) / math.log(last / before))
        return seconds * (n / last) ** power > self.limit


def shown(seconds: float) -> str:
    """Three digits and a unit."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{_digits(seconds * factor)} {unit}"
    return f"{_digits(seconds * 1e6)} µs"


def ratio(first: float, second: float) -> str:
    """How many times as long."""
    return f"{_digits(first / second)}×"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
