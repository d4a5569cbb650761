"""The attack on the warm process, in small."""

import random
import sys
from collections.abc import Callable

import pytest

from benchmarks.attack import warm
from benchmarks.attack.data import Row

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warm process needs Linux")


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda draw: warm.at_once(draw, 10, 1), id="at-once"),
        pytest.param(lambda draw: warm.servers_killed(draw, 1), id="servers-killed"),
        pytest.param(lambda draw: warm.full_disk(), id="full-disk"),
        pytest.param(lambda draw: warm.many_calls(20), id="many-calls"),
    ],
)
def test_nothing_breaks(attack: Callable[[random.Random], Row]) -> None:
    row = attack(random.Random(1))
    assert row.tried
    assert row.broken == ()
