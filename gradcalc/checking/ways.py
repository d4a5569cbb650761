"""Gradients of a function that torch gives in other ways, where they are others.

They all have to be the same: whatever the way, it is the gradient of one function at one point.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from gradcalc.checking.backwards import Asked, Back, output_of, parts_of
from gradcalc.checking.beside import recorded
from gradcalc.checking.chance import has_drawn, restore
from gradcalc.checking.handing import Watched, hooked
from gradcalc.checking.layouts import of_layouts, strided
from gradcalc.checking.ran import Failed, Hand, Ran, Way, differ
from gradcalc.checking.trace import Call, Data, Trace
from gradcalc.testimony import Array

APART = 4.0
"""How far two values of one function may be apart, in roots of the dtype's rounding."""

DOUBLED = "the cotangent is doubled"
NEGATED = "the cotangent has the other sign"
ENLARGED = "the cotangent is large"
TWICE = "the same cotangent is handed in a second time"
AGAIN = "it is run once more"
PARTS = "each output is gone back from by itself"
ELSEWHERE = "it is run at another point before it is gone back"
ONLY = "{name} alone wants a gradient"
SCATTERED = "the inputs are not contiguous in memory"

LARGE = 2.0**20
"""What a cotangent is multiplied by, which changes no digit of what is linear in it."""

MANY = 6
"""Inputs up to which each is tried alone."""


def otherwise(
    asked: Asked, ran: Ran, back: Back, found: Watched, state: Any, known: Callable[[str], bool]
) -> Iterator[tuple[str, Way | Failed | int]]:
    """The ways in which the gradients are others, or fail, and the calls whose backward does."""
    yield from _of_one_run(ran, back, found)
    yield from of_layouts(ran, back, found)
    runs = _Runs(asked, state, ran.value)
    again = _same_again(asked, ran, state, known)
    if again is None:
        # what is another function each time has another gradient each time
        return
    if differ(ran.dtype, ran.gradients, again.gradients):
        yield AGAIN, again
        return
    if any(not applied.trusted for applied in ran.functions):
        yield from _of_own_backwards(asked, ran, runs)
    if has_drawn(state):
        # numbers are drawn in the order of memory
        return
    others = {name: strided(leaf) for name, leaf in runs.movable if leaf.numel() > 1}
    if others:
        yield from _where(SCATTERED, ran, runs.way(others))


def _where(way: str, ran: Ran, found: Way | None) -> Iterator[tuple[str, Way]]:
    if found is not None and differ(ran.dtype, ran.gradients, found.gradients):
        yield way, found


def _of_one_run(ran: Ran, back: Back, found: Watched) -> Iterator[tuple[str, Way]]:
    """Other cotangents that go back from the same output."""

    def way(seed: torch.Tensor, times: float = 1.0) -> Way | None:
        gradients, failed = back.gradients(seed)
        if failed is not None:
            return None
        less = {n: None if g is None else np.asarray(g / times) for n, g in gradients.items()}
        return Way(less, {n: _divided(h, times) for n, h in found.hands.items()})

    yield from _where(DOUBLED, ran, way(back.seed(2.0), 2.0))
    if ran.functions:
        yield from _where(NEGATED, ran, way(back.seed(-1.0), -1.0))
        if ran.dtype in ("float64", "float32"):
            yield from _where(ENLARGED, ran, way(back.seed(LARGE), LARGE))
    seed = back.seed()
    if ran.functions and way(seed) is not None:
        yield from _where(TWICE, ran, way(seed))


def _divided(hand: Hand, times: float) -> Hand:
    def less(numbers: Array | None) -> Array | None:
        return None if numbers is None else np.asarray(numbers / times)

    inside = (replace(one, hand=_divided(one.hand, times)) for one in hand.inside)
    given, handed = tuple(map(less, hand.given)), tuple(map(less, hand.handed))
    return replace(hand, given=given, handed=handed, inside=tuple(inside))


def _of_own_backwards(asked: Asked, ran: Ran, runs: "_Runs") -> Iterator[tuple[str, Way | Failed]]:
    """What somebody wrote may keep what is another call's, or go by who wants a gradient."""
    elsewhere = {name: _beside(leaf) for name, leaf in runs.movable}
    if elsewhere:
        yield from _where(ELSEWHERE, ran, runs.way({}, lambda: asked.call(elsewhere)))
    if asked.order > 1:
        # what goes by other inputs, or other outputs, is another second derivative
        return
    parts = runs.parts()
    if isinstance(parts, Failed):
        yield PARTS, parts
    else:
        yield from _where(PARTS, ran, parts)
    if not 1 < len(runs.movable) <= MANY:
        return
    for name, _ in runs.movable:
        fixed = {n: t.detach() for n, t in runs.movable if n != name}
        found = runs.way(fixed)
        if found is not None:
            alone = {n: found.gradients[n] if n == name else g for n, g in ran.gradients.items()}
            yield from _where(ONLY.format(name=name), ran, Way(alone, found.hands))


@dataclass(frozen=True, slots=True)
class _Runs:
    """Further runs of a function, from the same random numbers on; its `value` was this."""

    asked: Asked
    state: Any
    value: Array

    @property
    def movable(self) -> list[tuple[str, torch.Tensor]]:
        """The leaves that other tensors may stand for."""
        return [(n, leaf) for n, leaf in self.asked.leaves.items() if n in self.asked.movable]

    def way(
        self, leaves: Mapping[str, torch.Tensor], between: Callable[[], Any] | None = None
    ) -> Way | None:
        """The gradients of another run, with something done before it is gone back.

        None where it fails, or gives something else than before.
        """
        restore(self.state)
        # as it ran before, it is what is new that it does not take
        with hooked() as found, suppress(Exception):
            output, weights = output_of(self.asked, self.asked.call(leaves))
            if between is not None:
                between()
            back = Back(self.asked, output, weights, found)
            gradients, failed = back.gradients(leaves=leaves)
            if failed is None and _is_near(back.value, self.value):
                return Way(gradients, dict(found.hands))
        return None

    def parts(self) -> Way | Failed | None:
        """The sum of the gradients of the outputs, each gone back from by itself."""
        restore(self.state)
        total: dict[str, Array | None] = dict.fromkeys(self.asked.leaves)
        with hooked() as found, suppress(Exception):
            parts = parts_of(self.asked, self.asked.call({}))
            if len(parts) < 2:
                return None
            for part, weights in parts:
                gradients, failed = Back(self.asked, part, weights, found).gradients()
                if failed is not None:
                    return failed
                for name, gradient in gradients.items():
                    if gradient is not None:
                        before = total[name]
                        total[name] = gradient if before is None else before + gradient
            return Way(total, dict(found.hands))
        return None


def _same_again(asked: Asked, ran: Ran, state: Any, known: Callable[[str], bool]) -> Way | None:
    """The gradients of a second run, None where it fails or does something else."""
    with suppress(Exception):
        recorder, output, weights, found = recorded(asked, known, state)
        if not _is_same(ran.own, recorder.trace):
            return None
        back = Back(asked, output, weights, found)
        gradients, failed = back.gradients()
        if failed is None and _is_near(back.value, ran.value):
            return Way(gradients, dict(found.hands))
    return None


def _is_same(first: Trace, second: Trace) -> bool:
    """Whether two runs did the same with the same numbers."""
    one, other = ([e for e in t.events if isinstance(e, Call)] for t in (first, second))
    return len(one) == len(other) and all(map(_is_same_call, one, other))


def _is_same_call(one: Call, other: Call) -> bool:
    if (one.name, one.answer, len(one.results)) != (other.name, other.answer, len(other.results)):
        return False
    pairs = zip(one.results, other.results, strict=True)
    if not all(m is None or t is None or _is_near(m.numbers, t.numbers) for m, t in pairs):
        return False
    mine, theirs = list(one.arguments.values()), list(other.arguments.values())
    return len(mine) == len(theirs) and all(map(_is_same_argument, mine, theirs))


def _is_same_argument(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same_argument, one, other))
    if isinstance(one, Data) and isinstance(other, Data):
        return _is_near(one.numbers, other.numbers)
    if isinstance(one, int | float | complex) and isinstance(other, int | float | complex):
        return _is_near(np.asarray(one), np.asarray(other))
    # tensors are compared where they are made
    return type(one) is type(other)


def _is_near(one: Array, other: Array) -> bool:
    """Whether numbers are the same but for the order in which a kernel adds."""
    same = np.shape(one) == np.shape(other)
    return same and bool(np.allclose(one, other, rtol=1e-5, atol=1e-12, equal_nan=True))


def _beside(leaf: torch.Tensor) -> torch.Tensor:
    """Another point."""
    with torch.no_grad():
        return (leaf * 0.75 + 0.125).to(leaf.dtype).requires_grad_(leaf.requires_grad)
