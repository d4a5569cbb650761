"""Where a run beside a point is on a kink or a border to floats, and what is nearly zero there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import boxed, to_floats
from gradcalc.enclosure.kinks import BALLS, NEAR, Index, near_in_floats, signed, special
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node

Element = tuple[Node, Index]
"""An element of a node."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A place where a run is, to floats, on a kink or border: an element of a node.

    `hangs` are the elements that it hangs on, `margins` what is zero of these where it is. Where
    two of many are compared, `pair` are the places that they come from, in their order.
    """

    node: Node
    index: Index
    hangs: Sequence[Element]
    margins: Callable[[Sequence[Any]], list[Any]]
    pair: tuple[Index, Index] | None = None


def crossings(trial: Trial) -> Iterator[Crossing]:
    """The places where a run beside a point is, to floats, on a kink or border."""
    trace = trial.trace
    epsilon = float(np.finfo(np.float64).eps)
    for node in special(trace):
        if not trace.is_active(node) or node.op in ops.SPECTRAL:
            # where eigenvalues coincide is no wall
            continue
        floats, value = map(to_floats, trial.operands(node)), to_floats(trial.values[node.order])
        near = near_in_floats(trace, node, list(floats), value, 2 * epsilon, NEAR)
        found = list(map(tuple, np.argwhere(near)))
        if node.source is not None:
            yield from (_of_elements(trial, node, index) for index in found)
        elif found:
            places = _places(trial, node)
            yield from (_of_many(node, index, places) for index in found)


def _of_elements(trial: Trial, node: Node, index: Index) -> Crossing:
    hangs = [(operand, _spread_from(operand, index)) for operand in node.operands]
    return Crossing(node, index, hangs, lambda at: signed(BALLS, trial.trace, node, at))


def _of_many(node: Node, index: Index, places: Callable[[Element], Index]) -> Crossing:
    (operand,) = node.operands
    if node.op is ops.SORT:
        axis = node["axis"] % node.ndim
        behind = (*index[:axis], index[axis] + 1, *index[axis + 1 :])
        hangs = [(node, index), (node, behind)]
    else:
        axes = {axis % operand.ndim for axis in node["axes"]}
        top = tuple(place for axis, place in enumerate(index) if axis not in axes)
        hangs = [(operand, index), (node, top)]
    first, second = map(places, hangs)
    return Crossing(node, index, hangs, _apart, (first, second))


def _places(trial: Trial, node: Node) -> Callable[[Element], Index]:
    """Which element of its operand one of a node is."""
    (operand,) = node.operands
    along = (node["axis"],) if node.op is ops.SORT else node["axes"]
    axes = {axis % operand.ndim for axis in along}
    numbers = boxed(trial.values[operand.order])

    def line(index: Index) -> Index:
        """Where an element of the operand is but for the dimensions that are gone along."""
        return tuple(place for axis, place in enumerate(index) if axis not in axes)

    known = {(line(at), _number(numbers[at])): at for at in np.ndindex(numbers.shape)}

    def place(element: Element) -> Index:
        own, index = element
        if own is operand:
            return index
        within = line(index) if own.ndim == operand.ndim else index
        return known.get((within, _number(boxed(trial.values[own.order])[index])), index)

    return place


def _number(ball: Any) -> Any:
    return ball.mid().man_exp() if ball.is_finite() else None


def _spread_from(operand: Node, index: Index) -> Index:
    """The element of an operand that is spread to one of the result."""
    own = index[len(index) - operand.ndim :]
    return tuple(0 if size == 1 else place for size, place in zip(operand.shape, own, strict=True))


def _apart(at: Sequence[Any]) -> list[Any]:
    return [at[0] - at[1]]
