"""What stands in square brackets, as numbers, slices and numpy's arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import operators, ops
from gradcalc.lang.indexing import counted_with_arrays
from gradcalc.lang.machine import LARGEST_INTEGER, Complex, Machine
from gradcalc.lang.objects import Class, Instance
from gradcalc.lang.program import JAX, NUMPY, text_of


@dataclass(frozen=True, slots=True)
class Single:
    """One truth value as a whole key: it takes all, in a dimension of its own, or nothing."""

    true: bool


def checked_key(machine: Machine, value: Any, given: Sequence[Any]) -> tuple[Any, ...]:
    """A key as numbers, slices and numpy's arrays, read as the library of the text does.

    That of a dictionary is as it is.
    """
    if isinstance(value, dict | Instance | Class):
        return tuple(given)
    if (odd := next((part for part in given if type(part) is float), None)) is not None:
        numpys = machine.is_tensor(value) and machine.program.naming.arrays == NUMPY
        raise InvalidValueError(
            f"an index is a whole number to Python, not {odd!r}",
            python="IndexError" if numpys else "TypeError",
        )
    if isinstance(value, list | tuple | range | str):
        # Python's own are numbers
        given = [int(part) if isinstance(part, bool) else part for part in given]
    key = tuple([_key_item(machine, part) for part in given])
    complexly = isinstance(value, Complex)
    if isinstance(value, Complex):
        value = value.im if value.re is None else value.re
    if not machine.is_tensor(value) and not isinstance(value, list | tuple | range | str):
        raise ShapeError(f"{machine.describe(value)} cannot be indexed")
    if any(isinstance(part, Single) for part in key) and (len(key) > 1 or complexly):
        raise InvalidValueError(
            "one truth value is no index beside others", hint="write x[m] first: x[m][:, 0]"
        )
    if machine.is_tensor(value) and machine.program.naming.arrays in (NUMPY, JAX):
        key = counted_with_arrays(key, len(machine.shape(value)))
    return key


def _key_item(machine: Machine, value: Any) -> Any:
    """One part of a key: a number, an array of them or of truth values, or a slice."""
    if value is None or value is Ellipsis or isinstance(value, slice):
        return value
    if isinstance(value, list | tuple | range):
        if not value:
            return np.zeros(0, dtype=np.int64)
        value = ops.tensor(machine, value)
    # of no elements, a backend need not know whether they would be truth values
    empty = machine.is_tensor(value) and not ops.size(machine, value)
    if machine.is_mask(value) or (empty and not machine.is_integer(value)):
        return _mask(machine, value)
    if not machine.is_tensor(value):
        return ops.integer(machine, value)
    numbers = machine.elements(value)
    if not np.all((numbers == np.round(numbers)) & (np.abs(numbers) < LARGEST_INTEGER)):
        raise InvalidValueError("an index must be a whole number")
    if machine.carries(value):
        machine.note("index", text_of(machine.node, machine.source), machine.node, value)
    return int(numbers) if numbers.ndim == 0 else numbers.astype(np.int64)


def _mask(machine: Machine, value: Any) -> Any:
    if not machine.is_tensor(value) or not machine.shape(value):
        if machine.program.naming.arrays == JAX:
            raise InvalidValueError(
                "one truth value is no index", hint="choose with where(condition, a, b)"
            )
        return Single(operators.truth(machine, value))
    # which elements are taken is decided by all of them
    operators.holds(machine, value, "logical_and")
    return machine.elements(value).astype(np.bool_)
