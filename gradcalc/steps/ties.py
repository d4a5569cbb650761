"""Kinks and jumps: what a call may hand on there, and all that is made of such choices."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls, each, to_floats
from gradcalc.balls.numbers import NAN, Decisions, OutOfReach, Undecided, Undefined
from gradcalc.derive.modes import Eager
from gradcalc.enclosure.course import Course
from gradcalc.errors import GradcalcError
from gradcalc.smoothness import is_smooth
from gradcalc.testimony import Array, Origin

AROUND = 2.0**-200
"""How far around its operands a call is looked at: so near that no two floats are."""

WAYS = (1, -1, 0)
"""What ties may be taken for: larger, smaller, equal."""

FAILURES = (OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Room:
    """Between which numbers a choice may be, each element for itself; the same where there is none.

    Where no slope around is finite they are infinitely far apart.
    """

    low: Array
    high: Array

    def chosen(self, room: float) -> Any:
        """Which elements hang on a choice."""
        with np.errstate(all="ignore"):
            most = np.maximum(np.abs(self.low), np.abs(self.high))
            apart = self.high - self.low
            return (self.low < self.high) & ~(np.isfinite(apart) & (apart <= room * most))

    def holds(self, given: Array, room: float) -> Any:
        """Which numbers are within, but for rounding."""
        with np.errstate(all="ignore"):
            slack = room * np.maximum(np.abs(self.low), np.abs(self.high))
            return (given >= self.low - slack) & (given <= self.high + slack)

    def __add__(self, other: "Room") -> "Room":
        with np.errstate(all="ignore"):
            return Room(self.low + other.low, self.high + other.high)


class Choices:
    """What torch has chosen on the way back, followed from call to call, the last one first."""

    def __init__(self, course: Course, room: float) -> None:
        self._course, self._room = course, room
        self._bits = course.centre.bits
        self._reached: dict[Origin, Room] = {}
        self._ways: dict[int, list[list[Any]]] = {}
        self._chosen: set[Origin] = set()

    def total(self, origin: Origin) -> Room | None:
        """Between which numbers all may be that comes back to a tensor, None if nothing is chosen
        on the way."""
        found = self._reached[origin] if origin in self._chosen else None
        return found if found is not None and found.chosen(self._room).any() else None

    def handed(
        self, position: int, together: Callable[[Sequence[Any]], Any], origin: Origin,
        given: Array, arriving: Sequence[Array | None],
    ) -> Room | None:  # fmt: skip
        """Between which numbers what a call hands on may be, None where nothing is chosen."""
        found = None
        with np.errstate(all="ignore"), flint.ctx.workprec(self._bits):
            if position not in self._ways:
                self._ways[position] = self._each_way(position, arriving)
            if self._ways[position]:
                found = _hull([together(parts) for parts in self._ways[position]])
        fits = found is not None and found.low.shape == given.shape
        reached = found if fits and found is not None else Room(given, given)
        known = self._reached.get(origin)
        self._reached[origin] = reached if known is None else known + reached
        if reached.low is reached.high or not reached.chosen(self._room).any():
            return None
        self._chosen.add(origin)
        return reached

    def _each_way(self, position: int, arriving: Sequence[Array | None]) -> list[list[Any]]:
        """What a call hands on if what ties is taken for this or that; nothing where nothing ties
        and nothing that arrives is chosen."""
        rooms = [self.total((position, part)) for part in range(len(arriving))]
        nodes = self._course.inside(position)
        if not any(rooms) and is_smooth(nodes):
            return []
        around = [self._ball(g, room) for g, room in zip(arriving, rooms, strict=True)]
        try:
            plain = self._handed(position, around, Decisions())
        except Undecided:
            found = (self._tried(position, around, Decisions(forced=True, tie=t)) for t in WAYS)
            return [way for way in found if way is not None]
        except FAILURES:
            return []
        return [plain] if any(rooms) else []

    def _tried(self, position: int, around: Sequence[Any], decisions: Decisions) -> Any:
        try:
            return self._handed(position, around, decisions)
        except FAILURES:
            return None

    def _handed(self, position: int, around: Sequence[Any], decisions: Decisions) -> list[Any]:
        course = copy(self._course)
        course.balls = Eager(Balls(decisions))
        return course.handed(position, around, exact=False, room=AROUND)

    def _ball(self, given: Array | None, room: Room | None) -> Any:
        """What arrives, as wide as the choices that it is made of."""
        if given is None or room is None:
            return None if given is None else self._course.around(given, 0.0)
        return each(_between, room.low, room.high)


def _between(low: float, high: float) -> Any:
    if not (np.isfinite(low) and np.isfinite(high)):
        return NAN
    return flint.arb(low).union(flint.arb(high))


def _hull(ways: Sequence[Any]) -> Room | None:
    """The least and the largest of several arrays of balls, of those elements that are finite."""
    if not ways:
        return None
    lows, highs = [], []
    for balls in ways:
        middles = to_floats(balls)
        radii = np.asarray(each(lambda ball: ball.rad(), balls), object)
        off = np.array([float(r) for r in radii.ravel()]).reshape(middles.shape)
        finite = np.isfinite(middles) & np.isfinite(off)
        lows.append(np.where(finite, middles - off, np.inf))
        highs.append(np.where(finite, middles + off, -np.inf))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    nothing = low > high
    return Room(np.where(nothing, -np.inf, low), np.where(nothing, np.inf, high))
