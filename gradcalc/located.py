"""Files by the names that users give them: where they are, and what may be read whole."""

import os
import stat
from pathlib import Path

from gradcalc.errors import FileError

MOST = 2**30
"""Bytes of the longest text that is read whole."""


def located(name: str | Path) -> Path:
    """Where a file is: `~` is the home folder, and stays as it is where nobody has one."""
    return Path(os.path.expanduser(name))


def check_file(path: Path, *, pipe: bool = False) -> None:
    """Refuse what is there and no file, as it may have no end; with `pipe` not a pipe.

    Raises `FileError`.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        # whoever opens it says why
        return
    if stat.S_ISFIFO(mode) and not pipe:
        raise FileError(f"{path} is a pipe, not a file")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISDIR(mode)):
        raise FileError(f"{path} is a device, not a file")


def no_file(path: Path) -> str:
    """What is wrong with a path that is not one of a file."""
    return (
        f"{path} is a directory, not a file" if os.path.isdir(path) else f"there is no file {path}"
    )


def content(path: Path, *, pipe: bool = False) -> bytes:
    """All that stands in a file. Raises `FileError` for what is none or too long, and `OSError`."""
    check_file(path, pipe=pipe)
    with path.open("rb") as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise FileError(f"{path} is too large to read")
    return data
