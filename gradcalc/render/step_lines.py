"""The steps of a calculation as lines of texts, which each format lays out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcalc.render import Style
from gradcalc.render.labels import label
from gradcalc.render.notes import Note, closing_notes, opening_notes, value_text
from gradcalc.report import Array, Report
from gradcalc.steps.data import Backward, Forward, Handed, Mark, Steps

MARKS = {
    True: {
        Mark.RIGHT: "✓", Mark.INEXACT: "≈", Mark.WRONG: "✗", Mark.LOST: "!",
        Mark.CHOICE: "◇", Mark.UNKNOWN: "",
    },
    False: {
        Mark.RIGHT: "ok", Mark.INEXACT: "inexact", Mark.WRONG: "WRONG", Mark.LOST: "!",
        Mark.CHOICE: "choice", Mark.UNKNOWN: "",
    },
}  # fmt: skip
"""What stands behind numbers, with Unicode and without."""

MEANT = {
    Mark.INEXACT: "off by rounding here, or because what it is made of is off",
    Mark.WRONG: "wrong: what it is made of gives another",
    Mark.LOST: "where a NaN or an infinity comes from",
    Mark.CHOICE: "torch's choice at a kink or a jump, or made of one: others are as valid",
}
"""What the marks mean that are not clear."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: what is done, to whom, by which formula, the numbers, and the rule."""

    number: str
    what: str
    formula: str = ""
    value: str = ""
    mark: Mark = Mark.UNKNOWN
    rule: str = ""


def opening(steps: Steps, style: Style) -> list[Note]:
    """What stands above the steps."""
    notes = [note for note in opening_notes(steps.report, style) if note.label != "worst"]
    # those of a program without values are its own
    return [note for note in notes if not steps.points or note.label in ("read as", "of")]


def title(steps: Steps, name: str, style: Style) -> str:
    """What the gradient by an input is called: that of the part that is differentiated."""
    found, of = label(steps.report.command, name, style), steps.report.of
    return found if of is None or not of.isidentifier() else re.sub(r" f$", f" {of}", found)


def closing(steps: Steps, marks: Iterable[Mark], style: Style) -> list[Note]:
    """What stands below them, the verdict last."""
    report, met = steps.report, {*marks}
    notes = [Note(MARKS[style.unicode][mark], text) for mark, text in MEANT.items() if mark in met]
    if steps.unheld is not None:
        notes.append(Note("steps", f"not held to the true numbers: {steps.unheld}"))
    notes += [Note("note", text) for text in steps.notes]
    notes += [
        Note("note", f"the formula by {name} is that away from the kink: here torch has its choice")
        for name in sorted(steps.away)
    ]
    told = (note for note in closing_notes(report) if not steps.points or note.label == "path")
    notes += told
    return [*notes, Note(report.verdict.outcome, report.verdict.message)]


def begins(steps: Steps, style: Style) -> str:
    """What the way back begins with."""
    seed = f"{style.safe(steps.output)} is where it begins"
    if np.ndim(steps.weights) == 0 or not steps.symbolic:
        seed = f"{value_text(steps.weights, steps.report.dtype, style)} at {steps.output}"
    return f"backward: g is what has arrived at a step, {seed}"


def forward(steps: Steps, style: Style) -> Iterator[Line]:
    """The way there."""
    for name, value in () if steps.symbolic else steps.inputs.items():
        yield Line("", name, "", value_text(value, steps.report.dtype, style))
    for fixed in steps.fixed:
        text = fixed.name if fixed.text is None else f"{fixed.name} = {fixed.text}"
        if fixed.text is not None or not steps.symbolic:
            known = "" if steps.symbolic else _value(fixed.value, steps.report, style)
            yield Line("", style.safe(text), "", known)
    for position in shown(steps, range(len(steps.forward)), style):
        if isinstance(position, str):
            yield Line("", f"{style.dots} {position}")
        else:
            yield from _made(position, steps.forward[position], steps, style)


def _made(position: int, step: Forward, steps: Steps, style: Style) -> Iterator[Line]:
    dead = "" if step.flows or not step.depends else "no gradient comes back"
    for k, (name, numbers) in enumerate(zip(step.names, step.numbers, strict=True)):
        first = k == 0
        text = _named(", ".join(step.names) if first else name, style)
        what = f"{text} = {style.safe(step.text)}" if first else f"  {text}"
        yield Line(
            str(position + 1) if first else "",
            what,
            "",
            "" if steps.symbolic else _value(numbers.value, steps.report, style),
            Mark.UNKNOWN if steps.symbolic else numbers.mark,
            dead if first else "",
        )


def backward(steps: Steps, style: Style) -> Iterator[Line]:
    """The way back."""
    by_step = {step.step: step for step in steps.backward}
    for position in shown(steps, [step.step for step in steps.backward], style):
        if isinstance(position, str):
            yield Line("", f"{style.dots} {position}")
        else:
            yield from _returned(steps, by_step[position], style)


def _returned(steps: Steps, step: Backward, style: Style) -> Iterator[Line]:
    name = _named(", ".join(steps.forward[step.step].names), style)
    for k, handed in enumerate(step.handed):
        number = str(step.step + 1) if k == 0 else ""
        source = name if k == 0 else ""
        yield from _handed(number, source, handed, step.rule if k == 0 else "", steps, style)


def _handed(
    number: str, source: str, handed: Handed, rule: str, steps: Steps, style: Style
) -> Iterator[Line]:
    arrow = "→" if style.unicode else "->"
    to = (
        f"{source} {arrow} {_named(handed.to, style)}"
        if source
        else f"  {arrow} {_named(handed.to, style)}"
    )
    if handed.numbers is None:
        yield Line(number, to, "", "", Mark.UNKNOWN, handed.stop or "")
        return
    formula = "" if handed.formula is None else style.safe(handed.formula)
    if steps.symbolic:
        yield Line(number, to, formula, _side(handed.derived, style), Mark.UNKNOWN, rule)
        if handed.total is not None:
            added = f"  {_named(handed.to, style)}"
            yield Line("", added, "added up", _side(handed.summed, style))
        return
    value = _value(handed.numbers.value, steps.report, style)
    yield Line(number, to, formula, value, handed.numbers.mark, rule)
    if handed.total is not None:
        value = _value(handed.total.value, steps.report, style)
        yield Line("", f"  {_named(handed.to, style)}", "added up", value, handed.total.mark)


def _side(text: str | None, style: Style) -> str:
    """A formula as one side of an equation."""
    return "" if text is None else f"= {style.safe(text)}"


def shown(steps: Steps, positions: Iterable[int], style: Style) -> Iterator[int | str]:
    """The positions that are shown, and in place of others how many rounds they are."""
    hidden: set[int] = set()
    for position in positions:
        found = next((r for r in steps.rounds if not r.is_shown(position)), None)
        if found is None or style.show_all:
            if hidden:
                yield f"{len(hidden):,} more rounds"
            hidden = set()
            yield position
        else:
            hidden.add((position - found.first) // found.length)


def _value(value: Array, report: Report, style: Style) -> str:
    return value_text(value, report.dtype, style)


def _named(name: str, style: Style) -> str:
    return style.safe(plain_name(name, style))


def plain_name(name: str, style: Style) -> str:
    """A name as it can be shown: without Unicode its number stands behind it as it is."""
    return name if style.unicode else name.translate(PLAIN)


PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
