"""The same elements in another layout: dimensions moved, split and merged, elements repeated."""

import math
from typing import Any, NoReturn

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import casts, ops, views
from gradcalc.lang.backend import check_elements
from gradcalc.lang.dialects.readings import called
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axes, show
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers as several


def moved(machine: Machine, **values: Any) -> Any:
    """movedim and moveaxis: some dimensions to other places, the others in their order."""
    x, source, destination = values.values()
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    start, end = (axes(shape, several(v)) for v in (source, destination))
    if len(start) != len(end):
        raise ShapeError(f"{len(start)} dimensions cannot be moved to {len(end)} places")
    order = [k for k in range(len(shape)) if k not in start]
    for place, dim in sorted(zip(end, start, strict=True)):
        order.insert(place, dim)
    return ops.call(machine, "permute", x, tuple(order)) if len(shape) > 1 else x


def rolled_axis(machine: Machine, a: Any, axis: Any, start: Any) -> Any:
    """numpy's rollaxis: one axis in front of another."""
    a = ops.tensor(machine, a)
    rank = len(ops.shape(machine, a))
    dim = one_of(ops.shape(machine, a), ops.integer(machine, axis))
    place = ops.integer(machine, start)
    place += rank if place < 0 else 0
    if not 0 <= place <= rank:
        raise ShapeError(f"there is no axis {place} of shape {show(ops.shape(machine, a))}")
    return moved(machine, a=a, source=dim, destination=place - 1 if place > dim else place)


def unflattened(machine: Machine, input: Any, dim: Any, sizes: Any) -> Any:
    """torch's unflatten: one dimension as several."""
    x = ops.tensor(machine, input)
    shape = ops.shape(machine, x)
    place, wanted = one_of(shape, ops.integer(machine, dim)), list(several(sizes))
    rest = math.prod(n for n in wanted if n != -1)
    if wanted.count(-1) == 1 and rest > 0 and shape[place] % rest == 0:
        wanted = [shape[place] // rest if n == -1 else n for n in wanted]
    if min(wanted, default=0) < 0 or math.prod(wanted) != shape[place]:
        raise ShapeError(f"unflatten of {shape[place]} places to {show(several(sizes))}")
    return ops.reshape(machine, x, (*shape[:place], *wanted, *shape[place + 1 :]))


def shaped_as(machine: Machine, name: str, self: Any, other: Any) -> Any:
    """view_as, reshape_as and expand_as: in the shape of another tensor."""
    return ops.call(machine, name, self, ops.shape(machine, other))


def turned_over(machine: Machine, name: str, **values: Any) -> Any:
    """fliplr and flipud."""
    x, *_ = values.values()
    x = ops.tensor(machine, x)
    least, dim = {"fliplr": (2, 1), "flipud": (1, 0)}[name]
    if len(ops.shape(machine, x)) < least:
        raise ShapeError(f"{name} of shape {show(ops.shape(machine, x))}")
    return ops.call(machine, "flip", x, (dim,))


def transposed_matrix(machine: Machine, **values: Any) -> Any:
    """matrix_transpose and adjoint: the last two dimensions swapped."""
    x, *_ = values.values()
    x = ops.tensor(machine, x)
    if len(ops.shape(machine, x)) < 2:
        raise ShapeError(f"{called(machine)} needs a matrix, not {machine.describe(x)}")
    return ops.call(machine, "transpose", x, -2, -1)


def itself(machine: Machine, **values: Any) -> Any:
    """What is the same object: the real part of a real number, and its conjugate."""
    (x,) = values.values()
    return ops.tensor(machine, x)


def flattened(machine: Machine, input: Any, start_dim: Any, end_dim: Any) -> Any:
    """torch's flatten; of one dimension it gives the tensor itself."""
    x = ops.tensor(machine, input)
    shape = ops.shape(machine, x)
    if shape and one_of(shape, start_dim) == one_of(shape, end_dim):
        return x
    return ops.call(machine, "flatten", x, start_dim, end_dim)


def tiled(machine: Machine, **values: Any) -> Any:
    """tile: all elements again and again."""
    x, reps = values.values()
    return ops.call(machine, "tile", ops.tensor(machine, x), several(reps))


def repeated(machine: Machine, self: Any, repeats: Any) -> Any:
    """torch's repeat, which is a tile of at least as many numbers as there are dimensions."""
    rank = len(ops.shape(machine, self))
    if len(several(repeats)) < rank:
        raise ShapeError(
            f"repeat of {rank} dimensions by {len(several(repeats))} numbers",
            hint="repeat_interleave repeats each element, as np.repeat does",
        )
    return tiled(machine, self=self, repeats=repeats)


def each_repeated(machine: Machine, **values: Any) -> Any:
    """numpy's repeat and torch's repeat_interleave: each element several times."""
    x, repeats, dim, *_ = values.values()
    x = ops.tensor(machine, x)
    if dim is None:
        x, dim = ops.reshape(machine, x, (-1,)), 0
    if machine.is_tensor(repeats) and ops.shape(machine, repeats):
        repeats = [ops.integer(machine, n) for n in ops.items(machine, repeats)]
    elif not isinstance(repeats, list | tuple):
        repeats = ops.integer(machine, repeats)
    found = ops.call(machine, "repeat_interleave", x, repeats, dim)
    total = values.get("output_size")
    if total is not None and ops.shape(machine, found)[dim] != ops.integer(machine, total):
        raise ShapeError(f"repeat_interleave does not give {total} places")
    return found


def diagonals(machine: Machine, **values: Any) -> Any:
    """diagflat: all elements in a row as the diagonal of a matrix."""
    x, offset = values.values()
    row = ops.reshape(machine, ops.tensor(machine, x), (-1,))
    return ops.call(machine, "diag", row, offset)


def sliding(machine: Machine, x: Any, window_shape: Any, axis: Any) -> Any:
    """numpy's sliding_window_view, which writes nothing."""
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    sizes = several(window_shape)
    along = tuple(range(len(shape))) if axis is None else axes(shape, axis)
    if len(sizes) != len(along):
        raise ShapeError(f"windows of {len(sizes)} sizes along {len(along)} dimensions")
    found = x
    for size, dim in zip(sizes, along, strict=True):
        found = ops.call(machine, "sliding_windows", found, dim, size, 1)
    return casts.unsure_of(x, found, closed=True)


def windows(machine: Machine, self: Any, dimension: Any, size: Any, step: Any) -> Any:
    """torch's unfold of a tensor: a view, in which windows may share elements."""
    found = ops.call(machine, "sliding_windows", self, dimension, size, step)
    if not self.shape:
        return casts.unsure_of(self, found)
    place = one_of(self.shape, dimension)

    def read(held: Any) -> Any:
        return machine.apply("sliding_windows", x=held, dim=place, size=size, step=step)

    def find(places: Any) -> Any:
        every = np.lib.stride_tricks.sliding_window_view(places, size, axis=place)
        return np.moveaxis(np.moveaxis(every, place, 0)[::step], 0, place)

    return views.shared(machine, self, found, read, find)


def laid_out(
    machine: Machine, word: str, input: Any, size: Any, stride: Any, storage_offset: Any
) -> Any:
    """torch's as_strided of a tensor that has its memory to itself, all elements in order."""
    x = ops.tensor(machine, input)
    count = ops.size(machine, x)
    if not views.in_order(x) or math.prod(x.owner.shape) != count:
        refused_strides(machine)
    sizes, steps = several(size), several(stride)
    if len(sizes) != len(steps) or min((*sizes, *steps), default=0) < 0:
        raise ShapeError("as_strided has a size and a step for each dimension, none below 0")
    check_elements("as_strided", math.prod(sizes), machine.limits.elements)
    places: Any = np.array(0 if storage_offset is None else storage_offset)
    for length, step in zip(sizes, steps, strict=True):
        places = places[..., None] + step * np.arange(length)
    if places.size and not (places.min() >= 0 and places.max() < count):
        raise ShapeError(f"as_strided goes beyond the {count} elements", python="RuntimeError")
    row = ops.reshape(machine, x, (-1,))
    found = ops.index(machine, row, (places,)) if sizes else ops.index(machine, row, (int(places),))
    if word == "copy":
        return found

    def read(held: Any) -> Any:
        flat = machine.apply("reshape", x=held, shape=(-1,))
        return machine.apply("index", x=flat, key=(places if sizes else int(places),))

    return views.shared(machine, x, found, read, lambda held: held.reshape(-1)[places])


def refused_strides(machine: Machine, **_: Any) -> NoReturn:
    """as_strided: what it gives hangs on how the elements lie in memory."""
    raise UnsupportedError(
        f"{called(machine)} depends on how the elements lie in memory",
        hint="write the index, or x.unfold(dim, size, step) for windows",
    )


def padded(machine: Machine, input: Any, pad: Any, mode: Any, value: Any) -> Any:
    """torch's pad: pairs for the last dimension, the last but one, and so on."""
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise InvalidValueError(f"pad has no mode {mode!r}")
    if mode != "constant" and value is not None and value != 0:
        raise InvalidValueError(f"pad in mode {mode!r} takes no value")
    filled = 0.0 if value is None else value
    return ops.call(machine, "pad", input, tuple(pad), mode, filled)


EDGES = ("edge", "reflect", "symmetric", "wrap")
"""numpy's ways to pad with the elements that there are."""

WHOLES = {"mean": "mean", "maximum": "amax", "minimum": "amin"}
"""Those which pad with what a reduction makes of them."""


def numpy_padded(
    machine: Machine, array: Any, pad_width: Any, mode: Any, constant_values: Any,
    reflect_type: Any = "even",
) -> Any:  # fmt: skip
    """numpy's pad: one width for every side, one pair for every axis, or a pair for each."""
    x = ops.tensor(machine, array)
    shape = ops.shape(machine, x)
    widths = _pairs(machine, pad_width, len(shape))
    if mode == "constant":
        return _filled(machine, x, widths, constant_values)
    if mode in WHOLES:
        return _with_whole(machine, x, widths, WHOLES[mode])
    if mode not in EDGES:
        known = ", ".join(("constant", *EDGES, *WHOLES))
        raise UnsupportedError(f"pad in mode {mode!r} is not known here", hint=f"modes: {known}")
    if reflect_type != "even":
        raise UnsupportedError("pad with odd reflections is not known here")
    for dim, width in enumerate(widths):
        if any(width):
            places = np.pad(np.arange(shape[dim]), width, mode=mode)
            x = ops.index(machine, x, (*[slice(None)] * dim, places))
    return x


def _pairs(machine: Machine, given: Any, rank: int) -> list[tuple[Any, Any]]:
    """numbers in front of and behind each axis, of one, of a pair, or of pairs."""
    if isinstance(given, dict):
        raise UnsupportedError("pad widths in a dictionary", hint="write a pair for each axis")
    rows = list(given) if isinstance(given, list | tuple) else [given]
    nested = [list(r) if isinstance(r, list | tuple) else None for r in rows]
    if all(row is None for row in nested):
        before, behind = (rows * 2)[:2] if len(rows) in (1, 2) else (None, None)
        pairs = [(before, behind)] * rank
    else:
        found = [(row * 2)[:2] for row in nested if row and len(row) in (1, 2)]
        pairs = [(a, b) for a, b in (found * rank if len(found) == 1 else found)]
        pairs = pairs if len(found) == len(rows) else []
    if len(pairs) != rank or (len(rows) > 2 and len(rows) != rank) or pairs[:1] == [(None, None)]:
        raise ShapeError(f"pad of {rank} axes by {given}")
    return pairs


def _filled(machine: Machine, x: Any, widths: list[tuple[Any, Any]], values: Any) -> Any:
    """Numbers around a tensor, those of the last axis at the corners."""
    numbers = _pairs(machine, values, len(widths))
    amounts = [tuple(ops.integer(machine, n) for n in pair) for pair in widths]
    if len(set(numbers)) <= 1:
        flat = tuple(n for pair in amounts[::-1] for n in pair)
        first = numbers[0] if numbers else (0, 0)
        if first[0] == first[1]:
            return ops.call(machine, "pad", x, flat, value=first[0])
    for dim, (pair, filling) in enumerate(zip(amounts, numbers, strict=True)):
        rest = len(widths) - 1 - dim
        for side in (0, 1):
            if pair[side]:
                own = (pair[0], 0) if side == 0 else (0, pair[1])
                x = ops.call(machine, "pad", x, (0, 0) * rest + own, value=filling[side])
    return x


def _with_whole(machine: Machine, x: Any, widths: list[tuple[Any, Any]], name: str) -> Any:
    """What a reduction makes of all places of an axis, in front of and behind them."""
    for dim, pair in enumerate(widths):
        whole = ops.call(machine, name, x, dim=dim, keepdim=True)
        before, behind = (ops.call(machine, "repeat_interleave", whole, n, dim) for n in pair)
        x = ops.call(machine, "concat", [before, x, behind], dim=dim)
    return x
