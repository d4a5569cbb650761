"""The points of one program from the rows of a table, which is written again with the answers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcalc.cli.batch.asking import report_of
from gradcalc.cli.batch.columns import PREFIX, Columns, cells_of, line_of
from gradcalc.cli.batch.job import ERROR, Allow, Answer, Job
from gradcalc.cli.batch.requests import seconds_of
from gradcalc.cli.faults import as_error
from gradcalc.cli.options import Options, Value
from gradcalc.errors import GradcalcError, InvalidValueError, LimitError
from gradcalc.report import Report
from gradcalc.values import format_literal, parse_value

_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


@dataclass(frozen=True, slots=True)
class TableRows:
    """Each job is a row of a table; `options` hold the program and what is the same in all rows.

    `wrt` are the inputs that the gradients are by.
    """

    options: Options
    columns: Columns
    wrt: tuple[str, ...]

    @property
    def seconds(self) -> float | None:
        """The time limit of every row."""
        return seconds_of(self.options)

    @property
    def start(self) -> str:
        """Rows begin with anything."""
        return ""

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

    def answer(self, job: Job, allow: Allow) -> Answer:
        """The row with the report in its last cells, or with the error."""
        del allow
        try:
            cells = self._cells(job)
            if len(cells) != len(self.columns.header):
                raise InvalidValueError(
                    f"the row has {len(cells)} cells, but the header {len(self.columns.header)}"
                )
            values = (*self._values(cells), *self.options.values)
            report = report_of(replace(self.options, values=values))
            return self._answer(cells, report)
        # A stream outlives whatever happens to one of its rows.
        except Exception as error:
            return self.failed(job, as_error(error))

    def failed(self, job: Job, error: GradcalcError) -> Answer:
        """The row with the error as its message."""
        try:
            cells = self._cells(job)
        except GradcalcError:
            cells = []
        width = len(self.columns.header)
        kept = [*cells, *[""] * width][:width]
        message = error.message if error.hint is None else f"{error.message} ({error.hint})"
        empty = [""] * (1 + sum(1 for _ in self._titles))
        row = [*kept, *empty, ERROR, str(error.exit_code), message]
        return Answer(line_of(row, self.columns), ERROR, error.exit_code)

    def recognised(self, text: str) -> Answer | None:
        """The answer that a row is, None if it was not written here."""
        *_, word, code, _ = ["", "", "", *cells_of(text, self.columns.delimiter)]
        return Answer(text, word, int(code)) if code.isascii() and code.isdigit() else None

    def fits(self, job: Job, text: str) -> bool:
        """Whether a row begins with the cells of the job's."""
        try:
            cells = self._cells(job)[: len(self.columns.header)]
        except GradcalcError:
            return True
        return cells_of(text, self.columns.delimiter)[: len(cells)] == cells

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
            element = parse_value(cell, random=self._random, name=column.title)
            if element.ndim:
                raise InvalidValueError(f"{column.title}: a single number is needed, not {cell}")
            spread[column.name][column.index] = element
        for name, array in spread.items():
            yield name, array.tolist()

    def _random(self) -> np.random.Generator:
        return np.random.default_rng(self.options.seed)

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

    def _answer(self, cells: Sequence[str], report: Report) -> Answer:
        value = np.nan if report.value is None else report.value
        texts = [format_literal(value, report.dtype)]
        for gradient in report.gradients:
            spread = gradient.name in dict(self.columns.shapes)
            arrays = gradient.best.flat if spread else [gradient.best]
            texts += [format_literal(array, report.dtype) for array in arrays]
        verdict = report.verdict
        row = [*cells, *texts, verdict.outcome.value, str(verdict.exit_code), verdict.message]
        return Answer(line_of(row, self.columns), verdict.outcome.value, verdict.exit_code)


_LAST = ("outcome", "exit_code", "message")
