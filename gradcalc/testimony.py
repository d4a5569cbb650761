"""What a witness says: plain data, the same for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import Span
from gradcalc.expr.written import Written
from gradcalc.lang.program import Branch, Stop

Array = NDArray[np.float64]
Reals = Any
"""A numpy array of exact balls: more digits, and more room, than any float."""


LEFT_OUT = "the enclosure was left out"
"""Why the enclosure does not testify where nobody has asked for it."""


class Nature(StrEnum):
    """What a function is like around a point."""

    SMOOTH = "smooth"
    KINK = "kink"
    EDGE = "edge"
    JUMP = "jump"
    SINGULAR = "singular"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The nature of a point, with the gradients around it.

    `gradients` has a row for each sampled point, `directions` where it lies, both flattened over
    the inputs in the order of `wrt`. `limit` is the gradient that the samples draw towards, flat
    too, at a smooth point. `inside` says that some nearby point lies in the function's domain,
    `complete` that every single input was moved by itself. `drift` is how far each element still
    is from what it draws towards, None where that does not matter.
    """

    nature: Nature
    gradients: Array
    directions: Array
    limit: Reals | None = None
    inside: bool = True
    complete: bool = True
    drift: Array | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A primitive at, or very near, a point where it is not smooth, or outside its domain.

    `at` are its operands, `margin` how far away that point is.
    """

    primitive: str
    place: Span | None
    at: tuple[float, ...]
    outside: bool
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Mishap:
    """Where floats go astray though every primitive is computed as well as the dtype allows.

    `kind` is `overflow`, `underflow`, `undefined` (a primitive whose value or slope is not finite
    at its float operands) or `cancellation`, of which `lost` says how many decimal digits went.
    Where hardly anything flows back to the input `wrt`, it is `step` (a primitive that is flat
    everywhere), `flat` (one that is flat there) or `saturated` (nearly so).
    """

    kind: str
    primitive: str
    place: Span | None
    at: tuple[float, ...]
    lost: float = 0.0
    wrt: str | None = None


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

    Unless it does so `alone`, others have to be left out as well.
    """

    stop: Stop
    alone: bool


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


@dataclass(frozen=True, slots=True)
class Step:
    """What a library has for one call of a primitive: its value, and the adjoint of that.

    The adjoint is None where no gradient flows. Of several values it is the first.
    """

    primitive: str
    value: Array
    adjoint: Array | None


@dataclass(frozen=True, slots=True)
class Formula:
    """A gradient as text in gradcalc's language, or why there is none to be shown."""

    written: Written | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Testimony:
    """A witness's answer.

    `absent` is the reason why it does not testify; then there are no gradients. `gradients` are
    by input, in float64; `carrying` the inputs to which a gradient flows at all, `cut` what alone
    keeps it from all of them. `broadcasts` and `taken` are in the order of the program; `narrow`
    is what float32 makes of it. `steps` are the calls of primitives in order, where they are asked
    for.
    """

    witness: str
    value: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    path: tuple[Branch, ...] = ()
    stops: tuple[Stop, ...] = ()
    claims: Mapping[str, Array] = field(default_factory=dict)
    carrying: frozenset[str] = frozenset()
    cut: Cut | None = None
    broadcasts: tuple[Broadcast, ...] = ()
    taken: tuple[Taken, ...] = ()
    narrow: Narrow | None = None
    steps: tuple[Step, ...] = ()
    absent: str | None = None


class Absence(Enum):
    """Why a witness of many digits is absent, where nothing is wrong: what it would say is open."""

    LEFT_OUT = auto()
    TOO_LARGE = auto()


@dataclass(frozen=True, slots=True)
class Reference(Testimony):
    """The answer of a witness that knows more digits than a float holds.

    `exact` are the gradients and `output` the value of the program in many digits; `total` is the
    number that was differentiated. `scales` are the largest effects on it, by input, of a relative
    change of a number in between that bends; `flows` the sizes, signs left out, of all that flows
    into each element of a gradient: rounding is in proportion to them. `sway` and `conditions` say
    how strongly the total and each gradient react to relative changes of the inputs, None where
    that was not found out; `rounding` how far the dtype's rounding alone takes each gradient of
    the program as it is written, `noise` what that of its values alone does, in units of epsilon.
    `events` are the primitives met at or near a kink or border, the closest first. `within` are
    gradients at points that floats can hardly tell from this one, where that matters. `mishaps` are
    in the order of the program. `radii` bound how far off each element of `exact` is, where that is
    proved; `bits` is the precision that it took. `surveyed` says that corners were looked for.
    `size` is how much the run was; `absence` says that the witness is absent for such a reason
    alone; `probes` are the directions in which it testifies all the same.
    """

    exact: Mapping[str, Reals] = field(default_factory=dict)
    output: Reals | None = None
    total: Any = None
    scales: Mapping[str, Any] = field(default_factory=dict)
    flows: Mapping[str, Reals] = field(default_factory=dict)
    sway: Any = None
    around: Neighbourhood | None = None
    within: Neighbourhood | None = None
    events: tuple[Event, ...] = ()
    mishaps: tuple[Mishap, ...] = ()
    conditions: Mapping[str, float] | None = None
    rounding: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    radii: Mapping[str, Array] = field(default_factory=dict)
    bits: int = 0
    surveyed: bool = True
    size: int = 0
    absence: Absence | None = None
    probes: tuple[Probe, ...] = ()
