"""Rules of operations that move elements about."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.moving import FEW, inserted_axes, padding
from gradcalc.expr.nodes import Node, Op, Shape
from gradcalc.expr.rules.alike import list_sample, stacked
from gradcalc.expr.rules.common import ones, squeezed_along
from gradcalc.expr.simplify import Rule, Simplifier
from gradcalc.expr.symmetry import Symmetry


def _permute(s: Simplifier, x: Node, order: Shape) -> Node | None:
    if order == tuple(range(len(order))) or math.prod(x.shape) == 1 == max(x.shape):
        return x
    if x.op is ops.PERMUTE:
        inner = x["order"]
        return s(ops.PERMUTE, x.operands[0], order=tuple(inner[k] for k in order))
    if x.op is ops.RESHAPE and _moves_only_ones(x.shape, order):
        return s(ops.RESHAPE, x, shape=ops.PERMUTE.shape(x.shape, order=order))
    return None


def _moves_only_ones(shape: Shape, order: Shape) -> bool:
    """Whether only sizes of 1 change places, so that the elements stay in their order."""
    moved = [axis for axis in order if shape[axis] != 1]
    return moved == sorted(moved)


def _permute_product(s: Simplifier, x: Node, order: Shape) -> Node | None:
    if x.op is ops.MATMUL and order == (1, 0):
        left, right = x.operands
        if left.ndim == right.ndim == 2:
            return s(ops.MATMUL, swapped(s, right), swapped(s, left))
    return None


def _permute_outer(s: Simplifier, x: Node, order: Shape) -> Node | None:
    return s(ops.OUTER, x.operands[1], x.operands[0]) if x.op is ops.OUTER else None


def _permute_symmetric(s: Simplifier, x: Node, order: Shape) -> Node | None:
    return x if order == (1, 0) and Symmetry().holds(x) else None


def _permute_map(s: Simplifier, x: Node, order: Shape) -> Node | None:
    """`(f(A.T))` transposed is `f(A)`, where that leaves fewer transposes."""
    if x.op is not ops.MAP:
        return None
    whole = [node for node in x.operands if math.prod(node.shape) != 1]
    if any(node.shape != x.shape for node in whole):
        return None
    turned = [node for node in whole if _is_turned(node)]
    if 2 * len(turned) < len(whole) or not whole:
        return None
    return s.moved(
        x,
        lambda node: s(ops.PERMUTE, node, order=order) if node in whole else node,
        ops.PERMUTE.shape(x.shape, order=order),
    )


def _is_turned(node: Node) -> bool:
    """Whether a node has fewer transposes in it when it is transposed."""
    if node.op is ops.MATMUL:
        return all(operand.op is ops.PERMUTE for operand in node.operands)
    return node.op is ops.PERMUTE


def _permute_spread(s: Simplifier, x: Node, order: Shape) -> Node | None:
    """A vector repeated in rows, transposed, is repeated in columns."""
    if x.op is not ops.MAP or order != (1, 0):
        return None
    if any(node.shape == x.shape for node in x.operands) or not x.operands:
        return None

    def turned(node: Node) -> Node:
        rows, columns = (1,) * (2 - node.ndim) + node.shape
        return node if node.shape == () else s(ops.RESHAPE, node, shape=(columns, rows))

    return s.moved(x, turned, ops.PERMUTE.shape(x.shape, order=order))


def _reshape(s: Simplifier, x: Node, shape: Shape) -> Node | None:
    if shape == x.shape:
        return x
    if x.op is ops.RESHAPE:
        return s(ops.RESHAPE, x.operands[0], shape=shape)
    if x.op is ops.PERMUTE and _moves_only_ones(x.operands[0].shape, x["order"]):
        return s(ops.RESHAPE, x.operands[0], shape=shape)
    if x.op is ops.MAP and all(_is_one_number(node, len(shape)) for node in x.operands):
        return s.map(x["body"], shape)
    return None


def _is_one_number(node: Node, rank: int) -> bool:
    """Whether a node is the same everywhere in a tensor of that rank."""
    return math.prod(node.shape) == 1 and node.ndim <= rank


def _reshape_map(s: Simplifier, x: Node, shape: Shape) -> Node | None:
    """A size of 1 goes from the result of a function to its operands, where it came from."""
    if x.op is not ops.MAP or math.prod(shape) != math.prod(x.shape):
        return None
    lost = inserted_axes(shape, x.shape)
    if lost is None:
        return None
    return s.moved(x, lambda node: squeezed_along(s, node, lost, x.ndim), shape)


def _index_uniform(s: Simplifier, x: Node, key: Any) -> Node | None:
    if x.op is ops.MAP and s.is_scalar(x["body"]):
        return s.map(x["body"], ops.INDEX.shape(x.shape, key=key))
    return None


def _index_part(s: Simplifier, x: Node, key: Any) -> Node | None:
    """What stands at the place of a part is the part."""
    if x.op is ops.SCATTER and x["key"] == key and _is_apart(key, x.shape):
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
        first, size, step = key[-1]
        for part in x.operands:
            if key[-1] == (start, part.shape[axis], 1):
                return part
            if step == 1 and start <= first and first + size <= start + part.shape[axis]:
                return s(ops.INDEX, part, key=(*key[:-1], (first - start, size, 1)))
            start += part.shape[axis]
    return None


def _is_apart(key: Any, shape: Shape) -> bool:
    """Whether a key names no place twice, where what is put would be added."""
    if not any(isinstance(item, ops.Data) for item in key):
        return True
    places = np.arange(math.prod(shape)).reshape(shape)[ops.numpy_key(key)]
    return bool(np.unique(places).size == places.size)


def _marks(s: Simplifier, x: Node) -> Any:
    """The numbers of a small tensor that is fixed, None of another one."""
    if s.large or not 0 < math.prod(x.shape) <= FEW * FEW:
        return None
    if x.op is ops.LITERAL:
        return x["data"].array
    number = s.number_of(x.operands[0]) if x.op is ops.SCATTER else None
    if number is None or not number.is_Integer:
        return None
    array = np.full(x.operands[0].shape, float(number))
    return ops.SCATTER.array(np, array, key=x["key"], shape=x["shape"])


def _index_literal(s: Simplifier, x: Node, key: Any) -> Node | None:
    """Of fixed numbers those that are taken."""
    array = _marks(s, x)
    if array is None or not math.prod(ops.INDEX.shape(x.shape, key=key)):
        return None
    return _fixed(s, array[ops.numpy_key(key)])


def _fixed(s: Simplifier, array: Any) -> Node:
    """Whole numbers as they are, one for all where all are the same."""
    first = array.flat[0]
    if np.all(array == first) and float(first).is_integer():
        return s.map(sympy.Integer(int(first)), array.shape)
    return s(ops.LITERAL, data=ops.Data.of(array))


def _scatter_everywhere(s: Simplifier, g: Node, key: Any, shape: Shape) -> Node | None:
    """A number put in every place as often as in any other."""
    number = s.number_of(g)
    if number is None or s.large or not 0 < math.prod(shape) <= FEW * FEW:
        return None
    array = ops.SCATTER.array(np, np.ones(g.shape), key=key, shape=shape)
    return s.map(number * int(array.flat[0]), shape) if np.all(array == array.flat[0]) else None


def _concat_single(s: Simplifier, *parts: Node, axis: int) -> Node | None:
    """What is joined with nothing."""
    full = [part for part in parts if part.shape[axis]]
    if len(parts) == 1:
        return parts[0]
    return s(ops.CONCAT, *full, axis=axis) if 0 < len(full) < len(parts) else None


def _index_map(s: Simplifier, x: Node, key: Any) -> Node | None:
    """An index goes into a function, where a part of a join is then met."""
    if x.op is not ops.MAP or any(isinstance(item, ops.Data) or item is None for item in key):
        return None
    whole = [node for node in x.operands if node.shape != ()]
    if any(node.shape != x.shape for node in whole):
        return None
    if not any(_meets(s, node, key) for node in whole):
        return None
    return s.moved(
        x,
        lambda node: node if node.shape == () else s(ops.INDEX, node, key=key),
        ops.INDEX.shape(x.shape, key=key),
    )


def _meets(s: Simplifier, node: Node, key: Any) -> bool:
    """Whether it comes to less to take a part of a node."""
    padded = node.op is ops.SCATTER and padding(node["key"], node.shape) is not None
    return padded or _index_part(s, node, key) is not None


def _scatter_mask(s: Simplifier, g: Node, key: Any, shape: Shape) -> Node | None:
    """`2*x[::2]` put back where it was taken from is `2*x` times ones at these places."""
    if padding(key, shape) is not None or not 0 < math.prod(shape) <= FEW or s.large:
        return None
    parts = {}
    for symbol in s.body(g).free_symbols:
        node = s.node(symbol)
        if node.op is ops.INDEX and node["key"] == key and node.operands[0].shape == shape:
            parts[symbol] = s.body(node.operands[0])
        elif node.shape != ():
            return None
    if not parts:
        return None
    mask = s.body(s(ops.SCATTER, ones(s, g.shape), key=key, shape=shape))
    return s.map(mask * s.body(g).xreplace(parts), shape)


def _unsort_uniform(s: Simplifier, g: Node, x: Node, axis: int, descending: bool) -> Node | None:
    """Equal elements are in any order."""
    number = s.number_of(g)
    return None if number is None else s.map(number, x.shape)


def _flip_flip(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    return x.operands[0] if x.op is ops.FLIP and x["axes"] == axes else None


def _diagonal_outer(s: Simplifier, x: Node, offset: int, dim1: int, dim2: int) -> Node | None:
    """The diagonal of `outer(u, v)` is `u*v`."""
    if x.op is not ops.OUTER or offset or x.shape[0] != x.shape[1]:
        return None
    left, right = x.operands
    return s.map(s.body(left) * s.body(right), left.shape)


def _triangle(op: Op) -> Callable[..., Node | None]:
    """A triangle of the same triangle is itself."""

    def apply(s: Simplifier, x: Node, diagonal: int) -> Node | None:
        return x if x.op is op and x["diagonal"] == diagonal else None

    return apply


def _diagonal_spread(s: Simplifier, x: Node, offset: int, dim1: int, dim2: int) -> Node | None:
    """The diagonal of repeated rows is one of them."""
    if x.op is not ops.MAP or x.ndim != 2 or offset or x.shape[0] != x.shape[1]:
        return None
    if all(node.shape in ((), x.shape) for node in x.operands):
        return None

    def taken(node: Node) -> Node:
        if node.shape == x.shape:
            return s(ops.DIAGONAL, node, offset=0, dim1=dim1, dim2=dim2)
        return s(ops.RESHAPE, node, shape=(math.prod(node.shape),)) if node.ndim == 2 else node

    return s.moved(x, taken, x.shape[:1])


MOVING: tuple[Rule, ...] = (
    Rule("permute", ops.PERMUTE, _permute, lambda f, x, a: swapped(f, swapped(f, a))),
    Rule("permute-product", ops.PERMUTE, _permute_product,
         lambda f, x, a: swapped(f, f(ops.MATMUL, a, swapped(f, a)))),
    Rule("permute-outer", ops.PERMUTE, _permute_outer,
         lambda f, x, a: swapped(f, f(ops.OUTER, x, f(ops.MATMUL, a, x)))),
    Rule("permute-symmetric", ops.PERMUTE, _permute_symmetric,
         lambda f, x, a: swapped(f, f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1))),
    Rule("permute-symmetric-sum", ops.PERMUTE, _permute_symmetric,
         lambda f, x, a: swapped(f, f(ops.INV, f.map(
             f.symbol(f(ops.MATMUL, a, swapped(f, a))) + f.symbol(f(ops.EYE, size=3)), (3, 3))))),
    Rule("permute-map", ops.PERMUTE, _permute_map,
         lambda f, x, a: swapped(f, f.map(sympy.exp(f.symbol(swapped(f, a))), a.shape))),
    Rule("permute-spread", ops.PERMUTE, _permute_spread,
         lambda f, x, a: swapped(f, f.map(sympy.exp(f.symbol(x)), (3, 3)))),
    Rule("reshape", ops.RESHAPE, _reshape,
         lambda f, x, a: f(ops.RESHAPE, f(ops.RESHAPE, a, shape=(9,)), shape=(3, 3))),
    Rule("reshape-map", ops.RESHAPE, _reshape_map,
         lambda f, x, a: f(ops.RESHAPE, f.map(
             sympy.exp(f.symbol(f(ops.RESHAPE, x, shape=(3, 1)))), (3, 1)), shape=(3,))),
    Rule("index-uniform", ops.INDEX, _index_uniform,
         lambda f, x, a: f(ops.INDEX, ones(f, a.shape), key=(1,))),
    Rule("index-part", ops.INDEX, _index_part,
         lambda f, x, a: f(ops.INDEX, f(ops.CONCAT, x, x, axis=0), key=((3, 3, 1),))),
    Rule("index-map", ops.INDEX, _index_map,
         lambda f, x, a: f(ops.INDEX, f.map(
             sympy.exp(f.symbol(f(ops.STACK, x, x, axis=0))), (2, 3)), key=(1,))),
    Rule("index-literal", ops.INDEX, _index_literal,
         lambda f, x, a: f(ops.INDEX, f(ops.LITERAL, data=ops.Data.of(np.arange(6.0))),
                           key=((1, 3, 1),))),
    Rule("scatter-everywhere", ops.SCATTER, _scatter_everywhere,
         lambda f, x, a: f(ops.SCATTER, ones(f, (4,)), key=(ops.Data.of(np.array([0, 1, 0, 1])),),
                           shape=(2,))),
    Rule("concat-single", ops.CONCAT, _concat_single,
         lambda f, x, a: f(ops.CONCAT, x, axis=0)),
    Rule("stacked-alike", ops.STACK, stacked, list_sample),
    Rule("scatter-mask", ops.SCATTER, _scatter_mask,
         lambda f, x, a: f(ops.SCATTER, f.map(
             sympy.exp(f.symbol(f(ops.INDEX, x, key=((0, 2, 2),)))), (2,)),
                           key=((0, 2, 2),), shape=(3,))),
    Rule("unsort-uniform", ops.UNSORT, _unsort_uniform,
         lambda f, x, a: f(ops.UNSORT, ones(f, x.shape), x, axis=0, descending=False)),
    Rule("flip-flip", ops.FLIP, _flip_flip,
         lambda f, x, a: f(ops.FLIP, f(ops.FLIP, x, axes=(0,)), axes=(0,))),
    Rule("diagonal-outer", ops.DIAGONAL, _diagonal_outer,
         lambda f, x, a: f(ops.DIAGONAL, f(ops.OUTER, x, x), offset=0, dim1=0, dim2=1)),
    Rule("lower-triangle", ops.TRIL, _triangle(ops.TRIL),
         lambda f, x, a: f(ops.TRIL, f(ops.TRIL, a, diagonal=0), diagonal=0)),
    Rule("upper-triangle", ops.TRIU, _triangle(ops.TRIU),
         lambda f, x, a: f(ops.TRIU, f(ops.TRIU, a, diagonal=0), diagonal=0)),
    Rule("diagonal-spread", ops.DIAGONAL, _diagonal_spread,
         lambda f, x, a: f(ops.DIAGONAL, f.map(f.symbol(a) * f.symbol(x), (3, 3)),
                           offset=0, dim1=0, dim2=1)),
)  # fmt: skip
