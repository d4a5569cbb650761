"""Single elements put in their places, as a list of them."""

import math
from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.scalars import times
from gradcalc.expr.simplify import Simplifier

WRITTEN_OUT = 12
"""The largest tensor that is written element by element."""


def written_out(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Single elements put in their places; the same expression where there is anything else."""
    if math.prod(shape) > WRITTEN_OUT or len(shape) not in (1, 2):
        return body
    places: dict[Any, Any] = {}
    for term in sympy.Add.make_args(body):
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
        rows = [element(k) for k in range(shape[0])]
    else:
        rows = [
            s(ops.STACK, *[element(i, j) for j in range(shape[1])], axis=0) for i in range(shape[0])
        ]
    return s.body(s(ops.STACK, *rows, axis=0))


def _placed(s: Simplifier, node: Node) -> dict[tuple[int, ...], Any] | None:
    """The elements of a list, or the one that is put in its place, by index; None of others."""
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
