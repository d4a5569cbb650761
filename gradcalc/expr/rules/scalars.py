"""Rules of scalar expressions whose symbols stand for tensors: names for what people name."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.nodes import Node, Op, Shape
from gradcalc.expr.polynomials import led
from gradcalc.expr.reducing import kept
from gradcalc.expr.rewriting import recognised
from gradcalc.expr.rules.alike import in_rows, rows_sample, sum_sample, summed
from gradcalc.expr.rules.common import uncentred
from gradcalc.expr.rules.taking import add_numbers, numbers_sample
from gradcalc.expr.rules.terms import (
    common_factors,
    common_parts,
    in_places,
    places_sample,
    turned_sample,
    turned_terms,
    units_sample,
    with_units,
)
from gradcalc.expr.scalars import Head, head, is_too_large, opened, remade, with_parts
from gradcalc.expr.simplify import Simplifier
from gradcalc.expr.symmetry import is_transposed


@dataclass(frozen=True, slots=True)
class ScalarRule:
    """A rewriting of a scalar expression in the symbols of nodes.

    `apply(s, body, shape)` gives the new expression, or the old one. `sample(f, x, A)` makes one
    that it changes, with its shape, of a vector x of 3 and a matrix A of 3 by 3. It changes nothing
    unless a symbol stands for an operation that is `among` these, None if it looks at no symbol.
    """

    name: str
    apply: Callable[[Simplifier, Any, Shape], Any]
    sample: Callable[[Any, Node, Node], tuple[Any, Shape]]
    among: frozenset[Op] | None = None


def _sums_of_exp(s: Simplifier, body: Any) -> list[tuple[Any, Node, Any, Shape]]:
    """The symbols in an expression that are sums of exponentials, with the sum and its inside."""
    found = []
    for symbol in body.free_symbols:
        node = s.node(symbol)
        total = node.operands[0] if node.op is ops.RESHAPE else node
        if total.op is ops.SUM and total.operands[0].op is ops.MAP:
            inside = total.operands[0]["body"]
            if isinstance(inside, sympy.exp):
                found.append((symbol, total, inside.args[0], total["axes"]))
    return found


def _constants(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Functions of plain numbers that are numbers themselves."""
    if not body.has(Head):
        return body
    # sympy thinks long about how numbers compare that are themselves composed
    calls = [c for c in body.atoms(Head) if all(a.is_Rational for a in c.args)]
    short = [
        c for c in calls if not is_too_large(c.body, dict(zip(c.symbols, c.args, strict=True)))
    ]
    known = {call: opened(call.opened()) for call in short}
    return body.xreplace({call: value for call, value in known.items() if value.is_Rational})


def _softmax(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`exp(u)/sum(exp(u))` along one dimension."""
    if not body.has(sympy.exp):
        return body
    sums = _sums_of_exp(s, body)
    if sums and body.is_Mul:
        body = remade(led(body))
    for symbol, total, inside, axes in sums:
        if len(axes) != 1 or not _lies_along(s.node(symbol), total):
            continue
        whole = s(ops.SOFTMAX, s.map(inside, total.operands[0].shape), axis=axes[0])
        body = _replaced(body, symbol, inside, s.body(whole))
    return body


def _lies_along(node: Node, total: Node) -> bool:
    """Whether a reduction meets, in broadcasting, the elements that it was made of."""
    (x,) = total.operands
    return (1,) * (x.ndim - node.ndim) + node.shape == kept(x.shape, total["axes"])


def _replaced(body: Any, symbol: Any, inside: Any, whole: Any) -> Any:
    """Powers of `exp(inside)/symbol` as powers of `whole`, wherever they are."""
    if body.is_Atom or not body.has(symbol):
        return body
    body = with_parts(body, [_replaced(part, symbol, inside, whole) for part in body.args])
    if not body.is_Mul:
        return body
    powers = dict(factor.as_base_exp() for factor in body.args if not isinstance(factor, sympy.exp))
    below = -powers.get(symbol, sympy.Integer(0))
    if not (below.is_Integer and below > 0):
        return body
    for factor in body.args:
        if isinstance(factor, sympy.exp):
            for times in range(int(below), 0, -1):
                left = sympy.expand(factor.args[0] - times * inside)
                if left == 0 or _is_simpler(left, factor.args[0]):
                    rest = body / factor * symbol**times
                    return rest * sympy.exp(left) * whole**times
    return body


def _is_simpler(left: Any, old: Any) -> bool:
    return len(sympy.Add.make_args(left)) < len(sympy.Add.make_args(old))


def _softmax_of_log(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`exp(u - logsumexp(u))`."""
    for call in body.atoms(sympy.exp):
        for symbol in call.free_symbols:
            node = s.node(symbol)
            total = node.operands[0] if node.op is ops.RESHAPE else node
            if total.op is not ops.LOGSUMEXP or len(total["axes"]) != 1:
                continue
            if not _lies_along(node, total):
                continue
            inner = total.operands[0]
            if sympy.expand(call.args[0] + symbol) == s.body(inner):
                whole = s(ops.SOFTMAX, inner, axis=total["axes"][0])
                body = body.xreplace({call: s.body(whole)})
    return body


def _logsumexp(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`log(sum(exp(u)))`."""
    logs = {call for call in body.atoms(sympy.log) if call.args[0].is_Symbol}
    if not logs:
        return body
    for symbol, total, inside, axes in _sums_of_exp(s, body):
        if sympy.log(symbol) in logs:
            summed = s.map(inside, total.operands[0].shape)
            result = s(ops.LOGSUMEXP, summed, axes=axes)
            node = s.node(symbol)
            if node.op is ops.RESHAPE:
                result = s(ops.RESHAPE, result, shape=node.shape)
            body = body.xreplace({sympy.log(symbol): s.body(result)})
    return body


def _logdet(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`log(det(A))` as the user calls it."""
    if not s.speaks_of("logdet"):
        return body
    changes = {}
    for call in body.atoms(sympy.log):
        node = s.node(call.args[0]) if call.args[0].is_Symbol else None
        if node is not None and node.op is ops.DET:
            changes[call] = s.body(s(ops.LOGDET, *node.operands))
    return body.xreplace(changes) if changes else body


def _others(s: Simplifier, body: Any, shape: Shape) -> Any:
    """The product of all other elements as `prod(x)/x`."""
    changes = {}
    for symbol in () if s.careful else body.free_symbols:
        node = s.node(symbol)
        if node.op is ops.OTHERS:
            (x,) = node.operands
            axes = node["axes"]
            whole = s(ops.PROD, x, axes=axes)
            if len(axes) < x.ndim:
                whole = s(ops.RESHAPE, whole, shape=kept(x.shape, axes))
            changes[symbol] = s.body(whole) / s.body(x)
    return body.xreplace(changes) if changes else body


def _norms(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`sqrt(v @ v)` and its odd powers."""
    changes = {}
    for power in body.atoms(sympy.Pow):
        base, exponent = power.args
        if base.is_Symbol and exponent.is_Rational and exponent.q == 2:
            length = _norm_of(s, s.node(base))
            if length is not None:
                changes[power] = _length(s, length) ** exponent.p
    return body.xreplace(changes) if changes else body


def _norm_of(s: Simplifier, square: Node) -> Node | None:
    """The node of which another one is the square."""
    if square.op is ops.RESHAPE:
        inner = _norm_of(s, square.operands[0])
        return None if inner is None else s(ops.RESHAPE, inner, shape=square.shape)
    if square.op is ops.MATMUL and square.operands[0] is square.operands[1] and not square.ndim:
        return s(ops.NORM, square.operands[0], axes=(0,))
    if square.op is ops.TRACE and square.operands[0].op is ops.MATMUL:
        left, right = square.operands[0].operands
        for one, other in ((left, right), (right, left)):
            if is_transposed(one) and one.operands[0] is other:
                return s(ops.NORM, other, axes=(0, 1))
    if square.op is ops.SUM and square.operands[0].op is ops.MAP:
        inside = square.operands[0]
        body = inside["body"]
        if body.is_Pow and body.exp == 2:
            return s(ops.NORM, s.map(body.base, inside.shape), axes=square["axes"])
    return None


def _length(s: Simplifier, norm: Node) -> Any:
    """A norm; that of what is centred by the standard deviation."""
    whole = norm.operands[0] if norm.op is ops.RESHAPE else norm
    (x,) = whole.operands
    centred = uncentred(s, x, whole["axes"])
    count = math.prod(x.shape[axis] for axis in whole["axes"])
    if centred is None or count < 2 or not s.speaks_of("std"):
        return s.body(norm)
    deviation = s(ops.STD, centred, axes=whole["axes"])
    if norm.op is ops.RESHAPE:
        deviation = s(ops.RESHAPE, deviation, shape=norm.shape)
    return sympy.sqrt(count - 1) * s.body(deviation)


def _means(s: Simplifier, body: Any, shape: Shape) -> Any:
    """`sum(x)/n`, where the n leaves no other trace."""
    if not s.speaks_of("mean"):
        return body
    symbols = {symbol: s.node(symbol) for symbol in body.free_symbols}
    sums = {symbol: node for symbol, node in symbols.items() if _summed(node) is not None}
    if not sums:
        return body
    changes = {}
    for term in (body, *body.atoms(sympy.Mul)):
        for part in sympy.Add.make_args(term):
            factor, rest = part.as_coeff_Mul()
            for symbol in sympy.Mul.make_args(rest):
                if symbol in sums:
                    mean = _mean(s, sums[symbol], factor)
                    if mean is not None:
                        changes[part] = mean * rest / symbol
    return body.xreplace(changes) if changes else body


def _summed(node: Node) -> Node | None:
    total = node.operands[0] if node.op is ops.RESHAPE else node
    return total if total.op is ops.SUM else None


def _mean(s: Simplifier, node: Node, factor: Any) -> Any | None:
    total = _summed(node)
    assert total is not None
    (x,) = total.operands
    count = math.prod(x.shape[axis] for axis in total["axes"])
    if count < 2 or not factor.is_Rational or factor.q % count:
        return None
    mean = s(ops.MEAN, x, axes=total["axes"])
    if node.op is ops.RESHAPE:
        mean = s(ops.RESHAPE, mean, shape=node.shape)
    return factor * count * s.body(mean)


_X = sympy.Symbol("_x", real=True)
relu = head("relu", (None,), (), (_X,), sympy.Piecewise((_X, _X > 0), (sympy.Integer(0), True)))


def _exp_sample(f: Any, x: Node, a: Node) -> tuple[Any, Any]:
    power = sympy.exp(f.symbol(x))
    return power, f.symbol(f(ops.SUM, f.map(power, (3,)), axes=(0,)))


def _softmax_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    power, total = _exp_sample(f, x, a)
    return power / total, (3,)


SCALAR_RULES: tuple[ScalarRule, ...] = (
    ScalarRule("constants", _constants,
               lambda f, x, a: (f.symbol(x) * relu(sympy.Integer(2)), (3,))),
    ScalarRule("sigmoids", lambda s, body, shape: recognised(body),
               lambda f, x, a: (1 / (1 + sympy.exp(-f.symbol(x))), (3,))),
    ScalarRule("logsumexp", _logsumexp,
               lambda f, x, a: (sympy.log(_exp_sample(f, x, a)[1]), ()), frozenset({ops.SUM})),
    ScalarRule("softmax", _softmax, _softmax_sample, frozenset({ops.SUM})),
    ScalarRule("softmax-of-log", _softmax_of_log,
               lambda f, x, a: (sympy.exp(f.symbol(x) - f.symbol(f(ops.LOGSUMEXP, x, axes=(0,)))),
                                (3,)), frozenset({ops.LOGSUMEXP})),
    ScalarRule("norms", _norms,
               lambda f, x, a: (sympy.sqrt(f.symbol(f(ops.MATMUL, x, x))), ()),
               frozenset({ops.MATMUL, ops.SUM})),
    ScalarRule("norms-of-matrices", _norms,
               lambda f, x, a: (sympy.sqrt(f.symbol(f(ops.TRACE, f(
                   ops.MATMUL, swapped(f, a), a)))), ()), frozenset({ops.TRACE})),
    ScalarRule("logdet", _logdet,
               lambda f, x, a: (sympy.log(f.symbol(f(ops.DET, a))), ()), frozenset({ops.DET})),
    ScalarRule("others", _others,
               lambda f, x, a: (f.symbol(x) * f.symbol(f(ops.OTHERS, x, axes=(0,))), (3,)),
               frozenset({ops.OTHERS})),
    ScalarRule("means", _means, lambda f, x, a: (f.symbol(f(ops.SUM, x, axes=(0,))) / 3, ()),
               frozenset({ops.SUM})),
    ScalarRule("summed-alike", summed, sum_sample, frozenset({ops.INDEX, ops.MATMUL, ops.MAP})),
    ScalarRule("common-parts", common_parts,
               lambda f, x, a: (sympy.exp(f.symbol(x)) * f.symbol(x)
                                + sympy.exp(f.symbol(x)) * sympy.sin(f.symbol(x)), (3,))),
    ScalarRule("common-factors", common_factors,
               lambda f, x, a: (f.symbol(f(ops.MATMUL, a, x))
                                + f.symbol(f(ops.MATMUL, swapped(f, a), x)), (3,)),
               frozenset({ops.MATMUL, ops.OUTER})),
    ScalarRule("turned-terms", turned_terms, turned_sample, frozenset({ops.PERMUTE})),
    ScalarRule("added-numbers", add_numbers, numbers_sample, frozenset({ops.LITERAL})),
    ScalarRule("placed", with_units, units_sample, frozenset({ops.SCATTER})),
    ScalarRule("placed-alike", in_rows, rows_sample, frozenset({ops.SCATTER})),
    ScalarRule("written-out", in_places, places_sample, frozenset({ops.SCATTER, ops.STACK})),
)  # fmt: skip
