"""What a witness says: plain data, the same for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import Span
from gradcalc.expr.written import Written
from gradcalc.lang.chance import Draw
from gradcalc.lang.program import Branch, Stop
from gradcalc.problem import Array as Array

AGREED = 1e-9
"""How far apart, in relation to the largest element, the same may be in another form."""

ROUNDINGS = 256
"""The same in roundings of the dtype: a number that is worked out from two may be rounded
otherwise."""

SURE = 2.0**-20
"""The largest radius, in relation to what it is a slope of, that says anything."""

LEAST_FLOAT = 5e-324
"""The smallest float that is not 0."""

CONTRADICTION = "the check's own derivative is not that of its values"
"""Why the check is in doubt where it is at odds with itself."""

Reals = Any
"""A numpy array of exact balls: more digits, and more room, than any float."""


class Nature(StrEnum):
    """What a function is like around a point."""

    SMOOTH = "smooth"
    KINK = "kink"
    EDGE = "edge"
    JUMP = "jump"
    SINGULAR = "singular"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Event:
    """A primitive at, or very near, a point where it is not smooth, or outside its domain.

    `at` are its operands, `margin` how far away that point is; `condition` says that it is a
    comparison, `close` that a few roundings of its operands could take it to that point. `columns`
    are the elements of the inputs, as those of a `Neighbourhood`, that its operands are made of,
    None where that was not found out.
    """

    primitive: str
    place: Span | None
    at: tuple[float, ...]
    outside: bool
    margin: float = 0.0
    condition: bool = False
    close: bool = False
    columns: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Bends:
    """What a function is to first order around a point, where no kink hangs on another one.

    `start` is a gradient around it. With a `curvature` of 1 the function is convex there, of -1
    concave, and of 0 neither is known. `jumps` are what is to be taken away from `start` on the
    other side of each of some planes; None where it is not made of planes that cross the whole of
    it. With `exact` every mixture of those is one of gradients, whatever sides go together.
    """

    start: Array
    curvature: int
    jumps: Array | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What a part of a function is like around a point, with the gradients there.

    `columns` are the elements of the inputs, flattened in the order of `wrt`, that the part hangs
    on, and no other part does; `events` what is not smooth in it. Where the nature is not known,
    `why` says why. `gradients` has a row for each sampled point, `directions` where it lies, both
    in those columns. `limit` is the gradient that the samples draw towards, flat too, at a smooth
    point. `inside` says that some nearby point lies in the function's domain, `hole` that all do
    that were sampled, but not the point itself, `complete` that every single input was moved by
    itself. `drift` is how far each element still is from what it draws
    towards, None where that does not matter. With `whole` the gradients are those of all pieces
    that meet at the point, and nothing else is around it. `sides` are the slopes along each axis,
    on its left and on its right, NaN where they are not known. `walls` are planes on which the
    gradient jumps, as unit vectors; None where there may be more pieces than those between them.
    `bends` tells more of the gradients than those that were found, None where that is not known.
    With `missed` there are more pieces than were gone through; with `curved` there may be some
    between borders that are no planes, where only samples look. `held` are choices that no
    direction tells from all gradients around, however near these came to them. `noise` is what
    rounding may do to each element.
    """

    nature: Nature
    gradients: Array
    directions: Array
    limit: Reals | None = None
    inside: bool = True
    hole: bool = False
    complete: bool = True
    drift: Array | None = None
    whole: bool = False
    sides: Array | None = None
    walls: Array | None = None
    bends: Bends | None = None
    missed: bool = False
    curved: bool = False
    held: tuple[Array, ...] = ()
    noise: Array | None = None
    columns: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    events: tuple[Event, ...] = ()
    why: str = ""

    @property
    def widest(self) -> int | None:
        """The place among the columns of the slopes at a kink that differ most on both sides."""
        if self.nature is not Nature.KINK or self.sides is None:
            return None
        jumps = np.abs(self.sides[1] - self.sides[0])
        return int(np.nanargmax(jumps)) if np.any(jumps > 0) else None


@dataclass(frozen=True, slots=True)
class Fault:
    """The operation where floats went astray: what it was given is right, and what it gives is not.

    `kind` says of its value that it is beyond the dtype's range (`overflow`), smaller than any
    float (`underflow`), without digits though its operands have theirs (`cancellation`), what
    rounding made of a comparison (`rounded`) or off by the library's doing (`value`); of what it
    hands on to an operand that it is not finite (`undefined`), beyond the range (`grown`), another
    number (`slope`) or smaller than any float (`faded`). A comparison or a value may be one of what
    exact arithmetic has no number for (`asked`), which is `then` of a comparison. Where rounding
    took an operand to where there is no value or slope (`outside`), the two numbers are that
    operand's. Where all of them are right and add up to what is not, they cancel (`parts`) or
    overflow together (`sum`). `at` are its operands as the library has them, `said` and `true` the
    two numbers. `then` is the operation, with its operands, that hands on a wrong adjoint because
    of a wrong value, or is the comparison that it turned over.
    """

    kind: str
    primitive: str
    place: Span | None
    at: tuple[float, ...]
    said: float
    true: Any
    then: tuple[str, tuple[float, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """An operation through which hardly anything flows back to the input `wrt`.

    `kind` is `step` (it is flat everywhere), `flat` (it is there), `saturated` (nearly so),
    `underflow` (its slope is smaller than any float), `unchosen` (it takes what does not depend on
    the input), `compared` (only comparisons depend on it), `numbers` (only whole numbers do, which
    say what is taken) or `unused` (nothing does). `at` are its operands. What gives 0 (`zero`), is
    `false` or underflows to 0 (`faded`) is what the slope of another operation is, `then`, with its
    operands.
    """

    kind: str
    primitive: str
    place: Span | None
    at: tuple[float, ...]
    wrt: str
    then: tuple[str, tuple[float, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """The slope of what is differentiated in one direction, and how far off it is at most.

    The direction is 1 or -1 for every element, by input, or, without `signs`, one element's own.
    """

    slope: Any
    radius: float
    signs: Mapping[str, NDArray[np.int8]] | None = None
    name: str = ""
    index: tuple[int, ...] = ()

    def along(self, gradients: Mapping[str, Any]) -> Any:
        """The slope that gradients have in this direction, in wide floats."""
        if self.signs is None:
            return np.longdouble(gradients[self.name][self.index])
        parts = (
            np.sum(np.asarray(gradients[name], dtype=np.longdouble) * sign)
            for name, sign in self.signs.items()
        )
        return sum(parts, np.longdouble(0))


@dataclass(frozen=True, slots=True)
class Cut:
    """A `float`, `int` or `item` but for which a gradient would flow, where none does.

    Unless it does so `alone`, others have to be left out as well. `same` says that without them
    the value is what it was.
    """

    stop: Stop
    alone: bool
    same: bool = True


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A loss of tensors that are meant to have one shape, and have not.

    `count` is how many elements there are to be averaged, summed or left alone.
    """

    primitive: str
    names: tuple[str, str]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    count: int
    reduction: str
    place: Span | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that was not taken for another library's, which means something else by it.

    `reader` is who takes it as it was: torch, or gradcalc alone. `other` is how that library's is
    written; `gives` is what both give, ours first.
    """

    text: str
    reader: str
    library: str
    other: str
    gives: tuple[str, str]
    place: Span | None


@dataclass(frozen=True, slots=True)
class Stray:
    """An element, of the value where `name` is None, which is not what it should be."""

    name: str | None
    index: tuple[int, ...]
    number: float


@dataclass(frozen=True, slots=True)
class Narrow:
    """What is not finite in float32 where all is finite in float64.

    `strays` are the first element of the value and of each gradient that is not; `vanished` is one
    of an input that is 0 in float32 and was not. `better` are a part of the program and what stands
    in its place where that keeps all finite.
    """

    strays: tuple[Stray, ...]
    vanished: Stray | None = None
    better: tuple[str, str] | None = None


Origin = tuple[int, int] | str | None
"""Where a tensor is from: a call by its number and which of its values, an input, or neither."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a library has for one call of a primitive: its values, and their adjoints.

    `given` are the tensors that it was called with, `origins` where these are from, and `handed`
    what it hands on to each. An adjoint is None where no gradient flows.
    """

    primitive: str
    values: tuple[Array, ...]
    adjoints: tuple[Array | None, ...]
    given: tuple[Array, ...] = ()
    origins: tuple[Origin, ...] = ()
    handed: tuple[Array | None, ...] = ()

    @property
    def value(self) -> Array:
        """The first of its values."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Formula:
    """A gradient as text in gradcalc's language, or why there is none to be shown.

    `holds` says that nothing speaks against it at the point, be it written or not; `elsewhere` is
    the text that gives at other points only what the chain rule does, `there` what it gives here.
    """

    written: Written | None = None
    failure: str | None = None
    holds: bool = True
    elsewhere: Written | None = None
    there: Array | None = None


NOTHING = 2.0**-52
"""What is nothing beside the largest element."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A `term` or a `factor` of a gradient's formula, or of the claim: `own` or `own factor`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What a claim gives at a point beside the user's, and the gradient there.

    `point` has the inputs that are not where the user has them. The two may be `room` apart, in
    relation to each element. `pieces` are the values there of those that were asked for.
    """

    point: Mapping[str, Array]
    claimed: Array
    true: Array
    room: float
    pieces: Mapping[Piece, Array] = field(default_factory=dict)

    @property
    def apart(self) -> Any:
        """The elements that are further apart."""
        sizes = np.abs(self.true)
        off = np.abs(np.broadcast_to(self.claimed, self.true.shape) - self.true)
        return off > self.room * (sizes + NOTHING * np.max(sizes, initial=0))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a claim that fails gives at points all over, as far as there is a gradient.

    With `smooth` nothing in the program or the claim is chosen by the numbers. It would hold if the
    matrix `symmetric` were that.
    """

    beside: tuple[Beside, ...] = ()
    smooth: bool = False
    symmetric: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Groups of points at which a claim was tried; it fails where it does in each of them.

    `otherwise` are those where it fails because more inputs were moved than these, or matrices that
    are `symmetric` in them were not kept so. For one that fails at the point itself there is what
    it gives `elsewhere`.
    """

    groups: tuple[tuple[Beside, ...], ...] = ()
    otherwise: tuple[tuple[Beside, ...], ...] = ()
    symmetric: tuple[str, ...] = ()
    elsewhere: Elsewhere = Elsewhere()


@dataclass(frozen=True, slots=True)
class Testimony:
    """What every witness says: the value, the gradients by input, both in float64, the way that the
    program went, and the values of the claims."""

    value: Array
    gradients: Mapping[str, Array]
    path: tuple[Branch, ...] = ()
    claims: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Computed(Testimony):
    """What autograd says.

    `carrying` are the inputs to which a gradient flows at all, `cut` what alone keeps it from all
    of them. `overwritten` is a write for which torch would refuse to differentiate the program as
    it stands, its kind the operation that needs what was there. `broadcasts` and `taken` are in the
    order of the program; `narrow` is what float32 makes of it, `draws` are the places where random
    numbers were drawn, `casts` those to fewer digits than the calculation has. `steps` are the
    calls of primitives in order, and `target` what is differentiated, where they are asked for, as
    is what the program has `printed`.
    """

    stops: tuple[Stop, ...] = ()
    carrying: frozenset[str] = frozenset()
    cut: Cut | None = None
    broadcasts: tuple[Broadcast, ...] = ()
    taken: tuple[Taken, ...] = ()
    narrow: Narrow | None = None
    draws: tuple[Draw, ...] = ()
    casts: tuple[Stop, ...] = ()
    steps: tuple[Step, ...] = ()
    target: Origin = None
    printed: str = ""
    overwritten: Stop | None = None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How gradients react to changes, by input, as far as that was found out.

    `scales` are the largest effects on the total of a relative change of a number in between that
    bends; `flows` the sizes, signs left out, of all that flows into each element of a gradient:
    rounding is in proportion to them. `conditions` say how strongly each gradient reacts to
    relative changes of the inputs; `rounding` how far the dtype's rounding alone takes it in the
    program as it is written, `noise` what that of its values alone does to each element, in units
    of epsilon; `slopes` how large each element is on the way to numbers of ordinary size,
    `ordinary` the same with those of inputs that have been smaller.
    """

    scales: Mapping[str, Any]
    flows: Mapping[str, Reals]
    conditions: Mapping[str, float] = field(default_factory=dict)
    rounding: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, Array] = field(default_factory=dict)
    slopes: Mapping[str, Array] = field(default_factory=dict)
    ordinary: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Testimony):
    """The answer of a witness that knows more digits than a float holds.

    `exact` are the gradients in many digits, `total` is the number that was differentiated. `radii`
    bound how far off each element of `exact` is, where that is proved. `events` are the primitives
    met at or near a kink or border, the closest first. `conventions` are the calls whose gradient
    is not that of their value, as the library means them. `size` is how much the run was. `doubt`
    is why autograd cannot be held to it all the same, None if it can.
    """

    exact: Mapping[str, Reals]
    total: Any
    sensitivity: Sensitivity
    radii: Mapping[str, Array] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    conventions: tuple[Stop, ...] = ()
    size: int = 0
    doubt: str | None = None

    @property
    def rough(self) -> tuple[Neighbourhood, ...]:
        """What lies around the point in those parts that have no gradient there.

        The elements of `exact` that they hang on are not numbers.
        """
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed(Reference):
    """The answer in balls, of `bits` of precision.

    `around` is what lies around the point, in the parts of the function to which it is special,
    `within` are the gradients at points that floats can hardly tell from this one, where that
    matters; `turned` are the comparisons that come out otherwise all around, `asked` is what is
    undefined at the point and compared all the same, if anything is. `sway` says how strongly the
    total reacts to relative changes of the inputs, None where that was not found out. `faults` are
    where autograd's gradients went astray, by input, and its value (None), `closed` what lets
    nothing by, where that was looked for. `decided` is what made comparisons come out
    otherwise for torch, by rounding, and `chosen` the gradients of what it took then.
    `cancelling` are the corners that come to nothing together, where that was looked for.
    """

    bits: int
    around: tuple[Neighbourhood, ...] = ()
    within: Neighbourhood | None = None
    turned: tuple[Event, ...] = ()
    asked: Event | None = None
    sway: Any = None
    faults: Mapping[str | None, Fault] = field(default_factory=dict)
    closed: tuple[Closed, ...] = ()
    decided: tuple[Fault, ...] = ()
    chosen: Mapping[str, Reals] = field(default_factory=dict)
    cancelling: tuple[Event, ...] = ()

    @property
    def rough(self) -> tuple[Neighbourhood, ...]:
        return tuple(part for part in self.around if part.nature is not Nature.SMOOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Reference):
    """The answer of the formulas.

    `surveyed` says that it looked for corners, and found out how the gradients react, as no
    enclosure does; then its numbers may be those of floats.
    """

    formulas: Mapping[str, Formula]
    surveyed: bool


class Absence(Enum):
    """Why a witness does not testify.

    Nobody asked for a check, or for this witness; so many digits of so many numbers are too much;
    the program or the point is beyond it; it is at odds with itself; it has a fault of its own, or
    its process is gone.
    """

    UNASKED = auto()
    LEFT_OUT = auto()
    TOO_LARGE = auto()
    UNABLE = auto()
    MISTAKEN = auto()
    FAULT = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True)
class Absent:
    """A witness that does not testify: `doubt` is why, in words."""

    reason: Absence
    doubt: str


@dataclass(frozen=True, slots=True)
class Slopes(Absent):
    """What is too large for every element by itself: the slopes in a few directions."""

    probes: tuple[Probe, ...]
    path: tuple[Branch, ...]
    conventions: tuple[Stop, ...] = ()


R = TypeVar("R", bound=Reference)


def trusted(witness: R | Absent) -> R | None:
    """The witness where autograd can be held to it, None where it cannot."""
    return None if isinstance(witness, Absent) or witness.doubt is not None else witness


def place_of(sizes: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of the largest of the sizes, the first of those that are marked."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(sizes)), shape))


def is_close(first: Array, second: Array) -> bool:
    """Whether two arrays are the same in another form, in relation to the largest element."""
    if first.shape != second.shape:
        return False
    room = AGREED * np.max(np.abs(first), initial=0)
    with np.errstate(all="ignore"):
        return bool(np.all((np.abs(first - second) <= room) | (first == second)))


UNASKED = Absent(Absence.UNASKED, "--no-check leaves out the check")
LEFT_OUT = Absent(Absence.LEFT_OUT, "the enclosure was left out")
