"""Rows that give places, or put elements back where they were, on arrays of any objects."""

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np

from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.shapes import axis
from tests.array_places import FOLDS
from tests.array_windows import adaptive, each, greatest, max_pool, places, zeros

Call = Callable[..., Any]


def with_places(pool: Call, rank: int) -> Call:
    """A pooling of the greatest, and where each of them stands in what is pooled."""

    def array(call: Call, input: Any, *args: Any, **given: Any) -> Extremes:
        values = pool(call, input, *args, **given)
        found = np.zeros(values.shape, dtype=np.int64)
        for lead in places(input.shape[:-rank]):
            plane = [float(element) for element in input[lead].reshape(-1)]
            for at in places(values.shape[-rank:]):
                found[(*lead, *at)] = plane.index(float(values[(*lead, *at)]))
        return Extremes(values, found)

    return array


def fractional(rank: int) -> Call:
    def begin(place: int, count: int, room: int, share: float) -> int:
        if place == count - 1:
            return room
        step = room / (count - 1)
        return math.floor((place + share) * step) - math.floor(share * step)

    def array(
        call: Call, input: Any, kernel_size: Any, output_size: Any, _random_samples: Any
    ) -> Any:
        sizes, k, made = input.shape[-rank:], each(kernel_size, rank), each(output_size, rank)
        lead = input.shape[:-rank]
        shares = np.asarray(_random_samples).reshape(*lead, rank)[..., :: -1 if rank == 2 else 1]
        y = zeros((*lead, *made))
        for one, at in product(places(lead), places(made)):
            along = []
            for way, place in enumerate(at):
                first = begin(place, made[way], sizes[way] - k[way], shares[(*one, way)])
                along.append(range(first, first + k[way]))
            y[(*one, *at)] = greatest(call, [input[(*one, *w)] for w in product(*along)])
        return y

    return array


def unpool(rank: int) -> Call:
    def array(
        call: Call, input: Any, indices: Any, kernel_size: Any, stride: Any = None,
        padding: Any = 0, output_size: Any = None,
    ) -> Any:  # fmt: skip
        k = each(kernel_size, rank)
        made = output_size or tuple(n * m for n, m in zip(input.shape[-rank:], k, strict=True))
        y = zeros((*input.shape[:-rank], *made))
        where = np.asarray(indices)
        for lead, at in product(places(input.shape[:-rank]), places(input.shape[-rank:])):
            there = np.unravel_index(int(where[(*lead, *at)]), made)
            y[(*lead, *there)] = input[(*lead, *at)]
        return y

    return array


def _index_reduce(
    call: Call, x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool = True
) -> Any:
    made = x.copy()
    rows, old = (np.moveaxis(part, axis(x.shape, dim), 0) for part in (made, x))
    parts = np.moveaxis(source, axis(x.shape, dim), 0)
    for place in set(index):
        heap = [old[place, ...]] if include_self else []
        heap += [parts[number, ...] for number, one in enumerate(index) if one == place]
        for inside in np.ndindex(rows.shape[1:]):
            total = heap[0][inside]
            for more in heap[1:]:
                total = FOLDS[reduce](call)(total, more[inside])
            rows[(place, *inside)] = total / len(heap) if reduce == "mean" else total
    return made


def _put(call: Call, x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    made = x.copy().reshape(-1)
    for place, element in zip(np.asarray(index).reshape(-1), source.reshape(-1), strict=True):
        made[place] = made[place] + element if accumulate else element
    return made.reshape(x.shape)


def _lu_factor(call: Call, x: Any, pivot: bool = True) -> Extremes:
    packed, side = x.copy(), min(x.shape[-2:])
    swaps = np.zeros((*x.shape[:-2], side), dtype=np.int64)
    for lead in places(x.shape[:-2]):
        a = packed[lead]
        for k in range(side):
            best = max(range(k, len(a)), key=lambda row, a=a, k=k: abs(float(a[row, k])))
            swaps[(*lead, k)] = best + 1
            a[[k, best]] = a[[best, k]]
            for row in range(k + 1, len(a)):
                a[row, k] = a[row, k] / a[k, k]
                a[row, k + 1 :] = a[row, k + 1 :] - a[row, k] * a[k, k + 1 :]
    return Extremes(packed, swaps)


PACKED: Mapping[str, Call] = {
    **{f"max_pool{rank}d_with_indices": with_places(max_pool(rank), rank) for rank in (1, 2, 3)},
    **{
        f"adaptive_max_pool{rank}d_with_indices": with_places(adaptive(rank, greatest), rank)
        for rank in (1, 2, 3)
    },
    **{f"fractional_max_pool{rank}d": fractional(rank) for rank in (2, 3)},
    **{
        f"fractional_max_pool{rank}d_with_indices": with_places(fractional(rank), rank)
        for rank in (2, 3)
    },
    **{f"max_unpool{rank}d": unpool(rank) for rank in (1, 2, 3)},
    "index_reduce": _index_reduce,
    "put": _put,
    "lu_factor": _lu_factor,
}
