"""Gradients written by hand of functions of numpy arrays."""

import inspect
import json
import math
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der, rosen_hess

import gradcalc
from gradcalc.checking.numpy_answers import Question
from gradcalc.checking.numpy_running import CHANCE_TIP, LOST_TIP, followed
from gradcalc.errors import LimitError
from gradcalc.pytest_plugin import failure
from gradcalc.render import Style, renderer
from gradcalc.report import Report
from tests.command import Run
from tests.numpy_functions import CALLS, DRAWN, FOLLOWED, LOST, OF_SCIPY
from tests.numpy_programs import program
from tests.numpy_right import RIGHT, Drawn

X = np.array([1.3, 0.7, 0.8])


def in_place_of(fill: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """What a function writes into an array."""

    def df(x):
        found = np.zeros(x.shape)
        fill(found, x)
        return found

    return df


STYLE = Style(width=100, color=False)


def slopes(f: Callable[[Any], Any], x: Any) -> Any:
    """What real numpy says, by differences: good to some digits."""
    found = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[at] = 1e-6 * max(1.0, abs(x[at]))
        above, below = (float(np.asarray(f(np.array(z)[()])).item()) for z in (x + step, x - step))
        found[at] = (above - below) / (2 * step[at])
    return found


def outcome(report: Report) -> str:
    return report.verdict.outcome.value


@pytest.mark.parametrize("name", FOLLOWED)
def test_what_is_followed(name: str) -> None:
    f, x = FOLLOWED[name]
    point = x if x.ndim else x.item()
    report = gradcalc.check(f, point, grad=lambda z: np.full(x.shape, 1e3))
    assert outcome(report) == "wrong"
    true = np.asarray(report.gradients[0].symbolic)
    assert np.allclose(true, slopes(f, x), rtol=1e-4, atol=1e-4)
    right = gradcalc.check(f, point, grad=lambda z: true)
    assert outcome(right) in ("verified", "vanished"), right.verdict.message


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_told(name: str) -> None:
    f, x = LOST[name]
    CALLS[0] = 0
    for gradient in (slopes(f, x), np.zeros(3)):
        report = gradcalc.check(f, x, grad=lambda z, said=gradient: said)
        assert outcome(report) == "unresolved", report.verdict.message


def test_where_a_number_is_lost_is_told() -> None:
    message = gradcalc.check(*LOST["taken_out"], grad=lambda z: z).verdict.message
    assert "float() takes numbers out" in message
    assert "numpy_functions.py, line" in message


@pytest.mark.parametrize("name", OF_SCIPY)
def test_the_function_that_loses_numbers_is_named(name: str) -> None:
    report = gradcalc.check(OF_SCIPY[name], np.array([0.7, 1.2, 1.9]), grad=lambda z: z)
    assert f"{name} " in report.verdict.message
    assert "numpy_functions.py, line" in report.verdict.message
    assert [f.hint for f in report.findings if f.kind == "untold"] == [LOST_TIP]


@pytest.mark.parametrize("function", DRAWN)
def test_what_is_drawn_is_told_as_a_draw(function: Callable[[Any], Any]) -> None:
    report = gradcalc.check(function, X, grad=lambda z: z)
    assert "draws random numbers" in report.verdict.message
    assert [f.hint for f in report.findings if f.kind == "untold"] == [CHANCE_TIP]


# -- gradients in use --------------------------------------------------------------------------


def beale(x):
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def beale_der(x):
    a, b = x
    first, second, third = 1.5 - a + a * b, 2.25 - a + a * b**2, 2.625 - a + a * b**3
    by_a = 2 * first * (b - 1) + 2 * second * (b**2 - 1) + 2 * third * (b**3 - 1)
    by_b = 2 * first * a + 4 * second * a * b + 6 * third * a * b**2
    return np.array([by_a, by_b])


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def himmelblau_der(x):
    first, second = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
    return [4 * x[0] * first + 2 * second, 2 * first + 4 * x[1] * second]


def rastrigin(x):
    return 10 * len(x) + sum(v**2 - 10 * math.cos(2 * math.pi * v) for v in x)


def rastrigin_der(x):
    return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)


def trid(x):
    total = 0.0
    for i in range(len(x)):
        total += (x[i] - 1) ** 2
        if i > 0:
            total -= x[i] * x[i - 1]
    return total


def trid_der(x):
    gradient = 2 * (x - 1)
    gradient[1:] -= x[:-1]
    gradient[:-1] -= x[1:]
    return gradient


def powell(x):
    first = (x[0] + 10 * x[1]) ** 2 + 5 * (x[2] - x[3]) ** 2
    return first + (x[1] - 2 * x[2]) ** 4 + 10 * (x[0] - x[3]) ** 4


def powell_der(x):
    a, b = 2 * (x[0] + 10 * x[1]), 10 * (x[2] - x[3])
    c, d = 4 * (x[1] - 2 * x[2]) ** 3, 40 * (x[0] - x[3]) ** 3
    return np.array([a + d, 10 * a + c, b - 2 * c, -b - d])


USED = {
    "rosen": (rosen, rosen_der, X),
    "rosen, longer": (rosen, rosen_der, np.linspace(-1.2, 1.1, 30)),
    "beale": (beale, beale_der, X[:2]),
    "himmelblau": (himmelblau, himmelblau_der, X[:2]),
    "rastrigin": (rastrigin, rastrigin_der, X),
    "trid": (trid, trid_der, X),
    "powell": (powell, powell_der, np.array([3.0, -1.0, 0.5, 1.0])),
}


@pytest.mark.parametrize("name", USED)
def test_right_and_planted(name: str) -> None:
    f, df, x = USED[name]
    assert outcome(gradcalc.check(f, x, grad=df)) == "verified"
    wrong = {
        "a sign": lambda z: -np.asarray(df(z)),
        "a factor": lambda z: np.asarray(df(z)) * 1.001,
        "an element": lambda z: np.asarray(df(z)) + 1e-5 * np.eye(len(z))[0],
        "an order": lambda z: np.asarray(df(z))[::-1],
        "a point": lambda z: df(np.asarray(z) + 1e-6),
    }
    for what, planted in wrong.items():
        assert outcome(gradcalc.check(f, x, grad=planted)) == "wrong", what


@pytest.mark.parametrize(
    ("f", "gradient", "said"),
    [
        (lambda x: np.abs(x).sum(), np.sign, "kink"),
        (lambda x: np.floor(x).sum() + x.sum(), np.ones_like, "jump"),
        (lambda x: np.sqrt(x).sum(), lambda x: [np.inf, 0.125**0.5], "edge"),
        (lambda x: x[1] if x[0] > 0 else 2 * x[1], lambda x: [0.0, 1.0], "unresolved"),
    ],
)
def test_points_that_are_special(f: Any, gradient: Any, said: str) -> None:
    assert outcome(gradcalc.check(f, np.array([0.0, 2.0]), grad=gradient)) == said


def test_a_pair_of_value_and_gradient() -> None:
    def both(x):
        return np.sum(np.sin(x)), np.cos(x)

    assert outcome(gradcalc.check(both, X, grad=True)) == "verified"
    assert outcome(gradcalc.check(both, X, grad=both)) == "verified"
    report = gradcalc.check(lambda x: (np.sum(np.sin(x)), np.sin(x)), X, grad=True)
    assert "your gradient says" in report.verdict.message
    with pytest.raises(gradcalc.GradcalcError, match="no pair"):
        gradcalc.check(rosen, X, grad=True)


def test_several_inputs() -> None:
    def f(w, b, n=2):
        return np.sum(np.tanh(w @ X + b) ** n)

    def df(w, b, n=2):
        t = np.tanh(w @ X + b)
        back = n * t ** (n - 1) * (1 - t**2)
        return np.outer(back, X), back

    w, b = np.arange(6.0).reshape(2, 3) / 5, np.array([0.3, -0.8])
    assert list(gradcalc.check(f, w, b, grad=df).gradient) == ["w", "b"]
    assert outcome(gradcalc.check(f, w, b, grad=df, n=3)) == "verified"
    assert outcome(gradcalc.check(f, w, b=b, grad=df)) == "verified"
    twisted = gradcalc.check(f, w, b, grad=lambda w, b: (df(w, b)[0], 2 * df(w, b)[1]))
    assert "for b[" in twisted.verdict.message
    only = gradcalc.check(f, w, b, grad=lambda w, b: df(w, b)[1], leaves="b")
    assert (outcome(only), list(only.gradient)) == ("verified", ["b"])


def test_arguments_behind_the_first_are_data_to_one_gradient() -> None:
    def fit(w, points, y):
        return np.sum((points @ w - y) ** 2)

    def by_w(w, points, y):
        return 2 * points.T @ (points @ w - y)

    points, y = np.arange(12.0).reshape(4, 3), np.array([1.0, 0.0, 2.0, 1.0])
    report = gradcalc.check(fit, X, points, y, grad=by_w)
    assert (outcome(report), list(report.gradient)) == ("verified", ["w"])
    assert outcome(gradcalc.check(fit, X, points, y, grad=lambda *a: by_w(*a) / 2)) == "wrong"


def test_arguments_that_nothing_is_checked_by_are_told() -> None:
    def f(x, y):
        return x**2 * y

    report = gradcalc.check(f, 2.0, 3.0, grad=lambda x, y: np.array(2 * x * y))
    (told,) = report.findings
    assert (told.kind, told.message.endswith("nothing is checked by y")) == ("unchecked", True)
    both = gradcalc.check(f, 2.0, 3.0, grad=lambda x, y: (2 * x * y, x**2))
    meant = gradcalc.check(f, 2.0, 3.0, grad=lambda x, y: np.array(2 * x * y), leaves="x")
    assert not both.findings
    assert not meant.findings


def test_what_is_judged_is_called_yours() -> None:
    report = gradcalc.check(rosen, X, grad=lambda x: -rosen_der(x))
    shown = {name: renderer(name)([report], STYLE) for name in ("table", "markdown", "tsv", "json")}
    assert "yours" in shown["table"]
    assert "yours" in shown["markdown"]
    assert ": yours " in shown["tsv"]
    for name in ("table", "markdown"):
        assert "autograd" not in shown[name], name
    # programs read these by their names
    assert shown["tsv"].startswith("input\tindex\tat\tautograd\t")
    assert '"autograd":' in shown["json"]
    assert "    yours:    " in failure(report)
    assert "autograd" not in failure(report)


def test_second_derivatives_are_called_what_they_are() -> None:
    report = gradcalc.check(rosen, X, grad=rosen_der, hess=rosen_hess)
    shown = renderer("table")([report], STYLE)
    assert "∇x(∇f·v)" in shown
    assert "along a drawn v: " in shown
    told = json.loads(renderer("json")([report], STYLE))["tangents"]["x"]
    assert np.allclose(rosen_hess(X) @ told, report.gradient["x"])
    assert "tangents" not in json.loads(
        renderer("json")([gradcalc.check(rosen, X, grad=rosen_der)], STYLE)
    )


@pytest.mark.parametrize(
    "more",
    [{"order": 2}, {"cotangent": [1.0]}, {"trust": ["F"]}, {"reference": rosen},
     {"references": {"F": rosen}}],
)  # fmt: skip
def test_what_would_change_nothing_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(gradcalc.GradcalcError) as caught:
        gradcalc.check(rosen, X, grad=rosen_der, **more)
    assert (caught.value.exit_code, f"{next(iter(more))}=" in caught.value.message) == (2, True)


def test_data_is_called_by_its_name() -> None:
    def loss(w, points, y, leaf3=None):
        r = points @ w - y
        return np.sum(np.log(np.cosh(r))) + 0.1 * w @ w

    def slope(w, points, y):
        return points.T @ np.tanh(points @ w - y) + 0.2 * w

    points, y = np.arange(12.0).reshape(4, 3) / 7, np.array([1, 0, 2, 1])
    report = gradcalc.check(loss, X, points, y, grad=slope, leaves="w")
    assert report.formula["w"] == "0.2*w - points.T@tanh(y - points@w)"
    assert report.inputs.keys() == {"w", "points", "y"}
    long = np.random.default_rng(0).normal(size=(40, 3))
    many = gradcalc.check(loss, X, long, long[:, 0].copy(), grad=slope, leaves="w")
    assert many.formula["w"] == report.formula["w"]

    def centred(w, points):
        points = points - points.mean(0)
        return np.sum((points @ w) ** 2)

    other = gradcalc.check(
        centred, X, points, grad=lambda w, p: 2 * (p - p.mean(0)).T @ ((p - p.mean(0)) @ w),
        leaves="w",
    )  # fmt: skip
    assert outcome(other) == "verified"
    assert "points" not in (other.formula["w"] or "")


def test_data_that_is_written_into_is_no_longer_called_so() -> None:
    def f(w, points):
        first = points @ w
        points[0] = 7.0
        second = points @ w
        points[0] = 0.0
        return first @ first + 3 * second @ second

    points = np.arange(6.0).reshape(2, 3)
    points[0] = 0.0

    def df(w, points):
        other = points.copy()
        other[0] = 7.0
        return 2 * points.T @ points @ w + 6 * other.T @ other @ w

    report = gradcalc.check(f, X, points, grad=df, leaves="w")
    assert outcome(report) == "verified"
    assert outcome(gradcalc.check(f, X, points, grad=lambda *a: df(*a) / 2, leaves="w")) == "wrong"


STACKED: dict[str, tuple[Any, Any, Any, list[str]]] = {
    "numbers": (lambda x, y: x**2 * y, lambda x, y: np.array([2 * x * y, x**2]),
                (1.5, 2.0), ["x", "y"]),
    "three": (lambda x, y, z: x * y * z, lambda x, y, z: np.array([y * z, x * z, x * y]),
              (1.5, 2.0, 3.0), ["x", "y", "z"]),
    "arrays": (lambda x, y: np.sum(x * y**2), lambda x, y: np.stack([y**2, 2 * x * y]),
               (np.array([1.0, 2.0, 4.0]), np.array([0.5, 3.0, 2.0])), ["x", "y"]),
    "a Jacobian": (lambda x, y: np.array([x * y, x - y, x**2]),
                   lambda x, y: np.array([[y, x], [1.0, -1.0], [2 * x, 0.0]]),
                   (1.5, 2.0), ["x", "y"]),
    "as many as elements": (lambda x, y: x @ y, lambda x, y: np.stack([y, x]),
                            (np.array([1.0, 2.0]), np.array([0.5, 3.0])), ["x", "y"]),
    "that of the first": (lambda x, y: x @ y, lambda x, y: 1.0 * y,
                          (np.array([1.0, 2.0]), np.array([0.5, 3.0])), ["x"]),
}  # fmt: skip
"""Functions of several inputs whose gradient is one array."""


@pytest.mark.parametrize("name", STACKED)
def test_gradients_side_by_side(name: str) -> None:
    f, gradient, inputs, by = STACKED[name]
    report = gradcalc.check(f, *inputs, grad=gradient)
    assert (outcome(report), list(report.gradient)) == ("verified", by)
    assert outcome(gradcalc.check(f, *inputs, grad=lambda *a: 2 * gradient(*a))) == "wrong"
    if len(by) > 1:
        last = gradcalc.check(
            f, *inputs, grad=lambda *a: np.flip(gradient(*a), -1 if name == "a Jacobian" else 0)
        )
        assert outcome(last) == "wrong"


def test_hessians_side_by_side() -> None:
    def f(x, y):
        return x**3 * y

    def hess(x, y):
        return np.array([[6 * x * y, 3 * x**2], [3 * x**2, 0.0]])

    assert outcome(gradcalc.check(f, 1.5, 2.0, hess=hess)) == "verified"
    assert outcome(gradcalc.check(f, 1.5, 2.0, hess=lambda x, y: hess(x, y) + 1)) == "wrong"


def test_three_at_once() -> None:
    def f(x):
        return x[0] ** 2 * x[1], np.array([2 * x[0] * x[1], x[0] ** 2]), np.array(
            [[2 * x[1], 2 * x[0]], [2 * x[0], 0.0]]
        )  # fmt: skip

    def off(x):
        value, gradient, hessian = f(x)
        return value, gradient, 2 * hessian

    x = np.array([1.5, 2.0])
    assert outcome(gradcalc.check(f, x, grad=True)) == "verified"
    assert "your Hessian" in gradcalc.check(f, x, grad=True, hess=True).verdict.message
    assert outcome(gradcalc.check(f, x, grad=f, hess=f)) == "verified"
    assert outcome(gradcalc.check(off, x, grad=True, hess=True)) == "wrong"


def test_jacobians() -> None:
    def f(x):
        return np.array([x[0] * x[1], np.sin(x[2]), x[0] ** 2])

    def df(x):
        return np.array([[x[1], x[0], 0], [0, 0, np.cos(x[2])], [2 * x[0], 0, 0]])

    assert outcome(gradcalc.check(f, X, grad=df)) == "verified"
    assert outcome(gradcalc.check(f, X, grad=lambda x: df(x).T)) == "wrong"
    for order in ([1, 0, 2], [0, 2, 1], [2, 1, 0]):
        assert outcome(gradcalc.check(f, X, grad=lambda x, o=order: df(x)[o])) == "wrong"


def test_hessians() -> None:
    def off(i: int, j: int) -> Callable[[Any], Any]:
        def planted(x):
            found = rosen_hess(x)
            found[i, j] += 1.0
            return found

        return planted

    right = gradcalc.check(rosen, X, grad=rosen_der, hess=rosen_hess)
    assert right.verdict.message.startswith("your Hessian, ")
    alone = gradcalc.check(rosen, X, hess=rosen_hess)
    assert (outcome(alone), np.isfinite(np.asarray(alone.value)).all()) == ("verified", True)
    for i, j in ((0, 1), (2, 2), (1, 0)):
        report = gradcalc.check(rosen, X, grad=rosen_der, hess=off(i, j))
        assert outcome(report) == "wrong"
        (told,) = [f for f in report.findings if f.kind == "blame"]
        assert f"at [{i}, {j}];" in told.message
        assert ("not symmetric" in (told.hint or "")) == (i != j)
    first = gradcalc.check(rosen, X, grad=lambda x: -rosen_der(x), hess=rosen_hess)
    assert "your gradient says" in first.verdict.message


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gradcalc.check(rosen, X, grad=lambda x: x[:2]), r"shape \(2,\) for x"),
        (lambda: gradcalc.check(rosen, X, grad=lambda x: "a"), "no array of numbers"),
        (lambda: gradcalc.check(lambda x: None, X, grad=np.sin), "gives back None"),
        (lambda: gradcalc.check(rosen, X, grad=3), "not a int"),
        (lambda: gradcalc.check(lambda x, n: n, "a", 3, grad=np.sin), "no numbers"),
        (lambda: gradcalc.check(rosen, X, grad=rosen_der, leaves=["y"]), "no input called y"),
        (lambda: gradcalc.check(rosen, np.array([np.nan, 1.0]), grad=rosen_der), "not finite"),
        (
            lambda: gradcalc.check(lambda a, b: a @ b, X, X, grad=lambda *_: [X]),
            "there are 2 inputs",
        ),
    ],
)
def test_what_cannot_be_checked(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(gradcalc.GradcalcError, match=said):
        call()


def test_everything_is_put_back() -> None:
    f, x = FOLLOWED["of_math"]

    def seen():
        return np.array, np.zeros, np.linalg.norm, math.sin, f.__globals__["A"], f.__globals__["np"]

    before, plain = x.copy(), seen()
    for one in (f, LOST["taken_out"][0], lambda x: np.zeros(3)[5]):
        with suppress(IndexError):
            gradcalc.check(one, x, grad=np.ones_like)
    assert all(a is b for a, b in zip(seen(), plain, strict=True))
    assert "float" not in f.__globals__
    assert np.array_equal(x, before)


# -- small elements beside large ones ------------------------------------------------------------

BESIDE = {
    "the brightest hides the rest": (
        lambda x: np.exp(x[0]) + 1e-20 * x[1] ** 2,
        lambda x: np.array([np.exp(x[0]), 2e-20 * x[1]]),
        X[:2],
    ),
    "a class of small chance": (
        lambda x: np.log(np.sum(np.exp(x))),
        lambda x: np.exp(x) / np.sum(np.exp(x)),
        np.array([40.0, 0.0]),
    ),
    "several outputs": (
        lambda x: np.array([x[0] ** 3, 1e-18 * x[1] ** 2 + x[0]]),
        lambda x: np.array([[3 * x[0] ** 2, 0], [1, 2e-18 * x[1]]]),
        X[:2],
    ),
    "written into": (
        lambda x: np.sum(np.array([1.0, 1e-19]) * x**3),
        in_place_of(lambda y, x: np.multiply(3 * x**2, np.array([1.0, 1e-19]), out=y)),
        X[:2],
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_small_element_is_not_hidden(name: str) -> None:
    f, df, x = BESIDE[name]
    assert outcome(gradcalc.check(f, x, grad=df)) == "verified"
    for factor in (1.5, -1.0, 1.00001):
        report = gradcalc.check(f, x, grad=lambda z, k=factor: np.asarray(df(z)) * [1.0, k])
        assert (outcome(report), "for x[1]" in report.verdict.message) == ("wrong", True)
        assert report.gradients[0].differs is not None
        assert report.gradients[0].differs.tolist() == [False, True]


def test_a_pair_hides_no_small_element() -> None:
    f, df, x = BESIDE["a class of small chance"]
    assert outcome(gradcalc.check(lambda z: (f(z), df(z)), x, grad=True)) == "verified"
    off = gradcalc.check(lambda z: (f(z), df(z) * [1, 2]), x, grad=True)
    assert outcome(off) == "wrong"


class Kept:
    """A gradient that goes by what the function has kept."""

    def __init__(self) -> None:
        self.points = np.diag([1.0, 1e-12]) + np.array([[0, 1e-9], [0, 0]])
        self.rest = np.zeros(2)

    def value(self, w):
        self.rest = self.points @ w - np.array([1.0, 1e-12])
        return np.sum(self.rest**2) + 1e-22 * np.sum(w)

    def slope(self, w):
        return 2 * self.points.T @ self.rest + 1e-22 * np.ones(2) * (w - w + 1)


ELEMENTWISE: dict[str, tuple[Any, Any]] = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "with a mask": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1.0, 0.1)),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_slopes_element_by_element(name: str) -> None:
    f, df = ELEMENTWISE[name]
    x = np.array([0.5, -1.0, 2.0])
    assert outcome(gradcalc.check(lambda x: f(x), x, grad=df)) == "verified"
    assert outcome(gradcalc.check(lambda x: f(x), x, grad=lambda x: 2 * df(x))) == "wrong"
    assert outcome(gradcalc.check(lambda x: f(x) * x[0], x, grad=lambda x: df(x) * x[0])) == "wrong"


DATA = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


class Fitted:
    """A function whose data are its attributes."""

    def __init__(self) -> None:
        self.points, self.held = DATA, {"points": DATA}

    def own(self, w):
        return 0.5 * (self.points.dot(w) ** 2).sum()

    def of_dictionary(self, w):
        return 0.5 * (self.held["points"].dot(w) ** 2).sum()


HELD = {"points": DATA}

DOTS: dict[str, Any] = {
    "an argument": lambda w, X: 0.5 * (X.dot(w) ** 2).sum(),
    "its transpose": lambda w, X: 0.5 * (w.dot(X.T) ** 2).sum(),
    "rows": lambda w, X: 0.5 * sum(x.dot(w) ** 2 for x in X),
    "an attribute": lambda w, X: Fitted().own(w),
    "a method": Fitted().own,
    "a dictionary of an object": Fitted().of_dictionary,
    "a dictionary of the module": lambda w, X: 0.5 * (HELD["points"].dot(w) ** 2).sum(),
}
"""Calls of the methods of arrays that are data."""


@pytest.mark.parametrize("name", DOTS)
def test_methods_of_data(name: str) -> None:
    f, w = DOTS[name], np.array([1.0, -2.0])
    args = (w,) if inspect.ismethod(f) else (w, DATA)

    def df(w, *_):
        return DATA.T @ (DATA @ w)

    assert outcome(gradcalc.check(f, *args, grad=df, leaves="w")) == "verified"
    assert outcome(gradcalc.check(f, *args, grad=lambda *a: 2 * df(*a), leaves="w")) == "wrong"
    assert type(HELD["points"]) is np.ndarray


def bisected(x):
    low, high = np.zeros_like(x), np.full_like(x, 10.0)
    for _ in range(50):
        middle = 0.5 * (low + high)
        up = middle**3 + middle < x
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return middle.sum()


def test_a_bisection_by_masks_is_not_told() -> None:
    x = np.array([0.6, 0.9])

    def df(x):
        y = np.array(
            [np.roots([1, 0, 1, -v])[np.isreal(np.roots([1, 0, 1, -v]))].real[0] for v in x]
        )
        return 1 / (3 * y**2 + 1)

    report = gradcalc.check(bisected, x, grad=df)
    assert (outcome(report), "does something else" in report.verdict.message) == (
        "unresolved",
        True,
    )


def test_a_gradient_that_goes_by_what_the_function_has_kept() -> None:
    kept = Kept()
    w = np.linalg.solve(kept.points, [1.0, 1e-12]) * (1 + np.array([1e-12, 1e-15]))
    assert outcome(gradcalc.check(kept.value, w, grad=kept.slope)) != "wrong"


def test_what_is_cut_off_is_no_mistake() -> None:
    def f(x):
        p = np.clip(1 / (1 + np.exp(-x)), 1e-15, 1)
        return -np.sum(np.log(1 - p)) + np.sum(x)

    def df(x):
        return 1 / (1 + np.exp(-x)) + 1

    x = np.array([0.5, -40.0])
    assert outcome(gradcalc.check(lambda x: f(x) - x[1], x, grad=lambda x: df(x) - [0, 1])) == (
        "verified"
    )
    low = gradcalc.check(
        lambda x: np.sum(np.logaddexp(0, x)), x,
        grad=lambda x: np.where(x < -30, 0.0, 1 / (1 + np.exp(-x))),
    )  # fmt: skip
    assert outcome(low) == "verified"


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_that_rounding_takes_digits_of(name: str, seed: int) -> None:
    with np.errstate(all="ignore"):
        f, df, x = RIGHT[name](Drawn(np.random.default_rng([seed, len(name)])))
    report = gradcalc.check(f, x, grad=df)
    assert outcome(report) != "wrong", report.verdict.message


# -- random programs ---------------------------------------------------------------------------


def exact(f: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of an analytic function, by complex numbers."""
    found = np.zeros(x.shape)
    for k in range(len(x)):
        moved = x.astype(complex)
        moved[k] += 1e-30j
        found[k] = np.imag(f(moved)) / 1e-30
    return found


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed: int) -> None:
    space: dict[str, Any] = {"np": np}
    exec(program(seed), space)
    f, x = space["f"], np.random.default_rng(seed).uniform(-1, 1, 4)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            true = exact(f, x)
    except ValueError:
        pytest.skip("it writes into what is read only")
    if not np.all(np.isfinite(true)) or np.max(np.abs(true)) > 1e8:
        pytest.skip("it runs away")
    assert outcome(gradcalc.check(f, x, grad=lambda z: true)) in ("verified", "vanished")
    off = true.copy()
    off[seed % 4] += 1e-3 * (1 + abs(off[seed % 4]))
    assert outcome(gradcalc.check(f, x, grad=lambda z: off)) == "wrong"


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_value_is_numpys(name: str) -> None:
    f, x = FOLLOWED[name]
    question = Question(f, {"x": x}, lambda one, given: one(*given.values()), gradient=f)
    assert np.allclose(followed(question, {"x": x}).value, np.asarray(f(x.copy()[()])), rtol=1e-12)


# -- the command -------------------------------------------------------------------------------

FILE = """
import numpy as np
from scipy.optimize import rosen, rosen_der, rosen_hess

def f(x, a=2.0):
    return a*float(np.sum(x**3))

def df(x, a=2.0):
    return 3*a*x**2

def off(x, a=2.0):
    return 3*a*x

def both(x):
    return np.sum(np.sin(x)), np.cos(x)

class Quadratic:
    def __init__(self, n=2, scale=1.0):
        self.A, self.seen = scale*np.eye(n) + 1, None

    def value(self, x):
        self.seen = self.A @ x
        return 0.5*x @ self.seen

    def grad(self, x):
        # as optimizers ask for it: at the point that the value was asked at
        return self.seen

    def off(self, x):
        return 2*self.seen

def copied(x):
    return x.copy().sum()

def filled(x):
    y = np.zeros(2)
    y[0] = x[0]
    return y.sum()

def gradcalc_inputs():
    return (np.array([1.0, 2.5]),)
"""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("f --grad df --x 1,2.5", 0, "your gradient, enclosure and formula agree"),
        ("f --grad df", 0, "6*x**2"),
        ("f --grad {path}:off --x 1,2.5 --a 3", 1, "your gradient says 22.5 for x[1]"),
        ("both --grad both --x 1,2", 0, "verified"),
        ("rosen --grad rosen_der --hess rosen_hess --x 1.2,0.3,0.5", 0, "your Hessian, "),
        ("f --grad nothing --x 1,2", 2, "has nothing called nothing"),
        ("f --grad df --trust g --x 1,2", 2, "--trust is about code of torch's"),
        ("Quadratic.value --grad Quadratic.grad --x 1,2", 0, "verified"),
        ("Quadratic.value --grad Quadratic.grad --x 1,2,3 --init 3,scale=2", 0, "verified"),
        ("Quadratic.value --grad Quadratic.off --x 1,2", 1, "your gradient says"),
        ("f --grad df --x 1,2 --order 2", 2, "--hess takes the Hessian"),
        ("f --grad df --x 1,2 --dtype float32", 2, "is called with float64"),
        ("f --grad df --x 1,2 --cotangent 2", 2, "--cotangent is about code of torch's"),
        ("f --x 1,2", 2, "--grad FILE:NAME checks"),
        ("copied --x 1,2", 2, "--grad FILE:NAME checks"),
        ("filled --x 1,2", 2, "--grad FILE:NAME checks"),
        ("f --x 3 --wrt z", 2, "there are x"),
        ("f --grad df --x 1,2 --wrt z", 2, "there are x"),
        ("rosen --grad rosen --x 1.2,0.3", 2, "--grad FILE:NAME takes the function"),
    ],
)
def test_the_command(words: str, code: int, said: str, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "written.py"
    file.write_text(FILE)
    given = [word.format(path=file) for word in words.split()]
    result = run("check", f"{file}:{given[0]}", *given[1:])
    assert (result.code, said in result.out + result.err) == (code, True), result


def test_a_list_that_is_one_many_times_is_refused() -> None:
    deep: Any = [1.0]
    for _ in range(40):
        deep = [deep, deep]
    with pytest.raises(LimitError, match="p holds more than"):
        gradcalc.check(lambda p: p[0], deep, grad=lambda p: p)
