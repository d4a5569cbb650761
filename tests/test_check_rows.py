"""Operations that are written out as something else: each as torch has it, its gradient too."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import gradcalc

DOUBLE = torch.float64
Function = Callable[[torch.Tensor], Any]


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


TABLE = drawn(64, 2, seed=1)
PRIMES = torch.tensor([1, 2654435761, 805459861, 3674653429])


def likely(x: torch.Tensor) -> torch.Tensor:
    return torch.log_softmax(torch.stack([x, 2 * x.sin()], 1), -1)


def read(targets: Any, steps: Any, lengths: Any, **options: Any) -> Function:
    told = torch.tensor(targets)
    return lambda x: F.ctc_loss(likely(x), told, steps, lengths, **options)


CTC: dict[str, tuple[Function, str]] = {
    "padded": (read([[1, 2], [3, 3]], [4, 4], [2, 2]), "verified"),
    "in a row": (read([1, 2, 3], [4, 3], [2, 1], reduction="none"), "verified"),
    "another blank": (read([[1, 2], [3, 0]], [4, 3], [2, 2], blank=5), "verified"),
    "nothing to read": (read([[1, 1], [3, 2]], [4, 3], [0, 2], reduction="sum"), "verified"),
    "no way": (
        read([[1, 1, 1], [3, 0, 2]], [4, 3], [3, 2], blank=5, zero_infinity=True),
        "verified",
    ),
    "one sequence": (
        lambda x: F.ctc_loss(x.log_softmax(-1), torch.tensor([1, 2]), *torch.tensor([4, 2])),
        "verified",
    ),
    "unlikely": (
        lambda x: F.ctc_loss(likely(300 * x), torch.tensor([[1, 2], [3, 3]]), [4, 4], [2, 2]),
        "verified|vanished",
    ),
    "what is not normalized": (
        lambda x: F.ctc_loss(torch.stack([x, x], 1), torch.tensor([1, 2]), [4, 4], [1, 1]),
        "wrong",
    ),
}


def smoothed(mode: str, **options: Any) -> tuple[Function, str]:
    return lambda x: F.interpolate(
        torch.stack([x, x.sin()])[None], mode=mode, antialias=True, **options
    ), "verified"


SMOOTHED: dict[str, tuple[Function, str]] = {
    "smaller": smoothed("bilinear", size=(3, 4)),
    "larger": smoothed("bilinear", size=(7, 9)),
    "corners": smoothed("bilinear", size=(2, 4), align_corners=True),
    "one number": smoothed("bilinear", size=(1, 1), align_corners=True),
    "cubic": smoothed("bicubic", size=(3, 4)),
    "cubic by a scale": smoothed("bicubic", scale_factor=0.6),
    "cubic by its size": smoothed("bicubic", scale_factor=0.6, recompute_scale_factor=True),
    "cubic, larger": smoothed("bicubic", scale_factor=1.7),
}


def hashed(x: torch.Tensor) -> torch.Tensor:
    corner = torch.floor(4 * x[:, :4]).long()
    h = corner * PRIMES
    places = h[:, 0] ^ h[:, 1] ^ h[:, 2] ^ h[:, 3]
    return TABLE[places % 64] * (4 * x[:, :2] - corner[:, :2])


def congruent(x: torch.Tensor) -> torch.Tensor:
    seed = (x * 1000).long() * 6364136223846793005 + 1442695040888963407
    return x * (seed >> 33).double() * 1e-9


def masked(x: torch.Tensor) -> torch.Tensor:
    mask = (x > 0) & (x < 2)
    mask &= x > -1
    mask |= x > 1.5
    mask ^= x > 100
    return x * ~mask


def odd(x: torch.Tensor) -> torch.Tensor:
    return x * (x.long() & 1)


WHOLE: dict[str, tuple[Function, str]] = {
    "bits of positions": (
        lambda x: x * ((torch.arange(6) << 2) | 1) + x * (torch.arange(6) ^ 3) * ~torch.arange(6),
        "verified",
    ),
    "a hash": (hashed, "verified"),
    "numbers that overflow": (congruent, "verified"),
    "bits of an order": (lambda x: x * (x.argsort() & 1), "verified"),
    "masks": (masked, "verified"),
    "bits of parts": (odd, "verified"),
    "bits where a number turns over": (
        lambda x: odd(x.detach().round() + x - x.detach()),
        "unresolved",
    ),
}


def low(x: torch.Tensor) -> torch.Tensor:
    u, s, v = torch.linalg.svd(x)
    k = s.shape[-1] - 1
    return (u[..., :k] * s[..., None, :k]) @ v[..., :k, :]


def pair(x: torch.Tensor) -> torch.Tensor:
    return torch.complex(x[:, :4], x[:, :4].T.sin())


LINEAR: dict[str, tuple[Function, str]] = {
    "svd of columns": (lambda x: low(x[:, :3]), "verified"),
    "svd of rows": (lambda x: low(x[:3]), "verified"),
    "svd of many": (lambda x: low(torch.stack([x, x.sin()])), "verified"),
    "singular values alone": (lambda x: torch.linalg.svd(x)[1], "verified"),
    "vectors of no value": (
        lambda x: (v := torch.linalg.svd(x[:3])[2][3:]).T @ v,
        "unresolved",
    ),
    "a complex inverse": (lambda x: torch.linalg.inv(pair(x)).imag, "verified"),
    "a complex system": (lambda x: torch.linalg.solve(pair(x), pair(x.cos())).abs(), "verified"),
    "a complex system of rows": (
        lambda x: torch.linalg.solve(pair(x), pair(x.cos()), left=False).abs(),
        "verified",
    ),
    "a complex system of a vector": (
        lambda x: torch.linalg.solve(torch.fft.fft(x[:, :4]), pair(x)[0]).abs(),
        "verified",
    ),
    "a complex layer": (lambda x: F.linear(pair(x), pair(x.sin()), pair(x)[0]).abs(), "verified"),
    "complex products": (
        lambda x: torch.vdot(pair(x)[0], pair(x) @ pair(x)[1]).abs(),
        "verified",
    ),
}

ORDERS = torch.arange(1, 7).double()

GAMMAS: dict[str, tuple[Function, str]] = {
    "of several orders": (lambda x: torch.special.gammainc(ORDERS, x.exp()), "verified"),
    "complementary ones": (lambda x: torch.igammac(ORDERS[:4, None], x.exp()), "verified"),
    "a distribution": (
        lambda x: torch.distributions.Gamma(2.0, x.exp()).cdf(torch.tensor(0.3)),
        "verified",
    ),
}

OTHERS: dict[str, tuple[Function, str]] = {
    # what torch says that it is made of has another value
    "labels up to the first that is none": (
        lambda x: F.multilabel_margin_loss(x, torch.tensor([[0, 2, -1, 1, 3, 4]] * 4)),
        "verified",
    ),
    "a staircase": (
        lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, -10, 10),
        "unresolved",
    ),
}

EVERY: Mapping[str, tuple[Function, str]] = {
    f"{kind}: {name}": row
    for kind, rows in {
        "ctc": CTC,
        "smoothed": SMOOTHED,
        "whole": WHOLE,
        "linear": LINEAR,
        "other": OTHERS,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", EVERY)
def test_rows(name: str) -> None:
    function, outcomes = EVERY[name]
    x = drawn(4, 6)
    report = gradcalc.check(function, x)
    assert report.verdict.outcome.value in outcomes.split("|"), report.verdict.message
    if report.verdict.outcome == "unresolved":
        assert "nobody can see" not in report.verdict.message
        return
    x.requires_grad_()
    made = function(x)
    # a backward that is not the gradient of the values is told
    right = torch.autograd.gradcheck(function, x, raise_exception=False)
    assert made is not None
    assert right == (outcomes != "wrong")


def test_what_a_loss_takes_for_granted_is_told_where_it_matters() -> None:
    kinds = {
        name: {f.kind for f in gradcalc.check(CTC[name][0], drawn(4, 6)).findings}
        for name in ("padded", "what is not normalized")
    }
    assert "normalized" not in kinds["padded"]
    assert "normalized" in kinds["what is not normalized"]


def test_what_torch_makes_of_an_operation_is_held_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.checking import capture

    def grid(x: torch.Tensor) -> torch.Tensor:
        return F.affine_grid(x[None, :2, :3].sin(), [1, 1, 3, 3], align_corners=False)

    report = gradcalc.check(grid, drawn(4, 6))
    assert report.verdict.outcome == "verified"
    assert "decomposed" in {f.kind for f in report.findings}
    plain = capture.decomposition

    def other(func: Any) -> Any:
        made = plain(func)
        return made and (lambda *args, **kwargs: 2 * made(*args, **kwargs))

    monkeypatch.setattr(capture, "decomposition", other)
    report = gradcalc.check(grid, drawn(4, 6))
    assert report.verdict.outcome == "unresolved", report.verdict.message
    assert "affine_grid_generator" in report.verdict.message
    assert "decomposed" not in {f.kind for f in report.findings}
