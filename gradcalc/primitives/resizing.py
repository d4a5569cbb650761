"""Pictures in another size: each dimension by itself, as a product with a matrix of weights."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.pooling import PICTURE, SIGNAL, SOLID, shares
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import numbers, show

Weights = list[dict[int, Fraction]]
"""For each place of the result those of the dimension that it is made of, with their weights."""

RANKS = {"linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)}
"""For how many dimensions a mode is, where that is not any number."""

BEND = Fraction(-3, 4)
"""torch's parameter of the cubic."""

WRITTEN = 10**6
"""The largest denominator of a scale that was written as a fraction, or with a few decimals."""

EXACT = 2**53
"""Whole numbers up to here are floats."""


@dataclass(frozen=True, slots=True)
class Resize:
    """What becomes of each dimension, and torch's own arguments."""

    weights: tuple[Weights, ...]
    size: tuple[int, ...] | None
    scale: tuple[float, ...] | None
    mode: str
    corners: bool | None
    again: bool | None


def _nearest(size: int, made: int, scale: float | None, half: float) -> Weights:
    """The kernel counts in floats of 32 bits."""
    if made in (size, 2 * size) and not half:
        return [{k * size // made: Fraction(1)} for k in range(made)]
    step = np.float32(1 / scale) if scale else np.float32(size) / np.float32(made)
    places = [int((np.float32(k) + np.float32(half)) * step) for k in range(made)]
    return [{min(place, size - 1): Fraction(1)} for place in places]


def _meant(scale: float) -> Fraction:
    """The fraction that a scale was written as: 0.6 is 3/5, and places fall on others exactly."""
    near = Fraction(scale).limit_denominator(WRITTEN)
    return near if float(near) == scale else Fraction(scale)


def _position(k: int, size: int, made: int, scale: float | None, corners: bool) -> Fraction:
    if corners:
        return Fraction(k * (size - 1), made - 1) if made > 1 else Fraction(0)
    step = 1 / _meant(scale) if scale else Fraction(size, made)
    return step * Fraction(2 * k + 1, 2) - Fraction(1, 2)


def _linear(size: int, made: int, scale: float | None, corners: bool) -> Weights:
    found: Weights = []
    for k in range(made):
        at = max(Fraction(0), _position(k, size, made, scale, corners))
        low = min(math.floor(at), size - 1)
        share = min(at - low, Fraction(1))
        pair = {low: 1 - share}
        high = min(low + 1, size - 1)
        pair[high] = pair.get(high, Fraction(0)) + share
        found.append(pair)
    return found


def _cubic(size: int, made: int, scale: float | None, corners: bool) -> Weights:
    def near(x: Fraction) -> Fraction:
        return ((BEND + 2) * x - (BEND + 3)) * x * x + 1

    def far(x: Fraction) -> Fraction:
        return ((BEND * x - 5 * BEND) * x + 8 * BEND) * x - 4 * BEND

    found: Weights = []
    for k in range(made):
        at = _position(k, size, made, scale, corners)
        low = math.floor(at)
        t = at - low
        row: dict[int, Fraction] = {}
        parts = (far(t + 1), near(t), near(1 - t), far(2 - t))
        for place, weight in zip(range(low - 1, low + 3), parts, strict=True):
            inside = min(max(place, 0), size - 1)
            row[inside] = row.get(inside, Fraction(0)) + weight
        found.append(row)
    return found


def _area(size: int, made: int) -> Weights:
    return [
        {place: Fraction(1, stop - start) for place in range(start, stop)}
        for start, stop in shares(size, made)
    ]


def _weights(mode: str, size: int, made: int, scale: float | None, corners: bool) -> Weights:
    if mode in ("nearest", "nearest-exact"):
        return _nearest(size, made, scale, 0.5 if mode == "nearest-exact" else 0.0)
    if mode == "area":
        return _area(size, made)
    return (_cubic if mode == "bicubic" else _linear)(size, made, scale, corners)


def _fit(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: Any = None, recompute_scale_factor: Any = None,
) -> tuple[Any, Resize]:  # fmt: skip
    rank = len(input.shape) - 2
    if mode not in ("nearest", "nearest-exact", "area", *RANKS):
        raise ShapeError(f"interpolate has no mode {mode!r}")
    if rank not in RANKS.get(mode, (1, 2, 3)):
        raise ShapeError(f"interpolate by {mode} of shape {show(input.shape)}")
    if align_corners is not None and mode not in RANKS:
        raise ShapeError(f"interpolate by {mode} has no align_corners")
    if (size is None) == (scale_factor is None):
        raise ShapeError("interpolate needs either size or scale_factor")
    sizes = tuple(input.shape[2:])
    given = numbers(size if scale_factor is None else scale_factor)
    given = given * rank if len(given) == 1 else given
    if len(given) != rank:
        raise ShapeError(
            f"interpolate has a number for each of {rank} dimensions, not {len(given)}"
        )
    if scale_factor is None:
        made, scales = tuple(map(int, given)), None
    else:
        scales = tuple(map(float, given))
        made = tuple(math.floor(n * s) for n, s in zip(sizes, scales, strict=True))
    if min(made) < 1 or min(sizes) < 1:
        raise ShapeError(f"interpolate of shape {show(input.shape)} to {show(made)}")
    used = [None] * rank if scales is None or recompute_scale_factor else scales
    table = tuple(
        _weights(mode, n, m, s, bool(align_corners))
        for n, m, s in zip(sizes, made, used, strict=True)
    )
    plain = None if scales is not None else made
    return input, Resize(table, plain, scales, mode, align_corners, recompute_scale_factor)


def _form(f: Any, input: Any, plan: Resize) -> Any:
    y = input
    for axis, rows in enumerate(plan.weights, 2):
        size = input.shape[axis]
        if all(len(row) == 1 for row in rows):
            whole = tuple((0, n, 1) for n in y.shape[:axis])
            y = f(ops.INDEX, y, key=(*whole, ops.Data.of(np.array([*map(min, rows)]))))
            continue
        below = math.lcm(*[w.denominator for row in rows for w in row.values()])
        if below * size > EXACT:
            below = 1
        matrix = np.zeros((size, len(rows)))
        for k, row in enumerate(rows):
            for place, weight in row.items():
                matrix[place, k] = weight * below
        order = [*range(y.ndim)]
        order[axis], order[-1] = order[-1], order[axis]
        turned = axis != y.ndim - 1
        y = f(ops.PERMUTE, y, order=tuple(order)) if turned else y
        y = f(ops.MATMUL, y, f.literal(matrix))
        y = f(ops.PERMUTE, y, order=tuple(order)) if turned else y
        if below != 1:
            y = f.scalar("div", y, f.literal(np.array(float(below))))
    return y


def _torch(t: Any, input: Any, plan: Resize) -> Any:
    return t.nn.functional.interpolate(
        input, plan.size, plan.scale, plan.mode, plan.corners, plan.again
    )


SAMPLES = (
    ([SIGNAL], {"size": 7}), ([PICTURE], {"scale_factor": 2.0}),
    ([SIGNAL], {"size": 3, "mode": "nearest-exact"}), ([SIGNAL], {"size": 8, "mode": "linear"}),
    ([SIGNAL], {"size": 3, "mode": "linear", "align_corners": True}),
    ([PICTURE], {"size": (3, 4), "mode": "bilinear"}), ([PICTURE], {"size": 3, "mode": "area"}),
    ([PICTURE], {"scale_factor": (1.5, 0.7), "mode": "bilinear"}),
    ([PICTURE], {"size": (3, 4), "mode": "bicubic"}),
    ([SOLID], {"size": (1, 3, 4), "mode": "trilinear"}),
)  # fmt: skip

RESIZING: tuple[Structural, ...] = (
    fitted("interpolate", _fit, _form, SAMPLES,
           "a signal, picture or solid in another size, by the nearest elements or between them",
           _torch, tensors=("input",), calls=(
               "torch.nn.functional.interpolate (input, size: ints = None, "
               "scale_factor: scales = None, mode: str = 'nearest', align_corners: bool = None, "
               "recompute_scale_factor: bool = None, antialias: unset = False)",
               "torch.nn.functional.upsample (input, size: ints = None, "
               "scale_factor: scales = None, mode: str = 'nearest', align_corners: bool = None)",
           )),
)  # fmt: skip
