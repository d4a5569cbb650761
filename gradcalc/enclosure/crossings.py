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

Values = Callable[[Node], Any]
"""Gives an array for each node of a run: its value, or how that moves."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A place where a run is, to floats, on a kink or border.

    `read` gives the numbers that it hangs on, `margins` what is zero of these where it is.
    """

    read: Callable[[Values], list[Any]]
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

        def operands(values: Values) -> list[Any]:
            given = [values(operand) for operand in node.operands]
            return [np.broadcast_to(part, node.shape)[index] for part in given]

        return Crossing(operands, lambda at: signed(BALLS, trial.trace, node, at))
    if node.op is ops.SORT:
        axis = node["axis"] % node.ndim
        behind = (*index[:axis], index[axis] + 1, *index[axis + 1 :])
        return Crossing(lambda values: [values(node)[index], values(node)[behind]], _apart)

    def tied(values: Values) -> list[Any]:
        (operand,) = node.operands
        top = np.expand_dims(values(node), node["axes"])
        return [values(operand)[index], np.broadcast_to(top, operand.shape)[index]]

    return Crossing(tied, _apart)


def _apart(at: Sequence[Any]) -> list[Any]:
    return [at[0] - at[1]]
