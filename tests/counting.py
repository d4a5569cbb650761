"""Work that is counted instead of timed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def at_most_calls(most: int) -> Iterator[None]:
    """Fail a block as soon as it has called more functions, of Python or of C, than that."""
    left = most

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal left
        left -= event in ("call", "c_call")
        if left < 0:
            sys.setprofile(before)
            pytest.fail(f"it takes more than {most:,} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
