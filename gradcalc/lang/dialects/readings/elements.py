"""Functions of elements and of single numbers, Python's own among them."""

import math
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import operators, ops, plain, pythons
from gradcalc.lang.dialects.readings import alike, called
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import MIXED, TORCH
from gradcalc.lang.raising import COUNTING, check_counted
from gradcalc.primitives import BY_NAME


@alike
def scaled(machine: Machine, name: str, input: Any, other: Any, alpha: Any) -> Any:
    """torch's add and sub, whose second operand may be multiplied by alpha."""
    if alpha != 1:
        other = ops.binary(machine, "mul", other, alpha)
    return ops.binary(machine, name, input, other)


def divided(machine: Machine, input: Any, other: Any, rounding_mode: Any) -> Any:
    """torch's div with its rounding modes."""
    if rounding_mode == "floor":
        given = {"x": ops.tensor(machine, input), "y": ops.tensor(machine, other)}
        return ops.apply(machine, BY_NAME["floordiv"], given)
    quotient = ops.binary(machine, "div", input, other)
    if rounding_mode is None:
        return quotient
    if rounding_mode != "trunc":
        raise InvalidValueError(f"div rounds by 'floor' or 'trunc', not {rounding_mode!r}")
    return ops.call(machine, "trunc", quotient)


def rounded(machine: Machine, **values: Any) -> Any:
    """Rounded to whole numbers, or to decimals, as the libraries' kernels do it."""
    number, decimals = values.values()
    if not decimals:
        return ops.call(machine, "round", number)
    places = ops.integer(machine, decimals)
    if abs(places) > DECIMALS:
        raise UnsupportedError(f"rounding to {places} decimals is of no exact power of ten")
    up, down = ("mul", "div") if places > 0 else ("div", "mul")
    scale = 10.0 ** abs(places)
    whole = ops.call(machine, "round", ops.binary(machine, up, number, scale))
    return ops.binary(machine, down, whole, scale)


DECIMALS = 22
"""Powers of ten up to this one are floats themselves."""


def float_power(machine: Machine, **values: Any) -> Any:
    """A power of floats, whatever the operands."""
    return ops.call(
        machine, "pow", *[ops.as_floats(machine, ops.tensor(machine, v)) for v in values.values()]
    )


@alike
def binary_mask(machine: Machine, name: str, **values: Any) -> Any:
    """`&`, `|`, `^` as functions: of truth values only."""
    left, right = values.values()
    operators.check_masks(machine, called(machine), left, right)
    return ops.binary(machine, name, left, right)


def inverted_mask(machine: Machine, **values: Any) -> Any:
    """`~` as a function."""
    (value,) = values.values()
    operators.check_masks(machine, called(machine), value)
    return ops.operate(machine, BY_NAME["logical_not"], {"x": ops.tensor(machine, value)})


def chosen_by_method(machine: Machine, self: Any, condition: Any, other: Any) -> Any:
    """torch's where as a method: the receiver where the condition holds."""
    return ops.call(machine, "where", condition, self, other)


def soft_plus(machine: Machine, x: Any) -> Any:
    """jax's softplus, which has no threshold."""
    x = ops.tensor(machine, x)
    return ops.binary(machine, "logaddexp", x, ops.tensor(machine, 0.0))


def jax_gelu(machine: Machine, x: Any, approximate: Any) -> Any:
    """jax's gelu, which is the tanh form unless told otherwise."""
    return ops.call(machine, "gelu", ops.tensor(machine, x), "tanh" if approximate else "none")


def ieee_remainder(machine: Machine, x: Any, y: Any) -> Any:
    """`math.remainder`: what is left of x beside the nearest multiple of y."""
    x, y = scalar(machine, x), scalar(machine, y)
    if all(plain.is_number(value) for value in (x, y)):
        return plain.compute("remainder", math.remainder, (x, y), machine.limits.bits)
    count = ops.call(machine, "round", ops.binary(machine, "div", x, y))
    return ops.binary(machine, "sub", x, ops.binary(machine, "mul", y, count))


def parted(machine: Machine, x: Any) -> tuple[Any, Any]:
    """`math.modf`: what stands behind the point, and in front of it, both as floats."""
    x = scalar(machine, x)
    if plain.is_number(x):
        return math.modf(x)
    whole = ops.as_floats(machine, ops.call(machine, "trunc", x))
    return ops.binary(machine, "sub", x, whole), whole


def log_of_base(machine: Machine, x: Any, base: Any) -> Any:
    """`math.log`, to a base if one is given."""
    result = scalar_call(machine, "log", x)
    if base is None:
        return result
    return ops.binary(machine, "div", result, scalar_call(machine, "log", base))


def scalar(machine: Machine, value: Any) -> Any:
    """An argument of a function of `math`: one number, as Python makes it of an array of one."""
    if plain.is_number(value):
        return value
    if not machine.is_tensor(value):
        raise InvalidValueError(f"math's functions take one number, not {machine.describe(value)}")
    if ops.shape(machine, value):
        raise ShapeError(
            f"math's functions take one number, not a tensor of shape {ops.shape(machine, value)}",
            hint="numpy and torch have them for tensors: np.exp(x), torch.exp(x)",
            python=ops.raised(machine, "ValueError", "TypeError"),
        )
    # of one of torch's tensors math makes a plain number, through which no gradient passes
    arrays = machine.program.naming.arrays
    if arrays == MIXED and machine.carries(value):
        raise UnsupportedError(
            "math makes a plain number of torch's tensors, and not of numpy's: this text has both",
            hint="write torch.exp(x) or np.exp(x)",
        )
    return machine.cut_by(value, "math") if arrays == TORCH else value


def scalar_call(machine: Machine, name: str, *args: Any) -> Any:
    """A primitive of single numbers, as `math` has it."""
    operands = [scalar(machine, value) for value in args]
    own = getattr(BY_NAME[name], "numbers", None)
    if own is None or not all(plain.is_number(value) for value in operands):
        operands = [ops.tensor(machine, value) for value in operands]
    return ops.call(machine, name, *operands)


@alike
def of_math(machine: Machine, name: str, **values: Any) -> Any:
    """A function of `math` that is a primitive of single numbers."""
    given = tuple(values.values())
    if name in FLOATING and all(map(plain.is_number, given)):
        return plain.compute(name, getattr(math, name), given, machine.limits.bits)
    found = scalar_call(machine, name, *given)
    return _integer(machine, found) if name in ("floor", "ceil", "trunc") else found


FLOATING = frozenset({"fabs", "fmod", "pow"})
"""Those which give floats of Python's whole numbers too, which the operators do not."""


def _integer(machine: Machine, found: Any) -> Any:
    """One of Python's integers: there is no negative zero among them."""
    if not machine.is_tensor(found):
        return found
    return machine.mark_integer(ops.binary(machine, "add", found, 0.0))


def length(machine: Machine, coordinates: Any) -> Any:
    """`math.hypot` of any number of coordinates."""
    parts = [scalar(machine, value) for value in coordinates]
    if len(parts) == 2:
        return scalar_call(machine, "hypot", *parts)
    return ops.call(machine, "norm", ops.tensor(machine, list(parts))) if parts else 0.0


def distance(machine: Machine, p: Any, q: Any) -> Any:
    """`math.dist` of two points of as many coordinates."""
    ends = [counted_items(machine, point) for point in (p, q)]
    if len(ends[0]) != len(ends[1]):
        raise ShapeError("math.dist of points of different dimensions")
    pairs = zip(*ends, strict=True)
    return length(machine, [operators.named(machine, "sub", a, b) for a, b in pairs])


def counted_items(machine: Machine, iterable: Any) -> Any:
    """The items that a function goes through, each of which counts as a step."""
    items = ops.items(machine, iterable)
    count = plain.length(items)
    machine.count_items(count)
    machine.budget.tick(count)
    return items


def folded(machine: Machine, operator: str, **values: Any) -> Any:
    """Python's sum, fsum and prod: the items one by one, which of a matrix are its rows."""
    iterable, found = (*values.values(), 0)[:2]
    for item in counted_items(machine, iterable):
        found = operators.named(machine, operator, found, item)
    return found


def summed_exactly(machine: Machine, seq: Any) -> Any:
    """Python's fsum, which rounds once, at the end."""
    items = counted_items(machine, seq)
    found = folded(machine, "add", seq=items)
    if not machine.is_tensor(found):
        return math.fsum(items)
    if not machine.backend.at_hand:
        return found
    numbers = [machine.number(v) if machine.is_tensor(v) else float(v) for v in items]
    total, first = math.fsum(numbers), machine.number(found)
    if not math.isfinite(total) or not math.isfinite(first):
        return found
    # what adding one by one has lost passes no gradient
    return ops.binary(machine, "add", found, total - first)


def counted(machine: Machine, name: str, **values: Any) -> int:
    """math's functions of whole numbers, which count."""
    numbers = [ops.integer(machine, value) for value in values.values() if value is not None]
    if name in COUNTING:
        check_counted(name, numbers)
    try:
        found: int = getattr(math, name)(*numbers)
    except ValueError as error:
        raise InvalidValueError(f"{name}: {error}", python="ValueError") from None
    return found


def is_single(machine: Machine, element: Any) -> bool:
    """numpy's isscalar: whether something is a number, and no array."""
    if machine.is_tensor(element):
        return not machine.shape(element) and not machine.is_array(element)
    return isinstance(element, int | float | str)


def python_extreme(machine: Machine, name: str, values: Any, key: Any, default: Any) -> Any:
    """Python's max or min: one of the values, chosen by comparing them in order."""
    if key is not None or default is not ...:
        given = {} if default is ... else {"default": default}
        return pythons.extreme(machine, name, tuple(values), key, **given)
    comparison = {"max": "gt", "min": "lt"}[name]
    items = counted_items(machine, values[0]) if len(values) == 1 else values
    if not len(items):
        raise InvalidValueError(f"{name} of nothing", python="ValueError")
    if any(isinstance(item, str) for item in items):
        return pythons.extreme(machine, name, (list(items),))
    best = items[0]
    for item in items[1:]:
        if operators.truth(machine, operators.named(machine, comparison, item, best)):
            best = item
    return best


def python_round(machine: Machine, number: Any, ndigits: Any) -> Any:
    """Python's round of one number: arrays have none, and to digits there is no primitive."""
    if plain.is_number(number):
        return plain.compute("round", round, (number, ndigits), machine.limits.bits)
    if not machine.is_tensor(number) or ops.shape(machine, number):
        raise InvalidValueError(
            f"round() takes one number, not {machine.describe(number)}",
            hint="torch.round(x) and np.round(x) round every element",
        )
    found = rounded(machine, number=number, ndigits=ndigits)
    # torch's tensors have no such integer, and are read as with torch.round
    whole = ndigits is None and machine.program.naming.arrays != TORCH
    return _integer(machine, found) if whole else found


def python_power(machine: Machine, base: Any, exp: Any, mod: Any) -> Any:
    """Python's pow, which is the operator; of three whole numbers what is left of it."""
    if mod is not None:
        return pythons.power_left(machine, base, exp, mod)
    return operators.named(machine, "pow", base, exp)
