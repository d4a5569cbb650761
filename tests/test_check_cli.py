"""`gradcalc check` on files of users: what is called with what, and what is said when it fails."""

import json
import sys
from pathlib import Path

import pytest

from tests.command import Run

FILE = '''
import sys

import numpy as np
import torch
from torch import nn


class Square(torch.autograd.Function):
    """gradcalc: --x 0.5,1"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x


class Wrong(Square):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


class Net(nn.Module):
    def __init__(self, n, bias=True):
        super().__init__()
        self.layer = nn.Linear(n, 2, bias=bias)

    def forward(self, x):
        return self.layer(x).tanh()


def net(n=3):
    return nn.Sequential(nn.Linear(n, 2), nn.Sigmoid())


def power(x, k: int = 2, scale=1.5, *, shift=None):
    assert type(k) is int and type(scale) is float
    return scale * x**k + (0 if shift is None else shift)


def repeated(x, n):
    return sum(x**k for k in range(n))


def several(*tensors):
    return sum((t * t).sum() for t in tensors)


def numbers(x, y):
    return x * y


def sampled(a, b):
    return a @ b


def gradcalc_inputs():
    return {
        "made": {"input": [1.0, 2.0]},
        "sampled": (torch.eye(2), torch.ones(2)),
        "numbers": {"x": 2.0, "y": [1.0, 2.0]},
    }


def made():
    return nn.Linear(2, 1)


def loud(x):
    print("hello")
    return x.sin()


def broken(x):
    y = x + 1
    return y @ torch.zeros(7)


def leaving(x):
    sys.exit(3)


def crossing(x):
    return x.sum() if x.sum() > 0 else 2 * x.sum()


def backwards(x):
    return Failing.apply(x)


class Failing(Square):
    @staticmethod
    def backward(ctx, g):
        raise KeyError("lost")


def numpys(x):
    return np.sum(np.sin(x))


def looked_up(w, places):
    return w[places] ** 2


def plain(x):
    return x * x


class Hidden(Square):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() ** 2)


class Model:
    """gradcalc: --x 1,2"""

    def __init__(self, scale=2.0, n=1):
        self.scale, self.calls = scale, 0

    def energy(self, x):
        """gradcalc: --x 1,2"""
        self.calls += 1
        return (self.scale * x**3).sum()

    def cut(self, x):
        return (x.detach() * x).sum() * self.scale

    @staticmethod
    def plain(x):
        return x * x

    @classmethod
    def twice(cls, x):
        return 2 * cls.plain(x)


class Fitted(Net):
    def loss(self, x, y):
        return ((self(x) - y) ** 2).mean()


value = 3
'''

RIGHT = {
    "own": "ops.py:Square --x 1,2,3",
    "told by the docstring": "ops.py:Square",
    "apply itself": "ops.py:Square.apply --x 1,2",
    "second derivatives": "ops.py:Square --x 1,2 --order 2",
    "in float32": "ops.py:Square --x 1,2 --dtype float32",
    "in bfloat16": "ops.py:Square --x 1,2 --dtype bfloat16",
    "a class of modules": "ops.py:Net --init 3 --x 1,2,3",
    "with keywords": "ops.py:Net --init 3,bias=False --x 1,2,3",
    "made by a function": "ops.py:net --input 1,2,3",
    "Python's numbers": "ops.py:power --x 1,2 --k 3 --scale 2",
    "by keyword alone": "ops.py:power --x 1,2 --shift 3",
    "a count": "ops.py:repeated --x 1,2 --n 3 --wrt x",
    "any number": "ops.py:several --a 1,2 --b 3",
    "sampled in their order": "ops.py:sampled",
    "made and sampled": "ops.py:made",
    "sampled by name": "ops.py:numbers",
    "a cotangent": "ops.py:plain --x 1,2 --cotangent 1,0",
    "on the cpu": "ops.py:plain --x 1,2 --device cpu",
    "a reference": "ops.py:Hidden --x 1,2 --reference plain",
    "a reference elsewhere": "ops.py:Hidden --x 1,2 --reference other.py:plain",
    "printing": "ops.py:loud --x 1,2",
    "places": "ops.py:looked_up --w 1,2,3 --places 0,2 --wrt w",
    "no places": "ops.py:net --input 1,2,3 --wrt 0.bias",
    "called as one of Python's": "random.py:f --x 1,2",
    "in a package": "pack/inner/ops.py:f --x 1,2",
    "from a bundle": "ops.py:numbers --inputs values.json",
    "a method": "ops.py:Model.energy --x 1,2",
    "a method of what is made so": "ops.py:Model.energy --init 3,n=2 --x 1,2",
    "a method that tells its inputs": "ops.py:Model.energy",
    "a static method": "ops.py:Model.plain --x 1,2",
    "a method of the class": "ops.py:Model.twice --x 1,2",
    "a method of a module": "ops.py:Fitted.loss --init 3 --x 1,2,3 --y 0.5",
    "one of a module in float32": "ops.py:Fitted.loss --init 3 --x 1,2,3 --y 0.5 --dtype float32",
    "a method is meant": "ops.py:Model.energy --x 1,2 --reference Model.energy",
}

SAID = {
    "ops.py:Wrong --x 1,2": (1, "the backward of Wrong is wrong: of x["),
    "ops.py:Wrong --x 1,2 --trust Wrong": (0, "verified"),
    "ops.py:Hidden --x 1,2": (3, "nobody can see into the forward of Hidden"),
    "ops.py:Failing --x 1,2": (3, "going back fails: KeyError: 'lost'"),
    "ops.py:crossing --x 0,0": (3, "only the one that it went was recorded"),
    "ops.py:broken --x 1,2": (2, "broken raises RuntimeError"),
    "ops.py:leaving --x 1,2": (2, "leaving raises SystemExit: 3"),
    "ops.py:value": (2, "not of type int"),
    "ops.py:Squar --x 1": (2, "has nothing called Squar"),
    "ops.py:Square --y 1": (2, "has no parameter y"),
    "ops.py:plain": (2, "x has no value"),
    "ops.py:Net --x 1": (2, "cannot be made of ()"),
    "ops.py:Model.cut --x 1,2": (0, "verified"),
    "ops.py:Model.energi --x 1": (2, "did you mean energy?"),
    "ops.py:Model.energy --x 1 --init 1,2,3": (2, "Model cannot be made of (1,2,3)"),
    "ops.py:Model --x 1": (2, "Model is a class: say which of its methods is checked"),
    "ops.py": (2, "say what of ops.py is checked"),
    "opz.py:f": (2, "there is no file opz.py"),
    "x*x --x 1": (2, "is no file with a function"),
    "ops.py:plain --x 1 --order 3": (2, "gradients and second derivatives"),
    "ops.py:plain --x 1 --wrt z": (2, "no tensor called z"),
    "bad.py:f --x 1": (2, "SyntaxError"),
    "ops.py:numpys --x 1,2": (2, "--grad FILE:NAME checks the gradient of a function of numpy"),
    "ops.py:plain --x 1 --device nowhere": (2, "--device nowhere cannot be used"),
    "ops.py:power --x 1 --k 2.5": (2, "power takes a whole number for k"),
    "ops.py:plain --x 1,2 --cotangent 1,2,3": (2, "the cotangent has shape (3,), the output"),
    "ops.py:Square --x 1 --trust Squere": (2, "nothing that is called is a Function Squere"),
    "ops.py:Hidden --x 1,2 --reference nothing": (2, "has nothing called nothing"),
    "ops.py:Hidden --x 1,2 --reference sin": (2, "has nothing called sin"),
    "ops.py:Hidden --x 1,2 --reference loud": (2, "the reference gives another value"),
}


@pytest.fixture(autouse=True)
def files(run: Run) -> None:
    assert run
    Path("ops.py").write_text(FILE)
    Path("other.py").write_text("def plain(x):\n    return x**2\n")
    Path("bad.py").write_text("def f(x:\n    return x\n")
    for folder in ("pack", "pack/inner"):
        Path(folder).mkdir()
        Path(folder, "__init__.py").write_text("")
    Path("pack/scales.py").write_text("SCALE = 2.0\n")
    Path("pack/inner/ops.py").write_text(
        "from ..scales import SCALE\nfrom . import more\n\n"
        "def f(x):\n    return SCALE * more.g(x)\n"
    )
    Path("pack/inner/more.py").write_text("def g(x):\n    return x.cos()\n")
    Path("random.py").write_text("import torch\n\ndef f(x):\n    return x * torch.rand(2)\n")
    Path("values.json").write_text('{"x": [1.0, 2.0], "y": 3.0}')


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(run: Run, name: str) -> None:
    answer = run("check", *RIGHT[name].split())
    assert (answer.code, "verified" in answer.out) == (0, True), answer


@pytest.mark.parametrize("command", SAID)
def test_what_is_said(run: Run, command: str) -> None:
    code, said = SAID[command]
    answer = run("check", *command.split())
    assert (answer.code, said in " ".join((answer.out + answer.err).split())) == (code, True), (
        answer
    )


def test_the_report(run: Run) -> None:
    answer = run("check", "ops.py:Wrong", "--x", "1,2", "--json")
    report = json.loads(answer.out)
    assert (report["command"], report["program"]) == ("check", "ops.py:Wrong(x)")
    assert report["dtype"] == "float64"
    (blame,) = [f for f in report["findings"] if f["kind"] == "blame"]
    assert blame["span"]["file"] == "ops.py"
    lines = FILE.splitlines()
    assert "def backward" in lines[blame["span"]["line"] - 1]
    assert report["gradients"]["x"]["symbolic"] == [
        2 * c * x for c, x in zip(report["cotangent"], [1, 2], strict=True)
    ]


def test_at_length(run: Run) -> None:
    answer = run("check", "ops.py:Wrong", "--x", "1,2", "--why")
    assert "def backward(ctx, g):" in answer.out
    assert run("check", "ops.py:Wrong", "--x", "1", "--why", "--format", "csv").code == 2


def test_modules_by_their_parameters(run: Run) -> None:
    answer = run("check", "ops.py:net", "--input", "1,2,3", "--json", "--seed", "3")
    report = json.loads(answer.out)
    assert list(report["gradients"]) == ["input", "0.weight", "0.bias"]
    again = run("check", "ops.py:net", "--input", "1,2,3", "--json", "--seed", "3")
    assert again.out == answer.out


def test_the_parameters_of_a_method_of_a_module(run: Run) -> None:
    given = ["--init", "3", "--x", "1,2,3", "--y", "1", "--json"]
    report = json.loads(run("check", "ops.py:Fitted.loss", *given).out)
    assert list(report["gradients"]) == ["x", "y", "layer.weight", "layer.bias"]


def test_where_python_looks_for_modules_stays(run: Run) -> None:
    before = list(sys.path)
    assert run("check", "ops.py:Square", "--x", "1,2").code == 0
    assert sys.path == before


def test_an_error_shows_the_line(run: Run) -> None:
    answer = run("check", "ops.py:broken", "--x", "1,2")
    assert "return y @ torch.zeros(7)" in answer.err


ITSELF = """
def listed(x):
    found = []
    found.append(found)
    return found

def named(x):
    found = {}
    found["a"] = found
    return found

def deep(x):
    for _ in range(100_000):
        x = [x]
    return x
"""


@pytest.mark.parametrize("name", ["listed", "named", "deep"])
def test_what_holds_itself_is_told(name: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "itself.py"
    file.write_text(ITSELF)
    done = run("check", f"{file}:{name}", "--x", "1")
    assert (done.code, done.out) == (2, "")
    said = f"error: what {name} gives is nested too deeply, or holds itself\n"
    assert done.err == said
