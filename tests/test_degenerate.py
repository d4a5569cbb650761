"""Degenerate points of linear algebra: what is said of them is so."""

import pytest

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
