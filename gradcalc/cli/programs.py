"""PROGRAM on the command line: a text, a file, a function of a file, or standard input."""

import re
import sys
from functools import lru_cache
from pathlib import Path

from gradcalc.errors import FileError, did_you_mean
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits, Program

_FILE = re.compile(r"([^\n;]*\.py)(?::(.*))?")


def load_program(token: str, known: frozenset[str], limits: Limits) -> Program:
    """The checked program that a token of the command line means."""
    if token == "-":
        return compiled(_standard_input(), limits, known)
    file = _FILE.fullmatch(token)
    if file is None:
        return compiled(token, limits, known)
    return compiled(_read(Path(file[1]), limits), limits, known, file[2] or None)


@lru_cache(maxsize=128)
def compiled(
    text: str, limits: Limits, known: frozenset[str] = frozenset(), function: str | None = None
) -> Program:
    """The checked program of a text: the same one again for the thousands of points of a stream."""
    return compile_program(text, function=function, limits=limits, known=known)


def read_stdin() -> str:
    """All of standard input; ValueError if it is not a text or is closed."""
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if binary is None else binary.read().decode("utf-8")


def _standard_input() -> str:
    try:
        return read_stdin()
    except (OSError, ValueError):
        raise FileError("the program on standard input is not a text in UTF-8") from None


def _read(path: Path, limits: Limits) -> str:
    try:
        with path.expanduser().open("rb") as file:
            # One byte more than the longest program can have, so that the fence refuses it.
            data = file.read(4 * limits.length + 4)
        return data.decode("utf-8-sig", "ignore" if len(data) > 4 * limits.length else "strict")
    except FileNotFoundError:
        raise FileError(f"there is no file {path}", hint=_similar(path)) from None
    except IsADirectoryError:
        raise FileError(f"{path} is a directory, not a file") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RuntimeError):
        raise FileError(f"{path} is not a text in UTF-8") from None


def _similar(path: Path) -> str | None:
    try:
        names = [entry.name for entry in path.expanduser().parent.glob("*.py")][:1000]
    except (OSError, ValueError, RuntimeError):
        return None
    return did_you_mean(path.name, names)
