"""Nodes → numbers, in any arithmetic."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from gradcalc.expr.nodes import CHAIN, LITERAL, MAP, VAR, Node, ancestry, uses
from gradcalc.expr.protocols import Arithmetic


class Plan:
    """How to work out the values of nodes, for as many points and arithmetics as there are.

    The values of the nodes that are `given` are known already; nothing is done below them.
    """

    def __init__(self, roots: Sequence[Node], given: Sequence[Node] = ()) -> None:
        known = {node.order: place for place, node in enumerate(given)}
        self.nodes = nodes = ancestry(roots, frozenset(known))
        # one node may be given several times
        self._places = {**known, **{n.order: len(given) + k for k, n in enumerate(nodes)}}
        self._roots = [self._places[root.order] for root in roots]
        left = dict(uses([*given, *nodes]))
        for node in (*given, *roots):
            left[node.order] += 1
        self._steps = [self._step(node, left) for node in nodes]

    def _step(self, node: Node, left: dict[int, int]) -> tuple[Any, ...]:
        """A node's order, what computes it, its operands' places, and what is let go after it."""
        gone = []
        for operand in node.operands:
            left[operand.order] -= 1
            if not left[operand.order]:
                gone.append(self._places[operand.order])
        places = [self._places[operand.order] for operand in node.operands]
        return node.order, _computation(node), places, gone

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
            for order, compute, places, gone in self._steps:
                value = held.get(order) if held else None
                if value is None:
                    value = compute(arithmetic, inputs, [values[place] for place in places])
                factor = next(factors, None)
                values.append(value if factor is None else np.asarray(value * factor))
                for place in gone:
                    values[place] = None
        return [arithmetic.asarray(values[place]) for place in self._roots]


def _computation(node: Node) -> Callable[[Arithmetic, Mapping[str, Any], list[Any]], Any]:
    """What gives the value of a node in an arithmetic, by the inputs or the operands."""
    op, static = node.op, dict(node.static)
    if op is VAR:
        return lambda m, inputs, operands: m.held(inputs[static["name"]])
    if op is LITERAL:
        array = static["data"].array
        return lambda m, inputs, operands: m.held(array)
    as_they_are = op is MAP or op is CHAIN or op.moves

    def compute(m: Arithmetic, inputs: Mapping[str, Any], operands: list[Any]) -> Any:
        if not as_they_are:
            operands = list(map(m.asarray, operands))
        value = op.array(m, *operands, **static)
        return value if isinstance(value, np.ndarray) else m.asarray(value)

    return compute


def evaluate(roots: Sequence[Node], arithmetic: Arithmetic, inputs: Mapping[str, Any]) -> list[Any]:
    """The values of nodes at one point."""
    return Plan(roots)(arithmetic, inputs)
