"""What numpy's functions of elements have behind a dot: `np.add.reduce`, `np.multiply.outer`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang import gathering, keys, ops, writing
from gradcalc.lang.dialects.readings import changing, folding, reductions
from gradcalc.lang.machine import Machine

ROWS: Mapping[str, str] = MappingProxyType(
    {
        "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
        "power": "pow", "float_power": "pow", "arctan2": "atan2", "remainder": "mod",
        "floor_divide": "floordiv", "greater": "gt", "greater_equal": "ge", "less": "lt",
        "less_equal": "le", "equal": "eq", "not_equal": "ne", "fmax": "fmax", "fmin": "fmin",
    }
)  # fmt: skip
"""What those are called here that have another name."""

REDUCED: Mapping[str, str] = MappingProxyType(
    {
        "add": "sum", "multiply": "prod", "maximum": "amax", "minimum": "amin",
        "logical_and": "all", "logical_or": "any", "logaddexp": "logsumexp",
    }
)  # fmt: skip
"""Over all elements along dimensions."""

RUNNING: Mapping[str, str] = MappingProxyType(
    {
        "add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin",
        "logaddexp": "logcumsumexp",
    }
)  # fmt: skip
"""Over those up to each."""


def outer(machine: Machine, name: str, **operands: Any) -> Any:
    """Of each element of the first with each of the second."""
    first, second = (ops.tensor(machine, x) for x in operands.values())
    behind = [1] * len(ops.shape(machine, second))
    spread = ops.reshape(machine, first, (*ops.shape(machine, first), *behind))
    return ops.binary(machine, ROWS.get(name, name), spread, second)


def reduced(
    machine: Machine, name: str, array: Any, axis: Any, keepdims: Any, initial: Any, where: Any
) -> Any:
    """One number along dimensions, the first of them where nothing is said."""
    row = REDUCED[name]
    x = ops.tensor(machine, array)
    if row in ("all", "any"):
        if initial is not None:
            raise UnsupportedError(f"np.{name}.reduce that begins with a truth value")
        return reductions.truths(machine, row, where, a=x, axis=axis, keepdims=bool(keepdims))
    if row == "logsumexp":
        if initial is not None or not folding.is_open(where):
            raise UnsupportedError(f"np.{name}.reduce of some elements, or of more")
        return ops.call(machine, row, x, axis, bool(keepdims))
    return reductions.reduced(machine, row, x, axis, bool(keepdims), initial, where)


def running(machine: Machine, name: str, array: Any, axis: Any) -> Any:
    """The numbers up to each along a dimension."""
    found = ops.call(machine, RUNNING[name], ops.tensor(machine, array), dim=axis)
    return found.values if hasattr(found, "_fields") else found


@changing
def unbuffered(machine: Machine, name: str, a: Any, indices: Any, b: Any) -> None:
    """`np.add.at`: into the array, once for each time that a place is named."""
    parts = list(indices) if isinstance(indices, tuple) else [indices]
    key = keys.checked_key(machine, a, parts)
    if any(isinstance(part, keys.Single) for part in key):
        raise UnsupportedError("one truth value is no index here", hint="choose with if")
    writing.over(machine, a, gathering.gathered(machine, a, key, ROWS.get(name, name), b))
