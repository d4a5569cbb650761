"""What the names of a file stand for that it imports, with all their dots."""

import ast
from collections.abc import Iterable, Mapping

from gradcalc.lang.dialects.catalogue import PREFIXES
from gradcalc.lang.program import dotted

Body = tuple[ast.stmt, ...]


def meanings(body: Body) -> Mapping[str, str]:
    """The module or member that each name stands for, unless the file gives the name to more."""
    found: dict[str, str] = {}
    own: set[str] = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Import):
            brought = {a.asname or a.name.split(".")[0]: _whole(a) for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            brought = {a.asname or a.name: f"{base}.{a.name}" for a in node.names}
        else:
            own |= set(_bound(node))
            continue
        own |= {name for name, full in brought.items() if found.get(name, full) != full}
        found |= brought
    return {name: full for name, full in {**PREFIXES, **found}.items() if name not in own}


def full_name(node: ast.AST, names: Mapping[str, str]) -> str | None:
    """What a dotted name stands for, None where it begins with no name of an import."""
    path = dotted(node)
    if path is None or path[0] not in names:
        return None
    return ".".join((names[path[0]], *path[1:]))


def _whole(alias: ast.alias) -> str:
    # import a.b binds a alone
    return alias.name if alias.asname else alias.name.split(".")[0]


def _bound(node: ast.AST) -> Iterable[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.arg(arg=name):
            return (name,)
        case _:
            return ()
