"""Special functions of balls that python-flint has with its arguments in another order."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import flint


def polygamma(order: Any, x: Any) -> Any:
    """The derivative of that order of digamma."""
    return x.digamma() if order == 0 else flint.acb(x).polygamma(order).real


SPECIAL: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "polygamma": polygamma,
        "bessel_i": lambda order, x: x.bessel_i(order),
        "gamma_p": lambda a, x: x.gamma_lower(a, regularized=1),
        "gamma_q": lambda a, x: x.gamma_upper(a, regularized=1),
    }
)
"""By the names that `gradcalc.expr.functions` has for them."""
