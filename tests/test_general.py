"""Formulas without values: what the inputs are taken for, the formulas, what they show."""

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcalc.certificates import SEMIDEFINITE, certificates, convexity
from gradcalc.definiteness import Known
from gradcalc.errors import GradcalcError, UsageError
from gradcalc.expr.written import Written
from gradcalc.general.answer import General
from gradcalc.general.declared import declared
from gradcalc.general.formulas import formulas
from gradcalc.general.shapes import read as reading_of
from gradcalc.general.sizes import general
from gradcalc.lang import matlab
from gradcalc.lang.fence import compile_program
from gradcalc.lang.typed import is_function
from gradcalc.problem import Problem
from tests.command import Run

NAMES, CALLED = re.compile(r"[^\W\d]\w*"), re.compile(r"([^\W\d]\w*)\(")


def answer(text: str, said: dict[str, str] | None = None, **asked: Any) -> General:
    found = set(NAMES.findall(text)) - {*matlab.NAMES} - ({"T"} if "^T" in text else set())
    found -= {*CALLED.findall(text)}
    program = compile_program(text, numbers=frozenset(n for n in found if not is_function(n)))
    read = {name: declared(name, word) for name, word in (said or {}).items()}

    def made(inputs: dict[str, Any]) -> Problem:
        return Problem(program, inputs)

    return formulas(made, reading_of(made, program.inputs, read)[0], **asked)


def reading(given: General) -> str:
    return " ".join(f"{n}:{','.join(s)}" for n, s in given.reading.sizes.items())


GRADIENTS: list[tuple[str, dict[str, str], str, dict[str, str]]] = [
    ("norm(A@x - b)**2", {}, "A:m,n x:n b:m",
     {"x": "2*A.T@(A@x - b)", "A": "2*outer(A@x - b, x)", "b": "2*(b - A@x)"}),
    ("x@A@x", {}, "x:n A:n,n", {"x": "(A + A.T)@x", "A": "outer(x, x)"}),
    ("x@S@x", {"S": "symmetric"}, "x:n S:n,n", {"x": "2*S@x"}),
    ("sin(x)*x", {}, "x:", {"x": "x*cos(x) + sin(x)"}),
    ("c*norm(x) + x@b", {}, "c: x:n b:n", {"x": "c*x/norm(x) + b", "c": "norm(x)"}),
    ("trace(A@X@B)", {}, "A:m,n X:n,p B:p,m", {"X": "A.T@B.T"}),
    ("mean((X@w - y)**2)", {}, "X:m,n w:n y:m", {"w": "2*X.T@(X@w - y)/m"}),
    ("var(x)", {}, "x:n", {"x": "2*(x - mean(x))/(n - 1)"}),
    ("log(det(X))", {}, "X:n,n", {"X": "inv(X).T"}),
    ("log(det(S))", {"S": "psd"}, "S:n,n", {"S": "inv(S)"}),
    ("log(det(S))", {"S": "spd"}, "S:n,n", {"S": "inv(S)"}),
    ("sum(x*log(x/y))", {}, "x:n y:n", {"x": "log(x/y) + 1", "y": "-x/y"}),
    ("norm(Q@x)**2", {"Q": "orthogonal"}, "Q:n,n x:n", {"x": "2*x"}),
    ("sum(p)*a", {"p": "simplex", "a": "scalar"}, "p:n a:", {"a": "1"}),
    ("trace(S@K + K.T@S)", {"K": "symmetric", "S": "symmetric"}, "S:n,n K:n,n", {"S": "2*K"}),
    ("sum((X - W@H)**2)", {}, "X:m,n W:m,p H:p,n", {"W": "2*(W@H - X)@H.T"}),
    ("x'*A*x + c*sin(y)'*x", {}, "x:n A:n,n c: y:n", {"x": "(A + A.T)@x + c*sin(y)"}),
    ("norm2(A*x-y)^2", {}, "A:m,n x:n y:m", {"x": "2*A.T@(A@x - y)"}),
    ("tr(X'*A*X)", {}, "X:m,n A:m,m", {"X": "(A + A.T)@X"}),
    ("sum(log(exp(-y.*(X*w)) + vector(1)))", {}, "y:m X:m,n w:n",
     {"w": "-X.T@(y*sigmoid(-y*(X@w)))"}),
    ("norm1(A*x)", {}, "A:m,n x:n", {"x": "A.T@sign(A@x)"}),
    ("||A x - y||^2", {}, "A:m,n x:n y:m", {"x": "2*A.T@(A@x - y)"}),
    ("x@(A + c*eye(n))@x", {}, "x:n A:n,n c:", {"x": "(A + A.T + 2*c*eye(n))@x"}),
    ("norm(A@x - b)**2/(2*m)", {"A": "m,n"}, "A:m,n x:n b:m", {"x": "A.T@(A@x - b)/m"}),
    ("norm(A@x - b)**2/(2*m)", {}, "A:n,p x:p b:n m:", {"x": "A.T@(A@x - b)/m"}),
    ("(x + y)@ones(n) + y@ones(m)", {}, "x:n y:n", {"y": "2*ones_like(y)"}),
    ("sum((U*s)@V)", {}, "U:m,n s:n V:n,p", {"s": "sum(U, axis=0)*sum(V, axis=1)"}),
    ("x@(c*A)@x", {}, "x:n c: A:n,n", {"c": "x@A@x"}),
    ("n*sum(x**2)", {"x": "n"}, "x:n", {"x": "2*n*x"}),
    ("b'*(A\\b)", {}, "b:n A:n,n", {"A": "-outer(solve(A.T, b), solve(A, b))"}),
    ("y'*((K + s*eye(n))\\y)", {}, "y:n K:n,n s:",
     {"y": "solve(K + s*eye(n), y) + solve((K + s*eye(n)).T, y)"}),
]  # fmt: skip

JACOBIANS: list[tuple[str, str, dict[str, str]]] = [
    ("A@x", "A:m,n x:n", {"x": "A", "A": "V ↦ V@x"}),
    ("sin(A@x)", "A:m,n x:n", {"x": "diag(cos(A@x))@A"}),
    ("softmax(x)", "x:n", {"x": "diag(softmax(x)) - outer(softmax(x), softmax(x))"}),
    ("x/norm(x)", "x:n", {"x": "eye(n)/norm(x) - outer(x, x)/norm(x)**3"}),
    ("A@exp(B@x)", "A:m,n B:n,p x:p", {"x": "A@diag(exp(B@x))@B"}),
    ("X@X", "X:n,n", {"X": "V ↦ V@X + X@V"}),
    ("inv(X)", "X:n,n", {"X": "V ↦ -inv(X)@V@inv(X)"}),
    ("A'*A*x", "A:m,n x:n", {"x": "A.T@A"}),
    ("outer(x, y)", "x:m y:n", {"x": "v ↦ outer(v, y)"}),
]


@pytest.mark.parametrize(
    ("text", "said", "shapes", "wanted"), GRADIENTS, ids=[row[0] for row in GRADIENTS]
)
def test_the_gradient_has_a_formula_for_all_sizes(
    text: str, said: dict[str, str], shapes: str, wanted: dict[str, str]
) -> None:
    given = answer(text, said)
    assert (given.kind, given.verdict.outcome, reading(given)) == ("gradient", "verified", shapes)
    found = {one.by[0]: one.formula and one.formula.text for one in given.derivatives}
    assert {name: found[name] for name in wanted} == wanted
    assert not any(one.only for one in given.derivatives)


@pytest.mark.parametrize(("text", "shapes", "wanted"), JACOBIANS, ids=[row[0] for row in JACOBIANS])
def test_what_gives_several_numbers_has_a_jacobian(
    text: str, shapes: str, wanted: dict[str, str]
) -> None:
    given = answer(text)
    assert (given.kind, given.verdict.outcome, reading(given)) == ("jacobian", "verified", shapes)
    found = {one.by[0]: one.formula and one.formula.text for one in given.derivatives}
    assert {name: found[name] for name in wanted} == wanted


def test_by_a_symmetric_matrix_both_are_said() -> None:
    (one,) = answer("trace(A@S)", {"S": "symmetric"}, wrt=("S",)).derivatives
    assert one.formula is not None
    assert one.symmetric is not None
    assert (one.formula.text, one.symmetric.text) == ("A.T", "(A + A.T)/2")


AMONG_SYMMETRIC = {
    "K@x + K.T@x": ("K", "V ↦ (V + V.T)@x", "V ↦ 2*V@x"),
    "sum(K, axis=0) + sum(K, axis=1)": (
        "K", "V ↦ sum(V, axis=0) + sum(V, axis=1)", "V ↦ 2*sum(V, axis=0)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", AMONG_SYMMETRIC)
def test_so_are_maps_of_symmetric_tangents(text: str) -> None:
    name, every, among = AMONG_SYMMETRIC[text]
    (one,) = answer(text, {name: "symmetric"}, wrt=(name,)).derivatives
    assert one.formula is not None
    assert one.symmetric is not None
    assert (one.formula.text, one.symmetric.text) == (every, among)


def test_a_map_of_a_block_is_of_tangents_of_its_second_input() -> None:
    found = {d.by: d for d in answer("x@S@S@x", {"S": "symmetric"}, kind="hessian").derivatives}
    assert found["S", "x"].symmetric is None
    among = found["x", "S"].symmetric
    assert among is not None
    assert among.text == "V ↦ 2*(S@V + V@S)@x"


def test_there_is_no_derivative_by_a_size() -> None:
    with pytest.raises(UsageError, match="n is a size, a whole number"):
        answer("x@(A + eye(n))@x", wrt=("n",))


LEFT = {
    "A\\b": "solve(A, b)", "(A'*A)\\(A'*b)": "solve((Aᵀ⋆A), (Aᵀ⋆b))",
    "y'*(A\\b)": "yᵀ⋆(solve(A, b))", "c + A\\b*x": "c + solve(A, b)⋆x",
}  # fmt: skip


@pytest.mark.parametrize("text", LEFT)
def test_left_division_is_a_solution(text: str) -> None:
    assert matlab.is_matlab(text, (), python=False)
    assert matlab.translated(text) == LEFT[text].replace("ᵀ", matlab.TRANSPOSED)


@pytest.mark.parametrize("text", ["2*A\\b", "A\\b^2", "A\\B\\c^2"])
def test_what_a_left_division_divides_must_be_told(text: str) -> None:
    with pytest.raises(GradcalcError, match=r"what . divides is not told here"):
        matlab.translated(text)


@pytest.mark.parametrize("text", ["\\alpha x", "a \\cdot x", "\\frac{x}{2}", "x\\\n + 1"])
def test_other_backslashes_are_no_left_divisions(text: str) -> None:
    assert not matlab.is_matlab(text, (), python=False)


def test_a_wrong_formula_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.primitives import BY_NAME
    from gradcalc.witnesses.autograd import TorchBackend

    right = TorchBackend.apply

    def planted(self: Any, row: Any, arguments: Any, span: Any) -> Any:
        found = right(self, row, arguments, span)
        return found * 3 - 2 * found.detach() if row is BY_NAME["exp"] else found

    monkeypatch.setattr(TorchBackend, "apply", planted)
    assert answer("sum(exp(x))").verdict.outcome in ("wrong", "unresolved")


HESSIANS = [
    ("norm(A@x - b)**2", {}, "x", "2*A.T@A", ("constant", "symmetric", SEMIDEFINITE), "convex"),
    ("sum(log(1 + exp(-y*(X@w))))", {}, "w", None, ("symmetric", SEMIDEFINITE), "convex"),
    ("logsumexp(x)", {}, "x", None, ("symmetric", SEMIDEFINITE), "convex"),
    ("x@S@x", {"S": "psd"}, "x", "2*S", ("constant", "symmetric", SEMIDEFINITE), "convex"),
    ("x@S@x", {}, "x", "S + S.T", ("constant", "symmetric"), None),
    ("sum(x**2 - abs(x))", {"x": "n"}, "x", None, ("constant", "diagonal", SEMIDEFINITE), None),
    ("sum(x**2) - norm(x)", {"x": "n"}, "x", None, (), None),
    ("-sum(exp(x))", {"x": "n"}, "x", None, ("diagonal", "negative semidefinite"), "concave"),
    ("-sum(log(x))", {"x": "n"}, "x", "diag(1/x**2)", ("diagonal", SEMIDEFINITE), "any convex set"),
    ("sum(sin(x))", {"x": "n"}, "x", None, ("diagonal",), None),
    ("c@x", {}, "x", "zeros((n, n))", ("zero",), None),
    ("exp(x)", {"x": "scalar"}, "x", "exp(x)", (SEMIDEFINITE,), "convex"),
    ("x**3", {"x": "scalar"}, "x", "6*x", (), None),
]


@pytest.mark.parametrize(
    ("text", "said", "by", "wanted", "shows", "follows"), HESSIANS, ids=[r[0] for r in HESSIANS]
)
def test_a_hessian_shows_what_it_is(
    text: str, said: dict[str, str], by: str, wanted: str | None, shows: tuple[str, ...],
    follows: str | None,
) -> None:  # fmt: skip
    given = answer(text, said, kind="hessian", wrt=(by,))
    (one,) = given.derivatives
    assert given.verdict.outcome == "verified"
    assert one.formula is not None
    assert wanted in (None, one.formula.text)
    if text != "sum(x**2) - norm(x)":
        assert one.shows == shows
    assert (one.convexity is None) == (follows is None)
    assert follows is None or follows in str(one.convexity)


NOT_CONVEX = [
    ("x**2 - sqrt(sqrt(x**2))**2", {"x": "scalar"}, "x"),
    ("sum(exp(x)) - sqrt(sqrt((a@x)**2))**2", {}, "x"),
    ("e*x**2", {"e": "scalar", "x": "scalar"}, "x"),
    ("sum(e*x**2)", {"e": "n", "x": "n"}, "x"),
    ("stack([2*x**2, -x**2])", {"x": "scalar"}, "x"),
]
"""What only looks convex: a root of a root, a constant elsewhere, a sum of others."""


@pytest.mark.parametrize(("text", "said", "by"), NOT_CONVEX, ids=[r[0] for r in NOT_CONVEX])
def test_what_only_looks_convex_is_not_called_so(text: str, said: dict[str, str], by: str) -> None:
    (one,) = answer(text, said, kind="hessian", wrt=(by,)).derivatives
    assert one.convexity is None


def test_where_a_function_is_not_defined_it_is_not_convex_everywhere() -> None:
    (one,) = answer("x**2 - exp(log(x**2)/2)", {"x": "scalar"}, kind="hessian").derivatives
    assert one.convexity is None or "any convex set" in one.convexity


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x@y", {"x": "3", "y": "4"}),
        ("norm(A@x - b)**2", {"A": "3,2", "x": "3"}),
        ("trace(A)", {"A": "2,3"}),
        ("trace(A@B)", {"A": "m,n", "B": "m,n"}),
    ],
)
def test_what_was_said_of_sizes_is_not_changed(text: str, said: dict[str, str]) -> None:
    with pytest.raises(GradcalcError):
        answer(text, said)


@pytest.mark.parametrize(
    "text", ["sum(x**2)*(x.shape[0] % 2)", "min(x.shape[0], 4)*sum(x)", "x.shape[0]//2*sum(x)"]
)
def test_what_hangs_on_the_size_is_no_formula_for_all(text: str) -> None:
    (one,) = answer(text).derivatives
    assert one.only == "n = 5"


@pytest.mark.parametrize(
    ("text", "shapes"),
    [("x*x'", "x:n"), ("x^T*A*x", "x:n A:n,n"), ("tr(A*X^2)", "A:n,n X:n,n"), ("x.^2", "x:n"),
     ("logdet(A@A.T)", "A:m,n"), ("logdet(A'*A)", "A:m,n")],
)  # fmt: skip
def test_shapes_are_those_that_a_person_means(text: str, shapes: str) -> None:
    assert reading(answer(text)) == shapes


NOT_SHOWN = [
    "A.T@B", "A.T@diag(v)@A", "diag(v)", "A.T@A - B.T@B", "-A.T@A + eye(n)", "c*A.T@A",
    "diag(softmax(v)) - outer(v, v)", "diag(v) - outer(v, v)", "A@A", "diag(1 - v**2)",
    "diag(v**3)", "A.T@diag(sin(v))@A", "inv(A.T@A - eye(n))", "A.T@S@A",
    "eye(n) - outer(v, v)", "eye(n) - outer(v, v)/norm(u)**2", "eye(n) - outer(v, u)/norm(v)**2",
    "eye(n) - 2*outer(v, v)/norm(v)**2", "eye(n)/norm(v) - outer(v, v)/norm(v)**2",
    "eye(n)/norm(u) - outer(v, v)/norm(v)**3", "eye(n) - outer(v, v)/(v@v - 1)",
    "eye(n) - outer(v, v)/(v@v + c)", "eye(n) - outer(v, v)/(u@v + 1)", "S - outer(v, v)/(v@v + 1)",
    "eye(n) - outer(A@v, A@v)/(v@v + 1)", "outer(A@v, A@v)*(v@A@v)", "eye(n)*(A@A@v@v)",
]  # fmt: skip
"""What may be indefinite, however it looks."""


@pytest.mark.parametrize("text", NOT_SHOWN)
def test_what_may_be_indefinite_is_not_shown_to_be_more(text: str) -> None:
    assert SEMIDEFINITE not in certificates(Written((), text), ("x",), KNOWN, matrix=True)


KNOWN = Known(ranks={"A": 2, "B": 2, "S": 2, "v": 1, "u": 1, "c": 0})

SHOWN = [
    "eye(4) - outer(v, v)/norm(v)**2", "eye(4) - outer(v, v)/(v@v)",
    "eye(4)/norm(v) - outer(v, v)/norm(v)**3",
    "eye(4) - outer(v, v)/(v@v + 1)", "eye(4) - outer(v, v)/(c**2 + v@v)",
    "eye(5) - outer(A@v, A@v)/(A@v@A@v + 1)", "eye(5) - outer(A@v, A@v)/norm(A@v)**2",
    "A.T@(eye(5) - outer(A@v, A@v)/norm(A@v)**2)@A/norm(A@v)", "outer(v, v)*(A@v@A@v)",
    "A.T@(diag(softmax(A@v)) - outer(softmax(A@v), softmax(A@v)))@A",
]  # fmt: skip
"""What is never indefinite."""


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_never_indefinite_is_shown_to_be_so(text: str) -> None:
    assert SEMIDEFINITE in certificates(Written((), text), ("x",), KNOWN, matrix=True)
    rng = np.random.default_rng(0)
    scope = {"A": rng.normal(size=(5, 4)), "v": rng.normal(size=4), "c": 0.5, "outer": np.outer,
             "eye": np.eye, "diag": np.diag, "norm": np.linalg.norm,
             "softmax": lambda v: np.exp(v)/np.exp(v).sum()}  # fmt: skip
    assert np.linalg.eigvalsh(eval(text, scope)).min() > -1e-12


def test_convexity_needs_a_certificate() -> None:
    assert convexity(("symmetric",), Written((), "A"), "x", KNOWN, (), matrix=True) is None


CONVEX = {
    "logsumexp(A@x + b)": True, "sqrt(1 + x@x)": True, "sqrt(1 + sum((A@x)**2))": True,
    "log(1 + exp(a@x))": True, "sum(softplus(A@x))": False, "(a@x)**4": True, "norm(A@x)**4": True,
    "x@x/(1 + c@c)": True, "norm(x)": False, "norm(A@x - b)": False, "log(1 + x@x)": False,
    "sqrt(x@x - 1)": False, "exp(norm(x))": False, "log(a@x)": False, "1/(a@x)": False,
    "sqrt(X@X@x@x)": False, "sqrt(sum(exp(x) - 5))**2": False, "sqrt(sum(x**2))**2": True,
}  # fmt: skip


@pytest.mark.parametrize("text", CONVEX)
def test_a_function_is_convex_everywhere_where_its_form_shows_that(text: str) -> None:
    try:
        (one,) = answer(text, kind="hessian", wrt=("x",)).derivatives
    except GradcalcError:
        assert not CONVEX[text]
        return
    assert (one.convexity == "f is convex in x, by the form of its Hessian") == CONVEX[text]


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["x/5", "x/7"], "x/n"),
        (["2*x/4", "2*x/6"], "2*x/(n - 1)"),
        (["eye(5)", "eye(7)"], "eye(n)"),
        (["a = x/5; a*a", "a = x/7; a*a"], "a = x/n; a*a"),
        (["x/5", "x/8"], None),
        (["x/5", "y/7"], None),
        (["x", "x"], "x"),
    ],
)
def test_sizes_in_a_formula_become_letters(texts: list[str], wanted: str | None) -> None:
    def written(text: str) -> Written:
        *parts, body = text.split("; ")
        pairs = tuple((p.partition(" = ")[0], p.partition(" = ")[2]) for p in parts)
        return Written(pairs, body)

    found = general([written(text) for text in texts], [{"n": 5}, {"n": 7}])
    assert (found and found.text) == wanted


@pytest.mark.parametrize("word", ["3x", "symetric", "m,n vector", "m;n symmetric", "scalar,n"])
def test_a_declaration_that_says_nothing_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        declared("A", word)


def test_what_no_shapes_fit_is_told() -> None:
    with pytest.raises(GradcalcError, match="dot"):
        answer("dot(x, A) + cholesky(x)", {"x": "n", "A": "m,n"})


def test_the_command_prints_in_every_format(run: Run) -> None:
    ask = ("formula", "norm(A@x - b)**2", "--wrt", "x")
    rows = run(*ask).out
    assert "x\t2*A.T@(A@x - b)\n# reading\tA m×n, x n, b m\n# verdict\tverified\t" in rows
    assert json.loads(run(*ask, "--json").out)["formulas"][0]["formula"] == "2*A.T@(A@x - b)"
    assert run(*ask, "--format", "literal").out == "2*A.T@(A@x - b)\n"
    assert r"\nabla_{x} f &= 2 A^{\top} (A x - b)" in run(*ask, "--format", "latex").out
    assert "= `2*A.T@(A@x - b)`" in run(*ask, "--format", "markdown").out
    assert "∇x f = 2*A.T@(A@x - b)" in run(*ask, "--format", "table").out


@pytest.mark.parametrize(("argv", "wanted"), [
    (("formula", "inv(X)"), r"\partial X} &= V \mapsto -X^{-1} V X^{-1}"),
    (("formula", "outer(x, y)"), r"\partial x} &= v \mapsto v y^{\top}"),
    (("jacobian", "inv(X)", "--X", "2,1;1,3"), r"\partial X} &= V \mapsto -X^{-1} V X^{-1}"),
    (("hessian", "logdet(X)", "--X", "2,1;1,3"), r"&= V \mapsto -X^{-\top} V^{\top} X^{-\top}"),
    (("hessian", "sum((X@x)**2)", "--X", "2,1,3;1,3,4", "--x", "1,2,3"),
     r"\partial X} &= V \mapsto 2 (V^{\top} X x + X^{\top} V x)"),
])  # fmt: skip
def test_a_map_is_mathematics_in_latex(run: Run, argv: tuple[str, ...], wanted: str) -> None:
    found = run(*argv, "--format", "latex").out
    assert wanted in found
    assert "U+" not in found


def test_a_name_that_is_not_there_is_told(run: Run) -> None:
    found = run("formula", "norm(A@x)", "--y", "n")
    assert found.code == 2
    assert "the program has no input y" in found.err


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("-sum(log(b - A@x))", "A.T@(1/(b - A@x))"), ("log(1 - x@x)", "-2*x/(1 - x@x)"),
     ("sum(log(c - x))", "-1/(c - x)")],
)  # fmt: skip
def test_points_are_found_where_a_function_is_defined_for_few(text: str, wanted: str) -> None:
    found = answer(text, wrt=("x",))
    assert (found.style, found.verdict.outcome) == ("mixed", "verified")
    assert found.derivatives[0].formula.text == wanted  # type: ignore[union-attr]


def test_what_is_defined_nowhere_has_no_points() -> None:
    with pytest.raises(GradcalcError, match="no finite number at any point"):
        answer("sqrt(-1 - x**2)")


TOGETHER: list[tuple[tuple[str, ...], str]] = [
    (("‖Ax−b‖²", "--wrt", "x"), "2*A.T@(A@x - b)"),
    (("x'Ax", "--wrt", "x"), "(A + A.T)@x"),
    (("x^TAx + b^Tx", "--wrt", "x"), "(A + A.T)@x + b"),
    (("tr(AXB)", "--wrt", "X"), "A.T@B.T"),
    (("norm(Ax-b)**2", "--wrt", "x"), "2*A.T@(A@x - b)"),
    (("aᵀXb", "--wrt", "X"), "outer(a, b)"),
    (("tr(AᵀXB)", "--wrt", "X"), "A@B.T"),
    (("‖X‖_F²", "--wrt", "X"), "2*X"),
    (("‖X‖²_F", "--wrt", "X"), "2*X"),
    (("‖Ax-b‖²₂", "--wrt", "x"), "2*A.T@(A@x - b)"),
    (("1/2 xᵀQx", "--Q", "symmetric", "--wrt", "x"), "Q@x"),
    (("tanh(Wx@x).sum()", "--wrt", "x"), "Wx.T@(1 - tanh(Wx@x)**2)"),
    (("xx^2", "--wrt", "xx"), "2*xx"),
    (("KL^2 + a^2", "--KL", "scalar", "--wrt", "KL"), "2*KL"),
]
"""What is typed of a formula, and the gradient: names that stand together, and long names."""


@pytest.mark.parametrize(("argv", "wanted"), TOGETHER, ids=[row[0][0] for row in TOGETHER])
def test_names_that_stand_together_are_several(
    run: Run, argv: tuple[str, ...], wanted: str
) -> None:
    found = run("formula", *argv)
    assert f"\t{wanted}\n" in found.out
    assert "\tverified\t" in found.out


def test_the_name_of_a_file_is_no_product(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "Ax.py"
    file.write_text("def f(A, x):\n    return (A@x).sum()\n")
    assert "\tverified\t" in run("formula", f"{file}:f", "--wrt", "x").out


@pytest.mark.parametrize(
    ("option", "tip"),
    [("--hessian", "--what hessian"), ("--jacobian", "--what jacobian"), ("--nth", "--order N")],
)
def test_options_of_other_commands_are_pointed_to_its_own(run: Run, option: str, tip: str) -> None:
    found = run("formula", "norm(x)**2", option)
    assert found.code == 2
    assert f"tip: {tip}" in found.err


def test_certificates_hold_in_numbers() -> None:
    rng = np.random.default_rng(0)
    for text, said, by, _, shows, _ in HESSIANS:
        if SEMIDEFINITE not in shows or said.get(by) == "scalar":
            continue
        (one,) = answer(text, said, kind="hessian", wrt=(by,)).derivatives
        assert one.formula is not None
        x, s = rng.uniform(0.5, 1.5, 4), rng.normal(size=(4, 4))
        scope = {"x": x, "w": x, "y": rng.normal(size=5), "X": rng.normal(size=(5, 4)), "n": 4,
                 "A": rng.normal(size=(5, 4)), "S": s @ s.T, "outer": np.outer, "diag": np.diag,
                 "eye": np.eye, "softmax": lambda v: np.exp(v)/np.exp(v).sum(),
                 "sigmoid": lambda v: 1/(1 + np.exp(-v))}  # fmt: skip
        assert np.linalg.eigvalsh(eval(one.formula.text, scope)).min() > -1e-12


@pytest.mark.parametrize("target", ["numpy", "torch", "python"])
@pytest.mark.parametrize(
    "argv",
    [
        ("norm(A@x - b)**2",),
        ("softmax(x)",),
        ("x@S@x", "--S", "symmetric", "--what", "hessian", "--wrt", "x"),
    ],
    ids=lambda argv: argv[0],
)
def test_formulas_are_code_too(run: Run, argv: tuple[str, ...], target: str) -> None:
    found = run("formula", *argv, "--format", target)
    assert found.code == 0
    scope: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(found.out, "<formula>", "exec"), scope)
    assert printed.getvalue().endswith(": right to 1e-12\n")


def test_code_that_is_for_certain_sizes_needs_them(run: Run) -> None:
    found = run("formula", "norm(A@x - b)**2", "--format", "c")
    assert (found.code, found.out) == (2, "")
    assert "--A 5,7 --x 7 --b 5" in found.err
    assert run("formula", "norm(A@x - b)**2", "--format", "c", "--A", "3,n").code == 2
    found = run("formula", "norm(A@x - b)**2", "--format", "c", "--A", "3,2")
    assert "Takes A of shape (3, 2); x of shape (2,)" in found.out
    assert "void gradient(" in run("formula", "sin(x)", "--format", "c").out


def test_code_reads_sizes_from_shapes(run: Run) -> None:
    code = run("formula", "x@(A + c*eye(n))@x/n", "--wrt", "x", "--format", "numpy").out
    scope: dict[str, Any] = {"__name__": "here"}
    exec(compile(code, "<formula>", "exec"), scope)
    A = np.arange(9.0).reshape(3, 3)
    value, found = scope["gradient"](np.ones(3), A, 2.0)
    assert value == np.sum(A + 2 * np.eye(3)) / 3
    assert np.allclose(found, (A + A.T + 4 * np.eye(3)) @ np.ones(3) / 3, rtol=1e-14)


def test_an_order_has_no_code(run: Run) -> None:
    found = run("formula", "sin(x)", "--order", "3", "--format", "numpy")
    assert (found.code, found.out) == (2, "")
    assert "--order 3 has no code" in found.err


ONES = {
    "log(vector(1)'*exp(A*x))": "A.T@softmax(A@x)",
    "x'*A*vector(1)": "sum(A, axis=1)",
    "vector(1)'*A*x": "sum(A, axis=0)",
    "(A*x)'*vector(2)": "2*sum(A, axis=0)",
    "vector(1)'*A*B*x": "B.T@sum(A, axis=0)",
    "vector(1)'*(b - x)": "-ones_like(x)",
    "sum(log(exp(-b.*(A*x)) + vector(1)))": "-A.T@(b*sigmoid(-b*(A@x)))",
    "lambda*norm2(x)^2 + lambda": "2*λ*x",
    "vector(1)*vector(1)'*x": "ones(m, n)",
    "norm2(X - vector(1)*x')^2": "-2*sum(X - x, axis=0)",
}


@pytest.mark.parametrize("program", ONES)
def test_a_product_by_ones_is_a_sum(run: Run, program: str) -> None:
    assert run("formula", program, "--wrt", "x", "--format", "literal").out.strip() == ONES[program]


@pytest.mark.parametrize(
    "program", ["vector(1)*vector(1)'*x", "norm2(A - vector(1)*x')^2", "tr(matrix(1)*A)"]
)
def test_a_product_by_ones_of_no_size_is_refused_where_there_are_values(
    run: Run, program: str
) -> None:
    found = run("grad", program, "--x", "1,2", "--A", "1,2;3,4")
    assert found.code == 2
    assert "hangs on its size" in found.err
