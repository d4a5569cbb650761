"""Where floats went astray: overflow, masked NaN, cancellation, a wrong value."""

import ast
from collections.abc import Iterator

import numpy as np

from gradcalc.findings.finding import Finding
from gradcalc.lang.program import Program
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
    " {0}(where(ok, x, 1))"
)
OUT_OF_RANGE = (
    "a part that overflows or has no slope here is multiplied by zero: keep it out with where on"
    " its argument, sqrt(where(x > 0, x, 1)), or use a stable form such as logsumexp"
)
CANCELLATION = "use a form without the difference of nearly equal numbers, such as log1p or expm1"
KERNEL = "torch's own kernel for it is off; gradcalc why looks for another form"

CURES = {
    "overflow": OVERFLOW, "underflow": OVERFLOW, "undefined": OUT_OF_RANGE,
    "cancellation": CANCELLATION,
}  # fmt: skip
"""What to do about each kind of mishap."""


def find(problem: Problem, autograd: Testimony, judgement: Judgement) -> Iterator[Finding]:
    """What made the gradient or the value wrong."""
    reference = judgement.reference
    yield from _not_finite(problem, autograd, reference, judgement)
    yield from _cancelled(reference, judgement)
    yield from _unexplained(reference, judgement)
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
        masked = "where" in _called(problem.program)
        hint = MASKED.format(cause.primitive) if masked else OUT_OF_RANGE
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


def _called(program: Program) -> set[str]:
    """The names of the functions and methods that a program calls."""
    calls = (n.func for s in program.body for n in ast.walk(s) if isinstance(n, ast.Call))
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}


def _cancelled(reference: Reference, judgement: Judgement) -> Iterator[Finding]:
    cause = _first(reference, "cancellation", "underflow")
    finite = all(np.isfinite(c.digits or 0) for c in judgement.comparisons.values())
    if judgement.verdict.outcome is Outcome.WRONG and cause is not None and finite:
        yield Finding(cause.kind, _lost(cause), CURES[cause.kind], cause.place)


def _unexplained(reference: Reference, judgement: Judgement) -> Iterator[Finding]:
    """A wrong gradient though every operation of the program can be computed well here."""
    worst = [c.worst for c in judgement.comparisons.values() if c.outcome is Outcome.WRONG]
    known = reference.bits > 0 and not any(m.wrt is None for m in reference.mishaps)
    if not worst or not known or not all(w is not None and np.isfinite(w.autograd) for w in worst):
        return
    around = reference.around
    corners = [event for event in reference.events if not event.margin]
    if around is not None and corners:
        names = ", ".join(dict.fromkeys(event.primitive for event in corners))
        text = f"the corners of {names} cancel here: torch adds up what it takes for each"
        yield Finding("kinks", text, None, corners[0].place)
        return
    yield Finding("kernel", "no operation of the program loses these digits by itself", KERNEL)


def _lost(cause: Mishap) -> str:
    at = ", ".join(f"{value:.6g}" for value in cause.at)
    if cause.kind == "underflow":
        return f"{cause.primitive} at {at} underflows to 0"
    return f"{cause.primitive} at {at} loses {cause.lost:.0f} digits to rounding"


def _value(
    problem: Problem, autograd: Testimony, reference: Reference, judgement: Judgement
) -> Iterator[Finding]:
    """Whether the value is off by more than rounding and the inputs' conditioning allow."""
    if value_holds(problem, autograd, reference) or not same_way(autograd, reference):
        return
    total, true = total_of(problem, autograd), reference.total
    cause = _first(reference, *CURES)
    shown, truth = numbers_apart(total, true)
    right = judgement.verdict.outcome in (Outcome.VERIFIED, Outcome.VANISHED)
    though = " though the gradient is right" if right else ""
    few = abs(true - total) > abs(true) * precision_of(problem.dtype).epsilon ** TAKEN
    what = "is wrong" if few else "has lost digits"
    lossy = cause is not None and cause.kind in ("cancellation", "underflow")
    why = f": {_lost(cause)}" if cause is not None and lossy else ""
    if cause is not None and cause.kind == "overflow":
        why = f": {cause.primitive} overflows {problem.dtype}"
    yield Finding(
        "value",
        f"the value {what}{though}, {shown} for {truth}{why}",
        None if cause is None else CURES[cause.kind],
        None if cause is None else cause.place,
    )
