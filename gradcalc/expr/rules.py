"""The rules of operations: each a named row that a test samples on both sides."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from collections.abc import Callable
from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.moving import inserted_axes
from gradcalc.expr.nodes import Node, Op, Shape
from gradcalc.expr.reducing import kept, reduced
from gradcalc.expr.simplify import Rule, Simplifier

ONE = sympy.Integer(1)


def transposed(s: Simplifier, x: Node) -> Node:
    """A matrix transposed; of more dimensions the last two are swapped."""
    rank = x.ndim
    return s(ops.PERMUTE, x, order=(*range(rank - 2), rank - 1, rank - 2))


def ones(s: Simplifier, shape: Shape) -> Node:
    """A tensor of ones."""
    return s.map(ONE, shape)


# -- factors in front -------------------------------------------------------------------


def _hoist(op: Op) -> Rule:
    """`op(c*x)` is `c*op(x)` for a scalar c, and nothing comes of zero."""

    def apply(s: Simplifier, x: Node, *rest: Node, **static: Any) -> Node | None:
        shape = op.shape(x.shape, *[r.shape for r in rest], **static)
        if s.number_of(x) == 0:
            return s.map(sympy.Integer(0), shape)
        factor, inner = s.split(x)
        return None if factor == 1 else s.scaled(factor, s(op, inner, *rest, **static))

    static: dict[Op, dict[str, Any]] = {
        ops.PERMUTE: {"order": (1, 0)}, ops.RESHAPE: {"shape": (9,)}, ops.FLIP: {"axes": (0,)},
        ops.ROLL: {"shifts": (1,), "axes": (0,)}, ops.INDEX: {"key": (1,)},
        ops.SCATTER: {"key": ((0, 3, 1), (1, 3, 1)), "shape": (3, 5)},
        ops.DIAGONAL: {"offset": 1, "dim1": 0, "dim2": 1},
        ops.EMBED: {"shape": (3, 3, 3), "offset": 0, "dim1": 0, "dim2": 1},
        ops.TRIL: {"diagonal": 0}, ops.TRIU: {"diagonal": 0}, ops.SUM: {"axes": (0,)},
        ops.CUMSUM: {"axis": 0}, ops.TRACE: {}, ops.BROADCAST: {"shape": (2, 3, 3)},
    }  # fmt: skip

    def sample(f: Any, x: Node, a: Node) -> Node:
        total = f.symbol(f(ops.SUM, x, axes=(0,)))
        node: Node = f(op, f.scaled(3 * total, a), **static[op])
        return node

    return Rule(f"hoist-{op.name}", op, apply, sample)


def _hoist_product(op: Op) -> Rule:
    """`(c*x) @ y` and `x @ (c*y)` are `c*(x @ y)`."""

    def apply(s: Simplifier, x: Node, y: Node) -> Node | None:
        if 0 in (s.number_of(x), s.number_of(y)):
            return s.map(sympy.Integer(0), op.shape(x.shape, y.shape))
        (first, left), (second, right) = s.split(x), s.split(y)
        factor = first * second
        return None if factor == 1 else s.scaled(factor, s(op, left, right))

    def sample(f: Any, x: Node, a: Node) -> Node:
        node: Node = f(op, f.scaled(sympy.Integer(3), x), x)
        return node

    return Rule(f"hoist-{op.name}", op, apply, sample)


# -- moving -----------------------------------------------------------------------------


def _permute(s: Simplifier, x: Node, order: Shape) -> Node | None:
    if order == tuple(range(len(order))):
        return x
    if x.op is ops.PERMUTE:
        inner = x["order"]
        return s(ops.PERMUTE, x.operands[0], order=tuple(inner[k] for k in order))
    return None


def _permute_product(s: Simplifier, x: Node, order: Shape) -> Node | None:
    if x.op is ops.MATMUL and order == (1, 0):
        left, right = x.operands
        if left.ndim == right.ndim == 2:
            return s(ops.MATMUL, transposed(s, right), transposed(s, left))
    return None


def _permute_outer(s: Simplifier, x: Node, order: Shape) -> Node | None:
    return s(ops.OUTER, x.operands[1], x.operands[0]) if x.op is ops.OUTER else None


def _permute_symmetric(s: Simplifier, x: Node, order: Shape) -> Node | None:
    if x.op is ops.EYE or (x.op is ops.EMBED and x.ndim == 2 and not x["offset"]):
        return x if x.shape[0] == x.shape[1] else None
    return None


def _permute_map(s: Simplifier, x: Node, order: Shape) -> Node | None:
    """`(f(A.T))` transposed is `f(A)`, where that leaves fewer transposes."""
    if x.op is not ops.MAP:
        return None
    whole = [node for node in x.operands if node.shape != ()]
    if any(node.shape != x.shape for node in whole):
        return None
    turned = [node for node in whole if node.op is ops.PERMUTE]
    if 2 * len(turned) < len(whole) or not whole:
        return None
    parts = {
        symbol: s.body(node if node.shape == () else s(ops.PERMUTE, node, order=order))
        for symbol, node in zip(x["symbols"], x.operands, strict=True)
    }
    return s.map(x["body"].xreplace(parts), ops.PERMUTE.shape(x.shape, order=order))


def _permute_spread(s: Simplifier, x: Node, order: Shape) -> Node | None:
    """A vector repeated in rows, transposed, is repeated in columns."""
    if x.op is not ops.MAP or order != (1, 0):
        return None
    if any(node.shape == x.shape for node in x.operands) or not x.operands:
        return None
    parts = {}
    for symbol, node in zip(x["symbols"], x.operands, strict=True):
        rows, columns = (1,) * (2 - node.ndim) + node.shape
        turned = node if node.shape == () else s(ops.RESHAPE, node, shape=(columns, rows))
        parts[symbol] = s.body(turned)
    return s.map(x["body"].xreplace(parts), ops.PERMUTE.shape(x.shape, order=order))


def _reshape(s: Simplifier, x: Node, shape: Shape) -> Node | None:
    if shape == x.shape:
        return x
    if x.op is ops.RESHAPE:
        return s(ops.RESHAPE, x.operands[0], shape=shape)
    if x.op is ops.MAP and s.is_scalar(x["body"]):
        return s.map(x["body"], shape)
    return None


def _reshape_map(s: Simplifier, x: Node, shape: Shape) -> Node | None:
    """A size of 1 goes from the result of a function to its operands, where it came from."""
    if x.op is not ops.MAP or math.prod(shape) != math.prod(x.shape):
        return None
    lost = inserted_axes(shape, x.shape)
    if lost is None:
        return None
    parts = {}
    for symbol, node in zip(x["symbols"], x.operands, strict=True):
        squeezed = squeezed_along(s, node, lost, x.ndim)
        if squeezed is None:
            return None
        parts[symbol] = s.body(squeezed)
    return s.map(x["body"].xreplace(parts), shape)


def squeezed_along(s: Simplifier, node: Node, axes: Shape, rank: int) -> Node | None:
    """An operand of a tensor of that rank without its share of some dimensions of size 1."""
    own = [axis - (rank - node.ndim) for axis in axes]
    own = [axis for axis in own if axis >= 0]
    if any(node.shape[axis] != 1 for axis in own):
        return None
    return node if not own else s(ops.RESHAPE, node, shape=reduced(node.shape, tuple(own)))


def _index_uniform(s: Simplifier, x: Node, key: Any) -> Node | None:
    if x.op is ops.MAP and s.is_scalar(x["body"]):
        return s.map(x["body"], ops.INDEX.shape(x.shape, key=key))
    return None


def _index_part(s: Simplifier, x: Node, key: Any) -> Node | None:
    """What stands at the place of a part is the part."""
    if x.op is ops.SCATTER and x["key"] == key:
        return x.operands[0]
    axis = dict(x.static).get("axis")
    if axis is None or len(key) != axis + 1:
        return None
    if any(item != (0, size, 1) for item, size in zip(key[:-1], x.shape, strict=False)):
        return None
    if x.op is ops.STACK and isinstance(key[-1], int):
        return x.operands[key[-1]]
    if x.op is ops.CONCAT and isinstance(key[-1], tuple):
        start = 0
        for part in x.operands:
            if key[-1] == (start, part.shape[axis], 1):
                return part
            start += part.shape[axis]
    return None


def _index_map(s: Simplifier, x: Node, key: Any) -> Node | None:
    """An index goes into a function, where a part of a join is then met."""
    if x.op is not ops.MAP or any(isinstance(item, ops.Data) or item is None for item in key):
        return None
    whole = [node for node in x.operands if node.shape != ()]
    if any(node.shape != x.shape for node in whole):
        return None
    if not any(_index_part(s, node, key) is not None for node in whole):
        return None
    parts = {
        symbol: s.body(node if node.shape == () else s(ops.INDEX, node, key=key))
        for symbol, node in zip(x["symbols"], x.operands, strict=True)
    }
    return s.map(x["body"].xreplace(parts), ops.INDEX.shape(x.shape, key=key))


def _flip_flip(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    return x.operands[0] if x.op is ops.FLIP and x["axes"] == axes else None


# -- sums -------------------------------------------------------------------------------


def _sum_constant(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """Along dimensions in which nothing changes, a sum is a count."""
    if x.op is not ops.MAP:
        same = tuple(axis for axis in axes if x.shape[axis] == 1)
        if not same:
            return None
        less = s(ops.RESHAPE, x, shape=reduced(x.shape, same))
        rest = _renumbered(axes, same)
        return s(ops.SUM, less, axes=rest) if rest else less
    own = s.spread_shape(x["body"])
    own = (1,) * (x.ndim - len(own)) + own
    same = tuple(axis for axis in axes if own[axis] == 1)
    if not same:
        return None
    parts = {}
    for symbol, node in zip(x["symbols"], x.operands, strict=True):
        squeezed = squeezed_along(s, node, same, x.ndim)
        assert squeezed is not None
        parts[symbol] = s.body(squeezed)
    count = math.prod(x.shape[axis] for axis in same)
    less = s.map(count * x["body"].xreplace(parts), reduced(x.shape, same))
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
    total = s(ops.SUM, s.map(x["body"], own), axes=tuple(axis - less for axis in axes))
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
    if not outside or inside == 1 or s.spread_shape(inside) != x.shape:
        return None
    front = s.map(sympy.Mul(*outside), kept(x.shape, axes))
    front = s(ops.RESHAPE, front, shape=reduced(x.shape, axes))
    total = s(ops.SUM, s.map(inside, x.shape), axes=axes)
    return s.map(s.body(front) * s.body(total), total.shape)


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
        return s(ops.MATMUL, transposed(s, s.map(matrix, shape)), column)
    return None


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


def _diagonal_spread(s: Simplifier, x: Node, offset: int, dim1: int, dim2: int) -> Node | None:
    """The diagonal of repeated rows is one of them."""
    if x.op is not ops.MAP or x.ndim != 2 or offset or x.shape[0] != x.shape[1]:
        return None
    if all(node.shape in ((), x.shape) for node in x.operands):
        return None
    parts = {}
    for symbol, node in zip(x["symbols"], x.operands, strict=True):
        if node.shape == x.shape:
            node = s(ops.DIAGONAL, node, offset=0, dim1=dim1, dim2=dim2)
        elif node.ndim == 2:
            node = s(ops.RESHAPE, node, shape=(math.prod(node.shape),))
        parts[symbol] = s.body(node)
    return s.map(x["body"].xreplace(parts), x.shape[:1])


def _sum_moved(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """The sum of all elements does not mind where they are."""
    movers = (ops.PERMUTE, ops.RESHAPE, ops.FLIP, ops.ROLL, ops.SCATTER, ops.EMBED)
    if x.op not in movers or len(axes) != x.ndim:
        return None
    if x.op is ops.SCATTER and any(isinstance(item, ops.Data) for item in x["key"]):
        return None
    inner = x.operands[0]
    return s(ops.SUM, inner, axes=tuple(range(inner.ndim))) if inner.ndim else inner


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


def _sum_centred(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """`sum(v - mean(v))` is 0."""
    if uncentred(s, x, axes) is None:
        return None
    return s.map(sympy.Integer(0), reduced(x.shape, axes))


def _sum_softmax(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    if x.op is ops.SOFTMAX and axes == (x["axis"],):
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


# -- products ---------------------------------------------------------------------------


def _matmul_uniform(s: Simplifier, x: Node, y: Node) -> Node | None:
    """A product with ones is a sum."""
    if s.number_of(y) == 1 and y.ndim == 1 and x.ndim <= 2:
        return s(ops.SUM, x, axes=(x.ndim - 1,))
    if s.number_of(x) == 1 and x.ndim == 1 and y.ndim <= 2:
        return s(ops.SUM, y, axes=(0,))
    if x.ndim == y.ndim == 2 and s.number_of(y) == 1:
        rows = s(ops.SUM, x, axes=(1,))
        column = s(ops.RESHAPE, rows, shape=(x.shape[0], 1))
        return s.map(s.body(column), (x.shape[0], y.shape[1]))
    if x.ndim == y.ndim == 2 and s.number_of(x) == 1:
        return s.map(s.body(s(ops.SUM, y, axes=(0,))), (x.shape[0], y.shape[1]))
    return None


def _matmul_eye(s: Simplifier, x: Node, y: Node) -> Node | None:
    if x.op is ops.EYE and y.ndim <= 2:
        return y
    return x if y.op is ops.EYE and x.ndim <= 2 else None


def _matmul_inverse(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`inv(A) @ A` is the unit matrix, `A @ (inv(A) @ b)` is b."""
    for first, second in ((x, y), (y, x)):
        if first.op is ops.INV and first.operands[0] is second:
            return s(ops.EYE, size=x.shape[0])
    if y.op is ops.MATMUL:
        left, right = y.operands
        if (x.op is ops.INV and x.operands[0] is left) or (
            left.op is ops.INV and left.operands[0] is x
        ):
            return right
    return None


def _matmul_softmax(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`softmax(u) @ (v + c)` is `softmax(u) @ v + c`."""
    for weights, other in ((x, y), (y, x)):
        if weights.op is not ops.SOFTMAX or x.ndim != 1 or y.ndim != 1 or other.op is not ops.MAP:
            continue
        terms = sympy.Add.make_args(other["body"])
        fixed = [term for term in terms if s.is_scalar(term)]
        rest = sympy.Add(*[term for term in terms if not s.is_scalar(term)])
        if fixed and rest != 0:
            product = s(ops.MATMUL, weights, s.map(rest, other.shape))
            return s.map(sympy.Add(*fixed) + s.body(product), ())
    return None


def _matmul_vector_first(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`v @ M` is `M.T @ v`."""
    if x.ndim == 1 and y.ndim == 2:
        return s(ops.MATMUL, transposed(s, y), x)
    return None


def _matmul_order(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`u @ v` and `v @ u` are one node."""
    if x.ndim == y.ndim == 1 and _precedence(x) > _precedence(y):
        return s(ops.MATMUL, y, x)
    return None


def _matmul_turned(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`u @ A.T @ v` is `v @ A @ u`."""
    if x.ndim == y.ndim == 1 and y.op is ops.MATMUL and y.operands[0].op is ops.PERMUTE:
        turned, vector = y.operands
        return s(ops.MATMUL, vector, s(ops.MATMUL, turned.operands[0], x))
    return None


def _precedence(x: Node) -> tuple[int, int]:
    # a quadratic form is x @ A @ x, its plain vector in front
    return (x.op is ops.MATMUL, x.order)


def _matmul_outer(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`outer(a, b) @ v` is `a*(b @ v)`."""
    if x.op is ops.OUTER:
        a, b = x.operands
        if y.ndim == 1:
            return s.map(s.body(a) * s.body(s(ops.MATMUL, b, y)), a.shape)
        return s(ops.OUTER, a, s(ops.MATMUL, b, y)) if y.ndim == 2 else None
    if y.op is ops.OUTER and x.ndim == 2:
        a, b = y.operands
        return s(ops.OUTER, s(ops.MATMUL, x, a), b)
    return None


def _matmul_diagonal(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`diag(d) @ v` is `d*v`."""
    if x.op is ops.EMBED and x.ndim == 2 and not x["offset"] and y.ndim == 1:
        (d,) = x.operands
        if d.shape == y.shape == x.shape[1:]:
            return s.map(s.body(d) * s.body(y), y.shape)
    return None


def _outer_uniform(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`outer(ones, v)` repeats v."""
    shape = (*x.shape, *y.shape)
    if s.number_of(x) == 1:
        return s.map(s.body(y), shape)
    if s.number_of(y) == 1:
        return s.map(s.body(s(ops.RESHAPE, x, shape=(*x.shape, 1))), shape)
    return None


def _inverse(s: Simplifier, x: Node) -> Node | None:
    if x.op is ops.INV:
        return x.operands[0]
    if x.op is ops.PERMUTE and x["order"] == (1, 0):
        return transposed(s, s(ops.INV, x.operands[0]))
    return x if x.op is ops.EYE else None


def _cofactor(s: Simplifier, x: Node) -> Node | None:
    inverse = transposed(s, s(ops.INV, x))
    return s.map(s.body(s(ops.DET, x)) * s.body(inverse), x.shape)


def _det_transposed(s: Simplifier, x: Node) -> Node | None:
    return s(ops.DET, x.operands[0]) if x.op is ops.PERMUTE else None


def _trace_transposed(s: Simplifier, x: Node) -> Node | None:
    return s(ops.TRACE, x.operands[0]) if x.op is ops.PERMUTE else None


HOISTED = (
    ops.PERMUTE, ops.RESHAPE, ops.FLIP, ops.ROLL, ops.INDEX, ops.SCATTER, ops.DIAGONAL, ops.EMBED,
    ops.TRIL, ops.TRIU, ops.SUM, ops.CUMSUM, ops.TRACE, ops.BROADCAST,
)  # fmt: skip


def _row(name: str, op: Op, apply: Callable[..., Node | None], sample: Callable[..., Node]) -> Rule:
    return Rule(name, op, apply, sample)


def _turn(f: Any, a: Node) -> Node:
    return transposed(f, a)


def _unit(f: Any, x: Node) -> Node:
    return ones(f, x.shape)


RULES: tuple[Rule, ...] = (
    *map(_hoist, HOISTED),
    _hoist_product(ops.MATMUL),
    _hoist_product(ops.OUTER),
    _row("permute", ops.PERMUTE, _permute, lambda f, x, a: _turn(f, _turn(f, a))),
    _row("permute-product", ops.PERMUTE, _permute_product,
         lambda f, x, a: _turn(f, f(ops.MATMUL, a, _turn(f, a)))),
    _row("permute-outer", ops.PERMUTE, _permute_outer,
         lambda f, x, a: _turn(f, f(ops.OUTER, x, f(ops.MATMUL, a, x)))),
    _row("permute-symmetric", ops.PERMUTE, _permute_symmetric,
         lambda f, x, a: _turn(f, f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1))),
    _row("permute-map", ops.PERMUTE, _permute_map,
         lambda f, x, a: _turn(f, f.map(sympy.exp(f.symbol(_turn(f, a))), a.shape))),
    _row("permute-spread", ops.PERMUTE, _permute_spread,
         lambda f, x, a: _turn(f, f.map(sympy.exp(f.symbol(x)), (3, 3)))),
    _row("reshape", ops.RESHAPE, _reshape,
         lambda f, x, a: f(ops.RESHAPE, f(ops.RESHAPE, a, shape=(9,)), shape=(3, 3))),
    _row("reshape-map", ops.RESHAPE, _reshape_map,
         lambda f, x, a: f(ops.RESHAPE, f.map(
             sympy.exp(f.symbol(f(ops.RESHAPE, x, shape=(3, 1)))), (3, 1)), shape=(3,))),
    _row("index-uniform", ops.INDEX, _index_uniform,
         lambda f, x, a: f(ops.INDEX, _unit(f, a), key=(1,))),
    _row("index-part", ops.INDEX, _index_part,
         lambda f, x, a: f(ops.INDEX, f(ops.CONCAT, x, x, axis=0), key=((3, 3, 1),))),
    _row("index-map", ops.INDEX, _index_map,
         lambda f, x, a: f(ops.INDEX, f.map(
             sympy.exp(f.symbol(f(ops.STACK, x, x, axis=0))), (2, 3)), key=(1,))),
    _row("flip-flip", ops.FLIP, _flip_flip,
         lambda f, x, a: f(ops.FLIP, f(ops.FLIP, x, axes=(0,)), axes=(0,))),
    _row("sum-constant", ops.SUM, _sum_constant,
         lambda f, x, a: f(ops.SUM, f.map(f.symbol(x), (3, 3)), axes=(0,))),
    _row("sum-spread", ops.SUM, _sum_spread,
         lambda f, x, a: f(ops.SUM, f.map(sympy.exp(f.symbol(x)), (3, 3)), axes=(1,))),
    _row("sum-softmax", ops.SUM, _sum_softmax,
         lambda f, x, a: f(ops.SUM, f(ops.SOFTMAX, a, axis=1), axes=(1,))),
    _row("sum-centred", ops.SUM, _sum_centred,
         lambda f, x, a: f(ops.SUM, f.map(
             f.symbol(x) - f.symbol(f(ops.MEAN, x, axes=(0,))), (3,)), axes=(0,))),
    _row("sum-hoist", ops.SUM, _sum_hoist,
         lambda f, x, a: f(ops.SUM, f.map(
             f.symbol(a) * f.symbol(f(ops.RESHAPE, x, shape=(3, 1))), (3, 3)), axes=(1,))),
    _row("sum-dot", ops.SUM, _sum_dot,
         lambda f, x, a: f(ops.SUM, f.map(f.symbol(a) * f.symbol(x), (3, 3)), axes=(1,))),
    _row("sum-of-sum", ops.SUM, _sum_of_sum,
         lambda f, x, a: f(ops.SUM, f(ops.SUM, a, axes=(1,)), axes=(0,))),
    _row("sum-turned", ops.SUM, _sum_turned,
         lambda f, x, a: f(ops.SUM, _turn(f, a), axes=(0,))),
    _row("sum-diagonal", ops.SUM, _sum_diagonal,
         lambda f, x, a: f(ops.SUM, f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1),
                           axes=(1,))),
    _row("diagonal-spread", ops.DIAGONAL, _diagonal_spread,
         lambda f, x, a: f(ops.DIAGONAL, f.map(f.symbol(a) * f.symbol(x), (3, 3)),
                           offset=0, dim1=0, dim2=1)),
    _row("sum-moved", ops.SUM, _sum_moved,
         lambda f, x, a: f(ops.SUM, f(ops.RESHAPE, a, shape=(9,)), axes=(0,))),
    _row("softmax-shifted", ops.SOFTMAX, _softmax_shifted,
         lambda f, x, a: f(ops.SOFTMAX, f.map(
             f.symbol(x) - f.symbol(f(ops.AMAX, x, axes=(0,))), (3,)), axis=0)),
    _row("logsumexp-shifted", ops.LOGSUMEXP, _logsumexp_shifted,
         lambda f, x, a: f(ops.LOGSUMEXP, f.map(
             f.symbol(x) - f.symbol(f(ops.AMAX, x, axes=(0,))), (3,)), axes=(0,))),
    _row("matmul-uniform", ops.MATMUL, _matmul_uniform,
         lambda f, x, a: f(ops.MATMUL, a, _unit(f, x))),
    _row("matmul-eye", ops.MATMUL, _matmul_eye,
         lambda f, x, a: f(ops.MATMUL, a, f(ops.EYE, size=3))),
    _row("matmul-inverse", ops.MATMUL, _matmul_inverse,
         lambda f, x, a: f(ops.MATMUL, f(ops.INV, a), a)),
    _row("matmul-vector-first", ops.MATMUL, _matmul_vector_first,
         lambda f, x, a: f(ops.MATMUL, x, a)),
    _row("matmul-outer", ops.MATMUL, _matmul_outer,
         lambda f, x, a: f(ops.MATMUL, f(ops.OUTER, x, x), x)),
    _row("matmul-diagonal", ops.MATMUL, _matmul_diagonal,
         lambda f, x, a: f(ops.MATMUL, f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1),
                           x)),
    _row("matmul-softmax", ops.MATMUL, _matmul_softmax,
         lambda f, x, a: f(ops.MATMUL, f(ops.SOFTMAX, x, axis=0), f.map(
             f.symbol(x) - f.symbol(f(ops.AMAX, x, axes=(0,))), (3,)))),
    _row("matmul-turned", ops.MATMUL, _matmul_turned,
         lambda f, x, a: f(ops.MATMUL, x, f(ops.MATMUL, _turn(f, a), x))),
    _row("matmul-order", ops.MATMUL, _matmul_order,
         lambda f, x, a: f(ops.MATMUL, f(ops.MATMUL, a, x), x)),
    _row("outer-uniform", ops.OUTER, _outer_uniform,
         lambda f, x, a: f(ops.OUTER, _unit(f, x), x)),
    _row("inverse", ops.INV, _inverse, lambda f, x, a: f(ops.INV, f(ops.INV, a))),
    _row("cofactor", ops.COFACTOR, _cofactor, lambda f, x, a: f(ops.COFACTOR, a)),
    _row("det-transposed", ops.DET, _det_transposed, lambda f, x, a: f(ops.DET, _turn(f, a))),
    _row("trace-transposed", ops.TRACE, _trace_transposed,
         lambda f, x, a: f(ops.TRACE, _turn(f, a))),
)  # fmt: skip
