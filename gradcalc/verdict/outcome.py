"""The words of a verdict, the rounding of a dtype, and numbers in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import Span
from gradcalc.testimony import Array, Event
from gradcalc.values.precision import FACTOR as FACTOR
from gradcalc.values.precision import WIDEST as WIDEST
from gradcalc.values.precision import Precision as Precision
from gradcalc.values.precision import precision_of as precision_of

EXCUSED = 2.0**-6
"""The largest relative error that bad conditioning can excuse; beyond it nothing is proved."""

FEW = 4
"""How many names are told one by one."""

HERE_ONLY = "holds at this point only"

NOT_AROUND = "holds at this point, but not all around it"


class Outcome(StrEnum):
    """What became of the check; the words of the JSON report."""

    VERIFIED = "verified"
    VANISHED = "vanished"
    WRONG = "wrong"
    KINK = "kink"
    EDGE = "edge"
    JUMP = "jump"
    SINGULAR = "singular"
    UNRESOLVED = "unresolved"

    @property
    def exit_code(self) -> int:
        """0 for a gradient that is right, 1 for a wrong one, 3 where there is none to verify."""
        if self in (Outcome.VERIFIED, Outcome.VANISHED):
            return 0
        return 1 if self is Outcome.WRONG else 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome with one sentence that says why."""

    outcome: Outcome
    message: str

    @property
    def exit_code(self) -> int:
        """The exit code that goes with the outcome."""
        return self.outcome.exit_code


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about the calculation, with its place and its cure."""

    kind: str
    message: str
    hint: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A gradient that the user expects, from `--expect`, and whether it holds; None where there is
    no gradient that it could be held to.

    `differs` marks the elements that do not hold. A claim is judged in exact arithmetic; where
    floats leave it, as it is written, fewer digits than the rule asks for, `digits` says how many
    of the largest element. `beside` says where a formula fails that holds at this point, `only`
    that it does so wherever it was tried; `untried` that it could not be tried anywhere else.
    Where it holds, `kept` are the inputs that were the same wherever it does, `symmetric` matrices
    that stayed so, and `beside` says where it fails without that. `within` is how exactly numbers
    hold that were rounded when they were typed; `diagnosis` what one that fails has to do with the
    gradient, wherever it was tried.
    """

    text: str
    value: Array
    holds: bool | None
    differs: NDArray[np.bool_]
    digits: float | None = None
    beside: str | None = None
    only: bool = True
    untried: bool = False
    kept: tuple[str, ...] = ()
    symmetric: tuple[str, ...] = ()
    within: str | None = None
    diagnosis: str | None = None

    @property
    def failure(self) -> str | None:
        """What becomes of a formula around the point, None where it holds there too."""
        if self.beside is None or self.holds:
            return None
        return f"{self.text} {HERE_ONLY if self.only else NOT_AROUND}: {self.beside}"


@dataclass(frozen=True, slots=True)
class Worst:
    """The element of a gradient that is furthest off.

    `true` is as near as a float comes, `said` and `truth` are texts that tell the two apart.
    """

    index: tuple[int, ...]
    autograd: float
    true: float
    said: str
    truth: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One input's gradient against the truth: its outcome, right digits and wrong elements.

    `worst` is the element that is furthest off, None where none is. `lost` are the elements that
    have vanished, None where that is told by their errors.
    """

    outcome: Outcome
    digits: float | None
    differs: NDArray[np.bool_] | None
    why: str
    worst: Worst | None = None
    lost: NDArray[np.bool_] | None = None


UNCOMPARED = Comparison(Outcome.UNRESOLVED, None, None, "")
"""An input whose gradient was held to nothing."""


TAKEN = 0.58
"""The power of epsilon up to which rounding inside the program is excused: a little over half of
the digits must be right (9 in float64, 4 in float32)."""


def digits_text(digits: float, precision: Precision) -> str:
    """How many digits are right, of how many: `15.9 of 15.9`."""
    return f"{one_decimal(digits)} of {one_decimal(precision.digits)}"


def one_decimal(digits: float) -> str:
    """Rounded down: a digit that is not certain is not claimed."""
    return f"{np.floor(digits * 10) / 10:.1f}"


def number_text(value: Any, digits: int = 6) -> str:
    """A number in a sentence, be it larger or smaller than any float."""
    as_float = float(value)
    if np.isnan(as_float):
        return "NaN"
    if isinstance(value, float) or (np.isfinite(as_float) and (as_float or value == 0)):
        # a 0 below 0 is a 0
        return f"{as_float + 0.0:.{digits}g}"
    if not hasattr(value, "str"):
        return str(value)
    mantissa, sign, exponent = value.str(digits, radius=False).partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if sign else mantissa}{sign}{exponent}"


def numbers_apart(first: float, second: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    texts = number_text(first), number_text(second)
    for digits in range(7, 18):
        if texts[0] != texts[1]:
            break
        texts = number_text(first, digits), number_text(second, digits)
    return texts


def element_text(name: str, index: tuple[int, ...]) -> str:
    """`x[0, 1]`, and `x` where there is but one."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def names_text(names: Sequence[str]) -> str:
    """Names in a sentence, of many the first few and how many there are beside them."""
    if len(names) > FEW:
        return f"{', '.join(names[:FEW])} and {len(names) - FEW} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def at_text(primitive: str, at: Sequence[float], digits: int = 6) -> str:
    """A primitive and where it stands, its operands, if these are few enough to be told.

    They have as many digits as it takes to tell one from another, and from a whole number.
    """
    if not at:
        return primitive
    texts: list[str] = []
    for more in range(digits, 18):
        texts = [number_text(value, more) for value in at]
        whole = any(
            float(t) % 1 == 0 and value % 1 != 0 for t, value in zip(texts, at, strict=True)
        )
        if len(set(texts)) == len(set(map(str, at))) and not whole:
            break
    return f"{primitive} at {', '.join(texts)}"


def culprit_text(events: Sequence[Event]) -> str:
    """The closest of the events in brackets, nothing if there is none."""
    if not events:
        return ""
    return f" ({at_text(events[0].primitive, events[0].at)})"
