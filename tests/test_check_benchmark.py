"""`python -m benchmarks check` on a few of torch's samples and of the planted Functions."""

import pytest

from benchmarks.check.faults import FAULTS, known
from benchmarks.check.judge import GOOD, Finding, Outcome
from benchmarks.check.planted import JUDGES, Word, answers, odd, table
from benchmarks.check.run import check_all, main
from benchmarks.check.table import reasons, shares, wrong
from benchmarks.coverage.databases import FUNCTIONS, MODULES, entries

SECONDS = 60


def found(name: str, dtype: str = "float64", database: str = FUNCTIONS) -> list[Finding]:
    """What becomes of some samples of an entry."""
    return check_all((database, (name,), dtype, 2, SECONDS))


@pytest.mark.parametrize("name", ["sin", "matmul", "cumprod", "nn.functional.layer_norm", "svd"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_samples_are_verified(name: str, dtype: str) -> None:
    findings = found(name, dtype)
    assert findings
    assert all(one.outcome in GOOD for one in findings), findings


def test_modules_are_verified() -> None:
    findings = found("Linear", database=MODULES)
    assert findings
    assert all(one.outcome in GOOD for one in findings), findings


def test_a_known_fault_is_told_from_another_one() -> None:
    outcomes = {one.outcome for one in found("nn.functional.hardsigmoid")}
    assert Outcome.FAULT in outcomes
    assert Outcome.WRONG not in outcomes
    assert known("nn.functional.hardsigmoid", "float32") is None
    assert known("sin", "float64") is None


def test_faults_are_entries() -> None:
    every = {**entries(FUNCTIONS), **entries(MODULES)}
    for fault in FAULTS:
        assert any(name in every for name in fault.entries), fault


def test_what_has_no_gradient_is_left_out() -> None:
    assert {one.outcome for one in found("argmax")} <= {Outcome.LEFT_OUT}


def test_tables() -> None:
    findings = [
        Finding("sin", "float64", Outcome.VERIFIED, "verified", 0.1),
        Finding("cos", "float64", Outcome.WRONG, "autograd says 3", 0.2),
        Finding("tan", "float64", Outcome.UNRESOLVED, "not checked: 7 times", 0.3),
        Finding("cot", "float64", Outcome.UNRESOLVED, "not checked: 8 times", 0.3),
        Finding("sec", "float64", Outcome.LEFT_OUT, "no gradient"),
    ]
    said = "\n".join(shares(findings))
    assert "4 samples, 1 left out" in said
    assert "25.0%" in said
    assert "1 of 4" in said
    assert list(wrong(findings)) == ["  wrong: cos, float64: autograd says 3"]
    assert len(list(reasons(findings, 9))) == 2


def test_planted_functions_before_all_judges() -> None:
    said = list(answers(["SineCareless", "SineClipped", "CubedNoGrad"]))
    assert {answer.judge for answer in said} == set(JUDGES)
    assert odd(said) == []
    mine = [answer for answer in said if answer.judge == "gradcalc"]
    assert {answer.word for answer in mine if answer.wrong} == {Word.REJECT}
    assert {answer.word for answer in mine if not answer.wrong} == {Word.PASS}
    text = "\n".join(table(said))
    assert "order 2" in text
    assert "right rejected" in text


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--ops", "sin", "--dtype", "float64", "--samples", "1", "--database", FUNCTIONS]
    assert main([*asked, "--no-planted"]) == 0
    assert "1 samples" in capsys.readouterr().out
