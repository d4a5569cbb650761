"""How much precision it takes: until every enclosure is tight.

The precision rises from run to run. A comparison of balls that overlap calls for more of it too;
at the ceiling the midpoints decide.
"""

from functools import lru_cache
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided
from gradcalc.derive.points import shifts
from gradcalc.enclosure.events import is_undefined
from gradcalc.enclosure.experiment import Experiment, Trial
from gradcalc.errors import GradcalcError

PRECISIONS = (192, 768, 2560, 8192)
"""Bits tried until the enclosure is tight."""

BESIDE = "1e-30"
"""The relative distance at which the conditioning is measured."""

MORE = 256
"""Bits on top of those at the point for a run beside it."""

TIE = "a comparison is a tie, or so close to one that no precision decides it"

FINER = (1, 4, 16)
"""How many times as many bits are tried beside the point."""

SAMPLES = 3
"""Directions in which the conditioning is measured."""

Samples = list[tuple[Trial, Any]]


def settle(experiment: Experiment) -> Trial:
    """The run at the point with a tight enclosure, or without one if there is no gradient.

    Raises `OutOfReach` if the ceiling is reached before.
    """
    for bits in PRECISIONS:
        try:
            trial = experiment.run(bits)
        except Undecided:
            continue
        if trial.tight or is_undefined(experiment, trial):
            return trial
    trial = experiment.run(PRECISIONS[-1], forced=True)
    if trial.guessed:
        raise OutOfReach(TIE)
    if trial.finite and not trial.tight:
        raise OutOfReach(f"{PRECISIONS[-1]:,} bits are not enough to tell the gradient")
    return trial


def run_beside(experiment: Experiment, bits: int, moved: Any, replay: Any) -> Trial:
    """A run at another point, tight as well.

    Raises `OutOfReach` where that takes too much precision, or a tie is not decided.
    """
    trial: Trial | None = None
    for more in FINER:
        try:
            trial = experiment.run(bits * more, moved, replay)
        except Undecided:
            continue
        if trial.tight or is_undefined(experiment, trial):
            return trial
    if trial is None or trial.finite:
        raise OutOfReach("beside the point no precision is enough to tell the gradient")
    return trial


def beside(experiment: Experiment, centre: Trial, count: int, off: float = 0.0) -> Samples:
    """Runs a little beside the point, all inputs moved in relation to their size.

    What is 0 stays so, or is moved by next to nothing, `off`, where the point itself is special.
    """
    inputs = experiment.problem.inputs
    bits = centre.bits + MORE
    with flint.ctx.workprec(bits):
        radius = flint.arb(BESIDE).mid()

    def moved(names: tuple[str, ...]) -> Samples:
        size = sum(inputs[name].size for name in names)
        with flint.ctx.workprec(bits):
            steps = [shifts(inputs, names, d, radius, off) for d in _directions(size)[:count]]
        return [(run_beside(experiment, bits, step, centre.detached), radius) for step in steps]

    # an exponent or a count may have to stay whole; what is differentiated by varies anyway
    try:
        samples = moved(tuple(inputs))
    except (OutOfReach, GradcalcError):
        samples = []
    ways = [branch.taken for branch in centre.path]
    if all(t.finite and [b.taken for b in t.path] == ways for t, _ in samples) and samples:
        return samples
    return moved(experiment.problem.wrt)


@lru_cache(maxsize=64)
def _directions(size: int) -> Any:
    """Changes of up to once the size of each input; the second with every other sign turned."""
    random = np.random.default_rng(20181)
    lengths = random.uniform(0.5, 1.0, (SAMPLES, size))
    signs = random.choice([-1.0, 1.0], (SAMPLES, size))
    signs[1] = signs[0] * (-1.0) ** np.arange(size)
    return lengths * signs
