"""A call as the worker gets it: read from the connection, with the descriptors that come along."""

import os
import socket
import sys
from dataclasses import dataclass

from gradcalc.daemon import wire

_DESCRIPTORS = 4

_LONGEST = 1 << 26
"""More than the arguments and variables of a process can have."""


class NotARequest(Exception):
    """Something else came over the socket."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How a standard stream turns bytes into text."""

    encoding: str
    errors: str
    line_buffering: bool
    write_through: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A call: its arguments, its surroundings, and three streams, None where one is closed.

    `descriptors` are those of the streams that are open, then that of the directory.
    """

    argv: tuple[str, ...]
    environment: dict[str, str]
    umask: int
    streams: tuple[Stream | None, ...]
    descriptors: tuple[int, ...]


def receive(connection: socket.socket) -> Request:
    """Read a request. Raises `NotARequest`, or OSError when the caller is silent."""
    data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, _DESCRIPTORS)
    size = wire.PREFIX + int.from_bytes(data[: wire.PREFIX], sys.byteorder)
    if len(data) < wire.PREFIX or size > _LONGEST:
        raise NotARequest
    parts, got = [data], len(data)
    while got < size:
        part = connection.recv(min(size - got, 1 << 20))
        if not part:
            raise NotARequest
        parts.append(part)
        got += len(part)
    try:
        return _request(b"".join(parts)[wire.PREFIX :], tuple(descriptors))
    except ValueError:
        raise NotARequest from None


def _request(body: bytes, descriptors: tuple[int, ...]) -> Request:
    version, umask, *rest = body.split(b"\0")
    if version != wire.VERSION or len(rest) < 4:
        raise NotARequest
    streams = tuple(_stream(text.decode()) for text in rest[:3])
    if len(descriptors) != 1 + sum(stream is not None for stream in streams):
        raise NotARequest
    end = 4 + int(rest[3])
    pairs = (os.fsdecode(field).partition("=") for field in rest[end:])
    return Request(
        tuple(os.fsdecode(word) for word in rest[4:end]),
        {key: value for key, _, value in pairs},
        int(umask, 8),
        streams,
        descriptors,
    )


def _stream(text: str) -> Stream | None:
    if not text:
        return None
    encoding, errors, line_buffering, write_through = text.split(" ")
    return Stream(encoding, errors, line_buffering == "1", write_through == "1")
