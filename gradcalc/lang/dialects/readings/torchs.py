"""Functions of torch's that are others put together."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.expr.nodes import Data
from gradcalc.lang import ops, places
from gradcalc.lang.dialects.readings import layers, series, statistics
from gradcalc.lang.machine import Machine
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers

NONE_KNOWN = "nanmedian of no numbers at all is NaN, which has no gradient"

RENORM = 1e-7
"""What torch adds to the norm by which renorm divides."""


def slopes(machine: Machine, input: Any, spacing: Any, dim: Any, edge_order: Any) -> Any:
    """torch's gradient, whose steps are one number, or numbers or points for each dimension."""
    several = isinstance(spacing, list | tuple)
    steps = tuple(spacing) if several else (1.0 if spacing is None else spacing,)
    axis = dim if dim is None or isinstance(dim, int) else tuple(numbers(dim))
    found = series.slopes(machine, input, steps, axis, edge_order)
    return found if isinstance(found, tuple) else (found,)


def renormed(machine: Machine, input: Any, p: Any, dim: Any, maxnorm: Any) -> Any:
    """renorm: each part along a dimension, made shorter where its norm is larger."""
    shape = ops.shape(machine, input)
    if len(shape) < 2:
        raise ShapeError("renorm needs at least two dimensions")
    place = one_of(shape, dim)
    rest = tuple(k for k in range(len(shape)) if k != place)
    row = ops.call(machine, "permute", input, (place, *rest))
    flat = ops.reshape(machine, row, (shape[place], -1))
    length = ops.call(machine, "norm", flat, p, 1)
    long = ops.binary(machine, "gt", length, maxnorm)
    share = ops.binary(machine, "div", maxnorm, ops.binary(machine, "add", length, RENORM))
    factor = ops.call(machine, "where", long, share, 1.0)
    sizes = tuple(n if k == place else 1 for k, n in enumerate(shape))
    return ops.binary(machine, "mul", input, ops.reshape(machine, factor, sizes))


MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")
"""What grid_sampler's numbers mean."""


def sampled(
    machine: Machine, input: Any, grid: Any, interpolation_mode: Any, padding_mode: Any,
    align_corners: Any,
) -> Any:  # fmt: skip
    """grid_sampler, which names modes by numbers."""
    if not (0 <= interpolation_mode < len(MODES) and 0 <= padding_mode < len(PADDINGS)):
        raise InvalidValueError("grid_sampler has the modes 0, 1 and 2")
    words = MODES[interpolation_mode], PADDINGS[padding_mode]
    return layers.sampled(machine, input, grid, *words, align_corners)


def convolved(machine: Machine, input: Any, weight: Any, bias: Any, pad: Any) -> Any:
    """conv_tbc: a convolution of (time, batch, channels)."""
    x, w = (ops.call(machine, "permute", v, order) for v, order in
            ((input, (1, 2, 0)), (weight, (2, 1, 0))))  # fmt: skip
    found = ops.call(machine, "conv1d", x, w, bias, padding=pad)
    return ops.call(machine, "permute", found, (2, 0, 1))


def entropy_of_linear(
    machine: Machine, input: Any, linear_weight: Any, target: Any, linear_bias: Any,
    ignore_index: Any, **given: Any,
) -> Any:  # fmt: skip
    """linear_cross_entropy: cross_entropy of a linear layer."""
    scores = ops.call(machine, "linear", input, linear_weight, linear_bias)
    if ignore_index is not None:
        given["ignore_index"] = ignore_index
    return ops.call(machine, "cross_entropy", scores, target, **given)


# -- without what is no number ----------------------------------------------------------------


def _missing(machine: Machine, x: Any, dim: int) -> Any:
    """How many elements along a dimension are no numbers."""
    return _marked(machine, x).sum(axis=dim)


def _marked(machine: Machine, x: Any) -> Any:
    """Which elements are no numbers."""
    return machine.elements(ops.call(machine, "isnan", x)).astype(bool)


def _ordered(machine: Machine, x: Any, dim: int) -> Any:
    """In order, with what is no number behind."""
    known = ops.call(machine, "where", ops.call(machine, "isnan", x), math.inf, x)
    return ops.call(machine, "sort", known, dim)


def middle(machine: Machine, input: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """torch's nanmedian: the lower of the two in the middle of what is a number."""
    x = ops.tensor(machine, input)
    if dim is None:
        row = ops.reshape(machine, x, (-1,))
        there = ~_marked(machine, row)
        if not there.any():
            raise UnsupportedError(NONE_KNOWN)
        # of elements that are equal all are taken, unlike along a dimension
        held = row if there.all() else ops.index(machine, row, (np.flatnonzero(there),))
        return ops.call(machine, "median", held)
    if not ops.shape(machine, x):
        return Extremes(x, places.whole(machine, np.zeros(())))
    return _middle(machine, x, one_of(ops.shape(machine, x), dim), keepdim)


def _middle(machine: Machine, x: Any, dim: int, keepdim: bool) -> Extremes:
    shape = ops.shape(machine, x)
    count = shape[dim] - _missing(machine, x, dim)
    if not shape[dim] or not np.all(count > 0):
        raise UnsupportedError(NONE_KNOWN)
    order, at = _ordered(machine, x, dim), np.expand_dims((count - 1) // 2, dim)
    found = [ops.call(machine, "gather", part, dim, Data.of(at)) for part in order]
    if not keepdim:
        found = [ops.call(machine, "squeeze", part, dim) for part in found]
    return Extremes(*found)


def quantile(
    machine: Machine, input: Any, q: Any, dim: Any, keepdim: Any, interpolation: str
) -> Any:
    """torch's nanquantile."""
    if dim is None and keepdim:
        raise UnsupportedError("nanquantile of all elements with kept dimensions")
    x, place = known(machine, input, dim)
    return statistics.quantile(machine, x, q, place, keepdim, interpolation)


def known(machine: Machine, input: Any, dim: Any) -> tuple[Any, int]:
    """What is a number, and the dimension along which: of one row, or of several in which none is
    missing. Without a dimension all elements are a row."""
    x = ops.tensor(machine, input)
    if dim is None or not ops.shape(machine, x):
        x, dim = ops.reshape(machine, x, (-1,)), 0
    shape = ops.shape(machine, x)
    place = one_of(shape, ops.integer(machine, dim))
    if not np.any(_missing(machine, x, place)):
        return x, place
    if len(shape) > 1:
        raise UnsupportedError(
            "quantiles of several rows in which numbers are missing", hint="take row by row"
        )
    marks = machine.elements(ops.call(machine, "isnan", x)).astype(bool)
    return ops.index(machine, x, (np.flatnonzero(~marks),)), place


def factors_first(machine: Machine, name: str, **values: Any) -> Any:
    """The deprecated signatures of addmm and its like, addcmul and addcdiv."""
    factors = {k: values.pop(k) for k in ("beta", "alpha", "value") if k in values}
    return ops.call(machine, name, *values.values(), **factors)


def scaled_first(machine: Machine, name: str, input: Any, alpha: Any, other: Any) -> Any:
    """The deprecated signatures of add and sub."""
    return ops.binary(machine, name, input, ops.binary(machine, "mul", alpha, other))
