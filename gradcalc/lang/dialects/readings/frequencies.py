"""Statistics of how often something is: covariances with weights, the commonest number."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops, places
from gradcalc.lang.dialects.readings import statistics
from gradcalc.lang.machine import Machine
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import show


def covariance(machine: Machine, input: Any, correction: Any, fweights: Any, aweights: Any) -> Any:
    """torch's cov: each observation counts so many times, and as much."""
    if fweights is None and aweights is None:
        return ops.call(machine, "cov", input, correction)
    x = ops.tensor(machine, input)
    if len(ops.shape(machine, x)) < 2:
        x = ops.reshape(machine, x, (1, -1))
    count = ops.shape(machine, x)[1]
    if fweights is not None and not _counts(machine, fweights):
        raise InvalidValueError("cov takes whole numbers for fweights", python="RuntimeError")
    given = [_weights(machine, w, count) for w in (fweights, aweights) if w is not None]
    weights = given[0] if len(given) == 1 else ops.binary(machine, "mul", *given)
    whole = ops.call(machine, "sum", weights)
    left = whole
    if correction:
        share = 1.0
        if aweights is not None:
            squares = ops.call(machine, "sum", ops.binary(machine, "mul", weights, given[-1]))
            share = ops.binary(machine, "div", squares, whole)
        left = ops.binary(machine, "sub", whole, ops.binary(machine, "mul", correction, share))
    if not machine.number(left) > 0:
        raise InvalidValueError("cov has no degrees of freedom left with these weights")
    heavy = ops.call(machine, "sum", ops.binary(machine, "mul", x, weights), 1, True)
    centred = ops.binary(machine, "sub", x, ops.binary(machine, "div", heavy, whole))
    turned = ops.call(machine, "transpose", ops.binary(machine, "mul", centred, weights), 0, 1)
    found = ops.call(machine, "matmul", centred, turned)
    return ops.call(machine, "squeeze", ops.binary(machine, "div", found, left))


def numpy_cov(
    machine: Machine, m: Any, y: Any, rowvar: Any, bias: Any, ddof: Any, fweights: Any,
    aweights: Any,
) -> Any:  # fmt: skip
    """numpy's cov of the rows of an array, or of two, with weights or without."""
    correction = ddof if ddof is not None else (0 if bias else 1)
    x = statistics.observed(machine, m, y, rowvar)
    return covariance(machine, x, correction, fweights, aweights)


def _counts(machine: Machine, value: Any) -> bool:
    """Whether weights are whole numbers, by their kind."""
    if isinstance(value, list | tuple):
        return all(_counts(machine, item) for item in value)
    return type(value) is int or machine.is_integer(value)


def _weights(machine: Machine, value: Any, count: int) -> Any:
    found = ops.tensor(machine, value)
    shape = ops.shape(machine, found)
    if shape != (count,):
        raise InvalidValueError(
            f"cov of {count} observations takes so many weights, not of shape {show(shape)}"
        )
    if bool(np.any(machine.elements(found) < 0)):
        raise InvalidValueError("cov takes no negative weights", python="RuntimeError")
    return found


def most_frequent(machine: Machine, input: Any, dim: Any, keepdim: Any) -> Any:
    """torch's mode: of numbers of which none is there twice the least."""
    x = ops.tensor(machine, input)
    shape = ops.shape(machine, x)
    if not shape:
        return Extremes(x, places.whole(machine, np.zeros(())))
    place = one_of(shape, ops.integer(machine, dim))
    order = np.sort(machine.elements(x), axis=place)
    if bool(np.any(np.diff(order, axis=place) == 0)) or bool(np.any(np.isnan(order))):
        raise UnsupportedError(
            "mode of numbers some of which are equal is not known here: it jumps where they part",
            hint="torch.unique(x, return_counts=True) counts data",
        )
    return ops.call(machine, "min", x, place, keepdim)
