"""Where elements are taken from and put: the functions whose index is an array of whole numbers.

An index is data: it comes as an array of numpy's, or as lists.
"""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.expr import ops
from gradcalc.primitives.shapes import Shape, axis, show


def whole(index: Any) -> Any:
    """An index as an array of integers."""
    found = np.asarray(index)
    if found.dtype == np.bool_:
        raise InvalidValueError("truth values are no index here", hint="x[mask], or masked_select")
    return found.astype(np.int64)


def checked(name: str, index: Any, size: int, *, negative: bool = False) -> Any:
    """Places that there are; counted from the end only where that is allowed."""
    found = whole(index)
    least = -size if negative else 0
    if found.size and not (least <= found.min() and found.max() < size):
        wrong = found.max() if found.max() >= size else found.min()
        raise ShapeError(f"{name}: index {wrong} is out of range for size {size}")
    return found % size if size else found


def tensor_of(t: Any, x: Any, array: Any) -> Any:
    """An array as a tensor beside another one."""
    return t.tensor(array, device=x.device)


def slices(shape: Shape) -> list[tuple[int, int, int]]:
    """All places of some dimensions."""
    return [(0, int(size), 1) for size in shape]


def along(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The key of places along one dimension."""
    return (*slices(x.shape[:dim]), ops.Data.of(index))


def pointwise(index: Any, dim: int) -> tuple[Any, ...]:
    """The key of gather and scatter: each element of the index for its own place elsewhere."""
    grid = [np.asarray(part) for part in np.indices(index.shape)]
    grid[dim] = index
    return tuple(ops.Data.of(part) for part in grid)


def fits_pointwise(name: str, shape: Shape, index: Any, dim: int, around: Shape) -> None:
    """The index of gather and scatter is nowhere larger than what it goes with."""
    if index.ndim != len(shape) or len(around) != len(shape):
        raise ShapeError(f"{name} of shape {show(shape)} by an index of shape {show(index.shape)}")
    for place, size in enumerate(index.shape):
        if (place != dim and size > shape[place]) or size > around[place]:
            raise ShapeError(
                f"{name} of shape {show(shape)} by an index of shape {show(index.shape)}"
            )


def unmixed(name: str, places: Any) -> Any:
    """Places of which none is named twice: what would stay there is left open."""
    flat = places.reshape(-1)
    if len(np.unique(flat)) < flat.size:
        raise UnsupportedError(
            f"{name} writes twice in one place, and which of them stays is left open",
            hint=f"name each place once; {name.split('_')[0]}_add adds",
        )
    return places


def places_of(shape: Shape, key: Any) -> Any:
    """The places of a key, counted through all elements."""
    count = math.prod(shape)
    return np.arange(count).reshape(tuple(shape))[ops.numpy_key(key)]


def replaced(f: Any, x: Any, source: Any, key: Any) -> Any:
    """x with other elements at a key, none of whose places is named twice."""
    shape = tuple(x.shape)
    put = f(ops.SCATTER, source, key=key, shape=shape)
    mark = np.zeros(shape)
    mark[ops.numpy_key(key)] = 1.0
    if mark.all():
        return put
    return f.scalar("where", f.literal(mark), put, x)


def added(f: Any, x: Any, source: Any, key: Any) -> Any:
    """x with others added at a key."""
    return f.scalar("add", x, f(ops.SCATTER, source, key=key, shape=tuple(x.shape)))


def cut_to(f: Any, source: Any, shape: Shape) -> Any:
    """The first places of every dimension."""
    if tuple(source.shape) == tuple(shape):
        return source
    return f(ops.INDEX, source, key=tuple(slices(shape)))


def spread_to(f: Any, source: Any, shape: Shape) -> Any:
    """Repeated to a shape."""
    if tuple(source.shape) == tuple(shape):
        return source
    return f(ops.BROADCAST, source, shape=tuple(shape))


def single(f: Any, x: Any) -> Any:
    """One element as a tensor of no dimensions."""
    return x if not x.ndim else f(ops.RESHAPE, x, shape=())


def flat(f: Any, x: Any) -> Any:
    """All elements in a row."""
    return x if x.ndim == 1 else f(ops.RESHAPE, x, shape=(math.prod(x.shape),))


def dimension(shape: Shape, dim: int) -> int:
    """A dimension counted from the front."""
    return axis(shape, dim)


REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
"""What becomes of several elements in one place."""


def grouped(
    f: Any, x: Any, source: Any, places: Any, reduce: str, include_self: bool
) -> Any:  # fmt: skip
    """What becomes of all that goes to each place of x: `places` says where, for each of source.

    Places to which equally many go are worked out together.
    """
    if reduce not in REDUCTIONS:
        raise InvalidValueError(f"reduce is one of {', '.join(REDUCTIONS)}, not {reduce!r}")
    count = math.prod(x.shape)
    both = f(ops.CONCAT, flat(f, x), flat(f, source), axis=0)
    groups = _groups(count, places.reshape(-1), include_self)
    parts, order = [], []
    for members in _by_size(groups):
        table = np.array([groups[place] for place in members])
        taken = f(ops.INDEX, both, key=(ops.Data.of(table),))
        parts.append(_reduced(f, taken, reduce))
        order += members
    joined = parts[0] if len(parts) == 1 else f(ops.CONCAT, *parts, axis=0)
    back = np.argsort(np.array(order))
    if not np.array_equal(back, np.arange(count)):
        joined = f(ops.INDEX, joined, key=(ops.Data.of(back),))
    return f(ops.RESHAPE, joined, shape=tuple(x.shape))


def _groups(count: int, places: Any, include_self: bool) -> list[list[int]]:
    """For each place what goes there: itself, and those of the source, counted behind x."""
    groups: list[list[int]] = [[] for _ in range(count)]
    for number, place in enumerate(places.tolist()):
        groups[place].append(count + number)
    return [
        [place, *group] if include_self or not group else group
        for place, group in enumerate(groups)
    ]


def _by_size(groups: Sequence[Sequence[int]]) -> list[list[int]]:
    sizes: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        sizes.setdefault(len(group), []).append(place)
    return [sizes[size] for size in sorted(sizes)]


def _reduced(f: Any, taken: Any, reduce: str) -> Any:
    if taken.shape[1] == 1:
        return f(ops.RESHAPE, taken, shape=(taken.shape[0],))
    op = {"prod": ops.PROD, "amax": ops.AMAX, "amin": ops.AMIN}.get(reduce, ops.SUM)
    found = f(op, taken, axes=(1,))
    if reduce != "mean":
        return found
    return f.scalar("div", found, f.literal(np.array(float(taken.shape[1]))))
