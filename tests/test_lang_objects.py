"""Objects, generators and what is remembered, as Python has them: it is the oracle."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import gradcalc
from gradcalc import Problem
from gradcalc.errors import GradcalcError
from gradcalc.witnesses import autograd

PROGRAMS = {
    "the order of bases": """
class A:
    k = 2
    def h(self, x): return x
class B(A):
    def h(self, x): return 2*super().h(x)
class C(A):
    k = 3
    def h(self, x): return 3*super().h(x)
class D(B, C): pass
def f(x): return (D().h(x)*D().k).sum()""",
    "mixins": """
class Base:
    def __init__(self, a): self.a = a
class Scaled:
    def __init__(self, s, **rest):
        super().__init__(**rest)
        self.s = s
class Shifted:
    def __init__(self, b, **rest):
        super().__init__(**rest)
        self.b = b
class All(Scaled, Shifted, Base): pass
def f(x):
    o = All(s=2.0, b=3.0, a=5.0)
    return (x*o.s*o.a + o.b).sum()""",
    "dataclasses are equal by their fields": """
from dataclasses import dataclass
@dataclass(frozen=True)
class Q:
    u: int = 3
    v: tuple = (1, 2)
@dataclass
class R:
    u: int = 3
    v: tuple = (1, 2)
def f(x):
    s = 1.0 if Q(3) == Q() else 10.0
    s += 2.0 if Q(3) != Q(3) else 20.0
    s += 4.0 if Q(3) in [Q(4), Q(3)] else 40.0
    s += 8.0 if Q() == R() else 80.0
    return (x*s).sum()""",
    "a method that says what is equal": """
class A:
    def __init__(self, v): self.v = v
    def __eq__(self, other): return self.v == other.v
def f(x):
    s = 1.0 if A(1) != A(1) else 10.0
    s += 2.0 if A(1) in [A(1)] else 20.0
    s += 4.0 if [A(1), (A(2),)] == [A(1), (A(2),)] else 40.0
    s += 8.0*[A(1), A(2), A(1)].count(A(1)) + 100.0*[A(2), A(1)].index(A(1))
    return (x*s).sum()""",
    "tuples with names are tuples, and what is the same is in a list": """
from collections import namedtuple
P = namedtuple('P', 'a b')
def f(x):
    n = float('nan')
    s = 1.0 if P(1, 2) == (1, 2) else 10.0
    s += 2.0 if n in [n] else 20.0
    s += 4.0 if [n] == [n] else 40.0
    s += 8.0 if n == n else 80.0
    return (x*s).sum()""",
    "what a generator goes through is known when it is made": """
def f(x):
    n = 3
    g = (x**i for i in range(n))
    n = 10
    L = [x, x*x]
    h = (v*n for v in L)
    L = [100.0]
    return sum(g).sum() + sum(h).sum()""",
    "a generator of a function's own names": """
def made(x, k):
    return (v*k for v in x)
def f(x):
    k = 100.0
    return sum(made(x, 2.0)) + sum(v for v in made(x, 3.0))""",
    "what is remembered": """
import functools
from functools import cached_property, lru_cache
calls = []
@lru_cache(maxsize=None)
def fact(n): return 1 if n < 2 else n*fact(n - 1)
@functools.cache
def count(n):
    calls.append(n)
    return len(calls)
class A:
    def __init__(self, x): self.x, self.n = x, 0
    @cached_property
    def square(self):
        self.n += 1
        return self.x**2*self.n
    @lru_cache()
    def g(self, k):
        self.n += 1
        return self.n*k
def f(x):
    a = A(x)
    s = a.square + a.square + a.g(2) + a.g(2) + a.g(3)
    return (s + fact(5)*x).sum() + (count(1) + count(1) + count(2))*x[0]""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_what_python_makes_of_it(name: str) -> None:
    scope: dict[str, object] = {}
    exec(PROGRAMS[name], scope)
    values = [0.5, 1.5, -0.75]
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    output = scope["f"](x)  # type: ignore[operator]
    output.backward()
    found = autograd.testify(Problem(PROGRAMS[name] + "\nf(x)", {"x": values}))
    assert float(found.value) == pytest.approx(output.item(), rel=1e-13)
    assert x.grad is not None
    assert found.gradients["x"].tolist() == pytest.approx(x.grad.tolist(), rel=1e-12)


LAYERS = {
    "nn.Linear(2, 1)": nn.Linear(2, 1), "nn.ReLU6()": nn.ReLU6(), "nn.LSTM(2, 2)": nn.LSTM(2, 2),
    "nn.Conv2d(1, 1, 1)": nn.Conv2d(1, 1, 1), "nn.Sequential(nn.Tanh())": nn.Sequential(nn.Tanh()),
    "nn.BatchNorm1d(2)": nn.BatchNorm1d(2), "nn.Embedding(2, 2)": nn.Embedding(2, 2),
    "nn.ZeroPad2d(1)": nn.ZeroPad2d(1), "nn.LayerNorm(2)": nn.LayerNorm(2),
}  # fmt: skip
KINDS = (
    "Linear", "ReLU6", "Hardtanh", "LSTM", "RNNBase", "Conv2d", "Conv1d", "Sequential",
    "BatchNorm1d", "Embedding", "ZeroPad2d", "ConstantPad2d", "LayerNorm", "Module", "GRU",
)  # fmt: skip


@pytest.mark.parametrize("text", LAYERS)
def test_layers_are_of_torchs_classes(text: str) -> None:
    asked = ("isinstance(m, nn.{})", "isinstance(m, (nn.{}, nn.Bilinear))", "type(m) is nn.{}",
             "type(m) == nn.{}")  # fmt: skip
    tests = [question.format(kind) for question in asked for kind in KINDS]
    true = [bool(eval(test, {"nn": nn, "m": LAYERS[text]})) for test in tests]
    lines = "".join(f"    s += {2.0**k} if {t} else 0.0\n" for k, t in enumerate(tests[:30]))
    more = "".join(f"    r += {2.0**k} if {t} else 0.0\n" for k, t in enumerate(tests[30:]))
    program = (
        f"import torch\nfrom torch import nn\ndef f(x):\n    m = {text}\n    s, r = 0.0, 0.0\n"
        f"{lines}{more}    return x[0]*s + x[1]*r"
    )
    report = gradcalc.grad(program, x=[1.0, 2.0], wrt="x", check=False)
    found = [sum(2.0**k for k, t in enumerate(part) if t) for part in (true[:30], true[30:])]
    assert report.gradient["x"].tolist() == found


def test_a_class_that_is_not_known_is_told() -> None:
    text = "import torch\nfrom torch import nn\ndef f(x):\n    m = nn.Linear(1, 1)\n"
    ask = "    return x if isinstance(m, nn.modules.lazy.LazyModuleMixin) else 2*x"
    with pytest.raises(GradcalcError):
        gradcalc.grad(text + ask, x=1.0, wrt="x")


VIEWED = {
    "x.t().view(6)": False, "x.t().reshape(6).view(2, 3)": True, "x[:, :1].view(-1)": True,
    "x[:, :2].view(-1)": False, "x[1:].view(-1)": True, "x.t()[:1].view(2)": True,
    "(x*2).view(3, 2)": True, "x[:, 1:][:, 2:].view(-1)": True, "x.t().contiguous().view(6)": True,
    "x[::2].view(3)": True, "x.permute(1, 0).view(3, 2, 1)": True, "x.T.flatten().view(3, 2)": True,
}  # fmt: skip


@pytest.mark.parametrize("text", VIEWED)
def test_a_view_is_of_what_stands_in_order(text: str) -> None:
    values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    problem = Problem(f"import torch\n({text}).sum()", {"x": values}, check=False)
    if VIEWED[text]:
        assert autograd.testify(problem).value == eval(text, {"x": torch.tensor(values)}).sum()
        return
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        eval(text, {"x": torch.tensor(values)})
    with pytest.raises(GradcalcError, match="no such shape"):
        autograd.testify(problem)


BACKWARD = """import torch
import torch.nn as nn
from torch.autograd import Function

class Straight(Function):
    @staticmethod
    def forward(ctx, x):
        return x.sign()
    @staticmethod
    def backward(ctx, g):
        return g

rounded = Straight.apply

def untaken(x, hard=False):
    if hard:
        x = Straight.apply(x)
    return (x**2).sum()

def taken(x):
    return (Straight.apply(x)*x).sum()

def named(x):
    return (rounded(x)*x).sum()

def tried(x):
    try:
        return Straight.apply(x).sum()
    except Exception:
        return x.sum()

class Net(nn.Module):
    __constants__ = ["power"]
    power: int
    def __init__(self, hard=False):
        super().__init__()
        self.power = 2
        self.act = Straight.apply if hard else torch.tanh
    def forward(self, x):
        return (self.act(x)**self.power).sum()

class Point:
    __slots__ = ("x",)
    def __init__(self, x):
        self.x = x

def slotted(x):
    return (Point(x).x**2).sum()
"""


@pytest.mark.parametrize("target", ["untaken", "Net", "slotted"])
def test_a_backward_that_is_not_called_changes_nothing(target: str, tmp_path: Path) -> None:
    file = tmp_path / "backward.py"
    file.write_text(BACKWARD)
    assert gradcalc.grad(f"{file}:{target}", x=[0.3, 2.0]).verdict.outcome == "verified"


@pytest.mark.parametrize("target", ["taken", "named", "tried", "Net(True)", "Straight"])
def test_a_backward_that_is_called_is_refused(target: str, tmp_path: Path) -> None:
    file = tmp_path / "backward.py"
    file.write_text(BACKWARD)
    with pytest.raises(GradcalcError, match="Straight has a backward of its own"):
        gradcalc.grad(f"{file}:{target}", x=[0.3, 2.0])


CLASSES = """
from abc import ABC, ABCMeta, abstractmethod
from dataclasses import dataclass
from typing import Protocol
"""
PYTHON_STOPS = {
    "no such slot": "class B:\n    __slots__ = ('a',)\nb = B()\nb.a = x\nb.b = x",
    "one slot as a text": "class B:\n    __slots__ = 'ab'\nb = B()\nb.a = x",
    "slots of a dataclass": "@dataclass(slots=True)\nclass B:\n    a: float\nb = B(x)\nb.b = x",
    "slots of both": "class A:\n    __slots__ = ['a']\nclass B(A):\n    __slots__ = ['b']\n"
    "b = B()\nb.a = x\nb.b = x\nb.c = x",
    "a slot with a value": "class B:\n    __slots__ = ('a',)\n    a = 3\nb = B()",
    "an abstract class": "class B(ABC):\n    @abstractmethod\n    def g(self): ...\nb = B()",
    "half of an abstract class": "class A(metaclass=ABCMeta):\n    @abstractmethod\n"
    "    def g(self): ...\n    @property\n    @abstractmethod\n    def h(self): ...\n"
    "class B(A):\n    def g(self): return 1\nb = B()",
    "abstract again": "class A(ABC):\n    def g(self): return 1\nclass B(A):\n"
    "    @abstractmethod\n    def g(self): ...\nb = B()",
    "a protocol": "class B(Protocol):\n    def g(self): ...\nb = B()",
    "one default of all": "@dataclass\nclass B:\n    a: list = []",
    "an order of its own": "@dataclass(order=True)\nclass B:\n    a: float = 1.\n"
    "    def __lt__(self, other): return True",
}
PYTHON_RUNS = {
    "slots and a base with any": "class A: pass\nclass B(A):\n    __slots__ = ('a',)\n"
    "b = B()\nb.b = 2*x",
    "a dictionary among them": "class B:\n    __slots__ = ('a', '__dict__')\nb = B()\nb.b = 2*x",
    "a private slot": "class B:\n    __slots__ = ('__a', 'b')\n"
    "    def __init__(self, a): self.__a = a; self.b = 2*self.__a\nb = B(x)",
    "slots of a dataclass's base": "@dataclass(slots=True)\nclass A:\n    b: float\n"
    "@dataclass(slots=True)\nclass B(A):\n    a: float = 1.0\nb = B(x)\nb.b = 2*x",
    "all of an abstract class": "class A(ABC):\n    @abstractmethod\n    def g(self): ...\n"
    "class B(A):\n    def g(self): return 1\nb = B()\nb.b = 2*x",
    "all of it that is never asked": "class A(ABC):\n    @abstractmethod\n    def plot(self): ...\n"
    "class B(A):\n    def plot(self): show(self)\nb = B()\nb.b = 2*x",
    "abstract without its base": "class B:\n    @abstractmethod\n    def g(self): ...\n"
    "b = B()\nb.b = 2*x",
    "made from a protocol": "class A(Protocol):\n    def g(self): ...\nclass B(A):\n"
    "    def g(self): return 1\nb = B()\nb.b = 2*x",
}


def of_classes(body: str) -> str:
    """A file whose function makes an object as a text has it, and gives its `b`."""
    classes, _, made = body.partition("\nb = ")
    lines = f"b = {made}".split("\n") if made else ["b = B()"]
    inside = "".join(f"    {line}\n" for line in lines)
    return f"{CLASSES}{classes}\ndef f(x):\n{inside}    return x*b.b\n"


@pytest.mark.parametrize("name", PYTHON_STOPS)
def test_an_object_that_python_refuses_is_refused(name: str) -> None:
    text = of_classes(PYTHON_STOPS[name])
    with pytest.raises((ValueError, TypeError, AttributeError)):
        exec(f"{text}\nf(1.0)", {"__name__": "kept"})
    with pytest.raises(GradcalcError):
        gradcalc.grad(text, x=1.0)


@pytest.mark.parametrize("name", PYTHON_RUNS)
def test_an_object_that_python_makes_is_made(name: str) -> None:
    text = of_classes(PYTHON_RUNS[name])
    scope: dict[str, Any] = {"__name__": "kept"}
    exec(text, scope)
    assert scope["f"](3.0) == 18.0
    found = gradcalc.grad(text, x=3.0)
    assert found.verdict.outcome == "verified"
    assert found.gradient["x"] == 12.0


@pytest.mark.parametrize("asked", ["hasattr(lib, 'pi')", "getattr(lib, 'pi', None) is not None"])
def test_what_a_module_that_is_a_value_has_is_not_guessed(asked: str) -> None:
    text = f"import math\ndef f(x, lib=math):\n    return 2*x if {asked} else x"
    with pytest.raises(GradcalcError, match="is not asked of a module"):
        gradcalc.grad(text, x=1.0)
