"""Functions of elements that are not one primitive in every library."""

from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.dialects.readings.common import Node, call, like, node_name
from gradcalc.primitives import BY_NAME


def scaled(name: str) -> Any:
    """torch's add and sub, whose second operand may be multiplied by alpha."""

    def read(machine: Any, node: Node, input: Any, other: Any, alpha: Any) -> Any:
        if alpha != 1:
            other = machine.binary("mul", other, alpha)
        return machine.binary(name, input, other)

    return like(name, read)


def divided(machine: Any, node: Node, input: Any, other: Any, rounding_mode: Any) -> Any:
    """torch's div with its rounding modes."""
    if rounding_mode == "floor":
        return machine.binary("floordiv", input, other)
    quotient = machine.binary("div", input, other)
    if rounding_mode is None:
        return quotient
    if rounding_mode != "trunc":
        raise InvalidValueError(f"div rounds by 'floor' or 'trunc', not {rounding_mode!r}")
    return call(machine, "trunc", quotient)


def rounded(machine: Any, node: Node, **values: Any) -> Any:
    """Rounded to whole numbers; to decimals there is no primitive."""
    number, decimals = values.values()
    if decimals:
        raise UnsupportedError("rounding to decimals cannot be differentiated here")
    return call(machine, "round", number)


def float_power(machine: Any, node: Node, x1: Any, x2: Any) -> Any:
    """numpy's float_power: a power of floats, whatever the operands."""
    return call(machine, "pow", *[machine.as_floats(machine.tensor(v)) for v in (x1, x2)])


def binary_mask(name: str) -> Any:
    """`&`, `|`, `^` as functions: of truth values only."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        left, right = values.values()
        machine.check_masks(node_name(node), left, right)
        return machine.binary(name, left, right)

    return like(name, read)


def inverted_mask(machine: Any, node: Node, **values: Any) -> Any:
    """`~` as a function."""
    (value,) = values.values()
    machine.check_masks(node_name(node), value)
    return machine.operate(BY_NAME["logical_not"], {"x": machine.tensor(value)})


def greater_of(name: str) -> Any:
    """torch's max and min of two tensors, element by element."""
    elementwise = {"max": "maximum", "min": "minimum"}[name]

    def read(machine: Any, node: Node, input: Any, other: Any) -> Any:
        return machine.binary(elementwise, input, other)

    return read


def chosen_by_method(machine: Any, node: Node, self: Any, condition: Any, other: Any) -> Any:
    """torch's where as a method: the receiver where the condition holds."""
    return call(machine, "where", condition, self, other)


def soft_plus(machine: Any, node: Node, x: Any) -> Any:
    """jax's softplus, which has no threshold."""
    x = machine.tensor(x)
    return machine.binary("logaddexp", x, machine.tensor(0.0))


def jax_gelu(machine: Any, node: Node, x: Any, approximate: Any) -> Any:
    """jax's gelu, which is the tanh form unless told otherwise."""
    return call(machine, "gelu", machine.tensor(x), "tanh" if approximate else "none")
