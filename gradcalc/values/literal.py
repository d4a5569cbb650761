"""Arrays to text, in the shortest form that reads back to the same shape and bits."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# numpy has no bfloat16; float32's digits identify it, since every bfloat16 is a float32.
_DTYPES: Mapping[str, type[np.floating[Any]]] = MappingProxyType(
    {"bfloat16": np.float32, "float16": np.float16, "float32": np.float32, "float64": np.float64}
)


def format_literal(array: ArrayLike, dtype: str = "float64") -> str:
    """Text that `parse_value` reads back to an array of this shape and these bits.

    `array` has any shape; for float32, float16 and bfloat16 the numbers have the fewest digits
    that identify them in that dtype, so the bits are the same after a cast to it. Every NaN is
    written `nan`, without sign or payload.

        [0, 4, 8]  0,4,8      [[1, 2], [3, 4]]  1,2;3,4
        [3]        [3]        [[1, 2]]          [[1,2]]
    """
    numbers = np.asarray(array, dtype=np.float64)
    if numbers.size == 0:
        return str(numbers.tolist()).replace(" ", "")
    texts = number_literals(numbers, dtype)
    if numbers.ndim == 0:
        return texts[0]
    if numbers.ndim <= 2 and len(numbers) > 1:
        if numbers.ndim == 1:
            return ",".join(texts)
        return ";".join(",".join(row) for row in _groups(texts, numbers.shape[1]))
    for size in reversed(numbers.shape):
        texts = ["[" + ",".join(group) + "]" for group in _groups(texts, size)]
    return texts[0]


def number_literals(array: ArrayLike, dtype: str = "float64") -> list[str]:
    """The text of each number in row-major order, as `format_literal` has it."""
    with np.errstate(all="ignore"):
        numbers = np.asarray(array, dtype=np.float64).astype(_DTYPES.get(dtype, np.float64))
    return _texts(numbers.ravel()) if numbers.size else []


def _groups(texts: list[str], size: int) -> list[list[str]]:
    return [texts[i : i + size] for i in range(0, len(texts), size)]


def _texts(numbers: NDArray[np.floating[Any]]) -> list[str]:
    if numbers.dtype == np.float64:
        # written all at once, which is faster than one by one
        return _trim(repr(numbers.tolist())[1:-1].replace(".0,", ",")).split(", ")
    texts = [_trim(str(number)) for number in numbers]
    # Digits chosen for a narrow dtype are read as float64 first, and rounding twice can differ.
    with np.errstate(all="ignore"):
        back = np.array(list(map(float, texts))).astype(numbers.dtype)
    for i in np.flatnonzero((back != numbers) & ~np.isnan(numbers)):
        texts[i] = _trim(repr(float(numbers[i])))
    return texts


def _trim(text: str) -> str:
    return text.removesuffix(".0")
