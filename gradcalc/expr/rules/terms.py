"""Rules of sums of terms that have something in common, or that are single elements in places."""

import math
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.rules.alike import stacked
from gradcalc.expr.scalars import times
from gradcalc.expr.simplify import Simplifier

FEW_TERMS = 6
"""Terms of a sum in which common parts are looked for."""


def common_parts(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`f*g*a + f*g*b` as `f*g*(a + b)`, where f and g are themselves composed.

    What is small is left to the choice of the shortest form.
    """
    if not body.is_Add or len(body.args) > FEW_TERMS:
        return body
    first, *others = (sympy.Mul.make_args(term) for term in body.args)
    composed = [f for f in first if f.is_Add or f.is_Function or (f.is_Pow and f.base.is_Add)]
    common = [f for f in composed if all(f in factors for factors in others)]
    if not common:
        return body
    terms = [sympy.Mul(*[f for f in factors if f not in common]) for factors in (first, *others)]
    return sympy.Mul(*common, sympy.Add(*terms))


def common_factors(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`M@v + N@v` is `(M + N)@v`, `M@u + M@v` is `M@(u + v)`."""
    if body.is_Mul and any(factor.is_Add for factor in body.args):
        number, rest = body.as_coeff_Mul()
        factors = [common_factors(s, f, shape) for f in sympy.Mul.make_args(rest)]
        return times(number, sympy.Mul(*factors))
    if not body.is_Add:
        return body
    terms = [term.as_coeff_Mul() for term in body.args]
    for i, (c, first) in enumerate(terms):
        for d, second in terms[i + 1 :]:
            joined = _joined(s, first, second, d / c)
            if joined is not None:
                rest = body - c * first - d * second
                return common_factors(s, rest + c * joined, shape)
    return body


def _joined(s: Simplifier, first: Any, second: Any, ratio: Any) -> Any | None:
    """`first + ratio*second` as one product, where they share a scalar factor and an operand."""
    (a, left), (b, right) = (_product_in(s, term) for term in (first, second))
    if left is None or right is None or a != b or left.op is not right.op or abs(ratio) != 1:
        return None
    for same in (1, 0):
        if left.operands[same] is right.operands[same]:
            one, other = left.operands[1 - same], right.operands[1 - same]
            if one.shape != other.shape:
                return None
            both = s.map(s.body(one) + ratio * s.body(other), one.shape)
            pair = (both, left.operands[1]) if same else (left.operands[0], both)
            return a * s.body(s(left.op, *pair))
    return None


def _product_in(s: Simplifier, term: Any) -> tuple[Any, Node | None]:
    """A term as a scalar expression times a product of matrices."""
    factors = sympy.Mul.make_args(term)
    found = [f for f in factors if f.is_Symbol and s.node(f).op in (ops.MATMUL, ops.OUTER)
             and s.node(f).ndim]  # fmt: skip
    if len(found) != 1:
        return term, None
    rest = sympy.Mul(*[factor for factor in factors if factor is not found[0]])
    single = s.node(found[0]).ndim == 2 and s.spread_shape(rest) == (1, 1)
    return (rest, s.node(found[0])) if single or s.is_scalar(rest) else (term, None)


def turned_terms(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`R + R.T` of a difference R term by term, where some of them are the same both ways."""
    if not body.is_Add or len(body.args) > FEW_TERMS:
        return body
    for symbol in body.free_symbols:
        node = s.node(symbol)
        if node.op is not ops.PERMUTE or node.operands[0].op is not ops.MAP:
            continue
        (inner,) = node.operands
        if not inner["body"].is_Add or any(
            o.shape not in ((), inner.shape) for o in inner.operands
        ):
            continue
        parts = [
            s.body(s(ops.PERMUTE, s.map(term, inner.shape), order=node["order"]))
            for term in inner["body"].args
        ]
        turned = sympy.expand(body.xreplace({symbol: sympy.Add(*parts)}))
        if len(sympy.Add.make_args(turned)) <= len(body.args):
            return turned
    return body


def turned_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    less = f.map(f.symbol(a) - f.symbol(f(ops.MATMUL, a, a)), (3, 3))
    return f.symbol(swapped(f, less)) - f.symbol(swapped(f, a)), (3, 3)


WRITTEN_OUT = 12
"""The largest tensor that is written element by element."""


def written_out(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Single elements put in their places; the same expression where there is anything else."""
    if math.prod(shape) > WRITTEN_OUT or len(shape) not in (1, 2):
        return body
    places: dict[Any, Any] = {}
    if not body.is_Add and s.is_scalar(body):
        return body
    for term in sympy.Add.make_args(body):
        if term.is_Integer:
            for key in np.ndindex(*shape):
                places[key] = places.get(key, 0) + term
            continue
        symbols = [f for f in sympy.Mul.make_args(term) if f.is_Symbol and s.node(f).shape == shape]
        known = _placed(s, s.node(symbols[0])) if len(symbols) == 1 else None
        if known is None or not s.is_scalar(term / symbols[0]):
            return body
        for key, value in known.items():
            # a number would go into the sum behind it
            number, factor = (term / symbols[0]).as_coeff_Mul()
            found = times(number, factor * value)
            places[key] = places[key] + found if key in places else found

    def element(*key: int) -> Node:
        return s.map(sympy.sympify(places.get(key, 0)), ())

    if len(shape) == 1:
        return s.body(s(ops.STACK, *[element(k) for k in range(shape[0])], axis=0))
    elements = [[element(i, j) for j in range(shape[1])] for i in range(shape[0])]
    rows = [row for each in elements if (row := stacked(s, *each, axis=0)) is not None]
    whole = stacked(s, *rows, axis=0) if len(rows) == len(elements) else None
    if whole is not None:
        return s.body(whole)
    # a row by itself stays a list, into which more may come
    lists = [s.forms(ops.STACK, *row, axis=0) for row in elements]
    return s.body(s.forms(ops.STACK, *lists, axis=0))


def _placed(s: Simplifier, node: Node) -> dict[tuple[int, ...], Any] | None:
    """The elements of a list, or the one that is put in its place, by index; None of others."""
    number = s.number_of(node.operands[0]) if node.op is ops.SCATTER else None
    if (
        number is not None
        and number.is_Integer
        and not any(isinstance(item, ops.Data) for item in node["key"])
    ):
        marked = ops.SCATTER.array(np, np.ones(node.operands[0].shape), key=node["key"],
                                   shape=node.shape)  # fmt: skip
        return {tuple(map(int, key)): number for key in np.argwhere(marked)}
    if node.op is ops.SCATTER:
        whole = len(node["key"]) == node.ndim and all(isinstance(k, int) for k in node["key"])
        return {node["key"]: s.body(node.operands[0])} if whole else None
    if node.op is not ops.STACK or node["axis"]:
        return None
    if node.ndim == 1:
        return {(k,): s.body(part) for k, part in enumerate(node.operands)}
    rows = [_placed(s, part) for part in node.operands]
    if any(row is None for row in rows):
        return None
    return {(k, *key): value for k, row in enumerate(rows) for key, value in (row or {}).items()}


def into_list(s: Simplifier, body: Any) -> Any:
    """A scalar times a list as a list."""
    factors = sympy.Mul.make_args(body)
    lists = [f for f in factors if f.is_Symbol and _is_list(s.node(f))]
    rest = sympy.Mul(*[factor for factor in factors if factor not in lists])
    if len(lists) != 1 or rest == 1 or not s.is_scalar(rest):
        return body
    parts = [s.map(rest * s.body(part), ()) for part in s.node(lists[0]).operands]
    return s.body(s(ops.STACK, *parts, axis=0))


def _is_list(node: Node) -> bool:
    return node.op is ops.STACK and node.ndim == 1


def with_units(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`u*(v - w)` with a w that is 1/u at one place and 0 elsewhere: `u*v` and 1 at that place."""
    if not body.is_Mul or s.large:
        return body
    for total in (factor for factor in body.args if factor.is_Add):
        rest = body / total
        for term in total.args:
            unit = _unit(s, rest, term, shape)
            if unit is not None:
                return rest * (total - term) + unit
    return body


def _unit(s: Simplifier, rest: Any, term: Any, shape: Shape) -> Any | None:
    """The product with one element among zeros, if it comes to a plain number there."""
    number, symbol = term.as_coeff_Mul()
    node = s.node(symbol) if symbol.is_Symbol else None
    if node is None or node.op is not ops.SCATTER or node.shape != shape:
        return None
    key, others = node["key"], [o for o in rest.free_symbols if s.node(o).shape]
    if len(key) != node.ndim or not all(isinstance(k, int) for k in key):
        return None
    if any(s.node(o).shape != shape for o in others):
        return None
    parts = {o: s.body(s(ops.INDEX, s.node(o), key=key)) for o in others}
    element = number * rest.xreplace(parts) * s.body(node.operands[0])
    if not element.is_Rational:
        return None
    return element * s.symbol(s(ops.SCATTER, s.map(sympy.Integer(1), ()), key=key, shape=shape))


def in_places(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Several single elements put in their places: `[x[1], x[0]]`."""
    body = into_list(s, body)
    return written_out(s, body, shape) if body.is_Add else body


def units_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    inverse = f.map(1 / f.symbol(f(ops.INDEX, x, key=(1,))), ())
    placed = f(ops.SCATTER, inverse, key=(1,), shape=(3,))
    return f.symbol(x) * (f.symbol(f(ops.MATMUL, a, x)) - f.symbol(placed)), (3,)


def places_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    places = [f.symbol(f(ops.SCATTER, f(ops.INDEX, x, key=(0,)), key=(k,), shape=(3,)))
              for k in (1, 2)]  # fmt: skip
    return sympy.Add(*places), (3,)
