"""Tensors made anew, and the same elements in another shape or order."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops, views
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.readings import called
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers as several


def numpy_transposed(machine: Machine, a: Any, axes: Any) -> Any:
    """numpy's transpose: the axes in another order, reversed where none is named."""
    a = ops.tensor(machine, a)
    if axes is not None and len(axes) == 1 and isinstance(axes[0], list | tuple):
        (axes,) = axes
    if axes in (None, (), (None,)):
        return ops.call(machine, "transpose", a)
    return ops.call(machine, "permute", a, axes)


def flat_copy(machine: Machine, a: Any) -> Any:
    """numpy's flatten, which copies."""
    return machine.copy(ops.call(machine, "flatten", a))


def raveled(machine: Machine, **values: Any) -> Any:
    """ravel, which copies wherever the elements do not stand one after another."""
    (x,) = values.values()
    return views.contiguous(machine, ops.call(machine, "flatten", x))


def numpy_diag(machine: Machine, v: Any, k: Any) -> Any:
    """numpy's diag: of a matrix a view, as its diagonal is."""
    v = ops.tensor(machine, v)
    return ops.call(machine, "diagonal" if len(ops.shape(machine, v)) == 2 else "diag", v, k)


def last_diagonal(
    machine: Machine, offset: Any, dim1: Any = -2, dim2: Any = -1, **values: Any
) -> Any:
    """The diagonal of numpy's and torch's linalg: of the last two dimensions."""
    return ops.call(machine, "diagonal", *values.values(), offset, dim1, dim2)


def matrix_transposed(machine: Machine, input: Any) -> Any:
    """torch's t: of at most two dimensions."""
    if len(ops.shape(machine, input)) > 2:
        raise ShapeError(f"t() of more than two dimensions, of shape {ops.shape(machine, input)}")
    return ops.call(machine, "transpose", input)


def squeezed_along(machine: Machine, input: Any, dim: Any) -> Any:
    """torch's squeeze along no dimension at all, which changes nothing."""
    return ops.reshape(machine, input, ops.shape(machine, input))


def numpy_squeezed(machine: Machine, a: Any, axis: Any) -> Any:
    """numpy's squeeze, which refuses an axis of another size than 1."""
    a = ops.tensor(machine, a)
    shape = ops.shape(machine, a)
    for number in () if axis is None else several(axis):
        if shape and shape[one_of(shape, number)] != 1:
            raise ShapeError(f"squeeze of axis {number}, whose size is not 1, of shape {shape}")
    return ops.call(machine, "squeeze", a, axis)


def with_axes(machine: Machine, a: Any, axis: Any) -> Any:
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


def joined(machine: Machine, arrays: Any, axis: Any) -> Any:
    """numpy's concatenate: all elements in a row where the axis is None."""
    parts = [ops.tensor(machine, part) for part in ops.items(machine, arrays)]
    if axis is None:
        parts, axis = [ops.reshape(machine, part, (-1,)) for part in parts], 0
    if any(not ops.shape(machine, part) for part in parts):
        raise ShapeError("concatenate of single numbers", hint="write np.stack([a, b])")
    return ops.call(machine, "concat", parts, dim=axis)


def flipped(machine: Machine, **values: Any) -> Any:
    """torch's flip, which turns nothing round where no dimension is named."""
    x, dims = values.values()
    return ops.call(machine, "flip", x, dims) if len(dims) else x


def numpy_rolled(machine: Machine, a: Any, shift: Any, axis: Any) -> Any:
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


COPYING = frozenset({"as_tensor", "asarray", "new_tensor", "tensor"})
"""What torch calls its functions that copy numbers into a new tensor."""


def copied(machine: Machine, data: Any) -> Any:
    """torch.tensor: new numbers, through which no gradient passes."""
    # which counts the items, however often lists hold one another
    tensor = ops.tensor(machine, data)
    if not machine.is_tensor(data):
        _check_singles(machine, data)
    # whatever name the program has for the function
    word = called(machine)
    return machine.cut_by(tensor, word if word in COPYING else "tensor")


def _check_singles(machine: Machine, data: Any) -> None:
    """Of a list of tensors of one element torch makes numbers, whatever their dimensions."""
    for item in data if isinstance(data, list | tuple) else ():
        if machine.is_tensor(item):
            shape = machine.shape(item)
            if shape and math.prod(shape) == 1:
                raise ShapeError(
                    f"in a list torch takes a tensor of shape {shape} for a number",
                    hint="write x[0], or stack([...])",
                )
        else:
            _check_singles(machine, item)


def copied_of_list(machine: Machine, data: Any) -> Any:
    """torch.as_tensor: a tensor is itself, a list is copied."""
    return data if machine.is_tensor(data) else copied(machine, data)


def arrayed(machine: Machine, **values: Any) -> Any:
    """np.array and np.asarray: a list as an array; an array itself, or a copy of it."""
    data, *_ = values.values()
    tensor = ops.tensor(machine, data)
    return machine.mark_array(machine.copy(tensor) if values.get("copy") else tensor)


def arrayed_copy(machine: Machine, a: Any) -> Any:
    """np.copy, which makes an array of one of numpy's numbers too."""
    return machine.mark_array(machine.copy(ops.tensor(machine, a)))


def copied_array(machine: Machine, a: Any) -> Any:
    """The method copy: of an array an array, of one of numpy's numbers a number."""
    copied = machine.copy(ops.tensor(machine, a))
    return machine.mark_array(copied) if machine.is_array(a) else copied


def chosen(machine: Machine, condition: Any, x: Any, y: Any) -> Any:
    """np.where, whose result is an array of no dimensions where another function's is a number."""
    return machine.mark_array(ops.call(machine, "where", condition, x, y))


def counted(machine: Machine, self: Any) -> Any:
    """torch's ndimension and nelement, and the number of its device, -1 where it has none."""
    match called(machine):
        case "nelement":
            return ops.size(machine, self)
        case "get_device":
            return -1
    return len(ops.shape(machine, self))


def numpy_eye(machine: Machine, **values: Any) -> Any:
    """numpy's eye, with its ones on any diagonal."""
    rows, columns, diagonal = values.values()
    columns = rows if columns is None else columns
    # which says what is wrong with the sizes
    BUILTINS["eye"].call(machine, rows, columns)
    return machine.constant(
        np.eye(ops.integer(machine, rows), ops.integer(machine, columns), diagonal)
    )


def arranged(machine: Machine, bounds: Any, **named: Any) -> Any:
    """arange of one to three numbers, some of which may be named: the first, the end and a step."""
    if any(value is not None for value in named.values()):
        bounds = _bounds(tuple(bounds), *named.values())
    if not 1 <= len(bounds) <= 3:
        raise InvalidValueError(f"arange takes one to three numbers, not {len(bounds)}")
    return BUILTINS["arange"].call(machine, *bounds)


def _bounds(given: tuple[Any, ...], start: Any, end: Any, step: Any) -> tuple[Any, ...]:
    """All three, where some have their names."""
    places = {"start": start, "end": end, "step": step}
    alone = len(given) == 1 and start is None and end is None
    order = ("end",) if alone else [name for name in places if places[name] is None]
    if len(given) > len(order):
        raise InvalidValueError("arange is given a number twice", python="TypeError")
    places |= dict(zip(order, given, strict=False))
    if places["end"] is None:
        raise InvalidValueError("arange needs its end", python="TypeError")
    first, step = places["start"], places["step"]
    return 0 if first is None else first, places["end"], 1 if step is None else step


def inclusive_range(machine: Machine, bounds: Any) -> Any:
    """torch's own range, which has its end in it: nobody means that."""
    raise UnsupportedError(
        "torch.range has its end in it", hint="Python's range needs no import from torch"
    )


def sized(machine: Machine, a: Any, axis: Any) -> Any:
    """numpy's size: how many elements there are, or places along an axis."""
    if axis is None:
        return ops.size(machine, a)
    return BUILTINS["size"].call(machine, a, axis)
