"""The text of a value to an array: quick roads for plain numbers, the parser for the rest."""

import json
import re

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.values.context import Array, Context
from gradcalc.values.nested import from_nested
from gradcalc.values.parser import parse_text

# Below this size the parser is quick enough, and its errors show the place.
_SHORT = 2_000

# Only these characters: then `float` and json read nothing that the parser would not.
_PLAIN = re.compile(r"[-+0-9.eE,;infa \t\r\n]*")
_PLAIN_LISTS = re.compile(r"[-+0-9.eE,\[\]infaINty \t\r\n]*")


def read_text(text: str, context: Context, *, lines_are_vector: bool = False) -> Array:
    """The array that a text means (every form but `@file`); see `parse_text`."""
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
