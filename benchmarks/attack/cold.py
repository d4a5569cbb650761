"""The command without a warm process: signals at random moments, surroundings that nobody expects,
and the same bytes for the same input."""

from collections.abc import Iterator

from benchmarks.attack import cold_moments, cold_places, cold_same
from benchmarks.attack.data import Row, Size


def attack(size: Size) -> Iterator[Row]:
    """Rows of each."""
    yield from cold_places.rows(size)
    yield from cold_same.rows(size)
    yield from cold_moments.rows(size)
