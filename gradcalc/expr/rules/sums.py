"""Rules of sums, and of what is made of them."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.reducing import kept, reduced
from gradcalc.expr.rules.common import ones, squeezed_along
from gradcalc.expr.simplify import Rule, Simplifier

FEW_TERMS = 12
"""Terms of a sum that are looked at one by one."""


def _sum_constant(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """Along dimensions in which nothing changes, a sum is a count."""
    if x.op is not ops.MAP:
        same = tuple(axis for axis in axes if x.shape[axis] == 1)
        if not same:
            return None
        rest = _renumbered(axes, same)
        if rest and len(axes) == x.ndim:
            # a sum of all elements does not mind the shape, and undoes this
            return None
        less = s(ops.RESHAPE, x, shape=reduced(x.shape, same))
        return s(ops.SUM, less, axes=rest) if rest else less
    own = s.spread_shape(x["body"])
    own = (1,) * (x.ndim - len(own)) + own
    same = tuple(axis for axis in axes if own[axis] == 1)
    few = math.prod(x.shape[axis] for axis in same)
    if not same or (few == 1 and len(same) < len(axes) == x.ndim):
        return None
    parts = {}
    for symbol, node in zip(x["symbols"], x.operands, strict=True):
        squeezed = squeezed_along(s, node, same, x.ndim)
        assert squeezed is not None
        parts[symbol] = s.body(squeezed)
    less = s.map(few * x["body"].xreplace(parts), reduced(x.shape, same))
    rest = _renumbered(axes, same)
    return s(ops.SUM, less, axes=rest) if rest else less


def _sum_spread(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """What is repeated is summed once."""
    if x.op is not ops.MAP:
        return None
    own = s.spread_shape(x["body"])
    padded = (1,) * (x.ndim - len(own)) + own
    if own == x.shape or any(padded[axis] != x.shape[axis] for axis in axes):
        return None
    less = x.ndim - len(own)
    total = s.map(x["body"], own)
    left = tuple(axis - less for axis in axes if axis >= less)
    if left:
        total = s(ops.SUM, total, axes=left)
    total = s(ops.RESHAPE, total, shape=reduced(padded, axes))
    return s.map(s.body(total), reduced(x.shape, axes))


def _renumbered(axes: Shape, gone: Shape) -> Shape:
    """The other dimensions, as they are numbered when some are gone."""
    return tuple(axis - sum(g < axis for g in gone) for axis in axes if axis not in gone)


def _sum_hoist(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """Factors that do not change along the dimensions of a sum go in front of it."""
    if x.op is not ops.MAP or not x["body"].is_Mul:
        return None

    def constant(factor: Any) -> bool:
        nodes = [s.node(symbol) for symbol in factor.free_symbols]
        return all(squeezed_along(s, node, axes, x.ndim) is not None for node in nodes)

    factors = x["body"].args
    outside = [factor for factor in factors if constant(factor)]
    inside = sympy.Mul(*[factor for factor in factors if factor not in outside])
    own = s.spread_shape(inside)
    own = (1,) * (x.ndim - len(own)) + own
    if not outside or inside == 1 or any(own[axis] != x.shape[axis] for axis in axes):
        return None
    front = s.map(sympy.Mul(*outside), kept(x.shape, axes))
    front = s(ops.RESHAPE, front, shape=reduced(x.shape, axes))
    total = s(ops.SUM, s.map(inside, own), axes=axes)
    return s.map(s.body(front) * s.body(total), reduced(x.shape, axes))


def _sum_dot(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`sum(u*v)` is `u @ v`, `sum(A*v, axis=1)` is `A @ v`."""
    if x.op is not ops.MAP or x.ndim > 2 or len(axes) != 1:
        return None
    factors = list(sympy.Mul.make_args(x["body"]))
    if len(factors) == 1 and x.ndim == 1 and factors[0].is_Pow and factors[0].exp == 2:
        vector = s.map(factors[0].base, x.shape)
        return s(ops.MATMUL, vector, vector)
    if len(factors) != 2:
        return None
    if x.ndim == 1:
        left, right = (s.map(factor, x.shape) for factor in factors)
        return s(ops.MATMUL, left, right)
    for matrix, vector in (factors, factors[::-1]):
        if s.spread_shape(matrix) == x.shape:
            product = _matrix_by_vector(s, matrix, vector, x.shape, axes[0])
            if product is not None:
                return product
    return None


def _matrix_by_vector(
    s: Simplifier, matrix: Any, vector: Any, shape: Shape, axis: int
) -> Node | None:
    own = s.spread_shape(vector)
    if axis == 1 and own == shape[1:]:
        return s(ops.MATMUL, s.map(matrix, shape), s.map(vector, own))
    if axis == 0 and own == (shape[0], 1) and shape[1] != 1:
        column = s(ops.RESHAPE, s.map(vector, own), shape=shape[:1])
        return s(ops.MATMUL, swapped(s, s.map(matrix, shape)), column)
    return None


def _sum_bilinear(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`sum(A*outer(u, v))` is `u @ A @ v`."""
    if x.op is not ops.MAP or x.ndim != 2 or len(axes) != 2:
        return None
    factors = sympy.Mul.make_args(x["body"])
    for factor in factors:
        node = s.node(factor) if factor.is_Symbol else None
        if node is not None and node.op is ops.OUTER and node.shape == x.shape:
            column, row = node.operands
            rest = sympy.Mul(*[other for other in factors if other is not factor])
            if s.spread_shape(rest) == x.shape:
                return s(ops.MATMUL, s(ops.MATMUL, column, s.map(rest, x.shape)), row)
    return None


def _sum_trace(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`sum(A*eye(n))` is `trace(A)`."""
    if x.op is not ops.MAP or x.ndim != 2 or len(axes) != 2:
        return None
    factors = sympy.Mul.make_args(x["body"])
    for factor in factors:
        if factor.is_Symbol and _is_identity(s.node(factor)):
            rest = sympy.Mul(*[other for other in factors if other is not factor])
            if s.spread_shape(rest) == x.shape:
                return s(ops.TRACE, s.map(rest, x.shape))
    return None


def _is_identity(node: Node) -> bool:
    if node.op is not ops.LITERAL or node.ndim != 2:
        return node.op is ops.EYE
    return np.array_equal(node["data"].array, np.eye(node.shape[0], node.shape[1]))


def _sum_of_sum(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    if x.op is not ops.SUM or len(axes) != x.ndim:
        return None
    inner = x.operands[0]
    return s(ops.SUM, inner, axes=tuple(range(inner.ndim)))


def _sum_turned(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`sum(A.T, axis=0)` is `sum(A, axis=1)`."""
    if x.op is not ops.PERMUTE:
        return None
    order = x["order"]
    left = [order[axis] for axis in range(x.ndim) if axis not in axes]
    if left != sorted(left):
        return None
    return s(ops.SUM, x.operands[0], axes=tuple(sorted(order[axis] for axis in axes)))


def _sum_diagonal(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """The rows of a diagonal matrix have one element each."""
    if x.op is ops.EMBED and x.ndim == 2 and len(axes) == 1 and not x["offset"]:
        (d,) = x.operands
        return d if (d.shape[0],) * 2 == x.shape else None
    return None


def _sum_moved(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """The sum of all elements does not mind where they are."""
    movers = (ops.PERMUTE, ops.RESHAPE, ops.FLIP, ops.ROLL, ops.SCATTER, ops.EMBED)
    left = reduced(x.shape, axes)
    if x.op not in movers or math.prod(left) != 1:
        return None
    if x.op is ops.SCATTER and any(isinstance(item, ops.Data) for item in x["key"]):
        return None
    inner = x.operands[0]
    total = s(ops.SUM, inner, axes=tuple(range(inner.ndim))) if inner.ndim else inner
    return s(ops.RESHAPE, total, shape=left) if left else total


def _sum_inserted(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """Dimensions that were put in and are kept are put in behind the sum."""
    left = reduced(x.shape, axes)
    if x.op is not ops.MAP or not left or math.prod(left) != 1:
        return None
    others = tuple(axis for axis in range(x.ndim) if axis not in axes)
    less = [_before_insertion(node, others, x.ndim) for node in x.operands]
    parts = {y: s.body(n) for y, n in zip(x["symbols"], less, strict=True) if n is not None}
    if len(parts) < len(less):
        return None
    inner = s.map(x["body"].xreplace(parts), tuple(x.shape[axis] for axis in axes))
    return s(ops.RESHAPE, s(ops.SUM, inner, axes=tuple(range(len(axes)))), shape=left)


def _before_insertion(node: Node, axes: Shape, rank: int) -> Node | None:
    """What a node of a tensor of that rank was before these dimensions of size 1 were put in."""
    if not node.shape:
        return node
    own = tuple(axis - (rank - node.ndim) for axis in axes if axis >= rank - node.ndim)
    if node.op is not ops.RESHAPE or node.operands[0].shape != reduced(node.shape, own):
        return None
    return node.operands[0]


def _sum_centred(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`sum(v - mean(v))` is 0, `sum(a*(v - sum(v)/n) + w)` is `sum(w)`."""
    if x.op is not ops.MAP or not x["body"].has(sympy.Add) or s.large:
        return None
    terms = sympy.Add.make_args(sympy.expand(x["body"]))
    if not 1 < len(terms) <= FEW_TERMS:
        return None
    summed = [_term_summed(s, term, x.shape, axes) for term in terms]
    if any(part is None for part in summed):
        return None
    total = sympy.expand(sympy.Add(*summed))
    if total != 0 and len(sympy.Add.make_args(total)) > len(terms) - 2:
        return None
    nodes = {symbol: s.node(symbol) for symbol in total.free_symbols}
    rebuilt = {
        symbol: s.body(s(ops.SUM, *node.operands, axes=axes))
        for symbol, node in nodes.items()
        if node.op is ops.SUM
    }
    return s.map(total.xreplace(rebuilt), reduced(x.shape, axes))


def _term_summed(s: Simplifier, term: Any, shape: Shape, axes: Shape) -> Any | None:
    """The sum of a fixed factor times a tensor, or of a fixed factor alone; None for others."""
    fixed, moving = {}, []
    for symbol in term.free_symbols:
        less = squeezed_along(s, s.node(symbol), axes, len(shape))
        if less is None:
            moving.append(symbol)
        else:
            fixed[symbol] = _as_sum(s, less, axes)
    count = math.prod(shape[axis] for axis in axes)
    if not moving:
        return count * term.xreplace(fixed)
    (symbol, *others) = moving
    factor = term / symbol
    if others or factor.has(symbol):
        return None
    node = s.node(symbol)
    if node.op is ops.SOFTMAX and axes == (node["axis"],) and node.shape == shape:
        return factor.xreplace(fixed)
    return factor.xreplace(fixed) * s.symbol(s.forms(ops.SUM, s.map(symbol, shape), axes=axes))


def _as_sum(s: Simplifier, node: Node, axes: Shape) -> Any:
    """A mean as a sum divided by a count, so that the two can be told to be alike."""
    if node.op is ops.MEAN and node["axes"] == axes:
        (v,) = node.operands
        total = s.symbol(s.forms(ops.SUM, v, axes=axes))
        return total / math.prod(v.shape[axis] for axis in axes)
    return s.symbol(node)


def _sum_softmax(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    if x.op is ops.SOFTMAX and axes == (x["axis"],):
        return ones(s, reduced(x.shape, axes))
    return None


def _sum_one_hot(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """Each is one of the classes."""
    if x.op is ops.ONE_HOT and axes == (x["axis"],):
        return ones(s, reduced(x.shape, axes))
    return None


def _softmax_shifted(s: Simplifier, x: Node, axis: int) -> Node | None:
    """What is the same along a softmax changes nothing in it."""
    if x.op is not ops.MAP or not x["body"].is_Add:
        return None

    def moves(term: Any) -> bool:
        nodes = [s.node(symbol) for symbol in term.free_symbols]
        return any(squeezed_along(s, node, (axis,), x.ndim) is None for node in nodes)

    rest = sympy.Add(*[term for term in x["body"].args if moves(term)])
    if rest == x["body"] or s.spread_shape(rest) != x.shape:
        return None
    return s(ops.SOFTMAX, s.map(rest, x.shape), axis=axis)


def _logsumexp_shifted(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`logsumexp(x + c)` is `logsumexp(x) + c`."""
    if x.op is not ops.MAP or not x["body"].is_Add or len(axes) != x.ndim:
        return None
    fixed = [term for term in x["body"].args if s.is_scalar(term)]
    rest = x["body"] - sympy.Add(*fixed)
    if not fixed or s.spread_shape(rest) != x.shape:
        return None
    total = s(ops.LOGSUMEXP, s.map(rest, x.shape), axes=axes)
    return s.map(sympy.Add(*fixed) + s.body(total), ())


SUMS: tuple[Rule, ...] = (
    Rule("sum-constant", ops.SUM, _sum_constant,
         lambda f, x, a: f(ops.SUM, f.map(f.symbol(x), (3, 3)), axes=(0,))),
    Rule("sum-spread", ops.SUM, _sum_spread,
         lambda f, x, a: f(ops.SUM, f.map(sympy.exp(f.symbol(x)), (3, 3)), axes=(1,))),
    Rule("sum-softmax", ops.SUM, _sum_softmax,
         lambda f, x, a: f(ops.SUM, f(ops.SOFTMAX, a, axis=1), axes=(1,))),
    Rule("sum-one-hot", ops.SUM, _sum_one_hot,
         lambda f, x, a: f(ops.SUM, f(ops.ONE_HOT, f(ops.LITERAL, data=ops.Data.of(
             np.array([2.0, 0.0]))), size=3, axis=1), axes=(1,))),
    Rule("sum-centred", ops.SUM, _sum_centred,
         lambda f, x, a: f(ops.SUM, f.map(
             f.symbol(x) - f.symbol(f(ops.MEAN, x, axes=(0,))), (3,)), axes=(0,))),
    Rule("sum-hoist", ops.SUM, _sum_hoist,
         lambda f, x, a: f(ops.SUM, f.map(
             f.symbol(a) * f.symbol(f(ops.RESHAPE, x, shape=(3, 1))), (3, 3)), axes=(1,))),
    Rule("sum-dot", ops.SUM, _sum_dot,
         lambda f, x, a: f(ops.SUM, f.map(f.symbol(a) * f.symbol(x), (3, 3)), axes=(1,))),
    Rule("sum-bilinear", ops.SUM, _sum_bilinear,
         lambda f, x, a: f(ops.SUM, f.map(
             f.symbol(a) * f.symbol(f(ops.OUTER, x, x)), (3, 3)), axes=(0, 1))),
    Rule("sum-trace", ops.SUM, _sum_trace,
         lambda f, x, a: f(ops.SUM, f.map(
             f.symbol(a) * f.symbol(f(ops.EYE, size=3)), (3, 3)), axes=(0, 1))),
    Rule("sum-of-sum", ops.SUM, _sum_of_sum,
         lambda f, x, a: f(ops.SUM, f(ops.SUM, a, axes=(1,)), axes=(0,))),
    Rule("sum-turned", ops.SUM, _sum_turned,
         lambda f, x, a: f(ops.SUM, swapped(f, a), axes=(0,))),
    Rule("sum-diagonal", ops.SUM, _sum_diagonal,
         lambda f, x, a: f(ops.SUM, f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1),
                           axes=(1,))),
    Rule("sum-moved", ops.SUM, _sum_moved,
         lambda f, x, a: f(ops.SUM, f(ops.RESHAPE, a, shape=(9,)), axes=(0,))),
    Rule("sum-inserted", ops.SUM, _sum_inserted,
         lambda f, x, a: f(ops.SUM, f.map(
             sympy.exp(f.symbol(f(ops.RESHAPE, x, shape=(1, 3)))), (1, 3)), axes=(1,))),
    Rule("softmax-shifted", ops.SOFTMAX, _softmax_shifted,
         lambda f, x, a: f(ops.SOFTMAX, f.map(
             f.symbol(x) - f.symbol(f(ops.AMAX, x, axes=(0,))), (3,)), axis=0)),
    Rule("logsumexp-shifted", ops.LOGSUMEXP, _logsumexp_shifted,
         lambda f, x, a: f(ops.LOGSUMEXP, f.map(
             f.symbol(x) - f.symbol(f(ops.AMAX, x, axes=(0,))), (3,)), axes=(0,))),
)  # fmt: skip
