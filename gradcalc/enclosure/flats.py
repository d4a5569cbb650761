"""Why hardly anything flows back to an input: the first primitive to let nothing by."""

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.derive.jvp import Eager, tangent_of
from gradcalc.derive.trace import Note
from gradcalc.derive.vjp import slopes_of
from gradcalc.enclosure.experiment import Trial
from gradcalc.enclosure.reach import WHOLE
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.primitives.arithmetic import zero
from gradcalc.testimony import Mishap

FLAT = 2.0**-50
"""A slope below this lets nothing by that a float could tell."""


def flats(centre: Trial) -> tuple[Mishap, ...]:
    """For each input to which hardly anything flows back, the first primitive to let nothing by."""
    with flint.ctx.workprec(centre.bits):
        found = [_first_flat(centre, name) for name in centre.gradients]
    return tuple(mishap for mishap in found if mishap is not None)


def _first_flat(centre: Trial, name: str) -> Mishap | None:
    """Follow what depends on an input forward, through slopes that let something by."""
    trace = centre.recording.trace
    leaf = trace.inputs[name]
    reached: dict[int, Any] = {leaf.order: np.ones(leaf.shape, np.bool_)}
    first: Mishap | None = None
    for node, note in zip(trace.nodes, trace.notes, strict=True):
        moves = [reached.get(operand.order) for operand in node.operands]
        if node.op is ops.DETACH or all(move is None for move in moves):
            continue
        through = _through(centre, node, moves)
        if through.any():
            reached[node.order] = through
        elif first is None and node.source is not None and 0 not in node.shape:
            first = _mishap(centre, node, note, name, moves)
    return None if trace.output.order in reached else first


def _through(centre: Trial, node: Node, moves: Sequence[Any]) -> Any:
    """The elements of a node that move."""
    if node.source is not None:
        found = np.zeros(node.shape, np.bool_)
        for position, move in enumerate(moves):
            if move is not None:
                slope = _slope(centre, node, position)
                lets = np.frompyfunc(lambda ball: not abs(ball) < FLAT, 1, 1)(slope)
                found = found | (np.asarray(lets, dtype=np.bool_) & move)
        return found
    given = [None if move is None else move.astype(np.float64) for move in moves]
    if node.op in WHOLE:
        return np.full(node.shape, any(m is not None and m.any() for m in moves))
    extreme = node.op in (ops.AMAX, ops.AMIN)
    operands = [
        to_floats(centre.values[o.order]) if extreme else np.ones(o.shape) for o in node.operands
    ]
    moved = tangent_of(Eager(Floats()), node, np.ones(node.shape), operands, given)
    return np.zeros(node.shape, np.bool_) if moved is None else np.asarray(moved) != 0


def _mishap(centre: Trial, node: Node, note: Note, name: str, moves: Sequence[Any]) -> Mishap:
    assert node.source is not None
    row, _ = node.source
    ways = [position for position, move in enumerate(moves) if move is not None]
    arriving = np.logical_or.reduce([np.broadcast_to(moves[k], node.shape) for k in ways])
    place = tuple(np.argwhere(arriving)[0])
    values = [centre.values[operand.order] for operand in node.operands]
    at = tuple(float(np.broadcast_to(value, node.shape)[place]) for value in values)
    kind = "saturated"
    if all(dict(row.partials).get(k) is zero for k in ways):
        kind = "step"
    elif all(np.broadcast_to(_slope(centre, node, k), node.shape)[place].is_zero() for k in ways):
        kind = "flat"
    return Mishap(kind, note.title(node), note.place, at, wrt=name)


def _slope(centre: Trial, node: Node, position: int) -> Any:
    values = [centre.values[operand.order] for operand in node.operands]
    slope, _ = slopes_of(node, position)
    return centre.arithmetic.map(node["symbols"], slope, values)
