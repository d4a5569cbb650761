"""Degenerate points of linear algebra: what is said of them is so."""

from typing import Any

import numpy as np
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


X, ZERO = [4.0, 2.0, 3.0, 5.0], [4.0, 0.0, 3.0, 5.0]
"""Numbers at which what moves is no corner, and those of which the second is one."""

TIMES = "y = x*torch.tensor([0., 1., 1., 1.]); "
PART = "rows = x.view(2, 2)*torch.tensor([[0., 1.], [1., 1.]]); "
LOST = "i = torch.tensor([[inf, inf], [0., 1.]]); "
STANDING: dict[str, tuple[str, list[float], str]] = {
    "times 0, a root": (TIMES + "sum(torch.sqrt(y))", X, "wrong"),
    "times 0, a power": (TIMES + "sum(y**0.5)", X, "wrong"),
    "times 0, then numbers": (TIMES + "sum(torch.nan_to_num(torch.log(y), neginf=0.))", X, "wrong"),
    "times 0, all of a sum": (
        "sum(torch.sqrt((x.view(2, 2)*torch.tensor([[0.], [1.]])).sum(-1)))", X, "wrong"),
    "times 0, by a condition": ("sum(torch.sqrt(x*(x < 3.5).double()))", X, "wrong"),
    "times 0, a corner": (TIMES + "sum(torch.abs(y)) + sum(torch.relu(y))", X, "verified"),
    "times 0, the larger of two": (TIMES + "sum(torch.maximum(y, 2*y))", X, "verified"),
    "times 0, the largest": (TIMES + "y.view(2, 2).max(-1).values.sum()", X, "verified"),
    "times 0, both of two that tie": (
        "(x*torch.tensor([0., 0., 1., 1.])).view(2, 2).max(-1).values.sum()", X, "verified"),
    "infinity less, numbers": (
        LOST + "p = torch.softmax(-(i - x.view(2, 2)), -1); "
        "sum(torch.where(torch.isnan(p), 0., p)**2)", X, "wrong"),
    "less infinity, numbers": (
        LOST + "p = torch.softmax(x.view(2, 2) - i, -1); "
        "sum(torch.where(torch.isnan(p), 0., p)**2)", X, "wrong"),
    "less infinity, a corner": (
        LOST + "sum(torch.relu(torch.exp(x.view(2, 2) - i)))", X, "verified"),
    "less 0, beside infinity": (
        LOST + "sum(torch.exp(-(i + torch.abs(x.view(2, 2)))))", [4.0, 2.0, 0.0, 5.0], "kink"),
    "0 itself, times 1": (TIMES + "sum(torch.abs(y))", ZERO, "kink"),
    "0 itself, the larger of two": (TIMES + "sum(torch.maximum(y, 2*y))", ZERO, "kink"),
    "0 itself, chosen": ("sum(torch.relu(torch.where(x < 4.5, x, 0.)))", ZERO, "kink"),
    "0 itself, times what moves": ("sum(torch.abs(x*(x - 1)))", ZERO, "kink"),
    "0 itself, times another": ("sum(torch.abs(x*x.flip(0)))", ZERO, "kink"),
    "0 itself, times a sign": ("sum(torch.abs(x*torch.sign(x + 1)))", ZERO, "kink"),
    "one of a sum": (PART + "sum(torch.abs(rows.sum(-1)))", ZERO, "kink"),
    "one of those of which it is the largest": (
        PART + "sum(torch.abs(rows.max(-1).values))", ZERO, "kink"),
    "one of a product of matrices": (
        "m = torch.tensor([[0., 1.], [1., 0.]], dtype=x.dtype); "
        "sum(torch.abs(x.view(1, 2, 2)@m))", ZERO, "kink"),
    "the border, of a sum": (PART + "sum(torch.sqrt(rows.sum(-1)))", ZERO, "edge"),
    "what is chosen by what turns": (
        "sum(torch.sqrt(torch.where(x > 2., 1., 0.)))", X, "jump"),
    "what is chosen by what is no number": (
        "sum(torch.abs(torch.where(torch.isnan(torch.sqrt(x - 2)), 1., 0.)))", X, "jump"),
    "what is chosen by a truth value": (
        "sum(torch.abs(torch.where(x.bool(), 1., 0.)))", ZERO, "jump"),
    "the same, chosen by what turns": (
        "sum(torch.abs(torch.where(x > 2., 2., 2.) - 2.))", X, "verified"),
}  # fmt: skip
"""What stands still at a corner or a border, and what only seems to."""

NEAR = 1e-7


def slopes(function: Any, point: list[float]) -> tuple[Any, Any, bool]:
    """What steps down and up do to a function of torch, by every number, and if it is whole."""
    at = torch.tensor(point, dtype=torch.float64)
    here = function(at)
    steps = NEAR * torch.eye(len(point), dtype=torch.float64)
    down, up = (torch.stack([function(at + side * step) for step in steps]) for side in (-1, 1))
    return (here - down) / NEAR, (up - here) / NEAR, bool(torch.isfinite(here))


@pytest.mark.parametrize("case", STANDING.values(), ids=STANDING.keys())
def test_what_stands_still_is_told_from_what_is_0(case: tuple[str, list[float], str]) -> None:
    """Steps of torch's own function say what is there."""
    text, point, outcome = case
    *lines, last = text.split("; ")
    body = "\n    ".join(["inf = float('inf')", *lines, f"return {last}"])
    source = f"import torch\nfrom torch import sum\ndef f(x):\n    {body}"
    scope: dict[str, Any] = {}
    exec(source, scope)
    down, up, defined = slopes(scope["f"], point)
    apart = (down - up).abs()
    assert defined
    if outcome == "edge":
        assert not torch.isfinite(apart).all() or apart.max() > 1e3
    elif outcome == "jump":
        assert apart.max() > 0.1 / NEAR
    elif outcome == "kink":
        assert 0.1 < apart.max() < 1e3
    else:
        assert apart.max() < 1e-4
    answer = grad(source, x=point)
    assert answer.verdict.outcome == outcome, answer.verdict.message
    if outcome == "verified":
        np.testing.assert_allclose(answer.gradient["x"], up, atol=1e-4)
    if outcome == "wrong":
        assert up[0] == 0
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


NOTHING_LEFT = {
    "truth values": "torch.tensor([[True, True, False], [False, False, False]])",
    "numbers": "torch.tensor([[0., -1., -float('inf')], [-float('inf')]*3], dtype=v.dtype)",
    "one row for all heads": "torch.tensor([False, False, False]).expand(2, 3)",
}


@pytest.mark.parametrize("mask", NOTHING_LEFT.values(), ids=NOTHING_LEFT.keys())
@pytest.mark.parametrize("by", ["q", "v"])
def test_attention_makes_0_of_a_row_that_leaves_nothing(mask: str, by: str) -> None:
    source = (
        "import torch\nimport torch.nn.functional as F\ndef f(q, v):\n"
        f"    k = torch.tensor([[1., 2.], [0.5, 1.], [2., -1.]], dtype=v.dtype)\n    m = {mask}\n"
        "    return torch.sum((F.scaled_dot_product_attention(q, k, v, attn_mask=m) - 1.)**2)"
    )
    scope: dict[str, Any] = {}
    exec(source, scope)
    given = {"q": [[1.0, 2.0], [3.0, -1.0]], "v": [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]}
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in given.items()}
    value = scope["f"](**leaves)
    (true,) = torch.autograd.grad(value, leaves[by])
    found = grad(source, **given, wrt=by)
    assert found.verdict.outcome == "verified", found.verdict.message
    assert found.value == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(found.gradient[by], true, atol=1e-12)


AT_TIES = {
    "positions as data": ("sum(torch.where(x.{}(0).indices > 0, 1., 0.))", "jump"),
    "positions as numbers": ("sum(x.{}(0).indices*x)", "jump"),
    "what stands there": ("x.gather(0, x.{}(0).indices).sum()", "kink"),
    "values": ("(x.{}(0).values**2).sum()", "kink"),
}


@pytest.mark.parametrize("name", AT_TIES)
@pytest.mark.parametrize(
    ("running", "at"), [("cummax", [1.0, 1, 1, 0]), ("cummin", [1.0, 1, 1, 2])]
)
def test_running_extremes_turn_over_where_elements_tie(name: str, running: str, at: Any) -> None:
    text, outcome = AT_TIES[name]
    program = text.format(running)
    found = grad(f"import torch\n{program}", x=at)
    assert found.verdict.outcome == outcome
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    value = eval(program, {"torch": torch, "x": x, "sum": sum})
    assert float(found.value) == float(value.detach())
    if value.requires_grad:
        value.backward()
        assert found.gradient["x"] == pytest.approx(x.grad.tolist())
    # an element that is beyond all others ties with nothing
    apart = [3.0, 1, 1, 2] if running == "cummax" else [0.5, 1, 1, 2]
    assert grad(f"import torch\n{program}", x=apart).verdict.outcome == "verified"
