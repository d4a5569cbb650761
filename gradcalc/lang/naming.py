"""Which library each name of a text is from, and whose arrays the text works on."""

import ast
import builtins
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from gradcalc.errors import UnsupportedError, brief, did_you_mean
from gradcalc.lang import grammar
from gradcalc.lang.constants import MODULE as CONSTANTS
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import ARRAYS, PREFIXES, TABLES
from gradcalc.lang.files import part_at
from gradcalc.lang.imported import full_name
from gradcalc.lang.program import JAX, MIXED, NONE, NUMPY, TORCH, Naming, dotted, span_of
from gradcalc.lang.written import NAMES
from gradcalc.primitives import BY_NAME, Structural

OWN = frozenset(vars(builtins))

Body = tuple[ast.stmt, ...]


def naming(body: Body, source: str, bound: frozenset[str]) -> Naming:
    """The libraries that a text names; `bound` are names that have values.

    Raises `UnsupportedError` for an import of whatever is not a known module or function, and where
    the order of the text decides what a name means.
    """
    imported: dict[str, tuple[str, str]] = {}
    modules: dict[str, str] = {}
    starred: list[str] = []
    whole: set[str] = set()
    imports = [n for n in every_node(body) if isinstance(n, ast.Import | ast.ImportFrom)]
    for node in imports:
        if _base(node) != "__future__":
            base, names = _base(node), {alias.name for alias in node.names}
            numberless = bool(base) and {f"{base}.{name}" for name in names} <= catalogue.NUMBERLESS
            brought = {base} if base else names
            # of its functions none is about numbers
            whole |= set() if numberless else brought - catalogue.NUMBERLESS
            _read(node, source, imported, modules, starred, _decorators(body))
    if imports:
        _check_order(body, source)
    # of a module that is written in the language a star brings what is used
    plain = {n.id for n in every_node(body) if isinstance(n, ast.Name)} - bound
    for module in starred:
        data = {name for name in plain if module == CONSTANTS and catalogue.has(module, name)}
        brought = (plain & NAMES.get(module, frozenset()) | data) - imported.keys()
        imported |= {name: (module, name) for name in brought}
    values = _values(body)
    prefixes = {k: v for k, v in PREFIXES.items() if k not in bound and k not in values}
    found = Naming(prefixes | modules, imported, tuple(starred))
    used = [path for path in _text_names(body) if path[0] in found.modules]
    members = [m for m in (catalogue.place(found, path) for path in used) if m]
    mentioned = {found.modules[path[0]] for path in used} - catalogue.NUMBERLESS | whole
    paths = ((path, catalogue.module_of(found, path)) for path in used)
    below = {".".join(path): full for path, full in paths if full and not _is_function(full)}
    plainly = {n: full for n, full in modules.items() if not _is_function(full)}
    handed = _handed(body, plainly) | below
    everything = [(module, "*") for module in (*starred, *handed.values())]
    every = (*members, *imported.values(), *everything)
    spoken = [m for m in every if m[0] not in catalogue.NUMBERLESS]
    return Naming(
        found.modules,
        imported,
        found.starred,
        arrays=_spoken(spoken, mentioned),
        library=bool(mentioned),
        called=_called(spoken),
        handed=handed,
    )


def _is_function(full: str) -> bool:
    """Whether what has more behind a dot is a function, as numpy.add is."""
    module, _, name = full.rpartition(".")
    return catalogue.has(module, name)


def _handed(body: Body, modules: Mapping[str, str]) -> dict[str, str]:
    """The modules that stand somewhere without anything of theirs behind a dot, as in `xp = np`."""
    alone = (
        child.id
        for node in every_node(body)
        if not isinstance(node, ast.Attribute)
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load)
    )
    return {name: modules[name] for name in alone if name in modules}


@lru_cache(maxsize=8)
def every_node(body: Body) -> tuple[ast.AST, ...]:
    """All nodes of the statements, in no order."""
    # a text is gone through again and again while it is checked
    return tuple(node for statement in body for node in ast.walk(statement))


def _base(node: ast.Import | ast.ImportFrom) -> str:
    """The module that names are imported from, empty for `import`."""
    return "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""


def _read(
    node: ast.Import | ast.ImportFrom,
    source: str,
    imported: dict[str, tuple[str, str]],
    modules: dict[str, str],
    starred: list[str],
    decorators: Mapping[str, str],
) -> None:
    """What one statement imports: names out of modules, modules, and modules with a star."""
    base = _base(node)
    for alias in node.names:
        full = ".".join(part for part in (base, alias.name) if part)
        if base == "builtins" and alias.asname in (None, alias.name) and alias.name in OWN:
            # Python's own names need no import
            continue
        if base in TABLES and alias.name == "*":
            starred.append(base)
            # which one is meant hangs on the order
            for name, (other, _) in imported.items():
                if other != base and catalogue.has(base, name):
                    raise _twice(name, other, base)
        elif full in TABLES:
            # import numpy.linalg binds numpy
            local = alias.asname or (alias.name if base else alias.name.split(".")[0])
            module = full if base or alias.asname else full.split(".")[0]
            own = (base, alias.name)
            if modules.setdefault(local, module) != module or imported.get(local, own) != own:
                raise _twice(local, modules[local], module)
            if catalogue.has(base, alias.name):
                # a function that has more behind a dot
                imported[local] = own
        elif base in TABLES and (catalogue.has(base, alias.name) or alias.name in grammar.CONTEXTS):
            local = alias.asname or alias.name
            if imported.setdefault(local, (base, alias.name)) != (base, alias.name):
                raise _twice(local, ".".join(imported[local]), full)
        elif not hasattr(alias, PUT_OFF):
            raise _unknown(base, alias, source, decorators)


PUT_OFF = "put_off"
"""The attribute of an alias whose import is refused where it is asked for, and not at once."""


def unknown(
    node: ast.Import | ast.ImportFrom, alias: ast.alias, source: str, body: Body
) -> UnsupportedError | None:
    """Why an alias cannot be imported; None where it can, or where it decorates a function."""
    base = _base(node)
    full = ".".join(part for part in (base, alias.name) if part)
    own = base == "builtins" and alias.asname in (None, alias.name) and alias.name in OWN
    member = base in TABLES and (catalogue.has(base, alias.name) or alias.name in grammar.CONTEXTS)
    if own or alias.name == "*" or full in TABLES or member or base == "__future__":
        return None
    decorators = _decorators(body)
    if (alias.asname or alias.name.split(".")[0]) in decorators:
        return None
    return _unknown(base, alias, source, decorators)


def _unknown(
    base: str, alias: ast.alias, source: str, decorators: Mapping[str, str]
) -> UnsupportedError:
    full = ".".join(part for part in (base, alias.name) if part)
    shown = decorators.get(alias.asname or alias.name.split(".")[0])
    if shown is not None:
        return UnsupportedError(
            f"{brief(full)} is not known here, nor what @{brief(shown)} makes of a function",
            hint="leave the line out if it changes nothing of what the function gives",
            span=span_of(alias, source),
        )
    known = base in TABLES and base.split(".")[0] in (*ARRAYS, "math")
    here = f"{base} has no {brief(alias.name)} here"
    return UnsupportedError(
        here if known else f"{brief(full)} cannot be imported",
        hint=_instead(base, alias.name)
        or (
            "gradcalc functions lists what can be called"
            if known
            else "torch, numpy, math, scipy.special and jax.numpy are known"
        ),
        span=span_of(alias, source),
    )


@lru_cache(maxsize=8)
def _decorators(body: Body) -> Mapping[str, str]:
    """The first name in each decorator of the text, and the decorator."""
    return {
        path[0]: ast.unparse(decorator)
        for node in every_node(body)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for decorator in node.decorator_list
        if (path := dotted(decorator.func if isinstance(decorator, ast.Call) else decorator))
    }


def _check_order(body: Body, source: str) -> None:
    """Refuse a name that stands where the import of it has not run, or cannot be seen."""
    uses: dict[str, list[ast.Name | ast.FunctionDef]] = {}
    for node in every_node(body):
        if isinstance(node, ast.Name | ast.FunctionDef):
            uses.setdefault(node.id if isinstance(node, ast.Name) else node.name, []).append(node)
    inside, calls = _in_functions(body), _first_call(body)
    seen: set[int] = set()
    brought: dict[str, ast.Import | ast.ImportFrom] = {}
    for statement, room in _statements(body):
        here = (statement.lineno, statement.col_offset)
        for name in _bound(statement, uses):
            brought.setdefault(name, statement)
            part = part_at(source, statement.lineno)
            # before anything is called no function runs
            early = room is None and here < calls
            behind = (
                n
                for n in uses.get(name, ())
                if (n.lineno, n.col_offset) > here
                or (early and id(n) in inside)
                or part_at(source, n.lineno) != part
            )
            seen |= {id(node) for node in behind if room is None or id(node) in room}
    for name, statement in brought.items():
        if any(id(node) not in seen for node in uses.get(name, ())):
            raise UnsupportedError(
                f"{brief(name)} is used where its import may not have run",
                hint="write all imports first",
                span=span_of(statement, source),
            )


def _in_functions(body: Body) -> frozenset[int]:
    """The nodes in the bodies of functions, by their ids."""
    return frozenset(
        id(inner)
        for node in every_node(body)
        if isinstance(node, ast.FunctionDef)
        for part in node.body
        for inner in ast.walk(part)
    )


def _first_call(body: Body) -> tuple[float, int]:
    """Where something is called first outside of functions, or decorated."""
    inside = _in_functions(body)
    places = (
        (part.lineno, part.col_offset)
        for node in every_node(body)
        for part in ([node] if isinstance(node, ast.Call) else getattr(node, "decorator_list", []))
        if id(part) not in inside and hasattr(part, "lineno")
    )
    return min(places, default=(math.inf, 0))


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
    base = _base(statement)
    for alias in statement.names:
        if alias.name == "*":
            yield from (name for name in uses if catalogue.has(base, name))
            continue
        if hasattr(alias, PUT_OFF):
            continue
        local = alias.asname or alias.name.split(".")[0]
        full = alias.name if alias.asname or base else local
        if PREFIXES.get(local) != ".".join(part for part in (base, full) if part):
            yield local


def _twice(name: str, other: str, module: str) -> UnsupportedError:
    return UnsupportedError(
        f"{brief(name)} is imported from {other} and from {module}",
        hint=f"write import {module.split('.')[0]}, and the module in front of the name",
    )


def _instead(module: str, name: str) -> str | None:
    """Where else a name is known."""
    if name in grammar.FUNCTIONS:
        return grammar.FUNCTIONS[name]
    full = f"{module}.{name}" if module else name
    if (hint := grammar.MODULES.get(full) or grammar.MODULES.get(module)) is not None:
        return hint
    if module not in TABLES:
        return grammar.MODULES.get((module or name).split(".")[0])
    if close := did_you_mean(name, TABLES[module]):
        return close
    return "its own name needs no import" if catalogue.is_known(name) else None


def _values(body: Body) -> set[str]:
    """Names that are used as values, and so are no modules.

    A name such as `F` is a module only if it is never used as a value (`F@x`, `F.T`, `F.sum(0)`).
    """
    values: set[str] = set()
    for node in every_node(body):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = PREFIXES.get(node.value.id, "")
            if node.attr in grammar.ATTRIBUTES and not catalogue.has(module, node.attr):
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
    if isinstance(BY_NAME.get(name), Structural) and not catalogue.has(PREFIXES["F"], name):
        return True
    first = node.args[0]
    first = first.operand if isinstance(first, ast.UnaryOp) else first
    return isinstance(first, ast.Constant)


def _spoken(members: Sequence[tuple[str, str]], modules: Iterable[str]) -> str:
    """Whose arrays a text works on, by the functions that it calls; else by what it imports.

    A constant such as `np.pi` decides only where nothing else does.
    """
    called = _called(members)
    mentioned = {ARRAYS[m.split(".")[0]] for m, _ in members if m.split(".")[0] in ARRAYS} - called
    imported = {ARRAYS[m.split(".")[0]] for m in modules if m.split(".")[0] in ARRAYS}
    if called and TORCH not in called and TORCH in imported:
        # numpy's functions may be of its own numbers only
        return MIXED
    for found in (called, mentioned, imported):
        if found:
            return _one_of(set(found))
    return NONE


def is_of_numbers(body: Body, naming: Naming) -> bool:
    """Whether a text calls functions of `math`, and has nothing that only arrays have."""
    paths = [path for path in _text_names(body) if path[0] in naming.modules]
    members = [m for m in (catalogue.place(naming, path) for path in paths) if m]
    if not any(module == "math" and catalogue.has(module, name) for module, name in members):
        return False
    if any(module.split(".")[0] in ARRAYS for module, _ in members):
        return False
    own, used = set(), set()
    for node in every_node(body):
        if isinstance(node, ast.FunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add(node.attr)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            own.add(node.target.id)
        elif isinstance(node, ast.Subscript):
            return False
        elif isinstance(node, ast.Attribute):
            path = dotted(node)
            if path is None or path[0] not in naming.modules:
                used.add(node.attr)
    return used <= own


def imports_arrays(body: Body) -> bool:
    """Whether a text imports numpy or jax, be it for what nothing here calls."""
    modules = [
        name
        for node in every_node(body)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    return any(name.split(".")[0] in ("numpy", "jax", "autograd") for name in modules)


def called_in(body: Body, names: Mapping[str, str]) -> frozenset[str]:
    """The libraries of arrays whose functions a text calls."""
    calls = (node.func for node in every_node(body) if isinstance(node, ast.Call))
    full = [name.rpartition(".") for call in calls if (name := full_name(call, names))]
    return _called((module, name) for module, _, name in full if module)


def _called(members: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The libraries of arrays whose functions are among the members, no constants."""
    return frozenset(
        ARRAYS[module.split(".")[0]]
        for module, name in members
        if module.split(".")[0] in ARRAYS and name not in catalogue.CONSTANTS.get(module, {})
    )


def _one_of(found: set[str]) -> str:
    if len(found) == 1:
        return found.pop()
    # jax's arrays have the methods of numpy's
    return MIXED if TORCH in found else (JAX if JAX in found else NUMPY)


def _text_names(body: Iterable[ast.stmt]) -> Iterable[tuple[str, ...]]:
    """Every dotted name of a text, as long as it goes."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if parts and isinstance(inner, ast.Name):
            yield (inner.id, *reversed(parts))
        else:
            stack.extend(ast.iter_child_nodes(node))
