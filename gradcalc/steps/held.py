"""Torch's numbers for every step held to the true ones, in balls."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls, boxed, to_floats
from gradcalc.balls.numbers import Decisions, OutOfReach, Undecided, Undefined, is_tight
from gradcalc.derive.modes import Eager
from gradcalc.derive.perturbations import is_finite
from gradcalc.enclosure.course import LOST, Course
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError
from gradcalc.steps.data import Mark, Numbers
from gradcalc.steps.ties import Choices, Room
from gradcalc.testimony import Array, Computed, Origin
from gradcalc.verdict.outcome import TAKEN

MANY = 2_000
"""Numbers above which it is not told why they are off."""


@dataclass(frozen=True)
class Held:
    """The true numbers of a run: its course, all adjoints, and what each call hands on.

    A `strict` one excuses no kernel for the digits that it loses.
    """

    course: Course
    adjoints: dict[Origin, Any]
    handed: dict[int, list[Any]]
    strict: bool = False

    @property
    def room(self) -> float:
        """How far off a number may be, in relation to the largest beside it."""
        return LOST * self.course.epsilon

    @cached_property
    def apart(self) -> Course:
        """The course in balls of which none that overlap are told apart by their middles."""
        found = copy(self.course)
        found.balls = Eager(Balls(Decisions()))
        return found

    @cached_property
    def choices(self) -> Choices:
        """What is chosen at kinks and jumps on the way back."""
        return Choices(self.course, self.room)

    def value(self, position: int, part: int, given: Array) -> Numbers:
        """What a call gave."""
        result = self.course.calls[position].results[part]
        true = self.course.centre.values[result]
        return self._numbers(
            given, true, lambda: self.apart.given(position, exact=False, room=self.room)[result]
        )

    def adjoint(self, origin: Origin, given: Array) -> Numbers:
        """All that has come back to a tensor."""
        true, room = self.adjoints.get(origin), self.choices.total(origin)
        if room is None:
            return self._numbers(given, true, None)
        return self._apart_from(room, given, true, None, 0.0)

    def given_back(
        self, position: int, number: int, origin: Origin, given: Array,
        arriving: Sequence[Array | None], *, told: bool = True,
    ) -> Numbers:  # fmt: skip
        """What a call hands on to an operand; of numbers that are not `told` only what of them is
        chosen is followed."""
        slots = self.course.slots[position]
        chosen = [k for k, s in enumerate(slots) if (s.number, s.origin) == (number, origin)]
        if position not in self.handed or not chosen:
            return Numbers(given)

        def together(parts: Sequence[Any]) -> Any:
            found = parts[chosen[0]]
            for k in chosen[1:]:
                found = boxed(found + parts[k])
            return found

        def again() -> Any:
            given = [None if a is None else self.course.around(a, self.room) for a in arriving]
            return together(self.apart.handed(position, given, exact=False, room=self.room))

        room = self.choices.handed(position, together, origin, given, arriving)
        if not told:
            return Numbers(given)
        with flint.ctx.workprec(self.course.centre.bits):
            true = together(self.handed[position])
        scale = max(float(np.max(np.abs(a), initial=0)) for a in arriving if a is not None)
        if room is None:
            return self._numbers(given, true, again, scale)
        return self._apart_from(room, given, true, again, scale)

    def _apart_from(
        self, room: Room, given: Array, true: Any, again: Callable[[], Any] | None, scale: float
    ) -> Numbers:
        """Numbers of which some are chosen, and the others held to the true ones."""
        chosen = room.chosen(self.room)
        boundless = ~np.isfinite(room.high - room.low)
        if not np.isfinite(given[chosen & boundless]).all():
            return Numbers(given)
        if not np.all(room.holds(given, self.room)[chosen]):
            return Numbers(given, Mark.WRONG)
        free = ~chosen
        if true is None or np.shape(true) != np.shape(given):
            return Numbers(given, Mark.CHOICE)
        made = again and (lambda: np.asarray(again(), object)[free])
        others = self._numbers(given[free], np.asarray(true, object)[free], made, scale)
        return Numbers(given, others.mark if others.mark is Mark.WRONG else Mark.CHOICE)

    def _numbers(
        self, given: Array, true: Any, again: Callable[[], Any] | None, scale: float = 0.0
    ) -> Numbers:
        """Numbers, and whether they are right.

        Those that are not may be what a call makes of operands that are off themselves, which is
        what it gives `again`, of all numbers as near to those as rounding takes them. A sum of what
        was handed on is only off where that is. Roundings on a `scale` are none of a call's faults.
        """
        if true is None or np.shape(true) != np.shape(given):
            return Numbers(given)
        with np.errstate(all="ignore"), flint.ctx.workprec(self.course.centre.bits):
            told = is_finite(np.asarray(true, object))
            if not told.all() or not all(map(is_tight, np.ravel(true))):
                return Numbers(given)
            floats = to_floats(true)
            if self._is_near(given, floats):
                return Numbers(given, Mark.RIGHT, floats)
            if self._has_digits(given, floats, scale):
                return Numbers(given, Mark.INEXACT, floats)
            if np.size(given) > MANY:
                # what made them off would take long to be told
                return Numbers(given, Mark.UNKNOWN, floats)
            if again is None:
                return Numbers(given, Mark.INEXACT, floats)
            try:
                fits = bool(np.all(self._overlap(given, again())))
            except (OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError):
                return Numbers(given, Mark.UNKNOWN, floats)
        return Numbers(given, Mark.INEXACT if fits else Mark.WRONG, floats)

    def _is_near(self, given: Array, true: Array) -> bool:
        if not np.isfinite(given).all():
            return False
        least = float(self.course.range.smallest_subnormal)
        return bool(np.all(np.abs(given - true) <= self.room * self._most(true) + least))

    def _has_digits(self, given: Array, true: Array, scale: float) -> bool:
        """Whether so much is left of what a kernel makes as it is excused for."""
        taken = 0.0 if self.strict else self.course.epsilon**TAKEN * self._most(true)
        room = max(taken, self.room * scale)
        return bool(np.all(np.abs(given - true) <= room))

    def _most(self, values: Array) -> float:
        return float(np.max(np.abs(values), initial=0.0))

    def _overlap(self, given: Array, made: Any) -> Any:
        """Which numbers are among those that balls hold, but for their own rounding."""
        pairs = zip(np.ravel(given), np.ravel(made), strict=True)
        return [
            not ball.is_finite()
            or (np.isfinite(number) and flint.arb(number, abs(number) * self.room).overlaps(ball))
            for number, ball in pairs
        ]


def held(experiment: Experiment, ours: Computed) -> Held:
    """The true numbers beside torch's.

    Raises `OutOfReach` where there are none, and `Unlike` where they are made of something else.
    """
    centre = experiment.centre
    with np.errstate(all="ignore"), flint.ctx.workprec(centre.bits):
        course = Course(centre, ours, experiment.epsilon, experiment.problem.dtype)
        return Held(course, *course.exact)


def where_lost(numbers: Numbers, made_of: Iterable[Array | None]) -> Numbers:
    """Numbers that are not known to be wrong, told to be where the first NaN or infinity comes
    from: not by way of what they are made of."""
    if numbers.mark is Mark.WRONG or np.isfinite(numbers.value).all():
        return numbers
    nan = bool(np.isnan(numbers.value).any())
    known = [a for a in made_of if a is not None]
    before = any(bool((np.isnan(a) if nan else ~np.isfinite(a)).any()) for a in known)
    return numbers if before else replace(numbers, mark=Mark.LOST)
