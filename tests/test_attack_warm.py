"""The attack on the warm process, in small."""

import sys

import pytest

from benchmarks.attack.data import Size
from benchmarks.attack.warm import attack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warm process needs Linux")


def test_nothing_breaks() -> None:
    rows = list(attack(Size(0.004, 1)))
    assert len(rows) == 10
    assert all(row.tried for row in rows)
    assert [(row.what, row.broken) for row in rows if row.broken] == []
