"""The rows of `gradcalc.primitives.taking` and `ordering` on numpy arrays of any objects: one
element after another, as their documentation has it."""

from collections.abc import Callable, Mapping
from functools import reduce as folded
from typing import Any

import numpy as np

from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.shapes import axis

Call = Callable[..., Any]


def _places(index: Any, dim: int) -> Any:
    """Each place of an index, and where it points to."""
    array = np.asarray(index)
    for place in np.ndindex(array.shape):
        yield place, (*place[:dim], int(array[place]), *place[dim + 1 :])


def _gather(call: Call, x: Any, dim: int, index: Any) -> Any:
    found = np.empty(np.shape(index), dtype=object)
    for place, there in _places(index, axis(x.shape, dim)):
        found[place] = x[there]
    return found


def _rows(x: Any, dim: int, index: Any) -> Any:
    """A copy of x, and a view of it whose first dimension is the named one."""
    made = x.copy()
    return made, np.moveaxis(made, axis(x.shape, dim), 0)


def _scatter(call: Call, x: Any, dim: int, index: Any, src: Any) -> Any:
    made = x.copy()
    for place, there in _places(index, axis(x.shape, dim)):
        made[there] = src[place] if np.ndim(src) else src[()]
    return made


def _scatter_add(call: Call, x: Any, dim: int, index: Any, src: Any) -> Any:
    made = x.copy()
    for place, there in _places(index, axis(x.shape, dim)):
        made[there] = made[there] + src[place]
    return made


FOLDS: Mapping[str, Callable[[Call], Callable[[Any, Any], Any]]] = {
    "sum": lambda call: lambda a, b: a + b,
    "mean": lambda call: lambda a, b: a + b,
    "prod": lambda call: lambda a, b: a * b,
    "amax": lambda call: lambda a, b: call("maximum", a, b),
    "amin": lambda call: lambda a, b: call("minimum", a, b),
}


def _scatter_reduce(
    call: Call, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool = True
) -> Any:
    heaps: dict[Any, list[Any]] = {}
    for place, there in _places(index, axis(x.shape, dim)):
        heaps.setdefault(there, [x[there]] if include_self else []).append(src[place])
    made = x.copy()
    for there, heap in heaps.items():
        total = folded(FOLDS[reduce](call), heap)
        made[there] = total / len(heap) if reduce == "mean" else total
    return made


def _index_add(call: Call, x: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> Any:
    made, rows = _rows(x, dim, index)
    parts = np.moveaxis(source, axis(x.shape, dim), 0)
    for number, place in enumerate(index):
        rows[place] = rows[place] + alpha * parts[number]
    return made


def _index_copy(call: Call, x: Any, dim: int, index: Any, source: Any) -> Any:
    made, rows = _rows(x, dim, index)
    parts = np.moveaxis(source, axis(x.shape, dim), 0)
    for number, place in enumerate(index):
        rows[place] = parts[number]
    return made


def _index_fill(call: Call, x: Any, dim: int, index: Any, value: Any) -> Any:
    made, rows = _rows(x, dim, index)
    for place in index:
        rows[place] = value[()]
    return made


def _index_put(call: Call, x: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    made = x.copy()
    keys = np.broadcast_arrays(*map(np.asarray, indices))
    rest = np.empty((*keys[0].shape, *x.shape[len(keys) :]), dtype=object)
    rest[...] = values
    for place in np.ndindex(keys[0].shape):
        there = tuple(int(key[place]) for key in keys)
        made[there] = made[there] + rest[place] if accumulate else rest[place]
    return made


def _masked_fill(call: Call, x: Any, mask: Any, value: Any) -> Any:
    made = x.copy()
    for place in np.ndindex(x.shape):
        # a mask is data, which the tests move a little
        if float(mask[place]) > 0.5:
            made[place] = value[()]
    return made


def _masked_scatter(call: Call, x: Any, mask: Any, source: Any) -> Any:
    marks = np.asarray(mask)
    made = np.broadcast_to(x, marks.shape).copy()
    left = iter(source.reshape(-1))
    for place in np.ndindex(marks.shape):
        if marks[place]:
            made[place] = next(left)
    return made


def _masked_select(call: Call, x: Any, mask: Any) -> Any:
    marks = np.asarray(mask)
    return np.broadcast_to(x, marks.shape)[marks]


def _topk(
    call: Call, sort: Call, x: Any, k: int, dim: int = -1, largest: bool = True
) -> Extremes:  # fmt: skip
    found = sort(call, x, dim, largest)
    return Extremes(*[np.take(part, range(k), axis(x.shape, dim)) for part in found])


def _kthvalue(
    call: Call, sort: Call, x: Any, k: int, dim: int = -1, keepdim: bool = False
) -> Extremes:  # fmt: skip
    place = axis(x.shape, dim)
    parts = [np.take(part, [k - 1], place) for part in sort(call, x, dim)]
    return Extremes(*(parts if keepdim else [np.squeeze(part, place) for part in parts]))


def by_order(sort: Call) -> Mapping[str, Call]:
    """What a sort makes of elements in order."""
    return {
        "topk": lambda call, *args, **given: _topk(call, sort, *args, **given),
        "kthvalue": lambda call, *args, **given: _kthvalue(call, sort, *args, **given),
        "argsort": lambda call, *args, stable=False, **given: sort(call, *args, **given).indices,
    }


PLACES: Mapping[str, Call] = {
    "gather": _gather,
    "index_select": lambda call, x, dim, index: np.take(x, index, dim),
    "take": lambda call, x, index: np.take(x, index),
    "masked_select": _masked_select,
    "masked_fill": _masked_fill,
    "masked_scatter": _masked_scatter,
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "scatter_reduce": _scatter_reduce,
    "index_add": _index_add,
    "index_copy": _index_copy,
    "index_fill": _index_fill,
    "index_put": _index_put,
}
