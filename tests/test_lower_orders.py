"""Derivatives of higher orders where a lower one has no value by the chain rule, or another one.

What is removable has its derivative there, and what is truly special next to it has none.
"""

import random
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import gradcalc
from gradcalc import grad, hessian

SPECIAL = ("edge", "jump", "singular", "kink", "unresolved")
"""Outcomes of a point that has no derivative, or of which that is not known."""


def held(report: Any, true: Any, *, rel: float = 1e-9) -> None:
    """Torch's derivative is called right where it is, and else wrong, with the true one."""
    gradient = report.gradients[0]
    said = np.ravel(np.asarray(gradient.autograd))
    wanted = np.ravel(np.asarray(true, dtype=float))
    scale = max(float(np.max(np.abs(wanted))), 1e-9)
    right = bool(np.isfinite(said).all() and np.all(np.abs(said - wanted) <= rel * scale))
    outcome = str(report.verdict.outcome)
    assert outcome in (("verified", "vanished") if right else ("wrong",)), report.verdict
    if not right:
        worst = gradient.worst
        place = np.ravel_multi_index(worst.index, np.shape(true)) if worst.index else 0
        assert worst.true == pytest.approx(wanted[place], rel=rel, abs=rel * scale)


# -- an exponent that has run out -----------------------------------------------------------------

RUN_OUT = {
    "square": ("x**2", 0.0, 4, 0.0),
    "square beside": ("(x-1)**2", 1.0, 4, 0.0),
    "cube": ("x**3", 0.0, 5, 0.0),
    "last": ("x**3", 0.0, 3, 6.0),
    "function": ("pow(x, 5)", 0.0, 7, 0.0),
    "Maclaurin": ("x**5/120 - x**3/6 + x", 0.0, 5, 1.0),
    "bell": ("exp(-x**2)", 0.0, 4, 12.0),
    "bell further": ("exp(-x**2)", 0.0, 6, -120.0),
    "witch": ("1/(1 + x**2)", 0.0, 4, 24.0),
    "log": ("log(1 + x**2)", 0.0, 4, -12.0),
    "root": ("sqrt(1 + x**2)", 0.0, 4, -3.0),
    "tanh": ("tanh(x)", 0.0, 5, 16.0),
    "atan": ("atan(x)", 0.0, 5, 24.0),
    "asin": ("asin(x)", 0.0, 5, 9.0),
    "times exp": ("x**4*exp(x)", 0.0, 6, 360.0),
}  # fmt: skip


@pytest.mark.parametrize("name", RUN_OUT)
def test_a_power_whose_exponent_has_run_out_is_constant(name: str) -> None:
    text, at, order, true = RUN_OUT[name]
    held(grad(text, x=at, order=order), true)


def test_several_exponents_run_out_one_after_the_other() -> None:
    held(grad("(x**tensor([0., 1., 2., 3.])).sum()", x=0.0, order=3), 6.0)


def test_exponents_run_out_in_programs_too() -> None:
    text = "import torch\ng = torch.func.grad\nf = lambda t: t**2*torch.exp(t)\ng(g(g(g(f))))(x)"
    held(grad(text, x=0.0), 20.0)


# -- what is removable, and what is not -----------------------------------------------------------

I2 = [[1.0, 0.0], [0.0, 1.0]]
REMOVABLE = {
    "cosine of a norm": ("cos(norm(x))", [0.0, 0.0], -np.array(I2)),
    "deviation": ("std(x)**2", [1.0, 1.0], [[1.0, -1.0], [-1.0, 1.0]]),
    "distance": ("dist(x, tensor([0., 1.]))**2", [0.0, 1.0], 2 * np.array(I2)),
    "cubed norm": ("norm(x)**3", [0.0, 0.0], np.zeros((2, 2))),
    "Matern": ("(1 + sqrt(3)*norm(x))*exp(-sqrt(3)*norm(x))", [0.0, 0.0], -3 * np.array(I2)),
    "hypot": ("hypot(x[0], x[1])**2", [0.0, 0.0], 2 * np.array(I2)),
    "root of a square": ("sqrt(x**2)**2", 0.0, 2.0),
    "root of a power": ("sqrt(x**4)", 0.0, 2.0),
    "turned": ("acos(cos(x))**2", 0.0, 2.0),
    "hole that is filled": ("where(x == 0, 1, sin(x)/x)", 0.0, -1 / 3),
    "guarded": ("where(x == 0, 1, expm1(x)/where(x == 0, 1, x))", 0.0, 1 / 3),
    "kinks that cancel": ("relu(x) - x/2 - abs(x)/2 + x**2", 0.0, 2.0),
    "root undone": ("cbrt(x)**3", 0.0, 0.0),
    "root undone twice": ("cbrt(x)**6", 0.0, 2.0),
    "beside a kink": ("abs(x[0]) + x[1]**2", [1.0, 0.0], [[0.0, 0.0], [0.0, 2.0]]),
}
ORDERS = {
    "square of abs": ("abs(x)**2", 3, 0.0),
    "cube of abs": ("abs(x)**3", 2, 0.0),
    "root of a square": ("sqrt(x**2)**4", 4, 24.0),
    "Bessel": ("i0(x)", 4, 3 / 8),
    "sinc": ("sinc(x)", 4, np.pi**4 / 5),
}
TRULY = {
    "x|x|": ("x*abs(x)", 2, "kink"),
    "x|x| above": ("x*abs(x)", 3, "jump"),
    "x|x| far above": ("x*abs(x)", 4, "edge"),
    "cube of abs": ("abs(x)**3", 3, "kink"),
    "cube of abs above": ("abs(x)**3", 4, "jump"),
    "cube of abs far above": ("abs(x)**3", 5, "edge"),
    "hinge": ("relu(x)", 2, "jump"),
    "hinge above": ("relu(x)", 3, "edge"),
    "squared hinge": ("relu(x)**2", 2, "kink"),
    "squared hinge above": ("relu(x)**2", 3, "jump"),
    "root of abs": ("sqrt(abs(x))", 2, "singular"),
    "power": ("x**2.5", 3, "edge"),
    "branches": ("where(x > 0, x**2, x**3)", 2, "kink"),
    "branches apart": ("where(x > 0, x**2, x)", 2, "jump"),
    "hole": ("sin(x)/x", 2, "edge"),
    "hole that is filled wrongly": ("where(x == 0, 2, sin(x)/x)", 2, "edge"),
}
NONE = {
    "norm": ("norm(x)", [0.0, 0.0]),
    "norm times": ("x[0]*norm(x)", [0.0, 0.0]),
    "deviation": ("std(x)", [1.0, 1.0]),
    "Laplace": ("exp(-norm(x))", [0.0, 0.0]),
}


@pytest.mark.parametrize("name", REMOVABLE)
def test_a_removable_point_has_its_second_derivatives(name: str) -> None:
    text, at, true = REMOVABLE[name]
    held(hessian(text, x=at), true)


@pytest.mark.parametrize("name", ORDERS)
def test_a_removable_point_has_its_derivatives(name: str) -> None:
    text, order, true = ORDERS[name]
    held(grad(text, x=0.0, order=order), true)


@pytest.mark.parametrize("name", TRULY)
def test_a_point_without_a_lower_derivative_has_no_higher_one(name: str) -> None:
    text, order, outcome = TRULY[name]
    assert grad(text, x=0.0, order=order).verdict.outcome == outcome


@pytest.mark.parametrize("name", NONE)
def test_a_tip_has_no_second_derivative(name: str) -> None:
    text, at = NONE[name]
    report = hessian(text, x=at)
    # of a kink torch's NaN is no valid choice
    kink = report.verdict.outcome == "wrong" and "kink" in report.verdict.message
    assert kink or report.verdict.outcome in SPECIAL


def test_elements_that_have_nothing_to_do_with_a_kink_are_right() -> None:
    report = hessian("sum(x*abs(x)) + x.prod()", x=[0.0, 1.0])
    assert [str(e.outcome) for e in report.gradients[0].elements] == ["kink"]


# -- at random ------------------------------------------------------------------------------------

Function = Callable[[Any], Any]
RADII = ("abs(x)", "sqrt(x**2)", "sqrt(x*x)", "(norm(stack([x, 2*x]))/sqrt(5))", "acos(cos(x))")
EVEN: tuple[tuple[str, Function], ...] = (
    ("{r}**2", lambda t: t**2),
    ("{r}**4", lambda t: t**4),
    ("cos({r})", mpmath.cos),
    ("cosh({r})", mpmath.cosh),
    ("exp(-{r}**2)", lambda t: mpmath.exp(-(t**2))),
    ("1/(1 + {r}**2)", lambda t: 1 / (1 + t**2)),
)
FILLED: tuple[tuple[str, Function], ...] = (
    ("where(x == 0, 1, sin(x)/x)", lambda t: mpmath.sinc(t)),
    ("where(x == 0, 1, expm1(x)/where(x == 0, 1, x))", lambda t: mpmath.hyp1f1(1, 2, t)),
)
OUTER: tuple[tuple[str, Function], ...] = (
    ("{u}", lambda u: u),
    ("exp({u})", mpmath.exp),
    ("sin({u})", mpmath.sin),
    ("({u} + {u}**2)", lambda u: u + u**2),
)
ENTIRE: tuple[tuple[str, Function], ...] = (
    ("", lambda t: 0),
    (" + exp(x)", mpmath.exp),
    (" + x*sin(x)", lambda t: t * mpmath.sin(t)),
    (" + x**3", lambda t: t**3),
)


def drawn(seed: int) -> tuple[str, Function]:
    """A function that is smooth at 0 and goes through what is not, and what it is."""
    dice = random.Random(seed)
    if dice.random() < 0.25:
        text, inner = dice.choice(FILLED)
    else:
        form, inner = dice.choice(EVEN)
        text = form.format(r=dice.choice(RADII))
    form, outer = dice.choice(OUTER)
    more, rest = dice.choice(ENTIRE)
    return form.format(u=text) + more, lambda t: outer(inner(t)) + rest(t)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(36))
def test_a_random_removable_point(seed: int) -> None:
    text, function = drawn(seed)
    order = 2 + seed % 3
    with mpmath.workdps(60):
        true = float(mpmath.taylor(function, 0, order)[order] * mpmath.factorial(order))
    held(grad(text, x=0.0, order=order), true if abs(true) > 1e-20 else 0.0)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(18))
def test_its_neighbour_that_is_truly_special(seed: int) -> None:
    text, _ = drawn(seed)
    order = 2 + seed % 3
    own = f"abs(x)**{order}" if order % 2 else f"x*abs(x)**{order - 1}"
    report = grad(f"{text} + {own}", x=0.0, order=order)
    # of a kink torch's NaN is no valid choice
    kink = report.verdict.outcome == "wrong" and "kink" in report.verdict.message
    assert kink or report.verdict.outcome in SPECIAL


# -- a function without a value --------------------------------------------------------------------

VALUELESS = {
    "NaN beside": "x**3 + nan",
    "outside the domain": "x**3 + 0*log(-x)",
    "alone": "3*x + nan",
    "beside what autograd rounds away": "1e20*x - 1e20*x + x**2 + nan",
}


@pytest.mark.parametrize("name", VALUELESS)
@pytest.mark.parametrize("kind", ["grad", "hessian", "hvp"])
def test_what_has_no_value_has_no_second_derivative(name: str, kind: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "grad": {"order": 2}, "hessian": {}, "hvp": {"tangent": {"x": 1.0}},
    }  # fmt: skip
    answer = getattr(gradcalc, kind)(VALUELESS[name], x=2.0, **given[kind])
    assert np.isnan(answer.value)
    assert answer.verdict.outcome == "unresolved"
    assert "no value here" in answer.verdict.message


def test_one_of_several_has_no_value() -> None:
    report = gradcalc.hvp("stack((x**3, x**3 + nan))", x=2.0, tangent={"x": 1.0})
    assert report.verdict.outcome == "unresolved"
    report = gradcalc.hvp("x**3 + nan", x=2.0, tangent={"x": 1.0}, expect="12")
    assert report.verdict.outcome == "unresolved"


@pytest.mark.parametrize("text", ["x**3 + inf", "where(x > 0, x**3, nan)"])
def test_what_has_a_value_has_a_second_derivative(text: str) -> None:
    held(hessian(text, x=2.0), 12.0)


def test_it_is_the_lower_derivative_that_no_longer_depends() -> None:
    said = [f.message for f in hessian("3*x", x=2.0).findings if f.kind == "dead"]
    assert said == ["a lower derivative does not depend on x, so the gradient is 0"]
