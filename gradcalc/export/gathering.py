"""Truth values of all elements, or of any, which a program joins in halves, as one operation."""

from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms, Node
from gradcalc.expr.scalars import is_indicator


def gathered(forms: Forms, node: Node) -> Node:
    """A truth value as the least or the greatest of the elements it is joined of, else as it is."""
    join, found = None, node
    while (halves := _halves(found)) is not None:
        if join not in (None, halves[0]):
            return node
        join, found = halves
    while found.op is ops.RESHAPE:
        (found,) = found.operands
    if join is None or not found.shape or found.op is not ops.MAP:
        return node
    if not is_indicator(found["body"]):
        return node
    op = ops.AMIN if join is sympy.And else ops.AMAX
    return forms(op, found, axes=tuple(range(found.ndim)))


def _halves(node: Node) -> tuple[Any, Node] | None:
    """How the halves of an array are joined, and the array."""
    if node.op is not ops.CONCAT or not 1 <= len(node.operands) <= 2:
        return None
    joined, *odd = node.operands
    if joined.op is not ops.MAP or len(joined.operands) != 2 or not is_indicator(joined["body"]):
        return None
    parts = [*joined.operands, *odd]
    condition, (size,) = joined["body"].args[0], joined.shape
    zero = [sympy.Ne(symbol, 0) for symbol in joined["symbols"]]
    join = next((j for j in (sympy.And, sympy.Or) if condition == j(*zero)), None)
    if join is None or any(part.op is not ops.INDEX for part in parts):
        return None
    (whole,) = parts[0].operands
    keys = [((0, size, 1),), ((size, size, 1),), ((2 * size, 1, 1),)]
    same = all(part.operands[0] is whole for part in parts)
    fits = [part["key"] for part in parts] == keys[: len(parts)]
    return (join, whole) if same and fits and whole.shape == (2 * size + len(odd),) else None
