"""Processes that do jobs: as many as asked for, each replaced when it dies or does not answer."""

import multiprocessing
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from gradcalc.cli.batch.job import Job, JobAnswer, Work
from gradcalc.codes import LONGEST, patience
from gradcalc.errors import Fault, GradcalcError, LimitError
from gradcalc.torch_process import signal_name

GRACE = 60.0
"""Seconds on top of a job's own limit: for the imports, and for the other witnesses' budgets."""

_STUCK = 30.0
"""Seconds after which a process that takes or gives only half a message counts as hanging."""

_AHEAD = 2
"""Jobs given to one process: the next is there when the one before is done."""

_GAP = 1.0
"""Seconds between two looks at the processes after which this one has been held up, by whoever
reads its output or by a signal that stopped them all: that time is nobody's fault."""

_SMALL = 16_384
"""Bytes of a job that any system keeps until it is taken: a larger one is sent to who is idle."""


class Slot:
    """A job's place in the order, with its answer when there is one."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.answer: JobAnswer | None = None


class _Worker:
    """One process with the jobs that it has been given, the one at hand first."""

    def __init__(self, work: Work, others: Sequence["_Worker"], life: "_Life") -> None:
        self.connection, theirs = life.context.Pipe()
        kept = [self.connection, life.ours, *(other.connection for other in others)]
        inherited = kept if life.forks else []
        self.process = life.context.Process(
            target=_serve, args=(theirs, inherited, life.theirs, work), daemon=True
        )
        self.process.start()
        theirs.close()
        _bound_waiting(self.connection)
        self.work = work
        self.slots: deque[Slot] = deque()
        self.deadline: float | None = None

    def has_room_for(self, slot: Slot) -> bool:
        """Whether a job can be sent without waiting for whoever is at work on another."""
        if not self.slots:
            return True
        sizes = [len(other.job.text or b"") for other in (slot, *list(self.slots)[1:])]
        return len(self.slots) < _AHEAD and sum(sizes) <= _SMALL

    def give(self, slot: Slot, grace: float) -> None:
        """Send a job. Raises OSError if the process takes none."""
        self.slots.append(slot)
        if len(self.slots) == 1:
            self.allow(self.work.seconds, grace)
        self.connection.send(slot.job)

    def allow(self, seconds: float | None, grace: float) -> None:
        """Let the job at hand take so many seconds from now."""
        self.deadline = None if seconds is None else time.monotonic() + seconds + grace

    def end(self) -> int | None:
        """End the process and give its exit code, the negative signal if one had ended it."""
        with suppress(OSError):
            self.connection.close()
        # whoever has closed the other end is about to leave by itself
        self.process.join(0.0 if self.process.is_alive() and self.overdue else 1.0)
        self.process.kill()
        self.process.join()
        code: int | None = self.process.exitcode
        return code

    @property
    def overdue(self) -> bool:
        """Whether the job at hand has taken longer than it may."""
        return bool(self.slots) and self.deadline is not None and time.monotonic() > self.deadline


class _Life:
    """A pipe that nothing goes through: its other end sees when this process is gone."""

    def __init__(self) -> None:
        self.forks = hasattr(os, "fork")
        self.context: Any = multiprocessing.get_context("fork" if self.forks else "spawn")
        self.theirs, self.ours = self.context.Pipe(duplex=False)


class Workers:
    """At most `count` processes, started when there is something for them to do."""

    def __init__(self, work: Work, count: int, grace: float | None = None) -> None:
        self.work = work
        self.count = count
        self.grace = patience(GRACE) if grace is None else grace
        self.workers: list[_Worker] = []
        self.queue: deque[Slot] = deque()
        self._life = _Life()
        self._looked = time.monotonic()

    def give(self, slot: Slot) -> None:
        """Have a job done."""
        self.queue.append(slot)

    def wait(self, descriptors: Sequence[int], timeout: float | None) -> bool:
        """Wait for answers, or for a descriptor to be ready: whether one is."""
        self._start()
        self._grant()
        ends = [w.deadline for w in self.workers if w.slots and w.deadline is not None]
        if ends:
            left = min(max(min(ends) - time.monotonic(), 0.0), LONGEST)
            timeout = left if timeout is None else min(left, timeout)
        by_connection = {worker.connection: worker for worker in self.workers}
        self._looked = time.monotonic() + (timeout or 0.0)
        ready = wait([*by_connection, *descriptors], timeout)
        self._grant()
        for connection, worker in by_connection.items():
            if connection in ready and not self._receive(worker):
                self._gave_no_answer(worker)
        for worker in [w for w in self.workers if w.overdue]:
            self._gave_no_answer(worker)
        return any(descriptor in ready for descriptor in descriptors)

    def end(self) -> None:
        """End all processes, whatever they are doing."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.end()
        self.workers.clear()

    def _grant(self) -> None:
        """Give everybody the time that this process was held up, which they may have been too."""
        now = time.monotonic()
        held = now - self._looked
        self._looked = now
        for worker in self.workers:
            if held > _GAP and worker.deadline is not None:
                worker.deadline += held

    def _start(self) -> None:
        """Give queued jobs to idle processes, to new ones, then to those that will be next."""
        while self.queue:
            worker = min(self.workers, key=lambda w: len(w.slots), default=None)
            if (worker is None or worker.slots) and len(self.workers) < self.count:
                worker = self._new()
            if worker is None or not worker.has_room_for(self.queue[0]):
                return
            slot = self.queue.popleft()
            try:
                worker.give(slot, self.grace)
            except OSError:
                worker.slots.pop()
                self.queue.appendleft(slot)
                self._gave_no_answer(worker)

    def _new(self) -> _Worker | None:
        try:
            worker = _Worker(self.work, self.workers, self._life)
        except OSError as error:
            if self.workers:
                self.count = len(self.workers)
                return min(self.workers, key=lambda w: len(w.slots))
            raise LimitError(f"no process can be started: {error.strerror}") from None
        self.workers.append(worker)
        return worker

    def _receive(self, worker: _Worker) -> bool:
        """Take a message; whether there was one."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            return False
        if not isinstance(message, JobAnswer):
            worker.allow(message, self.grace)
            return True
        worker.slots.popleft().answer = message
        worker.allow(self.work.seconds, self.grace)
        return True

    def _gave_no_answer(self, worker: _Worker) -> None:
        """Answer for a process that has died or hangs; the job after that goes to another."""
        overdue = worker.overdue
        # what it said before counts
        while not overdue and worker.connection.poll() and self._receive(worker):
            pass
        self.workers.remove(worker)
        code = worker.end()
        if worker.slots:
            slot = worker.slots.popleft()
            slot.answer = self.work.failed(slot.job, _reason(code, overdue))
        self.queue.extendleft(reversed(worker.slots))


def _reason(code: int | None, overdue: bool) -> GradcalcError:
    if overdue:
        return LimitError(
            "the calculation gave no answer in its time and was ended",
            hint="--timeout allows more seconds",
        )
    if code == -signal.SIGKILL:
        return LimitError(
            "the process of the calculation was killed",
            hint="the system does so when memory runs out: are the inputs too large?",
        )
    how = f"ended with exit code {code}"
    if code is not None and code < 0:
        how = f"was ended by {signal_name(-code)}"
    return Fault(f"the process of the calculation {how}", hint="please report it with the request")


def _bound_waiting(connection: Connection) -> None:
    """Let half a message be an error after a while instead of a wait without an end."""
    whole, part = divmod(patience(_STUCK), 1.0)
    most = struct.pack("ll", int(whole), int(part * 1e6))
    with socket.socket(fileno=os.dup(connection.fileno())) as sock:
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, option, most)


def _serve(
    connection: Connection, inherited: Sequence[Connection], life: Connection, work: Work
) -> None:
    """Answer jobs until the other side is gone."""
    for other in inherited:
        other.close()
    # Ctrl-C reaches every process of a terminal; the one that writes decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _leave_with(life)
    with suppress(EOFError, OSError):
        while True:
            connection.send(work.answer(connection.recv(), connection.send))
    os._exit(0)


def _leave_with(life: Connection) -> None:
    """Leave at once, in the middle of a job too, when nobody is there to answer to."""
    if sys.platform == "linux":
        from gradcalc.daemon.worker import killed_with

        # its own, as the signal goes to one process of those that share one
        with suppress(OSError):
            killed_with(os.open(f"/proc/self/fd/{life.fileno()}", os.O_RDONLY | os.O_NONBLOCK))
            return
    threading.Thread(target=_noticing, args=(life,), daemon=True).start()


def _noticing(life: Connection) -> None:
    with suppress(EOFError, OSError):
        life.recv_bytes()
    os._exit(0)
