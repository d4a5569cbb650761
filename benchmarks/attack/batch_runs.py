"""Runs of `gradcalc batch` that an attack disturbs, and what they must give in the end."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "gradcalc", "batch")

LONG = 600.0
"""Seconds after which a run hangs."""


def environment() -> dict[str, str]:
    """That of a run, which no warm process answers."""
    return {**os.environ, "GRADCALC_DAEMON": "0"}


@dataclass(frozen=True)
class Stream:
    """An input in a file, and the options that it is run with."""

    given: Path
    options: tuple[str, ...]

    def argv(self, *more: str) -> list[str]:
        """The command line."""
        return [*COMMAND, *self.options, *more]

    @cached_property
    def undisturbed(self) -> tuple[bytes, float, int]:
        """What a run writes that nobody disturbs, its seconds, and its exit code."""
        start = time.monotonic()
        done = subprocess.run(self.argv(), capture_output=True, env=environment(), timeout=LONG)
        return done.stdout, time.monotonic() - start, done.returncode

    @contextmanager
    def running(self, *more: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
        """A run, which is ended with its processes if it has not."""
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        process = subprocess.Popen(self.argv(*more), env=environment(), **{**pipes, **options})
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def finished(self, out: Path) -> tuple[bytes, str]:
        """The file once a run went on to its end, and what that said beside its summary."""
        done = subprocess.run(
            self.argv("--resume", str(out), "--quiet"),
            capture_output=True, env=environment(), timeout=LONG,
        )  # fmt: skip
        return out.read_bytes(), done.stderr.decode()


def requests(folder: Path, count: int, *, calculated: bool) -> Stream:
    """Lines of which some are long, and some are in error, or all if none is to be calculated."""
    path = folder / f"requests{count}.jsonl"
    with path.open("w") as file:
        for n in range(count):
            program: object = "x*x" if calculated and n % 4 == 0 else n
            if n % 7 == 3:
                program = "é" * (n % 50) * 40
            print(json.dumps({"id": n, "program": program, "inputs": {"x": n}}), file=file)
    return Stream(path, (str(path), "--workers", "2", "--no-enclosure", "--quiet"))


def table(folder: Path, count: int, *, calculated: bool) -> Stream:
    """Rows, some of several lines, and some in error, or all if none is to be calculated."""
    path = folder / f"table{count}.csv"
    notes = ("plain", '"two\nlines"', '"a ""quoted"" word"', "é" * 500, '"a\n""b""\n"')
    with path.open("w", newline="") as file:
        file.write("\ufeffx,note\r\n")
        file.writelines(
            f"{n if calculated and n % 3 else ''},{notes[n % 5]}\r\n" for n in range(count)
        )
    options = ("--csv", str(path), "x*x", "--workers", "2", "--no-enclosure", "--quiet")
    return Stream(path, options)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Whether a process is more than an entry waiting to be read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition: Callable[[], Any], seconds: float = LONG) -> bool:
    """Whether a condition holds before long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def most_memory(pid: int) -> int:
    """The most kilobytes that a process has had so far, 0 once it is over."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def told(pids: Sequence[int], number: int) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def some(draw: random.Random, pid: int) -> list[int]:
    """The process, one of those that it has started, or all of them."""
    started = children(pid)
    return draw.choice([[pid], [draw.choice(started)] if started else [pid], [pid, *started]])


def difference(found: bytes, wanted: bytes, what: str) -> Iterator[str]:
    """In words, where an output is another one than it should be."""
    if found != wanted:
        lines, others = found.splitlines(keepends=True), wanted.splitlines(keepends=True)
        pairs = enumerate(zip(lines, others, strict=False), 1)
        place = next((n for n, (a, b) in pairs if a != b), min(len(lines), len(others)) + 1)
        yield f"{what}: {len(lines)} lines for {len(others)}, another from line {place}"


DEADLY = (signal.SIGKILL, signal.SIGTERM)
