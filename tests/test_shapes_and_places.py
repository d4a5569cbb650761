"""Shapes, indices, several outputs and functions of functions: texts that Python runs, too.

The oracle is the library: its value, and torch's gradient of what torch runs.
"""

import ast
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from tests.lang_backends import problem

A = [[1.3, -2.1, 0.4, 3.2], [0.7, 2.6, -1.9, -0.8], [-3.1, 1.1, 0.9, 2.2]]
B = (np.sin(np.arange(24.0) * 2.3).round(3) * 3).reshape(2, 3, 4).tolist()
X = [0.5, -1.25, 2.75, 0.125, -3.5, 1.5]
GIVEN: dict[str, Any] = {"A": A, "B": B, "x": X, "y": A[1], "s": 1.75}

WEIGHED = {
    "torch": "def w(t):\n"
    "    return (torch.sin(t)*torch.arange(1, 1 + t.numel()).reshape(t.shape)).sum()\n",
    "np": "def w(t): return np.sum(np.sin(t)*np.arange(1, 1 + np.size(t)).reshape(np.shape(t)))\n",
}
"""One number of a tensor, in which no element is like another."""

TERMS: dict[str, tuple[str, ...]] = {
    "torch": (
        "w(torch.split(A, [1, 3], dim=1)[1]) + w(A.split(2)[1]) + w(A.chunk(3, -1)[1])",
        "w(A.tensor_split([1, -1], dim=1)[1]) + w(torch.tensor_split(x, 4)[0])",
        "w(torch.hsplit(A, 2)[1]) + w(torch.vsplit(A, (1,))[1]) + w(torch.dsplit(B, 2)[0])",
        "w(A.unbind(1)[2]) + w(B.narrow(2, -3, 2)) + w(B.select(1, -1))",
        "w(torch.tile(A, (2, 1, 2))) + w(A.repeat(1, 2)) + w(A.repeat_interleave(2, 0))",
        "w(torch.repeat_interleave(A, torch.tensor([1, 0, 2]), dim=0)) + w(A.tile(2))",
        "w(torch.hstack([x, y])) + w(torch.vstack([A, y])) + w(torch.dstack((A, A))) + "
        "w(torch.column_stack([y, A.T]))",
        "w(torch.block_diag(A, x, s)) + w(torch.cartesian_prod(x, y)) + "
        "w(torch.combinations(y, 3))",
        "w(torch.meshgrid(x, y, indexing='xy')[0]) + w(torch.meshgrid(x, y, indexing='ij')[1])",
        "w(torch.fliplr(A)) + w(A.flipud()) + w(torch.movedim(B, (0, 1), (1, 2))) + "
        "w(B.swapaxes(0, 2))",
        "w(B.unflatten(-1, (2, -1))) + w(torch.diag_embed(B, 1, 0, 2)) + w(torch.diagflat(A, -1))",
        "w(B.unfold(1, 2, 1)) + w(y.expand_as(A)) + w(torch.broadcast_tensors(A[:, :1], y)[0])",
        "w(torch.nn.functional.pad(B, (2, 1), 'reflect')) + "
        "w(torch.nn.functional.pad(B, (1, 4), 'circular')) + "
        "w(torch.nn.functional.pad(A, (-1, 2, 3, -2), value=0.5))",
        "w(torch.nn.functional.pad(B, (-2, 3), 'reflect')) + "
        "w(torch.nn.functional.pad(B, (-1, 2), 'replicate')) + "
        "w(torch.nn.functional.pad(B, (2, -1), 'circular'))",
        "w(torch.as_strided(x, (2, 3), (2, 1), 1)) + w(A.as_strided((5,), (2,))) + "
        "w(torch.as_strided_copy(A.reshape(2, 6), (3, 3), (3, 0)))",
        "w(torch.take_along_dim(A, torch.tensor([[-1, 0], [1, -2], [2, 2]]), dim=1)) + "
        "w(torch.squeeze(A, ())) + w(torch.cat([torch.zeros(0), A], 1)) + "
        "w(torch.std(A, dim=0, correction=None)) + w(torch.linalg.vander(s, N=3))",
        "w(torch.native_layer_norm(A, (4,), y, None, 1e-05)[0]) + "
        "w(torch.native_group_norm(B, None, None, 2, 3, 4, 3, 1e-05)[0]) + "
        "w(torch.native_batch_norm(B, None, None, None, None, True, 0.1, 1e-05)[0])",
        "w(torch.nn.functional.triplet_margin_with_distance_loss(A, A + 1, 2*A, margin=9.0,"
        " distance_function=lambda u, v: ((u - v)**2).sum(-1), reduction='none'))",
        "w(torch.atleast_3d(x)) + w(torch.logspace(0, 1, 4)*y)",
        "w(A.gather(1, torch.tensor([[0, 3], [1, 1], [2, 0]]))) + "
        "w(A.take(torch.tensor([0, -1, 5])))",
        "w(A.index_select(0, torch.tensor([2, 0, 0]))) + "
        "w(torch.take_along_dim(A, A.argmax(1, keepdim=True), dim=1))",
        "w(A.masked_select(A > 0)) + w(A.masked_fill(A > 1, -2)) + "
        "w(A.masked_scatter(A > 0, A**2))",
        "w(A.scatter(0, torch.tensor([[2, 1, 0, 2]]), A[:1]*2)) + "
        "w(A.scatter_add(1, torch.tensor([[0, 0], [1, 2], [3, 3]]), A[:, :2]))",
        "w(A.scatter_reduce(1, torch.tensor([[0, 0], [1, 3], [2, 2]]), A[:, :2]**2, 'mean')) + "
        "w(A.scatter_reduce(0, torch.tensor([[0, 0, 1, 2]]), A[:1]**3, 'amax',"
        " include_self=False))",
        "w(A.index_add(1, torch.tensor([0, 0]), A[:, :2], alpha=3)) + "
        "w(A.index_copy(0, torch.tensor([2, 0]), A[:2]**2)) + "
        "w(A.index_fill(1, torch.tensor([0, -1]), 1.5))",
        "w(A.index_put((torch.tensor([0, 0]),), A[1], accumulate=True)) + "
        "w(A.select_scatter(A[0], 0, 2)) + w(torch.diagonal_scatter(A, A[0, :2], -1))",
        "w(torch.topk(A, 2, dim=0).values) + w(A.kthvalue(2, keepdim=True)[0]) + w(A.msort()) + "
        "w(y[torch.argsort(A[0], descending=True)])",
        "w(torch.std_mean(A, 1)[0]) + w(torch.var_mean(A, dim=0, correction=0)[1]) + "
        "w(torch.aminmax(A, dim=1).max)",
        "w(A*torch.bucketize(A, torch.tensor([-2.0, 0.0, 3.0]))) + "
        "w(torch.bincount(torch.tensor([0, 1, 1, 3]))*y) + w(torch.histc(A, 4, -5, 5)*y)",
        "w(torch.vmap(torch.dot)(A, A*2)) + "
        "w(torch.vmap(lambda u, v: u*v, in_dims=(1, 0), out_dims=1)(A, y))",
    ),
    "np": (
        "w(np.split(x, 3)[1]) + w(np.array_split(A, [1, 3], axis=1)[1]) + w(np.hsplit(A, 2)[0])",
        "w(np.tile(A, 2)) + w(np.repeat(A, [1, 0, 2], axis=0)) + w(np.repeat(A, 2))",
        "w(np.vstack([x[:4], A])) + w(np.column_stack([y, A.T])) + w(np.meshgrid(x, y)[0])",
        "w(np.r_[x, 0, 1:4, s]) + w(np.c_[y, y**2]) + w(np.mgrid[0:3, 0:4]*A) + "
        "w(A[np.s_[1:, ::2]])",
        "w(np.r_[-1:1:4j]*y) + w(np.moveaxis(B, [0, 1], [-1, 0])) + w(np.rollaxis(B, 2))",
        "w(np.pad(A, ((1, 2), (0, 3)), mode='symmetric')) + w(np.pad(A, 1, mode='edge')) + "
        "w(np.pad(A, 5, mode='wrap')) + w(np.pad(A, 1, mode='mean'))",
        "w(np.pad(A, ((1, 0), (2, 1)), constant_values=((1, 2), (3, 4))))",
        "w(A[np.triu_indices(3, 1)]) + w(np.tri(3, 4)*A) + w(np.geomspace(1, 8, 4)*y)",
        "w(np.lib.stride_tricks.sliding_window_view(A, 2, axis=1)) + w(np.atleast_2d(x))",
        "w(np.take(A, [9, 40], mode='wrap')) + w(np.take(A, [2, 0], axis=1)) + "
        "w(np.take_along_axis(A, np.argsort(A, axis=1), axis=1))",
        "w(np.select([A > 2, A > 0], [A**2, A], default=-1)) + w(np.extract(A > 0, A)) + "
        "w(np.choose([0, 1, 1, 0], [y, 2*y]))",
        "w(A[np.ix_([0, 2], [1, 3, 3])]) + w(A[np.ix_(range(2), y > 0)])",
        "w(A[np.where(A > 1)]) + w(A[np.nonzero(A < 0)]) + w(np.compress([1, 0, 1], A, axis=0))",
        "w(np.digitize(A, [3, 0, -2], right=True)*A) + w(np.searchsorted([-2, 0, 3], A)*A)",
        "w(np.bincount([0, 1, 1, 4], weights=y)) + w(np.unique(y)) + "
        "w(np.histogram(A, bins=4, range=(-5, 5))[0]*y)",
        "w(np.vectorize(lambda u, v: u*v if u > 0 else u - v)(A, y)) + "
        "w(np.apply_along_axis(lambda r: r/np.sum(r**2), 0, A)) + "
        "w(np.piecewise(A, [A < 0, A >= 0], [lambda u: -u, lambda u: u**2]))",
    ),
}

TEXTS = [WEIGHED[library] + term for library, terms in TERMS.items() for term in terms]

UNPACKED = (
    WEIGHED["torch"] + "v, i = torch.topk(A, 2)\nw(v*(i + 1))",
    WEIGHED["torch"] + "m = A.min(dim=0)\nw(m.values*m.indices) + w(m[0])",
    WEIGHED["torch"]
    + "v, m = torch.var_mean(A, dim=1)\nw((A - m[:, None])/torch.sqrt(v[:, None]))",
    WEIGHED["torch"] + "u, c = torch.unique(torch.tensor([2, 0, 2]), return_counts=True)\n"
    "w(A[u]*c[:, None])",
    WEIGHED["torch"] + "i = torch.tril_indices(3, 4, -1)\nw(A[i[0], i[1]])",
    WEIGHED["np"] + "r, c = np.tril_indices(3, -1)\nw(A[r, c])",
    WEIGHED["torch"] + "m, v = torch.zeros(3), torch.ones(3)\n"
    "w(torch.nn.functional.instance_norm(B, m, v, momentum=0.3)) + w(m) + w(v)*s",
    WEIGHED["np"] + "lo, hi = np.split(x, 2)\nw(lo*hi)",
)


def used(text: str) -> dict[str, Any]:
    names = {node.id for node in _names(text)}
    return {name: value for name, value in GIVEN.items() if name in names}


def _names(text: str) -> Any:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name))


def library(text: str, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The value that Python gives, and torch's gradients of what torch runs."""
    of_torch = "torch" in text
    make = (lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True)) if of_torch else (
        lambda v: np.array(v, dtype=float))  # fmt: skip
    values = {name: make(value) for name, value in inputs.items()}
    scope = {"np": np, "torch": torch, **values}
    *body, last = text.strip().split("\n")
    exec("\n".join(body), scope)
    result = eval(last, scope)
    if not of_torch:
        return float(result), {}
    gradients = torch.autograd.grad(result, list(values.values()))
    return result.item(), {n: g.numpy() for n, g in zip(values, gradients, strict=True)}


@pytest.mark.parametrize("text", [*TEXTS, *UNPACKED])
def test_a_text_means_what_the_library_makes_of_it(text: str) -> None:
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        value, gradients = library(text, used(text))
    finally:
        torch.set_default_dtype(default)
    answer = calculate(problem(text, used(text)))
    assert answer.verdict.outcome == "verified"
    assert np.allclose(answer.value, value, rtol=1e-9)
    for found in answer.gradients:
        if found.name in gradients:
            assert np.allclose(found.autograd, gradients[found.name], rtol=1e-9, atol=1e-12)


SPECIAL: list[tuple[str, dict[str, Any], str]] = [
    ("sum(torch.topk(x, 2).values*torch.tensor([1.0, 2.0]))", {"x": [3, 1, 1, 0]}, "kink"),
    ("sum(torch.topk(x, 2).values)", {"x": [3, 3, 1]}, "verified"),
    ("sum(torch.topk(x, 2).values)", {"x": [5, 3, 1, 1]}, "verified"),
    ("torch.kthvalue(x, 2).values", {"x": [3, 3, 1]}, "kink"),
    ("y[torch.argsort(x)][0]", {"x": [1, 1, 2], "y": [1, 2, 3]}, "jump"),
    ("x.scatter_reduce(0, torch.tensor([0, 0, 1]), y, 'amax').sum()",
     {"x": [1, 2, 3], "y": [1, 0, 4]}, "kink"),
    ("x.scatter_reduce(0, torch.tensor([0, 0, 1]), y, 'prod').sum()",
     {"x": [1, 2, 3], "y": [0, 0, 4]}, "verified"),
    ("x.masked_fill(x > 1, 0.0).sum()", {"x": [1, 2, 3]}, "jump"),
    ("np.sum(x*np.digitize(x, [1, 2]))", {"x": [1, 3, 2.5]}, "jump"),
    ("np.sum(np.select([x > 1], [x**2], x))", {"x": [1, 2]}, "kink"),
    ("torch.aminmax(x).max", {"x": [2, 2, 1]}, "kink"),
    ("torch.std_mean(x)[0]", {"x": [2, 2]}, "kink"),
    ("torch.abs(torch.fft.irfft(x, n=3)).sum()", {"x": [1, 1]}, "kink"),
    ("torch.abs(torch.fft.irfft(x, n=3)).sum()", {"x": [1, 1.5]}, "verified"),
    ("np.sum(np.vectorize(lambda u: u if u > 1 else u**2)(x))", {"x": [1, 2]}, "kink"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "outcome"), SPECIAL)
def test_special_points_have_their_word(text: str, inputs: dict[str, Any], outcome: str) -> None:
    assert calculate(problem(text, inputs)).verdict.outcome == outcome


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("np.sum(np.partition(x, 1))", {"x": [1, 2]}, "leaves the order within its parts open"),
    ("x[1:].as_strided((1,), (1,)).sum()", {"x": [1, 2]}, "how the elements lie in memory"),
    ("x.index_copy(0, torch.tensor([1, 1]), x).sum()", {"x": [1, 2]}, "writes twice in one place"),
    ("x.scatter(0, torch.tensor([1]), x).sum()", {"x": [1, 2]}, "larger than the index"),
    ("x.scatter(0, torch.tensor([1, 0]), x, reduce='add').sum()", {"x": [1, 2]},
     "no gradient of scatter with reduce"),
    ("torch.native_layer_norm(x, (2,), None, None, 0.1)[1].sum()", {"x": [1, 2]},
     "statistics without their gradient"),
    ("torch.unique(x).sum()", {"x": [1, 2]}, "no gradient of unique"),
    ("np.sum(np.unique(x))", {"x": [2, 2]}, "unique of equal numbers"),
    ("np.histogram(x, 3)[0]@x[:3]", {"x": [1, 2, 4]}, "whose edges depend on an input"),
    ("np.sum(np.vectorize(lambda u: 0 if u > 0 else u)(x))", {"x": [1, -2]}, "integers of all"),
    ("torch.vmap(lambda u, v: u*v)(x, y).sum()", {"x": [1, 2], "y": [1, 2, 3]}, "of one number"),
    ("torch.topk(x, 3).values.sum()", {"x": [1, 2]}, "topk of 3 elements out of 2"),
    ("np.split(x, 2)[0].sum()", {"x": [1, 2, 3]}, "parts of one size"),
    ("x.gather(0, torch.tensor([2])).sum()", {"x": [1, 2]}, "out of range"),
    ("torch.tensor([2]).masked_fill(x > 0, 0.5)*x", {"x": [1]}, "other numbers among integers"),
    ("np.nonzero(x)[0].sum()*torch.sum(x)", {"x": [1, 2]}, "may be torch's or its own"),
    ("np.nonzero(x) + np.sum(x)", {"x": [1, 2]}, "a list plus one number"),
    ("1j*x", {"x": [1, 2]}, "output is complex"),
    ("torch.view_as_complex(x)", {"x": [1, 2]}, "output is complex"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "message"), REFUSED)
def test_what_has_no_honest_answer_is_refused(
    text: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(GradcalcError) as caught:
        calculate(problem(text, inputs))
    assert message in caught.value.message


def test_under_vmap_nothing_is_decided_by_an_item() -> None:
    text = "def f(u):\n    if u > 0:\n        return u\n    return -u\ntorch.vmap(f)(x).sum()"
    assert calculate(problem(text, {"x": [1, 2]})).verdict.outcome == "unresolved"
