"""Behind a reference, own Functions are tried and blamed as those that can be seen into."""

from typing import Any

import pytest
import torch

import gradcalc
from gradcalc.report import Report
from tests import functions_elements as elements
from tests import functions_hidden as hidden
from tests.functions_hidden import HIDDEN

POINT = torch.tensor([[0.5, -1.25, 2.0], [1.0, 0.75, -0.25]], dtype=torch.float64)


def plain(function: Any) -> Any:
    return (lambda a, b: a * b) if issubclass(function, hidden.HiddenProduct) else (lambda x: x * x)


def checked(function: Any, **options: Any) -> Report:
    count = 2 if issubclass(function, hidden.HiddenProduct) else 1
    return gradcalc.check(function, *(POINT + k for k in range(count)), **options)


def blames(report: Report) -> list[str]:
    assert all(f.span is not None for f in report.findings if f.kind in ("blame", "suspect"))
    return [found.message for found in report.findings if found.kind == "blame"]


@pytest.mark.parametrize("name", HIDDEN)
def test_behind_a_reference(name: str) -> None:
    wrong, right, argument = HIDDEN[name]
    for function in (wrong, right):
        for options in (
            {"reference": plain(function)},
            {"references": {function: plain(function)}},
        ):
            report = checked(function, **options)
            verdict = report.verdict
            if function is right:
                assert (verdict.outcome, blames(report)) == ("verified", []), verdict.message
                continue
            assert verdict.outcome == "wrong", verdict.message
            (blame,) = blames(report)
            assert f"the backward of {function.__name__} is wrong" in blame
            assert argument in blame


def test_which_of_several() -> None:
    """The one that is wrong, whether it can be seen into or not."""

    def of(first: Any, second: Any) -> Any:
        return lambda x: second.apply(first.apply(x.sin())).sum()

    def meant(x: torch.Tensor) -> torch.Tensor:
        return (x.sin() ** 2).exp().sum()

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.y = torch.as_tensor(x.detach().exp().numpy())
            return ctx.y.clone()

        @staticmethod
        def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
            return grad * ctx.y

    def said(function: Any) -> list[str]:
        return blames(gradcalc.check(function, POINT, reference=meant))

    (blame,) = said(of(hidden.HiddenTwice, Exp))
    assert "HiddenTwice" in blame
    (blame,) = said(lambda x: Exp.apply(elements.SquareHalved.apply(x.sin())).sum())
    assert "SquareHalved" in blame
    assert said(of(hidden.Hidden, Exp)) == []


def test_who_is_on_the_way_where_nobody_can_tell() -> None:
    report = gradcalc.check(hidden.HiddenDrawn, POINT, reference=lambda x: x * x)
    assert report.verdict.outcome == "wrong"
    assert blames(report) == []
    (suspect,) = (f.message for f in report.findings if f.kind == "suspect")
    assert "only backward" in suspect
    assert "HiddenDrawn" in suspect


def test_a_reference_that_decides() -> None:
    """What it does beside the point is held to itself."""

    def decided(x: torch.Tensor) -> torch.Tensor:
        return x * x if bool(x.sum() > -100) else x

    assert checked(hidden.Hidden, reference=decided).verdict.outcome == "verified"


def test_second_derivatives_behind_a_reference() -> None:
    wrong = gradcalc.check(hidden.HiddenTwice, POINT, reference=lambda x: x * x, order=2)
    right = gradcalc.check(hidden.Hidden, POINT, reference=lambda x: x * x, order=2)
    assert (wrong.verdict.outcome, right.verdict.outcome) == ("wrong", "verified")
