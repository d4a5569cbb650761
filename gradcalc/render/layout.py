"""Rows under their titles: side by side, stacked where that is too wide, plain where too many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style as Paint
from rich.table import Table
from rich.text import Text

from gradcalc.render.printable import printable
from gradcalc.render.rows import Rows
from gradcalc.render.style import Style

# The blanks that rich leaves between two columns of numbers.
_GAP = 3
_MARKS = {True: "✓", False: "✗", None: ""}
_ASCII_MARKS = {True: "ok", False: "DIFFERS", None: ""}
_ASCII_BOX = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


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

    def column(key: str, cells: Sequence[str]) -> Column:
        title = name if key == "at" else key
        safe = [printable(cell, unicode=style.unicode) for cell in cells]
        return Column(key, printable(title, unicode=style.unicode), safe)

    marks = _MARKS if style.unicode else _ASCII_MARKS
    columns = [column(key, cells) for key, cells in rows.columns.items()]
    return [*columns, Column("mark", "", [marks[ok] for ok in rows.ok])]


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
    for element in _elements(columns, rows):
        if element is None:
            drawn.add_row(*(Text(_dots(style), "dim") for _ in columns[1:]))
        else:
            drawn.add_row(*element.texts, element.mark, style=element.paint)
    return drawn


def _stacked(columns: Sequence[Column], rows: Rows, style: Style) -> Table:
    """Each element over several lines: `index  title  number  mark`."""
    drawn = Table(box=None, show_header=False, padding=(0, 1))
    for paint in ("dim", "dim", "", ""):
        drawn.add_column(overflow="fold", style=paint)
    indexed = columns[0].key == "index"
    titles = [column.title for column in columns[int(indexed) : -1]]
    for element in _elements(columns, rows):
        if element is None:
            drawn.add_row(_dots(style))
            continue
        index, *numbers = element.texts if indexed else [Text(""), *element.texts]
        mark = element.mark
        for title, number in zip(titles, numbers, strict=True):
            drawn.add_row(index, title, number, mark, style=element.paint)
            index = mark = Text("")
    return drawn


@dataclass(frozen=True, slots=True)
class _Element:
    texts: list[Text]
    mark: Text
    paint: str


def _elements(columns: Sequence[Column], rows: Rows) -> Iterator[_Element | None]:
    """What is drawn of each row; None where rows are left out."""
    cells = zip(*(column.cells for column in columns), strict=True)
    previous = -1
    for position, ok, (*texts, mark) in zip(rows.positions.tolist(), rows.ok, cells, strict=True):
        if position != previous + 1:
            yield None
        bad = ok is False
        painted = Text(mark, "bold red" if bad else "green")
        yield _Element([*map(Text, texts)], painted, "red" if bad else "")
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
