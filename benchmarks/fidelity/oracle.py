"""The truth about a text, gradcalc's reading of it, and what the two make."""

import random
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import torch

from benchmarks.fidelity.cases import Array, Case
from benchmarks.fidelity.execution import run_on
from benchmarks.fidelity.readings import READINGS, as_numbers
from gradcalc.errors import GradcalcError
from gradcalc.fidelity import Fidelity
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from gradcalc.witnesses.autograd import TorchBackend

LIMITS = Limits(steps=5_000, seconds=None)
RTOL, ATOL = 1e-9, 1e-11
SHAKES, BITS = 6, 2e-15


class Outcome(StrEnum):
    """What became of a text."""

    SAME = "same"
    REFUSED = "refused"
    DIFFERENT = "different"
    CONVENIENCE = "convenience"
    CRASH = "crash"
    SHAKY = "shaky"


@dataclass(frozen=True, slots=True)
class Said:
    """What one side makes of a text: numbers, or the reason why there are none."""

    value: Any = None
    reason: str = ""
    crashed: bool = False

    @property
    def given(self) -> bool:
        """Whether there are numbers."""
        return self.value is not None

    def __str__(self) -> str:
        if not self.given:
            return self.reason
        shown = np.array2string(np.asarray(self.value), precision=12, separator=", ")
        return f"{shown.replace(chr(10), '')} of shape {np.shape(self.value)}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A case, its outcome, and what the two sides say."""

    case: Case
    outcome: Outcome
    ours: Said
    theirs: tuple[Said, ...] = field(default=())

    def __str__(self) -> str:
        inputs = ", ".join(f"{n}={v.tolist()}" for n, v in self.case.inputs.items())
        theirs = " or ".join(map(str, self.theirs))
        text = self.case.text.replace("\n", "\n      ")
        return (
            f"{self.outcome}: {self.case.library} {self.case.subject}\n"
            f"      {text}\n    inputs  {inputs}\n    library {theirs}\n    gradcalc {self.ours}"
        )


def judge(case: Case, *, asked: bool = True) -> Finding:
    """Read a case on both sides and compare; see `read`."""
    ours = read(case, asked=asked)
    if ours.crashed:
        return Finding(case, Outcome.CRASH, ours)
    if not ours.given:
        return Finding(case, Outcome.REFUSED, ours)
    theirs = tuple(truth(case, reading) for reading in case.readings)
    given = [said for said in theirs if said.given]
    if any(equal(ours.value, said.value) for said in given):
        outcome = Outcome.SAME
    elif not given:
        outcome = Outcome.CONVENIENCE
    elif case.generic and any(_is_shaky(case, reading) for reading in case.readings):
        outcome = Outcome.SHAKY
    else:
        outcome = Outcome.DIFFERENT
    return Finding(case, outcome, ours, theirs)


def read(case: Case, *, asked: bool = True) -> Said:
    """The value that gradcalc gives a text.

    `asked` says that it asks the libraries at run time, as it does; else its tables stand alone.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = compile_program(case.text)
            backend = TorchBackend(torch.float64, torch.device("cpu"))
            values = {name: backend.constant(value) for name, value in case.inputs.items()}
            for value in values.values():
                value.requires_grad_()
            confirm = Fidelity(torch.float64) if asked else None
            value = evaluate(program, backend, values, limits=LIMITS, confirm=confirm).value
            return Said(value.detach().to(torch.float64).numpy().copy())
    except GradcalcError as error:
        return Said(reason=f"{type(error).__name__}: {error.message}")
    except Exception as error:
        return Said(reason=f"{type(error).__name__}: {error}", crashed=True)


def truth(case: Case, reading: str, inputs: Mapping[str, Array] | None = None) -> Said:
    """The value that Python and the real library give a text."""
    try:
        numbers = as_numbers(run(case.text, reading, case.inputs if inputs is None else inputs))
    except Exception as error:
        return Said(reason=f"{type(error).__name__}: {str(error).strip()[:200]}")
    if numbers is None:
        return Said(reason="no numbers")
    return Said(numbers)


def run(text: str, reading: str, inputs: Mapping[str, Array]) -> Any:
    """What a text gives in Python on the inputs as the arrays of a reading."""
    chosen = READINGS[reading]
    values = {name: chosen.convert(value) for name, value in inputs.items()}
    return run_on(text, chosen.namespace(), values)


def equal(ours: Any, theirs: Any) -> bool:
    """Whether two values are the same number for number, as far as floats can tell."""
    if np.shape(ours) != np.shape(theirs):
        return False
    if np.iscomplexobj(theirs):
        # what is not real is NaN to torch, and no gradient of it is right
        theirs = np.where(np.abs(np.imag(theirs)) > ATOL, np.nan, np.real(theirs))
    with np.errstate(all="ignore"):
        return bool(np.allclose(ours, theirs, rtol=RTOL, atol=ATOL, equal_nan=True))


def _is_shaky(case: Case, reading: str) -> bool:
    """Whether the library's own value turns with the last bits of the inputs."""
    first = truth(case, reading)
    if not first.given:
        return False
    rng = random.Random(0)
    for _ in range(SHAKES):
        shaken = {name: _shaken(value, rng) for name, value in case.inputs.items()}
        other = truth(case, reading, shaken)
        if not other.given or not _near(first.value, other.value):
            return True
    return False


def _shaken(value: Array, rng: random.Random) -> Array:
    factors = [1 + rng.choice((-1, 0, 1)) * BITS * rng.random() for _ in range(value.size)]
    return value * np.reshape(factors, value.shape)


def _near(first: Any, other: Any) -> bool:
    if np.shape(first) != np.shape(other):
        return False
    return bool(np.allclose(first, other, rtol=RTOL, atol=ATOL, equal_nan=True))
