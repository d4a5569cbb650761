"""At tied inputs the gradient shown as autograd's is the one that the library's own function has.

What is read as a composition of other functions may split ties otherwise than the function does.
"""

from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError

HEAD = "import torch\nimport torch.nn.functional as F\ndef f(x):\n    A = x.view(3, 4)\n"

POINTS = (
    [1.0] * 12,
    [0.0] * 12,
    [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0],
    [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    [1.0, 1.0, 2.0, 1.0, 2.0, 2.0, 3.0, 1.0, 1.0, 2.0, 2.0, 1.0],
    [0.5, -0.5, 0.5, 0.5, -0.5, -0.5, 0.5, -0.5, 0.5, 0.5, 0.5, -0.5],
    [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 2.0],
)

INF = "float('inf')"

CALLS = (
    *(f"torch.linalg.cond({a}{p})" for a in ("A", "A[:, :3]", "x.view(3, 2, 2)", "x[:4].view(2, 2)")
      for p in ("", ", p=2", ", p=-2")),
    "torch.linalg.cond(A[:, :3], p='nuc')",
    *(f"torch.{name}({rest}" for name in ("median", "nanmedian") for rest in ("x)", "A, 1)[0]")),
    "torch.nanmedian(torch.where(x == 0, float('nan'), x))",
    *(f"torch.{name}({rest}" for name in ("quantile", "nanquantile")
      for rest in ("x, 0.3)", "A, 0.5, dim=1)", "x, 0.4, interpolation='nearest')")),
    *(f"torch.{name}({rest}" for name in ("amax", "amin") for rest in ("x)", "A, (0, 1))")),
    *(f"torch.{name}({rest}" for name in ("max", "min") for rest in ("x)", "A, 1)[0]")),
    *(f"torch.{name}(x, x.flip(0))" for name in ("fmax", "fmin", "maximum", "minimum", "hypot")),
    *(f"torch.linalg.norm(A, {p})" for p in (1, -1, 2, -2, "'nuc'", INF, f"-{INF}")),
    *(f"torch.linalg.vector_norm(A, {p}, dim=0)" for p in (0.5, 1, 3, INF)),
    "torch.norm(x, float('inf'))", "torch.dist(x, x.flip(0), p=float('inf'))",
    "torch.clamp(x, 0, 1)", "torch.clamp(x, torch.zeros_like(x), x.flip(0).abs())",
    "torch.cummax(x, 0)[0]", "torch.cummin(A, 1)[0]", "torch.kthvalue(x, 5)[0]",
    "torch.aminmax(x).max", "torch.topk(A, 2, 1)[0]", "torch.sort(A, 1)[0]", "torch.msort(A)",
    *(f"torch.cdist(x.view(4, 3), x.view(4, 3).flip(0), p={p})" for p in (1, INF)),
    "F.max_pool1d(x.view(1, 12), 3, 1)", "F.adaptive_max_pool1d(x.view(1, 12), 5)",
    "F.normalize(A, p=float('inf'), dim=1)", "F.hardtanh(x)", "F.prelu(A, x[:4])",
    "F.triplet_margin_loss(A, A.flip(0), A.flip(1), swap=True)", "F.l1_loss(x, x.flip(0))",
    "F.embedding_bag(torch.tensor([[0, 1, 2]]), A, mode='max')",
    "torch.ones(4, dtype=x.dtype).scatter_reduce(0, torch.tensor([0, 1, 2, 3]*3), x, 'amax')",
    "x.index_reduce(0, torch.tensor([0, 1, 2, 3]*3), x.flip(0), 'amin')",
    "torch.renorm(A, float('inf'), 0, 1.0)", "torch.prod(A, 0)", "torch.std(A, 1)",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("call", CALLS)
def test_ties_are_split_as_the_function_itself_splits_them(call: str) -> None:
    text = (
        f"{HEAD}    y = ({call}).reshape(-1)\n"
        "    return (y * torch.arange(1.0, y.numel() + 1, dtype=x.dtype)).sum()\n"
    )
    known: dict[str, Any] = {}
    exec(text, known)
    compared = 0
    for point in POINTS:
        x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        try:
            (own,) = torch.autograd.grad(known["f"](x), x)
            answer = grad(text, x=point, check=False)
        except (RuntimeError, GradcalcError):
            # a matrix without an inverse, or no numbers at all
            continue
        assert np.allclose(answer.gradient["x"], own.numpy(), atol=1e-9, equal_nan=True), point
        compared += 1
    assert compared
