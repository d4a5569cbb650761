"""What is nearly zero in a run beside a point: where a kink or a border passes, to first order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, boxed
from gradcalc.derive.modes import Eager, jvp
from gradcalc.enclosure.crossings import Crossing, crossings
from gradcalc.enclosure.kinks import Index
from gradcalc.enclosure.trial import Trial, middles
from gradcalc.expr.nodes import Node

NUDGE = -1500
"""The power of 2 by which operands move for the gradient of what is zero at a kink."""

BITS = 4096
"""The precision for that."""

SPARE = 24
"""Bits of a run that its roundings may take."""


@dataclass(frozen=True, slots=True)
class Border:
    """What is nearly zero in a run beside a point: where, of which numbers, and how far it is.

    The margin is known up to `unknown`. `partials` are its slopes by those numbers, the `normal`
    those along the moves of the inputs;
    `key` tells it from others in all runs of one course, in which it may be `turned` round.
    """

    key: tuple[Any, ...]
    turned: bool
    crossing: Crossing
    at: Sequence[Any]
    margin: Any
    unknown: Any
    partials: Sequence[Any]
    normal: Any

    @property
    def positive(self) -> bool:
        """On which side of it the run is, the same one in all runs."""
        return bool(self.margin > 0) is not self.turned

    def reach(self, length: Any) -> Any:
        """How far along a normal of that length the border is, as a ball."""
        return flint.arb(self.margin.mid(), self.unknown) / length


def borders(trial: Trial, moves: Sequence[Any], nearly: Any) -> list[Border]:
    """What is nearly zero in a run beside a point, with its gradient along the moves, if it has.

    That is what is so small in relation to its operands.
    """
    nodes, values = trial.recording.derivation.values, trial.values
    with flint.ctx.workprec(trial.bits):
        tangents = [_tangents(trial, move) for move in moves]
    stacked: dict[int, Any] = {}

    def moving(node: Node, index: Index) -> Any:
        """How an element moves along each of the moves."""
        if node.order not in stacked:
            number = nodes[node.order].order
            still = trial.arithmetic.zeros(node.shape)
            stacked[node.order] = np.array([boxed(way.get(number, still)) for way in tangents])
        return stacked[node.order][(slice(None), *index)]

    found = []
    for crossing in crossings(trial):
        balls = [boxed(values[node.order])[index] for node, index in crossing.hangs]
        at = [ball.mid() for ball in balls]
        ways = [moving(*element) for element in crossing.hangs]
        with flint.ctx.workprec(BITS):
            for k, margin, partials in _partials(crossing, at, nearly):
                parts = (p * way for p, way in zip(partials, ways, strict=True) if not p.is_zero())
                normal = middles(sum(parts, np.full(len(moves), ZERO)))
                if not all(part.is_zero() for part in normal):
                    pair = crossing.pair or (crossing.index,)
                    key = (crossing.node.order, *sorted(pair), k)
                    turned = pair[0] > pair[-1]
                    # the slopes are rounded as well
                    off = abs(margin) * flint.arb(2) ** (SPARE + max(-trial.bits, NUDGE))
                    off += sum(
                        (abs(p) * ball.rad() for p, ball in zip(partials, balls, strict=True)), ZERO
                    )
                    found.append(Border(key, turned, crossing, at, margin, off, partials, normal))
    return found


def _tangents(trial: Trial, move: Mapping[str, Any]) -> Mapping[int, Any]:
    """How all values of a run move with its inputs, by the order of their nodes."""
    recording = trial.recording
    trace, nodes = recording.trace, recording.derivation.values
    given = {nodes[trace.inputs[name].order].order: part for name, part in move.items()}
    return jvp(Eager(trial.arithmetic), nodes, recording.values, given)


def _partials(
    crossing: Crossing, at: Sequence[Any], nearly: Any
) -> Iterator[tuple[int, Any, list[Any]]]:
    """What is nearly zero at a crossing, as which of all, with its slopes by what it hangs on."""
    step = flint.arb(2) ** NUDGE
    here = crossing.margins(at)
    room = max([flint.arb(1), *map(abs, at)]) * nearly
    if not any(abs(margin) <= room for margin in here):
        return
    beside = [
        crossing.margins([(a + step).mid() if k == own else a for k, a in enumerate(at)])
        for own in range(len(at))
    ]
    for k, margin in enumerate(here):
        if abs(margin) <= room:
            yield k, margin, [((there[k] - margin) / step).mid() for there in beside]


def unit(normal: Sequence[Any]) -> tuple[Any, Any]:
    """The direction of a vector of balls, as floats, and its length."""
    length = sum((part * part for part in normal), ZERO).sqrt().mid()
    vector = np.array([float(part / length) for part in normal])
    return vector / np.linalg.norm(vector), length
