"""Hooks that change a gradient are named, whatever they hang on; those that only look are not."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks
from torch.nn.modules.module import register_module_full_backward_hook
from torch.utils.checkpoint import checkpoint

import gradcalc
from gradcalc.report import Report
from tests import functions_elements as elements

POINT = torch.tensor([[0.5, -1.25, 2.0], [1.0, 0.75, -0.25]], dtype=torch.float64)


def clip(grad: torch.Tensor) -> torch.Tensor:
    return grad.clamp(-0.1, 0.1)


def look(grad: torch.Tensor) -> None:
    assert grad.norm() >= 0


def same(grad: torch.Tensor) -> torch.Tensor:
    return grad.clone()


def in_place(grad: torch.Tensor) -> None:
    with torch.no_grad():
        grad.mul_(3)


@torch.no_grad()
def decorated(grad: torch.Tensor) -> torch.Tensor:
    return grad * 2


class Scaling:
    def __init__(self, times: float) -> None:
        self.times = times

    def __call__(self, grad: torch.Tensor) -> torch.Tensor:
        return grad * self.times


def any_of(*given: torch.Tensor) -> torch.Tensor:
    return 2 * given[0]


def scaled(module: nn.Module, before: Any, after: Any) -> Any:
    return tuple(2 * grad for grad in before)


def scaled_before(module: nn.Module, after: Any) -> Any:
    return tuple(2 * grad for grad in after)


def looked(module: nn.Module, before: Any, after: Any) -> None:
    assert after[0] is not None


def of_node(before: Any, after: Any) -> Any:
    return (2 * before[0],)


def before_node(after: Any) -> Any:
    return (2 * after[0],)


def on_tensor(hook: Any) -> Any:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = elements.Sine.apply(x)
        y.register_hook(hook)
        return y.cos()

    return function


def on_node(hook: Any, way: str = "register_hook", own: bool = False) -> Any:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = elements.Sine.apply(x) if own else x.sin()
        getattr(y.grad_fn, way)(hook)
        return y.cos()

    return function


def on_module(hook: Any, way: str = "register_full_backward_hook") -> Any:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 2), nn.Tanh()).double()
    getattr(module[1], way)(hook)
    return module


def on_weight(hook: Any) -> Any:
    module = on_module(looked)
    module[0].weight.register_hook(hook)
    return module


CHANGING: dict[str, tuple[Callable[[], Any], str]] = {
    "a tensor's": (lambda: on_tensor(clip), "clip"),
    "that writes": (lambda: on_tensor(in_place), "in_place"),
    "that is decorated": (lambda: on_tensor(decorated), "decorated"),
    "an object": (lambda: on_tensor(Scaling(2.0)), "__call__"),
    "of any arguments": (lambda: on_tensor(any_of), "any_of"),
    "a partial one": (lambda: on_tensor(partial(clip)), "clip"),
    "without a name": (lambda: on_tensor(lambda grad: grad * 2), "a hook"),
    "a node's": (lambda: on_node(of_node), "of_node"),
    "before a node": (lambda: on_node(before_node, "register_prehook"), "before_node"),
    "of an own Function": (lambda: on_node(of_node, own=True), "of_node"),
    "a module's": (lambda: on_module(scaled), "scaled"),
    "before a module": (
        lambda: on_module(scaled_before, "register_full_backward_pre_hook"), "scaled_before",
    ),
    "a parameter's": (lambda: on_weight(clip), "clip"),
}  # fmt: skip

LOOKING: dict[str, Callable[[], Any]] = {
    "a tensor's": lambda: on_tensor(look),
    "the same": lambda: on_tensor(same),
    "a module's": lambda: on_module(looked),
    "a node's": lambda: on_node(lambda before, after: None),
    "a parameter's": lambda: on_weight(look),
}


def told(report: Report, kind: str) -> list[str]:
    return [found.message for found in report.findings if found.kind == kind]


@pytest.mark.parametrize("name", CHANGING)
def test_a_hook_that_changes_the_gradient(name: str) -> None:
    made, hook = CHANGING[name]
    report = gradcalc.check(made(), POINT)
    assert report.verdict.outcome == "wrong"
    (found,) = (f for f in report.findings if f.kind == "changing")
    assert f"{hook} changes the gradient" in found.message
    assert found.span is not None
    assert found.span.file == "tests/test_check_hooks.py"
    assert not told(report, "hook")
    assert not told(report, "blame")


@pytest.mark.parametrize("name", LOOKING)
def test_a_hook_that_looks(name: str) -> None:
    report = gradcalc.check(LOOKING[name](), POINT)
    assert report.verdict.outcome == "verified", report.verdict.message
    assert not told(report, "changing")


def test_a_hook_that_looks_is_not_accused_of_another_mistake() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = elements.SineSquaredCotangent.apply(x)
        y.register_hook(look)
        return y.cos()

    report = gradcalc.check(function, POINT)
    assert report.verdict.outcome == "wrong"
    assert told(report, "blame")
    assert not told(report, "changing")


def test_a_hook_of_all_modules() -> None:
    handle = register_module_full_backward_hook(scaled)
    try:
        report = gradcalc.check(on_module(looked), POINT)
    finally:
        handle.remove()
    assert report.verdict.outcome == "wrong"
    assert "the hook scaled changes" in told(report, "changing")[0]


def lossy(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.bfloat16()


def widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double()


def saving(hooks: Callable[[], Any]) -> Any:
    def function(x: torch.Tensor) -> torch.Tensor:
        with hooks():
            return x.sin() * x

    return function


def test_what_is_saved_with_fewer_digits() -> None:
    report = gradcalc.check(saving(lambda: saved_tensors_hooks(lossy, widened)), POINT)
    assert report.verdict.outcome == "wrong"
    (found,) = (f for f in report.findings if f.kind == "saved")
    assert found.span is not None
    assert not told(report, "changing")


SAVING: dict[str, Any] = {
    "as it is": saving(lambda: saved_tensors_hooks(lambda t: t, lambda t: t)),
    "by something else": saving(
        lambda: saved_tensors_hooks(lambda t: t.detach().numpy(), torch.as_tensor)
    ),
    "as half of it": saving(lambda: saved_tensors_hooks(lambda t: t / 2, lambda t: 2 * t)),
    "elsewhere": saving(save_on_cpu),
    "by a checkpoint": lambda x: checkpoint(lambda t: t.sin() * t, x, use_reentrant=False),
}


@pytest.mark.parametrize("name", SAVING)
def test_what_is_saved_and_comes_back(name: str) -> None:
    report = gradcalc.check(SAVING[name], POINT)
    assert report.verdict.outcome == "verified", report.verdict.message
    assert not told(report, "saved")
    assert not told(report, "changing")


def test_a_checkpoint_that_does_not_do_the_same_again() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        return checkpoint(
            lambda t: nn.functional.dropout(t, 0.5).sin(), x,
            use_reentrant=False, preserve_rng_state=False,
        )  # fmt: skip

    torch.manual_seed(1)
    report = gradcalc.check(function, POINT)
    assert report.verdict.outcome == "wrong"
    assert told(report, "saved")
