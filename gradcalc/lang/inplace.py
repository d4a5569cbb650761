"""Methods that change their receiver: torch's with an underscore, and numpy's own."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang import ops, writing
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.readings import chance, memories
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.program import JAX, NUMPY

RESHAPING = frozenset({
    "t", "transpose", "squeeze", "unsqueeze", "swapaxes", "swapdims", "set", "detach",
    "permute", "as_strided", "unflatten",
})  # fmt: skip
"""Methods whose form with an underscore changes what the tensor is, not what stands in it."""


def method(machine: Machine, name: str) -> Builtin | None:
    """The method that changes its receiver, None where there is none of that name."""
    arrays = machine.program.naming.arrays
    if arrays == JAX:
        return None
    own = OWN.get(name)
    if own is not None and (name in NUMPYS) is (arrays == NUMPY):
        return Builtin(name, own, "writes into its receiver")
    plain = name.removesuffix("_")
    if arrays == NUMPY or plain == name or name.endswith("__"):
        return None
    found = catalogue.method(plain, machine.program.naming)
    if found is None:
        return None
    if plain in RESHAPING:
        raise UnsupportedError(
            f".{name}() cannot be used in a program", hint=f"write x = x.{plain}(...)"
        )

    def call(machine: Machine, held: Any, *args: Any, **kwargs: Any) -> Any:
        if plain.startswith("logical_") and machine.is_tensor(held) and machine.carries(held):
            raise UnsupportedError(
                f"torch's autograd does not see .{name}(): the old gradient passes through",
                hint=f"write x = x.{plain}(...)",
            )
        since = machine.kept
        with machine.nets.renewing(held):
            value = machine.apply_function(machine, found, (held, *args), kwargs)
        return writing.in_place(machine, held, value, since, (*args, *kwargs.values()))

    return Builtin(name, call, f"{plain} of its receiver, written into it")


def is_method(name: str) -> bool:
    """Whether some method that changes its receiver has this name."""
    plain = name.removesuffix("_")
    return name in OWN or (plain != name and plain in catalogue.methods())


def _fill(machine: Machine, held: Any, value: Any) -> Any:
    writing.into(machine, held, writing.ALL, value)
    return held


def _zero(machine: Machine, held: Any) -> Any:
    return _fill(machine, held, 0.0)


def _copy(machine: Machine, held: Any, src: Any, non_blocking: bool = False) -> Any:
    return _fill(machine, held, src)


def _numpys_fill(machine: Machine, held: Any, value: Any) -> None:
    _fill(machine, held, value)


def _sort(machine: Machine, held: Any, axis: int = -1) -> None:
    writing.over(machine, held, ops.call(machine, "sort", held, axis)[0])


OWN: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **chance.FILLING,
        **memories.RESIZING,
        "fill_": _fill,
        "zero_": _zero,
        "copy_": _copy,
        "fill_diagonal_": writing.diagonal,
        "fill": _numpys_fill,
        "sort": _sort,
    }
)
"""Those which are no other method written into the receiver."""

NUMPYS = frozenset({"fill", "sort"})
"""Those of numpy's arrays."""
