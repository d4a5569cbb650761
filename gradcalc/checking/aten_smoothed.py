"""Images that are resized with smoothing, each axis by a matrix of its own."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Numbers

CUBIC = -0.5
"""The slope of the cubic filter at 1; without smoothing torch has another one."""


def _linear(x: float) -> float:
    return max(0.0, 1.0 - abs(x))


def _cubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * CUBIC if x < 2 else 0.0


FILTERS: Mapping[str, tuple[Callable[[float], float], int]] = {
    "bilinear": (_linear, 1), "bicubic": (_cubic, 2),
}  # fmt: skip
"""The weight of what is so far away, and from where on there is none."""


def weights(mode: str, size: int, made: int, corners: bool, scale: float | None) -> Numbers:
    """What of each of `size` numbers is in each of those `made`."""
    filtered, reach = FILTERS[mode]
    step = size / made if scale is None or scale <= 0 else 1 / scale
    if corners:
        step = (size - 1) / (made - 1) if made > 1 else 0.0
    wide = max(step, 1.0)
    found = np.zeros((made, size))
    for row in range(made):
        centre = step * (row + 0.5)
        first = max(int(centre - reach * wide + 0.5), 0)
        last = min(int(centre + reach * wide + 0.5), size)
        own = [filtered((place - centre + 0.5) / wide) for place in range(first, last)]
        total = math.fsum(own)
        found[row, first:last] = [w / total for w in own] if total else own
    return found


def _smoothed(mode: str) -> Row:
    def row(writer: Writer, given: Mapping[str, Any]) -> str:
        text, image = writer.text(given["self"]), given["self"].shape[2:]
        scales = given.get("scales_h"), given.get("scales_w")
        down, across = (
            writer.constant(weights(mode, size, made, given["align_corners"], scale))
            for size, made, scale in zip(image, given["output_size"], scales, strict=True)
        )
        return f"torch.matmul(torch.matmul({down}, {text}), torch.transpose({across}, 0, 1))"

    return row


SMOOTHED: Mapping[str, Row] = {
    "_upsample_bilinear2d_aa": _smoothed("bilinear"),
    "_upsample_bicubic2d_aa": _smoothed("bicubic"),
}
"""Rows by the name of the operation."""
