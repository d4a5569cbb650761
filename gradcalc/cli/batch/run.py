"""`gradcalc batch`: what it does."""

import gc
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from gradcalc.cli.batch import reading, resuming
from gradcalc.cli.batch.job import Tally, Work
from gradcalc.cli.batch.reading import Lines, Records, Source, Splitter
from gradcalc.cli.batch.requests import JsonRequests
from gradcalc.cli.batch.stream import Progress, Sink, stream
from gradcalc.cli.batch.table import Columns, TableRows, read_columns
from gradcalc.cli.batch.workers import Workers
from gradcalc.cli.files import similar_file
from gradcalc.cli.inputs import input_names, requests
from gradcalc.cli.options import Options
from gradcalc.cli.output import ClosedPipe, is_terminal, say, style_for, write
from gradcalc.cli.programs import sources
from gradcalc.errors import FileError, UnknownNameError, UsageError
from gradcalc.located import located

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def run_requests(options: Options, workers: int) -> int:
    """Answer requests that are lines of JSON; gives the exit code.

    Raises `GradcalcError` if there is no input, or no output can be written.
    """
    style = style_for(sys.stdout)
    work = JsonRequests(options, replace(style, unicode=style.unicode or bool(options.resume)))
    with _opened(next(iter(options.programs), "-")) as descriptor:
        source = Source(descriptor, Lines())
        return _run(work, source, "", lambda: Lines(reading.UNBOUNDED), workers)


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
            return Records(columns.delimiter, Lines(reading.UNBOUNDED, blank=True))

        return _run(work, source, mark + work.header, splitter, workers)


def _run(
    work: Work, source: Source, header: str, splitter: Callable[[], Splitter], workers: int
) -> int:
    """Do the work with all that comes, behind a header; `splitter` cuts what is written."""
    # switched off for commands that answer once
    gc.enable()
    start = time.monotonic()
    options = work.options
    tally = Tally()
    with _output(options) as output:
        end = 0
        sink: Sink = partial(write, stream=sys.stdout)
        if output is not None:
            earlier = resuming.Earlier(output, work, header, splitter)
            earlier.skip(source, tally)
            end = earlier.end
            output.cut(end)
            sink = output.write
        if not end:
            sink(header)
        stream(source, Workers(work, workers), sink, tally, _progress(source, options))
    # Who does not listen to the summary is told by the exit code.
    with suppress(ClosedPipe, FileError):
        say("" if options.silent else tally.summary(time.monotonic() - start))
    return tally.exit_code


@contextmanager
def _output(options: Options) -> Iterator[resuming.Output | None]:
    """The file of `--resume`, None for standard output."""
    if options.resume is None:
        yield None
        return
    with resuming.Output(located(options.resume)) as output:
        yield output


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


def _is_endless(descriptor: int) -> bool:
    """Whether it is a device, other than a terminal and the empty one."""
    found, null = os.fstat(descriptor), os.stat(os.devnull)
    device = stat.S_ISCHR(found.st_mode) and not os.isatty(descriptor)
    return device and found.st_rdev != null.st_rdev


@contextmanager
def _opened(name: str) -> Iterator[int]:
    """The descriptor of a file, or of standard input for `-`. Raises `FileError` without one."""
    if name == "-":
        try:
            descriptor = sys.stdin.fileno()
        except (AttributeError, ValueError, OSError):
            raise FileError("there is no standard input to read requests from") from None
        yield descriptor
        return
    path = located(name)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise FileError(f"there is no file {path}", hint=similar_file(path)) from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise FileError(f"{path} is a directory, not a file")
        if _is_endless(descriptor):
            raise FileError(f"{path} is a device, not a file")
        yield descriptor
    finally:
        os.close(descriptor)
