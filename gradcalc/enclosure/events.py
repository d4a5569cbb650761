"""The primitives of a run at or near a kink or a border."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import Ball
from gradcalc.calculus import operand_names
from gradcalc.derive.smoothness import is_special, near_in_floats
from gradcalc.derive.vjp import slopes_of
from gradcalc.enclosure.experiment import Experiment, Trial
from gradcalc.enclosure.reach import taking_part
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Event

NEAR = 64
"""How close to a kink or a border a primitive must be for its surroundings to be looked at, in
roundings of the dtype."""

WIDEST = 1e-5
"""The same as a number, at most."""

LEAST = 5e-324
"""The smallest float that is not 0."""

UNSURE = 16
"""Bits at the end of a number that may be wrong."""

Index = tuple[int, ...]


def events_of(experiment: Experiment, trial: Trial) -> tuple[Event, ...]:
    """The primitives of a run at or near a kink or border, the closest first.

    A comparison of what is not differentiated by counts too, if rounding could turn it over.
    """
    with flint.ctx.workprec(trial.bits):
        found = list(_found(experiment, trial))
    return tuple(sorted(found, key=lambda event: event.margin))


def _found(experiment: Experiment, trial: Trial) -> Iterator[Event]:
    trace, part = trial.recording.trace, taking_part(trial)
    # what is next to the output first, what is not differentiated by last
    for node in sorted(trace.nodes, key=lambda n: (not trace.is_active(n), -n.order)):
        number, note = node.order, trace.notes[node.order]
        boolean = node.source is not None and node.source[0].boolean
        if not is_special(node) or not (note.active or boolean):
            continue
        # where elements tie it may be a position alone that is used
        if note.active and node.source is not None and number not in part:
            continue
        floats = [to_floats(trial.values[operand.order]) for operand in node.operands]
        value = to_floats(trial.values[number])
        # floats are off by a rounding themselves
        near = near_in_floats(trace, node, floats, value, 2 * experiment.epsilon, NEAR)
        if node.op in (ops.AMAX, ops.AMIN):
            near = near & ~_winners(trial, node)
        elif note.active and node.source is not None:
            near = near & part[number]
        for index in map(tuple, np.argwhere(near)):
            event = _event(experiment, trial, node, index)
            if event is not None and (note.active or event.margin):
                yield event


def _winners(trial: Trial, node: Node) -> Any:
    """The element that is taken for the largest or least one, of several that tie the first."""
    (x,) = node.operands
    axes = sorted(node["axes"])
    if not _finite(trial.values[x.order]).all():
        return np.zeros(x.shape, dtype=np.bool_)
    places = getattr(trial.arithmetic, f"arg{node.op.name[1:]}")(trial.values[x.order], axes)
    sizes = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
    return np.arange(math.prod(sizes)).reshape(sizes) == places


def is_undefined(experiment: Experiment, trial: Trial) -> bool:
    """Whether no precision makes the run finite: what first is not is exactly at its border."""
    if trial.finite:
        return False
    with flint.ctx.workprec(trial.bits):
        part = taking_part(trial)
        for number, mask in sorted(part.items()):
            node = trial.recording.trace.nodes[number]
            for index in map(tuple, np.argwhere(mask & ~_is_finite(trial, node))):
                operands = _operands(trial, node, index)
                if not all(operand.is_finite() for operand in operands):
                    continue
                if not all(operand.is_exact() for operand in operands):
                    return False
                if node.source is None:
                    return True
                event = _event(experiment, trial, node, index)
                return event is not None and (event.outside or not event.margin)
    return False


def _is_finite(trial: Trial, node: Node) -> Any:
    """Which elements of a node are finite, and so are the slopes by what moves."""
    known = _finite(trial.values[node.order])
    if node.source is None:
        return known
    values = [trial.values[operand.order] for operand in node.operands]
    for position, operand in enumerate(node.operands):
        if trial.recording.trace.is_active(operand):
            slope, _ = slopes_of(node, position)
            known = known & _finite(trial.arithmetic.map(node["symbols"], slope, values))
    return known


_finite: Callable[[Any], Any] = lambda values: np.asarray(
    np.frompyfunc(lambda ball: ball.is_finite(), 1, 1)(values), dtype=np.bool_
)


def _operands(trial: Trial, node: Node, index: Index) -> list[Ball]:
    """The balls that an element of a node is made of; for what is no primitive, all of them."""
    if node.source is None:
        return [ball for operand in node.operands for ball in trial.values[operand.order].flat]
    values = [trial.values[operand.order] for operand in node.operands]
    return [np.broadcast_to(value, node.shape)[index] for value in values]


def _event(experiment: Experiment, trial: Trial, node: Node, index: Index) -> Event | None:
    note = trial.recording.trace.notes[node.order]
    if node.source is None:
        at, margins = _tied(trial, node, index)
    else:
        at = _operands(trial, node, index)
        if not all(ball.is_finite() for ball in at):
            # what made it undefined has an event of its own
            return None
        at = [ball.mid() for ball in at]
        margins = _margins(trial, node, at)
    largest = max(map(abs, at), default=flint.arb(0))
    near = min(NEAR * experiment.epsilon * min(max(float(largest), 1.0), 1e300), WIDEST)
    closest = min((flint.arb(0) if m.is_nan() else m.mid() for m in margins), default=None)
    if closest is None or not closest < near:
        return None
    if abs(closest) <= largest * flint.arb(2) ** (UNSURE - trial.bits):
        closest = flint.arb(0)
    # a margin that is too small for a float is one all the same
    margin = float(abs(closest)) or (LEAST if closest != 0 else 0.0)
    return Event(note.title(node), note.place, tuple(map(float, at)), bool(closest < 0), margin)


class _Middles:
    """What rows ask of the numbers that they are given, here exact balls."""

    one = flint.arb(1)

    @staticmethod
    def nint(x: Ball) -> Ball:
        return (x + flint.arb(0.5)).floor()

    @staticmethod
    def cos(x: Ball) -> Ball:
        return x.cos()

    @staticmethod
    def isint(x: Ball) -> bool:
        return bool(x.is_integer())


def _margins(trial: Trial, node: Node, at: list[Ball]) -> list[Ball]:
    """How far each kink is, and each border, negative outside of it."""
    assert node.source is not None
    row, variant = node.source
    names = operand_names(row, variant)
    arguments = {**dict(variant), **dict(zip(names, at, strict=True))}
    trace = trial.recording.trace
    further = [more for k, more in row.varying if trace.is_active(node.operands[k])]
    kinks = row.kinks(_Middles, **arguments) if row.kinks else ()
    domains = [row.domain] if row.domain else []
    borders = [b for d in (*domains, *further) for b in d(_Middles, **arguments)]
    return [flint.arb(margin) for margin in (*map(abs, kinks), *borders)]


def _tied(trial: Trial, node: Node, index: Index) -> tuple[list[Ball], list[Ball]]:
    """An element that is nearly as large as the largest, or as its neighbour in order, and it."""
    if "axis" in (static := dict(node.static)):
        rows = np.moveaxis(trial.values[node.order], static["axis"], -1)
        place = index[static["axis"]]
        row = rows[tuple(k for axis, k in enumerate(index) if axis != static["axis"])]
        pair = [row[place], row[place + 1]]
    else:
        (x,) = node.operands
        top = np.expand_dims(trial.values[node.order], static["axes"])
        own = trial.values[x.order][index]
        first = np.broadcast_to(top, x.shape)[index]
        pair = [own, first]
    at = [ball.mid() for ball in pair]
    return at, [abs(at[0] - at[1])]
