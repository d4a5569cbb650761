"""Tensors as places: whole numbers that say where, and truth values that say whether."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError
from gradcalc.lang import operators, ops
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import text_of

LARGEST = 2**31
"""No place can be beyond."""


def numbers(machine: Machine, value: Any) -> NDArray[np.int64]:
    """Whole numbers as an array, whatever they are given as."""
    if isinstance(value, np.ndarray):
        return value.astype(np.int64)
    if isinstance(value, list | tuple | range) and not len(value):
        return np.zeros(0, dtype=np.int64)
    tensor = ops.tensor(machine, value)
    if machine.is_mask(tensor):
        raise InvalidValueError(
            "truth values are no index here", hint="x[mask], or masked_select(x, mask)"
        )
    found = machine.elements(tensor)
    if not np.all((found == np.round(found)) & (np.abs(found) < LARGEST)):
        raise InvalidValueError("an index must be a whole number")
    if machine.carries(tensor):
        machine.note("index", text_of(machine.node, machine.source), machine.node, tensor)
    return np.asarray(np.round(found), dtype=np.int64)


def truths(machine: Machine, value: Any) -> NDArray[np.bool_]:
    """Which elements are true: of numbers those that are not 0."""
    if isinstance(value, np.ndarray):
        return np.asarray(value != 0, dtype=np.bool_)
    tensor = ops.tensor(machine, value)
    if not ops.size(machine, tensor):
        return np.zeros(ops.shape(machine, tensor), dtype=np.bool_)
    marks = tensor if machine.is_mask(tensor) else ops.binary(machine, "ne", tensor, 0)
    # which elements are taken is decided by all of them
    operators.holds(machine, marks, "logical_and")
    return machine.elements(marks).astype(np.bool_)


def whole(machine: Machine, places: Any) -> Any:
    """An array of whole numbers as a tensor of them."""
    return machine.mark_integer(machine.constant(np.asarray(places, dtype=np.float64)))
