"""Derivatives of nodes: reverse mode and forward mode, by rules that have nothing in common.

Reverse mode gives cotangents as nodes of the same graph, so that it can be done again: last to
first, each node hands its cotangent on to its operands. Forward mode gives tangents, in whatever
the builder `f` makes, nodes or numbers: first to last, each node gets its tangent from those of its
operands. Only the slopes of scalar expressions are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from gradcalc.calculus import named_definition, partial, slope
from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Forms, Node, ancestry
from gradcalc.expr.protocols import Arithmetic, Builder

KEPT = 1024
"""Derivatives of scalar expressions that are kept."""

STEPS = (sympy.sign, sympy.floor, sympy.ceiling)
"""Functions whose slope is 0 wherever they have one."""

Tangents = Sequence[Any]
"""Of the operands of a node, None where they do not move."""


# -- reverse mode ------------------------------------------------------------------------------


def vjp(forms: Forms, output: Node, cotangent: Node, wrt: Sequence[Node]) -> dict[int, Node]:
    """The cotangent of every node between `wrt` and the output, by order, if that is its own.

    A node that no gradient reaches has none.
    """
    nodes = ancestry([output])
    return swept(forms, nodes, {output.order: cotangent}, wrt, lambda node: node)


def swept(
    f: Builder,
    nodes: Sequence[Node],
    given: Mapping[int, Any],
    wrt: Sequence[Node],
    made: Callable[[Node], Any],
) -> dict[int, Any]:
    """The cotangents of nodes that depend on `wrt`, by order, from those that are given.

    `made` is what a node is to the builder.
    """
    live = dependents(nodes, wrt)
    cotangents = {order: cotangent for order, cotangent in given.items() if order in live}
    for node in reversed(nodes):
        if node.order not in cotangents:
            continue
        wanted = [operand.order in live for operand in node.operands]
        operands = list(map(made, node.operands))
        handed = handed_on(f, cotangents[node.order], node, made(node), operands, wanted)
        for operand, found in zip(node.operands, handed, strict=False):
            if found is None or operand.order not in live:
                continue
            earlier = cotangents.get(operand.order)
            joint = found if earlier is None else f.scalar("add", earlier, found)
            cotangents[operand.order] = joint
    return cotangents


def dependents(nodes: Sequence[Node], leaves: Sequence[Node]) -> frozenset[int]:
    """The nodes, in order and by order, that depend on leaves otherwise than by detached values."""
    found = {leaf.order for leaf in leaves}
    for node in nodes:
        if node.op is not ops.DETACH and any(operand.order in found for operand in node.operands):
            found.add(node.order)
    return frozenset(found)


def handed_on(
    f: Builder,
    cotangent: Any,
    node: Node,
    value: Any,
    operands: Sequence[Any],
    wanted: Sequence[bool],
) -> list[Any | None]:
    """The cotangents that a node hands on to its operands, in their shapes, if they are wanted.

    They, the cotangent, the node's value and its operands are what the builder `f` makes.
    """
    static = dict(node.static)
    if node.op in (ops.MAP, ops.CHAIN):
        # a product of a factor and a slope hands on the slope, and the factor times what it bends
        factor = len(operands) - len(static["symbols"])
        weighed = f.scalar("mul", cotangent, operands[0]) if factor else cotangent
        found = [
            _chained(f, weighed if k >= factor else cotangent, node, k, operands[factor:])
            if wants
            else None
            for k, wants in enumerate(wanted)
        ]
    elif not operands:
        found = []
    else:
        rule = reverse_rule(node.op)
        if rule is None:
            found = _through_form(f, cotangent, node, operands)
        else:
            found = rule(f, cotangent, value, *operands, **static)
    return [
        None if part is None else ops.unbroadcast(f, part, operand.shape)
        for part, operand in zip(found, operands, strict=False)
    ]


def reverse_rule(op: ops.Op) -> Any:
    """The rule of an operation in reverse mode, None where its form is differentiated."""
    return op.vjp


def _through_form(f: Any, cotangent: Any, node: Node, operands: Sequence[Any]) -> list[Any | None]:
    """An operation that is put together from others hands on what they do."""
    nodes, leaves, root = _form_of(node)
    values = _built(f, nodes, leaves, operands)
    found = swept(f, nodes, {root.order: cotangent}, leaves, lambda part: values[part.order])
    return [found.get(leaf.order) for leaf in leaves]


def _chained(f: Any, g: Any, node: Node, position: int, operands: Sequence[Any]) -> Any | None:
    """A cotangent or tangent times the slope by an operand of a node; None where that is 0."""
    body, written = slopes_of(node, position)
    if body == 0:
        return None
    if g.shape != node.shape:
        g = f(ops.BROADCAST, g, shape=node.shape)
    if body == 1:
        return g
    free = body.free_symbols | written.free_symbols
    needed = [k for k, symbol in enumerate(node["symbols"]) if symbol in free]
    return f(
        ops.CHAIN,
        g,
        *[operands[k] for k in needed],
        symbols=tuple(node["symbols"][k] for k in needed),
        body=body,
        written=written,
        shape=node.shape,
    )


# -- forward mode -----------------------------------------------------------------------------


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
    if node.op in (ops.MAP, ops.CHAIN):
        factor = len(operands) - len(static["symbols"])
        weighed = [
            f.scalar("mul", operands[0], move) if k >= factor > 0 and move is not None else move
            for k, move in enumerate(moves)
        ]
        return _total(f, [
            _chained(f, move, node, k, operands[factor:])
            for k, move in enumerate(weighed)
            if move is not None
        ])  # fmt: skip
    rule = forward_rule(node.op)
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
    return _moved_through_form(f, node, operands, moves)


def _moved_through_form(f: Any, node: Node, operands: Sequence[Any], moves: Tangents) -> Any | None:
    """An operation that is put together from others moves as they do."""
    nodes, leaves, root = _form_of(node)
    values = _built(f, nodes, leaves, operands)
    given = {leaf.order: m for leaf, m in zip(leaves, moves, strict=True) if m is not None}
    found = jvp(f, nodes, [values[part.order] for part in nodes], given)
    return found.get(root.order)


def forward_rule(op: ops.Op) -> Any:
    """The rule of an operation in forward mode, None where its form is differentiated."""
    return op.jvp


def _total(f: Any, terms: Sequence[Any]) -> Any | None:
    total = None
    for term in terms:
        if term is not None:
            total = term if total is None else f.scalar("add", total, term)
    return total


# -- both -------------------------------------------------------------------------------------


def _form_of(node: Node) -> tuple[list[Node], list[Node], Node]:
    """What an operation is put together from, in order, leaves for its operands, and the whole."""
    assert node.op.form is not None, f"{node.op.name} has no derivative"
    forms = Forms(named_definition, ops.MAP)
    leaves = [forms(ops.VAR, name=str(k), shape=o.shape) for k, o in enumerate(node.operands)]
    form = node.op.form(forms, *leaves, **dict(node.static))
    return ancestry([form, *leaves]), leaves, form


def _built(
    f: Any, nodes: Sequence[Node], leaves: Sequence[Node], operands: Sequence[Any]
) -> dict[int, Any]:
    """Nodes as what a builder makes, by order, of what is given for their leaves."""
    values = {leaf.order: operand for leaf, operand in zip(leaves, operands, strict=True)}
    for part in nodes:
        if part.order not in values:
            below = [values[operand.order] for operand in part.operands]
            values[part.order] = f(part.op, *below, **dict(part.static))
    return values


def slopes_of(node: Node, position: int) -> tuple[Any, Any]:
    """The derivative of a scalar expression by an operand: as it is computed, and as written.

    By a factor in front of it, the expression; by its own operands, its derivative but for that.
    """
    if node.source is not None:
        row, variant = node.source
        return partial(row, variant, position), slope(row, variant, position)
    if node.op is not ops.CHAIN:
        derivative = derivative_of(node["body"], node["symbols"][position])
        return derivative, derivative
    body, written = node["body"], node["written"]
    if position == 0:
        return body, written
    symbol = node["symbols"][position - 1]
    return derivative_of(body, symbol), derivative_of(written, symbol)


@lru_cache(maxsize=KEPT)
def derivative_of(expression: Any, symbol: Any) -> Any:
    """The derivative of a scalar expression that comes from no primitive."""
    # between their jumps steps are constant, of which sympy makes what only integrals have
    steps = {step: sympy.Dummy(real=True) for step in expression.atoms(*STEPS)}
    slope = sympy.diff(expression.xreplace(steps), symbol)
    # x**2/x is nothing at 0
    return sympy.powsimp(slope.xreplace({v: k for k, v in steps.items()}), deep=True)
