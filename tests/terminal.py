"""A terminal for tests: a program in a pseudo terminal, and the screen that a person would see."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from tests.processes import HANGS, PATIENT
from tests.warm import ROOT, UNWANTED

COLUMNS, LINES = 90, 60

AGAIN = 5.0
"""Seconds after which keys are typed again that may have been lost."""

_WHERE = "\x1b[6n"
"""What asks a terminal where its cursor is."""


class Terminal:
    """A program that takes this one for a person's terminal."""

    def __init__(self, process: "pexpect.spawn[str]") -> None:
        self.process = process
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)

    @property
    def text(self) -> str:
        """What is on the screen, without spaces at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def has_cursor(self) -> bool:
        """Whether the cursor is to be seen."""
        return not self._screen.cursor.hidden

    def type(self, *keys: str) -> None:
        for one in keys:
            self.process.send(one)

    def see(self, text: str, times: int = 1) -> str:
        """Wait until a text is on the screen so many times; gives the screen."""
        deadline = time.monotonic() + HANGS
        while self.text.count(text) < times:
            assert time.monotonic() < deadline, self.text
            self._read()
        return self.text

    def prompt(self) -> None:
        """Wait until the last line is an empty prompt: from then on keys are read one by one."""
        deadline = time.monotonic() + HANGS
        while not self.text.endswith("\n>"):
            assert time.monotonic() < deadline, self.text
            self._read()

    def insist(self, keys: str, text: str) -> None:
        """Type keys until a text is on the screen, behind a Ctrl-C at a plain prompt.

        Python does not look for signals between its prompt and its waiting for keys: one that
        comes there takes back the line that is typed next.
        """
        deadline = time.monotonic() + HANGS
        while text not in self.text:
            assert time.monotonic() < deadline, self.text
            self.type(keys)
            again = time.monotonic() + AGAIN
            while text not in self.text and time.monotonic() < again:
                self._read()

    def end(self) -> int | None:
        """Wait until the program ends; gives its exit code."""
        deadline = time.monotonic() + HANGS
        try:
            while time.monotonic() < deadline:
                self._read()
        except (pexpect.EOF, OSError):
            self.process.close()
        return self.process.exitstatus

    def _read(self) -> None:
        try:
            given = self.process.read_nonblocking(4096, timeout=0.1)
        except pexpect.TIMEOUT:
            return
        self._stream.feed(given)
        if _WHERE in given:
            cursor = self._screen.cursor
            self.process.send(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")


@contextmanager
def terminal(
    *argv: str, folder: Path, before: str = "", env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """gradcalc with these words in a terminal, behind a line of Python that is run `before`."""
    kept = {key: value for key, value in os.environ.items() if key not in UNWANTED}
    start = "from gradcalc.__main__ import main\nmain()"
    code = f"import sys; sys.argv[0] = 'gradcalc'; {before}\n{start}"
    process = pexpect.spawn(
        sys.executable,
        ["-c", code, *argv],
        cwd=str(folder),
        env={
            **kept,
            **PATIENT,
            "PYTHONPATH": os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")]),
            "TERM": "xterm",
            "GRADCALC_HISTORY": str(folder / "history"),
            **(env or {}),
        },
        dimensions=(LINES, COLUMNS),
        encoding="utf-8",
        # a suite in the background is deaf to Ctrl-C, and what it starts would be
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield Terminal(process)
    finally:
        process.close(force=True)
