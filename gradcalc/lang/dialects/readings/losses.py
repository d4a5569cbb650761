"""Losses, with torch's older words."""

from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import operators, ops
from gradcalc.lang.dialects.readings.common import Node, like
from gradcalc.lang.machine import Machine


def loss(name: str) -> Any:
    """A loss, with the older words that torch takes for its reduction."""

    def read(
        machine: Machine,
        node: Node,
        input: Any,
        target: Any,
        reduction: Any,
        size_average: Any = None,
        reduce: Any = None,
        **options: Any,
    ) -> Any:
        if size_average is not None or reduce is not None:
            average = size_average is None or operators.truth(machine, size_average)
            wanted = reduce is None or operators.truth(machine, reduce)
            reduction = ("mean" if average else "sum") if wanted else "none"
        shapes = ops.shape(machine, input), ops.shape(machine, target)
        if name.startswith("binary") and shapes[0] != shapes[1]:
            raise ShapeError(f"{name} of shapes {shapes[0]} and {shapes[1]}")
        if reduction not in ("mean", "sum", "none"):
            raise InvalidValueError(f"{name} is reduced by 'mean', 'sum' or 'none'")
        return ops.call(machine, name, input, target, reduction=reduction, **options)

    return like(name, read)
