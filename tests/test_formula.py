"""Formulas: what they look like, and that a wrong one is never shown."""

from typing import Any

import numpy as np
import pytest
import sympy

from gradcalc.elements import formula
from gradcalc.elements.calculus import Variant
from gradcalc.primitives import Elementwise
from tests.trust_cases import report

X4 = [0.0, 1.0, 2.0, 3.0]
XY = {"x": 1.5, "y": -0.5}

WHOLE: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("2*dot(x,x)", {"x": X4}, "4*x"),
    ("x.sum()", {"x": X4}, "ones_like(x)"),
    ("sum(5*x)", {"x": X4}, "5*ones_like(x)"),
    ("sum(0*x)", {"x": X4}, "zeros_like(x)"),
    ("x*x", {"x": X4}, "2*x"),
    ("x**3", {"x": 2.0}, "3*x**2"),
    ("sin(x)", {"x": 2.0}, "cos(x)"),
    ("exp(x)", {"x": X4}, "exp(x)"),
    ("softplus(x)", {"x": 2.0}, "exp(x)/(exp(x) + 1)"),
    ("log(x)", {"x": 2.0}, "1/x"),
    ("sqrt(x)", {"x": 2.0}, "1/(2*sqrt(x))"),
    ("tanh(x)", {"x": 0.5}, "1 - tanh(x)**2"),
    ("abs(x)", {"x": 2.0}, "sign(x)"),
    ("x/3", {"x": 2.0}, "1/3"),
    ("0.1*x*x", {"x": 2.0}, "0.2*x"),
    ("sin(pi*x)/pi", {"x": 0.3}, "cos(3.141592653589793*x)"),
    ("x[0]*x[0]", {"x": [3.0]}, "2*x"),
    ("detach(x*x)*x", {"x": X4}, "detach(x**2)"),
    ("with no_grad():\n    u = x*x\nu*x", {"x": 3.0}, "detach(x**2)"),
    ("where(x > 0, x**2, 3*x)", {"x": [1.0, -2.0]}, "where(x > 0, 2*x, 3)"),
    ("where(x > 0, x**2, 3*x)", {"x": -1.0}, "where(x > 0, 2*x, 3)"),
    ("where(x > 0, sqrt(x), 0*x)", {"x": -1.0}, "where(x > 0, 1/(2*sqrt(x)), 0)"),
    ("floor(x)*x", {"x": 1.5}, "floor(x)"),
    ("y = x\nif x > 1:\n    y = x*x\ny", {"x": 2.0}, "2*x"),
    ("y = x\nif x > 1:\n    y = x*x\ny", {"x": 0.5}, "1"),
    ("y = x\nwhile y < 100:\n    y = 2*y\ny", {"x": 1.5}, "128"),
)


@pytest.mark.parametrize(("text", "inputs", "expected"), WHOLE, ids=[c[0] for c in WHOLE])
def test_the_formula_of_a_gradient(text: str, inputs: dict[str, Any], expected: str) -> None:
    answer = report(text, **inputs)
    assert answer.gradients[0].closed_form == expected
    assert answer.gradients[0].formulas is None


@pytest.mark.parametrize(
    ("text", "inputs", "elements"),
    [
        ("x[0]*x[1]", {"x": [2.0, 3.0]}, ("x[1]", "x[0]")),
        ("det(x)", {"x": [[1.0, 2.0], [3.0, 4.0]]}, ("x[1, 1]", "-x[1, 0]", "-x[0, 1]", "x[0, 0]")),
        ("sum(x*x[0])", {"x": [1.0, 2.0]}, ("2*x[0] + x[1]", "x[0]")),
    ],
    ids=["product", "det", "mixed"],
)
def test_the_formulas_of_elements(
    text: str, inputs: dict[str, Any], elements: tuple[str, ...]
) -> None:
    gradient = report(text, **inputs).gradients[0]
    assert gradient.formulas == elements
    assert gradient.closed_form is not None
    assert gradient.closed_form.startswith("[")


def test_each_input_has_its_formula() -> None:
    x, y = report("x*y**2", **XY).gradients
    assert (x.closed_form, y.closed_form) == ("y**2", "2*x*y")


def test_a_scalar_times_all_elements() -> None:
    x, y = report("sum(x*y)", x=[1.0, 2.0], y=3.0).gradients
    assert x.closed_form == "y*ones_like(x)"
    assert y.closed_form == "x[0] + x[1]"


def test_a_named_detached_value_is_its_name() -> None:
    answer = report("u*x", lets=(("u", "x*x"),), detach=("u",), x=X4)
    assert answer.gradients[0].closed_form == "u"


def test_a_single_precision_constant_is_shown_as_written() -> None:
    assert report("x*0.1", "float32", x=0.5).gradients[0].closed_form == "0.1"


HOPELESS = {
    "many-terms": ("sum(x)**20", {"x": [1.0 + i for i in range(12)]}),
    "high-power": ("x**1000000/(x - 1)", {"x": 0.5}),
    "doubling": ("y = x\nfor i in range(40):\n    y = y*y + y/2\ny", {"x": 0.01}),
    "ties": ("amax(x)", {"x": [1.0] * 12}),
    "product": ("prod(1 + x)", {"x": [0.1 * i for i in range(12)]}),
    "nested": ("y = x\nfor i in range(30):\n    y = sin(y)\ny", {"x": 0.3}),
    "clamps": ("y = x\nfor i in range(10):\n    y = clamp(y + 0.1, -1, 5)\ny", {"x": 0.3}),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_formulas_that_would_take_forever_are_given_up(name: str) -> None:
    text, inputs = HOPELESS[name]
    assert report(text, **inputs).gradients[0].autograd.size


def spoiled(expression: Any) -> Any:
    """The expression with its last symbol's sign turned, or one more."""
    return expression + 1 if expression.is_number else -expression


@pytest.mark.parametrize("text", ["x**2", "sin(x)", "exp(x)*x", "3*x", "x[0]*x[1]"])
def test_a_wrong_derivation_is_not_shown(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = formula.tidy
    monkeypatch.setattr(formula, "tidy", lambda e: spoiled(original(e)))
    answer = report(text, x=[0.5, 0.7] if "[" in text else 0.5)
    gradient = answer.gradients[0]
    assert gradient.closed_form is None
    assert gradient.formulas is None
    assert "formula" in {finding.kind for finding in answer.findings}
    assert answer.verdict.outcome == "verified"


def test_a_wrong_partial_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    original = formula.partial

    def wrong(row: Elementwise, variant: Variant, position: int) -> Any:
        return original(row, variant, position) * (2 if row.name == "sin" else 1)

    monkeypatch.setattr(formula, "partial", wrong)
    assert report("sin(x)", x=0.5).gradients[0].closed_form is None


def test_a_wrong_lift_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "lift", lambda *_: sympy.Symbol("x", real=True))
    assert report("sum(x**3)", x=[0.5, 0.7]).gradients[0].closed_form is None


def test_a_formula_right_at_the_point_only_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    x = sympy.Symbol("x", real=True)
    monkeypatch.setattr(formula, "tidy", lambda _: 5 * x)
    answer = report("x**2", x=0.0)
    assert answer.verdict.outcome == "verified"
    assert answer.gradients[0].closed_form is None


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, "float64", "1/10"),
        (1 / 3, "float64", "1/3"),
        (float(np.float32(0.1)), "float32", "1/10"),
        (0.5, "float16", "1/2"),
        (3.0, "float64", "3"),
    ],
)
def test_a_float_is_the_simplest_fraction(value: float, dtype: str, text: str) -> None:
    assert str(formula.number(value, dtype)) == text
