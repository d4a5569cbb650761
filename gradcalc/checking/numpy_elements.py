"""Elements that the largest one hides: small, wrong, and not by rounding."""

from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.checking.check import Checked
from gradcalc.testimony import Absent, Array, Computed, Enclosed, place_of, trusted
from gradcalc.values.precision import precision_of
from gradcalc.verdict.comparing import errors_of, is_told
from gradcalc.verdict.outcome import (
    Comparison,
    Outcome,
    Verdict,
    Worst,
    element_text,
    numbers_apart,
)

RELATIVE = 1e-6
"""How far off an element is that is wrong by itself."""

TIMES = 1e3
"""How much further off than rounding moves it."""


def by_elements(found: Checked) -> Checked:
    """The same verdict, but for a gradient that is right beside its largest element alone.

    An element that is exactly 0 on one side is left as it is: what is nothing beside the value of
    the function may be cut off.
    """
    case, noise = found.case, found.ran.noise
    known, ours = trusted(case.judgement.reference), case.autograd
    passed = case.judgement.verdict.outcome in (Outcome.VERIFIED, Outcome.VANISHED)
    if not passed or noise is None or not isinstance(known, Enclosed) or isinstance(ours, Absent):
        return found
    comparisons = dict(case.judgement.comparisons)
    for inside, name in found.listing.names.items():
        wrong = _wrong(found, inside, noise[name], ours, known)
        if wrong is not None and inside in comparisons:
            comparisons[inside] = wrong
    wrongs = [c for c in comparisons.values() if c.outcome is Outcome.WRONG]
    if not wrongs:
        return found
    verdict = Verdict(Outcome.WRONG, wrongs[0].why)
    judgement = replace(case.judgement, verdict=verdict, comparisons=comparisons)
    return replace(found, case=replace(case, judgement=judgement))


def _wrong(
    found: Checked, name: str, noise: Array, ours: Computed, known: Enclosed
) -> Comparison | None:
    """What is wrong of one input's gradient, None where nothing is."""
    given, true = ours.gradients[name], known.exact[name]
    told = is_told(true) & np.isfinite(given) & (given != 0)
    told &= np.array(true != 0, dtype=np.bool_).reshape(given.shape)
    if not told.any() or not np.isfinite(noise).all():
        return None
    true = np.where(told, true, 0)
    errors = np.where(told, errors_of(np.where(told, given, 0), true), 0)
    precision = precision_of(found.case.problem.precision)
    radius = known.radii.get(name, np.zeros(given.shape))
    rounding = TIMES * (noise + radius) + precision.smallest / precision.epsilon
    far: Any = (errors > RELATIVE * np.abs(true)) & (errors > rounding)
    differs = np.array(far, dtype=np.bool_).reshape(given.shape)
    if not differs.any():
        return None
    apart = np.where(differs, errors / np.where(differs, np.maximum(abs(true), abs(given)), 1), 0)
    at = place_of(apart, given.shape)
    said, truth = numbers_apart(float(given[at]), true[at])
    worst = Worst(tuple(map(int, at)), float(given[at]), float(true[at]), said, truth)
    why = f"autograd says {said} for {element_text(name, at)}; the true gradient is {truth}"
    digits = float(max(0.0, -np.log10(float(apart[at]))))
    return Comparison(Outcome.WRONG, digits, differs, why, worst)
