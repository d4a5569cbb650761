"""Functions of files in which other things stand too."""

import numpy as np
import pytest

from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from tests.lang_backends import problem

TRAIN = """\
from __future__ import annotations
import os, torch
import numpy as np
import matplotlib.pyplot as plt
from torch import nn, optim
from numba import njit

class Net(nn.Module):
    def forward(self, x):
        return x

SCALE = 2.0
SCALE *= 3
OTHER = open("log.txt")

def helper(x):
    return SCALE*x**2

@njit(cache=True)
def f(x, k=1):
    return helper(x).sum()*k

@torch.no_grad()
def frozen(x):
    return 2*x

@torch.jit.script
def mixed(x):
    return (frozen(x)*x).sum()

def shadowed(y):
    x = y*y
    return x

async def nothing():
    pass

x = torch.linspace(0, 1, 5, requires_grad=True)
y = f(x)
y.backward()
x.requires_grad_()
print(x.grad)
plt.plot([1, 2], [3, 4])
with open("log.txt") as log:
    pass
try:
    import wandb
except ImportError:
    wandb = None
for epoch in range(10):
    print(epoch, os.getcwd())
if __name__ == "__main__":
    plt.show()
"""


@pytest.mark.parametrize(
    ("function", "value", "gradient"),
    [
        ("f", 30.0, [12.0, 24.0]),
        ("helper", [6.0, 24.0], [12.0, 24.0]),
        ("frozen", [2.0, 4.0], [0.0, 0.0]),
        ("mixed", 10.0, [2.0, 4.0]),
    ],
)
def test_a_function_works_though_other_lines_do_other_things(
    function: str, value: object, gradient: list[float]
) -> None:
    program = compile_program(TRAIN, function=function)
    assert program.required == ("x",)
    report = calculate(Problem(program, {"x": np.array([1.0, 2.0])}, wrt=("x",)))
    assert report.verdict.outcome == "verified"
    assert np.asarray(report.value).tolist() == value
    assert report.gradient["x"].tolist() == gradient


def test_a_name_of_its_own_is_not_reached() -> None:
    program = compile_program(TRAIN, function="shadowed")
    assert [type(s).__name__ for s in program.body if not hasattr(s, "names")] == ["FunctionDef"]
    assert program.naming.arrays == compile_program(TRAIN, function="f").naming.arrays


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SCALE = open('x')\ndef f(x): return SCALE*x", "open"),
        ("def g(x):\n    global a\n    return x\ndef f(x): return g(x)", "global"),
        ("import wandb\ndef f(x): return wandb.log(x)", "wandb"),
        ("@other\ndef g(x): return x\ndef f(x): return g(x)", "the decorator other"),
    ],
)
def test_what_is_reached_is_checked_as_ever(text: str, says: str) -> None:
    with pytest.raises(GradcalcError, match=says.replace("[", "\\[").replace("]", "\\]")):
        compile_program(text, function="f")


REAL = (
    "import torch, functools, jax\nfrom torch import no_grad as frozen, jit\nimport numba as nb\n"
)
WRAPPED = {
    "@torch.no_grad": [0.0, 0.0], "@frozen()": [0.0, 0.0], "@torch.inference_mode()": [0.0, 0.0],
    "@torch.enable_grad()": [2.0, 4.0], "@torch.compile": [2.0, 4.0], "@jit.script": [2.0, 4.0],
    "@nb.njit(cache=True)": [2.0, 4.0], "@functools.cache": [2.0, 4.0], "@jax.jit": [2.0, 4.0],
}  # fmt: skip


@pytest.mark.parametrize("decorator", WRAPPED)
def test_a_wrapper_that_is_known_counts_as_it_does(decorator: str) -> None:
    text = f"{REAL}{decorator}\ndef g(x): return x**2\ndef f(x): return g(x).sum() + 0*x.sum()"
    program = compile_program(text, function="f")
    report = calculate(Problem(program, {"x": np.array([1.0, 2.0])}, wrt=("x",)))
    assert report.gradient["x"].tolist() == WRAPPED[decorator]


CALLED = (
    "jax.jit(g)", "jax.jit(g, static_argnums=())", "functools.partial(jax.jit, inline=True)(g)",
    "jax.checkpoint(g)", "jax.remat(g)", "torch.compile(g, fullgraph=True)", "jit.script(g)",
    "nb.njit(lambda x: x**2)", "jax.jit(jax.checkpoint(g))", "torch.compiler.disable(g)",
)  # fmt: skip


@pytest.mark.parametrize("call", CALLED)
def test_a_wrapper_counts_where_it_is_called_too(call: str) -> None:
    made = f"{REAL}def g(x): return x**2\n"
    for text in (f"h = {call}\ndef f(x): return h(x).sum()", f"def f(x): return ({call})(x).sum()"):
        report = calculate(problem(made + text, {"x": [1.0, 2.0]}, function="f"))
        assert report.gradient["x"].tolist() == [2.0, 4.0]


@pytest.mark.parametrize("wrapper", ["jax.custom_vjp", "functools.partial(jax.custom_jvp)"])
def test_a_backward_of_ones_own_is_said_to_be_one(wrapper: str) -> None:
    with pytest.raises(GradcalcError, match="cannot be used in a program") as refusal:
        compile_program(
            f"{REAL}@{wrapper}\ndef g(x): return x\ndef f(x): return g(x)", function="f"
        )
    assert "a backward of its own is not run here" in (refusal.value.hint or "")


def test_a_wrapper_that_a_function_binds_is_its_own() -> None:
    text = f"{REAL}def f(x, jit=lambda fn: lambda x: 5*fn(x)): return jit(lambda x: x)(x)"
    report = calculate(problem(text, {"x": [1.0, 2.0]}, function="f"))
    assert report.gradient["x"].tolist() == [5.0, 5.0]
    own = "from jax import jit\ndef f(x):\n    jit = lambda fn: lambda x: 5*fn(x)\n"
    report = calculate(problem(f"{own}    return jit(lambda x: x)(x)", {"x": [1.0]}, function="f"))
    assert report.gradient["x"].tolist() == [5.0]


def test_what_a_logger_is_asked_decides_nothing_but_what_is_told() -> None:
    text = "import logging\nlog = logging.getLogger()\ndef f(x):\n    y = x\n"
    asked = f"{text}    if log.isEnabledFor(logging.WARNING):\n        "
    told = compile_program(f"{asked}log.warning(x)\n    return y", function="f")
    assert calculate(Problem(told, {"x": np.array(1.0)}, wrt=("x",))).gradient["x"] == 1.0
    with pytest.raises(GradcalcError, match="logging"):
        compile_program(f"{asked}y = 2*x\n    return y", function="f")


@pytest.mark.parametrize("name", ["script", "cache", "compile", "njit", "jit", "no_grad"])
@pytest.mark.parametrize("form", ["@{}\ndef g(x): return x", "@{}()\ndef g(x): return x"])
def test_a_wrapper_of_the_file_is_not_taken_for_a_known_one(name: str, form: str) -> None:
    made = "lambda fn: lambda x: 5*fn(x)" if "()" in form else "lambda x: 5*fn(x)"
    own = f"def {name}(fn=None): return {made}\n{form.format(name)}\ndef f(x): return g(x)"
    report = calculate(problem(own, {"x": [1.0, 2.0]}, function="f"))
    assert report.gradient["x"].tolist() == [5.0, 5.0]
    for text in (f"from mine import {name}\n{form.format(name)}", form.format(name)):
        with pytest.raises(GradcalcError, match=r"decorator|cannot be imported|nor what @"):
            compile_program(f"{text}\ndef f(x): return g(x)", function="f")


def test_a_gradient_that_is_let_by_again_is_refused() -> None:
    text = "import torch\n@torch.enable_grad()\ndef g(x): return x\n"
    text += "@torch.no_grad()\ndef f(x): return g(x)"
    with pytest.raises(GradcalcError, match=r"the decorator torch\.enable_grad"):
        compile_program(text, function="f")


def test_what_is_logged_costs_nothing() -> None:
    text = """\
import logging, warnings
logger = logging.getLogger(__name__)
def f(x):
    import numbers
    if isinstance(x, numbers.Number):
        logger.warning("a number: %s", x)
    logger.info("x is %s", float(x.sum()))
    warnings.warn("slow")
    return (x**2).sum()
"""
    for function in (None, "f"):
        program = compile_program(text, function=function)
        report = calculate(Problem(program, {"x": np.array([1.0, 2.0])}, wrt=("x",)))
        assert (report.verdict.outcome, report.detached) == ("verified", ())
    with pytest.raises(GradcalcError):
        compile_program("import logging\ndef f(x):\n    logging.info(w.append(x))\n    return x")


@pytest.mark.parametrize("library", ["torch", "numpy"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_dtype_of_a_file_is_that_of_the_calculation(library: str, dtype: str) -> None:
    text = "import torch, numpy\ntorch.set_default_dtype(torch.float64)\n"
    text += f"def f(x): return {library}.sin(x)"
    program = compile_program(text, function="f")
    if library == "torch" and dtype == "float32":
        with pytest.raises(GradcalcError, match="sets torch's dtype to float64") as raised:
            Problem(program, {"x": np.array(1.0)}, dtype=dtype)
        assert raised.value.hint == "--dtype float64"
    else:
        assert Problem(program, {"x": np.array(1.0)}, dtype=dtype).program.required == ("x",)


def test_a_star_that_may_hide_what_is_needed_is_refused() -> None:
    with pytest.raises(GradcalcError, match="mine"):
        compile_program("s = 2.0\nfrom mine import *\ndef f(x): return s*x", function="f")
    assert compile_program(
        "import torch\nfrom mine import *\ndef f(x): return torch.sin(x)", function="f"
    ).required
    with pytest.raises(GradcalcError, match="mine"):
        compile_program("from mine import *\ndef f(x): return sin(x)", function="f")


def test_the_whole_of_a_text_is_checked_where_no_function_is_named() -> None:
    with pytest.raises(UnsupportedError, match="global"):
        compile_program("def g(x):\n    global y\ndef f(x): return x")


def test_a_function_that_is_not_there_is_told_first() -> None:
    with pytest.raises(GradcalcError, match="no function called ff") as raised:
        compile_program(TRAIN, function="ff")
    assert raised.value.hint is not None


def test_what_a_file_does_to_what_is_needed_is_done() -> None:
    text = "W = []\nW.append(3)\nV = [1]\nfor i in range(3):\n    V[0] = i\n"
    text += "def f(x): return x*W[0]*V[0]"
    report = calculate(problem(text, {"x": 2.0}, function="f"))
    assert report.gradient["x"] == 6.0


CALLED = """\
import torch, numpy as np
import matplotlib.pyplot as plt
from scipy.optimize import minimize
LAM = 0.5
def f(x):
    if x.ndim > 2:
        raise ValueError(f"bad shape {x.shape}")
    return LAM*(x**2).sum()
x = torch.ones(3, requires_grad=True)
y = f(x); y.backward(); print(x.grad); plt.plot([1])
for k in range(3):
    print(k, f(torch.randn(3)).item())
history = [f(torch.randn(3)) for _ in range(3)]
found = minimize(f, np.zeros(3), options={"disp": True})
with open("out.txt", "w") as out:
    out.write(str(f(x)))
"""


def test_a_function_may_raise_and_be_called_by_the_lines_that_are_left_out() -> None:
    program = compile_program(CALLED, function="f")
    kept = [type(s).__name__ for s in program.body if not hasattr(s, "names")]
    assert kept == ["Assign", "FunctionDef"]


METHODS = """\
import json, os
import numpy as np
from torch import nn

SEEN = [1.0]
BAD = "plot"

class Base:
    def __init__(self, k=3.0):
        SEEN.append(k)
        self.k = k
    def value(self, x):
        return self.k*x
    def {name}(self, x=1, y=int(3.0)):
        with open("log.txt") as log:
            json.dump(x, log)
        return __file__

class Derived(Base):
    def __call__(self, x):
        return self.value(x) {end}

class Net(nn.Module):
    def forward(self, x):
        return 5*x
    def {name}(self):
        return os.getcwd()

made = Derived()

def summed(x):
    return x*sum(SEEN)
"""


@pytest.mark.parametrize(
    ("function", "slope"),
    [("Derived(2.0)", 2.0), ("Derived.value", 3.0), ("Net", 5.0), ("summed", 4.0)],
)
def test_methods_that_nothing_asks_for_may_do_what_they_like(function: str, slope: float) -> None:
    """A constructor that a class has from another one does what it does, too."""
    program = compile_program(METHODS.format(name="plot", end=""), function=function)
    report = calculate(Problem(program, {"x": np.float64(0.7)}))
    assert report.gradients[0].autograd == pytest.approx(slope)
    assert report.verdict.outcome == "verified"


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("plot", "+ self.plot()"),
        ("plot", "+ getattr(self, 'plot')()"),
        ("plot", "+ getattr(self, BAD)()"),
        ("plot", "+ list(map(getattr, [self], [BAD]))[0]()"),
        ("value", ""),
        ("__abs__", "+ abs(self)"),
    ],
)
def test_methods_that_something_may_ask_for_are_checked(name: str, end: str) -> None:
    with pytest.raises(GradcalcError):
        compile_program(METHODS.format(name=name, end=end), function="Derived(2.0)")
