"""Attacks the warm process: whatever happens to it, to its clients and to its directory, a call has
the answer that it has without, and nothing is left behind."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from benchmarks.attack.batch_runs import LONG, children, is_alive, told, until
from benchmarks.attack.data import Row, Size
from benchmarks.attack.warm_place import (
    BAD,
    CALCULATED,
    CALLS,
    COMMAND,
    ROOT,
    Place,
    bad,
    place,
    rude,
    settled,
)
from gradcalc.daemon.client import LOST

CLIENTS = 64
"""Clients at once."""

BRIEF = {"GRADCALC_PATIENCE": "0.2"}
"""For servers that may be unable to start, which is waited for."""

GROWTH = 4_000
"""Kilobytes that a server may grow from its first calls to its last."""


def attack(size: Size) -> Iterator[Row]:
    """What is tried, each in a place of its own."""
    draw = random.Random(size.seed)
    yield at_once(draw, min(CLIENTS, size.count(1000)), size.count(5))
    # a hundred moments together
    yield clients_killed(draw, size.count(34))
    yield workers_killed(draw, size.count(33))
    yield servers_killed(draw, size.count(33))
    yield stopped_meanwhile(draw, size.count(10))
    yield changed(size.count(10))
    yield from places(size.count(len(PLACES)))
    yield few_descriptors(size.count(20))
    yield full_disk()
    yield many_calls(size.count(5000))


def _checked(found: Place, argv: Sequence[str], mode: str = "1") -> list[str]:
    got, wanted = found.answer(argv, mode), found.wanted(argv)
    return [] if got == wanted else [f"{argv}: {got} for {wanted}"]


def at_once(draw: random.Random, clients: int, rounds: int) -> Row:
    """Clients at once, a third of them bad."""
    broken: list[str] = []
    with place() as found, ThreadPoolExecutor(clients) as pool:
        pid = found.started()
        path, before = found.socket, _open(pid)
        for argv in (*CALLS, *CALCULATED):
            found.wanted(argv)

        def client(number: int) -> list[str]:
            if number % 3 == 0:
                bad(path, draw.choice([*BAD.values()]), draw)
            elif number % 9 == 1:
                rude(path, draw)
            else:
                return _checked(found, draw.choice(CALLS if number % 4 else CALCULATED))
            return []

        for _ in range(rounds):
            for told_of in pool.map(client, range(clients)):
                broken += told_of
        if not settled(pid) or (now := _open(pid, before)) > before:
            broken.append(f"{len(children(pid))} children, {now} for {before} open")
        broken += found.left()
    return Row(f"{clients} clients at once, bad ones among them", clients * rounds, tuple(broken))


def _open(pid: int, most: int | None = None) -> int:
    """How many descriptors a server has once as many children wait as should, and it has no more
    than it may, if that comes."""

    def count() -> int:
        return len(os.listdir(f"/proc/{pid}/fd"))

    until(lambda: len(children(pid)) == 2 and count() <= (most or count()))
    return count()


def clients_killed(draw: random.Random, moments: int) -> Row:
    """Clients killed, stopped or interrupted: the server is as before, and no worker is left."""
    broken: list[str] = []
    with place() as found:
        pid = found.started()
        for _ in range(moments):
            argv = draw.choice((*CALCULATED, ("grad", "x = 1*x\n" * 3000 + "x", "--x", "1")))
            with found.calling(argv) as process:
                time.sleep(draw.uniform(0.0, 0.4))
                process.send_signal(draw.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
                process.communicate(timeout=LONG)
            if not settled(pid):
                broken.append(f"{argv}: {len(children(pid))} children are left")
            broken += _checked(found, draw.choice(CALLS))
        broken += found.left()
    return Row("clients killed at random moments", moments, tuple(broken))


def workers_killed(draw: random.Random, moments: int) -> Row:
    """Children of the server killed: the call is answered by itself, or says what is lost."""
    broken: list[str] = []
    lost = 0
    with place() as found:
        pid = found.started()
        for _ in range(moments):
            argv = draw.choice(CALCULATED)
            with found.calling(argv) as process:
                time.sleep(draw.uniform(0.0, 0.4))
                told(children(pid), signal.SIGKILL)
                out, err = process.communicate(timeout=LONG)
            got, wanted = (process.returncode, out, err), found.wanted(argv)
            said = got[0] == 70 and err.decode().endswith(LOST)
            lost += said
            if got != wanted and not said:
                broken.append(f"{argv}: {got}")
        broken += found.left()
    note = f"{lost} were lost after the first byte, and say so"
    return Row("workers killed at random moments", moments, tuple(broken), note)


def servers_killed(draw: random.Random, moments: int) -> Row:
    """Servers killed with calls on their way, while they start too."""
    broken: list[str] = []
    with place() as found, ThreadPoolExecutor(3) as pool:
        for moment in range(moments):
            calls = [draw.choice((*CALLS, *CALCULATED)) for _ in range(3)]
            if moment % 2:
                found.started()
            answers = [pool.submit(_checked, found, argv, "auto") for argv in calls]
            time.sleep(draw.uniform(0.0, 1.0))
            told(_servers(found), signal.SIGKILL)
            for answer in answers:
                broken += answer.result(LONG)
        broken += found.left()
    return Row("servers killed at random moments", moments, tuple(broken))


def _servers(found: Place) -> list[int]:
    """The processes that hold a lock of a place, as they say themselves."""
    pids = []
    for path in found.files(".lock"):
        with suppress(FileNotFoundError):
            text = Path(path).read_bytes()
            pids += [int(json.loads(text)["pid"])] if text.strip() else []
    return pids


def stopped_meanwhile(draw: random.Random, moments: int) -> Row:
    """`daemon stop` with calls on their way."""
    broken: list[str] = []
    lost = 0
    with place() as found:
        for _ in range(moments):
            found.started()
            calls = [draw.choice(CALCULATED) for _ in range(3)]
            with ExitStack() as stack:
                running = [stack.enter_context(found.calling(argv)) for argv in calls]
                time.sleep(draw.uniform(0.0, 0.3))
                found.answer(("daemon", "stop"))
                for argv, process in zip(calls, running, strict=True):
                    out, err = process.communicate(timeout=LONG)
                    got = (process.returncode, out, err)
                    said = got[0] == 70 and err.decode().endswith(LOST)
                    lost += said
                    if got != found.wanted(argv) and not said:
                        broken.append(f"{argv}: {got}")
            broken += found.left()
    note = f"{lost} were lost after the first byte, and say so"
    return Row("stopped during calls", moments, tuple(broken), note)


def changed(times: int) -> Row:
    """Code that changes under a server: no call has the answer of before."""
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(Path(ROOT) / "gradcalc", Path(root) / "gradcalc")
        path = Path(root) / "gradcalc" / "render" / "canvas.py"
        before = path.read_text()
        with place(root) as found:
            found.started()
            for n in range(times):
                path.write_text(before.replace('"error: "', f'"error {n}: "'))
                err = found.answer(CALLS[0])[2]
                if not err.startswith(b"error %d: " % n):
                    broken.append(f"change {n}: {err[:80]!r}")
                if n % 5 == 0:
                    found.started()
            broken += found.left()
    return Row("code changed under the server", times, tuple(broken))


# -- places ------------------------------------------------------------------------------------

PLACES = (
    "missing", "file", "dangling", "foreign", "open", "unwritable", "relative", "empty", "long",
    "long letters", "gradcalc a file", "gradcalc a link", "gradcalc foreign", "gradcalc open",
    "lock a folder", "socket a folder", "lock a link",
)  # fmt: skip
"""What is wrong with a runtime directory, or with what is in it."""


@contextmanager
def _wrong(kind: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="gc", dir="/tmp") as base, place() as sound:
        runtime = Path(base) / "run"
        if kind.startswith("long"):
            runtime = Path(base) / ("\N{EURO SIGN}" * 15 if "letters" in kind else "a" * 150)
        inner = runtime / "gradcalc"
        if kind == "file":
            runtime.touch()
        elif kind == "dangling":
            runtime.symlink_to("nowhere")
        elif kind != "missing":
            runtime.mkdir(0o700)
        match kind:
            case "foreign":
                _give_away(runtime)
            case "open":
                runtime.chmod(0o777)
            case "unwritable":
                runtime = Path("/proc") if os.getuid() == 0 else runtime
                runtime.chmod(0o500) if os.getuid() else None
            case "relative" | "empty":
                runtime = Path("." if kind == "relative" else "")
            case "gradcalc a file":
                inner.touch(0o600)
            case "gradcalc a link":
                inner.symlink_to(base)
            case "gradcalc foreign" | "gradcalc open":
                inner.mkdir(0o700)
                _give_away(inner) if "foreign" in kind else inner.chmod(0o777)
            case "lock a folder" | "socket a folder" | "lock a link":
                sound.started()
                name = Path(sound.socket).stem
                sound.answer(("daemon", "stop"))
                inner.mkdir(0o700)
                end = inner / (f"{name}.lock" if "lock" in kind else f"{name}.sock")
                end.symlink_to(Path(base) / "stolen") if "link" in kind else end.mkdir()
        # what falls back to another directory comes here
        with tempfile.TemporaryDirectory(prefix="gc", dir="/tmp") as other:
            yield Place(Path(other), ROOT, str(runtime) if kind != "empty" else "")


def _give_away(path: Path) -> None:
    """To somebody else, where that can be done."""
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)


def places(most: int) -> Iterator[Row]:
    """Runtime directories that are none, or not ours: the answer is that without a server."""
    broken: list[str] = []
    for kind in PLACES[:most]:
        with _wrong(kind) as found:
            broken += [f"{kind}: {text}" for text in _checked(found, CALLS[0], "auto")]
            # it is told to stop while it starts, where it can
            for action in ("stop", "start", "status"):
                code, _, err = found.answer(("daemon", action), env=BRIEF)
                if code not in (0, 2, 3) or b"Traceback" in err:
                    broken.append(f"{kind}, {action}: exit {code}, {err[-300:]!r}")
            broken += [f"{kind}: {text}" for text in _checked(found, CALLS[0], "1")]
            broken += [f"{kind}: {text} is left" for text in found.left()]
    tried = len(PLACES[:most])
    yield Row("runtime directories of other kinds", tried, tuple(broken))


# -- what runs out -----------------------------------------------------------------------------


def _limited(found: Place, argv: Sequence[str], limit: str, mode: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        ["prlimit", limit, *COMMAND, *argv],
        capture_output=True, env=found.environment(mode, **BRIEF), cwd=found.runtime, timeout=LONG,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def few_descriptors(times: int) -> Row:
    """Clients, then servers, that may open only few files."""
    broken: list[str] = []
    numbers = range(4, 4 + times)
    with place() as found:
        found.started()
        for number in numbers:
            limit = f"--nofile={number}"
            cold, got = (_limited(found, CALLS[0], limit, mode) for mode in "01")
            if got not in (cold, found.wanted(CALLS[0])):
                broken.append(f"client with {number}: {got} for {cold}")
        broken += found.left()
    with place() as found:
        for number in numbers[::3]:
            code, _, err = _limited(found, ("daemon", "start"), f"--nofile={number + 4}", "1")
            # too few for Python itself
            if code not in (0, 2) and b"gradcalc" in err:
                broken.append(f"server with {number + 4}: exit {code}, {err[-300:]!r}")
            broken += _checked(found, CALLS[0])
            broken += [f"server with {number + 4}: {text}" for text in found.left()]
    return Row("few descriptors", 2 * times, tuple(broken))


def full_disk() -> Row:
    """A server that can write no file."""
    broken: list[str] = []
    with place() as found:
        code, _, err = _limited(found, ("daemon", "start"), "--fsize=0", "1")
        if code != 2 or b"Traceback" in err:
            broken.append(f"start: exit {code}, {err[-300:]!r}")
        if _limited(found, CALLS[0], "--fsize=0", "auto") != found.wanted(CALLS[0]):
            broken.append("a call has another answer")
        broken += found.left()
    return Row("full disk", 2, tuple(broken))


def many_calls(count: int) -> Row:
    """Calls one after the other, and what the server holds after a tenth and after all of them."""
    broken: list[str] = []
    with place() as found:
        pid = found.started()
        calls = [
            (argv, [code, out.decode(), err.decode()])
            for argv in CALLS + CALCULATED
            for code, out, err in [found.wanted(argv)]
        ]
        held: list[tuple[int, int]] = []
        for part in (max(1, count // 10), max(1, count - count // 10)):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.attack.warm_calls"],
                input=json.dumps([part, calls]), capture_output=True, text=True,
                env=found.environment(PYTHONPATH=ROOT), cwd=found.runtime, timeout=None,
            )  # fmt: skip
            broken += [*done.stdout.splitlines(), *done.stderr.splitlines()[-1:]]
            held.append((_open(pid, held[0][0] if held else None), _memory(pid)))
        (files, before), (after_files, after) = held
        if after_files > files or after > before + GROWTH:
            broken.append(f"{files} open and {before:,} kB became {after_files} and {after:,} kB")
        if not is_alive(pid):
            broken.append("the server has gone")
        broken += found.left()
    note = f"{before / 1024:.1f} MB after a tenth, {after / 1024:.1f} MB at the end"
    return Row("calls one after the other", count, tuple(broken), note)


def _memory(pid: int) -> int:
    """The kilobytes of a process that are its own."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
