r"""LaTeX for a paper or an exercise: it compiles in any document that loads amsmath.

The program, then the value and the gradients in an `align*`, then the notes and the verdict. A
gradient is its formula, the parts below; where there is none, or none that a page could take, it
is its numbers, and of many only the ends. Nothing but ASCII is written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from gradcalc.expr.written import Written
from gradcalc.render import Style
from gradcalc.render.labels import names_of, tex_label
from gradcalc.render.notes import Note, closing_notes, formula_text, opening_notes, title_text
from gradcalc.render.tex.formula import Writer
from gradcalc.render.tex.lines import lines, seen
from gradcalc.render.tex.names import code, escape, name_table, number_tex
from gradcalc.render.tex.pieces import Piece, matrix
from gradcalc.render.tex.shapes import Shape
from gradcalc.render.text import number_texts, shape_text
from gradcalc.report import Array, InputGradient, Report

# TeX nests no more than 255 groups, a box may be 5.7 m long and high, and a fraction between
# brackets doubles the height with each level.
_DEEPEST = 24
_DEEPER = {r"\begin": 4, r"\left": 2, "{": 1, r"\end": -4, r"\right": -2, "}": -1}
_LONGEST = 1_000

_MOST_ROWS, _MOST_SIGNS = 25, 10_000
_MOST_PARTS = 200
_LINE = 70
_MOST = {False: 12, True: 40}
"""Numbers along a dimension that are shown, without and with --all: no more than fit a page."""


def render(reports: Sequence[Report], style: Style) -> str:
    """The program, its mathematics and its notes for each report."""
    return "\n".join("".join(f"{line}\n" for line in _lines(report, style)) for report in reports)


def display(report: Report, style: Style) -> str:
    """The value and the gradients alone, as notebooks show mathematics."""
    body = " \\\\\n".join(_rows(report, style, [])[0])
    return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"


def _lines(report: Report, style: Style) -> Iterator[str]:
    _, *notes = opening_notes(report, style)
    rows, counts = _rows(report, style, notes)
    if counts:
        notes.append(Note("note", "in the formulas indexes count from 1"))
    yield rf"\noindent {code(title_text(report))}"
    yield from displays(rows)
    yield r"\begin{description}"
    verdict = Note(report.verdict.outcome, report.verdict.message)
    for note in (*notes, *closing_notes(report), verdict):
        text = code(note.text) if note.label == "formula" else escape(note.text)
        yield rf"\item[{note.label}] {text}"
    yield r"\end{description}"


def _rows(report: Report, style: Style, notes: list[Note]) -> tuple[list[str], bool]:
    """The value and the gradients, and whether indexes are counted; what a page could not take is
    noted."""
    rows, counts = list[str](), False
    if report.value is not None:
        value = "f" if report.tangents is None else r"\nabla f \cdot v"
        rows.append(f"{value} &= {numbers_tex(report.value, report.dtype, style)}")
    for gradient in report.gradients:
        formula = _formula(report, gradient, style)
        rows += formula.rows if formula else [_elements(report, gradient, gradient.best, style)]
        counts = counts or (formula is not None and formula.counts)
        if gradient.accumulated is not None:
            summed = _elements(report, gradient, gradient.accumulated, style)
            rows.append(rf"\text{{accumulated }} {summed}")
        if formula is None and gradient.formula is not None:
            text = formula_text(gradient.formula, style)
            notes.append(Note("formula", f"{gradient.name}: {text}"))
    return rows, counts


def displays(rows: Sequence[str]) -> Iterator[str]:
    """The rows in one display, or in several if they could be more than TeX takes at once."""
    start, size = 0, 0
    for position, row in enumerate(rows):
        size += len(row)
        last = position + 1 == len(rows)
        if last or position + 1 - start == _MOST_ROWS or size > _MOST_SIGNS:
            body = " \\\\\n".join(rows[start : position + 1])
            yield f"\\begin{{align*}}\n{body}\n\\end{{align*}}"
            start, size = position + 1, 0


class _Formula(NamedTuple):
    """The rows of a formula, and whether there are indexes in it."""

    rows: list[str]
    counts: bool


def _formula(report: Report, gradient: InputGradient, style: Style) -> _Formula | None:
    """The formula and its parts in rows, None if there is none, if there are too many of them or
    one is too deep or too long for TeX."""
    formula = gradient.formula
    if formula is None or (not style.show_all and len(formula.parts) > _MOST_PARTS):
        return None
    known = [*report.inputs, gradient.name, *report.detached, *(name for name, _ in formula.parts)]
    shapes: dict[str, Shape] = dict.fromkeys(report.detached)
    shapes |= {name: np.shape(value) for name, value in report.inputs.items()}
    by = names_of(report.kind, gradient.name)
    shapes |= _tangent(formula, by, shapes)
    names = name_table(dict.fromkeys([*known, *shapes]))
    return _equations(_label(report, gradient), formula, names, shapes)


def formula_rows(
    left: str, formula: Written, shapes: Mapping[str, Shape], by: Sequence[str]
) -> list[str] | None:
    """The rows of an equation whose left side is given, None where TeX could not take it.

    `by` are the inputs that the derivative is by.
    """
    known = {**shapes, **_tangent(formula, by, shapes)}
    names = name_table(dict.fromkeys([*known, *(name for name, _ in formula.parts)]))
    found = _equations(left, formula, names, known)
    return None if found is None else found.rows


def _tangent(formula: Written, by: Sequence[str], shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The tangent that a formula is a map of, with its shape: that of the last input."""
    return {formula.tangent: shapes.get(by[-1])} if formula.tangent else {}


def _equations(
    left: str, formula: Written, names: Mapping[str, str], shapes: dict[str, Shape]
) -> _Formula | None:
    pieces: list[tuple[str, Piece]] = []
    writers = []
    try:
        for name, text in formula.parts:
            writers.append(Writer(text, names, shapes))
            piece, shapes[name] = taken(writers[-1], text)
            pieces.append((names[name], piece))
        body, tangent = formula.image.body, formula.tangent
        writers.append(Writer(body, names, shapes))
        whole, _ = taken(writers[-1], body)
    # Whatever the text is, it can be shown as it is.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    arrow = rf"{names[tangent]} \mapsto " if tangent else ""
    rows = list(broken(left, replace(whole, text=f"{arrow}{whole.text}")))
    for position, (name, piece) in enumerate(pieces):
        rows.extend(broken(name if position else rf"\text{{where }} {name}", piece))
    return _Formula(rows, any(writer.counts for writer in writers))


def taken(writer: Writer, text: str) -> tuple[Piece, Shape]:
    """A formula and its shape; ValueError if TeX cannot take it, though a person can read less."""
    if len(text) > 4 * _LONGEST:
        raise ValueError(text)
    piece, shape = writer.whole()
    signs = re.findall(r"\\[A-Za-z]+|\\.|[{}]", piece.text)
    depth = max(accumulate(_DEEPER.get(sign, 0) for sign in signs), default=0)
    if depth > _DEEPEST or seen(piece.text) > _LONGEST:
        raise ValueError(text)
    return piece, shape


def broken(left: str, piece: Piece) -> Iterator[str]:
    """A row of an equation; a long one goes on in the rows below."""
    first, *more = lines(piece.text, _LINE)
    yield f"{left} &= {first}"
    # Without something on its left a sign would stand too close to what follows.
    yield from (rf"&\quad {{}}{line}" for line in more)


def _label(report: Report, gradient: InputGradient) -> str:
    """What stands on the left of a derivative by an input, or by two."""
    by = names_of(report.kind, gradient.name)
    names = name_table(dict.fromkeys([*report.inputs, *by]))
    return tex_label(report.kind, *(names[name] for name in by))


def _elements(report: Report, gradient: InputGradient, values: Array, style: Style) -> str:
    return f"{_label(report, gradient)} &= {numbers_tex(values, report.dtype, style)}"


def numbers_tex(values: Array, dtype: str, style: Style) -> str:
    """A number, a column or a matrix, of a large one the ends; three dimensions in a row."""
    if not values.ndim:
        return number_tex(number_texts(values, dtype, style.digits)[0])
    shape = rf"\text{{of shape {shape_text(values.shape)}}}"
    if not values.size:
        return shape
    flat = values.ndim > 2
    grid = values.reshape(1, -1) if flat else values.reshape(len(values), -1)
    down, across = (_places(size, _MOST[style.show_all]) for size in grid.shape)
    chosen = np.ix_(*([k for k in places if k is not None] for places in (down, across)))
    texts = map(number_tex, number_texts(grid[chosen], dtype, style.digits))
    dots = {(True, True): r"\ddots", (True, False): r"\vdots", (False, True): r"\cdots"}
    rows = [[dots.get((i is None, j is None)) or next(texts) for j in across] for i in down]
    drawn = ", ".join(rows[0]) if flat else matrix(rows)
    return rf"{drawn} \quad {shape}" if flat or None in [*down, *across] else drawn


def _places(size: int, most: int) -> list[int | None]:
    """The places along a dimension that are shown, None where some are left out."""
    if size <= most:
        return [*range(size)]
    return [*range(most // 2), None, *range(size - most // 2 + 2, size)]
