"""The same elements in another shape or order."""

from typing import Any

import numpy as np

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.dialects.readings.common import Node, like
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers as several


def numpy_transposed(machine: Machine, node: Node, a: Any, axes: Any) -> Any:
    """numpy's transpose: the axes in another order, reversed where none is named."""
    a = ops.tensor(machine, a)
    if axes is not None and len(axes) == 1 and isinstance(axes[0], list | tuple):
        (axes,) = axes
    if axes in (None, (), (None,)):
        return ops.call(machine, "transpose", a)
    return ops.call(machine, "permute", a, axes)


def flat_copy(machine: Machine, node: Node, a: Any) -> Any:
    """numpy's flatten, which copies."""
    return machine.copy(ops.call(machine, "flatten", a))


def swapped(machine: Machine, node: Node, a: Any, axis1: Any, axis2: Any) -> Any:
    """numpy's swapaxes."""
    return ops.call(machine, "transpose", a, axis1, axis2)


def numpy_diagonal(
    machine: Machine, node: Node, a: Any, offset: Any, axis1: Any, axis2: Any
) -> Any:
    """numpy's diagonal of any two axes."""
    return ops.call(machine, "diagonal", a, offset, axis1, axis2)


def numpy_diag(machine: Machine, node: Node, v: Any, k: Any) -> Any:
    """numpy's diag: of a matrix a view, as its diagonal is."""
    v = ops.tensor(machine, v)
    return ops.call(machine, "diagonal" if len(ops.shape(machine, v)) == 2 else "diag", v, k)


def numpy_last_diagonal(machine: Machine, node: Node, x: Any, offset: Any) -> Any:
    """numpy.linalg.diagonal: of the last two axes."""
    return ops.call(machine, "diagonal", x, offset, -2, -1)


def matrix_transposed(machine: Machine, node: Node, input: Any) -> Any:
    """torch's t: of at most two dimensions."""
    if len(ops.shape(machine, input)) > 2:
        raise ShapeError(f"t() of more than two dimensions, of shape {ops.shape(machine, input)}")
    return ops.call(machine, "transpose", input)


def numpy_squeezed(machine: Machine, node: Node, a: Any, axis: Any) -> Any:
    """numpy's squeeze, which refuses an axis of another size than 1."""
    a = ops.tensor(machine, a)
    shape = ops.shape(machine, a)
    for number in () if axis is None else several(axis):
        if shape and shape[one_of(shape, number)] != 1:
            raise ShapeError(f"squeeze of axis {number}, whose size is not 1, of shape {shape}")
    return ops.call(machine, "squeeze", a, axis)


def with_axes(machine: Machine, node: Node, a: Any, axis: Any) -> Any:
    """numpy's expand_dims, of one axis or several of the result."""
    a = ops.tensor(machine, a)
    shape, places = list(ops.shape(machine, a)), several(axis)
    rank = len(shape) + len(places)
    wanted = sorted(one_of([1] * rank, place) for place in places)
    if len(set(wanted)) < len(wanted):
        raise ShapeError(f"expand_dims names an axis twice: {tuple(places)}")
    for place in wanted:
        shape.insert(place, 1)
    return ops.reshape(machine, a, tuple(shape))


def joined(machine: Machine, node: Node, arrays: Any, axis: Any) -> Any:
    """numpy's concatenate: all elements in a row where the axis is None."""
    parts = [ops.tensor(machine, part) for part in ops.items(machine, arrays)]
    if axis is None:
        parts, axis = [ops.reshape(machine, part, (-1,)) for part in parts], 0
    if any(not ops.shape(machine, part) for part in parts):
        raise ShapeError("concatenate of single numbers", hint="write np.stack([a, b])")
    return ops.call(machine, "concat", parts, dim=axis)


def numpy_padded(
    machine: Machine, node: Node, array: Any, pad_width: Any, mode: Any, constant_values: Any
) -> Any:
    """numpy's pad: one width for every side, one pair for every axis, or a pair for each."""
    x = ops.tensor(machine, array)
    if mode != "constant":
        raise UnsupportedError(f"pad fills with constants only, not by {mode!r}")
    rank = len(ops.shape(machine, x))
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (rank, 2))
    except ValueError:
        raise ShapeError(f"pad of shape {ops.shape(machine, x)} by {pad_width}") from None
    amounts = tuple(int(n) for pair in widths[::-1] for n in pair)
    return ops.call(machine, "pad", x, amounts, value=constant_values)


def torch_padded(machine: Machine, node: Node, input: Any, pad: Any, mode: Any, value: Any) -> Any:
    """torch's pad: pairs for the last dimension, the last but one, and so on."""
    if mode != "constant":
        raise UnsupportedError(f"pad fills with constants only, not by {mode!r}")
    return ops.call(machine, "pad", input, tuple(pad), value=0.0 if value is None else value)


def last_diagonal(machine: Machine, node: Node, **values: Any) -> Any:
    """torch.linalg.diagonal: of the last two dimensions."""
    return ops.call(machine, "diagonal", *values.values())


def numpy_triangle(name: str) -> Any:
    """numpy's tril and triu, which refuse nothing but vectors here."""

    def read(machine: Machine, node: Node, m: Any, k: Any) -> Any:
        return ops.call(machine, name, ops.tensor(machine, m), diagonal=k)

    return like(name, read)


def flipped(machine: Machine, node: Node, **values: Any) -> Any:
    """torch's flip, which turns nothing round where no dimension is named."""
    x, dims = values.values()
    return ops.call(machine, "flip", x, dims) if len(dims) else x


def numpy_rolled(machine: Machine, node: Node, a: Any, shift: Any, axis: Any) -> Any:
    """numpy's roll: of all elements in a row where no axis is named."""
    a = ops.tensor(machine, a)
    if axis is None:
        return ops.call(machine, "roll", a, sum(several(shift)))
    shifts, axes = several(shift), several(axis)
    if len(shifts) == 1:
        shifts = shifts * len(axes)
    if len(axes) == 1:
        axes = axes * len(shifts)
    if len(shifts) != len(axes):
        raise ShapeError(f"roll by {len(shifts)} shifts along {len(axes)} axes")
    for count, place in zip(shifts, axes, strict=True):
        a = ops.call(machine, "roll", a, count, place)
    return a
