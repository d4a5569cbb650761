"""Arithmetic of plain numbers, as Python does it, without its surprises."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, LimitError

NUMBER = (int, float)
"""Plain numbers, truth values among them."""


def is_number(value: Any) -> bool:
    """Whether a value is a plain number or truth value."""
    # a union made anew for each of the many calls would cost more than all the rest
    return isinstance(value, NUMBER)


def compute(name: str, function: Callable[..., Any], values: tuple[Any, ...], bits: int) -> Any:
    """Apply Python's own function to plain numbers.

    Raises `LimitError` where an integer would have more than `bits` bits, and
    `InvalidValueError` for a division by zero or a result that is no real number.
    """
    if name == "pow" and all(isinstance(value, int) for value in values):
        base, exponent = values
        if abs(base) > 1 and base.bit_length() * exponent > 2 * bits:
            raise _too_long(bits)
    try:
        result = function(*values)
    except ZeroDivisionError:
        raise InvalidValueError("division by zero", python="ZeroDivisionError") from None
    except OverflowError:
        raise InvalidValueError(
            "the number is too large for a float", python="OverflowError"
        ) from None
    except ValueError as error:
        raise InvalidValueError(
            f"{name} of {_show(values)}: {error}", python="ValueError"
        ) from None
    except TypeError:
        raise InvalidValueError(f"{name} does not fit {_show(values)}") from None
    if isinstance(result, complex):
        raise InvalidValueError(f"{_show(values[:1])} to the power {_show(values[1:])} is not real")
    if isinstance(result, int) and result.bit_length() > bits:
        raise _too_long(bits)
    return result


def as_float(value: int | float) -> float:
    """The number as a float. Raises `InvalidValueError` if it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        raise InvalidValueError("the number is too large for a float") from None


def length(value: Sequence[Any]) -> int:
    """The length of a list or a range, however long."""
    if not isinstance(value, range):
        return len(value)
    # len() of a range counts in machine words only
    towards = 1 if value.step > 0 else -1
    return max(0, (value.stop - value.start + value.step - towards) // value.step)


def show(value: int | float) -> str:
    """A number for a sentence, abridged where it is long."""
    if isinstance(value, int) and value.bit_length() > 100:
        return f"an integer of {value.bit_length()} bits"
    return repr(value)


def _too_long(bits: int) -> LimitError:
    digits = math.floor(bits * math.log10(2))
    return LimitError(f"an integer of more than {digits:,} digits", hint="write 2.0**10")


def _show(values: tuple[Any, ...]) -> str:
    return ", ".join(map(show, values))
