"""Signs of mathematics that wait for shapes: what `A x`, `x·y` or `|x|` is hangs on what they are.

While a text is written as Python each of them is one private character in front of the Python that
it is for numbers: a `*`, a `**`, the name of a function.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """How something was typed, with the character that stands for it."""

    BESIDE = "\ue000"
    """A product without a sign: `A x`."""
    DOT = "\ue001"
    CROSS = "\ue002"
    STAR = "\ue003"
    """A `*` next to a transpose, which is as if it were that of matrices."""
    POWER = "\ue004"
    BARS = "\ue005"
    NORM = "\ue006"
    ROOT = "\ue007"


MARK = re.compile("[\ue000-\ue007]")
"""What no text that is typed may hold."""

Place = tuple[int, int, int, int]
"""Where a node of the syntax tree stands: its lines, and its columns in bytes, as Python has it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A sign of a program, and where its Python stands in the text, counted in characters."""

    sign: Sign
    at: int

    def moved(self, by: int) -> "Signed":
        """The same behind a longer text."""
        return Signed(self.sign, self.at + by)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means as Python, with the signs in it that wait for shapes."""

    source: str
    signs: tuple[Signed, ...] = ()

    @classmethod
    def of(cls, marked: str) -> "Reading":
        """The reading of a text in which characters stand for signs."""
        found, parts, length, end = list[Signed](), list[str](), 0, 0
        for match in MARK.finditer(marked):
            parts.append(marked[end : match.start()])
            length += match.start() - end
            end = match.end()
            found.append(Signed(Sign(match[0]), length))
        return cls("".join(parts) + marked[end:], tuple(found))


def bare(marked: str) -> str:
    """A text without the characters that stand for signs."""
    return MARK.sub("", marked)


def place_of(node: ast.expr) -> Place:
    """Where a node stands."""
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


def offset(source: str, line: int, column: int) -> int:
    """The characters in front of a place of Python's."""
    lines = source.split("\n")
    own = lines[line - 1]
    before = column if own.isascii() else len(own.encode("utf-8")[:column].decode("utf-8"))
    return sum(len(text) + 1 for text in lines[: line - 1]) + before


def start_of(node: ast.expr, source: str) -> int:
    """The characters in front of a node."""
    return offset(source, node.lineno, node.col_offset)


def end_of(node: ast.expr, source: str) -> int:
    """The characters up to the end of a node."""
    return offset(source, node.end_lineno or 1, node.end_col_offset or 0)


def placed(reading: Reading, tree: ast.AST) -> Mapping[Place, Signed]:
    """The signs of a reading by the nodes of its syntax tree that they belong to."""
    left = {signed.at: signed for signed in reading.signs}
    found: dict[Place, Signed] = {}
    for node in ast.walk(tree) if left else ():
        if isinstance(node, ast.BinOp):
            ends = end_of(node.left, reading.source), start_of(node.right, reading.source)
            between = [left[at] for at in range(*ends) if at in left]
        elif isinstance(node, ast.Call):
            at = start_of(node, reading.source)
            between = [left[at]] if at in left else []
        else:
            continue
        found |= {place_of(node): signed for signed in between}
    return found
