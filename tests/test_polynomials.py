"""Rational functions by flint: the same as sympy's own."""

import random
from typing import Any

import pytest
import sympy

from gradcalc.expr.polynomials import cancelled, factored, led, multiplied_out
from gradcalc.expr.scalars import sigmoid

X, Y, Z = sympy.symbols("n1 n2 n3", real=True)
LEAVES = (X, Y, Z, sympy.exp(X), sympy.exp(-X), sympy.sin(Y), sympy.sqrt(Z), sympy.tanh(X),
          sigmoid(X), sympy.pi)  # fmt: skip


def drawn(draw: random.Random, depth: int) -> Any:
    """A random rational function of a few symbols and calls."""
    if not depth:
        number = sympy.Rational(draw.randint(-5, 5), draw.randint(1, 4))
        return draw.choice((*LEAVES, number))
    first = drawn(draw, depth - 1)
    match draw.randrange(4):
        case 0:
            return first + drawn(draw, depth - 1)
        case 1:
            return first * drawn(draw, depth - 1)
        case 2:
            return first ** draw.choice([2, -1, -2, 3]) if first != 0 else first
        case _:
            return -first


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(150))
def test_fractions_are_those_of_sympy(seed: int) -> None:
    draw = random.Random(seed)
    given = drawn(draw, draw.randint(2, 4))
    assert cancelled(given) == sympy.cancel(given)
    assert factored(given) == sympy.factor(sympy.cancel(given))
    assert multiplied_out(sympy.exp(X * (Y + 1))) == sympy.expand(sympy.exp(X * (Y + 1)))
    both = given + sympy.log(abs(X) * 3) * given + sympy.sqrt(X * Y) * sympy.exp(X + Y * Z)
    assert multiplied_out(both) == sympy.expand(both)
    assert led(both) == sympy.factor_terms(both)


CASES = {
    "a difference of squares": ((X**2 - Y**2) / (X - Y), X + Y),
    "a number": (sympy.Rational(4, 6) * X / X, sympy.Rational(2, 3)),
    "nothing": (X - X, 0),
    "a minus below": (1 / (1 - X), -1 / (X - 1)),
    "contents": ((2 * X + 2) / (4 * X), (X + 1) / (2 * X)),
    "of an enormous degree": (sympy.exp(X * sympy.Rational(7, 100)) * X / X,
                              sympy.exp(X * sympy.Rational(7, 100))),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_lowest_terms(name: str) -> None:
    given, expected = CASES[name]
    assert cancelled(given) == expected


def test_what_is_no_rational_number_is_no_coefficient() -> None:
    with pytest.raises(sympy.PolynomialError):
        cancelled((X + sympy.Float(0.5)) / (Y + 1))
