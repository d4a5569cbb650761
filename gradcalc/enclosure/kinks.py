"""The primitives of a run that are at or near a kink or a border.

Floats find out where they may be, whole tensors at a time; of a run in balls the margins of these
elements are worked out exactly. A condition may also turn beside the point: a jump may reach the
output through that alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, to_floats
from gradcalc.balls.numbers import Ball
from gradcalc.calculus import operand_names
from gradcalc.derive.perturbations import is_finite, moved
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Trace, is_boolean, numbers, truth
from gradcalc.enclosure.still import Stillness, moving
from gradcalc.enclosure.trial import Trial, taking_part
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.testimony import LEAST_FLOAT, Event
from gradcalc.values.precision import precision_of

NEAR = 64
"""How close to a kink or a border a primitive must be for its surroundings to be looked at, and how
far beside conditions are asked again, in roundings of the dtype."""

WIDEST = 1e-5
"""The same as a number, at most."""

TIED = 4
"""How close, in roundings, two elements must be to be the largest both."""

BESIDE = 1e-3
"""How far beside a cotangent is looked at too, in relation to the inputs."""

FEW = 4
"""Roundings of the operands within which something could have turned out the other way."""

UNSURE = 16
"""Bits at the end of a number that may be wrong."""

SEED = 20187

FLOATS = SimpleNamespace(nint=np.rint, cos=np.cos, one=1.0, isint=lambda x: x == np.rint(x))
"""What rows ask of the numbers that they are given: of arrays."""

BALLS = SimpleNamespace(
    nint=lambda x: (x + flint.arb(0.5)).floor(),
    cos=flint.arb.cos,
    one=flint.arb(1),
    isint=lambda x: bool(x.is_integer()),
)
"""The same of exact balls."""

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Met:
    """What was met at or near a kink or border, and at which element of which node of the run."""

    event: Event
    number: int
    index: Index


def special(trace: Trace) -> Iterator[Node]:
    """The nodes that have kinks or borders anywhere, or turn over where elements tie.

    They hang on what is differentiated by, or are conditions.
    """
    for node in trace.nodes:
        if node.source is None:
            has = node.op in (ops.AMAX, ops.AMIN, ops.SORT, *ops.SPECTRAL)
        else:
            row, _ = node.source
            has = row.kinks is not None or row.domain is not None or bool(row.varying)
        if has and (trace.is_active(node) or is_boolean(node)) and not _of_itself(node):
            yield node


def _of_itself(node: Node) -> bool:
    """Whether something is compared with itself, which turns over nowhere."""
    return is_boolean(node) and len(node.operands) == 2 and node.operands[0] is node.operands[1]


def _margins(m: Any, trace: Trace, node: Node, values: Sequence[Any]) -> list[Any]:
    """How far each kink is, and each border, negative outside of it."""
    kinks, borders = _zeros(m, trace, node, values)
    return [*map(abs, kinks), *borders]


def signed(m: Any, trace: Trace, node: Node, values: Sequence[Any]) -> list[Any]:
    """What is zero at each kink, and each border."""
    kinks, borders = _zeros(m, trace, node, values)
    return [*kinks, *borders]


def _zeros(m: Any, trace: Trace, node: Node, values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    assert node.source is not None
    row, variant = node.source
    names = operand_names(row, variant)
    arguments = {**dict(variant), **dict(zip(names, values, strict=True))}
    further = [more for k, more in row.varying if trace.is_active(node.operands[k])]
    domains = [row.domain] if row.domain else []
    borders = [b for d in (*domains, *further) for b in d(m, **arguments)]
    return list(row.kinks(m, **arguments) if row.kinks else ()), borders


def _within(epsilon: float, largest: Any) -> float:
    """How near is near, of operands up to that size."""
    return min(NEAR * epsilon * float(min(np.maximum(1.0, largest), 1e300)), WIDEST)


# -- in floats ---------------------------------------------------------------------------------


def events(recording: Recording) -> tuple[Event, ...]:
    """The primitives that are at or near a kink or border and let a gradient through.

    So are the conditions that come out otherwise beside the point, whatever they hang on.
    """
    with np.errstate(all="ignore"):
        return (*_found(recording), *_turning(recording))


def _found(recording: Recording) -> Iterator[Event]:
    epsilon = precision_of(recording.problem.precision).epsilon
    trace = recording.trace
    asked = {seen.number for seen in trace.observations if seen.question is numbers}
    # whole numbers that are made of what a gradient flows back to as well
    whole = asked & recording.derived.flowing
    still = Stillness(recording, recording.problem.inputs)
    for node in special(trace):
        values = [recording.values[operand.order] for operand in node.operands]
        near = near_in_floats(trace, node, values, recording.values[node.order], epsilon)
        if not trace.is_active(node):
            near = near & ~_is_exact(recording, node, near)
        elif node.source is not None and not is_boolean(node) and node.order not in whole:
            near = near & _flowing(recording, node.order, near.shape) if near.any() else near
        elif node.op in (ops.AMAX, ops.AMIN):
            near = still.ties(node, near)
        if near.any():
            place = np.unravel_index(int(np.argmax(near)), near.shape)
            if node.op in ops.SPECTRAL:
                at = tuple(map(float, _in_a_row(recording.values[node.order], place, 0.0)))
            else:
                at = tuple(float(np.broadcast_to(value, near.shape)[place]) for value in values)
            note, at = trace.notes[node.order], () if trace.is_guard(node) else at
            yield Event(trace.title(node), note.place, at, False, condition=is_boolean(node))


def near_in_floats(
    trace: Trace,
    node: Node,
    operands: Sequence[Any],
    value: Any,
    epsilon: float,
    tied: float = TIED,
) -> Any:
    """Which elements are at or near a kink or a border, as far as floats tell.

    Elements are those of the node, or of its operand where it is elements that tie: up to `tied`
    roundings apart.
    """
    if node.source is not None:
        return _near(trace, node, operands, epsilon)
    if node.op is ops.SORT:
        # as large as the one behind it in order; what is infinite ties with nothing
        with np.errstate(invalid="ignore"):
            apart = np.abs(np.diff(value, axis=node["axis"], append=np.inf))
        return np.isfinite(apart) & (apart <= tied * epsilon * np.maximum(1.0, np.abs(value)))
    if node.op in ops.SPECTRAL:
        # singular values fall, the last of them no further than to 0
        end = 0.0 if node.op is ops.SINGULAR else np.inf
        largest = np.max(np.abs(value), axis=-1, keepdims=True, initial=0)
        return np.abs(np.diff(value, axis=-1, append=end)) <= tied * epsilon * largest
    top = np.expand_dims(value, node["axes"])
    close = np.abs(operands[0] - top) <= tied * epsilon * np.maximum(1.0, np.abs(top))
    return close & (np.sum(close, axis=node["axes"], keepdims=True) > 1)


def _in_a_row(value: Any, index: Any, end: Any) -> list[Any]:
    """An element of values in order and the one behind it, or their end."""
    row = [*value[index[:-1]], end]
    return row[index[-1] :][:2]


class _Mixed(Exception):
    """A row asks something of its operands that is true of some elements only."""

    def __init__(self, truth: Any) -> None:
        self.truth = truth


class _Asked(np.ndarray[Any, Any]):
    """Elements that a row takes for one number. Its truth, if it is not the same, is `_Mixed`."""

    def __bool__(self) -> bool:
        truth = np.asarray(self).astype(np.bool_)
        if truth.all() or not truth.any():
            return bool(truth.all())
        raise _Mixed(truth)


def _near(trace: Trace, node: Node, values: Sequence[Any], epsilon: float) -> Any:
    within = _within(epsilon, np.max([np.max(np.abs(v), initial=0) for v in values]))

    def margins(given: Sequence[Any], shape: Any) -> Any:
        near = np.zeros(shape, dtype=np.bool_)
        for margin in _margins(FLOATS, trace, node, given):
            near = near | ~(np.asarray(margin) >= within)
        return np.asarray(near)

    def of(parts: Sequence[Any]) -> Any:
        """The same for elements that a row does not do the same with: one kind after the other."""
        count = len(parts[0])
        try:
            return margins([part.view(_Asked) for part in parts], count)
        except _Mixed as answer:
            found = np.empty(count, dtype=np.bool_)
            for kind in (answer.truth, ~answer.truth):
                found[kind] = of([part[kind] for part in parts])
            return found

    try:
        return margins([float(v) if np.ndim(v) == 0 else v for v in values], node.shape)
    except (ValueError, TypeError):
        rows = [np.array(np.broadcast_to(value, node.shape)).ravel() for value in values]
        return of(rows).reshape(node.shape)


def _is_exact(recording: Recording, node: Node, near: Any) -> Any:
    """Where what is not differentiated by is compared without rounding, which decides nothing."""
    wide = recording.derived.values(Floats("longdouble"), recording.problem.inputs)
    exact = [wide[o.order] == recording.values[o.order] for o in node.operands]
    return np.logical_and.reduce(np.broadcast_arrays(*exact, near)[:-1])


def _flowing(recording: Recording, number: int, shape: Any) -> Any:
    """Where the cotangent of a value is not zero, here or a little beside.

    Here alone it may be zero by chance, as the x of x*log(x) is at 0.
    """
    node = recording.derivation.cotangents.get(number)
    if node is None:
        return np.zeros(shape, dtype=np.bool_)
    inputs = recording.problem.inputs
    points = (inputs, moved(inputs, BESIDE, number))
    cotangent = sum(np.abs(evaluate([node], Floats(), point)[0]) for point in points)
    return np.broadcast_to(cotangent != 0, shape)


def _turning(recording: Recording) -> tuple[Event, ...]:
    """The first condition that is not the same beside the point, or compares what is not finite."""
    asked = recording.derived.once("conditions", lambda: _conditions(recording.trace))
    trace, values = recording.trace, recording.values

    def said(number: int, outside: bool) -> tuple[Event, ...]:
        note = trace.notes[number]
        title = note.title(trace.nodes[number])
        return (Event(title, note.place, (), outside, condition=True),)

    for number in asked:
        node = trace.nodes[number]
        compared = [values[o.order] for o in node.operands if trace.is_active(o)]
        if is_boolean(node) and not all(np.isfinite(value).all() for value in compared):
            return said(number, True)
    for inputs in _beside(recording) if asked else ():
        there = recording.derived.values(Floats(), inputs)
        for number in asked:
            if not np.array_equal(there[number] != 0, values[number] != 0):
                return said(number, False)
    return ()


def _conditions(trace: Trace) -> tuple[int, ...]:
    """The numbers of the values that decide what is done with others."""
    found = {n.order for n in trace.nodes if trace.is_active(n) and is_boolean(n)}
    truths = (seen.number for seen in trace.observations if seen.question is truth)
    return tuple(sorted(found | {number for number in truths if trace.notes[number].active}))


def _beside(recording: Recording) -> Iterator[Mapping[str, Any]]:
    """All inputs that are differentiated by a little larger, smaller, and this way and that."""
    problem = recording.problem
    step = NEAR * precision_of(problem.precision).epsilon
    random = np.random.default_rng(SEED)
    signs = {name: random.choice([-1.0, 1.0], problem.inputs[name].shape) for name in problem.wrt}
    for along in (1.0, -1.0):
        for pattern in (dict.fromkeys(problem.wrt, 1.0), signs):
            steps = {n: along * step * sign for n, sign in pattern.items()}
            yield {
                n: value + steps.get(n, 0.0) * np.where(value == 0, 1.0, np.abs(value))
                for n, value in problem.inputs.items()
            }


# -- in balls ----------------------------------------------------------------------------------


def events_of(trial: Trial, epsilon: float) -> tuple[Met, ...]:
    """The primitives of a run at or near a kink or border, the closest first.

    A comparison of what is not differentiated by counts too, if rounding could turn it over.
    """
    with flint.ctx.workprec(trial.bits):
        found = list(_found_in_balls(trial, epsilon))
    return tuple(sorted(found, key=lambda met: met.event.margin))


def _found_in_balls(trial: Trial, epsilon: float) -> Iterator[Met]:
    trace, part = trial.trace, taking_part(trial)
    still = Stillness(trial.recording, {n: to_floats(v) for n, v in trial.inputs.items()})
    moves = cache(lambda: moving(trial.recording))
    # what is next to the output first, what is not differentiated by last
    for node in sorted(special(trace), key=lambda n: (not trace.is_active(n), -n.order)):
        active = trace.is_active(node)
        # where elements tie it may be a position alone that is used
        asked = active and node.source is not None
        if asked and node.order not in part:
            continue
        floats, value = map(to_floats, trial.operands(node)), to_floats(trial.values[node.order])
        # floats are off by a rounding themselves
        near = near_in_floats(trace, node, list(floats), value, 2 * epsilon, NEAR)
        if node.op in (ops.AMAX, ops.AMIN):
            near = still.ties(node, near) & ~_winners(trial, node)
        elif asked:
            near = near & part[node.order]
            if trial.finite and near.any():
                # where the result itself is undefined, what stands still may be why
                near = near & moves()[node.order]
        for index in map(tuple, np.argwhere(near)):
            event = _event(trial, node, index, epsilon)
            if event is not None and (active or event.margin):
                tie = node.op in (ops.AMAX, ops.AMIN)
                yield Met(event, (node.operands[0] if tie else node).order, index)


def _winners(trial: Trial, node: Node) -> Any:
    """The element that is taken for the largest or least one, of several that tie the first."""
    (values,) = trial.operands(node)
    axes = sorted(node["axes"])
    if not is_finite(values).all():
        return np.zeros(values.shape, dtype=np.bool_)
    places = getattr(trial.arithmetic, f"arg{node.op.name[1:]}")(values, axes)
    sizes = [size if axis in axes else 1 for axis, size in enumerate(values.shape)]
    return np.arange(math.prod(sizes)).reshape(sizes) == places


def is_undefined(
    trial: Trial, epsilon: float, terms: Sequence[tuple[int, Any, Any]] | None = None
) -> bool:
    """Whether no precision makes the run finite: what first is not is beyond its border or on it.

    With the `terms` of a part only what these are made of counts.
    """
    if trial.finite and terms is None:
        return False
    found = False
    with flint.ctx.workprec(trial.bits):
        for number, mask in sorted(taking_part(trial, terms).items()):
            node = trial.trace.nodes[number]
            wild = ~is_finite(trial.values[number]) | trial.steep(node)
            for index in map(tuple, np.argwhere(mask & wild)):
                operands = _operands(trial, node, index)
                if not all(operand.is_finite() for operand in operands):
                    continue
                if not _is_beyond(trial, node, index, epsilon):
                    return False
                found = True
    return found


def _is_beyond(trial: Trial, node: Node, index: Index, epsilon: float) -> bool:
    """Whether an element that is not finite is surely at its border or beyond."""
    exact = all(operand.is_exact() for operand in _operands(trial, node, index))
    if node.source is None:
        return exact
    event = _event(trial, node, index, epsilon)
    if event is None:
        return False
    return bool(event.outside and event.margin) or (exact and (event.outside or not event.margin))


def _operands(trial: Trial, node: Node, index: Index) -> list[Ball]:
    """The balls that an element of a node is made of; for what is no primitive, all of them."""
    if node.source is None:
        return [ball for values in trial.operands(node) for ball in values.flat]
    return [np.broadcast_to(values, node.shape)[index] for values in trial.operands(node)]


def _event(trial: Trial, node: Node, index: Index, epsilon: float) -> Event | None:
    at = _tied(trial, node, index) if node.source is None else _operands(trial, node, index)
    if node.source is not None and not all(ball.is_finite() for ball in at):
        # what made it undefined has an event of its own
        return None
    exact = all(ball.is_exact() for ball in at)
    # rounding leaves a little of 0
    at = [ZERO if ball.contains(0) else ball.mid() for ball in at]
    if node.source is None:
        margins = [abs(at[0] - at[1])]
    else:
        margins = list(map(flint.arb, _margins(BALLS, trial.trace, node, at)))
    largest = max(map(abs, at), default=ZERO)
    closest = min((ZERO if m.is_nan() else m.mid() for m in margins), default=None)
    if closest is None or not closest < _within(epsilon, float(largest)):
        return None
    if not exact and abs(closest) <= largest * flint.arb(2) ** (UNSURE - trial.bits):
        closest = ZERO
    # a margin that is too small for a float is one all the same
    margin = float(abs(closest)) or (LEAST_FLOAT if closest != 0 else 0.0)
    place, title = trial.trace.notes[node.order].place, trial.trace.title(node)
    numbers = () if trial.trace.is_guard(node) else tuple(map(float, at))
    close = bool(margin) and _is_close(trial, node, at, closest, epsilon)
    return Event(title, place, numbers, bool(closest < 0), margin, is_boolean(node), close)


def _is_close(trial: Trial, node: Node, at: Sequence[Ball], closest: Ball, epsilon: float) -> bool:
    """Whether a few roundings of the operands, in relation to each, may make the margin 0."""
    if node.source is None:
        return bool(abs(closest) <= FEW * epsilon * max(map(abs, at)))
    share = FEW * epsilon / max(len(at), 1)
    rounded = [flint.arb(x, abs(x) * share) for x in at]
    margins = map(flint.arb, _margins(BALLS, trial.trace, node, rounded))
    return any(margin.contains(0) or margin.is_nan() for margin in margins)


def _tied(trial: Trial, node: Node, index: Index) -> list[Ball]:
    """An element that is nearly as large as the largest, or as its neighbour in order, and it."""
    value = trial.values[node.order]
    if node.op is ops.SORT:
        axis = node["axis"] % value.ndim
        behind = (*index[:axis], index[axis] + 1, *index[axis + 1 :])
        return [value[index], value[behind]]
    if node.op in ops.SPECTRAL:
        return _in_a_row(value, index, ZERO)
    (values,) = trial.operands(node)
    top = np.broadcast_to(np.expand_dims(value, node["axes"]), values.shape)
    return [values[index], top[index]]
