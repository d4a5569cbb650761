"""Running a problem on numbers of many digits: at its point, and beside it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from gradcalc.calculus import is_linear, operand_names
from gradcalc.elements.backend import Detached, ElementBackend, as_objects, label_of
from gradcalc.elements.calculus import FAILURES, Calculus, OutOfReach, TooLarge
from gradcalc.elements.graph import Graph, Node, ancestry, sweep
from gradcalc.lang.machine import Budget
from gradcalc.problem import Execution, Problem, execute, weights
from gradcalc.testimony import Event

Reals = Any
"""A numpy array of mpmath reals."""

NEAR = 64
"""How close to a kink or a border a primitive must be for its surroundings to be looked at, in
roundings of the dtype."""

WIDEST = 1e-5
"""The same as a number, at most."""

SECONDS = 10.0
"""The longest that all runs together may take, whatever the time limit."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: the weighted sum of the output, its gradients, and what was met on the way.

    `scales` are the largest effects on the total, by input, of a relative change of a number in
    between that depends on the input and bends: rounding takes as much from the gradient.
    """

    digits: int
    total: Any
    scales: Mapping[str, Any]
    output: Reals
    gradients: Mapping[str, Reals]
    leaves: Mapping[str, Any]
    path: tuple[Any, ...]
    execution: Execution
    backend: ElementBackend
    nodes: list[Node]
    outputs: list[tuple[Node, Any]]

    @property
    def size(self) -> int:
        """How many numbers the run took."""
        return self.backend.graph.size

    @property
    def finite(self) -> bool:
        """Whether the total and all gradients are finite numbers."""
        isfinite = self.backend.graph.context.isfinite
        values = (value for gradient in self.gradients.values() for value in gradient.flat)
        return bool(isfinite(self.total)) and all(map(isfinite, values))

    @property
    def detached(self) -> Detached:
        """The values that were detached."""
        return self.backend.detached


class Experiment:
    """Runs of one problem, sharing what has been derived and a budget of numbers."""

    def __init__(self, problem: Problem, largest: int) -> None:
        self.problem = problem
        self.context = mpmath.MPContext()
        self.calculus = Calculus(self.context)
        self.largest = largest
        seconds = problem.limits.seconds
        self.deadline = time.monotonic() + min(seconds or SECONDS, SECONDS)
        self.epsilon = float(np.finfo(problem.dtype).eps)

    def budget(self) -> Budget:
        """Steps and time for one run of a program."""
        return Budget(self.problem.limits.steps, self.deadline)

    def run(
        self,
        digits: int,
        shift: Mapping[str, Reals] | None = None,
        replay: Detached | None = None,
        bits: int | None = None,
    ) -> Trial:
        """Run at the inputs, moved by `shift`, with that many decimal digits, or binary ones.

        Raises `OutOfReach` above the budget.
        """
        problem, context = self.problem, self.context
        context.dps = digits
        if bits is not None:
            context.prec = bits
        if sum(values.size for values in problem.inputs.values()) > self.largest:
            raise TooLarge(
                f"the check goes element by element, which ends at {self.largest:,} numbers"
            )
        graph = Graph(self.calculus, self.largest, self.deadline)
        budget = self.budget()
        backend = ElementBackend(graph, budget, problem.dtype, replay)
        leaves = {name: self._leaf(graph, name, shift) for name in problem.inputs}
        execution = execute(problem, backend, leaves, budget)
        target = execution.target
        cotangent = weights(problem, target.shape)
        outputs = [
            (node, self._weight(w)) for node, w in zip(target.flat, cotangent.flat, strict=True)
        ]
        nodes = ancestry([node for node, _ in outputs] + graph.decisions)
        adjoints = sweep(outputs, self.partial, nodes)
        return Trial(
            digits=digits,
            total=context.fsum(node.value * weight for node, weight in outputs),
            scales=self._scales(nodes, adjoints, leaves),
            output=values_of(target),
            gradients={n: self._gradient(leaves[n], adjoints) for n in problem.wrt},
            leaves=leaves,
            path=execution.run.path,
            execution=execution,
            backend=backend,
            nodes=nodes,
            outputs=outputs,
        )

    def events(self, trial: Trial) -> tuple[Event, ...]:
        """The primitives of a run at or near a kink or border, the closest first."""
        found = [event for node in trial.nodes if (event := self._event(node)) is not None]
        return tuple(sorted(found, key=lambda event: event.margin))

    def partial(self, node: Node, position: int) -> Any:
        """The derivative of a node by one of its operands, as a number."""
        assert node.row is not None
        values = [operand.value for operand in node.operands]
        if node.row.name == "where":
            # what is not chosen may be undefined
            values[2 if values[0] != 0 else 1] = self.context.zero
        return self.calculus.function(node.row, node.variant, position)(*values)

    def _scales(
        self, nodes: list[Node], adjoints: Mapping[int, Any], leaves: Mapping[str, Any]
    ) -> dict[str, Any]:
        sources: dict[int, frozenset[str]] = {
            leaf.order: frozenset({name}) for name in self.problem.wrt for leaf in leaves[name].flat
        }
        scales = dict.fromkeys(self.problem.wrt, self.context.zero)
        for node in reversed(nodes):
            if node.row is None:
                continue
            found = [sources.get(node.operands[i].order, frozenset()) for i in node.live]
            sources[node.order] = frozenset().union(*found)
            if node.order not in adjoints or is_linear(node.row, node.variant, node.live):
                continue
            effect = abs(node.value * adjoints[node.order])
            for name in sources[node.order]:
                if self.context.isfinite(effect) and effect > scales[name]:
                    scales[name] = effect
        return scales

    def flows(self, trial: Trial) -> dict[str, Reals]:
        """The size of all that flows into each element of the gradients, signs left out."""

        def size(node: Node, position: int) -> Any:
            return abs(self.partial(node, position))

        outputs = [(node, abs(weight)) for node, weight in trial.outputs]
        adjoints = sweep(outputs, size, trial.nodes)
        return {n: self._gradient(trial.leaves[n], adjoints) for n in self.problem.wrt}

    def _leaf(self, graph: Graph, name: str, shift: Mapping[str, Reals] | None) -> Any:
        values = self.problem.inputs[name]
        active = name in self.problem.wrt
        moves = None if shift is None else shift.get(name)
        result = np.empty(values.shape, dtype=object)
        for index in np.ndindex(*values.shape):
            value = self.context.mpf(float(values[index]))
            if not self.context.isfinite(value):
                raise OutOfReach(f"{label_of(name, index)} is not finite")
            if moves is not None:
                value += moves[index]
            result[index] = graph.leaf(value, label_of(name, index), active)
        return result

    def _weight(self, value: float) -> Any:
        if not np.isfinite(value):
            raise OutOfReach("a weight of the output is not finite")
        return self.context.mpf(float(value))

    def _gradient(self, leaves: Any, adjoints: Mapping[int, Any]) -> Reals:
        zero = self.context.zero
        return as_objects(np.frompyfunc(lambda leaf: adjoints.get(leaf.order, zero), 1, 1)(leaves))

    def _event(self, node: Node) -> Event | None:
        row = node.row
        if row is None or (row.kinks is None and row.domain is None and not row.varying):
            return None
        context = self.context
        operands = [operand.value for operand in node.operands]
        if any(map(context.isnan, operands)):
            # what made it undefined has an event of its own
            return None
        names = operand_names(row, node.variant)
        arguments = {**dict(node.variant), **dict(zip(names, operands, strict=True))}
        further = [more for i, more in row.varying if i in node.live]
        try:
            kinks = row.kinks(context, **arguments) if row.kinks else ()
            domains = [row.domain] if row.domain else []
            borders = [b for d in (*domains, *further) for b in d(context, **arguments)]
        except FAILURES:
            kinks, borders = (context.zero,), []
        finite = [abs(v) for v in operands if context.isfinite(v)]
        near = min(NEAR * self.epsilon * float(min(max([1, *finite]), 1e300)), WIDEST)
        margins = [*map(abs, kinks), *borders]
        closest = min((0 if context.isnan(m) else m for m in margins), default=None)
        if closest is None or closest >= near:
            return None
        at = tuple(float(value) for value in operands)
        name = row.name if node.inside is None else f"{row.name} in {node.inside}"
        return Event(name, node.place, at, closest < 0, float(abs(closest)))


def values_of(nodes: Any) -> Reals:
    """The numbers in an array of nodes."""
    return as_objects(np.frompyfunc(lambda node: node.value, 1, 1)(nodes))


def to_floats(values: Reals) -> Any:
    """An array of reals rounded to float64."""
    return np.array([float(v) for v in np.ravel(values)], dtype=np.float64).reshape(
        np.shape(values)
    )
