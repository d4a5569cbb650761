"""Functions of functions, as each library calls them."""

from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import mapping
from gradcalc.lang.machine import Machine


def vmapped(
    machine: Machine, way: str, func: Any, in_dims: Any, out_dims: Any, **_: Any
) -> mapping.Mapped:
    """torch's vmap."""
    return mapping.Mapped(way, _function(machine, func), in_dims, out_dims)


def jax_vmapped(machine: Machine, way: str, fun: Any, in_axes: Any, out_axes: Any) -> Any:
    """jax's vmap."""
    return mapping.Mapped(way, _function(machine, fun), in_axes, out_axes)


def vectorized(machine: Machine, pyfunc: Any) -> mapping.Mapped:
    """numpy's vectorize, which is a loop."""
    return mapping.Mapped("vectorize", _function(machine, pyfunc))


def along_axis(machine: Machine, func1d: Any, axis: Any, arr: Any, args: Any) -> Any:
    """numpy's apply_along_axis."""
    function = _function(machine, func1d)
    return mapping.along_axis(machine, machine.apply_function, function, axis, arr, tuple(args))


def in_pieces(machine: Machine, x: Any, condlist: Any, funclist: Any, args: Any) -> Any:
    """numpy's piecewise."""
    return mapping.in_pieces(machine, machine.apply_function, x, condlist, funclist, tuple(args))


def _function(machine: Machine, value: Any) -> Any:
    if machine.is_tensor(value) or isinstance(value, int | float | str | list | tuple):
        raise InvalidValueError(f"{machine.describe(value)} is no function")
    if value is None:
        raise UnsupportedError("a function is needed here")
    return value
