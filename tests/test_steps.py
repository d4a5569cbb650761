"""`gradcalc explain`: every text and every formula of a step gives the numbers that stand there."""

import ast
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.api import SHOWN, _request
from gradcalc.blocks import value_of
from gradcalc.expr.formula import Formulas
from gradcalc.problem import Problem
from gradcalc.render import stepper
from gradcalc.steps.data import Forward, Handed, Mark, Numbers, Steps
from gradcalc.steps.folding import rounds_of
from gradcalc.steps.held import Held
from gradcalc.steps.names import SUBSCRIPTS
from gradcalc.steps.readback import identifier
from gradcalc.steps.rules import Rule, arrived
from gradcalc.steps.walk import steps_of
from gradcalc.testimony import Array
from tests import random_programs
from tests.command import Run
from tests.formula_families import FAMILIES, Family, point

MODULES = {"torch", "np", "F", "math", "pi"}


def plain(text: str) -> str:
    """A text in which the names of steps are such as a program may have."""
    found = re.sub(r"detach\((\w+)\)", lambda m: identifier(m[0]), text)
    return re.sub(r"\b\w+[₀-₉]+", lambda name: identifier(name[0]), found)


def values_of(steps: Steps) -> dict[str, Array]:
    """What stands for each name."""
    found = dict(steps.inputs)
    for step in steps.forward:
        found |= {n: v.value for n, v in zip(step.names, step.numbers, strict=True)}
    detached = {f"detach({name})": value for name, value in found.items()}
    return {identifier(name): value for name, value in (found | detached).items()}


def is_given(
    text: str, values: Mapping[str, Array], expected: Array, problem: Problem, scale: float = 0.0
) -> bool:
    """Whether a text gives these numbers, or others that are off by little of a `scale`.

    True of one that has names of no tensor in it.
    """
    tree = ast.parse(plain(text))
    bound = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    called = {
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - bound - called
    modules = {"torch", "np", "F", "math", "pi"}
    if not names - modules <= values.keys():
        return True
    found = value_of(problem, plain(text), {n: values[n] for n in names - modules})
    if found is None:
        return False
    if np.shape(found) != np.shape(expected):
        return False
    told = np.isfinite(expected)
    scale = max(scale, np.max(np.abs(expected[told]), initial=0.0)) + 1e-300
    same = np.isfinite(found) == told
    return bool(np.all(same) and np.all(np.abs((found - expected)[told]) <= 1e-6 * scale))


def faults(steps: Steps, problem: Problem) -> Iterator[str]:
    """What is not so of the steps of a calculation whose gradient is verified."""
    values = values_of(steps)
    for step in steps.forward:
        if len(step.names) == 1 and not is_given(step.text, values, step.numbers[0].value, problem):
            yield f"{step.names[0]} = {step.text} is not {step.numbers[0].value}"
    marks = [numbers for step in steps.forward for numbers in step.numbers]
    arriving: dict[str, Array] = {}
    if steps.output in steps.inputs:
        arriving[steps.output] = np.broadcast_to(steps.weights, steps.inputs[steps.output].shape)
    scale = max([1e-300, *(float(np.max(np.abs(n.value))) for n in _cotangents(steps))])
    for back in steps.backward:
        step = steps.forward[back.step]
        names = arrived([*step.operands], len(step.names))
        cotangents = {
            identifier(name): part.value
            for name, part in zip(names, back.arriving, strict=True)
            if part is not None
        }
        for handed in back.handed:
            yield from handed_faults(step, handed, values, cotangents, problem, scale)
            if handed.numbers is not None:
                marks.append(handed.numbers)
                before = arriving.get(handed.to, np.zeros(handed.numbers.value.shape))
                arriving[handed.to] = before + handed.numbers.value
    for name, gradient in steps.report.gradient.items():
        if not np.allclose(
            arriving.get(name, np.zeros(gradient.shape)), gradient, rtol=1e-12, atol=1e-14
        ):
            yield f"what comes to {name} does not add up: {arriving.get(name)} for {gradient}"
    yield from (f"{numbers} is marked" for numbers in marks if numbers.mark is Mark.WRONG)


def _cotangents(steps: Steps) -> Iterator[Numbers]:
    for back in steps.backward:
        yield from (part for part in back.arriving if part is not None and part.value.size)


def handed_faults(
    step: Forward, handed: Handed, values: Mapping[str, Array], arriving: Mapping[str, Array],
    problem: Problem, scale: float,
) -> Iterator[str]:  # fmt: skip
    numbers = handed.numbers
    if numbers is None:
        if handed.stop is None:
            yield f"{step.names[0]} hands nothing on to {handed.to}, and nobody says why"
        return
    for text, known in ((handed.formula, {**values, **arriving}), (handed.derived, values)):
        if text is not None and not is_given(text, known, numbers.value, problem, scale):
            yield f"{step.names[0]} = {step.text} to {handed.to}: {text} is not {numbers.value}"


def walked(program: str, inputs: Mapping[str, Any], **more: Any) -> tuple[Steps, Problem]:
    problem = _request(program, {"inputs": dict(inputs), **more}).problem
    return steps_of(problem, symbolic=True), problem


def told(steps: Steps) -> list[Handed]:
    return [handed for step in steps.backward for handed in step.handed]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_textbook_rows(family: Family) -> None:
    steps, problem = walked(family.program, point(family))
    assert not list(faults(steps, problem))


@pytest.mark.parametrize("seed", range(24))
def test_random_programs(seed: int) -> None:
    text = random_programs.program(random.Random(seed))
    steps, problem = walked(text, random_programs.point(text, seed))
    assert not list(faults(steps, problem))


LOOP = "t = x\nfor i in range(40):\n    t = t + 0.1*sin(t)\nt"


def subscripted(name: str, number: int) -> str:
    return f"{name}{str(number).translate(SUBSCRIPTS)}"


TEXTS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "names": ("u = x*x; sum(u*exp(x))", {"x": [1.0, 2.0]},
              ["u = x*x", "t1 = exp(x)", "t2 = u*t1", "f = sum(t2)"]),
    "names of names like numbers": ("t = x*x; t*exp(x)", {"x": 1.0},
                                    ["t = x*x", "v1 = exp(x)", "f = t*v1"]),
    "a name that is f": ("f = 3*x; f*x", {"x": 1.0}, ["f = 3*x", "t1 = f*x"]),
    "g is the user's": ("g = 3*x; g*x", {"x": 1.0}, ["g = 3*x", "f = g*x"]),
    "bound again": ("y = x*2; y = y*y; y", {"x": 1.0}, ["y₁ = x*2", "y₂ = y₁*y₁"]),
    "an input bound again": ("x = x*2; x*x", {"x": 1.0}, ["x₁ = x*2", "f = x₁*x₁"]),
    "updates": ("y = x*2; y += 1; y *= x; y", {"x": 1.0},
                ["y₁ = x*2", "y₂ = y₁ + 1", "y₃ = y₂ * x"]),
    "in a function": ("def g(a, n):\n    b = a*n\n    return b.exp()\ng(x, 2) + g(x, 3)",
                      {"x": 1.0},
                      ["b₁ = 2*x", "t1 = b₁.exp()", "b₂ = 3*x", "t2 = b₂.exp()", "f = t1 + t2"]),
    "several results": ("v, i = sort(x); v[0]*v[1]", {"x": [2.0, 1.0]},
                        ["v = sort(x)", "t1 = v[0]", "t2 = v[1]", "f = t1*t2"]),
    "brackets": ("((x + 1)*(x - 1)).sum()", {"x": [2.0, 1.0]},
                 ["t1 = x + 1", "t2 = x - 1", "t3 = t1*t2", "f = t3.sum()"]),
    "a method": ("torch.relu(x).pow(2).sum()", {"x": [2.0, 1.0]},
                 ["t1 = torch.relu(x)", "t2 = t1.pow(2)", "f = t2.sum()"]),
    "the same twice": ("exp(x)*exp(x)", {"x": 1.0}, ["t1 = exp(x)", "t2 = exp(x)", "f = t1*t2"]),
    "detached": ("u = detach(x*x); u*x", {"x": 1.0}, ["t1 = x*x", "f = u*x"]),
    "detached beside itself": ("x*x.detach()", {"x": 1.0}, ["f = x*detach(x)"]),
    "mathematics": ("x^2 + sin x", {"x": 1.0}, ["t1 = x**2", "t2 = sin(x)", "f = t1 + t2"]),
    "a let": ("q*x", {"x": 1.0}, ["q = x+1", "f = q*x"]),
    "a number with the name of a step": ("s = 3; a = s*x; s = a*a*s; s", {"x": 1.0},
                                         ["a = 3*x", "t1 = a*a", "s = 3*t1"]),
    "a sum from nothing": ("s = 0\nfor t in x:\n    s = s + t*t\ns", {"x": [2.0]},
                           ["v1 = x[0]", "v2 = v1*v1", "s = v2"]),
    "a number called as steps are": ("t1 = 2; t1*x*x", {"x": 1.0}, ["v1 = 2*x", "f = v1*x"]),
    "fixed numbers with the name of a step": ("s = torch.tensor([3., 4.]); a = s*x; s = a*s; s",
                                              {"x": [2.0, 1.0]},
                                              ["a = tensor([3, 4])*x", "s = tensor([3, 4])*a"]),
    "rounds that are not shown": ("s = 0\nfor t in x*x:\n    s = s + t\ns", {"x": [1.0] * 6},
                                  ["v1 = x*x", "v2 = v1[0]", "s₁ = v2",
                                   *(line for k in range(1, 6)
                                     for line in (f"v{k + 2} = v1[{k}]",
                                                  f"{subscripted('s', k + 1)} ="
                                                  f" {subscripted('s', k)} + v{k + 2}"))]),
    "fixed numbers as they are written": ("sum(0.5*ones(1, 2) + x @ eye(2))", {"x": [1.0, 2.0]},
                                          ["t1 = 0.5*ones(1, 2)", "t2 = x @ eye(2)",
                                           "t3 = t1 + t2", "f = sum(t3)"]),
    "nothing": ("x", {"x": 1.0}, []),
}  # fmt: skip
"""Programs with their inputs and what is told of their calls."""


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    program, inputs, texts = TEXTS[name]
    more = {"let": {"q": "x+1"}} if "q" in program else {}
    steps, problem = walked(program, inputs, **more)
    assert [f"{step.names[0]} = {step.text}" for step in steps.forward] == texts
    assert not list(faults(steps, problem))


def test_the_parts_of_a_formula_are_not_called_as_steps_are() -> None:
    steps, problem = walked("y = x\nfor i in range(20):\n    y = y + 0.1*sin(y)\ny", {"x": 1.0})
    (gradient,) = steps.report.gradients
    assert gradient.formula is not None
    parts = {name for name, _ in gradient.formula.parts}
    assert parts
    assert not parts & {name for step in steps.forward for name in step.names}
    assert is_given(gradient.formula.text, {"x": np.array(1.0)}, gradient.best, problem)


WRITES = {
    "zeros": "y = torch.zeros(2); y[0] = x[0]; y[1] = x[1]**2; y.sum()",
    "a copy": "y = x.clone(); y[0] = x[1]; y[1] = x[0]*x[1]; y.sum()",
    "numpy": "y = np.zeros(2); y[0] = x[0]; y[1] = x[1]**2; y.sum()",
    "a loop": "y = torch.zeros(4)\nfor i in range(4):\n    y[i] = x[i % 2]**i\ny.sum()",
    "what was written before": "y = torch.zeros(3)\ny[0] = x[0]\nfor i in range(2):\n"
                               "    y[i + 1] = y[i]*x[1]\ny.sum()",
    "rows": "y = torch.zeros(2, 2); y[0] = x; y[1] = 2*x*x; y.sum()",
    "a slice": "y = torch.zeros(3); y[:2] = x; y[2] = x[0]*x[1]; y.prod()",
    "in place": "y = torch.zeros(2); y[0] = x[0]; y[1] = x[1]; y *= x; y.sum()",
}  # fmt: skip
"""Programs that write into tensors more than once."""


@pytest.mark.parametrize("name", WRITES)
def test_writes(name: str) -> None:
    steps, problem = walked(WRITES[name], {"x": [1.5, 2.0]})
    assert steps.report.verdict.outcome == "verified"
    assert steps.unheld is None
    assert not list(faults(steps, problem))


STOPS = {
    "detach": ("detach(x*x)*x", "detached"),
    "no_grad": ("with torch.no_grad():\n    u = x*x\nu*x", "made under no_grad"),
    "a plain number": ("u = x*x; torch.tensor(u.item())*x", "u.item() takes plain numbers"),
    "a condition": ("where(x > 1, x, 2*x)", "a condition"),
}


@pytest.mark.parametrize("name", STOPS)
def test_where_nothing_is_handed_on(name: str) -> None:
    program, said = STOPS[name]
    steps, _ = walked(program, {"x": 2.0})
    stops = [handed.stop or "" for handed in told(steps) if handed.numbers is None]
    assert stops[0].startswith(said)
    assert not steps.forward[0].flows


def test_rounds() -> None:
    steps, problem = walked(LOOP, {"x": 0.5})
    assert [(r.first, r.length, r.count) for r in steps.rounds] == [(0, 3, 40)]
    assert not list(faults(steps, problem))


def test_the_round_of_a_nan_is_shown(run: Run) -> None:
    program = "t = x\nfor i in range(30):\n    t = sqrt(t - 1)\nt"
    answer = run("explain", program, "--x", "1e4")
    assert answer.out.count("more rounds") == 4
    assert len([line for line in answer.out.splitlines() if line.endswith("!")]) == 1


FOLDED = {
    "nothing": ("abcabd", []),
    "one letter": ("xaaaay", [(1, 1, 4)]),
    "rounds": ("xababababy", [(1, 2, 4)]),
    "the shortest": ("aaaaaa", [(0, 1, 6)]),
    "two": ("aaabcbcbc", [(0, 1, 3), (3, 2, 3)]),
    "twice is too few": ("ababc", []),
    "inner ones of other lengths": ("aaabaaaab", [(0, 1, 3), (4, 1, 4)]),
    "empty": ("", []),
}


def test_one_round_is_one(run: Run) -> None:
    answer = run("explain", "t = x\nfor i in range(3):\n    t = sin(t)\nt", "--x", "1")
    assert answer.out.count("… 1 more round\n") == 2


@pytest.mark.parametrize("name", FOLDED)
def test_folding(name: str) -> None:
    keys, expected = FOLDED[name]
    assert [(r.first, r.length, r.count) for r in rounds_of(keys)] == expected


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_rounds_are_rounds(keys: list[str]) -> None:
    found = rounds_of(keys)
    for r in found:
        assert r.count >= 3
        part = keys[r.first : r.end]
        assert part == part[: r.length] * r.count
    for one, other in pairwise(found):
        assert one.end <= other.first


class Wrong(torch.autograd.Function):
    """sin, whose gradient is that of 2*sin."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.cos(x - np.pi / 2)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * g * torch.cos(ctx.saved_tensors[0])


def test_a_kernel_that_goes_wrong_is_the_one_that_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "sin", Wrong.apply)
    steps = steps_of(_request("exp(sin(x*x))", {"x": 0.7}).problem)
    marks = {steps.forward[b.step].primitive: b.handed[0].numbers for b in steps.backward}
    assert {name: n and n.mark for name, n in marks.items()} == {
        "exp": Mark.RIGHT, "sin": Mark.WRONG, "mul": Mark.INEXACT,
    }  # fmt: skip
    assert all(step.numbers[0].mark is Mark.RIGHT for step in steps.forward)


def test_a_value_that_goes_wrong_is_the_one_that_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    cos = torch.cos
    monkeypatch.setattr(torch, "sin", lambda x: cos(x - np.pi / 2) + 1e-3)
    steps = steps_of(_request("exp(sin(x*x))", {"x": 0.7}).problem)
    marks = {step.primitive: step.numbers[0].mark for step in steps.forward}
    assert marks == {"mul": Mark.RIGHT, "sin": Mark.WRONG, "exp": Mark.INEXACT}


MARKS = {
    "overflow": ("log(sum(exp(x)))", {"x": [1000.0, 999.0]}, "exp", Mark.WRONG),
    "cancellation": ("(1 - cos(x))/x**2", {"x": 1e-6}, "sub", Mark.INEXACT),
    "levelling off": ("tanh(x)**2", {"x": 40.0}, "tanh", Mark.RIGHT),
}


@pytest.mark.parametrize("name", MARKS)
def test_marks_of_values(name: str) -> None:
    program, inputs, primitive, mark = MARKS[name]
    steps, _ = walked(program, inputs)
    found = {step.primitive: step.numbers[0].mark for step in steps.forward}
    assert found[primitive] is mark
    first = next(step for step in steps.forward if step.numbers[0].mark is not Mark.RIGHT) if (
        mark is not Mark.RIGHT
    ) else None  # fmt: skip
    assert first is None or first.primitive == primitive


def test_a_choice_at_a_corner_is_not_wrong() -> None:
    steps, _ = walked("maximum(x, 0) + minimum(x, 0)", {"x": 0.0})
    assert steps.report.verdict.exit_code == 0
    assert Mark.WRONG not in {h.numbers.mark for h in told(steps) if h.numbers is not None}


ZEROS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "a zero factor": ("prod(x)", {"x": [0.0, 2.0, 3.0]}, False),
    "no zero factor": ("prod(x)", {"x": [1.0, 2.0, 3.0]}, True),
    "a product with a zero": ("x[0]*x[1]*y", {"x": [0.0, 2.0], "y": 1.0}, True),
    "a norm": ("norm(x)*y", {"x": [3.0, 4.0], "y": 1.0}, True),
    "a singular matrix": ("det(A)", {"A": [[1.0, 2.0], [2.0, 4.0]]}, False),
    "a matrix": ("det(A)", {"A": [[1.0, 2.0], [2.0, 5.0]]}, True),
}
"""Programs, and whether every step of theirs has a formula at the point."""


@pytest.mark.parametrize("name", ZEROS)
def test_formulas_hold_at_special_points(name: str) -> None:
    program, inputs, known = ZEROS[name]
    steps, problem = walked(program, inputs)
    values = values_of(steps)
    assert all(handed.formula is not None for handed in told(steps)) == known
    said = stepper("table")([steps_of(problem)], SHOWN)
    assert ("its usual formula does not hold here" in said) != known
    for back in steps.backward:
        (arriving,) = back.arriving
        assert arriving is not None
        for handed in back.handed:
            assert handed.numbers is not None
            if handed.formula is not None:
                here = {**values, "g": arriving.value}
                assert is_given(handed.formula, here, handed.numbers.value, problem)


def test_what_is_too_large_is_not_held() -> None:
    steps, _ = walked("sum(x*x)", {"x": np.ones(500_000).tolist()})
    assert steps.unheld is not None
    assert all(step.numbers[0].mark is Mark.UNKNOWN for step in steps.forward)


KINKS: dict[str, tuple[str, dict[str, Any]]] = {
    "abs": ("abs(x)", {"x": 0.0}),
    "relu": ("relu(x)", {"x": [0.0, 1.0]}),
    "clamp": ("clamp(x, 0, 1)", {"x": [0.0, 1.0, 0.5]}),
    "hardtanh": ("hardtanh(x)", {"x": 1.0}),
    "relu6": ("relu6(x)", {"x": [6.0, 3.0]}),
    "the larger of two": ("maximum(x, y)", {"x": 0.0, "y": 0.0}),
    "the smaller of two": ("minimum(x, y)", {"x": 1.0, "y": 1.0}),
    "the largest": ("max(x)", {"x": [1.0, 1.0, 0.0]}),
    "the smallest": ("amin(x)", {"x": [1.0, 1.0]}),
    "a norm": ("norm(x)", {"x": [0.0, 0.0]}),
    "a norm of absolute values": ("norm(x, 1)", {"x": [0.0, 1.0]}),
    "below it": ("maximum(3*x, 0)", {"x": [0.0, 1.0]}),
    "above it": ("3*maximum(x, 0)", {"x": [0.0, 1.0]}),
}
"""Programs at their kinks."""


@pytest.mark.parametrize("name", KINKS)
def test_a_choice_at_a_kink_is_told_to_be_one(name: str, run: Run) -> None:
    program, inputs = KINKS[name]
    steps, problem = walked(program, inputs)
    assert steps.report.verdict.outcome == "kink"
    last = [handed for handed in told(steps) if handed.to in inputs]
    assert {h.numbers and h.numbers.mark for h in last} == {Mark.CHOICE}
    assert {h.numbers and h.numbers.true for h in last} == {None}
    values = values_of(steps)
    for step in steps.backward:
        (arriving,) = step.arriving
        here = {} if arriving is None else {"g": arriving.value}
        for handed in step.handed:
            if handed.formula is not None and handed.numbers is not None:
                known = {**values, **here}
                assert is_given(handed.formula, known, handed.numbers.value, problem)
    for gradient in steps.report.gradients:
        formula = gradient.formula
        fits = formula is None or is_given(formula.text, values, gradient.best, problem)
        assert fits == (gradient.name not in steps.away)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_nothing_is_chosen_where_there_is_no_kink(family: Family) -> None:
    steps, _ = walked(family.program, point(family))
    kinks = any("kink" in finding.message for finding in steps.report.findings)
    assert kinks or Mark.CHOICE not in {numbers.mark for numbers in steps.numbers}


WRONGS: dict[str, tuple[str, dict[str, Any]]] = {
    "choices that add up to no slope": ("maximum(x, 0) - clamp(x, 0, 1)", {"x": [0.0, 1.0, 0.5]}),
    "corners that cancel": ("maximum(x, 0) - relu(x)", {"x": 0.0}),
    "corners that cancel above": ("u = 3*x; maximum(u, 0) - relu(u)", {"x": 0.0}),
    "a kernel that loses digits": ("lgamma(x) + erf(x)*digamma(x)", {"x": 2.5}),
    "overflow": ("log(sum(exp(x)))", {"x": [1000.0, 999.0]}),
    "a mask": ("where(x > 700, x, log(1 + exp(x)))", {"x": 800.0}),
}
"""Programs whose gradient is wrong."""


@pytest.mark.parametrize("name", WRONGS)
def test_where_the_gradient_is_wrong_a_step_is(name: str) -> None:
    steps, _ = walked(*WRONGS[name])
    assert steps.report.verdict.outcome == "wrong"
    assert {Mark.WRONG, Mark.LOST} & {numbers.mark for numbers in steps.numbers}


BORN = (
    "sum(where(x > 0, log(x), 0))", "where(x > 0, 1/x, 0).sum()", "sum(x*log(x))",
    "sum(nan_to_num(x/0))", "sum(sqrt(x**2))", "sum(exp(x)*0)", "sum(x/x)", "norm(x)*sum(x)",
    "sum(where(x > 1, x, sqrt(x - 1)))", "prod(x)/sum(x)", "sum(x**0.5*x)", "log(sum(exp(x)))",
    "sum(sqrt(x)*0)", "sum(exp(x) - exp(x))", "sum(1/x - 1/x)",
)  # fmt: skip
"""Programs that make a NaN or an infinity at some points."""


@given(st.sampled_from(BORN), st.lists(st.sampled_from([0.0, 1.0, -1.0, 800.0, 1e308]),
                                       min_size=2, max_size=2))  # fmt: skip
@settings(max_examples=40)
def test_where_a_nan_is_born_is_marked(program: str, x: list[float]) -> None:
    steps = steps_of(_request(program, {"x": x}).problem)
    values = values_of(steps)

    def is_finite(names: Iterable[str]) -> bool:
        return all(np.isfinite(values.get(identifier(n), 0.0)).all() for n in names)

    born = [n for step in steps.forward if is_finite(step.operands) for n in step.numbers]
    for back in steps.backward:
        arriving = [n.value for n in back.arriving if n is not None]
        if is_finite(steps.forward[back.step].operands) and np.isfinite(arriving).all():
            born += [h.numbers for h in back.handed if h.numbers is not None]
    for numbers in born:
        if not np.isfinite(numbers.value).all():
            assert numbers.mark in (Mark.LOST, Mark.WRONG), (program, numbers)


# -- the command -------------------------------------------------------------------------------

SAID = {
    "explain sum(x*exp(x)) --x 1,2": (0, "added up"),
    "explain x**2 --x 3 --cotangent 2": (0, "2 at f"),
    "explain abs(x) --x 0": (3, "kink"),
    "explain sqrt(x**2) --x 0": (1, "where a NaN or an infinity comes from"),
    "explain sin(x)**2 --steps symbolic": (0, "= 2*sin(x)"),
    "explain x*x+x --steps symbolic": (0, "x     added up  = 2*x + 1"),
    "explain x*x+x --steps symbolic --format markdown": (0, "`added up` | `= 2*x + 1`"),
    "explain x*x+x --steps symbolic --format html": (0, "added up"),
    "explain x*x --x 1,2": (0, "this is the gradient of its sum"),
    "explain x*x --steps symbolic --declare x=vector": (0, "this is the gradient of its sum"),
    "explain u=x*x;3*u --of u --x 2": (0, "∇x u = 4"),
    "explain e=x.data;x*e --x 2": (0, "e = detach(x)    2"),
    "explain log(1-x) --x 0.9999999999999999": (0, "∇x f = -9.0072e+15"),
    "explain 3*x --x 0.9999999999999999": (0, "x          0.9999999999999999"),
    "explain 3*x --x 0.30000000000000004": (0, "0.30000000000000004"),
    "explain 3*x --x 0.123456789": (0, "x          0.123457"),
    "explain softmax(x,0)[0] --steps symbolic": (0, "no formula"),
    "explain where(x>0,x**3,0) --x 2": (0, "where(t1, g, 0)"),
    "explain mean((X@w-y)**2) --steps symbolic --wrt w": (0, "X.T@g        = 2*X.T@(X@w - y)/m"),
    "explain x*y --x 1 --y 2 --wrt y": (0, "∇y f = x"),
    "explain x*x --x 1 --no-check": (2, "the steps are those of the check"),
    "explain x*x --x 1 --format svg": (2, "svg"),
    "explain y*x --x 1": (2, "y has no value"),
    "explain x@A --steps symbolic --x 1,2 --A 1,2;3,4": (0, "matrix product rule"),
}


@pytest.mark.parametrize("command", SAID)
def test_the_command(command: str, run: Run) -> None:
    code, said = SAID[command]
    answer = run(*command.split())
    assert (answer.code, said in answer.out + answer.err) == (code, True), answer


def test_loops_fit_a_screen(run: Run) -> None:
    lines = LOOP.splitlines()
    body = [*lines[:-1], f"return {lines[-1]}"]
    Path("loop.py").write_text("\n".join(["def f(x):", *(f"    {line}" for line in body)]))
    answer = run("explain", "loop.py:f", "--x", "0.5")
    assert "38 more rounds" in answer.out
    assert len(answer.out.splitlines()) < 45
    whole = run("explain", "loop.py:f", "--x", "0.5", "--all")
    assert len(whole.out.splitlines()) > 200


def test_the_work_is_bounded_by_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, int] = {"rules": 0, "texts": 0, "values": 0}

    def counted(owner: Any, name: str, what: str) -> None:
        own = getattr(owner, name)

        def call(*args: Any, **more: Any) -> Any:
            made[what] += 1
            return own(*args, **more)

        monkeypatch.setattr(owner, name, call)

    counted(Rule, "__init__", "rules")
    counted(Formulas, "write", "texts")
    counted(Held, "value", "values")
    found = {}
    for rounds in (20, 200):
        made.update(dict.fromkeys(made, 0))
        program = f"y = x\nfor i in range({rounds}):\n    y = sin(y) + x\ny"
        steps_of(_request(program, {"x": 0.5}).problem, whole=False)
        found[rounds] = dict(made)
    assert found[20]["values"] == found[200]["values"] == 4
    assert found[20]["rules"] == found[200]["rules"] == 4
    assert found[200]["texts"] <= found[20]["texts"]


def test_json(run: Run) -> None:
    (found,) = run("explain", "u = x*x; u*exp(x)", "--x", "1", "--json").json
    assert found["schema"] == "gradcalc.report/1"
    assert found["verdict"]["outcome"] == "verified"
    steps = found["steps"]
    assert [step["names"] for step in steps["forward"]] == [["u"], ["t1"], ["f"]]
    last = steps["backward"][-1]["handed"][-1]
    assert (last["to"], last["total"]["value"]) == ("x", found["gradients"]["x"]["autograd"])


BRANCH = "def f(x):\n    if x > 0.5:\n        return x**2\n    return 3*x\n"
LOOPED = "def f(x):\n    y = x\n    while y < 100:\n        y = y*2\n    return y\n"

PATHS = {
    "a branch not taken": (BRANCH, "0", {"f = 3*x", "line 2  if x > 0.5: false", "∇x f = 3"}),
    "a branch taken": (BRANCH, "3", {"f = x**2", "line 2  if x > 0.5: true", "∇x f = 2*x"}),
    "a loop": (LOOPED, "0", {"while y < 100:", "rounds"}),
}
"""Programs that ask for numbers, a seed, and what their derivation says of the way they go."""


@pytest.mark.parametrize("name", PATHS)
def test_a_derivation_says_which_way_it_goes(name: str, run: Run) -> None:
    text, seed, said = PATHS[name]
    Path("f.py").write_text(text)
    answer = run("explain", "f.py", "--steps", "symbolic", "--seed", seed)
    assert {part for part in said if part not in answer.out} == set()
    assert "random point" in answer.out.splitlines()[-1]
    assert answer.out.splitlines()[-1].endswith("on this path")
    (found,) = run("explain", "f.py", "--steps", "symbolic", "--seed", seed, "--json").json
    assert found["path"]
    assert 1 <= found["points"] <= 3


def test_json_of_a_derivation_has_no_numbers_of_a_random_point(run: Run) -> None:
    (found,) = run("explain", "exp(x)*y", "--steps", "symbolic", "--json").json
    assert found["points"] == 12
    assert not {"inputs", "value"} & found.keys()
    assert found["gradients"] == {"x": {"formula": "y*exp(x)"}, "y": {"formula": "exp(x)"}}
    assert "values" not in found["steps"]["forward"][0]
    assert all(h.keys() <= {"to", "formula", "derived"}
               for step in found["steps"]["backward"] for h in step["handed"])  # fmt: skip


OF_VALUES = {
    "--expect": "3*x", "--cotangent": "2", "--tol": "0.1", "--dtype": "float32", "--strict": None,
    "--prints": None,
}  # fmt: skip


@pytest.mark.parametrize("flag", OF_VALUES)
def test_a_derivation_refuses_what_is_of_values(flag: str, run: Run) -> None:
    value = OF_VALUES[flag]
    typed = [flag] if value is None else [flag, value]
    answer = run("explain", "x**2", "--steps", "symbolic", *typed)
    assert answer.code == 2
    assert f"{flag} is for a gradient at a point" in answer.err
