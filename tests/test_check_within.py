"""Own backwards that are a part of the function, which goes back through them itself."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import gradcalc
from tests import functions_calls as calls
from tests import functions_elements as elements
from tests.functions_hidden import Hidden
from tests.test_check import Cubed

POINT = torch.tensor([[0.5, -1.25, 2.0], [1.0, 0.75, -0.25]], dtype=torch.float64)

Way = Callable[[Any], Any]


def penalty(function: Any) -> Any:
    def penalised(x: torch.Tensor) -> torch.Tensor:
        y = function.apply(x.sin())
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return (slope.norm() - 1) ** 2 + y.sum()

    return penalised


def once(function: Any) -> Any:
    """The gradient is a number."""

    def known(x: torch.Tensor) -> torch.Tensor:
        (slope,) = torch.autograd.grad(function.apply(x).sum(), x)
        return x * slope

    return known


def slope(function: Any) -> Any:
    return lambda x: torch.func.grad(lambda t: function.apply(t).sum())(x) * x


def jacobian(function: Any) -> Any:
    return lambda x: torch.func.jacrev(lambda t: function.apply(t).sin())(x[0]) @ x[0]


def each(function: Any) -> Any:
    return lambda x: torch.func.vmap(torch.func.grad(lambda t: function.apply(t).sum()))(x) * x


def pulled(function: Any) -> Any:
    def back(x: torch.Tensor) -> Any:
        y, vjp = torch.func.vjp(function.apply, x)
        return vjp(y.sin())[0]

    return back


WAYS: dict[str, Way] = {
    "a penalty": penalty, "a number": once, "torch.func.grad": slope, "a Jacobian": jacobian,
    "under vmap": each, "vjp": pulled,
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_a_backward_that_is_a_part_of_the_function(name: str) -> None:
    way = WAYS[name]
    right = gradcalc.check(way(calls.Mapped), POINT)
    assert right.verdict.outcome == "verified", right.verdict.message
    assert not [f for f in right.findings if f.kind in ("blame", "taken")]
    wrong = gradcalc.check(way(calls.MappedShort), POINT)
    assert wrong.verdict.outcome == "wrong"
    assert "MappedShort" in " ".join(f.message for f in wrong.findings if f.kind == "blame")
    trusted = gradcalc.check(way(calls.MappedShort), POINT, trust=[calls.MappedShort])
    assert trusted.verdict.outcome != "wrong", trusted.verdict.message


class Detaching(elements.Square):
    """It is right, and loses its own derivative."""

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        return 2 * grad * ctx.saved_tensors[0].detach()


@pytest.mark.parametrize("function", [Cubed, Detaching])
def test_a_derivative_that_a_backward_loses(function: Any) -> None:
    """torch takes it for a constant, and so does what was recorded."""
    report = gradcalc.check(penalty(function), POINT)
    assert report.verdict.outcome == "unresolved", report.verdict.message
    assert "loses its own derivative" in report.verdict.message
    assert any("not differentiable as it should be" in f.message for f in report.findings)
    assert gradcalc.check(once(function), POINT).verdict.outcome == "verified"


def test_what_nobody_can_see_into_is_told() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        return once(Hidden)(x)

    meant = gradcalc.check(function, POINT, reference=lambda x: x * (2 * x).detach())
    assert meant.verdict.outcome == "verified", meant.verdict.message
    assert [f.kind for f in meant.findings if f.kind == "taken"] == ["taken"]
