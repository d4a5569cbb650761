"""What an expression of a file gives, as far as its text tells without being run."""

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gradcalc.lang.neighbours import Module, Modules
from gradcalc.lang.program import dotted


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where names are looked up: statements, those around them, and what was given for names.

    Of the statements only those `before` a place have run. `steps` counts what is looked at.
    """

    body: tuple[ast.stmt, ...]
    module: Module
    modules: Modules
    outer: "Scope | None" = None
    given: Mapping[str, "Held | None"] = field(default_factory=dict)
    before: int | None = None
    steps: Iterator[int] = field(default_factory=itertools.count)


@dataclass(frozen=True, slots=True)
class Function:
    """What takes these parameters; `node` is what is called, where it stands in the text.

    A method has an `owner`, which its first parameter is.
    """

    args: ast.arguments
    node: ast.FunctionDef | ast.Lambda | None = None
    scope: Scope | None = None
    owner: "Class | Instance | None" = None


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the file, with its own methods and those of what it is made from."""

    node: ast.ClassDef
    scope: Scope
    bases: tuple["Held | None", ...] = ()

    @property
    def line(self) -> tuple["Held | None", ...]:
        """Itself and what it is made from, in the order in which Python looks for a name."""
        lines = [list(base.line) if isinstance(base, Class) else [base] for base in self.bases]
        found: list[Held | None] = [self]
        waiting = [*lines, list(self.bases)]
        while waiting := [line for line in waiting if line]:
            heads = (line[0] for line in waiting)
            behind = [_same(one) for line in waiting for one in line[1:]]
            # where there is no order, Python makes no such class
            first = next((head for head in heads if _same(head) not in behind), waiting[0][0])
            found.append(first)
            waiting = [[one for one in line if _same(one) != _same(first)] for line in waiting]
        return tuple(found)

    @property
    def chain(self) -> Iterator["Class"]:
        """The classes of the file that it is made from, the last that is looked at first."""
        yield from (one for one in reversed(self.line) if isinstance(one, Class))

    @property
    def methods(self) -> dict[str, ast.FunctionDef]:
        every = (s for owner in self.chain for s in owner.node.body)
        return {s.name: s for s in every if isinstance(s, ast.FunctionDef)}


@dataclass(frozen=True, slots=True)
class Instance:
    """An object that a call makes of a class, and where the call stands."""

    of: Class
    call: ast.Call
    scope: Scope


@dataclass(frozen=True, slots=True)
class Items:
    """A list, a tuple or a dictionary, and what has named parts."""

    node: ast.List | ast.Tuple | ast.Dict | ast.Call
    scope: Scope


@dataclass(frozen=True, slots=True)
class Fields:
    """What makes tuples whose items have these names."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """What has a name in a library, and what it was given by `partial`."""

    name: str
    call: ast.Call | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """A wrapper that gives what it wraps the name and the parameters of another function."""

    of: "Held | None"


@dataclass(frozen=True, slots=True)
class Written:
    """A number, a text, or a tuple or list of them."""

    value: object


Held = Written | Function | Class | Instance | Items | Fields | Library | Naming | Module


def _same(one: Held | None) -> int | str:
    """What is the same for what stands for one class, however often it was read."""
    if isinstance(one, Library):
        return one.name
    return id(one.node) if isinstance(one, Class) else id(one)


def is_property(method: ast.FunctionDef) -> bool:
    """Whether a method is called where its name stands behind a dot."""
    names = ("property", "cached_property")
    return any((dotted(d) or ("",))[-1] in names for d in method.decorator_list)


def is_static(method: ast.FunctionDef) -> bool:
    """Whether a method takes no object."""
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in method.decorator_list)


def is_of_class(method: ast.FunctionDef) -> bool:
    """Whether a method takes its class."""
    return any(isinstance(d, ast.Name) and d.id == "classmethod" for d in method.decorator_list)
