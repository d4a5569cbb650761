"""A primitive's definition and its derivatives as functions of numbers of many digits."""

from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath

from gradcalc.calculus import Variant, definition, partial
from gradcalc.expr.reals import FAILURES as FAILURES
from gradcalc.expr.reals import compiled, real_valued
from gradcalc.primitives import Elementwise


class OutOfReach(Exception):
    """The calculation met what it cannot do."""


class TooLarge(OutOfReach):
    """The calculation would take more numbers or more time than it may."""


@cache
def _function(row: Elementwise, variant: Variant, position: int | None) -> Callable[..., Any]:
    """The definition or a derivative as a function of an mpmath context and its reals."""
    symbols, expression = definition(row, variant)
    if position is not None:
        expression = partial(row, variant, position)
    try:
        return compiled(symbols, expression)
    except (NotImplementedError, KeyError) as error:
        raise OutOfReach(
            f"{row.name} has a form here that the check cannot differentiate"
        ) from error


class Calculus:
    """The functions of all primitives at the precision of one context."""

    def __init__(self, context: mpmath.MPContext) -> None:
        self.context = context
        self._functions: dict[Any, Callable[..., Any]] = {}

    def function(
        self, row: Elementwise, variant: Variant, position: int | None = None
    ) -> Callable[..., Any]:
        """The definition, or the derivative by the operand at a position, of mpmath reals.

        It gives NaN where there is no real value.
        """
        key = (row, variant, position)
        known = self._functions.get(key)
        if known is None:
            known = real_valued(_function(row, variant, position), self.context)
            self._functions[key] = known
        return known
