"""Linear algebra as it is written: each text has the library's own value, and is what it should be.

The oracle of a value is the library, run by Python. Gradients are those of autograd, held to the
enclosure; where the point is special a row says what becomes of it.
"""

from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from tests.lang_backends import close, problem

VALUES: dict[str, Any] = {
    "x": [1.5, -2.0, 0.25],
    "y": [0.5, 1.25, -3.0],
    "A": [[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]],
    "B": [[0.5, 1.0, -0.25], [2.0, -1.5, 0.75], [-1.0, 0.25, 1.25]],
    "M": [[0.5, -1.0, 2.0], [1.25, 0.75, -0.5]],
    "T": [[[1.5, -0.5, 0.25], [2.0, 1.0, -1.0], [0.5, 0.75, 3.0]],
          [[-1.0, 0.5, 0.5], [0.25, 2.5, 1.5], [1.0, -0.75, 2.0]]],
}  # fmt: skip
"""What the names of the texts stand for."""

PRODUCTS = """
torch.einsum('ij,jk->ik', A, B)
einsum('ij,j->i', A, x)
np.einsum('ij,ij->', A, B)
torch.einsum('bij,bjk->bik', T, T)
torch.einsum('...ij,kj', T, M)
torch.einsum(A, [0, 1], B, [1, 2], [0, 2])
np.einsum('i,ij,j', x, A, y, optimize=True)
torch.einsum('bii->b', T)
np.einsum('bij,ij->bj', T, A)
torch.einsum('...i->i', A)
np.tensordot(A, B, axes=1)
torch.tensordot(T, A, dims=([1, 2], [0, 1]))
np.tensordot(T, A, axes=(1, 0))
np.inner(A, M)
torch.inner(T, x)
np.vdot(A, B)
torch.vdot(x, y)
torch.linalg.multi_dot([M, A, x])
torch.chain_matmul(M, A, B)
np.linalg.multi_dot([x, A, B, y])
torch.matrix_power(A, 5)
np.linalg.matrix_power(A, -2)
torch.linalg.matrix_power(T, 2)
torch.addmm(A, A, B, beta=2, alpha=3)
torch.addmv(x, A, y, alpha=0.5)
torch.addr(A, x, y)
torch.baddbmm(T, T, T, beta=0.5)
torch.addbmm(A, T, T)
torch.linalg.vecdot(A, B, dim=0)
np.vecdot(A, x)
np.dot(T, A)
np.dot(A, T)
np.trace(A, offset=1)
np.trace(T, axis1=1, axis2=2)
np.linalg.trace(T)
np.matvec(T, x)
np.vecmat(x, T)
""".strip().splitlines()


def library_value(text: str) -> Any:
    """What Python and the library make of a text."""
    names: dict[str, Any] = {"np": np, "torch": torch, "einsum": torch.einsum}
    make = np.array if "np." in text else lambda v: torch.tensor(v, dtype=torch.float64)
    return np.asarray(eval(text, names | {name: make(value) for name, value in VALUES.items()}))


def given(text: str) -> dict[str, Any]:
    """The inputs that a text names."""
    found = compile(text, "text", "exec").co_names
    return {name: VALUES[name] for name in found if name in VALUES}


@pytest.mark.parametrize("text", PRODUCTS)
def test_a_product_is_that_of_the_library(text: str) -> None:
    answer = calculate(problem(text, given(text)))
    assert answer.verdict.outcome == "verified"
    assert close(answer.value, library_value(text))


REFUSED = [
    ("np.einsum('...i->i', A)", "what becomes of the dimensions"),
    ("torch.einsum('ij,jk', A, x)", "does not fit the shape (3,)"),
    ("torch.einsum('i->j', x)", "has a new one"),
    ("torch.einsum('ij,jk', A, M)", "two sizes, 3 and 2, under one label"),
    ("torch.einsum('ij', A, B)", "takes 1 tensors, not 2"),
    ("torch.einsum(A, B)", "an equation, or tensors each with a list"),
    ("torch.matrix_power(A, 1.5)", "does not take 1.5 for n"),
    ("torch.matrix_power(M, 2)", "needs a square matrix"),
    ("np.tensordot(A, M, axes=1)", "the sizes differ"),
    ("torch.linalg.multi_dot([A])", "two tensors or more"),
    ("torch.addmm(A, A, x)", "addmm does not fit"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        calculate(problem(text, given(text)))
    assert message in caught.value.message
