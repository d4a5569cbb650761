"""Pooling: the greatest element of windows, their mean, and windows that share out a dimension."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import itertools
import math
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import numbers, show
from gradcalc.primitives.windows import Sizes, Windows, each, padded, taken, windows

SIGNAL = [[0.5, -1.5, 2.0, 0.25, -0.75], [1.0, 0.75, -0.5, 1.5, -2.0]]
PICTURE = [SIGNAL, [[0.3, 1.25, -0.8, 2.5, 0.6], [-1.1, 0.9, 1.75, -0.4, 0.1]]]
SOLID = [PICTURE, [[row[::-1] for row in face] for face in PICTURE]]
SHAPES: dict[int, Any] = {1: SIGNAL, 2: PICTURE, 3: [SOLID]}


def checked(name: str, rank: int, input: Any) -> None:
    """Channels, and a batch of them, of so many dimensions."""
    if len(input.shape) not in (rank + 1, rank + 2):
        raise ShapeError(f"{name} needs channels and {rank} dimensions, not {show(input.shape)}")


def _halved(name: str, padding: Sizes, kernel: Sizes) -> None:
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ShapeError(f"{name}: padding is at most half of the window")


def _of_windows(f: Any, op: Any, x: Any, place: Windows, rank: int) -> Any:
    """A reduction of each window."""
    lead = x.ndim - rank
    return f(op, taken(f, x, place), axes=tuple(range(lead, lead + rank)))


# -- the greatest ------------------------------------------------------------------------------


def max_fit(name: str, rank: int) -> Any:
    """The windows of max_pool."""

    def fit(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        checked(name, rank, input)
        kernel, apart = each("kernel_size", kernel_size, rank), each("dilation", dilation, rank)
        strides = kernel if stride in (None, ()) else each("stride", stride, rank)
        around = each("padding", padding, rank)
        _halved(name, around, kernel)
        pairs = [(n, n) for n in around]
        place = windows(
            name, input.shape[-rank:], kernel, strides, pairs, apart, ceil=bool(ceil_mode)
        )
        return input, place, bool(ceil_mode)

    return fit


def _max_form(rank: int) -> Any:
    def form(f: Any, input: Any, place: Windows, ceil: bool) -> Any:
        x = padded(f, input, place, -math.inf)
        return _of_windows(f, ops.AMAX, x, place, rank)

    return form


def _max_torch(name: str) -> Any:
    def call(t: Any, input: Any, place: Windows, ceil: bool) -> Any:
        own = getattr(t.nn.functional, name)
        return own(input, place.kernel, place.stride, place.before, place.dilation, ceil)

    return call


# -- the mean ----------------------------------------------------------------------------------


def _mean(name: str, rank: int, divided: bool) -> Any:
    def placed(input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any) -> Windows:
        checked(name, rank, input)
        kernel, around = each("kernel_size", kernel_size, rank), each("padding", padding, rank)
        strides = kernel if stride in (None, ()) else each("stride", stride, rank)
        _halved(name, around, kernel)
        pairs, sizes = [(n, n) for n in around], input.shape[-rank:]
        return windows(name, sizes, kernel, strides, pairs, (1,) * rank, ceil=bool(ceil_mode))

    def fit(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> Any:  # fmt: skip
        place = placed(input, kernel_size, stride, padding, ceil_mode)
        return input, place, bool(ceil_mode), bool(count_include_pad), None

    def fit_divided(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Any:  # fmt: skip
        if divisor_override == 0:
            raise ShapeError(f"{name}: the divisor is 0")
        place = placed(input, kernel_size, stride, padding, ceil_mode)
        return input, place, bool(ceil_mode), bool(count_include_pad), divisor_override

    return fit_divided if divided else fit


def _divisors(place: Windows, include: bool) -> Any:
    """How many elements windows have: with those of the padding, but none beyond."""
    if not include:
        found = place.inside
    else:
        ends = [s + 2 * b for s, b in zip(place.sizes, place.before, strict=True)]
        within: Any = True
        for at, end in zip(place.places, ends, strict=True):
            within = within & (at < end)
        found = np.broadcast_to(within, (*place.kernel, *place.count))
    return found.sum(axis=tuple(range(len(place.kernel)))).astype(float)


def _mean_form(rank: int) -> Any:
    def form(f: Any, input: Any, place: Windows, ceil: bool, include: bool, divisor: Any) -> Any:
        total = _of_windows(f, ops.SUM, padded(f, input, place), place, rank)
        counts = _divisors(place, include) if divisor is None else np.array(float(divisor))
        if counts.size and (counts == counts.flat[0]).all():
            counts = np.array(counts.flat[0])
        return f.scalar("div", total, f.literal(counts))

    return form


def _mean_torch(name: str, divided: bool) -> Any:
    def call(t: Any, input: Any, place: Windows, ceil: bool, include: bool, divisor: Any) -> Any:
        own = getattr(t.nn.functional, name)
        more = (divisor,) if divided else ()
        return own(input, place.kernel, place.stride, place.before, ceil, include, *more)

    return call


# -- adaptive ----------------------------------------------------------------------------------


def adaptive_fit(name: str, rank: int) -> Any:
    """The sizes that an adaptive pooling makes."""

    def fit(input: Any, output_size: Any) -> Any:
        checked(name, rank, input)
        sizes, wanted = tuple(input.shape[-rank:]), numbers(output_size)
        if len(wanted) == 1:
            wanted = wanted * rank
        if len(wanted) != rank:
            raise ShapeError(f"{name} gives {rank} dimensions, not {show(wanted)}")
        made = tuple(s if w is None else int(w) for s, w in zip(sizes, wanted, strict=True))
        if min(made) < 1 or min(sizes) < 1:
            raise ShapeError(f"{name} of shape {show(input.shape)} to {show(made)}")
        return input, made

    return fit


def shares(size: int, count: int) -> list[tuple[int, int]]:
    """Where each of so many windows that share out a dimension begins and ends."""
    return [(k * size // count, -(-(k + 1) * size // count)) for k in range(count)]


def _adaptive_mean_form(rank: int) -> Any:
    def form(f: Any, input: Any, made: Sizes) -> Any:
        y, counts, lead = input, np.ones(made), input.ndim - rank
        for axis, wanted in enumerate(made):
            size = input.shape[lead + axis]
            parts = shares(size, wanted)
            marks = np.zeros((size, wanted))
            for k, (start, stop) in enumerate(parts):
                marks[start:stop, k] = 1
            order = [*range(y.ndim)]
            order[lead + axis], order[-1] = order[-1], order[lead + axis]
            turned = order != [*range(y.ndim)]
            y = f(ops.PERMUTE, y, order=tuple(order)) if turned else y
            y = f(ops.MATMUL, y, f.literal(marks))
            y = f(ops.PERMUTE, y, order=tuple(order)) if turned else y
            along = [1] * rank
            along[axis] = wanted
            counts = counts * np.array([b - a for a, b in parts], float).reshape(along)
        if (counts == counts.flat[0]).all():
            counts = np.array(counts.flat[0])
        return f.scalar("div", y, f.literal(counts))

    return form


def _adaptive_max_form(rank: int) -> Any:
    def form(f: Any, input: Any, made: Sizes) -> Any:
        lead = input.ndim - rank
        whole = tuple((0, size, 1) for size in input.shape[:lead])
        axes = tuple(range(lead, input.ndim))
        cells = [shares(s, n) for s, n in zip(input.shape[lead:], made, strict=True)]
        parts = [
            f(ops.AMAX, f(ops.INDEX, input, key=(*whole, *((a, b - a, 1) for a, b in cell))),
              axes=axes)
            for cell in itertools.product(*cells)
        ]  # fmt: skip
        row = f(ops.STACK, *parts, axis=lead)
        return f(ops.RESHAPE, row, shape=(*input.shape[:lead], *made))

    return form


def _adaptive_torch(name: str) -> Any:
    return lambda t, input, made: getattr(t.nn.functional, name)(input, made)


WINDOW = "kernel_size: ints, stride: ints = None, padding: ints = 0"


def _rows(rank: int) -> tuple[Structural, ...]:
    x, tensors = SHAPES[rank], ("input",)
    greatest, mean = f"max_pool{rank}d", f"avg_pool{rank}d"
    adaptive, shared = f"adaptive_max_pool{rank}d", f"adaptive_avg_pool{rank}d"
    where = f"over the last {rank} dimensions" if rank > 1 else "over the last dimension"
    divided = rank > 1
    small = {"kernel_size": 2} if rank == 1 else {"kernel_size": (1, 2)[:1] * (rank - 1) + (2,)}
    odd = {"kernel_size": 2, "stride": 1 if rank == 1 else (1,) * (rank - 1) + (3,), "padding": 1}
    wide = (1,) * (rank - 1) + (3,)
    divisor = ", divisor_override: int = None" if divided else ""
    return (
        fitted(greatest, max_fit(greatest, rank), _max_form(rank),
               ((x, small), (x, odd), (x, {**small, "ceil_mode": True, "stride": 2})),
               f"the greatest element of windows {where}", _max_torch(greatest), tensors=tensors,
               calls=(f"torch.{greatest} torch.nn.functional.{greatest} (input, {WINDOW}, "
                      "dilation: ints = 1, ceil_mode: bool = False, "
                      "return_indices: unset = False)",)),
        fitted(mean, _mean(mean, rank, divided), _mean_form(rank),
               ((x, small), (x, odd), (x, {**odd, "count_include_pad": False}),
                (x, {**small, "ceil_mode": True, "stride": 2})),
               f"the mean of windows {where}", _mean_torch(mean, divided), tensors=tensors,
               calls=(f"{'torch.avg_pool1d ' * (rank == 1)}torch.nn.functional.{mean} "
                      f"(input, {WINDOW}, ceil_mode: bool = False, "
                      f"count_include_pad: bool = True{divisor})",)),
        fitted(adaptive, adaptive_fit(adaptive, rank), _adaptive_max_form(rank),
               ((x, {"output_size": wide}), (x, {"output_size": 1})),
               f"the greatest elements of parts that share out what is {where[5:]}",
               _adaptive_torch(adaptive), tensors=tensors,
               calls=(f"torch.nn.functional.{adaptive} (input, output_size: parts, "
                      "return_indices: unset = False)",)),
        fitted(shared, adaptive_fit(shared, rank), _adaptive_mean_form(rank),
               ((x, {"output_size": wide}), (x, {"output_size": 1})),
               f"the means of parts that share out what is {where[5:]}",
               _adaptive_torch(shared), tensors=tensors,
               calls=(f"{'torch.adaptive_avg_pool1d ' * (rank == 1)}"
                      f"torch.nn.functional.{shared} (input, output_size: parts)",)),
    )  # fmt: skip


POOLING: tuple[Structural, ...] = tuple(row for rank in (1, 2, 3) for row in _rows(rank))
