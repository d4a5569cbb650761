"""Forward mode: the tangents of nodes, in whatever the builder `f` makes, nodes or numbers.

First to last, each node gets its tangent from those of its operands, by rules of its own: they have
nothing in common with those of reverse mode but the slopes of scalar expressions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.calculus import named_definition
from gradcalc.derive.vjp import built, derivative_of, form_of, slopes_of
from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Node
from gradcalc.expr.protocols import Arithmetic, Builder

Tangents = Sequence[Any]
"""Of the operands of a node, None where they do not move."""


class Eager:
    """A builder that works out what it is given at once, in some arithmetic."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic

    def __call__(self, op: ops.Op, *operands: Any, **static: Any) -> Any:
        m = self.arithmetic
        if op is ops.LITERAL:
            return m.asarray(static["data"].array)
        value = op.array(m, *map(m.asarray, operands), **static)
        return value if isinstance(value, np.ndarray) else m.asarray(value)

    def scalar(self, name: str, *operands: Any) -> Any:
        """An elementwise primitive of arrays, by its name."""
        symbols, body, _ = named_definition(name)
        return self.arithmetic.asarray(self.arithmetic.map(symbols, body, operands))


def jvp(
    f: Builder, nodes: Sequence[Node], values: Sequence[Any], tangents: Mapping[int, Any]
) -> dict[int, Any]:
    """The tangents of all nodes, in order and by order, that move with those that are given.

    `values` are what the nodes are to the builder, in the order of the nodes.
    """
    known = {node.order: value for node, value in zip(nodes, values, strict=True)}
    found = dict(tangents)
    for node in nodes:
        if node.order in found or node.op is ops.DETACH:
            continue
        moves = [found.get(operand.order) for operand in node.operands]
        if all(move is None for move in moves):
            continue
        operands = [known[operand.order] for operand in node.operands]
        tangent = tangent_of(f, node, known[node.order], operands, moves)
        if tangent is not None:
            found[node.order] = tangent
    return found


def tangent_of(
    f: Builder, node: Node, value: Any, operands: Sequence[Any], moves: Tangents
) -> Any | None:
    """The tangent of one node, None if it does not move."""
    static = dict(node.static)
    if node.op is ops.MAP:
        slopes = [slopes_of(node, k) if move is not None else None for k, move in enumerate(moves)]
        terms = [
            _sloped(f, move, static["symbols"], slope, operands, node.shape)
            for move, slope in zip(moves, slopes, strict=True)
            if slope is not None
        ]
        return _total(f, terms)
    if node.op is ops.CHAIN:
        return _through_chain(f, node, static, operands, moves)
    rule = rule_of(node.op)
    if rule == "all":
        still = [
            f(ops.LITERAL, data=Data.of(np.zeros(operand.shape))) if move is None else move
            for move, operand in zip(moves, node.operands, strict=True)
        ]
        return f(node.op, *still, **static)
    if rule == "each":
        return _total(f, [
            f(node.op, *operands[:k], move, *operands[k + 1 :], **static)
            for k, move in enumerate(moves)
            if move is not None
        ])  # fmt: skip
    if rule == "first":
        return None if moves[0] is None else f(node.op, moves[0], *operands[1:], **static)
    if callable(rule):
        return rule(f, moves, value, *operands, **static)
    return _through_form(f, node, operands, moves)


def _through_form(f: Any, node: Node, operands: Sequence[Any], moves: Tangents) -> Any | None:
    """An operation that is put together from others moves as they do."""
    nodes, leaves, root = form_of(node)
    values = built(f, nodes, leaves, operands)
    given = {leaf.order: m for leaf, m in zip(leaves, moves, strict=True) if m is not None}
    found = jvp(f, nodes, [values[part.order] for part in nodes], given)
    return found.get(root.order)


def rule_of(op: ops.Op) -> Any:
    """The rule of an operation in forward mode, None where its form is differentiated."""
    return op.jvp


def _through_chain(
    f: Any, node: Node, static: Mapping[str, Any], operands: Sequence[Any], moves: Tangents
) -> Any | None:
    """A product of a factor and a slope."""
    symbols, both = static["symbols"], (static["body"], static["written"])
    factor, rest = operands[0], operands[1:]
    terms = [] if moves[0] is None else [_sloped(f, moves[0], symbols, both, rest, node.shape)]
    for symbol, move in zip(symbols, moves[1:], strict=True):
        if move is not None:
            bent = (derivative_of(both[0], symbol), derivative_of(both[1], symbol))
            weighed = f.scalar("mul", factor, move)
            terms.append(_sloped(f, weighed, symbols, bent, rest, node.shape))
    return _total(f, terms)


def _sloped(
    f: Any,
    move: Any,
    symbols: tuple[Any, ...],
    slopes: tuple[Any, Any],
    operands: Sequence[Any],
    shape: tuple[int, ...],
) -> Any | None:
    """A tangent times a slope, in the shape of the result."""
    body, written = slopes
    if body == 0:
        return None
    if move.shape != shape:
        move = f(ops.BROADCAST, move, shape=shape)
    if body == 1:
        return move
    return f(ops.CHAIN, move, *operands, symbols=symbols, body=body, written=written, shape=shape)


def _total(f: Any, terms: Sequence[Any]) -> Any | None:
    total = None
    for term in terms:
        if term is not None:
            total = term if total is None else f.scalar("add", total, term)
    return total
