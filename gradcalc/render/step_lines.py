"""The steps of a calculation as lines of texts, which each format lays out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradcalc.render import Style
from gradcalc.render.labels import label
from gradcalc.render.notes import Note, closing_notes, opening_notes, value_text
from gradcalc.render.text import number_texts, rounded
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
    meant = dict(MEANT)
    if Mark.CHOICE in met:
        meant[Mark.WRONG] += ", or are choices that do not fit together"
    notes = [Note(MARKS[style.unicode][mark], text) for mark, text in meant.items() if mark in met]
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
        yield Line("", name, "", given_text(value, steps.report, style))
    for fixed in steps.fixed:
        text = fixed.name if fixed.text is None else f"{fixed.name} = {fixed.text}"
        if fixed.text is not None or not steps.symbolic:
            known = "" if steps.symbolic else given_text(fixed.value, steps.report, style)
            yield Line("", style.safe(text), "", known)
    for position in shown(steps, range(len(steps.forward)), style):
        if isinstance(position, str):
            yield Line("", f"{style.dots} {position}")
        else:
            yield from _made(position, steps.forward[position], steps, style)


def _made(position: int, step: Forward, steps: Steps, style: Style) -> Iterator[Line]:
    dead = "" if step.flows or not step.depends else "no gradient comes back"
    several = list(zip(step.names, step.numbers, strict=True))
    # without numbers the first row has all there is
    for k, (name, numbers) in enumerate(several[:1] if steps.symbolic else several):
        first = k == 0
        text = _named(", ".join(step.names) if first else name, style)
        what = f"{text} = {style.safe(step.text)}" if first else f"  {text}"
        yield Line(
            str(position + 1) if first else "",
            what,
            "",
            "" if steps.symbolic else numbers_text(numbers.value, steps.report, style),
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
    if handed.formula is None and handed.numbers.mark is not Mark.CHOICE:
        why = "no formula for all sizes" if steps.points else "its usual formula does not hold here"
        rule = f"{rule}; {why}" if rule else why
    if steps.symbolic:
        yield Line(number, to, formula, _side(handed.derived, style), Mark.UNKNOWN, rule)
        if handed.total is not None:
            added = f"  {_named(handed.to, style)}"
            yield Line("", added, "added up", _side(handed.summed, style))
        return
    value = numbers_text(handed.numbers.value, steps.report, style)
    yield Line(number, to, formula, value, handed.numbers.mark, rule)
    if handed.total is not None:
        value = numbers_text(handed.total.value, steps.report, style)
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
                yield f"{len(hidden):,} more round{'s' if len(hidden) > 1 else ''}"
            hidden = set()
            yield position
        else:
            hidden.add((position - found.first) // found.length)


def numbers_text(value: Array, report: Report, style: Style) -> str:
    """Numbers as they stand behind a step; a large one that is rounded does not look like a whole
    one that is not."""
    text = value_text(value, report.dtype, style)
    digits = style.digits
    if digits is None or np.array_equal(rounded(value, digits), value, equal_nan=True):
        return text
    return _WHOLE.sub(
        lambda word: f"{float(word[0]):.{digits}g}" if abs(float(word[0])) >= 2.0**53 else word[0],
        text,
    )


def given_text(value: Array, report: Report, style: Style) -> str:
    """The numbers of an input, whole where rounded ones would look like others that people type."""
    digits = style.digits
    if digits is None:
        return numbers_text(value, report, style)
    near = rounded(value, digits)
    changed = np.isfinite(value) & (near != value)
    texts = number_texts(near[changed], report.dtype)
    if any(len(_significant(text)) < digits - 1 for text in texts):
        return value_text(value, report.dtype, replace(style, digits=None))
    return numbers_text(value, report, style)


def _significant(text: str) -> str:
    """The digits of a number between its first and its last that is not 0."""
    return text.partition("e")[0].replace(".", "").strip("-0")


_WHOLE = re.compile(r"(?<![\w.])-?\d{16,}(?![\w.])")
"""A whole number of more digits than floats have."""


def _named(name: str, style: Style) -> str:
    return style.safe(plain_name(name, style))


def plain_name(name: str, style: Style) -> str:
    """A name as it can be shown: without Unicode its number stands behind it as it is."""
    return name if style.unicode else name.translate(PLAIN)


PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
