"""Elements that stand still: where only such tie for the largest, nothing turns over.

So it is where all that a window of a `relu` has is below 0, and where a mask keeps something out.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.derive.modes import Eager, jvp
from gradcalc.derive.runs import Recording
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.values.precision import precision_of

BESIDE = 64
"""How far from the point slopes are looked at too, in roundings: at a corner they are 0 by
convention."""

SEED = 20189


def moving(recording: Recording) -> dict[int, Any]:
    """The elements that the inputs may move, by the numbers of the run's nodes.

    What a mask of data puts in the place of others stands still, and so does what is made of that
    alone: rows of -infinity, the NaN that a softmax makes of them.
    """
    trace, f = recording.trace, Eager(Floats())
    inputs = {node.order for node in trace.inputs.values()}
    found: dict[int, Any] = {}
    for node in trace.nodes:
        if node.order in inputs:
            found[node.order] = np.ones(node.shape, np.bool_)
        elif not trace.is_active(node):
            found[node.order] = np.zeros(node.shape, np.bool_)
        else:
            own = [found[operand.order] for operand in node.operands]
            found[node.order] = np.broadcast_to(_moved(f, node, own, recording), node.shape)
    return found


def _moved(f: Eager, node: Node, own: Sequence[Any], recording: Recording) -> Any:
    """The elements of a node that those of its operands may move."""
    if node.op is ops.MAP:
        values = [to_floats(recording.values[operand.order]) for operand in node.operands]
        if node.title == "where" and not own[0].any():
            return np.where(values[0] != 0, *own[1:])
        moved = np.logical_or.reduce(np.broadcast_arrays(*own))
        if node.title in ("add", "sub", "mul"):
            # what is added to infinity is lost in it, and what is multiplied by 0
            for value, part in zip(values, own, strict=True):
                keeps = value != 0 if node.title == "mul" else np.isfinite(value)
                moved = moved & (part | keeps)
        return moved
    if node.op.moves and len(own) == 1:
        return f(node.op, own[0].astype(np.float64), **dict(node.static)) != 0
    if len(own) == 1 and (axes := dict(node.static).get("axes")) is not None:
        kept = own[0].any(axis=tuple(axes))
        if kept.size == np.prod(node.shape):
            return kept.reshape(node.shape)
    return np.any([part.any() for part in own])


class Stillness:
    """What moves with the inputs of a recording, at a point and on both sides of it."""

    def __init__(self, recording: Recording, inputs: Mapping[str, Any]) -> None:
        self._recording = recording
        self._inputs = inputs

    def ties(self, node: Node, near: Any) -> Any:
        """Of the elements that tie those which do so with one that moves, be it themselves."""
        if not near.any():
            return near
        (operand,) = node.operands
        order = self._recording.derivation.values[operand.order].order
        moves: Any = np.zeros(operand.shape, dtype=np.bool_)
        (here, _), *_ = self._runs
        for values, tangents in self._runs:
            # what is not a number is not the same either
            moves = moves | (values[operand.order] != here[operand.order])
            if order in tangents:
                moves = moves | (tangents[order] != 0)
        return near & np.any(near & moves, axis=node["axes"], keepdims=True)

    @cached_property
    def _runs(self) -> list[tuple[Sequence[Any], Mapping[int, Any]]]:
        """The values, and how they move."""
        with np.errstate(all="ignore"):
            return [self._at(point) for point in self._points()]

    @cached_property
    def _way(self) -> Mapping[str, Any]:
        """A direction in which every element moves, by another amount each."""
        random = np.random.default_rng(SEED)
        return {
            name: random.uniform(0.5, 1.5, np.shape(self._inputs[name]))
            * random.choice([-1.0, 1.0], np.shape(self._inputs[name]))
            for name in self._recording.problem.wrt
        }

    def _points(self) -> Iterator[Mapping[str, Any]]:
        step = BESIDE * precision_of(self._recording.problem.precision).epsilon
        for sign in (0.0, step, -step):
            moved = {
                name: self._inputs[name]
                + sign * way * np.where(self._inputs[name] == 0, 1.0, np.abs(self._inputs[name]))
                for name, way in self._way.items()
            }
            yield {**self._inputs, **moved}

    def _at(self, point: Mapping[str, Any]) -> tuple[Sequence[Any], Mapping[int, Any]]:
        derived, trace = self._recording.derived, self._recording.trace
        nodes = self._recording.derivation.values
        values = derived.values(Floats(), point)
        given = {nodes[trace.inputs[name].order].order: way for name, way in self._way.items()}
        return values, jvp(Eager(Floats()), nodes, values, given)
