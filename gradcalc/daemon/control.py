"""Starting, stopping and asking servers, and the file that each keeps locked while it lives: for
whoever manages them, not for the calls."""

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from gradcalc.codes import patience
from gradcalc.daemon import identity

STARTING = 60.0
"""Seconds that a server has to import everything."""

STOPPING = 10.0
"""Seconds that it has to end."""

_START = """
import sys
if sys.argv[2] not in sys.path:
    sys.path.insert(0, sys.argv[2])
from gradcalc.cli.warm import main
main(sys.argv[1], int(sys.argv[3]))
"""

_HANDED = 3
"""The descriptor by which a server gets its lock."""

_SIZE = 512

_ATTEMPTS = 50
"""How often a lock is asked for, 20 ms apart: who only looks whether it is held holds it too."""


class Taken(Exception):
    """Another server has the name, or somebody looks at it."""


@dataclass(frozen=True, slots=True)
class State:
    """What a server says about itself. `started` is in seconds since 1970; the version is empty
    before it knows."""

    pid: int
    version: str
    started: float
    answered: int = 0
    ready: bool = False


@contextmanager
def locked(path: str, attempts: int = _ATTEMPTS) -> Iterator[int]:
    """The locked file, removed at the end. Raises `Taken` if another holds it."""
    descriptor = _locked(path, attempts)
    try:
        yield descriptor
    finally:
        remove(path, path, descriptor)
        os.close(descriptor)


def is_own(lock: str, descriptor: int) -> bool:
    """Whether a lock is still the file that a descriptor holds: nobody has cleared it away, and
    there is no other server since. Raises OSError where there is none."""
    return os.path.samestat(os.stat(lock), os.fstat(descriptor))


def remove(path: str, lock: str, descriptor: int) -> None:
    """Remove a file of the server that holds this lock, unless it is another's by now."""
    with suppress(OSError):
        if is_own(lock, descriptor):
            os.unlink(path)


def clear(folder: str) -> None:
    """Remove the files of servers that were killed."""
    for lock in _locks(folder):
        # one that holds it is alive
        with suppress(Taken, OSError), locked(str(lock), attempts=1) as descriptor:
            remove(identity.socket_path(folder, lock.stem), str(lock), descriptor)


def _locked(path: str, attempts: int) -> int:
    for _ in range(attempts):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before may have removed this very file.
            if is_own(path, descriptor):
                # what a server said here that was killed
                os.ftruncate(descriptor, 0)
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(descriptor)
        time.sleep(0.02)
    raise Taken


def write_state(descriptor: int, state: State) -> None:
    """Say it, in one piece."""
    os.pwrite(descriptor, json.dumps(asdict(state)).encode().ljust(_SIZE), 0)


def read_state(lock: str) -> State | None:
    """What the server that holds this file says about itself; None if there is none."""
    if not is_held(lock):
        return None
    try:
        return State(**json.loads(Path(lock).read_bytes()))
    # It is about to say it for the first time, or has just gone.
    except (OSError, ValueError, TypeError):
        return None


# -- all of them --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A server that runs or starts."""

    name: str
    socket: str
    state: State


def servers() -> list[Found]:
    """The caller's servers, of whatever code and environment.

    Raises OSError if their directory is not safe.
    """
    folder = _folder()
    names = [lock.stem for lock in _locks(folder)]
    told = {name: read_state(identity.lock_path(folder, name)) for name in names}
    return [Found(n, identity.socket_path(folder, n), state) for n, state in told.items() if state]


def _folder() -> str:
    """The directory of the caller's servers, if it exists. Raises OSError if it is not safe."""
    folder = identity.directory()
    if os.path.lexists(folder):
        identity.check_directory(folder)
    return folder


def start(name: str) -> Found | None:
    """Start the server of a name and wait until it answers; None if it does not.

    Raises OSError if its directory is not safe.
    """
    folder = identity.make_directory()
    lock = identity.lock_path(folder, name)
    begun, launched = time.monotonic(), False
    while time.monotonic() - begun < patience(STARTING):
        found = next((server for server in servers() if server.name == name), None)
        if found is not None and found.state.ready:
            return found
        if not is_held(lock):
            # what was started has ended
            if launched:
                break
            launched = True
            with suppress(OSError, Taken):
                _launch(name, lock)
        time.sleep(0.02)
    clear(folder)
    return None


def stop() -> list[Found]:
    """End all servers, those that start too, and wait until they have gone. Gives those.

    Raises OSError if their directory is not safe.
    """
    folder = _folder()
    deadline = time.monotonic() + patience(STOPPING)
    # one that was started in this moment is about to say which process it is
    while time.monotonic() < deadline and any(map(_is_nameless, _locks(folder))):
        time.sleep(0.02)
    found = servers()
    _tell(found, signal.SIGTERM)
    while (left := _left(found)) and time.monotonic() < deadline:
        time.sleep(0.02)
    # one that is stopped, say
    _tell(left, signal.SIGKILL)
    while _left(left) and time.monotonic() < deadline + patience(STOPPING):
        time.sleep(0.02)
    clear(folder)
    return found


def _locks(folder: str) -> list[Path]:
    return sorted(Path(folder).glob("*.lock"))


def _is_nameless(lock: Path) -> bool:
    """Whether somebody holds a lock who says nothing about himself."""
    with suppress(OSError):
        return is_held(str(lock)) and read_state(str(lock)) is None
    return False


def _left(found: list[Found]) -> list[Found]:
    """Those of these servers that have not gone."""
    pids = {server.state.pid for server in servers()}
    return [server for server in found if server.state.pid in pids]


def _tell(found: list[Found], number: int) -> None:
    for server in found:
        with suppress(ProcessLookupError):
            os.kill(server.state.pid, number)


# -- in the background -------------------------------------------------------------------------


def spawn(name: str) -> None:
    """Start the server of a name unless one runs or starts; whether that works shows later."""
    # A full process table or disk is no reason to fail: the call is answered all the same.
    with suppress(OSError, Taken):
        lock = identity.lock_path(identity.make_directory(), name)
        if not is_held(lock):
            _launch(name, lock)


def is_held(lock: str) -> bool:
    """Whether a server has locked this file, or is about to."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _launch(name: str, lock: str) -> None:
    """Start a server, which holds its lock from here on until it ends, so that it can be found.

    Raises `Taken` if another holds it, OSError where nothing can be started.
    """
    descriptor = _locked(lock, _ATTEMPTS)
    try:
        _detach(name, lock, descriptor)
    except OSError:
        remove(lock, lock, descriptor)
        raise
    finally:
        os.close(descriptor)


def _detach(name: str, lock: str, descriptor: int) -> None:
    """Run the server as nobody's child, in a session without a terminal that it does not lead."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    own = True
    try:
        os.setsid()
        own = not os.fork()
        if own:
            # until it serves, it ends at once when it is told to
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            write_state(descriptor, State(os.getpid(), "", time.time()))
            _execute(name, descriptor)
    finally:
        # it was not started, and nobody else will clear this away
        if own:
            remove(lock, lock, descriptor)
        os._exit(0)


def _execute(name: str, lock: int) -> None:
    os.chdir("/")
    # above those that come next
    lock = fcntl.fcntl(lock, fcntl.F_DUPFD, _HANDED)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(lock, _HANDED)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.closerange(_HANDED + 1, os.sysconf("SC_OPEN_MAX"))
    folder = os.path.dirname(identity.PACKAGE)
    flags = [*identity.interpreter_flags(), "-P", "-c", _START]
    command = [sys.executable, *flags, name, folder, str(_HANDED)]
    os.execve(sys.executable, command, identity.environment())
