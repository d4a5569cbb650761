"""Whom to hold autograd to: the witness of many digits where it testifies, else the formula."""

from dataclasses import replace

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import LEFT_OUT, Absence, Array, Formula, Reference, Testimony
from gradcalc.verdict.outcome import culprit_text, precision_of
from gradcalc.verdict.rough import is_smooth

MEETING = "the formula does not hold at this point, where its cases meet"

APART = "the formula and the enclosure contradict each other"

UNSEEN = f"nobody looks around: {LEFT_OUT}"

OVERSIZED = "too large for a look around"

AGREED = 1e-9
"""How far apart, in relation to the largest element, two checks may be that know many digits."""

ROUNDINGS = 256
"""The same in roundings of the dtype: a number of a formula that is worked out from two of the
program's may be rounded otherwise."""


def weigh(problem: Problem, formula: Reference, exact: Reference) -> Reference:
    """The one reference that comes of two; absent where they contradict each other."""
    if exact.absent is None:
        if formula.absent is None and _contradict(problem, formula, exact):
            return replace(exact, absent=APART)
        return exact
    # what was too much for single numbers may still be checked as a whole; what has no value, or
    # no gradient that digits could tell, may not
    if exact.absence is None or not formula.surveyed:
        return exact
    if formula.absent is not None:
        return replace(exact, absent=formula.absent)
    if formula.events:
        return replace(
            formula,
            absent=f"it is not smooth at or near this point{culprit_text(formula.events)}, and"
            f" {UNSEEN if exact.absence is Absence.LEFT_OUT else OVERSIZED}",
        )
    return formula


def same_way(first: Testimony, second: Testimony) -> bool:
    """Whether two witnesses took the same branches."""
    ways = [[(b.line, b.taken) for b in witness.path] for witness in (first, second)]
    return ways[0] == ways[1]


def upheld(problem: Problem, formula: Reference, reference: Reference) -> Reference:
    """The formula's witness without the texts that do not give the true gradient at a smooth point.

    Where cases meet a formula takes one of them, whatever the function does there.
    """
    exact = reference.witness != formula.witness and reference.absent is None
    if not (exact and is_smooth(reference.around) and same_way(formula, reference)):
        return formula
    kept = {
        name: Formula(failure=MEETING)
        if found.written is not None
        and _differ(problem, formula.gradients[name], reference.gradients[name])
        else found
        for name, found in formula.formulas.items()
    }
    return replace(formula, formulas=kept)


def _contradict(problem: Problem, formula: Reference, exact: Reference) -> bool:
    # with conditions it was computed in floats, which have their own rounding
    if formula.conditions or exact.around is not None:
        return False
    if not same_way(formula, exact):
        return False
    return not agree(problem, formula, exact)


def agree(problem: Problem, formula: Reference, reference: Reference) -> bool:
    """Whether the formula gives the gradient that autograd is held to."""
    if formula.absent is not None:
        return False
    pairs = ((formula.gradients[name], true) for name, true in reference.gradients.items())
    return not any(_differ(problem, *pair) for pair in pairs)


def _differ(problem: Problem, given: Array, true: Array) -> bool:
    room = max(AGREED, ROUNDINGS * precision_of(problem.dtype).epsilon)
    with np.errstate(all="ignore"):
        finite = np.isfinite(given) & np.isfinite(true)
        size = np.max(np.abs(true[finite]), initial=0)
        apart = np.max(np.abs(given[finite] - true[finite]), initial=0)
        return bool(apart > room * size + np.finfo(np.float64).tiny)
