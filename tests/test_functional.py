"""torch.nn.functional: random calls against torch itself, and what is said at special points."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.errors import GradcalcError
from tests.functional_programs import FAMILIES, Called, Draw
from tests.sweeps import share
from tests.trust_cases import report

TIMES = share(9)


def by_torch(called: Called, dtype: Any) -> tuple[Any, dict[str, Any]]:
    """The value and the gradients that torch gives for the text as it stands."""
    leaves = {n: torch.tensor(v, dtype=dtype) for n, v in called.inputs.items()}
    for name in called.wrt:
        leaves[name].requires_grad_()
    given = {n: v.long() if n in called.labels else v for n, v in leaves.items()}
    names = {"F": torch.nn.functional, "torch": torch, "sin": torch.sin}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = eval(called.text, names, given)
        wanted = [leaves[name] for name in called.wrt]
        found = torch.autograd.grad(value.sum(), wanted, materialize_grads=True)
    return value.detach().numpy(), dict(zip(called.wrt, map(np.asarray, found), strict=True))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_random_calls_are_torch_s_and_verified(family: str, dtype: str) -> None:
    for seed in range(TIMES):
        called = FAMILIES[family](Draw(100 * len(family) + seed))
        try:
            value, gradients = by_torch(called, getattr(torch, dtype))
        except (RuntimeError, ValueError):
            with pytest.raises(GradcalcError):
                report(called.text, dtype, wrt=called.wrt, **called.inputs)
            continue
        found = report(called.text, dtype, wrt=called.wrt, **called.inputs)
        assert found.verdict.outcome == "verified", called
        room = {"rtol": 1e-4, "atol": 1e-4} if dtype == "float32" else {}
        np.testing.assert_allclose(found.value, value, **room, err_msg=called.text)
        for one in found.gradients:
            np.testing.assert_allclose(
                one.autograd, gradients[one.name], **room, err_msg=called.text
            )


PAIR = [[1.0, 2.0, 4.0], [0.3, 0.2, 0.7]]
SPECIAL: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("F.cross_entropy(x, t)", {"x": PAIR, "t": [0, 2]}, "verified"),
    ("F.cross_entropy(x, t)", {"x": [1.0, -np.inf, 2.0], "t": 2}, "verified"),
    ("F.cross_entropy(x, [-100, -100])", {"x": PAIR}, "edge"),
    ("F.multi_margin_loss(x, [0])", {"x": [[1.0, 0.0, -1.0]]}, "kink"),
    ("F.hinge_embedding_loss(x, [-1, 1])", {"x": [1.0, 1.0]}, "kink"),
    ("F.gaussian_nll_loss(x, y, v)", {"x": [1.0], "y": [3.0], "v": [1e-9]}, "verified"),
    ("F.poisson_nll_loss(x, t, full=True)", {"x": [1.0], "t": [1.0]}, "jump"),
    ("torch.cdist(x, y)", {"x": [[1.0, 2.0]], "y": [[1.0, 2.0]]}, "kink"),
    ("torch.cdist(x, x).sum()", {"x": PAIR}, "verified"),
    ("F.max_pool1d(x, 2)", {"x": [[1.0, 1.0, 2.0, 0.0]]}, "kink"),
    ("F.max_pool1d(F.relu(x), 2)", {"x": [[-1.0, -2.0, 2.0, 0.5]]}, "verified"),
    ("F.max_pool1d(F.relu(x), 2)", {"x": [[-1.0, 0.0, 2.0, 0.5]]}, "kink"),
    ("F.grid_sample(x, [[[[0.0, 0.0]]]], align_corners=True)", {"x": [[[*PAIR, PAIR[0]]]]},
     "verified"),
    ("F.grid_sample(x, g, align_corners=True)",
     {"x": [[[*PAIR, PAIR[0]]]], "g": [[[[0.0, 0.0]]]]}, "kink"),
    ("F.grid_sample(x, g, 'nearest', align_corners=True)",
     {"x": [[[*PAIR, PAIR[0]]]], "g": [[[[0.5, 0.1]]]]}, "jump"),
    ("F.grid_sample(x, g, 'bicubic', align_corners=True)",
     {"x": [[[*PAIR, PAIR[0]]]], "g": [[[[0.0, 0.3]]]]}, "verified"),
    ("F.grid_sample(x, g, padding_mode='border', align_corners=True)",
     {"x": [[[*PAIR, PAIR[0]]]], "g": [[[[3.0, 0.3]]]]}, "verified"),
    ("F.embedding_bag(W, torch.tensor([[0, 1], [1, 1]]))", {"W": PAIR}, "verified"),
    ("F.embedding(i, W, padding_idx=1)", {"i": [0, 1, 1], "W": PAIR}, "verified"),
    ("F.dropout(x, training=False)", {"x": [1.0]}, "verified"),
    ("amax(stack([2 + 0*x, ceil(x)]))", {"x": 2.0}, "jump"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "outcome"), SPECIAL, ids=[row[0] for row in SPECIAL])
def test_special_points_are_called_what_they_are(
    text: str, inputs: dict[str, Any], outcome: str
) -> None:
    assert report(text, **inputs).verdict.outcome == outcome


FORMULAS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("F.cross_entropy(x, t)", {"x": PAIR, "t": [0, 2]}, "(softmax(x, axis=1) - one_hot(t, 3))/2"),
    ("F.linear(x, W)", {"x": [1.0, 2.0, 3.0], "W": PAIR}, "sum(W, axis=0)"),
    ("F.embedding(i, x).pow(2)", {"x": PAIR, "i": [1, 1]}, "2*one_hot(i, 2).T@one_hot(i, 2)@x"),
)


@pytest.mark.parametrize(("text", "inputs", "formula"), FORMULAS, ids=[r[0] for r in FORMULAS])
def test_formulas_are_short(text: str, inputs: dict[str, Any], formula: str) -> None:
    (of_x,) = (g for g in report(text, **inputs).gradients if g.name == "x")
    assert of_x.formula is not None
    assert of_x.formula.text == formula


REFUSED = (
    ("F.cross_entropy(x, t)", {"x": PAIR, "t": [0, 1.5]}, "whole numbers for target"),
    ("F.cross_entropy(x, t, weight=w)", {"x": PAIR, "t": [0, 1], "w": [1, 2, 3]},
     "no gradient by weight"),
    ("F.conv1d(x, w)", {"x": PAIR, "w": [[[1.0] * 4] * 2]}, "fits into shape"),
    ("F.embedding_bag([0, 1, 1], W, [0, 5])", {"W": PAIR}, "at most 3"),
    ("F.embedding_bag([0, 1, 1], W, [0, 2], include_last_offset=True)", {"W": PAIR},
     "the last of offsets is 3"),
    ("F.grid_sample(x, g, 'bicubic')", {"x": [[[PAIR]]], "g": [[[[[0.0] * 3]]]]}, "of pictures"),
    ("F.one_hot(t, 2)", {"t": [0, 2]}, "none of 2 classes"),
    ("F.embedding(i, W, padding_idx=5)", {"W": PAIR, "i": [0, 1]}, "Padding_idx must be within"),
    ("F.embedding(i, W[:0], padding_idx=0)", {"W": PAIR, "i": [0]}, "embedding does not fit"),
    ("torch.linalg.tensorsolve(s, s, 7)", {"s": 2.0}, "dimension 7 is out of range"),
    ("torch.linalg.tensorsolve(W, W[0], [0, 0])", {"W": PAIR}, "named twice"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_had_is_refused_with_the_reason(
    text: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(GradcalcError, match=message):
        report(text, **inputs)
