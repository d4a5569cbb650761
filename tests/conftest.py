"""What holds for all tests: how slow a machine is decides nothing."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.command import Run, runner
from tests.processes import PATIENT
from tests.sweeps import left_out

os.environ.update(PATIENT)

settings.register_profile("slow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of sweeps what only --full runs, unless it is asked for by name."""
    gone = left_out(items) if len(items) > 1 else []
    config.hook.pytest_deselected(items=gone)
    names = {item.nodeid for item in gone}
    items[:] = [item for item in items if item.nodeid not in names]


@pytest.fixture(name="run")
def run_fixture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Runs commands in this process, in a directory of their own."""
    monkeypatch.chdir(tmp_path)
    return runner(capsys, monkeypatch)
