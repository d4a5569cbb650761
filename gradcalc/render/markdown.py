"""Markdown for a pull request or a notebook: a table for each input, the verdict last."""

import re
from collections.abc import Iterator, Sequence

from gradcalc.render import Style
from gradcalc.render.notes import closing_notes, formula_text, opening_notes, title_text
from gradcalc.render.step_lines import MARKS, Line, backward, begins, closing, forward, opening
from gradcalc.render.text import gradient_rows, hidden_text, visible
from gradcalc.report import InputGradient, Report
from gradcalc.steps.data import Steps


def render(reports: Sequence[Report], style: Style) -> str:
    """A section for each report, with its program as the title where there are several."""
    return "\n".join(
        "".join(f"{line}\n" for line in _lines(report, style, titled=len(reports) > 1))
        for report in reports
    )


def _lines(report: Report, style: Style, *, titled: bool) -> Iterator[str]:
    if titled:
        yield from (f"### {code(title_text(report), style)}", "")
    for note in opening_notes(report, style):
        yield from (f"**{note.label}** {prose(note.text, style)}", "")
    for gradient in report.gradients:
        yield from _gradient(report, gradient, style)
    notes = [f"- {note.label}: {prose(note.text, style)}" for note in closing_notes(report)]
    if notes:
        yield from (*notes, "")
    yield f"**{report.verdict.outcome}** {prose(report.verdict.message, style)}"


def _gradient(report: Report, gradient: InputGradient, style: Style) -> Iterator[str]:
    title = f"gradient of {code(gradient.name, style)}"
    if gradient.formula is not None:
        title += f" = {code(formula_text(gradient.formula, style), style)}"
    yield from (title, "")
    if not gradient.size:
        return
    shown = visible(gradient, show_all=style.show_all)
    rows = gradient_rows(report, gradient, shown, style.digits)
    titles = [prose(rows.title(key, gradient.name), style) for key in rows.columns]
    yield _row([*titles, ""])
    yield _row([":--" if key == "index" else "--:" for key in rows.columns] + [":-:"])
    for cells in zip(*rows.columns.values(), [style.marks[ok] for ok in rows.ok], strict=True):
        yield _row(cells)
    hidden = hidden_text(gradient, shown)
    yield from ("", f"_... {hidden}_", "") if hidden else ("",)


def render_steps(walks: Sequence[Steps], style: Style) -> str:
    """A section for each calculation step by step."""
    return "\n".join(
        "".join(f"{line}\n" for line in _step_lines(steps, style, titled=len(walks) > 1))
        for steps in walks
    )


def _step_lines(steps: Steps, style: Style, *, titled: bool) -> Iterator[str]:
    if titled:
        yield from (f"### {code(title_text(steps.report), style)}", "")
    for note in opening(steps, style):
        yield from (f"**{note.label}** {prose(note.text, style)}", "")
    there, back = list(forward(steps, style)), list(backward(steps, style))
    yield from ("**forward**", "", *_step_table(there, style, formulas=False), "")
    if back:
        title, _, begin = begins(steps, style).partition(": ")
        yield from (f"**{title}** {prose(begin, style)}", "")
        yield from (*_step_table(back, style, formulas=True), "")
    for gradient in steps.report.gradients:
        if gradient.formula is not None:
            text = code(formula_text(gradient.formula, style), style)
            yield from (f"gradient of {code(gradient.name, style)} = {text}", "")
    *notes, verdict = closing(steps, (line.mark for line in (*there, *back)), style)
    if notes:
        yield from (*(f"- {note.label}: {prose(note.text, style)}" for note in notes), "")
    yield f"**{verdict.label}** {prose(verdict.text, style)}"


def _step_table(lines: Sequence[Line], style: Style, *, formulas: bool) -> Iterator[str]:
    middle = ["formula"] if formulas else []
    yield _row(["", "step", *middle, "value", "", ""])
    yield _row(["--:", ":--", *(":--" for _ in middle), ":--", ":-:", ":--"])
    for line in lines:
        formula = [_cell(line.formula, style)] if formulas else []
        mark = MARKS[style.unicode][line.mark]
        yield _row([line.number, _cell(line.what.strip(), style), *formula,
                    _cell(line.value, style), mark, prose(line.rule, style)])  # fmt: skip


def _cell(text: str, style: Style) -> str:
    """Code in a cell of a table, where a bar would end it."""
    return code(text, style).replace("|", "\\|") if text else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def prose(text: str, style: Style) -> str:
    """Ordinary text: nothing in it is markup."""
    return re.sub(r"([\\`*_\[\]<>|~&#$])", r"\\\1", style.safe(text))


def code(text: str, style: Style) -> str:
    """A code span whose fence is longer than any run of backticks in the text."""
    plain = style.safe(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
