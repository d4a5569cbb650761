r"""Formulas in gradcalc's language as mathematics: `2*X.T@(X@w - b)` is `2 X^{\top} (X w - b)`.

Vectors are columns. A product of elements has a sign of its own, `\odot`, and so has a power of
elements, `x^{\circ 2}`. A product whose operands are not known to be vectors or matrices keeps
its `@`. What has no notation here is shown as it is typed.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from types import EllipsisType

from gradcalc.render.tex.calls import CALLS, HEADS
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
    code,
    fenced,
    fraction,
    matrix,
    name_tex,
    negative,
    number,
    scaled,
    side_by_side,
)
from gradcalc.render.tex.ranks import Rank, Ranks, rank

_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">", ast.GtE: r"\geq", ast.Lt: "<", ast.LtE: r"\leq", ast.Eq: "=", ast.NotEq: r"\neq",
}  # fmt: skip


class Writer:
    """Writes one formula, given the names that are known in LaTeX, and their ranks.

    Raises what `ast.parse` raises, and RecursionError.
    """

    def __init__(self, source: str, names: Mapping[str, str], ranks: Ranks) -> None:
        self._source = source
        self._body = ast.parse(source, mode="eval").body
        self._names = names
        self._ranks = ranks

    def whole(self) -> tuple[Piece, Rank]:
        """All of the formula, and its rank."""
        return self.piece(self._body), self.rank(self._body)

    def piece(self, node: ast.expr) -> Piece:
        """A node of its syntax."""
        return self._known(node) or self._as_typed(node)

    def rank(self, node: ast.expr) -> Rank:
        """The number of dimensions of what a node gives."""
        return rank(node, self._ranks)

    def has(self, name: str) -> bool:
        """Whether the name is one of the program's."""
        return name in self._names

    def _as_typed(self, node: ast.expr) -> Piece:
        closed = ast.Call | ast.Attribute | ast.Subscript | ast.Constant | ast.List
        text = ast.get_source_segment(self._source, node) or ast.unparse(node)
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
                return self._operation(operator, x, y)
            case ast.Attribute(value=x, attr=attribute):
                return self._attribute(x, attribute)
            case ast.Subscript(value=x, slice=key):
                items = key.elts if isinstance(key, ast.Tuple) and key.elts else [key]
                below = ",".join(map(self._item, items))
                return Piece(f"{self.piece(x).within(ATOM)}_{{{below}}}", CALL)
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

    def _item(self, item: ast.expr) -> str:
        """What stands between the commas of an index."""
        if not isinstance(item, ast.Slice):
            return self._argument(item)
        ends = [item.lower, item.upper, *([] if item.step is None else [item.step])]
        return ":".join("" if end is None else self.piece(end).within(SUM) for end in ends)

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
        if piece is not None:
            return piece
        named = [keyword.arg or "" for keyword in keywords]
        if any(re.fullmatch(r"\w+", word, re.ASCII) is None for word in (name, *named)):
            return None
        head = rf"\operatorname{{{name}}}".replace("_", r"\_")
        texts = [self._argument(argument) for argument in arguments]
        for keyword, word in zip(keywords, named, strict=True):
            texts.append(
                rf"\mathrm{{{word}}}".replace("_", r"\_") + f" = {self._argument(keyword.value)}"
            )
        plain = HEADS.get(name, head) if texts and not keywords else head
        return Piece(plain + fenced("(", ", ".join(texts), ")"), CALL)

    # -- operators -----------------------------------------------------------------------------

    def _sum(self, node: ast.expr) -> Piece:
        terms: list[str] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            minus, right = isinstance(node.op, ast.Sub), self.piece(node.right)
            # Brackets behind a plus are superfluous, unless a sign stands right behind them.
            loose = right.level == SUM and not minus and not right.text.startswith("-")
            terms.append(f"{'-' if minus else '+'} {right.within(SUM if loose else PRODUCT)}")
            node = node.left
        terms.append(self.piece(node).within(NEGATIVE))
        return Piece(" ".join(terms[::-1]), SUM, terms=tuple(terms[::-1]))

    def _operation(self, operator: ast.operator, x: ast.expr, y: ast.expr) -> Piece | None:
        match operator:
            case ast.Mult() if self.rank(x) == 0 or self.rank(y) == 0:
                return scaled(self.piece(x), self.piece(y), by_number=self.rank(x) == 0)
            case ast.Mult():
                return by_elements(self.piece(x), self.piece(y))
            case ast.MatMult():
                return self.matrix_product(x, y)
            case ast.Div():
                return fraction(self.piece(x), self.piece(y))
            case ast.FloorDiv():
                inner = fraction(self.piece(x), self.piece(y)).text
                return Piece(fenced(r"\lfloor", inner, r"\rfloor"))
            case ast.Mod():
                left, right = self.piece(x).within(POWER), self.piece(y).within(POWER)
                return Piece(rf"{left} \bmod {right}", LOWEST)
            case ast.Pow():
                return self._power(x, y)
        return None

    def _power(self, x: ast.expr, y: ast.expr) -> Piece:
        base, exponent = self.piece(x).within(CALL), self.piece(y)
        if self.rank(x) == 0 and self.rank(y) == 0:
            return Piece(f"{base}^{{{exponent.text}}}", POWER)
        return Piece(rf"{base}^{{\circ {exponent.within(PRODUCT)}}}", POWER)

    def matrix_product(self, x: ast.expr, y: ast.expr) -> Piece:
        """What `@` gives, if it is plain from the ranks what that is."""
        match self.rank(x), self.rank(y):
            case 1, 1:
                return side_by_side(self.row(x), self.piece(y))
            case 1, 2:
                return side_by_side(self._transposed(y), self.piece(x))
            case (2, 1) | (2, 2):
                return side_by_side(self.piece(x), self.piece(y))
        left, right = self.piece(x).within(POWER), self.piece(y).within(POWER)
        return Piece(rf"{left} \mathbin{{@}} {right}", LOWEST)

    def row(self, node: ast.expr) -> Piece:
        """A vector as a row."""
        match node:
            case ast.BinOp(left=x, op=ast.MatMult(), right=y) if self.rank(x) == 1:
                return side_by_side(self.row(x), self.piece(y))
        return Piece(rf"{self.piece(node).within(CALL)}^{{\top}}", POWER)

    def _attribute(self, x: ast.expr, name: str) -> Piece | None:
        match name, self.rank(x), x:
            case "T" | "mT", 0 | 1, _:
                # gradcalc's vectors have no direction.
                return self.piece(x)
            case ("T", 2 | None, _) | ("mT", _, _):
                return self._transposed(x)
            case "values", _, ast.Call(func=ast.Name(id="sort")):
                return self.piece(x)
        return None

    def _transposed(self, node: ast.expr) -> Piece:
        match node:
            case ast.Attribute(value=x, attr="T" | "mT") if self.rank(x) == 2:
                return self.piece(x)
            case ast.Call(func=ast.Name(id="inv"), args=[x], keywords=[]):
                return Piece(rf"{self.piece(x).within(CALL)}^{{-\top}}", POWER)
        return Piece(rf"{self.piece(node).within(CALL)}^{{\top}}", POWER)

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
                text = self.piece(first).within(SUM)
                for sign, other in zip(signs, others, strict=True):
                    text += f" {sign} {self.piece(other).within(SUM)}"
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
