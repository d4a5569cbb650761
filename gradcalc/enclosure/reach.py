"""Which elements of the inputs an operation at a kink is made of.

The slopes along an axis are told of an operation that moves along it: another one may share an
input with it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcalc.derive.trace import Trace
from gradcalc.enclosure.kinks import Index, Met
from gradcalc.enclosure.parts import Part, links
from gradcalc.testimony import Event, Neighbourhood


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
