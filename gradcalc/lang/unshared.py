"""Names whose values nothing else holds, so that `a += v` may write or not: no one could tell.

In a text of Python's own numbers and a vector, `a` in `a = 0` and `a += v**2` is one of those
numbers or a tensor that is written into. The two differ only for whoever else has the tensor.
"""

import ast
import math
from collections.abc import Iterator
from functools import lru_cache

from gradcalc.lang.program import Naming, Program, dotted

NESTED = (ast.FunctionDef, ast.Lambda, ast.ClassDef)
MAKERS = frozenset({"__init__", "__call__"})
"""Methods beside which the operators of a class are Python's, which give something new."""


def unshared(program: Program) -> frozenset[ast.AugAssign]:
    """The statements `a += v` of a program whose `a` is never handed on."""
    return _unshared(program.body, _of_math(program.naming))


def _of_math(naming: Naming) -> frozenset[str]:
    """The functions of math, as the text calls them."""
    functions = [name for name in vars(math) if not name.startswith("_")]
    prefixes = [name for name, module in naming.modules.items() if module == "math"]
    alone = {name for name, (module, _) in naming.imported.items() if module == "math"}
    if "math" in naming.starred:
        alone |= set(functions)
    return frozenset(alone | {f"{prefix}.{name}" for prefix in prefixes for name in functions})


@lru_cache(maxsize=16)
def _unshared(
    body: tuple[ast.stmt, ...], functions_of_math: frozenset[str]
) -> frozenset[ast.AugAssign]:
    nodes = [node for statement in body for node in ast.walk(statement)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    if any(f.name.startswith("__") and f.name not in MAKERS for f in functions):
        return frozenset()
    if any(isinstance(node, ast.Try) and node.finalbody for node in nodes):
        # what is returned may be added to all the same
        return frozenset()
    known = functions_of_math - {f.name for f in functions}
    scopes = [_Scope(list(body), frozenset(), known)]
    scopes += [_Scope(f.body, _parameters(f), known) for f in functions]
    return frozenset(node for scope in scopes for node in scope.alone())


def _parameters(function: ast.FunctionDef) -> frozenset[str]:
    return frozenset(node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg))


class _Scope:
    """The statements that share names, those of inner functions aside."""

    def __init__(
        self, body: list[ast.stmt], shared: frozenset[str], functions: frozenset[str]
    ) -> None:
        self._functions = functions
        self._added: list[ast.AugAssign] = []
        self._shared = set(shared)
        self._seen: set[ast.AST] = set()
        for statement in body:
            self._visit(statement)

    def alone(self) -> Iterator[ast.AugAssign]:
        """Those of the additions whose name nothing shares."""
        for node in self._added:
            if isinstance(node.target, ast.Name) and node.target.id not in self._shared:
                yield node

    def _visit(self, node: ast.AST) -> None:
        if isinstance(node, NESTED):
            # whoever is inside may keep it
            self._shared |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            return
        if isinstance(node, ast.Name):
            if node not in self._seen:
                self._shared.add(node.id)
            return
        if isinstance(node, ast.Global | ast.Nonlocal):
            self._shared |= set(node.names)
        if isinstance(node, ast.AugAssign):
            self._added.append(node)
            self._seen.add(node.target)
        self._seen |= set(self._harmless(node))
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _harmless(self, node: ast.AST) -> Iterator[ast.AST]:
        """The parts of a node at which a name may stand and stays alone."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=left)], value=ast.Tuple(elts=right)):
                if len(left) == len(right):
                    yield from (t for t, v in zip(left, right, strict=True) if self._new(v))
            case ast.Assign(targets=targets, value=value):
                if isinstance(value, ast.Constant) or (len(targets) == 1 and self._new(value)):
                    yield from targets
            case ast.AnnAssign(target=target, value=value):
                if value is not None and self._new(value):
                    yield target
            case ast.Return(value=ast.Tuple(elts=parts)):
                yield from parts
            case ast.AugAssign() | ast.Return() | ast.Expr():
                yield from ast.iter_child_nodes(node)
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.Call() if self._new(node):
                yield from ast.iter_child_nodes(node)
            case _:
                pass

    def _new(self, value: ast.expr | ast.AST) -> bool:
        """Whether an expression gives what nothing else holds."""
        match value:
            case ast.Constant() | ast.BinOp() | ast.Compare():
                return True
            case ast.UnaryOp(op=op):
                # +x is x itself
                return not isinstance(op, ast.UAdd)
            case ast.Call(func=func, keywords=[]):
                return ".".join(dotted(func) or ()) in self._functions
            case _:
                return False
