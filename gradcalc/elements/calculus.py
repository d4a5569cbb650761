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

FAILURES = (ArithmeticError, ValueError, TypeError, NotImplementedError, mpmath.libmp.NoConvergence)
"""What mpmath raises at poles and where a result is not real."""


class OutOfReach(Exception):
    """The calculation grew too large, took too long or met what it cannot do."""


class _Printer(MpmathPrinter):  # type: ignore[misc]
    """The source of a function that is given the context as `mpmath`."""

    def _print_polygamma(self, expr: Any) -> str:
        order, value = expr.args
        return f"mpmath.psi({self._print(order)}, {self._print(value)})"


@cache
def definition(row: Elementwise, variant: Variant) -> tuple[tuple[Any, ...], Any]:
    """The symbols of the operands and the definition in them."""
    arguments: dict[str, Any] = dict(variant)
    symbols = {name: sympy.Symbol(f"_{name}", real=True) for name in operand_names(row, variant)}
    expression = row.define(sympy, **arguments, **symbols)
    return tuple(symbols.values()), sympy.sympify(expression)


@cache
def partial(row: Elementwise, variant: Variant, position: int) -> Any:
    """The derivative with respect to the operand at a position, in the same symbols."""
    symbols, expression = definition(row, variant)
    own = dict(row.partials).get(position)
    if own is None:
        return sympy.sympify(sympy.diff(expression, symbols[position]))
    named = {str(symbol)[1:]: symbol for symbol in symbols}
    return sympy.sympify(own(sympy, **dict(variant), **named))


@cache
def is_saturating(row: Elementwise, variant: Variant) -> bool:
    """Whether exponentials inside the definition may be far smaller or larger than its value."""
    _, expression = definition(row, variant)
    inner = (sympy.exp, sympy.tanh, sympy.erf, sympy.erfc)
    return bool(expression.has(*inner))


@cache
def is_linear(row: Elementwise, variant: Variant, live: tuple[int, ...]) -> bool:
    """Whether no derivative by the operands that vary depends on an operand that varies.

    The rounding of such a number does nothing to the gradient.
    """
    symbols, _ = definition(row, variant)
    varying = {symbols[i] for i in live}
    return not any(partial(row, variant, i).free_symbols & varying for i in live)


@cache
def _function(row: Elementwise, variant: Variant, position: int | None) -> Callable[..., Any]:
    """The definition or a derivative as a function of an mpmath context and its reals."""
    symbols, expression = definition(row, variant)
    if position is not None:
        expression = partial(row, variant, position)
    # the printer writes `mpmath.exp(_x)`: a context that is called so stands in for the module
    printer = _Printer({"fully_qualified_modules": True, "inline": True})
    context = sympy.Symbol("mpmath")
    try:
        compiled: Callable[..., Any] = sympy.lambdify(
            [context, *symbols], expression, modules=[], printer=printer
        )
    except (NotImplementedError, KeyError) as error:
        raise OutOfReach(
            f"{row.name} has a form here that the check cannot differentiate"
        ) from error
    return compiled


@cache
def operand_names(row: Elementwise, variant: Variant) -> tuple[str, ...]:
    """The names of a variant's operands, in order."""
    left_out = {name for name, _ in variant}
    return tuple(name for name in row.signature.parameters if name not in left_out)


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


def real_valued(function: Callable[..., Any], context: mpmath.MPContext) -> Callable[..., Any]:
    """The function with NaN in place of poles and complex results, and for NaN.

    A definition by cases would take its last case for a NaN, every comparison being false.
    """
    mpf, nan, convert = context.mpf, context.nan, context.convert
    undefined = nan._mpf_

    def call(*values: Any) -> Any:
        for value in values:
            if value._mpf_ == undefined:
                return nan
        try:
            result = function(context, *values)
        except FAILURES:
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
