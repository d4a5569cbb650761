"""Jacobians and Hessians of many rows: all of them by torch, some sums of them and a few checked.

A sum of all rows with random weights has every element in it, and what is special about one, as
nothing cancels by chance. Where something is special in one of
them, as a kink, each row is asked for by itself.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc import blocks
from gradcalc.errors import LimitError
from gradcalc.expr.written import Written
from gradcalc.problem import Array, Problem
from gradcalc.report import InputGradient, Outcome, Report, Verdict

SUMS, ROWS = 2, 2
"""How many sums of all rows are checked, and how many rows."""

MOST = 2**25
"""Numbers of a matrix that are kept."""

AGREED = 1e-12
"""How far a sum of torch's rows may be from what torch gives for the sum, beside its summands."""

Answer = Callable[[Problem, str], Report]
"""Calculates one gradient, for a command."""


def unchecked(problem: Problem, command: str, whole: Report, answer: Answer) -> Report:
    """All rows as torch gives them.

    Raises `LimitError` where these are too many numbers.
    """
    shape = () if whole.value is None else whole.value.shape
    size = math.prod(shape) * sum(problem.inputs[name].size for name in problem.wrt)
    if size > MOST:
        raise LimitError(
            f"the derivative has {size:,} elements; the limit is {MOST:,}",
            hint="--of takes a part of the output; vjp, jvp and hvp are products with a vector",
        )
    found = answer(replace(problem, rows=True, check=False, claims={}), command)
    gradients = [
        replace(g, input_shape=(*shape, *problem.inputs[g.name].shape)) for g in found.gradients
    ]
    return replace(
        whole, gradients=tuple(gradients), verdict=found.verdict, summed=False, cotangent=None
    )


def checked(problem: Problem, command: str, whole: Report, answer: Answer) -> Report:
    """All rows, with the verdict on some sums of them and on a few of them.

    Raises `LimitError` where these are too many numbers.
    """
    all_rows = unchecked(problem, command, whole, answer)
    reports = []
    for seed in _seeds(() if whole.value is None else whole.value.shape, problem.seed):
        report = answer(replace(problem, cotangent=seed), command)
        reports.append(report)
        if report.verdict.outcome is not Outcome.VERIFIED:
            return replace(all_rows, verdict=_special(report.verdict), findings=report.findings)
        for rows, row in zip(all_rows.gradients, report.gradients, strict=True):
            if not _is_sum(rows, row, seed):
                return replace(all_rows, verdict=_at_odds(rows.name))
    gradients = tuple(
        _joined(rows, [report.gradients[k] for report in reports])
        for k, rows in enumerate(all_rows.gradients)
    )
    digits = min((g.digits for g in gradients if g.digits is not None), default=None)
    # the random weights of a sum are in the way of its formula, and of none that is shown
    told = (f for report in reports for f in report.findings if f.kind != "formula")
    findings = {(f.kind, f.message): f for f in told}
    return replace(
        all_rows,
        gradients=gradients,
        verdict=_verified(digits, whole.digits_possible),
        witnesses=reports[0].witnesses,
        findings=tuple(findings.values()),
    )


def with_formula(problem: Problem, found: InputGradient, formula: Written | None) -> InputGradient:
    """The derivative with its formula, and the numbers of that where it is a matrix."""
    found = replace(found, formula=formula)
    if formula is None or found.symbolic is not None or found.digits is None or formula.tangent:
        return found
    value = blocks.value_of(problem, formula.text, problem.inputs)
    return found if value is None or value.shape != found.shape else replace(found, symbolic=value)


def _seeds(shape: tuple[int, ...], seed: int) -> Iterator[Array]:
    """Random weights of both signs for all rows, then single rows."""
    dice, count = np.random.default_rng(seed), math.prod(shape)
    for _ in range(SUMS):
        yield dice.choice((-1.0, 1.0), size=shape) * dice.uniform(0.5, 1.5, size=shape)
    for place in (0, *(int(k) for k in dice.integers(1, count, size=ROWS - 1))):
        yield np.reshape(np.eye(1, count, place), shape)


def _is_sum(rows: InputGradient, row: InputGradient, seed: Array) -> bool:
    """Whether torch's rows add up to what it gives for their sum."""
    if rows.autograd is None or row.autograd is None:
        return False
    made = np.tensordot(seed, rows.autograd, seed.ndim)
    room = AGREED * np.tensordot(np.abs(seed), np.abs(rows.autograd), seed.ndim)
    return bool(np.all(np.abs(made - row.autograd) <= room + np.finfo(float).tiny))


def _joined(rows: InputGradient, parts: Sequence[InputGradient]) -> InputGradient:
    def most(name: str) -> Any:
        return max((v for part in parts if (v := getattr(part, name)) is not None), default=None)

    digits = [part.digits for part in parts if part.digits is not None]
    return replace(
        rows,
        digits=min(digits, default=None),
        radius=most("radius"),
        condition=most("condition"),
        differs=np.zeros(rows.shape, np.bool_),
    )


def _special(found: Verdict) -> Verdict:
    return replace(found, message=f"a sum of its rows, or one of them: {found.message}")


def _at_odds(name: str) -> Verdict:
    return Verdict(
        Outcome.UNRESOLVED,
        f"the rows that torch gives by {name} do not add up to what it gives for their sum",
    )


def _verified(digits: float | None, possible: float) -> Verdict:
    shown = "" if digits is None else f" to {digits:.1f} of {possible:.1f} digits"
    return Verdict(
        Outcome.VERIFIED,
        f"autograd and the check agree in {SUMS} sums of all rows and {ROWS} rows{shown}",
    )
