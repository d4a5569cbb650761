"""Vectors by their texts: the numbers in front of them, and what they are the sum of."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from gradcalc.matrices import as_factor, by_text, spelled, transposed, unparsed
from gradcalc.products import called

Shape = tuple[int, ...]
Powers = tuple[tuple[str, int], ...]
"""Factors by their texts, with their powers."""

CANCELLED = (2, 3)
"""Numbers by which others are divided. Larger ones may be sizes: what is done with those must come
out in the same form for all of them."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A product of numbers: one that is known, whole ones to divide by, and those by their
    texts."""

    number: Fraction = Fraction(1)
    below: tuple[int, ...] = ()
    powers: Powers = ()

    def __mul__(self, other: "Scale") -> "Scale":
        number, below = self.number * other.number, []
        for divisor in (*self.below, *other.below):
            if divisor in CANCELLED and number % divisor == 0:
                number /= divisor
            elif divisor != 1:
                below.append(divisor)
        return Scale(number, tuple(sorted(below)), added(self.powers, other.powers))

    @property
    def kind(self) -> tuple[tuple[int, ...], frozenset[tuple[str, int]]]:
        """What is the same of numbers that may be added."""
        return self.below, frozenset(self.powers)

    def texts(self) -> tuple[str, str]:
        """What is multiplied by, without a sign, and what is divided by; empty for 1."""
        number = abs(self.number)
        first = str(number) if number.denominator == 1 else repr(float(number))
        above = [first] * (number != 1) + factors(self.powers, 1)
        below = [*map(str, self.below), *factors(self.powers, -1)]
        return _multiplied(above), _multiplied(below)


ONE = Scale()


def common(scales: Sequence[Scale]) -> Scale:
    """What all of some numbers are multiplied by; of known ones only if they are the same."""
    first = scales[0]
    number = abs(first.number)
    if any(abs(scale.number) != number for scale in scales):
        number = Fraction(1)
    below = first.below if all(scale.below == first.below for scale in scales) else ()
    powers = []
    for text, _ in first.powers:
        own = [dict(scale.powers).get(text, 0) for scale in scales]
        if min(own) * max(own) > 0:
            powers.append((text, min(own, key=abs)))
    return Scale(number, below, tuple(powers))


def without(scale: Scale, part: Scale) -> Scale:
    """A number without something that it is multiplied by."""
    below = () if part.below else scale.below
    out = tuple((text, -power) for text, power in part.powers)
    return Scale(scale.number / part.number, below, added(scale.powers, out))


def added(one: Powers, other: Powers) -> Powers:
    """A product of two products."""
    powers = dict(one)
    for text, power in other:
        powers[text] = powers.get(text, 0) + power
    return tuple((text, power) for text, power in powers.items() if power)


def factors(powers: Powers, sign: int) -> list[str]:
    """The factors above the line, or below it."""
    return [
        text if abs(power) == 1 else f"{_as_base(text)}**{abs(power)}"
        for text, power in powers
        if power * sign > 0
    ]


def _as_base(text: str) -> str:
    return f"({text})" if "**" in text else as_factor(text)


def _multiplied(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "*".join(map(as_factor, texts))


def is_led(text: str) -> bool:
    """Whether a text is a number, or a product with one in front."""
    return re.match(r"[\d.]+(e-?\d+)?(\*|$)", text) is not None


def parsed(text: str) -> ast.expr:
    """A text as an expression."""
    return ast.parse(text, mode="eval").body


def negated(text: str) -> str:
    """The negative of a difference; empty for what is none."""
    match parsed(text):
        case ast.BinOp(op=ast.Sub() as op, left=left, right=right):
            return _written(ast.BinOp(right, op, left))
    return ""


class Vectors:
    """Reads vectors whose shapes are known, with what their names stand for."""

    def __init__(self, shape_of: Callable[[str], Shape], parts: Mapping[str, str]) -> None:
        self._shape_of, self._parts = shape_of, parts

    def _shape(self, node: ast.expr) -> Shape:
        return self._shape_of(unparsed(node))

    def terms(self, text: str) -> list[tuple[Scale, str]]:
        """What a vector is the sum of, each with the numbers in front of it; like ones added."""
        node = _Zeros(self._parts).visit(parsed(text))
        if _number(node) == 0:
            return []
        found = list(self._addends(node))
        if any(len(self._shape(one)) != 1 for one in found):
            found = [node]
        like: dict[object, tuple[Scale, str]] = {}
        for scale, rest in map(self.scaled, found):
            key = rest, scale.kind
            number = like[key][0].number if key in like else Fraction(0)
            like[key] = replace(scale, number=scale.number + number), rest
        return [term for term in like.values() if term[0].number]

    def _addends(self, node: ast.expr) -> Iterator[ast.expr]:
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                yield from self._addends(left)
                for one in self._addends(right):
                    yield one if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), one)
            case ast.UnaryOp(op=ast.USub() as minus, operand=inner):
                yield from (ast.UnaryOp(minus, one) for one in self._addends(inner))
            case ast.BinOp(op=ast.Mult() as op, left=left, right=right):
                number, other = (right, left) if self._shape(left) else (left, right)
                if self._shape(number):
                    yield node
                else:
                    yield from (ast.BinOp(number, op, one) for one in self._addends(other))
            case ast.BinOp(op=ast.Div() as op, left=left, right=right) if not self._shape(right):
                yield from (ast.BinOp(one, op, right) for one in self._addends(left))
            case _:
                yield node

    def scaled(self, node: ast.expr) -> tuple[Scale, str]:
        """The numbers in front of a vector, and the rest of it."""
        scale, rest = self.apart(node, 1)
        return (scale, as_product(rest)) if rest else (ONE, _written(node))

    def apart(self, node: ast.expr, power: int) -> tuple[Scale, Powers]:
        """The numbers in a product, and its other factors."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                scale, rest = self.apart(inner, power)
                return replace(scale, number=-scale.number), rest
            case ast.Constant(value=int() as value) if value and power < 0:
                return Scale(below=(value,)), ()
            case ast.Constant(value=int() | float() as value) if value:
                return Scale(Fraction(str(value)) ** power), ()
            case ast.BinOp(op=ast.Mult() | ast.Div() as op, left=left, right=right):
                one, first = self.apart(left, power)
                other, second = self.apart(right, -power if isinstance(op, ast.Div) else power)
                if any(dict(first).get(text, 0) * its < 0 for text, its in second):
                    # elements by themselves: where one is 0 that is no number
                    return self._split(node, power)
                return one * other, added(first, second)
            case ast.BinOp(op=ast.Pow(), left=base, right=ast.Constant(value=int() as exponent)):
                return self._split(base, power * exponent) if exponent else self._split(node, power)
            case ast.BinOp(op=ast.MatMult(), left=left, right=right) if self._shape(node):
                if len(self._shape(right)) == 2:
                    turned = spelled(transposed(by_text(right)), ast.MatMult)
                    left, right = parsed(turned), left
                one, left = self._number_apart(left)
                other, vector = self.scaled(right)
                text = f"{as_factor(_written(left))}@{as_factor(vector)}"
                return one * other, ((text, power),)
            case _:
                return self._split(node, power)

    def _number_apart(self, matrix: ast.expr) -> tuple[Scale, ast.expr]:
        """A number in front of a matrix."""
        match matrix:
            case ast.BinOp(op=ast.Mult(), left=left, right=right) if not self._shape(left):
                scale, _ = self.apart(left, 1)
                more, rest = self._number_apart(right)
                return scale * more, rest
        return ONE, matrix

    def _split(self, node: ast.expr, power: int) -> tuple[Scale, Powers]:
        factor = ((_written(node), power),)
        return (ONE, factor) if self._shape(node) else (Scale(powers=factor), ())

    def meaning(self, text: str) -> str:
        """What a name stands for; a text itself if it is none."""
        return self._parts.get(text, text)

    def is_less(self, text: str) -> bool:
        """Whether a difference is a vector less something, or has a name."""
        node = parsed(text)
        return not isinstance(node, ast.BinOp) or bool(self._shape(node.left))

    def sum_of(self, total: str, text: str) -> bool:
        """Whether a number is the sum of these exponentials."""
        return text.startswith("exp(") and self._parts.get(total, total) == f"sum({text})"

    def shares(self, text: str) -> str:
        """The shares of exponentials, by their name if they have one."""
        called = f"softmax{text.removeprefix('exp')}"
        return next((name for name, part in self._parts.items() if part == called), called)


def as_product(powers: Powers) -> str:
    """Factors as one text: names first, then functions, then sums."""
    powers = tuple(sorted(powers, key=lambda factor: _rank(factor[0])))
    above, below = factors(powers, 1), factors(powers, -1)
    if not below:
        return _multiplied(above)
    under = "*".join(map(as_factor, below))
    under = f"({under})" if len(below) > 1 else under
    return f"{'*'.join(map(as_factor, above)) or 1}/{under}"


def _rank(text: str) -> tuple[int, str]:
    match parsed(text):
        case ast.Name():
            return 0, text
        case ast.Call():
            return 1, ""
    return 2, ""


def as_sum(terms: Sequence[tuple[Scale, str]]) -> str:
    """Terms as one text, one that is added in front."""
    first = next((k for k, (scale, _) in enumerate(terms) if scale.number > 0), 0)
    text = ""
    for scale, rest in (terms[first], *terms[:first], *terms[first + 1 :]):
        above, below = scale.texts()
        inner = rest
        if above or below or len(terms) > 1 or scale.number < 0:
            match parsed(rest):
                case ast.BinOp(op=ast.Add() | ast.Sub()):
                    inner = f"({rest})"
        if above:
            inner = f"{above if is_led(above) else as_factor(above)}*{inner}"
        inner = f"{inner}/{as_factor(below)}" if below else inner
        minus = scale.number < 0
        text = f"{text} {'-' if minus else '+'} {inner}" if text else ("-" if minus else "") + inner
    return text


def _written(node: ast.expr) -> str:
    """An expression as gradcalc writes it, products by @ in brackets among others."""

    class Brackets(ast.NodeTransformer):
        def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
            sides = [self.visit(side) for side in (node.left, node.right)]
            if isinstance(node.op, ast.Mult):
                sides = [_in_brackets(side) for side in sides]
            return ast.BinOp(sides[0], node.op, sides[1])

    return unparsed(Brackets().visit(node))


def _in_brackets(node: ast.expr) -> ast.expr:
    matmul = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    return ast.Name(f"({unparsed(node)})", ast.Load()) if matmul else node


class _Zeros(ast.NodeTransformer):
    """Leaves out sums of what is left of the mean, `ones(n)@(x - mean(x))`: they are 0."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = node.left, node.right
        zeros = [_number(side) == 0 for side in (left, right)]
        match node.op:
            case ast.MatMult() | ast.Mult() if any(zeros):
                return ast.Constant(0)
            case ast.MatMult():
                for one, other in ((left, right), (right, left)):
                    if called(one) == "ones" and self._is_centred(other):
                        return ast.Constant(0)
            case ast.Div() if zeros[0]:
                return ast.Constant(0)
            case ast.Add() | ast.Sub() if zeros[1]:
                return left
            case ast.Add() if zeros[0]:
                return right
            case ast.Sub() if zeros[0]:
                return ast.UnaryOp(ast.USub(), right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return node.operand if _number(node.operand) == 0 else node

    def _is_centred(self, node: ast.expr) -> bool:
        """Whether this is a vector less its mean, or its mean less it."""
        match node:
            case ast.Name(id=name) if name in self._parts:
                return self._is_centred(parsed(self._parts[name]))
            case ast.BinOp(op=ast.Sub(), left=left, right=right):
                return any(
                    isinstance(mean, ast.Call)
                    and called(mean) == "mean"
                    and [*map(ast.dump, mean.args), *mean.keywords] == [ast.dump(vector)]
                    for vector, mean in ((left, right), (right, left))
                )
        return False


def _number(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None
