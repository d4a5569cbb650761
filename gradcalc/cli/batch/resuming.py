"""The output of an earlier run: held, so that no other run writes it, read like the input, and gone
on with behind its last whole answer."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from gradcalc.cli.batch.job import Job, JobAnswer, Tally, Work
from gradcalc.cli.batch.reading import CHUNK, Source, Splitter
from gradcalc.errors import FileError, GradcalcError, UsageError


class Output:
    """A file that this process alone writes, from where it is opened to its end.

    Raises `FileError` for one that cannot be written, `UsageError` for one that another run writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._failed(error) from None
        try:
            if not stat.S_ISREG(os.fstat(self.descriptor).st_mode):
                raise FileError(f"{path} is no file that a run could go on with")
            self._hold()
        except BaseException:
            os.close(self.descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.close(self.descriptor)

    def chunks(self, start: int) -> Iterator[bytes]:
        """What is there, from a byte on. Raises `FileError` if it cannot be read."""
        try:
            while data := os.pread(self.descriptor, CHUNK, start):
                yield data
                start += len(data)
        except OSError as error:
            raise FileError(f"{self.path} cannot be read: {error.strerror}") from None

    def cut(self, end: int) -> None:
        """Take away what stands behind byte `end`, where the next line goes."""
        try:
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

    def _hold(self) -> None:
        """Lock it.

        A lock of the process, which no child keeps: one that is stopped would keep it for good.
        """
        try:
            import fcntl

            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # not every system can
        except ImportError:
            return
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise UsageError(
                    f"another run is writing {self.path}",
                    hint="wait until it ends, or name another file",
                ) from None

    def _failed(self, error: OSError) -> FileError:
        return FileError(f"{self.path} cannot be written: {error.strerror}")


class Earlier:
    """What an earlier run has written: `header`, then the whole answers that are there.

    Raises `FileError` for a file that cannot be read, `UsageError` for one that is no such output.
    """

    def __init__(
        self, output: Output, work: Work, header: str, splitter: Callable[[], Splitter]
    ) -> None:
        self.output = output
        self.path = output.path
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
        if not self._has_header():
            return
        splitter = self.splitter()
        start = self._first(len(self.header), len(self.work.start))
        if not self.work.start.encode().startswith(start):
            raise self._stranger("it does not begin with an answer")
        for data in self.output.chunks(len(self.header)):
            for job in splitter.feed(data):
                assert job.text is not None
                yield job, job.text.decode("utf-8", "replace")

    def _first(self, start: int, size: int) -> bytes:
        return next(self.output.chunks(start), b"")[:size]

    def _has_header(self) -> bool:
        start = self._first(0, len(self.header))
        if not self.header.startswith(start):
            raise self._stranger("its header is another one")
        return start == self.header
