"""The checking side from within: rows as functions, runs, natures of points, limits."""

import random
import subprocess
import sys
from typing import Any

import flint
import numpy as np
import pytest
import sympy

from gradcalc.arrays.arithmetic import ArrayBalls
from gradcalc.balls.arithmetic import Balls
from gradcalc.balls.boxes import to_floats
from gradcalc.balls.numbers import NAN, Decisions, OutOfReach, Undecided, power, whole_power
from gradcalc.calculus import named_arguments
from gradcalc.expr.scalars import Where
from gradcalc.lang.backend import round_to
from gradcalc.lang.program import Limits
from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise
from gradcalc.testimony import Absent
from tests.counting import at_most_calls
from tests.elements import Calculus, run
from tests.processes import HANGS
from tests.random_programs import point, program
from tests.trust_cases import enclosed, experiment, problem, report

ELEMENTWISE = [row for row in PRIMITIVES if isinstance(row, Elementwise)]


@pytest.mark.parametrize("row", ELEMENTWISE, ids=[row.name for row in ELEMENTWISE])
def test_every_row_and_partial_is_a_function_of_balls(row: Elementwise) -> None:
    """A ball's result encloses that of every number in it, here of its midpoint in more digits."""
    calculus = Calculus(Decisions())
    for sample in row.samples:
        given = dict(zip(row.signature.parameters, sample, strict=False))
        defaults = {n: p.default for n, p in row.signature.parameters.items() if n not in given}
        operands, variant = named_arguments(row, {**given, **defaults})
        values = [flint.arb(given[name]) for name in operands]
        for position in (None, *range(len(operands))):
            function = calculus.function(row, variant, position)
            rough = function(*values)
            assert rough.is_finite()
            with flint.ctx.workprec(500):
                assert rough.contains(function(*values))


@pytest.mark.parametrize(
    ("base", "exponent", "low", "high"),
    [
        (flint.arb(0, 2), 2, 0, 4),
        (flint.arb(0, 2), 3, -8, 8),
        (flint.arb(0), 2, 0, 0),
        (flint.arb(1, 2), 2, 0, 9),
        (flint.arb(-3), 3, -27, -27),
    ],
)
def test_whole_powers_of_balls_around_zero(base: Any, exponent: int, low: int, high: int) -> None:
    for found in (whole_power(base, exponent), power(base, flint.arb(exponent))):
        assert found.contains(flint.arb(low))
        assert found.contains(flint.arb(high))


@pytest.mark.parametrize("exponent", [1, 2, 3, 7])
def test_powers_of_what_may_be_anything(exponent: int) -> None:
    # Arb itself ends the process at such a middle with such a radius
    wild = flint.arb("inf") + flint.arb(0, flint.arb("inf"))
    found = (
        whole_power(wild, exponent),
        power(wild, flint.arb(exponent)),
        power(wild, flint.arb(0.5)),
    )
    assert not any(ball.is_finite() for ball in found)


def test_an_undefined_operand_gives_an_undefined_result() -> None:
    calculus = Calculus(Decisions())
    for name, count in (("relu", 1), ("maximum", 2), ("gt", 2), ("mul", 2), ("sign", 1)):
        row = BY_NAME[name]
        assert isinstance(row, Elementwise)
        assert calculus.function(row, ())(*[NAN] * count).is_nan()


WIDE = flint.arb(1, 0.5)

COMPARED = (
    ("lt", (flint.arb(0), WIDE), True),
    ("lt", (WIDE, flint.arb(0)), False),
    ("lt", (WIDE, flint.arb(1)), None),
    ("le", (flint.arb(1), flint.arb(1)), True),
    ("le", (WIDE, flint.arb(1, 0.5)), None),
    ("le", (WIDE, WIDE), True),
    ("lt", (WIDE, WIDE), False),
    ("eq", (WIDE, WIDE), True),
    ("eq", (flint.arb(1), flint.arb(1)), True),
    ("eq", (WIDE, flint.arb(2)), False),
    ("eq", (WIDE, flint.arb(1)), None),
    ("sign", (WIDE,), 1),
    ("sign", (flint.arb(0, 1),), None),
    ("floor", (flint.arb(1.25, 0.125),), 1),
    ("floor", (WIDE,), None),
    ("ceil", (WIDE,), None),
)


@pytest.mark.parametrize(("name", "balls", "answer"), COMPARED)
def test_balls_decide_only_what_holds_for_all_their_numbers(
    name: str, balls: tuple[Any, ...], answer: Any
) -> None:
    if answer is not None:
        assert getattr(Decisions(), name)(*balls) == answer
        return
    with pytest.raises(Undecided):
        getattr(Decisions(), name)(*balls)
    forced = Decisions(forced=True)
    getattr(forced, name)(*balls)
    assert forced.guessed


def test_what_cannot_be_differentiated_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = Elementwise(
        name="unknown",
        define=lambda s, x: s.Function("unknown")(x),
        torch=lambda t, x: t.sin(x),
        samples=((0.5,),),
        doc="",
    )
    assert sympy.Function("unknown") is not None
    with pytest.raises(OutOfReach, match="unknown"):
        Calculus(Decisions()).function(unknown, ())


def test_a_choice_may_hang_on_choices() -> None:
    a, b, c = symbols = sympy.symbols("a b c", real=True)
    larger, size = Where(a < b, b, a), Where(c < 0, -c, c)
    body = Where(sympy.And(larger > size, a > -2), a * larger, Where(Where(b > c, b, c) > 1, b, c))
    values = np.array(np.meshgrid([-3.0, -0.5, 2.0], [-1.0, 0.25, 1.5], [-4.0, 0.75, 1.25]))
    x, y, z = values = values.reshape(3, -1)
    other = np.where(np.maximum(y, z) > 1, y, z)
    expected = np.where((np.maximum(x, y) > abs(z)) & (x > -2), x * np.maximum(x, y), other)
    balls, arrays = (
        arithmetic.map(symbols, body, [arithmetic.asarray(value) for value in values])
        for arithmetic in (Balls(), ArrayBalls())
    )
    assert to_floats(balls).tolist() == arrays.mid.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("value", "dtype", "rounded"),
    [
        (0.1, "float64", 0.1),
        (0.1, "float32", float(np.float32(0.1))),
        (16777217.0, "float32", 16777216.0),
        (1e39, "float32", 1e39),
        (float("inf"), "float32", float("inf")),
    ],
)
def test_constants_are_those_of_the_dtype(value: float, dtype: str, rounded: float) -> None:
    assert float(round_to(np.float64(value), dtype)) == rounded


@pytest.mark.parametrize(
    ("text", "x", "bits"),
    [
        ("x*x", 3.0, 192),
        ("sin(x)", 1e22, 192),
        ("(x + 1e30) - 1e30", 1.0, 192),
        ("((x + 1e60) - 1e60)**2", 1.0, 768),
        ("tanh(x)", 200.0, 768),
        ("relu(x + 1e100 - 1e100)", 1.0, 768),
    ],
)
def test_as_much_precision_as_it_takes(text: str, x: float, bits: int) -> None:
    trial = experiment(problem(text, x=x)).centre
    assert trial.tight
    assert trial.bits == bits


TIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("x if 1/y*y < 1 else 2*x", {"x": 2.0, "y": 49.0, "wrt": ("x",)}),
    ("y = detach(x); x if 1/y*y < 1 else 2*x", {"x": 49.0}),
    ("where(sin(x)**2 + cos(x)**2 < 1, x, 2*x)", {"x": 1.6}),
    ("floor(sin(x)**2 + cos(x)**2)*x", {"x": 1.3}),
    ("x*sign(exp(log(x)) - x)", {"x": 1.3}),
    ("y = detach(x); x*sign(1 - 1/y*y)", {"x": 99.0}),
)


@pytest.mark.parametrize(("text", "inputs"), TIES, ids=[tie[0] for tie in TIES])
def test_a_tie_that_no_precision_decides_is_not_decided(text: str, inputs: dict[str, Any]) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == "unresolved"
    assert "tie" in answer.verdict.message


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("amax(x/3)", {"x": [2.0, 1.0, 2.0, 3.0]}, "verified"),
        ("amax(x/3)", {"x": [3.0, 1.0, 3.0]}, "kink"),
        ("sum(sort(exp(x)).values)", {"x": [1.0, 1.0, 2.0]}, "verified"),
        ("sort(exp(x)).values[0]", {"x": [1.0, 1.0, 2.0]}, "kink"),
        ("amax(softmax(x/3))", {"x": [1.0, 1.0, 0.0]}, "kink"),
        ("amax(softmax(x/3))", {"x": [0.0, 0.0, 1.0]}, "verified"),
        ("relu(x/3 - y/3)", {"x": 2.0, "y": 2.0}, "kink"),
        ("relu(x/3 - y/3)**2", {"x": 2.0, "y": 2.0}, "verified"),
        ("layer_norm(x, (3,))[0]**3", {"x": [0.1, 0.1, 0.1]}, "verified"),
        ("maximum(sqrt(x)*sqrt(x), x)", {"x": 2.0}, "verified"),
        ("maximum(exp(x)*exp(x), exp(2*x) + y)", {"x": 0.1, "y": 0.0}, "kink"),
        ("relu(3*x - (x + x + x))", {"x": 0.1}, "verified"),
        ("acos(x@w/(x.norm()*w.norm()))", {"x": [3.0, 4.0], "w": [6.0, 8.0]}, "wrong"),
        ("acosh(cosh(x))**2", {"x": 0.0}, "wrong"),
        ("int(x)*x", {"x": 1.0}, "jump"),
        ("int(x)*x", {"x": 0.0}, "verified"),
    ],
)
def test_a_tie_of_computed_numbers_is_looked_at_as_any_corner(
    text: str, inputs: dict[str, Any], outcome: str
) -> None:
    assert report(text, **inputs).verdict.outcome == outcome


def test_a_gradient_that_cancels_is_zero() -> None:
    answer = enclosed(problem("sum(softmax(x))", x=[0.3, 1.0, -2.0]))
    assert answer.gradients["x"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "inputs", "reason"),
    [
        ("sum(x*x)", {"x": np.ones(300_000)}, "numbers"),
        ("sum(x@x)", {"x": np.ones((200, 200))}, "numbers"),
        ("x*x", {"x": float("nan")}, "not finite"),
        ("exp(exp(exp(x)))", {"x": 5.0}, "far beyond"),
        ("sin(x**2000)", {"x": 1e300}, "not enough"),
        ("x*x", {"x": 1.0, "cotangent": np.array(np.inf)}, "not finite"),
        ("y = x\nif log(x) > 0:\n    y = 2*x\ny", {"x": -1.0}, "not defined"),
    ],
)
def test_what_is_out_of_reach_is_said_soon(text: str, inputs: dict[str, Any], reason: str) -> None:
    with at_most_calls(500_000):
        answer = enclosed(problem(text, **inputs))
    assert isinstance(answer, Absent)
    assert reason in answer.doubt


def test_a_time_limit_on_the_checking_side_is_no_error() -> None:
    asked = problem("sum(tanh(x)*sin(x))", x=np.linspace(0.1, 3, 1000), limits=Limits(seconds=1e-9))
    answer = enclosed(asked)
    assert isinstance(answer, Absent)
    assert "time" in answer.doubt


def test_a_step_limit_on_the_checking_side_is_no_error() -> None:
    # torch counts a fused function as one step, its definition takes several
    limits = Limits(steps=8)
    answer = report("std(x)", x=[1.0, 2.0, 4.0], limits=limits)
    assert answer.verdict.outcome == "unresolved"
    assert answer.verdict.exit_code == 3


def test_a_thousand_elements_are_checked() -> None:
    answer = report("sum(tanh(x)*sin(x))", x=np.linspace(0.1, 3, 1000))
    assert answer.verdict.outcome == "verified"


def test_a_sample_that_fails_leaves_the_point_unresolved() -> None:
    answer = report("y = x*2\nassert x >= 1\ny*abs(x - 1)", x=1.0)
    assert answer.verdict.outcome == "unresolved"


def test_a_path_without_an_end_beside_the_point_is_unresolved() -> None:
    text = "i = 0\nwhile x < 1:\n    i = i + 1\nx*i"
    answer = report(text, x=1.0, limits=Limits(steps=2000))
    assert answer.verdict.outcome == "unresolved"


def test_detached_values_stay_with_their_branch() -> None:
    text = "if x > 1:\n    u = detach(x*x)\nelse:\n    u = detach(3*x)\n    v = detach(x)\nu*x"
    assert report(text, x=1.0).verdict.outcome == "jump"
    assert report(text, x=1.5).verdict.outcome == "verified"


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        (
            "from gradcalc.witnesses import enclosure\n"
            "from gradcalc.derive.runs import Runs\n"
            "from gradcalc.enclosure.experiment import Experiment\n"
            "from gradcalc.lang.fence import compile_program\n"
            "from gradcalc.problem import Problem\n"
            "import numpy as np\n"
            "p = Problem(compile_program('softmax(x)*norm(x)'), {'x': np.ones(3)}, ('x',))\n"
            "assert enclosure.testify(Experiment(Runs(p))).bits\n",
            ("torch", "gradcalc.witnesses.autograd"),
        ),
        (
            "from gradcalc.witnesses import symbolic\n"
            "from gradcalc.derive.runs import Runs\n"
            "from gradcalc.enclosure.experiment import Experiment\n"
            "from gradcalc.lang.fence import compile_program\n"
            "from gradcalc.problem import Problem\n"
            "import numpy as np\n"
            "p = Problem(compile_program('softmax(x)*norm(x)'), {'x': np.ones(3)}, ('x',))\n"
            "assert symbolic.testify(Experiment(Runs(p))).formulas['x'].written\n",
            ("torch", "scipy", "gradcalc.witnesses.autograd", "gradcalc.witnesses.enclosure"),
        ),
        (
            "from gradcalc.witnesses import autograd\n"
            "from gradcalc.lang.fence import compile_program\n"
            "from gradcalc.problem import Problem\n"
            "import numpy as np\n"
            "p = Problem(compile_program('softmax(x)*norm(x)'), {'x': np.ones(3)}, ('x',))\n"
            "assert autograd.testify(p).carrying\n",
            (
                "sympy",
                "mpmath",
                "gradcalc.witnesses.symbolic",
                "gradcalc.enclosure",
                "flint",
                "gradcalc.derive",
            ),
        ),
        ("import gradcalc.verdict.judge, gradcalc.findings", ("sympy", "mpmath", "flint", "torch")),
    ],
    ids=["enclosure", "symbolic", "autograd", "verdict"],
)
def test_the_witnesses_share_nothing_but_the_program(code: str, unwanted: tuple[str, ...]) -> None:
    code += f"\nimport sys\nassert not set({unwanted!r}) & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(80))
def test_the_graph_gives_what_single_numbers_give(seed: int) -> None:
    """The oracle runs the program element by element, by no rule but the chain rule."""
    text = program(random.Random(seed), depth=4)
    asked = problem(text, **point(text, seed))
    found = enclosed(asked)
    if isinstance(found, Absent) or found.around is not None:
        return
    exact, oracle = experiment(asked).centre, run(asked)
    for name, balls in exact.balls.items():
        pairs = zip(np.ravel(balls), np.ravel(oracle.gradients[name]), strict=True)
        assert all(one.overlaps(other) for one, other in pairs if other.is_finite()), text


@pytest.mark.parametrize(
    "text",
    ["where(x == x, x**2, -inf) - log(x)", "where(2*x == x + x, exp(x), inf)/x", "exp(x)*(x == x)"],
)
def test_where_equal_numbers_decide_the_conditioning_is_that_of_the_function(text: str) -> None:
    """Runs beside the point are nearer there than the gradient at the point has digits."""
    found = enclosed(problem(text, x=3.0))
    assert not isinstance(found, Absent)
    assert 0.01 < found.sensitivity.conditions["x"] < 10
    assert "ill-conditioned" not in {found.kind for found in report(text, x=3.0).findings}
