r"""Formulas in gradcalc's language as mathematics: `2*X.T@(X@w - b)` is `2 X^{\top} (X w - b)`.

Vectors are columns, indexes count from 1. A product of elements has a sign of its own, `\odot`, and
so has a power of elements, `x^{\circ 2}`. A product whose operands are not known to be vectors or
matrices keeps its `@`. What has no notation here is shown as it is typed.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import EllipsisType

from gradcalc.lang.program import typed
from gradcalc.render.tex import products, spread
from gradcalc.render.tex.calls import CALLS, HEADS, POWERS
from gradcalc.render.tex.indexes import subscript
from gradcalc.render.tex.names import code, name_tex, named_whole
from gradcalc.render.tex.pieces import (
    AND,
    ATOM,
    CALL,
    COMPARE,
    LOWEST,
    NEGATIVE,
    OR,
    POWER,
    PRODUCT,
    SUM,
    Piece,
    by_elements,
    fenced,
    fraction,
    matrix,
    negative,
    number,
    scaled,
)
from gradcalc.render.tex.quotients import is_number, quotient, slashed, without_sign
from gradcalc.render.tex.reductions import along, share
from gradcalc.render.tex.shapes import ELEMENTWISE, Shape, Shapes, shape_of

_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">", ast.GtE: r"\geq", ast.Lt: "<", ast.LtE: r"\leq", ast.Eq: "=", ast.NotEq: r"\neq",
}  # fmt: skip


_LETTERS = "ijklmpqrst"
"""What places are called, but for names of the program."""


class Writer:
    """Writes one formula, given the names that are known in LaTeX, and their shapes.

    `counts` is true once there is an index in it; while it is `sized`, ones say how many they are.
    Raises what `ast.parse` raises, and RecursionError.
    """

    def __init__(self, source: str, names: Mapping[str, str], shapes: Shapes) -> None:
        self._source = source
        self._body = named_whole(ast.parse(source, mode="eval").body, names)
        self._names = names
        self._shapes = shapes
        self._free = [letter for letter in _LETTERS if letter not in names]
        self.counts = False
        self.sized = False

    def _take(self, other: "Writer") -> None:
        self._source, self._names, self._shapes = other._source, other._names, other._shapes
        self.sized = False

    def whole(self) -> tuple[Piece, Shape]:
        """All of the formula, and its shape."""
        return self.piece(self._body), self.shape(self._body)

    def piece(self, node: ast.expr) -> Piece:
        """A node of its syntax."""
        return self._known(node) or self._as_typed(node)

    def shape(self, node: ast.expr) -> Shape:
        """The shape of what a node gives."""
        return shape_of(node, self._shapes)

    def rank(self, node: ast.expr) -> int | None:
        """The number of dimensions of what a node gives, None where that is not known."""
        shape = self.shape(node)
        return None if shape is None else len(shape)

    def has(self, name: str) -> bool:
        """Whether the name is one of the program's."""
        return name in self._names

    def is_name(self, tex: str) -> bool:
        """Whether that is how a name of the program is written."""
        return tex in self._names.values()

    def alike(self, *nodes: ast.expr) -> list[Piece]:
        """The operands of what is done to each element, laid out in one shape."""
        return spread.alike(self, nodes)

    def element(self, node: ast.expr, letters: Sequence[str]) -> Piece | None:
        """A node's element in a place, None where there is no telling."""
        from gradcalc.render.tex.elements import Elements

        try:
            return Elements(self, letters).piece(node)
        except ValueError:
            return None

    def share(self, node: ast.expr) -> tuple[int, ast.expr] | None:
        """How many a mean is over and their sum, None if it is something else."""
        return share(self, node)

    @contextmanager
    def letters(self, count: int) -> Iterator[Sequence[str]]:
        """Letters for places that nothing else is called meanwhile."""
        if count > len(self._free):
            raise ValueError(count)
        taken, self._free = self._free[:count], self._free[count:]
        try:
            yield taken
        finally:
            self._free = [*taken, *self._free]

    @contextmanager
    def sizes(self) -> Iterator[None]:
        """Ones say meanwhile how many they are: in a cell of a matrix nothing else does."""
        before, self.sized = self.sized, True
        try:
            yield
        finally:
            self.sized = before

    def _as_typed(self, node: ast.expr) -> Piece:
        closed = ast.Call | ast.Attribute | ast.Subscript | ast.Constant | ast.List
        text = typed(node, self._source)
        return Piece(code(text), ATOM if isinstance(node, closed) else LOWEST)

    def _known(self, node: ast.expr) -> Piece | None:
        match node:
            case ast.Constant(value=value):
                return _constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return negative(self.piece(x))
            case ast.UnaryOp(op=ast.UAdd(), operand=x):
                return self.piece(x)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._sum(node)
            case ast.Compare() | ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.UnaryOp():
                condition = self._condition(node)
                return condition and Piece(fenced("[", condition.text, "]"))
            case ast.BinOp(left=x, op=operator, right=y):
                plain = without_sign(node)
                return negative(self.piece(plain)) if plain else self._operation(operator, x, y)
            case ast.Attribute(value=x, attr=attribute):
                return self._attribute(x, attribute)
            case ast.Subscript(value=x, slice=key):
                return subscript(self, x, key)
            case ast.List(elts=elements):
                return self._list(elements)
            case ast.Tuple():
                return Piece(self._argument(node))
            case ast.IfExp(test=condition, body=x, orelse=y):
                return CALLS["where", 3](self, [condition, x, y])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                return self._call(name, arguments, keywords)
        return None

    # -- names, lists, calls -------------------------------------------------------------------

    def _name(self, name: str) -> Piece:
        if name in ("inf", "nan") and not self.has(name):
            return number(name)
        tex = self._names.get(name) or name_tex(name)
        return Piece(tex, CALL if "_{" in tex else ATOM)

    def _argument(self, node: ast.expr) -> str:
        """An argument or an index, in which lists stay lists."""
        if not isinstance(node, ast.List | ast.Tuple):
            return self.piece(node).text
        inner = ", ".join(map(self._argument, node.elts))
        if isinstance(node, ast.List):
            return fenced("[", inner, "]")
        return fenced("(", f"{inner}," if len(node.elts) == 1 else inner, ")")

    def _list(self, elements: Sequence[ast.expr]) -> Piece | None:
        """Numbers as a column, rows of numbers as a matrix."""
        rows = [node.elts if isinstance(node, ast.List) else [node] for node in elements]
        nested = [isinstance(node, ast.List) for node in elements]
        even = len({len(row) for row in rows}) == 1 and len(set(nested)) == 1 and rows[0]
        if not even or any(self.rank(cell) != 0 for row in rows for cell in row):
            return None
        return Piece(matrix([[self.piece(cell).text for cell in row] for row in rows]))

    def _call(
        self, name: str, arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword]
    ) -> Piece | None:
        own = None if keywords else CALLS.get((name, len(arguments)))
        piece = own(self, arguments) if own is not None else None
        if piece is None and len(arguments) == 1:
            given = {keyword.arg or "**": keyword.value for keyword in keywords}
            piece = along(self, name, arguments[0], given)
        if piece is not None:
            return piece
        named = [keyword.arg or "" for keyword in keywords]
        if any(re.fullmatch(r"\w+", word, re.ASCII) is None for word in (name, *named)):
            return None
        head = rf"\operatorname{{{name}}}".replace("_", r"\_")
        every = name in ELEMENTWISE and len(arguments) > 1 and not keywords
        texts = (
            [piece.text for piece in self.alike(*arguments)]
            if every
            else [self._argument(argument) for argument in arguments]
        )
        for keyword, word in zip(keywords, named, strict=True):
            texts.append(
                rf"\mathrm{{{word}}}".replace("_", r"\_") + f" = {self._argument(keyword.value)}"
            )
        plain = HEADS.get(name, head) if texts and not keywords else head
        # the sigmoid is no factor
        plain = head if self.is_name(plain) else plain
        return Piece(plain + fenced("(", ", ".join(texts), ")"), CALL)

    # -- operators -----------------------------------------------------------------------------

    def _sum(self, node: ast.expr) -> Piece:
        terms: list[str] = []
        shape = self.shape(node)
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            minus, right = isinstance(node.op, ast.Sub), spread.term(self, node.right, shape)
            # Brackets behind a plus are superfluous, unless a sign stands right behind them.
            loose = right.level == SUM and not minus and not right.text.startswith("-")
            terms.append(f"{'-' if minus else '+'} {right.within(SUM if loose else PRODUCT)}")
            node = node.left
        terms.append(spread.term(self, node, shape).within(NEGATIVE))
        return Piece(" ".join(terms[::-1]), SUM)

    def _operation(self, operator: ast.operator, x: ast.expr, y: ast.expr) -> Piece | None:
        match operator:
            case ast.Mult() if spread.is_ones(y) and self.rank(x) is not None:
                return spread.filled(self, x, self.shape(y))
            case ast.Mult() if is_number(x) and (parts := self.share(y)):
                above = ast.BinOp(x, ast.Mult(), parts[1])
                return quotient(self, above, ast.Constant(parts[0]))
            case ast.Mult() if self.rank(x) == 0 or self.rank(y) == 0:
                return scaled(self.piece(x), self.piece(y), by_number=self.rank(x) == 0)
            case ast.Mult():
                return by_elements(*self.alike(x, y))
            case ast.MatMult():
                return self.matrix_product(x, y)
            case ast.Div():
                return quotient(self, x, y)
            case ast.FloorDiv():
                inner = fraction(*self.alike(x, y)).text
                return Piece(fenced(r"\lfloor", inner, r"\rfloor"))
            case ast.Mod():
                left, right = self.piece(x).within(POWER), self.piece(y).within(POWER)
                return Piece(rf"{left} \bmod {right}", LOWEST)
            case ast.Pow():
                return self._power(x, y)
        return None

    def _power(self, x: ast.expr, y: ast.expr) -> Piece:
        match x, y:
            case ast.Call(func=ast.Name(id=name), args=[z], keywords=[]), ast.Constant(
                value=int(count)
            ) if name in POWERS and count > 1:
                return Piece(rf"{HEADS[name]}^{{{count}}}{self.piece(z).bracketed}", POWER)
        if self.rank(x) == 0 and self.rank(y) == 0:
            return Piece(f"{self.piece(x).within(CALL)}^{{{slashed(self, y).text}}}", POWER)
        raised, exponent = self.alike(x, y)
        base = raised.within(CALL)
        return Piece(rf"{base}^{{\circ {exponent.within(PRODUCT)}}}", POWER)

    def matrix_product(self, x: ast.expr, y: ast.expr) -> Piece:
        """What `@` gives, if it is plain from the ranks what that is."""
        return products.matrix_product(self, x, y)

    def row(self, node: ast.expr) -> Piece:
        """A vector as a row."""
        return products.row(self, node)

    def transposed(self, node: ast.expr) -> Piece:
        """A matrix with its rows as columns."""
        return products.transposed(self, node)

    def _attribute(self, x: ast.expr, name: str) -> Piece | None:
        match name, self.rank(x), x:
            case "T" | "mT", 0 | 1, _:
                # gradcalc's vectors have no direction.
                return self.piece(x)
            case ("T", 2 | None, _) | ("mT", _, _):
                return self.transposed(x)
            case "values", _, ast.Call(func=ast.Name(id="sort")):
                return self.piece(x)
        return None

    # -- conditions ----------------------------------------------------------------------------

    def condition(self, node: ast.expr) -> Piece:
        """What is true or false, without the brackets that make a number of it."""
        return self._condition(node) or self.piece(node)

    def _condition(self, node: ast.expr) -> Piece | None:
        match node:
            case ast.Compare(left=first, ops=operators, comparators=others):
                signs = [_SIGNS.get(type(operator)) for operator in operators]
                if None in signs:
                    return None
                start, *rest = self.alike(first, *others)
                text = start.within(SUM)
                for sign, other in zip(signs, rest, strict=True):
                    text += f" {sign} {other.within(SUM)}"
                return Piece(text, COMPARE)
            case ast.BinOp(left=x, op=ast.BitAnd(), right=y):
                left, right = self.condition(x).within(AND), self.condition(y).within(AND)
                return Piece(rf"{left} \land {right}", AND)
            case ast.BinOp(left=x, op=ast.BitOr(), right=y):
                left, right = self.condition(x).within(OR), self.condition(y).within(OR)
                return Piece(rf"{left} \lor {right}", OR)
            case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=x):
                return Piece(rf"\lnot {self.condition(x).within(POWER)}", AND)
        return None


def _constant(value: object) -> Piece | None:
    match value:
        case bool() | None:
            return Piece(rf"\mathrm{{{value}}}")
        case int() | float():
            return number(repr(value))
        case str():
            return Piece(code(repr(value)))
        case EllipsisType():
            return Piece(r"\dots")
    return None
