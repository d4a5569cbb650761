"""Nodes → numbers, in any arithmetic."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.expr.leaves import CHAIN, LITERAL, MAP, VAR
from gradcalc.expr.nodes import Node, ancestry, uses


def evaluate(roots: Sequence[Node], arithmetic: Any, inputs: Mapping[str, Any]) -> list[Any]:
    """The values of nodes at the inputs, as arrays of the arithmetic's numbers.

    What is no longer needed is let go, so that memory follows the widest part of the graph.
    """
    nodes = ancestry(roots)
    left = dict(uses(nodes))
    for root in roots:
        left[root.order] += 1
    values: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in nodes:
            values[node.order] = _value(node, values, arithmetic, inputs)
            for operand in node.operands:
                left[operand.order] -= 1
                if not left[operand.order]:
                    values.pop(operand.order, None)
    return [arithmetic.asarray(values[root.order]) for root in roots]


def _value(
    node: Node, values: Mapping[int, Any], arithmetic: Any, inputs: Mapping[str, Any]
) -> Any:
    if node.op is VAR:
        return arithmetic.held(inputs[node["name"]])
    if node.op is LITERAL:
        return arithmetic.held(node["data"].array)
    operands = [values[operand.order] for operand in node.operands]
    if node.op not in (MAP, CHAIN) and not node.op.moves:
        operands = list(map(arithmetic.asarray, operands))
    result = node.op.array(arithmetic, *operands, **dict(node.static))
    return result if isinstance(result, np.ndarray) else arithmetic.asarray(result)
