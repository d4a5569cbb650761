"""The benchmarks run; what they measure is not asserted."""

import subprocess
import sys

import pytest

from tests.examples import ROOT
from tests.processes import HANGS


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["--help"], id="speed"),
        pytest.param(["closed_form", "--help"], id="closed-form"),
        pytest.param(["fidelity", "--help"], id="fidelity"),
        pytest.param(["same", "--help"], id="same"),
        pytest.param(["walk", "--", "functions", "sin"], id="walk"),
        pytest.param(["size", "--quick", "--program", "dot"], id="size"),
        pytest.param(["hessians", "--quick"], id="hessians"),
        pytest.param(["stream", "--quick", "--repetitions", "1"], id="stream"),
    ],
)
def test_a_benchmark_runs(argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *argv],
        capture_output=True, text=True, cwd=ROOT, timeout=HANGS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_an_unknown_benchmark_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nothing"],
        capture_output=True, text=True, cwd=ROOT, timeout=HANGS, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "speed|closed_form" in done.stderr
