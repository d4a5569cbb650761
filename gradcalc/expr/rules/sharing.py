"""Rules of sums of terms that have something in common."""

from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.rules.common import transposed
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
    return f.symbol(transposed(f, less)) - f.symbol(transposed(f, a)), (3, 3)
