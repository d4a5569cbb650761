"""Losses, with torch's older words."""

import re
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang.dialects.readings.common import Node, call, like
from gradcalc.primitives import BY_NAME, Composite


def loss(name: str) -> Any:
    """A loss, with the older words that torch takes for its reduction."""

    def read(
        machine: Any,
        node: Node,
        input: Any,
        target: Any,
        reduction: Any,
        size_average: Any = None,
        reduce: Any = None,
        **options: Any,
    ) -> Any:
        if size_average is not None or reduce is not None:
            average = size_average is None or machine.truth(size_average)
            wanted = reduce is None or machine.truth(reduce)
            reduction = ("mean" if average else "sum") if wanted else "none"
        shapes = machine.shape(input), machine.shape(target)
        if name.startswith("binary") and shapes[0] != shapes[1]:
            raise ShapeError(f"{name} of shapes {shapes[0]} and {shapes[1]}")
        *words, last = reductions(name)
        if reduction not in (*words, last):
            known = ", ".join(map(repr, words))
            raise InvalidValueError(f"{name} is reduced by {known} or {last!r}")
        return call(machine, name, input, target, reduction=reduction, **options)

    return like(name, read)


def reductions(name: str) -> tuple[str, ...]:
    """The words for what is made of a loss's elements, as its definition has them."""
    row = BY_NAME[name]
    assert isinstance(row, Composite)
    return ("mean", *re.findall(r"reduction == '(\w+)'", row.definition))
