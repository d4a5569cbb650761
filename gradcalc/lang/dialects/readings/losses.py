"""Losses, whose elements are averaged, summed or left alone."""

import re
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import operators, ops
from gradcalc.lang.dialects.readings import alike
from gradcalc.lang.machine import Machine
from gradcalc.primitives import BY_NAME, Composite


@alike
def loss(
    machine: Machine,
    name: str,
    reduction: Any,
    size_average: Any = None,
    reduce: Any = None,
    **given: Any,
) -> Any:
    """A loss, with the older words that torch takes for its reduction."""
    if size_average is not None or reduce is not None:
        average = size_average is None or operators.truth(machine, size_average)
        wanted = reduce is None or operators.truth(machine, reduce)
        reduction = ("mean" if average else "sum") if wanted else "none"
    if name.startswith("binary"):
        shapes = [ops.shape(machine, given[key]) for key in ("input", "target")]
        if shapes[0] != shapes[1]:
            raise ShapeError(f"{name} of shapes {shapes[0]} and {shapes[1]}")
    *words, last = reductions(name)
    if reduction not in (*words, last):
        known = ", ".join(map(repr, words))
        raise InvalidValueError(f"{name} is reduced by {known} or {last!r}")
    return ops.call(machine, name, reduction=reduction, **given)


def reductions(name: str) -> tuple[str, ...]:
    """The words for what is made of a loss's elements, as its definition has them."""
    row = BY_NAME[name]
    assert isinstance(row, Composite)
    words = ["mean", *re.findall(r"reduction == '(\w+)'", row.definition)]
    return tuple(dict.fromkeys(words))


def by_distance(
    machine: Machine, anchor: Any, positive: Any, negative: Any, distance_function: Any,
    margin: Any, swap: Any, reduction: Any,
) -> Any:  # fmt: skip
    """triplet_margin_with_distance_loss, whose distance is a function of two tensors."""
    given = {"anchor": anchor, "positive": positive, "negative": negative}
    if distance_function is None:
        return loss(
            machine, "triplet_margin_loss", reduction, margin=margin, p=2, swap=swap, **given
        )
    if not machine.number(ops.tensor(machine, margin)) > 0:
        raise InvalidValueError("the margin is greater than 0", python="ValueError")
    if reduction not in ("mean", "sum", "none"):
        raise InvalidValueError("the loss is reduced by 'mean', 'sum' or 'none'")
    near = machine.call(distance_function, (anchor, positive))
    away = machine.call(distance_function, (anchor, negative))
    if swap:
        other = machine.call(distance_function, (positive, negative))
        away = ops.binary(machine, "minimum", away, other)
    lacks = ops.binary(machine, "sub", ops.binary(machine, "add", margin, near), away)
    found = ops.call(machine, "clamp", lacks, min=0)
    return found if reduction == "none" else ops.call(machine, reduction, found)
