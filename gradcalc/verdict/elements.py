"""The outcome of each element of a gradient: none is hidden by another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import Computed, Nature, Neighbourhood, trusted
from gradcalc.verdict.comparing import errors_of, is_told
from gradcalc.verdict.judge import Judgement
from gradcalc.verdict.outcome import Outcome, Verdict, numbers_apart, precision_of
from gradcalc.verdict.rough import SAME, ends

KINK = "the function has a kink here; autograd's choice is a valid one"

LISTED = 1_000
"""Elements of one input that are listed at the most."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element that is not like all others: what became of it, and why.

    `true` is its gradient, None where there is none.
    """

    index: tuple[int, ...]
    outcome: Outcome
    autograd: float
    true: float | None
    cause: str


def elements(
    problem: Problem, autograd: Computed, judgement: Judgement
) -> Mapping[str, tuple[Element, ...]]:
    """The elements that are not verified, by input, where not all elements are alike."""
    outcomes, causes = _outcomes(problem, autograd, judgement)
    known = set(outcomes)
    if len(known) < 2:
        return {}
    reference = trusted(judgement.reference)
    assert reference is not None
    given = problem.joined(autograd.gradients)
    exact = problem.joined(reference.exact).copy()
    for part in reference.rough:
        if part.nature is Nature.KINK:
            same = _are_settled(part)
            exact[part.columns[same]] = ends(part)[0][same]
    told, found, start = is_told(exact), {}, 0
    for name in problem.wrt:
        shape = problem.inputs[name].shape
        own = range(start, start + problem.inputs[name].size)
        odd = [k for k in own if outcomes[k] is not Outcome.VERIFIED][:LISTED]
        found[name] = tuple(
            Element(
                tuple(map(int, np.unravel_index(k - start, shape))),
                outcomes[k],
                float(given[k]),
                float(exact[k]) if told[k] else None,
                causes.get(k) or _off(given[k], exact[k]),
            )
            for k in odd
        )
        start = own.stop
    return {name: odd for name, odd in found.items() if odd}


def _off(given: Any, true: Any) -> str:
    said, truth = numbers_apart(float(given), true)
    return f"autograd says {said}; the true gradient is {truth}"


def _outcomes(
    problem: Problem, autograd: Computed, judgement: Judgement
) -> tuple[list[Outcome], dict[int, str]]:
    """The outcome of each element, in a row, and why it is that, where it has no gradient."""
    reference = trusted(judgement.reference)
    causes: dict[int, str] = {}
    if reference is None or not (judgement.comparisons or judgement.rough):
        return [], {}
    outcomes: list[Outcome] = []
    for name in problem.wrt:
        size, comparison = problem.inputs[name].size, judgement.comparisons.get(name)
        own = [Outcome.VERIFIED] * size
        if comparison is not None and comparison.outcome is not Outcome.VERIFIED:
            odd = comparison.differs
            if comparison.lost is not None:
                odd = comparison.lost
            elif comparison.outcome is Outcome.VANISHED:
                odd = _vanished(problem, autograd.gradients[name], reference.exact[name])
            if odd is None or not odd.any():
                odd = np.ones(size, np.bool_)
            for k in np.flatnonzero(odd):
                own[k] = comparison.outcome
                if comparison.outcome is Outcome.UNRESOLVED and comparison.why:
                    causes[len(outcomes) + int(k)] = comparison.why
        outcomes += own
    given = problem.joined(autograd.gradients)
    kink = KINK.replace("function", "derivative") if problem.before else KINK
    for part, verdict in judgement.rough:
        own = given[part.columns]
        found = _of_kink(part, own, verdict) if part.nature is Nature.KINK else None
        for position, k in enumerate(part.columns):
            outcomes[k] = verdict.outcome if found is None else found[position]
            causes[int(k)] = verdict.message if outcomes[k] is verdict.outcome else kink
    return outcomes, causes


def _vanished(problem: Problem, given: Any, true: Any) -> Any:
    """The elements that are off by more than plain rounding of the largest."""
    told = is_told(true)
    largest = max((abs(t) for t in true[told]), default=0)
    off = errors_of(given[told], true[told])
    found = np.zeros(given.shape, np.bool_)
    found[told] = off > precision_of(problem.precision).room * largest
    return found


def _of_kink(part: Neighbourhood, given: Any, verdict: Verdict) -> list[Outcome]:
    """The outcome of each element at a kink.

    What has one and the same gradient on all sides is held to that. Where the choice as a whole is
    no valid one, those elements are wrong that no mixture has, and all if every one is possible.
    """
    low, high = ends(part)
    same = _are_settled(part)
    room = SAME * np.maximum(np.abs(low), np.abs(high))
    if part.noise is not None:
        room = np.maximum(room, part.noise)
    with np.errstate(invalid="ignore"):
        inside = (given >= low - room) & (given <= high + room)
    wrong = verdict.outcome is Outcome.WRONG
    if wrong and inside.all():
        return [verdict.outcome] * given.size
    other = Outcome.KINK if wrong else verdict.outcome
    return [
        (Outcome.VERIFIED if settled else other) if fits else verdict.outcome
        for settled, fits in zip(same, inside, strict=True)
    ]


def _are_settled(part: Neighbourhood) -> Any:
    """Which elements of a part have one and the same gradient on all sides."""
    low, high = ends(part)
    room = SAME * np.maximum(np.abs(low), np.abs(high))
    return high - low <= (room if part.noise is None else np.maximum(room, part.noise))
