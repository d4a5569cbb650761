"""The header of a table: which columns are inputs, and which columns the answers add."""

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gradcalc.cli.arguments import normalized
from gradcalc.errors import InvalidValueError, UsageError

DELIMITERS = ",\t;"

PREFIX = "gradcalc."
"""Begins the name of every column that is added; no input can be called so."""

_ELEMENT = re.compile(r"([^\W\d]\w*)\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]")
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table that holds an input, or with `index` one element of it."""

    place: int
    title: str
    name: str
    index: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table. `shapes` are those of inputs that are spread over columns."""

    header: tuple[str, ...]
    delimiter: str
    ending: str
    inputs: tuple[Column, ...]
    shapes: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that the table gives."""
        return tuple(dict.fromkeys(column.name for column in self.inputs))


def read_columns(line: str, inputs: Collection[str]) -> Columns:
    """The columns of a header line, for a program that can take `inputs`.

    The delimiter is that by which the most columns are inputs. Raises `UsageError` for a header
    that names an input twice or leaves out elements of one.
    """
    bare = line.rstrip("\r\n")
    ending = "\r\n" if line.endswith("\r\n") else "\n"
    cut = {delimiter: _cells(bare, delimiter) for delimiter in DELIMITERS}
    found = {delimiter: _inputs(cells, inputs) for delimiter, cells in cut.items()}
    delimiter = max(DELIMITERS, key=lambda d: (len(found[d]), len(cut[d])))
    header = cut[delimiter]
    for title in header:
        if title.strip().startswith(PREFIX):
            raise UsageError(
                f"the table has a column {title.strip()} already",
                hint="it is the output of an earlier run; give the table that it came from",
            )
    columns = found[delimiter]
    names = dict.fromkeys(column.name for column in columns)
    shapes = {name: _shape([c for c in columns if c.name == name]) for name in names}
    spread = tuple((name, shape) for name, shape in shapes.items() if shape is not None)
    return Columns(tuple(header), delimiter, ending, tuple(columns), spread)


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of one record. Raises `InvalidValueError` if it is none."""
    try:
        return next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    except csv.Error as error:
        raise InvalidValueError(f"the row cannot be read: {error}") from None


def line_of(cells: Sequence[str], columns: Columns) -> str:
    """One record as it is written."""
    text = io.StringIO()
    csv.writer(text, delimiter=columns.delimiter, lineterminator=columns.ending).writerow(cells)
    return text.getvalue()


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise UsageError(f"the header of the table cannot be read: {error}") from None


def _inputs(header: Sequence[str], inputs: Collection[str]) -> list[Column]:
    columns = []
    for place, title in enumerate(header):
        element = _ELEMENT.fullmatch(title.strip())
        name = normalized(element[1] if element else title.strip())
        index = tuple(map(int, element[2].split(","))) if element else None
        if name in inputs:
            columns.append(Column(place, title.strip(), name, index))
    return columns


def _shape(columns: Sequence[Column]) -> tuple[int, ...] | None:
    """The shape of an input that is spread over columns, None for one in a single column."""
    name, first = columns[0].name, columns[0].index
    indices = [column.index for column in columns if column.index is not None]
    whole = len(indices) < len(columns)
    if (whole and len(columns) > 1) or len(set(indices)) < len(indices):
        raise UsageError(f"several columns of the table give {name} the same number")
    if whole or first is None:
        return None
    if len({len(index) for index in indices}) > 1:
        raise UsageError(f"the columns of {name} have indices of different lengths")
    shape = tuple(max(place) + 1 for place in zip(*indices, strict=True))
    if prod(shape) != len(indices):
        missing = "an element"
        if prod(shape) <= _MOST:
            gap = next(i for i in np.ndindex(*shape) if i not in indices)
            missing = f"{name}[{','.join(map(str, gap))}]"
        raise UsageError(f"the table has no column for {missing}", hint="indices count from 0")
    return shape
