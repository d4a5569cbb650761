"""Nodes → numbers, in any arithmetic."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from gradcalc.expr.leaves import LITERAL, VAR
from gradcalc.expr.nodes import Node, ancestry, uses


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
        `under="raise"` a float that underflows raises `FloatingPointError`. What is no longer
        needed is let go, so that memory follows the widest part of the graph.
        """
        values: list[Any] = []
        factors = iter(changed)
        with np.errstate(all="ignore", under=under):
            for op, places, static, gone in self._steps:
                if op is VAR:
                    value = arithmetic.asarray(inputs[static["name"]])
                elif op is LITERAL:
                    value = arithmetic.asarray(static["array"])
                else:
                    value = op.array(arithmetic, *[values[place] for place in places], **static)
                    if not isinstance(value, np.ndarray):
                        value = arithmetic.asarray(value)
                factor = next(factors, None)
                values.append(value if factor is None else np.asarray(value * factor))
                for place in gone:
                    values[place] = None
        return [values[place] for place in self._roots]


def evaluate(roots: Sequence[Node], arithmetic: Any, inputs: Mapping[str, Any]) -> list[Any]:
    """The values of nodes at one point."""
    return Plan(roots)(arithmetic, inputs)
