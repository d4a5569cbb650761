"""The points of one program from the rows of a table, which is written again with the answers:
which columns are inputs, and which are added."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod

import numpy as np

from gradcalc.cli.batch.job import ERROR, Allow, Job, JobAnswer, Work
from gradcalc.cli.batch.requests import report_of
from gradcalc.cli.readers import Value, normalized
from gradcalc.errors import GradcalcError, InvalidValueError, LimitError, UsageError
from gradcalc.render import harmless
from gradcalc.render.delimited import as_text
from gradcalc.values import format_literal, parse_value

DELIMITERS = ",\t;"

PREFIX = "gradcalc."
"""Begins the name of every column that is added; no input can be called so."""

_ELEMENT = re.compile(r"([^\W\d]\w*)\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]")
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")
_ARITHMETIC = re.compile(r"(?:[-+\d.eE_/*()\s,;]|pi|inf|nan)*")
_LAST = ("outcome", "exit_code", "message")
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
    writer = csv.writer(text, delimiter=columns.delimiter, lineterminator=columns.ending)
    writer.writerow(map(kept, cells))
    return text.getvalue()


def kept(cell: str) -> str:
    """A cell as it is, but for what steers a terminal, or is a formula to a spreadsheet and more
    than numbers and arithmetic."""
    plain = harmless(cell)
    return plain if _ARITHMETIC.fullmatch(plain) else as_text(plain)


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


@dataclass(frozen=True, slots=True)
class TableRows(Work):
    """Each job is a row of a table; `options` hold the program and what is the same in all rows.

    `wrt` are the inputs that the gradients are by.
    """

    columns: Columns
    wrt: tuple[str, ...]

    @property
    def header(self) -> str:
        """The first line of the output."""
        added = ["value", *(f"d/d{title}" for title in self._titles), *_LAST]
        return line_of([*self.columns.header, *(PREFIX + name for name in added)], self.columns)

    @property
    def _titles(self) -> Iterator[str]:
        for name in self.wrt:
            shape = dict(self.columns.shapes).get(name)
            spread = np.ndindex(*shape) if shape else ()
            yield from [f"{name}[{','.join(map(str, i))}]" for i in spread] or [name]

    def done(self, job: Job, allow: Allow) -> JobAnswer:
        """The row with the report in its last cells."""
        del allow
        cells = self._cells(job)
        if len(cells) != len(self.columns.header):
            raise InvalidValueError(
                f"the row has {len(cells)} cells, but the header {len(self.columns.header)}"
            )
        values = (*self._values(cells), *self.options.values)
        report = report_of(replace(self.options, values=values))
        value = np.nan if report.value is None else report.value
        texts = [format_literal(value, report.dtype)]
        for gradient in report.gradients:
            spread = gradient.name in dict(self.columns.shapes)
            arrays = gradient.best.flat if spread else [gradient.best]
            texts += [format_literal(array, report.dtype) for array in arrays]
        verdict = report.verdict
        row = [*cells, *texts, verdict.outcome.value, str(verdict.exit_code), verdict.message]
        return JobAnswer(line_of(row, self.columns), verdict.outcome.value, verdict.exit_code)

    def failed(self, job: Job, error: GradcalcError) -> JobAnswer:
        """The row with the error as its message."""
        try:
            cells = self._cells(job)
        except GradcalcError:
            cells = []
        width = len(self.columns.header)
        own = [*cells, *[""] * width][:width]
        message = error.message if error.hint is None else f"{error.message} ({error.hint})"
        row = [*own, "", *("" for _ in self._titles), ERROR, str(error.exit_code), message]
        return JobAnswer(line_of(row, self.columns), ERROR, error.exit_code)

    def recognised(self, text: str) -> JobAnswer | None:
        """The answer that a row is, None if it was not written here."""
        *_, word, code, _ = ["", "", "", *cells_of(text, self.columns.delimiter)]
        return JobAnswer(text, word, int(code)) if code.isascii() and code.isdigit() else None

    def fits(self, job: Job, text: str) -> bool:
        """Whether a row begins with the cells of the job's."""
        try:
            cells = self._cells(job)[: len(self.columns.header)]
        except GradcalcError:
            return True
        written = [*map(kept, cells)]
        return cells_of(text, self.columns.delimiter)[: len(cells)] == written

    def _cells(self, job: Job) -> list[str]:
        if job.text is None:
            raise LimitError("the row is too long to be read")
        try:
            text = job.text.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidValueError("the row is not a text in UTF-8") from None
        return cells_of(text.removesuffix("\r"), self.columns.delimiter)

    def _values(self, cells: Sequence[str]) -> Iterator[tuple[str, Value]]:
        spread = {name: np.empty(shape) for name, shape in self.columns.shapes}
        for column in self.columns.inputs:
            cell = cells[column.place]
            self._check(cell, column.title)
            if column.index is None:
                yield column.name, cell
                continue
            random = partial(np.random.default_rng, self.options.seed)
            element = parse_value(cell, random=random, name=column.title)
            if element.ndim:
                raise InvalidValueError(f"{column.title}: a single number is needed, not {cell}")
            spread[column.name][column.index] = element
        for name, array in spread.items():
            yield name, array.tolist()

    def _check(self, cell: str, title: str) -> None:
        if not cell.strip():
            raise InvalidValueError(f"{title}: the cell is empty")
        if cell.strip() == "@-":
            raise InvalidValueError(f"{title}: a cell cannot mean standard input")
        if self.columns.delimiter == ";" and _DECIMAL_COMMA.fullmatch(cell):
            whole, part = cell.strip().split(",")
            raise InvalidValueError(
                f"{title}: {whole},{part} may be one number or two",
                hint=f"{whole}.{part} is the number, [{whole},{part}] the vector",
            )
