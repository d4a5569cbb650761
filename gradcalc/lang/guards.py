"""Type checks, and imports for those alone, as the language has them.

The types of a check become the words of `gradcalc.lang.types`, and an import that nothing else uses
is left out.
"""

import ast
from collections.abc import Mapping
from typing import Any

from gradcalc.lang.dialects.catalogue import PREFIXES
from gradcalc.lang.program import dotted
from gradcalc.lang.reached import Body, known
from gradcalc.lang.scopes import parts_of


def plainly(body: Body) -> Body:
    """The statements, with type checks as the language has them."""
    imported = _imported(body)
    read = _Guards({**PREFIXES, **imported})
    told = [read.visit(statement) for statement in body]
    used = _used(told)
    kept: list[ast.stmt] = []
    for statement in told:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement = known(statement, used)
        kept += [] if statement is None else [statement]
    return tuple(kept)


def _imported(body: Body) -> Mapping[str, str]:
    """What the names of imports stand for, with all their dots."""
    found: dict[str, str] = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                found |= {a.asname: a.name for a in node.names if a.asname}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def _used(body: list[ast.stmt]) -> set[str]:
    """The names that are read anywhere but in annotations."""
    names: set[str] = set()
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            names.add(node.id)
        stack += parts_of(node)
    return names


class _Guards(ast.NodeTransformer):
    """Rewrites the nodes; `names` are what names of imports and modules stand for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """`@dataclass` becomes a word of the class."""
        self.generic_visit(node)
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self._full(call) == "dataclasses.dataclass":
                node.decorator_list = [d for d in node.decorator_list if d is not decorator]
                node.keywords.append(ast.keyword("dataclass", ast.Constant(True)))
                break
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        path = self._full(node.func)
        if path == "isinstance" and len(node.args) == 2 and not node.keywords:
            words = self._types(node.args[1])
            if words is not None:
                return _check(node, node.args[0], words)
        elif path in ("torch.is_tensor", "torch.overrides.is_tensor_like") and len(node.args) == 1:
            return _check(node, node.args[0], "torch.Tensor")
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`type(x) is float`, as `==` and `in` have it too."""
        self.generic_visit(node)
        match node:
            case ast.Compare(
                left=ast.Call(func=ast.Name(id="type"), args=[value], keywords=[]),
                ops=[
                    ast.Is() | ast.Eq() | ast.In() | ast.IsNot() | ast.NotEq() | ast.NotIn() as op
                ],
                comparators=[types],
            ):
                words = self._types(types)
                if words is None:
                    return node
                check: ast.expr = _check(node, value, words)
                if isinstance(op, ast.IsNot | ast.NotEq | ast.NotIn):
                    check = ast.copy_location(ast.UnaryOp(ast.Not(), check), node)
                return check
        return node

    def _types(self, node: ast.expr) -> str | None:
        """The words of a type or of several, None where some is not a name."""
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            parts = [self._types(part) for part in node.elts]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            parts = [self._types(node.left), self._types(node.right)]
        else:
            return self._full(node)
        found = [part for part in parts if part is not None]
        return " ".join(found) if found and len(found) == len(parts) else None

    def _full(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant) and node.value is None:
            return "None"
        path = dotted(node)
        if path is None:
            return None
        return ".".join((self._names.get(path[0], path[0]), *path[1:]))


def _check(place: ast.AST, value: ast.expr, words: str) -> ast.expr:
    types: Any = ast.copy_location(ast.Constant(words), place)
    name = ast.copy_location(ast.Name("isinstance", ast.Load()), place)
    return ast.copy_location(ast.Call(name, [value, types], []), place)
