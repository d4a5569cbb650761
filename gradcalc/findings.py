"""What is worth knowing beside the verdict: where, why, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcalc.errors import Span
from gradcalc.problem import Problem
from gradcalc.testimony import Event, Mishap, Nature, Reference, Testimony
from gradcalc.verdict import (
    TAKEN,
    Judgement,
    Outcome,
    numbers_apart,
    precision_of,
    total_of,
    value_holds,
)

ILL_CONDITIONED = 1e4
"""Conditioning above which it is worth a word."""

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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about the calculation, with its place and its cure."""

    kind: str
    message: str
    hint: str | None = None
    span: Span | None = None


def find(
    problem: Problem, autograd: Testimony, formula: Reference, judgement: Judgement
) -> tuple[Finding, ...]:
    """All findings, those about the verdict first."""
    reference = judgement.reference
    return (
        *_not_finite(problem, autograd, reference, judgement),
        *_cancelled(reference, judgement),
        *_value(problem, autograd, reference, judgement),
        *_rough(reference),
        *_branches(autograd, reference),
        *_conditioning(reference),
        *_dead(problem, autograd),
        *_stopped(autograd),
        *_formulas(formula),
    )


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
    if value_holds(problem, autograd, reference):
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


def _rough(reference: Reference) -> Iterator[Finding]:
    around = reference.around
    if around is None or around.nature is Nature.SMOOTH:
        return
    seen: set[tuple[str, Span | None]] = set()
    for event in reference.events:
        if (event.primitive, event.place) in seen or len(seen) == 3:
            continue
        seen.add((event.primitive, event.place))
        yield Finding(str(around.nature), _described(event, reference), None, event.place)


def _described(event: Event, reference: Reference) -> str:
    at = ", ".join(f"{value:.6g}" for value in event.at)
    around = reference.around
    text = f"{event.primitive} at {at}"
    if event.outside:
        return f"{text} is outside its domain"
    if around is not None and around.nature is Nature.KINK and around.gradients.shape[1] == 1:
        slopes = dict(zip(np.sign(around.directions[:, 0]), around.gradients[:, 0], strict=True))
        return f"{text}: slope {slopes[-1.0]:.6g} on the left, {slopes[1.0]:.6g} on the right"
    return f"{text} is not smooth"


def _branches(autograd: Testimony, reference: Reference) -> Iterator[Finding]:
    if reference.absent is not None:
        return
    for ours, theirs in zip(autograd.path, reference.path, strict=False):
        if ours.taken != theirs.taken:
            yield Finding(
                "branch",
                f"line {ours.line}: rounding chose the way at {ours.kind} {ours.source}; exact"
                " arithmetic goes another",
            )
            return


def _conditioning(reference: Reference) -> Iterator[Finding]:
    for name, condition in (reference.conditions or {}).items():
        if np.isfinite(condition) and condition > ILL_CONDITIONED:
            yield Finding(
                "ill-conditioned",
                f"a relative change of the inputs changes the gradient by {name}"
                f" {condition:.1e} times as much",
            )


def _dead(problem: Problem, autograd: Testimony) -> Iterator[Finding]:
    for name in problem.wrt:
        if name in autograd.carrying:
            continue
        if name in problem.detach:
            why = f"{name} is detached (--detach {name}), so no gradient flows back to it"
        elif autograd.stops:
            stop = autograd.stops[0]
            why = f"no gradient flows back to {name}: {stop.source} stops it ({stop.kind})"
            yield Finding("dead", why, "leave it out to let the gradient through", stop.span)
            continue
        elif problem.detach:
            why = f"no gradient flows back to {name}: {', '.join(problem.detach)} is detached"
        else:
            why = f"the output does not depend on {name}, so the gradient is 0"
        yield Finding("dead", why)


def _stopped(autograd: Testimony) -> Iterator[Finding]:
    for stop in autograd.stops:
        if stop.kind in ("item", "float", "int", "index", "number"):
            yield Finding(
                "stopped",
                f"{stop.source} takes a plain number out of a tensor and passes no gradient back",
                "use the tensor itself" if stop.kind != "index" else None,
                stop.span,
            )


def _formulas(symbolic: Reference) -> Iterator[Finding]:
    for name, formula in symbolic.formulas.items():
        if formula.failure is not None:
            yield Finding("formula", f"{name}: {formula.failure}")
