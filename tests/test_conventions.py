"""Gradients that are not those of the value, by torch's convention: they are told, where they are.

The oracle is the difference of torch's own values on both sides of the point.
"""

from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.primitives import PRIMITIVES, Composite
from tests.trust_cases import report

HEAD = "import torch\nimport torch.nn.functional as F\ndef f(x):\n"
TABLE = [1.0, 2.0, 3.0, 0.5]
STATISTICS = (
    "m, v = torch.zeros(2, dtype=x.dtype), torch.ones(2, dtype=x.dtype)\n"
    "y = F.batch_norm(x.view(2, 2), m, v, training=True)\n"
)

CASES: tuple[tuple[str, str, list[float], str, bool], ...] = (
    # name, body, point, of what the finding is, whether there is one
    ("variance held", "return F.gaussian_nll_loss(x[0], x[1], x[2], eps=0.9)",
     [1.0, 0.0, 0.5], "gaussian_nll_loss holds var at eps", True),
    ("variance large", "return F.gaussian_nll_loss(x[0], x[1], x[2], eps=0.9)",
     [1.0, 0.0, 1.5], "gaussian_nll_loss", False),
    ("one variance held", "return torch.nn.GaussianNLLLoss(eps=0.9)(x[:2], x[1:3], x[2:])",
     [1.0, 0.0, 0.5, 1.0], "gaussian_nll_loss holds var at eps", True),
    ("padding met", "return F.embedding(torch.tensor([2, 1]), x.view(4, 1), padding_idx=1).sum()",
     TABLE, "embedding takes the row of padding_idx", True),
    ("padding not met",
     "return F.embedding(torch.tensor([2, 1]), x.view(4, 1), padding_idx=-1).sum()",
     TABLE, "embedding", False),
    ("padding in no bag",
     "return F.embedding_bag(torch.tensor([[2, 1]]), x.view(4, 1), padding_idx=1).sum()",
     TABLE, "embedding", False),
    ("statistics used", STATISTICS + "return (y**3 * m).sum() + v.sum()",
     TABLE, "batch_norm moves its running statistics on", True),
    ("statistics unused", STATISTICS + "return (y**3).sum()", TABLE, "batch_norm", False),
    ("statistics of instances",
     STATISTICS.replace("batch_norm(x.view(2, 2)", "instance_norm(x.view(1, 2, 2)").replace(
         "training", "use_input_stats") + "return (y * m[:, None]).sum() + (v * v).sum()",
     TABLE, "instance_norm moves its running statistics on", True),
)  # fmt: skip


def slopes(body: str, point: list[float]) -> np.ndarray[Any, Any]:
    """Differences of torch's values."""
    known: dict[str, Any] = {}
    exec(HEAD + "".join(f"    {line}\n" for line in body.split("\n")), known)
    found, step = [], 1e-6
    for k in range(len(point)):
        ends = []
        for by in (step, -step):
            x = torch.tensor(point, dtype=torch.float64)
            x[k] += by
            ends.append(float(known["f"](x).detach()))
        found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_it_is_told_where_the_gradient_is_not_that_of_the_value(case: Any) -> None:
    _, body, point, told, conventional = case
    text = HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
    answer = grad(text, x=point)
    found = [f for f in answer.findings if f.kind == "convention"]
    differs = not np.allclose(slopes(body, point), answer.gradient["x"], atol=1e-5)
    assert differs == conventional
    assert [told in f.message for f in found] == [True] * conventional
    assert all(f.span is not None for f in found)


@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_each_definition_that_detaches_says_so(row: Any) -> None:
    if isinstance(row, Composite) and "detach(" in row.definition:
        assert row.convention


def test_labels_among_the_inputs_are_told() -> None:
    answer = report("hinge_embedding_loss(x[:1], x[1:])", x=[0.5, 1.0])
    (found,) = [f for f in answer.findings if f.kind == "stopped"]
    assert found.message.endswith("takes numbers as data and passes no gradient back")
