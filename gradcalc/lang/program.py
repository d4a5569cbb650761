"""What the language passes around: the checked program, its limits, and the way it ran."""

import ast
import sys
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any

from gradcalc.codes import patience
from gradcalc.errors import EndlessError, LimitError, Span
from gradcalc.lang.files import part_at
from gradcalc.lang.signs import Place, Signed

DOT = "\ua78f"
"""A letter that looks like a dot, and stands for those in names of parameters: `layers.0.weight` is
one name, whatever Python's parser makes of dots."""

TORCH, NUMPY, JAX, MIXED, NONE = "torch", "numpy", "jax", "torch and numpy", ""
"""The libraries whose arrays a text works on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that turn hostile or endless programs into a clear error.

    `steps` counts statements, loop rounds, calls and items of lists; `elements` is the largest
    tensor, `rank` the most dimensions of one (numpy knows no more); `total` all elements of all
    tensors that a run makes; `items` the longest list and text, `texts` all characters of all texts
    that a run makes, `taken` how many items of lists it goes through in all, be it in one step;
    `depth` the deepest recursion of the
    program's own functions; `length` the characters of a source text; `nesting` the depth of its
    syntax tree; `bits` the size of an integer (Python prints no larger ones); `seconds` the wall
    time of one calculation, None for no bound.
    """

    steps: int = 150_000
    elements: int = 50_000_000
    rank: int = 32
    total: int = 500_000_000
    items: int = 1_000_000
    texts: int = 50_000_000
    taken: int = 50_000_000
    depth: int = 200
    length: int = 500_000
    nesting: int = 200
    bits: int = 14_000
    seconds: float | None = field(default_factory=lambda: patience(60.0))


@dataclass(slots=True)
class Budget:
    """Steps and time, shared by everything that runs for one calculation.

    `made` counts the elements of all tensors so far, `written` the characters of all texts: they
    may all be kept; `taken` the items of lists that were gone through. `place` says where the
    program runs, if that is not the point that was asked for, `seconds` how long it may.
    """

    steps: int
    deadline: float | None = None
    place: str = ""
    seconds: float | None = None
    total: int = field(init=False)
    made: int = field(init=False, default=0)
    written: int = field(init=False, default=0)
    taken: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.total = self.steps

    @classmethod
    def of(cls, limits: Limits) -> "Budget":
        """What a run may take that begins now."""
        seconds = limits.seconds
        deadline = None if seconds is None else time.monotonic() + seconds
        return cls(limits.steps, deadline, seconds=seconds)

    def tick(self, steps: int = 1) -> None:
        """Count steps. Raises `LimitError` when steps or time are used up."""
        self.steps -= steps
        if self.steps < 0:
            raise EndlessError(
                f"{self.place}the program did not end within {self.total:,} steps",
                hint="is there a loop without an end? --max-steps allows more",
            )
        if self.deadline is not None and time.monotonic() > self.deadline:
            bound = "" if self.seconds is None else f" of {self.seconds:g} s"
            raise LimitError(
                f"the time limit{bound} was reached", hint="--timeout allows more seconds"
            )


@dataclass(frozen=True, slots=True)
class Branch:
    """One `if`, `while` or conditional expression of the program and the ways it went, in order.

    `file` says which of several files the line is counted in.
    """

    line: int
    kind: str
    source: str
    taken: tuple[bool, ...]
    file: str | None = None

    @property
    def told(self) -> str:
        """Where it is in words."""
        return f"line {self.line}" if self.file is None else f"{self.file}, line {self.line}"

    @property
    def way(self) -> str:
        """Where it is, what is asked, and the answers."""
        ways = ", ".join(str(way) for way in dict.fromkeys(self.taken))
        return f"{self.told}, `{self.source}`: {ways}"


SEVERAL, LEAF = "several", "leaf"
"""Kinds of writes that torch refuses: into one of several views that one call gave, and into an
input with a gradient."""

FREED = "freed"
"""The kind of a derivative after which torch refuses to go the same way back once more."""

HELD = "held as "
"""What stands before the dtype of a cast that has rounded numbers of the text."""


NOT_SET = "?"
"""What stands in place of a dtype where a variable of the environment is read as not set."""

ASKED = "="
"""What stands in place of a dtype before what a program has asked of the machine."""


UNDERIVED = "//"
"""What stands in place of a dtype before the name of an operation that torch has no backward of."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that passes no gradient back.

    `kind` is `detach`, `no_grad` or the spelling that took a plain number out of a tensor
    (`item`, `float`, `int`). `behind` are the inputs to which a gradient could have flowed back
    from there.
    """

    kind: str
    source: str
    span: Span
    behind: set[str] = field(default_factory=set, compare=False)


@dataclass(frozen=True, slots=True)
class Naming:
    """The libraries that a text names.

    `modules` are its names of modules, `imported` those of `from math import sin as s`, `starred`
    the modules of `from math import *`. `arrays` says whose arrays its inputs and methods are.
    `library` says that it imports or prefixes any library: then a bare `sum` is Python's.
    `core` marks definitions of gradcalc's own, in which every name is that of the language.
    `called` are the libraries of arrays that it calls functions of, `handed` the modules that it
    hands around as values, by their names.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    imported: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    starred: tuple[str, ...] = ()
    arrays: str = NONE
    library: bool = False
    core: bool = False
    called: frozenset[str] = frozenset()
    handed: Mapping[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> bool:
        """Whether the text works on Python's own numbers: it names math, and no other library."""
        return self.library and self.arrays == NONE

    @property
    def key(self) -> tuple[object, ...]:
        """What texts of one meaning have in common."""
        return (
            tuple(sorted(self.modules.items())),
            tuple(sorted(self.imported.items())),
            self.starred,
            self.arrays,
            self.library,
            self.called,
        )


def asked_by_name(node: ast.Call, naming: Naming) -> tuple[str, ...] | None:
    """The module whose member a call of getattr asks for by its name, None for anything else."""
    if not isinstance(node.func, ast.Name) or node.func.id not in ("getattr", "hasattr"):
        return None
    path = dotted(node.args[0]) if node.args else None
    return path if path is not None and path[0] in naming.modules else None


CORE = Naming(core=True)
"""How gradcalc's own definitions are read."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that has passed the fence: nothing in `body` is outside the language.

    `function` names the function that is the program, None when its top level is. `required`
    are the names that must be given a value, in the order of their first use; `optional` those
    that have a default or a meaning of their own (`pi`, a function passed by name). `assigned`
    are all names that the program binds. `naming` says which libraries its names are from. `typed`
    is the mathematics that the source is the reading of, None where the source itself was typed;
    `signs` what in it waits for shapes, by the place of its node.
    `dtype` is the only one that the text is for, None where it says nothing of it. `nets` says that
    it makes networks of torch's, whose parameters are inputs too. `module` that it is one itself.
    `library` says that it is a module of a library, which no user has written; `asks` that it asks
    for types of values.
    """

    source: str
    body: tuple[ast.stmt, ...]
    function: str | None
    required: tuple[str, ...]
    optional: tuple[str, ...]
    assigned: frozenset[str]
    parameters: tuple[str, ...]
    naming: Naming
    typed: str | None = None
    signs: Mapping[Place, Signed] = field(default_factory=dict)
    dtype: str | None = None
    nets: bool = False
    module: bool = False
    library: bool = False
    asks: bool = False

    @property
    def brief(self) -> str:
        """The source, if it is one line, else what was typed for it."""
        own = self.typed is None or "\n" not in self.source
        return (self.source if own or self.typed is None else self.typed).replace(DOT, ".")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every name that may be given a value."""
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class Run:
    """What running a program on a backend gave.

    `value` is its output; `names` what its names were bound to at the end (never detached);
    `path` the branches in the order in which they were first met. `casts` are those to fewer digits
    than the calculation has, their `kind` the dtype. `leaves` are the parameters of its networks.
    """

    value: Any
    names: Mapping[str, Any]
    path: tuple[Branch, ...]
    stops: tuple[Stop, ...]
    casts: tuple[Stop, ...] = ()
    leaves: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def deep_recursion(limit: int = 60_000) -> Iterator[None]:
    """Let the walkers of a syntax tree recurse: they are plain Python, and the tree is bounded."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def span_of(node: ast.AST, source: str) -> Span:
    """The place of a syntax node in its file, columns counted in characters."""
    return in_file(stretch_of(node, source), source)


def in_file(place: Span, source: str) -> Span:
    """A place in the whole of a text as one in its file."""
    part = part_at(source, place.line)
    if part is None:
        return place
    before = part.start - 1
    return Span(
        place.line - before, place.column, place.end_line - before, place.end_column, part.name
    )


def stretch_of(node: ast.AST, source: str) -> Span:
    """The place of a syntax node in the whole of a text."""
    lines = _lines(source)

    def column(line: int, offset: int) -> int:
        text = lines[min(line, len(lines)) - 1]
        if text.isascii():
            return min(offset, len(text)) + 1
        starts = _starts(text)
        return bisect_right(starts, min(offset, starts[-1]))

    line, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
    return Span(
        line,
        column(line, getattr(node, "col_offset", 0)),
        end,
        column(end, getattr(node, "end_col_offset", 0)),
    )


@lru_cache(maxsize=16)
def _lines(source: str) -> list[str]:
    # a place is asked for at every operation
    return source.split("\n")


@lru_cache(maxsize=16)
def _starts(line: str) -> "array[int]":
    """The byte that each character of a line begins with, and the line's length in bytes."""
    sizes = (len(character.encode("utf-8", "surrogatepass")) for character in line)
    return array("L", accumulate(sizes, initial=0))


def text_of(node: ast.AST, source: str) -> str:
    """The source text of a syntax node, on one line."""
    return " ".join(typed(node, source).split())


def typed(node: ast.AST, source: str) -> str:
    """The source text of a syntax node as it stands; where it has no place, what it says."""
    if not hasattr(node, "lineno"):
        return ast.unparse(node)
    place, lines = stretch_of(node, source), _lines(source)
    if place.line == place.end_line:
        return lines[place.line - 1][place.column - 1 : place.end_column - 1]
    text = lines[place.line - 1 : place.end_line]
    text[-1] = text[-1][: place.end_column - 1]
    text[0] = text[0][place.column - 1 :]
    return "\n".join(text)


def amount(number: int) -> str:
    """A count for a sentence; beyond all use, only its order of magnitude."""
    return f"{number:,}" if number < 10**15 else "more than 10**15"


def dotted(node: ast.AST) -> tuple[str, ...] | None:
    """The parts of a dotted name such as `torch.nn.functional.relu`, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return (node.id, *reversed(parts))
