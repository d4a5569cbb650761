"""Files by the names that users give them: where they are, and what may be read whole."""

import os
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
    if path.is_file() or (pipe and path.is_fifo()):
        return
    if path.is_fifo():
        raise FileError(f"{path} is a pipe, not a file")
    if path.exists() and not path.is_dir():
        raise FileError(f"{path} is a device, not a file")


def content(path: Path, *, pipe: bool = False) -> bytes:
    """All that stands in a file. Raises `FileError` for what is none or too long, and `OSError`."""
    check_file(path, pipe=pipe)
    with path.open("rb") as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise FileError(f"{path} is too large to read")
    return data
