"""Special functions of balls that python-flint has with its arguments in another order."""

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any

import flint


def polygamma(order: Any, x: Any) -> Any:
    """The derivative of that order of digamma."""
    return x.digamma() if order == 0 else flint.acb(x).polygamma(order).real


def real(value: Any) -> Any:
    """The real part of a complex ball, NaN where there is none beside it."""
    return value.real if value.imag.contains(0) else flint.arb.nan()


def beta_share(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function, of shares only."""
    if x < 0 or x > 1:
        return flint.arb.nan()
    # from the nearer end: flint takes minutes for what is all but 1
    if (rest := 1 - x) < flint.arb(2) ** -20:
        return 1 - rest.beta_lower(b, a, regularized=1)
    return x.beta_lower(a, b, regularized=1)


def student(df: Any, x: Any) -> Any:
    """The distribution function of Student's t: its tail, without cancellation."""
    df = flint.arb(df)
    if x.contains(0):
        scale = (flint.arb.pi() * df).sqrt() * (df / 2).gamma() / ((df + 1) / 2).gamma()
        half = flint.arb(1) / 2
        return half + x / scale * (-x * x / df).hypgeom_2f1(half, (df + 1) / 2, 3 * half)
    tail = beta_share(df / 2, flint.arb(1) / 2, df / (df + x * x)) / 2
    return tail if x < 0 else 1 - tail


def bessel_k(order: Any, x: Any) -> Any:
    """Bessel's K, with no more bits than its expansion for large arguments gives: 2 for each unit.

    For more of them flint sums thousands of terms of series of series, which takes minutes.
    """
    if not x > 100 or x > flint.ctx.prec:
        return x.bessel_k(order)
    with flint.ctx.workprec(min(max(512, 2 * int(float(x.mid()))), flint.ctx.prec)):
        return x.bessel_k(order)


def sharp(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function with no more bits than its balls have, where flint takes minutes for more."""

    @wraps(function)
    def called(*operands: Any) -> Any:
        balls = [b for b in operands if isinstance(b, flint.arb)]
        known = [max(b.rel_accuracy_bits(), b.rel_one_accuracy_bits(), 0) for b in balls]
        with flint.ctx.workprec(min(flint.ctx.prec, *(bits + SPARE for bits in known))):
            return function(*operands)

    return called


SPARE = 64
"""Bits beside those that an operand has."""


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "polygamma": polygamma,
    "bessel_i": lambda order, x: x.bessel_i(order),
    "gamma_p": lambda a, x: x.gamma_lower(a, regularized=1),
    "gamma_q": lambda a, x: x.gamma_upper(a, regularized=1),
    "bessel_j": lambda order, x: x.bessel_j(order),
    "bessel_y": lambda order, x: x.bessel_y(order),
    "bessel_k": bessel_k,
    "airy_ai_slope": lambda x: x.airy()[1],
    "airy_bi_slope": lambda x: x.airy()[3],
    "elliptic_k": lambda m: real(flint.acb(m).elliptic_k()),
    "elliptic_e": lambda m: real(flint.acb(m).elliptic_e()),
    "expint": lambda order, x: x.expint(order),
    "lambertw": lambda x, branch=0: x.lambertw(-1 if branch < 0 else 0),
    "hyp0f1": lambda b, x: x.hypgeom_0f1(b),
    "hyp1f1": lambda a, b, x: x.hypgeom_1f1(a, b),
    "hyp2f1": lambda a, b, c, x: x.hypgeom_2f1(a, b, c),
    "beta_share": beta_share,
    "student": student,
    "dilog": lambda x: (1 - x).polylog(2),
}

SPECIAL: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {name: sharp(function) for name, function in FUNCTIONS.items()}
)
"""By the names that `gradcalc.expr.functions` has for them."""
