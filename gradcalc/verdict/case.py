"""A problem with all that was said about it."""

from dataclasses import dataclass, replace

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import Absent, Computed, Derived, Enclosed, trusted
from gradcalc.verdict.comparing import value_holds
from gradcalc.verdict.judge import Judgement, judge
from gradcalc.verdict.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Case:
    """What every witness says about a problem, and the judgement."""

    problem: Problem
    autograd: Computed | Absent
    formula: Derived | Absent
    enclosure: Enclosed | Absent
    judgement: Judgement


def is_ailing(case: Case) -> bool:
    """Whether another form of the program could do better: what torch gives is wrong, has lost
    its digits, or is NaN where the point is no ordinary one.

    Without an enclosure nobody could tell.
    """
    ours, exact = case.autograd, trusted(case.enclosure)
    if isinstance(ours, Absent) or not isinstance(exact, Enclosed):
        return False
    outcome = own_outcome(case)
    if outcome in (Outcome.WRONG, Outcome.VANISHED):
        return True
    if outcome in (Outcome.EDGE, Outcome.SINGULAR, Outcome.JUMP):
        numbers = (ours.value, *ours.gradients.values())
        return any(bool(np.isnan(array).any()) for array in numbers)
    return outcome is not Outcome.UNRESOLVED and not value_holds(case.problem, ours, exact)


def own_outcome(case: Case) -> Outcome:
    """The outcome without the claims: those are not the program's."""
    if not case.problem.claims:
        return case.judgement.verdict.outcome
    plain = replace(case.problem, claims={})
    return judge(plain, case.autograd, case.formula, case.enclosure).verdict.outcome
