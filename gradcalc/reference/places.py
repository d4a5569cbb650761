"""Where a function of numbers is defined, and where it jumps or has kinks.

The row names the quantities; what happens where they are zero is found out there, by values a
little beside points of it, in many digits.
"""

import inspect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from gradcalc.calculus import definition, operand_names
from gradcalc.derive.runs import Runs
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.primitives import Elementwise
from gradcalc.problem import Problem
from gradcalc.reference.conditions import SIGNS, Zeros, said, written, zeros
from gradcalc.reference.examples import operand_labels

Point = dict[Any, Any]
"""Numbers by operand."""

GRID = (-2, -1, 0, 1, 2, *(sympy.Rational(n, 2) for n in (-3, -1, 1, 3)), sympy.pi / 2)
"""What operands are tried at; of three of them only the first few."""

FEW = 5
"""How many those are."""

MOST = 16
"""Points at which a place is looked at."""

NEAR, NEARER = sympy.Rational(1, 10**10), sympy.Rational(1, 10**20)
"""How far beside a point values are taken."""

DIGITS = 60
"""Digits of these values."""

LEAST = 1e-9
"""A difference of limits that is one: of slopes of a root it would be smaller."""

GROWTH = 1.5
"""Times by which a value without bound grows from `NEAR` to `NEARER`: a logarithm by 2."""

LARGE = 10
"""What is smaller than this has not grown."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a function does `where` a condition holds: a `kind` of `KINDS`.

    `sure` says that it does so everywhere there; otherwise there and nowhere else, but not always.
    """

    kind: str
    where: str
    sure: bool = True


KINDS = ("pole", "jump", "kink", "")
"""What can happen at a point, the gravest first; nothing last."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a function is defined, as a sentence or None if that is not known, and its places."""

    domain: str | None
    places: tuple[Place, ...]


def surroundings(row: Elementwise) -> Surroundings:
    """What is to be known of a row with its usual options."""
    function = Function(row)
    found: list[Place] = []
    left_out: list[Zeros] = []
    for zero in zeros(row.kinks, function.arguments):
        points = list(itertools.islice(function.points(zero), MOST))
        kinds = {function.kind(point) for point in points}
        text = zero.text
        if text is not None:
            found += [Place(kind, text, kinds == {kind}) for kind in KINDS if kind in kinds - {""}]
        if any(not function.has_value(point) for point in points):
            left_out.append(zero)
    places = tuple(dict.fromkeys(found))
    return Surroundings(_domain(row, function, left_out), places)


class Function:
    """A row's definition, worked out at points of its operands."""

    def __init__(self, row: Elementwise) -> None:
        self._name = row.name
        parameters = row.signature.parameters
        # an operand that may be left out is given, an option is left as it is
        # an option that has no usual value has that of the example
        first = dict(zip(parameters, row.samples[0], strict=False))
        usual = {
            name: first[name]
            if parameters[name].default is inspect.Parameter.empty
            else parameters[name].default
            for name in row.static
        }
        self.variant = tuple(usual.items())
        self.names = operand_names(row, self.variant)
        self.symbols, self._body = definition(row, self.variant)
        options = {name: sympy.sympify(value) for name, value in self.variant}
        labels = operand_labels(row)
        named = {name: sympy.Symbol(labels[name], real=True) for name in self.names}
        self.arguments: dict[str, Any] = {**named, **options}
        self._body = self._body.xreplace(dict(zip(self.symbols, named.values(), strict=True)))
        self.symbols = tuple(named.values())

    @property
    def grid(self) -> Iterator[Point]:
        """Points at which there is something to be seen."""
        values = GRID if len(self.symbols) < 3 else GRID[:FEW]
        for point in itertools.product(map(sympy.sympify, values), repeat=len(self.symbols)):
            yield dict(zip(self.symbols, point, strict=True))

    def points(self, zero: Zeros, sign: int = 0) -> Iterator[Point]:
        """Points of the grid, and beyond it, where a quantity is zero or has a sign."""
        yield from (point for point in self.grid if zero.holds(point, sign))
        if len(self.symbols) == 1 and not sign and zero.quantity.is_polynomial():
            for value in sympy.solve(zero.quantity, self.symbols[0]):
                point = {self.symbols[0]: value}
                if value not in GRID and zero.holds(point):
                    yield point

    def value(self, point: Point) -> Any:
        """The value at a point, None where there is none."""
        try:
            value = self._body.xreplace(point).doit().evalf(DIGITS)
        except (TypeError, ValueError, ZeroDivisionError):
            return None
        return value if value.is_number and value.is_finite and value.is_real else None

    def has_value(self, point: Point) -> bool:
        """Whether the function has a value at a point, by its definition or to floats."""
        return self.value(point) is not None or self._in_floats(point)

    def _in_floats(self, point: Point) -> bool:
        if not all(value.is_rational for value in point.values()):
            return False
        inputs = {str(symbol): np.asarray(float(value)) for symbol, value in point.items()}
        with np.errstate(all="ignore"):
            program = compile_program(f"{self._name}({', '.join(inputs)})")
            try:
                found = Runs(Problem(program, inputs, tuple(inputs))).recording.output
            except GradcalcError:
                return False
        return bool(np.isfinite(found))

    def kind(self, point: Point) -> str:
        """What happens at a point, seen from all sides."""
        return min((self._along(point, d) for d in self._directions()), key=KINDS.index)

    def _directions(self) -> Iterator[tuple[int, ...]]:
        count = len(self.symbols)
        yield from (tuple(int(i == k) for i in range(count)) for k in range(count))
        if count > 1:
            yield tuple(range(1, count + 1))

    def _along(self, point: Point, direction: Sequence[int]) -> str:
        def beside(step: Any) -> Any:
            return self.value(
                {s: v + step * d for (s, v), d in zip(point.items(), direction, strict=True)}
            )

        here, sides = self.value(point), [(beside(s * NEAR), beside(s * NEARER)) for s in (-1, 1)]
        if any(_grows(*side) for side in sides):
            return "pole"
        if any(near is None or nearer is None for near, nearer in sides):
            return ""
        (_, left), (_, right) = sides
        if here is None:
            return "jump" if abs(right - left) > LEAST else ""
        if abs(left - here) > LEAST or abs(right - here) > LEAST:
            return "jump"
        return "kink" if abs((right - here) - (here - left)) > LEAST * NEARER else ""


def _grows(near: Any, nearer: Any) -> bool:
    if near is None or nearer is None:
        return False
    return bool(abs(nearer) > LARGE and abs(nearer) > GROWTH * abs(near))


# -- the domain --------------------------------------------------------------------------------


def _domain(row: Elementwise, function: Function, left_out: Sequence[Zeros]) -> str | None:
    borders = zeros(row.domain, function.arguments)
    bounds = [_bound(border, borders, function) for border in borders]
    told = [(p, _is_in(p, bounds, left_out)) for p in function.grid]
    if any(inside and not function.has_value(point) for point, inside in told):
        return None
    exact = not any(not inside and function.has_value(point) for point, inside in told)
    kept = f"{'' if exact else 'at least '}for {_joined(bounds) or 'all real numbers'}"
    if not left_out:
        return kept
    without = " or where ".join(dict.fromkeys(str(zero.text) for zero in left_out))
    return f"{kept}{',' if bounds else ''} except where {without}"


def _is_in(point: Point, bounds: Sequence["Bound"], left_out: Sequence[Zeros]) -> bool:
    """Whether a point is where the sentence says that the function is defined."""
    inside = all(bound.allows(point) for bound in bounds)
    return inside and not any(zero.holds(point) for zero in left_out)


@dataclass(frozen=True, slots=True)
class Bound:
    """A border of which one side, where the quantity is positive, is in the domain.

    The border itself is if it is `closed`.
    """

    border: Zeros
    closed: bool

    def allows(self, point: Point) -> bool:
        """Whether a point is on the right side."""
        return not self.border.holds(point, -1) and (self.closed or not self.border.holds(point))


def _bound(border: Zeros, borders: Sequence[Zeros], function: Function) -> Bound:
    """Where the domain ends, at a quantity's zeros; these are in it if all are."""
    others = [b for b in borders if b is not border]
    at = [p for p in function.points(border) if not any(b.holds(p, -1) for b in others)]
    return Bound(border, all(map(function.has_value, at)))


def _joined(bounds: Sequence[Bound]) -> str:
    """`-1 <= x <= 1`."""
    lower: dict[Any, str] = {}
    upper: dict[Any, str] = {}
    rest = []
    for bound in bounds:
        quantity = bound.border.quantity
        symbol, *more = quantity.free_symbols
        slope = quantity.coeff(symbol)
        if more or slope not in (1, -1) or bound.border.conditions:
            sign = SIGNS[sympy.Ge if bound.closed else sympy.Gt]
            unless = [said(sympy.Not(condition)) for condition in bound.border.conditions]
            rest.append(" or ".join([f"{written(quantity)} {sign} 0", *unless]))
            continue
        end = written(sympy.solve(quantity, symbol)[0])
        sign = SIGNS[sympy.Le if bound.closed else sympy.Lt]
        if slope == 1:
            lower[symbol] = f"{end} {sign} "
        else:
            upper[symbol] = f" {sign} {end}"
    between = [
        f"{lower[symbol]}{symbol}{upper[symbol]}"
        if symbol in lower and symbol in upper
        else f"{symbol}{upper[symbol]}"
        if symbol in upper
        else _turned(str(symbol), lower[symbol])
        for symbol in dict.fromkeys([*lower, *upper])
    ]
    return ", ".join([*between, *rest])


def _turned(symbol: str, lower: str) -> str:
    """`x > 0`, for `0 < x`."""
    end, sign = lower.split()
    return f"{symbol} {sign.replace('<', '>')} {end}"
