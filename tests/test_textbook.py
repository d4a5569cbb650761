"""Jacobians and Hessians as textbooks have them: programs, and what their derivatives are.

The formulas are those of the Matrix Cookbook (Petersen and Pedersen, 2012), of Boyd and
Vandenberghe (Convex Optimization, 2004) and of Magnus and Neudecker (Matrix Differential Calculus,
2019), worked out here by numpy: the elements of the output stand before those of the input.
"""

from typing import Any

import numpy as np
import pytest

import gradcalc

RNG = np.random.default_rng(23)
GIVEN: dict[str, Any] = {
    "A": RNG.normal(size=(4, 3)), "B": RNG.normal(size=(3, 3)), "C": RNG.normal(size=(3, 2)),
    "D": RNG.normal(size=(2, 3)), "x": RNG.normal(size=3), "y": RNG.normal(size=3),
    "b": RNG.normal(size=4), "p": np.array([0.5, 1.5, 2.5]), "c": 0.7, "t": 1.3,
    "r": np.array([1.0, -1.0, 1.0, -1.0]), "m": 2.0, "M": RNG.normal(size=(2, 2)) + 3 * np.eye(2),
}  # fmt: skip
GIVEN["S"] = GIVEN["B"].T @ GIVEN["B"] + np.eye(3)

inv, diag, outer, eye, exp, log, norm = (
    np.linalg.inv, np.diag, np.outer, np.eye, np.exp, np.log, np.linalg.norm
)  # fmt: skip


def sigmoid(v: Any) -> Any:
    return 1 / (1 + exp(-v))


def softmax(v: Any) -> Any:
    return exp(v - v.max()) / exp(v - v.max()).sum()


def kron4(left: Any, right: Any) -> Any:
    """The tensor of a linear map X -> left @ X @ right: [i, j, k, l] = left[i, k] right[l, j]."""
    return np.einsum("ik,lj->ijkl", left, right)


def mirrored(size: int) -> Any:
    """That of the transpose."""
    return np.einsum("il,jk->ijkl", eye(size), eye(size))


JACOBIANS: dict[str, tuple[str, str]] = {
    "A@x": ("x", "A"),
    "A@x - b": ("x", "A"),
    "x@B": ("x", "B.T"),
    "B@x*c": ("x", "c*B"),
    "c*x": ("c", "x"),
    "x + y": ("y", "eye(3)"),
    "x*y": ("x", "diag(y)"),
    "x/y": ("y", "-diag(x/y**2)"),
    "x**2": ("x", "2*diag(x)"),
    "p**t": ("p", "t*diag(p**(t - 1))"),
    "p**t ": ("t", "p**t*log(p)"),
    "exp(x)": ("x", "diag(exp(x))"),
    "log(p)": ("p", "diag(1/p)"),
    "sqrt(p)": ("p", "diag(0.5/np.sqrt(p))"),
    "1/p": ("p", "-diag(1/p**2)"),
    "sin(A@x)": ("x", "diag(np.cos(A@x))@A"),
    "tanh(A@x + b)": ("x", "diag(1 - np.tanh(A@x + b)**2)@A"),
    "sigmoid(x)": ("x", "diag(sigmoid(x)*(1 - sigmoid(x)))"),
    "softplus(x)": ("x", "diag(sigmoid(x))"),
    "relu(A@x)": ("x", "diag((A@x > 0).astype(float))@A"),
    "softmax(x)": ("x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    "log_softmax(x)": ("x", "eye(3) - outer(np.ones(3), softmax(x))"),
    "x/norm(x)": ("x", "(eye(3) - outer(x, x)/(x@x))/norm(x)"),
    "x*norm(x)": ("x", "norm(x)*eye(3) + outer(x, x)/norm(x)"),
    "x - mean(x)": ("x", "eye(3) - 1/3"),
    "x*sum(x)": ("x", "outer(x, np.ones(3)) + x.sum()*eye(3)"),
    "x*(x@y)": ("x", "(x@y)*eye(3) + outer(x, y)"),
    "cumsum(x, 0)": ("x", "np.tril(np.ones((3, 3)))"),
    "B@exp(B@x)": ("x", "B@diag(exp(B@x))@B"),
    "inv(B)@x": ("x", "inv(B)"),
    "solve(B, x)": ("x", "inv(B)"),
    "solve(B, x) ": ("B", "-np.einsum('ik,l->ikl', inv(B), inv(B)@x)"),
    "inv(B)": ("B", "-kron4(inv(B), inv(B))"),
    "B.T": ("B", "mirrored(3)"),
    "D@B@C": ("B", "kron4(D, C)"),
    "B@B": ("B", "kron4(eye(3), B) + kron4(B, eye(3))"),
    "B.T@B": ("B", "np.einsum('il,kj->ijkl', eye(3), B) + np.einsum('ki,jl->ijkl', B, eye(3))"),
    "outer(x, x)": ("x", "np.einsum('ik,j->ijk', eye(3), x) + np.einsum('jk,i->ijk', eye(3), x)"),
    "diag(x)": ("x", "np.einsum('ij,ik->ijk', eye(3), eye(3))"),
    "diagonal(B)": ("B", "np.einsum('ik,il->ikl', eye(3), eye(3))"),
    "B*B": ("B", "2*np.einsum('ij,ik,jl->ijkl', B, eye(3), eye(3))"),
    "B@x": ("B", "np.einsum('ik,l->ikl', eye(3), x)"),
}  # fmt: skip
"""Programs of several numbers, with the input that they are differentiated by."""

HESSIANS: dict[str, tuple[str, str]] = {
    "x@B@x": ("x", "B + B.T"),
    "x@S@x/2 + y@x": ("x", "S"),
    "sum((A@x - b)**2)": ("x", "2*A.T@A"),
    "norm(A@x - b)": ("x", "A.T@(eye(4)/norm(A@x - b) - outer(A@x - b, A@x - b)"
                           "/norm(A@x - b)**3)@A"),
    "sum(log(1 + exp(-r*(A@x))))": ("x", "A.T@diag(sigmoid(r*(A@x))*sigmoid(-r*(A@x)))@A"),
    "logsumexp(x)": ("x", "diag(softmax(x)) - outer(softmax(x), softmax(x))"),
    "logsumexp(A@x + b)": ("x", "A.T@(diag(softmax(A@x + b)) - outer(softmax(A@x + b), "
                                "softmax(A@x + b)))@A"),
    "norm(x)": ("x", "(eye(3) - outer(x, x)/(x@x))/norm(x)"),
    "norm(x)**2": ("x", "2*eye(3)"),
    "norm(x)**3": ("x", "3*norm(x)*eye(3) + 3*outer(x, x)/norm(x)"),
    "log(x@x)": ("x", "2*eye(3)/(x@x) - 4*outer(x, x)/(x@x)**2"),
    "exp(y@x)": ("x", "exp(y@x)*outer(y, y)"),
    "exp(-x@x/2)": ("x", "exp(-x@x/2)*(outer(x, x) - eye(3))"),
    "sum(exp(x))": ("x", "diag(exp(x))"),
    "sum(p*log(p))": ("p", "diag(1/p)"),
    "-sum(log(p))": ("p", "diag(1/p**2)"),
    "prod(p)": ("p", "np.prod(p)*(outer(1/p, 1/p) - diag(1/p**2))"),
    "sum(x**4)": ("x", "12*diag(x**2)"),
    "(x@y)**2": ("x", "2*outer(y, y)"),
    "(x@x)*(y@x)": ("x", "2*(y@x)*eye(3) + 2*outer(x, y) + 2*outer(y, x)"),
    "(x@B@x)/(x@x)": ("x", "rayleigh(B, x)"),
    "log(det(B))": ("B", "-np.einsum('jk,li->ijkl', inv(B), inv(B))"),
    "trace(B@B)": ("B", "2*np.einsum('jk,il->ijkl', eye(3), eye(3))"),
    "sum(B**2)": ("B", "2*np.einsum('ik,jl->ijkl', eye(3), eye(3))"),
    "x[0]**2*x[1] + x[2]": ("x", "np.array([[2*x[1], 2*x[0], 0], [2*x[0], 0, 0], [0, 0, 0]])"),
    "sum(x)**2": ("x", "2*np.ones((3, 3))"),
    "var(x, unbiased=False)": ("x", "2*(eye(3) - 1/3)/3"),
    "t**3 + sin(t)": ("t", "6*t - np.sin(t)"),
}  # fmt: skip
"""Programs of one number, with the input that they are differentiated by twice."""


def rayleigh(B: Any, x: Any) -> Any:
    """The Hessian of a quotient of quadratic forms, by the rule for quotients."""
    n, d = x @ B @ x, x @ x
    g, h = (B + B.T) @ x, 2 * x
    return (
        (B + B.T) / d
        - (outer(g, h) + outer(h, g)) / d**2
        + n * (2 * outer(h, h) / d**3 - 2 * eye(3) / d**2)
    )


def test_there_are_sixty() -> None:
    assert len(JACOBIANS) + len(HESSIANS) >= 60


@pytest.mark.parametrize("program", [*JACOBIANS, *HESSIANS])
def test_the_derivative_is_that_of_the_textbook(program: str) -> None:
    made = gradcalc.jacobian if program in JACOBIANS else gradcalc.hessian
    by, formula = {**JACOBIANS, **HESSIANS}[program]
    names = set(compile(program.strip(), "", "eval").co_names)
    given = {name: value for name, value in GIVEN.items() if name in names}
    found = made(program.strip(), **given, wrt=by)
    true = eval(formula, {**globals(), **GIVEN})
    assert found.verdict.outcome.value == "verified", found.verdict.message
    np.testing.assert_allclose(found.gradient[by], true, rtol=1e-9, atol=1e-12)
    assert found.gradients[0].formula is not None
