"""What every reader of values needs: the input's name, the limits, and errors with a place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import GradcalcError, InvalidValueError, LimitError, Span, did_you_mean

Array = NDArray[np.float64]
Random = Callable[[], "np.random.Generator"]
"""Gives the generator of random numbers: numpy's own are imported only where they are wanted."""

# A text longer than this is not repeated under an error: nobody reads a caret in a megabyte.
LONGEST_SHOWN = 10_000


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

    def empty(self) -> InvalidValueError:
        return InvalidValueError(f"{self.name} is empty: there is nothing to differentiate")

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
        """The array as float64, if it holds real numbers at all."""
        self.check_shape(array.shape, array.size)
        if array.dtype.kind not in "biuf":
            found = {"c": "complex numbers", "U": "strings", "S": "strings", "O": "objects"}
            what = found.get(array.dtype.kind, f"{array.dtype.name} data")
            raise InvalidValueError(f"{self.name} holds {what}; real numbers are needed")
        with np.errstate(all="ignore"):
            result = array.astype(np.float64, order="C", copy=False)
        if array.dtype.itemsize > 8 and bool(np.any(np.isinf(result) & ~np.isinf(array))):
            raise InvalidValueError(f"{self.name} holds numbers that are too large for a float64")
        return result


@dataclass(frozen=True, slots=True)
class Source:
    """A text of which an error can show a stretch."""

    name: str
    text: str

    def span(self, start: int, end: int) -> Span:
        return Span(*self._place(start), *self._place(max(end, start + 1)))

    def _place(self, offset: int) -> tuple[int, int]:
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - line_start + 1

    def error(
        self,
        message: str,
        start: int,
        end: int,
        hint: str | None = None,
        kind: type[GradcalcError] = InvalidValueError,
    ) -> GradcalcError:
        """An error about the characters from `start` to `end`."""
        shown = self.text if len(self.text) <= LONGEST_SHOWN else None
        span = self.span(start, end) if shown is not None else None
        return kind(f"{self.name}: {message}", hint=hint, span=span, source=shown)


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
