"""Floats as the numbers that they were written as."""

from fractions import Fraction
from typing import Any

import numpy as np
import sympy

PI_PARTS = 360
"""The largest numerator and denominator of a fraction of pi that is recognised."""


class Unprintable(Exception):
    """An expression has no text in gradcalc's language; the message says why."""


def number(value: float, dtype: str = "float64") -> Any:
    """A float as the simplest fraction that the dtype rounds to it, if simple; else exactly.

    Raises `Unprintable` for one that is not finite.
    """
    if not np.isfinite(value):
        raise Unprintable("a constant in it is not finite")
    simple = Fraction(value).limit_denominator(10_000)
    if _rounded(float(simple), dtype) == value:
        return sympy.Rational(simple.numerator, simple.denominator)
    part = Fraction(value / np.pi).limit_denominator(PI_PARTS)
    if abs(part.numerator) <= PI_PARTS and _rounded(float(part) * np.pi, dtype) == value:
        return sympy.Rational(part.numerator, part.denominator) * sympy.pi
    if value == _rounded(np.e, dtype):
        return sympy.E
    # what the user has divided by pi
    share = Fraction(value * np.pi).limit_denominator(PI_PARTS)
    near = abs(_rounded(float(share) / np.pi, dtype) - value) <= 2 * np.spacing(abs(value))
    if abs(share.numerator) <= PI_PARTS and near and dtype == "float64":
        return sympy.Rational(share.numerator, share.denominator) / sympy.pi
    written = Fraction(repr(value))
    return sympy.Rational(written.numerator, written.denominator)


def _rounded(value: float, dtype: str) -> float:
    if dtype == "float64":
        return value
    with np.errstate(all="ignore"):
        return float(np.dtype(dtype).type(value))
