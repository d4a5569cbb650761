"""Standard streams as Python makes them at its start, which tell the caller when they are used."""

import io
import socket
from collections.abc import Sequence
from typing import Any, TextIO

from gradcalc.daemon import wire
from gradcalc.daemon.request import Stream


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


def opened(streams: Sequence[Stream | None], announce: Announce) -> dict[str, TextIO | None]:
    """Standard input, output and error, by name; None for one that the caller has closed."""
    named = zip(("stdin", "stdout", "stderr"), streams, strict=True)
    return {
        name: None if stream is None else _opened(number, f"<{name}>", stream, announce)
        for number, (name, stream) in enumerate(named)
    }


def _opened(number: int, name: str, stream: Stream, announce: Announce) -> TextIO:
    raw = _Told(number, "rb" if number == 0 else "wb", announce)
    raw.name = name
    buffer: Any = raw
    if number == 0:
        buffer = io.BufferedReader(raw)
    elif not stream.write_through:
        buffer = io.BufferedWriter(raw)
    text: Any = io.TextIOWrapper(
        buffer,
        stream.encoding,
        stream.errors,
        newline="\n",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    text.mode = "r" if number == 0 else "w"
    opened: TextIO = text
    return opened
