"""`gradcalc batch`: what it does."""

import gc
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gradcalc.cli.batch.job import Tally, Work
from gradcalc.cli.batch.reading import (
    UNBOUNDED,
    Appended,
    Earlier,
    Lines,
    Records,
    Source,
    Splitter,
)
from gradcalc.cli.batch.requests import JsonRequests
from gradcalc.cli.batch.stream import Progress, Sink, stream
from gradcalc.cli.batch.table import Columns, TableRows, read_columns
from gradcalc.cli.batch.workers import Workers
from gradcalc.cli.inputs import input_names, requests
from gradcalc.cli.options import Options
from gradcalc.cli.output import ClosedPipe, is_terminal, style_for, write
from gradcalc.cli.programs import similar_file, sources
from gradcalc.errors import FileError, UnknownNameError, UsageError

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class _Input:
    """An open input, with what is done for it and how it and its output are cut."""

    source: Source
    work: Work
    header: str
    splitter: Callable[[], Splitter]


class _Screen:
    """Standard output."""

    def write(self, text: str) -> None:
        write(text, sys.stdout)


def run_requests(options: Options, workers: int) -> int:
    """Answer requests that are lines of JSON; gives the exit code.

    Raises `GradcalcError` if there is no input, or no output can be written.
    """
    style = (
        replace(style_for(sys.stdout), unicode=True) if options.resume else style_for(sys.stdout)
    )
    work = JsonRequests(options, style)
    with _opened(next(iter(options.programs), "-")) as descriptor:
        given = _Input(Source(descriptor, Lines()), work, "", lambda: Lines(UNBOUNDED))
        return _run(given, options, workers)


def run_table(options: Options, workers: int) -> int:
    """Answer the rows of a table; gives the exit code.

    Raises `GradcalcError` for whatever is wrong with the program, the options and the header.
    """
    assert options.csv is not None
    names = input_names(options)
    with _opened(options.csv) as descriptor:
        lines = Lines(blank=True)
        source = Source(descriptor, lines)
        first = source.first()
        if first is None or first.text is None:
            raise UsageError("the table is empty: its first line names the inputs")
        try:
            header = first.text.decode("utf-8") + "\n"
        except UnicodeDecodeError:
            raise FileError("the table is not a text in UTF-8") from None
        columns = read_columns(header.removeprefix(_BOM), names)
        work = TableRows(options, columns, _wrt(options, columns))
        source.as_records(columns.delimiter, lines)
        mark = _BOM if header.startswith(_BOM) else ""

        def splitter() -> Records:
            return Records(columns.delimiter, Lines(UNBOUNDED, blank=True))

        given = _Input(source, work, mark + work.header, splitter)
        return _run(given, options, workers)


def _run(given: _Input, options: Options, workers: int) -> int:
    # switched off for commands that answer once
    gc.enable()
    start = time.monotonic()
    tally = Tally()
    sink: Sink = _Screen()
    end = 0
    if options.resume is not None:
        path = Path(options.resume).expanduser()
        earlier = Earlier(path, given.work, given.header, given.splitter)
        earlier.skip(given.source, tally)
        end = earlier.end
        sink = Appended(path, end)
    if not end:
        sink.write(given.header)
    processes = Workers(given.work, workers)
    stream(given.source, processes, sink, tally, _progress(given.source, options))
    # Who does not listen to the summary is told by the exit code.
    with suppress(ClosedPipe, FileError):
        write("" if options.silent else tally.summary(time.monotonic() - start), sys.stderr)
    return tally.exit_code


def _progress(source: Source, options: Options) -> Progress | None:
    """Shown to a person, unless the answers go to the same terminal."""
    if options.silent or not is_terminal(sys.stderr):
        return None
    if options.resume is None and is_terminal(sys.stdout):
        return None
    found = os.fstat(source.descriptor)
    return Progress(found.st_size if stat.S_ISREG(found.st_mode) else None)


def _wrt(options: Options, columns: Columns) -> tuple[str, ...]:
    """The inputs that the gradients are by; everything that can be known without a row is checked.

    Any number stands for those of the rows.
    """
    if not columns.inputs:
        raise UsageError(
            "no column of the table is an input of the program",
            hint=f"its columns are {', '.join(title.strip() for title in columns.header)}",
        )
    values = (*((name, 1.0) for name in columns.names), *options.values)
    try:
        (request,) = requests(replace(options, values=values), sources(options))
    except UnknownNameError as error:
        if error.hint is None:
            titles = [title.strip() for title in columns.header]
            error.hint = f"or a column; those of the table are {', '.join(titles)}"
        raise
    return request.problem.wrt


@contextmanager
def _opened(name: str) -> Iterator[int]:
    """The descriptor of a file, or of standard input for `-`. Raises `FileError` without one."""
    if name == "-":
        yield _standard_input()
        return
    path = Path(name).expanduser()
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise FileError(f"there is no file {path}", hint=similar_file(path)) from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise FileError(f"{path} is a directory, not a file")
        yield descriptor
    finally:
        os.close(descriptor)


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):
        raise FileError("there is no standard input to read requests from") from None
