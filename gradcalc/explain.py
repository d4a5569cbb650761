"""Problem → Explanation: the verdict at length, and the cure if there is one."""

import numpy as np

from gradcalc.calculate import Ask, ask_here, cured_report, weigh
from gradcalc.problem import Problem
from gradcalc.report import Answer, Explanation
from gradcalc.testimony import Absent, Enclosed, Nature, Slopes, trusted
from gradcalc.verdict.case import Case


def explain(problem: Problem, command: str = "why", ask: Ask = ask_here) -> Explanation:
    """Ask every witness, and look for a form of the program that does better.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    case = weigh(problem, ask)
    return Explanation(cured_report(case, command, ask), _answers(case))


def _answers(case: Case) -> tuple[Answer, ...]:
    ours, formula = case.autograd, trusted(case.formula)
    return (
        Answer("autograd", absent=ours.doubt)
        if isinstance(ours, Absent)
        else Answer("autograd", dict(ours.gradients), dict(ours.gradients)),
        Answer("symbolic", absent=case.formula.doubt)
        if formula is None
        else Answer("symbolic", dict(formula.gradients), dict(formula.gradients)),
        _enclosed(case.problem, case.enclosure),
    )


def _enclosed(problem: Problem, exact: Enclosed | Absent) -> Answer:
    if isinstance(exact, Slopes):
        count = len(exact.probes)
        slopes = f"slopes in {count} directions" if count > 1 else "the slope in one direction"
        return Answer("enclosure", note=f"too large for every element: {slopes} enclosed")
    if isinstance(exact, Absent) or exact.doubt is not None:
        return Answer("enclosure", absent=exact.doubt)
    if exact.rough is not None and exact.rough.nature is Nature.KINK:
        low = problem.split(exact.rough.gradients.min(axis=0))
        high = problem.split(exact.rough.gradients.max(axis=0))
        return Answer("enclosure", low, high, "the slopes around this kink")
    if exact.rough is not None:
        return Answer("enclosure", absent=f"no gradient here: {exact.rough.nature}")
    low, high = {}, {}
    for name, values in exact.gradients.items():
        # the midpoints were rounded to floats, by at most half a step
        radius = exact.radii.get(name, np.zeros(values.shape))
        with np.errstate(all="ignore"):
            low[name] = np.nextafter(values - radius, -np.inf)
            high[name] = np.nextafter(values + radius, np.inf)
    return Answer("enclosure", low, high, f"{exact.bits:,} bits")
