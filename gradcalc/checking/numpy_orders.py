"""Functions of numpy's that are said by others, which a tape follows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.checking.numpy_calls import constant, raw_of
from gradcalc.checking.numpy_tape import Tape

_np: Any = np
"""As it takes arrays that are followed."""


def partition(tape: Tape, value: Any, kth: Any, axis: Any = -1, **_: Any) -> Any:
    """`np.partition`: the order that numpy leaves its parts in, of what is sorted."""
    value, axis = (_np.ravel(value), 0) if axis is None else (value, axis)
    with tape.pause():
        made = np.partition(raw_of(value), raw_of(kth), axis)
    return _np.take_along_axis(_np.sort(value, axis), _ranks(made, axis), axis)


def argpartition(tape: Tape, value: Any, kth: Any, axis: Any = -1, **_: Any) -> Any:
    """`np.argpartition`, in the same way."""
    value, axis = (_np.ravel(value), 0) if axis is None else (value, axis)
    with tape.pause():
        plain = raw_of(value)
        made = np.take_along_axis(plain, np.argpartition(plain, raw_of(kth), axis), axis)
    return _np.take_along_axis(_np.argsort(value, axis), _ranks(made, axis), axis)


def _ranks(made: Any, axis: int) -> Any:
    """The place of each number among the sorted ones."""
    return np.argsort(np.argsort(made, axis, kind="stable"), axis, kind="stable")


def unwrap(
    tape: Tape, value: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi
) -> Any:
    """`np.unwrap`."""
    half = period / 2
    steps = _np.diff(value, axis=axis)
    short = _np.mod(steps + half, period) - half
    short = _np.where((short == -half) & (steps > 0), half, short)
    jumps = _np.abs(steps) >= (half if discont is None else discont)
    right = _np.cumsum(_np.where(jumps, short - steps, 0.0), axis)
    first, others = _np.split(value, [1], axis)
    return _np.concatenate([first, others + right], axis)


def piecewise(
    tape: Tape, value: Any, conditions: Any, functions: Any, *args: Any, **kwargs: Any
) -> Any:
    """`np.piecewise`, of arrays."""
    conditions = list(conditions) if np.ndim(conditions[0]) else [conditions]
    if len(functions) == len(conditions) + 1:
        conditions.append(~_np.any(_np.stack(conditions), axis=0))
    found = constant(tape, np.zeros(np.shape(value)))
    for condition, function in zip(conditions, functions, strict=True):
        there = value[condition]
        if len(there):
            found[condition] = function(there, *args, **kwargs) if callable(function) else function
    return found


SAID_BY_OTHERS: dict[str, Callable[..., Any]] = {
    "partition": partition, "argpartition": argpartition, "unwrap": unwrap, "piecewise": piecewise,
}  # fmt: skip
