"""Names that a program gives a meaning once and for all, so that they can be read as it."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from gradcalc.lang.program import Program

LARGEST = 200
"""Syntax nodes that a name may stand for, names in it opened too."""

KEEPERS = frozenset({"fill", "sort", "append", "extend", "insert", "pop", "update"})
"""Methods without an underscore that change their receiver."""

AGAIN = 2
"""What counts against a name that is given more than one meaning in one place."""


def opened(program: Program) -> Mapping[str, ast.expr]:
    """The expressions by name; they mean the same wherever the name can be used.

    Each name is bound in one place, which is no loop, and so is whatever its expression names.
    Where something is written into, no name is known to keep its value.
    """
    if not program.assigned or any(map(_writes, _nodes(program))):
        return {}
    sites = _sites(program)
    found: dict[str, ast.expr] = {}
    sizes: dict[str, int] = {}
    bound: set[str] = set()
    for target, value in _assignments(program):
        names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
        size = sum(1 for _ in ast.walk(value)) + sum(sizes.get(name, 0) for name in names)
        stable = all(not sites[n] or (n in bound and sites[n] == 1) for n in names)
        if stable and sites[target] == 1 and size <= LARGEST:
            found[target], sizes[target] = value, size
        bound.add(target)
    return found


def _nodes(program: Program) -> Iterator[ast.AST]:
    return (node for statement in program.body for node in ast.walk(statement))


def _writes(node: ast.AST) -> bool:
    """Whether a node changes what other names may hold too."""
    match node:
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            return True
        case ast.Call(func=ast.Attribute(attr=name)) if name.endswith("_") or name in KEEPERS:
            return True
        case ast.keyword(arg="out" | "inplace"):
            return True
        case _:
            return False


def _assignments(program: Program) -> Iterator[tuple[str, ast.expr]]:
    """The names and values of plain assignments, and parameters with no value, in order."""
    placed = [
        node for node in _nodes(program) if isinstance(node, ast.Assign | ast.arg | ast.FunctionDef)
    ]
    for node in sorted(placed, key=lambda node: (node.lineno, node.col_offset)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.arg(arg=name) | ast.FunctionDef(name=name):
                # bound from here on, to what nobody can read
                yield name, ast.Name(name)


def _sites(program: Program) -> Counter[str]:
    """In how many places each name is bound; one where it is bound again counts for more."""
    sites = Counter[str]()
    stack: list[tuple[ast.AST, int]] = [(statement, 1) for statement in program.body]
    while stack:
        node, weight = stack.pop()
        match node:
            case ast.For() | ast.While() | ast.AugAssign():
                weight = AGAIN
            case ast.Name(id=name, ctx=ast.Store()):
                sites[name] += weight
            case ast.arg(arg=name) | ast.FunctionDef(name=name):
                sites[name] += weight
        stack += [(child, weight) for child in ast.iter_child_nodes(node)]
    return sites
