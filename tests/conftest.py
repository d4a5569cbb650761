"""What holds for all tests: how slow a machine is decides nothing."""

import sys

import pytest
from hypothesis import HealthCheck, settings

from tests.patient import sitecustomize
from tests.sweeps import left_out

for _name in sitecustomize.LIMITS:
    assert _name not in sys.modules, f"{_name} is imported before its limits can be relaxed"

settings.register_profile("slow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of sweeps what only --full runs, unless it is asked for by name."""
    gone = left_out(items) if len(items) > 1 else []
    config.hook.pytest_deselected(items=gone)
    names = {item.nodeid for item in gone}
    items[:] = [item for item in items if item.nodeid not in names]
