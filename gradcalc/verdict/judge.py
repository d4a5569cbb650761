"""The witnesses' gradients weighed against each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from gradcalc.errors import brief
from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.primitives.arithmetic import is_step
from gradcalc.problem import Problem
from gradcalc.testimony import (
    Absent,
    Claimed,
    Computed,
    Derived,
    Enclosed,
    Event,
    Neighbourhood,
    Reference,
    trusted,
)
from gradcalc.verdict.claims import (
    check_claim,
    with_claims_beside,
    with_failed_claim,
    with_open_claim,
)
from gradcalc.verdict.comparing import (
    NEAREST,
    compare,
    is_told,
    is_valueless,
    value_holds,
    within_rounding,
)
from gradcalc.verdict.outcome import (
    Claim,
    Comparison,
    Outcome,
    Precision,
    Verdict,
    culprit_text,
    digits_text,
    precision_of,
)
from gradcalc.verdict.references import agree, another_branch, hold, same_way, weigh
from gradcalc.verdict.rough import rough_verdict

GRAVITY = (
    Outcome.WRONG, Outcome.UNRESOLVED, Outcome.JUMP, Outcome.SINGULAR, Outcome.EDGE, Outcome.KINK,
    Outcome.VANISHED, Outcome.VERIFIED,
)  # fmt: skip
"""Outcomes of elements, the gravest first, which is that of the whole."""

VALUELESS = "the function has no value here, so there is nothing that the gradient could be of"

UNTOLD = "the true gradient is not known"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, with what it was reached from for each input, and whom autograd was held to.

    `rough` are the verdicts on the parts without a gradient. `directions` says in how many the
    enclosure testifies where it does not for every element.
    """

    verdict: Verdict
    comparisons: Mapping[str, Comparison]
    claims: Mapping[str, Claim]
    reference: Reference | Absent
    directions: int = 0
    rough: Sequence[tuple[Neighbourhood, Verdict]] = ()


def judge(
    problem: Problem,
    autograd: Computed | Absent,
    formula: Derived | Absent,
    exact: Enclosed | Absent,
    tried: Mapping[str, Claimed] = MappingProxyType({}),
    has_value_beside: Callable[[], bool] = lambda: True,
) -> Judgement:
    """Weigh what the witnesses say.

    `formula` is the symbolic witness, `exact` the one that knows many digits of every element.
    `tried` are the claims at other points, by input. `has_value_beside` tells whether a function
    without a value at this point has one next to it: then the point may be removable.
    """
    reference = weigh(problem, formula, exact)
    if isinstance(autograd, Absent):
        why = f"autograd gave no gradient: {autograd.doubt}"
        return Judgement(Verdict(Outcome.UNRESOLVED, why), {}, {}, reference)
    found = _judged(problem, autograd, formula, exact, reference)
    verdict = found.verdict
    if autograd.cut is not None and verdict.exit_code == 0:
        what = f"nothing flows through {brief(autograd.cut.stop.source)}"
        why = f"{what}: the gradient of what is inside is cut off there"
        verdict = Verdict(Outcome.UNRESOLVED, why)
    accused = verdict.outcome is Outcome.WRONG
    if (
        (accused or verdict.exit_code == 0)
        and is_valueless(autograd, found.reference)
        and not (accused and has_value_beside())
    ):
        verdict = Verdict(Outcome.UNRESOLVED, VALUELESS)
    if problem.strict and verdict.exit_code == 0:
        verdict = _wanting_all(problem, verdict, formula, exact, found)
    claims = {
        name: check_claim(
            problem, name, autograd, found.reference,
            accepted=_accepted(found, name), tried=tried.get(name),
        )
        for name in problem.claims
    }  # fmt: skip
    failed = [name for name, claim in claims.items() if claim.holds is False]
    undecided = [claim for claim in claims.values() if claim.holds is None]
    if failed and verdict.outcome is not Outcome.WRONG:
        name = failed[0]
        verdict = with_failed_claim(verdict, name, claims[name], autograd, found.reference)
    elif claims and verdict.outcome is Outcome.WRONG:
        verdict = with_claims_beside(verdict, claims)
    elif undecided and verdict.outcome is not Outcome.VERIFIED:
        verdict = with_open_claim(verdict, undecided[0])
    return replace(found, verdict=verdict, claims=claims)


def _accepted(found: Judgement, name: str) -> bool:
    return name in found.comparisons and found.comparisons[name].outcome.exit_code == 0


def _judged(
    problem: Problem,
    autograd: Computed,
    formula: Derived | Absent,
    exact: Enclosed | Absent,
    reference: Reference | Absent,
) -> Judgement:
    """The judgement on autograd's gradients alone."""
    known = trusted(reference)
    if known is None:
        why = f"not checked: {reference.doubt}"
        return Judgement(Verdict(Outcome.UNRESOLVED, why), {}, {}, reference)
    if not same_way(autograd, known):
        return Judgement(Verdict(Outcome.UNRESOLVED, another_branch(known)), {}, {}, known)
    rough = [(part, rough_verdict(part, problem, autograd)) for part in known.rough]
    # an input without any gradient is held to nothing
    comparisons = {
        name: compare(problem, name, autograd, known)
        for name in problem.wrt
        if not rough or is_told(known.exact[name]).any()
    }
    directions, trouble = hold(problem, autograd, known, exact, comparisons)
    if trouble is not None:
        found = _judged(problem, autograd, formula, exact, replace(known, doubt=trouble))
        return replace(found, directions=directions)
    comparisons = _as_far_as_rounding_tells(problem, autograd, known, comparisons)
    comparisons = _as_rounding_chose(problem, autograd, known, comparisons)
    verdicts = [verdict for _, verdict in rough]
    if comparisons or not rough:
        witnesses = _witnesses(agree(problem, formula, known), exact, directions)
        verdicts += [_summed_up(comparisons, precision_of(problem.precision), witnesses)]
    if not rough and not all(is_told(known.exact[name]).all() for name in problem.wrt):
        verdicts += [Verdict(Outcome.UNRESOLVED, UNTOLD)]
    verdict = min(verdicts, key=lambda found: GRAVITY.index(found.outcome))
    return Judgement(verdict, comparisons, {}, known, directions, rough)


def _as_far_as_rounding_tells(
    problem: Problem, autograd: Computed, known: Reference, comparisons: dict[str, Comparison]
) -> dict[str, Comparison]:
    """The same, but nothing is wrong that is right beside a point that rounding takes for this."""
    wrong = [name for name, found in comparisons.items() if found.outcome is Outcome.WRONG]
    if not wrong or not within_rounding(problem, autograd, known):
        return comparisons
    near = [event for event in known.events if event.margin] or known.events
    what = "a jump" if near and _is_step(near[0]) else "a kink"
    kink = f"rounding cannot tell this point from {what}{culprit_text(near)}"
    why = f"{kink}, and autograd's gradient is one from beside it"
    changed = {
        name: replace(comparisons[name], outcome=Outcome.UNRESOLVED, why=why) for name in wrong
    }
    return {**comparisons, **changed}


def _is_step(event: Event) -> bool:
    """Whether something is at a jump by itself, as `floor` is, and no comparison."""
    row = BY_NAME.get(event.primitive)
    return isinstance(row, Elementwise) and not row.boolean and is_step(row)


def _as_rounding_chose(
    problem: Problem, autograd: Computed, known: Reference, comparisons: dict[str, Comparison]
) -> dict[str, Comparison]:
    """The same, but nothing is wrong that is right for the branch that rounding chose."""
    if not isinstance(known, Enclosed) or not known.decided:
        return comparisons
    found, why = dict(comparisons), another_branch(known)
    for name, comparison in comparisons.items():
        if comparison.outcome is Outcome.WRONG:
            told = is_told(known.exact[name])
            chosen = np.where(told, known.chosen[name], known.exact[name])
            there = replace(known, exact={**known.exact, name: chosen})
            if compare(problem, name, autograd, there).outcome.exit_code == 0:
                found[name] = replace(comparison, outcome=Outcome.UNRESOLVED, why=why)
    return found


def is_puzzling(problem: Problem, autograd: Computed, exact: Enclosed, found: Judgement) -> bool:
    """Whether something is off by the enclosure, so that its cause is worth finding out."""
    if found.reference is not exact:
        return False
    if found.verdict.outcome is not Outcome.VERIFIED:
        return True
    excused = any(comparison.why for comparison in found.comparisons.values())
    dead = any(autograd.gradients[n].size and not autograd.gradients[n].any() for n in problem.wrt)
    return excused or dead or not value_holds(problem, autograd, exact)


def _witnesses(formula: bool, exact: Enclosed | Absent, directions: int) -> str:
    """Those that agree, in words."""
    if directions:
        return f"autograd, formula and {directions} enclosed slope{'s' if directions > 1 else ''}"
    if isinstance(exact, Absent):
        return "autograd and formula"
    return "autograd, enclosure and formula" if formula else "autograd and enclosure"


def _wanting_all(
    problem: Problem,
    verdict: Verdict,
    formula: Derived | Absent,
    exact: Enclosed | Absent,
    found: Judgement,
) -> Verdict:
    """The verdict of --strict: whoever does not testify leaves it open."""
    doubts = {"enclosure": None if found.directions else exact.doubt}
    doubts["formula"] = formula.doubt
    for name, doubt in doubts.items():
        if doubt is not None:
            why = f"--strict wants three witnesses, and there is no {name}: {doubt}"
            return Verdict(Outcome.UNRESOLVED, why)
    if isinstance(found.reference, Absent) or not agree(problem, formula, found.reference):
        why = "--strict wants three witnesses, and the formula does not hold here"
        return Verdict(Outcome.UNRESOLVED, why)
    return verdict


def _summed_up(
    comparisons: Mapping[str, Comparison], precision: Precision, witnesses: str
) -> Verdict:
    if not comparisons:
        return Verdict(Outcome.VERIFIED, "there is nothing to differentiate by")
    worst = min(comparisons.values(), key=lambda c: GRAVITY.index(c.outcome))
    if worst.outcome in (Outcome.WRONG, Outcome.UNRESOLVED):
        return Verdict(worst.outcome, worst.why)
    if worst.outcome is Outcome.VANISHED:
        digits = worst.digits or 0.0
        kept = f"{digits_text(digits, precision)} digits are right; " if digits >= 1 else ""
        lost = "the others are" if kept else "the gradient is"
        return Verdict(
            Outcome.VANISHED, f"{kept}{lost} lost in rounding on the function's own scale"
        )
    small = [name for name, found in comparisons.items() if found.why == NEAREST]
    if len(small) == len(comparisons):
        return Verdict(Outcome.VERIFIED, f"{witnesses} agree: {NEAREST}")
    if small:
        rest = {name: found for name, found in comparisons.items() if name not in small}
        plain = _summed_up(rest, precision, witnesses).message
        return Verdict(Outcome.VERIFIED, f"{plain}; by {', '.join(small)} {NEAREST}")
    digits = min(precision.digits if c.digits is None else c.digits for c in comparisons.values())
    excuse = next((f", {c.why}" for c in comparisons.values() if c.why), "")
    shown = digits_text(digits, precision)
    return Verdict(Outcome.VERIFIED, f"{witnesses} agree to {shown} digits{excuse}")
