"""What every reader of values needs: the input's name, the limits, and its errors; and nested lists
of numbers, as JSON gives them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import FileError, GradcalcError, InvalidValueError, LimitError, did_you_mean
from gradcalc.located import located

Array = NDArray[np.float64]
Random = Callable[[], "np.random.Generator"]
"""Gives the generator of random numbers: numpy's own are imported only where they are wanted."""

# JSON has no such numbers, so they travel as these strings.
NONFINITE: Mapping[str, float] = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Reach:
    """Which files may be read: all, or those in a `folder` and below it."""

    folder: ClassVar[Path | None] = None


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Let no file be read in the block but those of a folder."""
    before, Reach.folder = Reach.folder, folder.resolve()
    try:
        yield
    finally:
        Reach.folder = before


def check_reach(path: Path) -> None:
    """Raises `FileError` for a file that may not be read."""
    if Reach.folder is None:
        return
    try:
        inside = located(path).resolve().is_relative_to(Reach.folder)
    except (OSError, RuntimeError, ValueError):
        # there is none of that name, which whoever opens it says
        return
    if not inside:
        raise FileError(
            f"{path} is not read, as it is not in the folder of the report",
            hint="a report reads files of its own folder, and of those in it",
        )


INTEGERS = frozenset({"int64", "int32", "int16", "int8", "uint8"})
"""The dtypes of integers that numpy and torch have alike."""

LARGEST = 2.0**53
"""Up to here each integer is a float64."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a value may be: its elements, its rank, and the nesting of its text."""

    max_elements: int = 10**8
    max_rank: int = 32
    max_nesting: int = 50

    @property
    def max_bytes(self) -> int:
        """The largest file that could hold `max_elements` numbers, as text or binary."""
        return 32 * self.max_elements


@dataclass(frozen=True, slots=True)
class Context:
    """Which input is being read (`name`), with which random numbers and limits."""

    name: str
    random: Random
    limits: Limits = field(default_factory=Limits)

    def error(
        self, message: str, hint: str | None = None, kind: type[GradcalcError] = InvalidValueError
    ) -> GradcalcError:
        """An error about the input."""
        return kind(f"{self.name}: {message}", hint=hint)

    def file_error(self, message: str, hint: str | None = None) -> GradcalcError:
        """An error about the file that holds the input."""
        return self.error(message, hint, FileError)

    def empty(self) -> InvalidValueError:
        left = "a value is needed" if self.name[:1] == "-" else "there is nothing to differentiate"
        return InvalidValueError(f"{self.name} is empty: {left}")

    def too_many(self, count: int | float) -> LimitError:
        # Past the floats there is no short way to write the count.
        shown = f"{count:.3g}" if count < 1e300 else "that many"
        return LimitError(
            f"{self.name}: {shown} elements are too many; "
            f"a value may have at most {self.limits.max_elements:.3g}"
        )

    def check_shape(self, shape: tuple[int, ...], count: int) -> None:
        """Refuse a shape that is too large to build, before it is built."""
        if count > self.limits.max_elements:
            raise self.too_many(count)
        if len(shape) > self.limits.max_rank:
            raise LimitError(
                f"{self.name} has {len(shape)} dimensions; "
                f"a value may have at most {self.limits.max_rank}"
            )
        if count == 0:
            raise self.empty()

    def numeric(self, array: NDArray[np.generic]) -> Array:
        """The array as float64, or as it is of truth values and integers, if it holds real
        numbers at all."""
        self.check_shape(array.shape, array.size)
        if array.dtype.kind not in "biuf":
            found = {"c": "complex numbers", "U": "strings", "S": "strings", "O": "objects"}
            what = found.get(array.dtype.kind, f"{array.dtype.name} data")
            raise InvalidValueError(f"{self.name} holds {what}; real numbers are needed")
        if array.dtype.kind == "b" or is_counted(array):
            return np.array(array)
        with np.errstate(all="ignore"):
            result = array.astype(np.float64, order="C", copy=False)
        if array.dtype.itemsize > 8 and bool(np.any(np.isinf(result) & ~np.isinf(array))):
            raise InvalidValueError(f"{self.name} holds numbers that are too large for a float64")
        return result


def is_counted(array: NDArray[np.generic]) -> bool:
    """Whether an array is one of integers of a usual dtype, all of which are floats too."""
    return array.dtype.name in INTEGERS and bool(np.all(np.abs(array.astype(float)) <= LARGEST))


def similar(name: str, known: Iterable[str]) -> str | None:
    """`did_you_mean` for names out of a file, of which there may be many, with any characters."""
    hint = did_you_mean(name[:100], list(known)[:1000])
    return None if hint is None else shorten(hint, 120)


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shorten(text: str, width: int = 40) -> str:
    """A piece of somebody's text, fit to stand inside a sentence."""
    clean = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: width + 1]
    )
    return clean if len(text) <= width else clean[: width - 1] + "…"


# -- nested lists ------------------------------------------------------------------------------


def from_nested(value: object, context: Context) -> Array:
    """The array of a number or of nested lists of numbers, bools and NONFINITE strings.

    Goes level by level instead of calling itself, so any depth of nesting is safe.
    Raises InvalidValueError for anything else and for ragged lists.
    """
    shape: list[int] = []
    level: list[Any] = [value]
    while level and all(type(item) is list for item in level):
        shape.append(_common_length(level, shape, context))
        if level and level[0]:
            context.check_shape(tuple(shape), len(level) * shape[-1])
        level = list(chain.from_iterable(level))
        if not level:
            raise context.empty()
        context.check_shape(tuple(shape), len(level))
    if level and all(type(item) is bool for item in level):
        return np.array(level).reshape(shape)
    if not all(type(item) in (float, int) for item in level):
        level = [_number(item, context) for item in level]
    try:
        return np.array(level, dtype=np.float64).reshape(shape)
    except OverflowError:
        raise InvalidValueError(
            f"{context.name} holds an integer that is too large for a float64",
            hint='write "Infinity" if infinity is meant',
        ) from None


def _common_length(level: list[list[Any]], shape: list[int], context: Context) -> int:
    lengths = list(map(len, level))
    if len(set(lengths)) == 1:
        return lengths[0]
    odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
    found, expected = counted(lengths[odd], "number"), counted(lengths[0], "number")
    if len(shape) == 1:
        raise context.error(f"row {odd + 1} has {found}, but row 1 has {expected}")
    raise context.error(f"one list at depth {len(shape) + 1} has {found}, another has {expected}")


def _number(item: object, context: Context) -> float:
    if isinstance(item, bool | int | float):
        return item
    if isinstance(item, str) and item in NONFINITE:
        return NONFINITE[item]
    if isinstance(item, list):
        raise context.error("a list stands beside single numbers")
    shown = repr(shorten(item)) if isinstance(item, str) else f"a {type(item).__name__}"
    what = "null" if item is None else shown
    raise context.error(f"{what} is not a number")
