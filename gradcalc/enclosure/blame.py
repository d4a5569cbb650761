"""The enclosed values of a run held against those that a library has for the same operations."""

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach
from gradcalc.enclosure.experiment import Experiment, Trial
from gradcalc.enclosure.rounding import errors_of
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Step

ROOM = 256
"""How many of the roundings that error analysis finds two values may be apart."""


def stranger(experiment: Experiment, steps: Sequence[Step]) -> str | None:
    """The first primitive whose value is not, to rounding, what the check has for it.

    None where there is none, or where the two did not do the same.
    """
    try:
        centre = experiment.centre
    except (OutOfReach, GradcalcError):
        return None
    calls = centre.recording.trace.calls
    if [name for name, _ in calls] != [step.primitive for step in steps]:
        return None
    dtype = experiment.problem.dtype
    with np.errstate(all="ignore"), flint.ctx.workprec(centre.bits):
        # most values are off by no more than a few roundings of their own
        pairs = list(zip(calls, steps, strict=True))
        off = [pair for pair in pairs if _is_apart(centre, pair[0][1], pair[1], None, dtype)]
        errors = errors_of(centre) if off else []
        for (name, number), step in off:
            if _is_apart(centre, number, step, errors[number], dtype):
                return name
    return None


def _is_apart(centre: Trial, number: int, step: Step, errors: Any, dtype: str) -> bool:
    true = centre.values[number]
    if step.value.shape != true.shape:
        return True
    apart = to_floats(np.abs(true - centre.arithmetic.asarray(step.value)))
    info = np.finfo(dtype)
    sizes = np.abs(to_floats(true)) + (0 if errors is None else to_floats(errors))
    room = ROOM * float(info.eps) * sizes
    # what overflows or underflows on the way is no other function
    return bool(np.any((apart > room + float(info.tiny)) & np.isfinite(step.value)))
