"""Whether a library means the same functions as the check: its values beside the enclosed ones."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.course import LOST, Course, Unlike
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.rounding import errors_of
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Computed

ROOM = 256
"""How many of the roundings that error analysis finds two values may be apart."""


def stranger(experiment: Experiment, told: Computed, *, inexact: bool = False) -> str | None:
    """The first primitive whose value is not, to rounding, what the check has for it.

    `told` is the library's answer with all steps. None where there is none, or where the two did
    not do the same. Two that have half of the digits in common are one function, of which a kernel
    loses the others, where it may be `inexact`, and where the slope is that of the other: this says
    that both are meant.
    """
    try:
        centre = experiment.centre
    except (OutOfReach, GradcalcError):
        return None
    calls, dtype = centre.trace.calls, experiment.problem.dtype
    if [call.primitive for call in calls] != [step.primitive for step in told.steps]:
        return None
    with np.errstate(all="ignore"), flint.ctx.workprec(centre.bits):
        # most values are off by no more than a few roundings of their own
        found = [
            (number, position, result)
            for number, call in enumerate(calls)
            for position, result in enumerate(call.results[: len(told.steps[number].values)])
        ]
        values = Values(centre, told, dtype)
        off = [one for one in found if values.apart(*one)]
        errors = errors_of(centre, dtype) if off else []
        for number, position, result in off:
            alike = inexact or values.slopes_agree(number)
            sizes = errors[result]
            if values.apart(number, position, result, sizes, alike) and not values.lost(
                number, position, result, sizes
            ):
                return calls[number].primitive
    return None


@dataclass(frozen=True)
class Values:
    """The values of a library beside those of a run in balls."""

    centre: Trial
    told: Computed
    dtype: str

    @cached_property
    def course(self) -> Course | None:
        """What each call is given, and hands on; None where the two did not do the same."""
        try:
            return Course(self.centre, self.told, float(np.finfo(self.dtype).eps), self.dtype)
        except Unlike:
            return None

    def apart(
        self, number: int, position: int, result: int, errors: Any = None, inexact: bool = False,
        true: Any = None,
    ) -> bool:  # fmt: skip
        """Whether a value is off by more than rounding."""
        value = self.told.steps[number].values[position]
        true = self.centre.values[result] if true is None else true
        if value.shape != true.shape:
            return True
        distance = to_floats(np.abs(true - self.centre.arithmetic.asarray(value)))
        info = np.finfo(self.dtype)
        sizes = np.abs(to_floats(true)) + (0 if errors is None else to_floats(errors))
        room = ROOM * float(info.eps) * sizes
        if inexact:
            room += float(info.eps) ** 0.5 * np.abs(to_floats(true))
        # what overflows or underflows on the way is no other function
        return bool(np.any((distance > room + float(info.tiny)) & np.isfinite(value)))

    def lost(self, number: int, position: int, result: int, errors: Any) -> bool:
        """Whether something underflows in a call, or its operands have been off before."""
        if self.course is None:
            return False
        try:
            inside = self.course.given(number, exact=False)
        except (OutOfReach, GradcalcError):
            return False
        tiny = float(np.finfo(self.dtype).tiny)
        balls = (ball for values in inside.values() for ball in np.ravel(values))
        if any(not ball.contains(0) and abs(ball) < tiny for ball in balls):
            return True
        return not self.apart(number, position, result, errors, true=inside[result])

    def slopes_agree(self, number: int) -> bool:
        """Whether a call hands on what the slopes of the check's function hand on there."""
        step = self.told.steps[number]
        if self.course is None or all(part is None for part in step.adjoints):
            return False
        asarray = self.centre.arithmetic.asarray
        arriving = [None if part is None else asarray(part) for part in step.adjoints]
        try:
            meant = self.course.handed(number, arriving, exact=False)
        except (OutOfReach, GradcalcError):
            return False
        pairs = [
            (slot.handed, to_floats(true))
            for slot, true in zip(self.course.slots[number], meant, strict=True)
            if slot.handed is not None
        ]
        room = LOST * float(np.finfo(self.dtype).eps)
        return bool(pairs) and all(
            np.all(np.abs(given - true) <= room * np.max(np.abs(true), initial=0.0))
            for given, true in pairs
        )
