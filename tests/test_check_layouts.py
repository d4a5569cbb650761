"""What a backward makes of gradients that lie otherwise in memory, or are not there, is told."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import gradcalc
from tests import functions_layouts as layouts

MATRIX = torch.tensor([[0.5, -1.25, 2.0], [1.0, 0.75, -0.25]], dtype=torch.float64)
NOT_CONTIGUOUS, EXPANDED, APART = "not contiguous", "one number, expanded", "by itself"


def outside(function: Any, x: torch.Tensor) -> Any:
    return function.apply(x)


def inside(function: Any, x: torch.Tensor) -> Any:
    """What goes back into it lies in a row here."""
    return function.apply(x.contiguous()).cos().sum()


ROWS: dict[str, tuple[Any, Any, Callable[..., Any], str, str, str]] = {
    "view": (layouts.FlatView, layouts.Flat, outside, "verified", "raises", NOT_CONTIGUOUS),
    "view, inside": (layouts.FlatView, layouts.Flat, inside, "verified", "raises", NOT_CONTIGUOUS),
    "asserts": (layouts.Asserting, layouts.Flat, outside, "verified", "raises", EXPANDED),
    "writes": (layouts.MaskedInPlace, layouts.Masked, inside, "verified", "raises", EXPANDED),
    "dense": (layouts.DoubleDense, layouts.Double, outside, "wrong", "otherwise", NOT_CONTIGUOUS),
    "dense, inside": (
        layouts.DoubleDense, layouts.Double, inside, "verified", "layout", NOT_CONTIGUOUS,
    ),
    "takes one for 1": (
        layouts.DoubleOfOne, layouts.Double, outside, "wrong", "otherwise", EXPANDED,
    ),
    "takes one for 1, inside": (
        layouts.DoubleOfOne, layouts.Double, inside, "verified", "layout", EXPANDED,
    ),
    "None": (layouts.TwoUnasked, layouts.Two, outside, "verified", "raises", APART),
}  # fmt: skip
"""A wrong one, its right twin, how they are called, the verdict, and what is told of which way."""


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("referred", [False, True])
def test_layouts(name: str, referred: bool) -> None:
    wrong, right, called, outcome, kind, way = ROWS[name]

    def plain(x: torch.Tensor) -> Any:
        def apply(given: torch.Tensor) -> Any:
            return right.forward(Silent(), given)

        return called(type("Plain", (), {"apply": staticmethod(apply)}), x)

    options: dict[str, Any] = {"reference": plain} if referred else {}
    report = gradcalc.check(lambda x: called(wrong, x), MATRIX, **options)
    assert report.verdict.outcome.value == outcome, report.verdict.message
    found = [f for f in report.findings if f.kind == kind and way in f.message]
    assert found, report.findings
    if kind != "otherwise":
        assert f"the backward of {wrong.__name__} " in found[0].message
        assert found[0].span is not None
        assert found[0].span.file == "tests/functions_layouts.py"
    else:
        assert any(f.kind == "blame" and wrong.__name__ in f.message for f in report.findings)
    healthy = gradcalc.check(lambda x: called(right, x), MATRIX, **options)
    assert healthy.verdict.outcome == "verified", healthy.verdict.message
    assert not [f for f in healthy.findings if f.kind in ("raises", "layout", "otherwise")]


class Silent:
    """A context that keeps nothing."""

    def save_for_backward(self, *_: Any) -> None:
        """Nothing is gone back through."""

    def set_materialize_grads(self, _: bool) -> None:
        """Nothing is gone back through."""


def test_what_always_fails_is_told_where() -> None:
    report = gradcalc.check(lambda x: layouts.FlatView.apply(x).T.reshape(-1).cumsum(0), MATRIX)
    assert report.verdict.outcome != "verified"
    (found,) = (f for f in report.findings if f.kind == "raises")
    assert "the backward of FlatView fails: RuntimeError: view size" in found.message
    assert found.span is not None


class Freed(layouts.Flat):
    """It frees what it keeps: that it fails the second time is no mistake."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.x = x
        return x.sin()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        x, ctx.x = ctx.x, None
        return grad * x.cos()


def test_what_frees_is_not_accused() -> None:
    report = gradcalc.check(Freed, MATRIX)
    assert report.verdict.outcome == "verified"
    assert not [f for f in report.findings if f.kind == "raises"]
