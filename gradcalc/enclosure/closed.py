"""What lets no gradient by: the first operation, from the output back, that hands on next to none.

What flows back from the output is followed through slopes that let something by. Where it reaches
an input after all there is nothing to be told: then parts cancel.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import each, to_floats
from gradcalc.balls.numbers import Ball
from gradcalc.derive.modes import Eager, dependents, slopes_of
from gradcalc.derive.trace import is_boolean
from gradcalc.enclosure.trial import WHOLE, Trial, whole
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.primitives.arithmetic import zero
from gradcalc.testimony import Closed

Index = tuple[int, ...]

FLAT = 2.0**-50
"""A slope below this, in relation to what it is a slope of too, lets nothing by that a float could
tell."""

LIKELY = ("slope", "choice", "comparison", "nothing")
"""What tells most of why nothing comes back, first: a slope, what is not taken, a comparison, a
term that a definition takes 0 times, as a loss does by its labels."""


@dataclass(frozen=True, slots=True)
class _End:
    """Where nothing is handed on: a node, which operand of it, at which element, and why."""

    why: str
    node: Node
    operand: int
    place: Index


def closed(centre: Trial, dtype: str) -> tuple[Closed, ...]:
    """For each input to which hardly anything flows back, what lets nothing by."""
    with flint.ctx.workprec(centre.bits):
        found = [_of(centre, name, dtype) for name in centre.gradients]
    return tuple(end for end in found if end is not None)


def _of(centre: Trial, name: str, dtype: str) -> Closed | None:
    trace = centre.trace
    leaf = trace.inputs[name]
    hanging = dependents(trace.nodes, [leaf])
    live: dict[int, Any] = {}
    if trace.output.order in hanging:
        live[trace.output.order] = np.ones(trace.output.shape, np.bool_)
    ends: list[_End] = []
    choosers: dict[int, Node] = {}
    for node in reversed(trace.nodes):
        mask = live.get(node.order)
        if mask is None or not mask.any():
            continue
        chooser = choosers.get(node.order, node)
        for operand, passed in _passed(centre, node, mask, hanging, dtype, ends, chooser):
            known = live.get(operand.order)
            live[operand.order] = passed if known is None else known | passed
            # what takes some of its elements only is why nothing reaches what made the others
            if node.source is None and not passed.all():
                choosers[operand.order] = chooser
    if leaf.order in live:
        return None
    if not ends:
        return _steering(centre, name, hanging) or _unused(centre, name)
    # they are from the output back
    return _told(centre, name, min(ends, key=lambda end: LIKELY.index(end.why)), dtype)


def _passed(
    centre: Trial,
    node: Node,
    mask: Any,
    hanging: frozenset[int],
    dtype: str,
    ends: list[_End],
    chooser: Node,
) -> Iterator[tuple[Node, Any]]:
    """What of the operands a gradient flows back to; where it does not is added to the ends.

    `chooser` is what has left out elements of the node, or the node itself.
    """
    wanted = [k for k, operand in enumerate(node.operands) if operand.order in hanging]
    if node.source is None:
        handed = _handed(centre, node, mask)
        for k in wanted:
            if handed[k] is not None and handed[k].any():
                yield node.operands[k], handed[k]
            elif not is_boolean(node.operands[k]):
                ends.append(_End("choice", chooser, 0, ()))
        return
    f = Eager(Floats())
    for k in wanted:
        lets = mask & _lets(centre, node, k, dtype)
        if lets.any():
            spread = ops.unbroadcast(f, lets.astype(np.float64), node.operands[k].shape)
            yield node.operands[k], np.asarray(spread) != 0
            continue
        place = tuple(map(int, np.argwhere(mask)[0]))
        compared = is_boolean(node) or is_boolean(node.operands[k])
        chosen = "choice" if node.title == "where" else "slope"
        why = "comparison" if compared else "nothing" if _is_border(centre, node, k) else chosen
        ends.append(_End(why, node, k, place))


def _is_border(centre: Trial, node: Node, position: int) -> bool:
    """Whether an operand inside of a definition is multiplied by 0 whatever moves."""
    others = [o for k, o in enumerate(node.operands) if k != position]
    if " in " not in centre.trace.title(node) or node.title != "mul":
        return False
    return not any(
        centre.trace.is_active(other)
        or any(not b.is_zero() for b in centre.values[other.order].flat)
        for other in others
    )


def _lets(centre: Trial, node: Node, position: int, dtype: str) -> Any:
    """Where a slope lets something by that a float can tell; so it counts where it is not known."""
    least = float(np.finfo(dtype).smallest_subnormal)

    def lets(slope: Ball, operand: Ball, value: Ball) -> bool:
        size = abs(slope)
        if size < least:
            return False
        return not (size < FLAT and size * abs(operand) <= FLAT * abs(value))

    values = [centre.slope(node, position), centre.operands(node)[position]]
    spread = np.broadcast_arrays(*values, centre.values[node.order])
    return np.asarray(each(lets, *spread), dtype=np.bool_)


def _handed(centre: Trial, node: Node, mask: Any) -> Sequence[Any]:
    """The elements of the operands from which those of an operation on whole tensors are made."""
    if node.op in WHOLE:
        return whole(node, mask)
    choosing = node.op in (ops.AMAX, ops.AMIN)
    values = [
        to_floats(v) if choosing else np.ones(v.shape)
        for v in (centre.values[node.order], *centre.operands(node))
    ]
    if node.op.vjp is None:
        return [np.ones(operand.shape, np.bool_) for operand in node.operands]
    found = node.op.vjp(Eager(Floats()), mask.astype(np.float64), *values, **dict(node.static))
    return [None if part is None else np.asarray(part) != 0 for part in found]


def _steering(centre: Trial, name: str, hanging: frozenset[int]) -> Closed | None:
    """What only the way of the program depends on, or which elements it takes."""
    for seen in centre.trace.observations:
        if seen.number not in hanging or not seen.steers:
            continue
        node = centre.trace.nodes[seen.number]
        compared = _comparison(node, hanging)
        if compared is not None:
            return _compared(centre, name, compared, (0,) * compared.ndim)
        note = centre.trace.notes[node.order]
        if seen.inside is not None:
            return Closed("numbers", seen.inside, None, (), name)
        title = "" if node.op is ops.VAR else note.title(node)
        return Closed("numbers", title, note.place, (), name)
    return None


def _comparison(node: Node, hanging: frozenset[int]) -> Node | None:
    """The comparison that truth values are made of, however they were put together."""
    found = None
    while is_boolean(node) or node.source is None:
        found = node if is_boolean(node) else found
        made = [operand for operand in node.operands if operand.order in hanging]
        if not made:
            break
        node = made[0]
    return found


def _unused(centre: Trial, name: str) -> Closed | None:
    """An input that nothing at all depends on, be it detached or asked for its numbers."""
    trace = centre.trace
    hanging = {trace.inputs[name].order}
    for node in trace.nodes:
        if any(operand.order in hanging for operand in node.operands):
            hanging.add(node.order)
    asked = (seen.number for seen in trace.observations if seen.steers)
    if trace.output.order in hanging or any(number in hanging for number in asked):
        return None
    return Closed("unused", name, None, (), name)


def _compared(centre: Trial, name: str, node: Node, place: Index) -> Closed:
    """The comparison that a condition, at an element, comes from."""
    at: tuple[float, ...] = ()
    if node.source is not None and 0 not in node.shape:
        spread = [np.broadcast_to(v, node.shape)[place] for v in centre.operands(node)]
        at = tuple(map(_number, spread))
    note = centre.trace.notes[node.order]
    return Closed("compared", note.title(node), note.place, at, name)


def _told(centre: Trial, name: str, end: _End, dtype: str) -> Closed:
    node, note = end.node, centre.trace.notes[end.node.order]
    condition = node.operands[end.operand]
    if end.why == "comparison" and is_boolean(condition):
        here = _at_element(condition, end.place, node.shape)
        return _compared(centre, name, condition, here)
    if end.why == "comparison":
        return _compared(centre, name, node, end.place)
    at = _at(centre, node, end.place)
    kind = "unchosen" if end.why == "choice" else _kind(centre, end, dtype)
    if kind in ("flat", "underflow"):
        factor = _factor(centre, end, dtype)
        if factor is not None:
            least = float(np.finfo(dtype).smallest_subnormal)
            at = tuple(0.0 if abs(x) < least else x for x in at)
            return _none_of(centre, name, factor, (note.title(node), at))
    return Closed(kind, note.title(node), note.place, at, name)


def _at(centre: Trial, node: Node, place: Index) -> tuple[float, ...]:
    """The operands of an element for a sentence, none where one of them is none of floats."""
    if node.source is None:
        return ()
    spread = [np.broadcast_to(v, node.shape)[place] for v in centre.operands(node)]
    at = tuple(map(_number, spread))
    # inside of a definition numbers may be larger than any float
    known = [not ball.is_finite() or np.isfinite(x) for ball, x in zip(spread, at, strict=True)]
    return at if all(known) and not np.isnan(at).any() else ()


def _number(ball: Ball) -> float:
    """An operand for a sentence: 0 where it may be."""
    return 0.0 if ball.is_finite() and ball.contains(0) else float(ball.mid())


# -- what a factor of 0 is made by --------------------------------------------------------------


def _factor(centre: Trial, end: _End, dtype: str) -> tuple[Node, Index] | None:
    """The element that is the slope of what a factor is multiplied by, where that was made 0.

    None where there is no such factor, or where it is a number of the user's.
    """
    node, least = end.node, float(np.finfo(dtype).smallest_subnormal)
    _, slope = slopes_of(node, end.operand)
    symbols = list(node["symbols"])
    if slope not in symbols:
        return None
    factor = node.operands[symbols.index(slope)]
    found = factor, _at_element(factor, end.place, node.shape)
    if not factor.operands:
        return None
    while True:
        below = _smaller(centre, *found, least)
        if below is None:
            return found
        found = below


def _smaller(centre: Trial, node: Node, place: Index, least: float) -> tuple[Node, Index] | None:
    """An element that was 0 already and that makes this one 0, None where it is so by itself."""
    mask = np.zeros(node.shape, np.bool_)
    mask[place] = True
    if node.source is None:
        if not (node.op.moves or node.op in (ops.SUM, ops.BROADCAST, ops.DETACH)):
            return None
        masks = [mask] if node.op is ops.DETACH else _handed(centre, node, mask)
    else:
        masks = _made_of(centre, node, place)
    parts = [
        (operand, tuple(map(int, index)))
        for operand, own in zip(node.operands, masks, strict=True)
        for index in (np.argwhere(own) if own is not None else ())
    ]
    small = [part for part in parts if abs(centre.values[part[0].order][part[1]]) < least]
    if node.source is None or node.title != "mul":
        # of a sum all parts are
        small = small if len(small) == len(parts) else []
    made = [part for part in small if part[0].operands]
    return made[0] if made else None


def _made_of(centre: Trial, node: Node, place: Index) -> list[Any]:
    """Marks for the elements of the operands that one of a primitive is made of."""
    wanted = [not is_boolean(operand) for operand in node.operands]
    if node.title == "where":
        taken = centre.operands(node)[0][_at_element(node.operands[0], place, node.shape)]
        wanted = [False, not taken.is_zero(), taken.is_zero()]
    found: list[Any] = []
    for operand, wants in zip(node.operands, wanted, strict=True):
        mask = np.zeros(operand.shape, np.bool_)
        mask[_at_element(operand, place, node.shape)] = wants
        found.append(mask)
    return found


def _none_of(
    centre: Trial, name: str, factor: tuple[Node, Index], then: tuple[str, tuple[float, ...]]
) -> Closed:
    """What makes a factor 0 of what hands on its slope."""
    node, place = factor
    note = centre.trace.notes[node.order]
    zero_here = centre.values[node.order][place].contains(0)
    kind = "false" if is_boolean(node) else "zero" if zero_here else "faded"
    return Closed(kind, note.title(node), note.place, _at(centre, node, place), name, then)


def _at_element(node: Node, place: Index, shape: Any) -> Index:
    """The element of an operand from which one of a result of that shape is made."""
    own = place[len(shape) - node.ndim :]
    return tuple(0 if size == 1 else i for i, size in zip(own, node.shape, strict=True))


def _kind(centre: Trial, end: _End, dtype: str) -> str:
    row, _ = end.node.source or (None, None)
    partials: Mapping[int, Any] = dict(row.partials) if row is not None else {}
    if partials.get(end.operand) is zero:
        return "step"
    slope = np.broadcast_to(centre.slope(end.node, end.operand), end.node.shape)[end.place]
    if slope.contains(0):
        return "flat"
    least = float(np.finfo(dtype).smallest_subnormal)
    return "underflow" if abs(slope) < least else "saturated"
