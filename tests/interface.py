"""The public interface as a caller sees it: what mypy knows of it, and that it is so."""

from collections.abc import Mapping
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import gradcalc


def gradient_of_a_square() -> NDArray[np.float64]:
    report = gradcalc.grad("x**2", x=[1.0, 2.0], expect="2*x")
    report.raise_for_verdict()
    assert_type(report.gradient, Mapping[str, NDArray[np.float64]])
    assert_type(report.formula["x"], str | None)
    assert_type(report.verdict.exit_code, int)
    assert report.formula["x"] == "2*x"
    return report.gradient["x"]


def reason_of_a_nan() -> str:
    explanation = gradcalc.why("sqrt(x**2)", x=np.zeros(()))
    assert_type(explanation.report.verdict.message, str)
    return explanation.report.verdict.message
