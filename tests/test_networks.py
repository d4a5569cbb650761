"""torch's modules: each layer against torch's own class, and networks as programs."""

import inspect
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.fidelity.layers import CALLS, Shapes
from benchmarks.fidelity.networks import judge_network, networks
from benchmarks.fidelity.oracle import Outcome
from gradcalc import grad
from gradcalc.errors import GradcalcError
from gradcalc.fidelity import Fidelity
from gradcalc.lang.chance import Dice
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.nets.containers import CONTAINERS
from gradcalc.lang.nets.drawing import Drawing
from gradcalc.lang.nets.initial import FILLS
from gradcalc.lang.nets.layers import COMPOSED, LAYERS
from gradcalc.lang.nets.lazy import LAZY
from gradcalc.witnesses.autograd import TorchBackend
from tests.sweeps import SHARE

LEFT_OUT = frozenset(
    """AdaptiveLogSoftmaxWithLoss CTCLoss Container CrossMapLRN2d DataParallel
    LinearCrossEntropyLoss NLLLoss2d RNNBase RNNCellBase
    SyncBatchNorm""".split()  # noqa: SIM905
)
"""Classes of torch.nn that are not known."""

NAMES = ("x", "y", "z")


def classes() -> dict[str, Any]:
    """The modules of torch.nn."""
    found = {name: getattr(nn, name) for name in dir(nn)}
    found["_BatchNorm"] = nn.modules.batchnorm._BatchNorm
    return {n: c for n, c in found.items() if isinstance(c, type) and issubclass(c, nn.Module)}


def test_every_module_of_torch_is_known_or_left_out() -> None:
    known = {*LAYERS, *COMPOSED, *LAZY, *CONTAINERS}
    assert set(classes()) - known == LEFT_OUT
    further = known - set(classes()) - {"ParameterList", "ParameterDict"}
    # what losses and norms are made from stands in modules of their own
    inner = (nn.modules.loss, nn.modules.batchnorm)
    assert {name for name in further if any(hasattr(one, name) for one in inner)} == further


@pytest.mark.parametrize("name", sorted({**LAYERS, **LAZY}))
def test_a_constructor_is_called_as_torch_calls_it(name: str) -> None:
    real = [p for n, p in inspect.signature(classes()[name].__init__).parameters.items()
            if n != "self"]  # fmt: skip
    if any(p.kind is p.VAR_KEYWORD for p in real):
        real = []
    own = list({**LAYERS, **LAZY}[name].signature.parameters.values())
    assert [(p.name, p.kind) for p in own] == [(p.name, p.kind) for p in real]
    for ours, theirs in zip(own, real, strict=True):
        assert ours.default == pytest.approx(theirs.default) or ours.default is theirs.default


CASES = [
    pytest.param(name, call, shapes, id=f"{name}({call})-{number}")
    for name, calls in CALLS.items()
    for number, (call, shapes) in enumerate(calls)
]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("name", "call", "shapes"), CASES[::SHARE])
def test_a_layer_gives_what_torchs_own_gives(
    name: str, call: str, shapes: Shapes, training: bool
) -> None:
    """Value and gradient, with the same parameters; what it does is also put to torch."""
    if name == "RReLU" and training:
        pytest.skip("random")
    draw = np.random.default_rng(len(call))
    text = f"model = nn.{name}({call})" + ("" if training else ".eval()")
    names = NAMES[: len(shapes)]
    given = {n: draw.normal(size=s) for n, s in zip(names, shapes, strict=True)}
    scope: dict[str, Any] = {"nn": nn, "torch": torch}
    exec(text, scope)
    module = scope["model"].double()
    own = {f"model.{n}": draw.normal(size=tuple(p.shape)) for n, p in module.named_parameters()}
    with torch.no_grad():
        for n, p in module.named_parameters():
            p.copy_(torch.tensor(own[f"model.{n}"]))
    leaves = {n: torch.tensor(v, requires_grad=name != "SoftMarginLoss" or n == "x")
              for n, v in given.items()}  # fmt: skip
    wanted = _first(module(*leaves.values()))

    backend = TorchBackend(torch.float64, torch.device("cpu"))
    inputs = {n: backend.constant(v) for n, v in (given | own).items()}
    for n, value in inputs.items():
        value.requires_grad_(n not in leaves or leaves[n].requires_grad)
    program = compile_program(f"{text}\nout = model({', '.join(names)})\n"
                              + ("out[0]" if name == "LSTMCell" else "out"))  # fmt: skip
    found = evaluate(program, backend, inputs, confirm=Fidelity(torch.float64)).value
    torch.testing.assert_close(found, wanted)
    weight = torch.tensor(draw.normal(size=tuple(wanted.shape)))
    (wanted * weight).sum().backward()
    (found * weight).sum().backward()
    real = {**leaves, **{f"model.{n}": p for n, p in module.named_parameters()}}
    assert set(real) == set(inputs)
    for n, leaf in real.items():
        grads = [torch.zeros(()) if g is None else g for g in (inputs[n].grad, leaf.grad)]
        torch.testing.assert_close(*(g.double().expand(leaf.shape) for g in grads))


TRAINED = """\
import torch
from torch import nn
class Sub(nn.Module):
    def __init__(self):
        super().__init__()
        self.flag = 1.0
        self.drop = nn.Dropout(0.5)
    def train(self, mode=True):
        super().train(mode)
        self.flag = 2.0 if mode else 3.0
        return self
    def forward(self, x):
        return self.drop(x)*self.flag
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.sub = nn.Sequential(Sub())
    def forward(self, x):
        return (self.sub(x)*x).sum()
model = Net(){}
"""


@pytest.mark.parametrize("end", [".eval()", ".train(False)", ".eval().train().eval()"])
def test_a_train_of_its_own_is_called_where_torch_calls_it(end: str) -> None:
    text = TRAINED.format(end)
    scope: dict[str, Any] = {}
    exec(text, scope)
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    assert float(grad(text, x=x.tolist()).value) == scope["model"](x).item()


METHODS = """\
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(3))
        self.net = nn.Linear(3, 2)
    def forward(self, x):
        return self.net(x*self.w)
    def loss(self, x, y):
        return ((self.forward(x) - y)**2).sum() + (self.w**2).sum()
    def called(self, x, y):
        return ((self(x) - y)**2).sum()
    def decay(self):
        return (self.w**2).sum() + self.net.bias.prod()
"""


@pytest.mark.parametrize("method", ["loss", "called", "decay"])
def test_parameters_behind_a_method_are_called_as_torch_calls_them(
    method: str, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(METHODS)
    scope: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(METHODS, scope)
    net = scope["Net"]().double()
    given = {} if method == "decay" else {"x": [1.0, -2.0, 0.5], "y": [0.25, 3.0]}
    getattr(net, method)(*(torch.tensor(v).double() for v in given.values())).backward()
    found = grad(f"{tmp_path / 'net.py'}:Net().{method}", **given)
    assert set(found.gradient) - set(given) <= {n for n, _ in net.named_parameters()}
    for name, parameter in net.named_parameters():
        slope = np.zeros(()) if parameter.grad is None else parameter.grad.numpy()
        assert np.allclose(found.gradient.get(name, 0.0), slope, rtol=1e-6)


FROZEN = {
    "made so": ("torch.ones(2), requires_grad=False", "pass"),
    "by place": ("torch.ones(2), False", "pass"),
    "by a method": ("torch.ones(2)", "self.w.requires_grad_(False)"),
    "by a method and a name": ("torch.ones(2)", "self.w.requires_grad_(requires_grad=False)"),
    "thawed": ("torch.ones(2), requires_grad=False", "self.w.requires_grad_()"),
    "all of a layer": ("torch.ones(2)", "for p in self.a.parameters(): p.requires_grad_(False)"),
    "all": ("torch.ones(2)", "self.requires_grad_(False)"),
    "some": ("torch.ones(2)",
             "for n, p in self.named_parameters(): p.requires_grad_('a.' not in n)"),
    "assigned": ("torch.ones(2)", "self.w.requires_grad = False"),
}  # fmt: skip


@pytest.mark.parametrize("name", FROZEN)
def test_what_is_frozen_is_not_differentiated_by(name: str) -> None:
    made, line = FROZEN[name]
    text = (
        "import torch\nfrom torch import nn\nclass N(nn.Module):\n    def __init__(self):\n"
        f"        super().__init__()\n        self.a = nn.Linear(2, 2)\n"
        f"        self.w = nn.Parameter({made})\n        {line}\n"
        "    def forward(self, x):\n        return (self.a(x)*self.w).sin().sum()\n"
    )
    scope: dict[str, Any] = {}
    exec(text, scope)
    wanted = {n for n, p in scope["N"]().named_parameters() if p.requires_grad}
    assert set(grad(text, x=[1.0, 2.0]).gradient) == {"x", *wanted}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


@pytest.mark.parametrize("wide", [False, True])
def test_parameters_are_drawn_as_torch_draws_them(wide: bool) -> None:
    kind = torch.float64 if wide else torch.float32
    for seed in (0, 12345):
        torch.manual_seed(seed)
        drawing = Drawing(Dice(seed).torch, wide=wide)
        for count in (1, 3, 5, 16, 20, 33, 15, 7, 100):
            even = torch.empty(count, dtype=kind).uniform_(-0.3, 0.7).numpy()
            assert np.allclose(drawing.uniform((count,), -0.3, 0.7), even, rtol=0, atol=1e-7)
            normal = torch.empty(count, dtype=kind).normal_(0.5, 2).numpy()
            assert np.allclose(drawing.normal((count,), 0.5, 2), normal, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", sorted(FILLS))
def test_a_filling_is_torchs(name: str) -> None:
    given = (0.5,) if name == "constant_" else ()
    for shape in ((4, 3, 2), (3, 8, 5)) if name == "dirac_" else ((4, 3), (3, 8)):
        torch.manual_seed(7)
        real = getattr(nn.init, name)(torch.empty(shape), *given)
        assert np.allclose(
            FILLS[name](Drawing(Dice(7).torch), shape, *given), real.numpy(), atol=1e-6
        )


MADE = (
    "nn.Linear(3, 2)", "nn.Bilinear(2, 3, 2)", "nn.Conv2d(2, 4, 3, groups=2)",
    "nn.ConvTranspose1d(2, 4, 3)", "nn.Embedding(5, 3, padding_idx=1)", "nn.LSTMCell(3, 2)",
    "nn.LSTM(3, 2, bidirectional=True)", "nn.MultiheadAttention(4, 2)", "nn.PReLU(2)",
    "nn.TransformerEncoderLayer(4, 2, 8)", "nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))",
    "nn.GRU(2, 2, 2)", "nn.MultiheadAttention(4, 2, add_bias_kv=True, kdim=3, bias=False)",
    "nn.Transformer(4, 2, 1, 2, 6)",
    "nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 1, 6), 2)",
)  # fmt: skip


@pytest.mark.parametrize("made", MADE)
def test_a_network_starts_as_torchs_own(made: str) -> None:
    torch.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        real = dict(eval(made, {"nn": nn}).named_parameters())
    report = grad(f"m = {made}\nsum((p**2).sum() for p in m.parameters()) + x", x=1.0, seed=3)
    assert list(report.inputs) == ["x", *(f"m.{name}" for name in real)]
    for name, held in real.items():
        assert np.allclose(report.inputs[f"m.{name}"], held.detach().numpy(), atol=1e-6)


def test_a_network_is_what_torch_makes_of_it() -> None:
    for network in networks(0, 24 if SHARE == 1 else 8):
        judged = judge_network(network)
        assert judged.outcome in (Outcome.SAME, Outcome.CONVENIENCE), str(judged)


NET = """\
class Net(nn.Module):
    def __init__(self, n=2):
        super().__init__()
        self.fc = nn.Linear(n, 1)
    def forward(self, x):
        return torch.tanh(self.fc(x)).sum()
"""
WEIGHT, BIAS = [[1.0, -2.0]], [0.5]


@pytest.mark.parametrize(
    ("text", "inputs", "gradients"),
    [
        (NET, {"fc.weight": WEIGHT, "fc.bias": BIAS}, ("x", "fc.weight", "fc.bias")),
        (f"{NET}net = Net()\nnet.eval()\nnet(x)",
         {"net.fc.weight": WEIGHT, "net.fc.bias": BIAS}, ("x", "net.fc.weight", "net.fc.bias")),
        (f"{NET}net = Net(n=2)", {"fc.weight": WEIGHT, "fc.bias": BIAS},
         ("x", "fc.weight", "fc.bias")),
        (f"{NET}def f(x):\n    return Net()(x)", {"net.fc.weight": WEIGHT, "net.fc.bias": BIAS},
         ("x", "net.fc.weight", "net.fc.bias")),
        ("w = nn.Parameter(torch.ones(2))\n(w*x).sum()", {"w": [1.0, -2.0]}, ("x", "w")),
        ("nn.Linear(2, 1, bias=False)(x)", {"linear.weight": WEIGHT}, ("x", "linear.weight")),
        (f"{NET}net = Net()\nfor p in net.parameters():\n    p.requires_grad = False\nnet(x)",
         {"net.fc.weight": WEIGHT, "net.fc.bias": BIAS}, ("x",)),
    ],
)  # fmt: skip
def test_parameters_are_inputs_by_name(
    text: str, inputs: dict[str, Any], gradients: tuple[str, ...]
) -> None:
    report = grad(text, inputs={"x": [0.3, 0.4], **inputs})
    assert report.verdict.outcome == "verified"
    assert tuple(g.name for g in report.gradients) == gradients
    for name, value in inputs.items():
        assert np.array_equal(report.inputs[name], value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("class P(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
         "        self.w = nn.Parameter(torch.tensor([1.0, 2.0]))\n"
         "    def forward(self, x, w):\n        return (self.w*x*w*w).sum()\n", 73.0),
        ("def f(w, x):\n    w = nn.Parameter(x*2)\n    return (w*w).sum()", 20.0),
        ("x = nn.Parameter(x*2)\n(x*x*w).sum()", 76.0),
        ("def g(x):\n    w = nn.Parameter(torch.ones(2)*3)\n    return (x*w).sum()\n"
         "def f(x, w):\n    return g(x) + (w*x).sum()", 20.0),
    ],
)  # fmt: skip
def test_parameters_take_no_name_that_an_input_has(text: str, value: float) -> None:
    report = grad(f"import torch\nfrom torch import nn\n{text}", x=[1.0, 2.0], w=[3.0, 4.0])
    assert report.verdict.outcome == "verified"
    assert report.value == pytest.approx(value)
    assert any(name.endswith("_2") for name in report.inputs)


CALLED: tuple[tuple[str, str, dict[str, tuple[int, ...]]], ...] = (
    ("MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True)",
     "m(x, y, y)[0]", {"x": (2, 3, 4), "y": (2, 5, 4)}),
    ("MultiheadAttention(4, 2, kdim=3, vdim=5, bias=False)",
     "m(x, y, z, key_padding_mask=torch.tensor([False, True, True]), need_weights=False)[0]",
     {"x": (2, 4), "y": (3, 3), "z": (3, 5)}),
    ("MultiheadAttention(4, 2)", "m(x, x, x, attn_mask=torch.ones(3, 3).triu(1) > 0, "
     "is_causal=True, need_weights=False)[0]", {"x": (3, 4)}),
    ("TransformerEncoderLayer(4, 1, 3, 0.0)",
     "m(x, src_key_padding_mask=torch.tensor([False, False, True]))", {"x": (3, 4)}),
    ("TransformerEncoder(nn.TransformerEncoderLayer(2, 1, 3, 0.0), 2)",
     "m(x, torch.full((3, 3), -math.inf).triu(1))", {"x": (3, 2)}),
    ("TransformerDecoder(nn.TransformerDecoderLayer(2, 1, 3, 0.0, 'gelu', norm_first=True), 1)",
     "m(x, y)", {"x": (3, 2), "y": (2, 2)}),
    ("Transformer(2, 1, 1, 1, 3, 0.0)",
     "m(x, x, tgt_mask=nn.Transformer.generate_square_subsequent_mask(3))", {"x": (3, 2)}),
    ("EmbeddingBag(4, 2, mode='sum', include_last_offset=True)",
     "m(torch.tensor([1, 0, 3]), torch.tensor([0, 2, 3]), x)", {"x": (3,)}),
    ("LazyLinear(3)", "m(x)", {"x": (2, 4)}), ("LazyConv1d(4, 2, groups=2)", "m(x)", {"x": (4, 3)}),
    ("LazyConvTranspose2d(3, 2)", "m(x)", {"x": (2, 4, 2, 2)}),
    ("LazyInstanceNorm1d()", "m(x)", {"x": (2, 3, 4)}),
    ("Sequential(nn.LazyLinear(3), nn.Tanh(), nn.LazyLinear(1))", "m(x)", {"x": (2, 4)}),
    ("FractionalMaxPool2d((2, 3), output_ratio=(0.5, 0.4))", "m(x)", {"x": (2, 2, 5, 7)}),
    ("MaxUnpool2d(2, stride=2)", "m(*nn.MaxPool2d(2, return_indices=True)(x), output_size=(5, 4))",
     {"x": (2, 5, 4)}),
    ("TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(), margin=5.0)",
     "m(x, y, z)", {"x": (2, 3), "y": (2, 3), "z": (2, 3)}),
    ("FractionalMaxPool3d(2, output_size=2, return_indices=True)", "m(x)[0]",
     {"x": (1, 4, 4, 5)}),
)  # fmt: skip


@pytest.mark.parametrize(("made", "call", "shapes"), CALLED, ids=[row[0] for row in CALLED])
def test_a_module_is_made_drawn_and_called_as_torchs_own(
    made: str, call: str, shapes: dict[str, tuple[int, ...]]
) -> None:
    draw = np.random.default_rng(len(made))
    given = {name: draw.normal(size=shape) for name, shape in shapes.items()}
    report = grad(f"m = nn.{made}\n{call}", inputs=given, seed=3, dtype="float32")
    scope: dict[str, Any] = {"nn": nn, "torch": torch, "math": math}
    torch.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scope["m"] = eval(f"nn.{made}", scope)
        found = eval(call, scope, {n: torch.tensor(v).float() for n, v in given.items()})
    assert report.verdict.outcome in ("verified", "vanished")
    np.testing.assert_allclose(report.value, found.detach(), rtol=1e-4, atol=1e-5)
    own = [f"m.{name}" for name, _ in scope["m"].named_parameters()]
    assert list(report.inputs) == [*given, *own]


def test_a_copy_of_a_network_has_parameters_of_its_own() -> None:
    made = "import copy\na = nn.Linear(2, 1)\nb = copy.deepcopy(a)\n"
    report = grad(f"{made}a(x)*b(x)", x=[0.3, 0.4])
    assert report.verdict.outcome == "verified"
    assert np.array_equal(report.inputs["a.weight"], report.inputs["b.weight"])
    with pytest.raises(GradcalcError, match="passes no gradient"):
        grad("import copy\nimport torch\ny = copy.deepcopy(x*2)\ntorch.sum(y)", x=[1.0, 2.0])


def test_a_claim_reads_the_names_of_parameters() -> None:
    claim = "fc.weight = outer(1 - tanh(fc.weight@x + fc.bias)**2, x)"
    report = grad(NET, inputs={"x": [0.3, 0.4]}, expect=claim)
    assert report.verdict.outcome == "verified"
    formula = next(g.closed_form for g in report.gradients if g.name == "fc.weight")
    assert formula is not None
    assert "fc.weight" in formula


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        (NET.replace("n=2", "n"), {}, "Net needs n to be made"),
        (NET, {"fc.wieght": WEIGHT}, "does not use fc.wieght"),
        (NET, {"fc.weight": [1.0]}, "fc.weight is given with shape"),
        ("m = nn.Linear(2, 1)\na = m(x)\nm.weight.data.fill_(1)\na + m(x)", {},
         "changed after it was used"),
        ("w = nn.Parameter(torch.ones(2))\nw[0] = 2\n(w*x).sum()", {},
         "writes into no parameter"),
        ("m = nn.BatchNorm1d(2)\ny = m(x[None]*torch.ones(3, 1))\nm.eval()\nm(y)", {},
         "running statistics"),
        ("m = nn.BatchNorm1d(2)\ny = m(x*torch.ones(3, 1))\nm.running_var.sum() + y.sum()", {},
         "running statistics"),
        ("m = nn.BatchNorm1d(2)\ny = m(x*torch.ones(3, 1))\ny*m.state_dict()['running_mean']", {},
         "running statistics"),
        ("class S(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
         "        return x*x\nS.apply(x).sum()", {}, "has a backward of its own"),
        ("getattr(x, '__class__')", {}, "has no .__class__"),
        ("nn.Module.forward = 2\nx", {}, "cannot be assigned to"),
        ("nn.Linear(3, 1)(x)", {}, "inner sizes differ"),
        ("nn.Linear(2)(x)", {}, "out_features"),
        ("class P:\n    def __init__(self, k):\n        self.k = k\n\nP(2).l*x", {},
         "nothing is called .l"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(text: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(GradcalcError) as raised:
        grad(text, inputs={"x": [0.3, 0.4], **given})
    assert said in str(raised.value.message) + str(raised.value.hint)


STARTED = [
    "m.weight.data.fill_(1)",
    "m.weight.data.copy_(torch.ones(1, 2)*2)",
    "m.weight.data[0] = 0.1",
    "m.weight.data = torch.ones(1, 2)*2",
    "m.weight.data *= 0.1",
    "m.weight.data.mul_(0.5)",
    "m.weight.data.normal_(0, 0.1)\nm.bias.data.zero_()",
    "m.weight.data[0, 1] += 2.0",
    "with torch.no_grad():\n    m.weight.mul_(0.1)",
    "with torch.no_grad():\n    m.weight += 1",
    "for p in m.parameters():\n    p.data.fill_(0.2)",
    "nn.init.ones_(m.weight.data)",
    "k = nn.Linear(2, 2)\nx = k(x)\nm.weight.data.fill_(1)",
    "with torch.no_grad():\n    for p in m.parameters(): p.copy_(torch.full_like(p, 0.3))",
    "for n, p in m.named_parameters():\n    if 'weight' in n: p.data[:, 1:2].fill_(1.0)",
    "m.weight.data /= m.weight.data.norm()",
    "m.weight.data = m.weight.data/m.weight.data.norm(dim=1, keepdim=True)",
    "k = m.weight.size(0)\nm.weight.data.fill_(0.2*k)",
]
READ = [
    "n = m.weight.data.norm()\nm.weight.data.fill_(1)\nx = x*n",
    "n = m.weight.norm().item()\nm.weight.data.fill_(1)\nx = x*n",
    "with torch.no_grad():\n    n = m.weight.norm()\n    m.weight.fill_(1)\nx = x*n",
    "n = m.weight.clone()\nm.weight.data.fill_(1)\nx = x*n.sum()",
    "d = m.weight.data\nn = d*2\nd.fill_(1)\nx = x*n.sum()",
    "x = x*m(x).sum()\nm.weight = nn.Parameter(torch.ones(1, 2))",
    "n = m.weight.sum()\nsetattr(m, 'weight', nn.Parameter(torch.ones(1, 2)))\nx = x*n",
]


def started(text: str) -> str:
    return f"m = nn.Linear(2, 1)\n{text}\nm(x).sum()"


@pytest.mark.parametrize("text", STARTED)
def test_the_numbers_that_a_parameter_starts_with_are_torchs(text: str) -> None:
    torch.manual_seed(0)
    x = torch.tensor([0.3, 0.4], requires_grad=True)
    scope = {"torch": torch, "nn": nn, "x": x}
    exec(started(text).replace("\nm(x)", "\nend = m(x)"), scope)
    (slope,) = torch.autograd.grad(scope["end"], x)  # type: ignore[arg-type]
    found = grad(started(text), x=[0.3, 0.4])
    assert found.verdict.outcome == "verified"
    assert found.gradient["x"] == pytest.approx(slope.numpy(), rel=1e-5)


@pytest.mark.parametrize("text", READ)
def test_a_parameter_that_is_changed_after_it_was_read_is_refused(text: str) -> None:
    with pytest.raises(GradcalcError, match="changed after it was used"):
        grad(started(text), x=[0.3, 0.4])


ACTNORM = """\
class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.s = nn.Parameter(torch.zeros(2))
    def forward(self, x):
        {}
        return torch.exp(self.s)*x
"""


@pytest.mark.parametrize("target", ["N", "f"])
@pytest.mark.parametrize(
    "written",
    ["self.s.data = torch.log(x)", "self.s.data.copy_(torch.log(x))", "self.s.data[0] = 3.0",
     "nn.init.ones_(self.s)", "with torch.no_grad(): self.s.add_(1.0)"],
)  # fmt: skip
def test_a_forward_that_changes_parameters_is_refused(
    written: str, target: str, tmp_path: Path
) -> None:
    file = tmp_path / "nets.py"
    called = "\nn = N()\ndef f(x): return n(x)\n"
    file.write_text(f"import torch\nfrom torch import nn\n{ACTNORM.format(written)}{called}")
    with pytest.raises(GradcalcError, match="changed by a forward"):
        grad(f"{file}:{target}", x=[0.3, 0.4])


def test_batch_norm_moves_running_statistics_on() -> None:
    text = (
        "a, b = torch.zeros(2), torch.ones(2)\n"
        "y = F.batch_norm(x, a, b, training=True, momentum=0.3)\n"
        "z = F.batch_norm(x**2, a, b)\n"
        "(y**3).sum() + (z*a).sum() + (b**2).sum()"
    )
    x = torch.tensor([[1.0, 2.0], [3.0, 5.0], [2.0, 2.5]], requires_grad=True)
    scope: dict[str, Any] = {"torch": torch, "F": nn.functional, "x": x}
    *lines, last = text.split("\n")
    exec("\n".join(lines), scope)
    value = eval(last, scope)
    value.backward()
    report = grad(text, inputs={"x": x.detach().numpy()}, dtype="float32")
    assert report.verdict.outcome == "verified"
    np.testing.assert_allclose(report.value, value.item(), rtol=1e-5)
    assert x.grad is not None
    np.testing.assert_allclose(report.gradient["x"], x.grad.numpy(), rtol=1e-3, atol=1e-4)


OBJECTS = (
    ("from dataclasses import dataclass, field\n@dataclass\nclass P:\n    u: float\n"
     "    l: list = field(default_factory=list)\n    k: float = field(default=2.0)\n"
     "p = P(x)\np.l.append(x)\np.u*p.l[0]*p.k", 4.0),
    ("from dataclasses import dataclass, replace, asdict\n@dataclass\nclass P:\n    u: float\n"
     "    v: float = 2.0\np = replace(P(x), v=5.0)\np.u*p.v*asdict(p)['v']", 25.0),
    ("class P:\n    k = 2\np = P()\nsetattr(p, 'v', x)\n"
     "getattr(p, 'v')*getattr(p, 'w', 3)*(5 if hasattr(p, 'k') else 1)", 15.0),
    ("class P:\n    def __init__(self):\n        self._v = x\n    @property\n    def v(self):\n"
     "        return self._v\n    @v.setter\n    def v(self, value):\n        self._v = 2*value\n"
     "p = P()\np.v = 3*x\np.v", 6.0),
    ("class P:\n    pass\n{'P': 2*x}[P().__class__.__name__] + {'P': x}[type(P()).__name__]", 3.0),
    ("class V:\n    def __init__(self, x):\n        self.x = x\n    def __iter__(self):\n"
     "        return iter((self.x, 2))\n    def __abs__(self):\n        return self.x*3\n"
     "u, v = V(x)\nu*v + abs(V(x))", 5.0),
    ("class P:\n    def __init__(self, v):\n        self.v = v\n    def __iadd__(self, o):\n"
     "        self.v = self.v + o\n        return self\np = q = P(x)\np += 2\nq.v*x", 4.0),
    ("class P:\n    def __init__(self):\n        self.d = {}\n    def __setitem__(self, k, v):\n"
     "        self.d[k] = v\n    def __contains__(self, k):\n        return k in self.d\n"
     "p = P()\np['a'] = x\np.d['a']*(2 if 'a' in p else 1)", 2.0),
    ("class P:\n    def __bool__(self):\n        return False\n1*x if P() else 2*x", 2.0),
    ("class P:\n    def __repr__(self):\n        return 'abc'\nlen(str(P()))*x", 3.0),
    ("from abc import ABC, abstractmethod\nclass S(ABC):\n    @abstractmethod\n"
     "    def area(self):\n        ...\nclass Q(S):\n    def area(self):\n        return x**2\n"
     "Q().area()", 2.0),
    ("from functools import cached_property\nclass P:\n    __slots__ = ('u',)\n"
     "    @cached_property\n    def v(self):\n        return x*x\nP().v", 2.0),
)  # fmt: skip


@pytest.mark.parametrize(("text", "slope"), OBJECTS)
def test_classes_are_pythons(text: str, slope: float) -> None:
    report = grad(text, x=1.0)
    assert report.verdict.outcome == "verified"
    assert report.gradients[0].autograd == slope
