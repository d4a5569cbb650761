"""Going on behind the output of an earlier run, and writing whole lines behind it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gradcalc.cli.batch.job import Answer, Job, Work
from gradcalc.cli.batch.reading import Source, Splitter
from gradcalc.cli.batch.tally import Tally
from gradcalc.errors import FileError, GradcalcError, UsageError

_CHUNK = 2**20


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

    def _recognised(self, job: Job, text: str) -> Answer:
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
