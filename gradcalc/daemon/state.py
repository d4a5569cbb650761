"""The file that a server keeps locked while it lives, and what it says there about itself."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from gradcalc.daemon.spawn import is_held

_SIZE = 512

_ATTEMPTS = 50
"""How often a lock is asked for, 20 ms apart: who only looks whether it is held holds it too."""


class Taken(Exception):
    """Another server has the name."""


@dataclass(frozen=True, slots=True)
class State:
    """What a server says about itself. `started` is in seconds since 1970."""

    pid: int
    version: str
    started: float
    answered: int = 0
    ready: bool = False


@contextmanager
def locked(path: str) -> Iterator[int]:
    """The locked file, removed at the end. Raises `Taken` if another server holds it."""
    descriptor = _locked(path)
    try:
        yield descriptor
    finally:
        with suppress(OSError):
            os.unlink(path)
        os.close(descriptor)


def _locked(path: str) -> int:
    for _ in range(_ATTEMPTS):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before may have removed this very file.
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(descriptor)
        time.sleep(0.02)
    raise Taken


def write(descriptor: int, state: State) -> None:
    """Say it, in one piece."""
    os.pwrite(descriptor, json.dumps(asdict(state)).encode().ljust(_SIZE), 0)


def read(lock: str) -> State | None:
    """What the server that holds this file says about itself; None if there is none."""
    if not is_held(lock):
        return None
    try:
        return State(**json.loads(Path(lock).read_bytes()))
    # It is about to say it for the first time, or has just gone.
    except (OSError, ValueError, TypeError):
        return None
