"""Tensors made of numbers, lists and other tensors."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.readings.common import Node, call, node_name


def copied(machine: Any, node: Node, data: Any) -> Any:
    """torch.tensor: new numbers, through which no gradient passes."""
    # which counts the items, however often lists hold one another
    tensor = machine.tensor(data)
    if not machine.is_tensor(data):
        _check_singles(machine, data)
    return machine.cut_by(tensor, node_name(node))


def _check_singles(machine: Any, data: Any) -> None:
    """Of a list of tensors of one element torch makes numbers, whatever their dimensions."""
    for item in data if isinstance(data, list | tuple) else ():
        if machine.is_tensor(item):
            if machine.shape(item) and machine.size(item) == 1:
                raise ShapeError(
                    f"in a list torch takes a tensor of shape {machine.shape(item)} for a number",
                    hint="write x[0], or stack([...])",
                )
        else:
            _check_singles(machine, item)


def copied_of_list(machine: Any, node: Node, data: Any) -> Any:
    """torch.as_tensor: a tensor is itself, a list is copied."""
    return data if machine.is_tensor(data) else copied(machine, node, data)


def arrayed(machine: Any, node: Node, **values: Any) -> Any:
    """np.array and np.asarray: a list as an array; an array itself, or a copy of it."""
    data, *_ = values.values()
    tensor = machine.tensor(data)
    return _array(machine, machine.copy(tensor) if values.get("copy") else tensor)


def arrayed_copy(machine: Any, node: Node, a: Any) -> Any:
    """np.copy, which makes an array of one of numpy's numbers too."""
    return _array(machine, machine.copy(machine.tensor(a)))


def copied_array(machine: Any, node: Node, a: Any) -> Any:
    """The method copy: of an array an array, of one of numpy's numbers a number."""
    copied = machine.copy(machine.tensor(a))
    return _array(machine, copied) if any(a is array for array in machine.arrays) else copied


def chosen(machine: Any, node: Node, condition: Any, x: Any, y: Any) -> Any:
    """np.where, whose result is an array of no dimensions where another function's is a number."""
    return _array(machine, call(machine, "where", condition, x, y))


def _array(machine: Any, tensor: Any) -> Any:
    """A tensor, of which is remembered that numpy has an array where it has no dimensions."""
    if machine.is_tensor(tensor) and not machine.shape(tensor):
        machine.arrays.append(tensor)
    return tensor


def counted(machine: Any, node: Node, self: Any) -> Any:
    """torch's ndimension and nelement."""
    return machine.size(self) if node_name(node) == "nelement" else len(machine.shape(self))


def numpy_eye(machine: Any, node: Node, **values: Any) -> Any:
    """numpy's eye, with its ones on any diagonal."""
    rows, columns, diagonal = values.values()
    columns = rows if columns is None else columns
    # which says what is wrong with the sizes
    BUILTINS["eye"].call(machine, node, rows, columns)
    return machine.constant(np.eye(machine.integer(rows), machine.integer(columns), diagonal))


def numpy_linspace(machine: Any, node: Node, start: Any, stop: Any, num: Any, endpoint: Any) -> Any:
    """numpy's linspace of two numbers, with its end or without it."""
    if endpoint:
        return BUILTINS["linspace"].call(machine, node, start, stop, num)
    points = BUILTINS["linspace"].call(machine, node, start, stop, num + 1)
    return machine.index(points, (slice(0, num),))


def arranged(machine: Any, node: Node, bounds: Any) -> Any:
    """arange of one to three numbers."""
    if not 1 <= len(bounds) <= 3:
        raise InvalidValueError(f"arange takes one to three numbers, not {len(bounds)}")
    return BUILTINS["arange"].call(machine, node, *bounds)


def inclusive_range(machine: Any, node: Node, bounds: Any) -> Any:
    """torch's own range, which has its end in it: nobody means that."""
    raise UnsupportedError(
        "torch.range has its end in it", hint="Python's range needs no import from torch"
    )


def sized(machine: Any, node: Node, a: Any, axis: Any) -> Any:
    """numpy's size: how many elements there are, or places along an axis."""
    if axis is None:
        return machine.size(a)
    return BUILTINS["size"].call(machine, node, a, axis)
