"""Commands under attack: run in a folder, and marked, so that what they leave behind is found."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GRADCALC = (sys.executable, "-m", "gradcalc")
ROOT = Path(__file__).parent.parent.parent

HANGS = 900.0
"""Seconds after which a command hangs, as opposed to being slow."""

MARK = "GRADCALC_ATTACK"
"""The variable by which the processes of a command are known, those that it has started too."""

GONE = 60.0
"""Seconds that whoever has lost its parent may take to notice."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: its exit code, below 0 for a signal, None where it hung; what it wrote;
    and how many of its processes were left."""

    code: int | None
    out: bytes
    err: bytes
    left: int

    @property
    def told(self) -> str:
        """All of it, for whoever looks for the fault."""
        text = (self.out[-200:] + self.err[-300:]).decode(errors="replace")
        return f"exit {self.code}, {self.left} left, {text!r}"


def environment(**more: str) -> dict[str, str]:
    """That of a command: this checkout answers."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "GRADCALC_DAEMON": "0", **more}


def run(
    argv: Sequence[str],
    folder: Path,
    *,
    stdin: str | None = "",
    disturb: Callable[[subprocess.Popen[bytes], str], None] | None = None,
    variables: Mapping[str, str] | None = None,
    prepared: Callable[[], Any] | None = None,
) -> Done:
    """Run a command line to its end.

    `disturb` gets the process, and the mark of all that it starts, as soon as it runs; `prepared`
    is called in the process before the command.
    """
    mark = uuid.uuid4().hex
    env = {**(environment() if variables is None else variables), MARK: mark}
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write((stdin or "").encode())
        given.seek(0)
        process = subprocess.Popen(
            argv, stdin=given, stdout=out, stderr=err, cwd=folder, env=env,
            preexec_fn=lambda: _prepare(prepared),
        )  # fmt: skip
        code: int | None
        try:
            if disturb is not None:
                disturb(process, mark)
            code = process.wait(HANGS)
        except subprocess.TimeoutExpired:
            code = None
        left = _left(mark, 0.0 if code is None else GONE)
        for pid in left:
            _tell(pid, signal.SIGKILL)
        process.wait()
        out.seek(0)
        err.seek(0)
        return Done(code, out.read(), err.read(), len(left))


def _prepare(prepared: Callable[[], Any] | None) -> None:
    # whoever runs this in the background has Ctrl-C ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if prepared is not None:
        prepared()


def marked(mark: str) -> set[int]:
    """The living processes with a mark, those without a parent too."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.add(int(folder.name))
    return found


def _left(mark: str, seconds: float) -> set[int]:
    deadline = time.monotonic() + seconds
    while (found := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def children(pid: int) -> list[int]:
    """The processes that a process has started, in their order."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]
    return []


def _tell(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


tell = _tell
