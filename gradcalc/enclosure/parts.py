"""The parts that a function falls into: a sum of functions that share no element of an input.

What lies around a point is found out for each part by itself, so that none hides another. From the
output back, what is linear in all that moves only adds up; the rest are the terms, and whatever
elements one term is made of belong together.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO
from gradcalc.balls.numbers import NAN, OutOfReach
from gradcalc.derive.modes import Eager, forward_rule, handed_on, slopes_of
from gradcalc.derive.trace import Trace, numbers, truth
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.expr.reducing import kept

REDUCING = (ops.AMAX, ops.AMIN, ops.PROD)
"""Operations each of whose elements is made of some dimensions of the operand."""

SPREAD = (ops.SUM, ops.SCATTER, ops.EMBED, ops.TRIL, ops.TRIU)
"""Linear operations that take each element of the operand for one of theirs at the most."""

ALONG = (ops.SORT, ops.CUMSUM, ops.CUMPROD)
"""Operations along one dimension."""


class OtherCourse(OutOfReach):
    """The program does something else beside the point, which may fall into other parts."""

    def __init__(self) -> None:
        super().__init__("the program takes another way around the point")


@dataclass(frozen=True, slots=True)
class Part:
    """Elements of the inputs that meet in the function, and none of which meets any other.

    `columns` are their places in the gradients, flattened in the order of `wrt`; `terms` the
    numbers of nodes with those of their elements that are added up, and the weights of these; None
    where the part is all there is. With `only` no other part has any.
    """

    columns: Any
    terms: Sequence[tuple[int, Any, Any]] | None
    only: bool = False

    def of(self, trial: Trial, like: Trial) -> Trial:
        """A run as if there was nothing but this part.

        `like` is the run that the parts are from. Raises `OtherCourse` where the program
        did something else.
        """
        if self.terms is None:
            return trial
        if not trial.derived.shares_with(like.derived):
            raise OtherCourse
        total = trial.whole if self.only else NAN
        if not total.is_finite():
            total = self._total(trial)
        inputs, balls, start = {}, {}, 0
        for name, gradient in trial.balls.items():
            own = self.columns[(self.columns >= start) & (self.columns < start + gradient.size)]
            inputs[name] = trial.inputs[name].reshape(-1)[own - start]
            balls[name] = gradient.reshape(-1)[own - start]
            start += gradient.size
        return replace(trial, inputs=inputs, whole=total, balls=balls)

    def _total(self, trial: Trial) -> Any:
        """What the terms add up to, with the digits of the run, as they may cancel."""
        total = ZERO
        with flint.ctx.workprec(trial.bits):
            for number, places, weights in self.terms or ():
                values = trial.values[number].reshape(-1)[places]
                total = sum((w * v for w, v in zip(weights, values, strict=True)), total)
        return total


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a function, and which one the elements of a run's nodes belong to."""

    parts: Sequence[Part]
    labels: Mapping[int, Any]

    def owner(self, number: int, index: tuple[int, ...]) -> int | None:
        """The part that an element of a node belongs to, None if it is none."""
        labels = self.labels.get(number)
        return None if labels is None or labels[index] < 0 else int(labels[index])


def parts(trial: Trial) -> Parts | None:
    """The parts of a function around a point; None where it is one, or may be another one there.

    It may where the program was steered by what moves. Where there is no value, what does not move
    may be why, so that one part is not all there is.
    """
    trace = trial.trace
    steered = [s.number for s in trace.observations if s.question in (truth, numbers)]
    if any(trace.notes[number].active for number in steered):
        return None
    starts, size = _starts(trace)
    if not size:
        return None
    weights = _weights(trial)
    joined = _Joined(trace, starts, size)
    for number, weight in weights.items():
        joined.add(trace.nodes[number], np.array([not w.is_zero() for w in weight.flat]))
    found = joined.components()
    leaves = [trace.inputs[name] for name in trace.wrt]
    own = [found[starts[leaf.order] :][: math.prod(leaf.shape)] for leaf in leaves]
    columns, labels = np.unique(np.concatenate(own), return_inverse=True)
    if len(columns) < 2 and trial.whole.is_finite():
        return None
    terms = _by_component(weights, found, starts)
    made = [
        Part(np.flatnonzero(labels == k), own, bool(own) and len(terms) == 1)
        for k, own in enumerate(terms.get(int(c), ()) for c in columns)
    ]
    place = {int(component): k for k, component in enumerate(columns)}
    return Parts(made, {
        number: np.array(
            [place.get(int(c), -1) for c in found[start : start + math.prod(node.shape)]]
        ).reshape(node.shape)
        for number, start in starts.items() for node in (trace.nodes[number],)
    })  # fmt: skip


def _starts(trace: Trace) -> tuple[dict[int, int], int]:
    """Where the elements of each node that moves begin, one after the other, and how many are."""
    starts, size = {}, 0
    for node in trace.nodes:
        if trace.is_active(node):
            starts[node.order] = size
            size += math.prod(node.shape)
    return starts, size


def _by_component(
    weights: Mapping[int, Any], found: Any, starts: Mapping[int, int]
) -> dict[int, list[tuple[int, Any, Any]]]:
    """The terms of each component."""
    result: dict[int, list[tuple[int, Any, Any]]] = {}
    for number, weight in weights.items():
        flat = weight.reshape(-1)
        components = found[starts[number] :][: flat.size]
        moving = np.array([not w.is_zero() for w in flat], dtype=np.bool_)
        order = np.argsort(components, kind="stable")
        order = order[moving[order]]
        ends = np.flatnonzero(np.diff(components[order])) + 1
        for places in np.split(order, ends) if order.size else ():
            own = result.setdefault(int(components[places[0]]), [])
            own.append((number, places, flat[places]))
    return result


# -- what only adds up -------------------------------------------------------------------------


def _weights(trial: Trial) -> dict[int, Any]:
    """The terms, by the numbers of nodes: how much of each element of them there is in the total.

    A node that is not linear, or an input, is a term where the total is linear in it.
    """
    trace, m = trial.trace, trial.arithmetic
    if not trace.is_active(trace.output):
        return {}
    f, terms = Eager(m), {}
    seed = np.broadcast_to(np.asarray(trace.weights, dtype=np.float64), trace.output.shape)
    reached = {trace.output.order: m.asarray(seed)}
    for number in range(trace.output.order, -1, -1):
        weight, node = reached.pop(number, None), trace.nodes[number]
        if weight is None:
            continue
        if node.op is ops.VAR or not _is_linear(trace, node):
            terms[number] = weight
            continue
        wanted = list(map(trace.is_active, node.operands))
        handed = handed_on(f, weight, node, trial.values[number], trial.operands(node), wanted)
        for operand, part, wants in zip(node.operands, handed, wanted, strict=True):
            if part is None or not wants:
                continue
            earlier = reached.get(operand.order)
            reached[operand.order] = part if earlier is None else m.asarray(earlier + part)
    return terms


def _is_linear(trace: Trace, node: Node) -> bool:
    """Whether a node is linear in all that moves of its operands."""
    moving = [k for k, operand in enumerate(node.operands) if trace.is_active(operand)]
    if node.op is ops.MAP:
        symbols = {node["symbols"][k] for k in moving}
        slopes = [slopes_of(node, k)[0] for k in moving]
        # a step has slope 0 and is not linear, nor is what it chooses between
        if any(slope == 0 for slope in slopes):
            return False
        return not any(slope.free_symbols & symbols for slope in slopes)
    rule = forward_rule(node.op)
    if rule == "each":
        return len(moving) == 1
    return rule == "all" or (rule == "first" and moving == [0])


# -- what belongs together ---------------------------------------------------------------------


class _Joined:
    """Finds out which elements are what others are made of, and joins them."""

    def __init__(self, trace: Trace, starts: Mapping[int, int], size: int) -> None:
        self._trace, self._starts, self._size = trace, starts, size
        self._asked: dict[int, Any] = {}

    def add(self, node: Node, mask: Any) -> None:
        """Have elements of a node joined with all that they are made of."""
        known = self._asked.get(node.order)
        self._asked[node.order] = mask if known is None else known | mask

    def components(self) -> Any:
        """The component of each element of each node that moves."""
        # it brings much with it, and most points are smooth
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        hubs = self._size
        sides: tuple[list[Any], list[Any]] = ([np.empty(0, np.int64)], [np.empty(0, np.int64)])
        for number in range(max(self._asked, default=-1), -1, -1):
            mask = self._asked.get(number)
            node = self._trace.nodes[number]
            moving = [
                k for k, operand in enumerate(node.operands) if self._trace.is_active(operand)
            ]
            if not moving or mask is None or not mask.any():
                continue
            count, found = self._edges(node, moving, mask)
            for places, groups in found:
                sides[0].append(places)
                sides[1].append(hubs + groups)
            hubs += count
        # older releases of scipy read nothing else, and raise nothing where they cannot
        ends = tuple(np.concatenate(side).astype(np.int32) for side in sides)
        graph = coo_array((np.ones(len(ends[0])), ends), shape=(hubs, hubs))
        _, labels = connected_components(graph, directed=False)
        return labels[: self._size]

    def _edges(
        self, node: Node, moving: Sequence[int], mask: Any
    ) -> tuple[int, list[tuple[Any, Any]]]:
        """How many groups a node has, and which elements are in which, of those that are asked."""
        own, found = links(node, moving)
        edges = [(self._starts[node.order] + np.flatnonzero(mask), own[mask])]
        wanted = np.zeros(int(np.max(own, initial=-1)) + 1, np.bool_)
        wanted[own[mask]] = True
        for k, (places, groups) in zip(moving, found, strict=True):
            operand, chosen = node.operands[k], wanted[groups]
            taken = np.zeros(math.prod(operand.shape), np.bool_)
            taken[places[chosen]] = True
            self.add(operand, taken)
            edges.append((self._starts[operand.order] + places[chosen], groups[chosen]))
        return len(wanted), edges


def links(node: Node, moving: Sequence[int]) -> tuple[Any, list[tuple[Any, Any]]]:
    """The groups of a node's elements, each made of what is in the same one.

    For each operand that moves its elements, by place, with their groups.
    """
    size = math.prod(node.shape)
    own: Any = np.arange(size)
    shapes = [operand.shape for operand in node.operands]
    sizes = list(map(math.prod, shapes))
    if node.op in (ops.MAP, ops.OUTER):
        spread = [(*shapes[0], 1), shapes[1]] if node.op is ops.OUTER else shapes
        return own, [
            (np.broadcast_to(np.arange(sizes[k]).reshape(spread[k]), node.shape).ravel(), own)
            for k in moving
        ]
    if node.op.moves:
        ends = np.cumsum([0, *sizes])
        places = [np.arange(ends[k], ends[k + 1]).reshape(shape) for k, shape in enumerate(shapes)]
        taken = np.ravel(node.op.array(np, *places, **dict(node.static)))
        chosen = [(taken >= ends[k]) & (taken < ends[k + 1]) for k in moving]
        return own, [(taken[c] - ends[k], own[c]) for k, c in zip(moving, chosen, strict=True)]
    if node.op in SPREAD or node.op in REDUCING:
        # each element goes into one at the most, which is told by what would come back from it
        rule = (ops.SUM if node.op in REDUCING else node.op).vjp
        assert rule is not None
        values = [np.zeros(shape) for shape in shapes]
        marks = (own + 1.0).reshape(node.shape)
        # the builder makes arrays
        back: Any = rule(Eager(Floats()), marks, marks, *values, **dict(node.static))[0]
        into = back.reshape(-1).astype(np.int64) - 1
        return own, [(np.flatnonzero(into >= 0), into[into >= 0])]
    if node.op in ALONG:
        lines = kept(node.shape, (node["axis"] % node.ndim,))
        groups = np.broadcast_to(np.arange(math.prod(lines)).reshape(lines), node.shape).ravel()
        return groups, [(np.arange(sizes[k]), groups) for k in moving]
    if node.op is ops.MATMUL and len(moving) == 1 and shapes[moving[0]] and len(shapes[0]) == 2:
        # by row of the first or by column of the second
        if moving == [0]:
            rows = np.arange(shapes[0][0])
            return np.repeat(rows, size // max(len(rows), 1)), [
                (np.arange(sizes[0]), np.repeat(rows, shapes[0][1]))
            ]
        columns = math.prod(shapes[1][1:])
        return own % max(columns, 1), [(np.arange(sizes[1]), np.arange(sizes[1]) % max(columns, 1))]
    together = [(np.arange(sizes[k]), np.zeros(sizes[k], np.int64)) for k in moving]
    return np.zeros(size, np.int64), together
