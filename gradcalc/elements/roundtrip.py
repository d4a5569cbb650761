"""A printed formula is a claim: it is read back and evaluated before anybody sees it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcalc.elements.agreement import DIGITS
from gradcalc.elements.calculus import OutOfReach
from gradcalc.elements.experiment import Experiment, Trial
from gradcalc.elements.neighbourhood import shifts
from gradcalc.errors import GradcalcError
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program

DISTANCES = ("1", "0.1", "1e-3", "1e-6")
"""How far away, in relation to the inputs, a formula is tried too."""

ELSEWHERE = 2
"""Points besides the user's where a formula must hold, if the program goes the same way there."""


def elsewhere(experiment: Experiment, centre: Trial) -> list[Trial]:
    """Fresh runs at other points, where the program goes the same way and has a gradient."""
    found: list[Trial] = []
    for trial in _nearby(experiment):
        same = [b.taken for b in trial.path] == [b.taken for b in centre.path]
        if same and trial.finite:
            found.append(trial)
        if len(found) == ELSEWHERE:
            break
    return found


def _nearby(experiment: Experiment) -> Iterator[Trial]:
    inputs = experiment.problem.inputs
    size = sum(values.size for values in inputs.values())
    random = np.random.default_rng(20182)
    for distance in DISTANCES:
        direction = random.uniform(0.3, 1.7, size) * random.choice([-1.0, 1.0], size)
        radius = experiment.context.mpf(distance)
        try:
            yield experiment.run(DIGITS[0], shifts(inputs, tuple(inputs), direction, radius, 1.0))
        except (OutOfReach, GradcalcError):
            continue


def read(text: str, trial: Trial) -> Program | None:
    """A formula as a program in the names of a run, None if it is none."""
    try:
        return compile_program(text, known=tuple(trial.execution.scope))
    except GradcalcError:
        return None


def reads_back(experiment: Experiment, program: Program | None, trial: Trial, exact: Any) -> bool:
    """Whether a formula, run as a program at the point of a trial, gives the gradient there."""
    if program is None:
        return False
    context = experiment.context
    context.dps = trial.digits
    scope = dict(trial.execution.scope)
    try:
        value = evaluate(program, trial.backend, scope, budget=experiment.budget()).value
    except (GradcalcError, OutOfReach):
        return False
    if np.shape(value) != np.shape(exact):
        return False
    # constants are printed as floats, so a few digits beyond a float's are all that can agree
    size = max(map(abs, np.ravel(exact)), default=0)
    room = size * max(1e-12, 64 * experiment.epsilon) + max(
        trial.scales.values(), default=0
    ) * context.mpf("1e-30")
    return all(
        context.isfinite(node.value) and abs(node.value - true) <= room
        for node, true in zip(np.ravel(value), np.ravel(exact), strict=True)
    )
