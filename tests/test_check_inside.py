"""Own Functions that a backward calls, or goes back through: the one that is wrong is named."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import gradcalc
from tests import functions_calls as calls
from tests import functions_elements as elements
from tests.test_check import Dense

POINT = torch.tensor([[0.5, -1.25, 2.0], [1.0, 0.75, -0.25]], dtype=torch.float64)


class OwnCheckpoint(torch.autograd.Function):
    """A checkpoint that somebody wrote."""

    @staticmethod
    def forward(ctx: Any, function: Any, x: torch.Tensor) -> Any:
        ctx.function, ctx.x = function, x.detach()
        with torch.no_grad():
            return function(x)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        x = ctx.x.detach().requires_grad_()
        with torch.enable_grad():
            y = ctx.function(x)
        return None, torch.autograd.grad(y, x, grad)[0]


def torchs(function: Any) -> Any:
    return lambda x: checkpoint(function, x, use_reentrant=True)


def own(function: Any) -> Any:
    return lambda x: OwnCheckpoint.apply(function, x)


def twice(function: Any) -> Any:
    return torchs(lambda x: torchs(function)(x.cos()).sin())


def kept(function: Any) -> Any:
    return lambda x: checkpoint(function, x, use_reentrant=False)


WAYS: dict[str, Callable[[Any], Any]] = {
    "torch's": torchs, "own": own, "one in another": twice, "not reentrant": kept,
}  # fmt: skip

BODIES: dict[str, tuple[Any, Any]] = {
    "alone": (elements.Square, elements.SquareHalved),
    "with others": (elements.Sine, elements.SineSquaredCotangent),
    "of what is contiguous": (calls.Stateless, Dense),
    "in its backward": (calls.Within, calls.WithinShort),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", BODIES)
def test_inside_of_a_checkpoint(way: str, body: str) -> None:
    right, wrong = BODIES[body]
    for function in (right, wrong):
        report = gradcalc.check(
            WAYS[way](lambda x, f=function: f.apply(calls.Stateless.apply(x)) * x), POINT
        )
        found = [f for f in report.findings if f.kind == "blame"]
        if function is right:
            assert (report.verdict.outcome, found) == ("verified", []), report.verdict.message
            continue
        assert report.verdict.outcome == "wrong"
        assert f"the backward of {wrong.__name__} is wrong" in found[0].message
        assert found[0].span is not None
        assert not any("CheckpointFunction" in f.message for f in found)


def test_what_a_checkpoint_loses_by_itself() -> None:
    """Where nothing inside is wrong, it is the checkpoint."""

    def changing(x: torch.Tensor, times: list[int]) -> torch.Tensor:
        times.append(0)
        return elements.Square.apply(x) * (1 + len(times) % 2)

    report = gradcalc.check(lambda x: torchs(lambda t, n=[]: changing(t, n))(x), POINT)
    assert not any("Square" in f.message for f in report.findings if f.kind == "blame")
