"""Python's module `copy`: of lists, objects, tensors and networks."""

from collections.abc import Callable
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets.module import is_parameter, parameter
from gradcalc.lang.objects import Instance
from gradcalc.lang.program import NUMPY


def deep(machine: Machine, value: Any, memo: Any = None) -> Any:
    """`copy.deepcopy`: all that a value holds anew, each once."""
    made: dict[int, Any] = {}

    def copied(one: Any) -> Any:
        if id(one) not in made:
            made[id(one)] = _held(one, copied, made) if _holds(one) else _single(machine, one)
        return made[id(one)]

    return copied(value)


def flat(machine: Machine, value: Any) -> Any:
    """`copy.copy`: another list or object of the same things."""
    if isinstance(value, Tensor):
        raise UnsupportedError(
            "copy.copy of a tensor shares its memory", hint="x.clone() has memory of its own"
        )
    return _held(value, lambda one: one, {}) if _holds(value) else value


def _holds(value: Any) -> bool:
    return isinstance(value, Instance | list | tuple | dict | set)


def _held(value: Any, copied: Callable[[Any], Any], made: dict[int, Any]) -> Any:
    """What holds others, with copies of them; it is known as made before they are."""
    found: Any
    if isinstance(value, Instance):
        found = made[id(value)] = value.blank()
        found.values.update((name, copied(one)) for name, one in value.values.items())
    elif isinstance(value, list):
        found = made[id(value)] = value.copy()
        found[:] = [copied(one) for one in value]
    elif isinstance(value, dict):
        found = made[id(value)] = value.copy()
        for key, one in value.items():
            found[key] = copied(one)
    elif hasattr(value, "_fields"):
        found = type(value)(*map(copied, value))
    else:
        found = type(value)(map(copied, value))
    return found


def _single(machine: Machine, value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value
    if is_parameter(value):
        return parameter(machine, value, value.trains)
    if machine.carries(value) and machine.program.naming.arrays != NUMPY:
        raise UnsupportedError(
            "torch's deepcopy of a tensor passes no gradient back to it, or refuses it",
            hint="x.clone() passes the gradient, x.detach().clone() does not",
        )
    return machine.copy(value)


COPY = {
    "copy": Builtin("copy", flat, "copy.copy(x)"),
    "deepcopy": Builtin("deepcopy", deep, "copy.deepcopy(x)"),
}
"""What stands in the module."""
