"""What real code does in loops and conditions: bisections, residuals, checks of inputs."""

from typing import Any

import pytest
import torch
from torch.autograd import Function

import gradcalc
from gradcalc.report import Report


def given(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def bisected(x: Any, rounds: int) -> Any:
    """The root of y**3 + y = x."""
    low, high = torch.zeros_like(x), 10 * torch.ones_like(x)
    for _ in range(rounds):
        middle = (low + high) / 2
        up = middle**3 + middle < x
        low, high = torch.where(up, middle, low), torch.where(up, high, middle)
    return middle


class Root(Function):
    """A bisection by masks, with the gradient of the root."""

    @staticmethod
    def forward(ctx: Any, x: Any, rounds: int) -> Any:
        y = bisected(x, rounds)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return g / (3 * y * y + 1), None


class Guarded(Function):
    """It looks at its input before it does anything."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        assert (x > 0).all()
        if torch.any(x > 100):
            raise ValueError("too large")
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * g * ctx.saved_tensors[0]


class GuardedHalf(Guarded):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0]


class Exchanged(Function):
    """The gradients of its two inputs, one for the other."""

    @staticmethod
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a * a * b

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        a, b = ctx.saved_tensors
        return g * a * a, 2 * g * a * b


class Rounded(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.round()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g


def newton(x: Any) -> Any:
    y = x / 2 + 0.5
    while (y**3 + y - x).abs().max() > 1e-13:
        y = y - (y**3 + y - x) / (3 * y * y + 1)
    return y


def summed(x: Any) -> Any:
    """Masks in a loop that nothing near the point turns over."""
    h = x
    for _ in range(12):
        h = torch.where(h > 0, h, 0.1 * h) * 0.9
    return h


def outcome(report: Report) -> str:
    return report.verdict.outcome.value


@pytest.mark.parametrize("rounds", [40, 60])
def test_a_bisection_by_masks_is_not_told(rounds: int) -> None:
    report = gradcalc.check(Root, given(0.6, 0.9), rounds)
    assert outcome(report) == "unresolved"
    assert "beside this point it does something else" in report.verdict.message


def test_masks_in_a_loop_are_no_bisection() -> None:
    assert outcome(gradcalc.check(summed, given(0.6, -0.9))) == "verified"


@pytest.mark.parametrize("numbers", [(0.6, 0.9), (2.0, 3.0)])
def test_residuals_as_small_as_rounding(numbers: tuple[float, ...]) -> None:
    assert outcome(gradcalc.check(newton, given(*numbers))) == "verified"


def test_a_backward_behind_a_condition_is_blamed() -> None:
    assert outcome(gradcalc.check(Guarded, given(1.0, 2.0))) == "verified"
    report = gradcalc.check(GuardedHalf, given(1.0, 2.0))
    (blame,) = [finding for finding in report.findings if finding.kind == "blame"]
    assert "the backward of GuardedHalf is wrong" in blame.message


def test_a_function_of_one_tensor_twice_has_two_arguments() -> None:
    x = given(1.0, 2.0)
    report = gradcalc.check(Exchanged, x, x)
    assert (outcome(report), list(report.gradient)) == ("wrong", ["a", "b"])


@pytest.mark.parametrize("trust", ["Rounded", Rounded, ["Rounded"], (Rounded,)])
def test_trust_as_it_is_spelled(trust: Any) -> None:
    assert outcome(gradcalc.check(Rounded, given(0.3, 1.7), trust=trust)) == "verified"
    assert outcome(gradcalc.check(Rounded, given(0.3, 1.7))) == "wrong"
