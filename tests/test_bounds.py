"""Sums and products of arrays of balls where every rounding goes the same way."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gradcalc.enclosure.arrays import ArrayBall, exactly
from gradcalc.enclosure.tensors import DOUBLE, WORTH, inner, matmul, product, running, total

HALF = np.longdouble(2) ** int(np.finfo(np.longdouble).negep)
"""A little less than this is lost when it is added to 1."""

COUNTS = (2, 3, 5, 16, 63, 64, 65, 100, 1000, 1025, 4099)


def fraction(value: Any) -> Fraction:
    return Fraction(*np.longdouble(value).as_integer_ratio())


def holds(mid: Any, rad: Any, true: Fraction) -> bool:
    return abs(fraction(mid) - true) <= fraction(np.longdouble(float(rad)))


def lossy(count: int, lead: str) -> Any:
    """A 1 among numbers that are all lost beside it, or half of them on either side of it."""
    values = np.full(count, HALF * np.longdouble(0.99))
    values[{"first": 0, "last": -1, "middle": count // 2}[lead]] = 1
    return values


@pytest.mark.parametrize("lead", ["first", "last", "middle"])
@pytest.mark.parametrize("count", COUNTS)
def test_a_sum_that_loses_all_but_one_number(count: int, lead: str) -> None:
    values = lossy(count, lead)
    true = sum(map(fraction, values))
    found = total(exactly(values), (0,))
    assert holds(found.mid, found.rad, true)
    wide = total(ArrayBall(values, np.full(count, float(HALF))), (0,))
    assert holds(wide.mid, wide.rad, true + count * fraction(HALF))


@pytest.mark.parametrize("lead", ["first", "last", "middle"])
@pytest.mark.parametrize("count", COUNTS)
def test_running_sums_that_lose_all_but_one_number(count: int, lead: str) -> None:
    values = lossy(count, lead)
    found = running(exactly(values), 0)
    true = Fraction(0)
    for k, value in enumerate(values):
        true += fraction(value)
        assert holds(found.mid[k], np.broadcast_to(found.rad, found.shape)[k], true)


@pytest.mark.parametrize("lead", ["first", "last", "middle"])
@pytest.mark.parametrize("count", COUNTS)
def test_products_that_lose_all_but_one_term(count: int, lead: str) -> None:
    values = lossy(count, lead)
    ones = exactly(np.ones(count))
    true = sum(map(fraction, values))
    for found in (inner(exactly(values), ones), inner(ones, exactly(values))):
        assert holds(found.mid, found.rad, true)
    row = matmul(exactly(values[None]), exactly(np.ones((count, 2))))
    assert all(holds(*pair, true) for pair in zip(row.mid.flat, row.rad.flat, strict=True))


def test_products_in_doubles_know_what_that_costs() -> None:
    """Large ones are left to a library, which has no wider floats."""
    rows = 130
    values = np.full((rows, rows), np.longdouble(DOUBLE) / 3)
    values[:, 0] = 1
    ones = np.ones((rows, rows))
    assert rows * values.size > WORTH
    found = product(exactly(values), exactly(ones), np.matmul, rows)
    true = sum(map(fraction, values[0]))
    assert all(holds(*pair, true) for pair in zip(found.mid.flat, found.rad.flat, strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_sums_and_products_of_any_sizes(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(2, 300))
    first, second = (
        draw.uniform(-1, 1, count) * 2.0 ** draw.integers(-70, 70, count) for _ in range(2)
    )
    pairs = [(fraction(a), fraction(b)) for a, b in zip(first, second, strict=True)]
    found = total(exactly(first), (0,))
    assert holds(found.mid, found.rad, sum(a for a, _ in pairs))
    found = inner(exactly(first), exactly(second))
    assert holds(found.mid, found.rad, sum(a * b for a, b in pairs))
