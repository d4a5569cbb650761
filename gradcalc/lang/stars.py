"""Names that are imported with a star, said one by one as far as that can be told."""

import ast
import builtins
from collections.abc import Mapping, Sequence

from gradcalc.errors import JOIN
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.neighbours import Module, Modules, brought
from gradcalc.lang.renaming import doubted


def in_place_of(
    modules: Modules,
    key: str,
    statement: ast.ImportFrom,
    has: Mapping[str, bool] | None,
    *,
    partly: bool,
) -> list[ast.stmt]:
    """What stands for an import with a star: one of its names, as far as they can be told.

    `has` are the names of the module that it is of at that time, which may be there but `partly`;
    None if it is of a library.
    """
    module = modules.own[key]
    base = modules.base(module, statement)
    if base is None or has is None or modules.doubtful(statement):
        return _of_library(module, statement)
    names = _public(modules.own.get(base), has)
    if names is not None and partly:
        names = [name for name in names if name in has]
    if names is None:
        doubted(statement, f"which names {base} gives with * cannot be told")
        return [statement]
    return [_said(statement, names)] if names else []


def _of_library(module: Module, statement: ast.ImportFrom) -> list[ast.stmt]:
    """A library's star as the names that the module uses."""
    base = statement.module or ""
    if statement.level or base not in TABLES:
        return [statement]
    nodes = (node for s in module.body for node in ast.walk(s) if isinstance(node, ast.Name))
    used = sorted({n.id for n in nodes if catalogue.has(base, n.id)} - module.bound.keys())
    plain = [name for name in used if not hasattr(builtins, name)]
    found: list[ast.stmt] = [_said(statement, plain)] if plain else []
    for name in (name for name in used if name not in plain):
        again = _said(statement, [name])
        doubted(again, f"{name} may be Python's or {base}'s", f"import {base}, and write"
                f" {base}.{name}")  # fmt: skip
        found.append(again)
    return found or [
        ast.copy_location(ast.Import([ast.alias(base, f"{base}{JOIN}all")]), statement)
    ]


def _said(statement: ast.ImportFrom, names: Sequence[str]) -> ast.stmt:
    aliases = [ast.copy_location(ast.alias(name), statement) for name in names]
    found = ast.ImportFrom(module=statement.module, names=aliases, level=statement.level)
    return ast.copy_location(found, statement)


def _public(module: Module | None, has: Mapping[str, bool]) -> list[str] | None:
    """The names that a star brings; None where that cannot be told."""
    if module is None:
        return None
    listed = module.bound.get("__all__")
    if listed is None:
        # what is bound under a condition may not be there
        public = [name for name in module.bound if not name.startswith("_")]
        # those of its modules that are loaded are among its names
        public += [name for name in has if not name.startswith("_") and name not in public]
        certain = all(
            name not in module.bound or name in module.once or _is_certain(module, name)
            for name in public
        )
        return public if certain else None
    values = [
        s.value
        for s in module.body
        if isinstance(s, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "__all__" for t in s.targets)
    ]
    if len(listed) != 1 or "__all__" not in module.once or len(values) != 1:
        return None
    match values[0]:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            texts = [p.value for p in parts if isinstance(p, ast.Constant)]
            return [str(t) for t in texts] if len(texts) == len(parts) else None
        case _:
            return None


def _is_certain(module: Module, name: str) -> bool:
    """Whether some statement of the top level surely binds a name, and nothing takes it away."""
    deleted = any(
        isinstance(node, ast.Delete) for statement in module.body for node in ast.walk(statement)
    )
    return not deleted and any(
        name in brought(part)
        for statement in module.body
        if not isinstance(statement, ast.If | ast.For | ast.While | ast.Try | ast.With | ast.Match)
        for part in ([statement] if hasattr(statement, "name") else ast.walk(statement))
    )
