"""Which names statements bind, and in whose scope."""

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from gradcalc.errors import JOIN
from gradcalc.lang.scopes import names_bound

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
"""Expressions whose targets are in a scope of their own."""


WORDS = ("property", "cached_property", "staticmethod", "classmethod", "abstractmethod")
"""Decorators of methods."""

UNTOLD = ("abstractmethod",)
"""Those which say nothing of what a method does."""

ACCESSORS = ("setter", "getter", "deleter")
"""Behind a property's name, what else it has."""


BY_WORDS = ("ModuleDict", "SimpleNamespace", "Namespace")
"""What makes objects whose attributes are named where it is called."""

REGISTERING = frozenset({"register_buffer", "register_parameter", "register_module", "add_module"})
"""Methods of torch's modules that make attributes."""


def binds(node: ast.AST) -> Iterator[str]:
    """The names that a node itself gives a value, but for imports and those of nodes inside it."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return
    if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)):
        yield from names_bound(node)


@lru_cache(maxsize=512)
def own_names(body: tuple[ast.AST, ...]) -> frozenset[str]:
    """The names that a body binds or deletes in its own scope, not in functions inside it."""
    names: set[str] = set()
    outer: set[str] = set()
    for node in own_nodes(body):
        names.update(binds(node))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            names.add(node.id)
        if isinstance(node, ast.Nonlocal):
            outer.update(node.names)
    return frozenset(names - outer)


def own_nodes(body: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    """The nodes of a body that are not those of functions and comprehensions inside it."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, COMPREHENSIONS):
            # its targets are its own, what := binds is not
            stack += _inside(node)
        elif not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.NamedExpr):
            yield inner.target


def bound_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """All names that are bound by any of the nodes, in whatever scope."""
    names: set[str] = set()
    for node in nodes:
        names.update(binds(node))
        if isinstance(node, ast.arg):
            names.add(node.arg)
    return frozenset(names)


def parameters_of(arguments: ast.arguments) -> tuple[ast.arg, ...]:
    """All parameters of a function, in order, those behind stars last."""
    stars = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars)


def attributes_of(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that classes of the text give their objects, and the text its functions."""
    nodes = tuple(nodes)
    words, tuples = _local(nodes, BY_WORDS), _local(nodes, ("namedtuple",))
    stores = (n for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    given = {node.attr for node in stores}
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                found |= bound_names(ast.walk(statement))
    if found or any(isinstance(node, ast.ClassDef) or _is_call_of(node, words) for node in nodes):
        found |= {"__init__", "__call__", "__class__", "__name__"}
        found |= {word for node in nodes if _has_members(node) for word in ("name", "value")}
        found.update(name for node in nodes if (name := _registered(node)) is not None)
    given |= {name for node in nodes for name in _fields(node, words, tuples)}
    return frozenset(found | given)


def _local(nodes: Iterable[ast.AST], names: Collection[str]) -> frozenset[str]:
    """Names, and what imports call them here."""
    renamed = {
        alias.asname
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in names and alias.asname is not None
    }
    return frozenset({*names, *renamed})


def _is_call_of(node: ast.AST, words: Collection[str]) -> bool:
    """Whether it is a call of one of these names."""
    match node:
        case ast.Call(func=ast.Name(id=word) | ast.Attribute(attr=word)):
            return word in words
        case _:
            return False


def _has_members(node: ast.AST) -> bool:
    """Whether it is an enumeration, as far as names tell."""
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    return any(
        "Enum" in (base.id if isinstance(base, ast.Name) else getattr(base, "attr", ""))
        for base in bases
    )


def _fields(node: ast.AST, words: Collection[str], tuples: Collection[str]) -> Iterator[str]:
    """The names that a call gives the items of tuples, as `namedtuple("P", "x y")` does."""
    if isinstance(node, ast.Call) and _is_call_of(node, tuples) and len(node.args) > 1:
        for part in ast.walk(node.args[1]):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield from part.value.replace(",", " ").split()
    elif _is_call_of(node, words):
        for part in ast.walk(node):
            if isinstance(part, ast.keyword) and part.arg is not None:
                yield part.arg
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def _registered(node: ast.AST) -> str | None:
    """The name that a call gives a part of an object, as `register_buffer("mean", ...)` does."""
    match node:
        case ast.Call(func=ast.Attribute(attr=word), args=[ast.Constant(value=str(name)), *_]):
            return name if word in REGISTERING else None
        case ast.Call(
            func=ast.Name(id="setattr") | ast.Attribute(attr="__setattr__"),
            args=[_, ast.Constant(value=str(name)), _],
        ):
            return name
        case _:
            return None


def is_idle(decorator: ast.expr) -> bool:
    """Whether a decorator is one of classes' words."""
    return isinstance(decorator, ast.Name) and decorator.id in WORDS


def is_abstract(method: ast.FunctionDef) -> bool:
    """Whether a method is one that those who are made from its class must have."""
    decorators = (d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "")
                  for d in method.decorator_list)  # fmt: skip
    return any(name in UNTOLD for name in decorators)


def is_accessor(decorator: ast.expr) -> bool:
    """Whether a decorator is what a property has behind its name."""
    return isinstance(decorator, ast.Attribute) and decorator.attr in ACCESSORS


PLAIN_BASES = frozenset({"object", "ABC", "Protocol", "Generic", "TypedDict"})
"""Classes of libraries that give the language nothing when a class is made from them."""


def is_plain(base: ast.expr) -> bool:
    """Whether a base of a class is one of those."""
    named = base.value if isinstance(base, ast.Subscript) else base
    name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
    return gives_nothing(name)


def gives_nothing(name: str) -> bool:
    """Whether a name, or what it is renamed to of another file, is one of those."""
    return name.rpartition(JOIN)[2] in PLAIN_BASES


def parts_of(node: ast.AST) -> list[ast.AST]:
    """The nodes inside a node that are worked out: not annotations, nor what names an error."""
    skipped = [getattr(node, field, None) for field in ("annotation", "returns")]
    if isinstance(node, ast.ExceptHandler):
        skipped.append(node.type)
    if isinstance(node, ast.ClassDef):
        skipped += [*node.bases, *node.keywords]
    if isinstance(node, ast.FunctionDef):
        skipped += [d for d in node.decorator_list if is_idle(d) or is_accessor(d)]
    if isinstance(node, ast.Raise):
        return list(node.exc.args) if isinstance(node.exc, ast.Call) else []
    return [c for c in ast.iter_child_nodes(node) if all(c is not s for s in skipped)]
