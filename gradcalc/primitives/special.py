"""Special functions: the gamma function and its kin, error functions, Bessel functions."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.primitives.arithmetic import at_zero, nearest
from gradcalc.primitives.elementwise import exact
from gradcalc.primitives.row import Elementwise, Samples

ANY: Samples = ((0.7,), (-1.3,), (2.5,))
BESSEL: Samples = ((0.7,), (-1.3,), (4.5,))
SHARE: Samples = ((0.7,), (0.2,), (0.95,))
ABOVE: Samples = ((0.7,), (2.5,), (12.5,))
PAIRS: Samples = ((0.7, 1.5), (2.5, 0.3))

TORCHS = "(input, *, out: target = None)"


def own(name: str) -> Any:
    """A definition that is one of `gradcalc.expr.special`."""

    def define(s: Any, x: Any) -> Any:
        # imported where it is used: rows can be listed without sympy
        from gradcalc.expr import special

        return getattr(special, name)(x)

    return define


def _incomplete(name: str) -> Any:
    def define(s: Any, a: Any, x: Any) -> Any:
        from gradcalc.expr import special

        return getattr(special, name)(exact(s, a), x)

    return define


def _torch_incomplete(name: str) -> Any:
    def torch(t: Any, a: Any, x: Any) -> Any:
        if a <= 0:
            raise InvalidValueError(f"{name} needs an order greater than 0, not {a}")
        return getattr(t.special, name)(t.as_tensor(a, dtype=x.dtype, device=x.device), x)

    return torch


def _torch_zeta(t: Any, x: Any, q: Any) -> Any:
    if x <= 1:
        raise InvalidValueError(f"zeta needs an x greater than 1, not {x}")
    if bool((q < 0).any()):
        raise InvalidValueError("zeta needs a q greater than 0")
    return t.special.zeta(t.as_tensor(x, dtype=q.dtype, device=q.device), q)


def _at_poles(m: Any, x: Any) -> tuple[Any, ...]:
    """The integers that are not positive."""
    return (nearest(m, x) if x < 0.5 else m.one,)


def _log_gamma(s: Any, x: Any) -> Any:
    return s.Piecewise((s.loggamma(x), x > 0), (s.log(s.Abs(s.gamma(x))), True))


def _betaln(s: Any, x: Any, y: Any) -> Any:
    return s.loggamma(x) + s.loggamma(y) - s.loggamma(x + y)


def _sign_of_gamma(t: Any, x: Any) -> Any:
    return t.where((x < 0) & (t.floor(x) % 2 != 0), -1.0, 1.0).detach()


def _torch_gamma(t: Any, x: Any) -> Any:
    # near its pole at 0 the logarithm has too few digits
    near = t.abs(x) < 0.5
    found = t.exp(t.lgamma(t.where(near, x + 1, x))) / t.where(near, x, 1.0)
    return t.where(near, 1.0, _sign_of_gamma(t, x)) * found


def _torch_betaln(t: Any, x: Any, y: Any) -> Any:
    if not bool(((x > 0) & (y > 0)).all()):
        raise InvalidValueError("the beta function is one of positive numbers here")
    return t.lgamma(x) + t.lgamma(y) - t.lgamma(x + y)


def _torch_beta(t: Any, x: Any, y: Any) -> Any:
    return t.exp(_torch_betaln(t, x, y))


def _positive(m: Any, x: Any, y: Any) -> tuple[Any, ...]:
    return x, y


HIGHEST_ORDER = 10_000
"""The highest order of polygamma. Beyond it is no number that a float can hold, but for huge x."""


def _order(n: Any) -> int:
    if not (0 <= n <= HIGHEST_ORDER and n == int(n)):
        raise InvalidValueError(f"polygamma takes a whole n from 0 to {HIGHEST_ORDER}, not {n:g}")
    return int(n)


MOST_DIMENSIONS = 200
"""The largest dimension of the multivariate gamma function, which is a sum over all of them."""


def _dimension(p: Any) -> int:
    if not (1 <= p <= MOST_DIMENSIONS and p == int(p)):
        raise InvalidValueError(f"mvlgamma takes a whole p from 1 to {MOST_DIMENSIONS}, not {p:g}")
    return int(p)


def _multigammaln(s: Any, x: Any, p: Any) -> Any:
    terms = [_log_gamma(s, x - s.Rational(k, 2)) for k in range(_dimension(p))]
    return s.Rational(int(p) * (int(p) - 1), 4) * s.log(s.pi) + s.Add(*terms)


def _multigammaln_slope(s: Any, x: Any, p: Any) -> Any:
    return s.Add(*[s.digamma(x - s.Rational(k, 2)) for k in range(_dimension(p))])


def _multigammaln_poles(m: Any, x: Any, p: Any) -> tuple[Any, ...]:
    # of dimension 1 half of them are none
    return (nearest(m, x * 2) if x < p / 2 else m.one,)


def _rel_entr(s: Any, x: Any, y: Any) -> Any:
    return s.Piecewise((s.Integer(0), s.Eq(x, 0)), (x * s.log(x / y), True))


def _torch_rel_entr(t: Any, x: Any, y: Any) -> Any:
    if not bool(((x >= 0) & (y >= 0)).all()):
        raise InvalidValueError("rel_entr has a finite value of numbers that are not negative only")
    return t.xlogy(x, x / t.where(x == 0, 1.0, y))


GAMMA: tuple[Elementwise, ...] = (
    Elementwise("gamma", lambda s, x: s.gamma(x), ((0.7,), (-1.3,), (6.5,)), "gamma function",
                _torch_gamma, kinks=_at_poles, safe=(0, 1), numbers=math.gamma,
                calls=("scipy.special.gamma jax.scipy.special.gamma",)),
    # from the value on torch has ten digits: its trigamma is a short series
    Elementwise("digamma", lambda s, x: s.digamma(x), ((100.5,), (0.7,), (-1.3,)),
                "derivative of the logarithm of the gamma function", aliases=("psi",),
                kinks=_at_poles, safe=(0, 1),
                calls=(f"torch.digamma torch.special.digamma torch.special.psi {TORCHS}",
                       "torch.Tensor.digamma scipy.special.digamma scipy.special.psi "
                       "jax.scipy.special.digamma")),
    Elementwise("polygamma", lambda s, n, x: s.polygamma(_order(n), x),
                ((2, 0.7), (2, 2.5), (3, 1.5)), "derivative of order n of digamma",
                lambda t, n, x: t.polygamma(_order(n), x), static=("n",),
                kinks=lambda m, n, x: _at_poles(m, x), safe=(1, 1),
                calls=("torch.polygamma torch.special.polygamma "
                       "(n: int, input, *, out: target = None)",
                       "torch.Tensor.polygamma (input, n: int)",
                       "scipy.special.polygamma jax.scipy.special.polygamma (n: int, x)")),
    Elementwise("mvlgamma", _multigammaln, ((2.7, 1), (2.7, 3), (12.5, 2)),
                "logarithm of the multivariate gamma function of dimension p",
                lambda t, x, p: t.mvlgamma(x, _dimension(p)),
                aliases=("multigammaln",), static=("p",), partials=((0, _multigammaln_slope),),
                kinks=_multigammaln_poles,
                calls=("torch.mvlgamma torch.special.multigammaln torch.Tensor.mvlgamma "
                       "(input, p: int)",
                       "scipy.special.multigammaln jax.scipy.special.multigammaln (a, d: int)")),
    Elementwise("betaln", _betaln, PAIRS, "logarithm of the absolute value of the beta function",
                _torch_betaln, domain=_positive, safe=(0, 1),
                partials=((0, lambda s, x, y: s.digamma(x) - s.digamma(x + y)),
                          (1, lambda s, x, y: s.digamma(y) - s.digamma(x + y))),
                calls=("scipy.special.betaln (a, b, /, out: target = None)",
                       "jax.scipy.special.betaln (a: floats, b: floats)")),
    Elementwise("beta", lambda s, x, y: s.gamma(x) * s.gamma(y) / s.gamma(x + y), PAIRS,
                "beta function", _torch_beta, domain=_positive, safe=(0, 1),
                calls=("scipy.special.beta (a, b, /, out: target = None)",
                       "jax.scipy.special.beta (a: floats, b: floats)")),
    Elementwise("gammainc", _incomplete("gammainc"), ((2.5, 1.5), (0.75, 0.3), (3.0, 6.5)),
                "lower incomplete gamma function of order a, over gamma(a)",
                _torch_incomplete("gammainc"), aliases=("igamma",), static=("a",),
                domain=lambda m, a, x: (x,), safe=(1, 1),
                calls=("torch.special.gammainc torch.igamma "
                       "(input: number, other, *, out: target = None)",
                       "scipy.special.gammainc (a: number, x, /, out: target = None)",
                       "jax.scipy.special.gammainc (a: number, x)")),
    Elementwise("gammaincc", _incomplete("gammaincc"), ((2.5, 1.5), (0.75, 0.3), (3.0, 6.5)),
                "upper incomplete gamma function of order a, over gamma(a)",
                _torch_incomplete("gammaincc"), aliases=("igammac",), static=("a",),
                domain=lambda m, a, x: (x,), safe=(1, 1),
                calls=("torch.special.gammaincc torch.igammac "
                       "(input: number, other, *, out: target = None)",
                       "scipy.special.gammaincc (a: number, x, /, out: target = None)",
                       "jax.scipy.special.gammaincc (a: number, x)")),
    Elementwise("zeta", lambda s, x, q: s.zeta(exact(s, x), q),
                ((2.5, 1.5), (3.0, 0.3), (2.0, 6.5)), "sum of (q + k)**-x over all k from 0",
                _torch_zeta, static=("x",), domain=lambda m, x, q: (q,), safe=(1, 1),
                calls=("torch.special.zeta (input: number, other, *, out: target = None)",
                       "scipy.special.zeta (x: number, q = 1.0)",
                       "jax.scipy.special.zeta (x: number, q = 1.0)")),
)  # fmt: skip

ERROR_FUNCTIONS: tuple[Elementwise, ...] = (
    Elementwise("erfcx", own("erfcx"), ((0.7,), (-1.3,), (12.5,)), "exp(x**2) times erfc(x)",
                "special.erfcx", calls=(f"torch.special.erfcx {TORCHS}", "scipy.special.erfcx")),
    Elementwise("erfcinv", own("erfcinv"), ((0.7,), (1.2,), (0.01,)),
                "the number whose erfc is x",
                lambda t, x: -t.special.ndtri(x / 2) / math.sqrt(2),
                domain=lambda m, x: (x, 2 - x), safe=(0, 1), calls=("scipy.special.erfcinv",)),
    Elementwise("ndtri", own("ndtri"), SHARE,
                "the number at which the normal distribution function is x", "special.ndtri",
                domain=lambda m, x: (x, 1 - x),
                calls=(f"torch.special.ndtri {TORCHS}",
                       "scipy.special.ndtri jax.scipy.special.ndtri")),
    Elementwise("log_ndtr", own("log_ndtr"), ((0.7,), (-1.3,), (-5.5,)),
                "logarithm of the normal distribution function", "special.log_ndtr",
                calls=(f"torch.special.log_ndtr {TORCHS}",
                       "scipy.special.log_ndtr jax.scipy.special.log_ndtr")),
    Elementwise("rel_entr", _rel_entr, ((0.7, 1.5), (2.5, 0.3), (0.2, 0.2)),
                "x log(x / y), 0 where x is 0", _torch_rel_entr,
                partials=((0, lambda s, x, y: s.log(x / y) + 1), (1, lambda s, x, y: -x / y)),
                domain=_positive, safe=(1, 1),
                calls=("scipy.special.rel_entr (x, y, /, out: target = None)",
                       "jax.scipy.special.rel_entr (p: floats, q: floats)")),
)  # fmt: skip


def _half_at_zero(s: Any, x: Any, slope: Any) -> Any:
    return s.Piecewise((s.S.Half, s.Eq(x, 0)), (slope, True))


def _i1e_slope(s: Any, x: Any) -> Any:
    from gradcalc.expr import special

    return _half_at_zero(s, x, special.i1e(x).fdiff())


BESSELS: tuple[Elementwise, ...] = (
    Elementwise("i0", lambda s, x: s.besseli(0, x), BESSEL,
                "modified Bessel function of the first kind, of order 0",
                calls=(f"torch.i0 torch.special.i0 {TORCHS}",
                       "torch.Tensor.i0 scipy.special.i0 jax.scipy.special.i0", "numpy.i0 (x)")),
    Elementwise("i0e", own("i0e"), BESSEL, "exp(-abs(x)) times i0(x)", "special.i0e",
                kinks=at_zero,
                calls=(f"torch.special.i0e {TORCHS}", "scipy.special.i0e jax.scipy.special.i0e")),
    Elementwise("i1", lambda s, x: s.besseli(1, x), (*BESSEL, (0.0,)),
                "modified Bessel function of the first kind, of order 1", "special.i1",
                partials=((0, lambda s, x: _half_at_zero(
                    s, x, s.besseli(0, x) - s.besseli(1, x) / x)),),
                calls=(f"torch.special.i1 {TORCHS}", "scipy.special.i1 jax.scipy.special.i1")),
    Elementwise("i1e", own("i1e"), BESSEL, "exp(-abs(x)) times i1(x)", "special.i1e",
                partials=((0, _i1e_slope),),
                calls=(f"torch.special.i1e {TORCHS}", "scipy.special.i1e jax.scipy.special.i1e")),
)  # fmt: skip
