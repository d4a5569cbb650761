"""Every command of the documentation, again and again: alone, on a busy machine, with its processes
stopped and continued at random, and by a warm process. What it writes and its exit code stay the
same."""

import random
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attack.cold_processes import GRADCALC, Done, environment, marked, run, tell
from benchmarks.attack.data import Row, Size
from benchmarks.same import load
from gradcalc.codes import completed
from gradcalc.daemon.client import is_fit
from tests.examples import BLOCK, PAGES, TERMINAL, blocks

RUNS = 20
"""So often each command runs cold, and by the warm process where that answers it."""

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

COLD = ("stopped and continued", f"beside {BUSY} busy processes", "alone")
WARM = ("warm", f"warm beside {BUSY}")
"""Ways to run a command, in turn."""

Answer = tuple[int | None, bytes, bytes]


@dataclass
class _Runs:
    """How often commands run beside the first time, with the variables for the warm process."""

    cold: int
    warm: int
    variables: Mapping[str, str]
    drawn: random.Random
    turn: int = 0


def rows(size: Size) -> Iterator[Row]:
    """A row for each page, all of whose commands run.

    A run that a warm process answers costs a tenth of another: a tenth of the whole has them all.
    """
    pages = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]
    drawn = random.Random(f"{size.seed} same bytes")
    with _warm_process() as variables:
        warm = min(RUNS, size.count(10 * RUNS))
        runs = _Runs(max(1, size.count(RUNS) - 1), warm, variables, drawn)
        for page in pages:
            ways = Counter[str]()
            broken = list(_page(page, runs, ways))
            tried = ways.total()
            told = ", ".join(f"{count} {way}" for way, count in ways.items())
            yield Row(f"commands of {page.name}", tried, tuple(broken), told)


@contextmanager
def _warm_process() -> Iterator[Mapping[str, str]]:
    """A warm process of its own, by the variables that calls find it with."""
    with tempfile.TemporaryDirectory() as place:
        own = {"XDG_RUNTIME_DIR": place, "GRADCALC_DAEMON": "1", "GRADCALC_DAEMON_IDLE": "1e6"}

        def tell_it(what: str) -> None:
            subprocess.run(
                [*GRADCALC, "daemon", what], env=environment(**own), check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

        tell_it("start")
        try:
            yield own
        finally:
            tell_it("stop")


def _page(page: Path, runs: _Runs, ways: Counter[str]) -> Iterator[str]:
    """What differs between the runs of each command of a page, which go on from the same files."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place, "first")
        here.mkdir()
        for block in blocks(page.read_text(encoding="utf-8")):
            for example in block:
                before = shutil.copytree(here, Path(place, "before"), symlinks=True)
                first = _answer(example.command, here, runs, "first")
                ways["first"] += 1
                for way in _further(example.command, runs):
                    again = shutil.copytree(before, Path(place, "again"), symlinks=True)
                    ways[way] += 1
                    yield from difference(
                        f"{page.name}: {example.command!r}, {way}", first,
                        _answer(example.command, again, runs, way),
                    )  # fmt: skip
                    shutil.rmtree(again)
                shutil.rmtree(before)


def _further(command: str, runs: _Runs) -> Iterator[str]:
    """How a command runs after the first time; once is enough for what is held to nothing."""
    if is_timed(command):
        return
    for _ in range(runs.cold):
        runs.turn += 1
        yield COLD[runs.turn % len(COLD)]
    for turn in range(runs.warm if _is_answered(command) else 0):
        yield WARM[turn % len(WARM)]


def _is_answered(command: str) -> bool:
    """Whether a warm process answers it."""
    words = shlex.split(command)
    return words[:1] == ["gradcalc"] and is_fit(completed(words[1:]))


def difference(what: str, first: Answer, again: Answer) -> Iterator[str]:
    """What is to be said of two answers to the same."""
    if first != again:
        told = " and ".join(
            f"exit {code}, {(out + err)[-300:]!r}" for code, out, err in (first, again)
        )
        yield f"{what}: {told}"


def is_timed(command: str) -> bool:
    """Whether a command has one of these words as a word."""
    return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", command) for word in TIMED)


def _answer(command: str, folder: Path, runs: _Runs, way: str) -> Answer:
    """What a command writes, and its exit code."""
    # this checkout answers
    shell = f'gradcalc() {{ "{GRADCALC[0]}" -m gradcalc "$@"; }}\n'
    more = runs.variables if way in WARM else {}
    variables = environment(**{**TERMINAL, "GRADCALC_PATIENCE": "1e6", **more})
    with load(BUSY) if str(BUSY) in way else nullcontext():
        done: Done = run(
            ["bash", "-c", shell + command], folder, variables=variables,
            disturb=_stopping(runs.drawn.random()) if way == COLD[0] else None,
        )  # fmt: skip
    out, err = (SECONDS.sub(b"", text).replace(bytes(folder), b"") for text in (done.out, done.err))
    return done.code, out, err


def _stopping(seed: float) -> Callable[[subprocess.Popen[bytes], str], None]:
    """Stop and continue all processes of a command, one after the other, until it is done."""
    drawn = random.Random(seed)

    def disturb(process: subprocess.Popen[bytes], mark: str) -> None:
        while process.poll() is None:
            for pid in marked(mark) - {process.pid}:
                tell(pid, signal.SIGSTOP)
                time.sleep(drawn.uniform(0.0, 0.3))
                tell(pid, signal.SIGCONT)
            time.sleep(drawn.uniform(0.05, 0.5))

    return disturb
