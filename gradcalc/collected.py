"""Matrices multiplied out, their numbers in front and like terms collected, where that is shorter.

What is shorter is counted in signs and names, a number being one of them: the formula for other
sizes must come out in the same form.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product as pairs

from gradcalc.matrices import (
    Diagonal,
    Matrix,
    Outer,
    Product,
    Sum,
    Times,
    from_the_left,
    product,
    spelled,
    unparsed,
)
from gradcalc.vectors import (
    ONE,
    Scale,
    Shape,
    Vectors,
    added,
    as_product,
    as_sum,
    common,
    is_led,
    negated,
    parsed,
    without,
)

MOST = 12
"""Terms above which nothing is multiplied out."""


def shortest(matrix: Matrix, shape_of: Callable[[str], Shape], parts: Mapping[str, str]) -> Matrix:
    """The shortest of a few spellings of a matrix; where none is shorter, the one it has, with
    numbers in front.

    `shape_of` gives the shape of an expression, `parts` are what its names stand for.
    """
    vectors = Vectors(shape_of, parts)
    found: list[Matrix] = []
    for opened, spread in ((False, False), (True, False), (True, True)):
        terms = _Collector(vectors, opened=opened, spread=spread).collected(matrix)
        if len(terms) <= MOST:
            for made in (terms, _grouped(terms, vectors)):
                found += [one for one in (_joined(made), _beside(made)) if one is not None]
    return min(map(from_the_left, found or [matrix]), key=_length)


def _length(matrix: Matrix) -> int:
    return len(re.findall(r"\*\*|[\w.]+|[^\w\s]", spelled(matrix)))


@dataclass(frozen=True, slots=True)
class _Term:
    """A number times a matrix that has none."""

    scale: Scale
    core: Matrix

    @property
    def matrix(self) -> Matrix:
        """The term without its sign."""
        above, below = self.scale.texts()
        found = Times(above, self.core) if above else self.core
        return Times(below, found, over=True) if below else found


def _by(scale: Scale, term: _Term) -> _Term:
    return replace(term, scale=scale * term.scale)


def _joined(terms: list[_Term]) -> Matrix | None:
    """The sum of terms, one that is added in front; None for none."""
    if not terms:
        return None
    first = next((term for term in terms if term.scale.number > 0), terms[0])
    matrix = first.matrix if first.scale.number > 0 else _negative(first.matrix)
    for term in terms:
        if term is not first:
            matrix = Sum(matrix, term.matrix, "+" if term.scale.number > 0 else "-")
    return matrix


def _negative(matrix: Matrix) -> Matrix:
    match matrix:
        case Times(factor, inner, over) if over:
            return Times(factor, _negative(inner), over)
        case Times(factor, inner, _) if is_led(factor):
            return Times(f"-{factor}", inner)
        case _:
            return Times("-1", matrix)


def _beside(terms: list[_Term]) -> Matrix | None:
    """The sum of terms, what all of them are multiplied by beside it; None where that is 1."""
    part = common([term.scale for term in terms]) if len(terms) > 1 else ONE
    whole = _joined([replace(term, scale=without(term.scale, part)) for term in terms])
    return None if part == ONE or whole is None else _Term(part, whole).matrix


def _grouped(terms: list[_Term], vectors: Vectors) -> list[_Term]:
    """Outer products of one row as one of it and a sum of columns, and so those of one column."""
    for own, other in (("row", "column"), ("column", "row")):
        groups: dict[object, list[_Term]] = {}
        for place, term in enumerate(terms):
            same: object = place
            if isinstance(term.core, Outer):
                same = getattr(term.core, own), term.scale.kind, abs(term.scale.number)
            groups.setdefault(same, []).append(term)
        terms = []
        for group in groups.values():
            core = group[0].core
            if len(group) > 1 and isinstance(core, Outer):
                number = group[0].scale.number
                addends = [(Scale(t.scale.number / number), getattr(t.core, other)) for t in group]
                text = as_sum(addends)
                if set(vectors.terms(getattr(core, own))) == set(addends):
                    text = getattr(core, own)
                terms.append(replace(group[0], core=replace(core, **{other: text})))
            else:
                terms += group
    return terms


class _Collector:
    """Brings matrices to sums of terms. `opened` multiplies sums out, `spread` also those that are
    columns or rows."""

    def __init__(self, vectors: Vectors, *, opened: bool, spread: bool) -> None:
        self._vectors = vectors
        self._opened, self._spread = opened, spread

    def collected(self, matrix: Matrix) -> list[_Term]:
        """The terms of a matrix, like ones added up."""
        found: dict[object, _Term] = {}
        for term in map(_without_sign, map(self._with_shares, self._terms(matrix))):
            kind = spelled(term.core), term.scale.kind
            number = term.scale.number + (found[kind].scale.number if kind in found else 0)
            found[kind] = replace(term, scale=replace(term.scale, number=number))
        return [term for term in found.values() if term.scale.number]

    def _terms(self, matrix: Matrix) -> list[_Term]:
        match matrix:
            case Sum(left, right, sign):
                minus = Scale(Fraction(-1 if sign == "-" else 1))
                return [*self._terms(left), *(_by(minus, term) for term in self._terms(right))]
            case Times(factor, inner, over):
                scale, rest = self._vectors.apart(parsed(factor), -1 if over else 1)
                assert not rest
                return [_by(scale, term) for term in self._together(inner)]
            case Product(left, right):
                both = list(pairs(self._together(left), self._together(right)))
                if len(both) > MOST:
                    return [_Term(ONE, matrix)]
                return [term for one, other in both for term in self._product(one, other)]
            case Diagonal(text):
                scale, vector = self._vectors.scaled(parsed(text))
                return [_Term(scale, Diagonal(vector))]
            case Outer(column, row):
                return list(self._outer(column, row))
            case _:
                return [_Term(ONE, matrix)]

    def _together(self, matrix: Matrix) -> list[_Term]:
        """The terms of what is multiplied: its sum as a whole, unless it is to be opened."""
        terms = self._terms(matrix)
        if self._opened or len(terms) < 2:
            return terms
        whole = _joined(terms)
        assert whole is not None
        return [_Term(ONE, whole)]

    def _product(self, one: _Term, other: _Term) -> Iterator[_Term]:
        core = product(one.core, other.core)
        inner = self._terms(core) if isinstance(core, Diagonal | Outer | Times) else []
        for term in inner or [_Term(ONE, core)]:
            yield _by(one.scale * other.scale, term)

    def _outer(self, column: str, row: str) -> Iterator[_Term]:
        sides = [self._vectors.terms(side) for side in (column, row)]
        if not all(sides):
            # one of them is 0
            return
        if not self._spread:
            if len(sides[0]) > 1 and set(sides[0]) == set(sides[1]):
                sides[1] = sides[0]
            sides = [[self._whole(side)] for side in sides]
        for (first, left), (second, right) in pairs(*sides):
            scale = first * second
            if self._vectors.meaning(left) == negated(self._vectors.meaning(right)):
                # one that has a name, or of `mean(x) - x` and `x - mean(x)` the latter
                left = right = max(left, right, key=self._vectors.is_less)
                scale = replace(scale, number=-scale.number)
            yield _Term(scale, Outer(left, right))

    def _whole(self, terms: list[tuple[Scale, str]]) -> tuple[Scale, str]:
        """A sum as one vector."""
        if len(terms) == 1:
            return terms[0]
        part = common([scale for scale, _ in terms])
        if all(scale.number < 0 for scale, _ in terms):
            part = replace(part, number=-part.number)
        return part, as_sum([(without(scale, part), text) for scale, text in terms])

    def _with_shares(self, term: _Term) -> _Term:
        """Exponentials by their sum as their shares."""
        if not isinstance(term.core, Outer):
            return term
        sides = [term.core.column, term.core.row]
        for place, side in enumerate(sides):
            _, rest = self._vectors.apart(parsed(side), 1)
            for text, power in rest:
                below = (total for total, its in term.scale.powers if its < 0)
                total = next((t for t in below if self._vectors.sum_of(t, text)), "")
                if power == 1 and total:
                    shares = (self._vectors.shares(text), 1)
                    sides[place] = as_product(added(rest, ((text, -1), shares)))
                    term = _by(Scale(powers=((total, 1),)), term)
        return replace(term, core=Outer(*sides))


def _without_sign(term: _Term) -> _Term:
    """A negative term with a difference in it turned round instead, if there is one."""
    turned = _turned(term.core) if term.scale.number < 0 else None
    return term if turned is None else _by(Scale(Fraction(-1)), replace(term, core=turned))


def _turned(matrix: Matrix) -> Matrix | None:
    """The negative of what has a difference on a diagonal, None where there is none."""
    match matrix:
        case Diagonal(text):
            return _turned_diagonal(text)
        case Product(left, right):
            first = _turned(left)
            if first is not None:
                return Product(first, right)
            last = _turned(right)
            return last and Product(left, last)
    return None


def _turned_diagonal(text: str) -> Diagonal | None:
    if negated(text):
        return Diagonal(negated(text))
    for factor in _above(parsed(text)):
        if negated(factor) and text.count(f"({factor})") == 1:
            return Diagonal(text.replace(f"({factor})", f"({negated(factor)})"))
    return None


def _above(node: ast.expr) -> list[str]:
    """The texts of what is multiplied, but for what is divided by."""
    match node:
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return [*_above(left), *_above(right)]
        case ast.BinOp(op=ast.Div(), left=left):
            return _above(left)
    return [unparsed(node)]
