"""What a point is by itself: comparisons that come out otherwise all around, and corners that
cancel there."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided, Undefined
from gradcalc.derive.perturbations import directions_for, is_finite
from gradcalc.derive.trace import is_boolean
from gradcalc.enclosure.culprits import SAME, event_beside, ranked
from gradcalc.enclosure.sampler import Sampler
from gradcalc.enclosure.sides import arriving, share
from gradcalc.enclosure.trial import Trial, largest
from gradcalc.errors import GradcalcError
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Event, Nature, Neighbourhood

WAYS = 4
"""Directions in which it is looked for corners."""


def turned(centre: Trial, sides: Sequence[Trial]) -> tuple[Event, ...]:
    """The comparisons that come out at the point as they do in no run beside it, if that matters.

    It does not where what is chosen by them has the same slopes either way.
    """
    found = []
    for node in filter(is_boolean, centre.trace.nodes):
        others = [_same_node(side, node) for side in sides]
        if not others or any(other is None for other in others):
            continue
        values = centre.values[node.order]
        apart = np.ones(node.shape, np.bool_)
        for other in others:
            apart &= np.asarray(values != other, dtype=np.bool_)
        made = any(is_boolean(operand) for operand in node.operands)
        if apart.any() and not made and not _is_innocent(centre, sides, node):
            found.append(event_beside(centre, node, tuple(map(int, np.argwhere(apart)[0]))))
    return tuple(found)


def asked_of_undefined(centre: Trial) -> Event | None:
    """What is undefined at the point and is compared, or asked whether it is a number; if any."""
    for node in filter(is_boolean, centre.trace.nodes):
        found = undefined_in(centre, node)
        if found is not None:
            return found
    return None


def undefined_in(centre: Trial, condition: Node) -> Event | None:
    """The operation of finite numbers by which a condition is one on what is undefined."""
    node, found = condition, None
    while (operand := _undefined_operand(centre, node)) is not None:
        node = found = operand
    # an input that is not finite is no operation, and is told as such
    if found is None or not found.operands:
        return None
    off = ~is_finite(centre.values[found.order])
    return event_beside(centre, found, tuple(map(int, np.argwhere(off)[0])))


def _undefined_operand(centre: Trial, node: Node) -> Node | None:
    """The first operand that moves and is not finite."""
    return next(
        (
            operand
            for operand in node.operands
            if centre.trace.is_active(operand) and not is_finite(centre.values[operand.order]).all()
        ),
        None,
    )


def _same_node(trial: Trial, node: Node) -> Any | None:
    """What another run has for a node, None where it is not the same there."""
    nodes = trial.trace.nodes
    if node.order >= len(nodes) or nodes[node.order].title != node.title:
        return None
    other = trial.values[node.order]
    return other if other.shape == node.shape else None


def _is_innocent(centre: Trial, sides: Sequence[Trial], condition: Node) -> bool:
    """Whether what hangs on a condition adds the same to the gradients here as beside the point."""
    if not all(trial.derived.shares_with(centre.derived) for trial in sides):
        # the program was steered by it
        return False
    decided = _outermost(centre.trace.output, _decided(centre.trace.nodes, condition))
    try:
        here = _shares(centre, decided)
        beside = [_shares(side, decided) for side in sides]
    except (OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError):
        return False
    return all(
        bool(largest(there - here) <= SAME * max(largest(there), _steepest(side)))
        for side, there in zip(sides, beside, strict=True)
    )


def _decided(nodes: Sequence[Node], condition: Node) -> Iterator[Node]:
    """What takes its numbers by a condition, or by what logic makes of it."""
    held = {condition.order}
    for node in nodes:
        if any(operand.order in held for operand in node.operands):
            if not is_boolean(node):
                yield node
            else:
                held.add(node.order)


def _outermost(output: Node, nodes: Iterable[Node]) -> list[Node]:
    """Those of some nodes that the output is made of otherwise than by way of another one."""
    wanted = {node.order for node in nodes}
    found, seen, left = [], {output.order}, [output]
    while left:
        node = left.pop()
        if node.order in wanted:
            found.append(node)
            continue
        new = [operand for operand in node.operands if operand.order not in seen]
        seen.update(operand.order for operand in new)
        left += new
    return found


def _shares(trial: Trial, nodes: Sequence[Node]) -> Any:
    """What some nodes add to the gradients together, in a row."""
    with flint.ctx.workprec(trial.bits):
        adjoints = arriving(trial)
        own = [share(trial, node, adjoints[node.order]) for node in nodes if node.order in adjoints]
        return sum(own[1:], own[0]) if own else np.zeros(1, dtype=object)


def _steepest(trial: Trial) -> Any:
    """The largest slope of a run."""
    return max(map(largest, trial.balls.values()))


def cancelling(sampler: Sampler, around: Sequence[Neighbourhood], bits: int) -> tuple[Event, ...]:
    """The corners that come to nothing together where the point looks smooth."""
    found: list[Event] = []
    with flint.ctx.workprec(bits):
        radii = sampler.depth.wide, sampler.depth.near
        # what has no value for want of a lower derivative comes behind those of the sampler
        for part, own in zip(sampler.special, around, strict=False):
            corners = tuple(e for e in own.events if not e.margin and not e.condition)
            if own.nature is not Nature.SMOOTH or not corners:
                continue

            def sample(direction: Any, radius: Any, part: Any = part) -> Trial:
                return sampler.alone(part, direction, radius)

            ways = directions_for(len(part.columns), WAYS)
            found += ranked(Nature.KINK, corners, sample, ways, radii)
    return tuple(found)
