"""What is worth knowing beside the verdict: where, why, and what to do about it."""

from gradcalc.findings import failures, flow, points, runs
from gradcalc.findings.finding import Finding
from gradcalc.problem import Problem
from gradcalc.testimony import Reference, Testimony
from gradcalc.verdict import Judgement

__all__ = ["Finding", "find"]


def find(
    problem: Problem, autograd: Testimony, formula: Reference, judgement: Judgement
) -> tuple[Finding, ...]:
    """All findings, those about the verdict first."""
    return (
        *flow.cut(autograd),
        *failures.find(problem, autograd, judgement),
        *runs.broadcasts(autograd),
        *points.find(problem, autograd, judgement.reference),
        *flow.find(problem, autograd, judgement.reference),
        *runs.narrow(autograd),
        *runs.readings(autograd),
        *_formulas(formula),
    )


def _formulas(symbolic: Reference) -> tuple[Finding, ...]:
    failures = {name: formula.failure for name, formula in symbolic.formulas.items()}
    return tuple(
        Finding("formula", f"{name}: {failure}")
        for name, failure in failures.items()
        if failure is not None
    )
