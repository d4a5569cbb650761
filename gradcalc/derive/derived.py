"""What follows from the course of a run alone, and so holds at every point with the same course."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from gradcalc.derive.trace import Trace
from gradcalc.derive.vjp import vjp
from gradcalc.expr import ops
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.nodes import Data, Forms, Node
from gradcalc.expr.protocols import Arithmetic

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Derivation:
    """A gradient as nodes, by input, with the node of each value of the run.

    `cotangents` holds the node of the cotangent that arrived at each value, by its number.
    """

    forms: Forms
    gradients: Mapping[str, Node]
    values: Sequence[Node]
    cotangents: Mapping[int, Node]


def derive(trace: Trace) -> Derivation:
    """Differentiate the weighted sum of what a run gave."""
    forms = trace.forms.copy()
    values = named(forms, trace.nodes, trace.bound)
    output = values[trace.output.order]
    seed = np.broadcast_to(np.asarray(trace.weights, dtype=np.float64), output.shape)
    leaves = {name: values[trace.inputs[name].order] for name in trace.wrt}
    cotangents = vjp(forms, output, forms(ops.LITERAL, data=Data.of(seed)), list(leaves.values()))
    gradients = {
        name: cotangents.get(leaf.order) or forms(ops.LITERAL, data=Data.of(np.zeros(leaf.shape)))
        for name, leaf in leaves.items()
    }
    by_number = {
        number: cotangents[node.order]
        for number, node in enumerate(values)
        if node.order in cotangents
    }
    return Derivation(forms, gradients, values, by_number)


def named(forms: Forms, nodes: Sequence[Node], bound: Mapping[str, int]) -> list[Node]:
    """The nodes of a run, detached values called by the names that still stand for them."""
    names = {number: name for name, number in bound.items()}
    values: list[Node] = []
    for number, node in enumerate(nodes):
        operands = [values[operand.order] for operand in node.operands]
        static = dict(node.static)
        if node.op is ops.DETACH and bound.get(static["name"]) not in (
            number,
            node.operands[0].order,
        ):
            # u = detach(x*x) is called u
            static["name"] = names.get(number)
        elif all(new is old for new, old in zip(operands, node.operands, strict=True)):
            values.append(node)
            continue
        values.append(forms(node.op, *operands, **static))
    return values


class Derived:
    """The derivation of one trace, and whatever else is worked out once for all its points."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._known: dict[Hashable, Any] = {}

    @cached_property
    def derivation(self) -> Derivation:
        """The gradients as nodes."""
        return derive(self.trace)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, which may depend on nothing but the trace, made at the first call."""
        if key not in self._known:
            self._known[key] = make()
        found: T = self._known[key]
        return found

    def plan(self, roots: list[Node]) -> Plan:
        """How to work out the values of nodes of the derivation."""
        return self.once(("plan", *roots), lambda: Plan(roots))

    def values(
        self,
        arithmetic: Arithmetic,
        inputs: Mapping[str, Any],
        held: Mapping[int, Any] | None = None,
    ) -> list[Any]:
        """What the nodes of the run give at other inputs, detached values `held` by number."""
        nodes = self.derivation.values
        fixed = {nodes[number].order: value for number, value in (held or {}).items()}
        return self.plan(list(nodes))(arithmetic, inputs, held=fixed)

    @cached_property
    def sweep(self) -> Plan:
        """How to get from the values to the gradients, in their order."""
        return Plan(list(self.derivation.gradients.values()), self.derivation.values)
