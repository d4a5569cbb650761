"""The value of the program beside the true one."""

import numpy as np

from gradcalc.problem import Problem, weights
from gradcalc.testimony import Array, Reference, Testimony
from gradcalc.verdict.outcome import FACTOR, precision_of


def total_of(problem: Problem, autograd: Testimony) -> float:
    """The number that autograd differentiates: the weighted sum of the output."""
    return float(_parts(problem, autograd).sum())


def value_holds(problem: Problem, autograd: Testimony, reference: Reference) -> bool:
    """Whether the value is right as far as rounding and the inputs' conditioning allow.

    So it counts as long as nothing is known of the conditioning.
    """
    if reference.sway is None or autograd.value is None or reference.absent is not None:
        return True
    parts = _parts(problem, autograd)
    total, size = float(parts.sum()), float(np.abs(parts).sum())
    true, precision = reference.total, precision_of(problem.dtype)
    if not (np.isfinite(total) and np.isfinite(float(true))):
        return False
    room = FACTOR * precision.epsilon * (max(abs(true), size) + reference.sway)
    return bool(abs(true - total) <= room + precision.smallest * parts.size)


def _parts(problem: Problem, autograd: Testimony) -> Array:
    assert autograd.value is not None
    with np.errstate(all="ignore"):
        return np.ravel(autograd.value * weights(problem, autograd.value.shape))
