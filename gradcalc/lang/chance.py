"""Random numbers: drawn from a seed anew in every run, so that all runs have the same ones.

They are data: no gradient flows into them, and they are what they are at every point that a run is
made at. A run that goes another way draws as the library would there.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import Span
from gradcalc.lang.generators import TorchBits

TORCHS, NUMPYS, NUMPYS_OLD, PYTHONS = (
    "torch.Generator", "numpy.random.Generator", "numpy.random.RandomState", "random.Random",
)  # fmt: skip
"""The kinds of generators, by their classes."""

ENGINES: Mapping[str, Callable[[Any], Any]] = {
    TORCHS: TorchBits,
    # numpy imports its generators where they are wanted
    NUMPYS: lambda seed: np.random.default_rng(seed),
    NUMPYS_OLD: lambda seed: np.random.RandomState(seed),
    PYTHONS: random.Random,
}
"""What draws as each of them does, begun with a seed."""


RANDOM = "random"
"""What random numbers are called in formulas, with a number behind, where they have no name."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A place of the text that draws random numbers, and the seed that they hang on.

    It is the program's `own` where the text says it, else that of the calculation.
    """

    source: str
    span: Span
    seed: str
    own: bool


class Source:
    """A random generator of one run, as a program holds it."""

    described: ClassVar[str] = "a random generator"

    def __init__(self, kind: str, seed: Any, *, own: bool) -> None:
        self.kind = kind
        self.begin(seed, own=own)

    def begin(self, seed: Any, *, own: bool = True) -> None:
        """Begin anew with a seed."""
        self.seed, self.own = seed, own
        self.engine: Any = ENGINES[self.kind](seed)


class Dice:
    """The generators of one run that nobody has made: those that the libraries have themselves."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.draws: dict[Draw, None] = {}
        self._made = 0

    @cached_property
    def torch(self) -> Source:
        """What torch draws from."""
        return Source(TORCHS, self.seed, own=False)

    @cached_property
    def numpy(self) -> Source:
        """What numpy's older functions draw from."""
        return Source(NUMPYS_OLD, self.seed % 2**32, own=False)

    @cached_property
    def python(self) -> Source:
        """What Python's own functions draw from."""
        return Source(PYTHONS, self.seed, own=False)

    def made(self, kind: str, seed: Any) -> Source:
        """A generator that the program makes; without a seed of its own each is another one."""
        if seed is not None:
            return Source(kind, seed, own=True)
        self._made += 1
        first = self._made == 1
        if kind in (NUMPYS, NUMPYS_OLD) and not first:
            return Source(kind, [self.seed, self._made], own=False)
        return Source(kind, self.seed + self._made - 1, own=False)

    def note(self, source: Source, text: str, span: Span) -> None:
        """Remember that a place of the text draws."""
        seed = self.seed if not source.own else source.seed
        self.draws[Draw(text, span, str(seed), source.own)] = None
