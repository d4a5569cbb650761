"""The warm process: the same answers as without, and every fault that a caller may meet."""

import fcntl
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradcalc.daemon import client, identity, place, wire
from tests.test_cli_process import DOT, ENDLESS, read_all
from tests.warm import ROOT, Warm, is_alive, wait_for, warm_place

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warm process needs Linux")

SLOW = ("grad", "for i in range(15000): x = x*1.0001\nx", "--x", "1", "--no-check")
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
        pytest.param(("grad", "sum(x*x)", "--x", "randn(50000)", "--seed", "1"), {}, b"",
                     id="threads"),
    ],
)  # fmt: skip
def test_the_surroundings_are_the_callers(
    warm: Warm, tmp_path: Path, argv: tuple[str, ...], env: Mapping[str, str], stdin: bytes
) -> None:
    (tmp_path / "f.py").write_text("def f(x):\n    return x**\n")
    cold, asked = both(warm, *argv, env=env, input=stdin, cwd=tmp_path)
    assert answer(asked) == answer(cold)


@pytest.mark.parametrize(
    ("redirection", "code"),
    [
        pytest.param(">&-", 0, id="closed-output"),
        pytest.param("<&-", 0, id="closed-input"),
        pytest.param(">&- 2>&- <&-", 0, id="all-closed"),
        pytest.param(">/dev/full", 2, id="full-disk"),
        pytest.param("2>/dev/full >/dev/full", 141, id="full-disk-for-the-error-too"),
    ],
)
def test_streams_that_cannot_be_used(warm: Warm, redirection: str, code: int) -> None:
    command = f'"{sys.executable}" -m gradcalc grad x --x 1 {redirection}'
    cold, asked = (
        subprocess.run(
            command, shell=True, capture_output=True, env=warm.environment(mode), timeout=60
        )
        for mode in "01"
    )
    assert answer(asked) == answer(cold)
    assert asked.returncode == code


def test_a_reader_that_goes_away_is_no_error(warm: Warm) -> None:
    with warm.open(*LONG) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"input\t")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_terminal_is_that_of_the_caller(warm: Warm) -> None:
    texts = []
    for mode in "01":
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 44, 0, 0))
        terminal = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        process = warm.open("why", "sqrt(x**2)", "--x", "0", mode=mode, **terminal)
        os.close(theirs)
        texts.append(read_all(ours))
        assert process.wait(timeout=60) == 1
    assert texts[0] == texts[1]
    assert "\x1b[" in texts[1]


def test_many_at_once(warm: Warm) -> None:
    before = warm.answered
    with ThreadPoolExecutor(16) as pool:
        calls = [("grad", f"{n}*x", "--x", "1", "--format", "literal") for n in range(16)]
        outputs = list(pool.map(lambda argv: warm.run(*argv).stdout, calls))
    assert outputs == [b"%d\n" % n for n in range(16)]
    assert warm.answered == before + 16


# Faults


def calculating(warm: Warm, *argv: str, **options: Any) -> tuple[subprocess.Popen[bytes], int]:
    """A call on its way, and the worker that answers it."""
    process = warm.open(*argv, **options)
    try:
        return process, busy(warm)
    except AssertionError:
        process.kill()
        raise


def busy(warm: Warm) -> int:
    """The worker that calculates; no rehearsal of a spare takes as long."""
    return int(wait_for(lambda: next((p for p in warm.children() if ticks(p) > 30), 0)))


def ticks(pid: int) -> int:
    """The processor time of a process, in hundredths of a second."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11])
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)],
    ids=["ctrl-c", "terminated", "killed"],
)
def test_with_the_client_the_worker_ends(warm: Warm, number: int, code: int) -> None:
    process, worker = calculating(
        warm, *ENDLESS, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    with process:
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (code, b"", b"")
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), 2)


def test_a_client_that_is_stopped_stops_the_worker(warm: Warm) -> None:
    process, worker = calculating(warm, *ENDLESS, process_group=0)
    with process:
        process.send_signal(signal.SIGTSTP)
        wait_for(lambda: state_of(worker) == "T" and state_of(process.pid) == "T")
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: state_of(worker) == "R")
        process.send_signal(signal.SIGTSTP)
        wait_for(lambda: state_of(worker) == "T")
        process.kill()
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), 2)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_a_worker_that_is_killed_leaves_the_call_to_its_caller(warm: Warm) -> None:
    process, worker = calculating(warm, *SLOW)
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == answer(warm.run(*SLOW, mode="0"))


@pytest.mark.parametrize("stdin", ["pipe", "file"])
def test_a_worker_that_is_killed_with_what_it_has_read(
    warm: Warm, tmp_path: Path, stdin: str
) -> None:
    program = "for i in range(15000): x = x*1\nx"
    path = tmp_path / "program"
    path.write_text(program)
    with path.open() as file:
        source = subprocess.PIPE if stdin == "pipe" else file
        argv = ("grad", "-", "--x", "1", "--no-check", "--quiet")
        process = warm.open(*argv, stdin=source)
        if process.stdin:
            process.stdin.write(program.encode())
            process.stdin.close()
            process.stdin = None
        os.kill(busy(warm), signal.SIGKILL)
        out, err = process.communicate(timeout=60)
    lost = (70, b"", client.LOST.encode())
    assert (process.returncode, out, err) == (lost if stdin == "pipe" else (3, b"", b""))


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 70_000, b"\5\0\0\0a\0b\0c"]
)
def test_garbage_on_the_socket_harms_nobody(warm: Warm, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(next(warm.folder.glob("*.sock"))))
        connection.settimeout(10)
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        # it may hang up on what is still to be read
        with suppress(ConnectionResetError):
            assert connection.recv(1) == wire.LISTENS
            assert connection.recv(1) == b""
    cold, asked = both(warm, "grad", "x*", "--x", "1")
    assert answer(asked) == answer(cold)


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
        place.check(str(folder))


def test_a_server_that_is_silent_is_not_waited_for() -> None:
    with warm_place() as warm, socket.socket(socket.AF_UNIX) as listener:
        warm.folder.mkdir(0o700)
        name = warm.run("daemon", "status")
        assert name.returncode == 3
        listener.bind(place.socket(str(warm.folder), _name(warm)))
        listener.listen()
        assert warm.run("grad", "x*", "--x", "1").returncode == 2


def _name(warm: Warm) -> str:
    code = "from gradcalc.daemon import identity; print(identity.name())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=warm.environment()
    )
    return done.stdout.strip()


def test_a_life() -> None:
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

        process, worker = calculating(warm, *SLOW)
        os.kill(first, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (3, b"")
        assert out.startswith(b"input\t")
        wait_for(lambda: not any(map(is_alive, (*spares, worker))))
        assert warm.run("daemon", "status").returncode == 3
        assert warm.run("grad", "x*", "--x", "1").returncode == 2

        idle = {"GRADCALC_DAEMON_IDLE": "1"}
        assert warm.run("daemon", "start", env=idle).returncode == 0
        second, spares = warm.pid, warm.children()
        assert second != first
        assert warm.run("grad", "x*", "--x", "1").returncode == 2
        assert warm.answered == 1
        wait_for(lambda: not list(warm.folder.iterdir()))
        wait_for(lambda: not any(map(is_alive, (second, *spares))))


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


def links(pid: int) -> list[str]:
    """What a process has open."""
    return [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]


def test_stale_code_is_never_used(tmp_path: Path) -> None:
    shutil.copytree(Path(ROOT) / "gradcalc", tmp_path / "gradcalc")
    errors = tmp_path / "gradcalc" / "render" / "errors.py"
    with warm_place(str(tmp_path)) as warm:
        assert warm.run("daemon", "start", cwd=tmp_path).returncode == 0
        assert warm.run("grad", "x*", "--x", "1", cwd=tmp_path).stderr.startswith(b"error: ")
        assert warm.answered == 1
        errors.write_text(errors.read_text().replace('"error: "', '"mistake: "'))
        changed = warm.run("grad", "x*", "--x", "1", cwd=tmp_path)
        assert changed.stderr.startswith(b"mistake: ")
        assert warm.answered == 1
        assert warm.run("daemon", "status", cwd=tmp_path).returncode == 3
        server, spares = warm.pid, warm.children()
        assert warm.run("daemon", "stop", cwd=tmp_path).returncode == 0
        assert not list(warm.folder.iterdir())
        wait_for(lambda: not any(map(is_alive, (server, *spares))), 2)
