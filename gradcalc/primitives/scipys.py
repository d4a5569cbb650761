"""Special functions that scipy has and torch has not: their numbers are scipy's own.

Their slopes are those of the textbooks, put together from scipy's numbers too.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError
from gradcalc.expr.scipys import LARGEST, of_scipy
from gradcalc.primitives.elementwise import exact
from gradcalc.primitives.row import Elementwise, Samples

Slope = Callable[..., Any]


@cache
def _function(t: Any) -> Any:
    """The class of torch's that has values by scipy, and slopes that are functions in turn."""

    class Known(t.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, compute: Any, slope: Any, parameters: Any, x: Any) -> Any:
            ctx.slope, ctx.parameters = slope, parameters
            ctx.save_for_backward(x)
            held = x.detach()
            narrow = held.dtype in (t.float32, t.float64)
            numbers = (held if narrow else held.to(t.float64)).cpu().numpy()
            return t.as_tensor(compute(*parameters, numbers), dtype=x.dtype, device=x.device)

        @staticmethod
        def backward(ctx: Any, given: Any) -> Any:
            (x,) = ctx.saved_tensors
            return None, None, None, given * ctx.slope(t, *ctx.parameters, x)

    return Known


def known(name: str, slope: Slope, part: int | None = None) -> Callable[..., Any]:
    """One of scipy's functions of a tensor, the last operand, behind numbers.

    `part` says which of several results it is.
    """

    def compute(*operands: Any) -> Any:
        found = of_scipy(name)(*map(np.asarray, operands))
        return np.real(found if part is None else found[part])

    def call(t: Any, *operands: Any, **given: Any) -> Any:
        *parameters, x = (*operands, *given.values())
        return _function(t).apply(compute, slope, tuple(parameters), x)

    return call


def _beside(below: str, above: str, sign: int) -> Slope:
    """Half of the function of the order below, and of that above with a sign."""

    def slope(t: Any, v: Any, x: Any) -> Any:
        return (sign * CALLS[below](t, v - 1, x) - CALLS[above](t, v + 1, x)) / 2

    return slope


def _order(n: Any) -> int:
    if n < 0 or n != int(n):
        raise InvalidValueError(f"expn takes a whole n from 0 on, not {n:g}")
    return int(n)


def _exponential(t: Any, n: Any, x: Any) -> Any:
    if n == 0:
        return -t.exp(-x) * (1 / x + 1 / x**2)
    return -t.exp(-x) / x if n == 1 else -EXPN(t, n - 1, x)


def _gauss(t: Any, a: Any, b: Any, c: Any, x: Any) -> Any:
    return a * b / c * CALLS["hyp2f1"](t, a + 1, b + 1, c + 1, x)


def _gauss_of(t: Any, a: float, b: float, c: float, x: Any) -> Any:
    return CALLS["hyp2f1"](t, a, b, c, x)


def _quarters(t: Any, turns: Any) -> Any:
    """The sine of so many quarters of a turn, 0 where they are even."""
    apart = turns - 2 * t.round(turns / 2)
    return (1 - 2 * t.remainder(t.round(turns / 2), 2)) * t.sin(np.pi / 2 * apart)


def _share(t: Any, a: Any, b: Any, x: Any) -> Any:
    from scipy import special

    if a + b > LARGEST:
        return _function(t).apply(_steep, _steep_slope, (a, b), x)
    return x ** (a - 1) * (1 - x) ** (b - 1) / float(special.beta(a, b))


def _steep(a: Any, b: Any, x: Any) -> Any:
    """The density of the beta distribution, where the powers of numbers have no float."""
    # slow to import
    from scipy import stats

    return stats.beta.pdf(x, float(a), float(b))


def _steep_slope(t: Any, a: Any, b: Any, x: Any) -> Any:
    return _share(t, a, b, x) * ((a - 1) / x - (b - 1) / (1 - x))


def _density(t: Any, df: Any, x: Any) -> Any:
    from scipy import special

    scale = float(special.beta(df / 2, 0.5)) * df**0.5
    return (1 + x**2 / df) ** (-(df + 1) / 2) / scale


def _where_not(t: Any, x: Any, at: float, slope: Slope, there: float) -> Any:
    """A slope whose quotient has no value at a number, where it is known."""
    off = x != at
    return t.where(off, slope(t.where(off, x, at + 0.5)), there)


def _lambert(t: Any, x: Any, k: Any) -> Any:
    w = _lambertw(t, x, k)
    return t.exp(-w) / (1 + w)


def _lambertw(t: Any, x: Any, k: Any = 0) -> Any:
    def compute(branch: Any, numbers: Any) -> Any:
        from scipy import special

        found = special.lambertw(numbers, branch)
        return np.where(np.imag(found) == 0, np.real(found), np.nan)

    return _function(t).apply(compute, lambda t, k, x: _lambert(t, x, k), (int(k),), x)


EXPN = known("expn", _exponential)

CALLS: dict[str, Callable[..., Any]] = {
    "besselj": known("jv", _beside("besselj", "besselj", 1)),
    "bessely": known("yv", _beside("bessely", "bessely", 1)),
    "besseli": known("iv", lambda t, v, x: (
        CALLS["besseli"](t, v - 1, x) + CALLS["besseli"](t, v + 1, x)) / 2),
    "besselk": known("kv", _beside("besselk", "besselk", -1)),
    "airyai": known("airy", lambda t, x: CALLS["airyaiprime"](t, x), 0),
    "airyaiprime": known("airy", lambda t, x: x * CALLS["airyai"](t, x), 1),
    "airybi": known("airy", lambda t, x: CALLS["airybiprime"](t, x), 2),
    "airybiprime": known("airy", lambda t, x: x * CALLS["airybi"](t, x), 3),
    "ellipk": known("ellipk", lambda t, m: np.pi / 8 * _gauss_of(t, 1.5, 1.5, 2.0, m)),
    "ellipe": known("ellipe", lambda t, m: -np.pi / 8 * _gauss_of(t, 0.5, 1.5, 2.0, m)),
    "expi": known("expi", lambda t, x: t.exp(x) / x),
    "expn": lambda t, n, x: EXPN(t, _order(n), x),
    "sinint": known("sici", lambda t, x: t.sinc(x / np.pi), 0),
    "cosint": known("sici", lambda t, x: t.cos(x) / x, 1),
    "sinhint": known("shichi", lambda t, x: _where_not(t, x, 0.0, lambda x: t.sinh(x) / x, 1.0),
                     0),
    "coshint": known("shichi", lambda t, x: t.cosh(x) / x, 1),
    "fresnels": known("fresnel", lambda t, x: _quarters(t, x**2), 0),
    "fresnelc": known("fresnel", lambda t, x: _quarters(t, x**2 + 1), 1),
    "erfi": known("erfi", lambda t, x: 2 / np.sqrt(np.pi) * t.exp(x**2)),
    "dawsn": known("dawsn", lambda t, x: 1 - 2 * x * CALLS["dawsn"](t, x)),
    "spence": known("spence", lambda t, x: _where_not(
        t, x, 1.0, lambda x: t.log(x) / (1 - x), -1.0)),
    "hyp0f1": known("hyp0f1", lambda t, b, x: CALLS["hyp0f1"](t, b + 1, x) / b),
    "hyp1f1": known("hyp1f1", lambda t, a, b, x: a / b * CALLS["hyp1f1"](t, a + 1, b + 1, x)),
    "hyp2f1": known("hyp2f1", _gauss),
    "betainc": known("betainc", _share),
    "stdtr": known("stdtr", _density),
    "lambertw": _lambertw,
}  # fmt: skip
"""What torch runs, by the names of the rows."""


def of(name: str) -> Callable[..., Any]:
    """A definition that is one of `gradcalc.expr.hypergeometric`, of the last operand."""

    def define(s: Any, *operands: Any) -> Any:
        from gradcalc.expr import hypergeometric

        *parameters, x = operands
        return getattr(hypergeometric, name)(*[exact(s, p) for p in parameters], x)

    return define


def _row(name: str, define: Any, samples: Samples, doc: str, **facts: Any) -> Elementwise:
    return Elementwise(name, define, samples, doc, CALLS[name], **facts)


def _whole_or_positive(m: Any, v: Any, x: Any) -> tuple[Any, ...]:
    return () if m.isint(v) else (x,)


def _lambert_slope(s: Any, x: Any, k: Any = 0) -> Any:
    w = s.LambertW(x, s.Integer(int(k)))
    return s.exp(-w) / (1 + w)


def _lambert_domain(m: Any, x: Any, k: Any = 0) -> tuple[Any, ...]:
    border = x + math.exp(-1)
    return (border,) if k == 0 else (border, -x)


def _elliptic_slope(s: Any, m: Any, above: Any, below: Any, there: Any) -> Any:
    return s.Piecewise((there, s.Eq(m, 0)), (above / below, True))


REAL: Samples = ((0.7,), (-1.3,), (4.5,))
ABOVE: Samples = ((0.7,), (2.5,), (6.5,))
BELOW_ONE: Samples = ((0.7,), (-1.3,), (0.2,))

BESSELS: tuple[Elementwise, ...] = (
    _row("besselj", lambda s, v, x: s.besselj(exact(s, v), x), ((0, 0.7), (2, -1.3), (1.5, 4.5)),
         "Bessel function of the first kind, of order v", static=("v",),
         domain=_whole_or_positive),
    _row("bessely", lambda s, v, x: s.bessely(exact(s, v), x), ((0, 0.7), (2, 1.3), (1.5, 4.5)),
         "Bessel function of the second kind, of order v", static=("v",),
         domain=lambda m, v, x: (x,), safe=(1, 1)),
    _row("besselk", lambda s, v, x: s.besselk(exact(s, v), x), ((0, 0.7), (2, 1.3), (1.5, 4.5)),
         "modified Bessel function of the second kind, of order v", static=("v",),
         domain=lambda m, v, x: (x,), safe=(1, 1)),
    _row("besseli", lambda s, v, x: s.besseli(exact(s, v), x), ((2, 0.7), (3, -1.3), (1.5, 4.5)),
         "modified Bessel function of the first kind, of order v", static=("v",),
         domain=_whole_or_positive),
    _row("airyai", lambda s, x: s.airyai(x), REAL, "Airy function Ai",
         partials=((0, lambda s, x: of("airyaiprime")(s, x)),)),
    _row("airyaiprime", lambda s, x: of("airyaiprime")(s, x), REAL,
         "derivative of the Airy function Ai"),
    _row("airybi", lambda s, x: s.airybi(x), REAL, "Airy function Bi",
         partials=((0, lambda s, x: of("airybiprime")(s, x)),)),
    _row("airybiprime", lambda s, x: of("airybiprime")(s, x), REAL,
         "derivative of the Airy function Bi"),
)  # fmt: skip

INTEGRALS: tuple[Elementwise, ...] = (
    _row("ellipk", lambda s, m: s.elliptic_k(m), BELOW_ONE,
         "complete elliptic integral of the first kind, of the parameter m",
         partials=((0, lambda s, m: _elliptic_slope(
             s, m, s.elliptic_e(m) - (1 - m) * s.elliptic_k(m), 2 * m * (1 - m), s.pi / 8)),),
         domain=lambda m_, m: (1 - m,), safe=(0, 0), calls=("scipy.special.ellipk",)),
    _row("ellipe", lambda s, m: s.elliptic_e(m), BELOW_ONE,
         "complete elliptic integral of the second kind, of the parameter m",
         partials=((0, lambda s, m: _elliptic_slope(
             s, m, s.elliptic_e(m) - s.elliptic_k(m), 2 * m, -s.pi / 8)),),
         domain=lambda m_, m: (1 - m,), safe=(0, 0), calls=("scipy.special.ellipe",)),
    _row("expi", lambda s, x: s.Ei(x), REAL, "exponential integral Ei",
         kinks=lambda m, x: (x,), safe=(0, 1),
         calls=("scipy.special.expi jax.scipy.special.expi",)),
    _row("expn", lambda s, n, x: s.expint(s.Integer(_order(n)), x), ((1, 0.7), (2, 2.5), (3, 1.5)),
         "exponential integral of a whole order n", static=("n",), domain=lambda m, n, x: (x,),
         safe=(1, 1), calls=("scipy.special.expn (n: int, x, /, out: target = None)",
                             "jax.scipy.special.expn (n: int, x: floats)")),
    _row("sinint", lambda s, x: s.Si(x), REAL, "sine integral",
         partials=((0, lambda s, x: s.Piecewise((s.Integer(1), s.Eq(x, 0)),
                                                (s.sin(x) / x, True))),)),
    _row("cosint", lambda s, x: s.Ci(s.Abs(x)), ABOVE, "cosine integral, of the size of x",
         partials=((0, lambda s, x: s.cos(x) / x),), kinks=lambda m, x: (x,), safe=(0, 1)),
    _row("sinhint", lambda s, x: s.Shi(x), REAL, "hyperbolic sine integral",
         partials=((0, lambda s, x: s.Piecewise((s.Integer(1), s.Eq(x, 0)),
                                                (s.sinh(x) / x, True))),)),
    _row("coshint", lambda s, x: s.Chi(s.Abs(x)), ABOVE,
         "hyperbolic cosine integral, of the size of x",
         partials=((0, lambda s, x: s.cosh(x) / x),), kinks=lambda m, x: (x,), safe=(0, 1)),
    _row("fresnels", lambda s, x: s.fresnels(x), REAL, "Fresnel's integral of sin(pi t**2/2)"),
    _row("fresnelc", lambda s, x: s.fresnelc(x), REAL, "Fresnel's integral of cos(pi t**2/2)"),
    _row("erfi", lambda s, x: s.erfi(x), ((0.7,), (-1.3,), (2.5,)), "imaginary error function",
         calls=("scipy.special.erfi",)),
    _row("dawsn", lambda s, x: of("dawsn")(s, x), ((0.7,), (-1.3,), (2.5,)),
         "Dawson's integral, exp(-x**2) times that of exp(t**2)", calls=("scipy.special.dawsn",)),
    _row("spence", lambda s, x: of("spence")(s, x), ((0.7,), (1.3,), (4.5,)),
         "the dilogarithm of 1 - x",
         domain=lambda m, x: (x,), safe=(0, 1),
         calls=("scipy.special.spence jax.scipy.special.spence",)),
    _row("lambertw", lambda s, x, k=0: s.LambertW(x, s.Integer(int(k))),
         ((0.7, 0), (-0.2, 0), (-0.2, -1)),
         "the real number w with w exp(w) = x, from -1 on, or below it for k = -1",
         partials=((0, _lambert_slope),), aliases=("lambert_w",), static=("k",),
         domain=_lambert_domain, safe=(0, 1)),
)  # fmt: skip

HYPERGEOMETRIC: tuple[Elementwise, ...] = (
    _row("hyp0f1", lambda s, v, x: of("hyp0f1")(s, v, x), ((0.5, 0.7), (2.5, -1.3), (3, 4.5)),
         "confluent hypergeometric limit function", static=("v",),
         aliases=("hypergeometric_0f1",)),
    _row("hyp1f1", lambda s, a, b, x: of("hyp1f1")(s, a, b, x),
         ((0.5, 1.5, 0.7), (2.5, 0.75, -1.3), (1, 3, 4.5)),
         "Kummer's confluent hypergeometric function", static=("a", "b"),
         calls=("scipy.special.hyp1f1 (a: number, b: number, x, /, out: target = None)",
                "jax.scipy.special.hyp1f1 (a: number, b: number, x: floats)")),
    _row("hyp2f1", lambda s, a, b, c, x: of("hyp2f1")(s, a, b, c, x),
         ((0.5, 1.5, 2.5, 0.7), (2.5, 0.75, 1.25, -1.3), (1, 3, 2.5, 0.2)),
         "Gauss' hypergeometric function", static=("a", "b", "c"),
         domain=lambda m, a, b, c, x: (1 - x,), safe=(3, 0),
         calls=("scipy.special.hyp2f1 (a: number, b: number, c: number, z, /, "
                "out: target = None)",
                "jax.scipy.special.hyp2f1 (a: number, b: number, c: number, x: floats)")),
    _row("betainc", lambda s, a, b, x: of("betainc")(s, a, b, x),
         ((0.5, 1.5, 0.7), (2.5, 0.75, 0.2), (2, 3, 0.5)),
         "incomplete beta function of a and b, over beta(a, b)", static=("a", "b"),
         domain=lambda m, a, b, x: (x, 1 - x), safe=(2, 0),
         calls=("scipy.special.betainc (a: number, b: number, x, /, out: target = None)",
                "jax.scipy.special.betainc (a: number, b: number, x: floats)")),
    _row("stdtr", lambda s, df, x: of("stdtr")(s, df, x), ((3, 0.7), (2.5, -1.3), (30, 2.5)),
         "distribution function of Student's t of df degrees of freedom", static=("df",),
         aliases=("student_cdf",)),
)  # fmt: skip
"""The parameters are numbers, by which no gradient is taken."""
