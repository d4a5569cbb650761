"""Random small networks of torch's modules, run by torch itself and by gradcalc.

Both are given the same parameters; value, gradients and the names of the parameters must be equal.
"""

import random
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.fidelity.cases import Array
from benchmarks.fidelity.oracle import Outcome, equal
from gradcalc.api import grad
from gradcalc.errors import GradcalcError

HEADERS = (
    "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n",
    "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n",
    "import torch, torch.nn as nn\nimport torch.nn.functional as F\n",
)
SUPERS = ("super().__init__()", "super(Net, self).__init__()", "nn.Module.__init__(self)")
ACTS = ("tanh", "sigmoid", "gelu", "softplus", "silu", "elu")
MODULES = ("nn.Tanh()", "nn.Sigmoid()", "nn.GELU()", "nn.SiLU()", "nn.Softplus()", "nn.ELU()",
           "nn.Softmax(dim=-1)", "nn.LeakyReLU(0.1)", "nn.ReLU()", "nn.Identity()",
           "nn.Dropout(0.0)", "nn.LogSigmoid()", "nn.Mish()", "nn.SELU(inplace=True)")  # fmt: skip
ENDS = ("(out**2).sum()", "out.sum()", "out.mean()", "F.mse_loss(out, torch.ones_like(out))",
        "out.pow(2).mean()", "torch.logsumexp(out, -1).sum()", "nn.MSELoss()(out, out*0 + 0.5)",
        "nn.SmoothL1Loss(reduction='sum')(out, torch.zeros_like(out))")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Network:
    """A text that ends in a class `Net`, and the inputs of its forward."""

    text: str
    inputs: Mapping[str, Array]


def networks(seed: int, count: int) -> Iterator[Network]:
    """So many networks."""
    rng = random.Random(f"networks {seed}")
    for _ in range(count):
        yield _Writer(rng).network()


class _Writer:
    """Writes one network: lines of the constructor, and of forward beside them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.width = rng.choice((2, 3, 4))
        self.made: list[str] = []
        self.does: list[str] = []
        self.before: list[str] = []
        self.others: list[str] = []
        self.rows = rng.choice((2, 3))

    def network(self) -> Network:
        rng = self.rng
        start = self.width
        steps = [self.linear, self.sequential, self.listed, self.parameter, self.norm, self.method,
                 self.block, self.buffer, self.named, self.conv, self.functional, self.tied,
                 self.branch, self.parameters, self.embedding, self.scale, self.looped]  # fmt: skip
        for step in rng.choices(steps, k=rng.randint(1, 4)):
            step()
        if rng.random() < 0.3:
            self.made.append(rng.choice((
                "for m in self.modules():\n            if isinstance(m, nn.Linear):\n"
                "                nn.init.xavier_uniform_(m.weight)\n"
                "                nn.init.zeros_(m.bias)",
                "self.apply(self._start)", "self.eval()", "self.double()",
                "for p in self.parameters():\n            p.data.mul_(1)",
            )))  # fmt: skip
            if "_start" in self.made[-1]:
                self.others.append(
                    "    def _start(self, m):\n        if isinstance(m, nn.Linear):\n"
                    "            nn.init.normal_(m.weight, std=0.02)\n"
                )
        indent = "\n        "
        end = rng.choice(ENDS)
        text = rng.choice(HEADERS) + "\n".join(self.before)
        text += f"\nclass Net(nn.Module):\n    def __init__(self, dim={start}):{indent}"
        text += indent.join((rng.choice(SUPERS), *self.made)) + "\n"
        text += "".join(self.others)
        text += f"    def forward(self, out):{indent}"
        text += indent.join((*self.does, f"return {end}")) + "\n"
        shape = (self.rows, start) if rng.random() < 0.8 else (1, start)
        numbers = np.array([round(rng.uniform(-2, 2), 3) for _ in range(shape[0] * shape[1])])
        return Network(text, {"out": numbers.reshape(shape)})

    def fresh(self, stem: str) -> str:
        return f"{stem}{len(self.made)}"

    def act(self) -> str:
        return self.rng.choice(MODULES)

    def linear(self) -> None:
        name, new = self.fresh("fc"), self.rng.choice((1, 2, 3))
        size = "dim" if not self.does else str(self.width)
        extra = self.rng.choice(("", ", bias=False", ", True"))
        self.made.append(f"self.{name} = nn.Linear({size}, {new}{extra})")
        act = self.rng.choice(ACTS)
        call = self.rng.choice((f"F.{act}(self.{name}(out))", f"self.{name}(out)",
                                f"torch.sin(self.{name}.forward(out))"))  # fmt: skip
        self.does.append(f"out = {call}")
        self.width = new

    def sequential(self) -> None:
        name, new = self.fresh("net"), self.rng.choice((2, 3))
        inner = f"nn.Linear({self.width}, {new}), {self.act()}, nn.Linear({new}, {new})"
        self.made.append(f"self.{name} = nn.Sequential({inner})")
        if self.rng.random() < 0.3:
            self.made.append(f"self.{name}.append({self.act()})")
        self.does.append(f"out = self.{name}(out)")
        self.width = new

    def listed(self) -> None:
        name, w = self.fresh("layers"), self.width
        self.made.append(f"self.{name} = nn.ModuleList([nn.Linear({w}, {w}) for _ in range(2)])")
        self.does.append(self.rng.choice((
            f"for layer in self.{name}:\n            out = torch.tanh(layer(out)) + out",
            f"for i, layer in enumerate(self.{name}):\n            out = layer(out)*(i + 1)",
            f"for i in range(len(self.{name})):\n            out = self.{name}[i](out)",
        )))  # fmt: skip

    def parameter(self) -> None:
        name = self.fresh("w")
        start = self.rng.choice(("torch.ones({w})", "torch.zeros({w}, {w})", "torch.eye({w})",
                                 "torch.full(({w},), 0.5)", "torch.tensor(2.0)"))  # fmt: skip
        self.made.append(f"self.{name} = nn.Parameter({start.replace('{w}', str(self.width))})")
        product = "@" if "eye" in start or "zeros" in start else "*"
        self.does.append(f"out = out {product} self.{name}")

    def norm(self) -> None:
        name, w = self.fresh("norm"), self.width
        kind = self.rng.choice((f"LayerNorm({w})", f"BatchNorm1d({w}, eps=0.1)", f"RMSNorm({w})",
                                f"GroupNorm(1, {w})", f"LayerNorm([{w}], eps=1e-3)",
                                f"BatchNorm1d({w}, affine=False, eps=1e-2)"))  # fmt: skip
        self.made.append(f"self.{name} = nn.{kind}")
        self.does.append(f"out = self.{name}(out)")

    def method(self) -> None:
        name = self.fresh("helper")
        word = self.rng.choice(("", "    @staticmethod\n"))
        taken = "x" if word else "self, x"
        self.others.append(f"{word}    def {name}({taken}):\n        return x*torch.sigmoid(x)\n")
        self.made.append("self.k = 2")
        self.does.append(f"out = self.{name}(out)*self.k")

    def block(self) -> None:
        kind, w = f"Block{len(self.before)}", self.width
        self.before.append(
            f"class {kind}(nn.Module):\n    def __init__(self, width, act=nn.Tanh):\n"
            "        super().__init__()\n        self.lin = nn.Linear(width, width)\n"
            "        self.act = act()\n    def forward(self, x, scale=1.0):\n"
            "        return x + scale*self.act(self.lin(x))\n"
        )
        name = self.fresh("block")
        given = self.rng.choice(("", ", nn.GELU", ", act=nn.Sigmoid"))
        self.made.append(f"self.{name} = {kind}({w}{given})")
        self.does.append(self.rng.choice((f"out = self.{name}(out)",
                                          f"out = self.{name}(out, scale=0.5)")))  # fmt: skip

    def buffer(self) -> None:
        name = self.fresh("shift")
        self.made.append(f"self.register_buffer('{name}', torch.arange({self.width})*1.0)")
        self.does.append(f"out = out - self.{name}/3")

    def named(self) -> None:
        name, w = self.fresh("kinds"), self.width
        self.made.append(
            f"self.{name} = nn.ModuleDict({{'a': nn.Linear({w}, {w}), 'b': {self.act()}}})"
        )
        self.does.append(self.rng.choice((
            f"out = self.{name}['b'](self.{name}['a'](out))",
            f"for key in self.{name}:\n            out = self.{name}[key](out)",
            f"for key, layer in self.{name}.items():\n            out = layer(out)",
        )))  # fmt: skip

    def conv(self) -> None:
        name, w = self.fresh("conv"), self.width
        self.made.append(f"self.{name} = nn.Conv1d(1, 2, 2, padding=1)")
        pool = self.rng.choice(("nn.AvgPool1d(2)", "nn.AdaptiveAvgPool1d(2)"))
        self.made.append(f"self.pool_{name} = {pool}")
        self.does.append(f"out = self.pool_{name}(self.{name}(out.unsqueeze(1))).flatten(1)")
        self.width = 4 if "Adaptive" in pool else 2 * ((w + 1) // 2)

    def functional(self) -> None:
        self.does.append(self.rng.choice((
            "out = F.normalize(out + 0.1, dim=-1)", "out = F.softmax(out, dim=1)",
            "out = F.dropout(out, 0.0, training=self.training)",
            "out = F.layer_norm(out, out.shape[1:])",
            "out = out if self.training else out*2", "out = out.view(out.size(0), -1)",
        )))  # fmt: skip

    def tied(self) -> None:
        one, two, w = self.fresh("enc"), self.fresh("dec"), self.width
        self.made.append(f"self.{one} = nn.Linear({w}, {w})")
        self.made.append(f"self.{two} = nn.Linear({w}, {w}, bias=False)")
        self.made.append(f"self.{two}.weight = self.{one}.weight")
        self.does.append(f"out = self.{two}(torch.tanh(self.{one}(out)))")

    def branch(self) -> None:
        name, w = self.fresh("gate"), self.width
        self.made.append(f"self.{name} = nn.Linear({w}, {w}) if dim > 0 else None")
        self.does.append(f"if self.{name} is not None:\n            g = self.{name}(out)\n"
                         "            out = torch.sigmoid(g)*out")  # fmt: skip

    def parameters(self) -> None:
        name, w = self.fresh("scales"), self.width
        self.made.append(
            f"self.{name} = nn.ParameterList([nn.Parameter(torch.ones({w})*k) "
            "for k in range(1, 3)])"
        )
        self.does.append(f"for scale in self.{name}:\n            out = out*scale")

    def embedding(self) -> None:
        name, w = self.fresh("table"), self.width
        self.made.append(f"self.{name} = nn.Embedding(5, {w})")
        self.does.append(f"out = out + self.{name}(torch.tensor([1, 4, 1][:out.shape[0]]))")

    def scale(self) -> None:
        name = self.fresh("act")
        self.made.append(f"self.{name} = {self.act()}")
        self.does.append(f"out = self.{name}(out) + out")

    def looped(self) -> None:
        name, w = self.fresh("stack"), self.width
        self.made.append(
            f"parts = []\n        for _ in range(2):\n            parts += [nn.Linear({w}, {w}), "
            f"{self.act()}]\n        self.{name} = nn.Sequential(*parts)"
        )
        self.does.append(f"out = self.{name}(out)")


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a network, and the verdict or the reason."""

    network: Network
    outcome: Outcome
    said: str

    def __str__(self) -> str:
        values = {name: value.tolist() for name, value in self.network.inputs.items()}
        return f"{self.outcome}: {self.said}\n{self.network.text}\n{values}"


def judge_network(network: Network, seed: int = 0) -> Judged:
    """Run a network by torch and by gradcalc, and compare."""
    try:
        module, given, leaves, total = _truth(network, seed)
    except Exception as error:  # whatever torch does not take, it says in its own way
        return Judged(network, Outcome.CONVENIENCE, f"torch: {error}")
    wanted = {name: leaf.grad for name, leaf in leaves.items()}
    wanted |= {name: held.grad for name, held in module.named_parameters()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = grad(network.text, inputs={**network.inputs, **given})
    except GradcalcError as error:
        return Judged(network, Outcome.REFUSED, f"{error.message}; {error.hint}")
    found = {g.name: g.autograd for g in report.gradients}
    verdict = f"{report.verdict.outcome}: {report.verdict.message}"
    if list(found) != list(wanted):
        return Judged(network, Outcome.DIFFERENT, f"names {list(found)}, not {list(wanted)}")
    if not equal(np.asarray(report.value), total.detach().numpy()):
        return Judged(network, Outcome.DIFFERENT, f"{report.value}, not {total}")
    for name, own in wanted.items():
        real = np.zeros(np.shape(found[name])) if own is None else own.numpy()
        if not np.allclose(found[name], real, rtol=1e-8, atol=1e-10):
            return Judged(network, Outcome.DIFFERENT, f"by {name} {found[name]}, not {real}")
    return Judged(network, Outcome.SAME, verdict)


def _truth(network: Network, seed: int) -> tuple[Any, dict[str, Array], dict[str, Any], Any]:
    """The module with parameters of its own, those, the inputs as leaves, and the total."""
    draw = np.random.default_rng(seed)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        scope: dict[str, Any] = {}
        exec(network.text, scope)
        module = scope["Net"]()
        given = {
            name: draw.normal(size=tuple(held.shape)).round(3)
            for name, held in module.named_parameters()
        }
        with torch.no_grad():
            for name, held in module.named_parameters():
                held.copy_(torch.tensor(given[name]))
        leaves = {n: torch.tensor(v, requires_grad=True) for n, v in network.inputs.items()}
        total = module(**{name: leaf * 1 for name, leaf in leaves.items()})
        total.sum().backward()
    finally:
        torch.set_default_dtype(default)
    return module, given, leaves, total
