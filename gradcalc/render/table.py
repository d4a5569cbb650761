"""Tables for a terminal: the value, the rows of each gradient, the notes, and the verdict last.

Rows are side by side under their titles, stacked where that is too wide, plain where too many.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from rich import box
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import RenderableType
from rich.style import Style as Paint
from rich.table import Table
from rich.text import Text

from gradcalc.render import Style
from gradcalc.render.canvas import draw, formula_lines
from gradcalc.render.labels import label
from gradcalc.render.matrices import Named, blocks, is_cut, lines_of
from gradcalc.render.notes import Note, closing_notes, opening_notes, title_text
from gradcalc.render.text import (
    Positions,
    Rows,
    disagreeing,
    gradient_rows,
    hidden_text,
    judged,
    scalar_rows,
    shape_text,
    visible,
)
from gradcalc.report import InputGradient, Outcome, Report

# The blanks that rich leaves between two columns of numbers.
_GAP = 3
_ASCII_BOX = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
# rich takes 3 s for 10,000 rows.
_MOST_RICH_ROWS = 2_000
_BLANK = Text("")
_MOST_ODD = 12
"""Rows below a matrix, of elements that differ."""
_MARK_COLORS = MappingProxyType({True: "green", False: "bold red", None: ""})

_LABEL_COLORS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(Outcome, "bold yellow"),
        Outcome.VERIFIED: "bold green",
        Outcome.VANISHED: "bold green",
        Outcome.WRONG: "bold red",
        "finding": "yellow",
        "tip": "cyan",
        "instead": "bold cyan",
    }
)


def render(reports: Sequence[Report], style: Style) -> str:
    """The reports one under the other, with their programs as titles where there are several."""
    return "\n".join(_report(report, style, titled=len(reports) > 1) for report in reports)


def _report(report: Report, style: Style, *, titled: bool) -> str:
    parts = []
    if titled:
        title = Text(style.safe(title_text(report)), "bold", overflow="fold")
        parts.append(draw(title, style=style))
    opening = opening_notes(report, style)
    value = report.value
    if value is not None and value.ndim > 1 and value.size and not style.show_all:
        drawn = list(blocks([Named("value", value)], report.dtype, style))
        parts.append(draw(*lines_of(drawn, _BLANK), _BLANK, style=style))
        opening = tuple(note for note in opening if note.label != "value")
    parts.append(draw(notes_grid(opening, style), _BLANK, style=style))
    for single, group in itertools.groupby(report.gradients, lambda g: not g.shape):
        gradients = list(group)
        if single and len(gradients) > 1:
            parts.append(_scalars(report, gradients, style))
        else:
            parts.extend(_gradient(report, gradient, style) for gradient in gradients)
    verdict = Note(report.verdict.outcome, report.verdict.message)
    parts.append(draw(notes_grid([*closing_notes(report), verdict], style), style=style))
    return "".join(parts)


def notes_grid(notes: Sequence[Note], style: Style) -> Table:
    """Labels and sentences in two columns; a label that repeats is said once."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    previous = ""
    for note in notes:
        label = Text(
            "" if note.label == previous else note.label, _LABEL_COLORS.get(note.label, "dim")
        )
        text = Text(style.safe(note.text), "bold" if note.label == "value" else "")
        grid.add_row(label, text)
        previous = note.label
    return grid


def _gradient(report: Report, gradient: InputGradient, style: Style) -> str:
    """The heading, the rows, and how many rows are hidden."""
    parts: list[RenderableType] = [*heading(report, gradient, style)]
    if not gradient.size:
        return draw(*parts, _BLANK, style=style)
    if len(gradient.shape) > 1 and not style.show_all:
        return draw(*parts, *_matrix(report, gradient, style), _BLANK, style=style)
    shown = visible(gradient, show_all=style.show_all)
    rows = gradient_rows(report, gradient, shown, style.digits)
    columns = text_columns(gradient.name, rows, style)
    if len(shown) > _MOST_RICH_ROWS:
        lines = plain_lines(columns, rows.ok, style)
        return draw(*parts, style=style) + "".join(f"{line}\n" for line in lines) + "\n"
    parts.append(table(columns, rows, style))
    return draw(*parts, *hidden_line(gradient, shown, style), _BLANK, style=style)


def _matrix(report: Report, gradient: InputGradient, style: Style) -> Iterator[RenderableType]:
    """The input and its gradient as matrices, then the rows of the elements that are not right."""
    shape, differing = gradient.shape, disagreeing(gradient)
    known = {
        gradient.name: report.inputs.get(gradient.name),
        _witness(report, gradient): gradient.best,
        "accumulated": gradient.accumulated,
    }
    wrong = None if gradient.differs is None else np.broadcast_to(gradient.differs, shape)
    arrays = [
        Named(title, np.broadcast_to(values, shape), wrong if title == report.witness else None)
        for title, values in known.items()
        if values is not None
    ]
    drawn = list(blocks(arrays, report.dtype, style))
    odd = np.zeros(0, np.bool_) if differing is None else differing | ~judged(gradient, differing)
    right = None if differing is None or odd.any() else True
    yield from lines_of(drawn, Text(style.marks[right], "green"))
    shown = np.flatnonzero(odd)[:_MOST_ODD]
    if len(shown):
        rows = gradient_rows(report, gradient, shown, style.digits)
        rows = replace(rows, positions=np.arange(len(shown)))
        yield _BLANK
        yield table(text_columns(gradient.name, rows, style), rows, style)
    left = int(odd.sum()) - len(shown)
    if left or is_cut(shape, drawn):
        also = f", {left:,} more like these" if left else ""
        yield Text(f"{style.dots} of shape {shape_text(shape)}{also}; --all shows every row", "dim")


def _witness(report: Report, gradient: InputGradient) -> str:
    """Whose gradient is the best."""
    known = {report.witness: gradient.autograd, "symbolic": gradient.symbolic}
    return next((name for name, values in known.items() if values is not None), "enclosure")


def _scalars(report: Report, gradients: Sequence[InputGradient], style: Style) -> str:
    """The headings of several inputs that are numbers, and one table of them."""
    parts: list[RenderableType] = [line for g in gradients for line in heading(report, g, style)]
    rows = scalar_rows(report, gradients, style.digits)
    columns = [
        replace(column, title="") if column.key == "index" else column
        for column in text_columns("at", rows, style)
    ]
    parts.append(table(columns, rows, style))
    return draw(*parts, _BLANK, style=style)


def hidden_line(gradient: InputGradient, shown: Positions, style: Style) -> Iterator[Text]:
    """How many rows are not shown, if there are any."""
    hidden = hidden_text(gradient, shown)
    if hidden:
        yield Text(f"{style.dots} {hidden}", "dim")


def heading(report: Report, gradient: InputGradient, style: Style) -> Iterator[Text]:
    """What the rows below are, and its formula."""
    title = label(report.kind, style.safe(gradient.name), style)
    line = Text(title, "bold", overflow="fold")
    if gradient.formula is None:
        if gradient.shape:
            line.append(f"  of shape {shape_text(gradient.shape)}", "not bold dim")
        yield line
        return
    first, *more = formula_lines(gradient.formula, f"{title} = ", style)
    line.append(" = ", "not bold dim")
    line.append(first[len(title) + 3 :], "not bold cyan")
    yield line
    yield from (Text(further, "cyan", overflow="fold") for further in more)


# -- rows under their titles -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A title and a text for each row, safe to show."""

    key: str
    title: str
    cells: Sequence[str]

    @property
    def left(self) -> bool:
        """Whether its texts begin at the left; numbers end at the right."""
        return self.key in ("index", "mark")

    @property
    def width(self) -> int:
        """The cells that it takes when nothing in it is folded."""
        return max(cell_len(self.title), max(map(len, self.cells), default=0))


def text_columns(name: str, rows: Rows, style: Style) -> list[Column]:
    """The columns of the rows of the input with this name, and the marks as the last."""

    columns = [
        Column(key, style.safe(rows.title(key, name)), list(map(style.safe, cells)))
        for key, cells in rows.columns.items()
    ]
    return [*columns, Column("mark", "", [style.marks[ok] for ok in rows.ok])]


def table(columns: Sequence[Column], rows: Rows, style: Style) -> Table:
    """The rows as rich draws them: numbers are never cut, and folded only as a last resort."""
    fits = sum(column.width + _GAP for column in columns) - 1 <= style.width
    return _side_by_side(columns, rows, style) if fits else _stacked(columns, rows, style)


def _side_by_side(columns: Sequence[Column], rows: Rows, style: Style) -> Table:
    drawn = Table(
        box=box.SIMPLE_HEAD if style.unicode else _ASCII_BOX,
        show_edge=False,
        header_style="dim",
        border_style="dim",
        padding=(0, 1),
    )
    for column in columns:
        drawn.add_column(
            Text(column.title),
            justify="left" if column.left else "right",
            style="dim" if column.key == "index" else "",
            no_wrap=True,
            overflow="fold",
        )
    for texts in _elements(columns, rows):
        drawn.add_row(*(texts or [Text(_dots(style), "dim") for _ in columns[1:]]))
    return drawn


def _stacked(columns: Sequence[Column], rows: Rows, style: Style) -> Table:
    """Each element over several lines: `index  title  number  mark`."""
    drawn = Table(box=None, show_header=False, padding=(0, 1))
    for paint in ("dim", "dim", "", ""):
        drawn.add_column(overflow="fold", style=paint)
    indexed = columns[0].key == "index"
    titles = [column.title for column in columns[int(indexed) : -1]]
    for texts in _elements(columns, rows):
        if not texts:
            drawn.add_row(_dots(style))
            continue
        index, *numbers, mark = texts if indexed else [Text(""), *texts]
        for title, number in zip(titles, numbers, strict=True):
            drawn.add_row(index, title, number, mark)
            index = mark = Text("")
    return drawn


def _elements(columns: Sequence[Column], rows: Rows) -> Iterator[list[Text]]:
    """The texts of each row, what is wrong in it in red, the mark last; none where rows are left
    out."""
    cells = zip(*(column.cells for column in columns), strict=True)
    previous = -1
    for row, (position, (*texts, mark)) in enumerate(
        zip(rows.positions.tolist(), cells, strict=True)
    ):
        if position != previous + 1:
            yield []
        found = [
            Text(text, "red" if rows.wrong.get(column.key, {row: False})[row] else "")
            for column, text in zip(columns[:-1], texts, strict=True)
        ]
        yield [*found, Text(mark, _MARK_COLORS[rows.ok[row]])]
        previous = position


def _dots(style: Style) -> str:
    return "⋮" if style.unicode else ":"


def plain_lines(
    columns: Sequence[Column], marks: Sequence[bool | None], style: Style
) -> Iterator[str]:
    """The same table without rich, for a great many rows."""
    widths = [column.width for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if column.left else cell.rjust(width)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        )
        return f" {(' ' * _GAP).join(padded)}".rstrip()

    red = Paint(color="red")
    yield line([column.title for column in columns])
    rule = "─" if style.unicode else "-"
    yield f" {rule * (sum(widths) + _GAP * (len(widths) - 1))}"
    cells = zip(*(column.cells for column in columns), strict=True)
    for texts, ok in zip(cells, marks, strict=True):
        text = line(texts)
        colored = style.color and ok is False
        yield red.render(text, color_system=ColorSystem.STANDARD) if colored else text
