"""PROGRAM on the command line: a text, a file, a function of a file, or standard input.

What is here imports next to nothing, so that a syntax error is answered at once.
"""

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gradcalc.cli.options import Options, is_stdin
from gradcalc.errors import FileError, GradcalcError, UsageError, did_you_mean
from gradcalc.lang import syntax
from gradcalc.lang.program import Limits

_FILE = re.compile(r"([^\n;]*\.py)(?::(.*))?")


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a program, which is valid Python, and the function of it that is meant."""

    text: str
    function: str | None = None


def sources(options: Options) -> tuple[Source, ...]:
    """The texts that the programs of a command line mean.

    Raises `GradcalcError` for what cannot be read or is not Python.
    """
    _check_stdin(options)
    limits = limits_of(options)
    return tuple(_source(token, limits) for token in options.programs)


def limits_of(options: Options) -> Limits:
    """The limits of every calculation."""
    default = Limits()
    return Limits(
        steps=default.steps if options.max_steps is None else options.max_steps,
        seconds=default.seconds if options.timeout is None else options.timeout,
    )


def _check_stdin(options: Options) -> None:
    wanting = ["PROGRAM" for token in options.programs if token == "-"]
    texts = [(f"--{name}", text) for name, text in options.values]
    texts.append(("--cotangent", options.cotangent))
    wanting += [option for option, value in texts if is_stdin(value)]
    if len(wanting) > 1:
        raise UsageError(
            f"standard input can be read only once, but {' and '.join(wanting)} want it",
            hint="put one of them into a file",
        )


def _source(token: str, limits: Limits) -> Source:
    file = _FILE.fullmatch(token)
    if token == "-":
        source = Source(_standard_input())
    elif file is None:
        source = Source(token)
    else:
        source = Source(_read(Path(file[1]), limits), file[2] or None)
    _check_syntax(source.text, limits)
    return source


@lru_cache(maxsize=128)
def _check_syntax(text: str, limits: Limits) -> None:
    tidied = syntax.tidy(text, limits)
    try:
        syntax.parse(tidied, limits)
    except GradcalcError as error:
        error.source = tidied
        raise


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
