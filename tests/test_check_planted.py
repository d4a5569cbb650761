"""Own Functions that are wrong are called wrong and blamed, and right ones are neither."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import gradcalc
from gradcalc.report import Report
from tests import functions_calls as calls
from tests import functions_elements as elements
from tests.check_functions import EVERY, PLANTED, Planted

GOOD = ("verified", "vanished")

CASES = {
    f"{planted.name}-{number}-{dtype}-{version}": (planted, dtype, version)
    for number, planted in enumerate(PLANTED)
    for dtype in planted.dtypes
    for version in (range(3) if dtype == "float64" else (number % 3,))
}
"""Every one at several inputs of 64 bits, and at one of fewer."""


def checked(planted: Planted, function: Any, dtype: str, version: int) -> Report:
    torch.manual_seed(version)
    inputs = planted.inputs(dtype, version)
    return gradcalc.check(
        lambda *tensors: planted.called(function, *tensors), *inputs, order=planted.order
    )


def blames(report: Report) -> list[Any]:
    return [found for found in report.findings if found.kind == "blame"]


def test_there_are_enough() -> None:
    assert len({planted.wrong for planted in PLANTED}) >= 80
    assert len({planted.what for planted in PLANTED}) >= 80
    assert len({(planted.wrong, planted.what) for planted in PLANTED}) == len(PLANTED)


@pytest.mark.sweep
@pytest.mark.parametrize("name", CASES)
def test_planted(name: str) -> None:
    planted, dtype, version = CASES[name]
    right = checked(planted, planted.right, dtype, version)
    assert right.verdict.outcome.value in GOOD, right.verdict.message
    assert not blames(right)
    wrong = checked(planted, planted.wrong, dtype, version)
    assert wrong.verdict.outcome.value == planted.ends, wrong.verdict.message
    if planted.blamed is not None:
        assert_blamed(wrong, planted)


def assert_blamed(report: Report, planted: Planted) -> None:
    found = blames(report)
    assert found, report.verdict.message
    argument = re.escape(planted.blamed or "")
    for one in found:
        assert f"the backward of {planted.name} " in one.message
        assert one.span is not None
        assert one.span.file == f"tests/{planted.wrong.__module__.removeprefix('tests.')}.py"
        text = (report.sources or "").splitlines()
        assert any("def backward" in line for line in text)
    ends = r"(\[|:|$| its derivative)"
    assert any(re.search(rf"\b{argument}{ends}", one.message) for one in found), found


# -- right ones that are other functions each time, or keep something ---------------------------


class OwnGenerator(nn.Module):
    """Another function each time, by a generator that nobody puts back."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        drawn = torch.rand(x.shape, generator=self.generator, dtype=torch.float64).to(x.dtype)
        return elements.Product.apply(x, drawn)


class Counter(nn.Module):
    """Another function each time, by what it counts."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.times += 1
        return elements.Square.apply(x) / self.times


class Doubling(torch.autograd.Function):
    """It doubles the first time that it goes back, and is told so: its forward does, too."""

    factor = 1.0

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.factor = Doubling.factor
        Doubling.factor = 3.0 - Doubling.factor
        return x * ctx.factor

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        return grad * ctx.factor


def accumulated(x: torch.Tensor) -> torch.Tensor:
    total = torch.zeros_like(x)
    for _ in range(3):
        total += calls.Stateless.apply(x)
    return total


def unused(x: torch.Tensor) -> Any:
    first, _ = calls.Pair.apply(x)
    return first


RIGHT: dict[str, Callable[[], Any]] = {
    "a generator of its own": OwnGenerator,
    "it counts": Counter,
    "another factor each time": lambda: Doubling.apply,
    "added up in place": lambda: accumulated,
    "one output of two": lambda: unused,
    "both outputs": lambda: lambda x: calls.Pair.apply(x),
    "told of no gradient by None": lambda: lambda x: calls.Unmade.apply(x)[1],
    "one tensor twice": lambda: lambda x: elements.Product.apply(x, x),
    "of what is no leaf": lambda: lambda x: calls.Kept.apply(x.expand(2, *x.shape)),
    "a view": lambda: lambda x: calls.Kept.apply(x.reshape(-1)[1:]),
    "batch norm": lambda: nn.Sequential(nn.BatchNorm1d(3), nn.Tanh()).double(),
    "dropout": lambda: lambda x: elements.Sine.apply(nn.functional.dropout(x, 0.5)),
    "numpy's own generator": lambda: (
        lambda x: (
            elements.Sine.apply(x) * torch.as_tensor(np.random.default_rng().normal(size=x.shape))
        )
    ),
}
"""Functions whose gradient is right, whatever they are the next time."""


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("zero", [False, True])
def test_right_ones_are_not_accused(name: str, zero: bool) -> None:
    x = torch.tensor([[1.25, -0.5, 0.75], [0.25, 2.0, -1.5]], dtype=torch.float64) * (not zero)
    report = gradcalc.check(RIGHT[name](), x)
    assert report.verdict.outcome.value in (*GOOD, "singular" if zero else ""), report.verdict
    assert not [f for f in report.findings if f.kind in ("blame", "otherwise", "written")]


# -- what other ways find -----------------------------------------------------------------------


def said(function: Any, *tensors: Any, **options: Any) -> tuple[str, str]:
    report = gradcalc.check(function, *tensors, **options)
    other = [found.message for found in report.findings if found.kind == "otherwise"]
    return report.verdict.outcome.value, " ".join(other)


class NeedsBoth(calls.Unmade):
    """It gives nothing where one output is not used."""

    @staticmethod
    def backward(ctx: Any, first: Any, second: Any) -> Any:
        if first is None or second is None:
            return None
        return calls.Unmade.backward(ctx, first, second)


POINT = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("function", "way"),
    [
        (elements.SineClipped, ""),
        (calls.Stale, "at another point"),
        (calls.Writing, "second time"),
        (NeedsBoth, "by itself"),
    ],
)
def test_what_other_ways_find(function: Any, way: str) -> None:
    outcome, message = said(function, POINT)
    assert (outcome, way in message) == ("wrong", True), message


def test_an_input_that_alone_wants_a_gradient() -> None:
    outcome, message = said(elements.ProductMisasked, POINT, POINT + 1)
    assert (outcome, "b alone" in message or "x1 alone" in message) == ("wrong", True), message


def test_the_ordinary_gradient_is_judged_first() -> None:
    """Where the gradient is wrong and another way is right, it is wrong."""
    by_name = {planted.what: planted for planted in PLANTED if planted.name == "FlatInput"}
    planted = by_name["right for contiguous inputs only"]
    assert checked(planted, planted.wrong, "float64", 0).verdict.outcome == "wrong"
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=torch.float64)
    assert said(lambda t: planted.wrong.apply(t.T), x)[0] == "wrong"


def test_a_mistake_that_coarse_numbers_hide() -> None:
    """A factor of 1.1 is within what rounding may do in bfloat16."""

    class Tenth(elements.Sine):
        @staticmethod
        def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
            return 1.1 * elements.Sine.backward(ctx, grad)

    outcome, message = said(Tenth, POINT.bfloat16())
    assert (outcome, "float64" in message) == ("wrong", True)
    assert said(elements.SineSingle, POINT.bfloat16())[0] == "verified"
    assert said(elements.Sine, POINT.bfloat16())[0] == "verified"


def test_a_write_over_the_gradient_is_told() -> None:
    report = gradcalc.check(lambda x: calls.Writing.apply(x).cos(), POINT)
    assert report.verdict.outcome == "verified"
    assert [f.kind for f in report.findings if "writes over" in f.message] == ["written"]


def test_every_dtype_is_tried() -> None:
    assert {dtype for planted in PLANTED for dtype in planted.dtypes} == set(EVERY)
