"""The symbolic witness, element by element.

The program runs on single numbers of many digits. Every primitive is its textbook definition,
differentiated by sympy, and the chain rule joins them. Small programs give formulas too.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.elements import formula
from gradcalc.elements.experiment import Experiment, Trial, to_floats, values_of
from gradcalc.elements.graph import OutOfReach
from gradcalc.elements.neighbourhood import conditions, directions_for, explore, shifts
from gradcalc.errors import GradcalcError
from gradcalc.lang.machine import Budget
from gradcalc.problem import Problem, claim_values
from gradcalc.testimony import Formula, Neighbourhood, Reference

WORK = 60_000
"""Numbers in all runs together, which takes about a second."""

LARGEST = WORK // 2
"""Numbers in one run: at the least there are two, with more and more digits."""

DIGITS = (50, 100, 200, 400, 800)
"""Decimal digits tried until two in a row agree."""

AGREED = 20
"""Digits that must agree."""

PAIRS = 6
"""Pairs of opposite points around a suspicious point."""

SHOWN_ELEMENTS = 12
"""The largest input whose gradient is written out element by element."""

SHOWN_CHARACTERS = 120
"""The longest formula that is shown."""


def testify(problem: Problem) -> Reference:
    """Run the program on numbers of many digits and differentiate its definitions.

    Where that would take too long, or meets what it does not know, the answer says so.
    """
    seconds = problem.limits.seconds
    deadline = None if seconds is None else time.monotonic() + seconds
    experiment = Experiment(problem, LARGEST, deadline)
    try:
        centre = _agreed(experiment)
        around, samples = _surroundings(experiment, centre)
        claims = _claims(experiment, centre)
    except (OutOfReach, GradcalcError) as reason:
        return Reference(witness="symbolic", absent=str(reason))
    exact = dict(centre.gradients)
    if around is not None and around.limit is not None:
        exact = _split(around.limit, problem)
    return Reference(
        witness="symbolic",
        value=to_floats(centre.output),
        gradients={name: to_floats(values) for name, values in exact.items()},
        path=centre.path,
        claims=claims,
        exact=exact,
        total=centre.total,
        scale=centre.scale,
        around=around,
        events=centre.events,
        conditions=conditions(exact, samples) if samples else None,
        formulas=_formulas(experiment, centre, exact),
    )


def _agreed(experiment: Experiment) -> Trial:
    """The run at the point with enough digits: more of them change nothing."""
    before = experiment.run(DIGITS[0])
    for digits in DIGITS[1:]:
        trial = experiment.run(digits)
        if _agree(before, trial, experiment.context):
            return trial
        before = trial
    raise OutOfReach(f"{DIGITS[-1]} digits are not enough to tell the gradient")


def _agree(first: Trial, second: Trial, context: Any) -> bool:
    if [b.taken for b in first.path] != [b.taken for b in second.path]:
        return False
    tolerance = context.mpf(10) ** -AGREED
    # a gradient that is zero by cancellation never agrees in relative digits
    floor = abs(second.total) * context.mpf("1e-40") if context.isfinite(second.total) else 0
    floor = max(floor, context.mpf("1e-45"))
    for name, values in second.gradients.items():
        pairs = list(zip(first.gradients[name].flat, values.flat, strict=True))
        if any(context.isnan(a) != context.isnan(b) for a, b in pairs):
            return False
        finite = [(a, b) for a, b in pairs if context.isfinite(a) and context.isfinite(b)]
        size = max((abs(b) for _, b in finite), default=0)
        if any(abs(a - b) > tolerance * size + floor for a, b in finite):
            return False
    return True


def _surroundings(
    experiment: Experiment, centre: Trial
) -> tuple[Neighbourhood | None, list[tuple[Trial, Any]]]:
    """What the function is like around the point, None if nothing suspicious was met there.

    Also a few nearby runs that say how well conditioned the gradient is, if they are cheap.
    """
    problem, context = experiment.problem, experiment.context
    size = sum(problem.inputs[name].size for name in problem.wrt)

    def sample(direction: Any, radius: Any) -> Trial:
        moved = shifts(problem.inputs, problem.wrt, direction, radius)
        return experiment.run(DIGITS[1], moved, centre.detached)

    finite = context.isfinite(centre.total) and all(
        context.isfinite(v) for g in centre.gradients.values() for v in g.flat
    )
    affordable = WORK // max(centre.size, 1)
    if not size:
        return None, []
    if centre.events or not finite:
        pairs = min(PAIRS, (affordable - 2) // 4)
        if pairs < 1:
            raise OutOfReach("it is too large for a look around a point that is not smooth")
        return explore(centre, sample, directions_for(size, pairs), context)
    radius = context.mpf("1e-25")
    count = min(3, affordable - 2)
    directions = directions_for(size, 3)[-count:] if count > 0 else []
    return None, [(sample(direction, radius), radius) for direction in directions]


def _claims(experiment: Experiment, centre: Trial) -> dict[str, Any]:
    problem = experiment.problem
    if not problem.claims:
        return {}
    budget = Budget(problem.limits.steps, experiment.deadline)
    values = claim_values(problem, centre.backend, centre.execution, budget)
    return {name: to_floats(values_of(value)) for name, value in values.items()}


def _split(flat: Any, problem: Problem) -> dict[str, Any]:
    result, position = {}, 0
    for name in problem.wrt:
        shape = problem.inputs[name].shape
        size = int(np.prod(shape, dtype=np.int64))
        result[name] = flat[position : position + size].reshape(shape)
        position += size
    return result


def _formulas(
    experiment: Experiment, centre: Trial, exact: Mapping[str, Any]
) -> dict[str, Formula]:
    """The gradients as text, where they are few and short and read back to the same numbers."""
    from gradcalc.elements.roundtrip import reads_back

    problem = experiment.problem
    if any(problem.inputs[name].size > SHOWN_ELEMENTS for name in problem.wrt):
        return {}
    try:
        derived = formula.derive(centre, experiment.calculus, problem.wrt)
    except (formula.Unprintable, ArithmeticError, ValueError, TypeError, NotImplementedError):
        return {}
    return {
        name: _written(experiment, centre, name, expressions, exact[name], reads_back)
        for name, expressions in (derived or {}).items()
    }


def _written(
    experiment: Experiment,
    centre: Trial,
    name: str,
    expressions: Any,
    exact: Any,
    reads_back: Any,
) -> Formula:
    decimals = "." in experiment.problem.program.source
    shapes = {n: np.shape(v) for n, v in centre.execution.scope.items() if hasattr(v, "shape")}
    try:
        texts = np.frompyfunc(lambda e: formula.write(e, decimals), 1, 1)(expressions)
        whole = formula.lift(expressions, name, shapes)
        closed = formula.write_nested(texts) if whole is None else formula.write(whole, decimals)
    except formula.Unprintable as reason:
        return Formula(failure=f"no formula: {reason}")
    elements = tuple(np.ravel(texts)) if np.ndim(texts) else (str(texts),)
    if whole is None and max(map(len, elements), default=0) > SHOWN_CHARACTERS // 2:
        return Formula()
    if not reads_back(experiment, centre, closed, exact):
        return Formula(failure="the formula does not read back to the gradient, so it is not shown")
    shown = closed if len(closed) <= SHOWN_CHARACTERS else None
    return Formula(shown, elements if whole is None else None)
