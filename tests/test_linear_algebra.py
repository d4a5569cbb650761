"""Linear algebra as it is written: each text has the library's own value, and is what it should be.

The oracle of a value is the library, run by Python. Gradients are those of autograd, held to the
enclosure; where the point is special a row says what becomes of it.
"""

from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import scipy
import torch

from gradcalc.balls.arithmetic import Balls
from gradcalc.balls.spectra import eigh, polar
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from tests.lang_backends import close, problem

VALUES: dict[str, Any] = {
    "x": [1.5, -2.0, 0.25],
    "y": [0.5, 1.25, -3.0],
    "A": [[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]],
    "B": [[0.5, 1.0, -0.25], [2.0, -1.5, 0.75], [-1.0, 0.25, 1.25]],
    "P": [[4.0, 1.0, -0.5], [1.0, 3.0, 0.75], [-0.5, 0.75, 2.0]],
    "S": [[2.0, -1.0, 0.5], [-1.0, 0.25, 1.5], [0.5, 1.5, -3.0]],
    "L": [[2.0, 0.0, 0.0], [-0.5, 1.5, 0.0], [0.25, 0.75, 1.25]],
    "D": [1.0, 1.0, 3.0],
    "I": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]],
    "Z": [[1.0, 2.0], [2.0, 4.0]],
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


DECOMPOSED = """
torch.linalg.det(T)
torch.linalg.solve(T, M.T)
torch.linalg.solve(A, M, left=False)
np.linalg.solve(A, x)
torch.linalg.cholesky(P, upper=True)
scipy.linalg.cholesky(P)
torch.cholesky_solve(M.T, L)
torch.cholesky_inverse(L)
torch.linalg.solve_triangular(T, M.T, upper=False, unitriangular=True)
scipy.linalg.solve_triangular(A, x, trans=1)
scipy.linalg.cho_solve(scipy.linalg.cho_factor(P), x)
scipy.linalg.solve(P, x, assume_a='pos')
scipy.linalg.expm(A)
torch.linalg.matrix_exp(T)
np.linalg.slogdet(A)[1]
torch.linalg.slogdet(T).logabsdet
torch.linalg.pinv(M)
np.linalg.lstsq(M.T, x, rcond=None)[0]
torch.linalg.lstsq(A, M.T).solution
torch.linalg.lstsq(M.T, A, driver='gels').residuals
np.linalg.lstsq(M.T, x, rcond=None)[1]
np.linalg.lstsq(M.T, x, rcond=None)[3]
scipy.linalg.lstsq(M.T, x)[1]
torch.linalg.pinv(P, hermitian=True)
torch.linalg.pinv(M, rtol=1e-8)
np.linalg.pinv(M, 1e-8)
np.polyfit(x, y, 1)
np.polyfit(y, A, deg=2)[1]
np.polyfit(x, M.T, 1, w=np.abs(y))
sum((i + 1)*v**(j + 1) for (i, j), v in np.ndenumerate(M))
torch.linalg.qr(M.T)[0]
np.linalg.qr(M, mode='reduced')[1]
np.linalg.eigvalsh(S)
torch.linalg.eigh(S).eigenvectors**2 @ torch.linalg.eigvalsh(S)
torch.linalg.svdvals(T)
torch.svd(M)[2][0, 0]**2
torch.linalg.svd(M, full_matrices=False)[2][0]**2 @ x
torch.linalg.matrix_norm(A, 'nuc')
np.linalg.norm(A, -2)
torch.linalg.cond(A)
np.linalg.cond(A, 'fro')
torch.linalg.tensorinv(A.reshape(3, 1, 3), 1)
np.linalg.tensorsolve(A.reshape(3, 1, 3), x[:, None])
""".strip().splitlines()

SPECIAL = [
    # torch has one of the vectors between which the others lie: no sample comes so far
    ("torch.linalg.eigvalsh(I)[0]", "unresolved"),
    ("torch.linalg.matrix_norm(I[:2, :2], 2)", "kink"),
    ("torch.linalg.eigvalsh(I)[2]", "verified"),
    ("torch.linalg.eigvalsh(I).sum()", "verified"),
    ("torch.linalg.eigvalsh(torch.diag(D))[0]", "kink"),
    ("torch.linalg.eigh(I)[1][0, 0]", "singular"),
    ("torch.linalg.matrix_norm(Z, 'nuc')", "kink"),
    ("torch.linalg.matrix_norm(Z, 2)", "verified"),
    ("torch.linalg.cond(Z)", "singular"),
    ("torch.linalg.slogdet(Z)[1]", "singular"),
]


def library_value(text: str) -> Any:
    """What Python and the library make of a text."""
    names: dict[str, Any] = {"np": np, "scipy": scipy, "torch": torch, "einsum": torch.einsum}
    make = (
        np.array
        if "np." in text or "scipy." in text
        else lambda v: torch.tensor(v, dtype=torch.float64)
    )
    return np.asarray(eval(text, names | {name: make(value) for name, value in VALUES.items()}))


def given(text: str) -> dict[str, Any]:
    """The inputs that a text names."""
    found = compile(text, "text", "exec").co_names
    return {name: VALUES[name] for name in found if name in VALUES}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", DECOMPOSED)
def test_a_factor_is_that_of_the_library(text: str, dtype: str) -> None:
    answer = calculate(problem(text, given(text), dtype=dtype))
    assert answer.verdict.outcome == "verified"
    wanted = library_value(text)
    assert np.allclose(answer.value, wanted, rtol=0, atol=1e-4 if dtype == "float32" else 1e-11)


@pytest.mark.parametrize(("text", "outcome"), SPECIAL, ids=[row[0] for row in SPECIAL])
def test_where_values_coincide_it_is_said(text: str, outcome: str) -> None:
    assert calculate(problem(text, given(text))).verdict.outcome == outcome


@pytest.mark.parametrize("bits", [128, 640])
@pytest.mark.parametrize(
    "matrix",
    [
        np.random.default_rng(3).normal(size=(5, 5)), np.eye(3), np.diag([1.0, 1.0 + 1e-15, 2.0]),
        np.outer([0.5, -1.5, 2.0], [0.5, -1.5, 2.0]), np.array([[1e200, 1.0], [1.0, 1e-200]]),
        1 / (1 + np.add.outer(np.arange(9), np.arange(9))), np.zeros((2, 2)),
    ],
    ids=["drawn", "unit", "close", "rank one", "wide", "Hilbert's", "zero"],
)  # fmt: skip
def test_eigenvalues_are_enclosed(matrix: Any, bits: int) -> None:
    """Against mpmath's in more digits; and each vector is mapped to its multiple."""
    with flint.ctx.workprec(bits), mpmath.workprec(3 * bits):
        balls = Balls().asarray(matrix)
        values, vectors = eigh(balls)
        half = mpmath.matrix(((mpmath.matrix(matrix) + mpmath.matrix(matrix).T) / 2).tolist())
        true = sorted(mpmath.eigsy(half, eigvals_only=True))
        floor = flint.arb(2) ** (-2 * bits) * (1 + np.abs(matrix).max())
        for ball, one in zip(values, true, strict=True):
            exact = flint.arb(mpmath.nstr(one, bits)) if one else flint.arb(0)
            assert (ball - exact).contains(0) or abs(ball - exact) < floor
        symmetric = (balls + balls.T) / flint.arb(2)
        left_over = symmetric @ vectors - vectors * values
        assert all(ball.is_nan() or ball.contains(0) for ball in left_over.flat)


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
    ("torch.linalg.eigvalsh(A)", "of symmetric matrices, and this is none"),
    ("torch.linalg.cholesky(S)", "not positive definite"),
    ("torch.cholesky_solve(M.T, A)", "a factor that is triangular"),
    ("torch.linalg.pinv(Z)", "has not full rank"),
    ("torch.linalg.pinv(M, rtol=0.99)", "takes small singular values for 0"),
    ("torch.linalg.lstsq(M.T, A, driver='gelsd')[3]", "singular values without their gradient"),
    ("torch.linalg.qr(Z)[1]", "has not full rank"),
    ("torch.linalg.svd(M)", "the vectors that no singular value has"),
    ("np.linalg.qr(M.T, mode='complete')", "beyond the columns has no gradient"),
    ("torch.linalg.eigvals(A)", "eigvals cannot be used"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        calculate(problem(text, given(text)))
    assert message in caught.value.message


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (5, 3), (2, 4), (4, 1)])
@pytest.mark.parametrize("gap", [0.0, 1e-3, 1e-12, 1e-40, 1.0])
def test_the_orthogonal_factor_is_enclosed(shape: tuple[int, int], gap: float) -> None:
    """Of matrices whose factor is known as it is made, with singular values as near as that."""
    rng = np.random.default_rng(5)
    small = min(shape)
    with flint.ctx.workprec(700):
        left, right = _rotation(rng, shape[0]), _rotation(rng, shape[1])
        values = [2 + flint.arb(gap) * k for k in range(small)]
        scale = flint.arb_mat(*shape)
        unit = flint.arb_mat(*shape)
        for k in range(small):
            scale[k, k], unit[k, k] = values[k], flint.arb(1)
        matrix, true = left * scale * right, left * unit * right
    x = np.array(matrix.entries(), dtype=object).reshape(shape)
    with flint.ctx.workprec(53):
        (found,) = polar(x)
    for ball, number in zip(found.flat, true.entries(), strict=True):
        assert ball.contains(number)
        assert ball.rad() < 1e-12


def _rotation(rng: np.random.Generator, size: int) -> flint.arb_mat:
    """An orthogonal matrix: (1 - K)/(1 + K) of a skew one."""
    floats = rng.normal(size=(size, size))
    skew = flint.arb_mat([[flint.arb(float(v)) for v in row] for row in floats - floats.T])
    one = flint.arb_mat([[flint.arb(int(i == j)) for j in range(size)] for i in range(size)])
    return (one - skew) * (one + skew).inv()


def test_no_orthogonal_factor_is_told_of_what_may_be_singular() -> None:
    flat = np.array([[flint.arb(1), flint.arb(2)], [flint.arb(2), flint.arb(4)]], dtype=object)
    wide = np.array([[flint.arb(1, 2), flint.arb(0)], [flint.arb(0), flint.arb(1)]], dtype=object)
    for matrix in (flat, wide):
        assert not any(ball.is_finite() for ball in polar(matrix)[0].flat)
