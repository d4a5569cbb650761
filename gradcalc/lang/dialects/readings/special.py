"""Special functions that are put together from others."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import UnsupportedError
from gradcalc.lang import ops, plain
from gradcalc.lang.dialects.readings import apart
from gradcalc.lang.machine import Machine
from gradcalc.lang.raising import check_counted


@apart
def logit_within(machine: Machine, input: Any, eps: Any) -> Any:
    """torch's logit, of numbers that are kept eps away from 0 and 1 where eps is given."""
    if eps is not None:
        input = ops.call(machine, "clamp", input, eps, ops.binary(machine, "sub", 1.0, eps))
    return ops.call(machine, "logit", input)


def divergence(machine: Machine, **values: Any) -> Any:
    """scipy's kl_div: x log(x/y) - x + y."""
    x, y = (ops.tensor(machine, value) for value in values.values())
    return ops.binary(
        machine, "add", ops.binary(machine, "sub", ops.call(machine, "rel_entr", x, y), x), y
    )


def huber(machine: Machine, delta: Any, r: Any) -> Any:
    """scipy's huber: half the square up to delta, linear beyond."""
    _check_delta(machine, delta)
    r = ops.tensor(machine, r)
    limited = ops.call(machine, "clamp", r, ops.call(machine, "neg", delta), delta)
    rest = ops.binary(machine, "sub", r, ops.binary(machine, "div", limited, 2.0))
    return ops.binary(machine, "mul", limited, rest)


def _check_delta(machine: Machine, delta: Any) -> None:
    if not (machine.elements(ops.tensor(machine, delta)) > 0).all():
        raise UnsupportedError(
            "scipy's huber is 0 where delta is 0, and infinite where it is below",
            hint="give it a delta above 0",
        )


def pseudo_huber(machine: Machine, delta: Any, r: Any) -> Any:
    """scipy's pseudo_huber, delta**2 (sqrt(1 + (r/delta)**2) - 1), without cancellation."""
    _check_delta(machine, delta)
    r = ops.tensor(machine, r)
    square = ops.call(machine, "square", ops.binary(machine, "div", r, delta))
    root = ops.call(machine, "sqrt", ops.binary(machine, "add", square, 1.0))
    return ops.binary(
        machine, "div", ops.call(machine, "square", r), ops.binary(machine, "add", root, 1.0)
    )


def box_cox(machine: Machine, of: str, x: Any, lmbda: Any) -> Any:
    """scipy's boxcox and boxcox1p: (x**lmbda - 1)/lmbda, the logarithm where lmbda is 0."""
    found = ops.call(machine, of, ops.tensor(machine, x))
    if plain.is_number(lmbda) and lmbda == 0:
        return found
    power = ops.call(machine, "expm1", ops.binary(machine, "mul", lmbda, found))
    return ops.binary(machine, "div", power, lmbda)


def inverse_box_cox(machine: Machine, of: str, y: Any, lmbda: Any) -> Any:
    """scipy's inv_boxcox and inv_boxcox1p."""
    y = ops.tensor(machine, y)
    if plain.is_number(lmbda) and lmbda == 0:
        return ops.call(machine, of, y)
    inner = ops.call(machine, "log1p", ops.binary(machine, "mul", lmbda, y))
    return ops.call(machine, of, ops.binary(machine, "div", inner, lmbda))


def one_over_gamma(machine: Machine, x: Any) -> Any:
    """scipy's rgamma."""
    return ops.call(machine, "reciprocal", ops.call(machine, "gamma", ops.tensor(machine, x)))


def of_degrees(machine: Machine, name: str, x: Any) -> Any:
    """scipy's sindg and cosdg: of an angle in degrees."""
    return ops.call(machine, name, ops.call(machine, "deg2rad", ops.tensor(machine, x)))


MOST_FACTORS = 40
"""So many factors a product of neighbours is written out as; more are a quotient of gammas."""


def _operand(machine: Machine, value: Any) -> Any:
    return value if plain.is_number(value) else ops.tensor(machine, value)


def _factors(k: Any) -> int | None:
    """How many factors there are, where that is a small whole number; None else."""
    if plain.is_number(k) and k == round(k) and 0 <= k <= MOST_FACTORS:
        return int(k)
    return None


def rising(machine: Machine, z: Any, m: Any) -> Any:
    """scipy's poch: z (z + 1) ... (z + m - 1), else gamma(z + m)/gamma(z)."""
    z, m = _operand(machine, z), _operand(machine, m)
    count = _factors(m)
    if count is None:
        return _quotient(machine, [ops.binary(machine, "add", z, m)], [z])
    found = ops.binary(machine, "add", ops.binary(machine, "mul", z, 0.0), 1.0)
    for step in range(count):
        found = ops.binary(machine, "mul", found, ops.binary(machine, "add", z, float(step)))
    return found


def binomial(machine: Machine, n: Any, k: Any) -> Any:
    """scipy's binom: the product over k whole factors, else by gamma functions."""
    n, k = _operand(machine, n), _operand(machine, k)
    count = _factors(k)
    if count is not None:
        first = ops.binary(machine, "sub", n, float(count - 1))
        return ops.binary(machine, "div", rising(machine, first, count), math.factorial(count))
    one = [ops.binary(machine, "add", part, 1.0) for part in (n, k)]
    rest = ops.binary(machine, "add", ops.binary(machine, "sub", n, k), 1.0)
    return _quotient(machine, one[:1], [one[1], rest])


def _quotient(machine: Machine, above: list[Any], below: list[Any]) -> Any:
    """A quotient of gamma functions of positive numbers."""
    for part in (*above, *below):
        if np.any(machine.elements(ops.tensor(machine, part)) <= 0):
            raise UnsupportedError(
                "of numbers that reach a pole of gamma, or beyond, this is not known here",
                hint="with a small whole number as the second it is a product",
            )
    logs = [ops.call(machine, "lgamma", ops.tensor(machine, part)) for part in (*above, *below)]
    found = logs[0]
    for part in logs[1:]:
        found = ops.binary(machine, "sub", found, part)
    return ops.call(machine, "exp", found)


def combinations(machine: Machine, N: Any, k: Any, exact: Any, repetition: Any) -> Any:  # noqa: N803
    """scipy's comb: 0 where there are not so many."""
    if exact:
        numbers = [ops.integer(machine, part) for part in (N, k)]
        count = numbers[0] + numbers[1] - 1 if repetition else numbers[0]
        check_counted("comb", (count, numbers[1]))
        return math.comb(count, numbers[1]) if numbers[1] >= 0 and count >= 0 else 0
    n = ops.binary(machine, "sub", ops.binary(machine, "add", N, k), 1) if repetition else N
    _check_counts(machine, n, k)
    return binomial(machine, n, k)


def arrangements(machine: Machine, N: Any, k: Any, exact: Any) -> Any:  # noqa: N803
    """scipy's perm: N (N - 1) ... (N - k + 1)."""
    if exact:
        numbers = [ops.integer(machine, part) for part in (N, k)]
        return math.perm(*numbers) if min(numbers) >= 0 else 0
    _check_counts(machine, N, k)
    rest = ops.binary(machine, "add", ops.binary(machine, "sub", N, k), 1.0)
    return rising(machine, rest, k)


def _check_counts(machine: Machine, N: Any, k: Any) -> None:  # noqa: N803
    """Refuse numbers of which there is no choice, where scipy jumps to 0."""
    if _falls_below(machine, ops.binary(machine, "sub", N, k)) or _falls_below(machine, k):
        raise UnsupportedError(
            "this is 0 to scipy where there is less than is taken, to which it jumps",
            hint="binom(n, k) goes on there",
        )


def _falls_below(machine: Machine, value: Any) -> bool:
    """Whether there is something below 0, or what moves at 0, which may be."""
    held = ops.tensor(machine, value)
    found = machine.elements(held)
    return bool(np.any(found <= 0 if machine.carries(held) else found < 0))


def factorial(machine: Machine, n: Any, exact: Any, extend: Any) -> Any:
    """scipy's factorial: gamma(n + 1) of what is not below 0."""
    if exact:
        return math.factorial(ops.integer(machine, n))
    if extend != "zero":
        raise UnsupportedError("factorial of complex numbers is not known here")
    n = ops.tensor(machine, n)
    if _falls_below(machine, n):
        raise UnsupportedError(
            "factorial is 0 below 0 to scipy, to which it jumps",
            hint="gamma(n + 1) is what goes on there",
        )
    return ops.call(machine, "gamma", ops.binary(machine, "add", n, 1.0))
