"""Functions of elements as text of another language, in forms that lose few digits.

What is written here is what `gradcalc.expr.elementwise` computes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy

from gradcalc.errors import UnsupportedError
from gradcalc.export.logistic import without_overflow
from gradcalc.expr.elementwise import logarithm, without_cancellation
from gradcalc.expr.functions import FUNCTIONS, RELATIONS
from gradcalc.expr.scalars import Head, Where, is_indicator, opened
from gradcalc.expr.written import COMPARISON, NEGATIVE, POWER, PRODUCT, SUM, Text

NAMES = {function.sympy: function for function in FUNCTIONS}

NUMBERED = {sympy.polygamma: "polygamma", sympy.besseli: "iv"}
"""Functions of an order that is fixed, by what they are called if the order has no name."""

EXACT = 2**53
"""Whole numbers up to which floats have all."""


@dataclass(frozen=True, slots=True)
class Scalars:
    """How a language writes functions of elements.

    `functions` are its names for those of gradcalc, with `sqrt`, `expm1`, `log1p`, `logaddexp` and
    `sigmoid`. `choice` writes one of two values by a condition, `power` a power, and `square` a
    product with itself. `logic` are the words for and, or and not; `whole` says that whole numbers
    may be written as such; `words` are those of special numbers. `argument` is how a function takes
    one of several arguments, `reasons` say why some have no form.
    """

    name: str
    functions: Mapping[str, str]
    choice: Callable[[Text, Text, Text], Text]
    power: Callable[[Text, Text], Text]
    square: Callable[[Text], Text]
    logic: tuple[str, str, str] = (" & ", " | ", "~")
    whole: bool = True
    words: Mapping[str, str] = field(default_factory=dict)
    argument: Callable[[str, Text], str] = lambda name, text: text.text
    reasons: Mapping[str, str] = field(default_factory=dict)

    def called(self, name: str, *arguments: Text) -> Text:
        """A function by gradcalc's name. Raises `UnsupportedError`."""
        known = self.functions.get(name)
        if known is None:
            raise self.lacks(name)
        if len(arguments) == 1:
            return Text(f"{known}({arguments[0].text})")
        return Text(f"{known}({', '.join(self.argument(name, text) for text in arguments)})")

    def lacks(self, name: str) -> UnsupportedError:
        """What is said of something that the language has no form of."""
        reason = f": {self.reasons[name]}" if name in self.reasons else ""
        return UnsupportedError(f"{name} has no form in {self.name} here{reason}")

    def number(self, value: Any) -> Text:
        """A fixed number."""
        near = float(value)
        if near != near or near in (float("inf"), float("-inf")):
            word = self.words["nan" if near != near else "inf"]
            return Text(f"-{word}", NEGATIVE) if near < 0 else Text(word)
        whole = self.whole and near.is_integer() and abs(near) < EXACT
        text = str(int(abs(near))) if whole else repr(abs(near))
        negative = str(near).startswith("-") and not (whole and near == 0)
        return Text(f"-{text}", NEGATIVE) if negative else Text(text)


class Expressions:
    """Writes the scalar expressions of one graph.

    `symbol` gives the text of what a symbol stands for, `kept` that of a part which has a name, or
    gets one; None where it has none.
    """

    def __init__(
        self,
        language: Scalars,
        symbol: Callable[[Any], Text],
        kept: Callable[[Any, Callable[[], Text]], Text] = lambda body, write: write(),
    ) -> None:
        self._language = language
        self._symbol = symbol
        self._kept = kept

    def __call__(self, body: Any) -> Text:
        """An expression as text. Raises `UnsupportedError`."""
        if body.is_Symbol:
            return self._symbol(body)
        if body.is_number and not body.has(Head, Where):
            return self._number(body)
        return self._kept(body, lambda: self._written(body))

    def _number(self, body: Any) -> Text:
        language = self._language
        if body.is_Rational and body.q != 1 and max(abs(body.p), body.q) < EXACT:
            over, under = language.number(body.p), language.number(body.q)
            return Text(f"{over.text}/{under.text}", PRODUCT)
        if body is sympy.pi and "pi" in language.words:
            return Text(language.words["pi"])
        return language.number(body)

    def _written(self, body: Any) -> Text:
        if body.is_Add:
            return self._add(body)
        if body.is_Mul:
            return self._mul(body)
        if body.is_Pow:
            return self._pow(body.base, body.exp)
        if isinstance(body, sympy.log):
            return self._log(body.args[0])
        if isinstance(body, Where):
            return self._language.choice(*map(self, body.args))
        if isinstance(body, Head):
            if body.spelled in self._language.functions:
                return self._language.called(body.spelled, *map(self, body.args))
            return self(opened(body.opened()))
        if isinstance(body, sympy.Piecewise):
            return self(opened(body))
        return self._function(body)

    def _function(self, body: Any) -> Text:
        language = self._language
        if body in (sympy.true, sympy.false):
            return Text(language.words[str(body)])
        if type(body) in RELATIONS:
            left, right = (self(arg).within(SUM) for arg in body.args)
            return Text(f"{left} {RELATIONS[type(body)][0]} {right}", COMPARISON)
        both, either, negation = language.logic
        if isinstance(body, sympy.And | sympy.Or):
            sign = both if isinstance(body, sympy.And) else either
            parts = (f"({self(arg).text})" for arg in body.args)
            return Text(sign.join(parts), COMPARISON)
        if isinstance(body, sympy.Not):
            return Text(f"{negation}({self(body.args[0]).text})", NEGATIVE)
        row = NAMES.get(type(body))
        if type(body) in NUMBERED:
            order = int(body.args[0])
            name = (row.orders if row is not None else {}).get(order)
            if name is not None and name in language.functions:
                return language.called(name, self(body.args[1]))
            name = NUMBERED[type(body)]
            return language.called(name, language.number(order), self(body.args[1]))
        if row is None:
            raise language.lacks(type(body).__name__)
        return language.called(row.name or type(body).__name__, *map(self, body.args))

    def _add(self, body: Any) -> Text:
        exact = without_cancellation(body)
        if exact is not None:
            return self(exact)
        if sympy.Integer(-1) in body.args and len(body.args) == 2:
            (other,) = (a for a in body.args if a != -1)
            if isinstance(other, sympy.exp):
                return self._language.called("expm1", self(other.args[0]))
        terms = sorted(body.args, key=_is_minus)
        first, *rest = terms
        pieces = [self(first).within(SUM)]
        for term in rest:
            if _is_minus(term):
                pieces.append(f" - {self(_turned(term)).within(PRODUCT)}")
            else:
                pieces.append(f" + {self(term).within(SUM)}")
        return Text("".join(pieces), SUM)

    def _mul(self, body: Any) -> Text:
        conditions = [factor.args[0] for factor in body.args if is_indicator(factor)]
        if conditions:
            rest = sympy.Mul(*[factor for factor in body.args if not is_indicator(factor)])
            zero = self._language.number(0.0)
            return self._language.choice(self(sympy.And(*conditions)), self(rest), zero)
        if (stable := self._stable(body)) is not None:
            return self(stable)
        if _is_minus(body):
            inner = self(_turned(body))
            return Text(f"-{inner.within(PRODUCT)}", PRODUCT)
        above: list[Text] = []
        below: list[Text] = []
        for factor in body.args:
            if factor.is_Rational:
                above += [self._language.number(factor.p)] if factor.p != 1 else []
                below += [self._language.number(factor.q)] if factor.q != 1 else []
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                below.append(self._raised(factor.base, -factor.exp))
            else:
                above.append(self(factor))
        over = "*".join(text.within(POWER) for text in above) or self._language.number(1.0).text
        if not below:
            return Text(over, PRODUCT)
        under = "*".join(text.within(POWER) for text in below)
        return Text(f"{over}/({under})" if len(below) > 1 else f"{over}/{under}", PRODUCT)

    def _raised(self, base: Any, exponent: Any) -> Text:
        return self(base) if exponent == 1 else self(sympy.Pow(base, exponent))

    def _stable(self, body: Any) -> Any | None:
        """A product without what overflows in it, where the language has its functions."""
        return without_overflow(body) if "sigmoid" in self._language.functions else None

    def _pow(self, base: Any, exponent: Any) -> Text:
        language = self._language
        if (stable := self._stable(sympy.Pow(base, exponent))) is not None:
            return self(stable)
        if exponent.is_Rational and exponent < 0:
            one = language.number(1.0).text
            return Text(f"{one}/{self._raised(base, -exponent).within(POWER)}", PRODUCT)
        if exponent == sympy.Rational(1, 2):
            return language.called("sqrt", self(base))
        if exponent == 2:
            return language.square(self(base))
        return language.power(self(base), self(exponent))

    def _log(self, inner: Any) -> Text:
        language = self._language
        if inner.is_Add and len(inner.args) == 2:
            logs: Sequence[Any] = [logarithm(arg) for arg in inner.args]
            if all(log is not None for log in logs) and not all(a.is_number for a in inner.args):
                return language.called("logaddexp", *map(self, logs))
        if inner.is_Add and sympy.Integer(1) in inner.args:
            return language.called("log1p", self(inner - 1))
        return language.called("log", self(inner))


def _is_minus(term: Any) -> bool:
    number = term if term.is_number else term.as_coeff_Mul()[0]
    return bool(number.is_extended_negative)


def _turned(term: Any) -> Any:
    """The negative of a term, a number in front of a sum staying there."""
    number, rest = term.as_coeff_Mul()
    return sympy.Mul(-number, rest, evaluate=not rest.is_Add or number == -1)
