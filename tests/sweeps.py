"""How much of a sweep over random cases the ordinary suite runs: a third, all of it with --full."""

import os
from collections.abc import Sequence
from typing import TypeVar

FULL = bool(os.environ.get("GRADCALC_TEST_FULL"))
"""Whether `scripts/test --full` runs."""

SHARE = 1 if FULL else 3

T = TypeVar("T")


def seeds(count: int) -> range:
    """Seeds of so many cases, or of every third."""
    return range(0, count, SHARE)


def share(count: int) -> int:
    """So many, or a third."""
    return max(1, count // SHARE)


def some(cases: Sequence[T]) -> Sequence[T]:
    """Cases of one kind, or every third of them."""
    return cases[::SHARE]
