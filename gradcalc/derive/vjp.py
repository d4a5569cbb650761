"""Reverse mode: the cotangents of nodes, as nodes of the same graph, so that it can be done again.

Last to first, each node hands its cotangent on to its operands.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sympy

from gradcalc.calculus import named_definition, partial, slope
from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms, Node, ancestry
from gradcalc.expr.protocols import Builder

KEPT = 1024
"""Derivatives of scalar expressions that are kept."""


def vjp(forms: Forms, output: Node, cotangent: Node, wrt: Sequence[Node]) -> dict[int, Node]:
    """The cotangent of every node between `wrt` and the output, by order, if that is its own.

    A node that no gradient reaches has none.
    """
    nodes = ancestry([output])
    live = dependents(nodes, wrt)
    cotangents = {output.order: cotangent} if output.order in live else {}
    for node in reversed(nodes):
        if node.order not in cotangents:
            continue
        wanted = [operand.order in live for operand in node.operands]
        handed = handed_on(forms, cotangents[node.order], node, node, node.operands, wanted)
        for operand, found in zip(node.operands, handed, strict=False):
            if found is None or operand.order not in live:
                continue
            earlier = cotangents.get(operand.order)
            joint = found if earlier is None else forms.scalar("add", earlier, found)
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
    if node.op is ops.MAP:
        found = [
            _chained(f, cotangent, static["symbols"], slopes_of(node, position), operands)
            if wants
            else None
            for position, wants in enumerate(wanted)
        ]
    elif node.op is ops.CHAIN:
        found = _through_chain(f, cotangent, operands, static)
    elif not operands:
        found = []
    else:
        rule = rule_of(node.op)
        if rule is None:
            found = _through_form(f, cotangent, node, operands, static)
        else:
            found = rule(f, cotangent, value, *operands, **static)
    return [
        None if part is None else ops.unbroadcast(f, part, operand.shape)
        for part, operand in zip(found, operands, strict=False)
    ]


def rule_of(op: ops.Op) -> Any:
    """The rule of an operation in reverse mode, None where its form is differentiated."""
    return op.vjp


def _through_form(
    f: Any, cotangent: Any, node: Node, operands: Sequence[Any], static: dict[str, Any]
) -> list[Any | None]:
    """An operation that is put together from others hands on what they do."""
    nodes, leaves, root = form_of(node)
    values = built(f, nodes, leaves, operands)
    live = dependents(nodes, leaves)
    cotangents = {root.order: cotangent}
    for part in reversed(nodes):
        if part.order not in cotangents:
            continue
        below = [values[operand.order] for operand in part.operands]
        wanted = [operand.order in live for operand in part.operands]
        handed = handed_on(f, cotangents[part.order], part, values[part.order], below, wanted)
        for operand, found in zip(part.operands, handed, strict=False):
            if found is not None and operand.order in live:
                earlier = cotangents.get(operand.order)
                joint = found if earlier is None else f.scalar("add", earlier, found)
                cotangents[operand.order] = joint
    return [cotangents.get(leaf.order) for leaf in leaves]


def form_of(node: Node) -> tuple[list[Node], list[Node], Node]:
    """What an operation is put together from, in order, leaves for its operands, and the whole."""
    assert node.op.form is not None, f"{node.op.name} has no derivative"
    forms = Forms(named_definition, ops.MAP)
    leaves = [forms(ops.VAR, name=str(k), shape=o.shape) for k, o in enumerate(node.operands)]
    form = node.op.form(forms, *leaves, **dict(node.static))
    return ancestry([form, *leaves]), leaves, form


def built(
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
    """The derivative of a scalar expression by an operand: as it is computed, and as written."""
    if node.source is not None:
        row, variant = node.source
        return partial(row, variant, position), slope(row, variant, position)
    derivative = derivative_of(node["body"], node["symbols"][position])
    return derivative, derivative


@lru_cache(maxsize=KEPT)
def derivative_of(expression: Any, symbol: Any) -> Any:
    """The derivative of a scalar expression that comes from no primitive."""
    # x**2/x is nothing at 0
    return sympy.powsimp(sympy.diff(expression, symbol), deep=True)


def _through_chain(
    f: Any, cotangent: Any, operands: Sequence[Any], static: dict[str, Any]
) -> list[Any | None]:
    """A product of a factor and a slope hands on the slope, and the factor times what it bends."""
    factor, *rest = operands
    symbols, both = static["symbols"], (static["body"], static["written"])
    weighed = f.scalar("mul", cotangent, factor)
    bent = (tuple(derivative_of(part, symbol) for part in both) for symbol in symbols)
    return [
        _chained(f, cotangent, symbols, both, rest),
        *(_chained(f, weighed, symbols, slopes, rest) for slopes in bent),
    ]


def _chained(
    f: Any,
    cotangent: Any,
    symbols: tuple[Any, ...],
    slopes: Sequence[Any],
    operands: Sequence[Any],
) -> Any | None:
    """The cotangent times a slope, given as it is computed and as it is written."""
    body, written = slopes
    if body == 0:
        return None
    if body == 1:
        return cotangent
    free = body.free_symbols | written.free_symbols
    needed = [k for k, symbol in enumerate(symbols) if symbol in free]
    return f(
        ops.CHAIN,
        cotangent,
        *[operands[k] for k in needed],
        symbols=tuple(symbols[k] for k in needed),
        body=body,
        written=written,
        shape=cotangent.shape,
    )
