"""One input's gradient as rows of text: derived once, laid out by each format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcalc.render.text import index_texts, number_texts, number_texts_beside
from gradcalc.report import Array, Claim, InputGradient, Report

Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]

_SHORT = 12
_HEAD = 6
_TAIL = 4
_MOST_DISAGREEING = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Some elements of a gradient: their row-major positions, and a column of text by key.

    The keys are `index at autograd symbolic enclosure expected accumulated`, in this order; a
    column without content is left out. `ok` is None where nothing was compared.
    """

    positions: Positions
    columns: Mapping[str, Sequence[str]]
    ok: Sequence[bool | None]


def gradient_rows(
    report: Report, gradient: InputGradient, positions: Positions | None = None
) -> Rows:
    """The rows at the positions, or all of them."""
    shape = gradient.shape
    chosen = np.arange(gradient.size) if positions is None else positions
    columns: dict[str, Sequence[str]] = {}
    if shape:
        columns["index"] = index_texts(chosen, shape)

    written: dict[str, tuple[Array, list[str]]] = {}

    def add_numbers(key: str, values: Array | None, like: str = "autograd") -> None:
        if values is None:
            return
        numbers = np.ascontiguousarray(np.broadcast_to(values, shape).ravel()[chosen], np.float64)
        if like in written:
            texts = number_texts_beside(numbers, *written[like], report.dtype)
        else:
            texts = number_texts(numbers, report.dtype)
        written[key] = numbers, texts
        columns[key] = texts

    add_numbers("at", report.inputs.get(gradient.name))
    add_numbers("autograd", gradient.autograd)
    add_numbers("symbolic", gradient.symbolic)
    add_numbers("enclosure", gradient.enclosure)
    if gradient.claim is not None and gradient.claim.differs is not None:
        add_numbers("expected", gradient.claim.value)
    add_numbers("accumulated", gradient.accumulated)
    differing = disagreeing(gradient)
    ok: list[bool | None] = [None] * len(chosen)
    if differing is not None:
        ok = (~differing[chosen]).tolist()
    return Rows(chosen, columns, ok)


def disagreeing(gradient: InputGradient) -> Mask | None:
    """Which elements differ between the witnesses or from the claim; None if none were compared."""
    shape = gradient.shape
    masks = [] if gradient.differs is None else [gradient.differs]
    if gradient.claim is not None:
        masks.append(_claim_differs(gradient.claim))
    if not masks:
        return None
    spread = [np.broadcast_to(mask, shape).ravel() for mask in masks]
    together: Mask = np.logical_or.reduce(spread)
    return together


def _claim_differs(claim: Claim) -> Mask:
    return np.asarray(not claim.holds) if claim.differs is None else claim.differs


def visible(gradient: InputGradient, *, show_all: bool) -> Positions:
    """What to show of a gradient: its head, its tail, and the elements that disagree."""
    size = gradient.size
    if show_all or size <= _SHORT:
        return np.arange(size)
    differing = disagreeing(gradient)
    odd = np.arange(0) if differing is None else np.flatnonzero(differing)[:_MOST_DISAGREEING]
    return np.unique(np.concatenate([np.arange(_HEAD), odd, np.arange(size - _TAIL, size)]))


def hidden_text(gradient: InputGradient, shown: Positions) -> str | None:
    """How many rows are not shown and what they are like; None if there are none."""
    count = gradient.size - len(shown)
    if not count:
        return None
    rows = f"{count:,} more row{'s' if count > 1 else ''}"
    differing = disagreeing(gradient)
    if differing is None:
        return f"{rows}; --all shows them"
    odd = int(differing.sum()) - int(differing[shown].sum())
    like = f", {odd:,} of which differ" if odd else (" that agree" if count > 1 else " that agrees")
    return f"{rows}{like}; --all shows {'them' if count > 1 else 'it'}"
