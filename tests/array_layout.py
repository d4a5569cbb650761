"""The rows of `gradcalc.primitives.layout` on numpy arrays of any objects."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.primitives.shapes import axis, numbers, paddings

Call = Callable[..., Any]

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _repeat_interleave(call: Call, x: Any, repeats: Any, dim: Any = None) -> Any:
    return np.repeat(x, repeats, dim)


def _tile(call: Call, x: Any, reps: Any) -> Any:
    return np.tile(x, numbers(reps))


def _windows(call: Call, x: Any, dim: int, size: int, step: int) -> Any:
    place = axis(x.shape, dim)
    starts = range(0, x.shape[place] - size + 1, step)
    parts = [np.moveaxis(np.take(x, range(k, k + size), place), place, -1) for k in starts]
    return np.stack(parts, place)


def _diag_embed(call: Call, x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    size = x.shape[-1] + abs(offset)
    found = np.full((*x.shape[:-1], size, size), 0, dtype=object)
    for place in np.ndindex(x.shape):
        k = place[-1]
        found[(*place[:-1], k + max(0, -offset), k + max(0, offset))] = x[place]
    return np.moveaxis(found, (-2, -1), (dim1, dim2))


def _pad(call: Call, x: Any, pad: Any, mode: str = "constant", value: float = 0.0) -> Any:
    amounts = paddings(x.shape, pad, mode)
    pairs = [(amounts[k], amounts[k + 1]) for k in range(0, len(amounts), 2)][::-1]
    widths = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    if mode in ("reflect", "replicate"):
        more = [(max(0, before), max(0, behind)) for before, behind in widths]
        x = np.pad(x, more, mode=MODES[mode])
        widths = [(min(0, before), min(0, behind)) for before, behind in widths]
    for place, (before, behind) in enumerate(widths):
        x = np.take(x, range(max(0, -before), x.shape[place] - max(0, -behind)), place)
    widths = [(max(0, before), max(0, behind)) for before, behind in widths]
    if mode != "constant":
        return np.pad(x, widths, mode=MODES[mode]) if mode == "circular" else x
    return np.pad(x, widths, constant_values=value)


LAYOUT: Mapping[str, Call] = {
    "tile": _tile,
    "repeat_interleave": _repeat_interleave,
    "sliding_windows": _windows,
    "diag_embed": _diag_embed,
    "pad": _pad,
}
