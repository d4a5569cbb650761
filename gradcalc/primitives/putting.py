"""More that is put where an index says: reduced along a dimension, or counted in a row."""

import math
import warnings
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.placing import (
    added,
    along,
    checked,
    flat,
    grouped,
    places_of,
    replaced,
    single,
    tensor_of,
    unmixed,
)
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import show
from gradcalc.primitives.taking import MATRIX, OTHER, VECTOR, placed


def _index_reduce(
    x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool = True
) -> Any:
    place, found = placed("index_reduce", x, dim, index, source)
    return x, place, found, source, reduce, bool(include_self)


def _index_reduced(
    f: Any, x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool
) -> Any:
    if not x.ndim:
        nowhere = np.zeros(1, dtype=np.int64)
        return grouped(f, x, single(f, source), nowhere, reduce, include_self)
    return grouped(f, x, source, places_of(x.shape, along(x, dim, index)), reduce, include_self)


def _torch_index_reduced(
    t: Any, x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool
) -> Any:
    places = tensor_of(t, x, index)
    with warnings.catch_warnings():
        # that it may change
        warnings.simplefilter("ignore", UserWarning)
        return t.index_reduce(x, dim, places, source, reduce, include_self=include_self)


def _put(x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    found = checked("put", index, math.prod(x.shape), negative=True).reshape(-1)
    if math.prod(source.shape) != found.size:
        raise ShapeError(f"put of shape {show(source.shape)} in {found.size} places")
    return x, found if accumulate else unmixed("put", found), source, bool(accumulate)


def _was_put(f: Any, x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    if not index.size:
        return x
    found = (added if accumulate else replaced)(
        f, flat(f, x), flat(f, source), (ops.Data.of(index),)
    )
    return f(ops.RESHAPE, found, shape=tuple(x.shape))


def _torch_put(t: Any, x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    return t.put(x, tensor_of(t, x, index), source.reshape(index.shape), accumulate)


REDUCED: tuple[Structural, ...] = (
    fitted("index_reduce", _index_reduce, _index_reduced,
           ((MATRIX, 1, [2, 2, 0], OTHER, {"reduce": "prod"}),
            (VECTOR, 0, [1, 1], [0.25, 4.0], {"reduce": "mean", "include_self": False}),
            (MATRIX, 1, [2, 2, 0], OTHER, {"reduce": "amax"}),
            (VECTOR, 0, [1, 1], [0.25, 4.0], {"reduce": "amin"})),
           "x and the parts of source that go to one place along dim: their prod, mean, amax, amin",
           _torch_index_reduced, tensors=("x", "source")),
    fitted("put", _put, _was_put,
           ((MATRIX, [5, 0, -2], VECTOR),
            (VECTOR, [[2, 2], [0, 1]], [[1.5, -0.5], [3.0, 0.25]], {"accumulate": True})),
           "x with the elements of source where an index says, counted in a row, or added there",
           _torch_put, tensors=("x", "source")),
)  # fmt: skip
