"""Where floats go astray, and what lets no gradient by.

The program is run once more, every number rounded to the dtype: each primitive of elements is
computed as well as that allows from its rounded operands, and composites as a whole, so that what
goes wrong here is the program's doing and not that of a library.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import each, to_floats
from gradcalc.balls.numbers import Ball
from gradcalc.derive.modes import Eager, tangent_of
from gradcalc.derive.perturbations import is_finite
from gradcalc.derive.trace import Note
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.rounding import Rounded, bits_of
from gradcalc.enclosure.trial import WHOLE, Trial
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.primitives.arithmetic import zero
from gradcalc.testimony import Mishap

Index = tuple[int, ...]

LOST = 2.0**10
"""Roundings by which a number must be off to have lost its digits."""

SUDDEN = 2.0**7
"""How much worse than its operands."""

FLAT = 2.0**-50
"""A slope below this lets nothing by that a float could tell."""


def mishaps(experiment: Experiment, centre: Trial) -> tuple[Mishap, ...]:
    """The first mishap of each kind, in the order of the program."""
    found: dict[str, Mishap] = {}
    for mishap in _Shadow(experiment, centre).walk():
        found.setdefault(mishap.kind, mishap)
    return tuple(found.values())


class _Shadow:
    """What the floats of a run are, next to its exact numbers."""

    def __init__(self, experiment: Experiment, centre: Trial) -> None:
        self.centre = centre
        self.trace = centre.trace
        self.dtype = np.dtype(experiment.problem.dtype)
        self.epsilon = experiment.epsilon
        self.bits = bits_of(experiment.problem.dtype)
        self.values: list[Any] = []
        self.errors: list[Any] = []

    def walk(self) -> Iterator[Mishap]:
        for node, note in zip(self.trace.nodes, self.trace.notes, strict=True):
            operands = [self.values[operand.order] for operand in node.operands]
            if note.inside is None:
                operands = list(map(self._rounded, operands))
            self._add(node, self._computed(node, note, operands))
            if node.operands and note.inside is None and not node.op.moves:
                yield from self._judged(node, note, operands)

    def _rounded(self, values: Any) -> Any:
        with np.errstate(over="ignore", under="ignore"):
            return each(lambda b: flint.arb(float(self.dtype.type(float(b)))), values)

    def _computed(self, node: Node, note: Note, operands: Sequence[Any]) -> Any:
        if not node.operands:
            return self.centre.values[node.order]
        if node.op is ops.DETACH:
            return operands[0]
        if note.inside is not None:
            with flint.ctx.workprec(self.centre.bits):
                return Eager(self.centre.arithmetic)(node.op, *operands, **dict(node.static))
        with flint.ctx.workprec(self.bits):
            found = Eager(Rounded(self.bits))(node.op, *operands, **dict(node.static))
        return self._rounded(found)

    def _add(self, node: Node, value: Any) -> None:
        def error(ball: Ball, true: Ball) -> float:
            if not (ball.is_finite() and true.is_finite()):
                return float("inf")
            off = abs(ball - true)
            return float(off) if true.contains(0) else float(off / abs(true))

        self.values.append(value)
        with flint.ctx.workprec(self.centre.bits):
            errors = each(error, value, self.centre.values[node.order])
        self.errors.append(errors.astype(np.float64))

    def _judged(self, node: Node, note: Note, operands: Sequence[Any]) -> Iterator[Mishap]:
        """The mishaps of the elements of one node, the first of each kind."""
        tiny = float(np.finfo(self.dtype).tiny)

        def kind_of(ball: Ball, true: Ball) -> str:
            if not ball.is_finite():
                return "overflow" if true.is_finite() else "undefined"
            return "underflow" if ball.is_zero() and 0 < abs(true) < tiny else ""

        kinds = each(kind_of, self.values[node.order], self.centre.values[node.order])
        fine, well = self._all_finite(node, operands), kinds == ""
        found = [(kind, kinds == kind) for kind in ("overflow", "undefined", "underflow")]
        if node.title != "where":
            with flint.ctx.workprec(self.centre.bits):
                found.append(("undefined", self.centre.steep(node, operands) & well))
        found.append(("cancellation", self._lost(node) & well))
        for kind, mask in found:
            where = np.argwhere(np.asarray(mask & fine, dtype=np.bool_))
            if not len(where):
                continue
            place, lost = tuple(where[0]), 0.0
            if kind == "cancellation":
                digits = -float(np.log10(self.epsilon))
                lost = min(digits, digits + float(np.log10(self.errors[node.order][place])))
            yield _mishap(kind, node, note, operands, place, lost=lost)

    def _all_finite(self, node: Node, operands: Sequence[Any]) -> Any:
        parts = [is_finite(operand) for operand in operands]
        if node.source is None:
            return np.full(node.shape, all(part.all() for part in parts))
        return np.logical_and.reduce(np.broadcast_arrays(*parts))

    def _lost(self, node: Node) -> Any:
        """Where digits are lost that the operands had."""
        row = None if node.source is None else node.source[0]
        if row is not None and (row.boolean or any(slope is zero for _, slope in row.partials)):
            # a step turns a small difference into a large one; it loses no digits
            return np.zeros(node.shape, dtype=np.bool_)
        errors = self.errors[node.order]
        before = [self.errors[operand.order] for operand in node.operands]
        if row is None:
            worst: Any = max((float(np.max(part, initial=0)) for part in before), default=0.0)
        else:
            worst = np.max([np.broadcast_to(part, node.shape) for part in before], axis=0)
        return (errors > LOST * self.epsilon) & (errors > SUDDEN * worst) & np.isfinite(errors)


def _mishap(
    kind: str, node: Node, note: Note, operands: Sequence[Any], place: Index, **more: Any
) -> Mishap:
    at: tuple[float, ...] = ()
    if node.source is not None:
        at = tuple(float(np.broadcast_to(values, node.shape)[place]) for values in operands)
    return Mishap(kind, note.title(node), note.place, at, **more)


# -- what lets nothing by ----------------------------------------------------------------------


def flats(centre: Trial) -> tuple[Mishap, ...]:
    """For each input to which hardly anything flows back, the first primitive to let nothing by."""
    with flint.ctx.workprec(centre.bits):
        found = [_first_flat(centre, name) for name in centre.gradients]
    return tuple(mishap for mishap in found if mishap is not None)


def _first_flat(centre: Trial, name: str) -> Mishap | None:
    """Follow what depends on an input forward, through slopes that let something by."""
    trace = centre.trace
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
            first = _closed(centre, node, note, name, moves)
    return None if trace.output.order in reached else first


def _through(centre: Trial, node: Node, moves: Sequence[Any]) -> Any:
    """The elements of a node that move."""
    if node.source is not None:
        found = np.zeros(node.shape, np.bool_)
        for position, move in enumerate(moves):
            if move is not None:
                slope = centre.slope(node, position)
                lets = each(lambda ball: not abs(ball) < FLAT, slope)
                found = found | (lets.astype(np.bool_) & move)
        return found
    given = [None if move is None else move.astype(np.float64) for move in moves]
    if node.op in WHOLE:
        return np.full(node.shape, any(m is not None and m.any() for m in moves))
    extreme = node.op in (ops.AMAX, ops.AMIN)
    operands = [
        to_floats(values) if extreme else np.ones(values.shape) for values in centre.operands(node)
    ]
    moved = tangent_of(Eager(Floats()), node, np.ones(node.shape), operands, given)
    return np.zeros(node.shape, np.bool_) if moved is None else np.asarray(moved) != 0


def _closed(centre: Trial, node: Node, note: Note, name: str, moves: Sequence[Any]) -> Mishap:
    assert node.source is not None
    row, _ = node.source
    ways = [position for position, move in enumerate(moves) if move is not None]
    arriving = np.logical_or.reduce([np.broadcast_to(moves[k], node.shape) for k in ways])
    place = tuple(np.argwhere(arriving)[0])
    kind = "saturated"
    if all(dict(row.partials).get(k) is zero for k in ways):
        kind = "step"
    elif all(np.broadcast_to(centre.slope(node, k), node.shape)[place].contains(0) for k in ways):
        kind = "flat"
    return _mishap(kind, node, note, centre.operands(node), place, wrt=name)
