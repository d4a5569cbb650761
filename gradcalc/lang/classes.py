"""The statement `class`."""

import ast
from collections.abc import Mapping
from typing import Any

from gradcalc.errors import JOIN, InvalidValueError, UnsupportedError, brief
from gradcalc.lang import collecting, enums, records
from gradcalc.lang.bindings import (
    ACCESSORS,
    UNTOLD,
    WORDS,
    gives_nothing,
    is_abstract,
    own_names,
)  # fmt: skip
from gradcalc.lang.decorating import decorated, decorators_of
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.expressions import closure
from gradcalc.lang.machine import Builtin, Frame, Machine, Rule
from gradcalc.lang.nets.classes import class_of
from gradcalc.lang.nets.row import Kind
from gradcalc.lang.nets.unheard import check_heard
from gradcalc.lang.objects import UNRUN, Class, Member, unrun
from gradcalc.lang.program import dotted


def define(machine: Machine, node: ast.ClassDef) -> None:
    """The statement `class`."""
    wrappers = decorators_of(machine, node)
    machine.bind(node.name, decorated(machine, _made(machine, node), wrappers))


def _made(machine: Machine, node: ast.ClassDef) -> Any:
    """What the statement makes, without its decorators."""
    if any(keyword.arg == UNRUN for keyword in node.keywords):
        return _unrun(node.name)
    bases, runs, mixed, plain = _bases(machine, node)
    if TUPLE in bases:
        return _tuple(machine, node)
    inner = Frame({}, machine.frame, own_names(tuple(node.body)), seen=False)
    made = Class(node.name.rpartition(JOIN)[2], bases, inner.values, runs=runs)
    methods = (s for s in node.body if isinstance(s, ast.FunctionDef))
    made.abstract = frozenset(method.name for method in methods if is_abstract(method))
    made.strict = "ABC" in plain or any(map(_is_strict, node.keywords))
    made.unmade = "Protocol" in plain
    made.generic = "Generic" in plain or any(base.generic for base in bases)
    made.generic |= any(isinstance(base, ast.Subscript) for base in node.bases)
    for statement in node.body:
        machine.node = statement
        if isinstance(statement, ast.FunctionDef):
            _check_defaults(statement, inner)
            inner.values[statement.name] = _method(machine, statement, made, inner.values)
            continue
        outer, machine.frame = machine.frame, inner
        try:
            machine.block([statement])
        finally:
            machine.frame = outer
    check_heard(made)
    made.slots = _slots(made, inner.values.pop("__slots__", None))
    if enums.is_enum(made):
        made.valued = mixed or next((base.valued for base in made.line if base.valued), None)
        enums.complete(machine, made)
    for keyword in node.keywords:
        if keyword.arg == "dataclass":
            options = records.options_of(machine.eval(keyword.value))
            records.declared(machine, node.body, made, options)
    return made


def _is_strict(keyword: ast.keyword) -> bool:
    """Whether a keyword of a class makes it one that is abstract where its methods are."""
    path = dotted(keyword.value)
    return keyword.arg == "metaclass" and path is not None and path[-1] == "ABCMeta"


def _slots(made: Class, given: Any) -> frozenset[str] | None:
    """The attributes that a class says its objects have, private ones by their whole names.

    Raises `InvalidValueError` where the class has a value for one.
    """
    if given is None:
        return None
    owner = made.name.lstrip("_")
    names = [given] if isinstance(given, str) else list(given)
    private = (n.startswith("__") and not n.endswith("__") and owner for n in names)
    found = {f"_{owner}{n}" if whole else n for n, whole in zip(names, private, strict=True)}
    if twice := found & made.members.keys():
        raise InvalidValueError(
            f"{made.name} has a value for {min(twice)}, which is one of its __slots__",
            python="ValueError",
            said=f"{min(twice)!r} in __slots__ conflicts with class variable",
        )
    return frozenset(found)


def _check_defaults(method: ast.FunctionDef, inner: Frame) -> None:
    """Refuse a default that has a name of the class: methods are made beside it here."""
    defaults = (*method.args.defaults, *filter(None, method.args.kw_defaults))
    for node in (node for default in defaults for node in ast.walk(default)):
        if isinstance(node, ast.Name) and node.id in inner.values:
            raise UnsupportedError(
                f"a default of {brief(method.name)} is {brief(node.id)} of its class",
                hint="write its value, or None and take it inside",
            )


TUPLE = Class("NamedTuple", (), {}, library=True)
"""What `typing.NamedTuple` is among the bases of a class."""


def _tuple(machine: Machine, node: ast.ClassDef) -> Builtin:
    """What makes the tuples with names of a class made from `typing.NamedTuple`."""
    names: list[str] = []
    defaults: list[Any] = []
    for statement in node.body:
        machine.node = statement
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names.append(statement.target.id)
            if statement.value is not None:
                defaults.append(machine.eval(statement.value))
            elif defaults:
                raise InvalidValueError(
                    f"the field {brief(names[-1])} has no default, and one in front of it has",
                    python="TypeError",
                )
        elif not isinstance(statement, ast.Pass) and not (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            raise UnsupportedError(
                "a NamedTuple has fields only here", hint="@dataclass makes classes with methods"
            )
    return collecting.named(machine, node.name, names, defaults)


def _bases(
    machine: Machine, node: ast.ClassDef
) -> tuple[tuple[Class, ...], str, type | None, frozenset[str]]:
    """The classes that one is made from, the method that a call of an object runs, the type
    of numbers or texts among them, and those that are nothing here."""
    found: list[Class] = []
    plain: set[str] = set()
    runs = "__call__"
    mixed: type | None = None
    for base in node.bases:
        machine.node = base
        named = base.value if isinstance(base, ast.Subscript) else base
        path = dotted(named)
        frame = machine.frame.find(path[0]) if path and len(path) == 1 else None
        value = frame.values[path[0]] if frame is not None and path else None
        if value is None and path is not None:
            value = catalogue.named(machine.program.naming, path)
        if isinstance(value, Kind):
            value = class_of(machine, value)
        if value is collecting.TUPLES:
            value = TUPLE
        if isinstance(value, Class):
            found.append(value)
            runs = value.runs
        elif path and gives_nothing(path[-1]):
            plain.add(path[-1].rpartition(JOIN)[2])
        elif path and path[0] in enums.MIXED and len(node.bases) > 1:
            mixed = enums.MIXED[path[0]]
        else:
            shown = ".".join(path or ("this",))
            raise UnsupportedError(f"a class cannot be made from {brief(shown)} here")
    if mixed and not any(map(enums.is_enum, found)):
        raise UnsupportedError("a class cannot be made from numbers or texts here")
    return tuple(found), runs, mixed, frozenset(plain)


def _unrun(name: str) -> Class:
    """A class with a backward of its own, which says so where it is called."""

    def call(machine: Machine, *args: Any, **named: Any) -> Any:
        raise unrun(name)

    refusing = Builtin(name, call, "what is not run")
    return Class(name, (), dict.fromkeys(("apply", "forward", "__init__"), refusing))


def _method(
    machine: Machine, node: ast.FunctionDef, owner: Class, members: Mapping[str, Any]
) -> Any:
    wrappers = decorators_of(machine, node)
    made = closure(machine, node.name, node.args, node.body, owner)
    paths = [path for decorator in node.decorator_list if (path := dotted(decorator))]
    for path in paths:
        held = members.get(path[0]) if len(path) == 2 and path[1] in ACCESSORS else None
        if isinstance(held, Member):
            own = made if path[1] == "setter" else held.setter
            return Member(held.word, made if path[1] == "getter" else held.function, own)
    words = [path[-1] for path in paths if path[-1] in WORDS and path[-1] not in UNTOLD]
    if words:
        return Member(words[0], made)
    return decorated(machine, made, wrappers)


CLASSES: Mapping[type[ast.AST], Rule] = {ast.ClassDef: define}
"""The meaning of `class`."""
