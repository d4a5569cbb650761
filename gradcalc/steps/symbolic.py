"""What a step hands on as a formula of the inputs, read back and held to the numbers."""

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.derive.modes import handed_on, swept
from gradcalc.derive.runs import Recording
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Data, Node, ancestry
from gradcalc.expr.written import Unprintable
from gradcalc.readback.alarm import TimesUp
from gradcalc.readback.roundtrip import RoundTrip
from gradcalc.steps.readback import is_same
from gradcalc.testimony import Origin

MANY = 400
"""Nodes of a run above which nobody would read its derivation."""


class Symbolic:
    """The cotangents of a run as formulas of its inputs, of every call for itself.

    `origins` are those of the arguments of each call, `centre` is the run at the point in balls,
    where there is one.
    """

    def __init__(
        self,
        recording: Recording,
        origins: Sequence[Sequence[Origin]],
        output: Origin,
        centre: Trial | None,
    ) -> None:
        self._recording, self._centre = recording, centre
        self._trip = RoundTrip(recording, {})
        self._texts: dict[int, tuple[str, Any] | None] = {}
        trace = recording.trace
        self._shapes = {name: node.shape for name, node in trace.inputs.items()}
        self._taken = frozenset((*recording.problem.inputs, *trace.names))
        self.forms = recording.derivation.forms.copy()
        self.handed: dict[int, dict[Origin, Node]] = {}
        self.adjoints: dict[Origin, Node] = {}
        self._sweep(origins, output)

    def _sweep(self, origins: Sequence[Sequence[Origin]], output: Origin) -> None:
        """What every call hands on, the last one first."""
        trace, forms = self._recording.trace, self.forms
        seed = np.broadcast_to(np.asarray(trace.weights, np.float64), trace.output.shape)
        adjoints = self.adjoints
        adjoints[output] = forms(ops.LITERAL, data=Data.of(seed))
        for number in reversed(range(len(trace.calls))):
            results = range(len(trace.calls[number].results))
            arriving = [adjoints.get((number, part)) for part in results]
            if all(part is None for part in arriving):
                continue
            found: dict[Origin, Node] = {}
            for origin, node in zip(origins[number], self._back(number, arriving), strict=True):
                if node is not None and origin is not None:
                    known = found.get(origin)
                    found[origin] = node if known is None else forms.scalar("add", known, node)
            self.handed[number] = found
            for origin, node in found.items():
                known = adjoints.get(origin)
                adjoints[origin] = node if known is None else forms.scalar("add", known, node)

    def _back(self, number: int, arriving: Sequence[Node | None]) -> list[Node | None]:
        """What a call hands on to its arguments, in their order; to equal ones of an operation that
        is one what is each one's own, to those of others all of it once."""
        values = self._recording.derivation.values
        call = self._recording.trace.calls[number]
        arguments = [values[k] for k in call.arguments]
        results = [values[k] for k in call.results]
        wanted = [node.op is not ops.DETACH for node in arguments]
        if len(results) == 1 and list(results[0].operands) == arguments and arriving[0] is not None:
            return handed_on(
                self.forms, arriving[0], results[0], results[0], arguments, wanted
            )  # fmt: skip
        inside = ancestry(results, frozenset(node.order for node in arguments))
        given: dict[int, Node] = {}
        for node, cotangent in zip(results, arriving, strict=True):
            if cotangent is not None:
                given[node.order] = cotangent
        leaves = [node for node, wants in zip(arguments, wanted, strict=True) if wants]
        found = swept(self.forms, inside, given, leaves, lambda node: node)
        first = [node not in arguments[:k] for k, node in enumerate(arguments)]
        return [
            found.get(node.order) if wants and new else None
            for node, wants, new in zip(arguments, wanted, first, strict=True)
        ]

    def total(self, origin: Origin, value: Any) -> str | None:
        """All that comes back to a tensor as a formula that gives that value."""
        return self._giving(self.adjoints.get(origin), value)

    def text(self, number: int, origin: Origin, value: Any) -> str | None:
        """What a call hands on as a formula that gives that value, None where there is none."""
        return self._giving(self.handed.get(number, {}).get(origin), value)

    def _giving(self, node: Node | None, value: Any) -> str | None:
        if node is None:
            return None
        if node.order not in self._texts:
            self._texts[node.order] = self._written(node)
        known = self._texts[node.order]
        return (
            known[0]
            if known is not None and is_same(known[1], np.asarray(value, np.float64), 0.0)
            else None
        )

    def _written(self, node: Node) -> tuple[str, Any] | None:
        """A node as a formula, and what that gives at the point."""
        try:
            formulas = Formulas(self.forms, {"": node}, self._shapes, taken=self._taken)
            text = formulas.write("").text
            found = self._value(f"step {node.order}", text, formulas.gradients[""])
        except (Unprintable, TimesUp):
            return None
        return None if found is None else (text, np.asarray(found, np.float64))

    def _value(self, key: str, text: str, shown: Node) -> Any:
        """What a text gives at the point, in as many digits as that takes."""
        centre = self._centre
        if centre is None:
            return self._trip.floats(key, text, shown)
        with flint.ctx.workprec(centre.bits):
            found = self._trip.value(key, text, shown, centre.arithmetic, centre.inputs)
            return None if found is None else to_floats(found)
