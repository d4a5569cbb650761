"""Bounds and guards, each with a case that only it decides."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from typing import Any

import flint
import numpy as np
import pytest

from gradcalc import remedies
from gradcalc.balls.arithmetic import Balls
from gradcalc.balls.numbers import is_tight
from gradcalc.calculate import calculate
from gradcalc.derive import modes
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.consistency import contradiction
from gradcalc.enclosure.experiment import LEVEL, TIE
from gradcalc.enclosure.strangers import stranger
from gradcalc.enclosure.trial import FAR
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.formula import Formulas
from gradcalc.expr.written import Written
from gradcalc.readback.roundtrip import ReadBack, RoundTrip
from gradcalc.testimony import Computed, Step
from gradcalc.verdict.references import APART
from gradcalc.witnesses import autograd, symbolic
from tests.planting_check import (
    POINT,
    PROGRAMS_BY_OP,
    SPOILED,
    exchanged,
    worse_jvp,
    worse_vjp,
)
from tests.trust_cases import enclosed, experiment, problem, report

EPSILON = float(np.finfo(float).eps)


@pytest.mark.parametrize("op", [ops.PROD, ops.CUMSUM, ops.SORT, ops.MATMUL, ops.DET, ops.INV])
@pytest.mark.parametrize("wrong", [wrong for wrong in SPOILED if wrong != "shifted"])
def test_a_rule_that_is_as_wrong_in_both_modes_is_noticed(op: Any, wrong: str) -> None:
    """Both give the same slope; the values beside the point do not."""
    worse = replace(op, vjp=worse_vjp(op, wrong), jvp=worse_jvp(op, wrong))
    with ExitStack() as stack:
        for rule in ("forward_rule", "reverse_rule"):
            stack.enter_context(exchanged(modes, rule, op, worse))
        answer = report(PROGRAMS_BY_OP[op.name], **POINT)
    assert answer.verdict.outcome == "unresolved", answer.verdict.message
    assert "own derivative" in answer.verdict.message
    assert op.name in answer.verdict.message


@pytest.mark.parametrize("op", [ops.PROD, ops.CUMSUM, ops.MATMUL, ops.DET, ops.INV, ops.FLIP])
@pytest.mark.parametrize("wrong", [None, *SPOILED])
@pytest.mark.parametrize("rule", ["reverse_rule", "forward_rule"])
def test_the_two_modes_are_held_to_each_other(rule: str, wrong: str | None, op: Any) -> None:
    """With no values beside the point to tell of it."""
    worse = op
    if wrong is not None:
        backward = rule == "reverse_rule"
        own = {"vjp": worse_vjp(op, wrong)} if backward else {"jvp": worse_jvp(op, wrong)}
        worse = replace(op, **own)
    with exchanged(modes, rule, op, worse):
        found = contradiction(experiment(problem(PROGRAMS_BY_OP[op.name], **POINT)).centre, [])
    assert found is None if wrong is None else op.name in str(found)


TIED_AT_THE_POINT = """\
a = sqrt(x*x)
t = 1 + y
u = 1/(t - 1)
a + (u*(t - 1) - 1 + x*x < 0)"""
"""The size of x: the condition is false, but at 0 a tie that is met in more digits than it takes
to see that a has no slope there."""


def test_a_value_at_the_point_that_was_guessed_makes_no_jump() -> None:
    answer = report(TIED_AT_THE_POINT, x=0.0, y=1e-100, wrt=("x",))
    assert answer.verdict.outcome == "unresolved"
    assert TIE in answer.verdict.message
    # where no comparison is guessed there is but a kink
    assert "kink" in report("sqrt(x*x) + (x*x < 0)", x=0.0).verdict.message


@pytest.mark.parametrize(
    ("condition", "enclosed_too"), [("sin(x)**2 + cos(x)**2 < 1", False), ("sin(x) > 2", True)]
)
def test_a_claim_with_a_tie_in_it_is_judged_as_floats_have_it(
    condition: str, enclosed_too: bool
) -> None:
    claims = {"x": f"where({condition}, 0, 2*x)"}
    found = enclosed(problem("x*x", x=1.3, claims=claims))
    assert ("x" in found.claims) is enclosed_too
    assert report("x*x", x=1.3, claims=claims).verdict.outcome == "verified"


@pytest.mark.parametrize(("text", "doubt"), [("2*x", None), ("2.0001*x", APART)])
def test_a_formula_that_nobody_read_back_is_held_to_the_enclosure(
    text: str, doubt: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Formulas, "write", lambda *_, **__: Written((), text))
    monkeypatch.setattr(RoundTrip, "read", lambda *_: ReadBack.HOLDS)
    monkeypatch.setattr(symbolic, "_is_near", lambda *_: True)
    answer = report("sum(x*x)", x=[1.0, 3.0])
    assert answer.verdict.outcome == ("verified" if doubt is None else "unresolved")
    assert doubt is None or doubt in answer.verdict.message


@pytest.mark.parametrize(("roundings", "said"), [(2, True), (3, True), (6, False), (40, False)])
def test_what_a_few_roundings_could_turn_over_is_said(roundings: int, said: bool) -> None:
    answer = report("maximum(x, y)", x=1.0, y=1 + roundings * EPSILON)
    assert answer.verdict.outcome == "verified"
    assert any(finding.kind == "near" for finding in answer.findings) is said


@pytest.mark.parametrize(("points", "cured"), [(1, False), (2, True)])
def test_a_cure_is_the_same_function_at_two_more_points(
    points: int, cured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = remedies._elsewhere

    def few(asked: Any) -> Iterator[Any]:
        return islice(elsewhere(asked), points)

    monkeypatch.setattr(remedies, "_elsewhere", few)
    cure = calculate(problem("log(sum(exp(x)))", x=[1000.0, 1001.0])).cured
    assert (cure is not None) is cured


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2*x", ReadBack.HOLDS),
        # right here and at ordinary points, and nowhere beside this one
        ("where(x == 50, 2*x, where(x > 4, 3*x, 2*x))", ReadBack.FAILS),
        ("where(x > 4, 3*x, 2*x)", ReadBack.FAILS),
        ("3*x", ReadBack.FAILS),
    ],
)
def test_a_text_is_read_back_here_beside_and_elsewhere(text: str, answer: ReadBack) -> None:
    recording = Runs(problem("x**2", x=50.0)).recording
    shown = Formulas(recording.derivation.forms, recording.derivation.gradients, {"x": ()})
    trip = RoundTrip(recording, {"x": np.array(100.0)})
    assert trip.read("x", text, shown.gradients["x"]) is answer


def test_a_claim_speaks_of_the_inputs_and_not_of_what_the_program_makes_of_them() -> None:
    answer = report("x = 2*x\nsum(x*x)", x=[1.0, 3.0], claims={"x": "8*x"})
    assert answer.verdict.outcome == "verified"
    other = report("x = 2*x\nsum(x*x)", x=[1.0, 3.0], claims={"x": "4*x"})
    assert other.verdict.outcome == "wrong"


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("sum(sin(x))", {"x": [1e160, 2.0]}),
        ("prod(0.5 + sigmoid(sin(x)/3))", {"x": [1e160, 1e8]}),
        (
            "sum(where(z*x > 0.1, z*x, 2*z*x)*sin(y))",
            {"x": [1e160, 0.5], "z": [0.0, 1.0], "y": 1e90},
        ),
        ("tan(x)*sin(y)", {"x": 1.5, "y": 1e200}),
    ],
)
def test_what_turns_round_ever_so_near_is_no_contradiction(text: str, inputs: Any) -> None:
    assert "own derivative" not in report(text, **inputs).verdict.message


@pytest.mark.parametrize(
    "text", ["sum(inv(A)@inv(A))", "sum(solve(A, A[0]))", "logdet(A@A.T)", "amax(inv(A))"]
)
def test_an_exactly_singular_matrix_is_no_fault(text: str) -> None:
    A = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
    assert report(text, A=A).verdict.outcome in ("singular", "edge", "unresolved")


def test_the_cofactors_of_what_is_not_finite_are_not_looked_for_for_ever() -> None:
    matrix = np.array([[1.0, 2.0, 3.0], [np.inf, 1e8, -1.0], [2.0, 1.0, 0.5]])
    assert np.isnan(Floats().cofactor(matrix)).all()


@pytest.mark.parametrize(("size", "equal"), [(3, 1), (5, 1), (5, 2), (40, 1)])
def test_cofactors_of_an_exactly_singular_matrix(size: int, equal: int) -> None:
    matrix = np.random.default_rng(size).normal(size=(size, size))
    matrix[-equal:] = matrix[0]
    balls = Balls()
    with flint.ctx.workprec(200):
        found = balls.cofactor(balls.asarray(matrix))
        minors = {
            (i, j): balls.det(balls.asarray(np.delete(np.delete(matrix, i, 0), j, 1)))
            for i, j in [(0, 0), (size - 1, 1), (1, 2)]
        }
    for (i, j), minor in minors.items():
        assert found[i, j].overlaps(minor * (-1) ** (i + j))
        assert is_tight(found[i, j])


def test_rounding_of_cofactors_is_that_of_the_largest() -> None:
    """Of two equal rows all other elements have cofactors of exactly 0."""
    matrix = np.random.default_rng(7).normal(size=(60, 60))
    matrix[3] = matrix[7]
    assert report("det(A)", A=matrix).verdict.outcome == "verified"


def test_rounding_of_a_determinant_is_no_other_meaning() -> None:
    rows = np.random.default_rng(1).normal(size=(7, 8))
    asked = replace(problem("det(cat([B, B[:1]]))", B=rows), steps=True)
    told = autograd.testify(asked)
    assert told.steps[-1].value != 0
    assert stranger(experiment(asked), told) is None
    off = replace(told.steps[-1], values=(np.asarray(1e-9),))
    assert stranger(experiment(asked), with_last(told, off)) == "det"


def test_a_kernel_that_loses_digits_is_no_other_function_where_the_gradients_agree() -> None:
    asked = replace(problem("det(B)", B=np.random.default_rng(1).normal(size=(3, 3))), steps=True)
    told = autograd.testify(asked)
    last = told.steps[-1]
    for off, other in ((1e-10, None), (1e-6, "det")):
        value = replace(last, values=(last.values[0] * (1 + off),))
        both = replace(value, handed=tuple(part * (1 + off) for part in last.handed))
        assert stranger(experiment(asked), with_last(told, both)) == "det"
        assert stranger(experiment(asked), with_last(told, both), inexact=True) == other
        # its own slope says as much
        assert stranger(experiment(asked), with_last(told, value)) == other


def with_last(told: Computed, step: Step) -> Computed:
    """An answer with another last step."""
    return replace(told, steps=(*told.steps[:-1], step))


@pytest.mark.parametrize(
    ("text", "inputs", "told"),
    [
        ("sum(polygamma(1, x)**2)", {"x": [0.9]}, "torch gives 1.92253996 for polygamma at 0.9"),
        ("sum(log(polygamma(1, x)))", {"x": [0.9]}, "torch gives 1.92253996 for polygamma at 0.9"),
        ("norm(x*1e-200)", {"x": [1.0, 2.0]}, "torch gives 0 for norm, which is 2.23607e-200"),
        ("norm(x*1e-170)", {"x": [1.0, 2.0]}, "torch gives 0 for norm, which is 2.23607e-170"),
        ("sqrt(sum((x*1e-200)**2))", {"x": [1.0, 2.0]}, "pow at 1e-200, 2 underflows to 0"),
    ],
)
def test_what_a_kernel_loses_is_said_and_not_taken_for_another_meaning(
    text: str, inputs: dict[str, Any], told: str
) -> None:
    found = report(text, **inputs)
    assert found.verdict.outcome == "wrong"
    assert any(told in finding.message for finding in found.findings)


@pytest.mark.parametrize("x", [0.5, 2.3, -1.3])
def test_torch_loses_digits_of_the_value_alone(x: float) -> None:
    found = report("polygamma(1, x)", x=x)
    assert found.verdict.outcome == "verified"
    (value,) = [finding.message for finding in found.findings]
    assert "has lost digits though the gradient is right" in value
    assert report("digamma(x)", x=x).verdict.exit_code == (1 if x > 0 else 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [("exp(exp(x))", FAR), ("1/exp(exp(x))", FAR), ("logaddexp(exp(x), 1)", LEVEL)],
)
def test_what_is_too_large_for_balls_is_not_outside_the_domain(text: str, why: str) -> None:
    verdict = report(text, x=1e10).verdict
    assert (verdict.outcome, verdict.message) == ("unresolved", f"not checked: {why}")


def test_what_is_too_large_for_numbers_has_a_formula() -> None:
    answer = report("sinh(x)", x=1e274)
    assert answer.verdict.outcome == "unresolved"
    assert answer.gradients[0].closed_form == "cosh(x)"
