"""A sample put to the check, and what becomes of it."""

import re
import warnings
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

import torch
from torch.utils._pytree import tree_leaves

from benchmarks.check.faults import known
from benchmarks.check.samples import Case
from gradcalc.calculate import ask_here
from gradcalc.checking.call import check_call
from gradcalc.errors import GradcalcError
from gradcalc.readback.alarm import TimesUp, at_most
from gradcalc.verdict.outcome import Outcome as Verdict


class Outcome(StrEnum):
    """What became of a sample."""

    VERIFIED = "verified"
    VANISHED = "vanished"
    TOLD = "told"
    UNRESOLVED = "unresolved"
    FAULT = "known fault"
    WRONG = "wrong"
    SLOW = "slow"
    CRASH = "crash"
    LEFT_OUT = "left out"


GOOD = (Outcome.VERIFIED, Outcome.VANISHED)

LOOKED_AT = (Outcome.WRONG, Outcome.CRASH)

OUTCOMES = {
    Verdict.VERIFIED: Outcome.VERIFIED,
    Verdict.VANISHED: Outcome.VANISHED,
    Verdict.UNRESOLVED: Outcome.UNRESOLVED,
    Verdict.WRONG: Outcome.WRONG,
}

NOT_REAL = ("is complex", "is sparse", "no tensor of floats")
"""What is refused as nothing that has a real gradient."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a sample of an entry, the reason, and the seconds that it took."""

    entry: str
    dtype: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        """The reason without what is of this sample only."""
        short = re.sub(r" \([^()]*, line \d+\)", "", self.reason)
        return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", "N", short)


def judge(entry: str, case: Case, dtype: str, seconds: float) -> Finding:
    """Check a sample."""
    given = [t for t in tree_leaves((case.args, dict(case.kwargs))) if isinstance(t, torch.Tensor)]
    if isinstance(case.function, torch.nn.Module):
        given += case.function.parameters()
    if not any(t.requires_grad for t in given):
        return Finding(entry, dtype, Outcome.LEFT_OUT, "no gradient")
    began = perf_counter()
    try:
        with at_most(seconds):
            outcome, reason = _checked(case, seconds)
    except TimesUp:
        outcome, reason = Outcome.SLOW, f"more than {seconds:g} s"
    if outcome is Outcome.WRONG:
        fault = known(entry, dtype)
        if fault is not None:
            outcome, reason = Outcome.FAULT, f"{fault.what}: {reason}"
    return Finding(entry, dtype, outcome, reason, perf_counter() - began)


def _checked(case: Case, seconds: float) -> tuple[Outcome, str]:
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = check_call(case.function, case.args, case.kwargs, ask_here, timeout=seconds)
    except GradcalcError as error:
        real = not any(what in error.message for what in NOT_REAL)
        return Outcome.UNRESOLVED if real else Outcome.LEFT_OUT, error.message
    except Exception as error:
        return Outcome.CRASH, f"{type(error).__name__}: {error}"
    verdict = found.case.judgement.verdict
    return OUTCOMES.get(verdict.outcome, Outcome.TOLD), f"{verdict.outcome}: {verdict.message}"
