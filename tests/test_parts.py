"""No element hides another: each part of a function has its own outcome at the point."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.parts import parts
from gradcalc.verdict.judge import GRAVITY
from gradcalc.verdict.outcome import Outcome
from tests.sweeps import share
from tests.trust_cases import problem, report

PIECES: tuple[tuple[str, float, str], ...] = (
    ("{0}**2", 3.0, "verified"),
    ("sin({0})", 0.5, "verified"),
    ("5*{0}", -2.0, "verified"),
    ("abs({0})", 0.0, "kink"),
    ("relu(2*{0} - 1)", 0.5, "kink"),
    ("maximum({0}, 1)", 1.0, "kink"),
    ("-abs({0} - 3)", 3.0, "kink"),
    ("abs({0})**3", 0.0, "verified"),
    ("floor({0})", 2.0, "jump"),
    ("where({0} > 2, log2({0}), 2*{0})", 2.0, "jump"),
    ("sign({0} - 1)*3", 1.0, "jump"),
    ("sqrt(abs({0}))", 0.0, "singular"),
    ("{0}**(1/3)", 0.0, "edge"),
    ("log({0})", 0.0, "edge"),
    ("acos({0})", 1.0, "edge"),
    ("where({0} > 2, log2({0}), 2*{0})", 0.0, "wrong"),
    ("where({0} > 0, sqrt({0}), 0)", -1.0, "wrong"),
    ("sqrt({0}**2)", 0.0, "wrong"),
    ("sqrt({0}**4)", 0.0, "wrong"),
)
"""A function of one number, where it is taken, and what the element is there."""


def gravest(outcomes: Any) -> str:
    return str(min(map(Outcome, outcomes), key=GRAVITY.index))


@pytest.mark.parametrize(("text", "at", "outcome"), PIECES, ids=[f"{t} {a}" for t, a, _ in PIECES])
def test_a_piece_by_itself(text: str, at: float, outcome: str) -> None:
    answer = report(text.format("x"), x=at)
    assert answer.verdict.outcome == outcome, answer.verdict.message
    assert not answer.gradients[0].elements


JOINTS: tuple[tuple[str, float], ...] = (
    ("relu(x)", 0.0), ("selu(x)", 0.0), ("elu(x, 1.7)", 0.0), ("elu(x)", 0.0), ("celu(x)", 0.0),
    ("leaky_relu(x, 0.3)", 0.0), ("prelu(x, tensor([0.25]))", 0.0), ("relu6(x)", 6.0),
    ("hardtanh(x)", -1.0), ("hardswish(x)", 3.0), ("hardswish(x)", -3.0), ("hardsigmoid(x)", 3.0),
    ("hardsigmoid(x)", -3.0), ("softshrink(x)", 0.5), ("hardshrink(x)", -0.5),
    ("threshold(x, 0.5, 0.5)", 0.5), ("threshold(x, 0.5, 0)", 0.5), ("softplus(x, 1, 2)", 2.0),
    ("gelu(x)", 0.0), ("selu(x)/3", 0.0), ("log(exp(abs(x))/3 + 2/3)", 0.0),
)  # fmt: skip
"""Functions of each element, and where their pieces meet: there the value may cancel to 0."""


@pytest.mark.parametrize(("text", "at"), JOINTS, ids=[f"{text} {at}" for text, at in JOINTS])
def test_a_joint_is_the_same_beside_other_elements(text: str, at: float) -> None:
    alone = report(f"sum({text})", x=[at])
    beside = report(f"sum({text})", x=[at, 7.5])
    assert alone.verdict.outcome is not Outcome.UNRESOLVED
    assert beside.verdict.outcome is alone.verdict.outcome


@pytest.mark.parametrize("seed", range(share(60)))
def test_each_piece_of_a_sum_has_its_own_outcome(seed: int) -> None:
    random = np.random.default_rng(seed)
    chosen = [PIECES[k] for k in random.integers(len(PIECES), size=random.integers(2, 7))]
    factors = random.choice([-2.0, 0.5, 1.0, 3.0], len(chosen))
    terms = [
        f"{c}*({t.format(f'x[{k}]')})"
        for k, (c, (t, _, _)) in enumerate(zip(factors, chosen, strict=True))
    ]
    answer = report(" + ".join(terms), x=[at for _, at, _ in chosen])
    expected = [outcome for _, _, outcome in chosen]
    (gradient,) = answer.gradients
    assert answer.verdict.outcome == gravest(expected), (terms, answer.verdict.message)
    if len(set(expected)) > 1:
        found = {e.index[0]: e.outcome for e in gradient.elements}
        assert found == {k: o for k, o in enumerate(expected) if o != "verified"}, terms


@pytest.mark.parametrize(
    ("text", "inputs", "columns"),
    [
        ("sum(relu(x))", {"x": [0.0, 1.0, 2.0]}, [[0], [1], [2]]),
        ("sum(x) + relu(x[1])", {"x": [0.0, 1.0]}, [[0], [1]]),
        ("sum(abs(x)*abs(y)) - y[1]**2", {"x": [0.0, 1.0], "y": [2.0, 3.0]}, [[0, 2], [1, 3]]),
        ("sum(amax(X, axis=1))", {"X": [[1.0, 2.0], [3.0, 4.0]]}, [[0, 1], [2, 3]]),
        ("sum(relu(X@w))", {"X": [[1.0, 2.0], [3.0, 4.0]], "w": [1.0, 0.0], "wrt": ("X",)},
         [[0, 1], [2, 3]]),
        ("sum(sort(X).values[:, 0]**2)", {"X": [[1.0, 2.0], [3.0, 4.0]]}, [[0, 1], [2, 3]]),
        ("sum(prod(X, axis=0))", {"X": [[1.0, 2.0], [3.0, 4.0]]}, [[0, 2], [1, 3]]),
        ("sum(tril(abs(X)))", {"X": [[1.0, 2.0], [3.0, 4.0]]}, [[0], [1], [2], [3]]),
        ("sum(concat([abs(x), y**2]))", {"x": [1.0, 2.0], "y": [3.0]}, [[0], [1], [2]]),
        ("sum(x[[0, 0, 1]]**2)", {"x": [1.0, 2.0, 3.0]}, [[0], [1], [2]]),
        ("sum(diag(abs(x)))", {"x": [1.0, 2.0]}, [[0], [1]]),
        ("sum(cumsum(X, axis=1)**2)", {"X": [[1.0, 2.0], [3.0, 4.0]]}, [[0, 1], [2, 3]]),
        ("sum(outer(x, y)**2)", {"x": [1.0, 2.0], "y": [3.0, 4.0]}, None),
        ("sum(outer(x, y))", {"x": [1.0, 2.0], "y": [3.0, 4.0]}, None),
        ("x@y", {"x": [1.0, 2.0], "y": [3.0, 4.0]}, None),
        ("amax(x)", {"x": [1.0, 2.0]}, None),
        ("relu(sum(x))", {"x": [1.0, 2.0]}, None),
        ("x[0]*x[1] if x[0] > 0 else x[1]", {"x": [1.0, 2.0]}, None),
        ("x[0]*int(x[1]) + x[1]", {"x": [1.0, 2.0]}, None),
    ],
)  # fmt: skip
def test_the_parts_of_a_function(text: str, inputs: Any, columns: Any) -> None:
    experiment = Experiment(Runs(problem(text, **inputs)))
    run = experiment.run(192, forced=True)
    found = parts(run)
    if columns is None:
        assert found is None
        return
    assert found is not None
    assert [part.columns.tolist() for part in found.parts] == columns
    # they are all there is
    total = sum(float(part.of(run, run).whole) for part in found.parts)
    assert total == pytest.approx(float(run.whole))


@pytest.mark.parametrize(
    ("text", "outcome", "says"),
    [
        ("x**2 + log(y)", "verified", "agree"),
        ("sum(x**2) + 1/y", "verified", "agree"),
        ("abs(x - 3) + log(y)", "kink", "abs at 0"),
        ("x**2*log(y)", "unresolved", "is not finite, nor is it beside the point: log at 0"),
        ("exp(x + log(3*y))", "unresolved", "beside the point: log at 0"),
    ],
)
def test_what_does_not_move_hides_nothing(text: str, outcome: str, says: str) -> None:
    verdict = report(text, x=3.0, y=0.0, wrt=("x",)).verdict
    assert verdict.outcome == outcome
    assert says in verdict.message


@pytest.mark.parametrize(
    ("text", "inputs", "outcome", "culprit"),
    [
        ("atan(y/x)", {"x": 0.0, "y": 1.0}, "jump", "div at 1, 0"),
        ("tanh(y/x) + x", {"x": 0.0, "y": 1.0}, "jump", "div at 1, 0"),
        ("atan(y/x)**2", {"x": 0.0, "y": 1.0}, "edge", "div at 1, 0"),
        ("(2*x)**2/x**2*floor(-x)", {"x": 0.0}, "jump", "floor at 0"),
        ("(2*x)**2/x**2*relu(x)", {"x": 0.0}, "edge", "div at 0, 0"),
        ("relu(x)*(sin(x)/x)", {"x": 0.0}, "edge", "div at 0, 0"),
    ],
)  # fmt: skip
def test_a_hole(text: str, inputs: Any, outcome: str, culprit: str) -> None:
    verdict = report(text, **inputs).verdict
    assert verdict.outcome == outcome
    assert f"({culprit})" in verdict.message
    assert ("a hole in the domain" in verdict.message) == (outcome == "edge")


def test_what_has_points_on_one_side_alone_is_a_border() -> None:
    assert "on the border of the domain (log at 0)" in report("x*log(x)", x=0.0).verdict.message


def test_what_is_added_up_has_its_weight() -> None:
    asked = problem("3*(x - 2*sum(abs(y)))", x=1.0, y=[0.0, 5.0])
    run = Experiment(Runs(asked)).run(192, forced=True)
    found = parts(run)
    assert found is not None
    assert [float(part.of(run, run).whole) for part in found.parts] == [3.0, 0.0, -30.0]


NORMS: tuple[tuple[str, list[float], str], ...] = (
    ("norm(x)", [1.0, 0.0], "kink"),
    ("norm(x)", [0.6, 0.8], "kink"),
    ("norm(x)", [0.99, 0.2], "wrong"),
    ("norm(x)", [0.6, 0.8001], "wrong"),
    ("norm(x)", [1.0, 0.0, 0.0], "kink"),
    ("norm(x)", [1.001, 0.0, 0.0], "wrong"),
    ("-norm(x)", [0.6, -0.8], "kink"),
    ("norm(x) + sum(abs(x))", [1.6, -1.8], "kink"),
    ("norm(x) + sum(abs(x))", [1.61, -1.8], "wrong"),
    ("norm(x[:2]) - 2*norm(x[2:])", [0.6, 0.8, -1.2, 1.6], "kink"),
    ("norm(x[:2]) - 2*norm(x[2:])", [0.6, 0.8, -1.2, 1.61], "wrong"),
    ("hypot(x[0], 2*x[1]) + x[1]", [0.6, 2.6], "wrong"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "claim", "outcome"), NORMS)
def test_a_claim_where_a_norm_is_zero(text: str, claim: list[float], outcome: str) -> None:
    answer = report(text, x=np.zeros(len(claim)), claims={"x": str(claim)})
    held = answer.gradients[0].claim
    assert held is not None
    if text.startswith("hypot"):
        # torch itself gives NaN there; the claim is a mixture all the same
        assert held.holds
    else:
        assert held.holds == (outcome == "kink")
    assert answer.verdict.outcome == outcome


@pytest.mark.parametrize("seed", range(share(30)))
def test_a_claim_at_the_corner_of_many_planes(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 9))
    rows = random.integers(-5, 6, (size, size)) + random.choice([0.25, 0.5], (size, size))
    if np.linalg.matrix_rank(rows) < size:
        rows = rows + 20 * np.eye(size)
    factors = random.integers(1, 5, size) * random.choice([-1.0, 1.0], size)
    shares = random.choice([0.0, 1.0, 0.5, 0.25], size)
    valid = bool(random.integers(2))
    if not valid:
        shares[random.integers(size)] = random.choice([-0.5, 1.01, 1.5])
    claim = str(((factors * shares) @ rows).tolist())
    inputs: dict[str, Any] = {"A": rows, "c": factors, "x": np.zeros(size), "wrt": ("x",)}
    answer = report("dot(c, relu(A@x))", claims={"x": claim}, **inputs)
    assert answer.verdict.outcome == ("kink" if valid else "wrong"), (rows, factors, shares)


WILD: tuple[tuple[str, dict[str, Any], str, list[float]], ...] = (
    ("softmax(s + b, dim=-1)@v",
     {"s": [1.0, 2.0, 3.0], "b": [0.0, 0.0, -np.inf], "v": [1.0, 5.0, 9.0], "wrt": ("s",)},
     "verified", [-0.7864477, 0.7864477, 0.0]),
    ("logsumexp(x, 0)", {"x": [-np.inf, 1.0]}, "verified", [0.0, 1.0]),
    ("sum(exp(x))", {"x": [-np.inf, 1.0]}, "verified", [0.0, np.e]),
    ("sum(where(m > 0, x, 0)**2)", {"x": [np.nan, 2.0], "m": [0.0, 1.0], "wrt": ("x",)},
     "verified", [0.0, 4.0]),
    ("sum(x**2)", {"x": [np.nan, 2.0]}, "unresolved", [np.nan, 4.0]),
    ("x[0]*x[1] + x[2]**2", {"x": [np.inf, 0.0, 3.0]}, "unresolved", [0.0, np.inf, 6.0]),
)  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "outcome", "gradient"), WILD)
def test_an_input_that_is_not_finite(
    text: str, inputs: dict[str, Any], outcome: str, gradient: list[float]
) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == outcome, answer.verdict.message
    assert answer.gradients[0].autograd == pytest.approx(gradient, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "inputs", "odd"),
    [
        ("sum(x**2)", {"x": [np.nan, 1.0, np.inf]},
         {"x[0]": "x[0] is not finite", "x[2]": "x[2] is not finite"}),
        ("dot(x, y)", {"x": [1.0, 2.0, np.nan], "y": [1.0, 2.0, 3.0]},
         {"x[2]": "x[2] is not finite", "y[2]": "x[2] is not finite"}),
        ("sum(A@x*y)", {"A": [[1.0, np.nan], [2.0, 3.0]], "x": [1.0, 2.0], "y": [1.0, 0.0],
         "wrt": ("x", "y")}, {"x[1]": "A[0, 1] is not finite", "y[0]": "A[0, 1] is not finite"}),
        ("x*y", {"x": np.inf, "y": 2.0}, {"y": "x is not finite"}),
        # a point that is special too hides all that meets there
        ("dot(x, y)*abs(y[0])", {"x": [1.0, np.nan], "y": [0.0, 2.0]}, {}),
    ],
)  # fmt: skip
def test_only_what_hangs_on_an_input_that_is_not_finite_is_not_checked(
    text: str, inputs: dict[str, Any], odd: dict[str, str]
) -> None:
    answer = report(text, **inputs)
    found = {
        gradient.name + (str(list(one.index)) if one.index else ""): one.cause
        for gradient in answer.gradients
        for one in gradient.elements
    }
    assert answer.verdict.outcome == "unresolved"
    assert found == {name: f"not checked: {why}" for name, why in odd.items()}


def test_outcomes_are_in_the_order_of_gravity() -> None:
    order = ["wrong", "unresolved", "jump", "singular", "edge", "kink", "vanished", "verified"]
    assert list(GRAVITY) == order
    assert all(gravest(pair) == pair[0] for pair in pairwise(order))


BESIDE: tuple[tuple[str, dict[str, Any], dict[str, str], str, dict[str, str]], ...] = (
    # program, inputs, claims, outcome, elements
    ("amax((x - mean(x))/std(x))", {"x": [3.0, 3.0, 0.75]}, {}, "kink",
     {"x[0]": "kink", "x[1]": "kink"}),
    ("amax(x)/sum(x)*sum(x)", {"x": [0.3, 0.3, 0.1]}, {}, "kink", {"x[0]": "kink", "x[1]": "kink"}),
    ("abs(x[0] - x[1])*y + y*z*0.7 - y*z*0.3 - y*z*0.4", {"x": [1.0, 1.0], "y": 0.3, "z": 0.6}, {},
     "kink", {"x[0]": "kink", "x[1]": "kink"}),
    ("where(x[0] > 0, sqrt(x[0]), 0*x[0]) + relu(x[1]) - relu(-x[1]) + x[2]",
     {"x": [-1.0, 0.0, 1.0]}, {}, "wrong", {"x[0]": "wrong", "x[1]": "wrong"}),
    ("where(x > 2, 1.0, 0.0) + where(y > 0, sqrt(y), 0*y)", {"x": 2.0, "y": -1.0}, {}, "wrong",
     {"x": "jump", "y": "wrong"}),
    ("exp(sum(relu(x)) + sum(where(y > 0, sqrt(y), 0*y)))", {"x": [0.0, 1.0], "y": [-1.0, 1.0]},
     {}, "wrong", {"x[0]": "kink", "y[0]": "wrong"}),
    ("sum(sqrt(x))", {"x": [0.0, 1.0, 4.0]}, {"x": "inf,0.5,0.26"}, "wrong", {"x[0]": "edge"}),
    ("sum(sqrt(x))", {"x": [0.0, 1.0, 4.0]}, {"x": "inf,0.5,0.25"}, "edge", {"x[0]": "edge"}),
    ("mean(abs(x - mean(x)))", {"x": [1.0, 2.0, 3.0]}, {}, "kink", {}),
    ("amax(x)", {"x": [1.0, 1.0, 0.0]}, {"x": "0.3,0.6,0"}, "wrong",
     {"x[0]": "kink", "x[1]": "kink"}),
    ("amax(x)", {"x": [1.0, 1.0, 0.0]}, {"x": "0.3,0.7,0"}, "kink",
     {"x[0]": "kink", "x[1]": "kink"}),
    ("x*x if x >= 1 else 2*x - 1", {"x": 1.0}, {"x": "2*x"}, "wrong", {}),
    ("x if x > 0 else -x", {"x": 0.0}, {"x": "where(x > 0, 1, -1)"}, "kink", {}),
    ("x if x > 0 else -x", {"x": 0.0}, {"x": "where(x > 0, 5, -1)"}, "wrong", {}),
    ("sum(relu(w[1:] - w[:-1]))", {"w": [1.0] * 40}, {}, "kink", {}),
    ("norm(x)", {"x": [0.0] * 12}, {"x": str([1.0002, *[0.0] * 11])}, "wrong", {}),
)  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "claims", "outcome", "elements"), BESIDE)
def test_what_stands_beside_something_else(
    text: str, inputs: Any, claims: Any, outcome: str, elements: dict[str, str]
) -> None:
    literal = {n: t if t.startswith("[") or "x" in t else f"[{t}]" for n, t in claims.items()}
    answer = report(text, claims=literal, **inputs)
    assert answer.verdict.outcome == outcome, answer.verdict.message
    found = {
        f"{g.name}[{e.index[0]}]" if e.index else g.name: str(e.outcome)
        for g in answer.gradients
        for e in g.elements
    }
    assert found == elements


@pytest.mark.parametrize("beside", ["", " + abs(z)", " + floor(z)", " + dot(x, x)"])
def test_what_rounding_cannot_tell_is_not_wrong_beside_something_special(beside: str) -> None:
    text = f"where(norm(x) <= 1, y, 2*y) + z{beside}"
    answer = report(text, x=[0.6, 0.8], y=1.0, z=0.0, wrt=("y", "z"))
    assert answer.verdict.outcome == "unresolved"
    assert "rounding cannot tell this point from a kink (le at 1, 1)" in answer.verdict.message
    assert [e.outcome for e in answer.gradients[0].elements] in ([], ["unresolved"])


@pytest.mark.parametrize("text", ["norm(stack([x, y, z]))", "sqrt(x**2 + y**2 + z**2)"])
@pytest.mark.parametrize("length", [0.3, 0.99, 1.01, 1.4])
def test_claims_by_several_inputs_are_one_claim(text: str, length: float) -> None:
    way = np.array([2.0, -3.0, 6.0]) / 7
    claims = dict(zip("xyz", map(repr, (way * length).tolist()), strict=True))
    answer = report(text, x=0.0, y=0.0, z=0.0, claims=claims)
    assert all(gradient.claim is not None for gradient in answer.gradients)
    assert all(gradient.claim.holds is (length < 1) for gradient in answer.gradients)
