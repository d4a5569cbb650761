"""Signals at random moments: to the command, to its group, and to torch's process beside it."""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.attack.cold_commands import COMMANDS, STDIN, prepare
from benchmarks.attack.cold_processes import GRADCALC, Done, children, run, tell
from benchmarks.attack.data import Row, Size

MOMENTS = 200

Disturb = Callable[[subprocess.Popen[bytes], str], None]

ASKED = ("grad", "2*dot(x,x)", "--x", "0,1,2,3", "--json")

LATE = 1.05
"""The last moment, in times of how long a command takes."""

STARTS = b"KeyboardInterrupt"


def rows(size: Size) -> Iterator[Row]:
    """Each kind of signal."""
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        yield from interrupted(size, folder)
        yield torch_signalled(size, folder, "torch's process is killed", _killing)
        yield torch_signalled(
            size, folder, "torch's process is stopped, and the command too", _pausing
        )
        yield parent_killed(size, folder)


def seconds(name: str, folder: Path) -> float:
    """How long a command takes."""
    start = time.monotonic()
    run([*GRADCALC, *COMMANDS[name]], folder, stdin=STDIN.get(name))
    return time.monotonic() - start


def interrupted(size: Size, folder: Path) -> Iterator[Row]:
    """Ctrl-C, as a terminal and as `kill` send it, and SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        broken: list[str] = []
        tried = early = 0
        for name in COMMANDS:
            drawn = random.Random(f"{size.seed} {name} {number}")
            limit = LATE * seconds(name, folder)
            for _ in range(size.count(MOMENTS)):
                moment, whole = drawn.uniform(0, limit), drawn.random() < 0.5
                done = run(
                    [*GRADCALC, *COMMANDS[name]], folder, stdin=STDIN.get(name),
                    disturb=_signal_at(moment, number, whole=whole), prepared=os.setsid,
                )  # fmt: skip
                tried += 1
                fault = _fault(done, number)
                if fault == EARLY:
                    early += 1
                elif fault:
                    broken.append(f"{name} after {moment:.3f} s: {fault}")
        note = f"{early} before Python had started" if early else ""
        yield Row(
            f"{number.name} at random moments of {len(COMMANDS)} commands",
            tried,
            tuple(broken),
            note,
        )


def _signal_at(moment: float, number: int, *, whole: bool) -> Disturb:
    """A signal after so many seconds, to a whole group as a terminal sends it."""

    def disturb(process: subprocess.Popen[bytes], _: str) -> None:
        time.sleep(moment)
        with suppress(ProcessLookupError):
            if whole:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)

    return disturb


EARLY = "Python was not there yet"


def _fault(done: Done, number: signal.Signals) -> str | None:
    """What is wrong with how a command ended after a signal, or without one."""
    expected = {0, 1, 3, -number} | ({130} if number is signal.SIGINT else set())
    started = STARTS not in done.err or b"/gradcalc/" in done.err
    if not started and done.code in (1, -signal.SIGINT):
        # nothing of gradcalc is imported yet, nothing of it can be said
        return EARLY
    if done.left:
        return done.told
    silent = not done.err.strip() or done.code in (0, 1, 3)
    return None if done.code in expected and silent else done.told


# -- torch's process ---------------------------------------------------------------------------


def torch_signalled(
    size: Size, folder: Path, what: str, disturbing: Callable[[random.Random, float], Disturb]
) -> Row:
    """The gradient is right or unresolved, with the reason, and the formula is there."""
    drawn = random.Random(f"{size.seed} {what}")
    limit = LATE * seconds("grad", folder)
    count = size.count(MOMENTS)
    broken = []
    unresolved = 0
    for _ in range(count):
        done = run([*GRADCALC, *ASKED], folder, disturb=disturbing(drawn, limit))
        fault = _answer_fault(done)
        unresolved += done.code == 3
        broken += [fault] if fault else []
    return Row(what, count, tuple(broken), f"{unresolved} unresolved, with the formula")


def _answer_fault(done: Done) -> str | None:
    try:
        report = json.loads(done.out)
        found = report["gradients"]["x"]
        right = found["closed_form"] == "4*x" and found["symbolic"] == [0.0, 4.0, 8.0, 12.0]
        message = report["verdict"]["message"]
    except (ValueError, KeyError):
        return done.told
    told = done.code == 0 or (done.code == 3 and "its process" in message)
    return None if right and told and not done.err and not done.left else done.told


def _killing(drawn: random.Random, limit: float) -> Disturb:
    moment = drawn.uniform(0, limit)
    number = drawn.choice((signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM))

    def disturb(process: subprocess.Popen[bytes], _: str) -> None:
        time.sleep(moment)
        for child in children(process.pid):
            tell(child, number)

    return disturb


def _pausing(drawn: random.Random, limit: float) -> Disturb:
    moment, length, both = drawn.uniform(0, limit), drawn.uniform(0.1, 4.0), drawn.random() < 0.3

    def disturb(process: subprocess.Popen[bytes], _: str) -> None:
        time.sleep(moment)
        stopped = [*children(process.pid), *([process.pid] if both else [])]
        for pid in stopped:
            tell(pid, signal.SIGSTOP)
        time.sleep(length)
        for pid in stopped:
            tell(pid, signal.SIGCONT)

    return disturb


def parent_killed(size: Size, folder: Path) -> Row:
    """The command is killed while torch's process is stopped, or is in a long calculation."""
    drawn = random.Random(f"{size.seed} killed")
    limit = LATE * seconds("grad", folder)
    count = size.count(MOMENTS)
    broken = []
    for _ in range(count):
        done = run([*GRADCALC, *ASKED], folder, disturb=_orphaning(drawn.uniform(0, limit)))
        broken += [done.told] if done.left or done.code not in (0, -signal.SIGKILL) else []
    return Row("the command is killed while torch's process is stopped", count, tuple(broken))


def _orphaning(moment: float) -> Disturb:
    def disturb(process: subprocess.Popen[bytes], _: str) -> None:
        time.sleep(moment)
        for child in children(process.pid):
            tell(child, signal.SIGSTOP)
        process.kill()

    return disturb
