"""What the names of a program refer to: modules in front of a dot, functions, methods."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gradcalc.errors import Span, UnknownNameError, UnsupportedError, did_you_mean
from gradcalc.lang import grammar, library
from gradcalc.lang.dialects.catalogue import PREFIXES, TABLES
from gradcalc.lang.names import Scope
from gradcalc.lang.naming import Naming, spoken, text_names
from gradcalc.lang.program import brief, dotted, span_of
from gradcalc.primitives import BY_NAME, Structural

Body = Sequence[ast.stmt]


def every_node(body: Body) -> Iterator[ast.AST]:
    """All nodes of the statements, in no order."""
    for statement in body:
        yield from ast.walk(statement)


def naming(body: Body, source: str, bound: frozenset[str]) -> Naming:
    """The libraries that a text names; `bound` are names that have values.

    Raises `UnsupportedError` for an import of whatever is not a known module or function.
    """
    imported, modules, starred = _imports(body, source)
    inside = {local: module for local, module in PREFIXES.items() if local not in bound}
    values = _values(body)
    modules = {k: v for k, v in inside.items() if k not in values} | modules
    found = Naming(modules, imported, starred)
    used = [path for path in text_names(body) if path[0] in modules]
    members = [m for m in map(found.member, used) if m is not None]
    named = {modules[path[0]] for path in used}
    everything = [(module, "*") for module in starred]
    brought = {*_imported_modules(body), *starred}
    return replace(
        found,
        arrays=spoken([*members, *imported.values(), *everything], {*named, *brought}),
        library=bool(named or brought or imported),
    )


def _imported_modules(body: Body) -> Iterator[str]:
    for node in every_node(body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield node.module or ""


def _imports(
    body: Body, source: str
) -> tuple[dict[str, tuple[str, str]], dict[str, str], tuple[str, ...]]:
    """The names of `from ... import`, the names of modules, and modules imported as a whole."""
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
                modules[local] = full if base or alias.asname else full.split(".")[0]
            elif base in TABLES and (
                library.has(base, alias.name) or alias.name in grammar.CONTEXTS
            ):
                local = alias.asname or alias.name
                _check_twice(((local, imported.get(local, (base, alias.name))),), base)
                imported[local] = (base, alias.name)
            else:
                raise UnsupportedError(
                    f"{brief(full)} cannot be imported",
                    hint=_instead(base, alias.name)
                    or "torch, numpy, math, scipy.special and jax.numpy are known",
                    span=span_of(alias, source),
                )
    return imported, modules, tuple(starred)


def _check_twice(names: Iterable[tuple[str, tuple[str, str]]], module: str) -> None:
    """Refuse a name that is imported from two modules: which one is meant hangs on the order."""
    for name, (other, _) in names:
        if other != module:
            raise UnsupportedError(
                f"{brief(name)} is imported from {other} and from {module}",
                hint=f"write import {module.split('.')[0]}, and the module in front of the name",
            )


def _instead(module: str, name: str) -> str | None:
    """Where else a name is known."""
    if name in grammar.FUNCTIONS:
        return grammar.FUNCTIONS[name]
    if close := did_you_mean(name, TABLES.get(module, {})):
        return close
    return "its own name needs no import" if library.is_known(name) else None


def _values(body: Body) -> set[str]:
    """Names that are used as values, and so are no modules.

    A name such as `F` is a module only if it is never used as a value (`F@x`, `F.T`, `F.sum(0)`).
    """
    values: set[str] = set()
    for node in every_node(body):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = PREFIXES.get(node.value.id, "")
            if node.attr in grammar.ATTRIBUTES and not library.has(module, node.attr):
                values.add(node.value.id)
            continue
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name and len(name) == 2 and len(name[0]) == 1 and _is_method_call(name[1], node):
                values.add(name[0])
        values.update(c.id for c in ast.iter_child_nodes(node) if isinstance(c, ast.Name))
    return values


def _is_method_call(name: str, node: ast.Call) -> bool:
    """Whether `F.name(...)` can only be a method of a value: `F.sum()`, `F.softmax(0)`."""
    if name in grammar.CONTEXTS:
        return False
    if not node.args:
        return not any(keyword.arg in ("input", "x1") for keyword in node.keywords)
    if isinstance(BY_NAME.get(name), Structural) and not library.has(PREFIXES["F"], name):
        return True
    first = node.args[0]
    first = first.operand if isinstance(first, ast.UnaryOp) else first
    return isinstance(first, ast.Constant)


def check(body: Body, source: str, scope: Scope, assigned: frozenset[str]) -> None:
    """Refuse functions and methods that do not exist.

    Raises `UnknownNameError`, or `UnsupportedError` for what is known and left out.
    """
    own = assigned | scope.known | frozenset(scope.naming.imported)
    for node in _evaluated(body):
        if isinstance(node, ast.Attribute):
            _check_attribute(node, source, scope)
            continue
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Name) and function.id not in own:
            _check_function(function.id, function, source, assigned)


def _evaluated(body: Body) -> Iterator[ast.AST]:
    """Every node but annotations, which mean nothing here, in the order of the text."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        skipped = [getattr(node, field, None) for field in ("annotation", "returns")]
        children = [c for c in ast.iter_child_nodes(node) if all(c is not s for s in skipped)]
        stack.extend(reversed(children))


def _check_function(name: str, node: ast.AST, source: str, assigned: frozenset[str]) -> None:
    if library.is_known(name):
        return
    if name in grammar.FUNCTIONS or hasattr(builtins, name):
        raise UnsupportedError(
            f"{name} cannot be used in a program",
            hint=grammar.FUNCTIONS.get(name),
            span=span_of(node, source),
        )
    hint = did_you_mean(name, library.names() | assigned)
    if hint is None and len(name) <= 2:
        hint = f"for a product write {name}*(...)"
    raise UnknownNameError(
        f"there is no function called {brief(name)}",
        hint=hint or "gradcalc functions lists them all",
        span=span_of(node, source),
    )


def _check_attribute(node: ast.Attribute, source: str, scope: Scope) -> None:
    name = dotted(node)
    span = span_of(node, source)
    if name and name[0] in scope.naming.modules:
        _check_member(name, span, scope.naming)
        return
    if node.attr in grammar.METHODS:
        raise UnsupportedError(
            f".{node.attr} cannot be used in a program", hint=grammar.METHODS[node.attr], span=span
        )
    if node.attr not in grammar.ATTRIBUTES and not library.is_method(node.attr):
        raise UnknownNameError(
            f"nothing is called .{brief(node.attr)}",
            hint=did_you_mean(node.attr, library.methods() | grammar.ATTRIBUTES),
            span=span,
        )


def _check_member(path: tuple[str, ...], span: Span, naming: Naming) -> None:
    """Refuse what a module does not have here."""
    if naming.module(path) or path[-1] in grammar.CONTEXTS:
        return
    member = naming.member(path)
    if member is None:
        raise UnknownNameError(
            f"{brief('.'.join(path[:-1]))} is not known here",
            hint="gradcalc functions lists what can be called",
            span=span,
        )
    module, name = member
    if library.has(module, name):
        return
    if name in grammar.FUNCTIONS:
        raise UnsupportedError(
            f"{name} cannot be used in a program", hint=grammar.FUNCTIONS[name], span=span
        )
    raise UnknownNameError(
        f"{module} has no function called {brief(name)} here",
        hint=did_you_mean(name, TABLES[module]) or _elsewhere(name),
        span=span,
    )


def _elsewhere(name: str) -> str:
    places = [module for module in TABLES if module != "builtins" and library.has(module, name)]
    if places:
        return f"there is {' and '.join(f'{place}.{name}' for place in places[:3])}"
    if library.is_known(name):
        return f"without a prefix there is {name}"
    return "gradcalc functions lists them all"
