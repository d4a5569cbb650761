"""Sentences at points, and of programs, where it is easy to say what is not so."""

from pathlib import Path
from typing import Any

import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError
from gradcalc.lang.program import Budget
from tests.command import Run

UNTOLD = [
    ("torch.where(torch.isinf(1/x), x, 3*x).sum()", [0.0, 2.0], "div at 1, 0"),
    ("torch.where(torch.isinf(1/(x - x)), 2*x, x)", 3.0, "div at 1, 0"),
    ("torch.where(torch.isinf(torch.log(x)), 2*x, x)", 0.0, "log at 0"),
    ("torch.where(torch.isinf(torch.atanh(x)), 2*x, x)", 1.0, "atanh at 1"),
    ("2*x if torch.isinf(1/x) else x", 0.0, "div at 1, 0"),
    ("2*x.sum() if torch.isinf(1/(x - 1)).any() else x.sum()", [1.0, 2.0], "div at 1, 0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "what"), UNTOLD)
def test_infinity_that_a_program_asks_for_is_no_rounding(text: str, x: Any, what: str) -> None:
    report = grad(f"import torch\n{text}", x=x)
    assert report.verdict.outcome == "unresolved"
    said = [report.verdict.message, *(found.message for found in report.findings)]
    assert f"{what}, which is no number in exact arithmetic" in said[0]
    assert not any("rounding" in sentence for sentence in said)


HOLDING = [
    ("torch.where(torch.isnan(x/x), x, 2*x).sum()", [0.0, 2.0], "2*ones_like(x)"),
    ("torch.where(torch.isfinite(x/x), 3*x, x)", 0.0, "3"),
    ("torch.where(torch.isnan(x/x), x, x + torch.sin(x))", 0.0, "cos(x) + 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "formula"), HOLDING)
def test_a_formula_that_gives_the_true_gradient_is_shown(text: str, x: Any, formula: str) -> None:
    report = grad(f"import torch\n{text}", x=x)
    (found,) = report.gradients
    assert report.verdict.outcome == "wrong"
    assert found.formula is not None
    assert found.formula.body == formula
    assert [finding.kind for finding in report.findings] == ["point"]


def stopped(text: str, x: Any) -> list[str]:
    """The findings on what passes no gradient back."""
    findings = grad(text, x=x).findings
    return [found.message for found in findings if found.kind in ("stopped", "dead")]


IDLE = [
    "print(x[0].item())",
    "print(f'{x.sum().item():.3f}', float(x[0]))",
    "assert x.min().item() > 0, float(x[0])",
    "if x.sum().item() > 100:\n        raise ValueError(f'too large: {x.sum().item()}')",
    "if x.sum().item() > 1:\n        print('large', float(x.sum()))",
    "s = f'{x[0].item()}'\n    t = s + str(float(x[0]))",
    "seen = []\n    for k in range(3):\n        seen.append(x.sum().item())\n    print(max(seen))",
    "seen = []\n    seen.append(float(x[0]))\n    for k in seen:\n        print(k)",
    "import logging\n    logging.info('%s', x[0].item())",
]
REACHING = [
    ("y = y*x[0].item()", "x[0].item()"),
    ("a = float(x[0])\n    b = a + 1\n    y = y*b", "float(x[0])"),
    ("h = []\n    h.append(float(x[0]))\n    y = y*h[0]", "float(x[0])"),
    ("h = []\n    g = h\n    g.append(float(x[0]))\n    y = y*h[0]", "float(x[0])"),
    ("h = {}\n    h['a'] = float(x[0])\n    y = y*h['a']", "float(x[0])"),
    ("print(a := float(x[0]))\n    y = y*a", "float(x[0])"),
    ("if float(x[0]) > 0:\n        y = 2*y", "float(x[0])"),
    ("if (a := float(x[0])) > 100:\n        raise ValueError\n    y = a*y", "float(x[0])"),
    ("def put(h):\n        h.append(float(x[0]))\n    h = []\n    put(h)\n    y = y*h[0]",
     "float(x[0])"),
    ("class A:\n        c = float(x[0])\n    y = y*A().c", "float(x[0])"),
    ("try:\n        raise ValueError(float(x[0]))\n    except ValueError as e:\n"
     "        y = y*e.args[0]", "float(x[0])"),
]  # fmt: skip


@pytest.mark.parametrize("line", IDLE)
def test_what_is_only_printed_or_tested_for_stops_nothing(line: str) -> None:
    assert stopped(f"def f(x):\n    y = x*x\n    {line}\n    return y.sum()", [1.0, 2.0]) == []


@pytest.mark.parametrize(("line", "source"), REACHING)
def test_what_reaches_the_output_is_told(line: str, source: str) -> None:
    (said,) = stopped(f"def f(x):\n    y = x*x\n    {line}\n    return y.sum()", [1.0, 2.0])
    assert source in said


def test_an_input_that_is_only_printed_is_not_used() -> None:
    report = grad("def f(x, y):\n    print(y.item())\n    return x*x", x=2.0, y=1.0)
    said = [found.message for found in report.findings]
    assert said == ["the output does not depend on y, so the gradient is 0"]


def test_a_place_is_told_once_however_often_it_is_passed() -> None:
    loop = "def f(x):\n    y = x\n    for i in range(9):\n        y = y + {}*x\n    return y.sum()"
    (said,) = stopped(loop.format("float(x[0])"), [1.0, 2.0])
    assert (
        said
        == "float(x[0]) takes a plain number out of a tensor and passes no gradient back (9 times)"
    )
    many = stopped(loop.format("*".join(f"float(x[{i}])" for i in range(5))), [1.0] * 5)
    assert [m.partition(" ")[0] for m in many] == ["float(x[0])", "float(x[1])", "float(x[2])"]
    assert many[-1].endswith("(9 times); 2 more places do so")


@pytest.mark.parametrize(
    "text", ["1/(x - x)", "1/x", "1/(x*0.0)", "math.log(x - x)", "math.log(x)"]
)
def test_what_raises_here_may_do_so_everywhere(text: str) -> None:
    handled = f"    try:\n        return {text}\n    except (ValueError, ZeroDivisionError):\n"
    with pytest.raises(GradcalcError, match="may not beside this point"):
        grad(f"import math\ndef f(x):\n{handled}        return 3*x", x=0.0)


BORDERS = [
    ("acosh", "arccosh", 1.0), ("acos", "arccos", 1.0), ("acos", "arccos", -1.0),
    ("asin", "arcsin", 1.0), ("asin", "arcsin", -1.0), ("sqrt", "sqrt", 0.0), ("log", "log", 0.0),
    ("log2", "log2", 0.0), ("log10", "log10", 0.0), ("log1p", "log1p", -1.0),
    ("atanh", "arctanh", 1.0), ("atanh", "arctanh", -1.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "numpys", "at"), BORDERS)
def test_a_border_is_one_in_every_library(name: str, numpys: str, at: float) -> None:
    calls = (f"math.{name}(x)", f"torch.{name}(x)", f"numpy.{numpys}(x)", f"math.{name}(0 + x)")
    for call in calls:
        report = grad(f"import {call.partition('.')[0]}\n{call}", x=at)
        assert report.verdict.outcome == "edge", call
        (said,) = [found.message for found in report.findings]
        assert said == f"{name} at {at:g} is on the border of its domain", call


COLLATZ = """\
def f(x):
    n = {}
    c = 0
    while n != 1:
        n = n//2 if n % 2 == 0 else 3*n + 1
        c += 1
    return c*x
"""
ENDLESS = [
    (COLLATZ.format("x"), 27.0),
    ("def f(x):\n    n = x\n    while n != 0:\n        n = n - 1\n    return x*x", 40.0),
    ("def f(x):\n    y = x\n    while y != 1:\n        y = y/2\n    return x*x", 8.0),
]


@pytest.mark.parametrize(("text", "x"), ENDLESS)
def test_a_loop_that_ends_at_this_point_alone(text: str, x: float) -> None:
    verdict = grad(text, x=x).verdict
    assert verdict.outcome == "unresolved"
    assert "beside this point the program did not end within" in verdict.message


def test_a_loop_on_whole_numbers_takes_no_time_beside_the_point(monkeypatch: Any) -> None:
    taken: list[int] = []
    tick = Budget.tick
    monkeypatch.setattr(Budget, "tick", lambda b, n=1: taken.append(n) or tick(b, n))
    assert grad(COLLATZ.format("27"), x=2.0).verdict.outcome == "verified"
    assert sum(taken) < 5_000
    taken.clear()
    assert grad(COLLATZ.format("int(x)"), x=27.5).gradient["x"] == 111.0
    assert sum(taken) < 500_000


FILES = [
    ("def loss(x):\n    return x*x\ndef main():\n    return loss(3)\n", "", ["--x", "1"],
     "main, which is differentiated, has no x", "loss has it: give the file as FILE.py:loss"),
    ("def loss(x):\n    return x*x\ndef main():\n    return loss(3)\n", ":main", ["--x", "1"],
     "main, which is differentiated, has no x", "loss has it: give the file as FILE.py:loss"),
    ("def f(x):\n    return x*x\n", "", ["--x", "1", "--fn", "f"],
     "the program does not use fn", "a function is named behind its file: FILE.py:NAME"),
    ("def f(x):\n    return x*x\n", "::f", ["--x", "1"],
     "one colon stands between a file and its function, not 2", "{}:f"),
    ("class A:\n    def f(self, x):\n        return x*x\n", ":f", ["--x", "1"],
     "the program defines no function called f", "it is a method: A.f"),
    ("class A:\n    def f(self, x):\n        return x*x\n", "", ["--x", "1"],
     "the program has no output",
     "end it with an expression or an assignment, or give the file as FILE.py:A.f"),
    ("from scipy.special import wrightomegas\ndef f(x):\n    return wrightomegas(x)\n", "",
     ["--x", "1"], "scipy.special has no wrightomegas here",
     "gradcalc functions lists what can be called"),
    ("from scipy.special import gamm\ndef f(x):\n    return gamm(x)\n", "", ["--x", "1"],
     "scipy.special has no gamm here", "did you mean gamma?"),
    ("from somewhere import g\ndef f(x):\n    return g(x)\n", "", ["--x", "1"],
     "somewhere.g cannot be imported",
     "torch, numpy, math, scipy.special and jax.numpy are known"),
    ("def f(x):\n    return helper(x)\n", "", ["--x", "1"], "there is no function called helper",
     "gradcalc functions lists them all"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "options", "message", "tip"), FILES)
def test_a_file_that_is_not_called_right(
    run: Run, tmp_path: Path, text: str, name: str, options: list[str], message: str, tip: str
) -> None:
    path = tmp_path / "own.py"
    path.write_text(text, encoding="utf-8")
    answer = run("grad", f"{path}{name}", *options)
    assert answer.code == 2
    assert f"error: {message}\n" in answer.err
    assert f"tip: {tip.format(path)}\n" in answer.err


@pytest.mark.parametrize("command", ["grad", "jacobian", "formula", "export"])
@pytest.mark.parametrize("word", ["f", "f(x)"])
def test_a_function_in_a_word_of_its_own(run: Run, tmp_path: Path, command: str, word: str) -> None:
    path = tmp_path / "own.py"
    path.write_text("def f(x):\n    return x*x\n", encoding="utf-8")
    answer = run(command, str(path), word, *(() if command == "formula" else ("--x", "1")))
    assert answer.code == 2
    assert f"error: {word} behind {path} is read as a program of its own\n" in answer.err
    assert f"without a blank: {path}:f\n" in answer.err


@pytest.mark.parametrize(
    ("brought", "call", "code"),
    [
        ("import torch", "torch.exp(x)", 0),
        ("import torch\nimport numpy as np", "torch.exp(x)", 2),
        ("import torch\nimport numpy as np", "np.exp(x)", 2),
        ("import torch\nimport numpy as np", "np.exp(x)*torch.exp(x)", 2),
    ],
)
def test_other_functions_of_a_file_say_whose_arrays_they_are(
    run: Run, tmp_path: Path, brought: str, call: str, code: int
) -> None:
    path = tmp_path / "own.py"
    text = f"{brought}\ndef g(x):\n    return {call}\n"
    path.write_text(f"{text}def f(x):\n    return x.std()\n", encoding="utf-8")
    assert run("grad", f"{path}:f", "--x", "1,2").code == code


def test_two_programs_that_only_look_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("def f(x):\n    return x*x\n", encoding="utf-8")
    assert run("grad", str(path), "f", "--x", "1", "--f", "2").code == 0
    assert run("grad", str(path), "x", "--x", "1").code == 0


UNDERIVED = {
    "torch.vander(x).sum()": [1.0, 2.0, 3.0],
    "torch.vander(x, 2, increasing=True)[0, 1]": [1.0, 2.0, 3.0],
    "((x*3)//2*x).sum()": [1.0, 2.0, 3.5],
    **{f"torch.linalg.cond(x, {p})": [[1.0, 2.0], [0.3, 5.0]] for p in ("1", "-1", "'fro'")},
}


@pytest.mark.parametrize("text", UNDERIVED)
def test_what_torch_stops_in_is_said(text: str) -> None:
    leaf = torch.tensor(UNDERIVED[text], dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError):
        eval(text, {"torch": torch, "x": leaf}).backward()
    report = grad(f"import torch\n{text}", x=UNDERIVED[text])
    assert [f.message for f in report.findings if "torch stops with an error" in f.message]


def test_what_torch_does_not_stop_in_is_not_said() -> None:
    for text in ("torch.linalg.vander(x).sum()", "torch.linalg.cond(torch.outer(x, x) + 1, 2)"):
        report = grad(f"import torch\n{text}", x=[1.0, 2.0, 4.0])
        assert not [f for f in report.findings if "stops with" in f.message]


WITHOUT_GRAPH = {
    "all": "torch.autograd.functional.hessian(lambda t: t.prod(), x).sum()",
    "a part": "def f(x):\n    g, = torch.autograd.grad((x*x).sum(), x)\n    return (g*g + x).sum()",
}


@pytest.mark.parametrize("name", WITHOUT_GRAPH)
def test_a_derivative_without_a_graph_is_told_once_with_its_cure(name: str) -> None:
    text = WITHOUT_GRAPH[name]
    hints = [f.hint for f in grad(f"import torch\n{text}", x=[1.0, 2.0]).findings]
    assert hints.count("create_graph=True lets the gradient through") == 1


def test_an_input_that_is_not_finite_is_no_operation() -> None:
    report = grad("where(x[:, None] > 0, x[:, None], 1)", x=[float("nan"), 1.0])
    assert report.verdict.message == "not checked: x[0] is not finite"
    assert not report.findings


KEPT = {
    "from collections import deque\nd = deque([1])": ("d.sum()", "a deque"),
    "d = frozenset([1])": ("x * d", "a frozenset"),
    "class A:\n    pass": ("x * A", "a class"),
    "import torch\nd = torch.float32": ("x * d", "a dtype"),
    "import torch\nd = torch.device('cpu')": ("x * d", "a device"),
    "import torch\nd = torch.contiguous_format": ("x * d", "a layout of memory"),
    "import torch\nd = torch.Generator()": ("x * d", "a random generator"),
    "d = {1: 2}.keys()": ("x * d", "a view of a dictionary"),
    "d = {1: 2}": ("d * x", "a dictionary"),
    "d = max": ("d * x", "a function"),
}
"""What no calculation takes, and what a sentence calls it."""


@pytest.mark.parametrize("text", KEPT)
def test_what_a_calculation_does_not_take_is_called_what_it_is(text: str) -> None:
    expression, called = KEPT[text]
    with pytest.raises(GradcalcError, match=called):
        grad(f"{text}\ndef f(x):\n    return ({expression}).sum()", x=[1.0, 2.0])
