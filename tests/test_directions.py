"""Sampled enclosures: arrays of balls, slopes in a few directions, and what the verdict makes."""

import itertools
import random
import re
from dataclasses import replace
from typing import Any

import flint
import numpy as np
import pytest
import sympy

from gradcalc.arrays import special
from gradcalc.arrays.along import winners
from gradcalc.arrays.arithmetic import ArrayBalls, Rule, rounded, rule
from gradcalc.arrays.numbers import ArrayBall, eq, exactly, le, lt, made, number, select
from gradcalc.balls.numbers import Decisions, OutOfReach, Undecided
from gradcalc.calculate import weigh
from gradcalc.calculus import definition, named_arguments, partial
from gradcalc.derive.runs import Runs
from gradcalc.enclosure import experiment
from gradcalc.enclosure.experiment import Experiment
from gradcalc.lang.program import Limits
from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise, Structural
from gradcalc.problem import Problem
from gradcalc.slopes import directions, forward
from gradcalc.slopes.bundles import Bundle
from gradcalc.slopes.directions import Sampled
from gradcalc.slopes.forward import BLOCK
from gradcalc.testimony import Absent, Computed, Derived, Enclosed, Probe, Slopes
from gradcalc.verdict.comparing import accepted_error
from gradcalc.verdict.references import ALONE, APART, hold
from tests.elements import Calculus
from tests.planting import in_torch, spelled
from tests.planting_check import in_a_row, in_a_vjp, worse_row
from tests.random_programs import point, program
from tests.trust_cases import enclosed, problem, report

ELEMENTWISE = [row for row in PRIMITIVES if isinstance(row, Elementwise)]
STRUCTURAL = [row for row in PRIMITIVES if isinstance(row, Structural)]
COMPOSITE = [row for row in PRIMITIVES if not isinstance(row, Elementwise | Structural)]
TIED = {("huber_loss", place) for place in range(1, 6)} | {
    ("smooth_l1_loss", 1),
    ("smooth_l1_loss", 2),
    ("grid_sample", 2),
    ("grid_sample", 4),
    ("lu_factor", 3),
}
"""Samples where a difference is just where the loss bends, a place just where the picture
ends, or two pivots as large, which rounding hides from arrays."""

LARGE = 60_000
FEW = 5_000
BITS = 300


@pytest.fixture(autouse=True)
def _few_numbers_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directions are all there is of what is larger than this."""
    monkeypatch.setattr(experiment, "LARGEST", FEW)


# -- arrays of balls ------------------------------------------------------------------------


def exact_ball(value: Any) -> Any:
    """A wide float as python-flint's ball."""
    high = float(value)
    return flint.arb(high) + flint.arb(float(value - np.longdouble(high)))


def contains(ball: ArrayBall, true: Any) -> bool:
    """Whether every element encloses the true number, or says that nothing is known."""
    with flint.ctx.workprec(BITS):
        pairs = zip(
            ball.mid.ravel(), np.broadcast_to(ball.rad, ball.mid.shape).ravel(), strict=True
        )
        return all(
            not np.isfinite(rad) or bool(abs(true - exact_ball(mid)) <= flint.arb(float(rad)))
            for mid, rad in pairs
        )


def rule_of(row: Elementwise, variant: Any, live: tuple[int, ...]) -> Rule:
    """The rule of a primitive, with its slopes by some operands."""
    symbols, body = definition(row, variant)
    slopes = tuple(partial(row, variant, k) if k in live else 0 for k in range(len(symbols)))
    return rule(symbols, body, slopes)


def variants(row: Elementwise) -> Any:
    """The operands and the variant of every sample."""
    for given in row.samples:
        named = dict(zip(row.signature.parameters, given, strict=False))
        defaults = {n: p.default for n, p in row.signature.parameters.items() if n not in named}
        operands, variant = named_arguments(row, {**named, **defaults})
        yield [float(named[name]) for name in operands], variant


@pytest.mark.parametrize("row", ELEMENTWISE, ids=[row.name for row in ELEMENTWISE])
def test_every_row_and_partial_of_arrays_encloses_the_true_one(row: Elementwise) -> None:
    calculus = Calculus(Decisions(forced=True))
    for values, variant in variants(row):
        live = tuple(range(len(values)))
        found = rule_of(row, variant, live)
        with np.errstate(all="ignore"):
            results = found.function(*[exactly(np.full(3, value)) for value in values])
        places = iter(results[1:])
        for position in (None, *live):
            with flint.ctx.workprec(BITS):
                true = calculus.function(row, variant, position)(*map(flint.arb, values))
            slope = None if position is None else found.slopes[position]
            if slope is not None:
                assert true == slope
                continue
            ball = results[0] if position is None else next(places)
            assert contains(ball, true)
            # what a library of doubles, or a loss of digits near 0, leaves is little enough
            assert np.all(ball.rad <= 1e-8 * (1 + np.abs(ball.mid)))


@pytest.mark.parametrize("width", [1e-12, 1e-3, 0.3])
@pytest.mark.parametrize("row", ELEMENTWISE, ids=[row.name for row in ELEMENTWISE])
def test_wide_balls_enclose_what_every_number_in_them_gives(row: Elementwise, width: float) -> None:
    calculus = Calculus(Decisions(forced=True))
    draw = np.random.default_rng(5)
    for values, variant in variants(row):
        live = tuple(range(len(values)))
        found = rule_of(row, variant, live)
        balls = [ArrayBall(np.longdouble(np.full(2, v)), np.full(2, width)) for v in values]
        try:
            with np.errstate(all="ignore"):
                results = found.function(*balls)
        except Undecided:
            continue
        slopes = [(p, k + 1) for k, p in enumerate(p for p in live if found.slopes[p] is None)]
        for shift in (*draw.uniform(-width, width, (6, len(values))), *corners(values, width)):
            for position, place in ((None, 0), *slopes):
                with flint.ctx.workprec(BITS):
                    inside = [
                        flint.arb(v) + flint.arb(float(d))
                        for v, d in zip(values, shift, strict=True)
                    ]
                    true = calculus.function(row, variant, position)(*inside)
                if true.is_finite():
                    assert contains(results[place], true)
                else:
                    assert not np.all(np.isfinite(results[place].rad))


def corners(values: list[float], width: float) -> list[list[float]]:
    """The shifts to two opposite corners."""
    return [[width * 0.999] * len(values), [-width * 0.999] * len(values)]


POINTS = (-20.0, -3.0, -1.0, -0.999, -1e-3, 0.0, 1e-9, 0.5, 0.9999, 1.0, 1.0001, 7.0, 30.0)
FUNCTIONS = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "erf", "erfc", "sqrt",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_bound_their_slopes(name: str) -> None:
    """Over wide and narrow balls, at borders too, against balls of many digits."""
    for middle in POINTS:
        for radius in (0.0, 1e-15, 1e-6, 0.05, 2.0):
            ball = ArrayBall(np.longdouble(middle), np.asarray(radius))
            with np.errstate(all="ignore"):
                result = getattr(special, name)(ball)
            for part in (-1, -0.7, 0, 0.4, 1):
                with flint.ctx.workprec(BITS):
                    x = flint.arb(middle) + flint.arb(radius) * flint.arb(part)
                    true = getattr(x, name)()
                if true.is_finite():
                    assert contains(result, true), (middle, radius, part)
                else:
                    assert not np.isfinite(result.rad), (middle, radius, part)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_bound_their_slopes_at_any_size(name: str) -> None:
    for middle in (1e-300, 1e-160, -1e-10, 1e20, 1e160, 1e300):
        for radius in (0.0, abs(middle) * 1e-10, abs(middle) * 0.3):
            ball = ArrayBall(np.longdouble(middle), np.asarray(radius))
            with np.errstate(all="ignore"):
                result = getattr(special, name)(ball)
            for part in (-1, 0.4, 1):
                with flint.ctx.workprec(2400):
                    true = getattr(flint.arb(middle) + flint.arb(radius) * flint.arb(part), name)()
                if true.is_finite():
                    assert contains(result, true), (middle, radius, part)
                else:
                    assert not np.isfinite(result.rad), (middle, radius, part)


def test_what_is_far_below_any_float_is_not_lost() -> None:
    small = exactly([1e-300]) * exactly(2.0**-100)
    large = ArrayBall(np.longdouble([1e300]), np.array([1e290]))
    for product in (small * large, large * small):
        assert product.rad[0] >= 7.9e-41
    scaled = exactly([1.0])
    for _ in range(170):
        scaled = scaled * exactly(2.0**-100)
    assert contains(scaled, flint.arb(2) ** -17000)


@pytest.mark.parametrize(("y", "x"), [(-0.0, -1.0), (0.0, -0.0), (-0.0, -0.0)])
def test_a_number_has_no_signed_zero(y: float, x: float) -> None:
    found = special.atan2(exactly(y), exactly(x))
    with flint.ctx.workprec(BITS):
        assert contains(found, flint.arb.atan2(flint.arb(y), flint.arb(x)))


ANGLES = (
    # y, x, whether the ball meets the cut, the half-line of negative x
    ((0.001, 0.1), (-1.0, 0.0), True),
    ((-0.001, 0.1), (-1.0, 0.0), True),
    ((-0.001, 0.1), (-1.0, 0.5), True),
    ((0.001, 0.1), (0.2, 0.3), True),
    ((0.1, 0.1), (-1.0, 0.0), True),
    ((0.2, 0.1), (-1.0, 0.0), False),
    ((-0.2, 0.1), (-1.0, 0.5), False),
    ((0.0, 0.1), (1.0, 0.5), False),
    ((0.4, 0.1), (0.1, 0.2), False),
)
"""Midpoints and radii."""


@pytest.mark.parametrize(("y", "x", "meets"), ANGLES)
def test_an_angle_across_its_cut_is_not_known(y: Any, x: Any, meets: bool) -> None:
    balls = [ArrayBall(np.longdouble([mid]), np.array([rad])) for mid, rad in (y, x)]
    found = special.atan2(*balls)
    assert bool(np.isinf(found.rad[0])) is meets
    for up, right in itertools.product((-0.99, 0.0, 0.99), repeat=2):
        with flint.ctx.workprec(BITS):
            true = flint.arb.atan2(flint.arb(y[0] + up * y[1]), flint.arb(x[0] + right * x[1]))
        assert contains(found, true)


@pytest.mark.parametrize("bases", [[-2.0], [-2.0, 3.0], [-2.0, 0.0]])
def test_a_negative_number_has_no_power_that_may_not_be_whole(bases: list[float]) -> None:
    base, negative = exactly(bases), np.less(bases, 0)
    exponent = ArrayBall(np.longdouble(2.0), np.asarray(1e-12))
    wide = ArrayBall(base.mid, np.full(base.shape, 0.1))
    with np.errstate(all="ignore"):
        for given in (base, wide):
            found = special.power(given, exponent)
            assert not np.any(np.isfinite(found.rad[negative]))
        whole = special.power(base, exactly(2.0))
    assert np.array_equal(whole.mid, np.square(bases))
    assert np.all(np.isfinite(whole.rad))


def test_a_cotangent_that_may_be_zero_flows_all_the_same() -> None:
    m, x = ArrayBalls(), sympy.Symbol("x")
    around = ArrayBall(np.longdouble([0.0, 0.0]), np.array([0.5, 0.0]))
    found = m.chain(around, (x,), sympy.exp(x), [exactly([1.0, 1.0])])
    for part in (-1, 0.3, 1):
        with flint.ctx.workprec(BITS):
            assert contains(found[:1], flint.arb(part) / 2 * flint.arb(1).exp())
    assert (found.mid[1], found.rad[1]) == (0, 0)
    # what is certainly 0 stays so, however steep it gets behind
    with np.errstate(all="ignore"):
        still = m.chain(exactly([0.0, 1.0]), (x,), 1 / x, [exactly([0.0, 2.0])])
    assert (still.mid[0], still.rad[0]) == (0, 0)
    assert contains(still[1:], flint.arb(0.5))


@pytest.mark.parametrize("middle", ["0", "3", "1e-30", "-7e200"])
@pytest.mark.parametrize("radius", ["0", "0.25", "1e-25"])
def test_a_ball_of_many_digits_keeps_its_radius(middle: str, radius: str) -> None:
    with flint.ctx.workprec(BITS):
        ball = flint.arb(flint.arb(middle).mid(), flint.arb(radius).mid())
        found = rounded(ball)
        for end in (ball.mid() - ball.rad(), ball.mid(), ball.mid() + ball.rad()):
            assert contains(found, end)


def test_arithmetic_keeps_what_is_exact_exact() -> None:
    third = number(1, 3)
    assert not third.exact
    assert contains(third, flint.fmpq(1, 3))
    assert (number(2) - number(1)).exact
    assert (number(3) * number(5) / number(3)).exact
    assert (number(7) ** 0).exact
    assert not (exactly(1.0) / exactly(3.0)).exact
    assert (exactly([1.0, 0.0]) - exactly([1.0, 1.0])).rad[0] == 0
    assert (exactly([0.1, 0.0]) * number(-2)).exact
    assert contains(number(10**40 + 1, 7), flint.fmpq(10**40 + 1, 7))


WIDE = ArrayBall(np.longdouble([1.0, 1.0]), np.array([0.5, 0.0]))


def test_balls_decide_only_what_holds_for_all_their_numbers() -> None:
    assert list(lt(number(0), WIDE)) == [True, True]
    assert list(le(exactly(2.0), WIDE)) == [False, False]
    assert list(eq(exactly([1.0, 2.0]), exactly([1.0, 1.0]))) == [True, False]
    undecided: list[Any] = [
        lambda: lt(WIDE, number(1)),
        lambda: eq(WIDE, WIDE),
        lambda: special.floor(WIDE),
        lambda: special.sign(WIDE - number(1)),
        lambda: lt(exactly(np.nan), number(1)),
        lambda: winners(exactly([1.0, 3.0, 3.0]), (0,), 1),
        lambda: winners(made(np.longdouble([1.0, 3.0]), np.array([1.5, 0.6])), (0,), 1),
    ]
    for question in undecided:
        with pytest.raises(Undecided):
            question()
    assert winners(exactly([[1.0, 3.0], [2.0, 1.0]]), (0,), 1).tolist() == [1, 0]


def test_a_choice_takes_nothing_from_what_is_not_chosen() -> None:
    chosen = select(np.array([True, False]), exactly([1.0, np.nan]), exactly([np.inf, 2.0]))
    assert chosen.exact
    assert chosen.mid.tolist() == [1.0, 2.0]
    # whatever is broadcast
    thirds = exactly(1.0) / exactly([3.0, 7.0])
    wide = select(np.array([True, False]), thirds, exactly(np.ones((3, 2))))
    assert wide.mid.shape == wide.rad.shape == (3, 2)


# -- whole programs -------------------------------------------------------------------------


def sample(asked: Problem) -> Sampled:
    """The slopes by arrays of balls alone."""
    return directions._by_arrays(Experiment(Runs(asked)))


def value_of(asked: Problem) -> ArrayBall:
    """The program on arrays of balls."""
    inputs = {name: exactly(values) for name, values in asked.inputs.items()}
    recording = Runs(asked).at(ArrayBalls, inputs)
    value: ArrayBall = recording.output
    return value


def check_against_single_balls(asked: Problem) -> None:
    """Value and slopes enclose what the calculation by single numbers gives in many digits."""
    exact = enclosed(asked)
    assert isinstance(exact, Enclosed), exact
    with flint.ctx.workprec(BITS):
        _check_against(asked, exact)


def _check_against(asked: Problem, exact: Enclosed) -> None:
    value = value_of(asked)
    output = Experiment(Runs(asked)).centre.output
    assert value.shape == np.shape(output)
    for mid, rad, true in zip(
        value.mid.ravel(),
        np.broadcast_to(value.rad, value.shape).ravel(),
        np.ravel(output),
        strict=True,
    ):
        assert encloses(mid, rad, true)
    found = sample(asked)
    assert found.path == exact.path
    moved = sum(asked.inputs[name].size for name in asked.wrt)
    assert len(found.probes) >= min(2, moved)
    for probe in found.probes:
        true = along(probe, exact.exact)
        assert encloses(probe.slope, probe.radius, true), (probe, true)


def along(probe: Any, exact: Any) -> Any:
    """A slope in exact balls."""
    if probe.signs is None:
        return exact[probe.name][probe.index]
    parts = [np.ravel(exact[n]) * np.ravel(s).astype(object) for n, s in probe.signs.items()]
    return sum(value for part in parts for value in part)


def encloses(mid: Any, rad: Any, true: Any) -> bool:
    """Whether a ball contains a number, itself known to some fifty digits."""
    if not np.isfinite(rad):
        return False
    high = float(mid)
    apart = abs(true - high - float(mid - np.longdouble(high)))
    return bool(apart <= rad + abs(true) * 1e-40)


BEYOND = {"cholesky", "qr", "matrix_exp", "eigvalsh", "eigh", "svdvals", "svd", "matrix_rank"}
"""Rows of which arrays of balls know nothing."""


def sampled_calls(rows: list[Any]) -> list[Any]:
    return [
        pytest.param(row, place, id=f"{row.name}-{place}")
        for row in rows
        for place in range(len(row.samples))
    ]


@pytest.mark.parametrize(("row", "place"), sampled_calls([*STRUCTURAL, *COMPOSITE]))
def test_structural_rows_and_composites_enclose_single_balls(row: Any, place: int) -> None:
    text, inputs = spelled(row, row.samples[place])
    asked = problem(text, **inputs)
    if row.name in BEYOND:
        with pytest.raises(OutOfReach, match="not enclosed at this size"):
            sample(asked)
        return
    if (row.name, place) in TIED:
        with pytest.raises(Undecided):
            sample(asked)
        return
    weights = np.random.default_rng(7).uniform(0.5, 1.5, value_of(asked).shape)
    check_against_single_balls(problem(text, cotangent=weights, **inputs))


PROGRAMS = (
    ("s = 0\nfor i in range(3):\n    s = s + x[i]*x\nsum(s)", {"x": [1.0, 2.0, 3.0]}),
    ("if sum(x) > 1:\n    y = x**3\nelse:\n    y = -x\nsum(y)", {"x": [1.0, 2.0]}),
    ("detach(x)@x + sum(where(x > 1, sqrt(x - 1), x**2))", {"x": [0.5, 2.0]}),
    ("sum(x[x > 0]**2.5)", {"x": [0.5, -2.0, 3.0]}),
    ("with no_grad():\n    y = x*x\nsum(y*x)", {"x": [0.5, -2.0]}),
    ("sum(x**y)", {"x": [0.5, 2.0], "y": [1.5, -2.0]}),
    ("sum(atan2(x, y))", {"x": [0.5, -2.0], "y": [-1.5, 2.0]}),
    ("X@w@(X@w)", {"X": np.arange(6.0).reshape(2, 3), "w": [0.1, -0.2, 0.3]}),
    ("x.item()*x + float(x)", {"x": 1.5}),
    ("max(A, dim=1).values@x + x[argmax(x)]", {"A": [[1.0, 2.0], [4.0, 3.0]], "x": [0.1, 0.3]}),
)


@pytest.mark.parametrize(("text", "inputs"), PROGRAMS)
def test_programs_enclose_single_balls(text: str, inputs: dict[str, Any]) -> None:
    check_against_single_balls(problem(text, **inputs))


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(60))
def test_radii_of_random_programs_are_honest(seed: int) -> None:
    text = program(random.Random(seed), depth=3)
    asked = problem(text, **point(text, seed))
    if not asked.wrt:
        return
    exact = enclosed(asked)
    if isinstance(exact, Absent) or exact.around is not None:
        return
    try:
        found = sample(asked)
    except Undecided:
        # a tie of elements that are the same by construction
        return
    for probe in found.probes:
        with flint.ctx.workprec(BITS):
            true = along(probe, exact.exact)
            assert not np.isfinite(probe.radius) or encloses(probe.slope, probe.radius, true), text


@pytest.mark.parametrize(
    "text", ["tanh(x)*x", "x[:, None]*y", "x*y[0]", "where(x > 0, x, exp(x))", "x.T*2", "relu(x)"]
)
def test_blocks_give_what_the_whole_gives(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(3)
    shape = (BLOCK // 50, 70) if ".T" in text else (BLOCK + 5,)
    asked = problem(f"sum({text})", x=draw.normal(size=shape), y=np.array([2.0, 3.0]))
    parts = sample(asked).probes
    monkeypatch.setattr(forward, "BLOCK", 10**9)
    whole = sample(asked).probes
    for part, same in zip(parts, whole, strict=True):
        # sums of blocks are added in another order
        assert abs(part.slope - same.slope) <= min(part.radius, same.radius)
        assert part.radius == pytest.approx(same.radius, rel=0.5)


TO_WHOLES = (
    ("cumsum(y, 0)*c", {}),
    ("A@y", {"A": (3, BLOCK + 5)}),
    ("B@y.reshape(2, -1)", {"B": (4, 2)}),
)
"""What asks for all elements of y at once, with the shapes of what else is in it."""


@pytest.mark.parametrize(("text", "shapes"), TO_WHOLES)
def test_radii_of_blocks_are_those_of_the_whole(
    text: str, shapes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly everything cancels in y, so that the radii of its elements are all that counts."""
    draw = np.random.default_rng(4)
    size = 2 * (BLOCK + 5) if "B" in text else BLOCK + 5
    inputs = {name: draw.normal(size=shape) for name, shape in {"c": size, **shapes}.items()}
    source = f"y = tanh(x)*x + 1e6*x - x*tanh(x) - 1e6*x\nsum({text})"
    asked = problem(source, wrt=("x",), x=draw.normal(size=size), **inputs)
    parts = worked_out(asked, monkeypatch)
    monkeypatch.setattr(forward, "BLOCK", 10**9)
    whole = worked_out(asked, monkeypatch)
    assert any(bundle.value.size > BLOCK for bundle in parts.values())
    for order, bundle in parts.items():
        for part, same in zip(bundle.balls, whole[order].balls, strict=True):
            if part is None or same is None:
                assert part is same
                continue
            radii = (np.broadcast_to(ball.rad, ball.shape) for ball in (part, same))
            # in a block that does not move there is not even underflow
            assert np.allclose(*radii, rtol=1e-6, atol=1e-290)
            assert np.all(abs(part.mid - same.mid) <= np.minimum(part.rad, same.rad))


def worked_out(asked: Problem, monkeypatch: pytest.MonkeyPatch) -> dict[int, Bundle]:
    """What each node is worked out to that is there as a whole, by its order."""
    original, found = forward.Pass._worked_out, {}

    def noted(self: Any, node: Any) -> Any:
        answer = original(self, node)
        found[node.order] = answer.whole()
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(forward.Pass, "_worked_out", noted)
        sample(asked)
    return found


@pytest.mark.parametrize(
    ("radius", "sure"), [(0.0, True), (2.0**-21, True), (2.0**-19, False), (np.inf, False)]
)
def test_slopes_are_sure_to_six_digits(radius: float, sure: bool) -> None:
    everywhere = Probe(np.longdouble(3), 3 * radius, signs={"x": np.ones(2, np.int8)})
    alone = Probe(np.longdouble(3), np.inf, name="x", index=(0,))
    assert Sampled((everywhere, alone), ()).sure is sure


# -- what the verdict makes of them ---------------------------------------------------------


def data(*names: str, size: int = LARGE) -> dict[str, Any]:
    draw = np.random.default_rng(11)
    shapes = {
        "x": (size,), "c": (size,), "X": (size // 50, 50), "w": (50,), "b": (size // 50,),
        "W": (50, 8), "v": (8,),
    }  # fmt: skip
    return {name: draw.normal(size=shapes[name]) for name in names}


FAMILIES = (
    ("2*dot(x, x)", ("x",)),
    ("softmax(x)@c", ("x", "c")),
    ("logsumexp(x)", ("x",)),
    ("norm(X@w - b)**2", ("X", "w", "b")),
    ("mean(log(1 + exp(-X@w)))", ("X", "w")),
    ("norm(x)", ("x",)),
    ("sum(tanh(tanh(X@W)@v))", ("X", "W", "v")),
    ("sum(relu(x)*sin(x))", ("x",)),
    ("std(x)", ("x",)),
    ("sum(gelu(x))", ("x",)),
    ("binary_cross_entropy(sigmoid(x), (c > 0)*1.0)", ("x", "c")),
)


@pytest.mark.parametrize(("text", "names"), FAMILIES)
def test_large_calculations_are_held_to_all_three(text: str, names: tuple[str, ...]) -> None:
    answer = report(text, **data(*names))
    assert answer.verdict.outcome == "verified", answer.verdict
    assert answer.witnesses == ("autograd", "symbolic", "enclosure")
    assert re.search(r"formula and \d enclosed slopes?", answer.verdict.message)


def test_autograd_itself_is_held_to_the_slopes() -> None:
    """It and the formula may be off in one direction, each by as much as it may be."""
    asked = problem("sum(exp(x))", x=np.full(LARGE, 0.5))
    case = weigh(asked)
    assert isinstance(case.autograd, Computed)
    assert isinstance(case.formula, Derived)
    assert isinstance(case.enclosure, Slopes)
    room = accepted_error(asked, "x", case.formula)

    def trouble(ours: float, theirs: float) -> str | None:
        first, second = ({"x": np.exp(0.5) * (1 + part * room) * np.ones(LARGE)}
                         for part in (ours, theirs))  # fmt: skip
        torch, formula = (
            replace(case.autograd, gradients=first),
            replace(case.formula, gradients=second),
        )
        return hold(asked, torch, formula, one, case.judgement.comparisons)[1]

    one = Slopes(
        case.enclosure.reason, case.enclosure.doubt,
        (Probe(np.longdouble(np.exp(0.5)), 0.0, name="x", index=(7,)),), case.enclosure.path,
    )  # fmt: skip
    assert trouble(0.9, 0.9) is None
    assert trouble(1.8, 0.9) == ALONE
    assert trouble(0.9, 1.8) == APART


@pytest.mark.parametrize("text", ["sum(exp(x))", "logsumexp(x + 500)", "sum(1e-310*x)"])
def test_numbers_at_the_ends_of_the_floats_are_no_fault(text: str) -> None:
    """What no radius can hold leaves the formula alone."""
    answer = report(text, x=np.linspace(700, 709, LARGE))
    assert answer.witnesses[:2] == ("autograd", "symbolic")


def test_a_quarter_of_a_million_numbers_in_two_dtypes() -> None:
    for dtype in ("float64", "float32"):
        answer = report("2*dot(x, x)", dtype, x=data("x", size=250_000)["x"])
        assert answer.verdict.outcome == "verified"
        assert "enclosure" in answer.witnesses


def test_strict_takes_directions_for_the_enclosure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert report("dot(x, x)", strict=True, **data("x")).verdict.outcome == "verified"
    monkeypatch.setattr(directions, "AFFORDED", 1)
    monkeypatch.setattr(directions, "MANY", 1)
    answer = report("dot(x, x)", strict=True, **data("x"))
    assert answer.verdict.outcome == "unresolved"
    assert "one direction is more work than the check takes on" in answer.verdict.message


def test_where_float_radii_say_too_little_balls_have_digits() -> None:
    W = np.random.default_rng(3).normal(size=(90, 90)) / 9
    asked = problem("h = x[:90]\nfor i in range(80):\n    h = W@h\nsum(h)", x=data("x")["x"], W=W)
    try:
        coarse = directions._by_arrays(Experiment(Runs(asked)))
    except OutOfReach:
        coarse = None
    found = directions.sample(Experiment(Runs(asked)))
    assert coarse is None or not coarse.sure
    (probe,) = found.probes
    assert probe.radius < 1e-15 * abs(float(probe.slope))


@pytest.mark.parametrize(
    "text",
    ["lgamma(abs(x) + 1)", "i0(x)", "ndtri(sigmoid(x))", "polygamma(1, x*x + 1)"],
)
def test_functions_without_a_bound_for_arrays_are_enclosed_one_by_one(text: str) -> None:
    found = directions.sample(Experiment(Runs(problem(f"sum({text})", **data("x")))))
    assert found.sure
    assert len(found.probes) > 1
    for probe in found.probes:
        assert probe.radius < 1e-13 * max(abs(float(probe.slope)), 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sum(maximum(x*x/x, x))", "cannot be decided"),
        ("amax(concat([x, x]))", "cannot be decided"),
    ],
)
def test_why_there_is_no_direction(text: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "AFFORDED", 1)
    answer = enclosed(problem(text, **data("x")))
    assert isinstance(answer, Absent)
    assert not isinstance(answer, Slopes)
    assert reason in answer.doubt


def test_no_time_is_a_reason() -> None:
    asked = problem("dot(x, x)", limits=Limits(seconds=1e-9), **data("x"))
    answer = enclosed(asked)
    assert isinstance(answer, Absent)
    assert "time" in answer.doubt


@pytest.mark.parametrize(
    ("text", "names", "row", "wrong"),
    [
        ("sum(exp(x))", ("x",), "exp", "slope"),
        ("sum(tanh(x)*c)", ("x", "c"), "tanh", "sign"),
        ("sum((X@w - b)**2)", ("X", "w", "b"), "matmul", "slope"),
        ("softmax(x)@c", ("x", "c"), "softmax", "rolled"),
    ],
)
def test_a_mistake_of_torch_is_found_at_size(
    text: str, names: tuple[str, ...], row: str, wrong: str
) -> None:
    with in_torch(row, wrong):
        assert report(text, **data(*names)).verdict.outcome == "wrong"


def test_a_mistake_that_torch_and_the_formula_share_is_found() -> None:
    row = BY_NAME["exp"]
    assert isinstance(row, Elementwise)
    worse = worse_row(row, "partials", "scaled")
    assert worse is not None
    with in_torch("exp", "slope"), in_a_row(row, worse):
        answer = report("sum(exp(x))", **data("x"))
    assert answer.verdict.outcome == "unresolved"
    assert "the check's own derivative is not that of its values: exp" in answer.verdict.message


@pytest.mark.parametrize(
    ("text", "names", "op", "wrong"),
    [
        ("sum(exp(X), axis=0)@w", ("X", "w"), "sum", "scaled"),
        ("sum(exp(X), axis=0)@w", ("X", "w"), "sum", "sign"),
        ("norm(X@w)", ("X", "w"), "matmul", "scaled"),
        ("flip(x)@(x*c)", ("x", "c"), "flip", "shifted"),
    ],
)
def test_a_mistake_of_the_formula_is_not_blamed_on_autograd(
    text: str, names: tuple[str, ...], op: str, wrong: str
) -> None:
    from gradcalc.expr import ops

    with in_a_vjp(getattr(ops, op.upper()), wrong):
        answer = report(text, **data(*names))
    assert answer.verdict.outcome == "unresolved"
    assert "contradict each other" in answer.verdict.message


def test_a_long_run_of_few_inputs_is_held_to_directions_too() -> None:
    answer = report("sum(A@A@A)", A=np.random.default_rng(2).normal(size=(50, 50)))
    assert answer.verdict.outcome == "verified"
    assert answer.witnesses == ("autograd", "symbolic", "enclosure")


def test_rounding_that_chose_a_branch_is_found_at_size() -> None:
    x = data("x")["x"]
    x[:2] = 1e17, 1.0
    answer = report("if x[0] + x[1] - x[0] > 0.5:\n    y = x*x\nelse:\n    y = 3*x\nsum(y)", x=x)
    assert answer.verdict.outcome == "unresolved"
    assert "another branch" in answer.verdict.message


CLAIMS = (
    ("sum(tanh(X@W))", ("X", "W"), "W", "X.T@(1 - tanh(X@W)**2)", "verified"),
    ("std(x)", ("x",), "x", "(x - mean(x))/(59999*std(x))", "verified"),
    ("cumsum(x, 0)@c", ("x", "c"), "x", "flip(cumsum(flip(c, 0), 0), 0)", "verified"),
    ("sum(exp(x))", ("x",), "x", "exp(x)*(1 + 1e-9)", "wrong"),
    ("sum(exp(x))", ("x",), "x", "exp(x) + where(x > 3.9, 1e-9, 0)", "wrong"),
    ("sum(x**3)", ("x",), "x", "3*x**2*(abs(x) > 1e-4)", "wrong"),
)


@pytest.mark.parametrize(("text", "names", "by", "claim", "outcome"), CLAIMS)
def test_a_claim_is_held_to_what_is_itself_rounded(
    text: str, names: tuple[str, ...], by: str, claim: str, outcome: str
) -> None:
    answer = report(text, claims={by: claim}, wrt=(by,), **data(*names))
    assert answer.verdict.outcome == outcome, answer.verdict.message


def test_one_number_has_one_direction() -> None:
    asked = problem("sum(x*c)", wrt=("c",), x=data("x")["x"], c=2.0)
    assert len(sample(asked).probes) == 1
