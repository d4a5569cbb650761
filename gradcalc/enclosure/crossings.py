"""Where a run beside a point is on a kink or a border to floats, and what is nearly zero there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.enclosure.kinks import BALLS, NEAR, Index, near_in_floats, signed, special
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node

Element = tuple[Node, Index]
"""An element of a node."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A place where a run is, to floats, on a kink or border: an element of a node.

    `hangs` are the elements that it hangs on, `margins` what is zero of these where it is.
    """

    node: Node
    index: Index
    hangs: Sequence[Element]
    margins: Callable[[Sequence[Any]], list[Any]]


def crossings(trial: Trial) -> Iterator[Crossing]:
    """The places where a run beside a point is, to floats, on a kink or border."""
    trace = trial.trace
    epsilon = float(np.finfo(np.float64).eps)
    for node in special(trace):
        if not trace.is_active(node):
            continue
        floats, value = map(to_floats, trial.operands(node)), to_floats(trial.values[node.order])
        near = near_in_floats(trace, node, list(floats), value, 2 * epsilon, NEAR)
        for index in map(tuple, np.argwhere(near)):
            yield _crossing(trial, node, index)


def _crossing(trial: Trial, node: Node, index: Index) -> Crossing:
    if node.source is not None:
        hangs = [(operand, _spread_from(operand, index)) for operand in node.operands]
        return Crossing(node, index, hangs, lambda at: signed(BALLS, trial.trace, node, at))
    if node.op is ops.SORT:
        axis = node["axis"] % node.ndim
        behind = (*index[:axis], index[axis] + 1, *index[axis + 1 :])
        return Crossing(node, index, [(node, index), (node, behind)], _apart)
    (operand,) = node.operands
    axes = {axis % operand.ndim for axis in node["axes"]}
    top = tuple(place for axis, place in enumerate(index) if axis not in axes)
    return Crossing(node, index, [(operand, index), (node, top)], _apart)


def _spread_from(operand: Node, index: Index) -> Index:
    """The element of an operand that is spread to one of the result."""
    own = index[len(index) - operand.ndim :]
    return tuple(0 if size == 1 else place for size, place in zip(operand.shape, own, strict=True))


def _apart(at: Sequence[Any]) -> list[Any]:
    return [at[0] - at[1]]
