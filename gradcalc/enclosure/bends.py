"""What a function is to first order around a point where too many kinks meet for a walk.

Where no kink hangs on another one, what follows all of them is smooth, so to first order the
function is a sum: of what is linear, and of each kink by itself. What one kink makes is told by its
slopes on both sides and by the adjoint that arrives at it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import boxed, to_floats
from gradcalc.derive.trace import is_boolean, numbers, truth
from gradcalc.enclosure.borders import BITS, Border, unit
from gradcalc.enclosure.cells import ROUND, THIN
from gradcalc.enclosure.crossings import Crossing, crossings
from gradcalc.enclosure.kinks import Index
from gradcalc.enclosure.neighbourhood import flat
from gradcalc.enclosure.sides import SHRUNK, alike, arriving
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Array, Bends, Neighbourhood

STEADY = 1e-9
"""The relative difference up to which adjoints at two distances are those at the point."""

GONE = 1e-13
"""What is left of jumps on one plane, in relation to them, when they cancel."""

FOUND = 1e-7
"""How far gradients that were found may be off what is told of them, in relation to the largest."""

Jump = tuple[Any, Any]
"""By how much the gradient is larger on this side of a plane, and its normal towards here."""


def bends(
    near: Trial, far: Trial, met: Sequence[Border], scale: Array, around: Neighbourhood
) -> Bends | None:
    """What the function is to first order, None where that is not known.

    `near` and `far` are two runs in the same direction, `met` the borders that are met in the first
    one. `scale` is how far each input is moved by a move. What is told has to be so of the
    gradients that were found `around`.
    """
    row: Array = to_floats(np.array(flat(near), dtype=object))
    if not met or _is_steered(near) or not alike(near, far):
        return None
    own: dict[int, list[Border]] = {}
    for border in met:
        own.setdefault(border.crossing.node.order, []).append(border)
    if _are_nested(near, own) or any(border.margin.is_zero() for border in met):
        return None
    adjoints = _steady(arriving(near), arriving(far), own)
    if adjoints is None:
        return None
    jumps: list[Jump] = []
    signs: set[int] = set()
    with flint.ctx.workprec(BITS):
        for number, borders in own.items():
            node = near.trace.nodes[number]
            if node.source is None:
                signs |= {_turn(node, border, adjoints[number]) for border in borders}
                continue
            found = None if is_boolean(node) else _jumps(near, node, borders, adjoints[number])
            if found is None:
                return None
            jumps += found
        rows, walls = _joined(jumps, scale)
    signs |= {int(np.sign(jump @ (wall / scale))) for jump, wall in zip(rows, walls, strict=True)}
    signs -= {0}
    curvature = signs.pop() if len(signs) == 1 else 0
    if not is_bent(around, curvature, scale):
        return None
    if any(near.trace.nodes[number].source is None for number in own):
        return Bends(row, curvature) if curvature else None
    if not _adds_up(around, row, rows, walls):
        return None
    exact = bool(curvature) or np.linalg.matrix_rank(walls, THIN) == len(walls)
    return Bends(row, curvature, rows, exact)


def kinks_are_idle(near: Trial, far: Trial) -> bool:
    """Whether no kink has a say in the gradient at the point, to which the nearer run is nearer.

    So it is where no kink hangs on another one and the adjoint that arrives at each draws to 0:
    what follows all of them is smooth, and its slope there is the same from all sides.
    """
    if _is_steered(near) or not alike(near, far):
        return False
    met: dict[int, list[Crossing]] = {}
    for crossing in crossings(near):
        met.setdefault(crossing.node.order, []).append(crossing)
    if _are_nested(near, met) or any(is_boolean(near.trace.nodes[number]) for number in met):
        return False
    ours, theirs = arriving(near), arriving(far)
    return all(
        number in ours
        and number in theirs
        and all(
            abs(boxed(ours[number])[index]) <= abs(boxed(theirs[number])[index]) * SHRUNK
            for crossing in found
            for index in _arrivals(crossing)
        )
        for number, found in met.items()
    )


def is_bent(around: Neighbourhood, curvature: int, scale: Array) -> bool:
    """Whether along each sampled direction its own gradient goes further than all others."""
    if not curvature:
        return True
    ways = around.directions * scale
    slopes = curvature * around.gradients @ ways.T
    room = FOUND * (np.abs(around.gradients).max(axis=0) @ np.abs(ways).T)
    return bool(np.all(slopes.max(axis=0) <= slopes.diagonal() + room))


def _adds_up(around: Neighbourhood, row: Array, jumps: Array, walls: Array) -> bool:
    """Whether the sampled gradients are what the jumps between here and there make of them."""
    behind = (around.directions @ walls.T < 0).astype(np.float64)
    sizes = np.abs(around.gradients).max(axis=0) + np.abs(jumps).sum(axis=0)
    return bool(np.all(np.abs(row - behind @ jumps - around.gradients) <= FOUND * sizes))


def _is_steered(trial: Trial) -> bool:
    """Whether the program goes ways that hang on what moves."""
    trace = trial.trace
    asked = [seen.number for seen in trace.observations if seen.question in (truth, numbers)]
    return any(trace.notes[number].active for number in asked)


def _are_nested(trial: Trial, numbers: Mapping[int, Any]) -> bool:
    """Whether one of some nodes hangs on another one."""
    behind: set[int] = set()
    for node in trial.trace.nodes:
        hangs = any(o.order in behind or o.order in numbers for o in node.operands)
        if hangs and node.order in numbers:
            return True
        if hangs:
            behind.add(node.order)
    return False


def _steady(
    near: Mapping[int, Any], far: Mapping[int, Any], own: Mapping[int, Sequence[Border]]
) -> dict[int, Any] | None:
    """The adjoints of some nodes, None where they are not those at the point itself."""
    found = {}
    for number, borders in own.items():
        if number not in near or number not in far:
            return None
        one, other = (boxed(adjoints[number]) for adjoints in (near, far))
        if one.shape != other.shape:
            return None
        for index in (index for border in borders for index in _arrivals(border.crossing)):
            if not abs(one[index] - other[index]) <= abs(one[index]) * STEADY:
                return None
        found[number] = one
    return found


def _arrivals(crossing: Crossing) -> Sequence[Index]:
    """The elements of its node through which the gradient flows back to a kink."""
    if crossing.node.source is not None:
        return (crossing.index,)
    return [index for node, index in crossing.hangs if node is crossing.node]


# -- one kink ----------------------------------------------------------------------------------


def _turn(node: Node, border: Border, adjoints: Any) -> int:
    """Whether a tie bends the function up (1) or down (-1)."""
    ends = [adjoints[index] for index in _arrivals(border.crossing)]
    if node.op is ops.SORT:
        sign = _sign(ends[1] - ends[0])
        return -sign if node["descending"] else sign
    return _sign(ends[0]) if node.op is ops.AMAX else -_sign(ends[0])


def _sign(ball: Any) -> int:
    return int(ball > 0) - int(ball < 0)


def _jumps(trial: Trial, node: Node, borders: Sequence[Border], adjoints: Any) -> list[Jump] | None:
    """What an operation on elements adds to the gradient on this side of each of its borders."""
    here = [np.array(np.broadcast_to(boxed(v), node.shape)) for v in trial.operands(node)]
    there = [values.copy() for values in here]
    if len({border.crossing.index for border in borders}) < len(borders):
        return None
    for border in borders:
        square = sum(p * p for p in border.partials)
        for values, partial, at in zip(there, border.partials, border.at, strict=True):
            mirrored = at - 2 * border.margin * partial / square
            values[border.crossing.index] = mirrored.mid()
    pairs = [
        (boxed(trial.slope(node, k, here)), boxed(trial.slope(node, k, there)))
        for k in range(len(here))
    ]
    found = []
    for border in borders:
        index = border.crossing.index
        changes = [one[index] - other[index] for one, other in pairs]
        square = sum(p * p for p in border.partials)
        along = sum(c * p for c, p in zip(changes, border.partials, strict=True)) / square
        size = max(map(abs, changes))
        off = [abs(c - along * p) for c, p in zip(changes, border.partials, strict=True)]
        if not size.is_finite() or any(o > size * STEADY for o in off):
            # it is not continuous, or bends in another direction
            return None
        jump = border.normal * (along * adjoints[index])
        found.append((jump, border.normal * _sign(border.margin)))
    return found


def _joined(jumps: Sequence[Jump], scale: Any) -> tuple[Array, Array]:
    """The jumps by plane, those of one plane together, with normals that point here."""
    found: dict[bytes, list[Any]] = {}
    for jump, normal in jumps:
        wall, _ = unit(normal)
        key = (wall.round(ROUND) + 0.0).tobytes()
        known = found.setdefault(key, [0 * jump, 0 * jump, wall])
        known[0], known[1] = known[0] + jump, known[1] + abs(jump)
    kept = [
        (to_floats(total) / scale, wall)
        for total, sizes, wall in found.values()
        if any(abs(t) > s * GONE for t, s in zip(total, sizes, strict=True))
    ]
    size = len(scale)
    rows = np.array([row for row, _ in kept]).reshape(-1, size)
    return rows, np.array([wall for _, wall in kept]).reshape(-1, size)
