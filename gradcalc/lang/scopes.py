"""Which variable a name is: those of each function have names of their own."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that one function, or class, binds; `is_seen` says whether functions inside do."""

    mark: str
    names: frozenset[str]
    outer: "Scope | None" = None
    is_seen: bool = True

    def variable(self, name: str) -> str:
        """The variable that a name is here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return f"{scope.mark}.{name}"
            scope = scope.outer
            while scope is not None and not scope.is_seen:
                scope = scope.outer
        return name

    def inside(self, function: Function) -> "Scope":
        """The scope of a function that stands here."""
        return Scope(mark_of(function), _locals(function), self)

    def of_class(self, node: ast.ClassDef) -> "Scope":
        """The scope of a class that stands here, which its methods do not see."""
        names = frozenset(_bound(node.body))
        return Scope(mark_of(node), names, self, is_seen=False)


MODULE = Scope("", frozenset())
"""Where the variables have the names that they are called by."""


def mark_of(node: Function | ast.ClassDef) -> str:
    """What the variables of a function are called by; no other has that."""
    return f"{getattr(node, 'name', 'lambda')}@{id(node)}"


def _locals(function: Function) -> frozenset[str]:
    parameters = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    if isinstance(function, ast.Lambda):
        return frozenset(parameters)
    outside = {n for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal)
               for n in node.names}  # fmt: skip
    return frozenset((parameters | set(_bound(function.body))) - outside)


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements bind, those of functions inside left out."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield from names_bound(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))


def names_bound(node: ast.AST) -> Iterator[str]:
    """The names that a node itself binds."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in aliases)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            pass
