"""Integrals of functions, held to scipy's own and to 50 digits."""

from typing import Any

import mpmath
import numpy as np
import pytest

from gradcalc import grad
from gradcalc.errors import GradcalcError, ShapeError, UnsupportedError

HEAD = "import math\nimport numpy as np\nfrom scipy.integrate import dblquad, fixed_quad, quad\n"
X = (0.7, 1.3)

INTEGRALS: dict[str, tuple[str, Any]] = {
    "between numbers": (
        "quad(lambda t: np.exp(-x[0]*t)*np.sin(x[1]*t), 0, 2)[0]",
        lambda a, b: mpmath.quad(lambda t: mpmath.exp(-a*t)*mpmath.sin(b*t), [0, 2]),
    ),
    "limits that move": (
        "quad(lambda t: math.exp(-t*t), x[0], x[1])[0]",
        lambda a, b: mpmath.quad(lambda t: mpmath.exp(-t*t), [a, b]),
    ),
    "arguments": (
        "quad(lambda t, c, d: c*math.cos(d*t), 0, x[1], args=(x[0], 2.0))[0]",
        lambda a, b: mpmath.quad(lambda t: a*mpmath.cos(2*t), [0, b]),
    ),
    "the wrong way round": (
        "quad(lambda t: np.exp(x[0]*t), 1, -x[1])[0]",
        lambda a, b: mpmath.quad(lambda t: mpmath.exp(a*t), [1, -b]),
    ),
    "without limits": (
        "quad(lambda t: np.exp(-x[0]*(t - x[1])**2), -np.inf, np.inf)[0]",
        lambda a, b: mpmath.sqrt(mpmath.pi/a) + 0*b,
    ),
    "without an upper limit": (
        "quad(lambda t: t**2*np.exp(-x[0]*t), x[1], math.inf)[0]",
        lambda a, b: mpmath.quad(lambda t: t**2*mpmath.exp(-a*t), [b, 10, mpmath.inf]),
    ),
    "without a lower limit": (
        "quad(lambda t: np.exp(-t*t/2)/np.sqrt(2*np.pi), -np.inf, x[0]*x[1])[0]",
        lambda a, b: mpmath.ncdf(a*b),
    ),
    "several intervals": (
        "quad(lambda t: 1/(0.01*x[1] + (t - x[0])**2), 0, 1)[0]",
        lambda a, b: mpmath.quad(lambda t: 1/(b/100 + (t - a)**2), [0, a, 1]),
    ),
    "a bend that no point is at": (
        "quad(lambda t: t*x[0] if t < 0.5 else x[0]/2, 0, 1)[0]",
        lambda a, b: 3*a/8 + 0*b,
    ),
    "in two dimensions": (
        "dblquad(lambda y, t: x[0]*t*y**2 + x[1]*y, 0, 2, 0, lambda t: t)[0]",
        lambda a, b: a*mpmath.mpf(32)/15 + b*mpmath.mpf(4)/3,
    ),
    "by a rule that is named": (
        "fixed_quad(lambda t: np.exp(x[0]*t), 0, x[1], n=12)[0]",
        lambda a, b: mpmath.quad(lambda t: mpmath.exp(a*t), [0, b]),
    ),
    "two of one function": (
        "quad(g, 0, x[0], (x[1],))[0] / quad(g, 0, 1, (x[1],))[0]",
        lambda a, b: (1 - mpmath.exp(-a*b))/(1 - mpmath.exp(-b)),
    ),
}  # fmt: skip


def text_of(body: str) -> str:
    return f"{HEAD}def g(t, c):\n    return np.exp(-c*t)\ndef f(x):\n    return {body}"


@pytest.mark.parametrize("name", INTEGRALS)
def test_an_integral_is_scipys_and_its_gradient_the_true_one(name: str) -> None:
    body, exact = INTEGRALS[name]
    space: dict[str, Any] = {}
    exec(text_of(body), space)
    report = grad(text_of(body), x=list(X))
    assert report.verdict.outcome == "verified", report.verdict.message
    assert float(report.value) == pytest.approx(float(space["f"](np.array(X))), rel=4e-15)
    with mpmath.workdps(30):
        wanted = [float(mpmath.diff(exact, X, n)) for n in ((1, 0), (0, 1))]
    # the sum that quad ends with is as near as quad was asked for
    assert report.gradient["x"] == pytest.approx(wanted, rel=1e-6, abs=1e-8)


REFUSED = {
    "quad(lambda t: x[0]*np.log(t), 0, 1)[0]": (UnsupportedError, "extrapolates"),
    "quad(lambda t: x[0] if t < 0.3 else 0, 0, 1)[0]": (UnsupportedError, "extrapolates"),
    "quad(lambda t: x*t, 0, 1)[0]": (ShapeError, "one number"),
    "quad(lambda t: x[0]*t, 0, 1)[1]*x[0]": (GradcalcError, "the error that quad tells"),
    "quad(lambda t: x[0]*t, 0, 1, points=[0.5])[0]": (UnsupportedError, "points of quad"),
    "quad(lambda t: x[0]*t, 0, 1, weight='cos', wvar=2)[0]": (UnsupportedError, "weight of quad"),
    "quad(lambda t: x[0]*t, 0, np.nan)[0]": (GradcalcError, "no number"),
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_no_sum_is_refused(body: str) -> None:
    kind, said = REFUSED[body]
    with pytest.raises(kind, match=said):
        grad(text_of(body), x=list(X))


def test_what_is_read_is_said() -> None:
    report = grad(text_of("quad(lambda t: np.exp(-x[0]*t), 0, 2)[0]"), x=list(X))
    said = "the gradient is that of the sum over the one interval that quad ends with here"
    assert said in [finding.message for finding in report.findings]
