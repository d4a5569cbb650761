"""Arithmetic of plain numbers, as Python does it, without its surprises."""

import math
from collections.abc import Callable
from typing import Any

from gradcalc.errors import InvalidValueError, LimitError


def is_number(value: Any) -> bool:
    """Whether a value is a plain number or truth value."""
    return isinstance(value, int | float)


def compute(name: str, function: Callable[..., Any], values: tuple[Any, ...], bits: int) -> Any:
    """Apply Python's own function to plain numbers.

    Raises `LimitError` where an integer would have more than `bits` bits, and
    `InvalidValueError` for a division by zero or a result that is no real number.
    """
    _check_size(name, values, bits)
    try:
        result = function(*values)
    except ZeroDivisionError:
        raise InvalidValueError("division by zero") from None
    except OverflowError:
        raise InvalidValueError("the number is too large for a float") from None
    except ValueError as error:
        raise InvalidValueError(f"{name} of {_show(values)}: {error}") from None
    except TypeError:
        raise InvalidValueError(f"{name} does not fit {_show(values)}") from None
    if isinstance(result, complex):
        raise InvalidValueError(f"{_show(values[:1])} to the power {_show(values[1:])} is not real")
    return result


def as_float(value: int | float) -> float:
    """The number as a float. Raises `InvalidValueError` if it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        raise InvalidValueError("the number is too large for a float") from None


def _check_size(name: str, values: tuple[Any, ...], bits: int) -> None:
    if not all(isinstance(value, int) for value in values) or len(values) != 2:
        return
    left, right = values
    size = left.bit_length() + right.bit_length()
    if name == "pow":
        size = left.bit_length() * max(right, 0) if abs(left) > 1 else 1
    if name in ("pow", "mul") and size > bits:
        digits = math.floor(bits * math.log10(2))
        raise LimitError(f"an integer of more than {digits:,} digits", hint="write 2.0**10")


def _show(values: tuple[Any, ...]) -> str:
    return ", ".join(repr(value) if len(repr(value)) < 30 else "..." for value in values)
