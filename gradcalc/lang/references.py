"""What the names of a program refer to: modules in front of a dot, functions, methods."""

import ast
import builtins
from collections.abc import Iterator, Sequence

from gradcalc.errors import UnknownNameError, UnsupportedError, did_you_mean
from gradcalc.lang import grammar, library
from gradcalc.lang.names import Scope
from gradcalc.lang.program import brief, dotted, span_of
from gradcalc.primitives import BY_NAME, Structural

Body = Sequence[ast.stmt]


def every_node(body: Body) -> Iterator[ast.AST]:
    """All nodes of the statements, in no order."""
    for statement in body:
        yield from ast.walk(statement)


def imports(body: Body, source: str) -> tuple[dict[str, str], frozenset[str]]:
    """The names of `from ... import`, with what the library calls them, and the modules' names.

    Raises `UnsupportedError` for whatever is not a known module or function.
    """
    imported: dict[str, str] = {}
    modules: set[str] = set()
    for node in every_node(body):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        base = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if isinstance(node, ast.ImportFrom) and node.level:
            base = "." * node.level + base
        for alias in node.names:
            full = ".".join(part for part in (base, alias.name) if part)
            local = alias.asname or alias.name.split(".")[0]
            if base == "__future__" or (base in grammar.MODULES and alias.name == "*"):
                continue
            if full in grammar.MODULES:
                modules.add(local)
            elif base in grammar.MODULES and library.is_known(alias.name):
                imported[local] = alias.name
            else:
                raise UnsupportedError(
                    f"{brief(full)} cannot be imported",
                    hint="torch, numpy and math are known; their functions need no import",
                    span=span_of(alias, source),
                )
    return imported, frozenset(modules)


def prefixes(body: Body, modules: frozenset[str], bound: frozenset[str]) -> frozenset[str]:
    """The names in front of a dot that mean a module here.

    A name such as `F` is one only if it is never used as a value (`F@x`, `F.T`, `F.sum(0)`).
    """
    values: set[str] = set()
    for node in every_node(body):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in grammar.ATTRIBUTES:
                values.add(node.value.id)
            continue
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name and len(name) == 2 and len(name[0]) == 1 and _is_method_call(name[1], node):
                values.add(name[0])
        values.update(c.id for c in ast.iter_child_nodes(node) if isinstance(c, ast.Name))
    return (grammar.PREFIXES - bound - values) | modules


def _is_method_call(name: str, node: ast.Call) -> bool:
    """Whether `F.name(...)` can only be a method of a value: `F.sum()`, `F.softmax(0)`."""
    if name in grammar.CONTEXTS:
        return False
    if isinstance(BY_NAME.get(name), Structural) or not node.args:
        return True
    first = node.args[0]
    first = first.operand if isinstance(first, ast.UnaryOp) else first
    return isinstance(first, ast.Constant)


def check(body: Body, source: str, scope: Scope, assigned: frozenset[str]) -> None:
    """Refuse functions and methods that do not exist.

    Raises `UnknownNameError`, or `UnsupportedError` for what is known and left out.
    """
    own = assigned | scope.imported | scope.known
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
    if name and name[0] in scope.prefixes:
        if not _is_module(name[1:]):
            _check_function(name[-1], node, source, frozenset())
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


def _is_module(path: tuple[str, ...]) -> bool:
    """Whether names behind a module's name lead to a module, or to what stands behind `with`."""
    inner = ".".join(path)
    return path[-1] in grammar.CONTEXTS or any(
        module.endswith(f".{inner}") for module in grammar.MODULES
    )
