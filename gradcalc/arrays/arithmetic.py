"""Arithmetic of arrays of balls with float radii, which `Op.array` gets as `m`.

Scalar expressions become Python functions of such arrays, with their derivatives where asked for.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

import flint
import numpy as np
import sympy

from gradcalc.arrays import along, linear, special
from gradcalc.arrays.numbers import (
    EPSILON,
    ArrayBall,
    ball,
    eq,
    exactly,
    made,
    magnitude,
    number,
    select,
)
from gradcalc.arrays.singly import singly
from gradcalc.balls.numbers import CALLS, KEPT, RELATIONS, OutOfReach, Source, Undecided
from gradcalc.expr.functions import FUNCTIONS
from gradcalc.expr.reducing import kept
from gradcalc.expr.scalars import closed
from gradcalc.expr.stacks import over

UNBOUNDED = frozenset(f.sympy.__name__ for f in FUNCTIONS if not f.arrays)
"""sympy's functions of which no bound for arrays of balls is known."""

UNKNOWN = "factors and eigenvalues of matrices are not enclosed at this size"

NAN = made(np.longdouble(np.nan), np.inf)


class ArrayBalls:
    """Large arrays, in few digits. What cannot be decided for all numbers raises `Undecided`."""

    def zeros(self, shape: Any) -> ArrayBall:
        return exactly(np.zeros(shape)).copy()

    def ones(self, shape: Any) -> ArrayBall:
        return exactly(np.ones(shape))

    def eye(self, size: int) -> ArrayBall:
        return exactly(np.eye(size))

    def floats(self, values: Any) -> Any:
        """The numbers in float64. Raises `OutOfReach` where a float is beside the true number."""
        rounded = values.mid.astype(np.float64)
        if not (np.all(values.rad == 0) and np.array_equal(rounded, values.mid)):
            raise OutOfReach("a number taken out of its tensor is not enclosed at this size")
        return rounded

    # -- functions of elements -------------------------------------------------------------

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> ArrayBall:
        """A scalar expression of arrays."""
        (found,) = compiled(tuple(symbols), (body,))(*map(ball, values))
        return found

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> ArrayBall:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""
        flowing = ball(g)
        still = (flowing.mid == 0) & (flowing.rad == 0)
        found = flowing * self.map(symbols, body, values)
        return select(still, exactly(0), found) if np.any(still) else found

    # -- along dimensions, and matrices ----------------------------------------------------

    def argmax(self, x: Any, axes: Any) -> Any:
        """The place of the greatest element along dimensions taken as one."""
        return _winning(x, axes, 1)[0]

    def argmin(self, x: Any, axes: Any) -> Any:
        """The place of the least element along dimensions taken as one."""
        return _winning(x, axes, -1)[0]

    def amax(self, x: Any, axes: Any) -> ArrayBall:
        """The greatest element along dimensions taken as one, which stay with size 1."""
        return _winning(x, axes, 1)[1]

    def amin(self, x: Any, axes: Any) -> ArrayBall:
        """The least element along dimensions taken as one, which stay with size 1."""
        return _winning(x, axes, -1)[1]

    def truth(self, x: Any) -> bool:
        """Whether a number, in an array of no dimensions, is not 0."""
        return not bool(np.all(eq(x, number(0))))

    def logsumexp(self, x: Any, axes: Any) -> ArrayBall:
        return special.log(along.total(special.exp(x), axes))

    def softmax(self, x: Any, axis: int) -> ArrayBall:
        powers = special.exp(x)
        return powers / along.total(powers, (axis,), keepdim=True)

    def det(self, x: Any) -> ArrayBall:
        found: ArrayBall = over(linear.det, x)
        return found

    def inv(self, x: Any) -> ArrayBall:
        found: ArrayBall = over(linear.inv, x)
        return found

    def solve(self, a: Any, b: Any) -> ArrayBall:
        found: ArrayBall = over(linear.solve, a, b)
        return found

    def logdet(self, x: Any) -> ArrayBall:
        return special.log(self.det(x))

    def cofactor(self, x: Any) -> ArrayBall:
        # only reverse mode asks for it, and this arithmetic is for the other one
        raise Undecided

    def cholesky(self, x: Any) -> ArrayBall:
        raise OutOfReach(UNKNOWN)

    def triangle(self, x: Any) -> ArrayBall:
        raise OutOfReach(UNKNOWN)

    def expm(self, x: Any) -> ArrayBall:
        raise OutOfReach(UNKNOWN)

    def eigh(self, x: Any) -> tuple[ArrayBall, ArrayBall]:
        raise OutOfReach(UNKNOWN)

    def svd(self, x: Any) -> tuple[ArrayBall, ArrayBall, ArrayBall]:
        raise OutOfReach(UNKNOWN)

    def polar(self, x: Any) -> ArrayBall:
        raise OutOfReach(UNKNOWN)

    asarray, held, number = staticmethod(ball), staticmethod(ball), staticmethod(exactly)
    equal, order = staticmethod(eq), staticmethod(along.order)
    sqrt, matmul = staticmethod(special.sqrt), staticmethod(along.matmul)


def _winning(x: ArrayBall, axes: tuple[int, ...], sign: int) -> tuple[Any, ArrayBall]:
    """The places of the greatest or least elements, and these, along dimensions of size 1."""
    places, shape = along.winners(x, axes, sign), kept(x.shape, axes)
    return places.reshape(shape), along.taken(x, axes, places).reshape(shape)


# -- scalar expressions ------------------------------------------------------------------------


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
            alone = type(node).__name__ in UNBOUNDED
            text = self._alone(node) if alone else self._negative(node) or super().write(node)
            known = self._known[node] = f"part{len(self.lines)}"
            self.lines.append(f"{known} = {text}")
        return known

    def _alone(self, node: Any) -> str:
        """A function of which there is no bound for arrays: of each element by itself."""
        operands = [self.write(operand) for operand in node.args]
        symbols = tuple(sympy.Symbol(f"x{place}", real=True) for place in range(len(operands)))
        name = f"alone{len(self.numbers)}"
        fixed = {s: a for s, a in zip(symbols, node.args, strict=True) if a.is_number}
        free = tuple(symbol for symbol in symbols if symbol not in fixed)
        self.numbers[name] = singly(free, node.func(*(fixed.get(s, s) for s in symbols)))
        given = [text for text, s in zip(operands, symbols, strict=True) if s not in fixed]
        return f"{name}({', '.join(given)})"

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
    space: dict[str, Any] = {
        **{name: getattr(special, name) for name in CALLS.values() if hasattr(special, name)},
        **source.numbers,
        "decide": special, "power": special.power, "whole_power": operator.pow,
        "select": select, "abs": abs, "nan": NAN,
        "arb": SimpleNamespace(pi=lambda: _constant("pi"), const_e=lambda: _constant("const_e")),
    }  # fmt: skip
    lines = [*source.lines, f"return ({', '.join(results)},)"]
    text = f"def function({', '.join(map(str, symbols))}):\n" + "".join(
        f"    {line}\n" for line in lines
    )
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
