"""All findings, and those about the point: kinks and their slopes, ties, branches and
conditioning."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from gradcalc.errors import Span
from gradcalc.findings import faults, runs
from gradcalc.findings.reaching import reaching
from gradcalc.primitives import BY_NAME, Composite, Elementwise
from gradcalc.problem import Problem
from gradcalc.targets import HERE
from gradcalc.testimony import (
    Absence,
    Absent,
    Computed,
    Derived,
    Enclosed,
    Event,
    Nature,
    Neighbourhood,
    Reference,
    Slopes,
    trusted,
)
from gradcalc.verdict.judge import Judgement
from gradcalc.verdict.outcome import Finding, at_text, element_text, names_text, number_text

ILL_CONDITIONED = 1e4
"""Conditioning above which it is worth a word."""

MOST = 3
"""Findings of one kind at the most."""


def find(
    problem: Problem, autograd: Computed, formula: Derived | Absent, judgement: Judgement
) -> tuple[Finding, ...]:
    """All findings, those about the verdict first."""
    autograd = replace(autograd, stops=reaching(problem, autograd.stops))
    found = _found(problem, autograd, formula, judgement)
    return tuple(map(_unwritten, found)) if problem.before else found


def _unwritten(finding: Finding) -> Finding:
    """A finding about what stands in a lower derivative alone, which has no place that is shown."""
    if finding.span != HERE:
        return finding
    return replace(finding, message=f"in a lower derivative, {finding.message}", span=None)


def _found(
    problem: Problem, autograd: Computed, formula: Derived | Absent, judgement: Judgement
) -> tuple[Finding, ...]:
    reference = judgement.reference
    return (
        *runs.cut(autograd),
        *faults.failures(problem, autograd, reference, judgement),
        *runs.broadcasts(autograd),
        *runs.overwritten(autograd),
        *_point(problem, autograd, reference, judgement),
        *_conventions(formula, reference),
        *runs.zeros(problem, autograd, reference, judgement.verdict.outcome),
        *runs.narrow(autograd),
        *runs.readings(autograd),
        *runs.casts(problem, autograd),
        *runs.random(autograd, formula),
        *_formulas(problem, formula),
    )


def _formulas(problem: Problem, formula: Derived | Absent) -> Iterator[Finding]:
    failures: dict[str, str | None]
    if isinstance(formula, Derived):
        failures = {name: found.failure for name, found in formula.formulas.items()}
    else:
        names = problem.wrt if formula.reason is Absence.FAULT else ()
        failures = dict.fromkeys(names, formula.doubt)
    reasons: dict[str, list[str]] = {}
    for name, failure in failures.items():
        if failure is not None:
            reasons.setdefault(failure, []).append(name)
    for reason, those in reasons.items():
        yield Finding("formula", f"{names_text(those)}: {reason}")


def _conventions(*witnesses: Reference | Absent) -> Iterator[Finding]:
    """What a primitive gives for a gradient that is not that of its value."""
    known = [w.conventions for w in witnesses if isinstance(w, Reference | Slopes)]
    for stop in tuple(dict.fromkeys(stop for stops in known for stop in stops))[:MOST]:
        row = BY_NAME[stop.source]
        assert isinstance(row, Composite)
        yield Finding("convention", f"{row.name} {row.convention}", None, stop.span)


# -- the point ---------------------------------------------------------------------------------


def _point(
    problem: Problem, autograd: Computed, reference: Reference | Absent, judgement: Judgement
) -> Iterator[Finding]:
    """What is special about the point."""
    known = trusted(reference)
    if known is None:
        return
    yield from _branches(autograd, known)
    if not known.rough:
        yield from _near(known)
    turned = _turned(problem, autograd, known)
    yield from islice(_corners(problem, autograd, turned, known.rough), MOST)
    if isinstance(known, Enclosed):
        yield from _sampled(known)
        if judgement.verdict.exit_code:
            yield from _alone(problem, turned)
    for name, condition in known.sensitivity.conditions.items():
        if np.isfinite(condition) and condition > ILL_CONDITIONED:
            change = f"a relative change of the inputs changes the gradient by {name}"
            yield Finding("ill-conditioned", f"{change} {condition:.1e} times as much")


def _turned(problem: Problem, autograd: Computed, known: Reference) -> tuple[Event, ...]:
    """Comparisons by which the program does another thing at the point than beside it.

    What is no number is the slope of nothing that the program does.
    """
    if not all(np.isfinite(autograd.gradients[name]).all() for name in problem.wrt):
        return ()
    return known.turned if isinstance(known, Enclosed) else ()


def _alone(problem: Problem, turned: tuple[Event, ...]) -> Iterator[Finding]:
    """What these comparisons mean for autograd's gradient."""
    single = sum(problem.inputs[name].size for name in problem.wrt) == 1
    where = "at this very point only" if single else "here, and not beside it"
    for event in _distinct(turned):
        text = f"{at_text(event.primitive, event.at)} comes out as it does {where}"
        what = "autograd differentiates what the program does here, which is another function"
        yield Finding("point", f"{text}: {what}", None, event.place)


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
    problem: Problem,
    autograd: Computed,
    turned: tuple[Event, ...],
    rough: Sequence[Neighbourhood],
) -> Iterator[Finding]:
    """What is not smooth, once for each primitive, place and nature."""
    said: set[tuple[Nature, str, Span | None]] = set()
    told = {(event.primitive, event.place) for event in turned}
    for part in rough:
        events = [e for e in part.events if (e.primitive, e.place) not in told]
        new = [e for e in events if (part.nature, e.primitive, e.place) not in said]
        said.update((part.nature, event.primitive, event.place) for event in new)
        if new:
            yield from _rough(problem, autograd, replace(part, events=tuple(new)))


def _rough(problem: Problem, autograd: Computed, around: Neighbourhood) -> Iterator[Finding]:
    sides = _sides(problem, autograd, around)
    for event in _distinct(around.events):
        text = at_text(event.primitive, event.at)
        if event.outside:
            text += " is outside its domain"
        elif sides is None:
            text += f" {_character(event, around.nature)}"
        else:
            text, sides = f"{text}: {sides}", None
        yield Finding(str(around.nature), text, _data_tip(problem, event, around), event.place)


def _data_tip(problem: Problem, event: Event, around: Neighbourhood) -> str | None:
    """What helps where a comparison of one input's whole numbers is the jump: they may be data."""
    if around.nature is not Nature.JUMP or not event.condition or not event.columns:
        return None
    ends = np.cumsum([problem.inputs[name].size for name in problem.wrt])
    numbers = set(np.searchsorted(ends, sorted(event.columns), side="right").tolist())
    compared = [problem.wrt[number] for number in numbers]
    others = [name for name in problem.wrt if name not in compared]
    whole = all(np.all(problem.inputs[n] == np.round(problem.inputs[n])) for n in compared)
    if not (whole and others and len(compared) == 1):
        return None
    left = " ".join(f"--wrt {name}" for name in others)
    return f"{left} takes {compared[0]} as data"


def _character(event: Event, nature: Nature) -> str:
    """What a primitive that stands at or near a special point of its own is like there.

    A function that goes on all around has no border there, whatever it is made of.
    """
    if event.margin:
        return f"is off its kink or border by {event.margin:.2g}"
    row = BY_NAME.get(event.primitive.partition(" in ")[0])
    ends = nature in (Nature.EDGE, Nature.SINGULAR)
    if ends and isinstance(row, Composite) and not event.condition:
        return "is on the border of its domain"
    if ends and isinstance(row, Elementwise) and row.domain is not None and row.kinks is None:
        return "is on the border of its domain"
    return "is not smooth"


def _sides(problem: Problem, autograd: Computed, around: Neighbourhood) -> str | None:
    """The slopes on both sides, along the axis where they differ most, and what torch says."""
    widest = around.widest
    if widest is None or around.sides is None:
        return None
    column = int(around.columns[widest])
    # another operation may make them
    if not around.events or column not in (around.events[0].columns or {column}):
        return None
    left, right = around.sides
    sizes = [problem.inputs[name].size for name in problem.wrt]
    ends = np.cumsum(sizes)
    number = int(np.searchsorted(ends, column, side="right"))
    name, place = problem.wrt[number], int(column - ends[number] + sizes[number])
    index = tuple(map(int, np.unravel_index(place, problem.inputs[name].shape)))
    given = autograd.gradients[name][index]
    whose = "" if ends[-1] == 1 else f"by {element_text(name, index)} "
    several = len({event.primitive for event in around.events}) > 1
    slope = "the slope of the whole is" if several else "slope"
    return (
        f"{whose}{slope} {number_text(left[widest])} on the left,"
        f" {number_text(right[widest])} on the right; torch says {number_text(given)}"
    )


def _near(reference: Reference) -> Iterator[Finding]:
    """What a few roundings could have turned over."""
    for event in _distinct(tuple(event for event in reference.events if event.close)):
        row = BY_NAME.get(event.primitive)
        compared = isinstance(row, Elementwise) and row.boolean
        what = "is decided by" if compared else "is off its kink or border by"
        text = f"{at_text(event.primitive, event.at, 17)} {what} {event.margin:.2g}"
        yield Finding("near", f"{text}, a few roundings", None, event.place)


def _branches(autograd: Computed, reference: Reference) -> Iterator[Finding]:
    for ours, theirs in zip(autograd.path, reference.path, strict=False):
        if ours.taken != theirs.taken:
            asked = reference.asked if isinstance(reference, Enclosed) else None
            at = f"{ours.kind} {ours.source}"
            why = f"rounding chose the way at {at}; exact arithmetic goes another"
            if asked is not None:
                what = at_text(asked.primitive, asked.at)
                why = f"{at} is asked of {what}, which is no number in exact arithmetic"
            yield Finding("branch", f"{ours.told}: {why}")
            return
