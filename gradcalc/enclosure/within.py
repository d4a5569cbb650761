"""Gradients at points that rounding can take for the user's."""

import itertools
from dataclasses import replace
from typing import Any

import flint
import numpy as np

from gradcalc.derive.perturbations import shifts
from gradcalc.enclosure.experiment import MORE, Experiment, run_beside
from gradcalc.enclosure.kinks import events_of
from gradcalc.enclosure.neighbourhood import around_rounding
from gradcalc.enclosure.trial import Trial
from gradcalc.testimony import Neighbourhood

ROUNDINGS = 4
"""How far, in roundings of the inputs, a point may be from one that floats take for it."""

ON = 1e-25
"""The margin below which a point is on a kink, not beside it."""

ASIDE = 1.0
"""How far what is 0 is moved, in roundings, where another part of the function is special there."""


def within_any(experiment: Experiment, centre: Trial, aside: float = 0.0) -> Neighbourhood | None:
    """The gradients at points that rounding can take for this one.

    What is 0 moves so far, to leave what is special there.
    """
    problem = experiment.problem
    # rounding moves every input; but an exponent or a count may have to stay whole
    found = _within(experiment, centre, tuple(problem.inputs), aside)
    return found or _within(experiment, centre, problem.wrt, aside)


def _within(
    experiment: Experiment, centre: Trial, names: tuple[str, ...], aside: float
) -> Neighbourhood | None:
    inputs, bits = experiment.problem.inputs, centre.bits + MORE

    def off_kinks(direction: Any, radius: Any) -> Trial | None:
        trial = run_beside(
            experiment, bits, shifts(inputs, names, direction, radius, aside), centre.detached
        )
        met = events_of(trial, experiment.epsilon)
        on_one = any(one.event.margin < ON for one in met)
        return None if on_one or not trial.finite else trial

    radius = flint.arb(ROUNDINGS * experiment.epsilon)
    with flint.ctx.workprec(bits):
        found = around_rounding(off_kinks, sum(inputs[name].size for name in names), radius)
    if found is None:
        return None
    columns = np.cumsum([0, *(inputs[name].size for name in names)])
    own = [range(columns[i], columns[i + 1]) for i in map(names.index, experiment.problem.wrt)]
    return replace(found, directions=found.directions[:, list(itertools.chain(*own))])
