"""gradcalc in one line of Python."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from tests import interface

FOUR = [0.0, 4.0, 8.0, 12.0]


@pytest.mark.parametrize(
    "x",
    [
        [0, 1, 2, 3],
        (0, 1.0, 2, 3),
        "0,1,2,3",
        range(4),
        np.arange(4),
        np.arange(4, dtype=np.float32),
        torch.arange(4.0, requires_grad=True),
        [np.float64(0), torch.tensor(1.0), 2, 3],
    ],
    ids=repr,
)
def test_a_value_is_whatever_holds_numbers(x: Any) -> None:
    report = gradcalc.grad("2*dot(x,x)", x=x, expect="4*x")
    report.raise_for_verdict()
    assert report.value == 28.0
    assert report.gradient["x"].tolist() == FOUR
    assert report.formula == {"x": "4*x"}
    assert repr(report) == "<gradcalc: verified, ∇x f = 4*x>"


def test_the_options_are_the_keys_of_a_request() -> None:
    report = gradcalc.grad(
        "u*x", x=2, let={"u": "x*x"}, detach="u", expect={"x": np.array(4.0)}, dtype="float32"
    )
    assert (report.dtype, report.gradient["x"], report.detached) == ("float32", 4.0, ("u",))
    assert gradcalc.grad("x*seed", x=1, inputs={"seed": 2}, wrt="x").gradient["x"] == 2.0
    assert gradcalc.grad("x*y", x=2, y=float("inf"), wrt=["y"]).value == np.inf
    assert gradcalc.grad("x^2", x=3).read_as == "x**2"


def test_what_is_not_right_is_raised() -> None:
    with pytest.raises(gradcalc.GradcalcError, match=r"wrong: the claim 3\*x fails"):
        gradcalc.grad("x**2", x=1, expect="3*x").raise_for_verdict()
    with pytest.raises(gradcalc.GradcalcError, match="kink: the function has a kink here"):
        gradcalc.grad("abs(x)", x=0).raise_for_verdict()
    gradcalc.grad("sigmoid(x)", x=800).raise_for_verdict()


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"x": {1, 2}}, "x: a set is no value", "a number, lists, a numpy array"),
        ({"X": 1}, "the program does not use X", "did you mean --x?"),
        ({}, "x has no value", None),
        ({"x": "1,2;3"}, "x: ", None),
        ({"x": 1, "dtype": "float63"}, "dtype float63: there is no such choice", "float6"),
        ({"x": 1, "inputs": {"x": 2}}, "x is given twice", None),
    ],
)
def test_a_mistake_is_one_sentence(given: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(gradcalc.GradcalcError) as raised:
        gradcalc.grad("x**2", **given)
    assert message in str(raised.value)
    assert hint is None or hint in (raised.value.hint or "")


def test_why_tells_it_at_length() -> None:
    found = gradcalc.why("sqrt(x**2)", x=0)
    assert found.report.verdict.outcome == "wrong"
    assert found.report.cured is not None
    assert found.report.cured.report.program == "abs(x)"


def test_a_notebook_shows_the_table_and_the_formula() -> None:
    report = gradcalc.grad("where(x < 3, x**2, 0)", x=2)
    assert report._repr_html_().startswith("<pre>value  4\n")
    assert "x &lt; 3" in report._repr_html_()
    assert "\\nabla" in report._repr_latex_()


def test_the_package_is_typed_and_costs_nothing_to_import() -> None:
    assert (Path(gradcalc.__file__).parent / "py.typed").exists()
    code = (
        "import sys, gradcalc; print(sorted({'torch', 'numpy', 'sympy', 'rich'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert {"grad", "why", "Report", "GradcalcError"} <= set(gradcalc.__all__)


@pytest.mark.parametrize("x", [3, [3.0], np.array(3), np.float32(3), torch.tensor([3.0])])
def test_a_problem_takes_what_people_pass(x: Any) -> None:
    problem = gradcalc.Problem("x^2*y", {"x": x, "y": 2}, wrt="x", claims={"x": "2*x*y"})
    report = gradcalc.calculate(problem)
    assert report.verdict.exit_code == 0
    assert float(report.gradient["x"].sum()) == 12.0
    assert [*gradcalc.calculate(gradcalc.Problem("x*y", {"x": x, "y": 2})).gradient] == ["x", "y"]


@pytest.mark.parametrize("x", [None, "3", [[1], [2, 3]], 1j, object()])
def test_a_problem_says_what_it_wants(x: Any) -> None:
    with pytest.raises(gradcalc.GradcalcError, match=r"x: a .* is no value") as raised:
        gradcalc.Problem("x**2", {"x": x})
    assert "numpy array" in str(raised.value.hint)
    with pytest.raises(gradcalc.GradcalcError, match="a program is a text"):
        gradcalc.Problem(3, {"x": 1.0})


def test_the_interface_is_as_mypy_knows_it() -> None:
    assert interface.gradient_of_a_square().tolist() == [2.0, 4.0]
    assert "kink" in interface.reason_of_a_nan()
