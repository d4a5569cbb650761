r"""Rows for other programs: never wrapped, never elided, one line each.

The two formats of rows begin with a header row and have one row for each element of each gradient:

    input index at autograd symbolic ok [enclosure] [expected] [accumulated] ...

`index` is `0` or `0,1`, empty for a scalar; `at` is the input's own value there; `ok` is `true`,
`false`, or empty where nothing was compared. `enclosure` is there where the formula does not give
the true gradient, `expected` and `accumulated` when they were asked for, and `program` comes last
when there are several. What is not known is empty.

**tsv** then has lines that begin with `# `, for the value and everything else that a table says,
the verdict last: `# verdict<TAB>verified<TAB>message`. A program that does better is there whole,
`# instead<TAB>abs(x)`, and behind it where it is another function. A formula of thousands of
characters is cut there, unless all is asked for. Leave the lines out with `grep -v '^#'` or
`pandas.read_csv(..., sep="\t", comment="#")`.

**csv** is strictly rectangular: `value` (empty unless it is a single number) and `verdict` (the
outcome) are two more columns. JSON has the rest.

**literal** is just the gradient, in the syntax that `--x` reads, so that an answer can be fed back
in: one line a gradient; where a program has several inputs each line begins with `NAME=`. With
`--accumulate` it is the accumulated gradient.

Tabs, line ends, backslashes and control characters in texts are written as `\t`, `\n`, `\\`. A
program or a sentence that a spreadsheet would take for a formula has a `'` in front.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.render import Style
from gradcalc.render.notes import closing_notes, formula_text, opening_notes
from gradcalc.render.text import gradient_rows, number_texts, rounded
from gradcalc.report import Report
from gradcalc.values import format_literal

_ALWAYS = ("index", "at", "autograd", "symbolic", "ok")

_WORDS: Mapping[bool | None, str] = MappingProxyType({True: "true", False: "false", None: ""})

_AT_ONCE = 20_000
"""Rows that are made at a time, as their texts take much more memory than their numbers."""


def render_tsv(reports: Sequence[Report], style: Style) -> str:
    """Tab-separated rows, and the notes and the verdict of each report in lines of their own."""
    plain = {"delimiter": "\t", "quoting": csv.QUOTE_NONE, "quotechar": None}
    return _render(reports, style, (), _tsv_notes, plain)


def render_csv(reports: Sequence[Report], style: Style) -> str:
    """Comma-separated rows, all of one length."""
    return _render(reports, style, ("value", "verdict"), lambda report, style: (), {})


def tsv_text(rows: Iterable[Iterable[str]], notes: Iterable[Iterable[str]], style: Style) -> str:
    """Tab-separated rows, and lines that begin with `# `."""
    texts = [
        *([_safe(cell, style) for cell in row] for row in rows),
        *([f"# {label}", *(_kept(cell, style) for cell in rest)] for label, *rest in notes),
    ]
    return "".join("\t".join(cells) + "\n" for cells in texts)


_NUMBER = r"[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)"
_NUMBERS = re.compile(rf"{_NUMBER}(?:[,;]{_NUMBER})*")
"""Numbers, and those of a vector or a matrix."""

_STARTS = tuple("=+-@＝＋－＠")
"""What a formula of a spreadsheet starts with, some of it in the East only."""


def as_text(cell: str) -> str:
    """A text so that a spreadsheet takes it for no formula; numbers, `1,-inf`, stay."""
    return f"'{cell}" if cell.startswith(_STARTS) and not _NUMBERS.fullmatch(cell) else cell


def _render(
    reports: Sequence[Report],
    style: Style,
    more: tuple[str, ...],
    notes: Callable[[Report, Style], Iterable[tuple[str, ...]]],
    dialect: Mapping[str, Any],
) -> str:
    if not reports:
        return ""
    columns, lines = (*_columns(reports), *more), io.StringIO()
    writer = csv.writer(lines, lineterminator="\n", **dialect)
    writer.writerow(("input", *columns))
    for report in reports:
        writer.writerows(_records(report, columns, style))
        writer.writerows(notes(report, style))
    return lines.getvalue()


def _tsv_notes(report: Report, style: Style) -> Iterator[tuple[str, ...]]:
    for note in opening_notes(report, style, whole=True):
        yield f"# {note.label}", _kept(note.text, style)
    for gradient in report.gradients:
        if gradient.formula is not None:
            formula = formula_text(gradient.formula, style)
            yield "# closed form", _safe(gradient.name, style), _safe(formula, style)
    for note in closing_notes(report):
        if note.label != "instead":
            yield f"# {note.label}", _kept(note.text, style)
    if report.cured is not None:
        changes = report.cured.changes
        program = _kept(report.cured.report.program, style)
        yield "# instead", program, *(() if changes is None else (_kept(changes, style),))
    yield "# verdict", report.verdict.outcome.value, _kept(report.verdict.message, style)


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
        "program": _kept(report.program, style),
        "value": ""
        if value is None or value.ndim
        else number_texts(value, report.dtype, style.digits)[0],
        "verdict": report.verdict.outcome.value,
    }
    for gradient in report.gradients:
        name = _safe(gradient.name, style)
        for start in range(0, gradient.size, _AT_ONCE):
            positions = np.arange(start, min(start + _AT_ONCE, gradient.size))
            rows = gradient_rows(report, gradient, positions, style.digits)
            known = {**rows.columns, "ok": [_WORDS[ok] for ok in rows.ok]}
            count = len(positions)
            filled = [known.get(key) or [same.get(key, "")] * count for key in columns]
            yield from zip([name] * count, *filled, strict=True)


def _safe(text: str, style: Style) -> str:
    return style.safe(text.replace("\\", r"\\"))


def _kept(text: str, style: Style) -> str:
    return as_text(_safe(text, style))


def render_literal(reports: Sequence[Report], style: Style) -> str:
    """The gradients of each report, line by line."""
    return "".join(f"{line}\n" for report in reports for line in _literals(report, style))


def _literals(report: Report, style: Style) -> Iterator[str]:
    for gradient in report.gradients:
        array = gradient.best if gradient.accumulated is None else gradient.accumulated
        text = format_literal(rounded(array, style.digits), report.dtype)
        yield text if len(report.gradients) == 1 else f"{gradient.name}={text}"
