"""Elements repeated, laid on diagonals, in windows that overlap, and around the others."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import axis, numbers, paddings, show

MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]
CUBE = [MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]]
PICTURE = [[[1.5, -2.0, 0.5, 4.0], [3.0, 0.25, -1.25, 2.5], [0.75, -0.5, 1.0, -3.0]]]

TORCH_MODES = ("constant", "reflect", "replicate", "circular")
"""What torch's pad puts around a tensor."""

NUMPYS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""numpy's words for the modes that put the elements themselves there."""


def _times(x: Any, reps: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    """The shape with as many dimensions as numbers, or more, and the numbers for them all."""
    counts = numbers(reps)
    if min(counts, default=0) < 0:
        raise InvalidValueError(f"tile by {min(counts)}")
    rank = max(len(x.shape), len(counts))
    shape = (*[1] * (rank - len(x.shape)), *x.shape)
    return x, shape, (*[1] * (rank - len(counts)), *counts)


def _tiled(f: Any, x: Any, shape: Any, counts: Any) -> Any:
    laid: list[int] = []
    spread: list[int] = []
    for size, count in zip(shape, counts, strict=True):
        laid += [size] if count == 1 else [1, size]
        spread += [size] if count == 1 else [count, size]
    wide = f(ops.BROADCAST, _shaped(f, x, laid), shape=tuple(spread)) if laid != spread else x
    return _shaped(f, wide, [s * n for s, n in zip(shape, counts, strict=True)])


def _shaped(f: Any, x: Any, shape: Any) -> Any:
    return x if x.shape == tuple(shape) else f(ops.RESHAPE, x, shape=tuple(shape))


def _repeats(x: Any, repeats: Any, dim: Any = None) -> tuple[Any, Any, int]:
    shape = x.shape if dim is not None else (math.prod(x.shape),)
    place = axis(shape, 0 if dim is None else dim)
    counts = numbers(repeats)
    if min(counts, default=0) < 0:
        raise InvalidValueError(f"repeat_interleave by {min(counts)}")
    if len(counts) == 1:
        return x, counts[0], -1 if dim is None else place
    if len(counts) != (shape[place] if shape else 1):
        raise ShapeError(f"{len(counts)} repeats for {shape[place]} places")
    return x, counts, -1 if dim is None else place


def _interleaved(f: Any, x: Any, repeats: Any, place: int) -> Any:
    if place < 0 or not x.ndim:
        x, place = _shaped(f, x, [x.size]), 0
    size = x.shape[place]
    if isinstance(repeats, tuple):
        places = ops.Data.of(np.repeat(np.arange(size), repeats))
        return f(ops.INDEX, x, key=(*[(0, s, 1) for s in x.shape[:place]], places))
    if repeats == 1:
        return x
    front, behind = x.shape[:place], x.shape[place + 1 :]
    wide = f(ops.BROADCAST, _shaped(f, x, (*front, size, 1, *behind)),
             shape=(*front, size, repeats, *behind))  # fmt: skip
    return _shaped(f, wide, (*front, size * repeats, *behind))


def _torch_interleaved(t: Any, x: Any, repeats: Any, place: int) -> Any:
    counts = t.tensor(repeats, device=x.device) if isinstance(repeats, tuple) else repeats
    return t.repeat_interleave(x, counts, None if place < 0 else place)


def _embedded(x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    if not x.shape:
        raise ShapeError("diag_embed of one number")
    rank = len(x.shape) + 1
    places = axis([1] * rank, dim1), axis([1] * rank, dim2)
    if places[0] == places[1]:
        raise ShapeError(f"diag_embed names dimension {places[0]} twice")
    return x, offset, *places


def _embed_form(f: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    size = x.shape[-1] + abs(offset)
    shape = list(x.shape[:-1])
    for place in sorted((dim1, dim2)):
        shape.insert(place, size)
    return f(ops.EMBED, x, shape=tuple(shape), offset=offset, dim1=dim1, dim2=dim2)


def _windows(x: Any, dim: int, size: int, step: int) -> tuple[Any, int, int, int]:
    place = axis(x.shape, dim)
    length = x.shape[place] if x.shape else 1
    if step <= 0 or not 0 <= size <= length:
        raise ShapeError(f"windows of {size}, every {step}, of {length} places")
    return x, place, size, step


def _windows_form(f: Any, x: Any, place: int, size: int, step: int) -> Any:
    if not x.ndim:
        return _shaped(f, x, (size,)) if size else f.literal(np.zeros(0))
    starts = np.arange(0, x.shape[place] - size + 1, step)
    key = ops.Data.of(starts[:, None] + np.arange(size))
    found = f(ops.INDEX, x, key=(*[(0, s, 1) for s in x.shape[:place]], key))
    order = [k for k in range(x.ndim + 1) if k != place + 1]
    if place + 1 == x.ndim:
        return found
    return f(ops.PERMUTE, found, order=(*order, place + 1))


def _paddings(x: Any, pad: Any, mode: str = "constant", value: float = 0.0) -> Any:
    amounts = paddings(x.shape, pad, mode)
    if mode not in TORCH_MODES:
        raise InvalidValueError(f"pad has no mode {mode!r}")
    if mode != "constant":
        _check_room(x.shape, amounts, mode)
    return x, amounts, mode, value


def _check_room(shape: Any, amounts: Any, mode: str) -> None:
    """What is put around a tensor is taken from it once, as torch has it."""
    if len(amounts) // 2 not in (len(shape) - 1, len(shape) - 2):
        raise ShapeError(
            f"pad of shape {show(shape)} by {amounts} in mode {mode!r}",
            hint="torch leaves the first dimension or the first two as they are",
        )
    for place, amount in enumerate(amounts):
        size = shape[-1 - place // 2]
        if mode == "circular":
            # torch cuts off first, and goes round what is left
            size += sum(min(n, 0) for n in amounts[place - place % 2 :][:2])
        room = {"reflect": size - 1, "circular": size}.get(mode, amount if size else -1)
        if amount > max(room, 0):
            raise ShapeError(f"pad of {size} places by {amount} in mode {mode!r}")


def _pad_form(f: Any, x: Any, amounts: Any, mode: str, value: float) -> Any:
    if mode != "constant":
        return _with_own(f, x, amounts, NUMPYS[mode])
    cut = tuple(max(0, -n) for n in amounts)
    if any(cut):
        x = f(ops.INDEX, x, key=_inner(x.shape, cut))
    amounts = tuple(max(0, n) for n in amounts)
    result = ops.pad(f, x, amounts)
    if value == 0:
        return result
    frame = np.full(result.shape, float(value))
    frame[ops.numpy_key(ops.pad_key(x.shape, amounts))] = 0
    return f.scalar("add", result, f.literal(frame))


def _inner(shape: Any, cut: Any) -> Any:
    """The key of what is left where something is taken away on all sides."""
    key = [(0, size, 1) for size in shape]
    for place in range(0, len(cut), 2):
        at = len(shape) - 1 - place // 2
        key[at] = (cut[place], shape[at] - cut[place] - cut[place + 1], 1)
    return tuple(key)


def _with_own(f: Any, x: Any, amounts: Any, word: Any) -> Any:
    for place in range(0, len(amounts), 2):
        pair, at = amounts[place : place + 2], x.ndim - 1 - place // 2
        if any(pair):
            places = _padded_places(x.shape[at], pair, word)
            whole = [(0, size, 1) for size in x.shape[:at]]
            x = f(ops.INDEX, x, key=(*whole, ops.Data.of(places)))
    return x


def _padded_places(size: int, pair: Any, word: Any) -> Any:
    """Which places stand along a dimension that is padded, or cut off, on both sides."""
    more = tuple(max(0, n) for n in pair)
    first, last = (max(0, -n) for n in pair)
    places = np.arange(size)
    if word == "wrap":
        return np.pad(places[first : size - last], more, mode=word)
    found = np.pad(places, more, mode=word)
    return found[first : len(found) - last]


def _torch_pad(t: Any, x: Any, amounts: Any, mode: str, value: float) -> Any:
    given = {"value": value} if mode == "constant" else {}
    return t.nn.functional.pad(x, amounts, mode, **given)


LAYOUT: tuple[Structural, ...] = (
    fitted("tile", _times, _tiled,
           ((VECTOR, {"reps": 2}), (MATRIX, {"reps": (2, 1)}), (VECTOR, {"reps": (2, 2)}),
            (MATRIX, {"reps": 3}), (2.5, {"reps": (2,)})),
           "all elements again and again along each dimension",
           lambda t, x, shape, counts: x.reshape(shape).tile(counts), moves=True),
    fitted("repeat_interleave", _repeats, _interleaved,
           ((VECTOR, {"repeats": 2}), (MATRIX, {"repeats": 2, "dim": 1}),
            (MATRIX, {"repeats": (2, 0, 1), "dim": 1}), (MATRIX, {"repeats": 3})),
           "each element several times, one after another", _torch_interleaved, moves=True),
    fitted("sliding_windows", _windows, _windows_form,
           ((VECTOR, {"dim": 0, "size": 2, "step": 1}), (MATRIX, {"dim": 1, "size": 2, "step": 1}),
            (CUBE, {"dim": 1, "size": 2, "step": 1}), (MATRIX, {"dim": -1, "size": 1, "step": 2})),
           "windows of some size along a dimension, each so many steps on; x.unfold in torch",
           lambda t, x, place, size, step: x.unfold(place, size, step), moves=True),
    fitted("diag_embed", _embedded, _embed_form,
           ((VECTOR,), (MATRIX,), (MATRIX, {"offset": 1}), (MATRIX, {"dim1": 0, "dim2": 2}),
            (MATRIX, {"offset": -1, "dim1": 2, "dim2": 0})),
           "matrices with the last dimension on a diagonal, zeros elsewhere"),
    fitted("pad", _paddings, _pad_form,
           ((VECTOR, {"pad": (1, 0)}), (VECTOR, {"pad": (1, 2), "value": 0.5}),
            (MATRIX, {"pad": (0, 1)}), (MATRIX, {"pad": (1, 0, 0, 2)}),
            (MATRIX, {"pad": (-1, 2, 1, -1)}), (MATRIX, {"pad": (2, 1), "mode": "reflect"}),
            (MATRIX, {"pad": (2, 4), "mode": "replicate"}),
            (PICTURE, {"pad": (3, 1, 2, 0), "mode": "circular"}),
            (PICTURE, {"pad": (3, 1, 2, 0), "mode": "reflect"}),
            (PICTURE, {"pad": (-1, 2, 2, -1), "mode": "reflect"}),
            (PICTURE, {"pad": (-3, 2, 4, -2), "mode": "replicate"}),
            (PICTURE, {"pad": (-2, 2, 1, -1), "mode": "circular"})),
           "x with zeros around it: (before, behind) of the last dimension, then of others",
           _torch_pad),
)  # fmt: skip
