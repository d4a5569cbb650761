"""The small texts that every format shares: numbers, indexes, shapes."""

import numpy as np
from numpy.typing import NDArray

from gradcalc.report import Array
from gradcalc.values import format_literal, number_literals


def number_texts(values: Array, dtype: str = "float64") -> list[str]:
    """The shortest text of each number that reads back to it in `dtype`, in row-major order."""
    flat = np.ravel(values)
    texts = number_literals(flat, dtype)
    if dtype != "float64":
        # A reference computed in float64 may lie outside the range of a narrow dtype.
        back = np.array(texts, dtype=np.float64)
        lost = (np.isinf(back) & np.isfinite(flat)) | ((back == 0) & (flat != 0))
        for position in np.flatnonzero(lost):
            texts[position] = format_literal(flat[position])
    return texts


def number_texts_beside(
    values: Array, before: Array, texts: list[str], dtype: str = "float64"
) -> list[str]:
    """The same as `number_texts`, where numbers of which many are equal have been written before.

    Finding the shortest text is what takes time.
    """
    differing = np.flatnonzero(values.view(np.int64) != before.view(np.int64))
    if 2 * differing.size > values.size:
        return number_texts(values, dtype)
    if not differing.size:
        return texts
    result = list(texts)
    for position, text in zip(
        differing.tolist(), number_texts(values[differing], dtype), strict=True
    ):
        result[position] = text
    return result


def index_texts(positions: NDArray[np.intp], shape: tuple[int, ...]) -> list[str]:
    """`0` or `0,1` for each position in row-major order; empty for a scalar."""
    if not shape:
        return [""] * len(positions)
    if len(shape) == 1:
        return list(map(str, positions.tolist()))
    axes = [axis.tolist() for axis in np.unravel_index(positions, shape)]
    return [",".join(map(str, index)) for index in zip(*axes, strict=True)]


def shape_text(shape: tuple[int, ...]) -> str:
    """`(4)`, `(2, 3)`."""
    return f"({', '.join(map(str, shape))})"
