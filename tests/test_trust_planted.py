"""No false verdict: a primitive that is wrong, on either side, never passes for verified."""

from functools import cache

import numpy as np
import pytest

from gradcalc.expr.nodes import Op
from gradcalc.expr.ops import OPS
from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise
from gradcalc.report import Report
from tests.planting import ARGUMENTS, RESULTS, Call, healthy_call, in_torch, same_gradients
from tests.planting_check import (
    ELEMENTWISE,
    POINT,
    PROGRAMS_BY_OP,
    SPOILED,
    in_a_row,
    in_a_vjp,
    in_results,
    worse_row,
)
from tests.sweeps import FULL
from tests.trust_cases import report

NAMES = [row.name for row in PRIMITIVES]
ELEMENT = [name for name in NAMES if isinstance(BY_NAME[name], Elementwise)]
OTHER = [name for name in NAMES if name not in ELEMENT]
BACKWARD = ("slope", "sign", "rolled")
"""The mistakes that torch makes in the gradient alone."""

HARMLESS = ("swapped", "rolled", "moved", "offset")
"""The mistakes that leave the gradient of a symmetric function as it is, or of a linear one."""


@cache
def call(name: str) -> Call:
    """A row's healthy call; to be asked for before anything is planted."""
    found = healthy_call(BY_NAME[name])
    assert found is not None, f"no sample of {name} is verified"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_row_takes_part(name: str) -> None:
    assert call(name).healthy.verdict.outcome == "verified"


@pytest.mark.sweep
@pytest.mark.parametrize("wrong", [*RESULTS, *ARGUMENTS])
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_torch_function_is_found(name: str, wrong: str) -> None:
    asked = call(name)
    with in_torch(name, wrong):
        answer = asked.report()
    if not same_gradients(answer, asked.healthy):
        # where the values differ as well, nobody can tell whose function is the other one
        outcome = "wrong" if wrong in BACKWARD else "unresolved"
        assert answer.verdict.outcome == outcome, answer.verdict.message
        assert wrong in BACKWARD or name in answer.verdict.message
        return
    # what has no slope of its own cannot have a wrong one
    assert wrong in HARMLESS or "s" in asked.problem.inputs
    if not np.allclose(answer.value, asked.healthy.value, rtol=1e-9, atol=0):
        assert answer.verdict.outcome == "unresolved", answer.verdict.message
        assert name in answer.verdict.message


def changed(call: Call, answer: Report) -> bool:
    """Whether a mistake in the check has changed the gradient that it holds torch to."""
    pairs = [(g.symbolic, g.autograd) for g in answer.gradients]
    return any(s is None or not np.allclose(s, a, rtol=1e-9, atol=0) for s, a in pairs)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ELEMENT)
@pytest.mark.parametrize("what", ELEMENTWISE)
@pytest.mark.parametrize("wrong", SPOILED)
def test_a_wrong_definition_is_found(wrong: str, what: str, name: str) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    worse = worse_row(row, what, wrong)
    if worse is None:
        return
    asked = call(name)
    with in_a_row(row, worse):
        answer = asked.report()
    if changed(asked, answer):
        assert answer.verdict.outcome == "unresolved", answer.verdict.message
        assert name in answer.verdict.message


@pytest.mark.sweep
@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("wrong", SPOILED)
def test_a_wrong_array_function_or_form_is_found(wrong: str, name: str) -> None:
    asked = call(name)
    with in_results(name, wrong):
        answer = asked.report()
    if not changed(asked, answer):
        assert wrong == "shifted" or not np.any(answer.value)
        return
    assert answer.verdict.outcome == "unresolved", answer.verdict.message


@pytest.mark.sweep
@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_is_off_in_the_check_is_not_held_against_torch(name: str) -> None:
    """The gradient is the same, so that nothing else tells of it."""
    asked = call(name)
    with in_results(name, "off"):
        answer = asked.report()
    assert answer.verdict.outcome == "unresolved", answer.verdict.message
    assert name in answer.verdict.message


VJPS = [op for op in OPS if op.name in PROGRAMS_BY_OP]


@pytest.mark.sweep
@pytest.mark.parametrize("op", VJPS, ids=[op.name for op in VJPS])
@pytest.mark.parametrize("wrong", SPOILED)
def test_a_wrong_vjp_is_found(wrong: str, op: Op) -> None:
    with in_a_vjp(op, wrong):
        answer = report(PROGRAMS_BY_OP[op.name], **POINT)
    assert answer.verdict.outcome == "unresolved", answer.verdict.message
    assert all(g.formula is None for g in answer.gradients)


@pytest.mark.sweep
@pytest.mark.parametrize("op", VJPS, ids=[op.name for op in VJPS])
@pytest.mark.parametrize("special", ["abs(k)", "abs(k)**3"])
def test_a_wrong_vjp_is_found_where_something_else_is_special(special: str, op: Op) -> None:
    text = f"({PROGRAMS_BY_OP[op.name]}) + {special}"
    for wrong in SPOILED:
        with in_a_vjp(op, wrong):
            answer = report(text, k=0.0, **POINT)
        assert answer.verdict.outcome == "unresolved", answer.verdict.message


@pytest.mark.sweep
@pytest.mark.parametrize("op", VJPS, ids=[op.name for op in VJPS])
def test_a_wrong_vjp_is_not_held_against_torch_without_the_enclosure(op: Op) -> None:
    for wrong in SPOILED:
        with in_a_vjp(op, wrong):
            answer = report(PROGRAMS_BY_OP[op.name], enclose=False, **POINT)
        assert answer.verdict.outcome == "unresolved", answer.verdict.message


LARGE = {
    "exp": "sum(exp(x))",
    "mul": "sum(x*x)",
    "sum": "sum(x*x)**2",
    "matmul": "x@x",
    "softmax": "softmax(x)@x",
    "var": "var(x)",
    "cumsum": "cumsum(x)@x",
}
MANY = np.random.default_rng(3).uniform(0.5, 1.5, 30_000 if FULL else 2_000)


@cache
def large(name: str, dtype: str) -> Report:
    healthy = report(LARGE[name], dtype, x=MANY)
    assert healthy.verdict.outcome == "verified", healthy.verdict.message
    assert healthy.witnesses == ("autograd", "symbolic", "enclosure")
    return healthy


@pytest.mark.sweep
@pytest.mark.parametrize("wrong", [wrong for wrong in RESULTS if wrong != "offset"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LARGE)
def test_a_wrong_torch_function_is_found_in_a_large_calculation(
    name: str, wrong: str, dtype: str
) -> None:
    with in_torch(name, wrong):
        answer = report(LARGE[name], dtype, x=MANY)
    room = 1e-4 if dtype == "float32" else 1e-9
    if same_gradients(answer, large(name, dtype), room):
        # float32 has not the digits for it, or the function is symmetric
        assert dtype == "float32" or wrong == "swapped"
        return
    assert answer.verdict.outcome in ("wrong", "unresolved"), answer.verdict.message
