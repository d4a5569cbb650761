"""numpy's `order=`: elements read and laid out row by row, or column by column.

Column by column is row by row of the transpose, in memory too.
"""

from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops, views
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.readings import alike, shapes
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import JAX
from gradcalc.primitives.shapes import numbers


def _turned(machine: Machine, x: Any) -> Any:
    return ops.call(machine, "transpose", x)


def _is_by_columns(machine: Machine, x: Any, order: Any) -> bool:
    """Whether the elements are read column by column."""
    word = "C" if order is None else order.upper()
    if word in ("C", "F"):
        return bool(word == "F")
    if machine.program.naming.arrays == JAX:
        raise UnsupportedError(f"jax has no order={order!r}", hint="write order='C' or order='F'")
    if len(ops.shape(machine, x)) < 2 or views.in_order(x):
        return False
    if views.in_order(_turned(machine, x)):
        return True
    if word == "A" and x.owner.ordered:
        return False
    raise UnsupportedError(
        f"order={order!r} hangs on how the elements lie in memory, which is not known here",
        hint="write order='C' or order='F'",
    )


@alike
def reshaped(machine: Machine, name: str, a: Any, shape: Any, order: Any) -> Any:
    """numpy's reshape, in one order or the other."""
    x = ops.tensor(machine, a)
    if order is not None and order.upper() == "K":
        raise InvalidValueError("reshape takes C, F or A for order", python="ValueError")
    if not _is_by_columns(machine, x, order):
        return ops.call(machine, name, x, shape)
    return _turned(machine, ops.call(machine, name, _turned(machine, x), numbers(shape)[::-1]))


def _read(machine: Machine, a: Any, order: Any) -> Any:
    """The array, or its transpose, whose rows are read."""
    x = ops.tensor(machine, a)
    return _turned(machine, x) if _is_by_columns(machine, x, order) else x


def raveled(machine: Machine, a: Any, order: Any) -> Any:
    """numpy's ravel, in one order or the other."""
    return shapes.raveled(machine, a=_read(machine, a, order))


def flat_copy(machine: Machine, a: Any, order: Any) -> Any:
    """numpy's flatten, in one order or the other."""
    return shapes.flat_copy(machine, _read(machine, a, order))


def in_columns(machine: Machine, a: Any) -> Any:
    """np.asfortranarray: the array itself where it lies column by column, else a copy."""
    x = ops.tensor(machine, a)
    if len(ops.shape(machine, x)) < 2:
        return machine.mark_array(views.contiguous(machine, x))
    return _turned(machine, views.contiguous(machine, _turned(machine, x)))


def laid_out(machine: Machine, x: Any, order: Any) -> Any:
    """An array that nobody else has, as it is made in an order."""
    by_columns = order is not None and order.upper() == "F"
    if not by_columns or len(ops.shape(machine, x)) < 2:
        return x
    rows = machine.copy(_turned(machine, x))
    rows.ordered = True
    return _turned(machine, rows)


@alike
def filled(machine: Machine, name: str, order: Any, **values: Any) -> Any:
    """numpy's zeros, ones and full, in one order or the other."""
    return laid_out(machine, BUILTINS[name].call(machine, *values.values()), order)


def arrayed(machine: Machine, object: Any, copy: Any, order: Any) -> Any:
    """np.array: a list as an array, an array itself or a copy of it, in one order or the other."""
    if order is None or order.upper() != "F":
        return shapes.arrayed(machine, object=object, copy=copy)
    if not copy:
        raise UnsupportedError(
            "whether an array is copied into another order is not known here",
            hint="write np.asfortranarray(x), or leave copy or order out",
        )
    return laid_out(machine, shapes.arrayed(machine, object=object, copy=copy), order)
