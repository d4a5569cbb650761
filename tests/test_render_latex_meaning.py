"""LaTeX read back: what the formulas of papers mean as they are printed is the gradient."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcalc.render import Style, renderer
from gradcalc.render.tex.names import name_table
from gradcalc.report import Report
from tests.formula_families import FAMILIES, Family, point
from tests.latex_reader import Reader, compiles, fault, needs_tex, read
from tests.trust_cases import report

SIZE = 4
"""The size of everything, as vectors of ones do not say theirs."""

V, M = (SIZE,), (SIZE, SIZE)

UNWRITTEN = {"cumsum", "cumsum-weighted"}


def equations(tex: str) -> Iterator[tuple[str, str]]:
    """The left and right sides of what is displayed."""
    body = "".join(re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", tex, re.DOTALL))
    whole = body.replace(" \\\\\n&\\quad {}", " ")
    for row in whole.split(" \\\\\n"):
        left, right = row.split(" &= ")
        yield left.removeprefix(r"\text{where } "), right


def gradients(answer: Report, tex: str) -> dict[str, Any]:
    """The gradients that are displayed, by name."""
    known = [
        *answer.inputs,
        *(n for g in answer.gradients if g.formula for n, _ in g.formula.parts),
    ]
    names = name_table(dict.fromkeys(known))
    given = {
        names[name]: value[:, None] if np.ndim(value) == 1 else np.asarray(value)[()]
        for name, value in answer.inputs.items()
    }
    found: dict[str, Any] = {}
    whole: dict[str, tuple[str, dict[str, Any]]] = {}
    values = given
    for left, right in equations(tex):
        match = re.fullmatch(r"\\nabla_\{(.*)\} f", left)
        if match:
            values = dict(given)
            whole[match[1]] = right, values
        elif left != "f":
            values[left] = Reader(right, values, SIZE).result()
    for name in answer.inputs:
        if names[name] in whole:
            right, values = whole[names[name]]
            found[name] = read(right, values, SIZE, np.shape(given[names[name]]))
    return found


def check(answer: Report) -> None:
    tex = renderer("latex")([answer], Style(width=80, color=False))
    assert fault(tex) is None
    assert answer.verdict.outcome in ("verified", "vanished"), answer.verdict.message
    assert r"\texttt" not in tex.split("{align*}")[1]
    assert r"\item[formula]" not in tex, "it is shown in numbers"
    found = gradients(answer, tex)
    for gradient in answer.gradients:
        assert gradient.formula is not None
        value, expected = found[gradient.name], gradient.best
        room = 1e-9 * np.max(np.abs(expected))
        columns = expected[:, None] if expected.ndim == 1 else expected
        np.testing.assert_allclose(value, columns, rtol=1e-9, atol=room, strict=True)


@pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])
def test_a_textbook_gradient_in_latex(family: Family) -> None:
    if family.name in UNWRITTEN:
        pytest.skip("it has no notation but the functions' own names")
    shapes = {name: (SIZE,) * len(shape) for name, shape in family.shapes.items()}
    check(report(family.program, **point(family._replace(shapes=shapes))))


PAPERS: dict[str, dict[str, tuple[int, ...]]] = {
    "norm(X@w-y)**2/(2*len(y)) + lam/2*norm(w)**2": {"X": M, "w": V, "y": V, "lam": ()},
    "mean((X@w+b-y)**2)": {"X": M, "w": V, "y": V, "b": ()},
    "mean(log(1 + exp(-y*(X@w + b))))": {"X": M, "w": V, "y": V, "b": ()},
    "logsumexp(z) - z[1]": {"z": V},
    "-sum(t*log_softmax(z))": {"z": V, "t": V},
    "layer_norm(x, (4,))@v": {"x": V, "v": V},
    "sum(((x-mean(x))/std(x)*gamma+beta)*v)": {"x": V, "gamma": V, "beta": V, "v": V},
    "trace(W.T@softmax(Q@K.T/sqrt(2), axis=1)@V)": {"Q": M, "K": M, "V": M, "W": M},
    "sqrt((x-y)@S@(x-y))": {"x": V, "y": V, "S": M},
    "sum(0.5*(exp(logvar) + mu**2 - 1 - logvar))": {"mu": V, "logvar": V},
    "sum(100*(x[1:]-x[:-1]**2)**2 + (1-x[:-1])**2)": {"x": V},
    "sum(abs(x)**p)**(1/p)": {"x": V, "p": ()},
    "norm(x, 4)": {"x": V},
    "norm(X-W@W.T@X)**2": {"X": M, "W": M},
    "sum((X-U@V.T)**2) + lam*(sum(U**2)+sum(V**2))": {"X": M, "U": M, "V": M, "lam": ()},
    "exp(-norm(x-y)**2/(2*sigma**2))": {"x": V, "y": V, "sigma": ()},
    "sigmoid(w@x)*sigma": {"w": V, "x": V, "sigma": ()},
    "-log(exp(u@v/tau)/(exp(u@v/tau) + exp(u@n/tau)))": {"u": V, "v": V, "n": V, "tau": ()},
    "-mean(diag(log_softmax(X@Y.T/tau, axis=1)))": {"X": M, "Y": M, "tau": ()},
    "sum(softmax(X, axis=0)*Y)": {"X": M, "Y": M},
    "h = x\nfor k in range(3):\n    h = tanh(W@h + b)\nsum(h)": {"x": V, "W": M, "b": V},
    "i = sigmoid(Wi@x)\nf = sigmoid(Wf@x)\nv@tanh(f*c + i*tanh(Wc@x))": {
        "x": V, "c": V, "Wi": M, "Wf": M, "Wc": M, "v": V},
    "0.5*norm(W2@relu(W1@x+b1)+b2-y)**2": {"W1": M, "W2": M, "b1": V, "b2": V, "x": V, "y": V},
    "sum((X*v - u[:, None])**2)": {"X": M, "v": V, "u": V},
    "sum(X/(1 + v**2))": {"X": M, "v": V},
    "sum(maximum(X, v))": {"X": M, "v": V},
    "sum(where(X > v, X**2, v))": {"X": M, "v": V},
    "sum((X - mean(X, axis=1, keepdims=True))**2)": {"X": M},
    "sum(std(X, axis=1))": {"X": M},
    "sum(logsumexp(X, axis=0)**2)": {"X": M},
    "sum(mean(X, axis=0)**3)": {"X": M},
    "sum((x[:,None]-x)**2*W)": {"x": V, "W": M},
    "sum(abs(x[1:]-x[:-1]))": {"x": V},
    "x[0]*x[-1] + x[1:3]@v[1:3]": {"x": V, "v": V},
    "sum(sqrt(x**2+1e-6))": {"x": V},
    "1e-7*sum(x**3) - 2.5e-9*sum(x)": {"x": V},
    "g*m_1*m_2/norm(r1-r2)": {"g": (), "m_1": (), "m_2": (), "r1": V, "r2": V},
    "learning_rate*weight_decay*sum(W_out**2)": {
        "learning_rate": (), "weight_decay": (), "W_out": M},
    "sum(i*x**2)*prod(x)": {"i": V, "x": V},
    "x_hat@y_hat*sigma_x_1": {"x_hat": V, "y_hat": V, "sigma_x_1": ()},
    "k/l*(x/l)**(k-1)*exp(-(x/l)**k)": {"k": (), "l": (), "x": ()},
    "x1*x[0] + x[1]": {"x": V, "x1": ()},
    "(r@w)/sqrt(w@S@w)": {"r": V, "w": V, "S": M},
    "sum(sum(u)*v*(v - sum(v*u)))": {"u": V, "v": V},
}  # fmt: skip


@pytest.mark.parametrize("program", PAPERS)
def test_a_gradient_of_a_paper_in_latex(program: str) -> None:
    family = Family("", program, PAPERS[program], {})
    check(report(program, **point(family)))


TAKEN = (
    "sum(x[1:])", "sum(x[1:] - x[:-1])", "x[1:].sum() + x[0]**2", "sum(A[0])", "sum(A[:,1])",
    "x[0]*y[1]", "A[0,1]", "A[0,1]*A[1,0]", "sum(A[1:,:2])", "sum(A[0]*x)", "sum(A[:,1]**2)",
    "sum(x[::2])", "x[1:3].sum()*x[0]", "mean(x[1:])", "sum(A[0]) + sum(x)",
    "2*sum(x[:2]) + 3*sum(x[1:])", "sum(exp(x[1:])*y[:-1])", "softmax(x)[0]", "std(x)*sum(y)",
    "(x - mean(x))@y", "sum(A[1])*sum(A[:,0])", "sum(A.T[0])", "sum(x[1:,None]*y)",
    "sum(A[0])*x[0]", "sum(kron(A, B))", "sum(kron(A, B)**2)", "sum(A[1:]@x)",
    "sum(A[:2,:2]@x[:2])", "norm(A[0])", "sum(A[:,0]*A[1])", "sum(sum(A, axis=0)[1:])",
    "sum(mean(A, axis=1)[:2])", "sum(A[0,1:]**2)", "sum(x[-1:])", "sum(A[-1:])", "sum(A[:,1:2])",
    "sum(A[:,1:2]*x[:,None])", "sum(outer(x, y))", "sum(tril(A))", "sum(A[1:3,1:3])",
    "sum((2*A - 1)**2)", "sum(x - y[0])**2", "sum((x[1:] - x[0])**2)", "sum((A - A[0])**2)",
    "sum((A - A[:,:1])**2)", "sum(exp(A[1]))", "trace(A[1:,1:])", "prod(x[1:])",
)  # fmt: skip
"""Slices, rows, columns and single elements, under sums and beside numbers."""


@pytest.mark.parametrize("program", TAKEN)
def test_what_is_taken_out_has_its_place(program: str) -> None:
    shapes = {name: shape for name, shape in {"x": V, "y": V, "A": M, "B": M}.items()
              if re.search(rf"\b{name}\b", program)}  # fmt: skip
    check(report(program, **point(Family("", program, shapes, {}))))


@needs_tex
def test_they_compile(tmp_path: Path) -> None:
    papers = [Family("", program, shapes, {}) for program, shapes in PAPERS.items()]
    answers = [report(f.program, **point(f)) for f in (*FAMILIES, *papers)]
    compiles(renderer("latex")(answers, Style(width=80, color=False)), tmp_path)
