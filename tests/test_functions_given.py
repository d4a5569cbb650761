"""Functions that a program takes from outside: given with --let, or told how."""

from typing import Any

import pytest

import gradcalc
from gradcalc.errors import GradcalcError
from tests.lang_backends import ids

STEP = "def step(f, x):\n    return x - f(x)"

# program, lets, the formula by x
GIVEN: list[tuple[str, dict[str, str], str]] = [
    (STEP, {"f": "lambda t: t**2"}, "1 - 2*x"),
    (STEP, {"f": "lambda t: c*t"}, "1 - c"),
    (STEP, {"f": "torch.sin"}, "1 - cos(x)"),
    (STEP, {"f": "exp"}, "1 - exp(x)"),
    ("f(x)*x", {"f": "lambda t: t**2"}, "3*x**2"),
    ("g*x", {"f": "lambda t: t**2", "g": "f(x) + 1"}, "3*x**2 + 1"),
    ("f(x, k=3)", {"f": "lambda t, k=2: t**k"}, "3*x**2"),
    ("f(lambda t: t + 1)(x)", {"f": "lambda g: lambda t: g(g(t))**2"}, "2*(x + 2)"),
]


@pytest.mark.parametrize(("program", "lets", "formula"), GIVEN, ids=ids(GIVEN))
def test_a_function_is_given_with_let(program: str, lets: dict[str, str], formula: str) -> None:
    more = {"c": 2.0} if "c*" in str(lets) else {}
    report = gradcalc.grad(program, let=lets, inputs={"x": 1.5, **more})
    assert report.verdict.outcome.value == "verified"
    assert report.formula["x"] == formula


# program, what is asked, what is wrong, the tip
NOT_GIVEN: list[tuple[str, dict[str, Any], str, str]] = [
    (STEP, {}, "f is called in the program, and has no value", "let 'f=lambda t: t**2'"),
    ("def h(f, x):\n    return f(x, 2) + x", {}, "f is called", "lambda t1, t2: t1 + t2"),
    (STEP, {"inputs": {"f": 3}}, "f is a scalar tensor and cannot be called", "let 'f=lambda"),
    ("x*f", {"let": {"f": "lambda t: t"}}, "does not take a function", ""),
]


@pytest.mark.parametrize(("program", "asked", "reason", "tip"), NOT_GIVEN, ids=ids(NOT_GIVEN))
def test_what_is_called_without_being_a_function_is_told(
    program: str, asked: dict[str, Any], reason: str, tip: str
) -> None:
    given = {**asked, "inputs": {"x": 3, **asked.get("inputs", {})}}
    with pytest.raises(GradcalcError, match=reason) as raised:
        gradcalc.grad(program, **given)
    assert tip in (raised.value.hint or "")
