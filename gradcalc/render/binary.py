"""Derivatives as the files that numpy loads: one array, or each by its name beside the value."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import UsageError
from gradcalc.report import Array, InputGradient, Report

VALUE = "value"
"""The name of the program's own value in a file of several arrays."""


def render_npy(reports: Sequence[Report]) -> bytes:
    """The one derivative, as `np.load` reads it.

    Raises `UsageError` where there are several.
    """
    gradients = _only(reports).gradients
    if len(gradients) != 1:
        names = ", ".join(gradient.name for gradient in gradients)
        raise UsageError(
            f"an npy file holds one array, and these are {len(gradients)}: {names}",
            hint="--format npz has each by its name; or --wrt chooses one input",
        )
    file = io.BytesIO()
    np.save(file, _numbers(gradients[0]))
    return file.getvalue()


def render_npz(reports: Sequence[Report]) -> bytes:
    """The value and the derivatives by their names, as `np.load` reads them.

    Raises `UsageError` for several programs.
    """
    report = _only(reports)
    arrays: dict[str, Any] = {gradient.name: _numbers(gradient) for gradient in report.gradients}
    if report.value is not None and VALUE not in arrays:
        arrays[VALUE] = report.value
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _only(reports: Sequence[Report]) -> Report:
    if len(reports) != 1:
        raise UsageError(
            f"such a file is of one program, and these are {len(reports)}",
            hint="--json has them all",
        )
    return reports[0]


def _numbers(gradient: InputGradient) -> Array:
    return gradient.best if gradient.accumulated is None else gradient.accumulated
