"""Tables of numbers as text: CSV, TSV and columns between spaces."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from gradcalc.values.context import Array, Context, counted, shorten, similar
from gradcalc.values.cursor import NUMBER
from gradcalc.values.functions import CONSTANTS
from gradcalc.values.text import plain_numbers, plain_rows, read_text

_CELL = re.compile(rf"\s*[-+]?(?:{NUMBER}|inf(?:inity)?|nan)\s*", re.IGNORECASE)
# What stands in pasted arrays and in arithmetic, but never in a table of numbers.
_EXPRESSION = re.compile(r"[\[\](){};*/]")
_PLAIN_LINE = re.compile(r'[-+0-9.eE,infatyINFATY" \t\r]*')
_MISSING = frozenset({"", "NA", "N/A", "null", "None"})


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]


def read_table(text: str, delimiter: str | None, context: Context, column: str | None) -> Array:
    """The numbers of a table; one row or one column is a vector, more are a matrix.

    `delimiter` None means that spaces stand between the cells. A first row of names is skipped;
    `column` picks one of them. Blank lines and lines that start with # are skipped too.

    Raises InvalidValueError for a missing or unreadable cell, with its line and column, and
    for rows of different lengths; FileError for an unknown column.
    """
    try:
        rows = [row for row in _rows(text, delimiter) if row.cells and row.cells != [""]]
    except csv.Error as error:
        raise context.error(f"the table cannot be read: {error}") from None
    names: list[str] | None = None
    if rows and _is_header(rows[0].cells):
        names = [cell.strip() for cell in rows.pop(0).cells]
    if not rows:
        raise context.empty()
    _check_widths(rows, len(names or rows[0].cells), context)
    first = 0
    if column is not None:
        first = _column(names, column, context)
        rows = [_Row(row.line, row.cells[first : first + 1]) for row in rows]
    numbers = _numbers(rows, first, context)
    return numbers.ravel() if 1 in numbers.shape else numbers


def _rows(text: str, delimiter: str | None) -> Iterator[_Row]:
    if delimiter is None:
        for line, content in enumerate(text.splitlines(), 1):
            if not content.lstrip().startswith("#"):
                yield _Row(line, content.split())
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for cells in reader:
        if cells and not cells[0].lstrip().startswith("#"):
            yield _Row(reader.line_num, cells)


def _is_header(cells: list[str]) -> bool:
    named = any(cell.strip() not in _MISSING for cell in cells)
    return named and not any(map(_CELL.fullmatch, cells))


def _check_widths(rows: list[_Row], width: int, context: Context) -> None:
    for row in rows:
        if len(row.cells) != width:
            found, expected = counted(len(row.cells), "cell"), counted(width, "cell")
            raise context.error(
                f"line {row.line} of the table has {found}, but its first row has {expected}"
            )


def _column(names: list[str] | None, column: str, context: Context) -> int:
    if names is None:
        raise context.file_error(
            f"the table has no header row, so it has no column {shorten(column)!r}"
        )
    if column not in names:
        known = ", ".join(map(shorten, names[:20]))
        raise context.file_error(
            f"there is no column {shorten(column)!r}; the columns are {known}",
            similar(column, names),
        )
    return names.index(column)


def _numbers(rows: list[_Row], first: int, context: Context) -> Array:
    shape = (len(rows), len(rows[0].cells))
    context.check_shape(shape, shape[0] * shape[1])
    numbers = plain_numbers(list(chain.from_iterable(row.cells for row in rows)))
    if numbers is None:
        cells = [
            _number(cell, f"line {row.line}, column {number}", context)
            for row in rows
            for number, cell in enumerate(row.cells, first + 1)
        ]
        numbers = np.array(cells, dtype=np.float64)
    return numbers.reshape(shape)


def _number(cell: str, place: str, context: Context) -> float:
    if cell.strip() in _MISSING:
        raise context.error(
            f"the cell at {place} is missing", "write nan if it is meant to be not a number"
        )
    if not _CELL.fullmatch(cell):
        raise context.error(f"the cell {shorten(cell)!r} at {place} is not a number")
    value = float(cell)
    if np.isinf(value) and "inf" not in cell.lower():
        raise context.error(
            f"{shorten(cell)} at {place} is too large for a float64",
            "write inf if infinity is meant",
        )
    return value


def read_lines(text: str, context: Context, column: str | None = None) -> Array:
    """Text of a file or of standard input: a table if it looks like one, else any text form.

    One line is what it says, so `3` is a scalar; one number on each of many lines is a vector.
    """
    if column is None and (quick := plain_rows(text, lines_are_vector=True)) is not None:
        return context.numeric(quick)
    kept = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    lines = [line for line in kept if line.strip()]
    delimiter = next((d for d in ",\t" if lines and d in lines[-1]), None)
    if column is not None or _looks_like_table(lines, delimiter):
        return read_table(text, delimiter, context, column)
    return read_text("\n".join(kept), context, lines_are_vector=True)


def _looks_like_table(lines: list[str], delimiter: str | None) -> bool:
    if len(lines) < 2 or any(map(_EXPRESSION.search, lines[1:])):
        return False
    first = [cell.strip() for cell in lines[0].split(delimiter)]
    if CONSTANTS.keys() >= set(first):
        return False
    return _is_header(first) or all(map(_PLAIN_LINE.fullmatch, lines))
