"""The worker: a child of the server that answers one call in its caller's place."""

import fcntl
import os
import resource
import select
import signal
import socket
import sys

from gradcalc.daemon import request, wire
from gradcalc.daemon.request import Request
from gradcalc.daemon.service import Run, Service
from gradcalc.daemon.streams import Announce, opened

SECONDS = 5.0
"""How long a caller may take to say what it wants."""


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
    connection.settimeout(SECONDS)
    connection.sendall(wire.LISTENS)
    call = request.receive(connection)
    caller, _ = wire.peer(connection)
    _take_limits(caller)
    _take_place(call)
    announce = Announce(connection)
    for name, stream in opened(call.streams, announce).items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["gradcalc", *call.argv]
    announce(wire.ACCEPTED + wire.number(os.getpid()))
    if connection.recv(1) != wire.GO:
        raise ConnectionAbortedError
    _die_with_caller(connection)
    announce(wire.FINISHED + bytes([run(call.argv)]))
    os._exit(0)


def _die_with_caller(connection: socket.socket) -> None:
    """Have the kernel kill this process when the other end of the connection is closed.

    Unlike a thread this also works during a long operation, and on a process that is stopped.
    """
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([connection], [], [], 0)[0]:
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


def _take_place(call: Request) -> None:
    """The caller's descriptors, directory, variables and mask."""
    *streams, here = call.descriptors
    os.fchdir(here)
    for number, stream in enumerate(call.streams):
        if stream is None:
            os.close(number)
        else:
            os.dup2(streams.pop(0), number)
    for descriptor in call.descriptors:
        os.close(descriptor)
    os.umask(call.umask)
    os.environ.clear()
    os.environ.update(call.environment)
