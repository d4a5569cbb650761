"""The parts of a function to which a point is special, with what is special about it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcalc.derive.perturbations import is_finite
from gradcalc.enclosure.kinks import Met
from gradcalc.enclosure.parts import Part, Parts, parts
from gradcalc.enclosure.trial import Trial
from gradcalc.problem import Problem

PARTS = 2_000
"""Parts that are looked at by themselves."""

Regions = Sequence[tuple[Part, tuple[Met, ...]]]
"""Parts, with what is special about the point to each."""


def undivided(met: Sequence[Met], size: int) -> Regions:
    """All elements as one part."""
    return [(Part(np.arange(size), None), tuple(met))]


def regions(problem: Problem, centre: Trial, base: Trial, met: Sequence[Met]) -> Regions:
    """The parts to which the point is special.

    `base` is a run there with as many digits as those beside it.
    """
    found = _special(centre, base, met)
    # what does not move may be all that has no value
    if found is None or (not found and centre.whole.is_finite()):
        found = undivided(met, problem.joined(problem.inputs).size)
    if all(np.isfinite(values).all() for values in problem.inputs.values()):
        return found
    return [(_kept_out(part, centre, own, problem), own) for part, own in found]


def _special(centre: Trial, base: Trial, met: Sequence[Met]) -> Regions | None:
    """The same; None where the function is one part, or too many."""
    if centre.guessed or not centre.derived.shares_with(base.derived):
        return None
    found = parts(base)
    owned = None if found is None else _owned(found, met)
    if found is None or owned is None:
        return None
    special = []
    for number, part in enumerate(found.parts):
        of_part = tuple(owned.get(number, ()))
        own = part.of(centre, base)
        if not own.finite or not own.tight or not all(one.event.margin for one in of_part):
            special.append((part, of_part))
    return special if len(special) <= PARTS else None


def _kept_out(part: Part, centre: Trial, met: Sequence[Met], problem: Problem) -> Part:
    """Of a part with an input that is not finite what has no gradient; all where it is special.

    What is itself no number has none, whatever the chain rule makes of it.
    """
    numbers = problem.joined(problem.inputs)[part.columns]
    gradient = is_finite(problem.joined(centre.gradients)[part.columns])
    wild = part.columns[~gradient | np.isnan(numbers)]
    plain = centre.told and all(one.event.margin for one in met)
    return replace(part, columns=wild) if len(wild) and plain else part


def _owned(found: Parts, met: Sequence[Met]) -> dict[int, list[Met]] | None:
    """What is special by part; None where it belongs to none."""
    owned: dict[int, list[Met]] = {}
    for one in met:
        number = found.owner(one.number, one.index)
        if number is not None:
            owned.setdefault(number, []).append(one)
        elif not one.event.margin:
            return None
    return owned
