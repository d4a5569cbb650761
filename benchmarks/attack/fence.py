"""The fence: texts that want out, files that are no inputs, and texts that want to be more.

Each is refused in one sentence, or is harmless. Programs and outputs are tried in a process that
hears what they do (`fence_inside`), files by the command.
"""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from benchmarks.attack.data import Row, Size
from benchmarks.attack.fence_files import FILES
from benchmarks.attack.fence_outputs import FORMS, HARM, TEXTS, TOLD, printed
from benchmarks.attack.fence_places import PLACES, Call
from benchmarks.attack.fence_programs import programs
from benchmarks.attack.fence_run import LONGEST, OBJECT, Inside, harm

T = TypeVar("T")

Try = tuple[str, Call, Callable[[str], str | None] | None]
"""What a call is called, the call, and what is harm in its output beside."""

MOST = 1_200
"""Megabytes that no file may take."""


def attack(size: Size) -> Iterator[Row]:
    """Programs, outputs and errors, and files."""
    with Inside() as inside:
        escapes = list(programs(inside.canary, inside.secret))
        tried: list[Try] = [
            (f"{place} | {name}", call(text), None)
            for place, call in PLACES.items()
            for name, text in escapes
        ]
        what = f"{len(escapes)} published escapes in {len(PLACES)} places"
        yield _row(inside, what, _drawn(tried, size))
        tried = [
            (f"{name} | {form} | {text!r}", call(program), HARM.get(kind))
            for name, kind, call in printed()
            for form, make in FORMS.items()
            for text in TEXTS
            if (program := make(text)) is not None
        ]
        what = f"{len(TEXTS)} texts in programs, printed in each format"
        yield _row(inside, what, _drawn(tried, size))
        tried = [
            (f"{name} | {text!r}", call(text), None)
            for name, call in TOLD.items()
            for text in TEXTS
        ]
        yield _row(
            inside, f"{len(TEXTS)} texts in errors, names, files and prints", _drawn(tried, size)
        )
    yield _of_files(size)


def _drawn(tried: list[T], size: Size) -> list[T]:
    return random.Random(size.seed).sample(tried, size.count(len(tried)))


def _row(inside: Inside, what: str, tried: Iterable[Try]) -> Row:
    broken, count, slowest, peak = [], 0, (0.0, ""), 0
    for name, call, odd in tried:
        answer = inside.answer(call)
        wrong = harm(answer, call)
        if wrong is None and odd is not None and answer.code in (0, 1, 3):
            wrong = odd(answer.out)
        if wrong is not None:
            broken.append(f"{name}: {wrong}")
        count += 1
        slowest = max(slowest, (answer.seconds, name))
        peak = max(peak, answer.peak)
    note = f"the slowest {slowest[0]:.1f} s, {slowest[1]}; at most {peak / 1e6:,.0f} MB"
    return Row(what, count, tuple(broken), note)


def _of_files(size: Size) -> Row:
    broken, slowest, largest = [], (0.0, ""), (0, "")
    chosen = _drawn(list(FILES), size)
    for name in chosen:
        wrong, seconds, memory = _file(name)
        if wrong is not None:
            broken.append(f"{name}: {wrong}")
        slowest = max(slowest, (seconds, name))
        largest = max(largest, (memory, name))
    note = f"the slowest {slowest[0]:.1f} s, {slowest[1]}; at most {largest[0]:,} MB, {largest[1]}"
    return Row("files that are no inputs, or far more", len(chosen), tuple(broken), note)


def _file(name: str) -> tuple[str | None, float, int]:
    """What is wrong with the answer to a file, how long it takes, and its memory in megabytes."""
    with tempfile.TemporaryDirectory(prefix="zqfence") as folder:
        argv = FILES[name](Path(folder))
        start, memory = time.monotonic(), 0
        process = subprocess.Popen(
            [sys.executable, "-m", "gradcalc", *argv],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        wrong = None
        while process.poll() is None and wrong is None:
            memory = max(memory, _memory(process.pid))
            late = time.monotonic() - start > LONGEST
            wrong = "it hangs" if late else "it takes memory" if memory > 3 * MOST else None
            time.sleep(0.02)
        if wrong is not None:
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        seconds = time.monotonic() - start
        return wrong or _wrong(process.returncode, out + err, folder, memory), seconds, memory


def _wrong(code: int, told: str, folder: str, memory: int) -> str | None:
    if code not in (0, 1, 2, 3, 4) or "Traceback (most" in told:
        return f"exit code {code}: {told.strip()[-100:]}"
    if Path(folder, "zqcanary").exists():
        return "a file was made"
    if OBJECT.search(told):
        return "it shows an object of Python's"
    return f"it takes {memory:,} MB" if memory > MOST else None


def _memory(process: int) -> int:
    """The most that a process has had so far, in megabytes; 0 where that is not told."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) // 1024 if found else 0
