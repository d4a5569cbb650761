"""What a report says where nobody can decide: no number beside the verdict speaks against it."""

from typing import Any

import pytest
import torch

import gradcalc
from tests.functions_calls import MappedShort
from tests.test_check import Root

POINT = torch.tensor([0.5, 0.5], dtype=torch.float64)
MANY = torch.arange(1.0, 13.0, dtype=torch.float64)


def on_the_border(x: torch.Tensor) -> torch.Tensor:
    return x.sum() if x.sum() > 1 else 3 * x.sum()


def hidden(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.detach().numpy() ** 2) * x


def bisected(x: torch.Tensor) -> torch.Tensor:
    return Root.apply(x.square().sum())


def within(x: torch.Tensor) -> torch.Tensor:
    return torch.func.grad(lambda t: MappedShort.apply(t).sum())(x) * x


@pytest.mark.parametrize("function", [on_the_border, hidden, bisected])
def test_nothing_agrees_where_nobody_can_tell(function: Any) -> None:
    report = gradcalc.check(function, POINT)
    assert report.verdict.outcome == "unresolved"
    assert "raises" not in report.verdict.message
    assert report.witnesses == ("autograd",)
    for gradient in report.gradients:
        assert (gradient.digits, gradient.formula, gradient.symbolic) == (None, None, None)


def test_no_digits_are_right_of_what_is_wrong_inside() -> None:
    report = gradcalc.check(within, POINT)
    assert report.verdict.outcome == "wrong"
    assert [gradient.digits for gradient in report.gradients] == [None]


def test_a_formula_that_is_not_shown_does_not_agree() -> None:
    shown = gradcalc.check(lambda x: (x * 3).sin(), POINT)
    assert "formula agree" in shown.verdict.message
    assert shown.gradients[0].formula is not None
    report = gradcalc.check(lambda x: (x.repeat(6) * MANY).sin().sum(), POINT)
    assert report.verdict.outcome == "verified"
    assert report.gradients[0].formula is None
    assert "formula" not in report.verdict.message
