"""A program along a line or over a plane, as data: nothing of how it is drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcalc.verdict.outcome import Outcome

ERROR, POLE = "error", "pole"
"""What a point is that has no verdict, and a place between two floats around which slopes grow."""

VALUE, SUM, WEIGHED = "value", "sum of the outputs", "output weighed by the cotangent"
"""What values are."""

HARMLESS = (Outcome.VERIFIED, Outcome.VANISHED)
"""Outcomes of points that are nothing special."""


@dataclass(frozen=True, slots=True)
class Point:
    """What became of one point.

    `slope` is autograd's gradient by what moves, or along the direction; `true` that of the check,
    NaN where it has none, or no float is as large. `digits` is how many digits of the slope are
    right, None where that is not known. `outcome` is a verdict's, `error` where the program cannot
    be run there, and None where no verdict was asked for.
    """

    at: float
    value: float
    slope: float
    true: float = float("nan")
    digits: float | None = None
    outcome: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Special:
    """A place that is not like those around it, from `at` up to `end`.

    `kind` is the outcome of the verdict at `at`, whose words `message` are. Where no float is at
    the place itself, `between` is the next one above `at`: both are ordinary points, and `message`
    says what changes from one to the other. Of a stretch, `message` is what holds at `asked`.
    `sides` are points so near to it, below and above, that nothing is seen between.
    """

    at: float
    kind: str
    message: str
    end: float | None = None
    between: float | None = None
    asked: float | None = None
    value: float = float("nan")
    slope: float = float("nan")
    true: float = float("nan")
    digits: float | None = None
    sides: tuple["Point", ...] = ()

    @property
    def is_stretch(self) -> bool:
        """Whether it is more than a single place."""
        return self.end is not None


@dataclass(frozen=True, slots=True)
class Axis:
    """What moves: a name, and from where to where in how many points.

    With a `direction` it is a number t, and the input is where it was, and t times the direction.
    """

    name: str
    start: float
    stop: float
    count: int
    direction: str | None = None

    @property
    def label(self) -> str:
        """What is written at the axis."""
        return self.name if self.direction is None else f"t: {self.name} + t*({self.direction})"


@dataclass(frozen=True, slots=True)
class Curve:
    """A program along a line; `possible` is how many digits its dtype holds, `quantity` what the
    values are of an output that is not one number alone."""

    program: str
    axis: Axis
    points: Sequence[Point]
    specials: Sequence[Special]
    possible: float
    quantity: str = VALUE

    @property
    def exit_code(self) -> int:
        """1 if anything is wrong, 3 if something is not known, else 0: a corner is no mistake."""
        return code_of((*self.points, *self.specials))


@dataclass(frozen=True, slots=True)
class Arrow:
    """The gradient by two numbers at a point, and what the verdict says of it."""

    x: float
    y: float
    slopes: tuple[float, float]
    true: tuple[float, float]
    outcome: str
    message: str
    digits: float | None = None
    value: float = float("nan")


@dataclass(frozen=True, slots=True)
class Field:
    """A program over a plane: torch's values on a grid, row by row from below, and gradients that
    were checked on a coarser one."""

    program: str
    axes: tuple[Axis, Axis]
    xs: Sequence[float]
    ys: Sequence[float]
    values: Sequence[Sequence[float]]
    arrows: Sequence[Arrow]
    possible: float
    quantity: str = VALUE

    @property
    def exit_code(self) -> int:
        """As that of a curve."""
        return code_of(self.arrows)

    def odd(self) -> Iterator[Arrow]:
        """The points that are not ordinary."""
        return (arrow for arrow in self.arrows if arrow.outcome not in HARMLESS)


def code_of(found: Sequence[Point | Special | Arrow]) -> int:
    """The exit code of points: 1 for a wrong one, 3 for one of which nothing is known, else 0."""
    kinds = {thing.kind if isinstance(thing, Special) else thing.outcome for thing in found}
    if Outcome.WRONG in kinds:
        return 1
    return 3 if kinds & {Outcome.UNRESOLVED, ERROR} else 0
