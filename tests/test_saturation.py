"""Verdicts where functions level off, underflow, or come too near to where they level off."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from tests.sweeps import share
from tests.trust_cases import report

M = mpmath.mp.clone()
M.dps = 60


def _logistic(x: Any) -> Any:
    return M.exp(-abs(x)) / (1 + M.exp(-abs(x))) ** 2


def _below(x: Any) -> Any:
    return M.exp(-x) / (1 + M.exp(-x))


def _gelu(z: Any) -> Any:
    """The slope of gelu at a negative number."""
    return M.erfc(-z / M.sqrt(2)) / 2 + z * M.exp(-z * z / 2) / M.sqrt(2 * M.pi)


def _mish(z: Any) -> Any:
    s = M.log1p(M.exp(z))
    return M.tanh(s) + z * M.sech(s) ** 2 * M.exp(z) / (1 + M.exp(z))


def _silu(z: Any) -> Any:
    return M.exp(z) / (1 + M.exp(z)) * (1 + z / (1 + M.exp(z)))


SATURATING: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    # a function of x, and its slope at a large x without its sign
    ("sigmoid(x)", _logistic),
    ("sigmoid(-x)", _logistic),
    ("1 - 1/(1 + exp(-x))", _logistic),
    ("softmax(stack([x, 0.0]), 0)[0]", _logistic),
    ("tanh(x)", lambda x: M.sech(x) ** 2),
    ("2*sigmoid(2*x) - 1", lambda x: 4 * _logistic(2 * x)),
    ("tanh(3 - x)", lambda x: M.sech(x - 3) ** 2),
    ("erf(x)", lambda x: 2 / M.sqrt(M.pi) * M.exp(-x * x)),
    ("logsigmoid(x)", _below),
    ("log(1 + exp(-x))", _below),
    ("softplus(-x)", _below),
    ("log_softmax(stack([x, 0.0]), 0)[0]", _below),
    ("binary_cross_entropy_with_logits(x, 1.0)", _below),
    ("exp(-x)", lambda x: M.exp(-x)),
    ("1 - exp(-x)", lambda x: M.exp(-x)),
    ("exp(-x**2)", lambda x: 2 * x * M.exp(-x * x)),
    ("silu(-x)", lambda x: abs(_silu(-x))),
    ("x*sigmoid(-x)", lambda x: abs(_silu(-x))),
    ("mish(-x)", lambda x: abs(_mish(-x))),
    ("gelu(-x)", lambda x: abs(_gelu(-x))),
    ("gelu(5 - x)", lambda x: abs(_gelu(5 - x))),
)

MARGINS = (8.0, 11.0, 14.5, 20.0, 38.0, 60.0, 89.0, 91.0, 105.0, 400.0, 711.0, 715.0, 746.0, 1e4)
DRAWN = random.Random(15).sample(
    list(itertools.product(SATURATING, MARGINS, ("float64", "float32"))), share(180)
)


@pytest.mark.parametrize(
    ("case", "at", "dtype"), DRAWN, ids=[f"{c[0][0]}:{c[1]:g}:{c[2]}" for c in DRAWN]
)
def test_what_is_lost_where_a_function_levels_off(
    case: tuple[str, Callable[[Any], Any]], at: float, dtype: str
) -> None:
    text, slope = case
    answer = report(text, dtype, x=at)
    (gradient,) = answer.gradients
    assert gradient.autograd is not None
    true, info = abs(slope(M.mpf(at))), np.finfo(dtype)
    off = abs(true - abs(M.mpf(float(gradient.autograd))))
    assert answer.verdict.outcome in ("verified", "vanished"), answer.verdict.message
    if 2 * off <= float(info.smallest_subnormal) or off <= 64 * float(info.eps) * true:
        assert answer.verdict.outcome == "verified", answer.verdict.message
    elif off > true / 2:
        assert answer.verdict.outcome == "vanished", answer.verdict.message


@pytest.mark.parametrize(
    ("text", "at", "true"),
    [
        # a number between which and what it levels off at no few bits tell
        ("sqrt(1 - tanh(x)**2)", 1e4, "-2.27097e-4343"),
        ("acos(tanh(x))", 1e4, "-2.27097e-4343"),
        ("-log(1 - sigmoid(x))", 6e3, "1"),
        ("-log(1 - sigmoid(x))", 1e4, "1"),
        ("log(1 - tanh(x))", 1e4, "-2"),
        ("atanh(tanh(x))", 1e4, "1"),
        ("log(sigmoid(x)) - log(1 - sigmoid(x))", 1e4, "1"),
        # and no bits that can be afforded, or what rounding chose
        ("where(tanh(x) < 1, x, 2*x)", 1e4, None),
        ("-log(1 - sigmoid(x))", 1e8, None),
        ("acos(tanh(x))", 1e5, None),
        ("1/(1 - tanh(x))", 1e5, None),
        ("log(1 - erf(x))", 200.0, None),
        ("floor(tanh(x))*x", 1e5, None),
    ],
)
def test_near_what_a_function_levels_off_at(text: str, at: float, true: str | None) -> None:
    answer = report(text, x=at)
    assert answer.verdict.outcome == ("unresolved" if true is None else "wrong")
    assert true is None or answer.verdict.message.endswith(f" is {true}")


@pytest.mark.parametrize("text", ["abs(1 - tanh(x))", "relu(1 - sigmoid(x))", "1 - tanh(x)"])
def test_a_corner_that_no_float_is_at_is_none(text: str) -> None:
    assert report(text, x=1e4).verdict.outcome == "verified"


@pytest.mark.parametrize(("text", "kind"), [("abs(x[0])", "kink"), ("floor(x[0])", "jump")])
def test_what_levels_off_hides_nothing(text: str, kind: str) -> None:
    answer = report(f"{text} - log(1 - sigmoid(x[1]))", x=[0.0, 1e8])
    first, second = answer.gradients[0].elements
    assert answer.verdict.outcome == second.outcome == "unresolved"
    assert "what they level off at" in second.cause
    assert "border" not in second.cause
    assert first.outcome == kind


@pytest.mark.parametrize("margin", [15, 30, 35, 40, 200])
@pytest.mark.parametrize("text", ["cross_entropy(x, y)", "-sum(y*log_softmax(x, dim=1))"])
def test_elements_that_vanish_beside_large_ones(text: str, margin: float) -> None:
    for dtype in ("float64", "float32"):
        x, y = [[margin, 0.0], [0.0, margin]], [[1.0, 0.0], [0.0, 1.0]]
        answer = report(text, dtype, x=x, y=y)
        assert answer.verdict.outcome in ("vanished", "verified")
        assert all(e.index in ((0, 0), (1, 1)) for e in answer.gradients[1].elements)
    assert report(text, x=x, y=y, strict=True).verdict.outcome == "wrong"


@pytest.mark.parametrize("at", [20.0, 40.0])
@pytest.mark.parametrize(
    "text", ["(sigmoid(x) - t)**2", "mse_loss(sigmoid(x), t)", "(tanh(x*w) - t)**2"]
)
def test_the_loss_of_a_saturated_output(text: str, at: float) -> None:
    more = {"w": 1.0} if "w" in text else {}
    assert report(text, x=at, t=1.0, **more).verdict.outcome in ("vanished", "verified")


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("exp(x)*(1 - tanh(x))", {"x": 25.0}),
        ("exp(x - 3)*(1 - tanh(x - 3))", {"x": 28.0}),
        ("exp(y)*(1 - tanh(x))", {"x": 25.0, "y": 25.0}),
        ("1e300*sigmoid(x)", {"x": -800.0}),
        ("exp(700)*exp(-x)*w", {"x": 800.0, "w": 2.0}),
        ("(1 - cos(x - 5))/(x - 5)**2", {"x": 5.00000001}),
        ("y*1e6 + (exp(x) - 1 - x)*1e9", {"x": 1e-9, "y": 1.0}),
        ("sqrt(x + 1) - sqrt(x) + 0*tanh(y)", {"x": 1e12, "y": 1.0}),
    ],
)
def test_what_cancels_is_not_level(text: str, inputs: Any) -> None:
    assert report(text, **inputs).verdict.outcome == "wrong"
