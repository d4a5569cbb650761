"""Names whose values nobody else holds, so that writing into them and replacing them are one."""

import ast
import math
from functools import lru_cache

Body = tuple[ast.stmt, ...]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

FRESH = (ast.BinOp, ast.UnaryOp, ast.Constant)
"""What makes a value of its own."""

USED = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.FormattedValue)
"""What takes no more than the numbers of a value."""

ASKING = frozenset(dir(math)) | {"abs", "float", "int", "print", "round", "str"}
"""Functions that give something new, or nothing."""


@lru_cache(maxsize=256)
def is_lonely(body: Body, assigned: frozenset[str], name: str) -> bool:
    """Whether, wherever a program has this name, it holds a value of its own that nobody keeps.

    All variables of the name are taken together, whatever their functions; `assigned` are all
    names that the program binds.
    """
    return _Lonely(name, assigned).are(body)


class _Lonely:
    def __init__(self, name: str, assigned: frozenset[str]) -> None:
        self._name = name
        self._assigned = assigned

    def are(self, body: Body) -> bool:
        """Whether no statement does anything with the name but calculate."""
        return all(self._holds(statement, None) for statement in body)

    def _holds(self, node: ast.AST, inside: Function | None) -> bool:
        if isinstance(node, ast.ClassDef) or (isinstance(node, ast.Try) and node.finalbody):
            # operators of the program's own, and what happens behind a return
            return False
        if isinstance(node, ast.Global | ast.Nonlocal):
            return self._name not in node.names
        if isinstance(node, ast.arg):
            return node.arg != self._name
        if isinstance(node, ast.Name):
            # met where nothing that contains it says that it is harmless
            return node.id != self._name
        if isinstance(node, Function):
            inside = node
        return all(
            self._holds(child, inside)
            for child in ast.iter_child_nodes(node)
            if not (self._is_name(child) and self._is_harmless(node, child, inside))
        )

    def _is_name(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
            return any(self._is_name(part) for part in node.elts)
        return isinstance(node, ast.Name) and node.id == self._name

    def _is_harmless(self, parent: ast.AST, child: ast.AST, inside: Function | None) -> bool:
        match parent:
            case ast.AugAssign(target=target) if target is child:
                return True
            case ast.AnnAssign(target=target, value=value) if target is child:
                return value is None or self._is_fresh(value)
            case ast.Assign(targets=[ast.Tuple() as names], value=ast.Tuple() as values):
                return len(names.elts) == len(values.elts) and all(
                    isinstance(part, ast.Name) and (part.id != self._name or self._is_fresh(value))
                    for part, value in zip(names.elts, values.elts, strict=True)
                )
            case ast.Assign(targets=[ast.Name()], value=value):
                return self._is_fresh(value)
            case ast.Return():
                return inside is not None and any(
                    isinstance(n, ast.Name) and n.id == self._name and isinstance(n.ctx, ast.Store)
                    for n in _own(inside)
                )
            case ast.Call(func=func) if func is not child:
                return self._asks(func)
            case _:
                return isinstance(parent, USED)

    def _is_fresh(self, value: ast.expr) -> bool:
        return isinstance(value, FRESH) or (isinstance(value, ast.Call) and self._asks(value.func))

    def _asks(self, func: ast.expr) -> bool:
        match func:
            case ast.Name(id=name):
                return name in ASKING and name not in self._assigned
            case ast.Attribute(value=ast.Name(id="math")):
                return "math" not in self._assigned
            case _:
                return False


def _own(function: Function) -> list[ast.AST]:
    """The nodes of a function, without those of functions that stand in it."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(ast.iter_child_nodes(function))
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, Function):
            stack += ast.iter_child_nodes(node)
    return found
