"""The planted Functions before gradcalc and before torch's own gradcheck."""

import statistics
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import process_time
from typing import Any

import torch

import gradcalc
from benchmarks.timing import shown
from tests.check_functions import PLANTED, Planted

VERSIONS = 3
"""Inputs that each is checked at."""

DTYPE = "float64"


class Word(StrEnum):
    """What a judge says."""

    PASS = "pass"
    REJECT = "reject"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a judge says of a Function at one of its inputs, wrong or right, and how many seconds
    of work that is."""

    judge: str
    planted: str
    order: int
    wrong: bool
    word: Word
    seconds: float


def _gradcalc(planted: Planted, function: Any, inputs: Sequence[torch.Tensor]) -> Word:
    report = gradcalc.check(
        lambda *tensors: planted.called(function, *tensors), *inputs, order=planted.order
    )
    words = {"verified": Word.PASS, "vanished": Word.PASS, "wrong": Word.REJECT}
    return words.get(report.verdict.outcome.value, Word.CANNOT)


def _gradcheck(fast: bool) -> Callable[[Planted, Any, Sequence[torch.Tensor]], Word]:
    def asked(planted: Planted, function: Any, inputs: Sequence[torch.Tensor]) -> Word:
        check: Any = torch.autograd.gradcheck
        if planted.order > 1:
            check = torch.autograd.gradgradcheck
        try:
            check(lambda *tensors: planted.called(function, *tensors), inputs, fast_mode=fast)
        except Exception:
            # it says that it is wrong, or the backward raises: its user sees a failure
            return Word.REJECT
        return Word.PASS

    return asked


JUDGES: Mapping[str, Callable[[Planted, Any, Sequence[torch.Tensor]], Word]] = {
    "gradcalc": _gradcalc,
    "gradcheck": _gradcheck(fast=False),
    "gradcheck, fast": _gradcheck(fast=True),
}


def answers(names: Sequence[str] | None = None) -> Iterator[Answer]:
    """What each judge says of each planted Function and of its right twin."""
    for planted in PLANTED:
        if DTYPE not in planted.dtypes or (names and planted.name not in names):
            continue
        for version in range(VERSIONS):
            for wrong in (False, True):
                for judge, asked in JUDGES.items():
                    function = planted.wrong if wrong else planted.right
                    yield _answer(judge, asked, planted, function, version)


def _answer(judge: str, asked: Any, planted: Planted, function: Any, version: int) -> Answer:
    torch.manual_seed(version)
    inputs = planted.inputs(DTYPE, version)
    began = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        word = asked(planted, function, inputs)
    took = process_time() - began
    return Answer(judge, planted.name, planted.order, function is planted.wrong, word, took)


def table(found: Sequence[Answer]) -> Iterator[str]:
    """How many wrong ones are passed and right ones rejected, and how long that takes."""
    for order in (1, 2):
        mine = [answer for answer in found if answer.order == order]
        if not mine:
            continue
        kinds = len({answer.planted for answer in mine})
        yield f"planted Functions, order {order}: {kinds} wrong ones, {VERSIONS} inputs each"
        yield f"  {'':<17}{'wrong passed':>14}{'right rejected':>16}{'cannot':>8}{'a check':>10}"
        first = statistics.median(a.seconds for a in mine if a.judge == "gradcalc")
        for judge in JUDGES:
            yield _line(judge, [a for a in mine if a.judge == judge], first)
        for judge in JUDGES:
            own = [a for a in mine if a.judge == judge]
            yield from _named(f"{judge} passes", [a for a in own if _is_passed(a)])
            yield from _named(f"{judge} rejects the twin of", [a for a in own if _is_rejected(a)])


def _named(what: str, found: Sequence[Answer]) -> Iterator[str]:
    names = sorted({answer.planted for answer in found})
    if names:
        yield f"  {what} {', '.join(names)}"


def _is_passed(answer: Answer) -> bool:
    """Whether a wrong one is passed."""
    return answer.wrong and answer.word is Word.PASS


def _is_rejected(answer: Answer) -> bool:
    """Whether a right one is rejected."""
    return not answer.wrong and answer.word is Word.REJECT


def _line(judge: str, found: Sequence[Answer], first: float) -> str:
    wrong, right = ([a for a in found if a.wrong is kind] for kind in (True, False))
    passed, rejected = sum(map(_is_passed, found)), sum(map(_is_rejected, found))
    cannot = sum(a.word is Word.CANNOT for a in found)
    middle = statistics.median(a.seconds for a in found)
    ratio = "" if judge == "gradcalc" else f"   {first / middle:.3g}× as long by gradcalc"
    return (
        f"  {judge:<17}{f'{passed} of {len(wrong)}':>14}{f'{rejected} of {len(right)}':>16}"
        f"{cannot:>8}{shown(middle):>10}{ratio}"
    )


def odd(found: Sequence[Answer]) -> list[Answer]:
    """The answers of gradcalc that are to be looked at."""
    return [a for a in found if a.judge == "gradcalc" and (_is_passed(a) or _is_rejected(a))]
