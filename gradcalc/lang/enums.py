"""Enumerations: classes of a few values that have names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.machine import Builtin, Closure, Machine
from gradcalc.lang.objects import Class, Instance, Member

ENUM = Class("Enum", (), {}, library=True)
VALUED = Class("IntEnum", (ENUM,), {}, library=True, valued=int)
"""What is as good as its value: `IntEnum`, `StrEnum`, and enumerations made of `int` or `str`."""

MIXED: Mapping[str, type] = MappingProxyType({"int": int, "str": str, "float": float})
"""Python's types that make the members of an enumeration as good as their values, of that type."""


def _auto(machine: Machine) -> Builtin:
    return AUTO


AUTO = Builtin("auto", _auto, "one more than the greatest value so far")

ENUMS: Mapping[str, Any] = MappingProxyType(
    {
        "Enum": ENUM,
        "IntEnum": VALUED,
        "auto": AUTO,
        "unique": Builtin("unique", lambda machine, kind: kind, "the enumeration itself"),
    }
)
"""What stands in Python's module."""


def is_enum(kind: Class) -> bool:
    """Whether a class is an enumeration."""
    return ENUM in kind.line


def complete(machine: Machine, kind: Class) -> None:
    """Make members of what was assigned in the body of an enumeration."""
    if any(name in kind.members for name in ("__init__", "__new__", "_generate_next_value_")):
        raise UnsupportedError("an enumeration whose members are made otherwise is not known here")
    if any(base.listed for base in kind.bases):
        raise InvalidValueError(
            "an enumeration with members is not made into another", python="TypeError"
        )
    listed: dict[str, Instance] = {}
    given: list[Any] = []
    for name, value in list(kind.members.items()):
        if name.startswith("_") or isinstance(value, Closure | Member):
            continue
        if value is AUTO:
            value = max((int(one) for one in given if isinstance(one, int)), default=0) + 1
        if not _is_plain(value):
            raise UnsupportedError("the members of an enumeration are numbers and texts here")
        given.append(value)
        value = _mixed(kind.valued, value)
        same = next((one for one in listed.values() if one.values["value"] == value), None)
        made = Instance(kind, {"name": name, "value": value}) if same is None else same
        kind.members[name] = listed[name] = made
    kind.listed = listed


def _mixed(kind: type | None, value: Any) -> Any:
    """What the type that an enumeration is mixed with makes of the value of a member."""
    if kind is None:
        return value
    try:
        return kind(*value) if isinstance(value, tuple) else kind(value)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(str(error), python=type(error).__name__) from None


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, int | float | str)
