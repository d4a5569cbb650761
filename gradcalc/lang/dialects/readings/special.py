"""Special functions that are put together from others."""

from typing import Any

from gradcalc.lang import ops, plain
from gradcalc.lang.dialects.readings import apart
from gradcalc.lang.machine import Machine


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
    r = ops.tensor(machine, r)
    limited = ops.call(machine, "clamp", r, ops.call(machine, "neg", delta), delta)
    rest = ops.binary(machine, "sub", r, ops.binary(machine, "div", limited, 2.0))
    return ops.binary(machine, "mul", limited, rest)


def pseudo_huber(machine: Machine, delta: Any, r: Any) -> Any:
    """scipy's pseudo_huber, delta**2 (sqrt(1 + (r/delta)**2) - 1), without cancellation."""
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
