"""What a function did, as plain data: operations, where tensors lie, and their numbers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

FLOATS = ("float64", "float32", "bfloat16", "float16")
"""Dtypes that have gradients here, the most precise first."""

CAST = "aten._to_copy"
"""The operation that gives the same numbers in another dtype."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in whose code something was done."""

    file: str
    line: int

    @property
    def shown(self) -> str:
        """The file as whoever runs this calls it."""
        with suppress(ValueError):
            return str(Path(self.file).relative_to(Path.cwd()))
        return self.file

    @property
    def told(self) -> str:
        """The place in words."""
        return f"{self.shown}, line {self.line}"


NOWHERE = Place("", 0)


@dataclass(frozen=True, slots=True)
class View:
    """Where a tensor lies: the elements of a storage that it is made of.

    It is those with another sign where it is `flipped`: `conj` or `neg`. `foreign` says in words
    what has no memory that is told here: a sparse tensor, a nested one.
    """

    storage: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    flipped: str = ""
    foreign: str = ""

    @property
    def key(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """Which elements of its storage these are."""
        return self.offset, self.shape, self.strides

    @property
    def is_complex(self) -> bool:
        """Whether its elements are pairs."""
        return self.dtype.startswith("complex")

    @property
    def size(self) -> int:
        """How many numbers."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def end(self) -> int:
        """The place behind the last one of its elements."""
        if self.size == 0:
            return 0
        reach = ((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        return self.offset + sum(reach) + 1

    def positions(self) -> NDArray[np.intp]:
        """The place in the storage of each element."""
        found = np.full(self.shape, self.offset, np.intp)
        for axis, (size, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            along = np.arange(size) * stride
            found += along.reshape([-1 if k == axis else 1 for k in range(len(self.shape))])
        return found


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of what lies in a row."""
    return tuple(prod(max(size, 1) for size in shape[axis + 1 :]) for axis in range(len(shape)))


@dataclass(frozen=True, slots=True)
class Use:
    """A tensor that an operation takes, made of what is differentiated by.

    `live` says that a gradient flows back through this use. `numbers` are there where they may be
    needed as such: of integers and truth values.
    """

    view: View
    live: bool
    numbers: Numbers | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.view.shape

    @property
    def dtype(self) -> str:
        return self.view.dtype


@dataclass(frozen=True, slots=True)
class Data:
    """A tensor that has nothing to do with what is differentiated by."""

    numbers: Numbers
    dtype: str

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.numbers.shape)


@dataclass(frozen=True, slots=True)
class Result:
    """A tensor that an operation gave, with the numbers that it gave."""

    view: View
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Call:
    """An operation: `aten.addmm` with its arguments by the names of its schema.

    `inside` is the number of the own Function whose forward did it, None outside of such. With
    `aliases` the results lie where an argument does and nothing is written; `written` is what is.
    A truth value that was taken out of a tensor is the `answer`.
    """

    name: str
    arguments: Mapping[str, Any]
    results: tuple[Result | None, ...]
    place: Place
    inside: int | None = None
    aliases: bool = False
    written: tuple[View, ...] = ()
    answer: bool | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The numbers of a storage that is first met when something is written into it."""

    storage: int
    numbers: Numbers
    dtype: str


@dataclass(frozen=True, slots=True)
class Same:
    """A result of what nobody can see into, taken for that of a plain function."""

    value: Use | Data
    result: Result


@dataclass(frozen=True, slots=True)
class Meant:
    """A call of a Function whose backward is taken for what is meant, by its number."""

    number: int
    given: tuple[Use | Data | None, ...]
    made: tuple[Result, ...]


Event = Call | Start | Same | Meant


@dataclass(frozen=True, slots=True)
class Applied:
    """One call of a Function with a backward of its own.

    `given` are its arguments in their order, None where one is no tensor, with their `numbers`
    and the `names` of its forward's parameters; `made` what it gave. The events from `first` up to
    `last` are those of its forward; with `opaque` a result was made out of sight. `place` is that
    of its backward, `called` that of the call. A `trusted` one is meant, whatever it is; one
    that `asks` takes numbers out of tensors, one that `draws` has them drawn by its arguments. One
    `of_torch` runs what others wrote.
    """

    name: str
    names: tuple[str, ...]
    given: tuple[Use | Data | None, ...]
    numbers: tuple[Numbers | None, ...]
    made: tuple[Result | None, ...]
    first: int
    last: int
    place: Place
    called: Place
    opaque: bool = False
    trusted: bool = False
    asks: bool = False
    draws: bool = False
    of_torch: bool = False

    @property
    def told(self) -> str:
        """What is to be said of one whose result was made out of sight."""
        if self.draws:
            return f"{self.name} draws numbers, whose slope is what its backward takes it for"
        return f"nobody can see into the forward of {self.name}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that was noticed: `kind` says what, `text` what it is about."""

    kind: str
    text: str
    place: Place = NOWHERE


@dataclass(slots=True)
class Trace:
    """A run of a function.

    `inputs` are its leaves by name, with the numbers they had at first; `others` what it was given
    and is not differentiated by; `wholes` the storages of which one of these is only a part.
    """

    inputs: dict[str, tuple[View, Numbers]] = field(default_factory=dict)
    others: dict[str, tuple[View, Numbers]] = field(default_factory=dict)
    wholes: list[Start] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    output: Use | Data | None = None
    functions: list[Applied] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def precision(self) -> str:
        """The dtype of the fewest digits that a number on the way of the gradient has.

        Truth values and integers have all their digits in any dtype.
        """
        found = {view.dtype for view, _ in self.inputs.values()}
        for event in self.events:
            if not isinstance(event, Call):
                continue
            uses = list(uses_in(event.arguments))
            found |= {use.dtype for use in uses if use.live}
            if event.name == CAST and any(use.dtype in FLOATS for use in uses):
                found |= {made.view.dtype for made in event.results if made is not None}
        return max(found & set(FLOATS), key=FLOATS.index, default=FLOATS[0])


def uses_in(value: Any) -> Iterator[Use]:
    """The tensors among arguments, however deep in lists."""
    if isinstance(value, Use):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from uses_in(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from uses_in(part)
