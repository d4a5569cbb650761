"""The check's own derivative held against the check's own values, by other rules and by none.

A rule of reverse mode that is wrong gives another slope than forward mode does, which has rules of
its own; one that is wrong in both gives another than the values beside the point do.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, Balls, boxed, each
from gradcalc.balls.numbers import Ball, Decisions
from gradcalc.derive.modes import Eager, handed_on, jvp, slopes_of, tangent_of
from gradcalc.derive.perturbations import signed
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Trace
from gradcalc.enclosure.trial import Trial, middles
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node

APART = 1e-10
"""The relative difference of a slope from that of the values which is no curvature's doing."""

NEAR = -1500
"""The power of 2 at which the values of a single operation are taken beside, in relation to its
operands: no float is so large that they turn round so near."""

BITS = 4096
"""The precision for that."""

SEED = 20190

Moves = Mapping[str, Any]
"""How the elements of inputs move, by input."""


def contradiction(centre: Trial, others: Sequence[Trial]) -> str | None:
    """The operation whose derivative is not that of its value, None if there is no doubt.

    `others` are runs beside the point where only what is differentiated by has moved. For smooth
    points.
    """
    moves = _moves(centre)
    with flint.ctx.workprec(centre.bits):
        forward = slope_along(centre.recording, centre.arithmetic, moves)
        reverse = _along(centre.balls, moves)
        wrong = forward.is_finite() and not forward.overlaps(reverse)
    if wrong:
        return _culprit(centre) or "one of its operations"
    # a function may turn round even so near; no single operation does
    return _culprit(centre) if any(_is_off(centre, other) for other in others) else None


def _moves(centre: Trial) -> Moves:
    """A random direction for what is differentiated by."""
    random = np.random.default_rng(SEED)
    drawn = {n: signed(random, 0.5, 1.0, centre.inputs[n].shape) for n in centre.balls}
    return {name: centre.arithmetic.asarray(move) for name, move in drawn.items()}


def slope_along(recording: Recording, arithmetic: Balls, moves: Moves) -> Ball:
    """The slope of the weighted sum of the output by forward mode."""
    trace, nodes = recording.trace, recording.derivation.values
    given = {nodes[trace.inputs[name].order].order: part for name, part in moves.items()}
    tangents = jvp(Eager(arithmetic), nodes, recording.values, given)
    tangent = tangents.get(nodes[trace.output.order].order)
    if tangent is None or not tangent.size:
        return ZERO
    return _inner(tangent, arithmetic.asarray(np.asarray(trace.weights, dtype=np.float64)))


def _along(gradients: Moves, moves: Moves) -> Ball:
    return sum((_inner(gradients[name], move) for name, move in moves.items()), ZERO)


def _inner(first: Any, second: Any) -> Ball:
    return ZERO + sum(np.ravel(first * second), ZERO)


def _is_off(centre: Trial, other: Trial) -> bool:
    """Whether the total beside the point is not where the gradients on the way lead to."""
    with flint.ctx.workprec(other.bits):
        steps = {n: boxed(other.inputs[n] - centre.inputs[n]) for n in centre.balls}
        halfway = {n: boxed((centre.balls[n] + other.balls[n]) / 2) for n in steps}
        sizes = {n: boxed(np.abs(balls)) for n, balls in halfway.items()}
        rise, led = other.whole - centre.whole, _along(halfway, steps)
        far = _along(sizes, {n: boxed(np.abs(step)) for n, step in steps.items()})
        return bool(abs(rise - led) > APART * far)


def _culprit(centre: Trial) -> str | None:
    """The first operation whose own rules contradict each other, or its values, if any does."""
    trace = centre.trace
    with flint.ctx.workprec(BITS):
        for node, note in zip(trace.nodes, trace.notes, strict=True):
            live = _live(trace, node)
            if note.active and any(live) and node.op is not ops.DETACH:
                operands = list(map(middles, centre.operands(node)))
                if _is_wrong(centre, node, operands, live):
                    return note.title(node)
    return None


def misled(recording: Recording) -> str | None:
    """An operation on elements whose derivative is not that of its value, None if there is none.

    What is too large for more is looked at in a few elements of the first operation of each kind,
    as they are in a run in floats; not where the derivative jumps.
    """
    trace, m = recording.trace, Balls(Decisions(forced=True))
    seen = set()
    with flint.ctx.workprec(BITS):
        for node, note in zip(trace.nodes, trace.notes, strict=True):
            live = tuple(_live(trace, node))
            if node.op is not ops.MAP or not any(live) or not math.prod(node.shape):
                continue
            key = (node["symbols"], node["body"], live)
            if key not in seen and _is_misled(m, node, live, recording.values):
                return note.title(node)
            seen.add(key)
    return None


def _is_misled(m: Balls, node: Node, live: Sequence[bool], values: Sequence[Any]) -> bool:
    size = math.prod(node.shape)
    places = sorted({0, size // 2, size - 1})
    given = [np.broadcast_to(values[o.order], node.shape).flat[places] for o in node.operands]
    sound = np.isfinite(given).all(axis=0)
    operands = [m.asarray(values[sound]) for values in given]
    fixed = dict(node.static) | {"shape": (int(sound.sum()),)}
    small = replace(node, static=tuple(sorted(fixed.items())), shape=fixed["shape"])
    f, step = Eager(m), flint.arb(2) ** NEAR
    moves = [boxed(abs(o) + 1) if lives else None for o, lives in zip(operands, live, strict=True)]
    value = f(small.op, *operands, **fixed)
    slopes = tangent_of(f, small, value, operands, moves)

    slopes = m.zeros(small.shape) if slopes is None else slopes
    ways = (_rise(f, small, value, operands, moves, by) for by in (step, -step))
    for up, down, slope in zip(*ways, slopes, strict=True):
        least = APART * abs(up) + flint.arb(2) ** (NEAR // 2)
        if abs(up - down) <= least and abs(up - slope) > least:
            return True
    return False


def _live(trace: Trace, node: Node) -> list[bool]:
    """The operands through which an input moves a node, not those that only choose or step."""
    return [
        trace.is_active(operand) and (node.source is None or slopes_of(node, k)[0] != 0)
        for k, operand in enumerate(node.operands)
    ]


def _is_wrong(centre: Trial, node: Node, operands: list[Any], live: list[bool]) -> bool:
    """Whether one operation hands on another slope than it has, or than its values show.

    At exact operands, which move in relation to their size.
    """
    m, static = centre.arithmetic, dict(node.static)
    f, random = Eager(m), np.random.default_rng(SEED)

    def draw(shape: tuple[int, ...]) -> Any:
        return m.asarray(random.uniform(0.5, 1.0, shape))

    sizes = [abs(ball) for operand in operands for ball in operand.flat]
    least = min((size for size in sizes if size > 0), default=flint.arb(1))
    moves = [
        boxed(draw(o.shape) * each(lambda ball: least if ball.is_zero() else abs(ball), o))
        if lives
        else None
        for o, lives in zip(operands, live, strict=True)
    ]
    value = f(node.op, *operands, **static)
    tangent = tangent_of(f, node, value, operands, moves)
    weights = draw(node.shape)
    forward = ZERO if tangent is None else _inner(tangent, weights)
    handed = handed_on(f, weights, node, value, operands, live)
    reverse = [_inner(g, t) for g, t in zip(handed, moves, strict=True)
               if g is not None and t is not None]  # fmt: skip
    if forward.is_finite() and not forward.overlaps(sum(reverse, ZERO)):
        return True
    rise = _inner(_rise(f, node, value, operands, moves, flint.arb(2) ** NEAR), weights)
    return bool(abs(rise - forward) > APART * abs(forward) + flint.arb(2) ** (NEAR // 2))


def _rise(
    f: Eager, node: Node, value: Any, operands: Sequence[Any], moves: Sequence[Any], by: Any
) -> Any:
    """How much an operation changes where operands move by so much, in relation to that."""
    near = [o if t is None else boxed(o + t * by) for o, t in zip(operands, moves, strict=True)]
    return (f(node.op, *near, **dict(node.static)) - value) / by
