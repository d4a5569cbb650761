"""Pooling by windows that stand apart by fractions: random numbers say where each begins."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import itertools
import math
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.expr import ops
from gradcalc.primitives import pooling
from gradcalc.primitives.placing import tensor_of
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import show
from gradcalc.primitives.windows import Sizes, each


def _begins(sample: Any, size: int, wanted: int, kernel: int, kind: Any) -> Any:
    """Where windows begin along a dimension, by random numbers of any shape, as torch's kernel
    counts it in numbers of this kind."""
    share, last = np.asarray(sample, kind)[..., None], size - kernel
    step = kind(last) / kind(wanted - 1) if wanted > 1 else kind(0)
    places = np.arange(wanted).astype(kind)
    found = np.trunc((places + share) * step) - np.trunc(share * step)
    found[..., -1] = last
    return found.astype(np.int64)


def _fit(name: str, rank: int) -> Any:
    def fit(input: Any, kernel_size: Any, output_size: Any, _random_samples: Any) -> Any:
        pooling.checked(name, rank, input)
        kernel, made = (
            each("kernel_size", kernel_size, rank),
            each("output_size", output_size, rank),
        )
        sizes, drawn = input.shape[-rank:], np.asarray(_random_samples, float)
        lead = (1,) * (rank + 2 - len(input.shape)) + tuple(input.shape[:-rank])
        if drawn.shape != (*lead, rank):
            raise ShapeError(
                f"{name} takes random numbers of shape {show((*lead, rank))}, "
                f"not {show(drawn.shape)}"
            )
        if min((*made, *kernel)) < 1 or any(
            w + k - 1 > s for w, k, s in zip(made, kernel, sizes, strict=True)
        ):
            raise ShapeError(
                f"{name}: {show(made)} windows of {show(kernel)} do not fit into {show(sizes)}"
            )
        if not ((drawn >= 0) & (drawn <= 1)).all():
            raise ShapeError(f"{name} takes random numbers from 0 to 1")
        _starts(name, drawn, tuple(sizes), kernel, made)
        return input, kernel, made, drawn

    return fit


def _starts(name: str, drawn: Any, sizes: Sizes, kernel: Sizes, made: Sizes) -> list[Any]:
    """Where windows begin along each dimension, for each channel of each picture."""
    # the kernel reads them for the columns first, in two dimensions
    order = range(len(sizes)) if len(sizes) == 3 else range(len(sizes))[::-1]
    found = []
    for axis, column in enumerate(order):
        given = drawn[..., column], sizes[axis], made[axis], kernel[axis]
        wide, narrow = _begins(*given, np.float64), _begins(*given, np.float32)
        if not np.array_equal(wide, narrow):
            raise UnsupportedError(f"{name}: rounding decides where a window begins")
        found.append(wide)
    return found


def _form(name: str, rank: int, *, placed: bool) -> Any:
    def form(f: Any, input: Any, kernel: Sizes, made: Sizes, drawn: Any) -> Any:
        sizes, lead = tuple(input.shape[-rank:]), tuple(input.shape[:-rank])
        starts = [s.reshape(*lead, -1) for s in _starts(name, drawn, sizes, kernel, made)]
        depth = len(lead) + rank
        key = [grid.reshape(*grid.shape, *[1] * (rank + 1)) for grid in np.indices(lead)]
        inner = np.array(list(itertools.product(*map(range, kernel))))
        flat: Any = 0
        for axis, start in enumerate(starts):
            shape = [1] * rank
            shape[axis] = made[axis]
            at = start.reshape(*lead, *shape, 1) + inner[:, axis]
            key.append(at)
            flat = flat * sizes[axis] + at
        whole = (*lead, *made, len(inner))
        taken = f(ops.INDEX, input, key=tuple(ops.Data.of(np.broadcast_to(k, whole)) for k in key))
        values = f(ops.AMAX, taken, axes=(depth,))
        if not placed:
            return values
        best = f.positions(taken, "argmax", (depth,)).astype(np.int64)
        table = np.broadcast_to(flat, whole)
        return Extremes(values, f.literal(np.take_along_axis(table, best, -1)[..., 0]))

    return form


def _torch(name: str, *, placed: bool) -> Any:
    def call(t: Any, input: Any, kernel: Sizes, made: Sizes, drawn: Any) -> Any:
        samples = tensor_of(t, input, drawn).to(input.dtype)
        own = getattr(t.nn.functional, f"{name}_with_indices")
        found = own(input, kernel, output_size=made, _random_samples=samples)
        return Extremes(*found) if placed else found[0]

    return call


def _rows(rank: int) -> tuple[Structural, ...]:
    name, tensors = f"fractional_max_pool{rank}d", ("input",)
    x: Any = pooling.PICTURE if rank == 2 else pooling.SOLID
    lead = (1, 2)
    samples = (np.arange(math.prod(lead) * rank).reshape(*lead, rank) * 0.37 % 1).tolist()
    given = {"kernel_size": (1,) * (rank - 1) + (2,), "output_size": (1,) * (rank - 1) + (3,),
             "_random_samples": samples}  # fmt: skip
    where = f"that random numbers place in {rank} dimensions"
    return (
        fitted(name, _fit(name, rank), _form(name, rank, placed=False), ((x, given),),
               f"the greatest element of windows {where}", _torch(name, placed=False),
               tensors=tensors),
        fitted(f"{name}_with_indices", _fit(name, rank), _form(name, rank, placed=True),
               ((x, given),), f"the greatest element of windows {where}, and where it stands",
               _torch(name, placed=True), tensors=tensors),
    )  # fmt: skip


FRACTIONAL: tuple[Structural, ...] = tuple(row for rank in (2, 3) for row in _rows(rank))
