"""Choices, closeness and numbers that are not finite, as each library has them."""

import math
from functools import reduce
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import operators, ops, plain
from gradcalc.lang.dialects.readings.elements import scalar
from gradcalc.lang.dialects.readings.reductions import along
from gradcalc.lang.machine import Machine


def infinite(machine: Machine, name: str, **values: Any) -> Any:
    """isposinf and isneginf: whether numbers are infinite, of one sign."""
    x, *_ = values.values()
    sign = {"isposinf": "gt", "isneginf": "lt"}[name]
    x = ops.tensor(machine, x)
    return ops.binary(
        machine, "logical_and", ops.call(machine, "isinf", x), ops.binary(machine, sign, x, 0)
    )


def with_numbers(
    machine: Machine, nan: Any, posinf: Any, neginf: Any, input: Any = None, x: Any = None
) -> Any:
    """nan_to_num: numbers for what is not finite, the dtype's greatest where none are given."""
    x = ops.tensor(machine, x if input is None else input)
    largest = machine.backend.largest
    return ops.call(
        machine, "nan_to_num", x, nan, largest if posinf is None else posinf,
        -largest if neginf is None else neginf,
    )  # fmt: skip


def taken_from(machine: Machine, input: Any, other: Any, alpha: Any) -> Any:
    """torch's rsub: the second operand less the first, which may be multiplied by alpha."""
    if alpha != 1:
        input = ops.binary(machine, "mul", input, alpha)
    return ops.binary(machine, "sub", other, input)


def step(machine: Machine, x1: Any, x2: Any) -> Any:
    """heaviside: 0, 1, or a number of one's own at 0."""
    x = ops.tensor(machine, x1)
    at = ops.binary(machine, "mul", ops.tensor(machine, x2), ops.call(machine, "ones_like", x))
    up = ops.call(machine, "where", ops.binary(machine, "gt", x, 0), 1.0, at)
    found = ops.call(machine, "where", ops.binary(machine, "lt", x, 0), 0.0, up)
    return ops.call(machine, "where", ops.call(machine, "isnan", x), x, found)


def close(machine: Machine, rtol: Any, atol: Any, equal_nan: Any, **values: Any) -> Any:
    """isclose: where two numbers differ by no more than atol and rtol times the second."""
    a, b = (ops.tensor(machine, value) for value in values.values())
    room = ops.binary(
        machine, "add", atol, ops.binary(machine, "mul", rtol, ops.call(machine, "abs", b))
    )
    near = ops.binary(
        machine, "le", ops.call(machine, "abs", ops.binary(machine, "sub", a, b)), room
    )
    near = ops.binary(machine, "logical_and", near, ops.call(machine, "isfinite", b))
    near = ops.binary(machine, "logical_or", near, ops.binary(machine, "eq", a, b))
    if not operators.truth(machine, equal_nan):
        return near
    both = ops.binary(
        machine, "logical_and", ops.call(machine, "isnan", a), ops.call(machine, "isnan", b)
    )
    return ops.binary(machine, "logical_or", near, both)


def all_close(machine: Machine, **values: Any) -> bool:
    """allclose: whether that is so of all."""
    return bool(operators.holds(machine, close(machine, **values), "logical_and"))


def equal(machine: Machine, equal_nan: Any = False, **values: Any) -> bool:
    """equal and array_equal: whether shapes and all numbers are the same."""
    a, b = (ops.tensor(machine, value) for value in values.values())
    if ops.shape(machine, a) != ops.shape(machine, b):
        return False
    if not ops.size(machine, a):
        return True
    same = ops.binary(machine, "eq", a, b)
    if operators.truth(machine, equal_nan):
        missing = [ops.call(machine, "isnan", value) for value in (a, b)]
        same = ops.binary(machine, "logical_or", same, ops.binary(machine, "logical_and", *missing))
    return bool(operators.holds(machine, same, "logical_and"))


def math_close(machine: Machine, a: Any, b: Any, rel_tol: Any, abs_tol: Any) -> Any:
    """Python's isclose, for which both numbers count alike."""
    if all(map(plain.is_number, (a, b, rel_tol, abs_tol))):
        if rel_tol < 0 or abs_tol < 0:
            raise InvalidValueError("tolerances must be non-negative", python="ValueError")
        return math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol)
    a, b = (ops.tensor(machine, scalar(machine, value)) for value in (a, b))
    size = ops.binary(machine, "maximum", *[ops.call(machine, "abs", v) for v in (a, b)])
    room = ops.binary(machine, "maximum", ops.binary(machine, "mul", rel_tol, size), abs_tol)
    near = ops.binary(
        machine, "le", ops.call(machine, "abs", ops.binary(machine, "sub", a, b)), room
    )
    # what is infinite is near nothing but itself
    near = ops.binary(machine, "logical_and", near, ops.call(machine, "isfinite", size))
    return ops.binary(machine, "logical_or", near, ops.binary(machine, "eq", a, b))


def selected(machine: Machine, condlist: Any, choicelist: Any, default: Any) -> Any:
    """`np.select`: of each place the choice of the first condition that holds there."""
    conditions, choices = (list(ops.items(machine, value)) for value in (condlist, choicelist))
    if len(conditions) != len(choices) or not conditions:
        raise InvalidValueError(
            f"select of {len(conditions)} conditions and {len(choices)} choices",
            hint="there is one choice for each condition",
        )
    found = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        mask = ops.tensor(machine, condition)
        if not machine.is_mask(mask):
            raise InvalidValueError("select takes conditions, such as x > 0")
        found = ops.call(machine, "where", mask, choice, found)
    return found


def counted(machine: Machine, **values: Any) -> Any:
    """count_nonzero: how many numbers are not 0, which has no gradient."""
    x, dim, *keep = values.values()
    marks = ops.binary(machine, "ne", ops.tensor(machine, x), 0)
    return along(machine, "sum", marks, dim, bool(keep and keep[0]))


def among(machine: Machine, test_elements: Any, invert: Any, **values: Any) -> Any:
    """isin: where numbers are among some others."""
    (elements,) = values.values()
    x, others = ops.tensor(machine, elements), ops.tensor(machine, test_elements)
    size = ops.size(machine, others)
    if not size:
        raise UnsupportedError("isin of no numbers to test for")
    column = ops.reshape(machine, x, (*ops.shape(machine, x), 1))
    equal = ops.binary(machine, "eq", column, ops.reshape(machine, others, (size,)))
    parts = [ops.index(machine, equal, (Ellipsis, k)) for k in range(size)]
    found = reduce(lambda a, b: ops.binary(machine, "logical_or", a, b), parts)
    return ops.call(machine, "logical_not", found) if invert else found


def limited(machine: Machine, input: Any, **bound: Any) -> Any:
    """torch's clamp_min and clamp_max: a limit on one side."""
    return ops.call(machine, "clamp", input, **bound)
