"""Tensors made of numbers, lists and other tensors."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.readings.common import Node, node_name
from gradcalc.lang.machine import Machine


def copied(machine: Machine, node: Node, data: Any) -> Any:
    """torch.tensor: new numbers, through which no gradient passes."""
    # which counts the items, however often lists hold one another
    tensor = ops.tensor(machine, data)
    if not machine.is_tensor(data):
        _check_singles(machine, data)
    return machine.cut_by(tensor, node_name(node))


def _check_singles(machine: Machine, data: Any) -> None:
    """Of a list of tensors of one element torch makes numbers, whatever their dimensions."""
    for item in data if isinstance(data, list | tuple) else ():
        if machine.is_tensor(item):
            if ops.shape(machine, item) and ops.size(machine, item) == 1:
                raise ShapeError(
                    f"in a list torch takes a tensor of shape {ops.shape(machine, item)} for a number",
                    hint="write x[0], or stack([...])",
                )
        else:
            _check_singles(machine, item)


def copied_of_list(machine: Machine, node: Node, data: Any) -> Any:
    """torch.as_tensor: a tensor is itself, a list is copied."""
    return data if machine.is_tensor(data) else copied(machine, node, data)


def arrayed(machine: Machine, node: Node, **values: Any) -> Any:
    """np.array and np.asarray: a list as an array; an array itself, or a copy of it."""
    data, *_ = values.values()
    tensor = ops.tensor(machine, data)
    return machine.mark_array(machine.copy(tensor) if values.get("copy") else tensor)


def arrayed_copy(machine: Machine, node: Node, a: Any) -> Any:
    """np.copy, which makes an array of one of numpy's numbers too."""
    return machine.mark_array(machine.copy(ops.tensor(machine, a)))


def copied_array(machine: Machine, node: Node, a: Any) -> Any:
    """The method copy: of an array an array, of one of numpy's numbers a number."""
    copied = machine.copy(ops.tensor(machine, a))
    return machine.mark_array(copied) if machine.is_array(a) else copied


def chosen(machine: Machine, node: Node, condition: Any, x: Any, y: Any) -> Any:
    """np.where, whose result is an array of no dimensions where another function's is a number."""
    return machine.mark_array(ops.call(machine, "where", condition, x, y))


def counted(machine: Machine, node: Node, self: Any) -> Any:
    """torch's ndimension and nelement."""
    return (
        ops.size(machine, self) if node_name(node) == "nelement" else len(ops.shape(machine, self))
    )


def numpy_eye(machine: Machine, node: Node, **values: Any) -> Any:
    """numpy's eye, with its ones on any diagonal."""
    rows, columns, diagonal = values.values()
    columns = rows if columns is None else columns
    # which says what is wrong with the sizes
    BUILTINS["eye"].call(machine, node, rows, columns)
    return machine.constant(
        np.eye(ops.integer(machine, rows), ops.integer(machine, columns), diagonal)
    )


def numpy_linspace(
    machine: Machine, node: Node, start: Any, stop: Any, num: Any, endpoint: Any
) -> Any:
    """numpy's linspace of two numbers, with its end or without it."""
    if endpoint:
        return BUILTINS["linspace"].call(machine, node, start, stop, num)
    points = BUILTINS["linspace"].call(machine, node, start, stop, num + 1)
    return ops.index(machine, points, (slice(0, num),))


def arranged(machine: Machine, node: Node, bounds: Any) -> Any:
    """arange of one to three numbers."""
    if not 1 <= len(bounds) <= 3:
        raise InvalidValueError(f"arange takes one to three numbers, not {len(bounds)}")
    return BUILTINS["arange"].call(machine, node, *bounds)


def inclusive_range(machine: Machine, node: Node, bounds: Any) -> Any:
    """torch's own range, which has its end in it: nobody means that."""
    raise UnsupportedError(
        "torch.range has its end in it", hint="Python's range needs no import from torch"
    )


def sized(machine: Machine, node: Node, a: Any, axis: Any) -> Any:
    """numpy's size: how many elements there are, or places along an axis."""
    if axis is None:
        return ops.size(machine, a)
    return BUILTINS["size"].call(machine, node, a, axis)
