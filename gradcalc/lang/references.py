"""What the names of a program refer to: modules in front of a dot, functions, methods."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import replace

from gradcalc.errors import Span, UnknownNameError, UnsupportedError, did_you_mean
from gradcalc.lang import grammar, imports, library
from gradcalc.lang.dialects.catalogue import PREFIXES, TABLES, UNLIKE_PLAIN
from gradcalc.lang.imports import Body, every_node
from gradcalc.lang.names import Scope
from gradcalc.lang.naming import spoken, text_names
from gradcalc.lang.program import Naming, brief, dotted, span_of
from gradcalc.primitives import BY_NAME, Structural


def naming(body: Body, source: str, bound: frozenset[str]) -> Naming:
    """The libraries that a text names; `bound` are names that have values.

    Raises `UnsupportedError` for an import of whatever is not a known module or function.
    """
    brought = imports.read(body, source)
    imported, modules, starred = brought.names, dict(brought.modules), brought.starred
    inside = {local: module for local, module in PREFIXES.items() if local not in bound}
    values = _values(body)
    modules = {k: v for k, v in inside.items() if k not in values} | modules
    found = Naming(modules, imported, starred)
    used = [path for path in text_names(body) if path[0] in modules]
    members = [m for m in (library.place(found, path) for path in used) if m]
    named = {modules[path[0]] for path in used}
    everything = [(module, "*") for module in starred]
    whole = {*imports.whole(body), *starred}
    return replace(
        found,
        arrays=spoken([*members, *imported.values(), *everything], {*named, *whole}),
        library=bool(named or whole or imported),
    )


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
        _check_type(node, source)
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Name) and function.id not in own:
            _check_starred(function.id, function, source, scope.naming)
            _check_function(function.id, function, source, assigned)


def _check_type(node: ast.AST, source: str) -> None:
    """Refuse one of Python's types as the dtype of an array: no input is called float."""
    value = node.value if isinstance(node, ast.keyword) and node.arg == "dtype" else None
    if isinstance(value, ast.Name) and value.id in ("float", "int", "bool", "complex"):
        raise UnsupportedError(
            "dtype cannot be set inside a program",
            hint="leave it out: the whole calculation has one dtype, set with --dtype",
            span=span_of(node, source),
        )


def _evaluated(body: Body) -> Iterator[ast.AST]:
    """Every node but annotations, which mean nothing here, in the order of the text."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        skipped = [getattr(node, field, None) for field in ("annotation", "returns")]
        children = [c for c in ast.iter_child_nodes(node) if all(c is not s for s in skipped)]
        stack.extend(reversed(children))


def _check_starred(name: str, node: ast.AST, source: str, naming: Naming) -> None:
    """Refuse what a star brings in under a name that is known here as something else."""
    for module in naming.starred:
        if name in UNLIKE_PLAIN.get(module, ()):
            raise UnsupportedError(
                f"{module} has a function of its own called {name}",
                hint="write the module in front of the name",
                span=span_of(node, source),
            )


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
    if library.module_of(naming, path) or path[-1] in grammar.CONTEXTS:
        return
    member = library.place(naming, path)
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
