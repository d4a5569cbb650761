"""Formulas of random programs: right, and the same however they are come by."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gradcalc.derive.runs import Recording, Runs
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.formula import Formulas
from gradcalc.expr.written import Unprintable, Written
from gradcalc.witnesses import autograd
from tests import oracle
from tests.random_programs import SHAPES, commuted, point, program
from tests.sweeps import share
from tests.trust_cases import problem, report

EXAMPLES = share(25)
"""How many programs a test tries: many in a long run, few in the ordinary one."""

SEEDS = st.integers(0, 10**9)
THOROUGH = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def drawn(seed: int, depth: int = 3) -> tuple[str, dict[str, Any]]:
    text = program(random.Random(seed), depth=depth)
    inputs = point(text, seed)
    assume(inputs)
    return text, inputs


def recorded(text: str, inputs: dict[str, Any]) -> Recording:
    try:
        return Runs(problem(text, **inputs)).recording
    except GradcalcError:
        assume(False)
        raise


def formulas(recording: Recording) -> Formulas:
    shapes = {name: np.shape(value) for name, value in recording.problem.inputs.items()}
    try:
        return Formulas(recording.derivation.forms, recording.derivation.gradients, shapes)
    except Unprintable:
        assume(False)
        raise


def is_long(written: Written) -> bool:
    return bool(written.parts) or len(written.body) > 80


def close(first: Any, second: Any, scale: float = 1.0) -> bool:
    size = max(np.max(np.abs(second), initial=0), 1e-3 * scale)
    return bool(np.all(np.abs(first - second) <= 1e-8 * size))


def finite(*gradients: dict[str, Any]) -> bool:
    return all(np.isfinite(g).all() and np.abs(g).max(initial=0) < 1e6
               for found in gradients for g in found.values())  # fmt: skip


@THOROUGH
@given(SEEDS)
def test_the_sweep_and_the_formula_give_what_autograd_gives(seed: int) -> None:
    text, inputs = drawn(seed)
    recording = recorded(text, inputs)
    swept = recording.gradients(Floats(), inputs)
    simple = recording.numbers(formulas(recording).gradients, Floats(), inputs)
    torch = dict(autograd.testify(recording.problem).gradients)
    # at a singular matrix or a corner there is nothing to compare
    assume(finite(torch, swept, simple))
    for name in torch:
        assert simple[name].shape == swept[name].shape == torch[name].shape, text
        assert close(swept[name], torch[name]), (text, name)
        assert close(simple[name], torch[name]), (text, name)


@settings(THOROUGH, max_examples=max(EXAMPLES // 3, 5))
@given(SEEDS)
def test_the_formula_gives_what_the_oracle_gives(seed: int) -> None:
    text, inputs = drawn(seed, depth=2)
    recording = recorded(text, inputs)
    simple = recording.numbers(formulas(recording).gradients, Floats(), inputs)
    assume(recording.derivation.forms is not None and finite(simple))
    # where a matrix product makes hundreds of terms, the expansion takes minutes
    assume(sum(np.size(value) for value in recording.values) < 60)
    try:
        expected = oracle.values(recording.problem)
    except (TypeError, ArithmeticError):
        assume(False)
        raise
    for name, value in expected.items():
        assert close(simple[name], value), (text, name)


@THOROUGH
@given(SEEDS)
def test_what_is_shown_is_right(seed: int) -> None:
    text, inputs = drawn(seed)
    try:
        answer = report(text, **inputs)
    except GradcalcError:
        assume(False)
        raise
    assert "contradict" not in answer.verdict.message, text
    # a root of what is flat has no slope, wherever the formula is tried
    singular = any(word in text for word in ("det(", "relu", "clamp("))
    for finding in answer.findings:
        assert singular or "read back" not in finding.message, (text, finding)
        assert "fault" not in finding.message, (text, finding)
    claims = {g.name: g.closed_form for g in answer.gradients if g.closed_form is not None}
    assume(claims and answer.verdict.outcome == "verified")
    again = report(text, claims=claims, **inputs)
    for gradient in again.gradients:
        claim = gradient.claim
        if claim is not None:
            assert claim.value.shape == gradient.autograd.shape, text
            assert close(claim.value, gradient.autograd), (text, gradient.name)


@THOROUGH
@given(SEEDS)
def test_simplifying_twice_changes_nothing(seed: int) -> None:
    text, inputs = drawn(seed)
    recording = recorded(text, inputs)
    once = formulas(recording)
    shapes = {name: np.shape(value) for name, value in inputs.items()}
    twice = Formulas(recording.derivation.forms, once.gradients, shapes)
    first, second = (recording.numbers(f.gradients, Floats(), inputs) for f in (once, twice))
    for name in once.gradients:
        assert first[name].shape == second[name].shape, text
        assert not finite(first) or close(second[name], first[name]), (text, name)
        try:
            written = once.write(name)
        except Unprintable:
            continue
        # what was too large to be made one at once may come nearer to it the next time
        assert is_long(written) or written == twice.write(name), text


@THOROUGH
@given(SEEDS)
def test_the_order_of_operands_does_not_matter(seed: int) -> None:
    text, inputs = drawn(seed)
    # the order in which inputs are met decides how a formula is written
    first = "".join(f"{name}\n" for name in SHAPES if name in inputs)
    texts = [text, commuted(random.Random(seed), text)]
    found = [formulas(recorded(first + t, inputs)) for t in texts]
    for name in found[0].gradients:
        try:
            written, other = (f.write(name) for f in found)
        except Unprintable:
            continue
        # what is too large to be made one is taken apart as it comes
        assert is_long(written) or is_long(other) or written == other, texts


def test_random_programs_are_of_all_kinds() -> None:
    texts = [program(random.Random(seed)) for seed in range(share(200))]
    for word in ("softmax", "@", "sum", "where", "norm", "outer"):
        assert any(word in text for text in texts), word


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(3))
def test_the_oracle_can_disagree(seed: int) -> None:
    text, inputs = "sum(x**2)*c", point("x c", seed)
    expected = oracle.values(problem(text, **inputs))
    assert close(2 * inputs["x"] * inputs["c"], expected["x"])
    assert not close(2.001 * inputs["x"] * inputs["c"], expected["x"])
