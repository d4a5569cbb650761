"""What a library says of a function, as plain data: it goes from one process to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.checking.trace import NOWHERE, Applied, Call, Place, Trace
from gradcalc.testimony import Array
from gradcalc.values.precision import precision_of

if TYPE_CHECKING:
    from gradcalc.checking.lines import Listing


NEAR = 16.0
"""How far two ways to the same gradient may be apart, in roundings, beside its largest element:
what is further is judged as well."""


STRIDED = "the cotangent is not contiguous in memory"
EXPANDED = "the cotangent is one number, expanded"
"""Keys of ways: how a cotangent lies in memory."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What went through the backward of one call: handed in for each result, and out for each
    argument that is a tensor; None where there was none.

    `written` says that the backward wrote over what it was handed, `again` that it went back to be
    differentiated again; `inside` are the calls that it made, and that it went back through.
    """

    given: tuple[Array | None, ...] = ()
    handed: tuple[Array | None, ...] = ()
    written: bool = False
    again: bool = False
    inside: tuple["Inner", ...] = ()


@dataclass(frozen=True, slots=True)
class Inner:
    """A call by itself, the only one of its trace, and what went through it."""

    trace: Trace
    hand: Hand


@dataclass(frozen=True, slots=True)
class Second:
    """The backward of one call differentiated, made once more by itself.

    `weights` are handed in for its results; what it hands out is multiplied by the `tangents`, by
    the places of arguments, and the derivatives of that are `handed` for the arguments and
    `weighed` for the weights.
    """

    weights: Mapping[int, Array]
    tangents: Mapping[int, Array]
    handed: Mapping[int, Array]
    weighed: Mapping[int, Array]


@dataclass(frozen=True, slots=True)
class Slope:
    """How the results of a call move with one argument along a direction, as it was measured, and
    how far off that may be."""

    direction: Array
    moves: tuple[Array, ...]
    off: tuple[Array, ...]


Gradients = Mapping[str, Array | None]


@dataclass(frozen=True, slots=True)
class Way:
    """Gradients that torch gives in another way, and what went through own backwards then.

    The `weights` are those of the output's elements, where they are others.
    """

    gradients: Gradients
    hands: Mapping[int, Hand]
    weights: Array | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """What is raised on the way back: what it says, where in the user's code, and `by` whose
    backward, where it is that of an own Function."""

    said: str
    place: Place = NOWHERE
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """What torch says: the output, the gradients, and what went through own backwards.

    `weights` are those of the output's elements, None for a single number; `tangents` what the
    gradients are multiplied by where these are second ones. A gradient is None where none flows.
    `otherwise` are gradients that are others than these, as torch gives them in another way, which
    is told by the key; `refused` those in which going back fails, and `layouts` the calls
    whose backward alone is another one so.
    `seconds` are the derivatives of own backwards by themselves, where second
    ones are asked for. `strays` says where the function does something else next to this point,
    `rounded` that rounding decides it. `failure` is what torch says where it gives no gradient.
    Where it was written down as a program while it ran, that is the `listing`; `untold` says why
    that may be another function. The gradients are what `witness` says; where that is a Hessian
    times the tangents, its blocks are `second`, by pairs of inputs.
    `hidden` says where a number comes back that hangs on the inputs, which nobody has seen, where
    it was `looked` for such. The `slope` is that by the cotangent, of second derivatives, and
    `first` the same run with the first ones. `small` is the same run, gone back from the small ones
    of its outputs alone. `aside` are the arguments that one gradient, where there might be several,
    says nothing of. `noise` is how far rounding moves each element of the gradients, where that
    could be tried. `tip` is what to do where it is `untold`.
    `finer` is the same in a dtype of more digits, where those of its own tell little. Where the
    trace is that of a reference, `behind` is that of the user's own code, and `slopes` are those of
    the calls in it that nobody can see into, by their arguments. `passed` is what went through own
    backwards while the function itself ran: of these there are `seconds` too.
    """

    trace: Trace
    value: Array
    weights: Array | None
    gradients: Gradients
    hands: Mapping[int, Hand]
    dtype: str
    tangents: Mapping[str, Array] | None = None
    otherwise: Mapping[str, Way] = field(default_factory=dict)
    refused: Mapping[str, Failed] = field(default_factory=dict)
    layouts: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[int, Second] = field(default_factory=dict)
    strays: str | None = None
    rounded: bool = False
    failure: Failed | None = None
    listing: "Listing | None" = None
    untold: str | None = None
    witness: str = "autograd"
    second: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    finer: "Ran | None" = None
    hidden: str | None = None
    looked: bool = False
    slope: Array | None = None
    first: "Ran | None" = None
    small: "Ran | None" = None
    behind: Trace | None = None
    slopes: Mapping[int, Mapping[int, Slope]] = field(default_factory=dict)
    passed: Mapping[int, Hand] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    tip: str | None = None
    noise: Mapping[str, Array] | None = None

    @property
    def own(self) -> Trace:
        """What the user's own code did, which autograd went back through."""
        return self.trace if self.behind is None else self.behind

    @property
    def functions(self) -> list[Applied]:
        """The calls of Functions with a backward of their own, by the numbers of the `hands`."""
        return self.own.functions


def differ(
    dtype: str, first: Mapping[Any, Array | None], found: Mapping[Any, Array | None]
) -> bool:
    """Whether two ways to the same gradients gave others."""
    room = NEAR * precision_of(dtype).epsilon
    for name, gradient in first.items():
        other = found[name]
        if gradient is None or other is None:
            given = gradient if other is None else other
            if given is not None and np.any(given):
                return True
            continue
        if gradient.shape != other.shape:
            return True
        size = max(float(np.max(np.abs(part), initial=0)) for part in (gradient, other))
        if np.isfinite(size) and not np.all(np.abs(gradient - other) <= room * size):
            return True
    return False


def extent(ran: Ran) -> str:
    """How much there is to check, in words."""
    operations = sum(isinstance(event, Call) for event in ran.trace.events)
    if ran.listing is not None:
        operations = len(ran.listing.lines)
    numbers = sum(values.size for _, values in ran.trace.inputs.values())
    words = (("operation", operations), ("number", numbers))
    return ", by ".join(f"{count:,} {word}{'s' * (count != 1)}" for word, count in words)
