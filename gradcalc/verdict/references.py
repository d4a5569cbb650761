"""Whom to hold autograd to: the witness of many digits where it testifies, else the formula.

Where the enclosure has slopes in a few directions only, both autograd and the formula are held to
these.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import (
    AGREED,
    LEFT_OUT,
    ROUNDINGS,
    SURE,
    Absence,
    Absent,
    Array,
    Computed,
    Derived,
    Enclosed,
    Formula,
    Probe,
    Reference,
    Slopes,
    trusted,
)
from gradcalc.verdict.comparing import accepted_error, is_told
from gradcalc.verdict.outcome import (
    EXCUSED,
    Comparison,
    Outcome,
    at_text,
    culprit_text,
    precision_of,
)

MEETING = "the formula does not hold at this point, where its cases meet"

APART = "the formula and the enclosure contradict each other"

ALONE = "autograd and the enclosure contradict each other"

ELSEWHERE = "exact arithmetic takes another branch than the floats did: rounding chose this one"

OPEN: Mapping[Absence, str | None] = {
    Absence.LEFT_OUT: f"nobody looks around: {LEFT_OUT.doubt}",
    Absence.TOO_LARGE: None,
}
"""Why an enclosure is absent that may have found nothing wrong: what that means for a corner, where
it is not what the enclosure says."""

DEVIATIONS = 8
"""How far errors of elements add up along signs drawn at random, in roots of their squares' sum:
beyond it with a probability below 2 exp(-32), whatever the errors (Hoeffding, "Probability
inequalities for sums of bounded random variables", 1963)."""


def weigh(
    problem: Problem, formula: Derived | Absent, exact: Enclosed | Absent
) -> Reference | Absent:
    """The one reference that comes of two; in doubt where they contradict each other."""
    if isinstance(exact, Enclosed):
        ours, theirs = trusted(formula), trusted(exact)
        apart = ours is not None and theirs is not None and _contradict(problem, ours, theirs)
        return replace(exact, doubt=APART) if apart else exact
    # what was too much for single numbers may still be checked as a whole; what has no value, or
    # no gradient that digits could tell, may not
    if exact.reason not in OPEN:
        return exact
    known = trusted(formula)
    if known is None:
        return replace(exact, doubt=str(formula.doubt))
    if known.events:
        place = f"it is not smooth at or near this point{culprit_text(known.events)}"
        return replace(known, doubt=f"{place}, and {OPEN[exact.reason] or exact.doubt}")
    return known


def another_branch(reference: Reference) -> str:
    """Why exact arithmetic takes another branch than the floats did."""
    asked = reference.asked if isinstance(reference, Enclosed) else None
    if asked is None:
        return ELSEWHERE
    what = at_text(asked.primitive, asked.at)
    return f"the program asks about {what}, which is no number in exact arithmetic"


def same_way(first: Computed | Reference | Slopes, second: Computed | Reference | Slopes) -> bool:
    """Whether two witnesses took the same branches."""
    ways = [[(b.line, b.taken) for b in witness.path] for witness in (first, second)]
    return ways[0] == ways[1]


def upheld(
    problem: Problem, formula: Derived | Absent, reference: Reference | Absent
) -> Derived | Absent:
    """The formula's witness without the texts that do not give the true gradient at a smooth point.

    Where cases meet a formula takes one of them, whatever the function does there. Where there is
    no gradient a formula is not held to what the chain rule makes of it.
    """
    exact = trusted(reference) if isinstance(reference, Enclosed) else None
    if isinstance(formula, Absent) or exact is None:
        return formula
    if not same_way(formula, exact):
        return formula
    if exact.rough:
        free = {
            name: Formula(found.elsewhere)
            for name, found in formula.formulas.items()
            if found.elsewhere is not None and not is_told(exact.exact[name]).any()
        }
        return replace(formula, formulas={**formula.formulas, **free})
    kept, gradients = dict(formula.formulas), dict(formula.gradients)
    for name, found in formula.formulas.items():
        true = exact.gradients[name]
        if found.written is not None and _differ(problem, formula.gradients[name], true):
            kept[name] = Formula(failure=MEETING)
        elif found.there is not None and _gives(problem, found.there, true):
            # the chain rule takes the slope of a case that there is at this point only
            kept[name], gradients[name] = Formula(found.elsewhere), found.there
    return replace(formula, formulas=kept, gradients=gradients)


def _contradict(problem: Problem, formula: Derived, exact: Enclosed) -> bool:
    # floats have their own rounding
    if formula.surveyed or exact.around or not same_way(formula, exact):
        return False
    return not same_numbers(problem, formula, exact)


def agree(problem: Problem, formula: Derived | Absent, reference: Reference) -> bool:
    """Whether the formula gives the gradient that autograd is held to, as it is written too."""
    known = trusted(formula)
    if known is None or not all(found.holds for found in known.formulas.values()):
        return False
    return same_numbers(problem, known, reference)


def same_numbers(problem: Problem, formula: Derived, reference: Reference) -> bool:
    """Whether what the formula is made from gives that gradient."""
    pairs = ((formula.gradients[name], true) for name, true in reference.gradients.items())
    return not any(_differ(problem, *pair) for pair in pairs)


def _gives(problem: Problem, given: Array, true: Array) -> bool:
    """Whether numbers are all there and are the true ones."""
    all_there = given.shape == true.shape and bool(np.isfinite(given).all())
    return all_there and not _differ(problem, given, true)


def _differ(problem: Problem, given: Array, true: Array) -> bool:
    room = max(AGREED, ROUNDINGS * precision_of(problem.precision).epsilon)
    with np.errstate(all="ignore"):
        finite = np.isfinite(given) & np.isfinite(true)
        size = np.max(np.abs(true[finite]), initial=0)
        apart = np.max(np.abs(given[finite] - true[finite]), initial=0)
        return bool(apart > room * size + np.finfo(np.float64).tiny)


# -- slopes in a few directions ----------------------------------------------------------------


def hold(
    problem: Problem,
    autograd: Computed,
    formula: Reference,
    exact: Enclosed | Absent,
    comparisons: Mapping[str, Comparison],
) -> tuple[int, str | None]:
    """Hold autograd and the formula against the enclosure's slopes, where it has only those.

    Gives in how many directions it testifies, and what it contradicts, None if it does not.
    """
    if not isinstance(exact, Slopes):
        return 0, None
    if not same_way(autograd, exact):
        return len(exact.probes), ELSEWHERE
    with np.errstate(all="ignore"):
        rooms = {
            name: accepted_error(problem, name, formula) * _largest(formula.gradients[name])
            for name in problem.wrt
        }
        probes = [(probe, _room(probe, formula, rooms)) for probe in exact.probes]
        found = [(probe, room) for probe, room in probes if _is_sound(probe, formula, room)]
        verified = all(c.outcome is Outcome.VERIFIED for c in comparisons.values())
        for probe, room in found:
            if _is_apart(probe, formula.gradients, room):
                return len(found), APART
            if verified and _is_apart(probe, autograd.gradients, room):
                return len(found), ALONE
    return len(found), None


def _is_apart(probe: Probe, gradients: Mapping[str, Any], room: float) -> bool:
    return not abs(probe.along(gradients) - probe.slope) <= probe.radius + room


def _is_sound(probe: Probe, formula: Reference, room: float) -> bool:
    """Whether a slope is known, and would be by rounding, to more than a guess."""
    if probe.signs is None:
        size = _largest(formula.gradients[probe.name])
    else:
        size = sum(float(np.sum(np.abs(formula.gradients[name]))) for name in probe.signs)
    size = max(size, abs(float(probe.slope)))
    known = np.isfinite(probe.slope) and np.isfinite(size)
    return bool(known and probe.radius <= SURE * size and room <= EXCUSED * size)


def _room(probe: Probe, formula: Reference, rooms: Mapping[str, float]) -> float:
    """What errors of elements, of at most those sizes by input, do to the slope."""
    if probe.signs is None:
        return rooms[probe.name]
    counts = {name: np.size(formula.gradients[name]) for name in probe.signs}
    deviation = math.hypot(*(counts[name] ** 0.5 * rooms[name] for name in counts))
    return float(min(DEVIATIONS * deviation, sum(counts[n] * rooms[n] for n in counts)))


def _largest(values: Any) -> float:
    return float(np.max(np.abs(values), initial=0))
