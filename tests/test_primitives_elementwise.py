"""Each elementwise row at its samples: torch, the definition and 50-digit differences agree."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import pytest
import sympy
import torch

from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise

ROWS = [row for row in PRIMITIVES if isinstance(row, Elementwise)]
CASES = [(row, sample) for row in ROWS for sample in row.samples]
IDS = [f"{row.name}{sample}" for row, sample in CASES]
DIGITS = 50
STEP = "1e-15"


def bound(row: Elementwise, sample: tuple[Any, ...]) -> dict[str, Any]:
    arguments = row.signature.bind(*sample)
    arguments.apply_defaults()
    return dict(arguments.arguments)


def moving(row: Elementwise, sample: tuple[Any, ...]) -> list[str]:
    """The operands: what is a number and no setting."""
    given = bound(row, sample)
    return [name for name, value in given.items() if value is not None and name not in row.static]


@cache
def meaning(
    row: Elementwise, sample: tuple[Any, ...]
) -> tuple[Callable[..., Any], list[Callable[..., Any]]]:
    """The definition and its partial derivatives, as functions of mpmath numbers."""
    given = bound(row, sample)
    symbols = {name: sympy.Symbol(name, real=True) for name in moving(row, sample)}
    operands = [symbols.get(name, value) for name, value in given.items()]
    expression = row.define(sympy, *operands)
    own = dict(row.partials)
    slopes = [
        own[k](sympy, *operands) if k in own else sympy.diff(expression, symbols[name])
        for k, name in enumerate(given)
        if name in symbols
    ]
    make = lambda e: sympy.lambdify(list(symbols.values()), e, modules="mpmath")
    return make(expression), [make(slope) for slope in slopes]


def exact_numbers(row: Elementwise, sample: tuple[Any, ...]) -> list[Any]:
    given = bound(row, sample)
    return [mpmath.mpf(given[name]) for name in moving(row, sample)]


def torch_answers(
    row: Elementwise, function: Callable[..., Any], sample: tuple[Any, ...]
) -> tuple[float, list[float]]:
    """torch's value and gradient."""
    given = bound(row, sample)
    names = moving(row, sample)
    tensors = {
        name: torch.tensor(float(given[name]), dtype=torch.float64, requires_grad=True)
        for name in names
    }
    result = function(torch, **{name: {**given, **tensors}[name] for name in given})
    if not result.requires_grad:
        return float(result), [0.0] * len(names)
    slopes = torch.autograd.grad(result, list(tensors.values()), allow_unused=True)
    return result.item(), [0.0 if slope is None else float(slope) for slope in slopes]


OFF = {"hardsigmoid": 1e-7, "digamma": 1e-8}
"""Rows where torch itself is off: it has the 1/6 of a float32, or ten digits of trigamma."""


def close(found: float, truth: Any, tolerance: float = 1e-12) -> bool:
    return bool(abs(found - truth) <= tolerance * abs(truth) + mpmath.mpf("1e-40"))


def agrees(row: Elementwise, function: Callable[..., Any], sample: tuple[Any, ...]) -> bool:
    """Whether a torch function has the value and the gradient of the row's definition."""
    define, slopes = meaning(row, sample)
    value, gradient = torch_answers(row, function, sample)
    with mpmath.workdps(DIGITS):
        numbers = exact_numbers(row, sample)
        truth = [define(*numbers), *(slope(*numbers) for slope in slopes)]
        room = OFF.get(row.name, 1e-12)
        return all(close(f, t, room) for f, t in zip([value, *gradient], truth, strict=True))


@pytest.mark.parametrize(("row", "sample"), CASES, ids=IDS)
def test_torch_agrees_with_the_definition(row: Elementwise, sample: tuple[Any, ...]) -> None:
    assert agrees(row, row.torch, sample)


@pytest.mark.parametrize(("row", "sample"), CASES, ids=IDS)
def test_derivatives_agree_with_differences(row: Elementwise, sample: tuple[Any, ...]) -> None:
    define, slopes = meaning(row, sample)
    with mpmath.workdps(DIGITS):
        numbers = exact_numbers(row, sample)
        h = mpmath.mpf(STEP)
        for k, slope in enumerate(slopes):
            ahead = [x + h if k == j else x for j, x in enumerate(numbers)]
            behind = [x - h if k == j else x for j, x in enumerate(numbers)]
            difference = (define(*ahead) - define(*behind)) / (2 * h)
            assert abs(slope(*numbers) - difference) < mpmath.mpf("1e-25") * (1 + abs(difference))


@pytest.mark.parametrize(("row", "sample"), CASES, ids=IDS)
def test_samples_are_smooth_points(row: Elementwise, sample: tuple[Any, ...]) -> None:
    assert all(abs(quantity) > 1e-6 for quantity in facts(row.kinks, row, sample))
    assert all(quantity > 1e-6 for quantity in facts(row.domain, row, sample))


def facts(
    function: Callable[..., Any] | None, row: Elementwise, sample: tuple[Any, ...]
) -> tuple[Any, ...]:
    if function is None:
        return ()
    given = bound(row, sample)
    numbers = [
        mpmath.mpf(value) if isinstance(value, float | int) and name not in row.static else value
        for name, value in given.items()
    ]
    result = function(mpmath.mp, *numbers)
    assert isinstance(result, tuple)
    return result


BORDERS = [
    # row, operands, its kinks have a zero here, its domain ends or has ended here
    ("abs", (0.0,), True, False),
    ("relu", (0.0,), True, False),
    ("relu6", (6.0,), True, False),
    ("elu", (0.0,), False, False),
    ("elu", (0.0, 2.0), True, False),
    ("maximum", (1.5, 1.5), True, False),
    ("gt", (1.5, 1.5), True, False),
    ("where", (0.0, 1.0, 1.0), False, False),
    ("floor", (2.0,), True, False),
    ("floor", (2.5,), False, False),
    ("round", (2.5,), True, False),
    ("round", (2.0,), False, False),
    ("trunc", (0.0,), False, False),
    ("trunc", (-1.0,), True, False),
    ("frac", (1.0,), True, False),
    ("floordiv", (4.0, 2.0), True, False),
    ("mod", (4.0, 0.0), True, False),
    ("div", (1.0, 0.0), True, False),
    ("reciprocal", (0.0,), True, False),
    ("pow", (0.0, 2.0), False, False),
    ("pow", (0.0, 0.0), False, False),
    ("pow", (0.0, -1.0), True, False),
    ("pow", (0.0, 0.5), False, True),
    ("pow", (-2.0, 3.0), False, False),
    ("pow", (-2.0, 0.5), False, True),
    ("sqrt", (0.0,), False, True),
    ("log", (0.0,), False, True),
    ("log1p", (-1.0,), False, True),
    ("xlogy", (1.0, 0.0), False, True),
    ("entr", (0.0,), False, True),
    ("fmod", (5.0, 2.5), True, False),
    ("asin", (1.0,), False, True),
    ("acos", (-1.0,), False, True),
    ("atanh", (1.0,), False, True),
    ("acosh", (1.0,), False, True),
    ("atan2", (0.0, -1.0), True, False),
    ("atan2", (0.0, 1.0), False, False),
    ("atan2", (0.0, 0.0), True, False),
    ("hypot", (0.0, 0.0), True, False),
    ("hypot", (0.0, 1.0), False, False),
    ("tan", (math.pi / 2,), False, False),
    ("clamp", (1.0, None, 1.0), True, False),
    ("clamp", (1.0, 1.0, None), True, False),
    ("clamp", (1.0, -1.0, 2.0), False, False),
    ("hardtanh", (-1.0,), True, False),
    ("lgamma", (-2.0,), True, False),
    ("lgamma", (2.0,), False, False),
]


@pytest.mark.parametrize(
    ("name", "operands", "kink", "border"), BORDERS, ids=[f"{b[0]}{b[1]}" for b in BORDERS]
)
def test_where_it_is_not_smooth(
    name: str, operands: tuple[Any, ...], kink: bool, border: bool
) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    with mpmath.workdps(DIGITS):
        assert any(quantity == 0 for quantity in facts(row.kinks, row, operands)) == kink
        assert any(quantity <= 0 for quantity in facts(row.domain, row, operands)) == border


POINTS = [
    # where the general formula has a gap: row, operands, value, partial derivatives
    ("pow", (0.0, 2.0), 0, (0, 0)),
    ("pow", (0.0, 1.0), 0, (1, 0)),
    ("pow", (0.0, 3.0), 0, (0, 0)),
    ("pow", (5.0, 1.0), 5, (1, 5 * math.log(5))),
    ("xlogy", (0.0, 1.0), 0, (0, 0)),
    ("clamp", (0.5, 3.0, 2.0), 2, (0, 0, 1)),
    ("clamp", (-5.0, -1.0, 1.0), -1, (0, 1, 0)),
    ("round", (2.5,), 2, (0,)),
    ("round", (3.5,), 4, (0,)),
    ("round", (-2.5,), -2, (0,)),
    ("round", (-0.5,), 0, (0,)),
    ("trunc", (-0.5,), 0, (0,)),
    ("mod", (-7.5, 2.0), 0.5, (1, 4)),
    ("lgamma", (-0.5,), math.lgamma(-0.5), (0.03648997397857652,)),
]


@pytest.mark.parametrize(
    ("name", "operands", "value", "gradient"), POINTS, ids=[f"{p[0]}{p[1]}" for p in POINTS]
)
def test_points(name: str, operands: tuple[Any, ...], value: float, gradient: Any) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    define, slopes = meaning(row, operands)
    with mpmath.workdps(DIGITS):
        numbers = exact_numbers(row, operands)
        assert close(value, define(*numbers))
        for expected, slope in zip(gradient, slopes, strict=True):
            assert close(expected, slope(*numbers))
    found, found_gradient = torch_answers(row, row.torch, operands)
    assert found == pytest.approx(value, rel=1e-13)
    assert found_gradient == pytest.approx(list(gradient), rel=1e-13)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
@pytest.mark.parametrize("base", [-2.0, 0.0, 1.5])
def test_slope_of_a_power_with_an_integer_exponent(base: float, exponent: int) -> None:
    slope = dict(BY_NAME["pow"].partials)[0]  # type: ignore[union-attr]
    x = sympy.Symbol("x", real=True)
    formula = sympy.lambdify([x], slope(sympy, x, sympy.Integer(exponent)), modules="mpmath")
    assert formula(mpmath.mpf(base)) == (exponent * base ** (exponent - 1) if exponent else 0)


PLANTED: dict[str, Callable[[Any], Any]] = {
    "shifted": lambda result: result + 1e-6,
    "scaled": lambda result: result * (1 + 1e-6),
    "negated": lambda result: -result,
    "wrong slope": lambda result: result + 1e-6 * (result - result.detach()),
    "lost slope": lambda result: result.detach(),
}
# There these bugs change nothing; the value of some is 0 wherever they are smooth.
ZERO = {"eq", "isnan", "isinf"}
SLOPELESS = {row.name for row in ROWS if row.boolean} | {
    *("floordiv", "sign", "floor", "ceil", "round", "trunc")
}


@pytest.mark.parametrize("bug", PLANTED)
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_comparison_can_fail(row: Elementwise, bug: str) -> None:
    planted = lambda t, *args, **static: PLANTED[bug](row.torch(t, *args, **static).double())
    caught = not all(agrees(row, planted, sample) for sample in row.samples)
    blind = row.name in SLOPELESS if "slope" in bug else row.name in ZERO and bug != "shifted"
    assert caught != blind


NUMBERS = [
    ("floor", (2.7,), 2),
    ("ceil", (2.2,), 3),
    ("trunc", (-2.7,), -2),
    ("round", (2.5,), 2),
    ("abs", (-3,), 3),
    ("maximum", (2, 3), 3),
    ("minimum", (2, 3), 2),
    ("pow", (2, 10), 1024),
    ("floordiv", (7, 2), 3),
    ("mod", (-7, 2), 1),
    ("div", (7, 2), 3.5),
    ("gt", (2, 1), True),
    ("logical_and", (2, 0), False),
    ("logical_or", (2, 0), True),
    ("logical_not", (2,), False),
    ("where", (True, 1, 2), 1),
]


@pytest.mark.parametrize(
    ("name", "operands", "result"), NUMBERS, ids=[f"{n[0]}{n[1]}" for n in NUMBERS]
)
def test_plain_numbers_stay_plain(name: str, operands: tuple[Any, ...], result: Any) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    assert row.numbers is not None
    found = row.numbers(*operands)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize("row", [r for r in ROWS if r.operator and len(r.samples[0]) == 2])
@pytest.mark.parametrize("side", [0, 1])
def test_operators_take_a_plain_number_beside_a_tensor(row: Elementwise, side: int) -> None:
    sample = row.samples[0]
    mixed = list(sample)
    mixed[side] = torch.tensor(sample[side], dtype=torch.float64, requires_grad=True)
    result = row.torch(torch, *mixed)
    assert close(result.item(), meaning(row, sample)[0](*exact_numbers(row, sample)))
    if result.requires_grad:
        result.backward()


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (None, 1.0), (0.0, None)])
def test_clamp_mixes_numbers_and_tensors(bounds: tuple[Any, Any]) -> None:
    x = torch.tensor([-0.5, 0.5, 1.5], dtype=torch.float64)
    clamp = BY_NAME["clamp"].torch
    plain = clamp(torch, x, *bounds)
    lifted = [None if b is None else torch.tensor(b, dtype=torch.float64) for b in bounds]
    assert torch.equal(clamp(torch, x, lifted[0], bounds[1]), plain)
    assert torch.equal(clamp(torch, x, bounds[0], lifted[1]), plain)
