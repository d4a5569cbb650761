"""Text to arrays, by quick roads for plain numbers and by the parser for the rest; and arrays to
text, in the shortest form that reads back to the same shape and bits."""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradcalc.errors import GradcalcError
from gradcalc.values.context import Array, Context, from_nested
from gradcalc.values.parser import parse_text

# Below this size the parser is quick enough, and its errors show the place.
_SHORT = 2_000

# Only these characters: then `float` and json read nothing that the parser would not.
_PLAIN = re.compile(r"[-+0-9.eE,;infa \t\r\n]*")
_PLAIN_LISTS = re.compile(r"[-+0-9.eE,\[\]infaINty \t\r\n]*")


_BETWEEN = r"[\[\],; \t\r\n]*"
_TRUTHS = re.compile(rf"(?:[a-z.]+\()?{_BETWEEN}(?:(?:true|false){_BETWEEN})+\)?\s*", re.IGNORECASE)


def read_text(text: str, context: Context, *, lines_are_vector: bool = False) -> Array:
    """The array that a text means (every form but `@file`); see `parse_text`.

    Of nothing but True and False it is one of truth values.
    """
    if _TRUTHS.fullmatch(text):
        digits = re.sub("(?i)true", "1", re.sub("(?i)false", "0", text))
        numbers = read_text(digits, context, lines_are_vector=lines_are_vector)
        return context.numeric(numbers.astype(np.bool_))
    if len(text) > _SHORT:
        quick = plain_lists(text, context) if "[" in text else plain_rows(text, lines_are_vector)
        if quick is not None:
            return context.numeric(quick)
    return parse_text(text, context, lines_are_vector=lines_are_vector)


def plain_rows(text: str, lines_are_vector: bool = False) -> Array | None:
    """Plain numbers in rows, by commas or, in one row, by spaces; None for anything else."""
    body = text.strip(" \t\r\n")
    if not _PLAIN.fullmatch(body) or (";" in body and "\n" in body):
        return None
    if not any(separator in body for separator in ",;\n"):
        numbers = plain_numbers(body.split())
        return numbers if numbers is None or numbers.size > 1 else numbers.reshape(())
    explicit = ";" in body
    rows = body.split(";" if explicit else "\n")
    width = rows[0].count(",") + 1
    if any(row.count(",") != width - 1 for row in rows):
        return None
    cells = body.replace(";" if explicit else "\n", ",").split(",")
    if len(rows) == 1 and cells[-1].strip() == "":
        cells.pop()
    numbers = plain_numbers(cells)
    if numbers is None:
        return None
    if len(rows) == 1:
        return numbers if "," in body else numbers.reshape(())
    as_vector = width == 1 and lines_are_vector and not explicit
    return numbers if as_vector else numbers.reshape(-1, width)


def plain_numbers(cells: list[str]) -> Array | None:
    """Each cell as a float; None unless every cell is a plain number within range."""
    joined = ",".join(cells)
    if not _PLAIN.fullmatch(joined):
        return None
    try:
        numbers = np.array(list(map(float, cells)), dtype=np.float64)
    except ValueError:
        return None
    if numbers.size == 0:
        return None
    return numbers if _only_written_infinities(numbers, joined) else None


def plain_lists(text: str, context: Context) -> Array | None:
    """Nested JSON lists of numbers; None for anything else."""
    if not _PLAIN_LISTS.fullmatch(text):
        return None
    try:
        value = json.loads(text.replace("inf", "Infinity").replace("nan", "NaN"), parse_int=float)
        numbers = from_nested(value, context)
    except (ValueError, RecursionError, GradcalcError):
        return None
    return numbers if _only_written_infinities(numbers, text) else None


def _only_written_infinities(numbers: Array, text: str) -> bool:
    """Whether each infinity was written as one, rather than a number that is too large."""
    return int(np.count_nonzero(np.isinf(numbers))) == text.count("inf") + text.count("Inf")


# -- back to text ------------------------------------------------------------------------------

# numpy has no bfloat16; float32's digits identify it, since every bfloat16 is a float32.
_DTYPES: Mapping[str, type[np.floating[Any]]] = {
    "bfloat16": np.float32, "float16": np.float16, "float32": np.float32, "float64": np.float64,
}  # fmt: skip


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
