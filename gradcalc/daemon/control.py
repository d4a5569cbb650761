"""Starting, stopping and asking servers: for whoever manages them, not for the calls."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradcalc.daemon import place, spawn, state
from gradcalc.daemon.state import State

STARTING = 60.0
"""Seconds that a server has to import everything."""

STOPPING = 10.0
"""Seconds that it has to end."""


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
    folder = place.directory()
    if not os.path.lexists(folder):
        return []
    place.check(folder)
    return list(_found(folder))


def _found(folder: str) -> Iterator[Found]:
    for lock in sorted(Path(folder).glob("*.lock")):
        told = state.read(str(lock))
        if told is not None:
            yield Found(lock.stem, place.socket(folder, lock.stem), told)


def start(name: str) -> Found | None:
    """Start the server of a name and wait until it answers; None if it does not.

    Raises OSError if its directory is not safe.
    """
    place.create()
    spawn.spawn(name)
    begun = time.monotonic()
    seen = False
    while time.monotonic() - begun < STARTING:
        found = next((server for server in servers() if server.name == name), None)
        if found is not None and found.state.ready:
            return found
        # One that has gone again will not come back; the first sign of one takes a while.
        if found is None and (seen or time.monotonic() - begun > STARTING / 6):
            return None
        seen = found is not None
        time.sleep(0.02)
    return None


def stop() -> list[Found]:
    """End all servers and wait until they have gone. Gives those that ran."""
    found = servers()
    pids = {server.state.pid for server in found}
    for server in found:
        with suppress(ProcessLookupError):
            os.kill(server.state.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPPING
    while time.monotonic() < deadline and pids & {server.state.pid for server in servers()}:
        time.sleep(0.02)
    return found
