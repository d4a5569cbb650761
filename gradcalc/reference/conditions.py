"""The quantities of a row, which are functions of numbers, as conditions on its operands.

A row says where it has kinks by functions that compute and compare. They are run here with
expressions for numbers, once for each way in which their comparisons can turn out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sympy


class Nearest(sympy.Function):  # type: ignore[misc]
    """The nearest integer."""

    @classmethod
    def eval(cls, number: Any) -> Any:
        """The integer itself, of a number."""
        return sympy.floor(number + sympy.Rational(1, 2)) if number.is_number else None


@dataclass(frozen=True, slots=True)
class Zeros:
    """Where `quantity` is zero and the `conditions` hold; `order` is that of the operands."""

    quantity: Any
    conditions: tuple[Any, ...]
    order: tuple[Any, ...]

    def holds(self, point: dict[Any, Any], sign: int = 0) -> bool:
        """Whether a point is there, or on the side of that sign."""
        if _sign(self.quantity.xreplace(point)) != sign:
            return False
        return all(condition.xreplace(point) == sympy.true for condition in self.conditions)

    @property
    def text(self) -> str | None:
        """The same in words, None where nothing is there."""
        found = list(_equations(self.quantity, self.order))
        values = {e.lhs: e.rhs for e in found if isinstance(e, sympy.Eq) and e.lhs.is_Symbol}
        for condition in self.conditions:
            left = _plain(condition.xreplace(values))
            if left == sympy.false:
                return None
            if left != sympy.true and left not in found:
                found.append(left)
        return None if sympy.false in found else " and ".join(map(said, found))


class Quantity:
    """An expression that computes like a number; what it is compared with decides `way`."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, expression: Any, way: "Way") -> None:
        self.expression, self._way = expression, way

    def _made(self, operation: Callable[[Any, Any], Any], other: Any) -> "Quantity":
        return Quantity(operation(self.expression, plain(other)), self._way)

    def _compared(self, relation: Any, other: Any) -> bool:
        return self._way.decide(relation(self.expression, plain(other)))

    def __add__(self, other: Any) -> "Quantity":
        return self._made(lambda a, b: a + b, other)

    def __sub__(self, other: Any) -> "Quantity":
        return self._made(lambda a, b: a - b, other)

    def __mul__(self, other: Any) -> "Quantity":
        return self._made(lambda a, b: a * b, other)

    def __truediv__(self, other: Any) -> "Quantity":
        return self._made(lambda a, b: a / b, other)

    def __rsub__(self, other: Any) -> "Quantity":
        return self._made(lambda a, b: b - a, other)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Quantity":
        return Quantity(-self.expression, self._way)

    def __abs__(self) -> "Quantity":
        return Quantity(sympy.Abs(self.expression), self._way)

    def __lt__(self, other: Any) -> bool:
        return self._compared(sympy.Lt, other)

    def __le__(self, other: Any) -> bool:
        return self._compared(sympy.Le, other)

    def __gt__(self, other: Any) -> bool:
        return self._compared(sympy.Gt, other)

    def __ge__(self, other: Any) -> bool:
        return self._compared(sympy.Ge, other)

    def __eq__(self, other: object) -> bool:
        return self._compared(sympy.Eq, other)

    def __ne__(self, other: object) -> bool:
        return self._compared(sympy.Ne, other)


class Way:
    """One way through a function of a row: what it is told, and what it has asked.

    It is the arithmetic that such functions are given, too.
    """

    one = 1

    def __init__(self, answers: list[bool]) -> None:
        self._answers = answers
        self.asked: list[tuple[Any, bool]] = []

    def decide(self, relation: Any) -> bool:
        """What this way has for an answer; of what is not foreseen the first is yes."""
        if relation in (sympy.true, sympy.false):
            return bool(relation)
        place = len(self.asked)
        answer = self._answers[place] if place < len(self._answers) else True
        self.asked.append((relation, answer))
        return answer

    def nint(self, number: Quantity) -> Quantity:
        """The nearest integer."""
        return Quantity(Nearest(number.expression), self)

    def cos(self, number: Quantity) -> Quantity:
        """The cosine."""
        return Quantity(sympy.cos(number.expression), self)

    def isint(self, number: Quantity) -> bool:
        """Whether a number is an integer."""
        return self.decide(_whole(number.expression))

    @property
    def conditions(self) -> tuple[Any, ...]:
        """What holds on this way."""
        return tuple(asked if answer else sympy.Not(asked) for asked, answer in self.asked)

    @property
    def others(self) -> Iterator[list[bool]]:
        """The answers of ways that leave this one where it was not told."""
        for place in range(len(self._answers), len(self.asked)):
            yield [*(answer for _, answer in self.asked[:place]), False]


def zeros(function: Callable[..., Any] | None, arguments: dict[str, Any]) -> list[Zeros]:
    """Where the quantities that a row names are zero, each way by itself."""
    found: list[Zeros] = []
    order = tuple(value for value in arguments.values() if getattr(value, "is_Symbol", False))
    left: list[list[bool]] = [] if function is None else [[]]
    while left:
        way = Way(left.pop())
        given = {n: Quantity(v, way) if v is not None else None for n, v in arguments.items()}
        quantities = cast("Callable[..., Any]", function)(way, **given)
        conditions = tuple(map(_exact, way.conditions))
        found += [Zeros(_exact(plain(q)), conditions, order) for q in quantities]
        left += way.others
    return [one for one in found if not one.quantity.is_number]


def plain(value: Any) -> Any:
    """The expression of a quantity, or a number as the rational that it is."""
    return value.expression if isinstance(value, Quantity) else sympy.sympify(value)


def _exact(expression: Any) -> Any:
    """The same with its floats as the rationals that they are."""
    floats = {f: sympy.Rational(float(f)) for f in expression.atoms(sympy.Float)}
    return expression.xreplace(floats)


def _whole(number: Any) -> Any:
    return sympy.Eq(Nearest(number), number, evaluate=not number.free_symbols)


def _sign(value: Any) -> int | None:
    if not value.is_extended_real:
        return None
    return 0 if value.is_zero else 1 if value.is_positive else -1


def _equations(quantity: Any, order: Sequence[Any]) -> Iterator[Any]:
    """A quantity is zero: as equations, each for one operand where that can be."""
    terms = sympy.Add.make_args(quantity)
    if all(isinstance(term, sympy.Abs) for term in terms):
        for term in terms:
            yield from _equations(term.args[0], order)
        return
    rounded = quantity.atoms(Nearest)
    if rounded:
        (number,) = rounded.pop().args
        yield _whole(number) if quantity == number - Nearest(number) else sympy.Eq(quantity, 0)
        return
    for symbol in order:
        if _is_linear(quantity, symbol):
            (value,) = sympy.solve(quantity, symbol)
            yield sympy.Eq(symbol, value)
            return
    yield sympy.Eq(quantity, 0, evaluate=False)


def _is_linear(quantity: Any, symbol: Any) -> bool:
    if not quantity.has(symbol) or not quantity.is_polynomial(symbol):
        return False
    return bool(sympy.degree(quantity, symbol) == 1)


def _plain(condition: Any) -> Any:
    """A condition in the form in which it is said."""
    if isinstance(condition, sympy.Le) and isinstance(condition.lhs, sympy.Abs):
        return sympy.Eq(condition.lhs.args[0], 0) if condition.rhs == 0 else condition
    return condition


SIGNS = {
    sympy.Eq: "=", sympy.Ne: "!=", sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">=",
}  # fmt: skip
"""How relations are written."""


def said(condition: Any) -> str:
    """A condition as a reader of formulas says it."""
    if isinstance(condition, sympy.Eq | sympy.Ne) and isinstance(condition.lhs, Nearest):
        negated = isinstance(condition, sympy.Ne)
        return f"{written(condition.rhs)} is {'no' if negated else 'an'} integer"
    sign = SIGNS[type(condition)]
    return f"{written(condition.lhs)} {sign} {written(condition.rhs)}"


def written(expression: Any) -> str:
    """A short expression as text."""
    return str(sympy.sstr(expression)).replace("Abs(", "abs(")
