"""Markdown for a pull request or a notebook: a table for each input, the verdict last."""

import re
from collections.abc import Iterator, Sequence

from gradcalc.render import Style
from gradcalc.render.notes import closing_notes, formula_text, opening_notes, title_text
from gradcalc.render.text import gradient_rows, hidden_text, visible
from gradcalc.report import InputGradient, Report


def render(reports: Sequence[Report], style: Style) -> str:
    """A section for each report, with its program as the title where there are several."""
    return "\n".join(
        "".join(f"{line}\n" for line in _lines(report, style, titled=len(reports) > 1))
        for report in reports
    )


def _lines(report: Report, style: Style, *, titled: bool) -> Iterator[str]:
    if titled:
        yield from (f"### {_code(title_text(report), style)}", "")
    for note in opening_notes(report, style):
        yield from (f"**{note.label}** {_prose(note.text, style)}", "")
    for gradient in report.gradients:
        yield from _gradient(report, gradient, style)
    notes = [f"- {note.label}: {_prose(note.text, style)}" for note in closing_notes(report)]
    if notes:
        yield from (*notes, "")
    yield f"**{report.verdict.outcome}** {_prose(report.verdict.message, style)}"


def _gradient(report: Report, gradient: InputGradient, style: Style) -> Iterator[str]:
    title = f"gradient of {_code(gradient.name, style)}"
    if gradient.formula is not None:
        title += f" = {_code(formula_text(gradient.formula, style), style)}"
    yield from (title, "")
    if not gradient.size:
        return
    shown = visible(gradient, show_all=style.show_all)
    rows = gradient_rows(report, gradient, shown, style.digits)
    titles = [_prose(rows.title(key, gradient.name), style) for key in rows.columns]
    yield _row([*titles, ""])
    yield _row([":--" if key == "index" else "--:" for key in rows.columns] + [":-:"])
    for cells in zip(*rows.columns.values(), [style.marks[ok] for ok in rows.ok], strict=True):
        yield _row(cells)
    hidden = hidden_text(gradient, shown)
    yield from ("", f"_... {hidden}_", "") if hidden else ("",)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _prose(text: str, style: Style) -> str:
    """Ordinary text: nothing in it is markup."""
    return re.sub(r"([\\`*_\[\]<>|~&#$])", r"\\\1", style.safe(text))


def _code(text: str, style: Style) -> str:
    """A code span whose fence is longer than any run of backticks in the text."""
    plain = style.safe(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
