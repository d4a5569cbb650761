"""numpy's functions that write into an array which they are given."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.lang import ops, places, writing
from gradcalc.lang.dialects.readings import changing
from gradcalc.lang.dialects.readings.picking import within
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of


@changing
def copied_to(machine: Machine, dst: Any, src: Any, where: Any) -> None:
    """copyto, everywhere or where a mask holds."""
    if where is not True:
        src = ops.call(machine, "where", where, src, dst)
    writing.over(machine, dst, src)


@changing
def put(machine: Machine, a: Any, ind: Any, v: Any, mode: str) -> None:
    """put: at places counted in a row, the values over and over."""
    where = places.numbers(machine, ind).reshape(-1)
    where = within("put", where, ops.size(machine, a), mode)
    _write(machine, a, where, _repeated(machine, v, np.arange(len(where))))


@changing
def placed(machine: Machine, arr: Any, mask: Any, vals: Any) -> None:
    """place: where a mask holds, the values one after the other, over and over."""
    where = _places(machine, arr, mask)
    _write(machine, arr, where, _repeated(machine, vals, np.arange(len(where))))


@changing
def put_by_mask(machine: Machine, a: Any, mask: Any, values: Any) -> None:
    """putmask: where a mask holds, the value that is at the same place."""
    where = _places(machine, a, mask)
    _write(machine, a, where, _repeated(machine, values, where))


@changing
def put_along(machine: Machine, arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """put_along_axis: at each place of an index, along an axis."""
    where = places.numbers(machine, indices)
    shape = ops.shape(machine, arr)
    if axis is None:
        _write(machine, arr, within("put_along_axis", where.reshape(-1), math.prod(shape), "raise"),
               _repeated(machine, values, np.arange(where.size)))  # fmt: skip
        return
    dim = one_of(shape, ops.integer(machine, axis))
    if where.ndim != len(shape):
        raise ShapeError(f"put_along_axis takes an index of {len(shape)} dimensions")
    key: list[Any] = list(np.indices(where.shape, sparse=True))
    key[dim] = within("put_along_axis", where, shape[dim], "raise")
    writing.into(machine, arr, tuple(np.broadcast_arrays(*key)), values)


@changing
def diagonal(machine: Machine, a: Any, val: Any, wrap: Any) -> None:
    """fill_diagonal of one number, or of one for each place."""
    writing.diagonal(machine, a, val, bool(wrap))


def _places(machine: Machine, tensor: Any, mask: Any) -> Any:
    marks = places.truths(machine, mask)
    if marks.size != ops.size(machine, tensor):
        raise ShapeError("the mask has another number of elements than the array")
    return np.flatnonzero(marks)


def _repeated(machine: Machine, values: Any, turns: Any) -> Any:
    """Of values in a row, over and over, those of some turns."""
    row = ops.reshape(machine, ops.tensor(machine, values), (-1,))
    size = ops.size(machine, row)
    if not size and len(turns):
        raise ShapeError("there are no values to put")
    return ops.index(machine, row, (turns % max(size, 1),))


def _write(machine: Machine, tensor: Any, where: Any, values: Any) -> None:
    key = np.unravel_index(where, ops.shape(machine, tensor))
    writing.into(machine, tensor, tuple(np.asarray(part) for part in key), values)
