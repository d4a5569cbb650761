"""The verdict's rule, outcome by outcome, from testimonies made by hand."""

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcalc.at_length import explain
from gradcalc.errors import ShapeError
from gradcalc.lang.program import Branch
from gradcalc.problem import Problem
from gradcalc.render import Style, why
from gradcalc.testimony import (
    Absence,
    Absent,
    Computed,
    Derived,
    Enclosed,
    Event,
    Nature,
    Neighbourhood,
    Probe,
    Sensitivity,
    Slopes,
)
from gradcalc.verdict.judge import Judgement, judge
from gradcalc.verdict.outcome import FACTOR, Outcome, numbers_apart, precision_of
from gradcalc.verdict.references import APART
from tests.sweeps import FULL
from tests.trust_cases import problem, report

EPSILON = 2.0**-52
CONTEXT = mpmath.MPContext()
CONTEXT.dps = 60


def exact(values: Any) -> Any:
    result = np.empty(np.shape(values), dtype=object)
    for index in np.ndindex(*np.shape(values)):
        result[index] = CONTEXT.mpf(np.asarray(values)[index])
    return result


def around(
    nature: Nature, gradients: list[list[float]], directions: list[list[float]], **more: Any
) -> tuple[Neighbourhood, ...]:
    columns = np.arange(np.shape(gradients)[1])
    rows = np.array(gradients), np.array(directions)
    return (Neighbourhood(nature, *rows, columns=columns, **more),)


def weigh(
    given: Any,
    true: Any,
    *,
    condition: float | None = 0.0,
    total: float = 1.0,
    scale: float = 1.0,
    at: Any = 1.0,
    text: str = "x*x",
    dtype: str = "float64",
    ours: Mapping[str, Any] | None = None,
    theirs: Mapping[str, Any] | Absent = MappingProxyType({}),
    written: Mapping[str, Any] = MappingProxyType({}),
    **options: Any,
) -> Judgement:
    asked: Problem = problem(text, dtype, x=at, **options)
    value = np.asarray(total)
    autograd = Computed(value, {"x": np.asarray(given, float)}, **(ours or {}))
    known: dict[str, Any] = {
        "value": value,
        "gradients": {"x": np.asarray(true, float)},
        "exact": {"x": exact(true)},
        "total": CONTEXT.mpf(total),
        "sensitivity": Sensitivity(
            {"x": CONTEXT.mpf(scale)},
            {"x": abs(exact(true))},
            {} if condition is None else {"x": condition},
        ),
    }
    # in floats it contradicts nobody
    formula = Derived(**{**known, "formulas": {}, "surveyed": True, **written})
    places = () if isinstance(theirs, Absent) else theirs.get("around", ())
    if any(place.nature is not Nature.SMOOTH for place in places):
        theirs = {**theirs, "exact": {"x": exact(np.full(np.shape(true), math.nan))}}
    enclosed = theirs if isinstance(theirs, Absent) else Enclosed(**{**known, "bits": 53, **theirs})
    return judge(asked, autograd, formula, enclosed)


def off(roundings: float) -> float:
    return 1 + roundings * EPSILON


@pytest.mark.parametrize(
    ("given", "true", "options", "outcome"),
    [
        (1.0, 1.0, {}, "verified"),
        (off(FACTOR), 1.0, {}, "verified"),
        (off(FACTOR + 1), 1.0, {}, "wrong"),
        (off(FACTOR * 101), 1.0, {"condition": 100.0}, "verified"),
        (off(FACTOR * 103), 1.0, {"condition": 100.0}, "wrong"),
        (off(FACTOR * 50), 1.0, {"condition": 100.0, "strict": True}, "wrong"),
        (off(FACTOR), 1.0, {"condition": 100.0, "strict": True}, "verified"),
        (1.01, 1.0, {"condition": 1e15}, "verified"),
        (1.1, 1.0, {"condition": 1e15}, "unresolved"),
        (1.1, 1.0, {"condition": math.inf}, "unresolved"),
        (1.0001, 1.0, {"condition": None}, "unresolved"),
        (1.1, 1.0, {"condition": None}, "wrong"),
        (-1.0, 1.0, {"condition": 1.0}, "wrong"),
        (0.0, 1.0, {}, "wrong"),
        (1.0, 0.0, {"scale": 1.0}, "wrong"),
        (0.0, 0.0, {}, "verified"),
        (math.nan, 1.0, {}, "wrong"),
        (math.nan, 0.0, {"condition": math.inf}, "wrong"),
        (math.inf, 1.0, {}, "wrong"),
        (0.0, 1e-17, {}, "vanished"),
        (0.0, 1e-17, {"strict": True}, "wrong"),
        (0.0, 1e-17, {"at": 1e3}, "vanished"),
        (0.0, 1e-16, {"at": 1e3}, "wrong"),
        (1e-17, 0.0, {"total": 0.0, "scale": 1.0}, "vanished"),
        (1e-17, 0.0, {"total": 0.0, "scale": 1e-10}, "wrong"),
        (0.0, "1e-400", {"total": 0.0, "scale": 0.0}, "verified"),
        (0.0, "1e-400", {"total": 0.0, "scale": 0.0, "strict": True}, "verified"),
        (0.0, "1e-320", {"total": 0.0, "scale": 0.0, "strict": True}, "wrong"),
        (1.0, "1e-400", {"total": 0.0, "scale": 0.0}, "wrong"),
        (1 + 2.0**-20, 1.0, {"dtype": "float32"}, "verified"),
        (1 + 2.0**-16, 1.0, {"dtype": "float32"}, "wrong"),
        (1.05, 1.0, {"dtype": "float16"}, "verified"),
    ],
)
def test_the_rule_at_a_smooth_point(
    given: float, true: Any, options: dict[str, Any], outcome: str
) -> None:
    assert weigh(given, true, **options).verdict.outcome == outcome


def test_the_error_is_relative_to_the_largest_element() -> None:
    judged = weigh([1e6, 1e-9 + 1e-12], [1e6, 1e-9], at=[1.0, 2.0])
    assert judged.verdict.outcome is Outcome.VERIFIED
    judged = weigh([1e6, 2.0], [1e6, 1.0], at=[1.0, 2.0])
    assert judged.verdict.outcome is Outcome.WRONG
    assert judged.comparisons["x"].differs is not None
    assert judged.comparisons["x"].differs.tolist() == [False, True]
    assert "x[1]" in judged.verdict.message


@pytest.mark.parametrize(
    ("given", "digits"), [(1.0, 15.95), (1.001, 3.0), (2.0, 0.0), (1 + 1e-10, 10.0)]
)
def test_the_digits_that_are_right(given: float, digits: float) -> None:
    assert weigh(given, 1.0).comparisons["x"].digits == pytest.approx(digits, abs=0.01)


LEFT_RIGHT = [[-1.0], [1.0]]


@pytest.mark.parametrize(
    ("nature", "given", "outcome"),
    [
        (Nature.KINK, 0.0, "kink"),
        (Nature.KINK, 1.0, "kink"),
        (Nature.KINK, 1.1, "wrong"),
        (Nature.KINK, math.nan, "wrong"),
        (Nature.EDGE, math.nan, "edge"),
        (Nature.JUMP, 0.0, "jump"),
        (Nature.SINGULAR, math.inf, "singular"),
    ],
)
def test_points_without_a_gradient(nature: Nature, given: float, outcome: str) -> None:
    place = around(nature, LEFT_RIGHT, LEFT_RIGHT)
    assert weigh(given, 0.0, theirs={"around": place}).verdict.outcome == outcome


@pytest.mark.parametrize(
    ("given", "complete", "outcome"),
    [
        ([0.5, 0.5], True, "kink"),
        ([1.0, 0.0], True, "kink"),
        ([1.0, 1.0], True, "wrong"),
        ([0.0, 0.0], True, "wrong"),
        ([0.0, 0.0], False, "unresolved"),
        ([math.nan, 0.0], False, "wrong"),
    ],
)
def test_the_hull_of_a_maximum(given: list[float], complete: bool, outcome: str) -> None:
    rows, directions = [[1.0, 0.0], [0.0, 1.0]] * 2, [[1.0, 0.3], [0.3, 1.0], [0.2, -1], [-1, 0.1]]
    place = around(Nature.KINK, rows, directions, complete=complete)
    judged = weigh(given, [1.0, 0.0], at=[2.0, 2.0], theirs={"around": place})
    assert judged.verdict.outcome == outcome


def test_a_witness_that_is_absent_proves_nothing() -> None:
    for theirs in ({"doubt": "too steep"}, Absent(Absence.UNABLE, "too steep")):
        judged = weigh(1.0, 1.0, theirs=theirs)
        assert judged.verdict.outcome is Outcome.UNRESOLVED
        assert "too steep" in judged.verdict.message


def test_what_is_too_large_for_many_digits_is_held_to_the_formula() -> None:
    absent = Absent(Absence.TOO_LARGE, "too large")
    assert weigh(1.0, 1.0, theirs=absent).verdict.outcome is Outcome.VERIFIED
    assert weigh(2.0, 1.0, theirs=absent).verdict.outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("radius", "directions"), [(0.0, 1), (2.0**-21, 1), (2.0**-19, 0), (np.inf, 0)]
)
@pytest.mark.parametrize("signs", [None, {"x": np.ones((), np.int8)}])
def test_a_slope_that_is_hardly_known_testifies_to_nothing(
    signs: Any, radius: float, directions: int
) -> None:
    for slope in (3.0, 3.0 + 0.5 * min(radius, 1.0)):
        probe = Probe(np.longdouble(slope), 3 * radius, signs=signs, name="x")
        judged = weigh(3.0, 3.0, theirs=Slopes(Absence.TOO_LARGE, "too large", (probe,), ()))
        assert judged.verdict.outcome is Outcome.VERIFIED
        assert judged.directions == directions
        assert ("1 enclosed slope" in judged.verdict.message) is bool(directions)


@pytest.mark.parametrize(
    ("written", "theirs", "contradicted"),
    [
        ({"surveyed": False}, {}, True),
        ({"surveyed": True}, {}, False),
        ({"surveyed": False, "doubt": "too long"}, {}, False),
        ({"surveyed": False, "path": (Branch(1, "if", "x > 0", (True,)),)}, {}, False),
        ({"surveyed": False}, {"around": around(Nature.SMOOTH, [[2.0]], [[1.0]])}, False),
    ],
)
@pytest.mark.parametrize("said", [2.0, 2.0 * (1 + 1e-8), -2.0])
def test_a_formula_and_an_enclosure_that_contradict_each_other(
    said: float, written: Any, theirs: Any, contradicted: bool
) -> None:
    written = {**written, "gradients": {"x": np.asarray(said)}}
    judged = weigh(2.0, 2.0, written=written, theirs=theirs)
    if contradicted and said != 2.0:
        assert judged.verdict.outcome is Outcome.UNRESOLVED
        assert APART in judged.verdict.message
    else:
        assert judged.verdict.outcome is Outcome.VERIFIED


def test_another_branch_proves_nothing() -> None:
    paths = [(Branch(1, "if", "x > 0", (taken,)),) for taken in (True, False)]
    judged = weigh(1.0, 1.0, ours={"path": paths[0]}, theirs={"path": paths[1]})
    assert judged.verdict.outcome is Outcome.UNRESOLVED


def test_a_kink_within_rounding_excuses_a_gradient_from_beside_it() -> None:
    (within,) = around(Nature.SMOOTH, LEFT_RIGHT, LEFT_RIGHT)
    event = Event("abs", None, (1e-17,), False, 1e-17)
    stated = {"within": within, "events": (event,)}
    assert weigh(-1.0, 1.0, theirs=stated).verdict.outcome is Outcome.UNRESOLVED
    assert weigh(-2.0, 1.0, theirs=stated).verdict.outcome is Outcome.WRONG
    assert weigh(1.0, 1.0, theirs=stated).verdict.outcome is Outcome.VERIFIED


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_exit_code(outcome: Outcome) -> None:
    codes = {"verified": 0, "vanished": 0, "wrong": 1}
    assert outcome.exit_code == codes.get(outcome, 3)


@pytest.mark.parametrize(
    ("dtype", "epsilon", "digits"), [("float64", 2.0**-52, 15.95), ("float32", 2.0**-23, 7.22)]
)
def test_the_precision_of_a_dtype(dtype: str, epsilon: float, digits: float) -> None:
    precision = precision_of(dtype)
    assert precision.epsilon == epsilon
    assert precision.digits == pytest.approx(digits, abs=0.01)


@pytest.mark.parametrize(
    ("first", "second", "texts"),
    [
        (1.0, 2.0, ("1", "2")),
        (1.0, 1.0000001, ("1", "1.0000001")),
        (math.inf, CONTEXT.mpf(10) ** 400, ("inf", "1e+400")),
        (0.0, CONTEXT.mpf(10) ** -400, ("0", "1e-400")),
        (0.0, CONTEXT.mpf(0), ("0", "0")),
    ],
)
def test_numbers_are_told_apart(first: float, second: Any, texts: tuple[str, str]) -> None:
    given, true = numbers_apart(first, second)
    assert (given, true.replace(".0e", "e")) == texts


DOUBLING = "y = x\nwhile y < 100:\n    y = 2*y\ny"

CLAIMS: tuple[tuple[str, dict[str, Any], str, bool | None, str], ...] = (
    ("2*dot(x,x)", {"x": [0.0, 1.0]}, "4*x", True, "verified"),
    ("2*dot(x,x)", {"x": [0.0, 1.0]}, "3*x", False, "wrong"),
    ("2*dot(x,x)", {"x": [1.0, 1.0]}, "4", True, "verified"),
    ("x*x", {"x": 1.0}, "2*x + 1e-10", False, "wrong"),
    ("x*x", {"x": 1.0}, "2*x + 1e-15", True, "verified"),
    ("x*x", {"x": 0.0}, "0", True, "verified"),
    ("x*x", {"x": 0.0}, "1e-300", False, "wrong"),
    ("x*x", {"x": 1.0}, "log(-x)", False, "wrong"),
    ("x*x", {"x": 1.0}, "1/(x - 1)", False, "wrong"),
    ("tan(x)", {"x": 1.5707963267948966}, "1 + tan(x)**2", True, "verified"),
    ("(1 - cos(x))/x**2", {"x": 1e-8}, "sin(x)/x**2 - 2*(1 - cos(x))/x**3", True, "wrong"),
    ("abs(x)", {"x": 0.0}, "0", True, "kink"),
    ("abs(x)", {"x": 0.0}, "0.5", True, "kink"),
    ("abs(x)", {"x": 0.0}, "2", False, "wrong"),
    ("floor(x)", {"x": 1.0}, "0", None, "jump"),
    ("sqrt(x)", {"x": 0.0}, "inf", None, "edge"),
    ("1/x", {"x": 0.0}, "-1/x**2", None, "singular"),
    ("x*x", {"x": float("inf")}, "2*x", True, "unresolved"),
    ("exp(x)", {"x": -1000.0}, "exp(x)", True, "verified"),
    # formulas hold around the point, numbers at it
    ("x**2", {"x": 1.0}, "2*x**3", False, "wrong"),
    ("x**2", {"x": 1.0}, "2", True, "verified"),
    ("x**2", {"x": 0.0}, "2*x**3", False, "wrong"),
    ("norm(x)", {"x": [3.0, 4.0]}, "x/5", False, "wrong"),
    ("sum(x)", {"x": [1.0, 2.0]}, "ones_like(x)", True, "verified"),
    ("det(x)", {"x": [[1.0, 2.0], [3.0, 4.0]]}, "det(x)*inv(x).T", True, "verified"),
    ("logdet(x)", {"x": [[2.0, 1.0], [1.0, 3.0]]}, "inv(x)", True, "verified"),
    ("detach(x)*x", {"x": 2.0}, "x", True, "verified"),
    ("detach(x)*x", {"x": 2.0}, "4/x", False, "wrong"),
    (DOUBLING, {"x": 3.0}, "64 + 0*x", True, "verified"),
    (DOUBLING, {"x": 3.0}, "64*x/3", False, "wrong"),
    ("acos(x)", {"x": 0.99999}, "-1/sqrt(1 - x**2)", True, "verified"),
    # on the same side of every corner
    ("x*abs(x)", {"x": 1.0}, "2*x", True, "verified"),
    ("sqrt((x - 1)**2)", {"x": 1.05}, "ones_like(x)", True, "verified"),
    ("x**2 if x > 0 else -x", {"x": 0.01}, "2*x", True, "verified"),
    ("floor(x)*x", {"x": 1.5}, "floor(x)", True, "verified"),
    ("floor(x)*x", {"x": 1.5}, "x/1.5", False, "wrong"),
    # on all sides where the point is a corner
    ("abs(x)", {"x": 0.0}, "sign(x)", True, "kink"),
    ("abs(x)", {"x": 0.0}, "2*x + 1", False, "wrong"),
    ("x*abs(x)", {"x": 0.0}, "2*abs(x)", True, "verified"),
    ("x*abs(x)", {"x": 0.0}, "2*x", False, "wrong"),
    ("maximum(x, y)", {"x": 1.0, "y": 1.0}, "where(x > y, 1, 0)", True, "kink"),
    ("norm(x)", {"x": [0.0, 0.0]}, "0*x", False, "wrong"),
    # other inputs only as what they may be
    ("x*y", {"x": 3.0, "y": 2.5}, "y**2/2.5", False, "wrong"),
    ("x@A@x", {"x": [1.0, 2.0], "A": [[2.0, 1.0], [1.0, 3.0]]}, "2*A@x", True, "verified"),
    (
        "-sum(y*log(softmax(x)))",
        {"x": [0.1, 0.3, -2.0], "y": [0.0, 1.0, 0.0]},
        "softmax(x) - y",
        True,
        "verified",
    ),
    (
        "-sum(y*log(softmax(x)))",
        {"x": [0.1, 0.3, -2.0], "y": [0.25, 0.25, 0.5]},
        "softmax(x) - y",
        True,
        "verified",
    ),
    (
        "norm(x@A)**2",
        {"x": [1.0, 2.0], "A": [[0.6, 0.8], [-0.8, 0.6]]},
        "2*x@A@A.T",
        True,
        "verified",
    ),
)


@pytest.mark.parametrize(
    ("text", "inputs", "claim", "holds", "outcome"), CLAIMS, ids=[f"{c[0]}:{c[2]}" for c in CLAIMS]
)
def test_a_claim(
    text: str, inputs: dict[str, Any], claim: str, holds: bool | None, outcome: str
) -> None:
    answer = report(text, claims={"x": claim}, **inputs)
    judged = answer.gradients[0].claim
    assert judged is not None
    assert judged.holds is holds
    assert answer.verdict.outcome == outcome, answer.verdict.message


OPEN: tuple[tuple[str, dict[str, Any], str, bool | None, str], ...] = (
    # program, inputs, claim by x, whether it holds, outcome
    ("floor(x)", {"x": 1.0}, "0", None, "jump"),
    ("log(abs(x))", {"x": 0.0}, "1/x", None, "singular"),
    ("sqrt(x)", {"x": 0.0}, "5", None, "edge"),
    ("x*x", {"x": np.inf}, "3", None, "unresolved"),
    ("sum(floor(x)) + x[0]", {"x": [0.5, 1.0]}, "tensor([1, 0])", None, "jump"),
    ("sum(floor(x)) + x[0]", {"x": [0.5, 1.0]}, "tensor([2, 0])", False, "wrong"),
    # another input has none
    ("x**2 + floor(y)", {"x": 2.0, "y": 1.0}, "2*x", True, "jump"),
    ("x**2 + floor(y)", {"x": 2.0, "y": 1.0}, "3*x", False, "wrong"),
    ("abs(x) + floor(y)", {"x": 0.0, "y": 1.0}, "0.5", True, "jump"),
    ("abs(x) + floor(y)", {"x": 0.0, "y": 1.0}, "2", False, "wrong"),
)


@pytest.mark.parametrize(("text", "inputs", "claim", "holds", "outcome"), OPEN)
def test_a_claim_where_there_is_no_gradient(
    text: str, inputs: dict[str, Any], claim: str, holds: bool | None, outcome: str
) -> None:
    answer = report(text, claims={"x": claim}, **inputs)
    judged = answer.gradients[0].claim
    assert judged is not None
    assert judged.holds is holds, answer.verdict.message
    assert answer.verdict.outcome == outcome
    assert ("cannot be judged" in answer.verdict.message) == (holds is None)
    drawn = why.render(
        [explain(problem(text, claims={"x": claim}, **inputs))], Style(300, color=False)
    )
    assert ("cannot be judged: there is" in drawn) == (holds is None)
    assert ("does not hold" in drawn) == (holds is False)


def test_a_claim_in_fewer_digits() -> None:
    inputs = {"x": [0.1, 0.3, -2.0], "y": [0.1, 0.2, 0.7]}
    for claim, holds in (("softmax(x) - y", True), ("softmax(x) - y + 1e-2*(x[0] - 0.1)", False)):
        answer = report("-sum(y*log(softmax(x)))", "float32", claims={"x": claim}, **inputs)
        found = answer.gradients[0].claim
        assert found is not None
        assert found.holds is holds


@pytest.mark.parametrize(
    ("text", "at", "claim", "shape"),
    [
        ("sum(x**2)", [1.0, 2.0, 3.0], "[[1]]", "(1, 1)"),
        ("sum(x**2)", [1.0, 2.0, 3.0], "[2]", "(1,)"),
        ("sum(x**2)", [1.0, 2.0, 3.0], "[2, 4]", "(2,)"),
        ("sum(x**2)", [1.0, 2.0, 3.0], "[[2, 4, 6]]", "(1, 3)"),
        ("sum(x**2)", [1.0, 2.0, 3.0], "outer(x, x)", "(3, 3)"),
        ("x**2", 3.0, "[6]", "(1,)"),
        ("x**2", math.inf, "[6]", "(1,)"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_claim_of_another_shape_is_refused(
    text: str, at: Any, claim: str, shape: str, check: bool
) -> None:
    with pytest.raises(ShapeError, match=re.escape(f"it has shape {shape}, the gradient by x")):
        report(text, claims={"x": claim}, x=at, check=check)


@pytest.mark.parametrize(
    ("claim", "tip"),
    [
        ("sum(x**2), 2*x", "f(x)[1], or a function that returns this part"),
        ("reshape(2*x, (3, 1))", "(...).reshape(-1) makes one of the claim"),
        ("reshape(2*x, (1, 3))", "(...).sum(0)"),
        ("outer(x, x)", "(...).sum(0)"),
        ("x[:2]", "give it the shape of x"),
    ],
)
def test_a_claim_that_is_no_vector_is_told_how_to_be_one(claim: str, tip: str) -> None:
    with pytest.raises(ShapeError) as raised:
        report("sum(x**2)", claims={"x": claim}, x=[1.0, 2.0, 3.0])
    assert tip in str(raised.value.hint)


@pytest.mark.parametrize(
    ("text", "at", "claim", "says"),
    [
        ("x**2", 1.0, "2*x**3", "the claim 2*x**3 holds at this point only: at x=1.0"),
        ("x", 1.0, "1 + 1e-9*(x - 1)", "holds at this point only: at x=1.0"),
        # what turns at the point itself
        ("relu(x)", -2.0, "relu(x + 2)", "not all around it: at x=-1.852 it gives 0.148"),
        ("x**2", 3.0, "2*maximum(x, 3)", "not all around it: at x=2.778 it gives 6 for x"),
        ("norm(x)", [3.0, 4.0], "x/5", "holds at this point only: at another point it gives 0.5"),
        ("abs(x)", 0.0, "2", "it gives 2 for x, and no mixture of the gradients around does"),
    ],
)
def test_what_is_said_of_a_claim(text: str, at: Any, claim: str, says: str) -> None:
    assert says in report(text, claims={"x": claim}, x=at).verdict.message


CROSS = "-sum(y*log_softmax(x))"

LOOP = "y = a**2\nfor i in range(int(n)):\n    y = y*x\ny"


@pytest.mark.parametrize(
    ("text", "inputs", "claim", "kept"),
    [
        ("sum(w*x)", {"w": [1.5, 2.5], "x": [2.0, 3.0]}, "w", ()),
        ("a*x**2", {"a": 1.0, "x": 3.0}, "2*a*x", ()),
        # what holds for any labels, and what for these alone
        (CROSS, {"y": [0.0, 1.0, 0.0], "x": [1.0, 2.0, 3.0]}, "sum(y)*softmax(x) - y", ()),
        (CROSS, {"y": [0.0, 1.0, 0.0], "x": [1.0, 2.0, 3.0]}, "softmax(x) - y", ("y",)),
        (CROSS, {"y": [0.2, 0.5, 0.3], "x": [1.0, 2.0, 3.0]}, "softmax(x) - y", ("y",)),
        ("sum((y*x - 1)**2)", {"y": [1.0, -1.0], "x": [1.0, 2.0]}, "2*(x - y)", ("y",)),
        ("sum((m*x)**2)", {"m": [0.0, 1.0], "x": [1.0, 2.0]}, "2*m*x", ("m",)),
        ("sum((x - u*(u@x))**2)", {"u": [0.6, 0.8], "x": [1.0, 2.0]}, "2*(x - u*(u@x))", ("u",)),
        ("x@A@x", {"A": [[2.0, 0.0], [0.0, 3.0]], "x": [2.0, 3.0]}, "2*diag(A)*x", ("A",)),
        ("sum(x**n)", {"n": 2.0, "x": [2.0, 3.0]}, "n*x**(n - 1)", ()),
        # what is not named may have been filled in
        ("x**2*y", {"y": 1.0, "x": 3.0}, "2*x", ("y",)),
        ("x**2*y", {"y": 4.0, "x": 3.0}, "8*x", ("y",)),
        ("x**2 + y", {"y": 4.0, "x": 3.0}, "2*x", ()),
        (LOOP, {"n": 2.0, "a": 1.0, "x": 3.0}, "n*x**(n - 1)*a**2", ("n",)),
    ],
)
def test_inputs_that_stay_as_they_are_where_a_claim_holds(
    text: str, inputs: Any, claim: str, kept: tuple[str, ...]
) -> None:
    found = report(text, claims={"x": claim}, wrt=("x",), **inputs).gradients[0].claim
    assert found is not None
    assert (found.holds, found.kept, found.symmetric) == (True, kept, ())
    assert bool(found.beside) is bool(kept and kept != ("n",))


LEAST_SQUARES = {"X": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "x": [1.0, -1.0], "b": [0.0, 1.0, 2.0]}


@pytest.mark.parametrize(
    ("text", "inputs", "claim", "diagnosis"),
    [
        ("mean((X@x - b)**2)", LEAST_SQUARES, "2*X.T@(X@x - b)",
         "it is 3 times the gradient everywhere: a mean of 3?"),
        ("sum((X@x - b)**2)", LEAST_SQUARES, "2*X.T@(X@x - b)/3",
         "it is 1/3 times the gradient everywhere: a mean of 3?"),
        ("sum((X@x - b)**2)", LEAST_SQUARES, "X.T@(X@x - b)",
         "it is 1/2 times the gradient everywhere"),
        ("sum((X@x - b)**2)", LEAST_SQUARES, "-2*X.T@(X@x - b)", "it has the other sign"),
        ("sum((X@x - b)**2)", LEAST_SQUARES, "-X.T@(X@x - b)",
         "it has the other sign, and 1/2 times as large"),
        ("x**3", {"x": 2.0}, "2*x**2", "it is 2/3 times the gradient everywhere"),
        ("x**2", {"x": 2.0}, "1.5*x", "it is 0.75 times the gradient everywhere"),
        ("log(x)/log(2)", {"x": 3.0}, "1/x", "it is about 0.693147 times the gradient everywhere"),
        ("trace(x@B)", {"x": [[1.0, 2.0], [3.0, 4.0]], "B": [[5.0, 6.0], [7.0, 9.0]]}, "B",
         "it is the transpose of the gradient"),
        ("x**2 + 3*x", {"x": [1.0, 2.0]}, "2*x", "it is 3 too small everywhere"),
        ("x**2", {"x": [1.0, 2.0]}, "2*x + 0.5", "it is 0.5 too large everywhere"),
        ("sin(x**2) + x**3", {"x": 0.7}, "2*x*cos(x**2)", "the term 3*x*x is missing"),
        ("sin(x) + x**3*y", {"x": 0.7, "y": 2.0}, "cos(x) - 3*x**2*y",
         "the term 3*x**2*y has the other sign"),
        ("sin(x) + x**3", {"x": 0.7}, "cos(x) + 6*x**2", "the term 3*x**2 is there twice"),
        ("sin(x**2) + x**3", {"x": 0.7}, "x*cos(x**2) + 3*x**2",
         "the term 2*x*cos(x**2) counts 1/2 times"),
        ("sin(x) + x**3", {"x": 0.7}, "cos(x) + 3*x**2 + sin(x)", "the term sin(x) is too much"),
        ("sin(x) + x**3", {"x": 0.7}, "cos(x) + 3*x**2 - 7*x", "the term -7*x is too much"),
        ("sum((X@x - b)**2) + x@x", LEAST_SQUARES, "2*X.T@(X@x - b)", "the term 2*x is missing"),
        ("sin(x**2)", {"x": [1.0, 2.0]}, "cos(x**2)", "the factor 2*x is missing"),
        ("sin(x**2)", {"x": 0.3}, "2*cos(x**2)", "the factor x is missing"),
        ("exp(sin(x))", {"x": 0.3}, "exp(sin(x))", "the factor cos(x) is missing"),
        ("x**2*y", {"x": 2.0, "y": 3.0}, "2*x", "the factor y is missing"),
        ("sum(x**2)", {"x": [1.0, 2.0]}, "2*sum(x)", "it is the sum of the gradient's elements"),
        ("sum(x**2)", {"x": [1.0, 2.0]}, "sum(x)", "it is the mean of the gradient's elements"),
        ("x**2", {"x": 3.0}, "2*x*1.0000001", "it is 1.0000001 times the gradient everywhere"),
        ("x**2", {"x": 3.0}, "2*x*(1 + 1e-7/3)",
         "it is about 1.00000003 times the gradient everywhere"),
        ("x**2", {"x": 3.0}, "2*x*0.999999", "it is 0.999999 times the gradient everywhere"),
        ("x**2", {"x": 3.0}, "2*x + 1/3", "it is 1/3 too large everywhere"),
        ("x**2", {"x": 3.0}, "2*x + sqrt(2)", "it is about 1.41421 too large everywhere"),
        # only there, on that side, or as far as is known
        ("x**2", {"x": [1.0, 1e-10]}, "where(x > 1e-5, 4*x, 0)", None),
        ("relu(x)", {"x": [-2.0, -3.0]}, "0*x + 1", "it is 1 too large here"),
        ("abs(x)", {"x": -2.0}, "x/x", "it has the other sign here"),
        ("sqrt(x**2)", {"x": -2.0}, "x/x", "it has the other sign here"),
        ("where(x > 0, x**2, x**3)", {"x": 2.0}, "4*x", "it is 2 times the gradient here"),
        ("abs(x)**3", {"x": 2.0}, "x*abs(x)", "it is 1/3 times the gradient wherever it was tried"),
        ("mean(relu(X@x - b))", LEAST_SQUARES | {"b": [-5.0, 4.0, -6.0]},
         "X.T@where(X@x > b, 1, 0)",
         "it is 3 times the gradient wherever it was tried: a mean of 3?"),
        ("sum((X@x - b)**2)", LEAST_SQUARES, "2*X.T@(X@x)", "the term -2*X.T@b is missing"),
        ("sum((X@x - b)**2)", LEAST_SQUARES, "2*X.T@(X@x + b)",
         "the term -2*X.T@b has the other sign"),
        ("x@A@x", {"A": [[2.0, 1.0], [0.5, 3.0]], "x": [2.0, 3.0]}, "2*A@x",
         "it is the gradient only where A is symmetric"),
        ("x@A@x", {"A": [[2.0, 1.0], [0.5, 3.0]], "x": [2.0, 3.0]}, "2*A.T@x",
         "it is the gradient only where A is symmetric"),
        ("log(x*y)", {"x": 2.0, "y": 3.0}, "1/(x*y)", "the factor 1/y is too much"),
        # numbers alone
        ("sum(x)", {"x": [1.0, 2.0, 3.0]}, "2", "it is 2 times the gradient here"),
        ("sum(x**2)", {"x": [1.0, 2.0]}, "-2,-4", "it has the other sign here"),
        ("sum(x**2)", {"x": [1.0, 2.0]}, "3,5", "it is 1 too large here"),
        ("sum(x**2)", {"x": [1.0, 2.0]}, "2.1,4.3", None),
        ("x**2", {"x": 3.0}, "-6", "it has the other sign here"),
        ("trace(x@B)", {"x": [[1.0, 2.0], [3.0, 4.0]], "B": [[5.0, 6.0], [7.0, 9.0]]},
         "[[5, 6], [7, 9]]", "it is the transpose of the gradient here"),
        # what is so at this point only
        ("x**2 + y*x", {"x": 2.0, "y": 3.0}, "2*x", "the term y is missing"),
        ("x**2 + x*y", {"x": 2.0, "y": 3.0}, "2*x + 2", None),
        ("x**2", {"x": 3.0}, "4*x*(x - 2)", None),
        ("x**3", {"x": [1.0, 2.0]}, "3*x + cos(x)", None),
        ("x**2", {"x": 3.0}, "12", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_claim(
    text: str, inputs: Any, claim: str, diagnosis: str | None
) -> None:
    found = report(text, claims={"x": claim}, wrt=("x",), **inputs).gradients[0].claim
    assert found is not None
    assert (found.holds, found.diagnosis) == (False, diagnosis)


@pytest.mark.parametrize(
    ("text", "inputs", "claim", "symmetric"),
    [
        ("trace(x@x)", {"x": [[1.0, 1.0], [1.0, 1.0]]}, "2*x", ("x",)),
        ("trace(x@x)", {"x": [[1.0, 1.0], [1.0, 1.0]]}, "2*x.T", ()),
        ("logdet(x)", {"x": [[2.0, 1.0], [1.0, 2.0]]}, "inv(x)", ("x",)),
        ("x@A@x", {"A": [[2.0, 1.0], [1.0, 3.0]], "x": [2.0, 3.0]}, "2*A@x", ("A",)),
        ("x@A@x", {"A": [[2.0, 1.0], [1.0, 3.0]], "x": [2.0, 3.0]}, "(A + A.T)@x", ()),
        # but for a rounding
        ("x@A@x", {"A": [[2.0, 0.3], [0.30000000000000004, 3.0]], "x": [2.0, 3.0]}, "2*A@x",
         ("A",)),
        ("sum((A@x)**2)", {"A": [[0.64, -0.48], [-0.48, 0.36]], "x": [1.0, 2.0]}, "2*A@(A@x)",
         ("A",)),
    ],
)  # fmt: skip
def test_matrices_that_stay_symmetric_where_a_claim_holds(
    text: str, inputs: Any, claim: str, symmetric: tuple[str, ...]
) -> None:
    found = report(text, claims={"x": claim}, wrt=("x",), **inputs).gradients[0].claim
    assert found is not None
    assert (found.holds, found.kept, found.symmetric) == (True, (), symmetric)
    assert bool(found.beside) is bool(symmetric)


@pytest.mark.parametrize(
    ("text", "inputs", "claim"),
    [
        ("1e15*x[0] + x[1]**2", {"x": [1.0, 1.0]}, "stack([1e15 + 0*x[0], 2 + 0*x[1]])"),
        (LOOP, {"n": 2.0, "a": 1.0, "x": 3.0}, "n*x**(n - 1)*a"),
        ("a*x**2", {"a": 1.0, "x": 3.0}, "2*x/a"),
        ("a*x**2 + x*b", {"a": 1.0, "b": 0.0, "x": 3.0}, "2*a*x + b**2"),
        ("sum(w*x)", {"w": [1.0, 1.0], "x": [2.0, 3.0]}, "w**2"),
        ("sum(w*x)", {"w": [0.0, 0.0], "x": [2.0, 3.0]}, "2*w"),
        ("sum(w*x)", {"w": [2.0, 4.0], "x": [2.0, 3.0]}, "w**2*[0.5, 0.25]"),
        (CROSS, {"y": [0.0, 1.0, 0.0], "x": [0.0, 0.0, 0.0]}, "1/3 + x - y"),
    ],
)
def test_a_claim_that_holds_for_the_other_inputs_as_they_are_alone(
    text: str, inputs: Any, claim: str
) -> None:
    answer = report(text, claims={"x": claim}, wrt=("x",), **inputs)
    assert answer.verdict.outcome == "wrong"
    assert "holds at this point only" in answer.verdict.message


@pytest.mark.parametrize(
    ("text", "at", "claim", "untried"),
    [
        ("x**2", 3.0, "2*x", False),
        ("x**2", 3.0, "6", False),
        ("tan(x)", 1.5707963267948966, "1 + tan(x)**2", True),
        ("sum(x**2)", np.full(100_000, 2.0), "2*x", True),
    ],
)
def test_whether_a_claim_was_tried_elsewhere(text: str, at: Any, claim: str, untried: bool) -> None:
    found = report(text, claims={"x": claim}, x=at).gradients[0].claim
    assert found is not None
    assert found.holds
    assert found.untried is untried


SPELLINGS = (
    ("{a}*sin(x)**2", ("2*{a}*sin(x)*cos(x)", "{a}*sin(2*x)", "{a}*2*tan(x)/(1 + tan(x)**2)")),
    ("{a}*tanh(x)", ("{a}*(1 - tanh(x)**2)", "{a}/cosh(x)**2",
                     "4*{a}/(exp(x) + exp(-x))**2")),
    ("log(1 + {a}*x**2)", ("2*{a}*x/(1 + {a}*x**2)", "2*x/(x**2 + 1/{a})")),
    ("({a} + x)**4", ("4*({a} + x)**3", "4*x**3 + 12*{a}*x**2 + 12*{a}**2*x + 4*{a}**3")),
    ("{a}*x*abs(x)", ("2*{a}*abs(x)", "2*{a}*sqrt(x**2)")),
    ("exp(-{a}*x)/x", ("-exp(-{a}*x)*({a}/x + 1/x**2)", "-({a}*x + 1)/(x**2*exp({a}*x))")),
)  # fmt: skip

OFFS = ("(x - {p})*exp(x)", "(x - {p})**2", "sin(x - {p})", "x - {p}", "1e-4*(x/{p} - 1)")


@pytest.mark.parametrize("seed", range(FULL * 20 + 4))
def test_formulas_hold_around_the_point_or_not_at_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    for text, spellings in SPELLINGS:
        a = f"{random.uniform(0.5, 2):.3f}"
        p = float(random.choice([-1, 1]) * random.uniform(0.3, 2))
        off = OFFS[random.integers(len(OFFS))]
        for right in spellings:
            for claim in (right, f"{right} + {off}"):
                answer = report(text.format(a=a), claims={"x": claim.format(a=a, p=p)}, x=p)
                found = answer.gradients[0].claim
                assert found is not None
                assert found.holds is (claim == right), (text, a, p, claim)
                assert not found.untried


def test_without_the_check_a_claim_is_held_against_autograd() -> None:
    answer = report("x*x", claims={"x": "2*x"}, x=3.0, check=False)
    assert answer.gradients[0].claim is not None
    assert answer.gradients[0].claim.holds
    assert answer.verdict.outcome == "unresolved"
    assert report("x*x", claims={"x": "3*x"}, x=3.0, check=False).verdict.outcome == "wrong"


def test_where_the_reference_is_in_doubt_a_claim_is_held_against_autograd() -> None:
    ours = {"claims": {"x": np.asarray(3.0)}}
    judged = weigh(2.0, 2.5, ours=ours, theirs={"doubt": "too steep"}, claims={"x": "3"})
    assert "it gives 3 for x, not 2 as autograd does" in judged.verdict.message


LEVEL: tuple[tuple[str, Any, str], ...] = (
    ("sigmoid(x)", 12.0, "vanished"),
    ("1 - sigmoid(x)", 12.0, "vanished"),
    ("sigmoid(x) - 1", 12.0, "vanished"),
    ("1 - sigmoid(1e-3*x)", 12e3, "vanished"),
    ("1 - sigmoid(x - 100)", 130.0, "vanished"),
    ("log(sigmoid(x))", 9.0, "vanished"),
    ("logsigmoid(x)", 9.0, "verified"),
    ("gelu(x)", -5.5, "vanished"),
    ("0.5*x*(1 + erf(x/sqrt(2)))", -5.5, "vanished"),
    ("gelu(x)", -7.0, "vanished"),
    ("0.5*x*(1 + erf(x/sqrt(2)))", -7.0, "vanished"),
    ("softsign(x)", 1e4, "vanished"),
    ("x/(1 + abs(x))", 1e4, "vanished"),
    ("softsign(x)", 1e10, "vanished"),
    ("x/(1 + abs(x))", 1e10, "vanished"),
    ("expm1(x)", -30.0, "vanished"),
    ("binary_cross_entropy_with_logits(x, 1.0)", 15.0, "vanished"),
    ("binary_cross_entropy_with_logits(x, 1.0)", 30.0, "vanished"),
    ("binary_cross_entropy_with_logits(x, 1.0)", 40.0, "vanished"),
    ("binary_cross_entropy(sigmoid(x), tensor(1.0))", -101.0, "vanished"),
    ("binary_cross_entropy(sigmoid(x), tensor(1.0))", -150.0, "vanished"),
    ("cross_entropy(x, tensor([1.0, 0.0]))", [15.0, 0.0], "vanished"),
    ("cross_entropy(x, tensor([1.0, 0.0]))", [25.0, 0.0], "vanished"),
    ("cross_entropy(x, tensor([0.9, 0.1]))", [1015.0, 1000.0], "verified"),
    ("-log_softmax(x, 0)[0]", [30.0, 0.0], "vanished"),
    ("-log(softmax(x, 0)[0])", [30.0, 0.0], "vanished"),
    ("tanhshrink(x)", 0.01, "verified"),
    ("x - tanh(x)", 0.01, "verified"),
    # what cancels is not level
    ("(1 - cos(x))/x**2", 1e-8, "wrong"),
    ("exp(x) - 1 - x", 1e-9, "wrong"),
    ("sqrt(x + 1) - sqrt(x)", 1e12, "wrong"),
    ("x**3 - 3*x**2 + 3*x - 1", 1.0000001, "wrong"),
    ("x**3 - 30*x**2 + 300*x - 1000", 10.0000001, "wrong"),
    ("x - tanh(x)", 1e-8, "wrong"),
    ("tanhshrink(x)", 1e-8, "wrong"),
)


VALUELESS: dict[str, tuple[str, Any, str, str]] = {
    "NaN for all": ("x + nan", 1.0, "unresolved", "no value here"),
    "outside a domain, times 0": ("0*sqrt(x) + 2*x", -1.0, "unresolved", "no value here"),
    "outside a domain, times 0, beside a slope": (
        "2*x + 0*asin(x)",
        -3.0,
        "unresolved",
        "no value",
    ),
    "infinite by what does not move": ("x + inf", 1.0, "verified", ""),
    "a fixed part outside its domain": ("x + log(-1)", 1.0, "unresolved", "no value here"),
    "a NaN that is multiplied": ("nan*x", 1.0, "unresolved", "number of the program is NaN"),
    "a NaN that is taken": ("where(x > 0, x, nan)", -1.0, "unresolved", "program is NaN"),
    "a NaN that is not taken": ("where(x > 0, x, nan)", 1.0, "verified", ""),
    "an infinity that is not taken": ("minimum(x, inf)", 1.0, "verified", ""),
    "a value that only overflows": ("x*1e200*1e200*1e-100", 1.0, "verified", ""),
}
"""Functions without a value, and such as have one, with their outcomes and what is said."""


@pytest.mark.parametrize("name", VALUELESS)
def test_what_has_no_value_has_no_gradient(name: str) -> None:
    text, at, outcome, says = VALUELESS[name]
    answer = report(text, x=at)
    assert (answer.verdict.outcome, says in answer.verdict.message) == (outcome, True)


@pytest.mark.parametrize("text", ["nan_to_num(x/0)", "nan_to_num(x*inf, posinf=2.0)"])
def test_what_is_made_of_an_infinity_is_no_wrong_value(text: str) -> None:
    assert not [f for f in report(text, x=1.0).findings if f.kind == "value"]


@pytest.mark.parametrize(("text", "at", "outcome"), LEVEL, ids=[f"{c[0]}:{c[1]}" for c in LEVEL])
def test_where_a_function_levels_off(text: str, at: Any, outcome: str) -> None:
    answer = report(text, x=at)
    assert answer.verdict.outcome == outcome, answer.verdict.message
    if outcome == "vanished":
        strict = report(text, x=at, strict=True)
        assert strict.verdict.exit_code == 1
        assert "--strict does not excuse what is lost in rounding" in strict.verdict.message


@pytest.mark.parametrize("size", [5, 19, 20, 23, 26, 27, 40])
def test_columns_that_add_up_to_nothing(size: int) -> None:
    drawn = np.random.default_rng(0).standard_normal((size, size))
    assert report("sum(x@x.T)", x=drawn).verdict.outcome == "verified"
    # as far as the inputs tell the gradient is 0
    assert report("sum(x@x.T)", x=drawn - drawn.mean(axis=0)).verdict.outcome == "vanished"


PAIRS = (
    ("softsign(x)", "x/(1 + abs(x))"),
    ("gelu(x)", "0.5*x*(1 + erf(x/sqrt(2)))"),
    ("tanhshrink(x)", "x - tanh(x)"),
    ("binary_cross_entropy_with_logits(x, 1.0)", "log(1 + exp(-x))"),
    ("-logsigmoid(x)", "softplus(-x)"),
    ("silu(x)", "x*sigmoid(x)"),
    ("mish(x)", "x*tanh(softplus(x))"),
    ("tanh(x)", "(exp(x) - exp(-x))/(exp(x) + exp(-x))"),
    ("softplus(x)", "log1p(exp(x))"),
    ("1 - sigmoid(x)", "-(sigmoid(x) - 1)"),
    ("log(sigmoid(x))", "log(1/(1 + exp(-x)))"),
)


@pytest.mark.sweep
@pytest.mark.parametrize("at", [-60.0, -30, -9, -5.5, -1e-4, 1e-6, 0.02, 0.7, 4, 12, 25, 37, 1e5])
@pytest.mark.parametrize("pair", PAIRS, ids=[pair[0] for pair in PAIRS])
def test_the_same_gradient_gets_the_same_verdict(pair: tuple[str, str], at: float) -> None:
    answers = [report(text, x=at) for text in pair]
    if len({float(answer.gradients[0].best) for answer in answers}) == 1:
        assert answers[0].verdict.outcome == answers[1].verdict.outcome


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("det(A)**2", {"A": [[1.0, 2.0], [2.0, 4.0]]}),
        ("norm(x, 4)**2", {"x": [0.0, 0.0]}),
    ],
)
def test_a_formula_that_does_not_hold_at_the_point_does_not_agree(
    text: str, inputs: dict[str, Any]
) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.message.startswith("autograd and enclosure agree")
    assert any("at this point" in finding.message for finding in answer.findings)
    assert report(text, strict=True, **inputs).verdict.outcome == "unresolved"


@pytest.mark.parametrize(
    ("text", "at", "written"),
    [
        # floats cannot work it out
        ("log(torch.special.ndtr(x))", -20.0, "exp(-x**2/2)/(sqrt(2*pi)*ndtr(x))"),
        # there is no gradient that it could be, and it is that of the points around
        ("(x**0.5)**2", 0.0, "1"), ("sqrt(x)**2", 0.0, "1"), ("sqrt(x)*sqrt(x)", 0.0, "1"),
        ("cos(acos(x))", 1.0, "1"),
        ("sign(x)*abs(x)**(1/3)", 0.0, "1/(3*abs(x)**(2/3))"),
    ],
)  # fmt: skip
def test_a_formula_is_not_denied_where_nothing_speaks_against_it(
    text: str, at: float, written: str
) -> None:
    answer = report(text, x=at)
    assert "formula" not in [finding.kind for finding in answer.findings]
    found = answer.gradients[0].formula
    assert found is not None
    assert found.text == written
    if answer.verdict.outcome in ("edge", "singular"):
        drawn = why.render([explain(problem(text, x=at))], Style(200, color=False))
        assert "symbolic" not in drawn


@pytest.mark.parametrize(
    ("text", "at", "outcome"),
    [
        ("exp2(sinh(x))", 1e6, "unresolved"),
        ("exp(exp(x))", 1e10, "unresolved"),
        # NaN where as many bits as small runs have tell that the gradient is 0
        ("atan(exp(exp(x)))", 1e4, "wrong"),
        ("sum(softmax(exp(x), 0))", [1e3, 1e4], "wrong"),
        ("log(log(exp(exp(x))))", 1e6, "unresolved"),
        ("x**x**x", 1e6, "unresolved"),
    ],
)
def test_what_is_beyond_the_balls_is_no_border(text: str, at: Any, outcome: str) -> None:
    assert report(text, x=at).verdict.outcome == outcome


def test_the_digits_of_an_element_that_is_off_altogether() -> None:
    answer = report("x[0]*1e20 + relu(x[1]) - relu(-x[1])", x=[1.0, 0.0])
    assert answer.verdict.outcome == "wrong"
    assert answer.gradients[0].digits == 0


def test_one_wrong_input_makes_the_whole_wrong() -> None:
    answer = report("x*x + (1 - cos(y))/y**2", x=3.0, y=1e-8)
    assert answer.verdict.outcome == "wrong"
    assert "for y" in answer.verdict.message
    marks = [gradient.differs for gradient in answer.gradients]
    assert [bool(np.any(mark)) for mark in marks if mark is not None] == [False, True]
