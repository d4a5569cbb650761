"""What a file draws before a function's parameters, or data, are drawn: torch is the oracle."""

from pathlib import Path

import numpy as np
import pytest

from gradcalc import grad
from gradcalc.lang.fence import compile_program
from tests.torch_files import by_torch

HEAD = "import torch\nimport numpy as np\nfrom torch import nn\nimport torch.nn.functional as F\n"
NET = "net = nn.Linear(2, 2)\ndef f(x):\n    return net(x)\n"
CLASS = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.idle = nn.Linear(3, 3)
        self.inner = nn.Linear(2, 2)
    def forward(self, x):
        return self.inner(x)
"""
SCRIPT = """\
def make():
    return nn.Linear(3, 3)
def seeded(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
def start(module):
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
"""
FILES = {
    "a seed": "torch.manual_seed(42)\n" + NET,
    "a seed in a function": SCRIPT + "seeded(42)\n" + NET,
    "a network that is not read": "torch.manual_seed(42)\nother = nn.Linear(3, 3)\n" + NET,
    "such a one without a seed": "other = nn.Conv1d(2, 3, 3)\n" + NET,
    "one that a function makes": SCRIPT + "torch.manual_seed(42)\nother = make()\n" + NET,
    "one of a class": CLASS + "torch.manual_seed(42)\nother = Net()\n" + NET,
    "data": "torch.manual_seed(42)\ndata = torch.rand(5, 3)\n" + NET,
    "data that a parameter is made of": "W = nn.Parameter(torch.randn(3))\n" + NET,
    "a target that has a type": "data: torch.Tensor = torch.randn(20)\n" + NET,
    "what is left out": "drop = nn.Dropout(0.5)\ny = drop(torch.ones(6))\n" + NET,
    "a network that is run": (
        "gen = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))\ny = gen(torch.ones(4, 2))\n" + NET
    ),
    "a network that is given to a function": (
        "def run(m, x):\n    return m(x)\ngen = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))\n"
        "y = run(gen, torch.ones(4, 2))\n" + NET
    ),
    "other first numbers": SCRIPT + "other = nn.Linear(3, 2)\nother.apply(start)\n" + NET,
    "a method of the layer": "other = nn.Linear(3, 2)\nother.reset_parameters()\n" + NET,
    "a seed between": (
        "other = nn.Linear(3, 2)\ntorch.manual_seed(7)\nmore = nn.LSTM(2, 3)\n" + NET
    ),
    "a seed behind": NET + "torch.manual_seed(7)\n",
    "draws behind": NET + "torch.manual_seed(7)\nother = nn.Linear(2, 3)\nz = torch.randn(3)\n",
    "draws of numpy's": "np.random.seed(3)\nz = np.random.rand(3)\n" + NET,
    "what draws nothing": (
        "norm = nn.LayerNorm(3)\nact = nn.PReLU()\nnn.init.ones_(norm.weight)\n" + NET
    ),
    "data behind a network": (
        "torch.manual_seed(42)\nother = nn.Linear(3, 3)\nnoise = torch.randn(2)\n"
        "def f(x):\n    return x*noise\n"
    ),
    "a function that draws": (
        "torch.manual_seed(42)\nother = nn.Linear(3, 3)\ndef f(x):\n    return x*torch.rand(2)\n"
    ),
    "a network that leaves out": (
        "torch.manual_seed(42)\nnet = nn.Sequential(nn.Linear(2, 9), nn.Dropout(0.5))\n"
        "z = torch.rand(3)\ndef f(x):\n    return net(x)\n"
    ),
    "evaluation": "net = nn.Sequential(nn.Linear(2, 9), nn.Dropout(0.5))\nnet.eval()\n"
    "def f(x):\n    return net(x)\n",
    "evaluation of a norm": "net = nn.BatchNorm1d(2)\nnet.train(False)\n"
    "def f(x):\n    return net(torch.stack([x, 2*x]))\n",
    "a norm that stops to track": (
        "net = nn.BatchNorm1d(2)\nnet.track_running_stats = False\nnet.eval()\n"
        "net.running_mean.fill_(3.)\ndef f(x):\n    return net(torch.stack([x, 2*x]))\n"
    ),
    "instances that are not tracked": (
        "net = nn.InstanceNorm1d(2, track_running_stats=True)\nnet.eval()\n"
        "net.track_running_stats = False\nnet.running_mean.fill_(3.)\n"
        "def f(x):\n    return net(torch.stack([x, x*x]))\n"
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_draws_in_its_own_order(name: str, tmp_path: Path) -> None:
    text = HEAD + FILES[name]
    path = tmp_path / "draws.py"
    path.write_text(text)
    value, slope = by_torch(text, [0.5, -1.25])
    report = grad(f"{path}:f", x=[0.5, -1.25])
    np.testing.assert_allclose(np.asarray(report.value, float), value, rtol=1e-6)
    np.testing.assert_allclose(report.gradient["x"], slope, rtol=1e-6, atol=1e-7)
    said = " ".join(finding.message for finding in report.findings)
    if "manual_seed" in said:
        behind = [seed for seed in (7, 42) if f"({seed})" in text.partition("net = ")[0]]
        assert f"manual_seed({behind[0] if behind else 0})" in said


@pytest.mark.parametrize("name", ["a network that is not read", "one that a function makes"])
def test_a_network_that_only_draws_has_no_parameters(name: str, tmp_path: Path) -> None:
    path = tmp_path / "draws.py"
    path.write_text(HEAD + FILES[name])
    report = grad(f"{path}:f", x=[1.0, 2.0])
    assert {g.name for g in report.gradients} == {"x", "net.weight", "net.bias"}


def test_what_draws_behind_is_left_out() -> None:
    program = compile_program(HEAD + FILES["draws behind"], function="f")
    assert len(program.body) == len(compile_program(HEAD + NET, function="f").body)


@pytest.mark.parametrize("line", ["a, b = random_split(range(10), [5, 5])", "pass"])
def test_what_draws_and_is_not_followed_is_told(line: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import torch\nfrom torch import nn\nfrom torch.utils.data import random_split\n"
        f"torch.manual_seed(42)\n{line}\nnet = nn.Linear(2, 2)\n"
        "def f(x):\n    return net(x).sum()\n"
    )
    found = grad(f"{tmp_path / 'train.py'}:f", x=[1.0, 2.0])
    said = " ".join(finding.message for finding in found.findings)
    assert "torch.manual_seed(42)" in said
    assert ("as if random_split drew none" in said) == line.startswith("a")
