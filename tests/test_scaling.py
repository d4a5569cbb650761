"""Problems and reports go over to other processes, by pickle and on a Dask cluster."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from gradcalc import calculate
from gradcalc.at_length import explain
from gradcalc.render.json import report_json
from tests.examples import ROOT
from tests.processes import HANGS
from tests.test_cli_process import environment
from tests.trust_cases import problem

WAITING = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1h",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "1h",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "1h",
}
"""So that nobody is given up on a slow machine."""

LOOP = "while b < 100:\n    b = b*2\nb"

KINDS = [
    pytest.param(problem("2*dot(x, x)", x=[0, 1, 2]), "verified", id="verified"),
    pytest.param(problem("tanh(x)", x=20), "vanished", id="vanished"),
    pytest.param(problem("x*x", x=3, claims={"x": "x"}), "wrong", id="claim"),
    pytest.param(problem("log(sum(exp(x)))", x=[1000, 999]), "wrong", id="nan-and-worst"),
    pytest.param(problem("abs(x)", x=0), "kink", id="kink"),
    pytest.param(problem("sqrt(x)", x=0), None, id="edge"),
    pytest.param(problem("floor(x)", x=1), "jump", id="jump"),
    pytest.param(problem("x*x", x=3, check=False), "unresolved", id="no-check"),
    pytest.param(problem("b = 2*a\n" + LOOP, a=3), "verified", id="path"),
    pytest.param(problem("u*detach(x)", "float32", x=[1, 2], lets=(("u", "x*x"),)), "verified",
                 id="detach-let"),
    pytest.param(problem("u = x*x; sum(u)", x=[1, 2], of="u", cotangent=np.array([1.0, 0.0])),
                 "verified", id="of-cotangent"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "outcome"), KINDS)
def test_problems_and_reports_go_round_through_pickle(asked: Any, outcome: str | None) -> None:
    report = calculate(pickle.loads(pickle.dumps(asked)))
    assert outcome in (None, report.verdict.outcome)
    again = pickle.loads(pickle.dumps(report))
    assert report_json(again) == report_json(report) == report_json(calculate(asked))


def test_explanations_do_too() -> None:
    explanation = explain(problem("log(sum(exp(x)))", x=[1000, 999]))
    again = pickle.loads(pickle.dumps(explanation))
    assert again.cured.replacements == explanation.cured.replacements
    assert report_json(again.cured.report) == report_json(explanation.cured.report)


def test_the_dask_recipe_runs_on_a_local_cluster() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "dask_recipe.py")],
        capture_output=True, text=True, env=environment(**WAITING), timeout=HANGS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 8
    assert all(line.startswith("verified ") and "sigmoid" in line for line in lines)
