"""A class that is made from what is not known, as far as a method of it needs nothing of that."""

import ast
import itertools
from collections.abc import Collection, Iterable, Iterator

from gradcalc.errors import UnsupportedError, brief
from gradcalc.lang.bindings import is_accessor, is_plain
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import ARRAYS
from gradcalc.lang.neighbours import LIBRARIES
from gradcalc.lang.static_values import Class, Library, is_static

NETWORKS = ("torch.nn.", "torch.autograd.")
"""Where the classes are that the language has."""

TELLING = frozenset({"__getattr__", "__getattribute__", "__setattr__", "__new__", "__slots__"})
"""What makes attributes other than those that are written."""


def foreign(owner: Class) -> tuple[Class, ast.expr, Library] | None:
    """The first class that one is made from and that is of no file and no library known here."""
    for part in owner.chain:
        for node, base in zip(part.node.bases, part.bases, strict=True):
            if isinstance(base, Library) and not (_is_known(base.name) or is_plain(node)):
                return part, node, base
    return None


def _is_known(full: str) -> bool:
    """Whether the language may know what a class of a library gives to those made from it."""
    root, module = full.split(".")[0], full.rpartition(".")[0]
    if root not in ARRAYS:
        return root in LIBRARIES
    return catalogue.has(module, full.rpartition(".")[2]) or full.startswith(NETWORKS)


def made_of_unknown(owner: Class) -> UnsupportedError:
    """The refusal of a class with such a base."""
    found = foreign(owner)
    assert found is not None
    part, node, base = found
    module = base.name.rpartition(".")[0]
    of = f" of {brief(module)}" if module else ""
    return UnsupportedError(
        f"{brief(part.node.name)} is made from {brief(ast.unparse(node))}{of}, which is not known"
        " here",
        hint="put the text of that class into the same file",
    )


def alone(owner: Class, method: str, name: str, *, made: bool) -> str | None:
    """The text of a class called `name` that has only what a method of it needs.

    What makes its objects is left out if nothing is `made` and the method asks for other methods
    alone. None where something that is needed may be of what is not known.
    """
    parts = _before_unknown(owner)[::-1]
    if any(part.node.keywords or part.node.decorator_list for part in owner.chain):
        return None
    own = {n: s for part in parts for s in part.node.body for n in names_of(s)}
    if TELLING & own.keys() or method not in own or (made and "__init__" not in own):
        return None
    for start in ([method, "__init__"],) if made else ([method], [method, "__init__"]):
        found = _needed([n for n in start if n in own], own, {p.node.name for p in parts})
        if found is None:
            return None
        kept, outside = found
        methods = all(isinstance(statement, ast.FunctionDef) for statement in kept)
        if not outside and (methods or "__init__" in start):
            order = (s for part in parts for s in part.node.body if s in kept)
            inside = "\n".join(map(ast.unparse, order)).replace("\n", "\n    ")
            return f"class {name}:\n    {inside}"
    return None


def _before_unknown(owner: Class) -> list[Class]:
    """The classes of the file in which Python looks for a name before what is not known."""
    known = itertools.takewhile(lambda one: isinstance(one, Class), owner.line)
    return [one for one in known if isinstance(one, Class)]


def _needed(
    waiting: list[str], own: dict[str, ast.stmt], classes: set[str]
) -> tuple[list[ast.stmt], set[str]] | None:
    """What some names of a class hang on, and which attributes nothing there gives."""
    kept = dict[str, ast.stmt]()
    used, stored = set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept[name] = own[name]
        read = _read(own[name], own.keys(), classes)
        if read is None:
            return None
        used |= read[0]
        stored |= read[1]
        waiting += [n for n in read[0] if n in own]
    return list(kept.values()), used - stored - own.keys()


def names_of(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a class gives it."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name
        case ast.Assign(targets=targets):
            yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))


def _read(
    node: ast.stmt, own: Collection[str], classes: set[str]
) -> tuple[set[str], set[str]] | None:
    """The attributes that are read of an object, and those that it is given; None where an object
    or its class is used otherwise."""
    if not isinstance(node, ast.FunctionDef):
        # what stands in a class sees its names without a dot
        return _names([node], own), set()
    if any(is_accessor(decorator) for decorator in node.decorator_list):
        return None
    args = node.args
    objects = {*classes, *(a.arg for a in [*args.posonlyargs, *args.args][: not is_static(node)])}
    around = [*args.defaults, *(d for d in args.kw_defaults if d is not None)]
    used, stored, behind = _names(around, own), set[str](), set[int]()
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(value=ast.Name(id=name) as value, attr=attr) if name in objects:
                behind.add(id(value))
                (used if isinstance(inner.ctx, ast.Load) else stored).add(attr)
            case ast.Name(id=name) if name in ("super", "__class__") or (
                name in objects and id(inner) not in behind
            ):
                return None
    return used, stored


def _names(nodes: Iterable[ast.AST], own: Collection[str]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node)
            if isinstance(n, ast.Name) and n.id in own}  # fmt: skip
