"""Ways to the other side of kinks that are no planes.

Where the argument of a kink is homogeneous, as x - 0.9*norm(x) is, one run takes its border for a
plane, and another run for another one. From run to run that is Newton's method, which leads to the
border itself, if there is one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.borders import BITS, Border, unit
from gradcalc.errors import GradcalcError

STEPS = 12
"""Runs towards one border."""

OVER = 1e-3
"""How much further than to the border a step is made, to get behind it."""

TURNED = 1e-9
"""How far apart unit vectors are that are not the same."""

LOST = 1e-6
"""What is left of a direction that led back to the point itself."""

Met = Callable[[Any], Sequence[Border]]
"""The borders that a run in a direction meets."""


class Curves:
    """The borders that have been met from one side only, by what they hang on."""

    def __init__(self, met: Met, radius: Any) -> None:
        self._met, self._radius = met, radius
        self._seen: dict[Any, tuple[bool, Any]] = {}
        self._done: set[Any] = set()

    def behind(self, borders: Sequence[Border], direction: Any) -> list[Any]:
        """Directions behind those borders that turn out to be curved, from a run in a direction."""
        found = []
        for border in borders:
            if border.key in self._done or border.margin.is_zero():
                continue
            side, normal = border.positive, self._plane(border)[0]
            normal = -normal if border.turned else normal
            first, known = self._seen.setdefault(border.key, (side, normal))
            if side is not first:
                self._done.add(border.key)
            elif np.abs(known - normal).max() > TURNED:
                self._done.add(border.key)
                way = self._way_behind(border, direction)
                found += [] if way is None else [way]
        return found

    def _plane(self, border: Border) -> tuple[Any, float]:
        """The unit vector of what a border seems to be, and how far it is along it."""
        with flint.ctx.workprec(BITS):
            vector, length = unit(border.normal)
            return vector, float(border.margin / (length * self._radius))

    def _way_behind(self, border: Border, direction: Any) -> Any | None:
        """A direction on the other side of a border, None where no way seems to lead there."""
        side, way = border.positive, np.asarray(direction, dtype=np.float64)
        for _ in range(STEPS):
            vector, reach = self._plane(border)
            moved = way - vector * reach * (1 + OVER)
            size = np.abs(moved).max()
            if size <= LOST * np.abs(way).max():
                return None
            way = moved / size
            try:
                found = [one for one in self._met(way) if one.key == border.key]
            except (OutOfReach, GradcalcError):
                return None
            if not found:
                return None
            border = found[0]
            if border.positive is not side:
                return way
        return None
