"""The warm process: the same answers as without, and every fault that a caller may meet."""

import errno
import fcntl
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradcalc.daemon import client, control, identity, server, wire, worker
from tests.processes import (
    HANGS,
    PATIENCE,
    PATIENT,
    Gate,
    ended,
    is_alive,
    links,
    minds,
    state_of,
    wait_for,
)
from tests.test_cli_process import DOT, read_all
from tests.test_torch_process import with_torch
from tests.warm import ROOT, Warm, warm_place

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warm process needs Linux")

SHORT = ("grad", "x*x", "--no-check")
ENDLESS = ("grad", "while x < 2: x = x*1\nx", "--max-steps", str(10**12))
WRONG = ("grad", "é*(", "--é", "1", "--json")
LONG = ("grad", "x.sum()", "--x", "arange(100000)", "--no-check")
Bytes = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with warm_place() as place:
        started = place.run("daemon", "start")
        assert (started.returncode, started.stderr) == (0, b"")
        yield place


def answer(done: Bytes) -> tuple[int, bytes, bytes]:
    return done.returncode, done.stdout, done.stderr


def both(warm: Warm, *argv: str, **options: Any) -> tuple[Bytes, Bytes]:
    """A call without and with the server, which must have answered it."""
    before = warm.answered
    asked = warm.run(*argv, **options)
    assert warm.answered == before + 1
    return warm.run(*argv, mode="0", **options), asked


# What is handed over


@pytest.mark.parametrize(
    ("argv", "fit"),
    [
        pytest.param(DOT, True, id="grad"),
        pytest.param(("why", *DOT[1:]), True, id="why"),
        pytest.param((*DOT, "--device", "cpu"), True, id="cpu"),
        pytest.param((*DOT, "--device", "cuda"), False, id="cuda"),
        pytest.param((*DOT, "--device=cuda:1"), False, id="cuda-1"),
        pytest.param(("grad", "--x", "1", "--", "--help"), True, id="program"),
        pytest.param(("grad", "--help"), False, id="help"),
        pytest.param(("functions",), False, id="functions"),
        pytest.param(("daemon", "stop"), False, id="daemon"),
        pytest.param((), False, id="nothing"),
        pytest.param(("grad", "x*x", "--x", "@/dev/fd/63"), False, id="descriptor"),
        pytest.param(("grad", "x*x", "--x", "@/proc/self/fd/3"), False, id="own-descriptor"),
        pytest.param(("grad", "x*x", "--x", "@/dev/stdin"), False, id="stdin-by-name"),
    ],
)
def test_calls_that_calculate_are_handed_over(argv: tuple[str, ...], fit: bool) -> None:
    assert client.is_fit(list(argv)) == fit


@pytest.mark.parametrize(
    ("variables", "plain"),
    [
        pytest.param({}, True, id="none"),
        pytest.param({"PYTHONPATH": "/a:/b"}, True, id="path"),
        pytest.param({"PYTHONPATH": "/a:b"}, False, id="relative-path"),
        pytest.param({"PYTHONTRACEMALLOC": "1"}, False, id="memory"),
    ],
)
def test_an_interpreter_that_behaves_otherwise_answers_itself(
    variables: Mapping[str, str], plain: bool
) -> None:
    with mock.patch.dict(os.environ, variables), mock.patch.object(sys, "warnoptions", []):
        assert identity.is_plain() == plain


def test_the_client_imports_next_to_nothing() -> None:
    code = (
        "import os, sys; before = set(sys.modules)\n"
        "import gradcalc.__main__, gradcalc.daemon.client\n"
        "print(*sorted(n for n in set(sys.modules) - before if not n.startswith('gradcalc')))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["_blake2", "_socket", "gc"]


# The same answers


@pytest.mark.parametrize(
    ("argv", "env", "stdin"),
    [
        pytest.param(DOT, {"NO_COLOR": "1", "COLUMNS": "50"}, b"", id="narrow"),
        pytest.param(WRONG, {"FORCE_COLOR": "1"}, b"", id="colour"),
        pytest.param(WRONG, {"PYTHONIOENCODING": "ascii"}, b"", id="ascii"),
        pytest.param(WRONG, {"LC_ALL": "C"}, b"", id="locale"),
        pytest.param(WRONG, {"PYTHONUNBUFFERED": "1"}, b"", id="unbuffered"),
        pytest.param(("grad", "x", "--x", "@-"), {}, b"0,1,,2\n", id="value-from-a-pipe"),
        pytest.param(("grad", "-", "--x", "3"), {}, b"x*(\n", id="program-from-a-pipe"),
        pytest.param(("grad", "f.py", "--x", "3"), {}, b"", id="file-of-the-directory"),
        pytest.param(
            ("grad", "sum(x*x)", "--x", "randn(50000)", "--seed", "1", "--no-enclosure"), {}, b"",
            id="threads",
        ),
    ],
)  # fmt: skip
def test_the_surroundings_are_the_callers(
    warm: Warm, tmp_path: Path, argv: tuple[str, ...], env: Mapping[str, str], stdin: bytes
) -> None:
    (tmp_path / "f.py").write_text("def f(x):\n    return x**\n")
    cold, asked = both(warm, *argv, env=env, input=stdin, cwd=tmp_path)
    assert answer(asked) == answer(cold)


ASK = """
import sys
from gradcalc.daemon.client import answer
code = answer(sys.argv[1:])
sys.exit("nobody answers" if code is None else code)
"""


@pytest.mark.parametrize("env", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("argv", [DOT, WRONG], ids=["output", "error"])
def test_it_is_the_server_that_answers(
    warm: Warm, argv: tuple[str, ...], env: Mapping[str, str]
) -> None:
    """What a client alone can say, which answers nothing itself."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *argv],
        capture_output=True, env=warm.environment(**env), timeout=HANGS,
    )  # fmt: skip
    assert answer(asked) == answer(warm.run(*argv, mode="0", env=env))


@pytest.mark.parametrize(
    ("redirection", "code"),
    [
        pytest.param(">&-", 2, id="closed-output"),
        pytest.param("<&-", 3, id="closed-input"),
        pytest.param(">&- 2>&- <&-", 2, id="all-closed"),
        pytest.param(">/dev/full", 2, id="full-disk"),
        pytest.param("2>/dev/full >/dev/full", 2, id="full-disk-for-the-error-too"),
    ],
)
def test_streams_that_cannot_be_used(warm: Warm, redirection: str, code: int) -> None:
    command = f'"{sys.executable}" -m gradcalc grad x --x 1 --no-check {redirection}'
    cold, asked = (
        subprocess.run(
            command, shell=True, capture_output=True, env=warm.environment(mode), timeout=HANGS
        )
        for mode in "01"
    )
    assert answer(asked) == answer(cold)
    assert asked.returncode == code


def test_a_reader_that_goes_away_is_no_error(warm: Warm) -> None:
    with ended(warm.open(*LONG)) as process:
        assert process.stdout.readline().startswith(b"input\t")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=HANGS) == 141


def test_a_terminal_is_that_of_the_caller(warm: Warm) -> None:
    texts = []
    for mode in "01":
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 44, 0, 0))
        terminal = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        with ended(warm.open("why", "sqrt(x**2)", "--x", "0", mode=mode, **terminal)) as process:
            os.close(theirs)
            texts.append(read_all(ours))
            assert process.wait(timeout=HANGS) == 1
    assert texts[0] == texts[1]
    assert "\x1b[" in texts[1]


def test_many_at_once(warm: Warm) -> None:
    before = warm.answered
    with ThreadPoolExecutor(16) as pool:
        calls = [("grad", f"{n}*x", "--x", "1", "--format", "literal") for n in range(16)]
        outputs = list(pool.map(lambda argv: warm.run(*argv).stdout, calls))
    assert outputs == [b"%d\n" % n for n in range(16)]
    assert warm.answered == before + 16


@pytest.mark.parametrize("number", [0, 2])
def test_no_file_takes_the_place_of_a_stream_that_is_closed(
    warm: Warm, tmp_path: Path, number: int
) -> None:
    closes = {"preexec_fn": lambda: os.close(number)}
    with reading(warm, tmp_path, *SHORT, **closes) as (process, worker, gate):
        assert os.readlink(f"/proc/{worker}/fd/{number}") == os.devnull
        gate.open("3")
        process.communicate(timeout=HANGS)


# Faults


@contextmanager
def reading(
    warm: Warm, folder: Path, *argv: str, given: bytes | None = None, **options: Any
) -> Iterator[tuple[Any, int, Gate]]:
    """A call on its way, and the worker that answers it, which waits for the value of x.

    What is `given` is what comes through a pipe before.
    """
    with Gate(folder / "x.txt") as gate:
        if given is not None:
            options["stdin"] = subprocess.PIPE
        with ended(warm.open(*argv, "--x", f"@{gate.path}", **options)) as process:
            if given is not None:
                process.stdin.write(given)
                process.stdin.close()
                process.stdin = None
            gate.reached()
            yield process, waiting(warm, gate), gate


def waiting(warm: Warm, gate: Gate) -> int:
    """The worker that waits at a gate."""
    return int(wait_for(lambda: next(filter(gate.holds, warm.children()), 0)))


def calculate(worker: int, gate: Gate) -> None:
    """Have a worker go on with what has no end."""
    gate.open("1")
    wait_for(lambda: not gate.holds(worker))


def kill(worker: int) -> None:
    """Kill a worker and wait until nothing of it is left open."""
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not is_alive(worker))


def is_buried(worker: int) -> bool:
    """Whether the server knows that a worker is gone."""
    return not Path(f"/proc/{worker}").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)],
    ids=["ctrl-c", "terminated", "killed"],
)
@pytest.mark.parametrize("calculates", [False, True], ids=["reads", "calculates"])
def test_with_the_client_the_worker_ends(
    warm: Warm, tmp_path: Path, number: int, code: int, calculates: bool
) -> None:
    interruptible = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with reading(warm, tmp_path, *ENDLESS, **interruptible) as (process, worker, gate):
        if calculates:
            calculate(worker, gate)
        process.send_signal(number)
        out, err = process.communicate(timeout=HANGS)
        assert (process.returncode, out, err) == (code, b"", b"")
        wait_for(lambda: is_buried(worker))


def test_a_client_that_is_stopped_stops_the_worker(warm: Warm, tmp_path: Path) -> None:
    with reading(warm, tmp_path, *ENDLESS, process_group=0) as (process, worker, gate):
        calculate(worker, gate)
        wait_for(lambda: minds(process.pid, signal.SIGTSTP))
        process.send_signal(signal.SIGTSTP)
        wait_for(lambda: state_of(worker) == "T" and state_of(process.pid) == "T")
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: state_of(worker) == "R")
        process.send_signal(signal.SIGTSTP)
        wait_for(lambda: state_of(worker) == "T")
        process.kill()
        wait_for(lambda: is_buried(worker))


def test_a_worker_that_is_killed_leaves_the_call_to_its_caller(warm: Warm, tmp_path: Path) -> None:
    with reading(warm, tmp_path, *SHORT) as (process, worker, gate):
        kill(worker)
        gate.reached()
        gate.open("3")
        out, err = process.communicate(timeout=HANGS)
    gate.path.unlink()
    gate.path.write_text("3")
    asked = (*SHORT, "--x", f"@{gate.path}")
    assert (process.returncode, out, err) == answer(warm.run(*asked, mode="0"))


@pytest.mark.parametrize("stdin", ["pipe", "file"])
def test_a_worker_that_is_killed_with_what_it_has_read(
    warm: Warm, tmp_path: Path, stdin: str
) -> None:
    program = b"x*x"
    path = tmp_path / "program"
    path.write_bytes(program)
    with path.open("rb") as file:
        source: Any = {"given": program} if stdin == "pipe" else {"stdin": file}
        argv = ("grad", "-", "--no-check", "--quiet")
        with reading(warm, tmp_path, *argv, **source) as (process, worker, gate):
            kill(worker)
            if stdin == "file":
                gate.reached()
                gate.open("3")
            out, err = process.communicate(timeout=HANGS)
    lost = (70, b"", client.LOST.encode())
    assert (process.returncode, out, err) == (lost if stdin == "pipe" else (3, b"", b""))


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 70_000, b"\5\0\0\0a\0b\0c"]
)
def test_garbage_on_the_socket_harms_nobody(warm: Warm, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(next(warm.folder.glob("*.sock"))))
        connection.settimeout(HANGS)
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        # it may hang up on what is still to be read
        with suppress(ConnectionResetError):
            assert connection.recv(1) == wire.LISTENS
            assert connection.recv(1) == b""
    cold, asked = both(warm, "grad", "x*", "--x", "1")
    assert answer(asked) == answer(cold)


def test_a_request_that_never_ends_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def drip() -> None:
        with suppress(BrokenPipeError):
            theirs.sendall(wire.number(worker._LONGEST // 2))
            while not over.wait(0.01):
                theirs.sendall(b"x")

    with ThreadPoolExecutor() as pool, ours, theirs:
        dripping = pool.submit(drip)
        try:
            with pytest.raises(TimeoutError):
                worker.receive(ours, 0.3)
        finally:
            over.set()
        dripping.result()


def test_a_server_clears_away_its_own_files_alone(tmp_path: Path) -> None:
    """Its directory may have been cleared under it, and another server be there."""
    lock, path = str(tmp_path / "a.lock"), str(tmp_path / "a.sock")
    with control.locked(lock) as first, server._listening(path, lock, first):
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        with ExitStack() as other:
            second = other.enter_context(control.locked(lock))
            other.enter_context(server._listening(path, lock, second))
            theirs = other.pop_all()
    with theirs:
        assert control.is_own(lock, second)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
    assert not list(tmp_path.iterdir())


def test_what_killed_servers_leave_is_cleared_away(tmp_path: Path) -> None:
    for end in ("a.lock", "a.sock", "b.lock", "b.sock", "c.lock"):
        (tmp_path / end).touch()
    (tmp_path / "d.lock").mkdir()
    with control.locked(str(tmp_path / "b.lock")):
        control.clear(str(tmp_path))
        assert {path.name for path in tmp_path.iterdir()} == {"b.lock", "b.sock", "d.lock"}


@pytest.mark.parametrize(
    ("number", "pauses"), [(errno.EMFILE, 1), (errno.ENFILE, 1), (errno.ECONNABORTED, 0)]
)
def test_a_server_without_descriptors_does_not_spin(
    monkeypatch: pytest.MonkeyPatch, number: int, pauses: int
) -> None:
    ends: Any = mock.Mock()
    clock = mock.Mock(monotonic=lambda: 0.0)
    monkeypatch.setattr(server, "time", clock)
    ends.accept.side_effect = OSError(number, "")
    server._Server("", ends, ends, ends, "", 0, ends)._accept()
    assert clock.sleep.call_count == pauses


@contextmanager
def placed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for the servers of this process."""
    with tempfile.TemporaryDirectory(prefix="gc", dir="/tmp") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield Path(identity.make_directory())


def executable(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def test_a_server_is_found_and_ended_before_it_runs_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with placed(monkeypatch) as folder, Gate(tmp_path / "gate") as gate:
        waits = executable(tmp_path / "python", f"exec cat '{gate.path}'")
        monkeypatch.setattr(sys, "executable", waits)
        control.spawn("a")
        # another of the same name is not started meanwhile
        control.spawn("a")
        gate.reached()
        (ended_with,) = control.stop()
        wait_for(lambda: not is_alive(ended_with.state.pid))
        assert not list(folder.iterdir())


@pytest.mark.parametrize("script", ["exit 3", None], ids=["ends", "cannot be run"])
def test_a_server_that_cannot_start_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str | None
) -> None:
    with placed(monkeypatch) as folder:
        python = tmp_path / "python" if script is None else executable(tmp_path / "python", script)
        monkeypatch.setattr(sys, "executable", str(python))
        # longer than anybody waits
        monkeypatch.setenv(PATIENCE, PATIENT[PATIENCE])
        assert control.start("a") is None
        assert not list(folder.iterdir())


def test_what_a_killed_server_said_is_not_taken_for_the_next(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    lock.write_text('{"pid": 1, "version": "", "started": 0}')
    with control.locked(str(lock)):
        assert control.is_held(str(lock))
        assert control.read_state(str(lock)) is None


def test_a_server_that_is_starting_is_ended(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate, warm_place() as warm:
        # what it imports waits
        path = with_torch(tmp_path, f"open({str(gate.path)!r}).read()")
        env = {"PYTHONPATH": path}
        with ended(warm.open("daemon", "start", env=env)) as process:
            gate.reached()
            pid = warm.pid
            done = warm.run("daemon", "stop")
            assert answer(done) == (0, b"stopped, pid %d\n" % pid, b"")
            out, err = process.communicate(timeout=HANGS)
        assert (process.returncode, out) == (2, b"")
        assert b"the warm process did not start" in err
        assert not is_alive(pid)
        assert not list(warm.folder.iterdir())


def test_a_server_that_is_stopped_can_be_ended() -> None:
    with warm_place() as warm:
        assert warm.run("daemon", "start").returncode == 0
        pid = warm.pid
        os.kill(pid, signal.SIGSTOP)
        assert warm.run("daemon", "stop", env={PATIENCE: "0.02"}).returncode == 0
        wait_for(lambda: not is_alive(pid))


@pytest.mark.parametrize("letter", ["a", "\u20ac"])
def test_a_socket_has_a_path_that_is_short_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    for variable in ("XDG_RUNTIME_DIR", "TMPDIR"):
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        for count in range(1, 60):
            with tempfile.TemporaryDirectory(prefix=letter * count, dir="/tmp") as folder:
                monkeypatch.setenv(variable, folder)
                path = identity.socket_path(identity.directory(), "0" * 20)
                assert len(os.fsencode(path)) < 104


def test_a_directory_that_is_open_to_others_is_not_used(warm: Warm) -> None:
    before = warm.answered
    warm.folder.chmod(0o755)
    try:
        called = warm.run("grad", "x*", "--x", "1")
        told = warm.run("daemon", "status")
    finally:
        warm.folder.chmod(0o700)
    assert called.returncode == 2
    assert warm.answered == before
    assert (told.returncode, told.stdout) == (2, b"")
    assert b"is open to others" in told.stderr


@pytest.mark.parametrize("kind", ["missing", "file", "link", "others"])
def test_places_are_checked(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "gradcalc"
    match kind:
        case "file":
            folder.touch(0o600)
        case "link":
            (tmp_path / "real").mkdir(0o700)
            folder.symlink_to("real")
        case "others":
            folder.mkdir()
            folder.chmod(0o701)
    with pytest.raises(OSError, match=r"."):
        identity.check_directory(str(folder))


def test_a_server_that_is_silent_is_not_waited_for() -> None:
    with warm_place(patience="0.1") as warm, socket.socket(socket.AF_UNIX) as listener:
        warm.folder.mkdir(0o700)
        name = warm.run("daemon", "status")
        assert name.returncode == 3
        listener.bind(identity.socket_path(str(warm.folder), _name(warm)))
        listener.listen()
        assert warm.run("grad", "x*", "--x", "1").returncode == 2


def _name(warm: Warm) -> str:
    code = "from gradcalc.daemon import identity; print(identity.name())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=warm.environment()
    )
    return done.stdout.strip()


def test_a_life(tmp_path: Path) -> None:
    """From sixteen calls that all want a server, over its sudden death, to a quiet end."""
    with warm_place() as warm:
        with ThreadPoolExecutor(16) as pool:
            calls = [("grad", f"{n}*x*", "--x", "1") for n in range(16)]
            codes = list(pool.map(lambda argv: warm.run(*argv, mode="auto").returncode, calls))
        assert codes == [2] * 16
        wait_for(lambda: warm.states() and warm.states()[0]["ready"])
        first, name = warm.pid, next(warm.folder.glob("*.sock")).stem
        spares = wait_for(
            lambda: (
                len(now := warm.children()) == 2
                and processes_of(name, warm.folder) == {first, *now}
                and now
            )
        )
        assert not [link for link in links(first) if link.startswith(("/dev/pts", "pipe:"))]
        assert os.readlink(f"/proc/{first}/cwd") == "/"

        with reading(warm, tmp_path, *SHORT) as (process, worker, gate):
            os.kill(first, signal.SIGKILL)
            wait_for(lambda: not is_alive(first))
            gate.open("3")
            out, err = process.communicate(timeout=HANGS)
            assert (process.returncode, err) == (3, b"")
            assert out.startswith(b"input\t")
        wait_for(lambda: not any(map(is_alive, (*spares, worker))))
        assert warm.run("daemon", "status").returncode == 3
        assert warm.run("grad", "x*", "--x", "1").returncode == 2

        assert warm.run("daemon", "start").returncode == 0
        second, spares = warm.pid, warm.children()
        assert second != first
        assert warm.run("grad", "x*", "--x", "1").returncode == 2
        assert warm.answered == 1
        assert warm.run("daemon", "stop").returncode == 0
        assert not list(warm.folder.iterdir())
        wait_for(lambda: not any(map(is_alive, (second, *spares))))


IDLE = """
import os, signal
from gradcalc.daemon import control, identity, server
from gradcalc.daemon.worker import Service

def nothing(*_):
    print("prepared or rehearsed", flush=True)

forked = []
fork = os.fork
os.fork = lambda: forked.append(fork()) or forked[-1]
lock = control.identity.lock_path(identity.make_directory(), identity.name())
server.serve(identity.name(), Service("0", nothing, nothing, nothing), control._locked(lock, 1))
print(len(forked) > 1, [pid for pid in forked if os.path.exists(f"/proc/{pid}")], flush=True)
"""


def test_an_idle_server_ends_and_leaves_nothing() -> None:
    with warm_place() as warm:
        done = subprocess.run(
            [sys.executable, "-c", IDLE],
            capture_output=True, text=True, timeout=HANGS, check=True,
            env=warm.environment(GRADCALC_DAEMON_IDLE="0.5"),
        )  # fmt: skip
        *before, last = done.stdout.splitlines()
        assert set(before) == {"prepared or rehearsed"}
        assert last == "True []"
        assert not list(warm.folder.iterdir())


def test_a_server_is_idle_once_nobody_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(server, "time", mock.Mock(monotonic=lambda: now))
    monkeypatch.setenv("GRADCALC_DAEMON_IDLE", "10")
    ends: Any = mock.Mock()
    one = server._Server("", ends, ends, ends, "", 0, ends)
    now = 9.0
    assert not one._is_over()
    one.busy.add(1)
    now = 1000.0
    assert not one._is_over()
    one.busy.clear()
    now = 1009.0
    monkeypatch.setattr(one, "_is_current", lambda: True)
    assert not one._is_over()
    now = 1011.0
    assert one._is_over()


def processes_of(name: str, folder: Path) -> set[int]:
    """Every process that was started as the server of this name, or by it, for this folder."""
    found = set()
    place = f"XDG_RUNTIME_DIR={folder.parent}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if name.encode() in path.read_bytes().split(b"\0"):
                environment = path.with_name("environ").read_bytes().split(b"\0")
                found |= {int(path.parent.name)} if place in environment else set()
    return found


def test_stale_code_is_never_used(tmp_path: Path) -> None:
    shutil.copytree(Path(ROOT) / "gradcalc", tmp_path / "gradcalc")
    errors = tmp_path / "gradcalc" / "render" / "canvas.py"
    with warm_place(str(tmp_path)) as warm:
        assert warm.run("daemon", "start", cwd=tmp_path).returncode == 0
        assert warm.run("grad", "x*", "--x", "1", cwd=tmp_path).stderr.startswith(b"error: ")
        assert warm.answered == 1
        errors.write_text(errors.read_text().replace('"error: "', '"mistake: "'))
        changed = warm.run("grad", "x*", "--x", "1", cwd=tmp_path)
        assert changed.stderr.startswith(b"mistake: ")
        assert warm.answered == 1
        assert warm.run("daemon", "status", cwd=tmp_path).returncode == 3
        started, spares = warm.pid, warm.children()
        assert warm.run("daemon", "stop", cwd=tmp_path).returncode == 0
        assert not list(warm.folder.iterdir())
        wait_for(lambda: not any(map(is_alive, (started, *spares))))
