"""Room for walkers of deep syntax trees."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deep_recursion(limit: int = 60_000) -> Iterator[None]:
    """Let the walkers of a syntax tree recurse: they are plain Python, and the tree is bounded."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
