"""Functions of objects: attributes by their names, types, and the fields of dataclasses."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError, brief
from gradcalc.lang import having, objects
from gradcalc.lang.machine import Builtin, Closure, Machine, Module
from gradcalc.lang.objects import MISSING, Class, Field, Instance, Super


def _checked(name: Any) -> str:
    if not isinstance(name, str):
        raise InvalidValueError("an attribute is asked for by its name", python="TypeError")
    return name


def _of_object(machine: Machine, value: Any, name: Any) -> Instance | Class | Super:
    _checked(name)
    if not isinstance(value, Instance | Class | Super):
        raise UnsupportedError(
            f"attributes of {machine.describe(value)} are not asked for by name here",
            hint=f"write the dot: x.{name}" if name.isidentifier() else None,
        )
    return value


def get(machine: Machine, value: Any, name: Any, *default: Any) -> Any:
    """An attribute by its name, as Python's getattr has it."""
    if default and not _has(machine, value, name):
        return default[0]
    if isinstance(value, Closure):
        return objects.attribute(machine, value, _checked(name))
    if isinstance(value, tuple) and _checked(name) in getattr(value, "_fields", ()):
        return getattr(value, name)
    return objects.attribute(machine, _of_object(machine, value, name), name)


def _has(machine: Machine, value: Any, name: Any) -> bool:
    if isinstance(value, Module):
        raise UnsupportedError(
            f"whether {value.full} has {brief(str(name))} is not asked of a module that is a value",
            hint="write what it has",
        )
    if isinstance(value, Closure):
        return _checked(name) in {"__name__", *value.values} or hasattr(_plainly, name)
    if not isinstance(value, Instance | Class | Super):
        return having.has(machine, value, _checked(name))
    if isinstance(value, Class):
        return value.find(_checked(name)) is not MISSING or name == "__name__"
    return objects.has(value, _checked(name)) or name == "__class__"


def _plainly() -> None:
    """What every function has."""


def _set(machine: Machine, value: Any, name: Any, given: Any) -> None:
    objects.assign(machine, _of_object(machine, value, name), name, given)


def _delete(machine: Machine, value: Any, name: Any) -> None:
    objects.forget(machine, _of_object(machine, value, name), name)


def _type(machine: Machine, value: Any, kinds: str | None = None) -> Any:
    """The class of an object; with the kinds that a value may be of, the name of its type."""
    if kinds is not None and not isinstance(kinds, str):
        raise UnsupportedError("type takes one value here", hint="write a class statement")
    if kinds is not None:
        return value.kind.name if isinstance(value, Instance) else _type_name(machine, value, kinds)
    if not isinstance(value, Instance):
        raise UnsupportedError(
            f"the type of {machine.describe(value)} is only compared here",
            hint="isinstance(x, float), or type(x) is float",
        )
    return value.kind


def _type_name(machine: Machine, value: Any, kinds: str) -> str:
    # imported where it is used: types are told of functions too
    from gradcalc.lang.types import JaxArray, examples

    if isinstance(value, Closure):
        return "function"
    odd = hasattr(value, "_fields") or (machine.is_tensor(value) and value.owner.leaf is not None)
    found = set() if odd else {type(example) for example in examples(machine, value, kinds)}
    if len(found) != 1 or JaxArray in found or (machine.numbers and machine.is_tensor(value)):
        raise UnsupportedError(
            f"what the type of {machine.describe(value)} is called is not known here",
            hint="isinstance(x, float), or type(x) is float",
        )
    return found.pop().__name__


def _is_subclass(machine: Machine, kind: Any, of: Any) -> bool:
    asked = of if isinstance(of, tuple) else (of,)
    if not all(isinstance(one, Class) for one in (kind, *asked)):
        raise UnsupportedError(
            "issubclass is asked of the program's own classes here", hint="isinstance(x, float)"
        )
    return any(one in kind.line for one in asked)


def _held(machine: Machine, value: Any) -> Any:
    return objects.attribute(machine, _of_object(machine, value, "__dict__"), "__dict__")


def _field(machine: Machine, **given: Any) -> Field:
    return Field(
        given.get("default", MISSING),
        given.get("default_factory", MISSING),
        init=given.get("init", True),
        compare=given.get("compare", True),
        hash=given.get("hash"),
        kw_only=given.get("kw_only"),
    )


def _fields(machine: Machine, value: Any) -> Mapping[str, Any]:
    names = objects.fields_of(value.kind) if isinstance(value, Instance) else None
    if names is None:
        raise InvalidValueError(
            f"{machine.describe(value)} is no object of a dataclass", python="TypeError"
        )
    return {name: value.values[name] for name in names}


def _plain(machine: Machine, value: Any) -> Any:
    """What `asdict` makes of what a field holds."""
    if isinstance(value, Instance) and objects.fields_of(value.kind) is not None:
        return {name: _plain(machine, held) for name, held in _fields(machine, value).items()}
    if type(value) in (list, tuple):
        return type(value)(_plain(machine, item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(machine, item) for key, item in value.items()}
    return value


def _replaced(machine: Machine, value: Any, **changes: Any) -> Instance:
    fields = objects.fields_of(value.kind) or {}
    held = {k: v for k, v in _fields(machine, value).items() if fields[k].init}
    return objects.instantiate(machine, value.kind, (), held | changes)


def _asdict(machine: Machine, value: Any) -> Any:
    _fields(machine, value)
    return _plain(machine, value)


ROWS: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("getattr", get, "an attribute by its name"),
    ("hasattr", _has, "whether there is an attribute of that name"),
    ("setattr", _set, "gives an attribute a value"),
    ("delattr", _delete, "takes an attribute away"),
    ("type", _type, "the class of an object"),
    ("issubclass", _is_subclass, "whether a class is made from another"),
    ("vars", _held, "the attributes of an object by their names"),
)
"""Name, meaning and a word on each."""

DATACLASSES: Mapping[str, Builtin] = MappingProxyType(
    {
        "field": Builtin("field", _field, "field(default=..., default_factory=...)"),
        "replace": Builtin("replace", _replaced, "replace(object, name=value)"),
        "asdict": Builtin("asdict", _asdict, "the fields of an object by their names"),
        "astuple": Builtin(
            "astuple",
            lambda machine, value: tuple(_fields(machine, value).values()),
            "the fields of an object",
        ),
    }
)
"""The functions of Python's dataclasses."""
