"""Pooling that says where the greatest elements stand, and what puts them back there."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import itertools
import math
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives import pooling
from gradcalc.primitives.placing import checked, pointwise, tensor_of, unmixed
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import numbers, show
from gradcalc.primitives.windows import Sizes, Windows, each, padded, taken

# -- where the greatest stand -----------------------------------------------------------------


def _greatest(f: Any, x: Any, named: Any) -> Extremes:
    """The greatest of each row of the last dimension, with what `named` calls its place."""
    last = (x.ndim - 1,)
    values = f(ops.AMAX, x, axes=last)
    found = np.squeeze(f.positions(x, "argmax", last), last)
    return Extremes(values, f.literal(named(found)))


def _windows_form(rank: int) -> Any:
    def form(f: Any, input: Any, place: Windows, ceil: bool) -> Extremes:
        lead = input.ndim - rank
        parts = taken(f, padded(f, input, place, -math.inf), place)
        order = (*range(lead), *range(lead + rank, lead + 2 * rank), *range(lead, lead + rank))
        turned = f(ops.PERMUTE, parts, order=order)
        shape = (*input.shape[:lead], *place.count, math.prod(place.kernel))
        table = _flat_places(place)

        def named(found: Any) -> Any:
            wide = np.broadcast_to(table, (*input.shape[:lead], *table.shape))
            return np.take_along_axis(wide, found[..., None].astype(np.int64), -1)[..., 0]

        return _greatest(f, f(ops.RESHAPE, turned, shape=shape), named)

    return form


def _flat_places(place: Windows) -> Any:
    """Of each window its places, counted in a row through what is pooled."""
    rank, found = len(place.sizes), 0
    for at, before, size in zip(place.places, place.before, place.sizes, strict=True):
        found = found * size + (at - before)
    order = (*range(rank, 2 * rank), *range(rank))
    every = np.broadcast_to(found, (*place.kernel, *place.count)).transpose(order)
    return every.reshape(*place.count, -1)


def _windows_torch(name: str) -> Any:
    def call(t: Any, input: Any, place: Windows, ceil: bool) -> Extremes:
        own = getattr(t.nn.functional, name)
        given = (place.kernel, place.stride, place.before, place.dilation, ceil)
        return Extremes(*own(input, *given, return_indices=True))

    return call


def _shares_form(rank: int) -> Any:
    def form(f: Any, input: Any, made: Sizes) -> Extremes:
        lead = input.ndim - rank
        sizes = input.shape[lead:]
        whole = tuple((0, size, 1) for size in input.shape[:lead])
        grid = np.arange(math.prod(sizes)).reshape(sizes)
        values, places = [], []
        for cell in itertools.product(*map(pooling.shares, sizes, made)):
            part = f(ops.INDEX, input, key=(*whole, *((a, b - a, 1) for a, b in cell)))
            row = f(ops.RESHAPE, part, shape=(*input.shape[:lead], math.prod(part.shape[lead:])))
            table = grid[tuple(slice(a, b) for a, b in cell)].reshape(-1)
            found = _greatest(f, row, lambda at, table=table: table[at.astype(np.int64)])
            values.append(found.values)
            places.append(found.indices)
        pair = (f(ops.STACK, *parts, axis=lead) for parts in (values, places))
        shape = (*input.shape[:lead], *made)
        return Extremes(*(f(ops.RESHAPE, row, shape=shape) for row in pair))

    return form


# -- putting them back ------------------------------------------------------------------------


def _unpool(name: str, rank: int) -> Any:
    def fit(
        input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
        output_size: Any = None,
    ) -> Any:  # fmt: skip
        pooling.checked(name, rank, input)
        kernel = each("kernel_size", kernel_size, rank)
        strides = kernel if stride in (None, ()) else each("stride", stride, rank)
        around = each("padding", padding, rank)
        usual = tuple(
            (n - 1) * s - 2 * p + k
            for n, s, p, k in zip(input.shape[-rank:], strides, around, kernel, strict=True)
        )
        made = usual if output_size is None else tuple(numbers(output_size))[-rank:]
        near = all(u - s < n < u + s for u, s, n in zip(usual, strides, made, strict=True))
        if len(made) != rank or (output_size is not None and not near) or min(made) < 1:
            raise ShapeError(f"{name} makes shape {show(usual)} of these, not {show(made)}")
        places = checked(name, indices, math.prod(made))
        if places.shape != tuple(input.shape):
            raise ShapeError(
                f"{name} takes an index of shape {show(input.shape)}, not {show(places.shape)}"
            )
        lead = math.prod(input.shape[:-rank])
        rows = places.reshape(lead, -1)
        unmixed(name, rows + math.prod(made) * np.arange(lead)[:, None])
        return input, places, kernel, strides, around, tuple(int(n) for n in made)

    return fit


def _unpool_form(rank: int) -> Any:
    def form(
        f: Any, input: Any, indices: Any, kernel: Sizes, stride: Sizes, padding: Sizes, made: Sizes
    ) -> Any:  # fmt: skip
        lead = input.shape[:-rank]
        rows = (math.prod(lead), math.prod(input.shape[-rank:]))
        shape = (rows[0], math.prod(made))
        key = pointwise(indices.reshape(rows), 1)
        put = f(ops.SCATTER, f(ops.RESHAPE, input, shape=rows), key=key, shape=shape)
        return f(ops.RESHAPE, put, shape=(*lead, *made))

    return form


def _unpool_torch(name: str) -> Any:
    def call(
        t: Any, input: Any, indices: Any, kernel: Sizes, stride: Sizes, padding: Sizes, made: Sizes
    ) -> Any:  # fmt: skip
        own = getattr(t.nn.functional, name)
        return own(input, tensor_of(t, input, indices), kernel, stride, padding, made)

    return call


EVERY = (
    "input, kernel_size: ints, stride: ints, padding: ints, dilation: ints, ceil_mode: bool, "
    "return_indices: true"
)
"""All arguments of a pooling, in order."""


def _rows(rank: int) -> tuple[Structural, ...]:
    x, tensors = pooling.SHAPES[rank], ("input",)
    pooled, shared = f"max_pool{rank}d", f"adaptive_max_pool{rank}d"
    where = f"over the last {rank} dimensions" if rank > 1 else "over the last dimension"
    small = {"kernel_size": 2} if rank < 3 else {"kernel_size": (1, 2, 2)}
    odd = {"kernel_size": 2, "stride": 1 if rank == 1 else (1,) * (rank - 1) + (3,), "padding": 1}
    window = f"input, {pooling.WINDOW}, dilation: ints = 1, ceil_mode: bool = False"
    return (
        fitted(f"{pooled}_with_indices", pooling.max_fit(pooled, rank), _windows_form(rank),
               ((x, small), (x, odd), (x, {**small, "ceil_mode": True, "stride": 2})),
               f"the greatest element of windows {where}, and its place in a row of all",
               _windows_torch(pooled), tensors=tensors,
               calls=(*(f"torch.{pooled}_with_indices ({window})",) * (rank == 1),
                      f"torch.nn.functional.{pooled}_with_indices ({window}, "
                      "return_indices: ignored = False)",
                      f"torch.nn.functional.{pooled} ({window}, *, return_indices: true)",
                      f"torch.nn.functional.{pooled} ({EVERY})")),
        fitted(f"{shared}_with_indices", pooling.adaptive_fit(shared, rank), _shares_form(rank),
               ((x, {"output_size": (1,) * (rank - 1) + (3,)}), (x, {"output_size": 1})),
               f"the greatest of parts that share out {where[5:]}, and their places",
               lambda t, input, made: Extremes(
                   *getattr(t.nn.functional, shared)(input, made, return_indices=True)),
               tensors=tensors,
               calls=(f"torch.nn.functional.{shared}_with_indices (input, output_size: parts, "
                      "return_indices: ignored = False)",
                      f"torch.nn.functional.{shared} (input, output_size: parts, "
                      "return_indices: true)")),
        fitted(f"max_unpool{rank}d", _unpool(f"max_unpool{rank}d", rank), _unpool_form(rank),
               tuple((x, {"indices": places, **window}) for places, window in SAMPLES[rank]),
               f"elements put where an index says {where}, in a row of all, among zeros",
               _unpool_torch(f"max_unpool{rank}d"), tensors=tensors),
    )  # fmt: skip


def _apart(rank: int, step: int, size: int) -> Any:
    """An index for the samples, each place once: every `step` of so many."""
    shape = np.shape(pooling.SHAPES[rank])
    count = math.prod(shape[-rank:])
    row = (np.arange(count) * step) % size
    return np.broadcast_to(row.reshape(shape[-rank:]), shape).tolist()


SAMPLES: dict[int, Any] = {
    1: ((_apart(1, 3, 10), {"kernel_size": 2}),
        (_apart(1, 1, 9), {"kernel_size": 2, "output_size": (9,)})),
    2: ((_apart(2, 7, 40), {"kernel_size": 2}),),
    3: ((_apart(3, 11, 160), {"kernel_size": 2}),),
}  # fmt: skip

UNPOOLING: tuple[Structural, ...] = tuple(row for rank in (1, 2, 3) for row in _rows(rank))
