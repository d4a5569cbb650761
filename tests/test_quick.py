"""Calculations without an enclosure: by formula alone, in floats, and never a wrong `verified`."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradcalc.calculate import calculate
from gradcalc.derive.derivations import Derivations
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.kinks import near_in_floats
from gradcalc.errors import GradcalcError
from gradcalc.primitives import PRIMITIVES, Elementwise, Primitive
from gradcalc.verdict.outcome import Outcome, Verdict
from gradcalc.witnesses import autograd, enclosure
from tests.healthy import healthy
from tests.planting import spelled
from tests.sweeps import FULL
from tests.trust_cases import TRAPS, problem

RIGHT = {Outcome.VERIFIED, Outcome.VANISHED}


def quick(
    program: str, dtype: str = "float64", shared: Derivations | None = None, **options: Any
) -> Verdict:
    return calculate(problem(program, dtype, enclose=False, **options), derivations=shared).verdict


ALARMS = {"dead-branch"}
"""NaN at the end of a domain, on which nothing but 0 hangs: called wrong, and not the edge."""


@pytest.mark.sweep
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_trap_is_taken_for_right(trap: Any) -> None:
    try:
        found = quick(trap.program, trap.dtype, **trap.inputs).outcome
    except GradcalcError:
        return
    right = {*trap.outcomes, *(RIGHT if RIGHT & set(trap.outcomes) else ())}
    assert found is Outcome.UNRESOLVED or found in right or trap.name in ALARMS


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(60))
def test_what_is_right_is_never_called_wrong(seed: int) -> None:
    text, dtype, inputs = healthy(seed)
    # kinks nearby are not told from others
    assert quick(text, dtype, **inputs).outcome in {*RIGHT, Outcome.UNRESOLVED}


VERIFIED = {
    "dot": ("2*dot(x, x)", {"x": [0, 1, 2, 3]}),
    "logsumexp": ("logsumexp(x)", {"x": [0.1, 2, -3]}),
    "residual": ("sum((A@x - b)**2)", {"A": [[1, 2], [3, 4], [5, 6]], "x": [1, 2], "b": [1, 1, 1]}),
    "residual of either sign": ("sum((A@x - b)**2)", {
        "A": [[0.3, 0.8], [0.3, -0.1], [0.9, 0.4]], "x": [-0.5, 0.6], "b": [0.4, 0.3, 0.03]}),
    "softmax": ("softmax(x)[0]", {"x": [0.1, 2, -3]}),
    "layer": ("tanh(W@x).sum()", {"W": [[1, -2], [0.3, 4]], "x": [0.5, 0.25]}),
    "loop": ("b = 2*a\nwhile b.norm() < 100:\n    b = 2*b\nsum(b)", {"a": [1, 2]}),
    "erf": ("sum(erf(x))", {"x": [0.1, 0.5]}),
    "det": ("log(det(A))", {"A": [[2, 1], [1, 3]]}),
    "off a kink": ("relu(x).sum()", {"x": [1, -2]}),
    "at zero": ("2*dot(x, x)", {"x": [0, 0]}),
}  # fmt: skip


@pytest.mark.parametrize("name", VERIFIED)
def test_plain_programs_are_verified(name: str) -> None:
    text, inputs = VERIFIED[name]
    found = quick(text, **inputs)
    assert (found.outcome, found.message[:30]) == (
        Outcome.VERIFIED,
        "autograd and formula agree to ",
    )


UNKNOWN = {
    "lost in both": ("((1 + x) - 1 + y)**2", {"x": 1e-21, "y": 1e-20}),
    "lost to zero": ("((1 + x) - 1)**2", {"x": 1e-21}),
    "lost in erf": ("erf(x) - erf(x*(1 + 1e-16)) + 1e-30*x", {"x": 0.5}),
    "underflows": ("exp(-x)*1e300", {"x": 12000}),
    "rounded comparison": ("x*x if y + 0.2 <= 0.3 else x", {"x": 2, "y": 0.1, "wrt": ("x",)}),
    "asked for its truth": ("x*x if x else 3*x", {"x": 0.0}),
    "asked for its truth in where": ("where(x, x*x, 3*x)", {"x": 0.0}),
    "kink": ("abs(x)", {"x": 0}),
    "lost within a definition": ("sinc(x)", {"x": 1e-17}),
    "lost within a definition in float32": ("sinc(x)", {"x": 1e-17, "dtype": "float32"}),
    "as wide as torch's pi": ("sinc(x)", {"x": 1e10}),
    "lost in torch only": ("expm1(x)", {"x": -40}),
    "a few digits lost": ("softsign(x)", {"x": 2e4}),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_floats_cannot_tell_is_not_verified(name: str) -> None:
    text, inputs = UNKNOWN[name]
    assert quick(text, **inputs).outcome not in RIGHT


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("condition", "at"),
    [
        ("floor(x) > 0.5", 1.0), ("1/x > 0", 0.0), ("log(x) > -5", 0.0), ("sqrt(x) > -1", 0.0),
        ("sign(x) > -0.5", 0.0), ("exp(-1/x) < 0.5", 0.0), ("lgamma(x) > 0", 0.0),
        ("frac(x) < 0.5", 1.0), ("mod(x, 1) < 0.5", 2.0), ("asin(x) > 0", 1.0),
        ("1/(x - x) > 0", 2.0), ("round(x) > 0.5", 0.5), ("xlogy(x, x) > -0.5", 0.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["x if {} else 3*x", "where({}, x, 3*x + 1)", "x*({}) + 3*x"])
def test_a_jump_that_only_a_condition_sees(condition: str, at: float, form: str) -> None:
    assert quick(form.format(condition), x=at).outcome not in RIGHT
    many = np.linspace(0.6, 0.9, 20_000 if FULL else 4_000)
    many[7] = at
    if " if " in form:
        text = f"sum(x) if ({condition})[7] else sum(3*x)"
    else:
        text = f"sum({form.format(condition)})"
    assert calculate(problem(text, x=many)).verdict.outcome not in RIGHT


OVERFLOWS = {
    "logsumexp": ("logsumexp([x, 0])", {"x": 1e8}),
    "softmax": ("log_softmax(x)[1]", {"x": [30000, 1]}),
    "log1p": ("logaddexp(x, 0)", {"x": 20000}),
}


@pytest.mark.parametrize("name", OVERFLOWS)
def test_what_overflows_in_the_check_is_not_called_wrong(name: str) -> None:
    text, inputs = OVERFLOWS[name]
    assert quick(text, **inputs).outcome is not Outcome.WRONG


@pytest.mark.sweep
@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_nothing_wrong_is_right_without_the_enclosure(row: Primitive) -> None:
    """Every row at every sample and at extreme ones."""
    for sample in row.samples:
        text, inputs = spelled(row, sample)
        shared = Derivations()
        for scale in (1.0, 1e-17, 1e5, -30.0):
            asked = {name: value * scale for name, value in inputs.items()}
            try:
                found = quick(text, shared=shared, **asked).outcome
            except GradcalcError:
                continue
            if found in RIGHT:
                whole = calculate(problem(text, **asked), derivations=shared)
                assert whole.verdict.outcome is not Outcome.WRONG


STEERED = {
    "argmax": ("x[argmax(x)]", {"x": [2, 1, 2]}),
    "way by argmax": ("sum(x*x) if argmax(x) == 0 else sum(x)", {"x": [2, 2]}),
    "order": ("dot(x, sort(x).indices)", {"x": [2, 1, 2]}),
    "mask as a number": ("x*float(x > 1)", {"x": 1.0}),
    "rounded": ("x*round(x)", {"x": 2.5}),
    "bool": ("x if bool(x) else 2*x", {"x": 0.0}),
    "floor of what is rounded": ("floor(k*10)*x", {"x": 2.0, "k": 0.3, "wrt": ("x",)}),
    "difference of what is rounded": ("abs(k*3 - 0.9)*x", {"x": 2.0, "k": 0.3, "wrt": ("x",)}),
}


@pytest.mark.parametrize("name", STEERED)
def test_what_steers_a_program_is_looked_at(name: str) -> None:
    text, inputs = STEERED[name]
    for enclose in (True, False):
        found = calculate(problem(text, enclose=enclose, **inputs)).verdict
        assert found.outcome not in RIGHT


@pytest.mark.parametrize("error", [1e-6, 1e-13, -1.0, np.nan])
@pytest.mark.parametrize("name", VERIFIED)
def test_a_wrong_gradient_is_noticed(
    name: str, error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, inputs = VERIFIED[name]
    ours = autograd.testify(problem(text, **inputs))
    first, *_ = ours.gradients
    worse = {**ours.gradients, first: ours.gradients[first] * (1 + error) + error}
    monkeypatch.setattr(autograd, "testify", lambda _: replace(ours, gradients=worse))
    assert quick(text, **inputs).outcome is Outcome.WRONG


def test_the_enclosure_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosure, "testify", None)
    answer = calculate(problem("2*dot(x, x)", x=[1, 2], enclose=False), derivations=Derivations())
    assert answer.witnesses == ("autograd", "symbolic")


def test_strict_wants_the_enclosure() -> None:
    found = quick("2*dot(x, x)", x=[1, 2], strict=True)
    assert found.outcome is Outcome.UNRESOLVED
    assert "the enclosure was left out" in found.message


def margins(row: Elementwise, values: list[Any]) -> Any:
    """Which elements of a call are near a kink or a border."""
    text, inputs = spelled(row, tuple(values))
    recording = Runs(problem(f"sum({text})", **inputs)).recording
    trace = recording.trace
    node = next(n for n in trace.nodes if n.source is not None and n.source[0].name == row.name)
    given = [recording.values[o.order] for o in node.operands]
    return near_in_floats(trace, node, given, recording.values[node.order], 1e-16)


SPECIAL = [r for r in PRIMITIVES if isinstance(r, Elementwise) and (r.kinks or r.domain)]


@pytest.mark.parametrize("row", SPECIAL, ids=[row.name for row in SPECIAL])
def test_elements_together_are_those_one_by_one(row: Elementwise) -> None:
    """Where a row does not do the same with all of them."""
    count = len(row.samples[0])
    if row.static or any(not isinstance(value, float | int) for value in row.samples[0]):
        return
    draw = np.random.default_rng(count)
    points = draw.choice([-2.0, -1.0, -0.5, 0.0, 0.3, 0.5, 1.0, 2.0, 2.5], (count, 24))
    together = margins(row, list(points))
    single = [margins(row, list(points[:, k])).reshape(()) for k in range(24)]
    assert together.tolist() == [bool(near) for near in single]
