"""Cases tried in worker processes, with the time and memory that they take."""

import faulthandler
import gc
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

C = TypeVar("C")
"""What is tried: it travels to a worker."""

SECONDS = 60.0
"""Processor time in which a case is answered: 150,000 steps that each take tensors need 40 s."""

HANGS = 600.0
"""Seconds after which a case hangs, as opposed to waiting for its processor."""

GIB = 1 << 30

MEMORY = 3 * GIB
"""Bytes of memory that a case may take beyond what its process had: a tensor has up to 0.4 GB."""

AT_MOST = 5 * GIB
"""Bytes of address space beyond those, so that a case cannot fill the machine."""

PER_WORKER = 1000
"""Cases after which a worker is replaced."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a case ended: what is wrong with that, in a few words; its seconds and bytes."""

    code: int | None
    fault: str
    seconds: float
    bytes: int


Ask = Callable[[C], tuple[int | None, str]]
"""The exit code of a case, and what is wrong with it."""


def _status(key: str) -> int:
    """A line of the kernel's about this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])
    raise KeyError(key)


def processor() -> float:
    """Seconds of a processor that this process and its children have used."""
    own, others = (resource.getrusage(who) for who in (0, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _serve(connection: Connection, log: str, ask: Ask[Any]) -> None:
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
            connection.send(_measured(ask, case))
            os.chdir(folder)
            shutil.rmtree(place)


def _measured(ask: Ask[C], case: C) -> Told:
    # the kernel forgets the most that there has been
    Path("/proc/self/clear_refs").write_text("5")
    start, before = _status("VmRSS"), processor()
    code, fault = ask(case)
    seconds, grown = processor() - before, _status("VmHWM") - start
    if not fault and grown > MEMORY:
        fault = "more memory than it may take"
    return Told(code, fault, seconds, grown)


class Workers(Generic[C]):
    """One worker at a time, which is killed with a case that it does not answer."""

    def __init__(self, ask: Ask[C]) -> None:
        _prepare()
        self._ask = ask
        self._context = multiprocessing.get_context("fork")
        self._process: Any = None
        self._log = tempfile.mkstemp(suffix=".log")[1]

    def __enter__(self) -> "Workers[C]":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        os.unlink(self._log)

    def tried(self, cases: Iterable[C]) -> Iterator[tuple[C, Told]]:
        """Each case with how it ended."""
        for number, case in enumerate(cases):
            if number % PER_WORKER == 0:
                self._end()
            yield case, self.one(case)

    def one(self, case: C) -> Told:
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
        self._process = self._context.Process(target=_serve, args=(theirs, self._log, self._ask))
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
