"""torch as people write it: operations, nets and losses whose gradient the check must know."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import gradcalc

DOUBLE = torch.float64
MINUS = float("-inf")


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def placed(x: torch.Tensor) -> torch.Tensor:
    y = torch.zeros(2, 3, 3, dtype=x.dtype)
    y.index_put_((torch.tensor([1, 0, 1]), torch.tensor([0, 2, 0])), x, accumulate=True)
    y[:, torch.tensor([0, 2])] = 2 * y[:, torch.tensor([1, 0])] + x[:2]
    return y


def scattered(x: torch.Tensor) -> torch.Tensor:
    # torch's own gradient: of what is written over it is not 0
    return torch.as_strided_scatter(x, torch.ones(2, dtype=x.dtype), (2,), (1,))


def packed(x: torch.Tensor) -> torch.Tensor:
    found = nn.utils.rnn.pack_padded_sequence(
        x.T[..., None], torch.tensor([1, 3, 2]), batch_first=True, enforce_sorted=False
    )
    return nn.utils.rnn.pad_packed_sequence(found, batch_first=True)[0].cumsum(1)


def reinterpreted(x: torch.Tensor) -> torch.Tensor:
    bits = x.detach().clone().view(torch.int64)
    bits.bitwise_and_(-(2**40))
    return bits.view(DOUBLE) * x


def unseen(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[0] = torch.special.bessel_j0(x[0].detach())
    return y.T.contiguous().view(-1)


def nested(x: torch.Tensor) -> torch.Tensor:
    return torch.nested.as_nested_tensor([x, x[:2]]).sin().to_padded_tensor(0.0)


def normal(x: torch.Tensor) -> torch.Tensor:
    # it asks whether the matrix is symmetric, and compares with infinity
    covariance = x @ x.T + torch.eye(3, dtype=x.dtype)
    return torch.distributions.MultivariateNormal(x[0], covariance).log_prob(x[1].detach())


SPARSE = torch.eye(3, dtype=DOUBLE).to_sparse()

FUNCTIONS: dict[str, tuple[Callable[[torch.Tensor], Any], str]] = {
    "writes of what torch writes over": (lambda x: x.sin().add_(x).relu_() + x, "verified"),
    "clamp_ of an item": (lambda x: x.clone().clamp_(min=-0.5)[:, 1], "verified"),
    "places along some axes": (placed, "verified"),
    "index_copy_": (
        lambda x: x.clone().index_copy_(1, torch.tensor([2, 0]), x[:, :2].exp()),
        "verified",
    ),
    "as_strided_scatter": (scattered, "wrong"),
    "frexp": (lambda x: torch.frexp(x)[0], "verified"),
    "segments": (
        lambda x: torch.segment_reduce(x, "max", lengths=torch.tensor([2, 1])),
        "verified",
    ),
    "rrelu in training": (lambda x: F.rrelu(x, training=True), "verified"),
    "a packed sequence": (packed, "verified"),
    "exponentials of large numbers": (lambda x: torch.softmax(x * 2000, 1), "verified|vanished"),
    "logsumexp of large numbers": (lambda x: torch.logsumexp(x - 5000, 1), "verified"),
    "rows that are masked": (
        lambda x: F.scaled_dot_product_attention(x, x, x, torch.tensor([[True], [False], [True]])),
        "verified",
    ),
    "several at once": (lambda x: torch._foreach_mul([x, x.T], [x.T, x.sin()]), "verified"),
    "a product of complex numbers": (
        lambda x: torch.complex(x, x.T) @ torch.complex(x.sin(), x),
        "verified",
    ),
    "a normal of a covariance": (normal, "verified"),
    "a sparse constant": (lambda x: torch.sparse.mm(SPARSE, x).tanh(), "verified"),
    "a sparse tensor": (lambda x: x.to_sparse().to_dense() * x, "unresolved"),
    "a nested tensor": (nested, "unresolved"),
    "bits of numbers": (reinterpreted, "unresolved"),
    "an unknown number written": (unseen, "unresolved"),
    "drawn anew": (lambda x: x * x.detach().clone().normal_(), "verified"),
    "mean and deviation of a layer": (
        lambda x: torch.native_layer_norm(x, [3], None, None, 1e-5),
        "verified",
    ),
    "mean and deviation of a batch": (
        lambda x: torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5),
        "verified",
    ),
    "hessian": (
        lambda x: torch.func.hessian(lambda t: (t.sin() * t.flip(0)).prod())(x[0]),
        "verified",
    ),
    "gradient penalty": (
        lambda x: torch.autograd.grad(x.tanh().norm(dim=1).sum(), x, create_graph=True)[0].norm(),
        "verified",
    ),
    "compiled": (torch.compile(lambda x: x.sin() * x, backend="eager"), "verified"),
    "strides of an input": (lambda x: x.as_strided((2, 2), (1, 2)).prod(0), "verified"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    function, outcomes = FUNCTIONS[name]
    report = gradcalc.check(function, drawn(3, 3))
    assert report.verdict.outcome.value in outcomes.split("|"), report.verdict.message


class Averaged(nn.Module):
    """What it keeps to itself changes with every call."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.linear(x)
        with torch.no_grad():
            self.mean.mul_(0.9).add_(h.mean(0), alpha=0.1)
        return (h - self.mean).tanh()


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = F.relu(self.norm(self.first(x)), inplace=True)
        return (h + x).relu_()


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(3, 3)
        self.experts = nn.ModuleList([nn.Linear(3, 3) for _ in range(3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights, chosen = torch.topk(self.gate(x).softmax(-1), 2)
        out = torch.zeros_like(x)
        for k, expert in enumerate(self.experts):
            rows, slot = torch.where(chosen == k)
            out.index_add_(0, rows, expert(x[rows]) * weights[rows, slot, None])
        return out


class Causal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.norm = nn.Linear(4, 12), nn.LayerNorm(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            t.view(1, 3, 2, 2).transpose(1, 2) for t in self.mix(self.norm(x)).split(4, dim=2)
        )
        distance = (torch.arange(3)[:, None] - torch.arange(3)).abs()
        scores = q @ k.transpose(-1, -2) / math.sqrt(2) - 0.5 * distance
        mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
        found = scores.masked_fill(mask, MINUS).softmax(-1) @ v
        return x + found.transpose(1, 2).contiguous().view(1, 3, 4)


NETS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "a buffer that changes": (Averaged, (4, 3)),
    "a residual block in place": (Residual, (2, 2, 4, 4)),
    "experts": (Experts, (5, 3)),
    "causal attention": (Causal, (1, 3, 4)),
    "spectral norm": (lambda: nn.utils.spectral_norm(nn.Linear(4, 3)), (2, 4)),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), (2, 4)),
    "orthogonal": (lambda: nn.utils.parametrizations.orthogonal(nn.Linear(3, 3)), (2, 3)),
    "LSTM in both directions": (lambda: nn.LSTM(3, 2, bidirectional=True), (4, 1, 3)),
    "GRU of two layers": (lambda: nn.GRU(3, 2, num_layers=2), (4, 1, 3)),
    "transposed convolution": (
        lambda: nn.Sequential(nn.ConvTranspose2d(1, 2, 2, stride=2), nn.PixelShuffle(1)),
        (1, 1, 3, 3),
    ),
    "instance norm": (lambda: nn.InstanceNorm1d(2, affine=True), (1, 2, 5)),
}


@pytest.mark.parametrize("name", NETS)
def test_nets(name: str) -> None:
    torch.manual_seed(0)
    build, shape = NETS[name]
    report = gradcalc.check(build().double(), drawn(*shape))
    assert report.verdict.outcome in ("verified", "vanished"), report.verdict.message


def test_a_gradient_through_what_normalizes() -> None:
    for net in (nn.LayerNorm(3), nn.BatchNorm1d(3), nn.GroupNorm(1, 3)):
        report = gradcalc.check(net.double(), drawn(4, 3), order=2)
        assert report.verdict.outcome == "verified"


def test_what_a_module_keeps_stays_as_it_is() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), Averaged()).double()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    gradcalc.check(net, drawn(4, 3))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("sparse", [False, True])
def test_embeddings(sparse: bool) -> None:
    torch.manual_seed(0)
    net = nn.Embedding(4, 2, padding_idx=0, sparse=sparse).double()
    assert gradcalc.check(net, torch.tensor([1, 0, 2, 1])).verdict.outcome == "verified"


class Unused(nn.Module):
    """A layer of it is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.other = nn.Linear(3, 2), nn.LazyLinear(2)

    def forward(self, x):
        return self.layer(x)


def test_a_module_without_shapes() -> None:
    with pytest.raises(gradcalc.GradcalcError, match="has no shape yet"):
        gradcalc.check(Unused().double(), drawn(2, 3))


def test_long_programs_are_as_any_other() -> None:
    from gradcalc.lang.fence import compile_program
    from gradcalc.lang.lines import compile_lines

    text = "import torch\nt0 = torch.sin(net.weight)*x\nif not x > 0: raise ValueError('a')\nt0.T"
    names = frozenset({"x", "net.weight"})
    whole, lines = compile_program(text, numbers=names), compile_lines(text, names)
    assert (lines.required, lines.assigned) == (whole.required, whole.assigned)
    assert (lines.naming, lines.source) == (whole.naming, whole.source)
