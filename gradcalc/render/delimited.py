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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from gradcalc.render.notes import closing_notes, formula_text, opening_notes
from gradcalc.render.printable import printable
from gradcalc.render.rows import gradient_rows
from gradcalc.render.style import Style
from gradcalc.render.text import number_texts
from gradcalc.report import Report

_ALWAYS = ("index", "at", "autograd", "symbolic", "ok")

_WORDS: Mapping[bool | None, str] = MappingProxyType({True: "true", False: "false", None: ""})

_AT_ONCE = 20_000
"""Rows that are made at a time, as their texts take much more memory than their numbers."""


def render_tsv(reports: Sequence[Report], style: Style) -> str:
    """Tab-separated rows, and the notes and the verdict of each report in lines of their own."""
    if not reports:
        return ""
    columns = _columns(reports)
    lines = [_tsv_line(("input", *columns))]
    for report in reports:
        for rows in _records(report, columns, style):
            lines.append("".join(map(_tsv_line, rows)))
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
    lines = [_csv_line(("input", *columns))]
    for report in reports:
        for rows in _records(report, columns, style, _quoted):
            lines.append("".join(map(_csv_line, rows)))
    return "".join(lines)


def _csv_line(fields: Iterable[str]) -> str:
    return ",".join(fields) + "\n"


def _quoted(text: str) -> str:
    """The text as a field among others."""
    field = io.StringIO()
    csv.writer(field, lineterminator="").writerow((text, ""))
    return field.getvalue().removesuffix(",")


def _columns(reports: Sequence[Report]) -> tuple[str, ...]:
    gradients = [gradient for report in reports for gradient in report.gradients]
    asked = {
        "enclosure": any(gradient.enclosure is not None for gradient in gradients),
        "expected": any(gradient.claim is not None for gradient in gradients),
        "accumulated": any(gradient.accumulated is not None for gradient in gradients),
        "program": len(reports) > 1,
    }
    return (*_ALWAYS, *(name for name, wanted in asked.items() if wanted))


def _plain(text: str) -> str:
    return text


def _records(
    report: Report,
    columns: Sequence[str],
    style: Style,
    quoted: Callable[[str], str] = _plain,
) -> Iterator[Iterable[tuple[str, ...]]]:
    """The rows, so many at a time; `quoted` is what the format does to texts."""
    value = report.value
    same = {
        "program": quoted(_safe(report.program, style)),
        "value": number_texts(value, report.dtype)[0]
        if value is not None and not value.ndim
        else "",
        "verdict": report.verdict.outcome.value,
    }
    before, after = quoted("0,1").split("0,1")
    for gradient in report.gradients:
        name = quoted(_safe(gradient.name, style))
        for start in range(0, gradient.size, _AT_ONCE):
            positions = np.arange(start, min(start + _AT_ONCE, gradient.size))
            rows = gradient_rows(report, gradient, positions)
            known = {**rows.columns, "ok": [_WORDS[ok] for ok in rows.ok]}
            if len(gradient.shape) > 1:
                known["index"] = [f"{before}{index}{after}" for index in known["index"]]
            count = len(positions)
            filled = [known.get(key) or [same.get(key, "")] * count for key in columns]
            yield zip([name] * count, *filled, strict=True)


def _safe(text: str, style: Style) -> str:
    return printable(text.replace("\\", r"\\"), unicode=style.unicode)
