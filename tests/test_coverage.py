"""`python -m benchmarks coverage` on a few of torch's samples."""

from collections import Counter

import pytest

from benchmarks.coverage.databases import FUNCTIONS, MODULES, entries
from benchmarks.coverage.judge import Finding, Outcome
from benchmarks.coverage.names import functionals
from benchmarks.coverage.run import judge_all
from benchmarks.coverage.table import functions, reasons, shares

SECONDS = 60


def found(name: str, dtype: str = "float64", most: int = 3) -> list[Finding]:
    """What becomes of some samples of a function."""
    return judge_all((FUNCTIONS, (name,), dtype, most, SECONDS))


VERIFIED = ("atan2", "__rsub__", "__getitem__", "where", "einsum", "matmul", "sort",
            "linalg.solve", "nn.functional.layer_norm", "nn.functional.embedding",
            "polygamma.polygamma_n_1")  # fmt: skip
"""Functions, operators, several results, and arguments in another order than the function's."""


@pytest.mark.parametrize("name", VERIFIED)
def test_samples_are_verified(name: str) -> None:
    findings = found(name)
    assert {one.outcome for one in findings} == {Outcome.VERIFIED}, findings


def test_float32() -> None:
    assert {one.outcome for one in found("tanh", "float32")} == {Outcome.VERIFIED}


def test_a_cast_to_fewer_bits_is_told() -> None:
    findings = found("half", most=2)
    assert {one.outcome for one in findings} == {Outcome.TOLD}, findings
    assert all("float16" in one.reason for one in findings)


def test_what_is_not_real_or_has_no_gradient_is_left_out() -> None:
    for name in ("complex", "argmax", "to_sparse"):
        if name in entries(FUNCTIONS):
            assert {one.outcome for one in found(name)} <= {Outcome.LEFT_OUT}


def test_tables() -> None:
    findings = [
        Finding("sin", "float64", Outcome.VERIFIED),
        Finding("cos", "float64", Outcome.REFUSED, "3 is not known", "torch.cos(x0)", "x0 ()"),
        Finding("cos", "float64", Outcome.REFUSED, "4 is not known", "torch.cos(x0)", "x0 ()"),
        Finding("tan", "float64", Outcome.LEFT_OUT, "no gradient"),
        Finding("tan", "float64", Outcome.CRASH, "KeyError", "torch.tan(x0)", "x0 ()"),
    ]
    said = "\n".join(shares(findings))
    assert "4 samples, 1 left out" in said
    assert "25.0%" in said
    why = list(reasons(findings, 10))
    assert "crash: KeyError" in why[0]  # what is to be looked at comes first
    assert any(line.startswith("     2  refused: 3 is not known") for line in why)
    assert list(functions(findings))[-1].split() == ["100%", "sin", "(1", "verified)"]


def test_public_names() -> None:
    names = Counter(functionals())
    assert names["max_pool1d"] == names["relu"] == names["bilinear"] == 1
    assert not {"Optional", "has_torch_function", "boolean_dispatch"} & set(names)


def test_the_weights_of_a_module_are_inputs() -> None:
    findings = judge_all((MODULES, ("Linear",), "float64", 2, SECONDS))
    assert {one.outcome for one in findings} == {Outcome.VERIFIED}, findings
    assert all("m.weight" in one.inputs for one in findings)
