"""A file beside a program, as its statements and what binds each of its names."""

import ast
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from gradcalc.cli.mentions import Chain, defined, evaluated, is_active, mentioned, pokes
from gradcalc.lang import purity
from gradcalc.lang.alternatives import ROOTS
from gradcalc.lang.drawing import is_drawn
from gradcalc.lang.importing import of_functions
from gradcalc.lang.neighbours import Import, bound_at
from gradcalc.lang.program import dotted

PRYING = purity.PRYING - {
    "ctypes", "importlib.import_module", "importlib.machinery", "importlib.reload",
    "importlib.util.module_from_spec",
    "inspect.getmembers", "inspect.getmodule", "types.CodeType", "types.FunctionType",
}  # fmt: skip
"""Of libraries, what leads to what has no name in the text."""

ANYTHING = frozenset({"exec", "eval", "__import__"})
"""Functions of Python's own that may do anything."""

IMPORT = re.compile(r"\bimport\b")

UNDERNEATH = frozenset({"__globals__", "__builtins__", "__code__", "__closure__", "__loader__",
                        "__spec__"})  # fmt: skip
"""What gives the means to change what has another name."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The names in a statement with what stands behind them.

    `wild` says that it may change anything, `draws` that it draws random numbers.
    """

    names: frozenset[tuple[str, Chain]]
    wild: bool
    draws: bool


@dataclass
class File:
    """A file that was read: its statements, and what binds each of its names.

    `imports` run with the file, the `late` ones of a statement with functions in it. A name is
    bound `at_once` by what is no function.
    """

    text: str
    body: list[ast.stmt]
    inside: Chain
    binds: dict[str, list[int]] = field(default_factory=dict)
    aliases: dict[str, list[tuple[Import, ast.alias]]] = field(default_factory=dict)
    stars: list[ast.ImportFrom] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    late: dict[int, list[Import]] = field(default_factory=dict)
    at_once: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._mentions: dict[tuple[int, bool], Mentions] = {}
        lines = [k for k, line in enumerate(self.text.split("\n"), 1) if IMPORT.search(line)]
        for number, statement in enumerate(self.body):
            if not isinstance(statement, Import):
                inner = set(defined(statement))
                for name in bound_at(statement):
                    self.binds.setdefault(name, []).append(number)
                    self.at_once |= set() if name in inner else {(name, number)}
            last = statement.end_lineno or statement.lineno
            if any(statement.lineno <= line <= last for line in lines):
                self._import(number, statement)

    def _import(self, number: int, statement: ast.stmt) -> None:
        late = {id(node) for _, node in of_functions(statement)}
        for node in ast.walk(statement):
            if not isinstance(node, Import):
                continue
            if id(node) in late:
                self.late.setdefault(number, []).append(node)
            else:
                self.imports.append(node)
            for alias in node.names:
                if alias.name == "*" and isinstance(node, ast.ImportFrom):
                    self.stars.append(node)
                else:
                    name = alias.asname or alias.name.split(".")[0]
                    self.aliases.setdefault(name, []).append((node, alias))

    @cached_property
    def active(self) -> list[int]:
        """The statements that do more than bind names."""
        return [k for k, statement in enumerate(self.body) if is_active(statement)]

    def mentions(self, number: int, *, at_once: bool = False) -> Mentions:
        """What a statement has in it; all of it, or what runs `at_once` where it stands."""
        found = self._mentions.get((number, at_once))
        if found is None:
            nodes = list(evaluated(self.body[number], at_once=at_once))
            wild = any(map(self._is_wild, nodes)) or (
                any(map(pokes, nodes)) and any(map(self._pries, nodes))
            )
            draws = any(map(self._draws, nodes))
            found = Mentions(frozenset(mentioned(nodes)), wild, draws)
            self._mentions[number, at_once] = found
        return found

    def _full(self, node: ast.AST) -> str | None:
        """What a dotted name stands for, if it begins with an import."""
        path = dotted(node)
        if path is None or path[0] not in self.aliases:
            return None
        statement, alias = self.aliases[path[0]][0]
        base = ""
        if isinstance(statement, ast.ImportFrom):
            base = "." * statement.level + (statement.module or "") + "."
        first = f"{base}{alias.name}" if base or alias.asname else path[0]
        return ".".join((first, *path[1:]))

    def _is_wild(self, node: ast.AST) -> bool:
        """Whether a node may change what no name in its statement leads to."""
        match node:
            case ast.Name(id=name) if name in ANYTHING:
                return True
            case ast.Attribute(attr=name) if name in UNDERNEATH:
                return True
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[first, *_]):
                return self._full(first) is not None
            case ast.Call():
                full = self._full(node.func)
                return (
                    full is not None
                    and full.split(".")[0] in ROOTS
                    and not _is_of_chance(full)
                    and (purity.is_setting(full) or purity.is_everywhere(full, node))
                )
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                inner: ast.expr = node
                while isinstance(inner, ast.Attribute | ast.Subscript):
                    inner = inner.value
                    if self._full(inner) in PRYING:
                        return True
                full = self._full(inner)
                return full is not None and full.split(".")[0] in ROOTS - purity.ONLOOKERS
            case _:
                return False

    def _pries(self, node: ast.AST) -> bool:
        """Whether a node is something by which what has no name in the text is had."""
        return isinstance(node, ast.Name | ast.Attribute) and self._full(node) in PRYING

    def _draws(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        method = node.attr if isinstance(node, ast.Attribute) else ""
        full = self._full(node)
        return is_drawn(method, full) or (full is not None and _is_of_chance(full))

    def kept(self, numbers: Iterable[int], imports: Container[Import]) -> str:
        """The text with the lines of these statements and imports alone."""
        chosen = set(numbers)
        keep = [False] * (self.text.count("\n") + 2)
        for first, last, inner in _groups(self.body):
            if any(k in chosen or self.body[k] in imports for k in inner):
                keep[first : last + 1] = [True] * (last + 1 - first)
        lines = self.text.split("\n")
        return "\n".join(line if keep[k] else "" for k, line in enumerate(lines, 1))


def _is_of_chance(full: str) -> bool:
    """Whether a function of a library sets what random numbers come next."""
    return "rng" in full or "seed" in full


def _groups(body: list[ast.stmt]) -> Iterator[tuple[int, int, list[int]]]:
    """The first and the last line of statements that share lines, and their numbers."""
    first = last = 0
    inner: list[int] = []
    for number, statement in enumerate(body):
        above = [d.lineno for d in getattr(statement, "decorator_list", ())]
        start = min([statement.lineno, *above])
        if inner and start > last:
            yield first, last, inner
            inner = []
        first = first if inner else start
        last = statement.end_lineno or start
        inner.append(number)
    if inner:
        yield first, last, inner
