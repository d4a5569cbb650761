"""Conditions that turn beside the point: a jump may reach the output through them alone."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcalc.derive.recording import Recording
from gradcalc.derive.trace import Truth
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Event

STEP = 64
"""How far beside, in roundings of the dtype."""

SEED = 20187


def steering(recording: Recording) -> Iterator[Event]:
    """The conditions that are not the same beside the point, or compare what is not finite."""
    asked = recording.derived.once("conditions", lambda: _conditions(recording))
    if not asked:
        return
    trace, values = recording.trace, recording.values
    for number in asked:
        node, note = trace.nodes[number], trace.notes[number]
        compared = [values[o.order] for o in node.operands if trace.is_active(o)]
        if is_boolean(node) and not all(np.isfinite(value).all() for value in compared):
            yield Event(note.title(node), note.place, (), True)
            return
    for inputs in _beside(recording):
        there = recording.derived.values(Floats(), inputs)
        for number in asked:
            if not np.array_equal(there[number] != 0, values[number] != 0):
                node, note = trace.nodes[number], trace.notes[number]
                yield Event(note.title(node), note.place, (), False)
                return


def _conditions(recording: Recording) -> tuple[int, ...]:
    """The numbers of the values that decide what is done with others."""
    trace = recording.trace
    found = {n.order for n in trace.nodes if trace.is_active(n) and is_boolean(n)}
    truths = (seen.number for seen in trace.observations if isinstance(seen.question, Truth))
    found |= {number for number in truths if trace.notes[number].active}
    return tuple(sorted(found))


def is_boolean(node: Node) -> bool:
    """Whether a node is a comparison, or what is made of such by logic."""
    return node.source is not None and bool(node.source[0].boolean)


def _beside(recording: Recording) -> Iterator[Mapping[str, Any]]:
    """All inputs that are differentiated by a little larger, smaller, and this way and that."""
    problem = recording.problem
    step = STEP * float(np.finfo(problem.dtype).eps)
    random = np.random.default_rng(SEED)
    signs = {name: random.choice([-1.0, 1.0], problem.inputs[name].shape) for name in problem.wrt}
    for along in (1.0, -1.0):
        for pattern in (dict.fromkeys(problem.wrt, 1.0), signs):
            moved = {n: along * step * sign for n, sign in pattern.items()}
            yield {
                n: value + moved.get(n, 0.0) * np.where(value == 0, 1.0, np.abs(value))
                for n, value in problem.inputs.items()
            }
