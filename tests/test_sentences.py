"""Sentences at points, and of programs, where it is easy to say what is not so."""

from typing import Any

import pytest

from gradcalc import grad

UNTOLD = [
    ("torch.where(torch.isinf(1/x), x, 3*x).sum()", [0.0, 2.0], "div at 1, 0"),
    ("torch.where(torch.isinf(1/(x - x)), 2*x, x)", 3.0, "div at 1, 0"),
    ("torch.where(torch.isinf(torch.log(x)), 2*x, x)", 0.0, "log at 0"),
    ("torch.where(torch.isinf(torch.atanh(x)), 2*x, x)", 1.0, "atanh at 1"),
    ("2*x if torch.isinf(1/x) else x", 0.0, "div at 1, 0"),
    ("2*x.sum() if torch.isinf(1/(x - 1)).any() else x.sum()", [1.0, 2.0], "div at 1, 0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "what"), UNTOLD)
def test_infinity_that_a_program_asks_for_is_no_rounding(text: str, x: Any, what: str) -> None:
    report = grad(f"import torch\n{text}", x=x)
    assert report.verdict.outcome == "unresolved"
    said = [report.verdict.message, *(found.message for found in report.findings)]
    assert f"{what}, which is no number in exact arithmetic" in said[0]
    assert not any("rounding" in sentence for sentence in said)


HOLDING = [
    ("torch.where(torch.isnan(x/x), x, 2*x).sum()", [0.0, 2.0], "2*ones_like(x)"),
    ("torch.where(torch.isfinite(x/x), 3*x, x)", 0.0, "3"),
    ("torch.where(torch.isnan(x/x), x, x + torch.sin(x))", 0.0, "cos(x) + 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "formula"), HOLDING)
def test_a_formula_that_gives_the_true_gradient_is_shown(text: str, x: Any, formula: str) -> None:
    report = grad(f"import torch\n{text}", x=x)
    (found,) = report.gradients
    assert report.verdict.outcome == "wrong"
    assert found.formula is not None
    assert found.formula.body == formula
    assert [finding.kind for finding in report.findings] == ["point"]
