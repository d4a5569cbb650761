"""The input as jobs: bytes as they come, cut into lines or into the records of a table."""

import csv
import os
from collections import deque
from collections.abc import Iterator

from gradcalc.cli.batch.job import Job
from gradcalc.errors import FileError

LONGEST = 64 * 2**20
"""The most bytes of one request: some three million numbers."""

UNBOUNDED = 2**62
"""As the longest line: one of any length."""

CHUNK = 2**16
"""Bytes that are read at once."""


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
    # whatever stands before a further line, it begins inside a quote
    last = b'"' * (len(lines) > 1) + lines[-1]

    def given() -> Iterator[str]:
        nonlocal asked
        yield last.decode("latin-1") + "\n"
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
            data = os.read(self.descriptor, CHUNK)
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
