"""Whole programs of Python's semantics."""

import random
from collections.abc import Iterator

from benchmarks.fidelity.cases import Case


def texts(library: str, seed: int, count: int) -> Iterator[Case]:
    """So many programs whose arrays are a library's."""
    rng = random.Random(f"programs {library} {seed}")
    for _ in range(count):
        rng.random()
    yield from ()
