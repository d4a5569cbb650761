"""Jacobians, Hessians, products with vectors and higher orders: the textbook's formulas, torch's
numbers, and the identities between them."""

import json
import math
import random
import re
import subprocess

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc import Problem, blocks
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from gradcalc.family import derivative
from gradcalc.lang.fence import compile_program
from gradcalc.report import Outcome, Report
from tests.command import Run
from tests.test_cli_process import COMMAND

RNG = np.random.default_rng(5)
A, W, X = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 3)), RNG.normal(size=(4, 3))
S = X[:3].T @ X[:3] + np.eye(3)
x2, x3, b3, b4 = RNG.normal(size=2), RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=4)
p3 = np.abs(x3) + 0.5

JACOBIANS = {
    "A@x": ("A", {"A": A, "x": x2}),
    "sin(A@x)": ("diag(cos(A@x))@A", {"A": A, "x": x2}),
    "softmax(x)": ("diag(softmax(x)) - outer(softmax(x), softmax(x))", {"x": x3}),
    "log_softmax(x)": ("eye(3) - outer(ones(3), softmax(x))", {"x": x3}),
    "x/norm(x)": ("eye(3)/norm(x) - outer(x, x)/norm(x)**3", {"x": x3}),
    "x*x": ("2*diag(x)", {"x": x3}),
    "exp(x)": ("diag(exp(x))", {"x": x3}),
    "tanh(A@x)": ("diag(1 - tanh(A@x)**2)@A", {"A": A, "x": x2}),
    "relu(A@x)": ("diag(A@x > 0)@A", {"A": A, "x": x2}),
    "x*sum(x)": ("outer(x, ones(3)) + sum(x)*eye(3)", {"x": x3}),
    "inv(W)@x": ("inv(W)", {"W": W, "x": x3}),
    "solve(W, x)": ("inv(W)", {"W": W, "x": x3}),
    "cumsum(x, 0)": ("tril(ones(3, 3))", {"x": x3}),
    "x[1:] - x[:-1]": ("eye(3)[1:] - eye(3)[:-1]", {"x": x3}),
    "A.T@(A@x)": ("A.T@A", {"A": A, "x": x2}),
    "a*x": ("a*eye(3)", {"a": np.array(2.5), "x": x3}),
}
"""The Jacobian by x, as it is written."""

HESSIANS = {
    "sum((X@w - b)**2)": ("2*X.T@X", {"X": X, "w": x3, "b": b4}),
    "w@S@w": ("S + S.T", {"S": S, "w": x3}),
    "sum(log(1 + exp(X@w)))": (
        "X.T@diag(sigmoid(X@w)*(1 - sigmoid(X@w)))@X", {"X": X, "w": x3},
    ),
    "logsumexp(w)": ("diag(softmax(w)) - outer(softmax(w), softmax(w))", {"w": x3}),
    "norm(w)": ("eye(3)/norm(w) - outer(w, w)/norm(w)**3", {"w": x3}),
    "sum(w**4)": ("12*diag(w**2)", {"w": x3}),
    "sum(exp(X@w))": ("X.T@diag(exp(X@w))@X", {"X": X, "w": x3}),
    "-sum(log(w))": ("diag(1/w**2)", {"w": p3}),
    "norm(X@w - b)**2/2 + 0.1*norm(w)**2": ("X.T@X + 0.2*eye(3)", {"X": X, "w": x3, "b": b4}),
    "b@w": ("zeros((3, 3))", {"b": b3, "w": x3}),
}  # fmt: skip
"""The Hessian by w, as it is written or the same in numbers."""


def given(text: str, inputs: dict[str, object], wrt: str, **more: object) -> Problem:
    return Problem(text, inputs, wrt=(wrt,), **more)  # type: ignore[arg-type]


def value_of(text: str, inputs: dict[str, object]) -> np.ndarray:
    found = derivative(Problem(text, inputs, check=False), "grad").value  # type: ignore[arg-type]
    assert found is not None
    return found


def near(found: object, true: object, room: float = 1e-9) -> bool:
    return np.shape(found) == np.shape(true) and np.allclose(found, true, rtol=room, atol=room)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", JACOBIANS)
def test_jacobians_are_written_as_the_textbook_has_them(text: str) -> None:
    formula, inputs = JACOBIANS[text]
    report = derivative(given(text, inputs, "x"), "jacobian")
    assert report.verdict.outcome is Outcome.VERIFIED
    assert report.formula["x"] == formula
    assert near(report.gradient["x"], value_of(formula, inputs))


@pytest.mark.parametrize("text", HESSIANS)
def test_hessians_are_written_as_the_textbook_has_them(text: str) -> None:
    formula, inputs = HESSIANS[text]
    report = derivative(given(text, inputs, "w"), "hessian")
    assert report.verdict.outcome in (Outcome.VERIFIED, Outcome.VANISHED)
    assert near(report.gradient["w"], value_of(formula, inputs))
    assert report.formula["w"] == formula


MAPS = {
    "inv(X)": ("jacobian", "V ↦ -inv(X)@V@inv(X)"),
    "X@X": ("jacobian", "V ↦ V@X + X@V"),
    "logdet(X)": ("hessian", "V ↦ -inv(X).T@V.T@inv(X).T"),
}


@pytest.mark.parametrize("text", MAPS)
def test_what_is_no_matrix_says_what_it_does_to_a_tangent(text: str) -> None:
    kind, formula = MAPS[text]
    report = derivative(Problem(text, {"X": S[:2, :2]}), kind)
    assert report.verdict.outcome is Outcome.VERIFIED
    assert report.formula["X"] == formula


FUNCTIONS = (
    "sum(sin(x)*x)", "logsumexp(x)", "norm(x)", "x.prod()", "sum(exp(x)*x[0])", "sum(tanh(x)**3)",
    "sum(x**2)*sum(x**3)", "sum(log(1 + x**2))", "x@S@x", "sum(sigmoid(S@x))", "sum(sqrt(1 + x*x))",
    "det(outer(x, x) + S)", "sum(softmax(x)**2)", "std(x)", "sum(gelu(x))",
    "sum(where(x > 0, x**3, x))",
)  # fmt: skip


def torchs(text: str, x: np.ndarray) -> np.ndarray:
    """torch's own Hessian of a function."""
    names = {"S": torch.tensor(S), "sum": torch.sum, **{n: getattr(torch, n) for n in (
        "sin", "exp", "log", "sqrt", "tanh", "sigmoid", "norm", "det", "outer", "std", "where")},
        "logsumexp": lambda t: torch.logsumexp(t, 0), "softmax": lambda t: torch.softmax(t, 0),
        "gelu": torch.nn.functional.gelu}  # fmt: skip
    found = torch.autograd.functional.hessian(
        lambda t: eval(text, {**names, "x": t}), torch.tensor(x)
    )
    return np.asarray(found)


@pytest.mark.parametrize("text", FUNCTIONS)
def test_what_they_have_to_do_with_each_other(text: str) -> None:
    inputs: dict[str, object] = {"x": x3, **({"S": S} if "S" in text else {})}
    way = RNG.normal(size=3)
    hessian = derivative(given(text, inputs, "x"), "hessian")
    assert hessian.verdict.outcome is Outcome.VERIFIED
    found = hessian.gradient["x"]
    assert near(found, found.T)
    assert near(found, torchs(text, x3))
    hvp = derivative(given(text, inputs, "x"), "hvp", tangents={"x": way})
    assert near(hvp.gradient["x"], found @ way)
    gradient = derivative(given(text, inputs, "x"), "grad").gradient["x"]
    jvp = derivative(given(text, inputs, "x"), "jvp", tangents={"x": way})
    assert near(jvp.gradient["jvp"], gradient @ way)


@pytest.mark.parametrize("command", ["hessian", "hvp"])
@pytest.mark.parametrize(
    "text", ["abs(stack((x, y)))", "sign(A).unbind()", "abs(A.unbind())", "abs(amax((x, y)))"]
)
def test_slopes_that_are_zero_for_good_are_numbers(text: str, command: str) -> None:
    """torch has tensors without storage for them."""
    inputs = {name: value for name, value in {"x": x3, "y": x3 + 1, "A": S}.items()
              if f"{name}," in text or f"{name})" in text or f"{name}." in text}  # fmt: skip
    more = {"tangents": dict.fromkeys(inputs, np.ones(3))} if command == "hvp" else {}
    if "A" in inputs and command == "hvp":
        more = {"tangents": {"A": np.ones_like(S)}}
    report = derivative(Problem(text, inputs), command, **more)  # type: ignore[arg-type]
    assert report.verdict.outcome is Outcome.VERIFIED
    assert not any(np.any(gradient.best) for gradient in report.gradients)


@pytest.mark.parametrize("text", ["sin(A@x)", "softmax(x)*x[0]", "x/norm(x)", "outer(x, x)"])
def test_products_are_those_of_the_jacobian(text: str) -> None:
    inputs: dict[str, object] = {"x": x2, **({"A": A} if "A" in text else {})}
    jacobian = derivative(given(text, inputs, "x"), "jacobian").gradient["x"]
    out = jacobian.shape[:-1]
    way, weights = RNG.normal(size=2), RNG.normal(size=out)
    jvp = derivative(given(text, inputs, "x"), "jvp", tangents={"x": way}).gradient["jvp"]
    vjp = derivative(given(text, inputs, "x", cotangent=weights), "vjp").gradient["x"]
    assert near(jvp, jacobian @ way)
    assert near(vjp, np.tensordot(weights, jacobian, len(out)))
    assert math.isclose(np.sum(weights * jvp), vjp @ way, rel_tol=1e-9)


@pytest.mark.parametrize("order", range(1, 11))
def test_orders(order: int) -> None:
    report = derivative(Problem("sin(x)*exp(x)", {"x": 0.7}), "grad", order=order)
    assert report.verdict.outcome is Outcome.VERIFIED
    true = 2 ** (order / 2) * np.exp(0.7) * np.sin(0.7 + order * np.pi / 4)
    assert near(report.gradient["x"], np.asarray(true))
    assert report.value is not None
    assert near(report.value, np.asarray(np.sin(0.7) * np.exp(0.7)))


SHORT = {
    "sin(x)*exp(x)": (10, "32*cos(x)*exp(x)"),
    "x**7": (6, "5040*x"),
    "1/(1 + x)": (6, "720/(x + 1)**7"),
    "x*log(x)": (6, "24/x**5"),
    "x**2": (4, "0"),
}


@pytest.mark.parametrize("text", SHORT)
def test_orders_have_short_formulas(text: str) -> None:
    order, formula = SHORT[text]
    report = derivative(Problem(text, {"x": 0.7}), "grad", order=order)
    assert report.verdict.outcome is Outcome.VERIFIED
    assert report.formula == {"x": formula}


def test_blocks_of_several_inputs() -> None:
    report = derivative(Problem("sum((X@w - b)**2)", {"X": X, "w": x3, "b": b4}, wrt=("w", "b")),
                        "hessian")  # fmt: skip
    assert report.formula == {"w,w": "2*X.T@X", "w,b": "-2*X.T", "b,w": "-2*X", "b,b": "2*eye(4)"}
    for name, true in {
        "w,w": 2 * X.T @ X,
        "w,b": -2 * X.T,
        "b,w": -2 * X,
        "b,b": 2 * np.eye(4),
    }.items():
        assert near(report.gradient[name], true)


def test_corners_of_the_first_derivative_are_those_of_the_second() -> None:
    at = {"x": np.array([0.0, 1.0])}
    report = derivative(Problem("sum(relu(x)**2)", at), "hessian")
    assert report.verdict.outcome is Outcome.KINK
    assert derivative(Problem("abs(x)", at), "jacobian").verdict.outcome is Outcome.KINK
    assert (
        derivative(Problem("abs(x)", at), "jvp", tangents={"x": np.ones(2)}).verdict.exit_code == 3
    )
    # along a line that does not meet it there is none
    along = derivative(Problem("abs(x)", at), "jvp", tangents={"x": np.array([0.0, 1.0])})
    assert along.verdict.outcome is Outcome.VERIFIED


def test_what_torch_gets_wrong_twice_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.witnesses.autograd import TorchBackend

    right = TorchBackend.gradients

    def wrong(self: TorchBackend, output: object, wrt: object, cotangent: object) -> list[object]:
        found = right(self, output, wrt, cotangent)  # type: ignore[arg-type]
        return [None if g is None else g * 1.0 + 1e-6 * g * g for g in found]

    monkeypatch.setattr(TorchBackend, "gradients", wrong)
    report = derivative(Problem("sum(sin(x))", {"x": x3}), "hessian")
    assert report.verdict.outcome is Outcome.WRONG


REFUSED = {
    ("jvp", "x*x"): "a tangent is needed",
    ("vjp", "x*x"): "a cotangent is needed",
}


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_what_is_missing_is_told(kind: str, text: str) -> None:
    with pytest.raises(GradcalcError, match=REFUSED[kind, text]):
        derivative(Problem(text, {"x": x3}), kind)


def test_an_order_is_by_one_number() -> None:
    with pytest.raises(GradcalcError, match="by one number"):
        derivative(Problem("sum(x)", {"x": x3}), "grad", order=2)


COMMANDS = {
    ("jacobian", "sin(A@x)", "--A", "1,2;3,4", "--x", "0.5,1", "--wrt", "x"): "diag(cos(A@x))@A",
    ("hessian", "a*b**2", "--a", "1", "--b", "2"): "2*b",
    ("jvp", "x*x", "--x", "1,2,3", "--tangent", "1,0,0"): "jvp\t0\t\t2",
    ("hvp", "a*b**2", "--a", "1", "--b", "2", "--tangent", "b=1"): "2*b",
    ("vjp", "x*x", "--x", "1,2,3", "--cotangent", "1,0,2"): "x\t2\t3\t12",
    ("grad", "sin(x)", "--x", "1", "--order", "3"): "-cos(x)",
}


@pytest.mark.parametrize("words", COMMANDS)
def test_commands(run: Run, words: tuple[str, ...]) -> None:
    found = run(*words)
    assert found.code == 0
    assert COMMANDS[words] in found.out


def test_requests_ask_for_them() -> None:
    lines = [
        {"program": "x*x", "inputs": {"x": [1, 2]}, "command": "jacobian"},
        {"program": "x*x", "inputs": {"x": [1, 2]}, "command": "jvp", "tangent": [1, 0]},
        {"program": "a*b", "inputs": {"a": 1, "b": 2}, "command": "hvp", "tangent": {"b": 1}},
        {"program": "x**3", "inputs": {"x": 2}, "order": 2},
        {"program": "x**3", "inputs": {"x": 2}, "command": "nothing"},
    ]
    found = subprocess.run(
        [*COMMAND, "batch"], input="\n".join(map(json.dumps, lines)), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    got = [{n: g["autograd"] for n, g in a["gradients"].items()} for a in answers[:4]]
    assert got == [{"x": [[2, 0], [0, 4]]}, {"jvp": [2, 0]}, {"a": 1, "b": 0}, {"x": 12}]
    assert [a["command"] for a in answers[:4]] == ["jacobian", "jvp", "hvp", "grad"]
    assert "error" in answers[4]


STEPS = (
    "sin({})", "tanh({})", "S@({})", "({})*x", "exp({}/3)", "({})**2", "({}) + x[0]*x",
    "sigmoid({})", "({})/(1 + x@x)",
)  # fmt: skip


def random_function(rng: random.Random) -> str:
    """A function of x and S that gives a vector."""
    inner = "x"
    for _ in range(rng.randint(1, 3)):
        inner = rng.choice(STEPS).format(inner)
    return inner


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(60))
def test_matrices_are_the_jacobian(seed: int) -> None:
    text = random_function(random.Random(seed))
    inputs: dict[str, object] = {"x": x3, **({"S": S / 4} if "S" in text else {})}
    report: Report = derivative(given(text, inputs, "x"), "jacobian")
    assert report.verdict.outcome in (Outcome.VERIFIED, Outcome.VANISHED)
    formula = report.formula["x"]
    if formula is not None and "↦" not in formula:
        assert near(value_of(formula, inputs), report.gradient["x"])


CLAIMS = {
    ("jacobian", "sin(A@x)", "diag(cos(A@x))@A"): "holds",
    ("jacobian", "sin(A@x)", "diag(cos(A@x))@A.T"): "does not hold: 2 of 4",
    ("jacobian", "u = A@x; u*u", "2*diag(u)@A"): "holds",
    ("hessian", "sum((A@x)**2)", "20,28;28,40"): "holds",
    ("hessian", "sum((A@x)**2)", "20,28;28,41"): "does not hold: 1 of 4",
    ("hvp", "sum((A@x)**2)", "2*A.T@A@array([1.0, 2.0])"): "holds",
}


@pytest.mark.parametrize("case", CLAIMS)
def test_claims_are_held_to_all_elements(run: Run, case: tuple[str, str, str]) -> None:
    command, text, claim = case
    way = ["--tangent", "1,2"] if command == "hvp" else []
    found = run(
        command, text, "--A", "1,2;3,4", "--x", "0.5,1", "--wrt", "x", "--expect", claim, *way
    )
    assert CLAIMS[case] in found.out
    assert found.code == (0 if CLAIMS[case] == "holds" else 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jacobian", "x*x", "--x", "1,2", "--expect", "2*x"), "it has shape (2,)"),
        (("jacobian", "x*x", "--x", "1,2", "--expect", "u = 2*x; diag(u)"), "one expression"),
        (("jvp", "x*x", "--x", "1,2", "--tangent", "1,0", "--expect", "2"), "not held to a way"),
        (("jvp", "x*x", "--x", "1", "--tangent", "x=1", "--tangent", "x=2"), "x is given twice"),
        (("jvp", "x*x", "--x", "1", "--tangent", "1", "--tangent", "2"), "is given twice"),
        (("jvp", "x*x", "--x", "1", "--tangent", "x=1", "--tangent", "2"), "x is given twice"),
        (("jvp", "x*x", "--x", "1", "--tangent", "x="), "--tangent x is empty: a value is needed"),
    ],
)
def test_claims_that_do_not_fit_are_told(run: Run, words: tuple[str, ...], said: str) -> None:
    found = run(*words)
    assert found.code == 2
    assert said in found.err


def test_blocks_of_unlike_shapes_are_looked_through_together() -> None:
    """What torch's gradients gave has no call that made it, whatever its shape."""
    inputs = {"A": np.arange(6.0).reshape(3, 2), "C": np.arange(6.0).reshape(2, 3)}
    found = derivative(Problem("trace(A@C)", inputs), "hessian")
    assert found.verdict.outcome == "verified"


FLAT = [("hessian", "sum(abs(x))"), ("hessian", "norm(x, 1)"), ("hessian", "sum(relu(x))"),
        ("hessian", "sum(sign(x)*x)"), ("jacobian", "sign(x)")]  # fmt: skip


@pytest.mark.parametrize(("command", "text"), FLAT)
def test_slopes_that_torch_has_no_numbers_of_are_zero(command: str, text: str) -> None:
    report = getattr(gradcalc, command)(text, x=[1.0, -2.0])
    assert report.verdict.outcome == "verified"
    assert not np.any(report.gradients[0].autograd)


def test_a_second_derivative_that_torch_has_no_number_of_is_zero() -> None:
    report = gradcalc.grad("abs(x)", x=2.0, order=2)
    assert (report.verdict.outcome, float(report.gradients[0].autograd)) == ("verified", 0.0)


MIXED = {
    "sum((M - X@Y)**2)": {"M": RNG.normal(size=(2, 4)), "X": A[:2], "Y": RNG.normal(size=(2, 4))},
    "x@A@y": {"x": x3, "A": A, "y": x2},
    "lam*sum(sin(x)*b)": {"lam": 2.0, "x": x3, "b": b3},
    "sum(exp(A@y)*b)": {"A": A, "y": x2, "b": b3},
}


@pytest.mark.parametrize("program", MIXED)
def test_a_map_of_a_block_moves_what_it_is_once_more_by(program: str) -> None:
    """The formula of `w,b` is of a tangent of b, and gives something of the shape of w."""
    given = MIXED[program]
    found = gradcalc.hessian(program, **given)
    for block in found.gradients:
        _, columns = block.name.split(",")
        formula, numbers = block.formula, np.asarray(block.autograd)
        assert formula is not None, block.name
        tangent = RNG.normal(size=np.shape(given[columns]))
        inputs = {**given, formula.tangent: tangent}
        used = {n: v for n, v in inputs.items() if n and re.search(rf"\b{n}\b", formula.image.text)}
        if not used:
            assert not numbers.any()
            continue
        value = gradcalc.grad(formula.image.text, check=False, **used).value
        true = np.tensordot(numbers, tangent, np.ndim(tangent)) if formula.tangent else numbers
        np.testing.assert_allclose(value, true, rtol=1e-9, atol=1e-12, err_msg=block.name)


@pytest.mark.parametrize("program", ["norm(A@x - b)**2", "norm(x)**2 + sum(A@x)", "norm(x)**4"])
def test_the_square_of_a_norm_is_smooth_where_that_is_zero(program: str) -> None:
    whole, x = np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([1.0, -1])
    names = {n: v for n, v in {"A": whole, "b": whole @ x, "x": x}.items() if n in program}
    at = names | ({} if "b" in names else {"x": np.zeros(2)})
    found = gradcalc.hessian(program, **at, wrt="x")
    assert gradcalc.grad(program, **at, wrt="x").verdict.outcome == "verified"
    # torch's own second derivative of a norm is NaN at 0
    assert found.verdict.outcome == "wrong"
    assert "is NaN; the true one is" in found.verdict.message


@pytest.mark.parametrize("factor", [1.0, 2.0, 1 + 1e-6])
def test_a_formula_by_way_of_the_gradients_is_held_to_the_numbers(factor: float) -> None:
    """What is by one number is no map, so nothing else holds it to them."""
    t, p = 1.3, np.array([0.5, 1.5, 2.5])
    asked = Problem("prod(p*t)", {"p": p, "t": t}, wrt=("t",))
    known = np.asarray(factor * 6 * t * np.prod(p))
    found = blocks.of_hessian(asked, "t", "t", known, lambda one, _: calculate(one))
    assert (found is not None) == (factor == 1.0)


@pytest.mark.parametrize("detached", [True, False])
def test_what_is_detached_is_in_no_formula_of_a_formula(detached: bool) -> None:
    """Its slope is 0 here, so the numbers agree though the formula is another one elsewhere."""
    p = np.array([0.5, 1.5, 2.5])
    asked = Problem(
        "prod(p*t)*r", {"p": p, "t": 1.0}, wrt=("t",),
        lets=(("r", compile_program("(t - 1)**5 + 1")),),
        detach=("r",) if detached else (),
    )  # fmt: skip
    found = derivative(asked, "hessian")
    assert found.verdict.outcome is Outcome.VERIFIED
    assert found.gradient["t"] == pytest.approx(6 * np.prod(p), rel=1e-12)
    formula = found.gradients[0].formula
    if formula is not None:
        value = blocks.value_of(asked, formula.text, {"p": p, "t": np.asarray(1.5)})
        held = 6 * np.prod(p) * 1.5 * (0.5**5 + 1)
        moving = held + np.prod(p) * (6 * 1.5**2 * 5 * 0.5**4 + 1.5**3 * 20 * 0.5**3)
        assert value == pytest.approx(held if detached else moving, rel=1e-9)


@pytest.mark.parametrize(("text", "x", "said", "placed"), [
    ("3 + 2*abs(x)", 0.0, "in a lower derivative, sign at 0 is not smooth", False),
    ("relu(x)*x", 0.0, "relu at 0: slope 0", True),
    ("(1-cos(x))/x**2", 1e-6, "the derivative of one order less is wrong, -88.9006", False),
])  # fmt: skip
def test_a_finding_is_placed_in_the_program_alone(
    text: str, x: float, said: str, placed: bool
) -> None:
    (found, *_) = derivative(Problem(text, {"x": x}), "hessian").findings
    assert found.message.startswith(said)
    assert (found.span is not None) is placed


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("jacobian", {"cotangent": [1.0, 2.0]}, "jacobian takes no cotangent"),
        ("hessian", {"cotangent": [1.0]}, "hessian takes no cotangent"),
        ("jvp", {"cotangent": [1.0, 2.0], "tangent": [1.0, 0.0]}, "jvp takes no cotangent"),
        ("jacobian", {"order": 2}, "jacobian is of no order"),
        ("hessian", {"tangent": [1.0, 2.0]}, "hessian takes no tangent"),
    ],
)
def test_what_a_derivative_does_not_take_is_refused(
    kind: str, more: dict[str, object], said: str
) -> None:
    with pytest.raises(GradcalcError, match=said):
        getattr(gradcalc, kind)("x**3", x=[1.0, 2.0], **more)


@pytest.mark.parametrize(
    ("option", "commands"),
    [
        ("--cotangent", "grad, why, explain, graph, plot, vjp, batch, export and check take it"),
        ("--workers", "batch takes it"),
    ],
)
def test_options_of_other_commands_are_told_to_be_so(run: Run, option: str, commands: str) -> None:
    found = run("jacobian", "x**3", "--x", "1,2", option, "1,2")
    assert found.code == 2
    assert f"gradcalc {commands}" in found.err


def test_the_worst_element_of_a_matrix_is_told_by_its_place() -> None:
    rows = {
        "sum(abs(x)**1.5)": ("hessian", "x[1, 0]: autograd's gradient by x is NaN"),
        "relu(x)": ("jacobian", "x[0, 0]: the function has a kink here"),
    }
    for text, (kind, wanted) in rows.items():
        report = derivative(Problem(text, {"x": [0.0, 1.0]}), kind)
        assert report.verdict.message.startswith(wanted)


OVER_MATRICES = (
    "kl_div(A, b)", "smooth_l1_loss(A, b)", "mean(A*b)", "sum(A*b)", "(A*b)[0, 1]",
    "cumsum(A*b, 0)[1, 1]",
    "mean(outer(b, b)*A)", "sum((A*b)[:1])", "mean(stack((b, b)))", "sum((A*b)[0])", "mean(A + b)",
)  # fmt: skip
"""Numbers that are linear in a vector by way of a matrix."""


@pytest.mark.parametrize("by", ["A", "b", "x"])
@pytest.mark.parametrize("text", OVER_MATRICES)
def test_jacobians_of_numbers_that_a_matrix_gives(text: str, by: str) -> None:
    inputs = {"A": [[1.0, 2.0], [2.0, 4.0]], "b": [0.25, 0.75], "x": [1.0, 2.0, 3.0]}
    if by == "A" and "A" not in text:
        return
    used = {name: value for name, value in inputs.items() if name in f"{text} x"}
    found = gradcalc.jacobian(f"({text})*x", **used, wrt=by)
    assert found.verdict.outcome in ("verified", "vanished")
    assert np.shape(found.gradient[by]) == (3, *np.shape(inputs[by]))
