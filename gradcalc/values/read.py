"""The text of a value on the command line, or its JSON, to an array."""

from collections.abc import Callable

import numpy as np

from gradcalc.errors import FileError, GradcalcError, LimitError
from gradcalc.values.context import Array, Context, Limits, Random
from gradcalc.values.files import READERS, read_file
from gradcalc.values.nested import NONFINITE, from_nested
from gradcalc.values.table import read_lines
from gradcalc.values.text import read_text


def parse_value(
    text: str,
    *,
    random: Random,
    stdin: Callable[[], str] | None = None,
    name: str = "value",
    limits: Limits | None = None,
) -> Array:
    """The float64 array that a text means; a scalar has no dimensions.

        2.5   0,1,2   1,2;3,4   [[1,2],[3,4]]   1/3   2*pi   arange(4)   @file.npy   @-

    `random` gives the numbers of rand and randn; `stdin` gives the text for `@-`; `name` is
    the input's name, which every error carries. What is read has at least one element.

    Raises InvalidValueError for text that is not a value, FileError for a file that cannot be
    read, and LimitError for a value beyond `limits`.
    """
    context = Context(name, random, limits or Limits())
    try:
        if text.strip() == "@-":
            return read_lines(_standard_input(stdin, name), context)
        if text.strip().startswith("@"):
            return read_file(text.strip()[1:], context)
        return _hinted(text, context)
    except MemoryError:
        raise LimitError(f"{name}: the value does not fit into memory") from None


def from_json(
    value: object,
    name: str = "value",
    *,
    random: Random | None = None,
    limits: Limits | None = None,
) -> Array:
    """The float64 array that decoded JSON means.

    A number, nested lists of numbers and of the strings "NaN", "Infinity" and "-Infinity", or
    a string as on the command line. Without `random`, rand and randn are those of seed 0.

    Raises what `parse_value` raises, and InvalidValueError for anything else.
    """
    source = (lambda: np.random.default_rng(0)) if random is None else random
    if isinstance(value, str) and value not in NONFINITE:
        return parse_value(value, random=source, name=name, limits=limits)
    return from_nested(value, Context(name, source, limits or Limits()))


def _standard_input(stdin: Callable[[], str] | None, name: str) -> str:
    if stdin is None:
        raise FileError(f"{name}: standard input cannot be read here")
    try:
        text = stdin().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    except (OSError, ValueError):
        text = "\0"
    if "\0" in text:
        raise FileError(f"{name}: standard input is not a text in UTF-8")
    return text


def _hinted(text: str, context: Context) -> Array:
    try:
        return read_text(text, context)
    except GradcalcError as error:
        if error.hint is None and text.strip().lower().endswith(tuple(READERS)):
            error.hint = "a file is written with an @ before its name, such as @x.npy"
        raise
