"""What stands in a text for others: what its classes tell compilers, and backwards of its own."""

import ast
import copy
from collections.abc import Mapping
from typing import TypeGuard

from gradcalc.lang.files import is_cell, part_at, parts
from gradcalc.lang.imported import Body, full_name
from gradcalc.lang.naming import every_node
from gradcalc.lang.objects import UNRUN

FUNCTION = "torch.autograd.Function"
"""What a class with a backward of its own is made from."""


def stripped(tree: ast.Module, source: str) -> ast.Module:
    """The text where assertions are on, as they are unless Python is told otherwise, and without
    what its classes tell compilers."""

    class Debug(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            on = node.id == "__debug__" and isinstance(node.ctx, ast.Load)
            return ast.copy_location(ast.Constant(True), node) if on else node

        def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
            self.generic_visit(node)
            kept = [s for s in node.body if not _is_for_compilers(s)]
            node.body = kept or [ast.copy_location(ast.Pass(), node)]
            return node

    tree.body = _imported_once(tree.body, source)
    found = any(isinstance(n, ast.Name) and n.id in ("__debug__", *FOR_COMPILERS)
                for n in ast.walk(tree))  # fmt: skip
    return Debug().visit(tree) if found else tree


FOR_COMPILERS = ("__constants__",)
"""Names in classes that change nothing of what they calculate."""


def _is_for_compilers(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name in FOR_COMPILERS
        case _:
            return False


def without_backwards(body: Body, names: Mapping[str, str]) -> Body:
    """Classes with a backward of their own, which is what autograd would use, without it: who
    calls them is told so."""
    own = with_backwards(body, names)

    class Bare(ast.NodeTransformer):
        def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
            if node not in own:
                return self.generic_visit(node)
            word = ast.keyword(UNRUN, ast.Constant(True))
            bare = ast.ClassDef(node.name, [], [word], [ast.Pass()], [])
            return ast.fix_missing_locations(ast.copy_location(bare, node))

    return tuple(map(Bare().visit, body)) if own else body


def with_backwards(body: Body, names: Mapping[str, str]) -> list[ast.ClassDef]:
    """The classes with a backward of their own."""
    return [
        node
        for node in every_node(body)
        if isinstance(node, ast.ClassDef) and FUNCTION in [full_name(b, names) for b in node.bases]
    ]


def _imported_once(body: list[ast.stmt], source: str) -> list[ast.stmt]:
    """The statements without the names of imports that later ones take before anything runs.

    Each file has names of its own, and an import of another file runs what stands in that.
    """
    held: dict[str, tuple[int, ast.alias]] = {}
    gone: dict[int, list[ast.alias]] = {}
    names = (part.name.removesuffix(".py") for part in parts(source) if not is_cell(part.name))
    folders = frozenset(piece for name in names for piece in name.split("/"))
    file = ""
    for place, statement in enumerate(body):
        if folders and (now := _file_at(source, statement.lineno)) != file:
            file, held = now, {}
        if _is_of_library(statement, folders):
            for alias in statement.names:
                name = alias.asname or alias.name
                if name in held and alias.name != "*":
                    earlier, old = held[name]
                    gone.setdefault(earlier, []).append(old)
                if "." not in name and alias.name != "*":
                    held[name] = (place, alias)
        elif not _runs_nothing(statement):
            held.clear()
    return [
        _without(statement, gone[place]) if place in gone else statement
        for place, statement in enumerate(body)
        if place not in gone or len(gone[place]) < len(statement.names)  # type: ignore[attr-defined]
    ]


def _file_at(source: str, line: int) -> str:
    """The file that a line is of; the cells of a notebook are one."""
    part = part_at(source, line)
    return "" if part is None or is_cell(part.name) else part.name


def _is_of_library(
    statement: ast.stmt, folders: frozenset[str]
) -> TypeGuard[ast.Import | ast.ImportFrom]:
    """Whether a statement imports, and nothing of these folders and files."""
    match statement:
        case ast.Import(names=names):
            full = [alias.name for alias in names]
        case ast.ImportFrom(module=module, level=level):
            full = ["" if level and folders else module or ""]
        case _:
            return False
    stems = {name.split(".")[0] for name in full}
    return not folders or not stems & (folders | {""})


def _runs_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef(args=args, decorator_list=[], returns=None):
            annotated = any(a.annotation for a in (*args.posonlyargs, *args.args, *args.kwonlyargs))
            return not (args.defaults or args.kw_defaults or annotated)
        case _:
            return False


def _without(statement: ast.stmt, names: list[ast.alias]) -> ast.stmt:
    assert isinstance(statement, ast.Import | ast.ImportFrom)
    statement = copy.copy(statement)
    statement.names = [alias for alias in statement.names if alias not in names]
    return statement
