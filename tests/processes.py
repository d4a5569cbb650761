"""Processes under test: waiting for what they do, and making them wait."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HANGS = 1200.0
"""Seconds after which a process hangs, as opposed to being slow."""

PATIENCE = "GRADCALC_PATIENCE"
"""The variable that says how many times as long as usual the program waits for what it started."""

PATIENT = {PATIENCE: "1e6"}
"""The program's own limits on time, out of reach of any machine. Whatever is to run into one sets
it, or is less patient."""


def wait_for(condition: Callable[[], Any]) -> Any:
    """The first true value of a condition; an AssertionError if it hangs."""
    deadline = time.monotonic() + HANGS
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return value


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[Any]:
    """A process that is killed at the end unless it has ended, and its streams closed."""
    try:
        yield process
    finally:
        process.kill()
        with suppress(BrokenPipeError), process:
            pass


def children(pid: int) -> set[int]:
    """The processes that a process has started."""
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def child_of(pid: int) -> int:
    """A child of a process, as soon as it has one."""
    return min(wait_for(lambda: children(pid)))


def state_of(pid: int) -> str:
    """R for a process that runs or could, S and D for one that waits, T for one that is stopped; Z
    for one that is over, asked for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is more than an entry waiting to be read."""
    return state_of(pid) != "Z"


def minds(pid: int, number: signal.Signals, how: str = "Cgt") -> bool:
    """Whether a process has a handler for a signal, or ignores it if `how` is Ign."""
    text = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in text.splitlines() if line.startswith(f"Sig{how}:"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


def links(pid: int) -> list[str]:
    """What a process has open."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        # it may be closed by now
        with suppress(FileNotFoundError):
            found.append(os.readlink(path))
    return found


class Gate:
    """A file that makes whoever reads it wait until somebody opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end: int | None = None
        os.mkfifo(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def reached(self) -> None:
        """Wait until somebody waits here."""
        self._close()
        self._end = wait_for(self._opened)

    def _opened(self) -> int | None:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None

    def holds(self, pid: int) -> bool:
        """Whether a process is one that waits here."""
        try:
            return str(self.path) in links(pid)
        except (FileNotFoundError, ProcessLookupError):
            return False

    def open(self, text: str = "") -> None:
        """Let whoever waits here, or will, read a text and go on."""
        if self._end is None:
            self.reached()
        assert self._end is not None
        os.write(self._end, text.encode())
        self._close()

    def _close(self) -> None:
        if self._end is not None:
            os.close(self._end)
            self._end = None
