"""Rules that bring scalar factors to the front."""

from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Op
from gradcalc.expr.simplify import Rule, Simplifier

HOISTED = (
    ops.PERMUTE, ops.RESHAPE, ops.FLIP, ops.ROLL, ops.INDEX, ops.SCATTER, ops.DIAGONAL, ops.EMBED,
    ops.TRIL, ops.TRIU, ops.SUM, ops.CUMSUM, ops.TRACE, ops.BROADCAST,
)  # fmt: skip


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
        single = op is ops.MATMUL and x.ndim == y.ndim == 2
        (first, left), (second, right) = (s.split(z, single=single) for z in (x, y))
        if first == second == 1:
            return None
        return s.scaled(first * second, s(op, left, right))

    def sample(f: Any, x: Node, a: Node) -> Node:
        node: Node = f(op, f.scaled(sympy.Integer(3), x), x)
        return node

    return Rule(f"hoist-{op.name}", op, apply, sample)


def _hoist_solve(s: Simplifier, a: Node, b: Node) -> Node | None:
    """`solve(A, c*b)` is `c*solve(A, b)`."""
    factor, inner = s.split(b)
    return None if factor == 1 else s.scaled(factor, s(ops.SOLVE, a, inner))


FACTORS: tuple[Rule, ...] = (
    *map(_hoist, HOISTED),
    _hoist_product(ops.MATMUL),
    _hoist_product(ops.OUTER),
    Rule(
        "hoist-solve",
        ops.SOLVE,
        _hoist_solve,
        lambda f, x, a: f(ops.SOLVE, a, f.scaled(sympy.Integer(3), x)),
    ),
)
