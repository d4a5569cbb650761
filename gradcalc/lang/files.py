"""One text of several files, or of the cells of a notebook: each stands below a line with its name.

The file that is meant is the last one; the lines of a cell belong to it. So a program is one text
wherever it goes, and each place in it is told by its file and the line there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

MARK = re.compile(r"#── (cell \d+|[^\n]+\.py) ──")
"""The line above each."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text with a name: the lines from `start` on, counted from 1."""

    name: str
    start: int


def joined(files: Iterable[tuple[str, str]]) -> str:
    """Texts with their names as one text."""
    return "\n".join(f"#── {name} ──\n{text.rstrip()}" for name, text in files)


@lru_cache(maxsize=16)
def parts(source: str) -> tuple[Part, ...]:
    """The files in a text; none in one that is no more than one file."""
    # nearly every text is one
    if "#── " not in source:
        return ()
    marks = ((k, MARK.fullmatch(line)) for k, line in enumerate(source.split("\n"), 1))
    return tuple(Part(mark[1], k + 1) for k, mark in marks if mark)


def part_at(source: str, line: int) -> Part | None:
    """The file that a line of a text is of."""
    before = (part for part in reversed(parts(source)) if part.start <= line)
    return next(before, None)


def is_cell(name: str) -> bool:
    """Whether this is the name of a cell, not that of a file."""
    return not name.endswith(".py")


def line_of(source: str, file: str | None, line: int) -> int:
    """Where in a text a line of one of its files is."""
    start = next((part.start for part in parts(source) if part.name == file), 1)
    return start + line - 1
