"""What is known of inputs beside their numbers: held to them, and used in formulas."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import GradcalcError
from gradcalc.expr.written import Written
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.structure import structured
from gradcalc.traits import TRAITS, check, traits_of
from tests.command import Run

RNG = np.random.default_rng(11)
M = RNG.normal(size=(3, 3))
S, P, D = M + M.T, M @ M.T + np.eye(3), np.diag([1.0, -2.0, 3.0])
Q = np.linalg.qr(M)[0]
x, p = RNG.normal(size=3), np.array([0.5, 0.25, 0.25])

FORMULAS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "quadratic form": ("grad", "x@S@x", {"S": S, "x": x}, "S=symmetric", "2*S@x"),
    "trace of two": ("grad", "trace(X@S)", {"X": M, "S": S}, "S=symmetric", "S"),
    "diagonal": ("grad", "x@D@x", {"D": D, "x": x}, "D=diagonal", "2*D@x"),
    "orthogonal": ("grad", "sum((Q.T@Q)@x*x)", {"Q": Q, "x": x}, "Q=orthogonal", "2*x"),
    "simplex": ("grad", "x@x*sum(p)", {"p": p, "x": x}, "p=simplex", "2*x"),
    "Jacobian": ("jacobian", "S.T@x", {"S": S, "x": x}, "S=symmetric", "S"),
    "map": ("jacobian", "inv(S)", {"S": P}, "S=symmetric", "V ↦ -inv(S)@V@inv(S)"),
    "map of a transpose": ("jacobian", "S.T@X@S", {"X": M, "S": S}, "S=symmetric", "V ↦ S@V@S"),
    "Hessian": ("hessian", "x@P@x", {"P": P, "x": x}, "P=psd", "2*P"),
}

BROKEN: dict[str, tuple[Any, str]] = {
    "symmetric": ([[1.0, 2], [3, 4]], "[0, 1] is 2, [1, 0] 3"),
    "psd": ([[1.0, 2], [2, 1]], "its least eigenvalue is -1"),
    "spd": ([[1.0, 1], [1, 1]], "its least eigenvalue is "),
    "diagonal": ([[1.0, 0], [3, 4]], "[1, 0] is 3"),
    "orthogonal": ([[1.0, 0], [0, 2]], "off the identity by 3"),
    "simplex": ([0.5, 0.25], "its sum is 0.75"),
    "positive": ([0.5, -0.25], "-0.25 is among its numbers"),
}

HOLDING: dict[str, Any] = {
    "symmetric": S, "psd": np.ones((3, 3)), "spd": P, "diagonal": D, "orthogonal": Q,
    "simplex": p, "positive": p,
}  # fmt: skip


@pytest.mark.parametrize("case", FORMULAS.values(), ids=FORMULAS.keys())
def test_what_is_known_is_in_the_formula(case: Any) -> None:
    command, program, values, said, formula = case
    name, _, words = said.partition("=")
    by = {"wrt": "x" if "x" in values else "X" if "X" in values else name}
    answer = getattr(gradcalc, command)
    found = answer(program, **values, **by, declare={name: words})
    plain = answer(program, **values, **by)
    assert found.verdict.outcome.value == plain.verdict.outcome.value == "verified"
    assert found.gradients[0].formula.text == formula
    np.testing.assert_array_equal(found.gradient[by["wrt"]], plain.gradient[by["wrt"]])


def test_every_word_is_tried() -> None:
    assert BROKEN.keys() == HOLDING.keys() == TRAITS.keys()


@pytest.mark.parametrize("word", BROKEN)
def test_what_does_not_hold_is_refused(word: str) -> None:
    value, why = BROKEN[word]
    with pytest.raises(GradcalcError, match=f"v is not {word}") as caught:
        gradcalc.grad("sum(v*v)", v=value, declare={"v": word})
    assert why in str(caught.value)


@pytest.mark.parametrize("word", HOLDING)
def test_what_holds_is_taken(word: str) -> None:
    found = gradcalc.grad("sum(v*v)", v=HOLDING[word], declare={"v": word})
    assert found.verdict.outcome.value == "verified"


@pytest.mark.parametrize("word", [w for w, (rank, _) in TRAITS.items() if rank is not None])
def test_what_has_another_shape_is_refused(word: str) -> None:
    for shape in ((2, 3), (2, 2, 2), ()):
        with pytest.raises(GradcalcError, match=f"what is {word} is a"):
            gradcalc.grad("sum(v*v)", v=np.ones(shape), declare={"v": word})


@pytest.mark.parametrize("least", [1e-10, 1e-14])
def test_what_is_definite_as_far_as_floats_tell_is_spd(least: float) -> None:
    check("v", np.diag([1.0, least]), traits_of("v", "spd"))
    for none in (0.0, -1e-17, -least):
        with pytest.raises(GradcalcError, match="v is not spd"):
            check("v", np.diag([1.0, none]), traits_of("v", "spd"))
    with pytest.raises(GradcalcError, match="1e-17, which may be 0"):
        check("v", np.diag([1.0, 1e-17]), traits_of("v", "spd"))


BENT = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
OFF: dict[str, Any] = {
    "symmetric": (S, BENT), "psd": (P, BENT), "spd": (P, BENT), "orthogonal": (Q, Q),
    "simplex": (p, p),
}  # fmt: skip
"""Numbers that are what is said of them, and a direction in which they are not."""


@pytest.mark.parametrize("word", OFF)
def test_rounding_alone_is_let_pass(word: str) -> None:
    value, way = OFF[word]
    for scale in (1.0,) if word in ("orthogonal", "simplex") else (1.0, 1e-20, 1e20):
        check("v", scale * (value + 1e-11 * way), traits_of("v", word))
        with pytest.raises(GradcalcError, match=f"v is not {word}"):
            check("v", scale * (value + 1e-7 * way), traits_of("v", word))


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e-14, 1e-250])
def test_a_form_that_has_other_numbers_is_not_taken(scale: float) -> None:
    """Nothing is symmetric here but by the word of the caller."""
    formula = Written((), f"{scale}*(M.T@x)")
    asked = Problem(compile_program(formula.text), {"M": M, "x": x})
    said = {"M": frozenset({"symmetric"})}
    assert structured(formula, "x", asked, said) == formula
    asked = replace(asked, inputs={"M": S, "x": x})
    assert "M.T" not in structured(formula, "x", asked, said).text


@pytest.mark.parametrize("word", ["positive", "simplex"])
def test_a_hessian_with_weights_that_are_not_negative_is_convex(run: Run, word: str) -> None:
    typed = ["sum(w*x*x)", "--w", "0.25,0.75", "--x", "1,2", "--wrt", "x"]
    assert "f is convex in x" in run("hessian", *typed, "--declare", f"w={word}").out
    assert "convex" not in run("hessian", *typed).out


def test_what_counts_among_symmetric_matrices_is_not_told_of_a_diagonal_one(run: Run) -> None:
    """Among diagonal matrices another part of the gradient counts."""
    typed = ["x@S@y", "--S", "2,0;0,3", "--x", "1,2", "--y", "3,1", "--wrt", "S"]
    assert "among symmetric S" in run("grad", *typed, "--declare", "S=symmetric").out
    for words in ("S=diagonal", "S=symmetric diagonal"):
        assert "among symmetric" not in run("grad", *typed, "--declare", words).out


def test_both_conventions_of_a_symmetric_matrix_are_told(run: Run) -> None:
    typed = ["x@S@inv(S)@(S@y)", "--S", "2,1;1,3", "--x", "1,2", "--y", "3,1", "--wrt", "S"]
    told = run("grad", *typed, "--declare", "S=symmetric").out
    assert "among symmetric S it is (outer(x, y) + outer(y, x))/2" in told
    assert "among symmetric" not in run("grad", *typed).out


def test_a_hessian_of_what_is_positive_semidefinite_is_convex(run: Run) -> None:
    typed = ["x@P@x", "--P", "2,1;1,3", "--x", "1,2", "--wrt", "x"]
    assert "f is convex in x" in run("hessian", *typed, "--declare", "P=psd").out
    assert "f is convex" not in run("hessian", *typed, "--declare", "P=symmetric").out


def test_a_matrix_of_less_than_full_rank_is_semidefinite() -> None:
    v = np.array([[0.1], [0.7], [0.3]])
    for matrix in (np.ones((2, 2)), v @ v.T, np.zeros((2, 2))):
        found = gradcalc.grad("trace(P@P)", P=matrix, declare={"P": "psd"})
        assert found.verdict.outcome.value == "verified"


def test_what_is_convex_for_positive_numbers_only_is_told_so(run: Run) -> None:
    typed = ["sum(x**3)", "--x", "1,2"]
    told = run("hessian", *typed, "--declare", "x=positive").out
    assert "f is convex in x where x is not negative, by the form" in told
    assert "convex" not in run("hessian", *typed).out
    told = run("formula", "sum(x**3)", "--x", "positive", "--what", "hessian").out
    assert "f is convex in x where x is not negative, by the form" in told
    told = run("hessian", "sum(x**2)", "--x", "1,2", "--declare", "x=positive").out
    assert "f is convex in x, by the form" in told


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("T=symmetric", "the program has no T"),
        ("S=symetric", "did you mean symmetric?"),
        ("S=", "nothing is said"),
        ("S", "no name in front of a ="),
    ],
)
def test_a_declaration_that_says_nothing_is_refused(run: Run, said: str, sentence: str) -> None:
    found = run("grad", "x@S@x", "--S", "2,1;1,3", "--x", "1,2", "--declare", said)
    assert found.code == 2
    assert sentence in found.err + found.out
