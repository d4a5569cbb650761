"""Running a problem on numbers of many digits: at its point, and beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from gradcalc.elements.backend import ElementBackend, as_objects, label_of
from gradcalc.elements.calculus import Calculus, operand_names
from gradcalc.elements.graph import Graph, Node, OutOfReach, ancestry, sweep
from gradcalc.lang.machine import Budget
from gradcalc.problem import Execution, Problem, execute, weights
from gradcalc.testimony import Event

Reals = Any
"""A numpy array of mpmath reals."""

NEAR = 1e-6
"""How close to a kink or a border a primitive must be for its surroundings to be looked at."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: the weighted sum of the output, its gradients, and what was met on the way.

    `scale` is the largest effect on the total that a number in between has, relative changes of
    it taken: where everything cancels, rounding is of this size.
    """

    total: Any
    scale: Any
    output: Reals
    gradients: Mapping[str, Reals]
    events: tuple[Event, ...]
    path: tuple[Any, ...]
    detached: list[Any]
    execution: Execution
    backend: ElementBackend
    nodes: list[Node]
    outputs: list[tuple[Node, Any]]

    @property
    def size(self) -> int:
        """How many numbers the run took."""
        return self.backend.graph.size


class Experiment:
    """Runs of one problem, sharing what has been derived and a budget of numbers."""

    def __init__(self, problem: Problem, largest: int, deadline: float | None = None) -> None:
        self.problem = problem
        self.context = mpmath.MPContext()
        self.calculus = Calculus(self.context)
        self.largest = largest
        self.deadline = deadline

    def run(
        self,
        digits: int,
        shift: Mapping[str, Reals] | None = None,
        replay: list[Any] | None = None,
    ) -> Trial:
        """Run at the inputs, moved by `shift`, with that many decimal digits.

        Raises `OutOfReach` above the budget.
        """
        self.context.dps = digits
        graph = Graph(self.calculus, self.largest, self.deadline)
        backend = ElementBackend(graph, replay)
        leaves = {name: self._leaf(graph, name, shift) for name in self.problem.inputs}
        budget = Budget(self.problem.limits.steps, self.deadline)
        execution = execute(self.problem, backend, leaves, budget)
        target = execution.target
        cotangent = weights(self.problem, target.shape).flat
        outputs = [
            (node, self.context.mpf(float(w)))
            for node, w in zip(target.flat, cotangent, strict=True)
        ]
        nodes = ancestry([node for node, _ in outputs] + graph.decisions)
        adjoints = sweep(outputs, self.partial, nodes)
        total = self.context.fsum(node.value * weight for node, weight in outputs)
        return Trial(
            total=total,
            scale=self._scale(nodes, adjoints),
            output=values_of(target),
            gradients={n: self._gradient(leaves[n], adjoints) for n in self.problem.wrt},
            events=tuple(e for node in nodes for e in self._events(node)),
            path=execution.run.path,
            detached=backend.detached,
            execution=execution,
            backend=backend,
            nodes=nodes,
            outputs=outputs,
        )

    def _scale(self, nodes: list[Node], adjoints: Mapping[int, Any]) -> Any:
        effects = (abs(n.value * adjoints[n.order]) for n in nodes if n.order in adjoints)
        return max((e for e in effects if self.context.isfinite(e)), default=self.context.zero)

    def partial(self, node: Node, position: int) -> Any:
        """The derivative of a node by one of its operands, as a number."""
        assert node.row is not None
        function = self.calculus.partial_function(node.row, node.variant, position)
        return function(*[operand.value for operand in node.operands])

    def _leaf(self, graph: Graph, name: str, shift: Mapping[str, Reals] | None) -> Any:
        values = self.problem.inputs[name]
        active = name in self.problem.wrt
        result = np.empty(values.shape, dtype=object)
        for index in np.ndindex(*values.shape):
            value = self.context.mpf(float(values[index]))
            if not self.context.isfinite(value):
                raise OutOfReach(f"{label_of(name, index)} is not finite")
            if shift is not None and name in shift:
                value += shift[name][index]
            result[index] = graph.leaf(value, label_of(name, index), active)
        return result

    def _gradient(self, leaves: Any, adjoints: Mapping[int, Any]) -> Reals:
        zero = self.context.zero
        return as_objects(np.frompyfunc(lambda leaf: adjoints.get(leaf.order, zero), 1, 1)(leaves))

    def _events(self, node: Node) -> list[Event]:
        row = node.row
        if row is None or (row.kinks is None and row.domain is None):
            return []
        names = operand_names(row, node.variant)
        values = dict(zip(names, (o.value for o in node.operands), strict=True))
        arguments = {**dict(node.variant), **values}
        try:
            kinks = row.kinks(self.context, **arguments) if row.kinks else ()
            borders = row.domain(self.context, **arguments) if row.domain else ()
        except (ZeroDivisionError, ValueError, OverflowError):
            kinks, borders = (self.context.nan,), ()
        for position, further in row.varying:
            if node.operands[position].active:
                borders += further(self.context, **arguments)
        isnan = self.context.isnan
        near = any(isnan(k) or abs(k) < NEAR for k in kinks)
        border = any(isnan(b) or b < NEAR for b in borders)
        if not near and not border:
            return []
        at = tuple(float(o.value) for o in node.operands)
        return [Event(row.name, node.place, at, any(b < 0 for b in borders))]


def values_of(nodes: Any) -> Reals:
    """The numbers in an array of nodes."""
    return as_objects(np.frompyfunc(lambda node: node.value, 1, 1)(nodes))


def to_floats(values: Reals) -> Any:
    """An array of reals rounded to float64."""
    return np.array([float(v) for v in np.ravel(values)], dtype=np.float64).reshape(
        np.shape(values)
    )
