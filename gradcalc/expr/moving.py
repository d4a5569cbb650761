"""Operations that only move elements about."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.expr.nodes import Data, Node, Op, Shape, nested_text
from gradcalc.expr.written import Text

Key = tuple[Any, ...]
"""An index as plain data: integers, `Slice`s and `Data`."""

FEW = 12
"""Elements that are counted from the front even at the end, and written one by one."""

Slice = tuple[int, int, int]
"""Start, size and step of a slice; the step may be negative."""


def inverse_order(order: Sequence[int]) -> Shape:
    """The order of dimensions that undoes another one."""
    return tuple(int(k) for k in np.argsort(order))


def _permute_text(w: Any, node: Node, order: Shape) -> Any:
    (x,) = node.operands
    if order == (1, 0):
        return w.attribute(x, "T")
    if order == (*range(len(order) - 2), len(order) - 1, len(order) - 2):
        return w.attribute(x, "mT")
    return w.call("permute", x, order)


def _reshape_text(w: Any, node: Node, shape: Shape) -> Any:
    (x,) = node.operands
    inserted = inserted_axes(x.shape, shape)
    if inserted is not None:
        return w.unsqueezed(x, inserted)
    if shape == (math.prod(x.shape),):
        return w.call("flatten", x)
    return w.call("reshape", x, shape)


def inserted_axes(old: Shape, new: Shape) -> Shape | None:
    """Where dimensions of size 1 were put in, None if something else was done."""
    axes, position = [], 0
    for axis, size in enumerate(new):
        if position < len(old) and old[position] == size:
            position += 1
        elif size == 1:
            axes.append(axis)
        else:
            return None
    return tuple(axes) if position == len(old) and axes else None


def _roll_text(w: Any, node: Node, shifts: Shape, axes: Shape) -> Any:
    (x,) = node.operands
    if len(axes) > 1:
        return w.call("roll", x, shifts, axes)
    return w.call("roll", x, shifts[0], *([] if x.ndim == 1 else axes))


def _flip_text(w: Any, node: Node, axes: Shape) -> Any:
    (x,) = node.operands
    return w.call("flip", x) if len(axes) == x.ndim else w.call("flip", x, axes)


def index_shape(shape: Shape, key: Key) -> Shape:
    """The shape of what stands at a key, the dimensions of arrays where numpy puts them."""
    return tuple(np.broadcast_to(False, shape)[numpy_key(key)].shape)


def numpy_key(key: Key) -> Any:
    """A key as numpy takes it."""

    def item(part: Any) -> Any:
        if isinstance(part, Data):
            return part.array
        if isinstance(part, tuple):
            start, size, step = part
            stop = start + size * step
            return slice(start, stop if stop >= 0 else None, step)
        return part

    return (*map(item, key), ...)


def _scattered(m: Any, g: Any, key: Key, shape: Shape) -> Any:
    result = m.zeros(shape)
    if any(isinstance(part, Data) for part in key):
        return _added(result, g, key, shape)
    result[numpy_key(key)] = g
    return result


def _added(result: Any, g: Any, key: Key, shape: Shape) -> Any:
    """What goes to one place is added, one after another."""
    if isinstance(result, np.ndarray):
        np.add.at(result, numpy_key(key), g)
        return result
    places = np.arange(math.prod(shape)).reshape(shape)[numpy_key(key)].reshape(-1)
    order = np.argsort(places, kind="stable")
    sorted_places = places[order]
    starts = np.searchsorted(sorted_places, sorted_places)
    turns = np.arange(len(places)) - starts
    flat, given = result.reshape((math.prod(shape),)), g.reshape((len(places),))
    for turn in range(int(turns.max(initial=-1)) + 1):
        chosen = order[turns == turn]
        flat[places[chosen]] = flat[places[chosen]] + given[chosen]
    return flat.reshape(shape)


def _index_text(w: Any, node: Node, key: Key) -> Any:
    (x,) = node.operands
    return w.subscript(x, [_item_text(part, size) for part, size in _sizes(key, x.shape)])


def _sizes(key: Key, shape: Shape) -> list[tuple[Any, int]]:
    """The items of a key, each with the size of the dimension that it is for."""
    result, axis = [], 0
    for part in key:
        result.append((part, shape[axis]))
        axis += _width(part)
    return result


def _width(part: Any) -> int:
    mask = isinstance(part, Data) and np.dtype(part.dtype) == np.bool_
    return len(part.shape) if mask else 1


def _item_text(part: Any, size: int) -> str:
    if isinstance(part, int):
        return str(-1 if part == size - 1 and size > FEW else part)
    if isinstance(part, Data):
        if part.array.size > FEW:
            return ""
        return _places_text(part)
    start, count, step = part
    stop = start + count * step
    first = "" if start == (0 if step > 0 else size - 1) else str(start)
    ends = stop >= size if step > 0 else stop < 0
    last = "" if ends else str(stop - size if step > 0 and stop == size - 1 else stop)
    return f"{first}:{last}" + (f":{step}" if step != 1 else "")


def _places_text(part: Data) -> str:
    """Places as an index: a list of lists is read by each library in its own way."""
    text = str(part.array.tolist())
    return f"tensor({text})" if len(part.shape) > 1 else text


def padding(key: Key, shape: Shape) -> Shape | None:
    """How much `pad` puts in front of and behind each dimension, the last one first.

    None for a scatter that is no padding.
    """
    result: list[int] = []
    items = [*key, *[(0, size, 1) for size in shape[len(key) :]]]
    if any(isinstance(part, Data) for part in items):
        return None
    for part, size in zip(items, shape, strict=True):
        start, count, step = part if isinstance(part, tuple) else (part, 1, 1)
        if step != 1 and count > 1:
            return None
        result = [start, size - start - count, *result]
    while result and not any(result[-2:]):
        result = result[:-2]
    return tuple(result)


def _scatter_text(w: Any, node: Node, key: Key, shape: Shape) -> Any:
    (g,) = node.operands
    amounts = padding(key, shape)
    number = w.one_number(g)
    if amounts is None and number is not None and 0 < math.prod(shape) <= FEW:
        array = _scattered(np, np.full(g.shape, number), key, shape)
        return w.tensor(node, nested_text(array, w.number))
    if amounts is None and (text := _put_text(w, node, key, shape)) is not None:
        return text
    if amounts is None:
        chosen = any(isinstance(part, Data) for part in key)
        where = "places that an array holds" if chosen else "places with others in between"
        raise w.unprintable(f"it puts elements at {where}")
    lost = tuple(axis for axis, part in enumerate(key) if isinstance(part, int))
    return w.padded(g, lost, amounts)


def _put_text(w: Any, node: Node, key: Key, shape: Shape) -> Any:
    """What is added at places that arrays name, in the words of torch, where these are short."""
    (g,) = node.operands
    arrays = [part for part in key if isinstance(part, Data)]
    if any(part.array.size > FEW or np.dtype(part.dtype) == np.bool_ for part in arrays):
        return None
    zeros = w.call("zeros", *shape)
    rest = list(zip(key[:-1], shape, strict=False))
    along = len(arrays) == 1 and key[-1] is arrays[0] and len(arrays[0].shape) == 1
    if along and all(part == (0, size, 1) for part, size in rest):
        return w.call("index_add", zeros, len(rest), tuple(arrays[0].array.tolist()), g)
    if not arrays or len(arrays) < len(key):
        return None
    places = f"[{', '.join(_places_text(part) for part in arrays)}]"
    return w.call("index_put", zeros, Text(places), g, Text("True"))


def pad_key(shape: Shape, amounts: Shape) -> Key:
    pairs = [(amounts[k], amounts[k + 1]) for k in range(0, len(amounts), 2)][::-1]
    whole = [(0, size, 1) for size in shape[: len(shape) - len(pairs)]]
    return (*whole, *((before, size, 1) for (before, _), size in zip(pairs, shape[-len(pairs):],
                                                                     strict=True)))  # fmt: skip


def padded_shape(shape: Shape, amounts: Shape) -> Shape:
    """The shape with so much in front of and behind each dimension, the last one first."""
    sizes = list(shape)
    for k in range(0, len(amounts), 2):
        sizes[-1 - k // 2] += amounts[k] + amounts[k + 1]
    return tuple(sizes)


def pad(f: Any, x: Any, amounts: Shape) -> Any:
    """Zeros around a tensor, as `torch.nn.functional.pad` counts them."""
    if not any(amounts):
        return x
    return f(SCATTER, x, key=pad_key(x.shape, amounts), shape=padded_shape(x.shape, amounts))


PERMUTE: Op = Op(
    "permute",
    lambda x, order: tuple(x[k] for k in order),
    lambda m, x, order: x.transpose(order),
    lambda f, g, y, x, order: [f(PERMUTE, g, order=inverse_order(order))],
    _permute_text,
    moves=True,
    jvp="all",
)
RESHAPE: Op = Op(
    "reshape",
    lambda x, shape: shape,
    lambda m, x, shape: x.reshape(shape),
    lambda f, g, y, x, shape: [f(RESHAPE, g, shape=x.shape)],
    _reshape_text,
    moves=True,
    jvp="all",
)
FLIP: Op = Op(
    "flip",
    lambda x, axes: x,
    lambda m, x, axes: np.flip(x, axes),
    lambda f, g, y, x, axes: [f(FLIP, g, axes=axes)],
    _flip_text,
    moves=True,
    jvp="all",
)
ROLL: Op = Op(
    "roll",
    lambda x, shifts, axes: x,
    lambda m, x, shifts, axes: np.roll(x, shifts, axes),
    lambda f, g, y, x, shifts, axes: [f(ROLL, g, shifts=tuple(-s for s in shifts), axes=axes)],
    _roll_text,
    moves=True,
    jvp="all",
)
INDEX: Op = Op(
    "index",
    lambda x, key: index_shape(x, key),
    lambda m, x, key: x[numpy_key(key)],
    lambda f, g, y, x, key: [f(SCATTER, g, key=key, shape=x.shape)],
    _index_text,
    moves=True,
    jvp="all",
)
SCATTER: Op = Op(
    "scatter",
    lambda g, key, shape: shape,
    _scattered,
    lambda f, g, y, x, key, shape: [f(INDEX, g, key=key)],
    _scatter_text,
    jvp="all",
)
