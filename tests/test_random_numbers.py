"""Random numbers: those of the libraries, the same for every witness, data in every respect."""

from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError
from gradcalc.lang.generators import TorchBits

VECTORS = torch.backends.cpu.get_cpu_capability().startswith("AVX")
"""Whether torch makes many normal numbers at once here."""

SIZES = (1, 3, 15, 16, 17, 31, 40, 200)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", [0, 7, 2**33 + 5])
def test_torchs_generator_is_known_bit_by_bit(dtype: str, seed: int) -> None:
    bits, own = TorchBits(seed), torch.Generator().manual_seed(seed)
    options: Any = {"dtype": getattr(torch, dtype), "generator": own}
    for size in SIZES:
        assert np.array_equal(torch.rand(size, **options).numpy(), bits.uniform(size, dtype))
        normal, found = torch.randn(size, **options).numpy(), bits.normal(size, dtype)
        if dtype == "float32" and VECTORS:
            assert np.array_equal(found.astype(np.float32), normal)
        # torch's logarithms may differ in the last bits
        room = 2e-6 if dtype == "float32" else 1e-14
        np.testing.assert_allclose(found, normal, atol=room)
        for bound in (10, 2**31, 2**40):
            drawn = torch.randint(0, bound, (size,), generator=own).numpy()
            assert np.array_equal(drawn, bits.below(bound, size))
        assert np.array_equal(torch.randperm(size, generator=own).numpy(), bits.order(size))
        exponential = torch.empty(size, dtype=options["dtype"]).exponential_(generator=own)
        np.testing.assert_allclose(bits.exponential(size), exponential.numpy(), rtol=1e-5)


@pytest.mark.skipif(not VECTORS, reason="torch multiplies and adds in two steps here")
@pytest.mark.parametrize(
    "layer",
    [
        "nn.Linear(7, 5)", "nn.Conv2d(3, 4, 3)", "nn.Embedding(6, 5)", "nn.Bilinear(3, 4, 2)",
        "nn.GRU(4, 3)", "nn.Linear(2, 3)",
    ],
)  # fmt: skip
def test_the_parameters_of_a_layer_are_torchs_bit_by_bit(layer: str) -> None:
    text = f"import torch\nimport torch.nn as nn\ntorch.manual_seed(5)\nnet = {layer}\n"
    space: dict[str, Any] = {}
    exec(text, space)
    told = "sum((p*p).sum() for p in net.parameters())"
    report = grad(f"{text}def f(x):\n    return x*{told}", x=2.0)
    for name, parameter in space["net"].named_parameters():
        own = np.asarray(report.inputs[f"net.{name}"])
        assert np.array_equal(own, parameter.detach().double().numpy()), name


PRELUDE = """import torch
import torch.nn.functional as F
import numpy as np
import random

"""

# bodies of a function of x, of shape (2, 3)
DRAWN = [
    "return x*torch.randn(2, 3)",
    "return x*torch.randn_like(x) + torch.rand(3)",
    "return x*torch.rand(20, 1).sum() + torch.rand_like(x)*x**2",
    "return x*torch.zeros_like(x).uniform_() + torch.empty_like(x).normal_(1.0, 2.0)",
    "return x*x.new_empty(3).normal_() + x*torch.relu(x).detach().clone().uniform_(-1, 1)",
    "return x*torch.zeros(2, 3, dtype=torch.float64).uniform_(1, 2)*torch.ones(3).normal_()",
    "return F.dropout(x, 0.3) + F.dropout(x*x)",
    "return F.dropout1d(x) + F.alpha_dropout(x, 0.2, training=True)",
    "return F.dropout2d(x.reshape(2, 3, 1, 1).repeat(1, 1, 4, 4)).sum((2, 3))",
    "return F.feature_alpha_dropout(x[:, :, None], 0.3, True)[..., 0]",
    "return F.gumbel_softmax(x, tau=0.7)*x",
    "return x[:, torch.randperm(3)]*torch.randint(1, 5, (2, 3))",
    "return x*torch.bernoulli(torch.full((2, 3), 0.4)) + torch.bernoulli(x.sigmoid())*x",
    "return x*torch.normal(0.5, 2.0, (2, 3)) + torch.normal(torch.ones(3), 1.0)",
    "torch.manual_seed(11)\n    return x*torch.randn(17)[:3]",
    "y = torch.empty(2, 3).uniform_(1, 2)\n    y[0].normal_(0.0, 3.0)\n    return x*y",
    "y = torch.zeros(3).bernoulli_(0.3) + torch.zeros(3).exponential_(2.0)\n    return x*y",
    "for k in range(3):\n        if torch.rand(()) > 0.5: x = x*torch.rand(3)\n    return x",
    "g = torch.Generator().manual_seed(3)\n    return x*torch.rand(3, generator=g)*torch.rand(3)",
    "return x*torch.randn(18, dtype=torch.float32)[:3]",
]

NUMPY = [
    "return x*np.random.rand(2, 3) + np.random.randn(3)",
    "return x*np.random.rand() + np.random.randn()",
    "return x*np.random.normal(1.0, 2.0, size=3) + np.random.uniform(-1, 1, (2, 3))*x**2",
    "return np.random.normal(x, 0.5) + np.random.uniform(x, 2*x) + np.random.exponential(x*x)",
    "np.random.seed(5)\n    return x[np.random.randint(0, 2)]*np.random.random_sample()",
    "return x[:, np.random.permutation(3)]*np.random.choice([1.0, 2.0, 5.0], size=3)",
    "y = np.arange(6.0).reshape(2, 3)\n    np.random.shuffle(y)\n    return x*y",
    "r = np.random.RandomState(4)\n    return x*r.standard_normal(3)*r.poisson(3.0, 3)",
    "r = np.random.default_rng(9)\n    return r.normal(x, x**2) + r.random(3)*x + r.integers(1, 5)",
    "r = np.random.default_rng(9)\n    return r.choice(x)*r.permutation(x)*r.uniform(0, 1, 3)",
    "random.seed(2)\n    return x*random.random() + random.gauss(1, 2) + random.choice([1, 2])*x",
    "k = random.Random(3)\n    y = [1.0, 2.0, 3.0]\n    k.shuffle(y)\n    return x*np.array(y)",
]
X = np.array([[0.3, -1.2, 0.7], [1.5, 0.4, -0.6]])


def _by_library(body: str, seed: int, wide: bool) -> Any:
    """What Python makes of it, with the libraries' own generators begun with the seed.

    Torch's dtype is one of 64 bits where it is `wide`; the input is so always.
    """
    space: dict[str, Any] = {}
    exec(f"{PRELUDE}def f(x):\n    {body}", space)
    torch.manual_seed(seed)
    np.random.seed(seed)
    if "torch." in body or "F." in body:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64 if wide else torch.float32)
        try:
            x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
            value = space["f"](x)
            value.sum().backward()
        finally:
            torch.set_default_dtype(before)
        return value.detach().numpy(), x.grad
    return space["f"](X.copy()), None


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("body", [*DRAWN, *NUMPY])
def test_a_program_draws_as_its_library_and_is_verified(body: str, seed: int, wide: bool) -> None:
    if not wide:
        # whose dtype a tensor has that hangs on no input is not told here
        body = body.replace("torch.full((2, 3), 0.4)", "torch.full((2, 3), 0.4).type_as(x)")
    if "torch" in body or "F." in body:
        text = PRELUDE.replace("import numpy as np\nimport random\n", "")
        text += "torch.set_default_dtype(torch.float64)\n" if wide else ""
    else:
        text = PRELUDE.replace("import torch\nimport torch.nn.functional as F\n", "")
    report = grad(f"{text}def f(x):\n    {body}", x=X.tolist(), seed=seed)
    value, slopes = _by_library(body, seed, wide)
    # the logarithms of float32 may differ in the last bits
    room = 1e-6 if "float32" in body or not wide else 1e-13
    np.testing.assert_allclose(
        np.asarray(report.value, float), value, rtol=max(room, 1e-12), atol=room
    )
    if slopes is not None:
        np.testing.assert_allclose(
            report.gradients[0].autograd, slopes, rtol=max(room, 1e-12), atol=room
        )
    assert report.verdict.outcome == "verified"
    assert [f for f in report.findings if f.kind == "random"]


def test_witnesses_elsewhere_have_the_same_numbers() -> None:
    # at the corner, and where the slopes along the axes are worked out too
    report = grad("import torch\nabs(x*torch.rand(3)).sum()", x=[0.0, 1.0, 2.0])
    assert report.verdict.outcome == "kink"
    report = grad("import torch\nx*torch.rand(())", x=2.0, expect="0.1*x")
    assert report.verdict.outcome == "wrong"


@pytest.mark.parametrize("wrt", ["x", "y"])
def test_a_formula_calls_what_was_drawn_by_its_name(wrt: str) -> None:
    text = "import torch\neps = torch.randn(30)\n(x*y*eps*torch.rand(30)).sum()"
    report = grad(text, x=[1.0] * 30, y=[2.0] * 30, wrt=wrt)
    formula = report.gradients[0].formula
    assert formula is not None
    assert formula.text == f"{'y' if wrt == 'x' else 'x'}*eps*random1"


def test_a_file_draws_what_stands_before(tmp_path: Any) -> None:
    before = "import torch\ntorch.manual_seed(3)\nw = torch.randn(2)\n"
    (tmp_path / "a.py").write_text(f"{before}def f(x):\n    return x*torch.rand(3)\n")
    torch.manual_seed(3)
    torch.randn(2)
    expected = torch.rand(3).double().numpy()
    report = grad(f"{tmp_path / 'a.py'}:f", x=1.0)
    assert np.array_equal(np.asarray(report.value), expected)


REFUSED = {
    "torch.normal(x, 1.0)": "randn_like",
    "torch.seed()*x": "manual_seed",
    "np.random.seed()\nx": "seed",
    "np.random.gamma(x)": "detach",
    "torch.rand_like(A.T*2)": "contiguous",
    "torch.randn_like(A.T)": "contiguous",
    "jax.random.normal(jax.random.PRNGKey(0))*x": "seed 0",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_drawn_is_refused_with_what_can(text: str) -> None:
    given = {"x": 2.0} if "A" not in text else {"A": X.tolist()}
    with pytest.raises(GradcalcError) as caught:
        grad(text, **given)
    assert REFUSED[text] in str(caught.value.hint)


def test_a_planted_generator_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = TorchBits.uniform
    monkeypatch.setattr(TorchBits, "uniform", lambda *given: usual(*given) + 1e-3)
    with pytest.raises(GradcalcError, match="draws other numbers"):
        grad("torch.rand(3)*x", x=2.0)


ORDERED = [
    "x.transpose(0, 1).contiguous()",
    "(x*2).permute(2, 0, 1).contiguous()",
    "torch.nn.functional.scaled_dot_product_attention(x, x, x).transpose(0, 1).contiguous()",
    "x.transpose(0, 1)",
    "x.permute(2, 0, 1)",
    "(x.transpose(1, 2)@x@x.transpose(1, 2)).transpose(0, 1)",
    "torch.nn.functional.softmax(x.transpose(0, 2), -1)",
    "x[:, :, ::2].transpose(0, 2).reshape(2, 3, 2)",
    "torch.nn.functional.layer_norm(x.transpose(0, 1)*2, (4,))",
    "torch.nn.functional.linear(x.transpose(0, 1), torch.eye(4, dtype=x.dtype) + 1)",
]


@pytest.mark.parametrize("made", ORDERED)
def test_what_is_dropped_is_what_torch_drops(made: str) -> None:
    check_as_torch_draws(made, "torch.nn.functional.dropout(y, 0.5, True)")


DRAWN = [
    "torch.rand_like(y)*y",
    "torch.nn.functional.alpha_dropout(y, 0.4, True)",
    "torch.nn.functional.dropout1d(y, 0.4)",
    "torch.nn.functional.gumbel_softmax(y)",
    "torch.bernoulli(y.detach().abs()/3)*y",
]


@pytest.mark.parametrize("drawn", DRAWN)
def test_what_is_out_of_order_is_drawn_for_as_torch_does(drawn: str) -> None:
    check_as_torch_draws("x.transpose(0, 2)", drawn)


ATTENDED = [
    "y, y, y, dropout_p=0.3",
    "y, y, y, dropout_p=0.3, is_causal=True, scale=0.7",
    "y, y, y, torch.ones(3, 3).tril() > 0, dropout_p=0.3",
    "torch.stack([y, y*2, -y, y], 1), torch.stack([y, -y], 1), torch.stack([y, y*3], 1), "
    "dropout_p=0.3, enable_gqa=True",
]


@pytest.mark.parametrize("given", ATTENDED)
def test_attention_drops_what_torch_drops(given: str) -> None:
    call = f"torch.nn.functional.scaled_dot_product_attention({given})"
    check_as_torch_draws("x.transpose(0, 1).reshape(2, 3, 4)", call)


def test_attention_drops_as_torch_does_where_a_row_is_masked() -> None:
    mask = "torch.tensor([[True, False, True], [False, False, False], [False, True, True]])"
    call = f"torch.nn.functional.scaled_dot_product_attention(y, y, y, {mask}, dropout_p=0.3)"
    check_as_torch_draws("x.transpose(0, 1).reshape(2, 3, 4)", call)


def check_as_torch_draws(made: str, drawn: str) -> None:
    text = f"""import torch
torch.manual_seed(3)
def h(x):
    y = {made}
    z = {drawn}
    return (z*torch.arange(float(z.numel()), dtype=torch.float64).reshape(z.shape)).sum()
"""
    scope: dict[str, Any] = {}
    exec(text, scope)
    x = torch.arange(24.0, dtype=torch.float64).reshape(2, 3, 4).div(10).requires_grad_()
    scope["h"](x).backward()
    report = grad(text, x=x.detach().numpy())
    assert report.verdict.outcome == "verified"
    assert x.grad is not None
    assert np.allclose(report.gradient["x"], x.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("made", ["x.to(memory_format=torch.channels_last)",
                                  "x.contiguous(memory_format=torch.channels_last)"])  # fmt: skip
def test_channels_that_stand_last_are_not_drawn_for(made: str) -> None:
    with pytest.raises(GradcalcError, match="fills memory in its order"):
        grad(f"torch.nn.functional.dropout({made}, 0.4)", x=np.ones((1, 2, 2, 2)))
