"""What a library says of a function, as plain data: it goes from one process to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradcalc.checking.trace import Call, Trace
from gradcalc.testimony import Array

if TYPE_CHECKING:
    from gradcalc.checking.lines import Listing


@dataclass(frozen=True, slots=True)
class Hand:
    """What went through the backward of one call: handed in for each result, and out for each
    argument that is a tensor; None where there was none. `written` says that the backward wrote
    over what it was handed."""

    given: tuple[Array | None, ...] = ()
    handed: tuple[Array | None, ...] = ()
    written: bool = False


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


Gradients = Mapping[str, Array | None]


@dataclass(frozen=True, slots=True)
class Way:
    """Gradients that torch gives in another way, and what went through own backwards then."""

    gradients: Gradients
    hands: Mapping[int, Hand]


@dataclass(frozen=True, slots=True)
class Ran:
    """What torch says: the output, the gradients, and what went through own backwards.

    `weights` are those of the output's elements, None for a single number; `tangents` what the
    gradients are multiplied by where these are second ones. A gradient is None where none flows.
    `otherwise` are gradients that are others than these, as torch gives them in another way, which
    is told by the key. `seconds` are the derivatives of own backwards by themselves, where second
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
    `finer` is the same in a dtype of more digits, where those of its own tell little.
    """

    trace: Trace
    value: Array
    weights: Array | None
    gradients: Gradients
    hands: Mapping[int, Hand]
    dtype: str
    tangents: Mapping[str, Array] | None = None
    otherwise: Mapping[str, Way] = field(default_factory=dict)
    seconds: Mapping[int, Second] = field(default_factory=dict)
    strays: str | None = None
    rounded: bool = False
    failure: str | None = None
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
    aside: tuple[str, ...] = ()
    tip: str | None = None
    noise: Mapping[str, Array] | None = None


def extent(ran: Ran) -> str:
    """How much there is to check, in words."""
    operations = sum(isinstance(event, Call) for event in ran.trace.events)
    if ran.listing is not None:
        operations = len(ran.listing.lines)
    numbers = sum(values.size for _, values in ran.trace.inputs.values())
    words = (("operation", operations), ("number", numbers))
    return ", by ".join(f"{count:,} {word}{'s' * (count != 1)}" for word, count in words)
