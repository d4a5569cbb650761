"""Functions of elements, activations, special functions and statistics.

Each has the library's own value and a verified gradient at ordinary points, and the right word at
awkward ones.
"""

import math
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import torch

from gradcalc.errors import InvalidValueError
from tests.trust_cases import report

X, Y, Z = [0.7, -1.3, 2.5], [1.5, 0.25, -2.0], [0.5, 1.25, 0.75]
A = [[0.5, -1.5, 2.0], [1.25, 0.75, -0.5]]
SHARES, LARGER = [0.7, 0.2, 0.95], [2.7, 12.5, 3.5]
INPUTS: dict[str, Any] = {"x": X, "y": Y, "z": Z, "A": A, "p": SHARES, "q": LARGER}

SMOOTH = """
torch.addcmul(x, y, z, value=0.7)
torch.addcdiv(x, y, z)
torch.lerp(x, y, 0.3)
torch.lerp(x, y, z)
torch.ldexp(x, y)
torch.logaddexp2(x, y)
torch.special.xlog1py(x, z)
torch.copysign(x, y)
torch.fmax(x, y)
torch.fmin(x, y)
torch.nan_to_num(x)
torch.rsub(x, y, alpha=2)
torch.float_power(z, 1.5)
torch.clamp_min(x, 0.1)
x.clamp_max(0.1)
torch.where(torch.isclose(x, y), x, x*y)
x*torch.count_nonzero(x)
np.cbrt(x)
torch.round(x*1.377, decimals=2)*y
np.round(x*137.1, -1)*x
np.heaviside(x, 0.5)*x
np.select([x < 0, x < 1], [x**2, np.sin(x)], 3*x)
np.nan_to_num(x)
math.cbrt(x[0]) + math.copysign(x[1], -1) + math.gamma(q[0])
torch.nn.functional.hardswish(x)
torch.nn.functional.softshrink(x, 0.3)
torch.nn.functional.hardshrink(x)
torch.nn.functional.threshold(x, 0.5, 20.0)
torch.nn.functional.rrelu(x)
torch.nn.functional.prelu(A, z)
torch.nn.functional.glu(A, 0)
torch.polygamma(2, q)
torch.mvlgamma(q, 3)
torch.special.gammainc(torch.tensor(2.5), z)
torch.special.gammaincc(torch.tensor(2.5), z)
torch.special.zeta(2.5, q)
torch.special.erfcx(x)
torch.special.ndtri(p)
torch.special.log_ndtr(x)
torch.logit(p, 0.1)
torch.i0(x)
torch.special.i0e(x)
torch.special.i1(x)
torch.special.i1e(x)
scipy.special.gamma(x)
scipy.special.beta(z, q)
scipy.special.betaln(z, q)
scipy.special.erfcinv(p)
scipy.special.rel_entr(p, z)
scipy.special.kl_div(p, z)
scipy.special.exp10(x)
scipy.special.huber(1.0, x)
scipy.special.pseudo_huber(1.5, x)
scipy.special.boxcox(z, 0.5)
scipy.special.inv_boxcox(z, 0.5)
scipy.special.rgamma(q)
scipy.special.cosdg(x)
torch.median(x)
np.median(A, axis=1)
torch.quantile(x, 0.3)
np.percentile(A, [10, 55], axis=1)
torch.cummax(A, 1)[0]
torch.cummin(A, 0)[0]
torch.nansum(A, 0)
np.nanmean(A, axis=1)
np.nanstd(A, axis=1)
torch.logcumsumexp(A, 1)
torch.cov(A)
np.cov(A, rowvar=False, bias=True)
np.corrcoef(A)
np.ptp(A, axis=0)
torch.std_mean(x)[0]*torch.var_mean(x)[1]
torch.diff(A, prepend=A[:, :1])
np.diff(x, n=2)
np.ediff1d(A)
np.gradient(x, 0.5, edge_order=2)
np.gradient(A)[1]
torch.trapezoid(A, dim=0)
torch.cumulative_trapezoid(x, y)
np.trapezoid(A, x, axis=1)
scipy.integrate.trapezoid(x, y)
torch.linalg.cross(x, y)
np.cross(A, x)
np.polyval(x, y)
np.vander(x, 4)
np.convolve(x, y, 'same')
np.correlate(x, y, 'full')
np.interp(y, [-3.0, 0.0, 2.0], z)
np.interp(x, [3.0, -1.0, 0.5, 2.0], [1.0, 3.0, -1.0, 2.5], period=3.25)
np.interp(y, [-3.0, 0.375, 1.125], z, period=-2.5, left=7.0)
""".strip().split("\n")


def library(text: str) -> Any:
    """What Python makes of the text with the libraries themselves."""
    torchs = "torch" in text or ".clamp_max" in text
    make = (lambda v: torch.tensor(v, dtype=torch.float64)) if torchs else np.array
    names = {"torch": torch, "np": np, "math": math, "scipy": scipy}
    return np.asarray(eval(text, names, {name: make(value) for name, value in INPUTS.items()}))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", SMOOTH)
def test_the_value_is_the_library_s_and_the_gradient_verified(text: str, dtype: str) -> None:
    given = {name: value for name, value in INPUTS.items() if name in set(_words(text))}
    answer = report(text, dtype=dtype, **given)
    assert answer.verdict.outcome == "verified", answer.verdict.message
    room = 1e-12 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(answer.value, library(text), rtol=room, atol=room)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c in "_." else " " for c in text).replace(".", " ").split()


AWKWARD = [
    ("np.cbrt(x)", {"x": 0.0}, "singular"),
    ("torch.copysign(x, y)", {"x": 0.0, "y": 2.0}, "kink"),
    ("torch.copysign(x, y)", {"x": 1.0, "y": 0.0}, "jump"),
    ("torch.round(x, decimals=1)", {"x": 0.25}, "jump"),
    # below the tie exactly, and on it as torch multiplies
    ("torch.round(x, decimals=2)*x", {"x": 0.015}, "unresolved"),
    ("torch.fmax(x, y)", {"x": 1.5, "y": 1.5}, "kink"),
    ("torch.addcdiv(x, y, z)", {"x": 1.0, "y": 2.0, "z": 0.0}, "singular"),
    ("F.hardswish(x)", {"x": -3.0}, "kink"),
    ("F.hardshrink(x)", {"x": 0.5}, "jump"),
    ("F.softshrink(x)", {"x": 0.5}, "kink"),
    ("F.threshold(x, 0.5, 20)", {"x": 0.5}, "jump"),
    ("F.prelu(x, w)", {"x": 0.0, "w": 0.25}, "kink"),
    # a 1/6 of float32 in torch's backward
    ("F.hardsigmoid(x)", {"x": 0.4}, "wrong"),
    ("torch.digamma(x)", {"x": -2.0}, "singular"),
    ("torch.special.i0e(x)", {"x": 0.0}, "kink"),
    ("torch.special.i1(x)", {"x": 0.0}, "verified"),
    ("scipy.special.rel_entr(x, y)", {"x": 0.0, "y": 0.4}, "edge"),
    ("torch.median(x)", {"x": [3.0, 1.0, 3.0, 3.0, 2.0]}, "kink"),
    ("torch.quantile(x, 0.5)", {"x": [1.0, 2.0, 2.0]}, "kink"),
    ("torch.cummax(x, 0)[0]", {"x": [3.0, 1.0, 3.0]}, "kink"),
    ("torch.nansum(x**2)", {"x": [math.nan, 1.0]}, "wrong"),
    ("torch.nansum(x)", {"x": [math.nan, 1.0]}, "verified"),
    ("torch.nan_to_num(x)", {"x": [math.nan, math.inf, 2.0]}, "verified"),
    ("where(isnan(x), 0, x)", {"x": [math.nan, 1.0]}, "verified"),
    ("np.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, 2.5])", {"x": 1.0}, "kink"),
    ("np.interp(x, [0.0, 1.0, 2.5], [1.0, 3.0, 2.5], period=4)", {"x": 4.0}, "kink"),
    ("np.interp(x, [0.5, 1.0, 2.5], [1.0, 3.0, 2.5], period=4)", {"x": 4.0}, "verified"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "outcome"), AWKWARD)
def test_an_awkward_point_is_called_what_it_is(
    text: str, inputs: dict[str, Any], outcome: str
) -> None:
    assert report(text, **inputs).verdict.outcome == outcome


UNREAD = [
    ("polygamma(1.5, x)", "a whole n"),
    ("polygamma(-1, x)", "a whole n"),
    ("polygamma(10**9, x)", "a whole n"),
    ("mvlgamma(x, 10**9)", "a whole p"),
    ("mvlgamma(x, 0)", "a whole p"),
    ("mvlgamma(x, inf)", "a whole p"),
]


@pytest.mark.parametrize(("text", "word"), UNREAD)
def test_an_order_that_there_is_not_is_refused(text: str, word: str) -> None:
    with pytest.raises(InvalidValueError, match=word):
        report(text, x=30.5)
