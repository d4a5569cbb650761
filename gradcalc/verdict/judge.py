"""The witnesses' gradients weighed against each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradcalc.lang.program import brief
from gradcalc.problem import Problem
from gradcalc.testimony import Reference, Testimony
from gradcalc.verdict.claims import check_claim, with_claims_beside, with_failed_claim
from gradcalc.verdict.directions import Held, hold
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
from gradcalc.verdict.references import agree, same_way, weigh
from gradcalc.verdict.rough import is_smooth, rough_verdict, within_rounding
from gradcalc.verdict.smooth import compare
from gradcalc.verdict.value import value_holds

SEVERITY = (
    Outcome.WRONG,
    Outcome.UNRESOLVED,
    Outcome.VANISHED,
    Outcome.VERIFIED,
)
"""Outcomes of single inputs at a smooth point, worst first."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, with what it was reached from for each input, and whom autograd was held to.

    `directions` says in how many the enclosure testifies where it does not for every element.
    """

    verdict: Verdict
    comparisons: Mapping[str, Comparison]
    claims: Mapping[str, Claim]
    reference: Reference
    directions: int = 0


def judge(problem: Problem, autograd: Testimony, formula: Reference, exact: Reference) -> Judgement:
    """Weigh what the witnesses say.

    `formula` is the symbolic witness, `exact` the one that knows many digits of every element.
    """
    reference = weigh(problem, formula, exact)
    if autograd.absent is not None:
        why = f"autograd gave no gradient: {autograd.absent}"
        return Judgement(Verdict(Outcome.UNRESOLVED, why), {}, {}, reference)
    precision = precision_of(problem.dtype)
    comparisons: dict[str, Comparison] = {}
    held = Held()
    verdict = _before_comparing(autograd, reference)
    if verdict is None and is_smooth(reference.around):
        comparisons = {n: compare(problem, n, autograd, reference) for n in problem.wrt}
        held = hold(problem, autograd, formula, exact, comparisons)
        if held.trouble is not None:
            reference, comparisons = replace(reference, absent=held.trouble), {}
            verdict = _before_comparing(autograd, reference)
    if verdict is None and is_smooth(reference.around):
        witnesses = _witnesses(agree(problem, formula, reference), exact, held.directions)
        verdict = _summed_up(comparisons, precision, witnesses)
        if verdict.outcome is Outcome.WRONG and within_rounding(problem, autograd, reference):
            verdict = Verdict(
                Outcome.UNRESOLVED,
                f"rounding cannot tell this point from a kink{culprit_text(reference.events)}, and"
                " autograd's gradient is one from beside it",
            )
    elif verdict is None:
        assert reference.around is not None
        verdict = rough_verdict(reference.around, problem, autograd, reference, precision)
    if autograd.cut is not None and verdict.exit_code == 0:
        verdict = Verdict(
            Outcome.UNRESOLVED,
            f"nothing flows through {brief(autograd.cut.stop.source)}: the gradient of what is"
            " inside is cut off there",
        )
    if problem.strict and verdict.exit_code == 0:
        verdict = _wanting_all(problem, verdict, formula, exact, reference, held.directions)
    claims = {
        name: check_claim(problem, name, autograd, reference, _is_accepted(comparisons.get(name)))
        for name in problem.claims
    }
    failed = [name for name, claim in claims.items() if not claim.holds]
    if failed and verdict.outcome is not Outcome.WRONG:
        verdict = with_failed_claim(verdict, failed[0], claims[failed[0]], autograd, reference)
    elif claims and verdict.outcome is Outcome.WRONG:
        verdict = with_claims_beside(verdict, claims)
    return Judgement(verdict, comparisons, claims, reference, held.directions)


def _is_accepted(comparison: Comparison | None) -> bool:
    return comparison is not None and comparison.outcome.exit_code == 0


def is_puzzling(problem: Problem, autograd: Testimony, judgement: Judgement) -> bool:
    """Whether something is off, so that its cause is worth finding out."""
    if judgement.verdict.outcome is not Outcome.VERIFIED:
        return True
    excused = any(comparison.why for comparison in judgement.comparisons.values())
    dead = any(autograd.gradients[n].size and not autograd.gradients[n].any() for n in problem.wrt)
    return excused or dead or not value_holds(problem, autograd, judgement.reference)


def _before_comparing(autograd: Testimony, reference: Reference) -> Verdict | None:
    if reference.absent is not None:
        return Verdict(Outcome.UNRESOLVED, f"not checked: {reference.absent}")
    if not same_way(autograd, reference):
        return Verdict(
            Outcome.UNRESOLVED,
            "exact arithmetic takes another branch than the floats did: rounding chose this one",
        )
    return None


def _witnesses(formula: bool, exact: Reference, directions: int) -> str:
    """Those that agree, in words."""
    if directions:
        return f"autograd, formula and {directions} enclosure{'s' if directions > 1 else ''}"
    if exact.absent is not None:
        return "autograd and formula"
    return "autograd, enclosure and formula" if formula else "autograd and enclosure"


def _wanting_all(
    problem: Problem,
    verdict: Verdict,
    formula: Reference,
    exact: Reference,
    reference: Reference,
    directions: int,
) -> Verdict:
    """The verdict of --strict: whoever does not testify leaves it open."""
    for name, witness in (("enclosure", exact), ("formula", formula)):
        if witness.absent is not None and not (witness is exact and directions):
            why = f"--strict wants three witnesses, and there is no {name}: {witness.absent}"
            return Verdict(Outcome.UNRESOLVED, why)
    if not agree(problem, formula, reference):
        why = "--strict wants three witnesses, and the formula does not hold here"
        return Verdict(Outcome.UNRESOLVED, why)
    return verdict


def _summed_up(
    comparisons: Mapping[str, Comparison], precision: Precision, witnesses: str
) -> Verdict:
    if not comparisons:
        return Verdict(Outcome.VERIFIED, "there is nothing to differentiate by")
    worst = min(comparisons.values(), key=lambda c: SEVERITY.index(c.outcome))
    if worst.outcome in (Outcome.WRONG, Outcome.UNRESOLVED):
        return Verdict(worst.outcome, worst.why)
    if worst.outcome is Outcome.VANISHED:
        digits = worst.digits or 0.0
        kept = f"{digits_text(digits, precision)} digits are right; " if digits >= 1 else ""
        lost = "the others are" if kept else "the gradient is"
        return Verdict(
            Outcome.VANISHED, f"{kept}{lost} lost in rounding on the function's own scale"
        )
    digits = min(precision.digits if c.digits is None else c.digits for c in comparisons.values())
    excuse = next((f", {c.why}" for c in comparisons.values() if c.why), "")
    shown = digits_text(digits, precision)
    return Verdict(Outcome.VERIFIED, f"{witnesses} agree to {shown} digits{excuse}")
