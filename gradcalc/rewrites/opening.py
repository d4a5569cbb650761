"""Names that a program gives a meaning once and for all, so that they can be read as it."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from gradcalc.lang.program import Program

LARGEST = 200
"""Syntax nodes that a name may stand for, names in it opened too."""

AGAIN = 2
"""What counts against a name that is given more than one meaning in one place."""


def opened(program: Program) -> Mapping[str, ast.expr]:
    """The expressions by name; they mean the same wherever the name can be used.

    Each name is bound in one place, which is no loop, and so is whatever its expression names.
    """
    if not program.assigned:
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


def _assignments(program: Program) -> Iterator[tuple[str, ast.expr]]:
    """The names and values of plain assignments, and parameters with no value, in order."""
    nodes = [node for statement in program.body for node in ast.walk(statement)]
    placed = [node for node in nodes if isinstance(node, ast.Assign | ast.arg | ast.FunctionDef)]
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
