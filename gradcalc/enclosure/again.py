"""Runs of a program that do what another one did: the same numbers made of others.

What a run does depends on its numbers only where it asks one for its truth, or for its value.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.enclosure.graph import Graph, Node

LARGEST = 2000
"""Numbers of a run that is remembered."""


class Template:
    """All that a run did. `target` are the elements of its output."""

    def __init__(self, graph: Graph, leaves: Mapping[str, Any], target: Any) -> None:
        self._nodes = graph.nodes
        self._asked = graph.asked
        self._leaves = sum(values.size for values in leaves.values())
        self._target = np.array([n.order for n in target.flat], int).reshape(target.shape)

    @staticmethod
    def fits(graph: Graph) -> bool:
        """Whether a run was steered by nothing but the truth of numbers, and is not too large."""
        if graph.looked or graph.size > LARGEST:
            return False
        return all(node.origin is None for node in graph.nodes)

    def again(self, graph: Graph) -> Any | None:
        """Do the same in a graph that has its leaves already, and give the output's elements.

        None where a condition does not hold as it did, or another way is chosen. Raises what the
        run itself would raise.
        """
        asked = iter(self._asked)
        ask = next(asked, None)
        for old in self._nodes[self._leaves :]:
            while ask is not None and ask.size <= old.order:
                if not ask.holds_in(graph):
                    return None
                ask = next(asked, None)
            graph.place, graph.inside, graph.maker = old.place, old.inside, old.maker
            if old.row is None:
                Node(graph, old.value, label=old.label)
            else:
                operands = tuple([graph.nodes[operand.order] for operand in old.operands])
                if graph.apply(old.row, old.variant, operands).live != old.live:
                    return None
        while ask is not None:
            if not ask.holds_in(graph):
                return None
            ask = next(asked, None)
        result = np.empty(self._target.shape, dtype=object)
        for index, order in np.ndenumerate(self._target):
            result[index] = graph.nodes[order]
        return result
