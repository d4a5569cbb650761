"""An explanation in prose: the verdict, every witness's answer, each finding, and the cure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gradcalc.render import Style
from gradcalc.render.canvas import draw, excerpt
from gradcalc.render.notes import Note, closing_notes, opening_notes, value_note, value_text
from gradcalc.render.table import heading, hidden_line, notes_grid, table, text_columns
from gradcalc.render.text import Positions, gradient_rows, number_texts, visible
from gradcalc.report import Cured, Explanation, Finding, InputGradient, Report, WitnessAnswer

_FEW_STEPS = 8
_SPOKEN = ("expected", "path", "detached", "digits right", "element")


def render(explanations: Sequence[Explanation], style: Style) -> str:
    """The explanations one under the other."""
    return "\n".join(_explanation(explanation, style) for explanation in explanations)


def _explanation(explanation: Explanation, style: Style) -> str:
    report = explanation.report
    verdict = Note(report.verdict.outcome, report.verdict.message)
    parts: list[str] = [
        draw(notes_grid([verdict, *opening_notes(report, style)], style), style=style)
    ]
    for gradient in report.gradients:
        parts.append(_gradient(report, gradient, explanation.answers, style))
    notes = [*_witnesses(explanation), *_conditions(report)]
    notes += [note for note in closing_notes(report) if note.label in _SPOKEN]
    parts.append(draw(notes_grid(notes, style), style=style))
    for number, finding in enumerate(report.findings, start=1):
        parts.append(_finding(number, finding, report.sources or report.program, style))
    if explanation.cured is not None:
        parts.append(_cured(explanation.cured, style))
    return "\n".join(parts)


def _gradient(
    report: Report, gradient: InputGradient, answers: Sequence[WitnessAnswer], style: Style
) -> str:
    lines: list[RenderableType] = [*heading(report, gradient, style)]
    if gradient.size:
        shown = visible(gradient, show_all=style.show_all)
        rows = gradient_rows(report, gradient, shown, style.digits)
        columns = dict(rows.columns)
        for key in ("symbolic", "enclosure"):
            columns.pop(key, None)
        for answer in answers[1:]:
            if gradient.name in answer.low:
                columns[answer.witness] = _bounds(answer, gradient.name, shown, report, style)
        # the claim is the user's answer, and comes behind those of the witnesses
        if "expected" in columns:
            columns["expected"] = columns.pop("expected")
        rows = replace(rows, columns=columns)
        lines.append(table(text_columns(gradient.name, rows, style), rows, style))
        lines.extend(hidden_line(gradient, shown, style))
    return draw(*lines, style=style)


def _bounds(
    answer: WitnessAnswer, name: str, shown: Positions, report: Report, style: Style
) -> list[str]:
    """Numbers, as intervals where there is more than rounding between their bounds."""
    low, high = (np.ravel(side[name])[shown] for side in (answer.low, answer.high))
    with np.errstate(all="ignore"):
        tight = ~(high - low > _FEW_STEPS * np.spacing(np.maximum(np.abs(low), np.abs(high))))
        middle = np.where(tight & np.isfinite(low), low + (high - low) / 2, low)
    one = number_texts(middle, report.dtype, style.digits)
    bounds = (number_texts(values, report.dtype) for values in (low, high))
    return [
        number if same else f"[{first}, {last}]"
        for same, number, first, last in zip(tight, one, *bounds, strict=True)
    ]


def _witnesses(explanation: Explanation) -> Iterator[Note]:
    """Who does not testify, and how sure the enclosure is."""
    for answer in explanation.answers:
        if answer.absent is not None:
            name = explanation.report.witness if answer.witness == "autograd" else answer.witness
            yield Note(name, answer.absent)
    radii = [g.radius for g in explanation.report.gradients if g.radius is not None]
    note = explanation.answers[-1].note
    if explanation.answers[-1].absent is not None:
        return
    if radii:
        within = f"within {max(radii):.1g}, " if max(radii) else "exactly, "
        # beyond the range of floats there is no number for it
        within = within if np.isfinite(max(radii)) else ""
        yield Note("enclosure", f"every digit shown is proved: {within}{note}")
    elif note:
        yield Note("enclosure", note)


def _conditions(report: Report) -> Iterator[Note]:
    known = [(g.name, g.condition) for g in report.gradients if g.condition is not None]
    if known:
        several = len(report.gradients) > 1
        text = ", ".join(f"{name}: {c:.2g}" if several else f"{c:.2g}" for name, c in known)
        yield Note("condition", f"{text}: how strongly the gradient reacts to relative changes")


def _finding(number: int, finding: Finding, source: str, style: Style) -> str:
    message = Table.grid(padding=(0, 1, 0, 0))
    message.add_row(Text(f"{number}.", "bold yellow"), style.safe(finding.message))
    parts = [draw(message, style=style)]
    if finding.span is not None:
        lines = excerpt(source, finding.span, style)
        parts.append(draw(*lines, style=style, wrap=False))
    if finding.hint:
        parts.append(draw(notes_grid([Note("tip", finding.hint)], style), style=style))
    return "".join(parts)


def _cured(cured: Cured, style: Style) -> str:
    steps = Table.grid(padding=(0, 1, 0, 0))
    steps.add_column(no_wrap=True)
    steps.add_column(overflow="fold")
    for step in cured.replacements:
        arrow = "→" if style.unicode else "->"
        change = f"{step.before} {arrow} {step.after}"
        steps.add_row(Text("instead", "bold cyan"), Text(style.safe(change), "cyan"))
        steps.add_row("", Text(style.safe(step.changes or step.reason), "dim"))
    report = cured.report
    program = Text("\n".join(style.safe(line) for line in report.program.splitlines()), "bold")
    notes = [value_note(report, style)]
    for gradient in report.gradients:
        text = value_text(gradient.best, report.dtype, style)
        notes.append(Note(f"by {gradient.name}", text))
    notes.append(Note(report.verdict.outcome, report.verdict.message))
    return draw(steps, Text(""), program, notes_grid(notes, style), style=style)
