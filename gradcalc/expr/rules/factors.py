"""Rules of fixed numbers, and those that bring scalar factors to the front."""

from typing import Any

import numpy as np
import sympy
from sympy.utilities.iterables import sift

from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Node, Op
from gradcalc.expr.parts import NOWHERE
from gradcalc.expr.polynomials import led
from gradcalc.expr.scalars import negative, number, times
from gradcalc.expr.simplify import Rule, Simplifier

TINY = 1e-3
"""Numbers below which a constant stays a part of its own."""

HOISTED = (
    ops.PERMUTE, ops.RESHAPE, ops.FLIP, ops.ROLL, ops.INDEX, ops.SCATTER, ops.DIAGONAL, ops.EMBED,
    ops.TRIL, ops.TRIU, ops.SUM, ops.CUMSUM, ops.TRACE, ops.BROADCAST,
)  # fmt: skip


def split(s: Simplifier, node: Node, *, single: bool = False) -> tuple[Any, Node]:
    """A scalar factor of a tensor, and the rest; with `single` it may be of shape (1, 1)."""
    if node.op is not ops.MAP:
        return sympy.Integer(1), node
    body = node["body"]
    if node.shape == ():
        number, rest = body.as_coeff_Mul()
        return number, (node if number == 1 else s.map(rest, ()))
    if s.is_scalar(body):
        return body, s.map(sympy.Integer(1), node.shape)
    if not s.large and body.is_Add:
        body = _led_by_plus(s, led(body))
    outside, inside = sift(
        sympy.Mul.make_args(body),
        lambda factor: s.is_scalar(factor) or (single and s.spread_shape(factor) == (1, 1)),
        binary=True,
    )
    if not outside:
        return sympy.Integer(1), node
    return sympy.Mul(*outside), s.map(sympy.Mul(*inside), node.shape)


def _led_by_plus(s: Simplifier, body: Any) -> Any:
    """The expression with a minus taken out of a sum whose first term has one."""
    sums, rest = sift(sympy.Mul.make_args(body), lambda f: f.is_Add, binary=True)
    number, factors = sympy.Mul(*rest).as_coeff_Mul()
    for total in sums:
        lead = min(total.args, key=lambda term: _precedence(s, term))
        if lead.as_coeff_Mul()[0] < 0:
            number, total = -number, negative(total)
        factors *= total
    return times(number, factors)


def _precedence(s: Simplifier, term: Any) -> tuple[int, int, str]:
    """Where in the program a term begins: its first input, then its first part.

    A term and its negative are alike in this, or signs would go to and fro.
    """
    nodes = [s.node(symbol) for symbol in term.free_symbols]
    return (
        min(map(s.places.of, nodes), default=NOWHERE),
        min((node.order for node in nodes), default=0),
        str(term.as_coeff_Mul()[1]),
    )


def _hoist(op: Op) -> Rule:
    """`op(c*x)` is `c*op(x)` for a scalar c, and nothing comes of zero."""

    def apply(s: Simplifier, x: Node, *rest: Node, **static: Any) -> Node | None:
        shape = op.shape(x.shape, *[r.shape for r in rest], **static)
        if s.number_of(x) == 0:
            return s.map(sympy.Integer(0), shape)
        factor, inner = split(s, x)
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
        (first, left), (second, right) = (split(s, z, single=single) for z in (x, y))
        if first == second == 1:
            return None
        return s.scaled(first * second, s(op, left, right))

    def sample(f: Any, x: Node, a: Node) -> Node:
        node: Node = f(op, f.scaled(sympy.Integer(3), x), x)
        return node

    return Rule(f"hoist-{op.name}", op, apply, sample)


def _hoist_solve(s: Simplifier, a: Node, b: Node) -> Node | None:
    """`solve(A, c*b)` is `c*solve(A, b)`."""
    factor, inner = split(s, b)
    return None if factor == 1 else s.scaled(factor, s(ops.SOLVE, a, inner))


def _one_number(s: Simplifier, data: Data) -> Node | None:
    """Fixed numbers that are all the same are one."""
    array = data.array
    if not array.size or not (array == array.flat[0]).all():
        return None
    value = float(array.flat[0])
    if np.isinf(value):
        # which no scalar expression has
        return None
    # a small one is kept apart, or denominators of 10**8 spread through everything
    return None if 0 < abs(value) < TINY else s.map(number(value, s.dtype), array.shape)


def _unit_matrix(s: Simplifier, data: Data) -> Node | None:
    array = data.array
    if not array.size or array.ndim != 2 or array.shape[0] != array.shape[1]:
        return None
    return s.forms(ops.EYE, size=len(array)) if (array == np.eye(len(array))).all() else None


FACTORS: tuple[Rule, ...] = (
    Rule("one-number", ops.LITERAL, _one_number,
         lambda f, x, a: f(ops.LITERAL, data=Data.of(np.full(3, 0.5)))),
    Rule("unit-matrix", ops.LITERAL, _unit_matrix,
         lambda f, x, a: f(ops.LITERAL, data=Data.of(np.eye(3)))),
    *map(_hoist, HOISTED),
    _hoist_product(ops.MATMUL),
    _hoist_product(ops.OUTER),
    Rule("hoist-solve", ops.SOLVE, _hoist_solve,
         lambda f, x, a: f(ops.SOLVE, a, f.scaled(sympy.Integer(3), x))),
)  # fmt: skip
