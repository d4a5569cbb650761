"""Dataclasses: the fields of their objects, and the methods that Python makes of them."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError, brief
from gradcalc.lang import operators
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.members import less
from gradcalc.lang.objects import MISSING, NOT_IMPLEMENTED, Class, Field, Instance
from gradcalc.lang.program import dotted
from gradcalc.lang.pythons import hash_of


@dataclass(frozen=True, slots=True)
class Options:
    """What `@dataclass(...)` says."""

    init: bool = True
    repr: bool = True
    eq: bool = True
    order: bool = False
    unsafe_hash: bool = False
    frozen: bool = False
    match_args: bool = True
    kw_only: bool = False
    slots: bool = False
    weakref_slot: bool = False


def options_of(given: Mapping[str, Any]) -> Options:
    """What is said to the decorator."""
    known = {one.name for one in fields(Options)}
    if not given.keys() <= known or not all(isinstance(value, bool) for value in given.values()):
        raise UnsupportedError(
            "what is said to this dataclass is not known here", hint="frozen=True and eq=False are"
        )
    return Options(**given)


def declared(machine: Machine, body: Sequence[ast.stmt], made: Class, options: Options) -> None:
    """Make a class a dataclass, by the names that its body annotates."""
    found: dict[str, Field] = {}
    for base in reversed(made.line[1:]):
        if base.own is not None:
            found |= base.own
    words = options.kw_only
    for statement in body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        word = _word(statement.annotation)
        name = statement.target.id
        if word == "InitVar":
            machine.node = statement
            raise UnsupportedError("InitVar is not known here", hint="write an __init__")
        if word == "KW_ONLY":
            words = True
        elif word != "ClassVar":
            _check_default(machine, statement, made.members.get(name))
            found[name] = _field(made, name, words)
    if options.order and (own := ORDERS.keys() & made.members.keys()):
        raise InvalidValueError(
            f"order=True, and {made.name} has {min(own)} of its own", python="TypeError"
        )
    made.own, made.frozen = found, options.frozen
    if options.slots:
        made.slots = frozenset(found)
    _check_order(made.name, found, options)
    if options.init and "__init__" not in made.members:
        made.fields = found
    if options.match_args and "__match_args__" not in made.members:
        named = [name for name, one in found.items() if one.init and not one.kw_only]
        made.members["__match_args__"] = tuple(named)
    _give_methods(made, found, options)


def _check_default(machine: Machine, statement: ast.AnnAssign, default: Any) -> None:
    if isinstance(default, list | dict | set):
        machine.node = statement
        raise InvalidValueError(
            f"a default that is a {type(default).__name__} would be one for all objects",
            hint=f"write field(default_factory={type(default).__name__})",
            python="ValueError",
        )


def _word(annotation: ast.expr) -> str:
    """The last name of an annotation, which may be a text."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.partition("[")[0].rpartition(".")[2].strip()
    named = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    path = dotted(named)
    return path[-1] if path else ""


def _field(made: Class, name: str, words: bool) -> Field:
    """A field as the body has it, of which the class keeps the default alone."""
    default = made.members.get(name, MISSING)
    if not isinstance(default, Field):
        return Field(default, MISSING, kw_only=words)
    if default.default is MISSING:
        del made.members[name]
    else:
        made.members[name] = default.default
    return replace(default, kw_only=words) if default.kw_only is None else default


def _check_order(name: str, found: Mapping[str, Field], options: Options) -> None:
    positional = [(n, one) for n, one in found.items() if one.init and not one.kw_only]
    needed = [one.is_needed for _, one in positional]
    if options.init and needed != sorted(needed, reverse=True):
        wrong = next(n for (n, one), before in zip(positional[1:], needed, strict=False)
                     if one.is_needed and not before)  # fmt: skip
        raise InvalidValueError(
            f"the field {brief(wrong)} of {name} has no default, and one in front of it has",
            python="TypeError",
        )


def _give_methods(made: Class, found: Mapping[str, Field], options: Options) -> None:
    compared = [name for name, one in found.items() if one.compare]
    hashed = [n for n, one in found.items() if (one.compare if one.hash is None else one.hash)]
    own = made.members
    by_itself = "__hash__" in own
    if options.eq:
        own.setdefault("__eq__", Builtin("__eq__", _equal(compared), "whether all fields are"))
    if options.order:
        for name, (turned, strict) in ORDERS.items():
            own[name] = Builtin(name, _ordered(compared, turned, strict), "which goes first")
    if options.unsafe_hash or (options.eq and options.frozen and not by_itself):
        own["__hash__"] = Builtin("__hash__", _hashed(hashed), "a number of its fields")
    elif options.eq and not by_itself:
        own["__hash__"] = None


ORDERS = {
    "__lt__": (False, True), "__gt__": (True, True),
    "__le__": (True, False), "__ge__": (False, False),
}  # fmt: skip
"""Whether a comparison begins with the other, and whether it asks for less, or for not less."""


def _equal(names: Sequence[str]) -> Any:
    def equal(machine: Machine, one: Instance, other: Any) -> Any:
        if not isinstance(other, Instance) or other.kind is not one.kind:
            return NOT_IMPLEMENTED
        return all(operators.same(machine, one.values[n], other.values[n]) for n in names)

    return equal


def _ordered(names: Sequence[str], turned: bool, strict: bool) -> Any:
    def ordered(machine: Machine, one: Instance, other: Any) -> Any:
        if not isinstance(other, Instance) or other.kind is not one.kind:
            return NOT_IMPLEMENTED
        pair = [tuple(part.values[name] for name in names) for part in (one, other)]
        left, right = pair[::-1] if turned else pair
        found = less(machine, left, right)
        return found if strict else not found

    return ordered


def _hashed(names: Sequence[str]) -> Any:
    def hashed(machine: Machine, one: Instance) -> int:
        return hash_of(machine, tuple(one.values[name] for name in names))

    return hashed
