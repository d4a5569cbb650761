"""The server: accepts calls and hands each to a child; it never runs a program of anybody's."""

import errno
import gc
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from gradcalc.codes import patience
from gradcalc.daemon import control, identity, wire
from gradcalc.daemon.control import State
from gradcalc.daemon.worker import Service, wait, work

SPARES = 2
"""Children that wait, forked ahead: a fork takes 10 ms, and its first calculation 20 ms more."""

WORKERS = 32
"""Calls that are answered at once, at the most; who comes later does without the server."""

IDLE = 600.0
"""Seconds without a call after which a server ends."""

REFILL = 0.2
"""Seconds from a call to the fork of the next spare, which would take time from the answer."""

REHEARSAL = 20.0
"""Seconds that a first calculation may take at the most."""

SETBACK = 5.0
"""Seconds from the unexpected end of a spare to the fork of the next."""

EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""What keeps a server from accepting anybody for a while."""

PAUSE = 0.1
"""Seconds that it waits then."""

LOOK = 30.0
"""Seconds from one look whether the server is up to date to the next."""


def idle_seconds() -> float:
    """Seconds without a call after which a server ends; the usual ones for what is no number."""
    try:
        return float(os.environ.get("GRADCALC_DAEMON_IDLE", IDLE))
    except ValueError:
        return IDLE


def serve(name: str, service: Service, descriptor: int) -> None:
    """Be the server of a name, until told to stop, idle, or out of date, and remove its files.

    Its lock was taken by whoever started it, so that there is no moment in which it cannot be
    found. Raises OSError if its directory is not safe.
    """
    os.set_inheritable(descriptor, False)
    os.umask(0o077)
    folder = identity.make_directory()
    lock = identity.lock_path(folder, name)
    try:
        _serve(name, service, folder, descriptor)
    finally:
        control.remove(lock, lock, descriptor)


def _serve(name: str, service: Service, folder: str, descriptor: int) -> None:
    lock = identity.lock_path(folder, name)
    if identity.name() != name or not control.is_own(lock, descriptor):
        return
    control.clear(folder)
    told = State(os.getpid(), service.version, time.time())
    control.write_state(descriptor, told)
    with _signals() as woken:
        service.prepare()
        gc.collect()
        gc.freeze()
        # from here on it has children, which end before it does
        signal.signal(signal.SIGTERM, lambda *_: None)
        if identity.name() != name or not _can_fork(service):
            return
        with _listening(identity.socket_path(folder, name), lock, descriptor) as listener:
            told = replace(told, ready=True)
            control.write_state(descriptor, told)
            _Server(name, service, listener, woken, lock, descriptor, told).run()


def _can_fork(service: Service) -> bool:
    """Whether a child can calculate, after all that the packages have done at their import."""
    pid = os.fork()
    if not pid:
        try:
            service.rehearse()
            os._exit(0)
        finally:
            os._exit(1)
    deadline = time.monotonic() + patience(REHEARSAL)
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that can be read from when a child has ended or a signal came that is minded."""
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with woken, waking:
        yield woken


@contextmanager
def _listening(path: str, lock: str, descriptor: int) -> Iterator[socket.socket]:
    # Whoever holds the lock is the only server, so this is of one that was killed.
    with suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(4 * WORKERS)
        listener.setblocking(False)
        try:
            yield listener
        finally:
            control.remove(path, lock, descriptor)


@dataclass(frozen=True, slots=True)
class _Spare:
    """A child that waits for a call; it says one byte on `control` once it is ready."""

    pid: int
    control: socket.socket


@dataclass
class _Server:
    """The loop, and the children that it has: those that wait for a call, and those that answer.

    `lock` is held by `descriptor`; `told` is what it says about itself there.
    """

    name: str
    service: Service
    listener: socket.socket
    woken: socket.socket
    lock: str
    descriptor: int
    told: State
    idle: float = field(default_factory=idle_seconds)
    spares: list[_Spare] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)
    last: float = field(default_factory=lambda: time.monotonic())
    looked: float = field(default_factory=lambda: time.monotonic())
    refill: float = field(default_factory=lambda: time.monotonic())

    def run(self) -> None:
        """Answer until the end; no child is left then."""
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        poll.register(self.woken, select.POLLIN)
        try:
            while not self._is_over():
                ready = {descriptor for descriptor, _ in poll.poll(self._patience())}
                if self.woken.fileno() in ready and self._wake():
                    return
                if self.listener.fileno() in ready:
                    self._accept()
                elif len(self.spares) < SPARES and time.monotonic() > self.refill:
                    self._add_spare()
        finally:
            self.listener.close()
            self._end_children()

    def _patience(self) -> float:
        """Milliseconds until there is something to do without being asked."""
        now = time.monotonic()
        due = min(self.looked + LOOK, self.last + self.idle if not self.busy else now + LOOK)
        if len(self.spares) < SPARES:
            due = min(due, self.refill)
        return max(0.0, due - now) * 1000 + 1

    def _is_over(self) -> bool:
        now = time.monotonic()
        if self.busy:
            self.last = now
            return False
        if now - self.looked > LOOK:
            self.looked = now
            if not self._is_current():
                return True
        return now - self.last > self.idle

    def _is_current(self) -> bool:
        """Whether calls of today still come here."""
        try:
            return control.is_own(self.lock, self.descriptor) and identity.name() == self.name
        except OSError:
            return False

    def _wake(self) -> bool:
        """Bury children that have ended; whether somebody says stop."""
        with suppress(BlockingIOError):
            if signal.SIGTERM in self.woken.recv(4096):
                return True
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self.busy.discard(pid)
                for spare in [spare for spare in self.spares if spare.pid == pid]:
                    self._drop(spare)
                    self.refill = time.monotonic() + SETBACK
        return False

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
            with connection:
                connection.setblocking(True)
                wire.check_peer(connection)
                if len(self.busy) >= WORKERS:
                    return
                pid = self._given(connection)
                self.busy.add(pid or self._forked(lambda: work(connection, self.service.run)))
        # Whoever is refused answers the call on his own.
        except OSError as error:
            # they still wait to be accepted, and would wake it at once
            if error.errno in EXHAUSTED:
                time.sleep(PAUSE)
            return
        self.last = time.monotonic()
        self.refill = self.last + REFILL
        self.told = replace(self.told, answered=self.told.answered + 1)
        # A full disk is no reason to end.
        with suppress(OSError):
            control.write_state(self.descriptor, self.told)

    def _given(self, connection: socket.socket) -> int | None:
        """The spare that has got the call, if one is ready."""
        for ready in select.select([spare.control for spare in self.spares], [], [], 0)[0]:
            spare = next(spare for spare in self.spares if spare.control is ready)
            try:
                socket.send_fds(ready, [b"c"], [connection.fileno()])
            except OSError:
                continue
            self._drop(spare)
            return spare.pid
        return None

    def _add_spare(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = self._forked(lambda: wait(theirs, self.service), ours)
            except OSError:
                ours.close()
                self.refill = time.monotonic() + SETBACK
                return
        self.spares.append(_Spare(pid, ours))

    def _drop(self, spare: _Spare) -> None:
        self.spares.remove(spare)
        spare.control.close()

    def _forked(self, task: Callable[[], None], *closed: socket.socket) -> int:
        """A child that does a task, without what is the server's alone. Raises OSError."""
        pid = os.fork()
        if pid:
            return pid
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            own = (self.listener, self.woken, *(spare.control for spare in self.spares))
            for held in (*own, *closed):
                held.close()
            os.close(self.descriptor)
            task()
        finally:
            os._exit(1)

    def _end_children(self) -> None:
        for pid in (*self.busy, *(spare.pid for spare in self.spares)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
