"""Degenerate points of linear algebra: what is said of them is so."""

from typing import Any

import pytest
import torch

from gradcalc import grad

EYE, TWO = [[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 2.0]]
TURNED = [[0.0, -3.0], [3.0, 0.0]]
WIDE = [[2.0, 0.0, 0.0], [0.0, 0.0, 2.0]]
THREE = [[2.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 1.0, 0.0]]
PARTED, SYMMETRIC = [[1.0, 0.3], [0.1, 2.0]], [[1.0, 0.3], [0.3, 2.0]]
OPEN = "equal eigenvalues or singular values leave their vectors open"
POINTS = [
    ("w, V = torch.linalg.eigh((A + A.T)/2)\n(V @ torch.diag(w.exp()) @ V.T)[0, 0]", EYE,
     "unresolved", OPEN),
    ("U, S, V = torch.linalg.svd(A)\n(U @ V)[0, 0]", TWO, "unresolved", OPEN),
    ("w, V = torch.linalg.eigh((A + A.T)/2)\n(V @ torch.diag(w.exp()) @ V.T)[0, 0]", PARTED,
     "verified", ""),
    ("U, S, V = torch.linalg.svd(A)\n(U @ V)[0, 0]", PARTED, "verified", ""),
    ("U, S, V = torch.linalg.svd(A)\n(U @ V)[0, 0]", SYMMETRIC, "vanished", "lost in rounding"),
    ("torch.linalg.svdvals(A).sum()", EYE, "verified", ""),
    ("torch.linalg.norm(A, 'nuc')", TWO, "verified", ""),
    ("torch.linalg.norm(A, 'nuc')", TURNED, "verified", ""),
    ("torch.linalg.norm(A, 'nuc')", WIDE, "verified", ""),
    ("torch.linalg.norm(A.T, 'nuc') + A.sum()**2", WIDE, "verified", ""),
    ("torch.linalg.norm(A, 'nuc')**2", TWO, "unresolved", OPEN),
    ("torch.linalg.svdvals(A)[:2].sum()", THREE, "verified", ""),
    ("torch.linalg.norm(A, 'nuc')", [[1.0, 0.0], [0.0, 0.0]], "kink", ""),
    ("torch.linalg.svdvals(A).prod()", TWO, "unresolved", OPEN),
    ("torch.linalg.svdvals(A).log().sum()", EYE, "unresolved", OPEN),
    ("(torch.linalg.svdvals(A)**2).sum()", TWO, "unresolved", OPEN),
    ("torch.linalg.norm(A, 'nuc')", PARTED, "verified", ""),
    ("torch.log(A[0, 1])", EYE, "edge", "on the border of the domain"),
    ("torch.log(A[0, 1] - 1)", EYE, "edge", "outside the domain"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "matrix", "outcome", "said"), POINTS)
def test_what_is_said_of_a_point(text: str, matrix: object, outcome: str, said: str) -> None:
    report = grad(f"import torch\n{text}", A=matrix)
    assert report.verdict.outcome == outcome
    assert said in report.verdict.message


PADDED = {
    "largest first": ("'-inf'", "y.sort(descending=True)[0].clamp(min=0.0).pow(2).sum()"),
    "least first": ("'-inf'", "torch.exp(y.sort()[0]).sum()"),
    "up to infinity": ("'inf'", "torch.exp(-y.sort()[0]).sum()"),
    "of the greatest": ("'-inf'", "y.topk(3).values.exp().sum()"),
}
"""What is padded with infinities, several of them, and sorted."""


@pytest.mark.parametrize("name", PADDED)
def test_infinite_elements_tie_with_nothing(name: str) -> None:
    pad, text = PADDED[name]
    source = (
        f"import torch\ndef f(x):\n    y = torch.where(x < 0, float({pad}), x)\n    return {text}"
    )
    scope: dict[str, Any] = {}
    exec(source, scope)
    leaf = torch.tensor([1.0, -1.0, 3.0, -2.0], dtype=torch.float64, requires_grad=True)
    scope["f"](leaf).backward()
    found = grad(source, x=leaf.tolist())
    assert found.verdict.outcome == "verified"
    assert found.gradient["x"] == pytest.approx(leaf.grad.tolist(), rel=1e-12)
