"""What a step hands on as a formula of the inputs, read back and held to the numbers."""

from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.derive.modes import swept
from gradcalc.derive.runs import Recording
from gradcalc.enclosure.trial import Trial
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.expr.written import Unprintable
from gradcalc.readback.alarm import TimesUp
from gradcalc.readback.roundtrip import RoundTrip

NEAR = 1e-6
"""How far a text may be from the numbers, which have fewer digits than it, in relation to them."""

MANY = 400
"""Nodes of a run above which nobody would read its derivation."""


class Symbolic:
    """The cotangents of a run as formulas of its inputs."""

    def __init__(self, recording: Recording, centre: Trial | None) -> None:
        """`centre` is the run at the point in balls, where there is one."""
        self._recording, self._centre = recording, centre
        self._derivation = recording.derivation
        self._trip = RoundTrip(recording, {})
        self._texts: dict[int, str | None] = {}
        trace = recording.trace
        self._shapes = {name: node.shape for name, node in trace.inputs.items()}
        self._taken = frozenset((*recording.problem.inputs, *trace.names))
        self.readable = len(trace.nodes) <= MANY

    def handed(self, call: int) -> dict[int, Node]:
        """What a call hands on, by the numbers of its operands."""
        trace, derivation = self._recording.trace, self._derivation
        results, given = trace.calls[call].results, dict[int, Node]()
        nodes = [derivation.values[number] for number in results]
        for number, node in zip(results, nodes, strict=True):
            if number in derivation.cotangents:
                given[node.order] = derivation.cotangents[number]
        numbers = dict.fromkeys(trace.calls[call].arguments)
        leaves = {number: derivation.values[number] for number in numbers}
        cut = frozenset(leaf.order for leaf in leaves.values())
        inside = ancestry(nodes, cut)
        found = swept(derivation.forms, inside, given, list(leaves.values()), lambda node: node)
        return {n: found[leaf.order] for n, leaf in leaves.items() if leaf.order in found}

    def text(self, node: Node, value: Any) -> str | None:
        """A node as a formula that gives that value at the point, None where there is none."""
        if node.order not in self._texts:
            self._texts[node.order] = self._written(node, np.asarray(value, np.float64))
        return self._texts[node.order]

    def _written(self, node: Node, value: Any) -> str | None:
        try:
            formulas = Formulas(self._derivation.forms, {"": node}, self._shapes, taken=self._taken)
            text = formulas.write("").text
            found = self._value(f"step {node.order}", text, formulas.gradients[""])
        except (Unprintable, TimesUp):
            return None
        if found is None or np.shape(found) != value.shape:
            return None
        most = np.max(np.abs(value), initial=0.0)
        near = np.abs(np.asarray(found, np.float64) - value) <= NEAR * most
        return text if bool(np.all(near)) else None

    def _value(self, key: str, text: str, shown: Node) -> Any:
        """What a text gives at the point, in as many digits as that takes."""
        centre = self._centre
        if centre is None:
            return self._trip.floats(key, text, shown)
        with flint.ctx.workprec(centre.bits):
            found = self._trip.value(key, text, shown, centre.arithmetic, centre.inputs)
            return None if found is None else to_floats(found)
