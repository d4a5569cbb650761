"""A primitive's definition and its derivatives as functions of arrays of balls."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import flint
import numpy as np
import sympy

from gradcalc.balls.numbers import OutOfReach
from gradcalc.balls.source import CALLS, RELATIONS, Source
from gradcalc.calculus import Variant, definition, partial
from gradcalc.enclosure import special
from gradcalc.enclosure.arrays import EPSILON, ArrayBall, made, magnitude, number, select
from gradcalc.primitives import Elementwise

UNBOUNDED = frozenset({"gamma", "loggamma", "polygamma"})
"""sympy's functions that no array of balls knows."""

NAN = made(np.longdouble(np.nan), np.inf)


class ArraySource(Source):
    """A sympy expression as lines of Python, every part once: `lines` give names to parts."""

    # arrays of truth values have no `and`
    relations = RELATIONS | {
        "Unequality": "~decide.eq({}, {})", "And": "{} & {}", "Or": "{} | {}", "Xor": "({}) ^ ({})",
        "Not": "~{}",
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._known: dict[Any, str] = {}

    def write(self, node: Any) -> str:
        if isinstance(node, sympy.Symbol):
            return str(node)
        known = self._known.get(node)
        if known is None:
            if type(node).__name__ in UNBOUNDED:
                raise NotImplementedError(type(node).__name__)
            text = self._negative(node) or super().write(node)
            known = self._known[node] = f"part{len(self.lines)}"
            self.lines.append(f"{known} = {text}")
        return known

    def _negative(self, node: Any) -> str | None:
        """What is only -1 times something, without a product."""
        if isinstance(node, sympy.Mul) and node.args[0] == -1:
            return f"(-{self.write(sympy.Mul(*node.args[1:]))})"
        return None

    def rational(self, p: int, q: int) -> str:
        name = f"number{len(self.numbers)}"
        self.numbers[name] = number(p, q)
        return name

    def choice(self, condition: str, value: str, other: str) -> str:
        return f"select({condition}, {value}, {other})"


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope among what a rule's function gives, by its place."""

    place: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What a primitive does to balls and to their tangents.

    `function` gives its value and those slopes that are no plain number; `slopes` are, by operand,
    a whole number, or a position in what `function` gives.
    """

    function: Callable[..., tuple[ArrayBall, ...]]
    slopes: tuple[tuple[int, int | Slope], ...]

    def apply(
        self, operands: Sequence[ArrayBall], tangents: Sequence[Sequence[ArrayBall | None]]
    ) -> tuple[ArrayBall, list[ArrayBall | None]]:
        """The value and its tangents, from the operands and, for each direction, theirs."""
        value, *slopes = self.function(*operands)
        found: list[ArrayBall | None] = []
        for row in tangents:
            total = None
            for position, slope in self.slopes:
                tangent = row[position]
                if tangent is None or slope == 0:
                    continue
                if isinstance(slope, Slope):
                    term = slopes[slope.place] * tangent
                else:
                    term = tangent if slope == 1 else -tangent
                total = term if total is None else total + term
            found.append(total)
        return value, found


@cache
def rule(row: Elementwise, variant: Variant, live: tuple[int, ...]) -> Rule:
    """The definition and the derivatives by the operands at some positions.

    Raises `OutOfReach` where a function is in them that arrays of balls do not know.
    """
    symbols, expression = definition(row, variant)
    source = ArraySource()
    try:
        results = [source.write(expression)]
        slopes: list[tuple[int, int | Slope]] = []
        for position in live:
            derivative = partial(row, variant, position)
            if derivative in (0, 1, -1):
                slopes.append((position, int(derivative)))
                continue
            slopes.append((position, Slope(len(results) - 1)))
            results.append(source.write(derivative))
    except NotImplementedError as unknown:
        raise OutOfReach(f"{row.name} is not enclosed at this size ({unknown})") from unknown
    return Rule(_compiled(source, [str(symbol) for symbol in symbols], results), tuple(slopes))


def _compiled(
    source: ArraySource, parameters: Sequence[str], results: Sequence[str]
) -> Callable[..., tuple[ArrayBall, ...]]:
    space: dict[str, Any] = {
        **{name: getattr(special, name) for name in CALLS.values() if hasattr(special, name)},
        **source.numbers,
        "decide": special, "power": special.power, "whole_power": operator.pow,
        "select": select, "abs": abs, "nan": NAN,
        "arb": SimpleNamespace(pi=lambda: _constant("pi"), const_e=lambda: _constant("const_e")),
    }  # fmt: skip
    lines = [*source.lines, f"return ({', '.join(results)},)"]
    text = f"def function({', '.join(parameters)}):\n" + "".join(f"    {line}\n" for line in lines)
    # the source is made from a row's own definition, never from what a user typed
    exec(text, space)
    function: Callable[..., tuple[ArrayBall, ...]] = space["function"]
    return function


@cache
def _constant(name: str) -> ArrayBall:
    """One of flint's constants, whose own radius is far below this one's."""
    with flint.ctx.workprec(200):
        value = getattr(flint.arb, name)()
        high = float(value)
        low = float(value - flint.arb(high))
    mid = np.longdouble(high) + np.longdouble(low)
    return made(mid, EPSILON * magnitude(mid))
