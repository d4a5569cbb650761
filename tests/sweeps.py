"""How much of a sweep over many cases the ordinary suite runs: a third, all of it with --full.

A test that is marked with `pytest.mark.sweep` is run for a third of its parameters, spread evenly
and the same ones everywhere.
"""

import os
import zlib
from collections.abc import Iterable

import pytest

FULL = bool(os.environ.get("GRADCALC_TEST_FULL"))
"""Whether `scripts/test --full` runs."""

SHARE = 1 if FULL else 3


def share(count: int) -> int:
    """So many, or a third."""
    return max(1, count // SHARE)


def left_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests that only --full runs."""
    swept = (item for item in items if item.get_closest_marker("sweep"))
    return [item for item in swept if zlib.crc32(item.nodeid.encode()) % SHARE]
