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


# what a mask of data keeps out, in the first of two rows: what autograd has for it, or NaN
ROW = "m = torch.tensor([[True, True], [False, False]]); inf = float('inf'); "
FILLED = f"{ROW}s = x.masked_fill(m, -inf); p = torch.softmax(s, -1); "
ADDED = f"{ROW}s = x + torch.tensor([[-inf, -inf], [0., -1.]]); p = torch.softmax(s, -1); "
ZEROED = f"{ROW}y = x.masked_fill(m, 0.); "
KEPT_OUT: dict[str, tuple[str, str]] = {
    "filled, then by isnan": (FILLED + "sum(torch.where(torch.isnan(p), 0., p)**2)", "verified"),
    "filled, then filled": (FILLED + "sum(p.masked_fill(torch.isnan(p), 0.)**2)", "verified"),
    "filled, then numbers": (FILLED + "sum(torch.nan_to_num(p)**2)", "verified"),
    "logarithms": (f"{ROW}p = torch.log_softmax(x.masked_fill(m, -inf), -1); "
                   "sum(torch.where(torch.isfinite(p), p, 0.)**2)", "verified"),
    "added, then numbers": (ADDED + "sum(torch.nan_to_num(p)**2)", "wrong"),
    "added, then by isnan": (ADDED + "sum(torch.where(torch.isnan(p), 0., p)**2)", "wrong"),
    "added, then summed": (ADDED + "torch.nansum(p**2)", "wrong"),
    "divided": (ZEROED + "sum(torch.nan_to_num(y/y.sum(-1, keepdim=True))**2)", "verified"),
    "a corner": (ZEROED + "sum(torch.abs(y)) + sum(torch.relu(y))", "verified"),
    "a root": (ZEROED + "sum(torch.sqrt(y))", "verified"),
    "what moves": ("y = torch.where(torch.tensor([[True, False], [False, False]]), x - 1., x); "
                   "sum(torch.abs(y))", "kink"),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT_OUT.values(), ids=KEPT_OUT.keys())
def test_what_a_mask_keeps_out_is_no_corner(case: tuple[str, str]) -> None:
    text, outcome = case
    answer = grad(f"import torch\n{text}", x=[[1.0, 2.0], [0.3, 0.7]])
    assert answer.verdict.outcome == outcome, answer.verdict.message
    if outcome == "verified":
        assert (answer.gradient["x"][0] == 0).all()
    if outcome == "wrong":
        assert "is NaN; the true one is 0" in answer.verdict.message


HIDDEN = {
    "rows by truth values": "x.view(3, 1) > 0",
    "one row for all": "(x > 0).view(1, 3).expand(3, 3)",
    "rows of -inf": "torch.where(x > 0, 0., -float('inf')).view(3, 1).expand(3, 3)",
}


@pytest.mark.parametrize("mask", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_row_that_is_masked_by_what_moves_is_a_jump(mask: str) -> None:
    """Attention makes 0 of it, and something else beside the point."""
    text = (
        "import torch\nimport torch.nn.functional as F\ndef f(x, v):\n"
        "    q = torch.ones(3, 2, dtype=x.dtype)\n"
        f"    return F.scaled_dot_product_attention(q, q, v, attn_mask={mask}).sum()"
    )
    given: dict[str, Any] = {"v": [[1, 2], [3, 4], [5, 6]], "wrt": "x"}
    at = [-1.0, 0.0, -1.0] if "view(1, 3)" in mask else [1.0, 0.0, 1.0]
    assert grad(text, x=at, **given).verdict.outcome == "jump"
    assert grad(text, x=[-1.0, 2.0, -1.0], **given).verdict.outcome == "verified"
