"""Matrices as matrices, for a terminal: side by side, one under the other, or a corner of each.

A tensor of more dimensions is its matrices, one for each index of the leading ones.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.text import Text

from gradcalc.render import Style
from gradcalc.render.text import index_texts, number_texts
from gradcalc.report import Array

_GAP = "   "
_APART = "  "
_MOST_ROWS, _ROWS_OF_MORE = 12, 8
_MOST_SLICES, _SLICES_OF_MORE = 4, 2
# No terminal has room for more, so their texts need not be made.
_MOST_COLUMNS = 200
_BRACKETS = {True: ("⎡⎤", "⎢⎥", "⎣⎦"), False: ("[]", "[]", "[]")}


@dataclass(frozen=True, slots=True)
class Named:
    """An array of rank two or more under its title; the cells that are wrong are marked."""

    title: str
    values: Array
    wrong: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A matrix drawn: its lines are all of one width, the title first.

    `across` and `down` say whether all of its columns and rows are there.
    """

    lines: Sequence[Text]
    across: bool
    down: bool

    @property
    def width(self) -> int:
        """The cells that it takes."""
        return self.lines[0].cell_len


def blocks(arrays: Sequence[Named], dtype: str, style: Style) -> Iterator[list[Block]]:
    """What stands side by side, a row of blocks after the other; the arrays have one shape."""
    leading = arrays[0].values.shape[:-2]
    count = math.prod(leading)
    kept = count if count <= _MOST_SLICES else _SLICES_OF_MORE
    indexes = index_texts(np.arange(kept), leading) if leading else [""]
    for index in itertools.islice(np.ndindex(*leading), kept):
        place = f"[{indexes[0]}]" if leading else ""
        indexes = indexes[1:]
        drawn = [_block(one, index, place, dtype, style) for one in arrays]
        together = sum(block.width for block in drawn) + len(_GAP) * len(drawn)
        if together <= style.width and all(block.across for block in drawn):
            yield drawn
        else:
            yield from ([block] for block in drawn)


def lines_of(rows: Sequence[Sequence[Block]], mark: Text) -> Iterator[Text]:
    """The lines of rows of blocks, a blank one between them, the mark behind the last block."""
    for position, row in enumerate(rows):
        if position:
            yield Text("")
        middle = len(row[0].lines) // 2
        for number, lines in enumerate(zip(*(block.lines for block in row), strict=True)):
            line = Text(_GAP).join(lines)
            line.rstrip()
            if number == middle and position == len(rows) - 1:
                line = Text.assemble(line, _GAP, mark)
            yield line


def is_cut(shape: tuple[int, ...], rows: Sequence[Sequence[Block]]) -> bool:
    """Whether some elements of arrays of this shape are not shown."""
    slices = math.prod(shape[:-2])
    return slices > _MOST_SLICES or not all(
        block.across and block.down for row in rows for block in row
    )


def _block(one: Named, index: tuple[int, ...], place: str, dtype: str, style: Style) -> Block:
    values = one.values[index]
    high, wide = values.shape
    down = high if high <= _MOST_ROWS else _ROWS_OF_MORE
    corner = values[:down, : min(wide, _MOST_COLUMNS)]
    texts = np.array(number_texts(corner, dtype, style.digits)).reshape(corner.shape)
    widths = [max(map(len, column)) for column in texts.T]
    across = _fitting(widths, wide, style)
    wrong = np.zeros(values.shape, np.bool_) if one.wrong is None else one.wrong[index]
    cells = [
        [
            Text(text.rjust(width), "red" if off else "")
            for text, width, off in zip(row[:across], widths, marks, strict=False)
        ]
        for row, marks in zip(texts.tolist(), wrong, strict=False)
    ]
    if across < wide:
        cells = [[*row, Text(style.dots, "dim")] for row in cells]
    if down < high:
        below = "⋮" if style.unicode else ":"
        cells.append([Text(below.rjust(cell.cell_len), "dim") for cell in cells[0]])
    lines = [_bracketed(row, number, len(cells), style) for number, row in enumerate(cells)]
    size = _size_of(values, dtype, style) if across < wide or down < high else ""
    title = Text(style.safe(one.title + place + size), "dim")
    width = max(title.cell_len, lines[0].cell_len)
    for line in (title, *lines):
        line.pad_right(width - line.cell_len)
    return Block((title, *lines), across == wide, down == high)


def _size_of(values: Any, dtype: str, style: Style) -> str:
    """How large a matrix is of which a corner is shown: its sizes, and the norm of Frobenius."""
    (norm,) = number_texts(np.array([np.linalg.norm(values)]), dtype, style.digits)
    high, wide = values.shape
    return f"  {high}{'×' if style.unicode else 'x'}{wide}, norm {norm}"


def _fitting(widths: Sequence[int], wide: int, style: Style) -> int:
    """How many columns there is room for, at least one; all of them, or dots come behind."""
    # brackets, the blanks within them, and the mark behind
    room = style.width - 4 - len(_GAP) - cell_len(style.marks[False])
    ends = list(itertools.accumulate(width + len(_APART) for width in widths))
    if len(widths) == wide and ends[-1] - len(_APART) <= room:
        return wide
    return max(1, sum(end + len(style.dots) <= room for end in ends[: wide - 1]))


def _bracketed(row: Sequence[Text], number: int, count: int, style: Style) -> Text:
    first, middle, last = _BRACKETS[style.unicode]
    pair = "[]" if count == 1 else first if not number else last if number == count - 1 else middle
    return Text.assemble((f"{pair[0]} ", "dim"), Text(_APART).join(row), (f" {pair[1]}", "dim"))
