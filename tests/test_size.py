"""Much at once: what is computed in pieces is what the whole gives, and takes little memory."""

import ast
import csv
import io
import itertools
import json
import subprocess
import sys
from typing import Any

import flint
import numpy as np
import pytest
import sympy

from gradcalc.balls.arithmetic import Balls, _in_sure_order
from gradcalc.balls.numbers import TooLarge
from gradcalc.calculate import calculate
from gradcalc.derive.perturbations import distance, extent
from gradcalc.derive.recorder import Recorder
from gradcalc.derive.runs import Runs
from gradcalc.enclosure import experiment
from gradcalc.enclosure.experiment import FASTEST, LARGEST, MOST, Experiment, Work
from gradcalc.expr.floats import PIECE, Floats, in_pieces
from gradcalc.render import Style, renderer
from gradcalc.slopes import directions
from gradcalc.slopes.directions import SIGNS, sample
from gradcalc.slopes.forward import BLOCK, Course, course_of
from tests.processes import HANGS
from tests.test_cli_process import environment
from tests.trust_cases import problem, report

X, Y = sympy.symbols("x y", real=True)
DRAW = np.random.default_rng(4)
LONG = PIECE + 77
STYLE = Style(width=100, color=False, unicode=True, show_all=False)


def draw(*shape: int) -> Any:
    return DRAW.normal(size=shape)


# -- pieces ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (draw(LONG), draw(LONG)),
        (draw(LONG), np.float64(2.0)),
        (draw(LONG), draw(1)),
        (draw(LONG, 3), draw(3)),
        (draw(3, LONG), draw(LONG)),
        (draw(3, LONG), draw(3, 1)),
        (draw(LONG, 3).T, draw(3, LONG)),
        (draw(LONG, 1), draw(1, 3)),
        (draw(1, LONG), draw(1, 1)),
    ],
    ids=lambda v: str(np.shape(v)),
)
def test_pieces_are_the_whole(first: Any, second: Any) -> None:
    largest = []

    def function(parts: Any) -> Any:
        largest.append(max(map(np.size, parts)))
        return np.tanh(parts[0]) * parts[1]

    found = in_pieces(function, [first, second], np.float64)
    assert np.array_equal(found, np.tanh(first) * second)
    # one row is never cut
    assert max(largest) <= max(PIECE, np.shape(first)[-1])
    assert len(largest) > 1 or len(first) == 1


def test_what_depends_on_no_array_is_left_alone() -> None:
    assert in_pieces(lambda parts: np.float64(3), [draw(LONG)], np.float64) == 3


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
def test_expressions_of_large_arrays(dtype: str) -> None:
    x, y = draw(LONG), draw(LONG)
    m = Floats(dtype)
    found = m.map((X, Y), sympy.sin(X) * Y, (x, y))
    expected = np.sin(m.asarray(x)) * m.asarray(y)
    assert found.dtype == dtype
    assert np.array_equal(found, expected)
    x[5], y[5] = 0.0, 0.0
    with np.errstate(all="ignore"):
        chained = m.chain(y, (X,), 1 / X, (x,))
    assert chained[5] == 0
    assert np.isfinite(chained).all()


@pytest.mark.parametrize("odd", [None, np.nan, np.inf])
def test_distances_are_the_largest_difference(odd: float | None) -> None:
    first, second = draw(3, LONG), draw(3, LONG)
    if odd is not None:
        first[1, 7] = odd
    np.testing.assert_equal(distance(first, second), extent(first - second))


def test_a_recorder_that_keeps_nothing_lets_go() -> None:
    recorder = Recorder("float64", keep=False)
    x = recorder.input("x", draw(3), False)
    first = recorder.scalar("mul", x, x)
    assert recorder.scalar("mul", x, x) is first
    del first
    # only what is still held
    assert len(recorder.values) == 1
    assert np.array_equal(recorder.scalar("mul", x, x).value, x.value**2)


# -- streams --------------------------------------------------------------------------------


def course(text: str, **inputs: Any) -> Course:
    return course_of(Runs(problem(text, **inputs)).recording.trace)


def test_what_one_operation_alone_asks_for_is_put_off_to_it() -> None:
    x = draw(2 * BLOCK)

    def whole(text: str, **inputs: Any) -> list[str]:
        return [n.title for n in course(text, **inputs).whole if n.operands]

    assert whole("sum(tanh(x)*exp(x))", x=x) == ["sum"]
    assert whole("dot(exp(x), x)", x=x) == ["matmul"]
    assert whole("sum(exp(x).reshape(2, -1)*2)", x=x) == ["sum"]
    # what two ask for is there as a whole, so is what is moved about
    assert whole("y = exp(x)\nsum(y)*sum(sin(y))", x=x)[:1] == ["exp"]
    assert whole("sum(exp(x)[1:]*2)", x=x) == ["exp", "index", "sum"]
    assert whole("sum(exp(x))", x=draw(9)) == ["exp", "sum"]
    # and what steers the run
    assert "sum" in whole("y = sum(x)\nif y > 0:\n    y = y*2\ny", x=x)
    assert course("sum(tanh(x)*exp(x))", x=x).widest == 1
    assert course("sum(cumsum(exp(x)))", x=x).widest == 2 * BLOCK


def test_as_many_directions_as_can_be_afforded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = problem("sum(exp(x))", x=draw(3 * BLOCK))
    every = sample(Experiment(Runs(asked)))
    monkeypatch.setattr(directions, "ALL", 1)
    one = sample(Experiment(Runs(asked)))
    assert len(every.probes) == 6
    assert len(one.probes) == 1
    assert one.probes[0].slope == every.probes[0].slope
    assert [p.signs is not None for p in every.probes] == [True, *[False] * 4, True]
    assert SIGNS == 2


def test_directions_of_their_own_are_those_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = problem("softmax(x)@exp(x)", x=draw(3 * BLOCK))
    together = sample(Experiment(Runs(asked)))
    monkeypatch.setattr(directions, "CROWDED", 1)
    alone = sample(Experiment(Runs(asked)))
    assert [p.slope for p in alone.probes] == [p.slope for p in together.probes]
    assert len(alone.probes) == 6


PROGRAMS = (
    "dot(x, x)", "x@y", "sum(x*y)", "sum(x.reshape(2, -1)**2)", "amax(x*y)", "amin(x)",
    "sum(cumsum(x)*y)", "sum(cumsum(x*y)**2)", "norm(x - mean(y))", "sum(A@w)", "sum(v@A)",
    "sum((A@w)**2)", "sum(detach(x)*x)", "sum(where(x > 0, sqrt(where(x > 0, x, 1)), 0))",
    "sum(x.unsqueeze(0)*y.squeeze())", "argmax(x)*sum(x)", "v@A@w",
    "sum(x[None]*u[:1])", "sum(exp(x[None] + u[:1]))", "sum(2.0**x)", "sum((1 + x*x)**abs(y))",
    "sum(trunc(x)*x)", "sum(atan2(x, y))",
    "sum((reshape(cumsum(x), [-1, 4])@u)**2)", "sum((b@reshape(cumsum(x)*2, [-1, 4]))**2)",
)  # fmt: skip


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directions are all there is of what is larger than this."""
    monkeypatch.setattr(experiment, "LARGEST", 5_000)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("text", PROGRAMS)
def test_slopes_of_large_programs_are_those_of_the_formula(text: str) -> None:
    rows = BLOCK // 4 + 2
    given = {
        "x": draw(2 * BLOCK + 4), "y": draw(2 * BLOCK + 4), "A": draw(rows, 9), "w": draw(9),
        "v": draw(rows), "u": draw(4), "b": draw(BLOCK // 2 + 1),
    }  # fmt: skip
    answer = calculate(problem(text, **{n: v for n, v in given.items() if n in _names(text)}))
    assert answer.verdict.outcome == "verified", answer.verdict
    assert "6 enclosed slopes" in answer.verdict.message


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


@pytest.mark.usefixtures("few")
def test_digits_that_cancel_within_an_expression_are_not_verified() -> None:
    answer = calculate(problem("sum(sinc(1e-17*x))", x=np.ones(30_000)))
    assert answer.verdict.outcome == "unresolved"


# -- bounds ---------------------------------------------------------------------------------


def test_runs_are_counted() -> None:
    work = Work()
    for _ in range(MOST // LARGEST):
        work.go_on(LARGEST, FASTEST)
    with pytest.raises(TooLarge):
        work.go_on(LARGEST, FASTEST)
    # more bits take more time
    with pytest.raises(TooLarge):
        Work().go_on(LARGEST, 40 * FASTEST)


@pytest.mark.parametrize("size", [6_000, 200_000])
def test_a_corner_among_thousands_is_named(size: int) -> None:
    x = draw(size)
    x[3] = 0
    answer = calculate(problem("sum(relu(x))", x=x))
    assert answer.verdict.outcome in ("kink", "unresolved")
    assert "relu at 0" in answer.verdict.message


MEMORY = """
import resource, numpy as np
from gradcalc.calculate import calculate
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def asked(n):
    x = np.random.default_rng(1).normal(size=n)
    return Problem(compile_program("sum(tanh(x)*exp(-x**2))"), {"x": x}, ("x",))

calculate(asked(50_000))
large = asked(500_000)
before = most()
assert calculate(large).verdict.outcome == "verified"
print((most() - before) / 8e6)
"""


def test_half_a_million_numbers_take_a_few_times_their_own_memory() -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEMORY],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGS,
        env=environment(),
    )
    # the value, the gradient and what is in between in torch's own run are five times as much
    assert float(run.stdout) < 11


# -- rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(21_000,), (70, 300)])
def test_all_rows_are_there(shape: tuple[int, ...]) -> None:
    x = draw(*shape)
    x.flat[7], x.flat[8] = 3.0, 1e22
    answer = calculate(problem("sum(x*x*x)/3", x=x))
    rows = [
        line.split("\t")
        for line in renderer("tsv")([answer], STYLE).splitlines()
        if not line.startswith("# ")
    ]
    quoted = list(csv.reader(io.StringIO(renderer("csv")([answer], STYLE))))
    assert [row[:6] for row in quoted] == [row[:6] for row in rows]
    header, *rows = rows
    assert len(rows) == x.size
    for name in ("at", "autograd", "symbolic"):
        column = np.array([row[header.index(name)] for row in rows], dtype=np.float64)
        expected = x if name == "at" else getattr(answer.gradients[0], name)
        assert np.array_equal(column, expected.ravel())
    assert [row[1] for row in rows] == [",".join(map(str, i)) for i in np.ndindex(*shape)]
    read = json.loads(renderer("json")([answer], STYLE))["gradients"]["x"]
    assert np.array_equal(read["symbolic"], answer.gradients[0].symbolic)


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_a_formula_that_spreads_out_a_product_is_read_back_in_floats(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [0]
    whole = Balls.map

    def counted(self: Balls, *given: Any) -> Any:
        found = whole(self, *given)
        made[0] += np.size(found)
        return found

    monkeypatch.setattr(Balls, "map", counted)
    x = np.linspace(0.9, 1.1, 1000)
    x[:count] = 0
    assert report("prod(x)", x=x).verdict.outcome == "verified"
    assert made[0] < 100_000


@pytest.mark.parametrize("descending", [False, True])
def test_balls_in_sure_order_are_those_of_all_comparisons(descending: bool) -> None:
    random = np.random.default_rng(5)
    for width in (0.0, 0.2):
        for _ in range(100):
            middles = random.integers(0, 6, 5)
            radii = random.integers(0, 3, 5) * width
            row = [flint.arb(int(m), float(r)) for m, r in zip(middles, radii, strict=True)]
            found = _in_sure_order(row, descending)
            if found is None:
                assert width > 0
                continue
            pairs = [(row[a], row[b]) for a, b in itertools.pairwise(found)]
            for first, second in pairs:
                low, high = (second, first) if descending else (first, second)
                assert low < high or low == high
            given = [int(middles[place]) for place in found]
            assert given == sorted(given, reverse=descending)
            ties = [(a, b) for a, b in itertools.pairwise(found) if middles[a] == middles[b]]
            assert all(a < b for a, b in ties)
    assert _in_sure_order([flint.arb(1), flint.arb.nan()], descending) is None
