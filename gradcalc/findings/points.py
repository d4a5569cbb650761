"""What the point is like: kinks and their slopes, ties, branches, conditioning."""

from collections.abc import Iterator

import numpy as np

from gradcalc.errors import Span
from gradcalc.findings.finding import Finding
from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.problem import Problem
from gradcalc.testimony import Event, Nature, Neighbourhood, Reference, Testimony
from gradcalc.verdict import precision_of

ILL_CONDITIONED = 1e4
"""Conditioning above which it is worth a word."""

MOST = 3
"""Findings of one kind at the most."""

FEW = 4
"""Roundings of the operands within which something could have turned out the other way."""

ALONG = 0.9
"""How much of a direction lies along an axis to count as one along it."""


def find(problem: Problem, autograd: Testimony, reference: Reference) -> Iterator[Finding]:
    """What is special about the point."""
    if reference.absent is not None:
        return
    yield from _branches(autograd, reference)
    around = reference.around
    if around is None or around.nature is Nature.SMOOTH:
        yield from _near(problem, reference)
    else:
        yield from _rough(problem, autograd, reference, around)
    yield from _conditioning(reference)


def _distinct(events: tuple[Event, ...]) -> list[Event]:
    """One event for each primitive and place."""
    first: dict[tuple[str, Span | None], Event] = {}
    for event in events:
        first.setdefault((event.primitive, event.place), event)
    return list(first.values())[:MOST]


def _rough(
    problem: Problem, autograd: Testimony, reference: Reference, around: Neighbourhood
) -> Iterator[Finding]:
    sides = _sides(problem, autograd, around) if around.nature is Nature.KINK else None
    for event in _distinct(reference.events):
        text = f"{event.primitive} at {_at(event)}"
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


def _at(event: Event) -> str:
    return ", ".join(f"{value:.6g}" for value in event.at)


def _sides(problem: Problem, autograd: Testimony, around: Neighbourhood) -> str | None:
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
    whose = "" if len(names) == 1 else f"by {_element(name, index)} "
    return (
        f"{whose}slope {left[widest]:.6g} on the left, {right[widest]:.6g} on the right;"
        f" torch says {given:.6g}"
    )


def _element(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


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
        at = ", ".join(f"{value:.17g}" for value in event.at)
        text = f"{event.primitive} at {at} {what} {event.margin:.2g}, a few roundings"
        yield Finding("near", text, None, event.place)


def _branches(autograd: Testimony, reference: Reference) -> Iterator[Finding]:
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
