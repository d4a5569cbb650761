"""scipy's special functions, those mended that do not end for some numbers, or end the process."""

from collections.abc import Callable
from typing import Any

import numpy as np

LARGEST = 170
"""The largest whole number whose gamma a float holds."""


def of_scipy(name: str) -> Callable[..., Any]:
    """The function of `scipy.special` with that name, which every array of floats has an answer to.

    scipy is large, and few programs need it.
    """
    from scipy import special

    return MENDED.get(name) or getattr(special, name)


def _confluent(a: Any, b: Any, x: Any) -> Any:
    """₁F₁ of any number; far out by its leading term (DLMF 13.2.23, 13.7.2)."""
    from scipy import special

    far = np.abs(x) > FAR
    # a polynomial for these
    far &= ~((a <= 0) & (a == np.floor(a)))
    near = special.hyp1f1(a, b, np.where(far, 0.0, x))
    with np.errstate(all="ignore"):
        rising = special.gamma(b) * special.rgamma(a) * np.inf
        falling = special.gamma(b) * special.rgamma(b - a) * np.abs(x) ** -np.asarray(a)
        return np.where(far, np.where(np.asarray(x) > 0, rising, falling), near)


FAR = 1e12
"""From here on scipy's ₁F₁ counts up to its argument, and does not come back."""


def _gauss(a: Any, b: Any, c: Any, x: Any) -> Any:
    """₂F₁ of any number, NaN too, for which scipy's may end the process."""
    from scipy import special

    none = np.isnan(x)
    return np.where(none, np.nan, special.hyp2f1(a, b, c, np.where(none, 0.0, x)))


MENDED: dict[str, Callable[..., Any]] = {"hyp1f1": _confluent, "hyp2f1": _gauss}
"""Those that stand in for scipy's, by name."""
