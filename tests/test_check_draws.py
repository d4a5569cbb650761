"""Numbers that are drawn: what was drawn is what it is, and the gradient is that with it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import distributions as dist
from torch.nn import functional as F  # noqa: N812

import gradcalc

DOUBLE = torch.float64
Kinds = set[str]


def drawn(*shape: int, dtype: torch.dtype = DOUBLE) -> torch.Tensor:
    return torch.randn(shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(0)).to(dtype)


def scored(made: Callable[[torch.Tensor], dist.Distribution]) -> Callable[[torch.Tensor], Any]:
    """The likelihood of a sample, as policies are trained by."""

    def function(x: torch.Tensor) -> torch.Tensor:
        found = made(x)
        return found.log_prob(found.sample())

    return function


def straight(x: torch.Tensor) -> torch.Tensor:
    p = x.sigmoid()
    return torch.bernoulli(p).detach() + p - p.detach()


class Coin(torch.autograd.Function):
    """A gradient of what was drawn that is meant."""

    @staticmethod
    def forward(ctx: Any, p: torch.Tensor) -> torch.Tensor:
        return torch.bernoulli(p)

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        return g


class Waiting(torch.autograd.Function):
    """Torch's own gradient of what it draws."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor) -> torch.Tensor:
        z = torch._standard_gamma(a)
        ctx.save_for_backward(a, z)
        return z

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        return g * torch._standard_gamma_grad(*ctx.saved_tensors)


class Dropped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        mask = torch.bernoulli(torch.full_like(x, 0.5))
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        return g * ctx.saved_tensors[0]


def branched(x: torch.Tensor) -> torch.Tensor:
    return x.sin() if torch.bernoulli(x[0, 0].sigmoid()) > 0 else x.cos()


def nucleus(x: torch.Tensor) -> torch.Tensor:
    scores, places = x.sort(-1, descending=True)
    far = scores.softmax(-1).cumsum(-1) > 0.9
    chosen = torch.multinomial(scores.masked_fill(far, -1e9).softmax(-1), 1)
    return x.log_softmax(-1).gather(1, places.gather(1, chosen))


def walked(x: torch.Tensor) -> torch.Tensor:
    here = x[0]
    for _ in range(3):
        here = here.tanh() * x[int(torch.multinomial(here[:3].softmax(0), 1))]
    return here


FUNCTIONS: dict[str, tuple[Callable[[torch.Tensor], Any], str, Kinds]] = {
    "dropout": (lambda x: F.dropout(x, 0.5), "verified", set()),
    "soft gumbel": (lambda x: F.gumbel_softmax(x), "verified", set()),
    "hard gumbel": (lambda x: F.gumbel_softmax(x, hard=True), "verified", set()),
    "normal": (lambda x: dist.Normal(x, x.exp()).rsample(), "verified", set()),
    "a normal of a mean": (lambda x: torch.normal(x, 1.0), "verified", {"drawn", "dead"}),
    "gamma": (lambda x: dist.Gamma(x.exp(), x.exp()).rsample(), "verified", {"approximate"}),
    "gamma of one number": (
        lambda x: dist.Gamma(x[0, 0].exp(), x[0, 1].exp()).rsample(),
        "verified",
        {"approximate"},
    ),
    "beta": (
        lambda x: (q := dist.Beta(x.exp() + 1, x.exp() + 0.5)).log_prob(q.rsample()),
        "verified",
        {"approximate"},
    ),
    "dirichlet": (
        lambda x: dist.Dirichlet(x.exp()).rsample((2,)).log(),
        "verified",
        {"approximate"},
    ),
    "a sample alone": (lambda x: dist.Normal(x, 1.0).sample(), "verified", {"dead"}),
    "coins": (lambda x: torch.bernoulli(x.sigmoid()) * x, "verified", {"drawn"}),
    "coins, straight through": (straight, "verified", {"drawn"}),
    "counts": (lambda x: torch.poisson(x.exp()) * x, "verified", {"drawn"}),
    "places": (lambda x: x.gather(1, torch.multinomial(x.softmax(1), 2)), "verified", set()),
    "a mask of coins": (
        lambda x: x[torch.bernoulli(x.sigmoid()).bool()],
        "verified",
        {"drawn"},
    ),
    "a way that is drawn": (branched, "verified", {"drawn"}),
    "the likely ones alone": (nucleus, "verified", set()),
    "steps that are drawn": (walked, "verified", set()),
    "the score of a normal": (scored(lambda x: dist.Normal(x, x.exp())), "verified", set()),
    "the score of a gamma": (scored(lambda x: dist.Gamma(x.exp(), 1.0)), "verified", set()),
    "the score of a class": (
        scored(lambda x: dist.OneHotCategorical(logits=x)),
        "verified",
        set(),
    ),
    "a Function that drops": (Dropped.apply, "verified", set()),
    "a Function of coins": (lambda x: Coin.apply(x.sigmoid()), "unresolved", {"opaque"}),
    "a Function of waiting": (lambda x: Waiting.apply(x.exp()), "unresolved", set()),
}
"""Functions, what their gradient is said to be, and what is told of them."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_draws(name: str) -> None:
    function, outcome, kinds = FUNCTIONS[name]
    torch.manual_seed(0)
    report = gradcalc.check(function, drawn(3, 4))
    assert report.verdict.outcome == outcome, report.verdict.message
    assert {f.kind for f in report.findings} - {"formula"} == kinds
    if outcome == "unresolved":
        assert "draws numbers" in report.verdict.message


def test_the_slope_of_a_draw_is_torchs() -> None:
    for dtype in (DOUBLE, torch.float32):
        report = gradcalc.check(lambda a: torch._standard_gamma(a), drawn(3, 4, dtype=dtype).exp())
        assert report.verdict.outcome == "verified", report.verdict.message


def test_a_slope_of_a_draw_is_held_to_torchs() -> None:
    def hooked(x: torch.Tensor) -> torch.Tensor:
        a = x.exp()
        a.register_hook(lambda g: 1.001 * g)
        return dist.Gamma(a, 1.0).rsample()

    assert gradcalc.check(hooked, drawn(3)).verdict.outcome == "wrong"
