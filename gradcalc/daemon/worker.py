"""The worker: a child of the server that answers one call in its caller's place, read from the
connection with the descriptors that come along, on streams that tell the caller when they are used.
"""

import fcntl
import io
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from gradcalc.codes import patience
from gradcalc.daemon import wire

SECONDS = 5.0
"""How long a caller may take to say what it wants."""

_DESCRIPTORS = 4

_LONGEST = 1 << 26
"""More than the arguments and variables of a process can have."""

Run = Callable[[Sequence[str]], int]
"""Answers a command line and gives the exit code."""


@dataclass(frozen=True, slots=True)
class Service:
    """`prepare` imports everything, once. `rehearse` touches what an answer needs, in each child
    ahead of its call; it raises an exception where that does not work. `run` answers a call.
    """

    version: str
    prepare: Callable[[], None]
    rehearse: Callable[[], None]
    run: Run


def wait(control: socket.socket, service: Service) -> None:
    """Rehearse, wait for a call, and answer it; without one once the server has gone."""
    service.rehearse()
    control.send(b"r")
    _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    control.close()
    if descriptors:
        work(socket.socket(fileno=descriptors[0]), service.run)


def work(connection: socket.socket, run: Run) -> None:
    """Answer the call that comes over a connection.

    Whatever is raised comes before anything was read or written, so that the caller answers it
    itself.
    """
    connection.settimeout(patience(SECONDS))
    connection.sendall(wire.LISTENS)
    call = receive(connection, patience(SECONDS))
    connection.settimeout(patience(SECONDS))
    caller, _ = wire.peer(connection)
    _take_limits(caller)
    _take_place(call)
    announce = Announce(connection)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        told = call.streams[number]
        stream = None if told is None else _opened(number, name, told, announce)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["gradcalc", *call.argv]
    announce(wire.ACCEPTED + wire.number(os.getpid()))
    if connection.recv(1) != wire.GO:
        raise ConnectionAbortedError
    killed_with(connection.fileno())
    announce(wire.FINISHED + bytes([run(call.argv)]))
    os._exit(0)


def killed_with(end: int) -> None:
    """Have the kernel kill this process when the other end of a socket or pipe is closed.

    Unlike a thread this also works during a long operation, and on a process that is stopped.
    Raises ConnectionAbortedError where it is closed already.
    """
    fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([end], [], [], 0)[0]:
        raise ConnectionAbortedError


def _take_limits(caller: int) -> None:
    """The limits on memory, time and files, and the processors, of another process.

    Raises OSError where they are wider than this process may have.
    """
    for name in dir(resource):
        if name.startswith("RLIMIT_"):
            number = getattr(resource, name)
            limits = resource.prlimit(caller, number)
            if limits != resource.getrlimit(number):
                resource.setrlimit(number, limits)
    os.sched_setaffinity(0, os.sched_getaffinity(caller))


def _take_place(call: "Request") -> None:
    """The caller's descriptors, directory, variables and mask."""
    *streams, here = call.descriptors
    os.fchdir(here)
    # a file that is opened later must not be taken for a stream that is closed
    null = os.open(os.devnull, os.O_RDWR)
    for number, stream in enumerate(call.streams):
        os.dup2(null if stream is None else streams.pop(0), number)
    for descriptor in (*call.descriptors, null):
        os.close(descriptor)
    os.umask(call.umask)
    os.environ.clear()
    os.environ.update(call.environment)


# -- a call ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """A call: its arguments, its surroundings, and how each of three streams turns bytes into text,
    None where it is closed.

    `descriptors` are those of the streams that are open, then that of the directory.
    """

    argv: tuple[str, ...]
    environment: dict[str, str]
    umask: int
    streams: tuple[Mapping[str, Any] | None, ...]
    descriptors: tuple[int, ...]


def receive(connection: socket.socket, seconds: float) -> Request:
    """Read a request that comes within some seconds, all of it. Raises OSError when it does not,
    `ValueError` for anything else."""
    deadline = time.monotonic() + seconds
    connection.settimeout(seconds)
    data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, _DESCRIPTORS)
    size = wire.PREFIX + int.from_bytes(data[: wire.PREFIX], sys.byteorder)
    if len(data) < wire.PREFIX or size > _LONGEST:
        raise ValueError
    parts, got = [data], len(data)
    while got < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(min(size - got, 1 << 20))
        if not part:
            raise ValueError
        parts.append(part)
        got += len(part)
    return _request(b"".join(parts)[wire.PREFIX :], tuple(descriptors))


def _request(body: bytes, descriptors: tuple[int, ...]) -> Request:
    version, umask, *rest = body.split(b"\0")
    if version != wire.VERSION or len(rest) < 4:
        raise ValueError
    streams = tuple(_stream(text.decode()) for text in rest[:3])
    if len(descriptors) != 1 + sum(stream is not None for stream in streams):
        raise ValueError
    end = 4 + int(rest[3])
    pairs = (os.fsdecode(field).partition("=") for field in rest[end:])
    return Request(
        tuple(os.fsdecode(word) for word in rest[4:end]),
        {key: value for key, _, value in pairs},
        int(umask, 8),
        streams,
        descriptors,
    )


def _stream(text: str) -> Mapping[str, Any] | None:
    if not text:
        return None
    encoding, errors, lines, through = text.split(" ")
    flags = {"line_buffering": lines == "1", "write_through": through == "1"}
    return {"encoding": encoding, "errors": errors, **flags}


# -- its streams -------------------------------------------------------------------------------


class Announce:
    """Tells the caller something; the use of streams once each."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._told: set[bytes] = set()

    def __call__(self, message: bytes) -> None:
        """Send a message, unless this very one was sent before."""
        if message not in self._told:
            self._told.add(message)
            self._connection.sendall(message)


class _Told(io.FileIO):
    """A descriptor whose first use is announced."""

    def __init__(self, number: int, mode: str, announce: Announce) -> None:
        super().__init__(number, mode, closefd=False)
        self._announce = announce

    def write(self, data: Any) -> int:
        self._announce(wire.WRITES)
        return super().write(data)

    def readinto(self, buffer: Any) -> int:
        self._announce(wire.READS)
        return super().readinto(buffer)

    def read(self, size: int | None = -1) -> bytes:
        self._announce(wire.READS)
        return super().read(size)

    def readall(self) -> bytes:
        self._announce(wire.READS)
        return super().readall()


def _opened(number: int, name: str, stream: Mapping[str, Any], announce: Announce) -> TextIO:
    """A standard stream as Python makes them at its start."""
    raw = _Told(number, "wb" if number else "rb", announce)
    raw.name = f"<{name}>"
    buffer: Any = raw
    if not number:
        buffer = io.BufferedReader(raw)
    elif not stream["write_through"]:
        buffer = io.BufferedWriter(raw)
    text = io.TextIOWrapper(buffer, newline="\n", **stream)
    text.mode = "w" if number else "r"  # type: ignore[misc]
    return text
