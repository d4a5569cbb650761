r"""Rows for other programs: never wrapped, never elided, one line each.

Both formats begin with a header row and have one row for each element of each gradient:

    input index at autograd symbolic ok [enclosure] [expected] [accumulated] ...

`index` is `0` or `0,1`, empty for a scalar; `at` is the input's own value there; `ok` is `true`,
`false`, or empty where nothing was compared. `enclosure` is there where the formula does not give
the true gradient, `expected` and `accumulated` when they were asked for, and `program` comes last
when there are several. What is not known is empty.

**tsv** then has lines that begin with `# `, for the value and everything else that a table says,
the verdict last: `# verdict<TAB>verified<TAB>message`. A formula of thousands of characters is cut
there, unless all is asked for. Leave the lines out with `grep -v '^#'` or
`pandas.read_csv(..., sep="\t", comment="#")`.

**csv** is strictly rectangular: `value` (empty unless it is a single number) and `verdict` (the
outcome) are two more columns. JSON has the rest.

Tabs, line ends, backslashes and control characters in texts are written as `\t`, `\n`, `\\`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from gradcalc.render.notes import closing_notes, formula_text, opening_notes
from gradcalc.render.printable import printable
from gradcalc.render.rows import gradient_rows
from gradcalc.render.style import Style
from gradcalc.render.text import number_texts
from gradcalc.report import InputGradient, Report

_ALWAYS = ("index", "at", "autograd", "symbolic", "ok")


def render_tsv(reports: Sequence[Report], style: Style) -> str:
    """Tab-separated rows, and the notes and the verdict of each report in lines of their own."""
    if not reports:
        return ""
    columns = _columns(reports)
    lines = [_tsv_line(("input", *columns))]
    for report in reports:
        lines.extend(map(_tsv_line, _records(report, columns, style)))
        lines.extend(f"# {_tsv_line(note)}" for note in _tsv_notes(report, style))
    return "".join(lines)


def _tsv_line(fields: Iterable[str]) -> str:
    return "\t".join(fields) + "\n"


def _tsv_notes(report: Report, style: Style) -> Iterator[tuple[str, ...]]:
    for note in opening_notes(report, whole=True):
        yield note.label, _safe(note.text, style)
    for gradient in report.gradients:
        if gradient.formula is not None:
            formula = formula_text(gradient.formula, style)
            yield "closed form", _safe(gradient.name, style), _safe(formula, style)
    for note in closing_notes(report):
        yield note.label, _safe(note.text, style)
    yield "verdict", report.verdict.outcome.value, _safe(report.verdict.message, style)


def render_csv(reports: Sequence[Report], style: Style) -> str:
    """Comma-separated rows, all of one length."""
    if not reports:
        return ""
    columns = (*_columns(reports), "value", "verdict")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("input", *columns))
    for report in reports:
        writer.writerows(_records(report, columns, style))
    return text.getvalue()


def _columns(reports: Sequence[Report]) -> tuple[str, ...]:
    gradients = [gradient for report in reports for gradient in report.gradients]
    asked = {
        "enclosure": any(gradient.enclosure is not None for gradient in gradients),
        "expected": any(gradient.claim is not None for gradient in gradients),
        "accumulated": any(gradient.accumulated is not None for gradient in gradients),
        "program": len(reports) > 1,
    }
    return (*_ALWAYS, *(name for name, wanted in asked.items() if wanted))


def _records(report: Report, columns: Sequence[str], style: Style) -> Iterator[tuple[str, ...]]:
    value = report.value
    same = {
        "program": _safe(report.program, style),
        "value": number_texts(value, report.dtype)[0]
        if value is not None and not value.ndim
        else "",
        "verdict": report.verdict.outcome.value,
    }
    for gradient in report.gradients:
        yield from _gradient_records(report, gradient, columns, same, style)


def _gradient_records(
    report: Report,
    gradient: InputGradient,
    columns: Sequence[str],
    same: dict[str, str],
    style: Style,
) -> Iterator[tuple[str, ...]]:
    rows = gradient_rows(report, gradient)
    words = {True: "true", False: "false", None: ""}
    known: dict[str, Sequence[str]] = {
        **rows.columns,
        "ok": [words[ok] for ok in rows.ok],
    }
    size = len(rows.positions)
    filled = [known.get(key) or [same.get(key, "")] * size for key in columns]
    yield from zip([_safe(gradient.name, style)] * size, *filled, strict=True)


def _safe(text: str, style: Style) -> str:
    return printable(text.replace("\\", r"\\"), unicode=style.unicode)
