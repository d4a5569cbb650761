"""Whether a function does the same next to its point."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch

from gradcalc.checking.backwards import Asked, output_of
from gradcalc.checking.capture import Recorder
from gradcalc.checking.chance import restore
from gradcalc.checking.functions import watched
from gradcalc.checking.handing import Watched
from gradcalc.checking.kernels import plain_kernels
from gradcalc.checking.masks import Mask, repeated, turned
from gradcalc.checking.ran import Ran
from gradcalc.checking.trace import Call, Trace
from gradcalc.testimony import Array
from gradcalc.values.precision import precision_of

BESIDE = (64.0, 2.0**20)
"""How far beside the point it is looked whether the function does the same, in roundings: what
rounding decides, and what is decided otherwise next to it."""

DRAWS = 3
"""How many points are tried there."""


def strays(
    asked: Asked, ran: Ran, known: Callable[[str], bool], state: Any
) -> tuple[str | None, bool]:
    """Where the function does something else beside the point, and whether rounding decides it.

    What a mask chooses again and again, as in a bisection by `where`, is no more than looked at.
    """
    decided = any(note.kind in ("number", "decision") for note in ran.trace.notes)
    masks = list(_masks(ran.trace))
    again = repeated(masks)
    if not decided and not again:
        return None, False
    chosen: str | None = None
    draw, epsilon = np.random.default_rng(asked.seed + 2), precision_of(ran.dtype).epsilon
    for times in BESIDE if decided else BESIDE[1:]:
        for _ in range(DRAWS):
            with moved(asked.leaves, draw, times * epsilon):
                found = way(asked, known, state)
            if found is None:
                continue
            place = _parting(ran.trace, found)
            if place is not None:
                return place, times == BESIDE[0]
            chosen = chosen or turned(masks, list(_masks(found)), again)
    return chosen, False


def _masks(trace: Trace) -> Iterator[Mask]:
    """The comparisons of a run that are not taken out of their tensors."""
    for event in trace.events:
        if isinstance(event, Call):
            for result in event.results:
                if result is not None and result.numbers.dtype == np.bool_:
                    yield event.name, event.place, result.numbers


def way(asked: Asked, known: Callable[[str], bool], state: Any) -> Trace | None:
    """What the function does where its leaves are now."""
    # as it ran before, it is where it runs now that it does not take
    with suppress(Exception):
        return recorded(asked, known, state)[0].trace
    return None


def recorded(
    asked: Asked, known: Callable[[str], bool], state: Any
) -> tuple[Recorder, torch.Tensor, Array | None, Watched]:
    """A further run, with the same random numbers: what was recorded, the output with its weights,
    and what goes through own backwards from then on.

    Raises what the function raises.
    """
    restore(state)
    recorder = Recorder(asked.leaves, known, asked.others)
    watching = watched(recorder, asked.references, asked.trust)
    with plain_kernels(), watching as found, recorder:
        output, weights = output_of(asked, asked.call({}))
    return recorder, output, weights, found


@contextmanager
def moved(
    leaves: Mapping[str, torch.Tensor],
    draw: np.random.Generator,
    room: float,
    least: float = 0.0,
) -> Iterator[None]:
    """The leaves moved in place, each number in relation to itself or to the `least`, and back."""
    kept = {name: leaf.detach().clone() for name, leaf in leaves.items()}
    try:
        with torch.no_grad():
            for leaf in leaves.values():
                signs = torch.as_tensor(draw.choice((-1.0, 1.0), tuple(leaf.shape)))
                size = leaf.double().abs().clamp(min=least)
                there = leaf.double() + room * signs.to(leaf.device) * size
                leaf.copy_(there)
        yield
    finally:
        with torch.no_grad():
            for name, leaf in leaves.items():
                leaf.copy_(kept[name])


def _parting(first: Trace, second: Trace) -> str | None:
    """Where two runs part, None where they are one."""
    one, other = ([e for e in t.events if isinstance(e, Call)] for t in (first, second))
    for mine, theirs in zip(one, other, strict=False):
        if (mine.name, mine.answer) != (theirs.name, theirs.answer):
            return mine.place.told
    if len(one) == len(other):
        return None
    shorter = min(one, other, key=len)
    return shorter[-1].place.told if shorter else ""
