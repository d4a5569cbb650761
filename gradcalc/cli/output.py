"""Where texts go: streams that may be a terminal, a pipe that closes, or nothing at all."""

import errno
import io
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from gradcalc.codes import PIPE_CLOSED, patience
from gradcalc.errors import FileError

if TYPE_CHECKING:
    from gradcalc.render import Style

CLOSED = "the output cannot be written: standard output is closed"

_SIGNS = "∇…━│"


class ClosedPipe(Exception):
    """Whoever read the output has gone away; there is nobody to tell."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is looking."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def style_for(
    stream: TextIO | None, *, show_all: bool = False, digits: int | None = None
) -> "Style":
    """How to draw on a stream: its width, whether it takes colour and more than ASCII."""
    from gradcalc.render import Style

    return Style(
        width=shutil.get_terminal_size().columns,
        color=_has_color(stream),
        unicode=_takes(stream, _SIGNS),
        show_all=show_all,
        digits=digits,
        terminal=is_terminal(stream),
    )


def write(text: str, stream: TextIO | None) -> None:
    """Write and flush; characters that the stream's encoding lacks are spelled out.

    Raises `ClosedPipe` when the reader has gone, `FileError` when the text cannot be written, which
    it cannot to a stream that is closed, None.
    """
    if not text:
        return
    if stream is None:
        raise FileError(CLOSED)
    encoding = stream.encoding or "utf-8"
    safe = text.encode(encoding, "backslashreplace").decode(encoding)
    with _told(stream):
        _put(safe, encoding, stream)
        stream.flush()


def say(text: str) -> None:
    """Write to standard error. Where that is closed nobody wants to know."""
    if sys.stderr is not None:
        write(text, sys.stderr)


def write_bytes(content: bytes, stream: TextIO | None) -> None:
    """The same of bytes, to a stream that has them below its text."""
    if stream is None:
        raise FileError(CLOSED)
    raw = getattr(stream, "buffer", None)
    if raw is None:
        return
    with _told(stream):
        stream.flush()
        _put_bytes(content, raw)
        raw.flush()


@contextmanager
def foreign(stream: TextIO | None) -> Iterator[None]:
    """Hold what writes to a stream by itself, and maybe files too, to the same."""
    if stream is None:
        raise FileError(CLOSED)
    with _told(stream):
        try:
            yield
        except OSError as error:
            if error.filename is None:
                raise
            raise FileError(f"{error.filename} cannot be written: {error.strerror}") from None


@contextmanager
def _told(stream: TextIO) -> Iterator[None]:
    """Make what goes wrong with a stream an error of ours."""
    try:
        yield
    except BrokenPipeError:
        _abandon(stream)
        raise ClosedPipe from None
    except (OSError, ValueError) as error:
        _abandon(stream)
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"the output cannot be written: {reason}") from None


def _put(text: str, encoding: str, stream: TextIO) -> None:
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        stream.write(text)
        return
    _put_bytes(text.encode(encoding), raw)


def _put_bytes(content: bytes, raw: Any) -> None:
    # Python's unbuffered streams take it for written where the reader went away halfway
    left = memoryview(content)
    while left:
        count = raw.write(left)
        if count is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        left = left[count:]


def flushed(code: int) -> int:
    """The exit code once nothing is left in the standard streams."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return PIPE_CLOSED
    # A stream that was closed from outside is None or refuses; there is nobody left to tell.
    except (OSError, ValueError, AttributeError):
        pass
    return code


def _abandon(stream: TextIO) -> None:
    """Let what is still buffered vanish, or Python complains about it at the exit."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    # A stream without a descriptor holds nothing back.
    except (OSError, ValueError):
        pass


def _has_color(stream: TextIO | None) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def _takes(stream: TextIO | None, text: str) -> bool:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


SOON = 2.0
"""Seconds that nobody needs to be told what takes them."""


class Phases:
    """What takes its time, on standard error after a while, where a person looks."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._text = ""
        self._status: Any = None
        self._timer: threading.Timer | None = None
        if is_terminal(sys.stderr) and not quiet:
            self._timer = threading.Timer(patience(SOON), self._show)
            self._timer.daemon = True

    def __enter__(self) -> "Phases":
        if self._timer is not None:
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            # it may be at showing it just now
            self._timer.join()
        if self._status is not None:
            self._status.stop()

    def begin(self, text: str) -> None:
        """Say what comes now."""
        self._text = text
        if self._status is not None:
            self._status.update(_plain(text))

    def _show(self) -> None:
        from rich.console import Console

        class Kept(Console):
            """One that never hides its cursor: a process that is ended cannot bring it back."""

            def show_cursor(self, show: bool = True) -> bool:
                return show

        status = Kept(stderr=True).status(_plain(self._text))
        status.start()
        self._status = status


def _plain(text: str) -> Any:
    """A text in which nothing is markup."""
    from rich.text import Text

    return Text(text)
