"""numpy's functions of polynomials, which give a `poly1d` where they are given one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.lang import objects
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.objects import Class, Instance
from gradcalc.lang.written import Written, value

POLY1D = Written("numpy", "poly1d")


def _function(name: str) -> Callable[..., Any]:
    def call(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        # imported where it is used: the catalogue has these too
        from gradcalc.lang.dialects.catalogue import function

        given = (*args, *kwargs.values())
        if not any(isinstance(part, Instance) for part in given):
            return machine.apply_function(machine, function("numpy", name), args, kwargs)
        kind: Class = value(machine, POLY1D)
        if not any(_is_of(part, kind) for part in given):
            return machine.apply_function(machine, function("numpy", name), args, kwargs)
        if name == "polyval":
            return _valued(machine, kind, *args, **kwargs)
        bare = [_bare(machine, part, kind) for part in args]
        named = {key: _bare(machine, part, kind) for key, part in kwargs.items()}
        found = machine.apply_function(machine, function("numpy", name), tuple(bare), named)
        return machine.call(kind, (found,))

    return call


def _valued(machine: Machine, kind: Class, p: Any, x: Any) -> Any:
    whole = p if _is_of(p, kind) else machine.call(kind, (p,))
    return machine.call(whole, (x,))


def _is_of(part: Any, kind: Class) -> bool:
    return isinstance(part, Instance) and part.kind is kind


def _bare(machine: Machine, part: Any, kind: Class) -> Any:
    """The coefficients of a polynomial, anything else as it is."""
    return objects.attribute(machine, part, "coeffs") if _is_of(part, kind) else part


NAMES = ("polyadd", "polysub", "polymul", "polyder", "polyint", "polyval")

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"numpy": {name: Builtin(name, _function(name), f"numpy's {name}") for name in NAMES}}
)
"""These by their module."""
