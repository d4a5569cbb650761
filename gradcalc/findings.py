"""What is worth knowing beside the verdict: where, why, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcalc.errors import Span
from gradcalc.problem import Problem
from gradcalc.testimony import Event, Nature, Reference, Testimony
from gradcalc.verdict import Judgement, Outcome

ILL_CONDITIONED = 1e4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about the calculation, with its place and its cure."""

    kind: str
    message: str
    hint: str | None = None
    span: Span | None = None


def find(
    problem: Problem, autograd: Testimony, reference: Reference, judgement: Judgement
) -> tuple[Finding, ...]:
    """All findings, those about the verdict first."""
    return tuple(
        [
            *_not_finite(problem, autograd, judgement),
            *_rough(reference),
            *_branches(autograd, reference),
            *_conditioning(reference),
            *_dead(problem, autograd),
            *_stopped(autograd),
            *_formulas(reference),
        ]
    )


def _not_finite(problem: Problem, autograd: Testimony, judgement: Judgement) -> Iterator[Finding]:
    if judgement.verdict.outcome is not Outcome.WRONG:
        return
    for name in problem.wrt:
        gradient = autograd.gradients[name]
        if not np.isfinite(gradient).all():
            word = "NaN" if np.isnan(gradient).any() else "infinite"
            yield Finding(
                "nonfinite",
                f"autograd's gradient by {name} is {word} where the true one is finite",
                "a part that overflows or has no slope here is multiplied by zero: keep it out"
                " with where on its argument, sqrt(where(x > 0, x, 1)), or use a stable form such"
                " as logsumexp",
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
        if stop.kind in ("item", "float", "int", "index"):
            yield Finding(
                "stopped",
                f"{stop.source} takes a plain number out of a tensor and passes no gradient back",
                "use the tensor itself" if stop.kind != "index" else None,
                stop.span,
            )


def _formulas(reference: Reference) -> Iterator[Finding]:
    if reference.around is not None:
        return
    for name, formula in reference.formulas.items():
        if formula.failure is not None:
            yield Finding("formula", f"{name}: {formula.failure}")
