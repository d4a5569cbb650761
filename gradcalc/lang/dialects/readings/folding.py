"""numpy's `where=` and `initial=`: which elements a reduction is of, and what it begins with.

An element that is left out has the number that changes nothing in its place, so that it passes no
gradient, whatever it is.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import show

NEUTRAL: Mapping[str, float] = MappingProxyType(
    {"sum": 0.0, "prod": 1.0, "amax": -math.inf, "amin": math.inf, "all": 1.0, "any": 0.0}
)
"""What changes nothing."""


def is_open(where: Any) -> bool:
    """Whether nothing is left out; jax has None for that, too."""
    return where is None or where is True


def marks(machine: Machine, x: Any, where: Any) -> Any:
    """A mask as truth values in the shape of the array."""
    found, shape = ops.tensor(machine, where), ops.shape(machine, x)
    own = ops.shape(machine, found)
    pairs = zip(own[::-1], shape[::-1], strict=False)
    if len(own) > len(shape) or any(n not in (1, size) for n, size in pairs):
        raise ShapeError(f"where of shape {show(own)} for an array of shape {show(shape)}")
    return found if own == shape else ops.call(machine, "broadcast_to", found, shape)


def kept(machine: Machine, name: str, a: Any, where: Any, initial: Any = None) -> Any:
    """The array, with what changes nothing where it is left out."""
    x = ops.tensor(machine, a)
    if is_open(where):
        return x
    held, neutral = marks(machine, x, where), NEUTRAL[name]
    if machine.is_mask(x):
        other = ops.call(machine, "logical_not", held) if neutral > 0 else held
        return ops.binary(machine, "logical_or" if neutral > 0 else "logical_and", x, other)
    if machine.is_integer(x):
        # of an extreme what it begins with
        otherwise: Any = initial if math.isinf(neutral) else int(neutral)
    else:
        otherwise = neutral
    return ops.call(machine, "where", held, x, otherwise)


def check(machine: Machine, name: str, a: Any, where: Any, initial: Any) -> None:
    """Refuse what the library refuses, or makes whole numbers of."""
    if name in ("amax", "amin") and not is_open(where) and initial is None:
        raise InvalidValueError(
            f"{name[1:]} of some of the elements needs what it begins with",
            hint=f"write where=..., initial={'-' * (name == 'amax')}np.inf",
            python="ValueError",
        )
    x = ops.tensor(machine, a)
    if initial is None or not (machine.is_mask(x) or machine.is_integer(x)):
        return
    whole = type(initial) is int or (machine.is_tensor(initial) and machine.is_integer(initial))
    if not whole or (machine.is_mask(x) and name in ("amax", "amin")):
        raise UnsupportedError(
            "what a reduction of integers or truth values begins with is an integer here",
            hint="make floats of the array: .astype(float)",
        )


def begun(machine: Machine, name: str, found: Any, initial: Any) -> Any:
    """A reduction that begins with a number."""
    if initial is None:
        return found
    row = {"sum": "add", "prod": "mul", "amax": "maximum", "amin": "minimum"}[name]
    return ops.binary(machine, row, found, ops.tensor(machine, initial))


def count(machine: Machine, x: Any, where: Any) -> Any:
    """A one for each element that is not left out, and a zero for the others."""
    ones = ops.call(machine, "ones_like", ops.as_floats(machine, _numbers(machine, x)))
    return kept(machine, "sum", ones, where)


def _numbers(machine: Machine, x: Any) -> Any:
    return ops.call(machine, "where", x, 1.0, 0.0) if machine.is_mask(x) else x
