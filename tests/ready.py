"""Commands in processes of their own that start at once: forked from one that has imported all.

Importing torch takes longer than most of what is tested. Where starting is not what is tested, a
command comes from here: `start` is `python -m MODULE`, and so is this file run by a shell,
`python -S ready.py SOCKET MODULE ARGUMENTS`.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
LARGEST = 2**20
"""Bytes of a request."""


class Asked:
    """A command that has been asked for: its process, and how that ends."""

    def __init__(self, path: str, request: dict[str, Any], streams: list[int]) -> None:
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._end.connect(path)
        self._end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
        socket.send_fds(self._end, [json.dumps(request).encode()], streams)
        self.pid = int(self._end.recv(64))

    def wait(self, seconds: float | None = None) -> int:
        """The exit code, or the negative signal. Raises TimeoutError."""
        self._end.settimeout(seconds)
        return int(self._end.recv(64))

    def close(self) -> None:
        self._end.close()


def _ask() -> None:
    path, module, *argv = sys.argv[1:]
    here = {"module": module, "argv": argv, "env": dict(os.environ), "folder": os.getcwd()}
    asked = Asked(path, here, [0, 1, 2])
    # whoever reads what it writes, or writes what it reads, has to do with the command alone
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    code = asked.wait()
    os._exit(code if code >= 0 else 128 - code)


class Running:
    """A command of `start`: as much of `subprocess.Popen` as tests need."""

    def __init__(
        self,
        module: str,
        argv: tuple[str, ...],
        env: Mapping[str, str],
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
    ) -> None:
        self.returncode: int | None = None
        pipes, theirs = [], []
        for number, given in enumerate((stdin, stdout, stderr)):
            if given == subprocess.PIPE:
                ends = os.pipe()
                pipes.append(os.fdopen(ends[not number], "r" if number else "w", encoding="utf-8"))
                theirs.append(ends[bool(number)])
            else:
                pipes.append(None)
                theirs.append(os.dup(given if isinstance(given, int) else given.fileno()))
        self.stdin, self.stdout, self.stderr = pipes
        here = {"module": module, "argv": argv, "env": dict(env), "folder": os.getcwd()}
        self._asked = Asked(server(), here, theirs)
        for end in theirs:
            os.close(end)
        self.pid = self._asked.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self.wait()
        self._asked.close()

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.returncode = self._asked.wait(timeout)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        if self.returncode is None:
            self.send_signal(signal.SIGKILL)

    def communicate(self, given: str = "", timeout: float | None = None) -> tuple[str, str]:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(2) as pool:
            read = [pool.submit(pipe.read) for pipe in (self.stdout, self.stderr)]
            with suppress(BrokenPipeError):
                self.stdin.write(given)
            with suppress(BrokenPipeError):
                self.stdin.close()
            out, err = (found.result(timeout) for found in read)
        self.wait(timeout)
        return out, err


def in_shell(module: str) -> str:
    """What defines a command of the shell by its name."""
    return f'{module}() {{ "{sys.executable}" -S "{__file__}" {server()} {module} "$@"; }}\n'


@cache
def server() -> str:
    """The socket of a process that has imported all, which ends with this one."""
    from tests.patient.sitecustomize import FOLDER

    path = tempfile.mktemp(prefix="ready", dir="/tmp")
    # the other end of this one is closed when this process is gone, however it goes
    alive, ours = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        listener.listen(64)
        ends = (listener.fileno(), alive)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ready", *map(str, ends), path],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}"},
            process_group=0,
        )
    os.close(alive)

    def end() -> None:
        os.close(ours)
        process.wait()

    atexit.register(end)
    return path


# -- the process that is forked -------------------------------------------------------------------


def _serve(listening: int, alive: int, path: str) -> None:
    """Fork for each request, until the other end of `alive` is closed."""
    import select

    import gradcalc.calculate
    import gradcalc.cli.app
    import gradcalc.explain
    import gradcalc.witnesses.autograd
    import gradcalc.witnesses.enclosure
    import gradcalc.witnesses.symbolic

    gradcalc.witnesses.autograd.use_one_thread()
    listener = socket.socket(fileno=listening)
    while alive not in select.select([listener, alive], [], [])[0]:
        connection, _ = listener.accept()
        if not os.fork():
            listener.close()
            _keep(connection)
        connection.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    os.unlink(path)


def _keep(connection: socket.socket) -> None:
    """Start a command, say which process it is, and how it ended."""
    data, streams, _, _ = socket.recv_fds(connection, LARGEST, 3)
    pid = os.fork()
    if not pid:
        _become(json.loads(data), streams)
    for stream in (0, 1, 2, *streams):
        os.close(stream)
    connection.send(b"%d" % pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    # it may be that nobody wants to know
    with suppress(OSError):
        connection.send(b"%d" % status)
    os._exit(0)


def _become(request: dict[str, Any], streams: list[int]) -> None:
    """Be a Python that has just been started, but for the modules that are there."""
    import runpy
    import traceback

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False, newline=newline)
        for number, mode, errors, newline in (
            (0, "r", "strict", None), (1, "w", "strict", "\n"), (2, "w", "backslashreplace", "\n"),
        )
    )  # fmt: skip
    sys.argv = [request["module"], *request["argv"]]
    code = 1
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(bool(left.code))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        _serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    else:
        _ask()
