"""Enclosed slopes in a few directions, beside those of autograd's gradient and the formula's."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import Probe, Reference, Testimony
from gradcalc.verdict.outcome import EXCUSED, Comparison, Outcome
from gradcalc.verdict.references import APART, same_way
from gradcalc.verdict.smooth import accepted_error

SURE = 2.0**-20
"""The largest radius, in relation to what it is a slope of, that says anything."""

DEVIATIONS = 8
"""How far errors of elements add up along signs drawn at random, in roots of their squares' sum:
beyond it with a probability below 2 exp(-32), whatever the errors (Hoeffding, "Probability
inequalities for sums of bounded random variables", 1963)."""

ALONE = "autograd and the enclosure contradict each other"

ELSEWHERE = "exact arithmetic takes another branch than the floats did: rounding chose this one"


@dataclass(frozen=True, slots=True)
class Held:
    """In how many directions the enclosure testifies, and what it contradicts, if anything."""

    directions: int = 0
    trouble: str | None = None


def hold(
    problem: Problem,
    autograd: Testimony,
    formula: Reference,
    exact: Reference,
    comparisons: Mapping[str, Comparison],
) -> Held:
    """Hold autograd and the formula against the enclosure's slopes, where it has only those."""
    if exact.absent is None or not exact.probes:
        return Held()
    if not same_way(autograd, exact):
        return Held(len(exact.probes), ELSEWHERE)
    with np.errstate(all="ignore"):
        return _weighed(problem, autograd, formula, exact.probes, comparisons)


def _weighed(
    problem: Problem,
    autograd: Testimony,
    formula: Reference,
    probes: tuple[Probe, ...],
    comparisons: Mapping[str, Comparison],
) -> Held:
    rooms = {
        name: accepted_error(problem, name, formula) * _largest(formula.gradients[name])
        for name in problem.wrt
    }
    rooms_by_probe = [(probe, _room(probe, formula, rooms)) for probe in probes]
    found = [(probe, room) for probe, room in rooms_by_probe if _is_sound(probe, formula, room)]
    verified = all(c.outcome is Outcome.VERIFIED for c in comparisons.values())
    for probe, room in found:
        if _is_apart(probe, formula.gradients, room):
            return Held(len(found), APART)
        # autograd may be off from the formula, and the formula from the truth
        if verified and _is_apart(probe, autograd.gradients, 2 * room):
            return Held(len(found), ALONE)
    return Held(len(found))


def _is_apart(probe: Probe, gradients: Mapping[str, Any], room: float) -> bool:
    return not abs(probe.along(gradients) - probe.slope) <= probe.radius + room


def _is_sound(probe: Probe, formula: Reference, room: float) -> bool:
    """Whether a slope is known, and would be by rounding, to more than a guess."""
    if probe.signs is None:
        size = _largest(formula.gradients[probe.name])
    else:
        size = sum(float(np.sum(np.abs(formula.gradients[name]))) for name in probe.signs)
    size = max(size, abs(float(probe.slope)))
    known = np.isfinite(probe.slope) and np.isfinite(size)
    return bool(known and probe.radius <= SURE * size and room <= EXCUSED * size)


def _room(probe: Probe, formula: Reference, rooms: Mapping[str, float]) -> float:
    """What errors of elements, of at most those sizes by input, do to the slope."""
    if probe.signs is None:
        return rooms[probe.name]
    counts = {name: np.size(formula.gradients[name]) for name in probe.signs}
    deviation = math.hypot(*(counts[name] ** 0.5 * rooms[name] for name in counts))
    return float(min(DEVIATIONS * deviation, sum(counts[n] * rooms[n] for n in counts)))


def _largest(values: Any) -> float:
    return float(np.max(np.abs(values), initial=0))
