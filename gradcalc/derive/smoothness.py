"""Where a recorded run is not smooth, or nearly so: whole tensors at a time, in floats."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.calculus import operand_names
from gradcalc.derive.points import moved
from gradcalc.derive.recording import Recording
from gradcalc.derive.steering import steering
from gradcalc.derive.trace import Trace
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.primitives import Elementwise
from gradcalc.testimony import Event

NEAR = 64
"""How close to a kink a primitive must be to count, in roundings of the dtype."""

BESIDE = 1e-3
"""How far beside, in relation to the inputs."""

TIED = 4
"""How close, in roundings, two elements must be to be the largest both."""

WIDEST = 1e-5
"""The same as a number, at most."""


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


class _Arrays:
    """What rows ask of the numbers that they are given, here arrays."""

    nint = staticmethod(np.rint)
    cos = staticmethod(np.cos)
    one = 1.0

    @staticmethod
    def isint(value: Any) -> Any:
        return value == np.rint(value)


def events(recording: Recording) -> tuple[Event, ...]:
    """The primitives that are at or near a kink or border and let a gradient through.

    So are the conditions that come out otherwise beside the point, whatever they hang on.
    """
    with np.errstate(all="ignore"):
        return (*_found(recording), *steering(recording))


def _found(recording: Recording) -> Iterator[Event]:
    epsilon = float(np.finfo(recording.problem.dtype).eps)
    trace = recording.trace
    for node, note in zip(trace.nodes, trace.notes, strict=True):
        values = [recording.values[operand.order] for operand in node.operands]
        boolean = node.source is not None and node.source[0].boolean
        if not is_special(node) or not (note.active or boolean):
            continue
        near = near_in_floats(trace, node, values, recording.values[node.order], epsilon)
        if not note.active:
            near = near & ~_is_exact(recording, node, near)
        elif node.source is not None and not boolean and near.any():
            near = near & _flowing(recording, node.order, near.shape)
        if near.any():
            yield _event(recording, node, values, near)


def is_special(node: Node) -> bool:
    """Whether a node has kinks or borders anywhere, or turns over where elements tie."""
    if node.source is None:
        return node.op in (ops.AMAX, ops.AMIN, ops.SORT)
    row, _ = node.source
    return row.kinks is not None or row.domain is not None or bool(row.varying)


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
    if node.op is ops.SORT:
        return _neighbours(value, dict(node.static), tied * epsilon)
    if node.source is None:
        return _ties(operands[0], value, dict(node.static), tied * epsilon)
    return _near(trace, node, operands, epsilon)


def _event(recording: Recording, node: Node, values: list[Any], near: Any) -> Event:
    note = recording.trace.notes[node.order]
    place = np.unravel_index(int(np.argmax(near)), near.shape)
    at = tuple(float(np.broadcast_to(value, near.shape)[place]) for value in values)
    return Event(note.title(node), note.place, at, False)


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
    return np.broadcast_to(cotangent != 0, shape) if cotangent.shape != () or not shape else (
        np.full(shape, bool(cotangent != 0)))  # fmt: skip


def _ties(x: Any, extreme: Any, static: Mapping[str, Any], apart: float) -> Any:
    """Where more than one element is as large as the largest."""
    axes = static["axes"]
    kept = np.expand_dims(extreme, axes)
    close = np.abs(x - kept) <= apart * np.maximum(1.0, np.abs(kept))
    tied = np.sum(close, axis=axes, keepdims=True) > 1
    return close & tied


def _neighbours(values: Any, static: Mapping[str, Any], within: float) -> Any:
    """Where an element is as large as the one behind it in order."""
    axis = static["axis"]
    apart = np.abs(np.diff(values, axis=axis, append=np.inf))
    return apart <= within * np.maximum(1.0, np.abs(values))


def _near(trace: Trace, node: Node, values: Sequence[Any], epsilon: float) -> Any:
    """The elements that are near."""
    assert node.source is not None
    row, variant = node.source
    names = operand_names(row, variant)
    live = [trace.is_active(operand) for operand in node.operands]
    further = [more for position, more in row.varying if live[position]]
    shape = node.shape
    size = np.maximum(1.0, np.max([np.max(np.abs(v), initial=0) for v in values]))
    within = min(NEAR * epsilon * float(min(size, 1e300)), WIDEST)
    given = [float(v) if np.ndim(v) == 0 else v for v in values]
    try:
        return _margins(_Arrays, row, dict(variant), names, given, further, within, shape)
    except (ValueError, TypeError):
        pass

    def of(parts: Sequence[Any]) -> Any:
        """The same for elements that a row does not do the same with: one kind after the other."""
        count = len(parts[0])
        asked = [part.view(_Asked) for part in parts]
        try:
            found = _margins(_Arrays, row, dict(variant), names, asked, further, within, count)
            return np.asarray(found)
        except _Mixed as answer:
            found = np.empty(count, dtype=np.bool_)
            for kind in (answer.truth, ~answer.truth):
                found[kind] = of([part[kind] for part in parts])
            return found

    return of([np.array(np.broadcast_to(value, shape)).ravel() for value in values]).reshape(shape)


def _margins(
    m: Any,
    row: Elementwise,
    static: Mapping[str, Any],
    names: tuple[str, ...],
    values: Any,
    further: list[Any],
    within: float,
    shape: Any,
) -> Any:
    arguments = {**static, **dict(zip(names, values, strict=True))}
    kinks = [np.abs(k) for k in (row.kinks(m, **arguments) if row.kinks else ())]
    domains = [row.domain] if row.domain else []
    borders = [b for d in (*domains, *further) for b in d(m, **arguments)]
    near = np.zeros(shape, dtype=np.bool_)
    for margin in (*kinks, *borders):
        near = near | ~(np.asarray(margin) >= within)
    return near
