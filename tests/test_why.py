"""`gradcalc why`: explanations, and the cures that it finds."""

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gradcalc.cli.app import application, main
from gradcalc.explain import explain
from gradcalc.render import Style
from gradcalc.render.why import render
from tests.trust_cases import LOOP, TRAPS, Trap, problem

STYLE = Style(width=88, color=False)

CURED: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    ("masked", "where(x > 0, sqrt(x), 0*x)", {"x": -1.0},
     "where(x > 0, sqrt(where(x > 0, x, 1)), 0*x)", "verified"),
    ("overflow", "log(sum(exp(x)))", {"x": [1000.0, 999.0]}, "logsumexp(x)", "verified"),
    ("cancellation", "1 - tanh(x)", {"x": 20.0}, "2*sigmoid(-2*x)", "verified"),
    ("two-kinks", "relu(x) - relu(-x)", {"x": 0.0}, "x", "verified"),
    ("norm", "sqrt(sum(x*x))", {"x": [0.0, 0.0]}, "norm(x)", "kink"),
    ("value", "log(1 + x)", {"x": 1e-18}, "log1p(x)", "verified"),
    ("two-steps", "log(1/(1 + exp(-x)))", {"x": -800.0}, "logsigmoid(x)", "verified"),
    ("in-a-program", "# a comment\ny = x*2\nlog(sum(exp(y)))", {"x": [500.0, 499.5]},
     "# a comment\ny = x*2\nlogsumexp(y)", "verified"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "better", "outcome"), [c[1:] for c in CURED], ids=[c[0] for c in CURED]
)
def test_a_cure(text: str, inputs: dict[str, Any], better: str, outcome: str) -> None:
    cured = explain(problem(text, **inputs)).cured
    assert cured is not None
    assert cured.report.program == better
    assert cured.report.verdict.outcome == outcome


SICK = [trap for trap in TRAPS if "verified" not in trap.outcomes]


@pytest.mark.parametrize("trap", SICK[::3], ids=[trap.name for trap in SICK[::3]])
def test_a_cure_is_the_same_function_and_does_better(trap: Trap) -> None:
    explanation = explain(problem(trap.program, trap.dtype, **trap.inputs))
    assert render([explanation], STYLE).startswith(explanation.report.verdict.outcome)
    if explanation.cured is None:
        return
    before, after = explanation.report, explanation.cured.report
    assert after.verdict.outcome in ("verified", "vanished", "kink")
    assert after.verdict.outcome != before.verdict.outcome
    for old, new in zip(before.gradients, after.gradients, strict=True):
        was, now = (g.symbolic if g.enclosure is None else g.enclosure for g in (old, new))
        if was is not None and now is not None and np.isfinite(was).all():
            np.testing.assert_allclose(was, now, rtol=1e-9)


@pytest.mark.parametrize("text", ["2*dot(x, x)", "sum(sin(x)*x)", LOOP.replace("a)", "x)", 1)])
def test_what_is_well_needs_no_cure(text: str) -> None:
    text = text.replace("a*2", "x*2")
    assert explain(problem(text, x=[0.3, 0.4])).cured is None


def test_what_would_be_another_function_is_no_cure() -> None:
    # softmax of a matrix goes along one dimension, this sum over all
    text = "(exp(x)/sum(exp(x)))[0, 0]"
    cured = explain(problem(text, x=[[1000.0, 0.0], [1.0, 2.0]])).cured
    assert cured is None or "softmax" not in cured.report.program


WHY = ["why", "where(x > 0, sqrt(x), 0*x)", "--x", "-1"]


def test_every_witness_is_heard() -> None:
    done = CliRunner().invoke(application(), WHY, standalone_mode=False)
    for word in ("autograd", "symbolic", "enclosure", "^^^^^^^", "instead", "verified"):
        assert word in done.output


def test_the_exit_code_is_that_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(WHY) == 1
    assert main(["why", "abs(x)", "--x", "0", "--quiet"]) == 3
    assert main(["why", "x*x", "--x", "2", "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("wrong")


def test_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WHY, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["command"] == "why"
    assert (
        answer["answers"]["enclosure"]["x"]["low"]
        <= 0
        <= answer["answers"]["enclosure"]["x"]["high"]
    )
    assert answer["cure"]["report"]["verdict"]["outcome"] == "verified"
    assert answer["cure"]["replacements"][0]["span"]["line"] == 1


@pytest.mark.parametrize(
    ("more", "says"), [(["--format", "csv"], "text or JSON"), (["--accumulate"], "one gradient")]
)
def test_what_why_does_not_do(
    more: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WHY, *more]) == 2
    assert says in capsys.readouterr().err


def test_bounds_enclose_the_true_gradient() -> None:
    bounds = explain(problem("sum(exp(x))", x=[0.1, 1.0, -3.0])).answers[-1]
    for low, high, x in zip(bounds.low["x"], bounds.high["x"], (0.1, 1.0, -3.0), strict=True):
        assert low < np.exp(x) < high
        assert high - low <= 4 * np.spacing(high)
