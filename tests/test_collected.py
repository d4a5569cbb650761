"""Matrices multiplied out and collected: the same in numbers, in one form for all sizes."""

import re
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.collected import shortest
from gradcalc.expr.written import Written
from gradcalc.general.sizes import general
from gradcalc.matrices import (
    Diagonal,
    Identity,
    Matrix,
    Outer,
    Plain,
    Product,
    Sum,
    Times,
    spelled,
)  # fmt: skip

PARTS = {"t": "x - mean(x)", "q": "sum(exp(x))", "p": "softmax(x)"}
VECTORS = (
    "x", "y", "2*x", "-x", "x - y", "3*x - c*y", "A@x", "x@A", "A@(x - y)", "A@(2*y)", "exp(x)",
    "-x/y**2", "x - mean(x)", "mean(x) - x", "t", "ones({n})", "ones({n})/{n}", "x*y/2", "(x@y)*x",
    "(1/y**2)*(-x)", "x - ((ones({n})@t)*(ones({n})/{n}))", "y*(1 - y**2)", "x*exp(-x**2)", "p",
    "c - x", "((x@y)*(4*x))/(x@x) - A@x", "x/y", "y/x*x", "exp(x)*y", "(2*A)@x", "0*x", "(x + y)@A",
)  # fmt: skip
NUMBERS = ("2", "-1", "c", "x@y", "(x@y)**2", "2*c", "0.5", "3*c/(x@x)", "-c", "{n}", "q", "x@x",
           "x@x + 1", "c - 1", "4*norm(x)**2", "exp(-c)", "1 - 2*c")  # fmt: skip


def some(rng: np.random.Generator, depth: int, n: int) -> Matrix:
    """A matrix of some size, the same for the same state of the generator but for that."""

    def pick(texts: tuple[str, ...]) -> str:
        return str(rng.choice(texts)).replace("{n}", str(n))

    match rng.integers(0, 4) if not depth else rng.integers(4, 10):
        case 0:
            return Identity(n)
        case 1:
            return Diagonal(pick(VECTORS))
        case 2:
            return Plain(pick(("A", "S", "A")), bool(rng.integers(0, 2)))
        case 3:
            return Outer(pick(VECTORS), pick(VECTORS))
        case 4 | 5:
            number = pick(NUMBERS)
            return Times(number, some(rng, depth - 1, n), bool(rng.integers(0, 2)))
        case 6 | 7:
            return Product(some(rng, depth - 1, n), some(rng, depth - 1, n))
        case _:
            sign = str(rng.choice(["+", "-"]))
            return Sum(some(rng, depth - 1, n), some(rng, depth - 1, n), sign)


def scope(n: int) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    x, a = rng.normal(size=n), rng.normal(size=(n, n))
    e = np.exp(x)
    return {
        "x": x, "y": rng.normal(size=n), "A": a, "S": a @ a.T, "c": 0.7, "t": x - x.mean(),
        "q": e.sum(), "p": e / e.sum(), "mean": np.mean, "exp": np.exp, "ones": np.ones,
        "eye": np.eye, "diag": np.diag, "outer": np.outer, "norm": np.linalg.norm, "sum": np.sum,
        "softmax": lambda v: np.exp(v) / np.exp(v).sum(),
    }  # fmt: skip


def short(matrix: Matrix, n: int) -> str:
    names = scope(n)
    return spelled(shortest(matrix, lambda text: np.shape(eval(text, names)), PARTS))


@pytest.mark.parametrize("seed", range(300))
def test_the_same_in_numbers_and_in_one_form_for_all_sizes(seed: int) -> None:
    texts = []
    for n in (11, 13):
        matrix = some(np.random.default_rng(seed), 1 + seed % 4, n)
        texts.append(short(matrix, n))
        was, now = (eval(text, scope(n)) for text in (spelled(matrix), texts[-1]))
        size = max(np.abs(was).max(), 1.0)
        assert np.allclose(now, was, rtol=1e-8, atol=1e-9 * size), (spelled(matrix), texts[-1])
    if not re.search(r"\b(22|26|33|39|44|52)\b", " ".join(texts)):
        assert general([Written((), t) for t in texts], [{"n": 11}, {"n": 13}]) is not None


KEPT = {
    "norm(A@x - b)": "A.T@(eye(3) - outer(A@x - b, A@x - b)/norm(A@x - b)**2)@A/norm(A@x - b)",
    "logsumexp(A@x)": "A.T@(diag(softmax(A@x)) - outer(softmax(A@x), softmax(A@x)))@A",
    "exp(-x@x/2)": "exp(-x@x/2)*(outer(x, x) - eye(2))",
}
SHORTER = {
    "exp(x@S@x)": "exp(x@S@x)*(outer(S@x + S.T@x, S@x + S.T@x) + S + S.T)",
    "(x@S@x)**2": "2*((x@S@x)*S.T + outer(S@x + S.T@x, S@x + S.T@x) + (x@S@x)*S)",
    "softmax(x)@c": "t1 = softmax(x); "
    "diag(t1*(c - c@t1)) - outer(c*t1, t1) - outer(t1, c*t1) + 2*(c@t1)*outer(t1, t1)",
    "(c@x)**3": "6*(c@x)*outer(c, c)",
    "sum(erf(x))": "-4*diag(x*exp(-x**2))/sqrt(pi)",
    "sum(log(cosh(A@x)))": "A.T@diag(1 - tanh(A@x)**2)@A",
    "sum(c/x)": "2*diag(c/x**3)",
    "prod(x)": "prod(x)*(outer(1/x, 1/x) - diag(1/x**2))",
}
RNG = np.random.default_rng(4)
GIVEN = {
    "A": RNG.normal(size=(3, 2)), "S": RNG.normal(size=(2, 2)), "x": RNG.normal(size=2),
    "c": RNG.normal(size=2), "b": RNG.normal(size=3),
}  # fmt: skip


@pytest.mark.parametrize("text", [*KEPT, *SHORTER])
def test_a_hessian_has_the_shorter_form(text: str) -> None:
    names = set(re.findall(r"\w+", text))
    given = {name: value for name, value in GIVEN.items() if name in names}
    report = gradcalc.hessian(text, wrt="x", **given)
    assert report.formula["x"] == {**KEPT, **SHORTER}[text]
