"""The primitives of a run at or near a kink or a border."""

import flint

from gradcalc.calculus import operand_names
from gradcalc.enclosure.course import Trial
from gradcalc.enclosure.experiment import Experiment, partial_of
from gradcalc.enclosure.graph import Node
from gradcalc.expr.reals import FAILURES
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


def events_of(experiment: Experiment, trial: Trial) -> tuple[Event, ...]:
    """The primitives of a run at or near a kink or border, the closest first.

    A comparison of what is not differentiated by counts too, if rounding could turn it over.
    """
    experiment.context.prec = trial.bits
    found = (_event(experiment, node) for node in trial.course.nodes)
    there = [event for event in found if event is not None]
    for node in trial.course.graph.nodes:
        if node.row is not None and node.row.boolean and not node.active:
            event = _event(experiment, node)
            there += [event] if event is not None and event.margin else []
    return tuple(sorted(there, key=lambda event: event.margin))


def is_undefined(experiment: Experiment, trial: Trial) -> bool:
    """Whether no precision makes the run finite: what first is not is exactly at its border."""
    if trial.finite:
        return False
    with flint.ctx.workprec(trial.bits):
        for node in reversed(trial.course.nodes):
            if node.row is None or _is_finite(node):
                continue
            exact = all(operand.value.is_exact() for operand in node.operands)
            event = _event(experiment, node)
            return exact and event is not None and (event.outside or not event.margin)
    return False


def _is_finite(node: Node) -> bool:
    slopes = (partial_of(node, position) for position in node.live)
    return node.value.is_finite() and all(slope.is_finite() for slope in slopes)


def _event(experiment: Experiment, node: Node) -> Event | None:
    row = node.row
    if row is None or (row.kinks is None and row.domain is None and not row.varying):
        return None
    context = experiment.context
    if not all(operand.value.is_finite() for operand in node.operands):
        # what made it undefined has an event of its own
        return None
    operands = [context.make_mpf(operand.value._mpf_) for operand in node.operands]
    names = operand_names(row, node.variant)
    arguments = {**dict(node.variant), **dict(zip(names, operands, strict=True))}
    further = [more for i, more in row.varying if i in node.live]
    try:
        kinks = row.kinks(context, **arguments) if row.kinks else ()
        domains = [row.domain] if row.domain else []
        borders = [b for d in (*domains, *further) for b in d(context, **arguments)]
    except FAILURES:
        kinks, borders = (context.zero,), []
    largest = max(map(abs, operands))
    near = min(NEAR * experiment.epsilon * float(min(max(largest, 1), 1e300)), WIDEST)
    margins = [*map(abs, kinks), *borders]
    closest = min((0 if context.isnan(m) else m for m in margins), default=None)
    if closest is None or closest >= near:
        return None
    if abs(closest) <= largest * context.ldexp(1, UNSURE - context.prec):
        closest = context.zero
    at = tuple(float(value) for value in operands)
    # a margin that is too small for a float is one all the same
    margin = float(abs(closest)) or (LEAST if closest else 0.0)
    return Event(node.title, node.place, at, closest < 0, margin)
