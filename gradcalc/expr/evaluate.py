"""Nodes → numbers, in any arithmetic."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from gradcalc.expr.leaves import CHAIN, LITERAL, MAP, VAR
from gradcalc.expr.nodes import Node, Op, ancestry, uses
from gradcalc.expr.protocols import Arithmetic


class Plan:
    """How to work out the values of nodes, for as many points and arithmetics as there are.

    The values of the nodes that are `given` are known already; nothing is done below them.
    """

    def __init__(self, roots: Sequence[Node], given: Sequence[Node] = ()) -> None:
        known = {node.order: place for place, node in enumerate(given)}
        self.nodes = nodes = ancestry(roots, frozenset(known))
        self._places = {**known, **{n.order: len(known) + k for k, n in enumerate(nodes)}}
        self._roots = [self._places[root.order] for root in roots]
        left = dict(uses([*given, *nodes]))
        for node in (*given, *roots):
            left[node.order] += 1
        self._steps = [self._step(node, left) for node in nodes]

    def _step(self, node: Node, left: dict[int, int]) -> tuple[Any, ...]:
        """The node, its operands' places, what is fixed about it, and what is let go after it."""
        gone = []
        for operand in node.operands:
            left[operand.order] -= 1
            if not left[operand.order]:
                gone.append(self._places[operand.order])
        places = [self._places[operand.order] for operand in node.operands]
        static = dict(node.static)
        if node.op is LITERAL:
            static = {"array": static["data"].array}
        return node.op, places, static, gone

    def __call__(
        self,
        arithmetic: Arithmetic,
        inputs: Mapping[str, Any],
        given: Sequence[Any] = (),
        *,
        held: Mapping[int, Any] = MappingProxyType({}),
        changed: Sequence[Any] = (),
        under: Literal["ignore", "raise"] = "ignore",
    ) -> list[Any]:
        """The values at the inputs, as arrays of the arithmetic's numbers.

        `held` are values that some nodes, by order, keep wherever the inputs are. With `changed`
        each node's value is multiplied by that node's factor, None for none; with `under="raise"` a
        float that underflows or overflows raises `FloatingPointError`. What is no longer needed is
        let go, so that memory follows the widest part of the graph.
        """
        values: list[Any] = list(given)
        factors = iter(changed)
        with np.errstate(all="ignore", under=under, over=under):
            for node, (op, places, static, gone) in zip(self.nodes, self._steps, strict=True):
                value = held.get(node.order)
                if value is None:
                    operands = [values[place] for place in places]
                    value = _value(op, arithmetic, inputs, operands, static)
                factor = next(factors, None)
                values.append(value if factor is None else np.asarray(value * factor))
                for place in gone:
                    values[place] = None
        return [arithmetic.asarray(values[place]) for place in self._roots]


def _value(
    op: Op,
    arithmetic: Arithmetic,
    inputs: Mapping[str, Any],
    operands: list[Any],
    static: Mapping[str, Any],
) -> Any:
    if op is VAR:
        return arithmetic.held(inputs[static["name"]])
    if op is LITERAL:
        return arithmetic.held(static["array"])
    if op is not MAP and op is not CHAIN and not op.moves:
        operands = list(map(arithmetic.asarray, operands))
    value = op.array(arithmetic, *operands, **static)
    return value if isinstance(value, np.ndarray) else arithmetic.asarray(value)


def evaluate(roots: Sequence[Node], arithmetic: Arithmetic, inputs: Mapping[str, Any]) -> list[Any]:
    """The values of nodes at one point."""
    return Plan(roots)(arithmetic, inputs)
