"""Cotangents that lie otherwise in memory, as transposes and sums hand them in.

What comes of the whole function then is judged. What an own backward makes of one that lies so, and
that this function does not hand to it, is told.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from gradcalc.checking.backwards import Back
from gradcalc.checking.handing import Watched
from gradcalc.checking.ran import EXPANDED, STRIDED, Failed, Ran, Way, differ
from gradcalc.testimony import Array

CONSTANT = 1.25
"""What a cotangent is that is one number."""

Relay = Callable[[torch.Tensor], torch.Tensor]
"""The same cotangent, as it lies otherwise."""


def strided(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers, not contiguous in memory."""
    with torch.no_grad():
        if tensor.ndim > 1 and tensor.shape[-1] > 1 and tensor.shape[-2] > 1:
            found = tensor.transpose(-1, -2).contiguous().transpose(-1, -2)
        else:
            found = torch.stack([tensor, tensor], -1)[..., 0]
    return found.requires_grad_(tensor.requires_grad)


def _constant(tensor: torch.Tensor) -> torch.Tensor:
    return torch.full_like(tensor, CONSTANT, memory_format=torch.contiguous_format)


def _expanded(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.new_full((), CONSTANT).expand(tensor.shape)


def of_layouts(ran: Ran, back: Back, found: Watched) -> Iterator[tuple[str, Way | Failed | int]]:
    """The ways that are others, or fail, and the calls whose backward is another one then."""
    seed = back.seed()
    several = bool(seed.ndim) and seed.numel() > 1
    plain = _Gone(ran, back, found)
    if several:
        so = plain.back(strided(seed))
        yield from plain.told(STRIDED, seed, so, None)
    if not ran.functions:
        return
    if several:
        flat = _constant(seed)
        so = plain.back(_expanded(seed))
        yield from plain.told(EXPANDED, flat, so, np.full(tuple(seed.shape), CONSTANT))
    if plain.telling:
        return
    for way, before, after in ((STRIDED, None, strided), (EXPANDED, _constant, _expanded)):
        yield from _within(way, plain, before, after)


def _within(
    way: str, plain: "_Gone", before: Relay | None, after: Relay
) -> Iterator[tuple[str, Failed | int]]:
    """What own backwards make of it, whatever this function hands to them."""
    seed = plain.of.seed()
    so, first = plain.back(seed, after), plain.back(seed, before)
    if isinstance(first, Failed):
        return
    if isinstance(so, Failed):
        yield way, so
        return
    for number in range(len(plain.ran.functions) - 1, -1, -1):
        one, other = first.hands.get(number), so.hands.get(number)
        if one is None or other is None or not _is_same(one.given, other.given):
            continue
        pairs = [dict(enumerate(hand.handed)) for hand in (one, other)]
        if differ(plain.ran.dtype, *pairs):
            yield way, number
            return


def _is_same(one: Sequence[Array | None], other: Sequence[Array | None]) -> bool:
    return all(
        (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))
        for a, b in zip(one, other, strict=True)
    )


class _Gone:
    """Ways back from the output of one run; `telling` says that one was another, or failed."""

    def __init__(self, ran: Ran, back: Back, found: Watched) -> None:
        self.ran, self.of, self._found = ran, back, found
        self.telling = False

    def back(self, seed: torch.Tensor, relay: Relay | None = None) -> Way | Failed:
        """The gradients of a cotangent, what own backwards are given laid otherwise by a relay."""
        self._found.relay = relay
        try:
            gradients, failed = self.of.gradients(seed)
        finally:
            self._found.relay = None
        return failed or Way(gradients, dict(self._found.hands))

    def told(
        self, way: str, seed: torch.Tensor, so: Way | Failed, weights: Array | None
    ) -> Iterator[tuple[str, Way | Failed]]:
        """A way that is another one than that of a cotangent which lies in a row, or fails where
        that one does not."""
        first = self.back(seed)
        if isinstance(first, Failed):
            return
        other = isinstance(so, Way) and differ(self.ran.dtype, first.gradients, so.gradients)
        if isinstance(so, Failed) or (other and (weights is None or self.ran.tangents is None)):
            self.telling = True
            yield way, so if isinstance(so, Failed) else Way(so.gradients, so.hands, weights)
