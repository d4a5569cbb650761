"""The lines of a program that was recorded, with where in the user's code each is from."""

import keyword
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcalc.checking.memory import TORCH, Library
from gradcalc.checking.trace import NOWHERE, Note, Numbers, Place

SPELLED = 8
"""The most numbers of a constant that a line spells out."""


OTHER_WAY = "another way than the one that was recorded"
"""What is on the other side of a decision."""


class NoRow(Exception):
    """What the language has no words for; the text names it."""


class Said(str):
    """Why nobody can tell, as a sentence; other texts name what nobody can see into."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the program: the name it binds, and where in the user's code it is from.

    `event` is the position of what it was written for, `inside` the own Function that did it.
    `made` are the numbers that the library itself had for it, None where that is nobody's.
    """

    name: str
    text: str
    place: Place
    event: int
    operation: str = ""
    inside: int | None = None
    made: Numbers | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The first rows and columns of a result; `rest` is why nobody can tell the others."""

    text: str
    shape: tuple[int, ...]
    rest: str

    def of(self, numbers: Numbers) -> Numbers:
        """The numbers of this part."""
        return numbers[tuple(map(slice, self.shape))]


Text = str | Part | None
"""What a result is in the language."""


@dataclass(slots=True)
class Listing:
    """A program, and the inputs that are data to it. `lost` says what the output needs and nobody
    can see into, with its place. `names` are the leaves by what they are called in the program,
    `others` what else is given.
    `meant` are what trusted Functions gave, by further inputs, with the adjoints that these were
    given; `terms` what has to be added to the output for what they handed on. The `notes` are what
    the meaning of single lines rests on.
    """

    lines: list[Line] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    lost: tuple[str, Place] | None = None
    names: dict[str, str] = field(default_factory=dict)
    meant: dict[str, tuple[Numbers, Numbers]] = field(default_factory=dict)
    terms: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    imports: str = "import torch"
    library: Library = TORCH

    def place(self, line: int) -> Place:
        """Where a line of the text is from; the first one imports the library."""
        position = line - 2
        return self.lines[position].place if 0 <= position < len(self.lines) else NOWHERE

    @property
    def source(self) -> str:
        """The text."""
        return "\n".join([self.imports, *(line.text for line in self.lines), self.output])


WORD = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.\w+)*")
BOUND = re.compile(r"t\d+(?:\.\w+)*")
_OWN = re.compile(r"torch|np|scipy|math|[tc]\d+|cotangent|leaf\d+|meant\d+_\d+")
"""Names that the lines have for themselves."""


def name_inside(name: str, position: int) -> str:
    """What a leaf is called in the program: as it is, where that is a name there."""
    parts = name.split(".")
    plain = parts[0].isidentifier() and all(f"_{part}".isidentifier() for part in parts)
    own = _OWN.fullmatch(parts[0]) or _OWN.fullmatch(name) or keyword.iskeyword(name)
    return name if plain and not own else f"leaf{position}"


def pruned(found: Listing) -> list[Line]:
    """The lines that the output has anything of, and those that say which way it went."""
    wanted = {word.partition(".")[0] for word in (*WORD.findall(found.output), *found.terms)}
    kept: list[Line] = []
    for line in reversed(found.lines):
        if line.name and line.name not in wanted:
            continue
        kept.append(line)
        words = WORD.findall(line.text)
        wanted |= {word.partition(".")[0] for word in words}
    return kept[::-1]


def spelled(numbers: Numbers, maker: str = "torch.tensor") -> str | None:
    """A few numbers as they are written, by what makes an array of a list; None for more."""
    if not 0 < numbers.size <= SPELLED or not np.all(np.isfinite(numbers)):
        return None
    return f"{maker}({numbers.tolist()})"
