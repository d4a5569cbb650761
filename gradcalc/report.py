"""What a calculation answers: plain, picklable data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import GradcalcError
from gradcalc.expr.written import Written as Written
from gradcalc.lang.program import Branch as Branch
from gradcalc.rewrites import Cure
from gradcalc.testimony import Array as Array
from gradcalc.verdict.elements import Element as Element
from gradcalc.verdict.outcome import Claim as Claim
from gradcalc.verdict.outcome import Finding as Finding
from gradcalc.verdict.outcome import Outcome as Outcome
from gradcalc.verdict.outcome import Verdict as Verdict
from gradcalc.verdict.outcome import Worst as Worst


@dataclass(frozen=True, slots=True)
class InputGradient:
    """The gradient with respect to one input, by each witness, in the input's `shape`.

    A witness that does not testify is None; where none does, `input_shape` tells the shape.
    `formula` is the whole gradient as text in gradcalc's own language. `digits` is how many decimal
    digits of the autograd gradient are right, at most those of the dtype. `differs` marks the
    elements on which the witnesses disagree, `worst` is the one that is furthest off. `enclosure`
    is what autograd was held to, where the formula does not give it. `condition` says how strongly
    the true gradient reacts to relative changes of the inputs. `radius` is the largest distance
    between the true gradient and its enclosure's midpoint, None without one. `elements` are those
    that are not verified, where others are; `told` marks those that have a gradient at all, None
    where all have.
    """

    name: str
    autograd: Array | None = None
    symbolic: Array | None = None
    formula: Written | None = None
    digits: float | None = None
    differs: NDArray[np.bool_] | None = None
    enclosure: Array | None = None
    worst: Worst | None = None
    condition: float | None = None
    radius: float | None = None
    accumulated: Array | None = None
    elements: tuple[Element, ...] = ()
    told: NDArray[np.bool_] | None = None
    claim: Claim | None = None
    input_shape: tuple[int, ...] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The input's shape."""
        return np.shape(self.best) if self.input_shape is None else self.input_shape

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def best(self) -> Array:
        """Autograd's gradient; without it that of the check, NaN where there is none either."""
        for found in (self.autograd, self.symbolic, self.enclosure):
            if found is not None:
                return found
        return np.full(self.input_shape or (), np.nan)

    @property
    def closed_form(self) -> str | None:
        """The formula as one program, None if there is none."""
        return None if self.formula is None else self.formula.text


class NotVerified(GradcalcError):
    """A gradient that is not right, or of which that is not known."""

    kind = "verdict"
    exit_code = 1


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The answer to one calculation.

    `summed` says that the value is not a scalar and the gradient is that of its sum;
    `cotangent` holds the weights when the user gave some. `of` names the part of the program
    that was differentiated, None for its output. `value` is None where no witness gave one.
    `digits_possible` is what the dtype holds. `cured` is a better program, if one was found.
    `read_as` is the Python that mathematics was taken for, in which the places of findings are.
    `sources` are the files that the places of findings are in, where the program is none of them.
    `printed` is what the program has printed, where that was asked for. `witness` is whose the
    gradients are that are judged, in a word. Where they are those of the slope along `tangents`, as
    second derivatives are, these are what was drawn for it, by inputs, and `weighed` what the
    output was weighed by first, where that is an input too.
    """

    command: str
    program: str
    dtype: str
    value: Array | None
    inputs: Mapping[str, Array]
    gradients: tuple[InputGradient, ...]
    verdict: Verdict
    witnesses: tuple[str, ...]
    summed: bool = False
    cotangent: Array | None = None
    of: str | None = None
    digits_possible: float = 15.95
    path: tuple[Branch, ...] = ()
    detached: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    cured: "Cured | None" = None
    read_as: str | None = None
    sources: str | None = None
    printed: str = ""
    witness: str = "autograd"
    tangents: Mapping[str, Array] | None = None
    weighed: Array | None = None

    @property
    def kind(self) -> str:
        """The command that asks for what the gradients are."""
        return self.command if self.tangents is None else "hvp"

    @property
    def gradient(self) -> Mapping[str, Array]:
        """Autograd's gradient by each input; without it that of the check."""
        return {gradient.name: gradient.best for gradient in self.gradients}

    @property
    def formula(self) -> Mapping[str, str | None]:
        """The formula of the gradient by each input as one program, None where there is none."""
        return {gradient.name: gradient.closed_form for gradient in self.gradients}

    def raise_for_verdict(self) -> None:
        """Raise `NotVerified` unless the gradient is right here, and what is claimed of it too."""
        if self.verdict.exit_code:
            raise NotVerified(f"{self.verdict.outcome.value}: {self.verdict.message}")

    def __repr__(self) -> str:
        formulas = ", ".join(f"∇{n} f = {t}" for n, t in self.formula.items() if t is not None)
        return f"<gradcalc: {self.verdict.outcome.value}{f', {formulas}' if formulas else ''}>"


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What one witness says of each input.

    `low` and `high` are bounds of the true gradient, at a kink of the slopes around it; the same as
    each other for a witness that gives numbers. `note` is how it came to them. `absent` is why
    there is no answer.
    """

    witness: str
    low: Mapping[str, Array] = field(default_factory=dict)
    high: Mapping[str, Array] = field(default_factory=dict)
    note: str = ""
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Cured:
    """A program that does better, the replacements that lead to it, and its own report.

    It means the same, or goes on where the other has no value; `changes` says where else it is
    another function, None where it is not.
    """

    replacements: tuple[Cure, ...]
    report: Report
    changes: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """A report with the answers of all witnesses."""

    report: Report
    answers: tuple[WitnessAnswer, ...]

    @property
    def cured(self) -> Cured | None:
        """A better program, if one was found."""
        return self.report.cured

    @property
    def printed(self) -> str:
        """What the program has printed, where that was asked for."""
        return self.report.printed

    def __repr__(self) -> str:
        return repr(self.report).replace("<gradcalc:", "<gradcalc.why:", 1)
