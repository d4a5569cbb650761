"""Where floats go astray: the program run once more, every number rounded to the dtype.

Each primitive is computed as well as the dtype allows from its rounded operands, and composites
as a whole, so that what goes wrong here is the program's doing and not that of a library.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcalc.elements.experiment import Experiment, Trial
from gradcalc.elements.graph import Node
from gradcalc.testimony import Mishap

LARGEST = 1000
"""Numbers in a graph above which nothing is looked for."""

LOST = 2.0**10
"""Roundings by which a number must be off to have lost its digits."""

SUDDEN = 2.0**7
"""How much worse than its operands."""


def mishaps(experiment: Experiment, centre: Trial) -> tuple[Mishap, ...]:
    """The first mishap of each kind, in the order of the program."""
    if centre.size > LARGEST:
        return ()
    experiment.context.dps = centre.digits
    found: dict[str, Mishap] = {}
    for mishap in _Shadow(experiment).walk(centre.backend.graph.nodes):
        found.setdefault(mishap.kind, mishap)
    return tuple(found.values())


class _Shadow:
    """What the floats of a run are, next to its exact numbers."""

    def __init__(self, experiment: Experiment) -> None:
        self.context = experiment.context
        self.calculus = experiment.calculus
        self.dtype = np.dtype(experiment.problem.dtype)
        self.epsilon = experiment.epsilon
        self.values: list[Any] = []
        self.errors: list[Any] = []

    def walk(self, nodes: list[Node]) -> Iterator[Mishap]:
        for node in nodes:
            if node.row is None:
                value = node.value if node.origin is None else self.values[node.origin.order]
                self._add(node, value)
                continue
            operands = [self._operand(o, node) for o in node.operands]
            self._add(node, self._computed(node, operands))
            if node.inside is None and all(map(self.context.isfinite, operands)):
                yield from self._judge(node, operands)

    def _operand(self, operand: Node, node: Node) -> Any:
        value = self.values[operand.order]
        return value if node.inside is not None else self._rounded(value)

    def _rounded(self, value: Any) -> Any:
        with np.errstate(over="ignore", under="ignore"):
            return self.context.mpf(float(self.dtype.type(float(value))))

    def _computed(self, node: Node, operands: list[Any]) -> Any:
        assert node.row is not None
        if node.row.name == "where":
            value = operands[1] if operands[0] != 0 else operands[2]
        else:
            value = self.calculus.function(node.row, node.variant)(*operands)
        return value if node.inside is not None else self._rounded(value)

    def _add(self, node: Node, value: Any) -> None:
        self.values.append(value)
        size = abs(node.value)
        fine = self.context.isfinite(value) and self.context.isfinite(node.value)
        error = abs(value - node.value) if fine else self.context.inf
        self.errors.append(error / size if size and fine else error)

    def _judge(self, node: Node, operands: list[Any]) -> Iterator[Mishap]:
        assert node.row is not None
        isfinite = self.context.isfinite
        value, error = self.values[node.order], self.errors[node.order]

        def mishap(kind: str, lost: float = 0.0) -> Mishap:
            assert node.row is not None
            at = tuple(float(operand) for operand in operands)
            return Mishap(kind, node.row.name, node.place, at, lost)

        if not isfinite(value):
            yield mishap("overflow" if isfinite(node.value) else "undefined")
            return
        if node.row.name != "where" and any(
            operand.active
            and not isfinite(self.calculus.function(node.row, node.variant, i)(*operands))
            for i, operand in enumerate(node.operands)
        ):
            yield mishap("undefined")
        worst = max((self.errors[o.order] for o in node.operands), default=0)
        if error > LOST * self.epsilon and error > SUDDEN * worst:
            digits = -np.log10(self.epsilon)
            yield mishap("cancellation", min(digits, digits + float(self.context.log10(error))))
