"""Problem → Explanation: the verdict at length, and the cure if there is one."""

import numpy as np

from gradcalc.calculate import Ask, ask_here, cured_report, weigh
from gradcalc.problem import Problem
from gradcalc.report import Explanation, Report, WitnessAnswer
from gradcalc.testimony import Absent, Derived, Enclosed, Nature, Slopes, trusted
from gradcalc.verdict.case import Case
from gradcalc.verdict.rough import ends, is_exact

NEARLY = 2.0**-46
"""How far off a short number a slope may be that is that number, some 64 roundings: slopes around a
kink are worked out a little beside it, where an exponent such as 1/3 that was rounded tells."""

SHORT = 12
"""Digits of such a number."""


def explain(problem: Problem, command: str = "why", ask: Ask = ask_here) -> Explanation:
    """Ask every witness, and look for a form of the program that does better.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    case = weigh(problem, ask)
    return explained(case, cured_report(case, command, ask))


def explained(case: Case, report: Report) -> Explanation:
    """A report with what each witness says."""
    return Explanation(report, _answers(case))


def _answers(case: Case) -> tuple[WitnessAnswer, ...]:
    ours, formula = case.autograd, trusted(case.formula)
    return (
        WitnessAnswer("autograd", absent=ours.doubt)
        if isinstance(ours, Absent)
        else WitnessAnswer("autograd", dict(ours.gradients), dict(ours.gradients)),
        WitnessAnswer("symbolic", absent=case.formula.doubt)
        if formula is None
        else _symbolic(case, formula),
        _enclosed(case.problem, case.enclosure),
    )


def _symbolic(case: Case, formula: Derived) -> WitnessAnswer:
    """What the formula gives, but for inputs without a gradient or slopes on either side."""
    exact = trusted(case.enclosure)
    rough = exact.rough if exact else ()
    ends = {k for part in rough if part.nature is not Nature.KINK for k in part.columns}
    marks = np.array([k in ends for k in range(case.problem.joined(formula.gradients).size)])
    without = {n for n, own in case.problem.split(marks).items() if own.size and own.all()}
    shown = {n: values for n, values in formula.gradients.items() if n not in without}
    return WitnessAnswer("symbolic", shown, shown)


def _enclosed(problem: Problem, exact: Enclosed | Absent) -> WitnessAnswer:
    if isinstance(exact, Slopes):
        count = len(exact.probes)
        slopes = f"slopes in {count} directions" if count > 1 else "the slope in one direction"
        return WitnessAnswer("enclosure", note=f"{exact.doubt}: {slopes} enclosed instead")
    if isinstance(exact, Absent) or exact.doubt is not None:
        return WitnessAnswer("enclosure", absent=exact.doubt)
    if exact.rough:
        return _beside(problem, exact)
    low, high = {}, {}
    for name, values in exact.gradients.items():
        # the midpoints were rounded to floats, by at most half a step
        radius = exact.radii.get(name, np.zeros(values.shape))
        # beyond the range of floats it is the same for both bounds
        radius = np.where(np.isfinite(values), radius, 0.0)
        with np.errstate(all="ignore"):
            low[name] = np.nextafter(values - radius, -np.inf)
            high[name] = np.nextafter(values + radius, np.inf)
    return WitnessAnswer("enclosure", low, high, f"{exact.bits:,} bits")


def _beside(problem: Problem, exact: Enclosed) -> WitnessAnswer:
    """The slopes around a kink, beside the gradient of what has one."""
    others = [part.nature for part in exact.rough if part.nature is not Nature.KINK]
    if others:
        return WitnessAnswer("enclosure", absent=f"no gradient here: {others[0]}")
    if not all(map(is_exact, exact.rough)):
        return WitnessAnswer("enclosure", absent="a kink, whose slopes are known by samples only")
    low = problem.joined(exact.gradients)
    high = low.copy()
    for part in exact.rough:
        for side, slopes in zip((low, high), ends(part), strict=True):
            side[part.columns] = [_settled(slope) for slope in slopes]
    note = "the slopes around this kink"
    return WitnessAnswer("enclosure", problem.split(low), problem.split(high), note)


def _settled(slope: float) -> float:
    """A slope without what the distance at which it was worked out makes of it."""
    short = float(f"{slope:.{SHORT}g}")
    # no slope is below 0 by being called -0
    return (short if abs(short - slope) <= NEARLY * abs(slope) else float(slope)) + 0.0
