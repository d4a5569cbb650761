"""What the point is like, and where floats went astray: kinks and their slopes, ties, branches and
conditioning; overflow, masked NaN, cancellation, a wrong value."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from gradcalc.errors import Span
from gradcalc.findings import runs
from gradcalc.lang.program import Program
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

ILL_CONDITIONED = 1e4
"""Conditioning above which it is worth a word."""

MOST = 3
"""Findings of one kind at the most."""

FEW = 4
"""Roundings of the operands within which something could have turned out the other way."""


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
        yield Finding("nonfinite", message, OUT_OF_RANGE)
        return
    what = at_text(cause.primitive, cause.at)
    if cause.kind == "overflow":
        message += f": {what} overflows {problem.dtype}"
        yield Finding("overflow", message, OVERFLOW, cause.place)
    else:
        message += f": {what} has no finite value or slope"
        masked = "where" in _called(problem.program)
        hint = MASKED.format(cause.primitive) if masked else OUT_OF_RANGE
        yield Finding("masked-nan", message, hint, cause.place)


def _claims(problem: Problem, judgement: Judgement) -> Iterator[Finding]:
    """Claims that are right, but not as floats compute them."""
    possible = precision_of(problem.dtype)
    for claim in judgement.claims.values():
        if claim.digits is not None:
            yield Finding(
                "claim",
                f"{claim.text} is right, but ill-conditioned as it is written: in {problem.dtype}"
                f" {digits_text(claim.digits, possible)} digits of it are left",
                CANCELLATION,
            )


def _first(exact: Enclosed | None, *kinds: str) -> Mishap | None:
    mishaps = () if exact is None else exact.mishaps
    return next((mishap for mishap in mishaps if mishap.kind in kinds), None)


def _called(program: Program) -> set[str]:
    """The names of the functions and methods that a program calls."""
    calls = (n.func for s in program.body for n in ast.walk(s) if isinstance(n, ast.Call))
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}


def _cancelled(exact: Enclosed, judgement: Judgement) -> Iterator[Finding]:
    cause = _first(exact, "cancellation", "underflow")
    finite = all(np.isfinite(c.digits or 0) for c in judgement.comparisons.values())
    if cause is not None and finite:
        yield Finding(cause.kind, _lost(cause), CURES[cause.kind], cause.place)


def _unexplained(exact: Enclosed, judgement: Judgement) -> Iterator[Finding]:
    """A wrong gradient though every operation of the program can be computed well here."""
    worst = [c.worst for c in judgement.comparisons.values() if c.outcome is Outcome.WRONG]
    if not worst or any(mishap.wrt is None for mishap in exact.mishaps):
        return
    if not all(w is not None and np.isfinite(w.autograd) for w in worst):
        return
    corners = [event for event in exact.events if not event.margin]
    if exact.around and corners:
        names = ", ".join(dict.fromkeys(event.primitive for event in corners))
        text = f"the corners of {names} cancel here: torch adds up what it takes for each"
        yield Finding("kinks", text, None, corners[0].place)
        return
    yield Finding("kernel", "no operation of the program loses these digits by itself", KERNEL)


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
    cause = _first(exact, *CURES)
    shown, truth = numbers_apart(total, true)
    right = judgement.verdict.outcome is Outcome.VERIFIED
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


# -- the point ---------------------------------------------------------------------------------


def _point(
    problem: Problem, autograd: Computed, reference: Reference | Absent
) -> Iterator[Finding]:
    """What is special about the point."""
    known = trusted(reference)
    if known is None:
        return
    yield from _branches(autograd, known)
    if not known.rough:
        yield from _near(problem, known)
    yield from islice(_corners(problem, autograd, known.rough), MOST)
    if isinstance(known, Enclosed):
        yield from _sampled(known)
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


def _sampled(exact: Enclosed) -> Iterator[Finding]:
    """That not every piece of what lies around the point was looked at, where it looks smooth."""
    parts = [part for part in exact.around if part.nature is Nature.SMOOTH]
    around = "what lies around this point was sampled"
    if any(part.missed for part in parts):
        yield Finding("sampled", f"{around}: there are more pieces than were gone through")
    elif any(part.curved for part in parts):
        why = "a piece between borders that touch here, of which one is curved, would be missed"
        yield Finding("sampled", f"{around}: {why}")


def _corners(
    problem: Problem, autograd: Computed, rough: Sequence[Neighbourhood]
) -> Iterator[Finding]:
    """What is not smooth, once for each primitive, place and nature."""
    said: set[tuple[Nature, str, Span | None]] = set()
    for part in rough:
        new = [e for e in part.events if (part.nature, e.primitive, e.place) not in said]
        said.update((part.nature, event.primitive, event.place) for event in new)
        if new:
            yield from _rough(problem, autograd, replace(part, events=tuple(new)))


def _rough(problem: Problem, autograd: Computed, around: Neighbourhood) -> Iterator[Finding]:
    sides = _sides(problem, autograd, around) if around.nature is Nature.KINK else None
    for event in _distinct(around.events):
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
    if around.sides is None:
        return None
    left, right = around.sides
    jumps = np.abs(right - left)
    if not np.any(jumps > 0):
        return None
    widest = int(np.nanargmax(jumps))
    sizes = [problem.inputs[name].size for name in problem.wrt]
    ends = np.cumsum(sizes)
    number = int(np.searchsorted(ends, around.columns[widest], side="right"))
    name, place = problem.wrt[number], int(around.columns[widest] - ends[number] + sizes[number])
    index = tuple(map(int, np.unravel_index(place, problem.inputs[name].shape)))
    given = autograd.gradients[name][index]
    whose = "" if ends[-1] == 1 else f"by {element_text(name, index)} "
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
