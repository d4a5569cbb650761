"""Objects that are nothing but their attributes: `types.SimpleNamespace`, `argparse.Namespace`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.lang import containers, operators
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.objects import NOT_IMPLEMENTED, Class, Instance


def _start(machine: Machine, held: Instance, *values: Any, **named: Any) -> None:
    for value in values:
        held.values.update(containers.mapping(machine, value))
    held.values.update(named)


def _equal(machine: Machine, held: Instance, other: Any) -> Any:
    if not isinstance(other, Instance) or other.kind is not held.kind:
        return NOT_IMPLEMENTED
    return operators.same(machine, held.values, other.values)


def _contains(machine: Machine, held: Instance, name: Any) -> bool:
    return name in held.values


def _kind(name: str, **further: Builtin) -> Class:
    start = Builtin("__init__", _start, "its attributes")
    equal = Builtin("__eq__", _equal, "whether all attributes are")
    return Class(name, (), {"__init__": start, "__eq__": equal, **further})


NAMESPACES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "types": {"SimpleNamespace": _kind("SimpleNamespace")},
        "argparse": {
            "Namespace": _kind(
                "Namespace", __contains__=Builtin("__contains__", _contains, "whether it is there")
            )
        },
    }
)
"""The classes by the modules that they stand in."""
