"""A value as text, as JSON or as `@file` to an array: where a file is, which key of it, and one
reader for each extension."""

import json
import math
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from pickle import UnpicklingError

import numpy as np

from gradcalc.errors import FileError, GradcalcError, LimitError
from gradcalc.located import located
from gradcalc.traits import TRAITS
from gradcalc.values import binary
from gradcalc.values.context import (
    NONFINITE,
    Array,
    Context,
    Limits,
    Random,
    check_reach,
    from_nested,
    shorten,
    similar,
)
from gradcalc.values.table import read_lines, read_table
from gradcalc.values.text import read_text

Reader = Callable[[Path, str | None, Context], Array]


def parse_value(
    text: str,
    *,
    random: Random,
    stdin: Callable[[], str] | None = None,
    name: str = "value",
    limits: Limits | None = None,
    typed: bool = False,
) -> Array:
    """The float64 array that a text means; a scalar has no dimensions.

    With `typed` integers of a file that says their dtype keep it.

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
            found = _read_file(text.strip()[1:], context)
            return found if typed else _as_floats(found)
        return _hinted(text, context)
    except MemoryError:
        raise LimitError(f"{name}: the value does not fit into memory") from None


def from_json(
    value: object,
    name: str = "value",
    *,
    random: Random = lambda: np.random.default_rng(0),
    stdin: Callable[[], str] | None = None,
    limits: Limits | None = None,
    typed: bool = False,
) -> Array:
    """The float64 array that decoded JSON means.

    A number, nested lists of numbers and of the strings "NaN", "Infinity" and "-Infinity", a string
    as on the command line, or an array of integers, which with `typed` stay what they are. Without
    `random`, rand and randn are those of seed 0.

    Raises what `parse_value` raises, and InvalidValueError for anything else.
    """
    if isinstance(value, str) and value not in NONFINITE:
        return parse_value(value, random=random, stdin=stdin, name=name, limits=limits, typed=typed)
    context = Context(name, random, limits or Limits())
    if isinstance(value, np.ndarray):
        found = context.numeric(value)
        return found if typed else _as_floats(found)
    return from_nested(value, context)


def _as_floats(array: Array) -> Array:
    return array if array.dtype == np.bool_ else array.astype(np.float64)


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


def _trait(text: str) -> str | None:
    """The word for what may be known of an input that this is, or nearly is."""
    known = get_close_matches(text, TRAITS, n=1, cutoff=0.77) if text.isidentifier() else []
    return known[0] if known else None


def _hinted(text: str, context: Context) -> Array:
    try:
        return read_text(text, context)
    except GradcalcError as error:
        if error.hint is None and text.strip().lower().endswith(tuple(_READERS)):
            error.hint = "a file is written with an @ before its name, such as @x.npy"
        elif error.hint is None and (word := _trait(text)):
            error.hint = f"what is known of a value is said beside it: --declare A={word}"
        elif error.hint is None and text.isidentifier():
            quoted = f"'\"{shorten(text)}\"'"
            error.hint = f"text for a parameter of a function stands in quotes: {quoted}"
        raise


# -- files -------------------------------------------------------------------------------------


def _read_file(reference: str, context: Context) -> Array:
    """The array in `path` or `path:key`, where the key names an array or a column.

    Raises FileError when there is no such file or key, or it cannot be read as what its
    extension says; InvalidValueError or LimitError for what is in it.
    """
    path, key = _locate(reference, context)
    reader = _reader(path, context)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return reader(path, key, context)
    except GradcalcError:
        raise
    except (MemoryError, RecursionError):
        raise context.error(f"{shorten(path.name)} is too large to read", kind=LimitError) from None
    # Any bytes may be in a file, and each library has its own exceptions for bad ones.
    except Exception as error:
        raise context.file_error(
            f"{shorten(path.name)} cannot be read: {shorten(_reason(error), 120)}",
            _HINTS.get(type(error).__name__),
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = next(iter(str(error).splitlines()), type(error).__name__)
    # numpy and torch advise to load such a file all the same, which could run any code in it.
    if isinstance(error, UnpicklingError) or "pickled" in text:
        return "it is damaged, or holds objects other than numbers"
    # what numpy says of a header shows objects of Python's own
    odd = isinstance(error, LookupError) or " at 0x" in text
    return "it is damaged" if odd else text


def _locate(reference: str, context: Context) -> tuple[Path, str | None]:
    """The path and the key; a file whose own name has a colon comes before a key."""
    if not reference:
        raise context.file_error("@ needs the name of a file", "write @x.npy or @-")
    parts = reference.split(":")
    for count in range(len(parts), 0, -1):
        path = Path(":".join(parts[:count]))
        check_reach(path)
        try:
            path = located(path)
            if path.exists():
                return path, ":".join(parts[count:]) or None
        except (OSError, RuntimeError, ValueError):
            continue
    shown = shorten(reference, 80)
    raise context.file_error(f"there is no file {shown!r}", _similar_file(Path(parts[0])))


def _similar_file(path: Path) -> str | None:
    try:
        names = [entry.name for entry in located(path).parent.iterdir()]
    except (OSError, RuntimeError, ValueError):
        return None
    return similar(path.name, names)


def _reader(path: Path, context: Context) -> Reader:
    shown = shorten(path.name or str(path))
    if path.is_dir():
        raise context.file_error(f"{shown!r} is a directory, not a file")
    reader = _READERS.get(path.suffix.lower())
    if reader is None and path.is_fifo():
        # What a shell makes of @<(command).
        reader = _read_txt
    if reader is None:
        raise context.file_error(
            f"the kind of {shown!r} is not known by its extension",
            "known are " + " ".join(_READERS),
        )
    if path.is_fifo() and path.suffix.lower() in BINARY:
        raise context.file_error(f"{shown!r} is a pipe, which gives text alone")
    if not (path.is_file() or path.is_fifo()):
        raise context.file_error(f"{shown!r} is a device, not a file")
    return reader


def _text(path: Path, context: Context) -> str:
    with path.open("rb") as file:
        data = file.read(context.limits.max_bytes + 1)
    if len(data) > context.limits.max_bytes:
        raise context.error(f"{shorten(path.name)} is too large to read", kind=LimitError)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise context.file_error(f"{shorten(path.name)} is not a text in UTF-8")
    return text


def _read_csv(path: Path, key: str | None, context: Context) -> Array:
    text = _text(path, context)
    # Where the comma is the decimal point, spreadsheets write a semicolon between cells.
    return read_table(text, ";" if ";" in text and "," not in text else ",", context, key)


def _read_txt(path: Path, key: str | None, context: Context) -> Array:
    return read_lines(_text(path, context), context, key)


def _read_json(path: Path, key: str | None, context: Context) -> Array:
    text = _text(path, context)
    if not text.strip():
        raise context.empty()

    def in_range(digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            raise context.error(
                f"{shorten(digits)} is too large for a float64",
                'write "Infinity" if infinity is meant',
            )
        return number

    value = json.loads(text, parse_int=in_range, parse_float=in_range)
    if isinstance(value, dict):
        value = value[binary.pick(value, key, path, context)]
    else:
        binary.no_key(key, path, context)
    if isinstance(value, str) and value not in NONFINITE:
        return read_text(value, context)
    return from_nested(value, context)


_READERS: Mapping[str, Reader] = {
    ".csv": _read_csv,
    ".json": _read_json,
    ".npy": binary.read_npy,
    ".npz": binary.read_npz,
    ".pt": binary.read_torch,
    ".pth": binary.read_torch,
    ".safetensors": binary.read_safetensors,
    ".tsv": lambda path, key, c: read_table(_text(path, c), "\t", c, key),
    ".txt": _read_txt,
}

BINARY = frozenset({".npy", ".npz", ".pt", ".pth", ".safetensors"})
"""Those of files that are read at places."""

_HINTS: Mapping[str, str] = {
    "UnpicklingError": "save only tensors: torch.save(x, 'x.pt')",
    "JSONDecodeError": "plain text with numbers is read from a .txt file",
}
