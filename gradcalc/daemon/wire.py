"""What client and worker say to each other.

The worker says LISTENS, since what is sent to nobody keeps the caller's pipes open. The client
sends a request with its length in front, and its descriptors in the ancillary data: those of the
standard streams that are open, then that of its directory. The worker says ACCEPTED with its
process id once nothing but the answer is left to do, and the client GO, unless it has lost patience
and answers the call itself: only one of the two may. From then on the client is silent: the kernel
kills the worker at the next sign from it, which is its end. The worker says READS before it reads
standard input, WRITES before it writes, and FINISHED with the exit code.
"""

import _socket
import os
import sys

LISTENS, ACCEPTED, READS, WRITES, FINISHED = b"L", b"A", b"R", b"W", b"X"

GO = b"G"

SIZES = {LISTENS: 1, ACCEPTED: 5, READS: 1, WRITES: 1, FINISHED: 2}
"""The length of each message, its first byte included."""

VERSION = b"gradcalc 1"

PREFIX = 4
"""The bytes that hold the length of a request."""


def number(value: int) -> bytes:
    """A number as it is sent."""
    return value.to_bytes(PREFIX, sys.byteorder)


def packed(
    umask: int, streams: list[bytes], argv: list[bytes], environment: dict[bytes, bytes]
) -> bytes:
    """A request: fields that end where the next begins, as arguments and variables do, with NUL.

    A stream is its encoding, its errors and two flags, or empty if it is closed.
    """
    fields = [VERSION, b"%o" % umask, *streams, b"%d" % len(argv), *argv]
    fields += [b"%b=%b" % pair for pair in environment.items()]
    body = b"\0".join(fields)
    return number(len(body)) + body


def peer(connection: _socket.socket) -> tuple[int, int]:
    """Process and user of whoever is at the other end. Raises OSError if that cannot be told."""
    size = 3 * PREFIX
    found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, size)
    process, user = found[:PREFIX], found[PREFIX : 2 * PREFIX]
    return int.from_bytes(process, sys.byteorder), int.from_bytes(user, sys.byteorder)


def check_peer(connection: _socket.socket) -> None:
    """Raise PermissionError if somebody else is at the other end."""
    if peer(connection)[1] != os.getuid():
        raise PermissionError("the other end of the socket belongs to somebody else")
