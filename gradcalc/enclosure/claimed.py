"""What claims, and pieces of formulas, give in one run, at the user's point or at another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach, Undecided
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.trial import Trial, reals
from gradcalc.errors import GradcalcError
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.program import Program
from gradcalc.problem import claim_values
from gradcalc.testimony import ROUNDINGS, Array, Beside, Piece

FAILURES = (GradcalcError, OutOfReach, Undecided)

Pieces = Mapping[Piece, Program]
NO_PIECES: Pieces = MappingProxyType({})


def claims_of(experiment: Experiment, centre: Trial) -> dict[str, Any]:
    """The values of the claims at the point; none where rounding decided a tie in one."""
    problem, run = experiment.problem, centre.recording
    if not problem.claims or run.backend is None or run.execution is None:
        return {}
    decisions = centre.arithmetic.decisions
    decisions.guessed = False
    with flint.ctx.workprec(centre.bits):
        values = claim_values(problem, run.backend, run.execution, run.backend.budget)
        found = {name: to_floats(reals(value.value)) for name, value in values.items()}
    # a claim with a tie in it is judged as floats have it
    return {} if decisions.guessed else found


@dataclass(frozen=True, slots=True)
class There:
    """The run at another point, and what a claim gives there beside the gradient."""

    trial: Trial
    beside: Beside


def there(
    experiment: Experiment, name: str, changed: Mapping[str, Array], room: float, pieces: Pieces
) -> There | None:
    """The claim about an input where others are changed; None if something is not finite there."""
    problem, centre = experiment.problem, experiment.runs.recording
    claims = {name: problem.claims[name]}
    moved = replace(problem, inputs={**problem.inputs, **changed}, claims=claims)
    try:
        other = Experiment(Runs(moved, [centre.derived]))
        trial = other.centre
        given = claims_of(other, trial).get(name)
    except FAILURES:
        return None
    if not trial.finite or given is None:
        return None
    true = to_floats(trial.gradients[name])
    if not (np.isfinite(given).all() and np.isfinite(true).all()):
        return None
    room = max(room, ROUNDINGS * experiment.epsilon)
    return There(trial, Beside(changed, given, true, room, _values(other, trial, pieces)))


def _values(experiment: Experiment, trial: Trial, pieces: Pieces) -> dict[Piece, Array]:
    """The values of pieces at the point, as far as they have some."""
    found: dict[Piece, Array] = {}
    run = trial.recording
    if run.backend is None or run.execution is None:
        return found
    limits = experiment.problem.limits
    for piece, program in pieces.items():
        try:
            with flint.ctx.workprec(trial.bits):
                scope = dict(run.execution.scope)
                budget = run.backend.budget
                value = evaluate(program, run.backend, scope, limits=limits, budget=budget).value
                found[piece] = to_floats(reals(value.value))
        except FAILURES:
            continue
    return found
