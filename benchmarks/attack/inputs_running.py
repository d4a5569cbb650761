"""Hostile cases run: in worker processes by the function that the command calls, or as commands."""

import faulthandler
import gc
import io
import json
import multiprocessing
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

SECONDS = 60.0
"""Processor time in which a case is answered: 150,000 steps that each take tensors need 40 s."""

BRIEF = 5.0
"""Seconds up to which a case that is refused is asked twice."""

HANGS = 600.0
"""Seconds after which a case hangs, as opposed to waiting for its processor."""

GIB = 1 << 30

MEMORY = 3 * GIB
"""Bytes of memory that a case may take beyond what its process had: a tensor has up to 0.4 GB."""

AT_MOST = 5 * GIB
"""Bytes of address space beyond those, so that a case cannot fill the machine."""

CODES = {0, 1, 2, 3, 4}
"""Exit codes of verdicts, of errors and of limits."""

PER_WORKER = 1000
"""Cases after which a worker is replaced."""


@dataclass(frozen=True, slots=True)
class Case:
    """A command line, the files of its directory and its standard input.

    `answers` are the lines of JSON that it is to print, None where it prints what it likes.
    """

    argv: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...] = ()
    stdin: bytes = b""
    answers: int | None = None

    def __str__(self) -> str:
        words = shlex.join(word.encode("unicode_escape").decode() for word in self.argv)
        parts = [words, *(f"{name}={content!r}" for name, content in self.files)]
        if self.stdin:
            parts.append(f"stdin={self.stdin!r}")
        return "; ".join(part if len(part) < 300 else f"{part[:280]}...{part[-12:]}"
                         for part in parts)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """How a case ended: what is wrong with that, in a few words; its seconds and bytes."""

    code: int | None
    fault: str
    seconds: float
    bytes: int


# -- what an answer has to be ------------------------------------------------------------------


def judged(case: Case, code: int | None, out: str, err: str) -> str:
    """What is wrong with an answer, nothing if it is one."""
    if "Traceback (most recent call last)" in err or "Traceback (most recent call last)" in out:
        return f"traceback: {err.strip().splitlines()[-1] if err.strip() else ''}"
    if "gradcalc has a fault" in out:
        return "a fault in an answer"
    if code not in CODES:
        return f"exit code {code}: {_first_error(err)}"
    errors = [line for line in err.split("\n") if line.startswith("error:")]
    if case.answers is not None and not errors:
        return _lines_of(case, out)
    if case.argv[0:1] == ("report",):
        # a block that is refused says so in the file, and each file may be refused
        return next(filter(None, map(_sentence, errors)), "")
    if code in (2, 4) and len(errors) != 1:
        return f"{len(errors)} errors with exit code {code}"
    # a plot says in a line of each kind where it found no value
    if code in (0, 1, 3) and errors and case.argv[0:1] != ("plot",):
        return f"an error with exit code {code}: {errors[0]}"
    return next(filter(None, map(_sentence, errors)), "")


def _first_error(err: str) -> str:
    return next((line for line in err.split("\n") if "error" in line), err[-200:])


def _lines_of(case: Case, out: str) -> str:
    """What is wrong with the answers to requests."""
    lines = out.split("\n")[:-1]
    if len(lines) != case.answers:
        return f"{len(lines)} answers to {case.answers} requests"
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            return f"no JSON: {line[:100]}"
        code = found.get("exit_code", found.get("verdict", {}).get("exit_code"))
        told = found.get("error", {}).get("message")
        if code not in CODES:
            return f"exit code {code}: {told}"
        if told is not None and (wrong := _sentence(f"error: {told}")):
            return wrong
    return ""


LONGEST = 1500
"""Characters of a sentence, with those of an escape counted one by one."""

_OURS = re.compile(r"object at 0x|<class '|<function|File \".*\", line \d")
"""What a sentence for a user does not hold."""


def _sentence(line: str) -> str:
    """What is wrong with the line of an error."""
    text = line.removeprefix("error:").strip()
    if not text:
        return "an empty error"
    if len(text) > LONGEST:
        return f"an error of {len(text)} characters"
    if not text.isprintable():
        return f"an error that is not printable: {text!r}"
    if _OURS.search(text):
        return f"an error in Python's words: {text}"
    return ""


# -- in process --------------------------------------------------------------------------------


def _status(key: str) -> int:
    """A line of the kernel's about this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])
    raise KeyError(key)


def _processor() -> float:
    own, others = (resource.getrusage(who) for who in (0, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _serve(connection: Connection, log: str) -> None:
    """Answer cases, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    space = _status("VmSize") + AT_MOST
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    with open(log, "w") as file, tempfile.TemporaryDirectory() as folder:
        faulthandler.register(signal.SIGUSR1, file)
        os.environ |= {"HOME": folder, "COLUMNS": "80"}
        while (case := connection.recv()) is not None:
            place = Path(folder) / "case"
            place.mkdir()
            os.chdir(place)
            connection.send(_tried(case))
            os.chdir(folder)
            shutil.rmtree(place)


def _tried(case: Case) -> Told:
    """A case, twice if it is refused: its message is to be the same."""
    # the kernel forgets the most that there has been
    Path("/proc/self/clear_refs").write_text("5")
    start, before = _status("VmRSS"), _processor()
    code, out, err = _answer(case)
    seconds = _processor() - before
    fault = judged(case, code, out, err)
    if not fault and code in (2, 4) and seconds < BRIEF:
        again = _answer(case)
        # a stream says how long it took
        if again[:2] != (code, out) or (again[2] != err and case.answers is None):
            fault = f"first {_first_error(err)!r}, then {_first_error(again[2])!r}"
    grown = _status("VmHWM") - start
    if not fault and grown > MEMORY:
        fault = "more memory than it may take"
    return Told(code, fault, seconds, grown)


def _answer(case: Case) -> tuple[int | None, str, str]:
    """The exit code of a case and what it prints."""
    import traceback

    from gradcalc.cli.app import main

    for name, content in case.files:
        Path(name).write_bytes(content)
    Path("stdin").write_bytes(case.stdin)
    streams = [_stream(), _stream()]
    kept = sys.stdin, sys.stdout, sys.stderr
    code: int | None = None
    with open("stdin") as sys.stdin:
        sys.stdout, sys.stderr = streams
        try:
            code = main(case.argv)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
        finally:
            sys.stdin, sys.stdout, sys.stderr = kept
    out, err = (stream.buffer.getvalue().decode("utf-8", "replace") for stream in streams)
    return code, out, err


def _stream() -> Any:
    return io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)


class Workers:
    """One worker at a time, which is killed with a case that it does not answer."""

    def __init__(self) -> None:
        _prepare()
        self._context = multiprocessing.get_context("fork")
        self._process: Any = None
        self._log = tempfile.mkstemp(suffix=".log")[1]

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        os.unlink(self._log)

    def tried(self, cases: Iterable[Case]) -> Iterator[tuple[Case, Told]]:
        """Each case with how it ended."""
        for number, case in enumerate(cases):
            if number % PER_WORKER == 0:
                self._end()
            yield case, self.one(case)

    def one(self, case: Case) -> Told:
        """How a case ends."""
        if self._process is None:
            self._begin()
        pid, start = self._process.pid, time.monotonic()
        before = _spent(pid)
        self._connection.send(case)
        while not self._connection.poll(0.5):
            seconds = _spent(pid) - before
            if seconds > 2 * SECONDS or time.monotonic() - start > HANGS:
                return Told(None, f"no answer, in {self._where()}", seconds, 0)
        try:
            told: Told = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode
            self._process = None
            return Told(None, f"ended by {code}", 0.0, 0)
        if not told.fault and told.seconds > SECONDS:
            return Told(told.code, "longer than it may take", told.seconds, told.bytes)
        return told

    def _where(self) -> str:
        """The functions of ours that the worker is in, which is then killed."""
        os.kill(self._process.pid, signal.SIGUSR1)
        time.sleep(1)
        found = re.findall(r'gradcalc/(\S+)", line (\d+) in (\w+)', Path(self._log).read_text())
        self._end()
        return " < ".join(":".join(place) for place in found[:4])

    def _begin(self) -> None:
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self._log))
        self._process.start()
        theirs.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def _spent(pid: int) -> float:
    """Seconds of a processor that a process and its children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children")
    with suppress(OSError):
        for child in children.read_text().split():
            own += _spent(int(child))
    return own


def _prepare() -> None:
    """Import all that a case needs, once, on one thread: what is forked has no others."""
    import torch

    from gradcalc.cli.app import main

    torch.set_num_threads(1)
    with open(os.devnull, "w") as null:
        kept, sys.stdout = sys.stdout, null
        try:
            main(["grad", "x**2", "--x", "1"])
        finally:
            sys.stdout = kept
    gc.collect()
    gc.freeze()


# -- as commands -------------------------------------------------------------------------------


def commanded(case: Case, start: int = GIB // 2) -> Told:
    """How a case ends as a command; `start` is what its process has without it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in case.files:
            (Path(folder) / name).write_bytes(content)
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_bytes(case.stdin)
        environment = os.environ | {"HOME": folder, "COLUMNS": "80"}
        with streams[0].open("rb") as stdin, streams[1].open("wb") as stdout:
            with streams[2].open("wb") as stderr:
                process = subprocess.Popen(
                    [sys.executable, "-m", "gradcalc", *case.argv],
                    stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, env=environment,
                )  # fmt: skip
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        out, err = (stream.read_bytes().decode("utf-8", "replace") for stream in streams[1:])
    seconds, grown = used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss - start
    fault = judged(case, code, out, err)
    if not fault and seconds > SECONDS:
        fault = "longer than it may take"
    if not fault and grown > MEMORY:
        fault = "more memory than it may take"
    return Told(code, fault, seconds, max(grown, 0))
