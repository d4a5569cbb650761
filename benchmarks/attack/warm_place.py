"""A place for warm processes that an attack disturbs, and the calls that they answer."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import gradcalc
from benchmarks.attack.batch_runs import LONG, children, told, until
from gradcalc.daemon import wire

COMMAND = (sys.executable, "-m", "gradcalc")
ROOT = str(Path(gradcalc.__file__).parent.parent)
CALLS = (
    ("grad", "x*(", "--x", "1"),
    ("grad", "2*dott(x,x)", "--x", "0,1"),
    ("grad", "é+", "--é", "1", "--json"),
    ("why", "y", "--x", "1"),
)
"""What is answered without a calculation, so that many can be answered cold."""

CALCULATED = (
    ("grad", "2*dot(x,x)", "--x", "0,1,2,3"),
    ("grad", "x*x", "--x", "3", "--json"),
    ("why", "sqrt(x**2)", "--x", "0"),
)
Answer = tuple[int, bytes, bytes]


@dataclass(frozen=True)
class Place:
    """A runtime directory, and the directory of the code that is called.

    `told` is the runtime directory that calls are told of, if another; then the former is for what
    is temporary.
    """

    runtime: Path
    root: str = ROOT
    told: str | None = None

    def environment(self, mode: str = "1", **more: str) -> dict[str, str]:
        """That of a call."""
        return {
            **os.environ,
            "PYTHONPATH": self.root,
            "XDG_RUNTIME_DIR": str(self.runtime) if self.told is None else self.told,
            "TMPDIR": str(self.runtime),
            "GRADCALC_DAEMON": mode,
            **more,
        }

    @property
    def folder(self) -> Path:
        """Where the files of servers are."""
        return self.runtime / "gradcalc"

    @cached_property
    def cold(self) -> dict[tuple[str, ...], Answer]:
        """What a call gives without a server, as far as it was asked."""
        return {}

    def wanted(self, argv: Sequence[str]) -> Answer:
        """What a call gives without a server."""
        key = tuple(argv)
        if key not in self.cold:
            self.cold[key] = self.answer(argv, mode="0")
        return self.cold[key]

    def answer(self, argv: Sequence[str], mode: str = "1", **options: Any) -> Answer:
        """What a call gives."""
        with self.calling(argv, mode, **options) as process:
            out, err = process.communicate(timeout=LONG)
        return process.returncode, out, err

    @contextmanager
    def calling(
        self, argv: Sequence[str], mode: str = "1", env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
        """A call on its way."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [*COMMAND, *argv], env=self.environment(mode, **(env or {})), cwd=self.runtime,
            **{**pipes, **options},
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @property
    def socket(self) -> str:
        """Where the server is asked."""
        return str(next(self.folder.glob("*.sock")))

    def started(self) -> int:
        """The process of the server, which is started if there is none."""
        code, out, err = self.answer(("daemon", "start"))
        if code or b"pid" not in out:
            raise RuntimeError(f"no server: {err.decode()}")
        return int(out.decode().partition("pid ")[2].split()[0])

    def left(self) -> list[str]:
        """What is there once everything was ended that could be."""
        self.answer(("daemon", "stop"))
        until(lambda: not self.processes() and not self.files())
        return [*self.files(), *(f"process {pid}" for pid in self.processes())]

    def files(self, kind: str = "*") -> list[str]:
        """Those of servers, by the ends of their names, wherever they have gone."""
        runtimes = [Path(name) for name in (self.runtime, self.told or ".")]
        absolute = [runtime for runtime in runtimes if runtime.is_absolute()]
        found = [path for folder in absolute for path in folder.glob(f"gradcalc*/*{kind}")]
        # what is no file or socket was put in their way
        return [str(path) for path in found if not path.is_symlink() and not path.is_dir()]

    def processes(self) -> list[int]:
        """Those of servers and workers of this place."""
        mark, found = f"TMPDIR={self.runtime}".encode(), []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return [pid for pid in found if pid != os.getpid()]


@contextmanager
def place(root: str = ROOT) -> Iterator[Place]:
    """A place of its own; paths of sockets are short."""
    runtime = Path(tempfile.mkdtemp(prefix="gc", dir="/tmp"))
    found = Place(runtime, root)
    try:
        yield found
    finally:
        found.answer(("daemon", "stop"))
        told(found.processes(), signal.SIGKILL)
        shutil.rmtree(runtime, ignore_errors=True)


# -- bad clients -------------------------------------------------------------------------------

_BODY = wire.packed(0o22, [b""] * 3, [b"grad", b"x"], {b"A": b"b"})
BAD = {
    "silent": b"",
    "half a length": _BODY[:2],
    "half a request": _BODY[:-3],
    "garbage": bytes(range(256)) * 300,
    "another protocol": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "another version": _BODY.replace(wire.VERSION, b"gradcalc 9"),
    "a huge length": b"\xff\xff\xff\xff" + b"x" * 100,
    "a negative count": wire.number(30) + b"gradcalc 1\x0022\0\0\0\0-5\0grad\0x".ljust(30, b"\0"),
    "no descriptors": _BODY,
}
"""What is sent by clients that are none."""


def bad(path: str, sent: bytes, draw: random.Random) -> None:
    """A client that says something else, and goes in one way or another."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
        connection.settimeout(20.0)
        connection.connect(path)
        wait = draw.random()
        if wait < 0.5:
            connection.recv(1)
        connection.sendall(sent)
        if wait < 0.3:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(64)


def rude(path: str, draw: random.Random) -> None:
    """A client that asks well, and says GO, too much or nothing once it is accepted."""
    argv, streams = [b"grad", b"x*x", b"--x", b"3"], [b"utf-8 strict 0 0"] * 3
    request = wire.packed(0o22, streams, argv, dict(os.environb))
    with ExitStack() as stack:
        stack.enter_context(suppress(OSError))
        null = stack.enter_context(open(os.devnull, "r+b"))
        here = os.open("/", os.O_PATH | os.O_DIRECTORY)
        stack.callback(os.close, here)
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(20.0)
        connection.connect(path)
        connection.recv(1)
        socket.send_fds(connection, [request], [null.fileno()] * 3 + [here])
        connection.recv(wire.SIZES[wire.ACCEPTED])
        connection.sendall(draw.choice([wire.GO, wire.GO * 2, b"no", b"\0" * 4096]))


def settled(pid: int) -> bool:
    """Whether a server has no children but those that wait for calls."""
    return until(lambda: len(children(pid)) <= 2)
