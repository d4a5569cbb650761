"""Elements taken from where an index says, put there, and chosen by masks or by their order."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.placing import (
    added,
    along,
    checked,
    cut_to,
    dimension,
    fits_pointwise,
    flat,
    grouped,
    places_of,
    pointwise,
    replaced,
    single,
    spread_to,
    tensor_of,
    unmixed,
)
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import show

VECTOR = [0.5, -1.5, 2.0]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
OTHER = [[0.75, -0.5, 2.5], [1.25, -3.0, 4.0]]
PICK = [[0, 1, 1], [1, 0, 0]]
SQUARE = [[0.75, -0.5], [1.25, 4.0]]
FIRST = [[2, 0], [1, 2]]
MASK = [[True, False, True], [False, False, True]]


def _gather(x: Any, dim: int, index: Any) -> tuple[Any, int, Any]:
    place = dimension(x.shape, dim)
    found = checked("gather", index, x.shape[place] if x.shape else 1)
    fits_pointwise("gather", x.shape, found, place, found.shape)
    return x, place, found


def _gathered(f: Any, x: Any, dim: int, index: Any) -> Any:
    if not x.ndim:
        return x
    return f(ops.INDEX, x, key=pointwise(index, dim))


def _select(x: Any, dim: int, index: Any) -> tuple[Any, int, Any]:
    place = dimension(x.shape, dim)
    found = checked("index_select", index, x.shape[place] if x.shape else 1)
    if found.ndim > 1 or (not x.shape and found.size != 1):
        raise ShapeError(f"index_select of shape {show(x.shape)} by one of {show(found.shape)}")
    return x, place, found.reshape(-1)


def _index_selected(f: Any, x: Any, dim: int, index: Any) -> Any:
    return f(ops.INDEX, x, key=along(x, dim, index)) if x.ndim else x


def _take(x: Any, index: Any) -> tuple[Any, Any]:
    return x, checked("take", index, math.prod(x.shape), negative=True)


def _taken(f: Any, x: Any, index: Any) -> Any:
    return f(ops.INDEX, flat(f, x), key=(ops.Data.of(index),))


def _masked(x: Any, mask: Any) -> tuple[Any, Any, tuple[int, ...]]:
    marks = np.asarray(mask) != 0
    try:
        shape = np.broadcast_shapes(tuple(x.shape), marks.shape)
    except ValueError:
        raise ShapeError(
            f"a mask of shape {show(marks.shape)} on a tensor of shape {show(x.shape)}"
        ) from None
    return x, np.broadcast_to(marks, shape), shape


def _selected(f: Any, x: Any, mask: Any, shape: Any) -> Any:
    wide = spread_to(f, x, shape)
    return f(ops.INDEX, flat(f, wide), key=(ops.Data.of(np.flatnonzero(mask)),))


def _filled(f: Any, x: Any, mask: Any, value: Any) -> Any:
    if value.ndim:
        raise ShapeError(f"masked_fill takes one value, not shape {show(value.shape)}")
    result = f.scalar("where", mask, value, x)
    if result.shape != x.shape:
        return f(ops.BROADCAST, result, shape=result.shape)
    return result


def _torch_filled(t: Any, x: Any, mask: Any, value: Any) -> Any:
    if value.ndim:
        raise ShapeError(f"masked_fill takes one value, not shape {show(value.shape)}")
    return x.masked_fill(mask != 0, value)


def _scatter_mask(x: Any, mask: Any, source: Any) -> tuple[Any, Any, Any]:
    x, marks, _ = _masked(x, mask)
    if math.prod(source.shape) < int(marks.sum()):
        raise ShapeError(f"masked_scatter puts {marks.sum()} elements, more than there are")
    return x, marks, source


def _mask_scattered(f: Any, x: Any, mask: Any, source: Any) -> Any:
    wide = spread_to(f, x, mask.shape)
    count = int(mask.sum())
    if not count:
        return wide
    first = f(ops.INDEX, flat(f, source), key=((0, count, 1),))
    return replaced(f, wide, first, tuple(ops.Data.of(part) for part in np.nonzero(mask)))


def _scattering(name: str, x: Any, dim: int, index: Any, src: Any) -> Any:
    place = dimension(x.shape, dim)
    found = checked(name, index, x.shape[place] if x.shape else 1)
    around = found.shape if not src.shape and x.shape else src.shape
    fits_pointwise(name, x.shape, found, place, around)
    return place, found


def _scatter(x: Any, dim: int, index: Any, src: Any) -> tuple[Any, int, Any, Any]:
    place, found = _scattering("scatter", x, dim, index, src)
    unmixed("scatter", places_of(x.shape, pointwise(found, place) if x.shape else ()))
    return x, place, found, src


def _scattered(f: Any, x: Any, dim: int, index: Any, src: Any) -> Any:
    if not x.ndim:
        return src
    source = spread_to(f, src, index.shape) if not src.ndim else cut_to(f, src, index.shape)
    return replaced(f, x, source, pointwise(index, dim)) if index.size else x


def _torch_scattered(t: Any, x: Any, dim: int, index: Any, src: Any) -> Any:
    places = tensor_of(t, x, index)
    return t.scatter(x, dim, places, src if src.ndim or not x.ndim else src.expand(index.shape))


def _scatter_add(x: Any, dim: int, index: Any, src: Any) -> tuple[Any, int, Any, Any]:
    place, found = _scattering("scatter_add", x, dim, index, src)
    if x.shape and not src.shape:
        raise ShapeError("scatter_add takes a tensor to be added, not one number")
    return x, place, found, src


def _scatter_added(f: Any, x: Any, dim: int, index: Any, src: Any) -> Any:
    if not x.ndim:
        return f.scalar("add", x, src)
    return added(f, x, cut_to(f, src, index.shape), pointwise(index, dim))


def _scatter_reduce(
    x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool = True
) -> Any:
    place, found = _scattering("scatter_reduce", x, dim, index, src)
    return x, place, found, src, reduce, bool(include_self)


def _scatter_reduced(
    f: Any, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool
) -> Any:
    if not x.ndim:
        source, places = single(f, src), np.zeros(1, dtype=np.int64)
        return grouped(f, x, source, places, reduce, include_self)
    places = places_of(x.shape, pointwise(index, dim))
    return grouped(f, x, cut_to(f, src, index.shape), places, reduce, include_self)


def _torch_scatter_reduced(
    t: Any, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool
) -> Any:
    places = tensor_of(t, x, index)
    return t.scatter_reduce(x, dim, places, src, reduce, include_self=include_self)


def placed(name: str, x: Any, dim: int, index: Any, source: Any) -> tuple[int, Any]:
    """The dimension and the places along it to which the parts of source go."""
    place = dimension(x.shape, dim)
    found = checked(name, index, x.shape[place] if x.shape else 1).reshape(-1)
    wanted = (*x.shape[:place], len(found), *x.shape[place + 1 :])
    alone = len(x.shape) < 2 and len(found) == 1
    if tuple(source.shape) not in (wanted, () if alone else wanted):
        raise ShapeError(
            f"{name} of shape {show(x.shape)} takes a source of shape {show(wanted)}, "
            f"not {show(source.shape)}"
        )
    return place, found


def _index_add(x: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> Any:
    return x, *placed("index_add", x, dim, index, source), source, alpha


def _index_added(f: Any, x: Any, dim: int, index: Any, source: Any, alpha: Any) -> Any:
    if alpha != 1:
        source = f.scalar("mul", source, f.literal(np.array(float(alpha))))
    if not x.ndim:
        return f.scalar("add", x, single(f, source))
    source = source if source.ndim else f(ops.RESHAPE, source, shape=(1,))
    return added(f, x, source, along(x, dim, index))


def _index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    place, found = placed("index_copy", x, dim, index, source)
    return x, place, unmixed("index_copy", found), source


def _index_copied(f: Any, x: Any, dim: int, index: Any, source: Any) -> Any:
    if not x.ndim:
        return single(f, source)
    source = source if source.ndim else f(ops.RESHAPE, source, shape=(1,))
    return replaced(f, x, source, along(x, dim, index)) if index.size else x


def _index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    place = dimension(x.shape, dim)
    found = checked("index_fill", index, x.shape[place] if x.shape else 1, negative=True)
    if value.shape:
        raise ShapeError(f"index_fill takes a tensor and one value, not shape {show(value.shape)}")
    return x, place, np.unique(found), value


def _index_filled(f: Any, x: Any, dim: int, index: Any, value: Any) -> Any:
    if not x.ndim:
        return value
    shape = (*x.shape[:dim], len(index), *x.shape[dim + 1 :])
    return replaced(f, x, spread_to(f, value, shape), along(x, dim, index)) if index.size else x


def _index_put(x: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    parts = [np.asarray(part) for part in indices]
    arrays = [part for k in parts for part in (np.nonzero(k) if k.dtype == np.bool_ else (k,))]
    if not arrays or len(arrays) > len(x.shape):
        raise ShapeError(f"index_put of shape {show(x.shape)} by {len(arrays)} indices")
    found = tuple(
        checked("index_put", part, x.shape[k], negative=True) for k, part in enumerate(arrays)
    )
    key = tuple(ops.Data.of(part) for part in np.broadcast_arrays(*found))
    if not accumulate:
        unmixed("index_put", places_of(x.shape, key))
    return x, key, values, bool(accumulate)


def _index_was_put(f: Any, x: Any, key: Any, values: Any, accumulate: bool) -> Any:
    source = spread_to(f, values, ops.INDEX.shape(tuple(x.shape), key=key))
    return (added if accumulate else replaced)(f, x, source, key)


def _torch_index_put(t: Any, x: Any, key: Any, values: Any, accumulate: bool) -> Any:
    return t.index_put(x, tuple(tensor_of(t, x, k.array) for k in key), values, accumulate)


def _kept_key(x: Any, key: Any) -> Any:
    return x, tuple(key)


def _torch_take(t: Any, x: Any, index: Any) -> Any:
    return t.take(x, tensor_of(t, x, index))


def _by_index(name: str) -> Any:
    """torch's function of a dimension, an index and what else there is."""

    def call(t: Any, x: Any, dim: int, index: Any, *rest: Any) -> Any:
        return getattr(t, name)(x, dim, tensor_of(t, x, index), *rest)

    return call


PICKED: tuple[Structural, ...] = (
    fitted("gather", _gather, _gathered,
           ((MATRIX, {"dim": 0, "index": PICK}), (MATRIX, {"dim": 1, "index": FIRST}),
            (VECTOR, {"dim": -1, "index": [2, 0, 0, 1]})),
           "for each place of an index, the element that it names along dim",
           _by_index("gather"), moves=True),
    fitted("index_select", _select,
           _index_selected,
           ((VECTOR, {"dim": 0, "index": [2, 0, 0]}), (MATRIX, {"dim": 1, "index": [1, 2]})),
           "the places along dim that an index names", _by_index("index_select"), moves=True),
    fitted("take", _take, _taken,
           ((VECTOR, {"index": [2, 0, -1]}), (MATRIX, {"index": [[5, 0], [2, 2]]})),
           "the elements that an index names, all counted in a row", _torch_take, moves=True),
    fitted("masked_select", _masked, _selected,
           ((MATRIX, {"mask": MASK}), (VECTOR, {"mask": MASK})),
           "the elements at which a mask is true, in a row",
           lambda t, x, mask, shape: t.masked_select(x, tensor_of(t, x, mask)), moves=True),
)  # fmt: skip

PUT: tuple[Structural, ...] = (
    Structural("masked_fill", _filled, ((MATRIX, MASK, 0.5),),
               "x with a value where a mask is true", _torch_filled,
               tensors=("x", "mask", "value"), data=("mask",)),
    fitted("masked_scatter", _scatter_mask, _mask_scattered,
           ((MATRIX, MASK, OTHER), (VECTOR, MASK, OTHER)),
           "x with the elements of source, one after another, where a mask is true",
           lambda t, x, mask, source: t.masked_scatter(x, tensor_of(t, x, mask), source),
           tensors=("x", "source")),
    fitted("scatter", _scatter, _scattered,
           ((MATRIX, 0, [[0, 1, 1]], [OTHER[0]]), (MATRIX, 0, PICK, OTHER),
            (MATRIX, 1, FIRST, SQUARE), (VECTOR, 0, [2, 0], 4.0)),
           "x with the elements of src at the places that an index names along dim",
           _torch_scattered, tensors=("x", "src")),
    fitted("scatter_add", _scatter_add, _scatter_added,
           ((MATRIX, 0, [[0, 1, 0], [0, 0, 0]], OTHER), (VECTOR, 0, [2, 0, 2], [1.5, -0.5, 3.0])),
           "x with the elements of src added at the places that an index names along dim",
           _by_index("scatter_add"), tensors=("x", "src")),
    fitted("scatter_reduce", _scatter_reduce, _scatter_reduced,
           ((VECTOR, 0, [2, 0, 2], [1.5, -0.5, 3.0], {"reduce": "mean"}),
            (MATRIX, 0, [[0, 1, 0], [0, 0, 0]], OTHER, {"reduce": "amax"}),
            (MATRIX, 0, [[0, 1, 0], [0, 0, 0]], OTHER, {"reduce": "prod"}),
            (VECTOR, 0, [2, 0, 2], [1.5, -0.5, 3.0], {"reduce": "mean", "include_self": False}),
            (VECTOR, 0, [2, 0, 2], [1.5, -0.5, 3.0], {"reduce": "sum", "include_self": False}),
            (VECTOR, 0, [2, 0, 2], [1.5, -0.5, 3.0], {"reduce": "amin"})),
           "x and the elements of src that go to the same place: their sum, prod, mean, amax, amin",
           _torch_scatter_reduced, tensors=("x", "src")),
    fitted("index_add", _index_add, _index_added,
           ((MATRIX, 1, [2, 2, 0], OTHER), (VECTOR, 0, [1, 1], [0.25, 4.0], {"alpha": 2})),
           "x with source added at the places along dim that an index names",
           lambda t, x, dim, index, source, alpha: t.index_add(
               x, dim, tensor_of(t, x, index), source, alpha=alpha),
           tensors=("x", "source")),
    fitted("index_copy", _index_copy, _index_copied,
           ((MATRIX, 1, [2, 0], SQUARE), (VECTOR, 0, [1], [0.25])),
           "x with source at the places along dim that an index names",
           _by_index("index_copy"), tensors=("x", "source")),
    fitted("index_fill", _index_fill, _index_filled,
           ((MATRIX, 1, [2, 0], 0.5), (VECTOR, 0, [1, 1], 4.0)),
           "x with a value at the places along dim that an index names",
           _by_index("index_fill"), tensors=("x", "value")),
    fitted("index_put", _index_put, _index_was_put,
           ((MATRIX, ([0, 1], [2, 0]), [0.5, 4.0]), (MATRIX, ([1],), 0.5),
            (VECTOR, ([2, 0, 2],), [1.5, -0.5, 3.0], {"accumulate": True})),
           "x with values at the places that arrays name, or with them added there",
           _torch_index_put, tensors=("x", "values")),
)  # fmt: skip
