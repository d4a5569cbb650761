"""The attack on `gradcalc batch`, in small."""

import sys

import pytest

from benchmarks.attack.batch import attack
from benchmarks.attack.batch_runs import difference
from benchmarks.attack.data import Size

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")


def test_nothing_breaks() -> None:
    rows = list(attack(Size(0.001, 1)))
    assert len(rows) == 10
    assert all(row.tried for row in rows)
    assert [(row.what, row.broken) for row in rows if row.broken] == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(b"1\n2\n3\n", [], id="same"),
        pytest.param(b"1\n3\n", ["it: 2 lines for 3, another from line 2"], id="lost"),
        pytest.param(b"1\n2\n2\n3\n", ["it: 4 lines for 3, another from line 3"], id="doubled"),
        pytest.param(b"1\n2\n3", ["it: 3 lines for 3, another from line 3"], id="torn"),
    ],
)
def test_what_is_lost_doubled_or_torn_is_noticed(found: bytes, told: list[str]) -> None:
    assert list(difference(found, b"1\n2\n3\n", "it")) == told
