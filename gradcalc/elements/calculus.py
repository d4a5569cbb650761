"""A primitive's textbook definition as functions of single numbers, and its derivatives.

Everything is derived from the row: sympy differentiates the definition (or takes the row's own
partials), and both become functions of mpmath reals at whatever precision the context has.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import mpmath
import sympy
from sympy.printing.pycode import MpmathPrinter

from gradcalc.primitives import Elementwise

Variant = tuple[tuple[str, Any], ...]
"""The static arguments of a call, and None for each optional operand left out."""


class Calculus:
    """Derives and remembers. One instance serves all runs of one calculation."""

    def __init__(self, context: mpmath.MPContext) -> None:
        self.context = context
        self._namespace: dict[str, Any] = {
            name: getattr(context, name) for name in dir(context) if not name.startswith("_")
        }
        self._definitions: dict[Any, tuple[list[sympy.Symbol], sympy.Expr]] = {}
        self._partials: dict[Any, sympy.Expr] = {}
        self._functions: dict[Any, Callable[..., Any]] = {}

    def definition(self, row: Elementwise, variant: Variant) -> tuple[list[Any], Any]:
        """The symbols of the operands and the definition in them."""
        key = (row.name, variant)
        if key not in self._definitions:
            arguments: dict[str, Any] = dict(variant)
            symbols = {
                name: sympy.Symbol(f"_{name}", real=True)
                for name in row.signature.parameters
                if name not in arguments
            }
            expression = row.define(sympy, **arguments, **symbols)
            self._definitions[key] = (list(symbols.values()), sympy.sympify(expression))
        return self._definitions[key]

    def partial(self, row: Elementwise, variant: Variant, position: int) -> Any:
        """The derivative with respect to the operand at a position, in the same symbols."""
        key = (row.name, variant, position)
        if key not in self._partials:
            symbols, expression = self.definition(row, variant)
            own = dict(row.partials).get(position)
            if own is not None:
                named = {str(s)[1:]: s for s in symbols}
                derivative = own(sympy, **dict(variant), **named)
            else:
                derivative = sympy.diff(expression, symbols[position])
            self._partials[key] = sympy.sympify(derivative)
        return self._partials[key]

    def value_function(self, row: Elementwise, variant: Variant) -> Callable[..., Any]:
        """The definition as a function of mpmath reals; NaN where it has no real value."""
        key = (row.name, variant)
        if key not in self._functions:
            self._functions[key] = self._compiled(*self.definition(row, variant))
        return self._functions[key]

    def partial_function(
        self, row: Elementwise, variant: Variant, position: int
    ) -> Callable[..., Any]:
        """A derivative as a function of mpmath reals; NaN where it has no real value."""
        key = (row.name, variant, position)
        if key not in self._functions:
            symbols, _ = self.definition(row, variant)
            self._functions[key] = self._compiled(symbols, self.partial(row, variant, position))
        return self._functions[key]

    def _compiled(self, symbols: list[Any], expression: Any) -> Callable[..., Any]:
        printer = MpmathPrinter({"fully_qualified_modules": False, "inline": True})
        function = sympy.lambdify(symbols, expression, modules=[self._namespace], printer=printer)
        return real_valued(function, self.context)


def real_valued(function: Callable[..., Any], context: mpmath.MPContext) -> Callable[..., Any]:
    """The function with NaN in place of poles and complex results."""
    mpf, nan, convert = context.mpf, context.nan, context.convert

    def call(*values: Any) -> Any:
        try:
            result = function(*values)
        except (ZeroDivisionError, ValueError, OverflowError):
            return nan
        if type(result) is mpf:
            return result
        result = convert(result)
        return result if isinstance(result, mpf) else nan

    return call


def named_arguments(row: Elementwise, arguments: Mapping[str, Any]) -> tuple[list[str], Variant]:
    """The operands that are there, by name, and what makes this call a variant of the row."""
    operands = [n for n, v in arguments.items() if n not in row.static and v is not None]
    variant = tuple((n, v) for n, v in arguments.items() if n not in operands)
    return operands, variant


@cache
def operand_names(row: Elementwise, variant: Variant) -> tuple[str, ...]:
    """The names of a variant's operands, in order."""
    left_out = {name for name, _ in variant}
    return tuple(name for name in row.signature.parameters if name not in left_out)
