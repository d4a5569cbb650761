"""Corners: every piece that meets at a point is found, against linear programs over all signs."""

from typing import Any

import numpy as np
import pytest

from gradcalc.report import Report
from gradcalc.testimony import Enclosed
from tests.corners import FORMS, drawn, mixed, of_norms, of_ties
from tests.sweeps import share
from tests.trust_cases import enclosed, problem, report
from tests.wide_corners import wide


def judged(text: str, given: Any, size: int, claim: Any = None) -> Report:
    return report(text, x=np.zeros(size), wrt=("x",), **given)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(share(24)))
def test_a_corner_of_planes(form: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 6))
    text, given, pieces = form(random, size)
    answer = judged(text, given, size)
    (gradient,) = answer.gradients
    different = len(np.unique(np.round(pieces, 6), axis=0)) > 1
    valid = mixed(np.ravel(gradient.autograd), np.array(pieces))
    expected = ("kink" if different else "verified") if valid else "wrong"
    assert answer.verdict.outcome == expected, (text, given, answer.verdict.message)


@pytest.mark.parametrize("make", [of_norms, of_ties])
@pytest.mark.parametrize("seed", range(share(60)))
def test_a_corner_of_another_kind(make: Any, seed: int) -> None:
    corner = make(seed)
    answer = report(corner.program, wrt=corner.wrt, **corner.inputs)
    assert answer.verdict.outcome == corner.outcome, (corner, answer.verdict.message)


@pytest.mark.parametrize("seed", range(share(60)))
def test_a_corner_of_many_inputs(seed: int) -> None:
    corner = wide(seed, 33, 60)
    claims = {"x": repr(corner.claim.tolist())}
    answer = report(corner.program, wrt=("x",), claims=claims, **corner.inputs)
    assert answer.verdict.outcome == ("kink" if corner.valid else "wrong"), (corner, answer.verdict)


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        # each is a choice of a thin piece, or one that is not all of what there is
        ("sum(abs(A@x)) + relu(minimum(dot(a, x), dot(b, x)))", ("kink", "unresolved")),
        ("sum(relu(B@relu(A@x)))", ("kink", "unresolved")),
        ("sum(abs(A@x)) - sum(relu(B@abs(A@x)))", ("kink", "unresolved")),
        ("sum(where(A@x > 0, A@x, -2*A@x))", ("kink", "unresolved")),
        ("sum(abs(A@x)) - sum(relu(C@x))", ("kink", "unresolved")),
        # what cancels is not there: all slopes are 0 or 1 times the first row
        ("sum(relu(A@x)) - sum(relu(-A@x)) + relu(A[0]@x)", ("wrong",)),
    ],
)
def test_of_many_inputs_no_piece_is_denied(text: str, outcomes: tuple[str, ...]) -> None:
    random = np.random.default_rng(20197)
    size = 40
    given = {name: drawn(random, size, size) / 9 for name in ("A", "B", "C")}
    given |= {"a": given["A"][0], "b": given["A"][1] - 0.99 * given["A"][0]}
    used = {n: v for n, v in given.items() if n in text}
    outcome = report(text, x=np.zeros(size), wrt=("x",), **used).verdict.outcome
    assert outcome in outcomes
    if outcomes[0] == "kink":
        # the gradient beside the point is one of those that meet there
        there = random.standard_normal(size)
        beside = report(text, x=there, wrt=("x",), **used)
        claim = repr(np.ravel(beside.gradients[0].autograd).tolist())
        judged = report(text, x=np.zeros(size), wrt=("x",), claims={"x": claim}, **used)
        assert judged.verdict.outcome in outcomes


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("relu(minimum(2*y - x, 3*x - 4*y))", {"x": 0.0, "y": 0.0}, "kink"),
        ("max(-2*x - 3*y, maximum(-2*x - 2*y, -8*y))", {"x": 0.0, "y": 0.0}, "kink"),
        # only one of the first samples lies in it
        ("relu(minimum(0.25*x - 0.02*y, -0.68*x + 0.0216*y))", {"x": 0.0, "y": 0.0}, "kink"),
        ("x + 1e-50*floor(x)", {"x": 1.0}, "jump"),
        ("sqrt(relu(minimum(2*y - x, 3*x - 4*y)))", {"x": 0.0, "y": 0.0}, "singular"),
        ("1/(1 - sign(relu(minimum(2*y - x, 3*x - 4*y))))", {"x": 0.0, "y": 0.0}, "edge"),
        ("floor(1 + relu(minimum(2*y - x, 3*x - 4*y))) - 1 + minimum(2*y - x, 0)",
         {"x": 0.0, "y": 0.0}, "kink"),
        ("sign(relu(minimum(2*y - x, 3*x - 4*y)))", {"x": 0.0, "y": 0.0}, "jump"),
        ("relu(minimum(2*y - x, 3*x - 4*y))**2", {"x": 0.0, "y": 0.0}, "verified"),
        ("x*abs(x) + y*abs(y)", {"x": 0.0, "y": 0.0}, "verified"),
        ("x*abs(x) + abs(y)", {"x": 0.0, "y": 0.0}, "kink"),
        # values that do not come together say more than slopes without bound
        ("atan2(y, x)", {"x": 0.0, "y": 0.0}, "jump"),
        ("floor(x) + sqrt(abs(x))", {"x": 0.0}, "jump"),
        ("where(x == 0, 0, x*y/(x**2 + y**2))", {"x": 0.0, "y": 0.0}, "jump"),
        ("abs(x)**0.001", {"x": 0.0}, "singular"),
        ("where(x == 0, 0, 1/log(abs(x)))", {"x": 0.0}, "singular"),
        ("where(x == 0, 0, 1/x)", {"x": 0.0}, "singular"),
        ("relu(minimum(2*y - x, 3*x - 4*y))**0.001", {"x": 0.0, "y": 0.0}, "singular"),
        # along each direction the slopes are bounded
        ("sqrt(abs(x)*abs(y))", {"x": 0.0, "y": 0.0}, "singular"),
        ("sqrt(abs(x - y)*abs(x + 2*y))", {"x": 0.0, "y": 0.0}, "singular"),
        ("where(x == 0, 0, x**2*y/(x**4 + y**2))", {"x": 0.0, "y": 0.0}, "singular"),
        ("norm(x) + abs(x[0])", {"x": [0.0, 0.0, 0.0]}, "kink"),
        ("norm(x)", {"x": [0.0, 0.0]}, "kink"),
        ("amax(x)", {"x": [1.0] * 20}, "kink"),
        ("sum(relu(x))", {"x": [0.0] * 10}, "kink"),
    ],
)  # fmt: skip
def test_a_corner(text: str, inputs: Any, outcome: str) -> None:
    assert report(text, **inputs).verdict.outcome == outcome


@pytest.mark.parametrize(
    ("text", "inputs", "whole"),
    [
        ("abs(x) + abs(y)", {"x": 0.0, "y": 0.0}, True),
        ("amax(x)", {"x": [1.0, 1.0, 1.0]}, True),
        ("x*abs(x) + exp(abs(y))", {"x": 0.0, "y": 0.0}, True),
        ("hypot(x, y)", {"x": 0.0, "y": 0.0}, False),
        ("hypot(x, y) + relu(x)", {"x": 0.0, "y": 0.0}, False),
        ("norm(x) + abs(x[0])", {"x": [0.0, 0.0]}, False),
        ("sum(relu(x))", {"x": [0.0] * 10}, True),
        ("norm(relu(x))", {"x": [0.0] * 10}, False),
    ],
)
def test_pieces_are_all_where_each_has_one_gradient(text: str, inputs: Any, whole: bool) -> None:
    found = enclosed(problem(text, **inputs))
    assert isinstance(found, Enclosed)
    assert all(part.whole is whole for part in found.rough)
    assert found.rough


THIN = (
    "relu(minimum(y, {0}*x - y))", "relu(minimum(y - x, (1 + {0})*x - y))",
    "amax(stack([0*x, minimum(y, {0}*x - y)]))", "relu(minimum(minimum(y + z, {0}*x - y), z + x))",
    "relu(minimum(y, {0}*x - y)) + abs(x - 2*y) + relu(x + y)",
)  # fmt: skip


@pytest.mark.parametrize("text", THIN)
@pytest.mark.parametrize("width", [1e-3, 1e-7, 1e-9, 3e-10])
def test_a_cone_however_thin(text: str, width: float) -> None:
    inputs = {"x": 0.0, "y": 0.0, **({"z": 0.0} if "z" in text else {})}
    assert report(text.format(width), **inputs).verdict.outcome == "kink"


@pytest.mark.parametrize("text", THIN)
def test_what_lies_in_a_cone_too_thin_is_not_denied(text: str) -> None:
    inputs = {"x": 0.0, "y": 0.0, **({"z": 0.0} if "z" in text else {})}
    answer = report(text.format(1e-13), **inputs)
    said = any(SAMPLED in finding.message for finding in answer.findings)
    assert answer.verdict.outcome in {"kink", "unresolved"} or said


@pytest.mark.parametrize("form", ["relu({})", "where({} > 0, 1, 0)"])
@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("share", [0.9, 0.99, 0.9999, 1.01])
def test_a_round_cone(share: float, size: int, form: str) -> None:
    way = np.array([0.6, 0.8, 0.0, 0.0, 0.0])[:size]
    text = form.format(f"(dot(x, c) - {share}*norm(x))")
    answer = report(text, x=np.zeros(size), c=way, wrt=("x",))
    kind = "kink" if form.startswith("relu") else "jump"
    assert answer.verdict.outcome == (kind if share < 1 else "verified"), answer.verdict.message


def test_a_thin_cone_where_the_inputs_are_no_powers_of_two() -> None:
    text = "relu(minimum(y - x, 1.00000001*(x - 0.7) - (y - 0.7)))"
    assert report(text, x=0.7, y=0.7).verdict.outcome == "kink"


SAMPLED = "what lies around this point was sampled"


@pytest.mark.parametrize(
    ("text", "inputs", "outcome", "sampled"),
    [
        ("where((y > 0) & (y < x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > x**2) & (y < 2*x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > 0) & (y < x**3), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > 1) & (y - 1 < (x - 2)**2), 1, 0)", {"x": 2.0, "y": 1.0}, "jump", False),
        ("where((y > 0) & (y < x**2 + z**2), 1, 0)", {"x": 0.0, "y": 0.0, "z": 0.0}, "jump", False),
        ("where((y > 0) & (y < x**2), x, 0)", {"x": 0.0, "y": 0.0}, "kink", False),
        ("relu(minimum(y, x**2 - y))", {"x": 0.0, "y": 0.0}, "kink", False),
        ("relu(y)**2 + relu(y - x**2)**2", {"x": 0.0, "y": 0.0}, "verified", True),
        ("relu(x*y)", {"x": 0.0, "y": 0.0}, "verified", True),
        ("relu(y)**2 + relu(x)**2", {"x": 0.0, "y": 0.0}, "verified", False),
        ("relu(y)**2 + relu(sin(y))**2", {"x": 0.0, "y": 0.0}, "verified", False),
        ("relu(y)**2 + relu(2*y)**2", {"x": 0.0, "y": 0.0}, "verified", False),
        # one plane, as far as its roundings tell
        ("relu(x/3 - y)**2 + relu(x - 3*y)**2", {"x": 0.0, "y": 0.0}, "verified", False),
        ("relu(exp(x)/3 - exp(y)/3)**2 + relu(exp(x) - exp(y))**2", {"x": 0.0, "y": 0.0},
         "verified", False),
        ("sum(x*abs(x))", {"x": [0.0] * 40}, "verified", False),
        # no kink has a say where what follows it draws to 0
        ("sum(x)*sum(x*abs(x))", {"x": [0.0] * 40}, "verified", False),
        ("where((y > 3*x) & (y < 3*x + x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y - x > x**2) & (y - x < 2*x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y + 2*x > x**2) & (y + 2*x < 2*x**2), x, 0)", {"x": 0.0, "y": 0.0}, "kink",
         False),
        # to the third order and further
        ("where((y > 0) & (y < x**4), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > x**2) & (y < x**2 + x**4), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > x**2) & (y < x**2 + (x - 2)**4), 1, 0)", {"x": 2.0, "y": 4.0}, "jump", False),
        ("where((y + y**2 > x**2) & (y < x**2 - x**4/2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump",
         False),
        ("where((y > x**2) & (y < x**2 + x**5), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > exp(x)) & (y < 1 + x + x**2/2 + x**3/6), 1, 0)", {"x": 0.0, "y": 1.0},
         "verified", True),
        ("where((y > 0) & (y < x*z), 1, 0)", {"x": 0.0, "y": 0.0, "z": 0.0}, "jump", False),
        ("where((y > 0) & (y < -x*z), 1, 0)", {"x": 0.0, "y": 0.0, "z": 0.0}, "jump", False),
        # so nearly one that no run comes between them
        ("where((y > x**2) & (y < x**2 + x**8), 1, 0)", {"x": 0.0, "y": 0.0}, "verified", True),
        ("where((y > cos(x) - 1) & (y < cos(x) - 1 + x**12), 1, 0)", {"x": 0.0, "y": 0.0},
         "verified", True),
        ("3*y + where((x - 2*y > 0) & (x - 2*y < 7*(3*x)**5), 1, 0)", {"x": 0.0, "y": 0.0},
         "verified", True),
        # one next to two that nearly touch
        ("where((y < 3*x**2) & (y > 3*x**2 - x**4) & (y > x**2), 1, 0)", {"x": 0.0, "y": 0.0},
         "jump", False),
        # what goes on between them, and draws to 0
        ("relu(y - x**2)*relu(x**2 + x**4 - y)", {"x": 0.0, "y": 0.0}, "verified", True),
        ("where((y > 0) & (y < x**2), x**2, 0)", {"x": 0.0, "y": 0.0}, "verified", True),
        ("where((y > 0) & (y < x**2), sqrt(abs(x)), 0)", {"x": 0.0, "y": 0.0}, "singular", False),
        ("sin(x) + 1e-30*where((y > 0) & (y < x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
    ],
)  # fmt: skip
def test_borders_that_touch(text: str, inputs: Any, outcome: str, sampled: bool) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == outcome
    assert sampled == any(SAMPLED in finding.message for finding in answer.findings)


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("floor(x/3*3)", {"x": 1.0}, "jump"),
        ("round(x*7/7)*x", {"x": 0.5}, "jump"),
        ("int(x*3/3)*x", {"x": 2.0}, "jump"),
        ("x*where(exp(log(x)) >= 2, 1, 2)", {"x": 2.0}, "jump"),
        ("where(x/3*3 >= 1, 2*x, x + 1)", {"x": 1.0}, "kink"),
        ("where(x/3*3 >= 1, x**2, x*2 - 1)", {"x": 1.0}, "verified"),
        ("maximum(sin(x)**2 + cos(x)**2, x)", {"x": 1.0}, "kink"),
        # whether torch's quotient is beyond -1 hangs on its norm, which changes with releases
        ("acos(clamp(dot(x, w)/(norm(x)*norm(w)), -1, 1))", {"x": [3.0, 4.0], "w": [-6.0, -8.0]},
         "wrong or kink"),
        # whether the point is like those around it hangs on the tie
        ("where(exp(log(x)) == 3, 100, x)", {"x": 3.0}, "unresolved"),
        ("where(exp(log(x)) == 7, 100, abs(x - 7))", {"x": 7.0}, "unresolved"),
        ("x + 1e-40*where(x/3*3 == 1, 1, 0)", {"x": 1.0}, "unresolved"),
        # and so does the way that the program takes
        ("if x/3*3 == 1:\n    y = x\nelse:\n    y = 2*x\ny", {"x": 1.0}, "unresolved"),
    ],
)  # fmt: skip
def test_a_tie_that_no_precision_decides(text: str, inputs: Any, outcome: str) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome in outcome.split(" or ")
    said = " ".join(finding.message for finding in answer.findings)
    assert "does not hold" not in said
    assert "rounding chose" not in said


SQUARES = "sum(relu(V@x)**2)"


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (SQUARES, {"verified"}),
        ("sum((V@x)*abs(V@x)) + dot(x, x)", {"verified"}),
        (f"{SQUARES} + relu(minimum(2*x[1] - x[0], 3*x[0] - 4*x[1]))", {"kink", "unresolved"}),
        (f"{SQUARES} + where((2*x[1] > x[0]) & (3*x[0] > 4*x[1]), 1, 0)", {"jump", "unresolved"}),
        (f"{SQUARES} + sum(relu(V@x - abs(V@x)/2))", {"kink", "unresolved"}),
    ],
)
def test_of_more_pieces_than_are_gone_through_none_is_denied(text: str, outcomes: set[str]) -> None:
    rows = np.random.default_rng(20199).normal(size=(12, 4))
    answer = report(text, V=rows, x=np.zeros(4), wrt=("x",))
    assert answer.verdict.outcome in outcomes, answer.verdict.message
    assert not any(SAMPLED in finding.message for finding in answer.findings)


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("abs(y) + 1e27*y**2", {"y": 0.0}, "kink"),
        ("abs(y - 1) + 1e27*(y - 1)**2", {"y": 1.0}, "kink"),
        ("1e-27*abs(y) + y**2", {"y": 0.0}, "kink"),
        ("y*1e10 + 1e-50*floor(y)", {"y": 1.0}, "jump"),
        ("x + 1e-60*floor(x)", {"x": 1.0}, "jump"),
        ("x + abs(x)**1.3", {"x": 0.0}, "verified"),
    ],
)
def test_what_is_small_beside_the_rest_counts(text: str, inputs: Any, outcome: str) -> None:
    assert report(text, **inputs).verdict.outcome == outcome


def test_a_claim_beside_a_saddle_is_not_denied_for_want_of_a_way() -> None:
    text = "where(norm(x) == 0, 0, x[0]*x[1]/where(norm(x) == 0, 1, norm(x)))"
    answer = report(text, x=[0.0, 0.0], claims={"x": "0.499,0.499"})
    assert answer.verdict.outcome in {"kink", "unresolved"}, answer.verdict.message


@pytest.mark.parametrize(
    "text",
    ["sum((x - mean(x))/(std(x) + 1e-5)*w)", "dot(x - mean(x), w)/(norm(x - mean(x)) + 1)"],
)
@pytest.mark.parametrize("size", [2, 3, 7])
@pytest.mark.parametrize("number", [0.0, 1.0, 0.25])
def test_equal_entries_are_normalised(text: str, size: int, number: float) -> None:
    answer = report(text, x=[number] * size, w=np.arange(1.0, size + 1))
    assert answer.verdict.outcome == "verified", answer.verdict.message


def test_beside_a_kink_that_is_not_looked_at_a_claim_is_not_held_to_autograd() -> None:
    random = np.random.default_rng(20198)
    rows = random.integers(-9, 10, (20, 90)) / 4
    # shares of the gradients add up to 0 in some columns, which takes more digits than there are
    rows[:, :30] = np.concatenate([rows[:10, :30], -rows[:10, :30]])
    claim = repr(rows[0].tolist())
    answer = report("amax(A@x)", A=rows, x=np.zeros(90), wrt=("x",), claims={"x": claim})
    assert answer.verdict.outcome in {"kink", "unresolved"}, answer.verdict.message


@pytest.mark.parametrize("width", [1e-6, 1e-7, 1e-8, 1e-9, 1e-10])
@pytest.mark.parametrize(
    "text",
    [
        "x + where((y > 0) & (y < {0}*x) & (z > 0) & (z < {0}*x), y, 0)",
        "x + amin(relu(stack([y, {0}*x - y, z, {0}*x - z])))",
    ],
)
def test_a_thin_piece_between_more_than_two_walls(text: str, width: float) -> None:
    answer = report(text.format(width), x=0.0, y=0.0, z=0.0)
    assert answer.verdict.outcome == "kink"


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("x + 1e-150*sign(x)", {"x": 0.0}, "jump"),
        ("x + where(x > 0, 1e-150, 0)", {"x": 0.0}, "jump"),
        ("where(x >= 0, x + 1e-200, x)", {"x": 0.0}, "jump"),
        ("x + 1e-300*floor(x)", {"x": 1.0}, "jump"),
        ("x + minimum(abs(x), 1e-200)", {"x": 0.0}, "kink"),
        ("minimum(abs(x), 1e-36)", {"x": 0.0}, "kink"),
        ("log(abs(x) + 1e-36)", {"x": 0.0}, "kink"),
        ("relu(x + b) - relu(x)", {"x": 0.0, "b": 1e-200}, "kink"),
        ("x**2 + 1e-60*sqrt(abs(x))", {"x": 0.0}, "singular"),
        ("maximum(abs(x), 1e-36)", {"x": 0.0}, "verified"),
        ("relu(abs(x) - b)", {"x": 0.0, "b": 1e-300}, "verified"),
        ("x/(abs(x) + 1.1754943508222875e-38)", {"x": 0.0}, "verified"),
        ("log(clamp(abs(x), min=2.2250738585072014e-308))", {"x": 0.0}, "verified"),
        ("normalize(x, dim=0, eps=1e-50).sum()", {"x": [0.0, 0.0]}, "verified"),
        ("sqrt(x@x + 1e-40)", {"x": [0.0, 0.0]}, "verified"),
        ("x*tanh(1e100*abs(x))", {"x": 0.0}, "verified"),
        ("x + where(abs(x) < 1e-100, 3*x, 0*x)", {"x": 0.0}, "verified"),
        ("amax(abs(x))", {"x": [0.0, 1e-100]}, "verified"),
        ("(x - y)/(abs(x - y) + 1e-30)", {"x": 1.0, "y": 1.0}, "verified"),
    ],
)
def test_what_goes_on_very_near_to_a_point(text: str, inputs: Any, outcome: str) -> None:
    wrt = tuple(name for name in inputs if name != "b")
    assert report(text, wrt=wrt, **inputs).verdict.outcome == outcome


def test_autograd_is_held_to_what_is_nearest() -> None:
    text = "x + clamp(relu(x) - relu(-x), -1e-200, 1e-200)"
    assert report(text, x=0.0).verdict.outcome in ("wrong", "unresolved")


@pytest.mark.parametrize(
    "rows", ["stack([a, a])", "a.expand(3, 3)", "stack([a, 2*a, a])", "stack([a, flip(a, 0)])"]
)
def test_rows_that_are_equal_are_told_apart(rows: str) -> None:
    text = f"a = cat([x, 0.9*norm(x)[None]]); sum(sort({rows}, dim=1).values@w)"
    answer = report(text, wrt=("x",), x=[0.0, 0.0], w=[1.0, 2.0, 5.0])
    assert answer.verdict.outcome in ("kink", "wrong", "unresolved")
