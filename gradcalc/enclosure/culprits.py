"""Which operation makes a point what it is: told by runs on either side of it, or ever nearer.

What a condition chooses between may be at fault where the condition only seems to be, and of
several operations at a corner some do not matter. As for floats, it is the first operation, from
the output back, whose own adjoint does the same in two runs and which hands on what does not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided, Undefined
from gradcalc.derive.modes import Eager, handed_on
from gradcalc.derive.perturbations import is_finite
from gradcalc.derive.trace import is_boolean
from gradcalc.enclosure.sides import Sample, Sides, alike, arriving
from gradcalc.enclosure.trial import Trial, largest, taking_part
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Event, Nature

GROWTH = 1.15
"""How much larger is what grows without bound, in the nearer of two runs."""

SAME = 1e-6
"""How far apart, in relation to their size, two adjoints are that are the same."""

MET = 1e-3
"""What is left in the nearer of two runs, at the most, of a difference that draws to 0, as that of
square roots does."""

NOTHING = 1e-18
"""Sizes below which an operand is 0 at the point."""


def ranked(
    nature: Nature,
    events: tuple[Event, ...],
    sample: Sample,
    directions: Sequence[Any],
    radii: tuple[Any, Any],
) -> tuple[Event, ...]:
    """The events with the one first that makes the point what it is, where that can be told.

    `directions` are ways to look in, with their opposites, those first that tell most; `radii` are
    far and near.
    """
    innocent = nature in (Nature.EDGE, Nature.SINGULAR)
    alone = len(_different(events)) < 2
    if innocent and alone and events and not events[0].condition:
        return events
    if nature in (Nature.KINK, Nature.JUMP) and alone:
        return events
    found: list[Event] = []
    for direction in directions if nature in SEEKERS else ():
        try:
            found += SEEKERS[nature](sample, direction, radii)
        except (OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError):
            continue
    if innocent and found:
        # as it is at the point itself, where that is known
        known = [next((e for e in events if _is_one(e, [one])), one) for one in found]
        return _different(known)
    if innocent and events and not events[0].condition:
        return tuple(event for event in events if not event.condition)
    if nature is Nature.JUMP:
        return tuple(event for event in events if _is_one(event, found)) or events
    if nature is not Nature.KINK:
        return events
    # what lies at a corner that does not matter is none of its causes
    first = {_call(one): number for number, one in reversed([*enumerate(found)])}
    guilty = [event for event in events if _call(event) in first]
    if guilty:
        return tuple(sorted(guilty, key=lambda event: first[_call(event)]))
    idle = _idle(sample, directions, radii)
    return tuple(event for event in events if not _is_one(event, idle)) or events


def _different(events: Sequence[Event]) -> tuple[Event, ...]:
    """The first event of each operation."""
    first: dict[Any, Event] = {}
    for event in events:
        first.setdefault((event.primitive, event.place), event)
    return tuple(first.values())


def _is_one(event: Event, others: Sequence[Event]) -> bool:
    """Whether an event is of the same operation as one of the others."""
    return any((event.primitive, event.place) == (e.primitive, e.place) for e in others)


def _call(event: Event) -> tuple[str, Any]:
    """The call that an event belongs to: all that is in one definition goes together."""
    return event.primitive.partition(" in ")[2] or event.primitive, event.place


# -- what is not defined -----------------------------------------------------------------------


def _undefined(sample: Sample, direction: Any, radii: tuple[Any, Any]) -> list[Event]:
    """The first operation without a value on one side, though its operands have theirs."""
    for way in (direction, -direction):
        trial = sample(way, radii[1])
        if trial.finite:
            continue
        with flint.ctx.workprec(trial.bits):
            for number, mask in sorted(taking_part(trial).items()):
                node = trial.trace.nodes[number]
                wild = mask & (~is_finite(trial.values[number]) | trial.steep(node))
                for place in map(tuple, np.argwhere(wild)):
                    if node.source is not None and _all_finite(trial, node, place):
                        return [event_beside(trial, node, place)]
    return []


def _all_finite(trial: Trial, node: Node, place: Any) -> bool:
    values = trial.operands(node)
    return all(np.broadcast_to(v, node.shape)[place].is_finite() for v in values)


# -- what is handed on -------------------------------------------------------------------------


def _growing(sample: Sample, direction: Any, radii: tuple[Any, Any]) -> list[Event]:
    """The first operation that hands on, or is, what grows without bound towards the point."""
    for way in (direction, -direction):
        far, near = (sample(way, radius) for radius in radii)
        if not (far.finite and near.finite) or not alike(far, near):
            continue
        for node, position, pair in _handings(far, near):
            arriving, handed = pair
            if not _grows(*handed) or _grows(*arriving):
                continue
            others = [o for k, o in enumerate(node.operands) if k != position]
            source = _endless(far, near, others)
            if source is not None:
                return [event_beside(near, source, _largest_place(near.values[source.order]))]
            same = np.shape(handed[1]) == node.shape
            sizes = handed[1] if same else near.values[node.order]
            return [event_beside(near, node, _largest_place(sizes))]
    return []


def _jumping(sample: Sample, direction: Any, radii: tuple[Any, Any]) -> list[Event]:
    """The operations whose values are others on the other side, though their operands' are not."""
    one, other = sample(direction, radii[1]), sample(-direction, radii[1])
    if not alike(one, other):
        return []
    apart = [_differs(*pair) for pair in zip(one.values, other.values, strict=True)]
    return [
        event_beside(one, node, _largest_place(one.values[node.order] - other.values[node.order]))
        for node in one.trace.nodes
        if apart[node.order] and not any(apart[operand.order] for operand in node.operands)
    ]


def _differs(first: Any, second: Any) -> bool:
    """Whether values are further apart than the way between two runs explains."""
    return bool(largest(first - second) > NOTHING * max(1, largest(first), largest(second)))


def _grows(far: Any, near: Any) -> bool:
    return bool(largest(near) > largest(far) * GROWTH)


def _endless(far: Trial, near: Trial, nodes: Sequence[Node]) -> Node | None:
    """The first node that these are made of whose value grows though its operands' do not."""
    for node in nodes:
        if not _grows(far.values[node.order], near.values[node.order]):
            continue
        return _endless(far, near, node.operands) or node
    return None


def _largest_place(values: Any) -> tuple[int, ...]:
    """Where the largest of some numbers is, of those that are finite."""
    values = np.asarray(values)
    sizes = [float(abs(ball)) if ball.is_finite() else -1.0 for ball in values.flat]
    return tuple(map(int, np.unravel_index(int(np.argmax(sizes)), values.shape)))


def _turning(sample: Sample, direction: Any, radii: tuple[Any, Any]) -> list[Event]:
    """The operations that hand on other numbers on the other side of the point by themselves.

    So do those whose slope grows towards it, as that of a root does.
    """
    sides = Sides.of(sample, direction, radii)
    if sides is None:
        return []
    found = []
    further = {(node.order, place): pair for node, place, pair in _handings(*sides.far)}
    for node, place, pair in _handings(*sides.near):
        before = further.get((node.order, place), pair)
        grows = [
            max(map(largest, near)) > max(map(largest, far)) * GROWTH
            for near, far in zip(pair, before, strict=True)
        ]
        turns = [_apart(*both) for both in pair]
        # what comes together at the point is smooth there
        meets = before is not pair and _jump(pair) <= _jump(before) * MET
        if [False, True] in ([False] * 2 if meets else turns, grows) and not sides.is_idle(node):
            chosen = node.operands[0] if node.title == "where" else node
            found.append(event_beside(sides.near[0], chosen, (0,) * chosen.ndim))
    return found


def _jump(pair: Any) -> Any:
    """How far apart is what is handed on."""
    _, (one, other) = pair
    return largest(one - other)


def _idle(sample: Sample, directions: Sequence[Any], radii: tuple[Any, Any]) -> list[Event]:
    """The operations at which no adjoint arrives on either side, or none that matters."""
    try:
        sides = Sides.of(sample, directions[0], radii)
    except (OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError):
        return []
    if sides is None:
        return []
    one = sides.near[0]
    nodes = (n for n in one.trace.nodes if 0 not in n.shape and sides.is_idle(n))
    return [event_beside(one, node, (0,) * node.ndim) for node in nodes]


def _apart(first: Any, second: Any) -> bool:
    return bool(largest(first - second) > SAME * max(largest(first), largest(second)))


def _handings(one: Trial, other: Trial) -> Iterator[tuple[Node, int, Any]]:
    """What arrives at each node and is handed on to an operand in both runs, from the output."""
    adjoints = list(map(arriving, (one, other)))
    for number in sorted(adjoints[0].keys() & adjoints[1].keys(), reverse=True):
        node = one.trace.nodes[number]
        wanted = [one.trace.is_active(operand) for operand in node.operands]
        if node.op is ops.DETACH or not any(wanted):
            continue
        cotangents = [found[number] for found in adjoints]
        handed = []
        for trial, cotangent in zip((one, other), cotangents, strict=True):
            with flint.ctx.workprec(trial.bits):
                own, f = trial.trace.nodes[number], Eager(trial.arithmetic)
                value, operands = trial.values[number], trial.operands(own)
                handed.append(handed_on(f, cotangent, own, value, operands, wanted))
        for position, parts in enumerate(zip(*handed, strict=True)):
            if all(part is not None for part in parts):
                yield node, position, (cotangents, parts)


def event_beside(trial: Trial, node: Node, place: Any) -> Event:
    """An operation at the point, as it is in a run right beside it."""
    at: tuple[float, ...] = ()
    if node.source is not None and not trial.trace.is_guard(node):
        spread = [np.broadcast_to(v, node.shape)[place] for v in trial.operands(node)]
        at = tuple(0.0 if abs(ball) < NOTHING else float(ball.mid()) for ball in spread)
    written = trial.trace.notes[node.order].place
    return Event(trial.trace.title(node), written, at, False, condition=is_boolean(node))


SEEKERS: Mapping[Nature, Callable[[Sample, Any, tuple[Any, Any]], list[Event]]] = {
    Nature.EDGE: _undefined, Nature.SINGULAR: _growing, Nature.KINK: _turning,
    Nature.JUMP: _jumping,
}  # fmt: skip
"""What looks for an operation that makes a point of this nature."""
