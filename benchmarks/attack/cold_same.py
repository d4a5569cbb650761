"""Every command of the documentation, again and again: alone, on a busy machine, and with its
processes stopped and continued at random. Its output and its exit code stay the same."""

import random
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from benchmarks.attack.cold_processes import GRADCALC, Done, environment, marked, run, tell
from benchmarks.attack.data import Row, Size
from benchmarks.same import load
from tests.examples import BLOCK, PAGES, TERMINAL, blocks

RUNS = 20

TIMED = {
    "--timeout": "a limit on time",
    "daemon": "a warm process lives on between commands",
    "echo $?": "it tells of the command before",
    "ls": "it lists files",
    "--version": "it names what is installed",
}
"""What is in commands that depend on more than their input, and why; they run, but are not held to
anything."""

SECONDS = re.compile(rb" in \d+\.\d s$", re.MULTILINE)
"""How long a batch took, on standard error: what is meant to depend on time."""

BUSY = 2

Answers = list[tuple[str, int | None, bytes]]


def rows(size: Size) -> Iterator[Row]:
    """A row for each way of running the commands."""
    drawn = random.Random(f"{size.seed} pages")
    pages = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]
    pages = drawn.sample(pages, size.count(len(pages)))
    runs = max(2, size.count(RUNS))
    plain = {page: answers(page, drawn, stopping=False) for page in pages}
    ways: Mapping[str, tuple[bool, Callable[[], AbstractContextManager[None]]]] = {
        "alone": (False, nullcontext),
        f"beside {BUSY} busy processes": (False, lambda: load(BUSY)),
        "stopped and continued at random": (True, nullcontext),
    }
    for what, (stopping, busy) in ways.items():
        broken: list[str] = []
        tried = 0
        with busy():
            for page in pages:
                for _ in range(runs - 1):
                    found = answers(page, drawn, stopping=stopping)
                    tried += len(found)
                    broken += _differences(page, plain[page], found)
        yield Row(f"commands of {len(pages)} pages, {what}", tried, tuple(broken))


def _differences(page: Path, before: Answers, after: Answers) -> Iterator[str]:
    for one, other in zip(before, after, strict=True):
        if one != other and not _is_timed(one[0]):
            yield f"{page.name}: {one[0]!r}: exit {one[1]} and {other[1]}, {other[2][-200:]!r}"


def _is_timed(command: str) -> bool:
    """Whether a command has one of these words as a word."""
    return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", command) for word in TIMED)


def answers(page: Path, drawn: random.Random, *, stopping: bool) -> Answers:
    """What the commands of a page write to standard output, and their exit codes."""
    found: Answers = []
    # this checkout answers
    shell = f'gradcalc() {{ "{GRADCALC[0]}" -m gradcalc "$@"; }}\n'
    variables = environment(**{**TERMINAL, "GRADCALC_PATIENCE": "1e6"})
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks(page.read_text(encoding="utf-8")):
            for example in block:
                moment = drawn.uniform(0.0, 3.0)
                done: Done = run(
                    ["bash", "-c", shell + example.command], Path(folder), variables=variables,
                    disturb=_stopping(moment) if stopping else None,
                )  # fmt: skip
                text = SECONDS.sub(b"", done.out).replace(folder.encode(), b"")
                found.append((example.command, done.code, text))
    return found


def _stopping(moment: float) -> Callable[[subprocess.Popen[bytes], str], None]:
    """Stop and continue all processes of a command, one after the other, until it is done."""
    drawn = random.Random(moment)

    def disturb(process: subprocess.Popen[bytes], mark: str) -> None:
        while process.poll() is None:
            for pid in marked(mark) - {process.pid}:
                tell(pid, signal.SIGSTOP)
                time.sleep(drawn.uniform(0.0, 0.3))
                tell(pid, signal.SIGCONT)
            time.sleep(drawn.uniform(0.05, 0.5))

    return disturb
