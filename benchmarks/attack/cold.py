"""The command without a warm process: signals at random moments, surroundings that nobody expects,
and the same bytes for the same input."""

import sys
from collections.abc import Callable, Iterator, Mapping

from benchmarks.attack import cold_moments, cold_places, cold_same
from benchmarks.attack.data import Row, Size

ROWS: Mapping[str, Callable[[Size], Iterator[Row]]] = {
    "streams": cold_places.closed_streams,
    "surroundings": cold_places.surroundings,
    "memory": cold_places.little_memory,
    "descriptors": cold_places.few_descriptors,
    "modules": cold_places.named_like_others,
    "letters": cold_places.other_letters,
    "same bytes": cold_same.rows,
    "Ctrl-C": cold_moments.interrupted,
    "torch": cold_moments.torch_signalled,
}
"""What can be asked for alone."""


def attack(size: Size) -> Iterator[Row]:
    """Rows of each."""
    unknown = [name for name in size.only if name not in ROWS]
    if unknown:
        sys.exit(f"there is no row {unknown[0]}: {', '.join(ROWS)}")
    for name, rows in ROWS.items():
        if size.wants(name):
            yield from rows(size)
