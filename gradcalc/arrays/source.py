"""Scalar expressions and their derivatives as functions of arrays of balls."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

import flint
import numpy as np
import sympy

from gradcalc.arrays import special
from gradcalc.arrays.numbers import EPSILON, ArrayBall, made, magnitude, number, select
from gradcalc.balls.numbers import OutOfReach
from gradcalc.balls.source import CALLS, KEPT, RELATIONS, Source
from gradcalc.expr.functions import FUNCTIONS
from gradcalc.expr.scalars import closed

UNBOUNDED = frozenset(f.sympy.__name__ for f in FUNCTIONS if not f.arrays)
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
class Rule:
    """What a scalar expression does to balls and to their tangents.

    `function` gives its value and those slopes that are no plain number; `slopes` are, by operand,
    such a number (0 too where nothing moves), or None for the next one that `function` gives.
    """

    function: Callable[..., tuple[ArrayBall, ...]]
    slopes: tuple[int | None, ...]

    def apply(
        self, operands: Sequence[ArrayBall], tangents: Sequence[Sequence[ArrayBall | None]]
    ) -> tuple[ArrayBall, list[ArrayBall | None]]:
        """The value and its tangents, from the operands and, for each direction, theirs."""
        value, *rest = self.function(*operands)
        given = iter(rest)
        slopes = [next(given) if slope is None else slope for slope in self.slopes]
        return value, [self._tangent(slopes, row) for row in tangents]

    @staticmethod
    def _tangent(slopes: Sequence[Any], moves: Sequence[ArrayBall | None]) -> ArrayBall | None:
        total = None
        for slope, move in zip(slopes, moves, strict=True):
            if move is None or (isinstance(slope, int) and not slope):
                continue
            moved = slope * move if not isinstance(slope, int) else move if slope == 1 else -move
            total = moved if total is None else total + moved
        return total


@lru_cache(maxsize=KEPT)
def rule(symbols: tuple[Any, ...], body: Any, slopes: tuple[Any, ...]) -> Rule:
    """A scalar expression with its derivatives by those symbols whose slope is not None.

    Raises `OutOfReach` where a function is in them that arrays of balls do not know.
    """
    plain = tuple(0 if s is None else int(s) if s in (0, 1, -1) else None for s in slopes)
    wanted = [s for s, known in zip(slopes, plain, strict=True) if known is None]
    return Rule(compiled(symbols, (body, *wanted)), plain)


@lru_cache(maxsize=KEPT)
def compiled(
    symbols: tuple[Any, ...], bodies: tuple[Any, ...]
) -> Callable[..., tuple[ArrayBall, ...]]:
    """Scalar expressions as one function, what they share computed once.

    Raises `OutOfReach` where a function is in them that arrays of balls do not know.
    """
    source = ArraySource()
    try:
        results = [source.write(closed(body)) for body in bodies]
    except NotImplementedError as unknown:
        raise OutOfReach(f"{unknown} is not enclosed at this size") from unknown
    return _compiled(source, [str(symbol) for symbol in symbols], results)


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
    """One of flint's constants."""
    with flint.ctx.workprec(200):
        return rounded(getattr(flint.arb, name)())


def rounded(value: Any) -> ArrayBall:
    """One of flint's balls, as tight as they come here."""
    high = float(value)
    low = float(value.mid() - flint.arb(high)) if np.isfinite(high) else 0.0
    mid = np.longdouble(high) + np.longdouble(low)
    return made(mid, EPSILON * magnitude(mid) + float(value.rad().upper()))
