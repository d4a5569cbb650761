"""Where a recorded run is not smooth, or nearly so: whole tensors at a time, in floats."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcalc.calculus import operand_names
from gradcalc.derive.derived import Trace
from gradcalc.derive.points import moved
from gradcalc.derive.recording import Recording
from gradcalc.derive.steering import steering
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.primitives import Elementwise
from gradcalc.tape import Equation
from gradcalc.testimony import Event

NEAR = 64
"""How close to a kink a primitive must be to count, in roundings of the dtype."""

BESIDE = 1e-3
"""How far beside, in relation to the inputs."""

TIED = 4
"""How close, in roundings, two elements must be to be the largest both."""

WIDEST = 1e-5
"""The same as a number, at most."""

ONE_BY_ONE = 50_000
"""Elements that are looked at one by one, where a row cannot look at them together."""


class _Arrays:
    """What rows ask of an mpmath context, for arrays."""

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
    asked = recording.derived.once("asked", lambda: _asked(recording.trace))
    for number, equation in enumerate(recording.tape.equations):
        row = equation.primitive
        values = [recording.values[operand] for operand in equation.operands]
        if not equation.active:
            if isinstance(row, Elementwise) and row.boolean and row.kinks is not None:
                yield from _turned(recording, row, equation, values, epsilon)
            continue
        if number in asked:
            yield from _undecided(recording, number, epsilon)
        if row in (ops.AMAX, ops.AMIN, ops.SORT):
            find = _neighbours if row is ops.SORT else _ties
            near = find(values[0], recording.values[number], dict(equation.static), epsilon)
        elif isinstance(row, Elementwise) and (row.kinks or row.domain or row.varying):
            near = _near(recording, row, equation, values, epsilon)
        else:
            continue
        if near is None:
            yield Event(row.name, equation.place, (), False)
            continue
        if near.any() and isinstance(row, Elementwise) and not row.boolean:
            near = near & _flowing(recording, number, near.shape)
        if near.any():
            yield _event(row.name, equation, values, near)


def _event(name: str, equation: Equation, values: list[Any], near: Any) -> Event:
    place = np.unravel_index(int(np.argmax(near)), near.shape)
    at = tuple(float(np.broadcast_to(value, near.shape)[place]) for value in values)
    return Event(name, equation.place, at, False)


def _asked(trace: Trace) -> frozenset[int]:
    """The numbers of values, no truth values by themselves, that are asked for their truth."""
    equations = trace.tape.equations
    masks: set[int] = set()
    asked = {seen.number for seen in trace.observations if isinstance(seen.seen, bool)}
    for number, equation in enumerate(equations):
        row, operands = equation.primitive, equation.operands
        if isinstance(row, Elementwise):
            masks |= {number} if row.boolean else set()
            if row.name == "where" or (row.boolean and row.kinks is None):
                asked |= set(operands[:1] if row.name == "where" else operands)
        elif row.moves and operands and masks.issuperset(operands):
            masks.add(number)
    return frozenset(asked - masks)


def _undecided(recording: Recording, number: int, epsilon: float) -> Iterator[Event]:
    """A number that is asked for its truth, and at or near 0."""
    value = recording.values[number]
    near = np.abs(value) <= NEAR * epsilon
    if near.any():
        yield _event("ne", recording.tape.equations[number], [value], near)


def _turned(
    recording: Recording, row: Elementwise, equation: Equation, values: list[Any], epsilon: float
) -> Iterator[Event]:
    """A comparison of what is not differentiated by, which rounding of its operands may decide."""
    near = _near(recording, row, equation, values, epsilon)
    if near is None or not near.any():
        return
    wide = recording.derived.values(Floats("longdouble"), recording.problem.inputs)
    exact = [wide[operand] == recording.values[operand] for operand in equation.operands]
    near = near & ~np.logical_and.reduce(np.broadcast_arrays(*exact, near)[:-1])
    if near.any():
        yield _event(row.name, equation, values, near)


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


def _ties(x: Any, extreme: Any, static: Mapping[str, Any], epsilon: float) -> Any:
    """Where more than one element is as large as the largest."""
    axes = static["axes"]
    kept = np.expand_dims(extreme, axes)
    close = np.abs(x - kept) <= TIED * epsilon * np.maximum(1.0, np.abs(kept))
    tied = np.sum(close, axis=axes, keepdims=True) > 1
    return close & tied


def _neighbours(x: Any, values: Any, static: Mapping[str, Any], epsilon: float) -> Any:
    """Where an element is as large as the one behind it in order."""
    axis = static["axis"]
    apart = np.abs(np.diff(values, axis=axis, append=np.inf))
    return apart <= TIED * epsilon * np.maximum(1.0, np.abs(values))


def _near(
    recording: Recording, row: Elementwise, equation: Equation, values: list[Any], epsilon: float
) -> Any | None:
    """The elements that are near; None where that cannot be told."""
    names = operand_names(row, equation.static)
    live = [recording.tape.equations[operand].active for operand in equation.operands]
    further = [more for position, more in row.varying if live[position]]
    shape = equation.shape
    size = np.maximum(1.0, np.max([np.max(np.abs(v), initial=0) for v in values]))
    within = min(NEAR * epsilon * float(min(size, 1e300)), WIDEST)
    given = [float(v) if np.ndim(v) == 0 else v for v in values]
    try:
        return _margins(_Arrays, row, dict(equation.static), names, given, further, within, shape)
    except (ValueError, TypeError):
        pass
    if np.prod(shape, dtype=np.int64) > ONE_BY_ONE:
        return None
    spread = [np.broadcast_to(value, shape).ravel() for value in values]
    near = [
        _margins(_Arrays, row, dict(equation.static), names, element, further, within, ())
        for element in zip(*[part.tolist() for part in spread], strict=True)
    ]
    return np.array(near, dtype=np.bool_).reshape(shape)


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
