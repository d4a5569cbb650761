"""What of the operations at a special point is told first.

The slopes along an axis are told of an operation that moves along it: another one may share an
input with it. At an edge it is what has no value there.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcalc.derive.perturbations import is_finite
from gradcalc.derive.trace import Trace
from gradcalc.enclosure.culprits import event_beside
from gradcalc.enclosure.kinks import Index, Met
from gradcalc.enclosure.parts import Part, links
from gradcalc.enclosure.trial import Trial, below, taking_part
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Event, Nature, Neighbourhood


def with_slopes_first(
    trace: Trace,
    part: Part,
    around: Neighbourhood,
    events: tuple[Event, ...],
    met: Sequence[Met],
) -> tuple[Event, ...]:
    """The events of a kink with those first that the input reaches of which slopes are told."""
    widest = around.widest
    if widest is None or len({(e.primitive, e.place) for e in events}) < 2:
        return events
    column = int(part.columns[widest])
    reached: dict[Event, frozenset[int]] = {}
    for one in met:
        if one.event not in reached:
            reached[one.event] = reach(trace, one.number, one.index)
    told = [replace(event, columns=reached.get(event)) for event in events]
    return tuple(sorted(told, key=lambda e: e.columns is not None and column not in e.columns))


def with_columns(
    trace: Trace, around: Neighbourhood, events: tuple[Event, ...], met: Sequence[Met]
) -> tuple[Event, ...]:
    """The comparisons at a jump with the elements of the inputs that they are made of."""
    if around.nature is not Nature.JUMP:
        return events
    made = {one.event: reach(trace, one.number, one.index) for one in met if one.event.condition}
    return tuple(replace(event, columns=made.get(event, event.columns)) for event in events)


def with_undefined_first(
    here: Trial, around: Neighbourhood, events: tuple[Event, ...], met: Sequence[Met]
) -> tuple[Event, ...]:
    """The events at an edge with those first that have no value, or no slope, at the point."""
    if around.nature is not Nature.EDGE or len(events) < 2:
        return events
    undefined = set()
    for one in met:
        node = here.trace.nodes[one.number]
        if node.source is not None:
            wild = ~is_finite(here.values[one.number]) | here.steep(node)
            if np.broadcast_to(wild, node.shape)[one.index]:
                undefined.add(one.event)
    return tuple(sorted(events, key=lambda event: event not in undefined))


def wild_constant(here: Trial) -> str | None:
    """What takes part, has no finite value at the point and does not move; None if nothing."""
    for number, mask in sorted(taking_part(here).items()):
        node = here.trace.nodes[number]
        for operand, own in zip(node.operands, below(node, mask, here), strict=True):
            still = own is not None and not here.trace.is_active(operand)
            if still and (own & ~is_finite(here.values[operand.order])).any():
                return _first_wild(here, operand)
    return None


def _first_wild(here: Trial, node: Node) -> str | None:
    """The first operation without a finite value that one is made of, None if it is an input."""
    for operand in node.operands:
        if not is_finite(here.values[operand.order]).all():
            return _first_wild(here, operand)
    if not node.operands:
        return None
    place = tuple(map(int, np.argwhere(~is_finite(here.values[node.order]))[0]))
    event = event_beside(here, node, place)
    at = f" at {', '.join(f'{number:.6g}' for number in event.at)}" if event.at else ""
    return f"{event.primitive}{at}"


def reach(trace: Trace, number: int, index: Index) -> frozenset[int]:
    """The elements of the inputs, flattened in the order of `wrt`, that an element is made of."""
    asked = {number: np.zeros(trace.nodes[number].shape, np.bool_)}
    asked[number][index] = True
    leaves = {trace.inputs[name].order for name in trace.wrt}
    for at in range(number, -1, -1):
        node, mask = trace.nodes[at], asked.get(at)
        moving = [k for k, operand in enumerate(node.operands) if trace.is_active(operand)]
        if mask is None or at in leaves or not moving:
            continue
        own, linked = links(node, moving)
        wanted = np.zeros(int(np.max(own, initial=-1)) + 1, np.bool_)
        wanted[own[mask.ravel()]] = True
        for k, (places, groups) in zip(moving, linked, strict=True):
            operand = node.operands[k]
            known = asked.setdefault(operand.order, np.zeros(operand.shape, np.bool_))
            known.reshape(-1)[places[wanted[groups]]] = True
    found: set[int] = set()
    start = 0
    for name in trace.wrt:
        leaf = trace.inputs[name]
        size = int(np.prod(leaf.shape))
        if leaf.order in asked:
            found |= {start + int(k) for k in np.flatnonzero(asked[leaf.order])}
        start += size
    return frozenset(found)
