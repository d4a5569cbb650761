"""Sums and products of arrays of balls where every rounding goes the same way."""

import itertools
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

from gradcalc.arrays import linear
from gradcalc.arrays.along import DOUBLE, WORTH, inner, matmul, order, product, running, total
from gradcalc.arrays.numbers import ArrayBall, exactly
from gradcalc.balls.numbers import Undecided
from gradcalc.expr.running import recurrence

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


BILINEAR = {
    "inner": inner,
    "matrix by vector": lambda a, b: matmul(a[None], b),
    "matrices": lambda a, b: matmul(a[None], b[:, None]),
    "in doubles": lambda a, b: product(a[None], b[:, None], np.matmul, a.size, worth=0),
    "by elements": lambda a, b: total(a * b, (0,)),
}


@pytest.mark.parametrize(("middles", "radii"), [((0, 0), (0.5, 0.5)), ((1, -2), (3, 0.25))])
@pytest.mark.parametrize("count", [1, 3, 65])
@pytest.mark.parametrize("kind", BILINEAR)
def test_products_of_balls_hold_to_the_second_order(
    kind: str, count: int, middles: Any, radii: Any
) -> None:
    """At the corners, where both factors of every term have gone as far as they may."""
    found = BILINEAR[kind](
        *(
            ArrayBall(np.full(count, np.longdouble(m)), np.full(count, float(r)))
            for m, r in zip(middles, radii, strict=True)
        )
    )
    for signs in itertools.product((-1, 1), repeat=2):
        first, second = (
            Fraction(m) + s * Fraction(r) for m, s, r in zip(middles, signs, radii, strict=True)
        )
        true = count * first * second
        assert all(holds(*pair, true) for pair in zip(found.mid.flat, found.rad.flat, strict=True))


@pytest.mark.sweep
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


# -- what is made of sums and products ------------------------------------------------------


def flint_matrix(a: Any) -> Any:
    """Floats as python-flint's matrix of rational numbers."""
    rows, columns = a.shape
    return flint.fmpq_mat(rows, columns, [rational(v) for v in np.ravel(a)])


def rational(value: Any) -> Any:
    return flint.fmpq(*map(int, np.longdouble(value).as_integer_ratio()))


def close(ball: ArrayBall, true: Any) -> bool:
    """Whether every element encloses a rational number, or says that nothing is known."""
    radii = np.broadcast_to(ball.rad, ball.shape).ravel()
    return all(
        not np.isfinite(rad) or abs(t - rational(mid)) <= rational(rad)
        for mid, rad, t in zip(ball.mid.ravel(), radii, true, strict=True)
    )


MATRICES = {
    "plain": lambda draw, n: draw.normal(size=(n, n)),
    "graded": lambda draw, n: draw.normal(size=(n, n)) * 4.0 ** -np.arange(n),
    "nearly singular": lambda draw, n: np.ones((n, n)) + 1e-7 * draw.normal(size=(n, n)),
    "turned round": lambda draw, n: np.eye(n)[::-1] * draw.uniform(1, 2, (n, n)),
}


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize("size", [1, 2, 3, 8, 20])
def test_linear_systems_are_enclosed(kind: str, size: int) -> None:
    draw = np.random.default_rng(size)
    a, b = MATRICES[kind](draw, size), draw.normal(size=(size, 2))
    exact, right = flint_matrix(a), flint_matrix(b)
    solved = linear.solve(exactly(a), exactly(b))
    assert close(solved, exact.solve(right).entries())
    assert close(linear.inv(exactly(a)), exact.inv().entries())
    assert close(linear.det(exactly(a)), [exact.det()])
    # not to a guess only
    assert np.all(solved.rad <= 1e-6 * np.max(np.abs(solved.mid)))
    for found in (linear.inv(exactly(a)), linear.det(exactly(a))):
        assert np.all(found.rad <= 1e-2 * np.max(np.abs(found.mid)))


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_systems_of_balls_hold_for_every_number_in_them(size: int) -> None:
    """Corners of what the radii allow, among them those that push every element the same way."""
    draw = np.random.default_rng(size)
    a, b = draw.normal(size=(size, size)) + 3 * np.eye(size), draw.normal(size=size)
    balls = [ArrayBall(np.longdouble(v), np.full(v.shape, 1e-4)) for v in (a, b)]
    found, whole = linear.solve(*balls), linear.det(balls[0])
    for corner in range(8):
        move = [np.sign(draw.normal(size=v.shape)) if corner else np.ones(v.shape) for v in (a, b)]
        moved = [flint_matrix((v + m * 0.9999e-4).reshape(size, -1)) for v, m in
                 zip((a, b), move, strict=True)]  # fmt: skip
        assert close(found, moved[0].solve(moved[1]).entries())
        assert close(whole, [moved[0].det()])


@pytest.mark.parametrize("size", [1, 2, 4])
def test_systems_of_wide_balls_hold_to_the_second_order(size: int) -> None:
    """Where all numbers go the same way, the solution grows faster than the matrix."""
    width = 0.09 / size
    eye = ArrayBall(np.longdouble(np.eye(size)), np.full((size, size), width))
    found = linear.solve(eye, exactly(np.ones(size)))
    moved = flint_matrix(np.eye(size) - width * (1 - 1e-12))
    assert close(found, moved.solve(flint_matrix(np.ones((size, 1)))).entries())


@pytest.mark.parametrize("function", [linear.inv, linear.det])
def test_matrices_that_may_be_singular_are_not_decided(function: Any) -> None:
    draw = np.random.default_rng(1)
    half = draw.normal(size=(6, 3))
    huge = np.eye(3) * np.longdouble(1e308) * 100
    grown = np.array([[1e308, 1e308], [-1e308, 1e308]])
    matrices = (np.zeros((2, 2)), half @ half.T, np.full((3, 3), np.inf), np.eye(2) * np.nan)
    for matrix in (*matrices, huge, grown):
        with np.errstate(all="ignore"), pytest.raises(Undecided):
            function(exactly(matrix))
    with pytest.raises(Undecided):
        function(ArrayBall(np.longdouble(np.eye(2)), np.full((2, 2), 0.9)))


@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 100, 1000])
def test_running_products_are_enclosed(size: int) -> None:
    draw = np.random.default_rng(size)
    x = draw.uniform(0.9, 1.1, size) * draw.choice([-1, 1], size)
    running_product = np.cumprod(exactly(x)[None], 1)
    true, products = Fraction(1), []
    for value in x:
        true *= fraction(value)
        products.append(flint.fmpq(true.numerator, true.denominator))
    assert close(running_product, products)
    assert close(np.prod(exactly(x)), products[-1:])
    assert np.all(running_product.rad <= 1e-15 * size)


@pytest.mark.parametrize("size", [1, 5, 64, 65, 200, 1003])
def test_recurrences_in_blocks_are_those_one_by_one(size: int) -> None:
    draw = np.random.default_rng(size)
    factors, terms = draw.integers(-2, 3, (2, size)).astype(object), draw.integers(-9, 9, (2, size))
    expected, last = [], np.zeros(2, object)
    for k in range(size):
        last = factors[:, k] * last + terms[:, k]
        expected.append(last)
    found = recurrence(factors, terms.astype(object))
    assert np.array_equal(found, np.stack(expected, -1))


def test_an_order_is_that_of_all_numbers_in_the_balls() -> None:
    values = ArrayBall(np.longdouble([[3.0, 1.0, 2.0]]), np.array([[0.4, 0.4, 0.4]]))
    assert order(values, 1, False).tolist() == [[1, 2, 0]]
    assert order(values, 1, True).tolist() == [[0, 2, 1]]
    for close_ones in (values.mid, values.rad * 1.3), (values.mid * 0 + 1, values.rad * 0):
        with pytest.raises(Undecided):
            order(ArrayBall(*close_ones), 1, False)
