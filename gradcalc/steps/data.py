"""The steps of a calculation as plain data: torch's numbers, and whether they are right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gradcalc.errors import Span
from gradcalc.report import Report
from gradcalc.testimony import Array

Source = int | str | None
"""Where a tensor is from: the position of a step, the name of an input, None if it is fixed."""


class Mark(StrEnum):
    """What is known of the numbers of a step.

    `INEXACT` ones have lost digits to rounding, there or in what they are made of; `WRONG` ones are
    off although that is not so. `LOST` is where the first NaN or infinity comes from, where none
    can be told to be wrong. A `CHOICE` is one of several numbers that are right at a kink or a
    jump, or made of such: there is no true one.
    """

    RIGHT = "right"
    INEXACT = "inexact"
    WRONG = "wrong"
    LOST = "lost"
    CHOICE = "choice"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What torch has for a tensor, in the shape of that, and the true numbers where known."""

    value: Array
    mark: Mark = Mark.UNKNOWN
    true: Array | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """A call on the way there: what its results are called, what it does in the program's words.

    `operands` are the names of the tensors that it is given, `sources` the positions of the steps
    that made them, or the names of inputs, None of what is fixed. `depends` says that it is made
    of inputs that are differentiated by, `flows` that a gradient comes back to it.
    """

    names: tuple[str, ...]
    text: str
    primitive: str
    place: Span
    numbers: tuple[Numbers, ...]
    operands: tuple[str, ...]
    sources: tuple[Source, ...]
    depends: bool
    flows: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """What a step hands on to one of its operands, from its `source`, by which formula of `g`,
    what has arrived.

    `derived` is the same as a formula of the inputs, where that was asked for. `total` is all that
    has come to the operand with it, the last of several, and `summed` that as a formula of the
    inputs. Where nothing is handed on `stop` says
    why.
    """

    to: str
    source: Source = None
    formula: str | None = None
    derived: str | None = None
    numbers: Numbers | None = None
    total: Numbers | None = None
    summed: str | None = None
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class Backward:
    """A call on the way back, by its position on the way there: what arrives at its results, None
    where nothing does, and what it hands on."""

    step: int
    rule: str
    arriving: tuple[Numbers | None, ...]
    handed: tuple[Handed, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A name of the program that a step is given, of what passes no gradient back: made of what, if
    that is known."""

    name: str
    text: str | None
    value: Array


@dataclass(frozen=True, slots=True)
class Rounds:
    """Steps on the way there that do the same again and again.

    They begin at `first`; a round has `length` steps, and there are `count` of them. Shown are the
    first, the last, and those in which something happens, `also`, counted from 0.
    """

    first: int
    length: int
    count: int
    also: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """The position behind the last step."""
        return self.first + self.length * self.count

    def number(self, position: int) -> int | None:
        """The round that a step is in, None for one that is in none."""
        within = self.first <= position < self.end
        return (position - self.first) // self.length if within else None

    def is_shown(self, position: int) -> bool:
        """Whether a step is in no round, or one that is shown."""
        number = self.number(position)
        return number is None or number in (0, self.count - 1, *self.also)


@dataclass(frozen=True, slots=True, repr=False)
class Steps:
    """A calculation step by step: there, and back in the order in which torch goes back.

    `report` is the answer that it leads to. `inputs` are what it begins with. `output` is the name
    of what is differentiated, `weights` what goes back to it. `unheld` is why the numbers are not
    held to the true ones, None where they are; those of rounds that are not shown are not either,
    unless the steps are `whole`. With `symbolic` what is handed on is told as
    formulas of the inputs. Those of a program without values were held to the gradient at so many
    random `points`, the numbers are those of the first; `notes` say how the program was read.
    `away` are the inputs by which the formula is not that of torch's number, but of those around,
    as this is a kink. `fixed` are the names of what no step makes.
    """

    report: Report
    inputs: Mapping[str, Array]
    forward: tuple[Forward, ...]
    backward: tuple[Backward, ...]
    rounds: tuple[Rounds, ...]
    output: str
    weights: Array
    unheld: str | None = None
    whole: bool = True
    symbolic: bool = False
    points: int = 0
    notes: tuple[str, ...] = ()
    away: frozenset[str] = frozenset()
    fixed: tuple[Fixed, ...] = ()

    @property
    def numbers(self) -> Iterator[Numbers]:
        """All numbers there are, in the order of the steps."""
        for step in self.forward:
            yield from step.numbers
        for back in self.backward:
            for handed in back.handed:
                yield from (n for n in (handed.numbers, handed.total) if n is not None)

    @property
    def printed(self) -> str:
        """What the program has printed, where that was asked for."""
        return self.report.printed

    def __repr__(self) -> str:
        return repr(self.report).replace("<gradcalc", "<gradcalc.explain", 1)
