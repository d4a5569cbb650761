"""A program's text by the places of its nodes, and what the names in it mean."""

import ast
import builtins
from collections.abc import Collection, Sequence
from typing import Any

from gradcalc.errors import Span
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.spelling import Function
from gradcalc.lang.machine import Builtin
from gradcalc.lang.program import NUMPY, TORCH, Naming, Program, dotted, span_of, stretch_of
from gradcalc.primitives import BY_NAME, Elementwise, Primitive

ARRAYS = (TORCH, NUMPY, "jax.numpy")
"""The modules whose functions of elements are called by the names that the language has."""


class Text:
    """A source text and where the nodes of its syntax tree stand in it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0]
        for line in source.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def range(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends, brackets around it not counted."""
        span = stretch_of(node, self.source)
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1

    def of(self, node: ast.AST) -> str:
        """The text of a node, as it is."""
        start, end = self.range(node)
        return self.source[start:end]

    def span(self, node: ast.AST) -> Span:
        return span_of(node, self.source)

    def brackets(self, node: ast.AST) -> tuple[int, int]:
        """The range of a node with the brackets around it, if it has its own and no blanks."""
        start, end = self.range(node)
        if self.source[:start][-1:] != "(" or self.source[end : end + 1] != ")":
            return start, end
        outside = self.source[: start - 1].rstrip(" ")[-1:]
        # these may be the brackets of a call; at the beginning of a line, who knows
        called = outside.isalnum() or outside in ("_", ")", "]", "\n")
        return (start, end) if called and outside else (start - 1, end + 1)

    def enclosed(self, node: ast.AST) -> bool:
        """Whether a node stands alone between round brackets on its line."""
        start, end = self.range(node)
        before, after = self.source[:start].rstrip(" "), self.source[end:].lstrip()
        return before[-1:] == "(" and after[:1] == ")"


class Names:
    """What the names that a program calls mean.

    `own` are names that the program or its user gives a meaning: they are no functions of the
    library.
    """

    def __init__(self, program: Program | None = None, known: Collection[str] = ()) -> None:
        self._naming = Naming() if program is None else program.naming
        self.own = frozenset(known) if program is None else program.assigned | frozenset(known)
        self._library = None if program is None else self._library_of(program.body)

    def function(self, func: ast.expr) -> tuple[str, ast.expr | None] | None:
        """The language's own name of what is called, and the value in front of its dot, if any."""
        if isinstance(func, ast.Name):
            if func.id in self.own:
                return None
            return self._known(catalogue.bare(func.id, self._naming), None)
        if isinstance(func, ast.Attribute):
            name = dotted(func)
            if name and name[0] in self._naming.modules:
                member = catalogue.place(self._naming, name)
                found = catalogue.member(*member) if member and catalogue.has(*member) else None
                return self._known(found, None)
            return self._known(catalogue.method(func.attr, self._naming), func.value)
        return None

    def _known(self, found: Any, value: ast.expr | None) -> tuple[str, ast.expr | None] | None:
        if isinstance(found, Function) and found.core is None:
            return None if found.row is None else (found.row, value)
        found = getattr(found, "core", found)
        return (found.name, value) if isinstance(found, Builtin | Primitive) else None

    def is_length(self, func: ast.expr) -> bool:
        """Whether what is called is `norm` of a module for linear algebra."""
        name = dotted(func) if isinstance(func, ast.Attribute) else ()
        if not name or name[0] not in self._naming.modules:
            return False
        member = catalogue.place(self._naming, name)
        found = catalogue.member(*member) if member and catalogue.has(*member) else None
        return isinstance(found, Function) and found.shown.endswith("linalg.norm")

    def is_fixed(self, name: str) -> bool:
        """Whether a name is that of a module, or of a constant of the library."""
        constant = catalogue.is_constant(name, self._naming)
        return name in self._naming.modules or (constant and name not in self.own)

    def spelled(self, text: str) -> str:
        """An expression whose functions of elements are those of the library that is named."""
        if self._library is None:
            return text
        found, lines = text, Text(text)
        calls = [n for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Call)]
        placed = [(lines.range(call.func), call) for call in calls]
        for (start, end), call in sorted(placed, key=lambda pair: pair[0], reverse=True):
            if self._is_of_library(text[start:end], call):
                found = f"{found[:start]}{self._library}.{found[start:]}"
        return found

    def _is_of_library(self, name: str, call: ast.Call) -> bool:
        if self._is_named(name) or not isinstance(BY_NAME.get(name), Elementwise):
            return False
        # torch's own functions of two take tensors only
        numbers = name != "where" and any(isinstance(a, ast.Constant) for a in call.args)
        full = self._naming.modules[self._library or ""]
        return catalogue.has(full, name) and not (full == TORCH and numbers)

    def _is_named(self, name: str) -> bool:
        """Whether a name has a meaning in Python as the program is."""
        return name in self.own or name in self._naming.imported or hasattr(builtins, name)

    def _library_of(self, body: Sequence[ast.stmt]) -> str | None:
        """The library of arrays by whose name all functions of a program are called."""
        nodes = [node for statement in body for node in ast.walk(statement)]
        names = [
            n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        if not all(map(self._is_named, names)):
            return None
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        modules = self._naming.modules.items()
        return next((alias for alias, full in modules if alias in used and full in ARRAYS), None)

    def means_itself(self, name: str) -> bool:
        """Whether a name, written anew, calls the library's function of that name."""
        imported = self._naming.imported.get(name)
        return name not in self.own and (imported is None or imported[1] == name)
