"""The steps of a calculation in lines: there, and back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table
from rich.text import Text

from gradcalc.render import Style
from gradcalc.render.canvas import draw, formula_lines
from gradcalc.render.labels import label
from gradcalc.render.notes import Note, closing_notes, opening_notes, value_text
from gradcalc.render.table import notes_grid
from gradcalc.report import Array, Report
from gradcalc.steps.data import Backward, Forward, Handed, Mark, Steps

MARKS = {
    True: {
        Mark.RIGHT: "✓", Mark.INEXACT: "≈", Mark.WRONG: "✗", Mark.LOST: "!", Mark.UNKNOWN: "",
    },
    False: {
        Mark.RIGHT: "ok", Mark.INEXACT: "inexact", Mark.WRONG: "WRONG", Mark.LOST: "!",
        Mark.UNKNOWN: "",
    },
}  # fmt: skip
"""What stands behind numbers, with Unicode and without."""

COLORS = {
    Mark.RIGHT: "green", Mark.INEXACT: "yellow", Mark.WRONG: "bold red", Mark.LOST: "bold magenta",
    Mark.UNKNOWN: "",
}  # fmt: skip

MEANT = {
    Mark.INEXACT: "off by rounding here, or because what it is made of is off",
    Mark.WRONG: "wrong: what it is made of gives another",
    Mark.LOST: "where a NaN or an infinity comes from",
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


def render(walks: Sequence[Steps], style: Style) -> str:
    """Calculations step by step, one under the other."""
    return "\n".join(_walk(steps, style) for steps in walks)


def _walk(steps: Steps, style: Style) -> str:
    report = steps.report
    opening = [note for note in opening_notes(report, style) if note.label in ("read as", "value")]
    if steps.points:
        opening = [note for note in opening if note.label != "value"]
    parts = [draw(notes_grid(opening, style), style=style)] if opening else []
    there, back = list(_forward(steps, style)), list(_backward(steps, style))
    parts.append(_table("forward", there, style))
    if back:
        parts.append(_table(_begins(steps, style), back, style))
    parts += [_result(steps, name, style) for name in report.gradient]
    marks = {line.mark for line in (*there, *back)}
    notes = [
        Note(MARKS[style.unicode][mark], text) for mark, text in MEANT.items() if mark in marks
    ]
    if steps.unheld is not None:
        notes.append(Note("steps", f"not held to the true numbers: {steps.unheld}"))
    notes += [] if steps.points else list(closing_notes(report))
    notes.append(Note(report.verdict.outcome, report.verdict.message))
    parts.append(draw(notes_grid(notes, style), style=style))
    return "\n".join(parts)


def _begins(steps: Steps, style: Style) -> str:
    seed = f"{style.safe(steps.output)} is where it begins"
    if np.ndim(steps.weights) == 0 or not steps.symbolic:
        seed = f"{value_text(steps.weights, steps.report.dtype, style)} at {steps.output}"
    return f"backward: g is what has arrived at a step, {seed}"


def _forward(steps: Steps, style: Style) -> Iterator[Line]:
    for name, value in () if steps.symbolic else steps.inputs.items():
        yield Line("", name, "", value_text(value, steps.report.dtype, style))
    for position in _shown(steps, range(len(steps.forward)), style):
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


def _backward(steps: Steps, style: Style) -> Iterator[Line]:
    by_step = {step.step: step for step in steps.backward}
    for position in _shown(steps, [step.step for step in steps.backward], style):
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
        derived = "" if handed.derived is None else f"= {style.safe(handed.derived)}"
        yield Line(number, to, formula, derived, Mark.UNKNOWN, rule)
        return
    value = _value(handed.numbers.value, steps.report, style)
    yield Line(number, to, formula, value, handed.numbers.mark, rule)
    if handed.total is not None:
        value = _value(handed.total.value, steps.report, style)
        yield Line("", f"  {_named(handed.to, style)}", "added up", value, handed.total.mark)


def _result(steps: Steps, name: str, style: Style) -> str:
    """The formula of a gradient, and the numbers that have come back."""
    report = steps.report
    gradient = next(g for g in report.gradients if g.name == name)
    title = label(report.command, name, style)
    lines = (
        [] if gradient.formula is None else formula_lines(gradient.formula, f"{title} = ", style)
    )
    if not steps.points:
        lines.append(f"{title} = {_value(gradient.best, report, style)}")
    return draw(*(Text(line, "bold") for line in lines), style=style)


def _shown(steps: Steps, positions: Iterable[int], style: Style) -> Iterator[int | str]:
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
    return style.safe(name if style.unicode else name.translate(PLAIN))


PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _table(title: str, lines: Sequence[Line], style: Style) -> str:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    for _ in range(5):
        table.add_column(overflow="fold")
    for line in lines:
        mark = Text(MARKS[style.unicode][line.mark], COLORS[line.mark])
        table.add_row(
            line.number, line.what, line.formula, line.value, mark, Text(line.rule, "dim")
        )
    return draw(Text(title, "bold"), table, style=style)
