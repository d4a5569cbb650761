"""Scalar expressions as text, their symbols standing for nodes."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from gradcalc.expr.finite import Finiteness
from gradcalc.expr.functions import FUNCTIONS, RELATIONS, Function
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.numbers import Numbers, as_rational, is_decimal
from gradcalc.expr.parts import is_negative, is_truth
from gradcalc.expr.scalars import (
    Head,
    Where,
    is_indicator,
    is_total,
    negative,
    remade,
    times,
    with_one_root,
)
from gradcalc.expr.written import ATOM, COMPARISON, NEGATIVE, POWER, PRODUCT, SUM, Text, Unprintable

NAMES: Mapping[Any, Function] = {function.sympy: function for function in FUNCTIONS}
"""sympy's functions, with their names in gradcalc."""

OPERATORS: Mapping[str, str] = {"floordiv": "//", "mod": "%"}
"""Functions that are written as operators."""

FEW_TERMS = 4
"""Terms of a sum below which one of them is turned round, so that it begins with a plus."""


class Spelling(Numbers):
    """Writes scalar expressions; what has no spelling raises `Unprintable`.

    `taken` are names that the user has given a meaning, `decimals` are the decimals that the user
    has written: where there are any, they are preferred to fractions.
    """

    def __init__(
        self,
        nodes: Mapping[Any, Node],
        shapes: Mapping[str, Shape],
        taken: frozenset[str],
        *,
        decimals: frozenset[float],
    ) -> None:
        super().__init__(nodes, shapes, decimals)
        self._taken = taken
        self._expressions: dict[Any, Text] = {}

    def __call__(self, node: Node) -> Text:
        """The text of a node; see `gradcalc.expr.printer`."""
        raise NotImplementedError

    def expression(self, body: Any) -> Text:
        """A scalar expression in the symbols of nodes."""
        known = self._expressions.get(body)
        if known is None:
            known = self._named(body, self._expression(body))
            self._expressions[body] = known
        return known

    def _named(self, body: Any, text: Text) -> Text:
        """The text of an expression, or the name that it gets; see `gradcalc.expr.printer`."""
        return text

    def _expression(self, body: Any) -> Text:
        if body in self._nodes:
            return self(self._nodes[body])
        if body.is_Rational:
            return self._rational(body)
        if body.is_Float:
            return Text(repr(float(body)), ATOM if body >= 0 else NEGATIVE)
        if body.is_Add:
            return self._add(body)
        if body.is_Mul:
            return self._mul(body)
        if body.is_Pow:
            return self._pow(body)
        if body is sympy.pi:
            return Text("3.141592653589793" if "pi" in self._taken else "pi")
        if body is sympy.E:
            return Text("exp(1)")
        return self._function(body)

    def _function(self, body: Any) -> Text:
        if isinstance(body, Where):
            if is_indicator(body):
                return self.expression(body.args[0])
            return self._call("where", [self.expression(arg) for arg in body.args])
        if isinstance(body, sympy.Ne | sympy.Eq) and isinstance(body.lhs, Finiteness):
            text = self.expression(body.lhs)
            return text if isinstance(body, sympy.Ne) else Text(f"~{text.within(ATOM)}", NEGATIVE)
        if type(body) in RELATIONS:
            # what is compared stands on the left, a plain number on the right
            body = body.reversed if body.lhs.is_number else body
            left, right = (self.expression(arg).within(SUM) for arg in body.args)
            return Text(f"{left} {RELATIONS[type(body)][0]} {right}", COMPARISON)
        if isinstance(body, sympy.And | sympy.Or):
            sign = " & " if isinstance(body, sympy.And) else " | "
            texts = sorted((self.expression(a).text for a in body.args), key=_bound_first)
            return Text(sign.join(f"({text})" for text in texts), COMPARISON)
        if isinstance(body, sympy.Not):
            return Text(f"~({self.expression(body.args[0]).text})", NEGATIVE)
        if isinstance(body, Head):
            return self._head(body)
        if isinstance(body, sympy.Abs) and body.args[0].is_Add:
            return self._call("abs", [self._either_way(body.args[0])])
        known = NAMES.get(type(body))
        if known is not None and body.args[0] in known.orders:
            name = known.orders[int(body.args[0])]
            return self._call(name, [self.expression(arg) for arg in body.args[1:]])
        if known is None or not known.name:
            why = known.why if known is not None else ""
            raise Unprintable(why or f"sympy's {type(body).__name__} has no name in gradcalc")
        usual = known.usual if len(body.args) == 1 else ()
        operands = (*body.args, *map(sympy.Integer, usual))
        return self._call(known.name, [self.expression(operand) for operand in operands])

    def _head(self, body: Any) -> Text:
        arguments = [self.expression(arg) for arg in body.args]
        sign = OPERATORS.get(body.spelled)
        if sign is not None:
            return Text(f"{arguments[0].within(POWER)}{sign}{arguments[1].within(POWER)}", PRODUCT)
        texts = [
            argument.text if key is None else f"{key}={argument.text}"
            for argument, key in zip(arguments, body.keywords, strict=True)
        ]
        words = [f"{key}={value!r}" for key, value in body.words]
        return Text(f"{body.spelled}({', '.join([*texts, *words])})")

    def _call(self, name: str, arguments: Sequence[Text]) -> Text:
        return Text(f"{name}({', '.join(argument.text for argument in arguments)})")

    def _either_way(self, total: Any) -> Text:
        """A sum or its negative, the one whose first term has no minus."""
        first, *_ = self._in_order(total.args)
        turned = negative(total) if is_negative(first) else total
        return self.expression(turned)

    def _pow(self, body: Any) -> Text:
        base, exponent = body.args
        if exponent == sympy.Rational(1, 2):
            return self._call("sqrt", [self.expression(base)])
        if exponent.is_Rational and exponent < 0:
            return self._mul(body)
        power = self.expression(exponent)
        raised = power.text if power.level >= ATOM else f"({power.text})"
        return Text(f"{self.expression(base).within(ATOM)}**{raised}", POWER)

    def _add(self, body: Any) -> Text:
        terms = self._in_order(self._terms(body.args))
        if len(terms) == 1:
            return self.expression(terms[0])
        signs = [is_negative(term) for term in terms]
        if all(signs) and len(terms) < FEW_TERMS:
            terms = _turned(terms)
            signs = [is_negative(term) for term in terms]
        if signs[0] and not all(signs):
            terms.insert(0, terms.pop(signs.index(False)))
        # of truth values `+` is or, and there is no difference
        truths = all(is_truth(term, self._nodes) for term in terms[:2])
        first = self._as_numbers(terms[0]) if truths else self.expression(terms[0])
        pieces = [first.within(SUM)]
        for term in terms[1:]:
            negative = is_negative(term)
            text = self.expression(-term if negative else term)
            pieces.append(f" - {text.within(PRODUCT)}" if negative else f" + {text.within(SUM)}")
        return Text("".join(pieces), SUM)

    def _as_numbers(self, body: Any) -> Text:
        """Truth values as the numbers 1 and 0, or -1 and 0."""
        negative = is_negative(body)
        plain = -body if negative else body
        text = self.expression(plain)
        certain = all(is_indicator(factor) for factor in sympy.Mul.make_args(plain))
        numbers = f"where({text.text}, 1, 0)" if certain else f"1.0*{text.within(POWER)}"
        return Text(f"{'-' if negative else ''}{numbers}", PRODUCT)

    def _mul(self, body: Any) -> Text:
        if body.is_Mul and not (body := self._folded(remade(body))).is_Mul:
            return self.expression(body)
        if is_negative(body) and is_truth(body, self._nodes):
            return self._as_numbers(body)
        masked = self._masked(body)
        if masked is not None:
            return masked
        coefficient, above, below = self._fraction(with_one_root(body))
        negative = coefficient < 0
        if negative:
            # the minus goes to the first factor, which cannot be a truth value
            above.sort(key=lambda factor: is_truth(factor, self._nodes))
        above_texts = self._factors(above, coefficient)
        bare = coefficient.p == -1 and not self._as_decimal(-coefficient)
        if negative and bare and above and is_truth(above[0], self._nodes):
            above_texts[0] = self._as_numbers(above[0]).text
        below_texts = [self.expression(factor) for factor in below]
        if coefficient.q != 1 and not self._as_decimal(abs(coefficient)):
            below_texts.insert(0, Text(str(coefficient.q)))
        text = "*".join(above_texts)
        if len(below_texts) == 1:
            text += f"/{below_texts[0].within(POWER)}"
        elif below_texts:
            text += f"/({'*'.join(part.within(POWER) for part in below_texts)})"
        matrix = len(above) == 1 and not below_texts and abs(coefficient) == 1
        matrix = matrix and self.expression(above[0]).matrix
        return Text(f"-{text}" if negative else text, PRODUCT, matrix and not negative)

    def _masked(self, body: Any) -> Text | None:
        """A product with a condition as a choice, if it may be undefined where that is false."""
        factors = sympy.Mul.make_args(body)
        conditions = [factor for factor in factors if is_indicator(factor)]
        if not conditions:
            return None
        rest = sympy.Mul(*[factor for factor in factors if not is_indicator(factor)])
        if is_total(rest, Head, Where):
            return None
        condition = sympy.And(*[factor.args[0] for factor in conditions])
        return self._call(
            "where", [self.expression(a) for a in (condition, rest, sympy.Integer(0))]
        )

    def _fraction(self, body: Any) -> tuple[Any, list[Any], list[Any]]:
        """A rational number, the factors above the line and those below it."""
        coefficient, above, below = sympy.Integer(1), [], []
        for factor in sympy.Mul.make_args(body):
            if factor.is_Rational:
                coefficient *= factor
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                # sympy would take the root of a product of numbers apart
                whole = factor.exp == -1 or not factor.base.is_number
                below.append(sympy.Pow(factor.base, -factor.exp, evaluate=whole))
            else:
                above.append(factor)
        for factors in (above, below):
            if len(factors) > 1:
                factors.sort(key=self._factor_key)
        return coefficient, above, below

    def _factors(self, factors: Sequence[Any], coefficient: Any) -> list[str]:
        """The texts above the line; last a product of matrices, where it needs no brackets."""
        size = abs(coefficient)
        front = []
        fixed = {factor: number for factor in factors if (number := self._fixed(factor))}
        below = 1 if self._as_decimal(size) else size.q
        number = math.prod(fixed.values(), start=Fraction(size * below))
        if fixed and size.p > 1 and is_decimal(number):
            factors = [factor for factor in factors if factor not in fixed]
            front.append(self.expression(as_rational(number)).text)
        elif self._as_decimal(size):
            front.append(self._rational(size).text)
        elif size.p != 1 or not factors:
            front.append(str(size.p))
        texts = [(factor, self.expression(factor)) for factor in factors]
        loose = [pair for pair in texts if pair[1].matrix and self._spread(pair[0])]
        scalars = all(not self._spread(factor) for factor, text in texts if not text.matrix)
        if len(loose) == 1 and scalars and len([t for t in texts if t[1].matrix]) == 1:
            texts = [pair for pair in texts if pair is not loose[0]]
            return [*front, *(text.within(POWER) for _, text in texts), loose[0][1].text]
        if len(texts) == 1 and not front and texts[0][1].matrix:
            return [texts[0][1].text]
        return [*front, *(text.within(POWER) for _, text in texts)]


def _turned(terms: list[Any]) -> list[Any]:
    """Terms that are all negative with the last that can be turned round: `-y/p + (1 - y)/q`."""
    for position in reversed(range(len(terms))):
        factors = list(sympy.Mul.make_args(terms[position]))
        for k, factor in enumerate(factors):
            if factor.is_Add and any(map(is_negative, factor.args)):
                factors[k] = negative(factor)
                turned = times(-1, sympy.Mul(*factors))
                return [*terms[:position], remade(turned), *terms[position + 1 :]]
    return terms


def _bound_first(text: str) -> tuple[bool, str]:
    """Lower bounds before upper ones."""
    return (" >" not in text, text)
