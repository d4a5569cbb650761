"""Rules of what is taken from, and put into, what was taken, put or joined before."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.moving import FEW
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.simplify import Rule, Simplifier

FEW_PARTS = 6
"""Parts of a join up to which their product is written out."""


def is_plain(key: Any) -> bool:
    """Whether a key is of integers and slices alone."""
    return all(isinstance(item, int | tuple) for item in key)


def _whole(key: Any, shape: Shape) -> list[Any]:
    """An item for every dimension."""
    return [*key, *((0, size, 1) for size in shape[len(key) :])]


def _trimmed(items: list[Any], shape: Shape) -> tuple[Any, ...]:
    """A key without whole dimensions at its end."""
    while items and items[-1] == (0, shape[len(items) - 1], 1):
        items = items[:-1]
    return tuple(items)


def _taken(s: Simplifier, x: Node, items: list[Any]) -> Node:
    key = _trimmed(items, x.shape)
    return s(ops.INDEX, x, key=key) if key else x


def _index_index(s: Simplifier, x: Node, key: Any) -> Node | None:
    """`x[1:][0]` is `x[1]`."""
    if x.op is not ops.INDEX or not (is_plain(key) and is_plain(x["key"])):
        return None
    (inner,), outer = x.operands, iter(_whole(key, x.shape))
    items: list[Any] = []
    for item in _whole(x["key"], inner.shape):
        if isinstance(item, int):
            items.append(item)
            continue
        (start, _, step), then = item, next(outer)
        if isinstance(then, int):
            items.append(start + step * then)
        else:
            items.append((start + step * then[0], then[1], step * then[2]))
    return _taken(s, inner, items)


def _index_scatter(s: Simplifier, x: Node, key: Any) -> Node | None:
    """What is taken from zeros around a tensor is a part of it, with zeros around."""
    if x.op is not ops.SCATTER or not (is_plain(key) and is_plain(x["key"])):
        return None
    shape = ops.INDEX.shape(x.shape, key=key)
    inside: list[Any] = []
    places: list[Any] = []
    for put, taken in zip(_whole(x["key"], x.shape), _whole(key, x.shape), strict=True):
        first, count = (put, 1) if isinstance(put, int) else put[:2]
        start, size = (taken, 1) if isinstance(taken, int) else taken[:2]
        if any(isinstance(item, tuple) and item[2] != 1 for item in (put, taken)):
            return None
        low, high = max(first, start), min(first + count, start + size)
        if low >= high:
            return s.map(sympy.Integer(0), shape)
        if isinstance(put, tuple):
            item = (low - first, high - low, 1)
            inside.append(item if isinstance(taken, tuple) else low - first)
        if isinstance(taken, tuple):
            item = (low - start, high - low, 1)
            places.append(item if isinstance(put, tuple) else low - start)
    part = _taken(s, x.operands[0], inside)
    where = _trimmed(places, shape)
    return s(ops.SCATTER, part, key=where, shape=shape) if where else part


def _index_reshape(s: Simplifier, x: Node, key: Any) -> Node | None:
    """One element of what is laid out anew."""
    if x.op is not ops.RESHAPE or len(key) < x.ndim or not all(isinstance(k, int) for k in key):
        return None
    (inner,) = x.operands
    return s(ops.INDEX, inner, key=_place(key, x.shape, inner.shape)) if inner.shape else inner


def _place(key: Any, old: Shape, new: Shape) -> tuple[int, ...]:
    """Where an element is when a tensor is laid out anew."""
    return tuple(int(k) for k in np.unravel_index(int(np.ravel_multi_index(key, old)), new))


def _index_outer(s: Simplifier, x: Node, key: Any) -> Node | None:
    """`outer(u, v)[i, j]` is `u[i]*v[j]`."""
    if x.op is not ops.OUTER or not isinstance(key[0], int):
        return None
    u, v = x.operands
    number = s(ops.INDEX, u, key=key[:1])
    return s.scaled(s.body(number), s(ops.INDEX, v, key=key[1:]) if key[1:] else v)


def _reshape_single(s: Simplifier, x: Node, shape: Shape) -> Node | None:
    """One element among zeros, or alone, laid out anew."""
    if x.op is ops.STACK and x.shape == (1,) and shape == ():
        return x.operands[0]
    if x.op is ops.SCATTER and math.prod(x.shape) == 1 == math.prod(x.operands[0].shape):
        return s(ops.RESHAPE, x.operands[0], shape=shape)
    if x.op is not ops.SCATTER or not shape or len(x["key"]) < x.ndim:
        return None
    if not all(isinstance(item, int) for item in x["key"]):
        return None
    return s(ops.SCATTER, x.operands[0], key=_place(x["key"], x.shape, shape), shape=shape)


def _reshape_back(s: Simplifier, x: Node, shape: Shape) -> Node | None:
    """A function of what was laid out anew, and of single elements, laid out as it was."""
    if x.op is not ops.MAP:
        return None
    parts: dict[int, Node] = {}
    for node in x.operands:
        if node.shape == ():
            parts[node.order] = node
        elif node.shape == x.shape and node.op is ops.RESHAPE and node.operands[0].shape == shape:
            parts[node.order] = node.operands[0]
        else:
            found = _reshape_single(s, node, shape) if node.shape == x.shape else None
            if found is None:
                return None
            parts[node.order] = found
    return s.moved(x, lambda node: parts[node.order], shape) if parts else None


def _whole_numbers(s: Simplifier, node: Node) -> Any:
    """The array of fixed whole numbers that a node is, None of another one."""
    if node.op is ops.LITERAL:
        array = node["data"].array
        return array if array.dtype.kind == "f" and (array == np.round(array)).all() else None
    if node.op is ops.STACK and not node["axis"]:
        rows = [_whole_numbers(s, part) for part in node.operands]
        return None if any(row is None for row in rows) else np.stack(rows)
    if math.prod(node.shape) > FEW * FEW:
        return None
    if node.op is ops.SCATTER and is_plain(node["key"]):
        part = _whole_numbers(s, node.operands[0])
        return None if part is None else ops.SCATTER.array(np, part, **dict(node.static))
    number = s.number_of(node)
    if number is None or not number.is_Integer or abs(number) >= 2**53:
        return None
    return np.full(node.shape, float(number))


def _stack_numbers(s: Simplifier, *parts: Node, axis: int) -> Node | None:
    """A matrix of fixed numbers."""
    if axis or not parts[0].ndim or len(parts) * math.prod(parts[0].shape) > FEW * FEW:
        return None
    rows = [_whole_numbers(s, part) for part in parts]
    if any(row is None for row in rows):
        return None
    return s(ops.LITERAL, data=ops.Data.of(np.stack(rows)))


def _permute_numbers(s: Simplifier, x: Node, order: Shape) -> Node | None:
    if x.op is not ops.LITERAL or math.prod(x.shape) > FEW * FEW:
        return None
    return s(ops.LITERAL, data=ops.Data.of(x["data"].array.transpose(order)))


def _matmul_unit(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`A@v` with a v that is 1 at one place and else 0 is a column of A."""
    if x.ndim != 2 or y.ndim != 1:
        return None
    array = _whole_numbers(s, y)
    if array is None or array.sum() != 1 or np.count_nonzero(array) != 1:
        return None
    return s(ops.INDEX, swapped(s, x), key=(int(array.argmax()),))


def _prod_stack(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """The product of few tensors."""
    if x.op is not ops.STACK or axes != (x["axis"],) or len(x.operands) > FEW_PARTS:
        return None
    return s.map(sympy.Mul(*map(s.body, x.operands)), x.operands[0].shape)


def _others_stack(s: Simplifier, x: Node, axes: Shape) -> Node | None:
    """For each of few tensors the product of the others."""
    if x.op is not ops.STACK or axes != (x["axis"],) or len(x.operands) > FEW_PARTS:
        return None
    bodies = list(map(s.body, x.operands))
    rest = [sympy.Mul(*bodies[:k], *bodies[k + 1 :]) for k in range(len(bodies))]
    return s(ops.STACK, *[s.map(body, x.operands[0].shape) for body in rest], axis=x["axis"])


def add_numbers(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Tensors of fixed whole numbers added up."""
    if not body.is_Add:
        return body
    found = {}
    for term in body.args:
        number, symbol = term.as_coeff_Mul()
        if number.is_Integer and symbol.is_Symbol and s.node(symbol).shape == shape:
            array = _whole_numbers(s, s.node(symbol))
            if array is not None and abs(number) * np.abs(array).max(initial=0) < 2**50:
                found[term] = int(number) * array
    if len(found) < 2 or s.node(next(iter(found)).as_coeff_Mul()[1]).op is not ops.LITERAL:
        return body
    total = s(ops.LITERAL, data=ops.Data.of(sum(found.values())))
    return sympy.Add(*[term for term in body.args if term not in found]) + s.body(total)


def numbers_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    first, second = (f.symbol(f(ops.LITERAL, data=ops.Data.of(np.array(v, dtype=float))))
                     for v in ([1, 2, 0], [0, 1, 5]))  # fmt: skip
    return f.symbol(x) + 3 * first - second, (3,)


def _matrix_of_numbers(f: Any) -> list[Node]:
    return [f(ops.LITERAL, data=ops.Data.of(np.array(row, dtype=float)))
            for row in ([1, 2, 0], [0, 1, 5])]  # fmt: skip


def _back_sample(f: Any, x: Node, a: Node) -> Node:
    placed = f.symbol(f(ops.SCATTER, f(ops.INDEX, x, key=(0,)), key=(1, 2), shape=(3, 3)))
    again = f.symbol(f(ops.RESHAPE, f(ops.CUMSUM, f(ops.RESHAPE, a, shape=(9,)), axis=0),
                       shape=(3, 3)))  # fmt: skip
    node: Node = f(ops.RESHAPE, f.map(placed + 2 * again, (3, 3)), shape=(9,))
    return node


TAKING: tuple[Rule, ...] = (
    Rule("index-index", ops.INDEX, _index_index,
         lambda f, x, a: f(ops.INDEX, f(ops.INDEX, a, key=((1, 2, 1),)), key=(1, (2, 2, -1)))),
    Rule("index-scatter", ops.INDEX, _index_scatter,
         lambda f, x, a: f(ops.INDEX, f(ops.SCATTER, x, key=((1, 3, 1), 1), shape=(5, 2)),
                           key=((0, 3, 1), (1, 1, 1)))),
    Rule("index-reshape", ops.INDEX, _index_reshape,
         lambda f, x, a: f(ops.INDEX, f(ops.RESHAPE, a, shape=(9,)), key=(5,))),
    Rule("index-outer", ops.INDEX, _index_outer,
         lambda f, x, a: f(ops.INDEX, f(ops.OUTER, x, f(ops.MATMUL, a, x)), key=(1,))),
    Rule("reshape-single", ops.RESHAPE, _reshape_single,
         lambda f, x, a: f(ops.RESHAPE, f(ops.SCATTER, f(ops.INDEX, x, key=(0,)), key=(1, 2),
                                          shape=(3, 3)), shape=(9,))),
    Rule("reshape-back", ops.RESHAPE, _reshape_back, _back_sample),
    Rule("stack-numbers", ops.STACK, _stack_numbers,
         lambda f, x, a: f(ops.STACK, *_matrix_of_numbers(f), axis=0)),
    Rule("permute-numbers", ops.PERMUTE, _permute_numbers,
         lambda f, x, a: swapped(f, f(ops.LITERAL, data=ops.Data.of(np.array([[1.0, 2.0]]))))),
    Rule("matmul-unit", ops.MATMUL, _matmul_unit,
         lambda f, x, a: f(ops.MATMUL, a, f(ops.LITERAL, data=ops.Data.of(
             np.array([0.0, 1.0, 0.0]))))),
    Rule("prod-stack", ops.PROD, _prod_stack,
         lambda f, x, a: f(ops.PROD, f(ops.STACK, x, f(ops.MATMUL, a, x), axis=1), axes=(1,))),
    Rule("others-stack", ops.OTHERS, _others_stack,
         lambda f, x, a: f(ops.OTHERS, f(ops.STACK, x, f(ops.MATMUL, a, x), axis=0), axes=(0,))),
)  # fmt: skip
