"""The client: hands a call over to a warm process, if there is one and the call is fit for it.

It imports next to nothing, since it is what a warm call costs.
"""

# `signal` and `socket` build enums from these, which takes longer than all the rest.
import _signal
import _socket
import os
import sys

from gradcalc.codes import COMMANDS, FAULT, patience
from gradcalc.daemon import identity, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

PATIENCE = 2.0
"""Seconds that the server has to accept a call."""

LOST = (
    "error: the warm process ended in the middle of its answer\n"
    "tip: GRADCALC_DAEMON=0 answers without it\n"
)


def answer(argv: list[str]) -> int | None:
    """The exit code of a call that a warm process answered; None if it is to be answered here.

    None also means that nothing was written and standard input is as it was.
    """
    if sys.platform != "linux" or not is_fit(argv) or not identity.is_plain():
        return None
    try:
        name = identity.name()
        connection = _connected(name)
    except (OSError, ValueError):
        return None
    if connection is not None:
        try:
            return _converse(connection, argv)
        finally:
            connection.close()
    if os.environ.get("GRADCALC_DAEMON") == "auto":
        from gradcalc.daemon.control import spawn

        spawn(name)
    return None


def is_fit(argv: list[str]) -> bool:
    """Whether a call calculates on the processor and reads nothing that a person types."""
    if not argv or argv[0] not in COMMANDS or not COMMANDS[argv[0]].warm:
        return False
    if "GRADCALC_DEBUG" in os.environ or "_GRADCALC_COMPLETE" in os.environ:
        return False
    options = argv[: argv.index("--")] if "--" in argv else argv
    for word, following in zip(options, [*options[1:], ""], strict=True):
        if word in ("--help", "-h"):
            return False
        on_processor = word == "--device=cpu" or (word == "--device" and following == "cpu")
        if word.startswith("--device") and not on_processor:
            return False
    # descriptors of this process, as the shell's <(...) makes them
    if any("/dev/fd" in word or "/proc/" in word or "/dev/std" in word for word in argv):
        return False
    reads = any(word == "-" or "@-" in word for word in argv)
    return not (reads and os.isatty(0))


def _connected(name: str) -> "_socket.socket | None":
    """A connection to the server of this name; None if it does not run. Raises OSError if it fails
    otherwise, or if it is not the caller's own."""
    folder = identity.directory()
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(patience(PATIENCE))
    try:
        identity.check_directory(folder)
        connection.connect(identity.socket_path(folder, name))
        wire.check_peer(connection)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError:
        connection.close()
        raise
    return connection


def _converse(connection: "_socket.socket", argv: list[str]) -> int | None:
    start = _place_in_input()
    if _message(connection) != wire.LISTENS:
        return None
    try:
        _send(connection, argv)
        accepted = _message(connection)
        if accepted[:1] != wire.ACCEPTED:
            return None
        connection.sendall(wire.GO)
    except (OSError, ValueError):
        return None
    connection.settimeout(None)
    before = _stop_with(int.from_bytes(accepted[1:], sys.byteorder))
    begun = b""
    while message := _message(connection):
        if message[:1] == wire.FINISHED:
            return message[1]
        begun += message
    if before is not None:
        _signal.signal(_signal.SIGTSTP, before)
    if wire.WRITES in begun or (wire.READS in begun and not _wound_back(start)):
        os.write(2, LOST.encode())
        return FAULT
    return None


def _send(connection: "_socket.socket", argv: list[str]) -> None:
    streams = (sys.stdin, sys.stdout, sys.stderr)
    descriptors = [number for number, stream in enumerate(streams) if stream is not None]
    mask = os.umask(0o077)
    os.umask(mask)
    request = wire.packed(
        mask,
        [_described(stream) for stream in streams],
        [os.fsencode(word) for word in argv],
        dict(os.environb),
    )
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rights = b"".join(number.to_bytes(4, sys.byteorder) for number in (*descriptors, here))
        sent = connection.sendmsg([request], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        connection.sendall(request[sent:])
    finally:
        os.close(here)


def _described(stream: "TextIO | None") -> bytes:
    """What makes a stream of the same kind; empty for one that is closed."""
    if stream is None:
        return b""
    lines, through = stream.line_buffering, getattr(stream, "write_through", False)
    return f"{stream.encoding} {stream.errors} {lines:d} {through:d}".encode()


def _message(connection: "_socket.socket") -> bytes:
    """The next message of the worker; empty if it has gone or says nothing that is known."""
    try:
        message = connection.recv(1)
        size = wire.SIZES.get(message, 0)
        while 0 < len(message) < size:
            message += connection.recv(size - len(message)) or b" " * size
    except OSError:
        return b""
    return message if len(message) == size else b""


def _stop_with(worker: int) -> "Any":
    """Let Ctrl-Z stop the worker too, and `fg` continue it. Gives the handler to restore."""

    def stop(*_: object) -> None:
        _tell(worker, _signal.SIGSTOP)
        _signal.signal(_signal.SIGTSTP, _signal.SIG_DFL)
        os.kill(os.getpid(), _signal.SIGTSTP)
        _signal.signal(_signal.SIGTSTP, stop)
        _tell(worker, _signal.SIGCONT)

    if _signal.getsignal(_signal.SIGTSTP) != _signal.SIG_DFL:
        return None
    return _signal.signal(_signal.SIGTSTP, stop)


def _tell(worker: int, number: int) -> None:
    try:  # noqa: SIM105
        os.kill(worker, number)
    except ProcessLookupError:
        pass


def _place_in_input() -> int | None:
    """Where standard input stands, if it is a file and not a stream."""
    try:
        return os.lseek(0, 0, os.SEEK_CUR)
    except OSError:
        return None


def _wound_back(start: int | None) -> bool:
    return start is not None and os.lseek(0, start, os.SEEK_SET) == start
