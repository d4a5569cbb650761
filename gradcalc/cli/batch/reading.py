"""The input as jobs: bytes as they come, cut into lines or into the records of a table; and the
output of an earlier run, read the same way, to go on behind it."""

import csv
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from gradcalc.cli.batch.job import Job, JobAnswer, Tally, Work
from gradcalc.errors import FileError, GradcalcError, UsageError

LONGEST = 64 * 2**20
"""The most bytes of one request: some three million numbers."""

UNBOUNDED = 2**62
"""As the longest line: one of any length."""

_CHUNK = 2**16


class Lines:
    """Each line is a job; blank ones are none, unless `blank` says so."""

    def __init__(self, longest: int = LONGEST, *, blank: bool = False) -> None:
        self.longest = longest
        self.blank = blank
        self.line = self.end = self.size = 0
        self.parts: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Job]:
        """The lines that end in these bytes."""
        *whole, rest = data.split(b"\n")
        for part in whole:
            yield from self._ended(part, 1)
        self._keep(rest)

    def finish(self) -> Iterator[Job]:
        """A last line without an end."""
        if self.size:
            yield from self._ended(b"", 0)

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size > self.longest:
            self.parts.clear()
        elif part:
            self.parts.append(part)

    def _ended(self, part: bytes, newline: int) -> Iterator[Job]:
        self._keep(part)
        text = b"".join(self.parts) if self.size <= self.longest else None
        self.line += 1
        self.end += self.size + newline
        self.size = 0
        self.parts.clear()
        if text is None or text.strip() or self.blank:
            yield Job(self.line, self.end, text)


class Records:
    """Each record of a table is a job: a line, or several where a quoted cell goes on."""

    def __init__(self, delimiter: str, lines: Lines) -> None:
        self.lines = lines
        self.delimiter = delimiter
        self.first = 0
        self.open: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> Iterator[Job]:
        """The records that end in these bytes."""
        for job in self.lines.feed(data):
            yield from self.join(job)

    def finish(self) -> Iterator[Job]:
        """A last record without an end, or with a quote that is never closed."""
        for job in self.lines.finish():
            yield from self.join(job)
        if self.open:
            yield Job(self.first, self.lines.end, b"\n".join(self.open))
            self.open.clear()

    def join(self, job: Job) -> Iterator[Job]:
        """The record that a line completes."""
        if job.text is None:
            self.open.clear()
            yield job
            return
        if not self.open and not job.text.strip():
            return
        if not self.open:
            self.first, self.size = job.line, 0
        self.open.append(job.text)
        self.size += len(job.text)
        if self.size > self.lines.longest or len(self.open) > MOST_LINES:
            yield Job(self.first, job.end, None)
        elif _is_complete(self.open, self.delimiter):
            yield Job(self.first, job.end, b"\n".join(self.open))
        else:
            return
        self.open.clear()


MOST_LINES = 1_000
"""Lines of one record: more are a quote that somebody forgot to close."""


def _is_complete(lines: list[bytes], delimiter: str) -> bool:
    """Whether a record ends with the last of these lines: then its reader asks for no more."""
    if b'"' not in lines[-1]:
        return len(lines) == 1
    asked = False

    def given() -> Iterator[str]:
        nonlocal asked
        for line in lines:
            yield line.decode("latin-1") + "\n"
        asked = True

    try:
        next(csv.reader(given(), delimiter=delimiter), None)
    except csv.Error:
        return True
    return not asked


Splitter = Lines | Records
"""Cuts bytes into jobs, however they arrive."""


class Source:
    """Where jobs come from: a descriptor that is read only when there is room for more."""

    def __init__(self, descriptor: int, splitter: Splitter) -> None:
        self.descriptor = descriptor
        self.splitter = splitter
        self.waiting: deque[Job] = deque()
        self.ended = False

    def fill(self) -> None:
        """Read what is there; blocks if nothing is. Raises `FileError` if it cannot be read."""
        try:
            data = os.read(self.descriptor, _CHUNK)
        except OSError as error:
            raise FileError(f"the requests cannot be read: {error.strerror}") from None
        self.waiting.extend(self.splitter.feed(data) if data else self.splitter.finish())
        self.ended = not data

    def first(self) -> Job | None:
        """The first job alone, None if the input is empty."""
        while not self.waiting and not self.ended:
            self.fill()
        return self.waiting.popleft() if self.waiting else None

    def as_records(self, delimiter: str, lines: Lines) -> None:
        """Take what is still to come as the records of a table, of which `lines` were read."""
        records = Records(delimiter, lines)
        self.waiting = deque(record for job in self.waiting for record in records.join(job))
        self.splitter = records
        if self.ended:
            self.waiting.extend(records.finish())


class Earlier:
    """The output of an earlier run: `header`, then the whole answers that are there.

    Raises `FileError` for a file that cannot be read, `UsageError` for one that is no such output.
    """

    def __init__(
        self, path: Path, work: Work, header: str, splitter: Callable[[], Splitter]
    ) -> None:
        self.path = path
        self.work = work
        self.header = header.encode()
        self.splitter = splitter
        self.end = 0

    def skip(self, source: Source, tally: Tally) -> None:
        """Count the answers that are there, and pass over the jobs that they are about.

        The answers are looked at twice, so that there may be any number of them.
        """
        for job, text in self._answers():
            tally.add(self._recognised(job, text), earlier=True)
            self.end = len(self.header) + job.end
        for there, text in self._answers():
            asked = source.first()
            if asked is None:
                raise UsageError(f"{self.path} has more answers than the input has requests")
            if not self.work.fits(asked, text):
                raise UsageError(
                    f"{self.path}: line {there.line} is not the answer to line {asked.line} of the"
                    " input",
                    hint="it comes from another input; name another file, or delete it",
                )

    def _recognised(self, job: Job, text: str) -> JobAnswer:
        try:
            found = self.work.recognised(text)
        except GradcalcError:
            found = None
        if found is None:
            raise self._stranger(f"line {job.line} is no answer")
        return found

    def _stranger(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path} is not what such a run writes: {why}", hint="name another file"
        )

    def _answers(self) -> Iterator[tuple[Job, str]]:
        """The answers that end in a newline."""
        splitter = self.splitter()
        try:
            with self.path.open("rb") as file:
                if not self._has_header(file.read(len(self.header))):
                    return
                start = file.read(len(self.work.start))
                if not self.work.start.encode().startswith(start):
                    raise self._stranger("it does not begin with an answer")
                file.seek(len(self.header))
                while data := file.read(_CHUNK):
                    for job in splitter.feed(data):
                        assert job.text is not None
                        yield job, job.text.decode("utf-8", "replace")
        except FileNotFoundError:
            return
        except OSError as error:
            raise FileError(f"{self.path} cannot be read: {error.strerror}") from None

    def _has_header(self, start: bytes) -> bool:
        if not self.header.startswith(start):
            raise self._stranger("its header is another one")
        return start == self.header


class Appended:
    """A file to which lines are written behind its first `end` bytes."""

    def __init__(self, path: Path, end: int) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
            os.ftruncate(self.descriptor, end)
            os.lseek(self.descriptor, end, os.SEEK_SET)
        except OSError as error:
            raise self._failed(error) from None

    def write(self, text: str) -> None:
        """Write whole lines. Raises `FileError` if they cannot be written."""
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        try:
            while data:
                data = data[os.write(self.descriptor, data) :]
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> FileError:
        return FileError(f"{self.path} cannot be written: {error.strerror}")
