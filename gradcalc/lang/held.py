"""Arguments whose numbers are data: labels, positions and signs, which pass no gradient back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.machine import LARGEST_INTEGER, Machine
from gradcalc.lang.program import text_of
from gradcalc.primitives import Composite, Structural
from gradcalc.primitives.row import held_of


def data(
    machine: Machine, row: Structural | Composite, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of a primitive's arguments that are held, as they are from here on.

    Raises `UnsupportedError` for those that have a gradient which torch does not give, and
    `InvalidValueError` for numbers that are not whole where whole ones stand for something.
    """
    names, fixed = held_of(row, lambda name: machine.shape(arguments[name]))
    for key in fixed:
        value = arguments[key]
        if machine.is_tensor(value) and machine.carries(value):
            raise UnsupportedError(
                f"torch's {row.name} has no gradient by {key}",
                hint="--wrt says by which inputs to differentiate; detach(...) makes data of it",
            )
    held = {}
    for key in names:
        value = arguments[key]
        if key in row.whole and not _is_whole(machine, value):
            raise InvalidValueError(f"{row.name} takes whole numbers for {key}")
        if machine.is_tensor(value):
            if machine.carries(value):
                machine.note("data", text_of(machine.node, machine.source), machine.node, value)
            if machine.is_integer(value):
                # asked for, so that it is known what hangs on whole numbers that are counted
                machine.checked(value)
            # what stands for something stays what it is around the point
            called = (name for name, known in machine.frame.values.items() if known is value)
            hold = machine.detach if machine.is_mask(value) else machine.fixed
            held[key] = hold(value, next(called, None))
    return held


def _is_whole(machine: Machine, value: Any) -> bool:
    if not machine.is_tensor(value):
        return not isinstance(value, float) or value.is_integer()
    if machine.is_integer(value) or machine.is_mask(value):
        return True
    numbers = machine.checked(value)
    return bool(np.all((numbers == np.round(numbers)) & (np.abs(numbers) < LARGEST_INTEGER)))
