"""The marks of steps beside the verdict: where one is wrong, a step is what is wrong."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from gradcalc.problem import Problem
from gradcalc.report import InputGradient, Outcome
from gradcalc.steps.data import Handed, Mark, Numbers, Steps
from gradcalc.steps.readback import is_same, text_value


def settled(steps: Steps, problem: Problem) -> Steps:
    """Steps whose last ones, of what is chosen at kinks, are told as the verdict has them.

    Choices that are valid one by one may add up to a number that is not.
    """
    outcome = steps.report.verdict.outcome
    off = {gradient.name for gradient in _off(steps)}

    def told(name: str, numbers: Numbers) -> Numbers:
        if numbers.mark is not Mark.CHOICE:
            return numbers
        if name in off:
            return replace(numbers, mark=Mark.WRONG)
        return replace(numbers, mark=Mark.RIGHT) if outcome is Outcome.VERIFIED else numbers

    found = _last_changed(steps, {g.name for g in steps.report.gradients}, told)
    last = dict(_last(found))
    away = frozenset(
        gradient.name
        for gradient in steps.report.gradients
        if gradient.name in last
        and last[gradient.name].mark is Mark.CHOICE
        and not _gives(gradient, problem)
    )
    return replace(found, away=away)


def is_unmarked(steps: Steps) -> bool:
    """Whether a gradient is wrong, and no number of a step."""
    return bool(_off(steps)) and not any(
        numbers.mark in (Mark.WRONG, Mark.LOST) for numbers in steps.numbers
    )


def marked(steps: Steps) -> Steps:
    """Steps of which what comes last to an input is wrong where its gradient is."""
    off = {gradient.name for gradient in _off(steps)}
    return _last_changed(steps, off, lambda _, numbers: replace(numbers, mark=Mark.WRONG))


def _off(steps: Steps) -> list[InputGradient]:
    """The gradients that are wrong."""
    if steps.report.verdict.outcome is not Outcome.WRONG:
        return []
    return [g for g in steps.report.gradients if g.differs is not None and np.any(g.differs)]


def _last(steps: Steps) -> Iterator[tuple[str, Numbers]]:
    """What has come to each input in the end."""
    for step in steps.backward:
        for handed in step.handed:
            if isinstance(handed.source, str) and handed.numbers is not None:
                yield handed.source, handed.total or handed.numbers


def _last_changed(
    steps: Steps, names: set[str], change: Callable[[str, Numbers], Numbers]
) -> Steps:
    """Steps with other numbers where the last of what comes to some inputs does."""
    places = {
        handed.source: (k, n)
        for k, step in enumerate(steps.backward)
        for n, handed in enumerate(step.handed)
        if handed.source in names and handed.numbers is not None
    }
    backward = list(steps.backward)
    for name, (k, n) in places.items():
        parts = list(backward[k].handed)
        parts[n] = _changed(parts[n], partial(change, str(name)))
        backward[k] = replace(backward[k], handed=tuple(parts))
    return replace(steps, backward=tuple(backward))


def _changed(handed: Handed, change: Callable[[Numbers], Numbers]) -> Handed:
    if handed.total is not None:
        return replace(handed, total=change(handed.total))
    return replace(handed, numbers=handed.numbers and change(handed.numbers))


def _gives(gradient: InputGradient, problem: Problem) -> bool:
    """Whether a formula gives what torch has."""
    if gradient.formula is None:
        return True
    found = text_value(problem, gradient.formula.text, problem.inputs)
    return found is None or is_same(found, gradient.best, 0.0)
