"""Mathematics whose meaning hangs on shapes: what it is read as, and what is refused."""

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from gradcalc.calculate import calculate, settled
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget
from gradcalc.errors import GradcalcError
from gradcalc.problem import Problem, execute
from tests.notation import INPUTS, Writer

SHAPED = {**INPUTS, "n": np.array(2.0)}

READ = (
    ("xᵀ A x", "x.T@A@x"),
    ("A x", "A@x"),
    ("2A x", "2*A@x"),
    ("AᵀA", "A.T@A"),
    ("A·x", "A@x"),
    ("A·B", "A@B"),
    ("M A x", "M@A@x"),
    ("xᵀ y", "x.T@y"),
    ("x·y", "x@y"),
    ("xᵀ·y", "x.T@y"),
    ("(x·y)^2", "(x@y)**2"),
    ("x·y/(‖x‖‖y‖)", "x@y/(norm(x)*norm(y))"),
    ("(x·y)·a", "(x@y)*a"),
    ("(x·y) x", "(x@y)*x"),
    ("a·b·x", "a*b*x"),
    ("‖A x - y‖^2", "norm(A@x - y)**2"),
    ("x A y", "x@A@y"),
    ("x xᵀ", "outer(x, x.T)"),
    ("2 x yᵀ A", "outer(2*x, y.T)@A"),
    ("(A x)(B y)ᵀ", "outer((A@x), (B@y).T)"),
    ("½ (x - y)ᵀ A (x - y)", "(1/2)*(x - y).T@A@(x - y)"),
    ("tanh(A x)ᵀ y", "tanh(A@x).T@y"),
    ("y tanh(xᵀ)", "outer(y, tanh(x.T))"),
    ("(A B)2·(B x)", "(A@B)*2@(B@x)"),
    ("x·y·a", "x@y*a"),
    ("(x·y)·x", "(x@y)*x"),
    ("(A x)·2^3", "(A@x)*2**3"),
    ("x xᵀ[:3]", "outer(x, x.T[:3])"),
    ("a > 0 or xᵀ y", "a > 0 or x.T@y"),
    ("A a·(B x)", "A*a@(B@x)"),
    ("u M", "u@M"),
    ("Mᵀ(M x - u)", "M.T@(M@x - u)"),
    ("Mᵀ(M x - [1, 2])", "M.T@(M@x - [1, 2])"),
    ("f(x) = A x", "A@x"),
    ("y = A x", "y = A@x"),
    ("lambda x, k=3: k A x", "def f(x, k=3): return k*A@x"),
    ("A x if a > 0 else B y", "A@x if a > 0 else B@y"),
    ("a > 0 and xᵀ y", "a > 0 and x.T@y"),
    ("sum((A x - y)²)", "sum((A@x - y)**2)"),
    ("M^2 x", "M**2@x"),
    ("e^x", "e**x"),
    ("x^y", "x**y"),
    ("√x", "sqrt(x)"),
    ("‖A‖_F", "norm(A)"),
    ("|a|", "abs(a)"),
    ("a b", "a*b"),
    ("xᵀ@A x", "x.T@A@x"),
    ("2a (lambda t: A t)(x)", "2*a*(lambda t: A@t)(x)"),
    ("(A@x)(y@B)", "outer((A@x), (y@B))"),
    ("x² + y²", "x**2 + y**2"),
)


@pytest.mark.parametrize(("text", "python"), READ, ids=[text for text, _ in READ])
def test_products_of_tensors_are_those_of_mathematics(text: str, python: str) -> None:
    found = settled(Problem(text, SHAPED))
    assert (found.program.source, found.program.typed) == (python, text)
    assert not found.is_open


OPEN = (
    ("x y", "write x*y or x@y"),
    ("(x+1)(x-1)", "write (x+1)*(x-1) or (x+1)@(x-1)"),
    ("x (A y)", "write x*(A@y) or x@(A@y)"),
    ("xᵀ yᵀ", "write x.T*y.T or x.T@y.T"),
    ("x·yᵀ", "write x@y.T or outer(x, y.T)"),
    ("x·y·x", "write (x@y)*x or x*y*x"),
    ("x × y", "write x * y or x@y"),
    ("A×B", "write A*B or A@B"),
    ("A×x", "write A*x or A@x"),
    ("xᵀ*A*x", "write x.T*A or x.T@A"),
    ("A xᵀ", "write A*x.T or A@x.T"),
    ("(A x) B", "write (A@x)*B or (A@x)@B"),
    ("A^-1", "A**-1 is that of each element; inv(A) is the inverse"),
    ("A⁻¹x", "A**-1 is that of each element; inv(A) is the inverse"),
    ("M^-1", "M**-1 is that of each element; inv(M) is the inverse"),
    ("A^2", "A**2 is that of each element; A@A is the product of matrices"),
    ("A³", "A**3 is that of each element; A@A@A is the product of matrices"),
    ("A^½", "A**(1/2) is that of each element; A@… is the product of matrices"),
    ("e^A", "e**A is that of each element; there is no exponential of matrices here"),
    ("|A|", "abs(A) is that of each element, det(A) the determinant"),
    ("|x|", "abs(x) is that of each element, norm(x) the length"),
    ("√A", "sqrt(A) is that of each element; there is no root of matrices here"),
    ("‖A‖", "‖A‖_F is the norm of Frobenius; there is no other of matrices here"),
    ("‖A x‖ + ‖A‖₂", "‖A‖_F is the norm of Frobenius; there is no other of matrices here"),
    ("x if a > 0 else x y", "write x*y or x@y"),
)


@pytest.mark.parametrize(("text", "tip"), OPEN, ids=[text for text, _ in OPEN])
def test_what_means_two_things_for_tensors_is_refused(text: str, tip: str) -> None:
    with pytest.raises(GradcalcError, match="two readings") as raised:
        calculate(Problem(text, SHAPED))
    found = raised.value
    assert (found.hint or "").replace(" * ", "*") == tip.replace(" * ", "*")
    assert found.span is not None
    assert found.source is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x M", "x M does not fit: it is a product of a vector of 3 and a 2×3 matrix"),
        ("x·u", "x·u does not fit: it is a product of a vector of 3 and a vector of 2"),
        ("A M", "A M does not fit: it is a product of a 3×3 matrix and a 2×3 matrix"),
        ("a^m", "is the exclusive or of such values in Python"),
        ("m^k + a", "is the exclusive or of such values in Python"),
    ],
)
def test_what_does_not_fit_is_said(text: str, says: str) -> None:
    lets = (("m", _let("x[0] > 0")), ("k", _let("x.shape[0]")))
    with pytest.raises(GradcalcError) as raised:
        settled(Problem(text, SHAPED, lets=lets))
    assert says in raised.value.message


def _let(text: str) -> Any:
    return Problem(text, SHAPED).program


def test_lets_and_claims_are_read_with_their_shapes() -> None:
    inputs = {"x": [1.0, 2.0], "A": [[2.0, 1.0], [1.0, 3.0]]}
    let = Problem("A x", inputs).program
    asked = Problem("u·x", {**inputs}, wrt=("x",), lets=(("u", let),), claims={"x": "(A + Aᵀ) x"})  # type: ignore[dict-item]
    found = settled(asked)
    assert found.lets[0][1].source == "A@x"
    assert found.claims["x"].source == "(A + A.T)@x"
    report = calculate(asked)
    assert (report.program, report.read_as) == ("u·x", "u@x")
    assert report.gradients[0].claim is not None
    assert report.gradients[0].claim.holds


def test_numbers_need_no_run() -> None:
    found = settled(Problem("2x y + |x|^y", {"x": 2.0, "y": 3.0}))
    assert found.program.source == "2*x*y + abs(x)**y"


@pytest.mark.parametrize("careful", [True, False])
def test_what_is_read_is_what_its_writer_means(careful: bool) -> None:
    counts = Counter(_answer(seed, careful) for seed in range(400))
    assert counts["wrong"] == 0
    assert counts["right"] > (350 if careful else 300)


def _answer(seed: int, careful: bool) -> str:
    dice = random.Random(seed)
    written = Writer(dice, careful).formula(dice.choice([1, 2, 2, 3]))
    if not np.isfinite(written.value).all():
        return "left out"
    try:
        problem = settled(Problem(written.text, INPUTS))
    except GradcalcError:
        return "refused"
    recorder = Recorder("float64")
    backend = RecordingBackend(recorder, budget(problem))
    leaves = {name: recorder.input(name, v, True) for name, v in problem.inputs.items()}
    value = execute(problem, backend, leaves, backend.budget).target.value
    same = np.size(value) == written.value.size and np.allclose(
        np.ravel(value), np.ravel(written.value), rtol=1e-9
    )
    return "right" if same else "wrong"
