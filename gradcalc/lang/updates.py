"""jax's arrays with other values at some places: `x.at[i].set(v)`, `x.at[i].add(v)`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gradcalc.errors import UnknownNameError, UnsupportedError, did_you_mean
from gradcalc.lang import gathering, ops, writing
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor


@dataclass(frozen=True, slots=True)
class At:
    """What stands behind `.at` of a tensor, and with a key the places that were chosen."""

    tensor: Tensor
    key: Sequence[Any] | None = None


def _set(machine: Machine, at: At, value: Any) -> Any:
    return writing.changed(machine, at.tensor, at.key or (), value)


def _get(machine: Machine, at: At) -> Any:
    return ops.index(machine, at.tensor, tuple(at.key or ()))


def _apply(machine: Machine, at: At, function: Any) -> Any:
    return _set(machine, at, machine.call(function, (_get(machine, at),)))


def _folded(name: str) -> Callable[[Machine, At, Any], Any]:
    def call(machine: Machine, at: At, value: Any) -> Any:
        return gathering.gathered(machine, at.tensor, at.key or (), name, value)

    return call


WAYS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "set": _set, "get": _get, "apply": _apply, "add": _folded("add"),
        "subtract": _folded("sub"), "multiply": _folded("mul"), "mul": _folded("mul"),
        "divide": _folded("div"), "power": _folded("pow"), "min": _folded("minimum"),
        "max": _folded("maximum"),
    }
)  # fmt: skip
"""What can be done with the chosen places."""

WORDS = frozenset({"mode", "indices_are_sorted", "unique_indices", "wrap_negative_indices"})
"""What may be said that changes no value at places that there are."""


def way(at: At, name: str) -> Builtin:
    """A method of places that were chosen.

    Raises `UnknownNameError` for one that there is not, `UnsupportedError` without a key.
    """
    if at.key is None:
        raise UnsupportedError(".at stands before square brackets", hint="write x.at[i].set(v)")
    if name not in WAYS:
        raise UnknownNameError(f"nothing is called .at[...].{name}", hint=did_you_mean(name, WAYS))

    def call(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        given = {key: value for key, value in kwargs.items() if key not in WORDS}
        return WAYS[name](machine, at, *args, **given)

    return Builtin(name, call, f"x.at[...].{name} of what stands there")
