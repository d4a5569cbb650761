"""Functions of elements that are not one primitive in every library."""

from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import operators, ops
from gradcalc.lang.dialects.readings.common import Node, like, node_name
from gradcalc.lang.machine import Machine
from gradcalc.primitives import BY_NAME


def scaled(name: str) -> Any:
    """torch's add and sub, whose second operand may be multiplied by alpha."""

    def read(machine: Machine, node: Node, input: Any, other: Any, alpha: Any) -> Any:
        if alpha != 1:
            other = ops.binary(machine, "mul", other, alpha)
        return ops.binary(machine, name, input, other)

    return like(name, read)


def divided(machine: Machine, node: Node, input: Any, other: Any, rounding_mode: Any) -> Any:
    """torch's div with its rounding modes."""
    if rounding_mode == "floor":
        return ops.binary(machine, "floordiv", input, other)
    quotient = ops.binary(machine, "div", input, other)
    if rounding_mode is None:
        return quotient
    if rounding_mode != "trunc":
        raise InvalidValueError(f"div rounds by 'floor' or 'trunc', not {rounding_mode!r}")
    return ops.call(machine, "trunc", quotient)


def rounded(machine: Machine, node: Node, **values: Any) -> Any:
    """Rounded to whole numbers; to decimals there is no primitive."""
    number, decimals = values.values()
    if decimals:
        raise UnsupportedError("rounding to decimals cannot be differentiated here")
    return ops.call(machine, "round", number)


def float_power(machine: Machine, node: Node, x1: Any, x2: Any) -> Any:
    """numpy's float_power: a power of floats, whatever the operands."""
    return ops.call(
        machine, "pow", *[ops.as_floats(machine, ops.tensor(machine, v)) for v in (x1, x2)]
    )


def binary_mask(name: str) -> Any:
    """`&`, `|`, `^` as functions: of truth values only."""

    def read(machine: Machine, node: Node, **values: Any) -> Any:
        left, right = values.values()
        operators.check_masks(machine, node_name(node), left, right)
        return ops.binary(machine, name, left, right)

    return like(name, read)


def inverted_mask(machine: Machine, node: Node, **values: Any) -> Any:
    """`~` as a function."""
    (value,) = values.values()
    operators.check_masks(machine, node_name(node), value)
    return ops.operate(machine, BY_NAME["logical_not"], {"x": ops.tensor(machine, value)})


def greater_of(name: str) -> Any:
    """torch's max and min of two tensors, element by element."""
    elementwise = {"max": "maximum", "min": "minimum"}[name]

    def read(machine: Machine, node: Node, input: Any, other: Any) -> Any:
        return ops.binary(machine, elementwise, input, other)

    return read


def chosen_by_method(machine: Machine, node: Node, self: Any, condition: Any, other: Any) -> Any:
    """torch's where as a method: the receiver where the condition holds."""
    return ops.call(machine, "where", condition, self, other)


def soft_plus(machine: Machine, node: Node, x: Any) -> Any:
    """jax's softplus, which has no threshold."""
    x = ops.tensor(machine, x)
    return ops.binary(machine, "logaddexp", x, ops.tensor(machine, 0.0))


def jax_gelu(machine: Machine, node: Node, x: Any, approximate: Any) -> Any:
    """jax's gelu, which is the tanh form unless told otherwise."""
    return ops.call(machine, "gelu", ops.tensor(machine, x), "tanh" if approximate else "none")
