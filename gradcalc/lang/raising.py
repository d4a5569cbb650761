"""What Python raises because of numbers, where torch and numpy give infinity or NaN."""

import ast
import math
from collections.abc import Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, LimitError, UnsupportedError
from gradcalc.lang import plain
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import MIXED, NONE, NUMPY

NUMERIC = ("ValueError", "OverflowError", "ZeroDivisionError")
"""What a program may handle that Python raises because of numbers."""

COUNTING, LARGEST = frozenset({"factorial", "comb", "perm"}), 1400
"""Functions that count, and of how many: those of more have more digits than whole numbers may."""

DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)


def _number(machine: Machine, value: Any) -> Any:
    if machine.is_tensor(value):
        return machine.number(value) if not machine.shape(value) else None
    return value if plain.is_number(value) else None


def check_math(machine: Machine, name: str, args: Sequence[Any]) -> None:
    """Raises `InvalidValueError` where a function of `math` raises, `LimitError` for what
    counts too far.

    Outside its domain that is left to the verdict, which says more, unless the program handles it.
    """
    if not (machine.careful or machine.backend.at_hand):
        return
    numbers = [_number(machine, value) for value in args]
    function = getattr(math, name, None)
    if function is None or None in numbers:
        return
    if name in COUNTING:
        check_counted(name, numbers)
    error = _raised(function, numbers)
    if error is None or (isinstance(error, ValueError) and not machine.careful):
        return
    moving = any(machine.is_tensor(value) and machine.carries(value) for value in args)
    if moving and not all(_raised(function, beside) for beside in _beside(numbers)):
        raise _only_here(f"math.{name} raises here")
    kind = type(error).__name__
    raise InvalidValueError(
        f"math.{name} raises {kind} here: {error}", python=kind, said=str(error)
    )


def check_counted(name: str, numbers: Sequence[Any]) -> None:
    """Raises `LimitError` for a function that counts too many."""
    if any(number > LARGEST for number in numbers):
        raise LimitError(f"{name} of more than {LARGEST:,}", hint="lgamma(n + 1) is its logarithm")


def _raised(function: Any, numbers: Sequence[Any]) -> Exception | None:
    """What a function raises because of its numbers."""
    try:
        function(*numbers)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        return error
    except TypeError:
        # which says itself what it does not take
        pass
    return None


def _beside(numbers: Sequence[Any]) -> list[list[float]]:
    """The numbers with one of them moved to a float beside it."""
    return [
        [math.nextafter(n, way) if k == place else n for k, n in enumerate(numbers)]
        for place in range(len(numbers))
        for way in (-math.inf, math.inf)
    ]


def _only_here(what: str) -> UnsupportedError:
    """What moves with the inputs may have another value beside the point, if it does move."""
    return UnsupportedError(
        f"{what}, and may not beside this point, where the program would go another way",
        hint="differentiate at another point, or leave out what raises at every point",
    )


def check_operator(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> None:
    """Raises `InvalidValueError` where an operator of Python's own numbers raises.

    That a program divides by 0 is left to the verdict, unless the program handles it.
    """
    arrays = machine.program.naming.arrays
    python = arrays == NONE and (machine.numbers or (machine.careful > 0 and machine.scalars))
    if kind is ast.Pow and python:
        _check_power(machine, left, right)
    if not machine.careful or kind not in DIVISIONS or arrays not in (NONE, NUMPY, MIXED):
        return
    numbers = [_number(machine, value) for value in (left, right)]
    if None in numbers or numbers[1] != 0:
        return
    if machine.is_tensor(right) and machine.carries(right):
        raise _only_here("this divides by zero here")
    if arrays == NONE and machine.scalars:
        raise InvalidValueError(
            "division by zero", python="ZeroDivisionError", said="float division by zero"
        )
    raise UnsupportedError(
        "whether this division by zero raises depends on whose number it is",
        hint="test for it before: if y == 0",
    )


def _check_power(machine: Machine, left: Any, right: Any) -> None:
    if not (machine.careful or machine.backend.at_hand):
        return
    numbers = [_number(machine, value) for value in (left, right)]
    if None in numbers:
        return
    try:
        float(numbers[0]) ** numbers[1]
    except OverflowError as error:
        raise InvalidValueError(
            f"the power raises OverflowError here: {error.args[-1]}",
            python="OverflowError",
            said=str(error.args[-1]),
        ) from None
    except ZeroDivisionError:
        if machine.careful:
            raise _only_here("this power of zero raises here") from None
