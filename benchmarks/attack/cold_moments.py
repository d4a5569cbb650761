"""Signals at random moments: to the command, to its group, and to torch's process beside it."""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.attack.cold_commands import ALL, STDIN, prepare
from benchmarks.attack.cold_processes import GRADCALC, Done, children, run, tell
from benchmarks.attack.data import Row, Size

MOMENTS = 200
"""So many times Ctrl-C, shared by the commands; the other signals come less often."""

TERMINATED = 50
KILLED = 100
PAUSED = 100
ORPHANED = 50

Disturb = Callable[[subprocess.Popen[bytes], str], None]

ASKED = ("grad", "2*dot(x,x)", "--x", "0,1,2,3", "--json")

LATE = 1.05
"""The last moment, in times of how long a command takes."""

STARTS = b"KeyboardInterrupt"


def seconds(name: str, folder: Path) -> float:
    """How long a command takes."""
    start = time.monotonic()
    run([*GRADCALC, *ALL[name]], folder, stdin=STDIN.get(name))
    return time.monotonic() - start


def interrupted(size: Size) -> Iterator[Row]:
    """Ctrl-C, as a terminal and as `kill` send it, and SIGTERM."""
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        limits: dict[str, float] = {}
        for number, full in ((signal.SIGINT, MOMENTS), (signal.SIGTERM, TERMINATED)):
            yield _signalled(number, size.count(full), size.seed, folder, limits)


def _signalled(
    number: signal.Signals, count: int, seed: int, folder: Path, limits: dict[str, float]
) -> Row:
    """A signal at random moments of all commands in turn; how long they take is kept."""
    drawn = random.Random(f"{seed} {number}")
    names = drawn.sample(list(ALL), len(ALL))
    broken: list[str] = []
    early = 0
    for turn in range(count):
        name = names[turn % len(names)]
        if name not in limits:
            limits[name] = LATE * seconds(name, folder)
        moment, whole = drawn.uniform(0, limits[name]), drawn.random() < 0.5
        done = run(
            [*GRADCALC, *ALL[name]], folder, stdin=STDIN.get(name),
            disturb=_signal_at(moment, number, whole=whole), prepared=os.setsid,
        )  # fmt: skip
        fault = _fault(done, number)
        early += fault == EARLY
        broken += [f"{name} after {moment:.3f} s: {fault}"] if fault and fault != EARLY else []
    note = f"{early} before Python had started" if early else ""
    what = f"{number.name} at random moments of {min(count, len(names))} commands"
    return Row(what, count, tuple(broken), note)


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


def torch_signalled(size: Size) -> Iterator[Row]:
    """What happens to torch's process beside the command."""
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        limit = LATE * seconds("grad", folder)
        for what, full, disturbing in (
            ("torch's process is killed", KILLED, _killing),
            ("torch's process is stopped, and the command too", PAUSED, _pausing),
        ):
            drawn = random.Random(f"{size.seed} {what}")
            yield _asked(what, [disturbing(drawn, limit) for _ in range(size.count(full))], folder)
        yield parent_killed(size, folder, limit)


def _asked(what: str, ways: Sequence[Disturb], folder: Path) -> Row:
    """The gradient is right or unresolved, with the reason, and the formula is there."""
    broken: list[str] = []
    unresolved = 0
    for disturb in ways:
        done = run([*GRADCALC, *ASKED], folder, disturb=disturb)
        fault = _answer_fault(done)
        unresolved += done.code == 3
        broken += [fault] if fault else []
    return Row(what, len(ways), tuple(broken), f"{unresolved} unresolved, with the formula")


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


def parent_killed(size: Size, folder: Path, limit: float) -> Row:
    """The command is killed while torch's process is stopped, or is in a long calculation."""
    drawn = random.Random(f"{size.seed} killed")
    count = size.count(ORPHANED)
    broken: list[str] = []
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
