"""torch.nn.utils and hooks: what torch itself makes of the same texts, number by number."""

import warnings
from typing import Any

import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError

HEAD = """\
import torch
torch.set_default_dtype(torch.float64)
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import weight_norm, spectral_norm
from torch.nn.utils import parametrizations as P
import torch.nn.utils.parametrize as parametrize
from torch.nn.utils.parametrize import register_parametrization
class Symmetric(nn.Module):
    def forward(self, X):
        return X.triu() + X.triu(1).transpose(-1, -2)
class Scaled(nn.Module):
    def __init__(self, by):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(float(by)))
    def forward(self, X):
        return self.by*X.sin()
class Positive(nn.Module):
    def forward(self, X):
        return F.softplus(X)
    def right_inverse(self, A):
        return A.abs().sqrt()
class Rank1(nn.Module):
    def forward(self, a, b):
        return torch.outer(a, b)
    def right_inverse(self, A):
        return A[:, 0], A[0]
class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = {one}
        self.two = nn.Linear(3, 3)
        {more}
    def forward(self, x):
        {first}
        return self.two(torch.tanh(self.one(x)).reshape(-1, 3)).sin().sum()
model = N(){end}
"""

LAYERS = {
    "linear": ("nn.Linear(3, 3)", (3,)),
    "linear without bias": ("nn.Linear(3, 6, bias=False)", (2, 3)),
    "conv1d": ("nn.Conv1d(2, 3, 2)", (1, 2, 4)),
    "conv2d": ("nn.Conv2d(2, 3, 2)", (1, 2, 3, 2)),
    "transposed": ("nn.ConvTranspose1d(2, 3, 2)", (1, 2, 3)),
    "embedded": ("nn.Bilinear(3, 2, 3)", None),
}
WRAPS = (
    "weight_norm({0})", "weight_norm({0}, dim=1)", "weight_norm({0}, dim=None)",
    "weight_norm({0}, 'weight', 0)", "spectral_norm({0})", "spectral_norm({0}, dim=1)",
    "spectral_norm({0}, n_power_iterations=3)", "nn.utils.weight_norm({0})",
    "P.weight_norm({0})", "P.weight_norm({0}, dim=1)", "P.weight_norm({0}, dim=None)",
    "P.spectral_norm({0})", "P.spectral_norm({0}, dim=1)",
    "P.spectral_norm({0}, n_power_iterations=2)", "P.weight_norm({0}, name='weight')",
    "nn.utils.spectral_norm(nn.utils.weight_norm({0}), 'weight_v')",
)  # fmt: skip

TEXTS: dict[str, tuple[str, tuple[int, ...]]] = {
    f"{wrap.format(call)}{end}": (
        HEAD.format(one=wrap.format(call), more="pass", first="pass", end=end),
        shape,
    )
    for call, shape in LAYERS.values()
    if shape
    for wrap in WRAPS
    for end in ("", ".eval()")
}

REGISTERED = {
    "symmetric": 'register_parametrization(self.two, "weight", Symmetric())',
    "with a parameter": 'register_parametrization(self.two, "weight", Scaled(2))',
    "of a bias": 'parametrize.register_parametrization(self.two, "bias", Scaled(0.5))',
    "both": 'register_parametrization(self.two, "weight", Scaled(3)); '
            'register_parametrization(self.two, "bias", Scaled(0.5))',
    "one behind the other": 'register_parametrization(self.two, "weight", Scaled(3)); '
                            'register_parametrization(self.two, "weight", Symmetric())',
    "with an inverse": 'register_parametrization(self.two, "weight", Positive(), unsafe=True)',
    "of two": 'register_parametrization(self.two, "weight", Rank1(), unsafe=True)',
    "asked for": 'register_parametrization(self.two, "weight", Scaled(3)); '
                 "self.w = self.two.weight.detach()*2; "
                 "self.one.bias.data.fill_(float(len(self.two.parametrizations.weight)))",
    "its class": "P.weight_norm(self.two); "
                 "self.one.bias.data.fill_(1.0 + (type(self.two) == nn.Linear) "
                 "+ 2*isinstance(self.two, nn.Linear) "
                 "+ 4*(type(self.two).__name__ == 'ParametrizedLinear'))",
    "copied": "import copy; P.weight_norm(self.two); self.one = copy.deepcopy(self.two); "
              "self.one.bias.data.add_(1.0)",
}  # fmt: skip
DRAWN = {
    "by its fans": "f, _ = nn.init._calculate_fan_in_and_fan_out(self.two.weight); "
                   "b = 1/f**0.5; nn.init.uniform_(self.two.bias, -b, b)",
    "statistics as they start": "self.bn = nn.BatchNorm1d(3); self.bn.running_mean.fill_(2.0); "
                                "self.bn.reset_running_stats(); self.bn.eval(); "
                                "self.bn.weight.requires_grad_(False); "
                                "self.bn.bias.requires_grad_(False); "
                                "self.register_forward_hook(lambda m, i, o: "
                                "o + m.bn(i[0]).prod())",
    "drawn again": "self.two.reset_parameters()",
    "drawn again where there is a method": "[m.reset_parameters() for m in self.modules() "
                                           "if hasattr(m, 'reset_parameters')]",
    "truncated": "nn.init.trunc_normal_(self.two.weight, std=0.02)",
    "truncated at its ends": "nn.init.trunc_normal_(self.two.weight, 0.5, 2.0, -1.0, 1.0)",
    "truncated far out": "nn.init.trunc_normal_(self.two.weight, 0.0, 1.0, 2.0, 3.0)",
}  # fmt: skip
HOOKS = {
    "after": "self.two.register_forward_hook(lambda m, i, o: o*2 + i[0])",
    "after, nothing": "self.two.register_forward_hook(lambda m, i, o: None)",
    "before": "self.two.register_forward_pre_hook(lambda m, i: i[0]*3)",
    "before, a tuple": "self.two.register_forward_pre_hook(lambda m, i: (i[0]**2,))",
    "two": "self.two.register_forward_hook(lambda m, i, o: o*2); "
           "self.two.register_forward_hook(lambda m, i, o: o + 1)",
    "two, prepended": "self.two.register_forward_hook(lambda m, i, o: o*2); "
                      "self.two.register_forward_hook(lambda m, i, o: o + 1, prepend=True)",
    "removed": "h = self.two.register_forward_hook(lambda m, i, o: o*2); h.remove()",
    "one removed": "h = self.two.register_forward_hook(lambda m, i, o: o*2); "
                   "self.two.register_forward_hook(lambda m, i, o: o + 1); h.remove()",
    "of its own": "self.register_forward_hook(lambda m, i, o: o**2 + m.two.bias.sum())",
    "kept": "self.seen = {}; "
            "self.one.register_forward_hook(lambda m, i, o: self.seen.update(a=o)); "
            "self.register_forward_hook(lambda m, i, o: o + self.seen['a'].prod())",
}  # fmt: skip
TEXTS |= {
    name: (HEAD.format(one="nn.Linear(3, 3)", more=line, first="pass", end=""), (2, 3))
    for name, line in (REGISTERED | DRAWN | HOOKS).items()
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.filterwarnings("ignore:.*deprecated:FutureWarning")
def test_a_text_of_torchs_utilities_is_what_torch_makes_of_it(name: str) -> None:
    text, shape = TEXTS[name]
    scope: dict[str, Any] = {}
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(text, scope)
        finally:
            torch.set_default_dtype(torch.float32)
    module = scope["model"]
    x = torch.linspace(-1, 1.5, torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
    leaf = x.clone().requires_grad_()
    value = module(leaf)
    value.backward()
    found = grad(text, x=x.tolist())
    assert found.verdict.outcome.value in ("verified", "vanished"), found.verdict.message
    assert float(found.value) == pytest.approx(value.item(), rel=1e-12)
    wanted = {
        "x": leaf.grad,
        **{n: p.grad for n, p in module.named_parameters() if p.requires_grad},
    }
    assert list(found.gradient) == list(wanted)
    for n, slope in wanted.items():
        ours = torch.tensor(found.gradient[n], dtype=torch.float64)
        real = torch.zeros(()) if slope is None else slope
        torch.testing.assert_close(ours, real.double().expand(ours.shape), rtol=1e-9, atol=1e-12)


def test_parameters_of_a_normalised_weight_are_inputs() -> None:
    text = "from torch import nn\nmodel = nn.utils.parametrizations.weight_norm(nn.Linear(2, 1))"
    given = {
        "input": [1.0, 2.0],
        "parametrizations.weight.original0": [[5.0]],
        "parametrizations.weight.original1": [[3.0, 4.0]],
        "bias": [0.5],
    }
    found = grad(text, inputs=given)
    assert found.value == [11.5]
    assert found.gradient["input"].tolist() == [3.0, 4.0]


@pytest.mark.parametrize("function", [True, False])
def test_a_program_that_sets_torchs_dtype_runs_in_it(function: bool) -> None:
    text = "import torch\ntorch.set_default_dtype(torch.float64)\n"
    text += "def f(x): return torch.sin(x).sum()" if function else "torch.sin(x).sum()"
    assert grad(text, x=[1.0, 2.0]).verdict.outcome.value == "verified"
    with pytest.raises(GradcalcError, match="sets torch's dtype"):
        grad(text, x=[1.0, 2.0], dtype="float32")


REFUSED = {
    "m.register_full_backward_hook(lambda m, i, o: None)": "beside a backward",
    "m.register_forward_hook(lambda m, a, k, o: None, with_kwargs=True)": "with_kwargs",
    "nn.utils.parametrizations.weight_norm(m, 'weigth')": "weigth",
    "nn.utils.weight_norm(nn.utils.weight_norm(m))": "two hooks",
    "nn.utils.spectral_norm(nn.utils.weight_norm(m))": "two hooks",
    "nn.utils.spectral_norm(nn.utils.spectral_norm(m))": "two hooks",
    "nn.init.trunc_normal_(m.weight, std=0.0)": "a spread",
    "nn.init.trunc_normal_(m.weight, a=4.0, b=3.0)": "a < b",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_not_read_is_refused(line: str) -> None:
    text = f"from torch import nn\nm = nn.Linear(2, 2)\n{line}\ndef f(x): return m(x).sum()"
    with pytest.raises(GradcalcError) as caught:
        grad(text, x=[1.0, 2.0])
    said = f"{caught.value} {caught.value.hint}"
    assert REFUSED[line] in said


BY_PARAMETERS = {
    "a call with other parameters": "y = functional_call(m, {'0.weight': x.outer(x)}, (x,))",
    "one argument that is no tuple": "y = functional_call(m, {'2.bias': x[:2]}, x)",
    "several dictionaries": "y = functional_call(m, ({'0.bias': x}, {'2.bias': x[1:]}), (x,))",
    "of another module": "y = torch.nn.utils.stateless.functional_call(m, {'0.bias': x}, (x,))",
    "tied": "y = functional_call(m, {'third': x}, (x,))",
    "tied, and left alone": "y = functional_call(m, {'third': x}, (x,), tie_weights=False)",
    "a gradient by the parameters": "g = torch.autograd.grad(m(x).pow(2).sum(), "
    "list(m.parameters()), create_graph=True, allow_unused=True)\n    y = g[0].sin()",
    "a step, and a call": "p = {k: v for k, v in m.named_parameters() if k != 'third'}\n"
    "    g = torch.autograd.grad(m(x).pow(2).sum(), list(p.values()), create_graph=True)\n"
    "    y = functional_call(m, {k: v - 0.1*d for (k, v), d in zip(p.items(), g)}, (x,))",
    "per example": "p = {k: v for k, v in m.named_parameters()}\n"
    "    def loss(p, t):\n        return functional_call(m, p, (t,)).pow(2).sum()\n"
    "    y = torch.func.grad(loss)(p, x)['0.weight'].sin()",
    "what was read first": "a = m[2].weight.sum()\n"
    "    y = torch.autograd.grad((a*m(x)).sum(), [m[2].weight], create_graph=True)[0]",
}  # fmt: skip
FUNCTIONS = """\
import torch
torch.set_default_dtype(torch.float64)
from torch import nn
from torch.func import functional_call
m = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2))
m.third = nn.Parameter(torch.ones(3))
m[0].bias = m.third
def f(x):
    {body}
    return y.pow(2).sum()
"""


@pytest.mark.parametrize("name", BY_PARAMETERS)
@pytest.mark.filterwarnings("ignore:.*deprecated:FutureWarning")
def test_a_call_with_other_parameters_is_what_torch_makes_of_it(name: str) -> None:
    text = FUNCTIONS.format(body=BY_PARAMETERS[name])
    if "tied" not in name:
        text = text.replace("m.third = nn.Parameter(torch.ones(3))\nm[0].bias = m.third\n", "")
    scope: dict[str, Any] = {}
    torch.manual_seed(0)
    try:
        exec(text, scope)
    finally:
        torch.set_default_dtype(torch.float32)
    leaf = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    value = scope["f"](leaf)
    value.backward()
    found = grad(text, x=leaf.tolist())
    assert found.verdict.outcome.value in ("verified", "vanished"), found.verdict.message
    assert float(found.value) == pytest.approx(value.item(), rel=1e-12)
    wanted = {"x": leaf.grad, **{f"m.{n}": p.grad for n, p in scope["m"].named_parameters()}}
    for called, slope in found.gradient.items():
        # a tied one may be called by its other name
        called = called if called in wanted else "m.third"
        real = torch.zeros(()) if wanted[called] is None else wanted[called]
        ours = torch.tensor(slope, dtype=torch.float64)
        torch.testing.assert_close(ours, real.double().expand(ours.shape), rtol=1e-9, atol=1e-12)


def test_a_name_that_no_tensor_has_is_told() -> None:
    text = FUNCTIONS.format(body="y = functional_call(m, {'0.wieght': x.outer(x)}, (x,))")
    with pytest.raises(GradcalcError, match=r"the module has no tensor 0\.wieght") as raised:
        grad(text, x=[0.5, -1.0, 2.0])
    assert raised.value.hint == "did you mean 0.weight?"
