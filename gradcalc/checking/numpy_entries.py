"""Which entries of a Hessian are wrong."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from gradcalc.checking.check import Checked, How, judged
from gradcalc.checking.numpy_answers import times
from gradcalc.checking.ran import Ran
from gradcalc.testimony import Array, place_of, trusted
from gradcalc.verdict.outcome import Finding, Outcome, number_text

COLUMNS = 24
"""How many columns are looked at."""

FEW = 2
"""How many entries are told."""


def wrong_entries(ran: Ran, how: How) -> tuple[Finding, ...]:
    """The first entries that are wrong, the worst one of each column."""
    return tuple(islice(_entries(ran, how), FEW))


def _entries(ran: Ran, how: How) -> Iterator[Finding]:
    for other, place in islice(_columns(ran), COLUMNS):
        tangents = {name: np.zeros(values.shape) for name, (_, values) in ran.trace.inputs.items()}
        tangents[other][place] = 1.0
        gradients = times(ran.second, tangents)
        value = np.asarray(np.nan)
        found = judged(replace(ran, tangents=tangents, gradients=gradients, value=value), how)
        if found.case.judgement.verdict.outcome is Outcome.WRONG:
            yield from _told(found, ran, other, place)


def _columns(ran: Ran) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, (_, values) in ran.trace.inputs.items():
        yield from ((name, place) for place in np.ndindex(values.shape))


def _told(found: Checked, ran: Ran, other: str, place: tuple[int, ...]) -> Iterator[Finding]:
    truth = trusted(found.case.judgement.reference)
    if truth is None:
        return
    worst: tuple[float, str, tuple[int, ...], Array] | None = None
    for inside, name in found.listing.names.items():
        true = truth.gradients[inside]
        key: Any = (..., *place)
        off = np.abs(ran.second[name, other][key] - true)
        at = place_of(off, off.shape)
        if worst is None or off[at] > worst[0]:
            worst = float(off[at]), name, at, true
    if worst is None or not worst[0] > 0:
        return
    _, name, at, true = worst
    said = float(ran.second[name, other][(*at, *place)])
    mirrored = float(ran.second[other, name][(*place, *at)])
    where = ", ".join(map(str, (*at, *place)))
    block = "" if name == other else f" of the block of {name} and {other}"
    hint = None
    if not np.isclose(said, mirrored, rtol=1e-9, atol=0):
        back = ", ".join(map(str, (*place, *at)))
        hint = f"it is not symmetric: {number_text(mirrored)} stands at [{back}]"
    message = (
        f"your Hessian has {number_text(said)} at [{where}]{block};"
        f" {number_text(float(true[at]))} is right"
    )
    yield Finding("blame", message, hint, None)
