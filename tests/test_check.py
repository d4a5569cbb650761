"""Real code: what `gradcalc.check` says of functions, modules and own backwards."""

import threading

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.dlpack import from_dlpack, to_dlpack

import gradcalc
from gradcalc.report import Report

DOUBLE = torch.float64


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y


class Doubled(Exp):
    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return 2 * grad * y


class Careless(torch.autograd.Function):
    """It takes no notice of the gradient that it is given."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin().sum()

    @staticmethod
    def backward(ctx, grad):
        return ctx.saved_tensors[0].cos()


class Positive(torch.autograd.Function):
    """Its backward loses the sign of its cotangent."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin().sum()

    @staticmethod
    def backward(ctx, grad):
        return grad.abs() * ctx.saved_tensors[0].cos()


class Clamped(Positive):
    """Its backward cuts off what is large."""

    @staticmethod
    def backward(ctx, grad):
        return grad.clamp(-100, 100) * ctx.saved_tensors[0].cos()


class Dense(torch.autograd.Function):
    """Its backward reads memory as if it were contiguous."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * torch.as_strided(grad, grad.shape, torch.empty(grad.shape).stride())


class Cubed(torch.autograd.Function):
    """Its first derivative is right, its second one is lost."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach()
        return x**3

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad * ctx.x**2


class Rounded(torch.autograd.Function):
    """A straight-through estimator."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


class Numpys(torch.autograd.Function):
    """A forward that nobody can see into."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() ** 2)

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class Root(torch.autograd.Function):
    """The square root by bisection, whose steps rounding decides in the end."""

    @staticmethod
    def forward(ctx, x):
        low, high = torch.zeros_like(x), x + 1
        for _ in range(60):
            middle = (low + high) / 2
            if bool((middle * middle > x).all()):
                high = middle
            else:
                low = middle
        ctx.save_for_backward(low)
        return low

    @staticmethod
    def backward(ctx, grad):
        return grad / (2 * ctx.saved_tensors[0])


class Counted(torch.autograd.Function):
    """Its forward takes a number out and calculates with it."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / x.norm().item()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        n = x.norm()
        return grad / n - x * (grad * x).sum() / n**3


class Asking(Exp):
    """Its forward takes a number out and only compares it."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp() if x.norm().item() < 1e6 else x * 0
        ctx.save_for_backward(y)
        return y


class Exchanged(torch.autograd.Function):
    """A part of its forward goes out by a capsule, and comes back."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return from_dlpack(to_dlpack((x * x).detach() * 1)).clone() * x

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad * ctx.saved_tensors[0] ** 2


class Reversed(torch.autograd.Function):
    """The gradient reversed, of what is only looked at."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -grad


class Detached(Exp):
    """Right, but for what its backward cuts off of what it is given."""

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad.detach() * y


def anew(x):
    y = x.sin()
    z = y.detach().requires_grad_()
    (slope,) = torch.autograd.grad((z**3).sum(), z, create_graph=True)
    return (slope.detach() * y).sum()


def in_a_thread(x):
    found = []
    thread = threading.Thread(target=lambda: found.append(x * x))
    thread.start()
    thread.join()
    return found[0] * x


def alike(x):
    return x * 2 if torch.equal(x, x.detach().clone()) else x


class Shifted(torch.autograd.Function):
    """Its first derivative is wrong, its second one right."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return grad * (2 * ctx.saved_tensors[0] + 5)


class Fivefold(torch.autograd.Function):
    """Its backward is off by a twentieth."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        return 1.05 * grad * ctx.saved_tensors[0].cos()


class Radius(torch.autograd.Function):
    """Of what nobody can see into it forgets the slope."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.linalg.eigvals(torch.diag(x)).abs().max() * x

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0].abs().max()


class Halved(torch.autograd.Function):
    """A part of its forward is numpy's."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() * 1.0) * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


def hidden(x):
    y = x * 1
    y.data.mul_(2)
    return y * y


def rewritten(x):
    x.data = x.data.clamp(-0.5, 0.5)
    return 2 * x


def in_place(x):
    y = torch.zeros(4, dtype=x.dtype)
    y[1:] = x * x
    y[0] = y[1] * 3
    y.mul_(y.clone())
    return y


def loop(x):
    while x.norm() < 100:
        x = 2 * x
    return x.sum() if x.sum() > 0 else x.prod()


def decided(x):
    return x.sum() if x.sum() > 1 else 3 * x.sum()


def detached(x):
    with torch.no_grad():
        scale = x.norm()
    return x / scale + x.detach() * x


CASES = {
    "plain": (lambda x: (x.sin() * x).sum(), "verified"),
    "own, right": (Exp, "verified"),
    "own, in a function": (lambda x: Exp.apply(2 * x).cos(), "verified"),
    "own, twice too large": (Doubled, "wrong"),
    "own, without its cotangent": (Careless, "wrong"),
    "own, without the sign of its cotangent": (Positive, "wrong"),
    "own, of small cotangents": (Clamped, "wrong"),
    "own, dense only": (lambda x: Dense.apply(torch.outer(x, x.sin())), "wrong"),
    "own, rounding meant": (Rounded, "wrong"),
    "own, out of sight": (Numpys, "unresolved"),
    "own, decided by rounding": (lambda x: Root.apply(x.square().sum()), "unresolved"),
    "own, a number taken out": (Counted, "unresolved"),
    "own, a number compared": (Asking, "verified"),
    "own, partly out of sight": (Halved, "unresolved"),
    "a leaf that begins anew": (anew, "verified"),
    "another thread": (in_a_thread, "unresolved"),
    "a comparison of tensors": (alike, "unresolved"),
    "own, complex and out of sight": (Radius, "unresolved"),
    "complex and out of sight": (
        lambda x: torch.linalg.eigvals(torch.outer(x, x) + torch.eye(3, dtype=DOUBLE)).abs().max(),
        "unresolved",
    ),
    "own, wrong beside fewer digits": (
        lambda x: Fivefold.apply(x) + (1e-6 * x.bfloat16()).double(),
        "wrong",
    ),
    "fewer digits that hardly count": (
        lambda x: x.sin() + (1e-6 * x.bfloat16()).double(),
        "verified",
    ),
    "numbers out by numpy": (lambda x: torch.tensor((2 * x).detach().numpy()) * x, "unresolved"),
    "numbers out by float": (lambda x: float(x[0]) ** 2 * x, "unresolved"),
    "own, out by another library": (Exchanged, "unresolved"),
    "a mask of fewer digits": (lambda x: x * (x > 0.1).float(), "verified"),
    "what rounding leaves": (lambda x: (torch.softmax(x, 0).sum() - 1) * x, "vanished"),
    "a number taken out": (lambda x: x / x.norm().item(), "verified"),
    "written in place": (in_place, "verified"),
    "a hidden write": (hidden, "wrong"),
    "a loop": (loop, "verified"),
    "a decision": (lambda x: decided(x / x.detach().sum()), "unresolved"),
    "cut off": (detached, "verified"),
    "own, by an apply of before": (Doubled.apply, "wrong"),
    "several outputs": (lambda x: (x.sin(), [x.sum(), x * x]), "verified"),
    "a compiled function": (
        torch.compile(lambda x: (x.sin() * x).sum(), backend="eager"),
        "verified",
    ),
    "a checkpoint": (
        lambda x: checkpoint(lambda t: t.sin() * t, x * 1, use_reentrant=True),
        "verified",
    ),
    "a part of a decomposition": (
        lambda x: torch.linalg.svd(torch.outer(x, x.cos())[:2] + torch.eye(3)[:2])[1],
        "verified",
    ),
    "a row that no gradient reaches": (
        lambda x: nn.functional.embedding(torch.tensor([0, 1]), torch.outer(x, x), padding_idx=1),
        "verified",
    ),
    "a leaf that is written over": (rewritten, "unresolved"),
    "fewer digits": (lambda x: (2 * x.float()).double().sin(), "verified"),
    "several outputs, decided": (lambda x: (x.sin(), x.sum() if x.sum() < 9 else x), "verified"),
    "complex in between": (lambda x: torch.fft.rfft(x).abs(), "verified"),
    "complex output": (lambda x: torch.fft.rfft(x), "verified"),
    "vmap": (lambda x: torch.func.vmap(lambda t: t.sin() * t)(x), "verified"),
    "func.grad": (lambda x: torch.func.grad(lambda t: (t**3).sum())(x), "verified"),
    "grad inside": (
        lambda x: torch.autograd.grad((x**3).sum(), x, create_graph=True)[0],
        "verified",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name: str) -> None:
    function, outcome = CASES[name]
    report = gradcalc.check(function, drawn(3))
    assert (report.verdict.outcome.value, report.command) == (outcome, "check")


def blame(report: Report) -> str:
    return next((f.message for f in report.findings if f.kind == "blame"), "")


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (Doubled, "it is 2 times what is right"),
        (Careless, "it is 0.5 times what is right"),
        (Rounded, None),
    ],
)
def test_blame(function: type[torch.autograd.Function], hint: str | None) -> None:
    report = gradcalc.check(lambda x: function.apply(x.cos()), drawn(3))
    (found,) = [f for f in report.findings if f.kind == "blame"]
    assert f"the backward of {function.__name__} is wrong: of x[" in found.message
    assert hint is None or found.hint == hint
    assert found.span is not None
    assert found.span.file is not None
    assert found.span.file.endswith("test_check.py")
    assert "def backward" in (report.sources or "").splitlines()[found.span.line]


def test_right_backwards_are_not_blamed() -> None:
    report = gradcalc.check(lambda x: Doubled.apply(Exp.apply(x)), drawn(3))
    assert "Doubled" in blame(report)
    assert not [f for f in report.findings if " Exp " in f.message]


def test_what_runs_inside_of_torchs_own_is_named() -> None:
    report = gradcalc.check(
        lambda x: checkpoint(Doubled.apply, x * 1, use_reentrant=True), drawn(3)
    )
    assert report.verdict.outcome == "wrong"
    assert "the backward of Doubled is wrong" in blame(report)


def test_second_derivatives() -> None:
    assert gradcalc.check(Cubed, drawn(3)).verdict.outcome == "verified"
    report = gradcalc.check(Cubed, drawn(3), order=2)
    assert (report.verdict.outcome, "Cubed" in blame(report)) == ("wrong", True)
    shifted = gradcalc.check(Shifted, drawn(3), order=2)
    assert (shifted.verdict.outcome, "Shifted" in blame(shifted)) == ("wrong", True)
    assert gradcalc.check(Detached, drawn(3)).verdict.outcome == "verified"
    assert gradcalc.check(Detached, drawn(3), order=2).verdict.outcome == "wrong"
    assert gradcalc.check(Exp, drawn(3), order=2).verdict.outcome == "verified"


def test_another_layout_is_told() -> None:
    report = gradcalc.check(Dense, drawn(2, 3))
    assert any("not contiguous" in f.message for f in report.findings)


def test_a_plain_function_stands_for_what_nobody_sees() -> None:
    x = drawn(3)
    report = gradcalc.check(Numpys, x, references={Numpys: lambda t: t * t})
    assert report.verdict.outcome == "verified"
    assert gradcalc.check(Numpys, x, reference=lambda t: t * t).verdict.outcome == "verified"
    cubes = {"Numpys": lambda t: t * t + 1e-3}
    assert gradcalc.check(Numpys, x, references=cubes).verdict.outcome == "unresolved"


def test_what_is_given_stays_as_it_is() -> None:
    x = drawn(3)
    before = x.clone()
    gradcalc.check(loop, x)
    assert torch.equal(x, before)
    assert not x.requires_grad
    assert x.grad is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_modules(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.LayerNorm(4), nn.Linear(4, 2)).to(dtype)
    report = gradcalc.check(net, drawn(2, 3).to(dtype))
    assert report.verdict.outcome == "verified"
    assert list(report.gradient) == ["input", *(n for n, _ in net.named_parameters())]


MODULES = {
    "LSTM": lambda: (nn.LSTM(3, 2), (4, 1, 3)),
    "GRU": lambda: (nn.GRU(3, 2), (4, 1, 3)),
    "attention": lambda: (nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), (3, 2, 4)),
    "batch norm": lambda: (nn.BatchNorm1d(3), (4, 3)),
    "convolution": lambda: (nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 1, 6, 6)),
    "lazy": lambda: (nn.LazyLinear(2), (4, 3)),
    "dropout": lambda: (nn.Dropout(0.5), (4, 3)),
}


@pytest.mark.parametrize("name", MODULES)
def test_the_insides_of_modules(name: str) -> None:
    torch.manual_seed(0)
    net, shape = MODULES[name]()
    assert gradcalc.check(net.double(), drawn(*shape)).verdict.outcome == "verified"


def test_what_is_trusted_is_what_is_meant() -> None:
    x = drawn(3)
    report = gradcalc.check(lambda t: (Rounded.apply(t * 3) ** 2).sin(), x, trust=[Rounded])
    assert (report.verdict.outcome, list(report.gradient)) == ("verified", ["t"])
    spoiled = gradcalc.check(lambda t: Doubled.apply(Rounded.apply(t * 3)), x, trust=["Rounded"])
    assert (spoiled.verdict.outcome, "Doubled" in blame(spoiled)) == ("wrong", True)
    flipped = gradcalc.check(lambda t: Reversed.apply(2 * t).sin(), x, trust=[Reversed])
    assert (flipped.verdict.outcome, flipped.findings) == ("verified", ())
    before = gradcalc.check(lambda t: Rounded.apply(Doubled.apply(t)), x, trust=["Rounded"])
    assert (before.verdict.outcome, "Doubled" in blame(before)) == ("wrong", True)


def test_coarse_functions_are_run_in_few_ways() -> None:
    calls = []

    def counted(x):
        calls.append(x)
        return x.bfloat16().sin()

    assert gradcalc.check(counted, drawn(3)).verdict.outcome == "verified"
    assert len(calls) < 40


class Fifth(torch.autograd.Function):
    """Wrong where its slope is small."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**5

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.where(x > 1, 5 * x**4, 5 * x**3)


def test_what_is_not_finite_is_no_choice_at_a_kink() -> None:
    tiny = torch.full((3,), 1e-170, dtype=DOUBLE)
    report = gradcalc.check(lambda x: x / x.norm(), tiny)
    assert report.verdict.outcome == "wrong"
    far = gradcalc.check(lambda x: (1e200 * x).exp(), torch.tensor([1.0, 2.0], dtype=DOUBLE))
    assert far.verdict.outcome == "unresolved"


def test_small_ones_beside_large_ones() -> None:
    x = torch.tensor([0.5, 2000.0], dtype=DOUBLE)
    report = gradcalc.check(Fifth, x)
    assert (report.verdict.outcome, "Fifth" in blame(report)) == ("wrong", True)
    plain = gradcalc.check(lambda t: Exp.apply(t) ** 2, torch.tensor([-9.0, 30.0], dtype=DOUBLE))
    assert plain.verdict.outcome == "verified"


def test_numbers_out_at_0_are_noticed() -> None:
    cut = gradcalc.check(lambda x: torch.tensor(x.tolist()) * x, torch.zeros(2, dtype=DOUBLE))
    assert cut.verdict.outcome == "unresolved"


def test_fewer_digits_are_those_of_what_is_calculated() -> None:
    report = gradcalc.check(lambda x: x * (x > 0.1).float(), drawn(3))
    assert (report.dtype, report.findings) == ("float64", ())


def test_modules_that_change_are_what_they_were() -> None:
    torch.manual_seed(0)
    net = torch.nn.utils.spectral_norm(nn.Linear(3, 4)).double()
    before = {name: value.clone() for name, value in net.named_buffers()}
    assert gradcalc.check(net, drawn(2, 3)).verdict.outcome == "verified"
    assert all(torch.equal(value, before[name]) for name, value in net.named_buffers())


def test_a_number_that_is_taken_out_is_told() -> None:
    report = gradcalc.check(lambda x: x / x.norm().item(), drawn(3))
    assert [f.kind for f in report.findings] == ["used number"]
    assert not gradcalc.check(lambda x: x if x.norm().item() > 0 else -x, drawn(3)).findings


def test_fewer_digits_are_told() -> None:
    (found,) = gradcalc.check(CASES["fewer digits"][0], drawn(3)).findings
    assert "float32 has fewer digits" in found.message
    assert found.span is not None


def hooked(x):
    y = 2 * x
    y.register_hook(lambda g: 3 * g)
    return y


def test_several_kinks_that_rounding_cannot_tell() -> None:
    image = drawn(1, 1, 4, 4)
    turned = torch.tensor([[[0.9, 0.1, 0.05], [-0.1, 0.8, 0.1]]], dtype=DOUBLE)

    def sampled(x, t):
        grid = nn.functional.affine_grid(t, [1, 1, 4, 4], align_corners=False)
        return nn.functional.grid_sample(x, grid, align_corners=False)

    # its positions 1, 2 and 3 are those but for rounding
    report = gradcalc.check(sampled, image, turned)
    assert report.verdict.outcome == "unresolved"
    assert "several kinks" in report.verdict.message


def test_hooks_are_told_where_something_is_wrong() -> None:
    report = gradcalc.check(hooked, drawn(3))
    assert (report.verdict.outcome, [f.kind for f in report.findings]) == ("wrong", ["changing"])


def test_leaves_that_lie_in_one_place() -> None:
    x = drawn(3, 2)
    assert gradcalc.check(lambda a, b: (a * b).sum(), x, x[0]).verdict.outcome == "verified"
    assert gradcalc.check(lambda a: a.cos(), x[:1, :1].expand(2, 3)).verdict.outcome == "verified"


def test_leaves_are_chosen() -> None:
    x, y = drawn(3), drawn(3, seed=1)
    report = gradcalc.check(lambda a, b: a * b, x, y, leaves=["b"])
    assert list(report.gradient) == ["b"]
    with pytest.raises(gradcalc.GradcalcError, match="no tensor called c"):
        gradcalc.check(lambda a, b: a * b, x, y, leaves=["c"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gradcalc.check(lambda x: None, drawn(3)), "gives back None"),
        (lambda: gradcalc.check(lambda x: x.argmax(), drawn(3)), "a tensor of int64, and no"),
        (lambda: gradcalc.check(lambda: 1), "given no tensor"),
        (lambda: gradcalc.check(3), "not of type int"),
        (lambda: gradcalc.check(torch.abs, torch.ones(2, dtype=torch.complex64)), "complex"),
    ],
)
def test_what_cannot_be_checked(call, said: str) -> None:
    with pytest.raises(gradcalc.GradcalcError, match=said):
        call()


class _Nothing(torch.autograd.Function):
    """A backward that gives zeros as torch does that are zero for good: without storage."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, given):
        return torch._efficientzerotensor(given.shape, dtype=given.dtype)


def test_zeros_without_storage_are_numbers() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    found = gradcalc.check(lambda x: _Nothing.apply(x).sum(), x)
    assert found.verdict.outcome == "wrong"
    zeros = torch._efficientzerotensor((2,), dtype=torch.float64)
    found = gradcalc.check(lambda x: zeros + 0 * x, x)
    assert found.verdict.outcome == "verified"
