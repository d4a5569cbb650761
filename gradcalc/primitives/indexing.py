"""Indexing alike on both sides: numpy's negative steps, torch's order of dimensions."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops

Call = Callable[..., Any]


def index_plan(shape: Any, key: Any) -> tuple[list[int], tuple[Any, ...], tuple[Any, ...]]:
    """Dimensions to flip, then a key of numbers and slices, then one of arrays.

    In two steps, because numpy counts a number among arrays and torch does not, which puts the
    result's dimensions in another order; flips, because torch has no negative steps.
    """
    items = [_index_item(item) for item in (key if isinstance(key, tuple) else (key,))]
    missing = len(shape) - sum(_width(item) for item in items)
    flips: list[int] = []
    basic: list[Any] = []
    arrays: list[Any] = []
    at = 0
    for item in items:
        if item is Ellipsis:
            basic += [slice(None)] * missing
            arrays += [slice(None)] * missing
            at += missing
            continue
        if isinstance(item, np.ndarray):
            basic += [slice(None)] * _width(item)
            arrays.append(item)
        else:
            if isinstance(item, slice) and item.step is not None and item.step < 0:
                flips.append(at)
                item = _turned(item, shape[at])
            basic.append(item)
            if not isinstance(item, int):
                arrays.append(slice(None))
        at += _width(item)
    used = any(isinstance(item, np.ndarray) for item in arrays)
    return flips, tuple(basic), tuple(arrays) if used else ()


def _index_item(item: Any) -> Any:
    if item is None or item is Ellipsis or isinstance(item, slice):
        return item
    array = np.asarray(item)
    if array.ndim == 0 and array.dtype.kind in "iu":
        return operator.index(array)
    if array.size == 0 and array.dtype != np.bool_:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub" or array.ndim == 0:
        raise ShapeError(f"{item} is no index: whole numbers, slices and masks are")
    return array


def _width(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype == np.bool_ else 1


def _turned(item: slice, size: int) -> slice:
    """The slice of a negative step, counted in the flipped dimension."""
    places = range(*item.indices(size))
    if not places:
        return slice(0, 0)
    return slice(size - 1 - places[0], size - places[-1], -places.step)


def torch_index(t: Any, x: Any, key: Any) -> Any:
    flips, basic, arrays = index_plan(x.shape, key)
    part = (t.flip(x, flips) if flips else x)[basic]
    if not arrays:
        return part
    return part[
        tuple(
            t.as_tensor(item.astype(np.int64 if item.dtype != np.bool_ else np.bool_)).to(x.device)
            if isinstance(item, np.ndarray)
            else item
            for item in arrays
        )
    ]


def index_places(places: Any, key: Any) -> Any:
    """What stands at a key of a numpy array, as the primitive has it."""
    flips, basic, arrays = index_plan(places.shape, key)
    part = (np.flip(places, tuple(flips)) if flips else places)[basic]
    return part[arrays] if arrays else part


def index_form(f: Any, x: Any, key: Any) -> Any:
    """The form of an index: numbers and slices first, then arrays, for the reason above."""
    items = [_index_item(item) for item in (key if isinstance(key, tuple) else (key,))]
    missing = len(x.shape) - sum(_width(item) for item in items)
    basic: list[Any] = []
    arrays: list[Any] = []
    at = 0
    for item in items:
        sizes = x.shape[at : at + (missing if item is Ellipsis else _width(item))]
        at += len(sizes)
        if item is Ellipsis or isinstance(item, np.ndarray):
            basic += [(0, size, 1) for size in sizes]
        elif isinstance(item, slice):
            places = range(*item.indices(sizes[0]))
            basic.append((places.start if places else 0, len(places), places.step))
        else:
            basic.append(item if item is None else item % sizes[0])
        if isinstance(item, np.ndarray):
            arrays.append(ops.Data.of(item))
        elif not isinstance(item, int):
            count = len(sizes) if item is Ellipsis else 1
            arrays += [(0, size, 1) for size in _sizes_left(basic)[-count:]] if count else []
    taken = [item for item in basic if item is not None]
    plain = [(0, size, 1) for size in x.shape[: len(taken)]]
    part = x if taken == plain else f(ops.INDEX, x, key=tuple(taken))
    if len(taken) < len(basic):
        sizes = [*_sizes_left(basic), *x.shape[len(taken) :]]
        part = f(ops.RESHAPE, part, shape=tuple(sizes))
    if not any(isinstance(item, ops.Data) for item in arrays):
        return part
    return f(ops.INDEX, part, key=tuple(arrays))


def _sizes_left(basic: list[Any]) -> list[int]:
    """The sizes that numbers and slices leave, 1 for each None."""
    return [1 if item is None else item[1] for item in basic if not isinstance(item, int)]
