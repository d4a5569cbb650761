"""Programs that handle what linear algebra raises, where there is no inverse or no factor."""

import numpy as np
import pytest
import torch

import gradcalc

FACTOR = """import {lib}
def f(A):
    try:
        L = {lib}.linalg.cholesky(A)
    except {error}:
        L = {lib}.linalg.cholesky(A + 10*{lib}.eye(2))
    return (L**2 * L).sum()
"""
INVERSE = """import {lib}
def f(A):
    try:
        return {lib}.linalg.inv(A).sum()
    except {error}:
        return (A**3).sum()
"""
SYSTEM = """import {lib}
def f(A):
    for k in range(4):
        try:
            return {lib}.linalg.solve(A + k*{lib}.eye(2), A[:, :1] + 1).sum()
        except {error}:
            continue
    return A.sum()
"""
ERRORS = {
    "torch": (
        "torch.linalg.LinAlgError",
        "RuntimeError",
        "Exception",
        "(IndexError, RuntimeError)",
    ),
    "numpy": ("numpy.linalg.LinAlgError", "ValueError", "Exception", "(KeyError, ValueError)"),
}
GOOD, INDEFINITE, SINGULAR = (
    [[3.0, 1.0], [1.0, 2.0]],
    [[1.0, 2.0], [2.0, 1.0]],
    [[1.0, 2.0], [2.0, 4.0]],
)
CASES = [(FACTOR, GOOD), (FACTOR, INDEFINITE), (INVERSE, GOOD), (INVERSE, SINGULAR),
         (SYSTEM, GOOD), (SYSTEM, SINGULAR)]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.parametrize(("library", "error"), [(k, e) for k, v in ERRORS.items() for e in v])
def test_what_is_raised_is_handled(library: str, error: str, case: int) -> None:
    text, matrix = CASES[case]
    torchs = text.format(lib="torch", error="torch.linalg.LinAlgError")
    scope: dict[str, object] = {}
    exec(torchs, scope)
    A = torch.tensor(matrix, dtype=torch.float64, requires_grad=True)
    scope["f"](A).backward()  # type: ignore[operator]
    text = text.format(lib=library, error=error)
    report = gradcalc.grad(text, A=matrix)
    assert report.verdict.outcome == "verified"
    assert A.grad is not None
    assert np.allclose(report.gradient["A"], A.grad.numpy(), rtol=1e-12)


def test_what_does_not_handle_it_is_told() -> None:
    text = INVERSE.format(lib="torch", error="KeyError")
    with pytest.raises(gradcalc.GradcalcError, match="singular"):
        gradcalc.grad(text, A=SINGULAR)
