"""Methods of torch's layers that torch's own code calls: a class of a program may have its own of
them, which is called as torch calls it, or refused."""

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from benchmarks.fidelity.layers import CALLS
from gradcalc import grad
from gradcalc.errors import GradcalcError
from gradcalc.lang.nets.containers import CONTAINERS
from gradcalc.lang.nets.layers import COMPOSED, LAYERS
from gradcalc.lang.nets.lazy import LAZY
from gradcalc.lang.nets.unheard import UNHEARD
from tests.torch_files import by_torch

NAMES = [n for n in (*LAYERS, *COMPOSED, *LAZY, *CONTAINERS) if n != "Module"]


def real(name: str) -> Any:
    places = (nn, nn.modules.loss, nn.modules.batchnorm)
    return next(getattr(place, name) for place in places if hasattr(place, name))


def called_by(kind: Any) -> set[str]:
    """The methods that a constructor and a forward of torch's call of the object itself."""
    found: set[str] = set()
    stack = ["__init__", "forward"]
    while stack:
        for name in _calls(kind, stack.pop()) - found:
            held = inspect.getattr_static(kind, name, None)
            if inspect.isfunction(held) or isinstance(held, staticmethod | property):
                found.add(name)
                stack.append(name)
    return found


def _calls(kind: Any, name: str) -> set[str]:
    found: set[str] = set()
    for one in kind.__mro__[: kind.__mro__.index(nn.Module)]:
        function = getattr(one.__dict__.get(name), "__func__", one.__dict__.get(name))
        if not inspect.isfunction(function):
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            match node:
                case ast.Attribute(value=ast.Name("self"), attr=called, ctx=ast.Load()):
                    found.add(called)
                case ast.AugAssign(target=ast.Name("self")):
                    found.add("__iadd__")
                case ast.For(iter=ast.Name("self")):
                    found.add("__iter__")
                case ast.Call(func=ast.Name("len"), args=[ast.Name("self")]):
                    found.add("__len__")
                case ast.Subscript(value=ast.Name("self"), ctx=ast.Store()):
                    found.add("__setitem__")
                case _:
                    pass
    return found - {"__class__"}


ARGUMENTS = {
    "_BatchNorm": ("3", "x", (4, 3)),
    **{f"InstanceNorm{n}d": ("3", "x", (3, *[2] * n)) for n in (1, 2, 3)},
    "Embedding": ("3, 2, padding_idx=0", "torch.tensor([1])", (1, 2)),
    "EmbeddingBag": ("3, 2, padding_idx=0", "torch.tensor([[1]])", (1, 2)),
    **dict.fromkeys(("RNN", "GRU", "LSTM"), ("2, 3", "x", (2, 1, 2))),
    "MultiheadAttention": ("2, 1", "x, x, x", (2, 1, 2)),
    "TransformerEncoderLayer": ("2, 1, 3", "x", (2, 1, 2)),
    "TransformerDecoderLayer": ("2, 1, 3", "x, x", (2, 1, 2)),
    "Sequential": ("nn.Tanh()", "x", (2,)),
}
"""What a constructor is called with, what a call of the layer is, and the shape of x."""


def cases() -> list[tuple[str, str]]:
    return [(name, method) for name in NAMES for method in sorted(called_by(real(name)))]


def test_what_is_not_called_here_is_what_torch_calls() -> None:
    for name, methods in UNHEARD.items():
        assert methods <= called_by(real(name)), name


@pytest.mark.parametrize(("name", "method"), cases())
def test_a_method_that_torch_calls_is_called_or_refused(
    name: str, method: str, tmp_path: Path
) -> None:
    made, shapes = CALLS.get(name, [("", ((2,),))])[0]
    made, call, shape = ARGUMENTS.get(name) or (made, ", ".join(["x"] * len(shapes)), shapes[0])
    package = "nn" if hasattr(nn, name) else real(name).__module__.removeprefix("torch.")
    path = tmp_path / "own.py"
    path.write_text(
        f"import torch\nfrom torch import nn\nclass Own({package}.{name}):\n"
        f"    def {method}(self, *a, **k):\n        raise KeyError('mine')\n"
        f"net = Own({made})\ndef f(x):\n    return net({call})*x\n"
    )
    given = {"x": np.ones(shape)}
    with pytest.raises(GradcalcError) as found:
        grad(f"{path}:f", inputs=given)
    if method in UNHEARD.get(name, ()):
        assert f"torch's nn.{name} would call the {method}" in found.value.args[0]
    else:
        assert "mine" in found.value.args[0]


OWN = {
    "an apply of a part": (
        "class Part(nn.Linear):\n    def apply(self, fn):\n        return self\n"
        "def half(m):\n    if isinstance(m, nn.Linear):\n        nn.init.constant_(m.weight, 0.5)\n"
        "net = nn.Sequential(Part(2, 2), nn.Linear(2, 2)).apply(half)\n"
    ),
    "a forward that is an attribute": (
        "class Own(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.inner = nn.Linear(2, 2)\n        self.forward = self.twice\n"
        "    def forward(self, x):\n        return self.inner(x)\n"
        "    def twice(self, x):\n        return 2*self.inner(x)\nnet = Own()\n"
    ),
    "a call of its own": (
        "class Own(nn.Linear):\n    def __call__(self, x):\n        return 2*super().__call__(x)\n"
        "net = Own(2, 2)\n"
    ),
    "names that no method of torch's has": (
        "class Own(nn.LSTM):\n    def step(self, *a):\n        return 1\n"
        "    gates = passed = start = step\nlstm = Own(2, 2)\n"
        "net = lambda x: lstm(x.view(1, 2))[0]\n"
    ),
    "parts in another order": (
        "class Own(nn.Sequential):\n    def __iter__(self):\n"
        "        return reversed(list(super().__iter__()))\nnet = Own(nn.Linear(2, 2), nn.Tanh())\n"
    ),
    "a standardised convolution": (
        "class Own(nn.Conv1d):\n    def _conv_forward(self, input, weight, bias):\n"
        "        return super()._conv_forward(input, weight - weight.mean(), bias)\n"
        "conv = Own(1, 2, 2, padding=1, padding_mode='circular')\n"
        "net = lambda x: conv(x.view(1, 1, 2))\n"
    ),
    "numbers that are drawn otherwise": (
        "class Own(nn.GRUCell):\n    def reset_parameters(self):\n"
        "        for p in self.parameters():\n            nn.init.normal_(p, std=0.1)\n"
        "first = Own(2, 2)\nnet = nn.Sequential(nn.Linear(2, 2), Own(2, 3))\n"
    ),
    "a table that starts otherwise": (
        "class Own(nn.Embedding):\n    def reset_parameters(self):\n"
        "        nn.init.normal_(self.weight, std=self.embedding_dim**-0.5)\n"
        "        self._fill_padding_idx_with_zero()\n"
        "table = Own(3, 2, padding_idx=1)\nnet = lambda x: x*table(torch.tensor([0, 1]))\n"
    ),
    "a norm of any rank": (
        "class Own(nn.modules.batchnorm._BatchNorm):\n"
        "    def _check_input_dim(self, input):\n        return\nnorm = Own(2)\n"
        "is_one = isinstance(nn.BatchNorm2d(2), nn.modules.batchnorm._NormBase)\n"
        "net = lambda x: norm(torch.stack([x, x**2, x + 1]))*is_one\n"
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_a_class_with_methods_of_its_own_is_what_torch_makes_of_it(
    name: str, tmp_path: Path
) -> None:
    text = f"import torch\nfrom torch import nn\n{OWN[name]}def f(x):\n    return net(x)\n"
    path = tmp_path / "own.py"
    path.write_text(text)
    value, slope = by_torch(text, [0.5, -1.25])
    report = grad(f"{path}:f", x=[0.5, -1.25])
    np.testing.assert_allclose(np.asarray(report.value, float), value, rtol=1e-6)
    np.testing.assert_allclose(report.gradient["x"], slope, rtol=1e-6, atol=1e-7)
