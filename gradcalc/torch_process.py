"""Autograd in a process of its own, which imports torch while this one does everything else.

Importing torch takes longer than all the rest together. The process is forked before anything is
imported, so it starts small and alone, and ends with the one that asked.
"""

import contextlib
import gc
import math
import os
import select
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn

from gradcalc.codes import patience
from gradcalc.packing import pack, unpack

if TYPE_CHECKING:
    from gradcalc.calculate import Awaited
    from gradcalc.problem import Problem
    from gradcalc.testimony import Absent, Computed

STARTING = 60.0
"""Seconds that importing torch may take."""

ROOM = 3.0
"""Seconds beyond those that a program and its way back may take."""

TICK = 0.01
"""Seconds from one look at a process that ends to the next."""

FIRST = (
    "gradcalc.problem", "importlib.metadata", "logging", "subprocess", "tempfile", "unittest.mock",
    "urllib.request",
)  # fmt: skip
"""What torch and its witness import too, so it may come before it is known that they are needed."""

_LENGTH = struct.Struct("!Q")


class Lost(Exception):
    """The process does not answer; the text says why."""


class Late(Lost):
    """It did not answer in its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"its process did not answer within {seconds:g} s")
        self.seconds = seconds


class Beside:
    """A forked process that answers for autograd.

    When it crashes, is killed or hangs, the testimony says so; that is no error here. What is wrong
    with a program is raised as if it had been run here.
    """

    def __init__(self) -> None:
        inbox, self._requests = _pipe()
        self._answers, outbox = _pipe()
        asker, self._life = _pipe()
        self._pid = os.fork()
        if not self._pid:
            for end in (self._requests, self._answers, self._life):
                os.close(end)
            _serve(inbox, outbox, asker)
        for end in (inbox, outbox, asker):
            os.close(end)
        os.set_blocking(self._requests, False)
        os.set_blocking(self._answers, False)
        self._begun, self._ready = False, False
        self._asked = 0
        self._received: list[Any] = []
        self._lost: Lost | None = None

    def begin(self) -> None:
        """Have torch imported: there will be a problem. Saying so again changes nothing."""
        if not self._begun:
            self._begun = True
            self._send(None)

    def ask(self, problem: "Problem") -> "Awaited":
        """Put a problem to autograd; what is given back waits for the answer."""
        limit = problem.limits.seconds
        seconds = None if limit is None else 2 * limit + patience(ROOM)
        number = self._put(problem)

        def answer() -> "Computed | Absent":
            from gradcalc.testimony import Absence, Absent, Computed

            found, failed = self._receive(number, seconds)
            if failed:
                raise found
            if found is None:
                return Absent(Absence.LOST, str(self._lost))
            assert isinstance(found, Computed)
            return found

        return answer

    def do(self, job: Callable[[], Any], seconds: float | None = None) -> Any:
        """What a job gives that is done there, what it prints on standard error.

        Raises what it raises, and `Lost` where the process does not live to say it.
        """
        found, failed = self._receive(self._put(job), seconds)
        if failed:
            raise found
        if self._lost is not None:
            raise self._lost
        return found

    def _put(self, message: Any) -> int:
        """Send a message, and give its number."""
        number = self._asked
        self._asked += 1
        self._send(message)
        return number

    def end(self) -> None:
        """End the process, whatever it is doing, and wait until it is gone."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            self._pid = 0

    def _send(self, message: Any) -> None:
        if self._lost is not None:
            return
        try:
            _write(self._requests, message, patience(STARTING))
        except (Lost, OSError) as reason:
            self._lose(reason)

    def _receive(self, number: int, seconds: float | None) -> tuple[Any, bool]:
        """An answer and whether it is an error to be raised; None once the process is lost."""
        try:
            while self._lost is None and len(self._received) <= number:
                if not self._ready:
                    _read(self._answers, patience(STARTING))
                    self._ready = True
                self._received.append(_read(self._answers, seconds))
        except (Lost, OSError, EOFError) as reason:
            self._lose(reason)
        return self._received[number] if number < len(self._received) else (None, False)

    def _lose(self, reason: Exception) -> None:
        self._lost = reason if isinstance(reason, Lost) else Lost(self._how_it_ended())
        self.end()

    def _how_it_ended(self) -> str:
        try:
            status = self._status()
        # whoever ignores SIGCHLD is not told
        except ChildProcessError:
            self._pid = 0
            return "its process is gone"
        if status is None:
            return "its process has closed what it answers through"
        self._pid = 0
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            return f"its process was ended by {signal_name(-code)}"
        return f"its process left with exit code {code}"

    def _status(self) -> int | None:
        """How it ended, None where it still lives after a while."""
        left = patience(ROOM)
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid or left <= 0:
                return status if pid else None
            time.sleep(TICK)
            left -= TICK


def signal_name(number: int) -> str:
    """What a signal is called."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextlib.contextmanager
def _standing() -> Iterator[None]:
    """Somewhere else while the working directory is no more: torch finds no library from there."""
    try:
        os.getcwd()
    except OSError:
        gone = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))
        os.chdir("/")
        try:
            yield
        finally:
            os.fchdir(gone)
            os.close(gone)
    else:
        yield


def import_autograd() -> "Callable[[Problem], Computed]":
    """The witness that runs torch, imported without what no gradient needs, and on one thread."""
    from gradcalc.lazy_import import UNUSED, deferred

    with _standing(), deferred(*UNUSED):
        from gradcalc.witnesses.autograd import testify, use_one_thread
    use_one_thread()
    return testify


# -- messages: their length, then a pickle -----------------------------------------------------


def _pipe() -> tuple[int, int]:
    """A pipe that does not take the place of a standard stream that is closed."""
    # not everywhere, as os.fork
    import fcntl

    ends = os.pipe()
    above = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in ends]
    for end in ends:
        os.close(end)
    return above[0], above[1]


def _write(descriptor: int, message: Any, seconds: float | None) -> None:
    data = pack(message)
    left = memoryview(_LENGTH.pack(len(data)) + data)
    while left:
        _wait(descriptor, select.POLLOUT, seconds)
        left = left[os.write(descriptor, left) :]


def _read(descriptor: int, seconds: float | None) -> Any:
    (length,) = _LENGTH.unpack(_read_bytes(descriptor, _LENGTH.size, seconds))
    data = _read_bytes(descriptor, length, seconds)
    try:
        return unpack(data)
    except MemoryError:
        raise
    # whatever a user's code has made of the message
    except Exception:
        raise Lost("its answer cannot be read") from None


def _read_bytes(descriptor: int, length: int, seconds: float | None) -> bytearray:
    data = bytearray()
    while len(data) < length:
        _wait(descriptor, select.POLLIN, seconds)
        part = os.read(descriptor, length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _wait(descriptor: int, event: int, seconds: float | None) -> None:
    """Wait until something can be read or written, at most so many seconds.

    They are counted one by one, so that a program that was suspended has not used them up.
    """
    poll = select.poll()
    poll.register(descriptor, event)
    limit = math.inf if seconds is None else seconds
    left = limit
    while not poll.poll(min(left, 1.0) * 1000):
        left -= 1.0
        if left <= 0:
            raise Late(limit)


# -- in the forked process ---------------------------------------------------------------------


def _serve(inbox: int, outbox: int, asker: int) -> NoReturn:
    """Answer requests until there are no more; nothing of it outlives the process that asks."""
    # a user's code may leave nothing as it is
    leave, debugging = os._exit, bool(os.environ.get("GRADCALC_DEBUG"))
    try:
        _end_with(asker)
        _answer(inbox, outbox)
    except BaseException:
        if debugging:
            traceback.print_exc()
    finally:
        leave(1)


def _answer(inbox: int, outbox: int) -> NoReturn:
    gc.disable()
    _let_go()
    requests: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(inbox, requests), daemon=True).start()
    for module in FIRST:
        import_module(module)
    requests.get()
    try:
        testify = import_autograd()
    except Exception as broken:
        failure = broken

        def testify(problem: "Problem") -> "Computed":
            raise failure

    gc.freeze()
    gc.enable()
    _write(outbox, None, None)
    while True:
        asked = requests.get()
        try:
            answer: tuple[Any, bool] = (_done(asked) if callable(asked) else testify(asked)), False
        except Exception as error:
            answer = _portable(error), True
        _write(outbox, answer, None)


def _end_with(asker: int) -> None:
    """Have the kernel kill this process once nobody can write to a pipe any more.

    Unlike a thread this also works during a long operation, and on a process that is stopped.
    """
    import fcntl

    # Linux's alone; elsewhere the thread that listens does it
    if not hasattr(fcntl, "F_SETSIG"):
        return
    fcntl.fcntl(asker, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(asker, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(asker, fcntl.F_SETFL, fcntl.fcntl(asker, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([asker], [], [], 0)[0]:
        os._exit(0)


def _done(job: Callable[[], Any]) -> Any:
    """What a job gives; what it prints is no part of any output, and its copies end with it."""
    sys.stdout = sys.stderr
    os.dup2(2, 1)
    pid = os.getpid()
    try:
        return job()
    finally:
        if os.getpid() != pid:
            os._exit(0)


def _let_go() -> None:
    """Hold no stream of the caller's but the one for errors, and end at once on Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)


def _listen(inbox: int, requests: "SimpleQueue[Any]") -> None:
    """Take requests at once, so that nobody waits to send one, and end with whoever sends them."""
    try:
        while True:
            requests.put(_read(inbox, None))
    finally:
        os._exit(0)


def _portable(error: Exception) -> Exception:
    """The error, or one with its name and text where it cannot be sent."""
    if os.environ.get("GRADCALC_DEBUG"):
        traceback.print_exception(error)
    try:
        unpack(pack(error))
    # whatever classes of errors torch has, and whatever they hold
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
