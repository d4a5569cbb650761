"""What a text imports: modules, functions, and whole modules with a star."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcalc.errors import UnsupportedError, did_you_mean
from gradcalc.lang import grammar, library
from gradcalc.lang.dialects.catalogue import PREFIXES, TABLES
from gradcalc.lang.program import brief, span_of

Body = Sequence[ast.stmt]


def every_node(body: Body) -> Iterator[ast.AST]:
    """All nodes of the statements, in no order."""
    for statement in body:
        yield from ast.walk(statement)


def whole(body: Body) -> Iterator[str]:
    """The modules that a text imports, or imports from."""
    for node in every_node(body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield node.module or ""


@dataclass(frozen=True, slots=True)
class Imports:
    """The names of `from ... import`, the names of modules, and modules imported with a star."""

    names: Mapping[str, tuple[str, str]]
    modules: Mapping[str, str]
    starred: tuple[str, ...]


def read(body: Body, source: str) -> Imports:
    """What a text imports.

    Raises `UnsupportedError` for whatever is no known module or function, and where the order of
    the text decides what a name means.
    """
    imported: dict[str, tuple[str, str]] = {}
    modules: dict[str, str] = {}
    starred: list[str] = []
    for node in every_node(body):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        base = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if isinstance(node, ast.ImportFrom) and node.level:
            base = "." * node.level + base
        for alias in node.names:
            full = ".".join(part for part in (base, alias.name) if part)
            if base == "__future__":
                continue
            if base in TABLES and alias.name == "*":
                starred.append(base)
                _check_twice(((n, p) for n, p in imported.items() if library.has(base, n)), base)
            elif full in TABLES:
                # import numpy.linalg binds numpy
                local = alias.asname or (alias.name if base else alias.name.split(".")[0])
                module = full if base or alias.asname else full.split(".")[0]
                if modules.setdefault(local, module) != module or local in imported:
                    raise _twice(local, modules[local], module)
            elif base in TABLES and (
                library.has(base, alias.name) or alias.name in grammar.CONTEXTS
            ):
                local = alias.asname or alias.name
                if imported.setdefault(local, (base, alias.name)) != (base, alias.name):
                    raise _twice(local, ".".join(imported[local]), full)
            else:
                raise UnsupportedError(
                    f"{brief(full)} cannot be imported",
                    hint=_instead(base, alias.name)
                    or "torch, numpy, math, scipy.special and jax.numpy are known",
                    span=span_of(alias, source),
                )
    _check_order(body, source)
    return Imports(imported, modules, tuple(starred))


def _check_order(body: Body, source: str) -> None:
    """Refuse a name that stands where the import of it has not run, or cannot be seen."""
    uses: dict[str, list[ast.Name | ast.FunctionDef]] = {}
    for node in every_node(body):
        if isinstance(node, ast.Name | ast.FunctionDef):
            uses.setdefault(node.id if isinstance(node, ast.Name) else node.name, []).append(node)
    seen: dict[str, set[int]] = {}
    brought: dict[str, ast.Import | ast.ImportFrom] = {}
    for statement, room in _statements(body):
        for name in _bound(statement, uses):
            brought.setdefault(name, statement)
            seen.setdefault(name, set()).update(
                id(node) for node in uses.get(name, ()) if _place(node) > _place(statement)
                and (room is None or id(node) in room)
            )  # fmt: skip
    for name, statement in brought.items():
        if any(id(node) not in seen[name] for node in uses.get(name, ())):
            raise UnsupportedError(
                f"{brief(name)} is used where its import may not have run",
                hint="write all imports first",
                span=span_of(statement, source),
            )


def _statements(body: Body) -> Iterator[tuple[ast.Import | ast.ImportFrom, set[int] | None]]:
    """The imports, each with the nodes that see it: None for all, else those of its function."""
    stack: list[tuple[ast.AST, set[int] | None]] = [(statement, None) for statement in body]
    while stack:
        node, room = stack.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, room
        if isinstance(node, ast.FunctionDef):
            room = {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.If | ast.For | ast.While):
            # perhaps it never runs
            room = set()
        stack += [(child, room) for child in ast.iter_child_nodes(node)]


def _bound(statement: ast.Import | ast.ImportFrom, uses: Iterable[str]) -> Iterator[str]:
    """The names that an import gives a meaning which they have not without it."""
    base = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
    for alias in statement.names:
        if alias.name == "*":
            yield from (name for name in uses if library.has(base, name))
            continue
        local = alias.asname or alias.name.split(".")[0]
        full = alias.name if alias.asname or base else local
        if PREFIXES.get(local) != ".".join(part for part in (base, full) if part):
            yield local


def _place(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _check_twice(names: Iterable[tuple[str, tuple[str, str]]], module: str) -> None:
    """Refuse a name that is imported from two modules: which one is meant hangs on the order."""
    for name, (other, _) in names:
        if other != module:
            raise _twice(name, other, module)


def _twice(name: str, other: str, module: str) -> UnsupportedError:
    return UnsupportedError(
        f"{brief(name)} is imported from {other} and from {module}",
        hint=f"write import {module.split('.')[0]}, and the module in front of the name",
    )


def _instead(module: str, name: str) -> str | None:
    """Where else a name is known."""
    if name in grammar.FUNCTIONS:
        return grammar.FUNCTIONS[name]
    if module not in TABLES:
        return None
    if close := did_you_mean(name, TABLES[module]):
        return close
    return "its own name needs no import" if library.is_known(name) else None
