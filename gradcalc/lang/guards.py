"""Type checks, and imports for those alone, as the language has them.

The types of a check become the words of `gradcalc.lang.types`, and an import that nothing else uses
is left out.
"""

import ast
from collections.abc import Collection, Mapping
from typing import Any

from gradcalc.lang.bindings import parts_of
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.imported import Body, meanings
from gradcalc.lang.program import dotted
from gradcalc.lang.provenance import Provenance
from gradcalc.lang.reached import known
from gradcalc.lang.scopes import names_bound

ASKING = ("isinstance", "is_tensor", "is_tensor_like", "type")


def plainly(body: Body, main: str | None = None) -> Body:
    """The statements, with type checks as the language has them.

    `main` is the function that is called from outside.
    """
    names = meanings(body)
    origins = Provenance(body, names, main) if asks_types(body) else None
    nodes = (node for statement in body for node in ast.walk(statement))
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    read = _Guards(names, _bound(body), origins, classes)
    told = [read.visit(statement) for statement in body]
    needed = _Needed(_used(told))
    kept = (needed.visit(statement) for statement in told)
    return tuple(statement for statement in kept if statement is not None)


def asks_types(body: Body) -> bool:
    """Whether a text asks for types of values."""
    return any(
        isinstance(n, ast.Name | ast.Attribute)
        and (n.id if isinstance(n, ast.Name) else n.attr) in ASKING
        for statement in body
        for n in ast.walk(statement)
    )


def _bound(body: Body) -> set[str]:
    """All names that the program binds but by imports."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    imports = ast.Import | ast.ImportFrom
    found = {name for node in nodes if not isinstance(node, imports) for name in names_bound(node)}
    return found | {node.arg for node in nodes if isinstance(node, ast.arg)}


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


class _Needed(ast.NodeTransformer):
    """Leaves out imports that nothing uses; inside a function something must stay."""

    def __init__(self, used: set[str]) -> None:
        self._used = used

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.AST | None:
        return known(node, self._used)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return self.visit_Import(node)

    def visit_With(self, node: ast.With) -> ast.AST:
        """What is done with a failing import may be told in front of the block."""
        return self.visit_Try(node)

    def visit_Try(self, node: ast.Try | ast.With) -> ast.AST:
        """Whether an import fails decides what is done then."""
        tried = [s for s in node.body if isinstance(s, ast.Import | ast.ImportFrom)]
        self.generic_visit(node)
        node.body = [*tried, *(s for s in node.body if s not in tried)]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.body = node.body or [ast.copy_location(ast.Pass(), node)]
        return node


class _Guards(ast.NodeTransformer):
    """Rewrites the nodes; `names` are what names of imports and modules stand for.

    `own` are the names that the program binds, `classes` those of them that are classes,
    `origins` where its values come from.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        own: Collection[str],
        origins: Provenance | None,
        classes: Collection[str],
    ) -> None:
        self._names = names
        self._own = own
        self._classes = classes
        self._origins = origins

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """`@dataclass` becomes a word of the class."""
        self.generic_visit(node)
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self._full(call) == "dataclasses.dataclass":
                node.decorator_list = [d for d in node.decorator_list if d is not decorator]
                said = decorator.keywords if isinstance(decorator, ast.Call) else []
                given: list[Any] = [ast.Constant(part.arg) for part in said]
                options = ast.Dict(given, [part.value for part in said])
                node.keywords.append(ast.keyword("dataclass", options))
                for part in (options, *given):
                    ast.copy_location(part, decorator)
                break
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        kinds = self._kinds(node.args[0]) if node.args else ""
        self.generic_visit(node)
        path = self._full(node.func)
        if path == "isinstance" and len(node.args) == 2 and not node.keywords:
            words = self._types(node.args[1])
            return _check(node, node.args[0], words, kinds)
        if path in ("torch.is_tensor", "torch.overrides.is_tensor_like") and len(node.args) == 1:
            return _check(node, node.args[0], "torch.Tensor", kinds)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`type(x).__name__`, for which the language is told where x comes from."""
        match node:
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="type") as function, args=[value], keywords=[]),
                attr="__name__",
            ) if "type" not in self._own:
                kinds = ast.copy_location(ast.Constant(self._kinds(value)), node)
                self.generic_visit(node)
                return ast.copy_location(ast.Call(function, [value, kinds], []), node)
        self.generic_visit(node)
        return node

    def _kinds(self, node: ast.expr) -> str:
        return "" if self._origins is None else self._origins.words(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`type(x) is float`, as `==` and `in` have it too."""
        match node:
            case ast.Compare(left=ast.Call(args=[ast.expr() as asked])):
                kinds = self._kinds(asked)
            case _:
                kinds = ""
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
                if words is None or "type" in self._own:
                    return node
                check = _check(node, value, words, kinds, exact=True)
                return _perhaps_not(check, op)
            case ast.Compare(
                left=ast.Constant(value=str()) as name,
                ops=[ast.In() | ast.NotIn() as op],
                comparators=[ast.Call(func=ast.Name(id="dir"), args=[asked], keywords=[])],
            ) if "dir" not in self._own and self._is_module(asked):
                has = ast.copy_location(ast.Name("hasattr", ast.Load()), node)
                call = ast.copy_location(ast.Call(has, [asked, name], []), node)
                return _perhaps_not(call, op)
        return node

    def _is_module(self, node: ast.expr) -> bool:
        """Whether this names a module of a library."""
        return "hasattr" not in self._own and self._full(node) in TABLES

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
        if path is None or (path[0] in self._own and path[0] not in self._names):
            # classes of the program are known by their names when it runs
            return path[0] if path and len(path) == 1 and path[0] in self._classes else None
        return ".".join((self._names.get(path[0], path[0]), *path[1:]))


def _perhaps_not(check: ast.expr, sign: ast.cmpop) -> ast.expr:
    """A check, or its opposite where the comparison says so."""
    if not isinstance(sign, ast.IsNot | ast.NotEq | ast.NotIn):
        return check
    return ast.copy_location(ast.UnaryOp(ast.Not(), check), check)


def _check(
    place: ast.AST, value: ast.expr, words: str | None, kinds: str, *, exact: bool = False
) -> ast.expr:
    """A call of the language's own `isinstance`; without words it says what it takes."""
    given: list[Any] = [ast.copy_location(ast.Constant(c), place) for c in (words, kinds, exact)]
    name = ast.copy_location(ast.Name("isinstance", ast.Load()), place)
    return ast.copy_location(ast.Call(name, [value, *given], []), place)
