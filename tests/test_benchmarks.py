"""The benchmarks run; what they measure is not asserted."""

import subprocess
import sys

import pytest

from tests.examples import ROOT
from tests.processes import HANGS, ended
from tests.ready import Running
from tests.sweeps import FULL
from tests.test_cli_process import environment

QUICK = [] if FULL else ["--quick"]


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["--help"], id="speed"),
        pytest.param(["closed_form", "--help"], id="closed-form"),
        pytest.param(["fidelity", "--help"], id="fidelity"),
        pytest.param(["size", "--quick", "--program", "dot"], id="size"),
        pytest.param(["stream", "--repetitions", "1", *QUICK], id="stream"),
    ],
)
def test_a_benchmark_runs(argv: list[str]) -> None:
    with ended(Running("benchmarks", tuple(argv), environment())) as process:
        out, err = process.communicate(timeout=HANGS)
    assert process.returncode == 0, err
    assert out


def test_an_unknown_benchmark_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nothing"],
        capture_output=True, text=True, cwd=ROOT, timeout=HANGS, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "speed|closed_form" in done.stderr
