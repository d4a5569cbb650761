"""What several rules are made with."""

import math

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.reducing import kept, reduced
from gradcalc.expr.simplify import Simplifier


def ones(s: Simplifier, shape: Shape) -> Node:
    """A tensor of ones."""
    return s.map(sympy.Integer(1), shape)


def squeezed_along(s: Simplifier, node: Node, axes: Shape, rank: int) -> Node | None:
    """An operand of a tensor of that rank without its share of some dimensions of size 1."""
    own = [axis - (rank - node.ndim) for axis in axes]
    own = [axis for axis in own if axis >= 0]
    if math.prod(node.shape) == 1 and node.ndim <= rank - len(axes):
        # a single number lies along whatever is left
        return node
    if any(node.shape[axis] != 1 for axis in own):
        return None
    return node if not own else s(ops.RESHAPE, node, shape=reduced(node.shape, tuple(own)))


def uncentred(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """The v of `v - mean(v)`, the mean along some dimensions; None if x is not of this form."""
    if x.op is not ops.MAP or not x["body"].is_Add:
        return None
    bodies = (x["body"], -x["body"])
    for symbol in x["symbols"]:
        node = s.node(symbol)
        mean = node.operands[0] if node.op is ops.RESHAPE else node
        if mean.op is not ops.MEAN or mean["axes"] != axes:
            continue
        (v,) = mean.operands
        along = (1,) * (v.ndim - node.ndim) + node.shape == kept(v.shape, axes)
        if along and v.shape == x.shape and s.body(v) - symbol in bodies:
            return v
    return None
