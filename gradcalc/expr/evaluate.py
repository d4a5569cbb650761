"""Nodes → numbers, in any arithmetic."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from gradcalc.expr.leaves import CHAIN, LITERAL, MAP, VAR
from gradcalc.expr.nodes import Node, Op, ancestry, uses


class Plan:
    """How to work out the values of nodes, for as many points and arithmetics as there are."""

    def __init__(self, roots: Sequence[Node]) -> None:
        self.nodes = nodes = ancestry(roots)
        self._places = {node.order: place for place, node in enumerate(nodes)}
        self._roots = [self._places[root.order] for root in roots]
        left = dict(uses(nodes))
        for root in roots:
            left[root.order] += 1
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
        arithmetic: Any,
        inputs: Mapping[str, Any],
        *,
        changed: Sequence[Any] = (),
        under: Literal["ignore", "raise"] = "ignore",
    ) -> list[Any]:
        """The values at the inputs, as arrays of the arithmetic's numbers.

        With `changed` each node's value is multiplied by that node's factor, None for none; with
        `under="raise"` a float that underflows or overflows raises `FloatingPointError`. What is no
        longer needed is let go, so that memory follows the widest part of the graph.
        """
        values: list[Any] = []
        factors = iter(changed)
        with np.errstate(all="ignore", under=under, over=under):
            for op, places, static, gone in self._steps:
                value = _value(op, arithmetic, inputs, [values[place] for place in places], static)
                factor = next(factors, None)
                values.append(value if factor is None else np.asarray(value * factor))
                for place in gone:
                    values[place] = None
        return [arithmetic.asarray(values[place]) for place in self._roots]


def _value(
    op: Op,
    arithmetic: Any,
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


def evaluate(roots: Sequence[Node], arithmetic: Any, inputs: Mapping[str, Any]) -> list[Any]:
    """The values of nodes at one point."""
    return Plan(roots)(arithmetic, inputs)
