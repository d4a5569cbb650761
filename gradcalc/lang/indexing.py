"""What stands in square brackets: checked against the shape before any backend sees it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import plain
from gradcalc.lang.program import amount

Key = tuple[Any, ...]


def check_key(key: Key, shape: tuple[int, ...]) -> Key:
    """The key with its Ellipsis written out, if it fits the shape.

    Items are ints, slices of ints, None, Ellipsis, and numpy arrays of ints or truth values.
    Raises `ShapeError` for too many indices, an index out of range or a mask of another shape.
    """
    if sum(item is Ellipsis for item in key) > 1:
        raise ShapeError("only one ... can stand in an index")
    used = sum(_width(item) for item in key)
    if used > len(shape):
        what = "a scalar has no elements" if not shape else f"a tensor of shape {_show(shape)}"
        raise ShapeError(
            f"{used} {'index' if used == 1 else 'indices'} for {what}"
            if shape
            else f"{what} to index"
        )
    position = 0
    checked: list[Any] = []
    for item in key:
        if item is Ellipsis:
            missing = len(shape) - used
            checked.extend([slice(None)] * missing)
            position += missing
            continue
        if isinstance(item, slice):
            item = _bounded(item, shape[position])
        elif item is not None:
            _check_item(item, shape, position)
        position += _width(item)
        checked.append(item)
    return tuple(checked)


def _width(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, np.ndarray) and item.dtype == np.bool_:
        return item.ndim
    return 1


def _bounded(item: slice, size: int) -> slice:
    """The same slice with numbers no larger than they need be: the libraries count in 64 bits."""
    if item.step == 0:
        raise InvalidValueError("the step of a slice cannot be 0")

    def bound(value: int | None) -> int | None:
        return None if value is None else max(-size - 1, min(value, size + 1))

    return slice(bound(item.start), bound(item.stop), bound(item.step))


def _check_item(item: Any, shape: tuple[int, ...], position: int) -> None:
    if isinstance(item, np.ndarray) and item.dtype == np.bool_:
        covered = shape[position : position + item.ndim]
        if item.shape != covered:
            raise ShapeError(
                f"a mask of shape {_show(item.shape)} on a tensor of shape {_show(shape)}"
            )
        return
    size = shape[position]
    for index in np.ravel(np.asarray(item)):
        if not -size <= index < size:
            where = "" if len(shape) == 1 else f" in dimension {position}"
            raise ShapeError(
                f"index {plain.show(int(index))} is out of range for size {size}{where}",
                hint=f"indices go from 0 to {size - 1}, or from -{size} to -1" if size else None,
            )


def counted_with_arrays(key: Key, rank: int) -> Key:
    """The key as numpy reads it, to which a number beside an array is an array too.

    That decides where the dimensions of the arrays stand in the result. Raises `UnsupportedError`
    for an Ellipsis between arrays that stands for nothing, but parts them all the same.
    """
    arrays = [k for k, item in enumerate(key) if isinstance(item, np.ndarray) and item.ndim]
    if not arrays:
        return key
    counted = [k for k, item in enumerate(key) if isinstance(item, np.ndarray | int)]
    dots = [k for k, item in enumerate(key) if item is Ellipsis]
    if dots and counted[0] < dots[0] < counted[-1] and sum(map(_width, key)) == rank:
        raise UnsupportedError("an empty ... stands between the arrays", hint="leave it out")
    return tuple(np.array([item]) if isinstance(item, int) else item for item in key)


def sequence_item(values: Sequence[Any], key: Key) -> Any:
    """An item or slice of a list, a tuple or a range."""
    place = list_place(values, key)
    if isinstance(place, slice):
        # a part of a pair of values and indices is no such pair
        return tuple(values)[place] if isinstance(values, tuple) else values[place]
    return values[place]


def list_place(values: Sequence[Any], key: Key) -> int | slice:
    """The number or slice that a key of a list is. Raises `ShapeError` for any other."""
    if len(key) != 1 or not isinstance(key[0], int | slice):
        raise ShapeError("a list takes one index or slice", hint="tensor(...) makes a tensor of it")
    item, count = key[0], plain.length(values)
    if isinstance(item, slice):
        if item.step == 0:
            raise InvalidValueError("the step of a slice cannot be 0")
        return item
    if not -count <= item < count:
        raise ShapeError(
            f"index {plain.show(item)} is out of range for a list of {amount(count)}",
            python="IndexError",
            said=f"{type(values).__name__} index out of range",
        )
    return item


def _show(shape: tuple[int, ...]) -> str:
    return str(tuple(shape))
