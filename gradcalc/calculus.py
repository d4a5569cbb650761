"""A primitive's textbook definition, its derivatives, and how formulas spell it: in sympy.

Everything is derived from the row: sympy differentiates the definition, or takes the row's own
partials.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import sympy

from gradcalc.expr.functions import FUNCTIONS
from gradcalc.expr.rewriting import recognised
from gradcalc.expr.scalars import head, opened
from gradcalc.primitives import BY_NAME, Composite, Elementwise

Variant = tuple[tuple[str, Any], ...]
"""The static arguments of a call, and None for each optional operand left out."""

WORD = re.compile(r"[^\W\d]\w*")

PLAIN = tuple(function.sympy for function in FUNCTIONS if function.plain)
"""sympy's functions that mean what gradcalc's of nearly the same name do."""


def spoken(sources: Iterable[str]) -> frozenset[str]:
    """The names in programs, and those in the definitions of the composites that these call."""
    names: set[str] = set()
    left = list(sources)
    while left:
        found = set(WORD.findall(left.pop())) - names
        names |= found
        rows = (BY_NAME.get(name) for name in found)
        left += [row.definition for row in rows if isinstance(row, Composite)]
        names |= {row.name for row in map(BY_NAME.get, found) if row is not None}
    return frozenset(names)


@cache
def definition(row: Elementwise, variant: Variant) -> tuple[tuple[Any, ...], Any]:
    """The operands as real symbols, and the definition in them."""
    arguments = dict(variant)
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
def spelled(row: Elementwise, variant: Variant) -> tuple[tuple[Any, ...], Any]:
    """The operands as symbols, and the primitive in them as a formula calls it.

    Arithmetic and sympy's own functions as they are, choices as `Where`, anything else by its name.
    """
    symbols, body = definition(row, variant)
    if row.boolean or row.name == "where":
        return symbols, opened(body)
    calls = body.atoms(sympy.Function) | body.atoms(sympy.Piecewise)
    native = isinstance(body, PLAIN) and all(arg in symbols or arg.is_Rational for arg in body.args)
    if not calls or native:
        return symbols, body
    parameters = row.signature.parameters
    names = operand_names(row, variant)
    keywords = tuple(
        None if list(parameters)[position] == name else name for position, name in enumerate(names)
    )
    words = tuple((n, v) for n, v in variant if v != parameters[n].default)
    return symbols, head(row.name, keywords, words, symbols, body)(*symbols)


@cache
def slope(row: Elementwise, variant: Variant, position: int) -> Any:
    """The derivative by an operand as a formula writes it."""
    _, body = definition(row, variant)
    derivative = partial(row, variant, position)
    if not body.has(sympy.Piecewise):
        # cases that only the partial has are single points at which a limit is taken
        derivative = derivative.replace(sympy.Piecewise, lambda *cases: cases[-1][0])
    return recognised(opened(derivative))


def flat_at_zero(slope: Any) -> Any | None:
    """The operand at whose zeros a slope is 0 all the same; None if there is none."""
    value, condition = slope.args[0] if isinstance(slope, sympy.Piecewise) else (None, None)
    if value != 0 or not isinstance(condition, sympy.Eq) or condition.rhs != 0:
        return None
    return condition.lhs


@cache
def without_constants(body: Any) -> tuple[Any, Mapping[Any, Any]]:
    """An expression with symbols for the numbers in it that no float is, and these.

    In a text they would be the floats next to them, which are off by more the closer to a point it
    is looked where they cancel.
    """
    found: dict[Any, Any] = {}

    def named(number: Any) -> Any:
        return found.setdefault(number, sympy.Dummy(real=True))

    made = body.replace(_is_no_float, named)
    return made, {symbol: number for number, symbol in found.items()}


def _is_no_float(part: Any) -> bool:
    if not isinstance(part, sympy.Expr) or not part.is_number or part.is_infinite:
        return False
    return not (part.is_Rational and part.q & (part.q - 1) == 0)


@cache
def named_definition(name: str) -> tuple[tuple[Any, ...], Any, tuple[Elementwise, Variant]]:
    """An elementwise primitive without options, by name: its symbols, how it is spelled, itself."""
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    return (*spelled(row, ()), (row, ()))


@cache
def usual_case(row: Elementwise) -> Elementwise:
    """The row as it is where its usual case holds."""
    return row if row.usual is None else replace(row, define=row.usual[1], usual=None)


def is_usual(row: Elementwise, variant: Variant, value: Any) -> bool:
    """Whether all elements of an operand are in the row's usual case."""
    assert row.usual is not None
    return bool(np.all(row.usual[0](value, **dict(variant))))


@cache
def is_linear(row: Elementwise, variant: Variant, live: tuple[int, ...]) -> bool:
    """Whether no derivative by the operands that vary depends on an operand that varies.

    The rounding of such a number does nothing to the gradient.
    """
    symbols, _ = definition(row, variant)
    varying = {symbols[i] for i in live}
    return not any(partial(row, variant, i).free_symbols & varying for i in live)


@cache
def operand_names(row: Elementwise, variant: Variant) -> tuple[str, ...]:
    """The names of a variant's operands, in order."""
    left_out = {name for name, _ in variant}
    return tuple(name for name in row.signature.parameters if name not in left_out)


def named_arguments(row: Elementwise, arguments: Mapping[str, Any]) -> tuple[list[str], Variant]:
    """The operands that are there, by name, and what makes this call a variant of the row."""
    operands = [n for n, v in arguments.items() if n not in row.static and v is not None]
    variant = tuple((n, v) for n, v in arguments.items() if n not in operands)
    return operands, variant
