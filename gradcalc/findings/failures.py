"""Where floats went astray: overflow, masked NaN, cancellation, a wrong value."""

from collections.abc import Iterator

import numpy as np

from gradcalc.findings.finding import Finding
from gradcalc.problem import Problem
from gradcalc.testimony import Mishap, Reference, Testimony
from gradcalc.verdict import (
    TAKEN,
    Judgement,
    Outcome,
    digits_text,
    numbers_apart,
    precision_of,
    same_way,
    total_of,
    value_holds,
)

OVERFLOW = "use a form that stays in range, such as logsumexp, hypot or logsigmoid"
MASKED = (
    "where does not keep it out of the backward pass; put a where inside, on the argument:"
    " sqrt(where(x > 0, x, 1))"
)
OUT_OF_RANGE = (
    "a part that overflows or has no slope here is multiplied by zero: keep it out with where on"
    " its argument, sqrt(where(x > 0, x, 1)), or use a stable form such as logsumexp"
)
CANCELLATION = "use a form without the difference of nearly equal numbers, such as log1p or expm1"


def find(problem: Problem, autograd: Testimony, judgement: Judgement) -> Iterator[Finding]:
    """What made the gradient or the value wrong."""
    reference = judgement.reference
    yield from _not_finite(problem, autograd, reference, judgement)
    yield from _cancelled(reference, judgement)
    yield from _value(problem, autograd, reference, judgement)
    yield from _claims(problem, judgement)


def _not_finite(
    problem: Problem, autograd: Testimony, reference: Reference, judgement: Judgement
) -> Iterator[Finding]:
    if judgement.verdict.outcome is not Outcome.WRONG:
        return
    names = [n for n in problem.wrt if not np.isfinite(autograd.gradients[n]).all()]
    if not names:
        return
    word = "NaN" if any(np.isnan(autograd.gradients[n]).any() for n in names) else "infinite"
    message = f"autograd's gradient by {', '.join(names)} is {word} where the true one is finite"
    cause = _first(reference, "overflow", "undefined")
    if cause is None:
        yield Finding("nonfinite", message, OUT_OF_RANGE)
        return
    at = ", ".join(f"{value:.6g}" for value in cause.at)
    if cause.kind == "overflow":
        message += f": {cause.primitive} at {at} overflows {problem.dtype}"
        yield Finding("overflow", message, OVERFLOW, cause.place)
    else:
        message += f": {cause.primitive} has no finite value or slope at {at}"
        hint = MASKED if "where" in problem.program.source else OUT_OF_RANGE
        yield Finding("masked-nan", message, hint, cause.place)


def _claims(problem: Problem, judgement: Judgement) -> Iterator[Finding]:
    """Claims that are right, but not as floats compute them."""
    possible = precision_of(problem.dtype)
    for claim in judgement.claims.values():
        if claim.lost and claim.digits is not None:
            yield Finding(
                "claim",
                f"{claim.text} is right, but ill-conditioned as it is written: in {problem.dtype}"
                f" {digits_text(claim.digits, possible)} digits of it are left",
                CANCELLATION,
            )


def _first(reference: Reference, *kinds: str) -> Mishap | None:
    return next((mishap for mishap in reference.mishaps if mishap.kind in kinds), None)


def _cancelled(reference: Reference, judgement: Judgement) -> Iterator[Finding]:
    cause = _first(reference, "cancellation")
    finite = all(np.isfinite(c.digits or 0) for c in judgement.comparisons.values())
    if judgement.verdict.outcome is Outcome.WRONG and cause is not None and finite:
        yield Finding("cancellation", _lost(cause), CANCELLATION, cause.place)


def _lost(cause: Mishap) -> str:
    at = ", ".join(f"{value:.6g}" for value in cause.at)
    return f"{cause.primitive} at {at} loses {cause.lost:.0f} digits to rounding"


def _value(
    problem: Problem, autograd: Testimony, reference: Reference, judgement: Judgement
) -> Iterator[Finding]:
    """Whether the value is off by more than rounding and the inputs' conditioning allow."""
    if value_holds(problem, autograd, reference) or not same_way(autograd, reference):
        return
    total, true = total_of(problem, autograd), reference.total
    cause = _first(reference, "overflow", "undefined", "cancellation")
    shown, truth = numbers_apart(total, true)
    right = judgement.verdict.outcome in (Outcome.VERIFIED, Outcome.VANISHED)
    though = " though the gradient is right" if right else ""
    few = abs(true - total) > abs(true) * precision_of(problem.dtype).epsilon ** TAKEN
    what = "is wrong" if few else "has lost digits"
    why = f": {_lost(cause)}" if cause is not None and cause.kind == "cancellation" else ""
    if cause is not None and cause.kind == "overflow":
        why = f": {cause.primitive} overflows {problem.dtype}"
    yield Finding(
        "value",
        f"the value {what}{though}, {shown} for {truth}{why}",
        CANCELLATION if np.isfinite(total) else OVERFLOW,
        None if cause is None else cause.place,
    )
