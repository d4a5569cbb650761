"""What the point is like, and where floats went astray: kinks and their slopes, ties, branches and
conditioning; overflow, masked NaN, cancellation, a wrong value."""

from collections.abc import Iterator

import numpy as np

from gradcalc.errors import Span
from gradcalc.findings import runs
from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.problem import Problem
from gradcalc.testimony import (
    Absence,
    Absent,
    Computed,
    Derived,
    Enclosed,
    Event,
    Mishap,
    Nature,
    Neighbourhood,
    Reference,
    trusted,
)
from gradcalc.verdict.comparing import total_of, value_holds
from gradcalc.verdict.judge import Judgement
from gradcalc.verdict.outcome import (
    TAKEN,
    Finding,
    Outcome,
    at_text,
    digits_text,
    element_text,
    numbers_apart,
    precision_of,
)
from gradcalc.verdict.references import same_way

FAULTS = ("overflow", "underflow", "undefined", "cancellation")
"""The kinds of mishaps that can make a value wrong."""

ILL_CONDITIONED = 1e4
"""Conditioning above which it is worth a word."""

MOST = 3
"""Findings of one kind at the most."""

FEW = 4
"""Roundings of the operands within which something could have turned out the other way."""

ALONG = 0.9
"""How much of a direction lies along an axis to count as one along it."""


def find(
    problem: Problem, autograd: Computed, formula: Derived | Absent, judgement: Judgement
) -> tuple[Finding, ...]:
    """All findings, those about the verdict first."""
    reference = judgement.reference
    return (
        *runs.cut(autograd),
        *_failures(problem, autograd, reference, judgement),
        *runs.broadcasts(autograd),
        *_point(problem, autograd, reference),
        *runs.zeros(problem, autograd, reference),
        *runs.narrow(autograd),
        *runs.readings(autograd),
        *_formulas(problem, formula),
    )


def _formulas(problem: Problem, formula: Derived | Absent) -> Iterator[Finding]:
    failures: dict[str, str | None]
    if isinstance(formula, Derived):
        failures = {name: found.failure for name, found in formula.formulas.items()}
    else:
        names = problem.wrt if formula.reason is Absence.FAULT else ()
        failures = dict.fromkeys(names, formula.doubt)
    for name, failure in failures.items():
        if failure is not None:
            yield Finding("formula", f"{name}: {failure}")


# -- where floats went astray ------------------------------------------------------------------


def _failures(
    problem: Problem, autograd: Computed, reference: Reference | Absent, judgement: Judgement
) -> Iterator[Finding]:
    exact = trusted(reference) if isinstance(reference, Enclosed) else None
    wrong = judgement.verdict.outcome is Outcome.WRONG
    if wrong and trusted(reference) is not None:
        yield from _not_finite(problem, autograd, _first(exact, "overflow", "undefined"))
    if exact is not None and wrong:
        yield from _cancelled(exact, judgement)
        yield from _unexplained(exact, judgement)
    if exact is not None and same_way(autograd, exact):
        yield from _value(problem, autograd, exact, judgement)
    yield from _claims(problem, judgement)


def _not_finite(problem: Problem, autograd: Computed, cause: Mishap | None) -> Iterator[Finding]:
    names = [n for n in problem.wrt if not np.isfinite(autograd.gradients[n]).all()]
    if not names:
        return
    word = "NaN" if any(np.isnan(autograd.gradients[n]).any() for n in names) else "infinite"
    message = f"autograd's gradient by {', '.join(names)} is {word} where the true one is finite"
    if cause is None:
        yield Finding("nonfinite", message)
        return
    what = at_text(cause.primitive, cause.at)
    if cause.kind == "overflow":
        message += f": {what} overflows {problem.dtype}"
        yield Finding("overflow", message, None, cause.place)
    else:
        message += f": {what} has no finite value or slope"
        yield Finding("masked-nan", message, None, cause.place)


def _claims(problem: Problem, judgement: Judgement) -> Iterator[Finding]:
    """Claims that are right, but not as floats compute them."""
    possible = precision_of(problem.dtype)
    for claim in judgement.claims.values():
        if claim.digits is not None:
            yield Finding(
                "claim",
                f"{claim.text} is right, but ill-conditioned as it is written: in {problem.dtype}"
                f" {digits_text(claim.digits, possible)} digits of it are left",
            )


def _first(exact: Enclosed | None, *kinds: str) -> Mishap | None:
    mishaps = () if exact is None else exact.mishaps
    return next((mishap for mishap in mishaps if mishap.kind in kinds), None)


def _cancelled(exact: Enclosed, judgement: Judgement) -> Iterator[Finding]:
    cause = _first(exact, "cancellation", "underflow")
    finite = all(np.isfinite(c.digits or 0) for c in judgement.comparisons.values())
    if cause is not None and finite:
        yield Finding(cause.kind, _lost(cause), None, cause.place)


def _unexplained(exact: Enclosed, judgement: Judgement) -> Iterator[Finding]:
    """A wrong gradient though every operation of the program can be computed well here."""
    worst = [c.worst for c in judgement.comparisons.values() if c.outcome is Outcome.WRONG]
    if not worst or any(mishap.wrt is None for mishap in exact.mishaps):
        return
    if not all(w is not None and np.isfinite(w.autograd) for w in worst):
        return
    corners = [event for event in exact.events if not event.margin]
    if exact.around is not None and corners:
        names = ", ".join(dict.fromkeys(event.primitive for event in corners))
        text = f"the corners of {names} cancel here: torch adds up what it takes for each"
        yield Finding("kinks", text, None, corners[0].place)
        return
    yield Finding("kernel", "no operation of the program loses these digits by itself")


def _lost(cause: Mishap) -> str:
    if cause.kind == "underflow":
        return f"{at_text(cause.primitive, cause.at)} underflows to 0"
    return f"{at_text(cause.primitive, cause.at)} loses {cause.lost:.0f} digits to rounding"


def _value(
    problem: Problem, autograd: Computed, exact: Enclosed, judgement: Judgement
) -> Iterator[Finding]:
    """Whether the value is off by more than rounding and the inputs' conditioning allow."""
    if value_holds(problem, autograd, exact):
        return
    total, true = total_of(problem, autograd), exact.total
    cause = _first(exact, *FAULTS)
    shown, truth = numbers_apart(total, true)
    though = "" if judgement.verdict.exit_code else " though the gradient is right"
    few = abs(true - total) > abs(true) * precision_of(problem.dtype).epsilon ** TAKEN
    what = "is wrong" if few else "has lost digits"
    lossy = cause is not None and cause.kind in ("cancellation", "underflow")
    why = f": {_lost(cause)}" if cause is not None and lossy else ""
    if cause is not None and cause.kind == "overflow":
        why = f": {cause.primitive} overflows {problem.dtype}"
    yield Finding(
        "value",
        f"the value {what}{though}, {shown} for {truth}{why}",
        None,
        None if cause is None else cause.place,
    )


# -- the point ---------------------------------------------------------------------------------


def _point(
    problem: Problem, autograd: Computed, reference: Reference | Absent
) -> Iterator[Finding]:
    """What is special about the point."""
    known = trusted(reference)
    if known is None:
        return
    yield from _branches(autograd, known)
    if known.rough is None:
        yield from _near(problem, known)
    else:
        yield from _rough(problem, autograd, known.events, known.rough)
    for name, condition in known.sensitivity.conditions.items():
        if np.isfinite(condition) and condition > ILL_CONDITIONED:
            change = f"a relative change of the inputs changes the gradient by {name}"
            yield Finding("ill-conditioned", f"{change} {condition:.1e} times as much")


def _distinct(events: tuple[Event, ...]) -> list[Event]:
    """One event for each primitive and place."""
    first: dict[tuple[str, Span | None], Event] = {}
    for event in events:
        first.setdefault((event.primitive, event.place), event)
    return list(first.values())[:MOST]


def _rough(
    problem: Problem, autograd: Computed, events: tuple[Event, ...], around: Neighbourhood
) -> Iterator[Finding]:
    sides = _sides(problem, autograd, around) if around.nature is Nature.KINK else None
    for event in _distinct(events):
        text = at_text(event.primitive, event.at)
        if event.outside:
            text += " is outside its domain"
        elif sides is None:
            text += f" {_character(event)}"
        else:
            text, sides = f"{text}: {sides}", None
        yield Finding(str(around.nature), text, None, event.place)


def _character(event: Event) -> str:
    """What a primitive that stands at or near a special point of its own is like there."""
    if event.margin:
        return f"is off its kink or border by {event.margin:.2g}"
    row = BY_NAME.get(event.primitive.partition(" in ")[0])
    if isinstance(row, Elementwise) and row.domain is not None and row.kinks is None:
        return "is on the border of its domain"
    return "is not smooth"


def _sides(problem: Problem, autograd: Computed, around: Neighbourhood) -> str | None:
    """The slopes on both sides, along the axis where they differ most, and what torch says."""
    names = [(name, i) for name in problem.wrt for i in np.ndindex(*problem.inputs[name].shape)]
    lengths = np.linalg.norm(around.directions, axis=1)
    shares = around.directions / lengths[:, None]
    low, high = shares.argmin(axis=0), shares.argmax(axis=0)
    columns = np.arange(len(names))
    left, right = around.gradients[low, columns], around.gradients[high, columns]
    jumps = np.where(shares[high, columns] >= ALONG, np.abs(right - left), -1.0)
    widest = int(np.argmax(jumps))
    if jumps[widest] <= 0:
        return None
    name, index = names[widest]
    given = autograd.gradients[name][index]
    whose = "" if len(names) == 1 else f"by {element_text(name, index)} "
    return (
        f"{whose}slope {left[widest]:.6g} on the left, {right[widest]:.6g} on the right;"
        f" torch says {given:.6g}"
    )


def _near(problem: Problem, reference: Reference) -> Iterator[Finding]:
    """What a few roundings could have turned over."""
    few = FEW * precision_of(problem.dtype).epsilon
    close = [
        event
        for event in reference.events
        if 0 < event.margin <= few * max(map(abs, event.at), default=0)
    ]
    for event in _distinct(tuple(close)):
        row = BY_NAME.get(event.primitive)
        compared = isinstance(row, Elementwise) and row.boolean
        what = "is decided by" if compared else "is off its kink or border by"
        text = f"{at_text(event.primitive, event.at, 17)} {what} {event.margin:.2g}"
        yield Finding("near", f"{text}, a few roundings", None, event.place)


def _branches(autograd: Computed, reference: Reference) -> Iterator[Finding]:
    for ours, theirs in zip(autograd.path, reference.path, strict=False):
        if ours.taken != theirs.taken:
            yield Finding(
                "branch",
                f"line {ours.line}: rounding chose the way at {ours.kind} {ours.source}; exact"
                " arithmetic goes another",
            )
            return
