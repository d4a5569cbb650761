"""A program derived once for many points: the same answers as when it is derived at each."""

import itertools
import random
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcalc.calculate import calculate
from gradcalc.derive import runs as module
from gradcalc.derive.derivations import Derivations
from gradcalc.derive.runs import Runs
from gradcalc.derive.trace import exactly
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Data
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.readback.alarm import TimesUp
from gradcalc.render.json import report_json
from gradcalc.witnesses import symbolic
from tests.healthy import healthy
from tests.trust_cases import problem


def answer(asked: Problem, derivations: Derivations | None = None) -> Any:
    """The whole report as plain data, or the error."""
    try:
        return report_json(calculate(asked, derivations=derivations))
    except GradcalcError as error:
        return str(error)


class Stream(NamedTuple):
    """A program and the inputs of its points, in the order in which they are asked."""

    program: str
    points: tuple[dict[str, Any], ...]


STREAMS = {
    "formula": Stream("2*dot(x, x)", ({"x": [0, 1, 2]}, {"x": [3, -1, 2]}, {"x": [0, 0, 0]})),
    "shapes": Stream("sum(x*x)", ({"x": [1, 2]}, {"x": [1, 2, 3]}, {"x": 2.0}, {"x": [[1.0]]})),
    "branch": Stream("u = x*x if x > 0 else -x; sum(u)", ({"x": 1}, {"x": -1}, {"x": 2})),
    "loop": Stream("b = 2*a\nwhile b.norm() < 100:\n    b = 2*b\nsum(b)",
                   ({"a": [1]}, {"a": [9]}, {"a": [1.5]})),
    "count": Stream("s = 0.0\nfor i in range(int(n)): s = s + x**i\ns",
                    ({"x": 2, "n": 2}, {"x": 2, "n": 3}, {"x": 3, "n": 2})),
    "item": Stream("x.sum().item()*dot(x, x)", ({"x": [1, 2]}, {"x": [2, 1]}, {"x": [5, 2]})),
    "index": Stream("x[int(k)]**2", ({"x": [1, 2], "k": 0}, {"x": [1, 2], "k": 1})),
    "order": Stream("dot(sort(x).values, [1, 2, 3])", ({"x": [3, 1, 2]}, {"x": [1, 2, 3]})),
    "places": Stream("x[argmax(x)]*3", ({"x": [3, 1]}, {"x": [1, 3]})),
    "zero of either sign": Stream("atan2(x, k)", ({"x": 0.0, "k": 1}, {"x": -0.0, "k": 1})),
    "choice": Stream("sum(where(x > 0, x*x, -x))", ({"x": [1, -1]}, {"x": [-1, 1]}, {"x": [2]})),
    "choice beneath a choice": Stream("where(where(x > 0, x, k), x*x, 3*x)",
                                      ({"x": 1, "k": 2, "wrt": ("x",)},
                                       {"x": -1, "k": 0, "wrt": ("x",)},
                                       {"x": -1, "k": 2, "wrt": ("x",)})),
    "detached": Stream("u = detach(x*x); sum(u*x)", ({"x": [1, 2]}, {"x": [3, 0]})),
    "kink": Stream("relu(x).sum()", ({"x": [1, -1]}, {"x": [0, 1]}, {"x": [-2, -1]})),
    "edge": Stream("sqrt(x)", ({"x": 4}, {"x": 0}, {"x": -1}, {"x": 9})),
    "domain": Stream("log(det(A))", ({"A": [[2, 1], [1, 3]]}, {"A": [[1, 2], [3, 1]]})),
    "singular": Stream("sum(inv(A))", ({"A": [[2, 1], [1, 3]]}, {"A": [[1, 1], [1, 1]]})),
    "assertion": Stream("assert x > 0; log(x)", ({"x": 1}, {"x": -1}, {"x": 2})),
    "extreme": Stream("exp(x)/exp(x)", ({"x": 1}, {"x": 800}, {"x": -800})),
    "loses digits": Stream("(1 + x) - 1", ({"x": 1}, {"x": 1e-17}, {"x": 1e9})),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_gets_the_same_answers(name: str) -> None:
    program, points = STREAMS[name]
    asked = [problem(program, **point) for point in points]
    alone = [answer(one) for one in asked]
    for order in (range(len(asked)), reversed(range(len(asked)))):
        shared = Derivations()
        for k in [*order, 0]:
            assert answer(asked[k], shared) == alone[k]


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(10))
def test_random_programs_get_the_same_answers(seed: int) -> None:
    rng = random.Random(seed)
    shared = Derivations()
    asked = []
    for number in rng.sample(range(seed * 10, seed * 10 + 10), 2):
        text, dtype, inputs = healthy(number)
        if sum(np.size(value) for value in inputs.values()) > 30:
            continue
        first = replace(problem(text, **inputs), dtype=dtype)
        asked += [first] + [
            replace(first, inputs={n: v * scale for n, v in first.inputs.items()})
            for scale in (-1.0, 0.5)
        ]
    rng.shuffle(asked)
    alone = [answer(one) for one in asked]
    for one, found in zip(asked * 2, alone * 2, strict=True):
        assert answer(one, shared) == found


BASE = problem("u = x*x; sum(u*y)", x=[1, 2], y=[3, 4])
VARIED = {
    "program": replace(BASE, program=compile_program("u = x*x; sum(u*y*2)")),
    "wrt": replace(BASE, wrt=("y",)),
    "order of wrt": replace(BASE, wrt=("y", "x")),
    "detach": replace(BASE, detach=("u",)),
    "of": replace(BASE, of="u"),
    "dtype": replace(BASE, dtype="float32"),
    "cotangent": replace(BASE, cotangent=np.array(-1.0)),
    "lets": replace(BASE, lets=(("y", compile_program("x + 1")),), inputs={"x": BASE.inputs["x"]},
                    wrt=("x",)),
    "names": problem("u = z*z; sum(u*y)", z=[1, 2], y=[3, 4]),
    "order of inputs": replace(BASE, inputs=dict(reversed(BASE.inputs.items()))),
    "limits": replace(BASE, limits=replace(BASE.limits, steps=2)),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIED)
def test_another_problem_is_another_derivation(name: str) -> None:
    shared = Derivations()
    answer(BASE, shared)
    assert answer(VARIED[name], shared) == answer(VARIED[name])
    assert answer(BASE, shared) == answer(BASE)


def test_a_derivation_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Derivations()
    first = shared.runs(problem("2*dot(x, x)", x=[1, 2])).recording
    # nothing is run again either
    monkeypatch.setattr(module, "record", None)
    again = shared.runs(problem("2*dot(x, x)", x=[3, 4])).recording
    assert again.derived is first.derived
    assert again.output == 50


def test_a_run_remembers_what_it_saw_itself() -> None:
    """Two points may see other numbers and do the same."""
    shared = Derivations()
    recordings = [
        shared.runs(problem("sum(x**int(k[0]))", x=[1, 2], k=[k], wrt=("x",))).recording
        for k in (2.25, 2.5)
    ]
    for recording in recordings:
        seen = recording.trace.observations
        assert seen
        assert all(one.holds(Floats(), recording.values) for one in seen)
    first, second = (recording.derived for recording in recordings)
    assert first.derivation is second.derivation


def test_a_formula_that_took_too_long_once_is_written_at_the_next_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(*_: Any) -> Any:
        raise TimesUp

    shared, asked = Derivations(), problem("2*dot(x, x)", x=[1, 2])
    with monkeypatch.context() as slow:
        slow.setattr(symbolic, "_simplified", late)
        (gradient,) = calculate(asked, derivations=shared).gradients
        assert gradient.formula is None
    (gradient,) = calculate(asked, derivations=shared).gradients
    assert gradient.closed_form == "4*x"


def test_a_claim_is_worked_out_in_a_run_of_its_own() -> None:
    shared = Derivations()
    for k in (1.0, 2.0):
        asked = problem("f = lambda t: t*x; sum(f(x))", x=[k, 3])
        claimed = replace(asked, claims={"x": compile_program("2*f(1)", known=("f", "x"))})
        assert answer(claimed, shared) == answer(claimed)
        assert answer(claimed, shared)["expected"]["x"]["holds"]


def test_the_last_programs_are_kept() -> None:
    shared = Derivations(programs=2)
    texts = ("x", "x*2", "x*3")
    first, *_ = [shared.runs(problem(text, x=1.0)).recording.derived for text in texts]
    assert shared.runs(problem("x*3", x=2.0)).recording.derived is not first
    assert shared.runs(problem("x", x=1.0)).recording.derived is not first


def test_every_course_around_a_point_is_made_once() -> None:
    """A run that leaves one course is led to the one which goes on with what was seen."""
    runs = Runs(problem("sort(x).values@w", x=[1.0, 2, 3, 4], w=[1.0, 2, 4, 8]))
    weights = np.array([1.0, 2, 4, 8])
    for known in (False, True):
        for order in itertools.permutations([1.0, 2, 3, 4]):
            inputs = {"x": np.array(order), "w": weights}
            run = runs.at(Floats, inputs)
            assert (run.execution is None) is known
            found = run.swept(Floats(), inputs)["x"]
            assert found.tolist() == weights[np.argsort(np.argsort(order))].tolist()


def test_a_trace_that_only_looks_the_same_is_another() -> None:
    """Were the key ever to collide, the trace itself still tells programs apart."""
    one = Runs(problem("clamp(x, min=0.0)", x=1.0)).recording.trace
    other = Runs(problem("clamp(x, min=-0.0)", x=1.0)).recording.trace
    assert one.exactly() != other.exactly()
    assert one.exactly() == Runs(problem("clamp(x, min=0.0)", x=5.0)).recording.trace.exactly()


@pytest.mark.parametrize(
    ("first", "second"),
    [(0.0, -0.0), (1, 1.0), (True, 1), ((1, 2.0), (1, 2)), (slice(1), slice(True)), ([1], (1,))],
)
def test_what_is_equal_is_not_the_same(first: Any, second: Any) -> None:
    assert exactly(first) != exactly(second)
    assert exactly(first) == exactly(first)


def test_numbers_are_compared_by_their_bits() -> None:
    assert exactly(np.array([0.0])) == Data.of(np.array([0.0])) != exactly(np.array([-0.0]))
