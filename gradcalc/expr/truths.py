"""Which expressions are written as truth values, of which `+` is or and a difference is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import is_indicator

KEEPING = (ops.SCATTER, ops.EMBED, ops.TRIL, ops.TRIU)
"""Operations that put zeros beside truth values, which stay truth values."""

PEAKS = tuple(ops.PEAKS.values())
"""Operations that are written as comparisons where no elements tie."""


def is_truth(body: Any, nodes: Mapping[Any, Node]) -> bool:
    """Whether what is written for an expression may be a truth value, its sign aside.

    `nodes` are those that the symbols of the expression stand for.
    """
    if body in nodes:
        return _is_truth_node(nodes[body], nodes)
    factors = [factor for factor in sympy.Mul.make_args(body) if factor != -1]
    return bool(factors) and all(
        is_indicator(factor) or (factor in nodes and _is_truth_node(nodes[factor], nodes))
        for factor in factors
    )


def _is_truth_node(node: Node, nodes: Mapping[Any, Node]) -> bool:
    while (node.op.moves or node.op in KEEPING) and len(node.operands) == 1:
        (node,) = node.operands
    if node.op is not ops.MAP:
        return node.op in PEAKS
    # of another shape, the condition is written times ones
    own = np.broadcast_shapes(*[operand.shape for operand in node.operands])
    return own == node.shape and is_truth(node["body"], nodes)
