"""A formula that is linear in a vector as a matrix: `2*X.T@(X@v)` is `2*X.T@X` times `v`.

Read off the formula's own text, from the outside in. What is no product of known kinds has no such
matrix, and its formula in the vector says what it does.
"""

import ast
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradcalc.expr.written import Written

Shape = tuple[int, ...]


class NoMatrix(Exception):
    """A formula is not read as a matrix times the vector."""


# -- matrices ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """Ones on the diagonal."""

    size: int


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A vector on the diagonal."""

    text: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A matrix by its text; `turned` says that it is transposed."""

    text: str
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Outer:
    """A column times a row."""

    column: str
    row: str


@dataclass(frozen=True, slots=True)
class Times:
    """A number times a matrix, or a matrix by a number."""

    factor: str
    matrix: "Matrix"
    over: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A product of two matrices."""

    left: "Matrix"
    right: "Matrix"


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of two matrices, or a difference."""

    left: "Matrix"
    right: "Matrix"
    sign: str = "+"


Matrix = Identity | Diagonal | Plain | Outer | Times | Product | Sum


def product(left: Matrix, right: Matrix) -> Matrix:
    """Two matrices multiplied, what needs no product without one."""
    match left, right:
        case Identity(), _:
            return right
        case _, Identity():
            return left
        case Times(factor, inner, over), _:
            return Times(factor, product(inner, right), over)
        case _, Times(factor, inner, over):
            return Times(factor, product(left, inner), over)
        case Diagonal(first), Diagonal(second):
            return Diagonal(f"{_within(first)}*{_within(second)}")
        case Outer(column, row), Diagonal(text):
            return Outer(column, f"{_within(row)}*{_within(text)}")
        case Diagonal(text), Outer(column, row) if column.startswith("ones("):
            return Outer(text, row)
        case Diagonal(text), Outer(column, row):
            return Outer(f"{_within(text)}*{_within(column)}", row)
        case _, Outer(column, row):
            return Outer(_applied(left, column), row)
        case Outer(column, row), _:
            return Outer(column, _applied(transposed(right), row))
        case Sum(one, other, sign), Diagonal():
            return Sum(product(one, right), product(other, right), sign)
        case Diagonal(), Sum(one, other, sign) if Identity in (type(one), type(other)):
            return Sum(product(left, one), product(left, other), sign)
        case Diagonal(), Product(Sum() as inner, last):
            return Product(product(left, inner), last)
        case Product(first, Sum() as inner), Diagonal():
            return Product(first, product(inner, right))
        case _:
            return Product(left, right)


def _last(matrix: Matrix) -> Plain | None:
    """The last factor of a product, if it is a matrix by its text."""
    match matrix:
        case Plain():
            return matrix
        case Product(_, right):
            return _last(right)
        case Times(_, inner, _):
            return _last(inner)
        case _:
            return None


def _times(number: str, matrix: Matrix, over: bool) -> Matrix:
    """A number times a matrix, or a matrix by a number: of exponentials their shares."""
    match matrix:
        case Outer(column, row) if over and row.startswith("exp(") and number == f"sum({row})":
            return Outer(column, f"softmax{row.removeprefix('exp')}")
        case _:
            return Times(number, matrix, over)


def _same(matrix: Matrix) -> Matrix:
    return matrix


def _before(matrix: Matrix, factor: Plain, size: int) -> Matrix | None:
    """What is multiplied by a last factor of so many rows; None where it is none."""
    match matrix:
        case Plain():
            return Identity(size) if matrix == factor else None
        case Times(number, inner, over):
            found = _before(inner, factor, size)
            return None if found is None else _times(number, found, over)
        case Product(left, right):
            found = _before(right, factor, size)
            return None if found is None else product(left, found)
        case Outer(column, row):
            match ast.parse(row, mode="eval").body:
                case ast.BinOp(op=ast.MatMult(), left=one, right=other):
                    if _plain(other) == factor:
                        return Outer(column, _text(one))
                    if _plain(one) == transposed(factor):
                        return Outer(column, _text(other))
    return None


def transposed(matrix: Matrix) -> Matrix:
    """The transpose."""
    match matrix:
        case Plain(text, turned):
            return Plain(text, not turned)
        case Outer(column, row):
            return Outer(row, column)
        case Times(factor, inner, over):
            return Times(factor, transposed(inner), over)
        case Product(left, right):
            return Product(transposed(right), transposed(left))
        case Sum(left, right, sign):
            return Sum(transposed(left), transposed(right), sign)
        case _:
            return matrix


def _applied(matrix: Matrix, vector: str) -> str:
    """The text of a matrix times a vector."""
    match matrix:
        case Identity():
            return vector
        case Diagonal(text):
            return f"{_within(text)}*{_within(vector)}"
        case Outer(column, row):
            return f"({_within(row)}@{_within(vector)})*{_within(column)}"
        case Times(factor, inner, over):
            sign = "/" if over else "*"
            if over:
                return f"{_within(_applied(inner, vector))}{sign}{_within(factor)}"
            return f"{_within(factor)}{sign}{_within(_applied(inner, vector))}"
        case Sum(left, right, sign):
            return f"({_applied(left, vector)} {sign} {_within(_applied(right, vector))})"
        case Product(left, right):
            return _applied(left, f"({_applied(right, vector)})")
        case _:
            return f"{spelled(matrix, ast.MatMult)}@{_within(vector)}"


def _within(text: str) -> str:
    """A text as a factor."""
    node = ast.parse(text, mode="eval").body
    tight = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Constant)
    tight = tight or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow))
    return text if tight else f"({text})"


def _text(node: ast.expr) -> str:
    """An expression as gradcalc writes it."""
    return re.sub(r" (@|\*\*|\*|/) ", r"\1", ast.unparse(node))


def spelled(matrix: Matrix, around: type[ast.AST] | None = None) -> str:
    """The text of a matrix, in brackets where the operator around it asks for them."""
    match matrix:
        case Identity(size):
            return f"eye({size})"
        case Diagonal(text):
            return f"diag({text})"
        case Plain(text, turned):
            return f"{_within(text)}.T" if turned else (_factor(text) if around else text)
        case Outer(column, row):
            return f"outer({column}, {row})"
        case Times(factor, inner, over):
            inside = spelled(inner, ast.Mult)
            if factor == "-1":
                text = f"-{inside}"
            else:
                text = f"{inside}/{_within(factor)}" if over else f"{_first(factor)}*{inside}"
            return f"({text})" if around is ast.MatMult else text
        case Product(left, right):
            return f"{spelled(left, ast.MatMult)}@{_right(right)}"
        case Sum(left, right, sign):
            behind = spelled(right, ast.Mult if sign == "-" and isinstance(right, Sum) else None)
            text = f"{spelled(left)} {sign} {behind}"
            return f"({text})" if around is not None else text


def _first(text: str) -> str:
    """A text as the first factor of a product."""
    node = ast.parse(text, mode="eval").body
    plain = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
    return text if plain or text.startswith("-") else _within(text)


def _factor(text: str) -> str:
    return f"({text})" if "**" in text.rpartition(")")[2] else _within(text)


def _right(matrix: Matrix) -> str:
    text = spelled(matrix, ast.MatMult)
    return f"({text})" if isinstance(matrix, Product) else text


# -- reading -------------------------------------------------------------------------------------


def mentions(formula: Written, name: str) -> bool:
    """Whether a formula has a name."""
    return any(
        _has(ast.parse(text), name) for text in (formula.body, *dict(formula.parts).values())
    )


def matrix_of(
    formula: Written, vector: str, shape_of: Callable[[str], Shape], *, turned: bool = False
) -> Written:
    """The matrix that a formula multiplies a vector by, with the parts that it needs.

    `shape_of` gives the shape of an expression in the formula's names; `turned` asks for the
    transpose. Raises `NoMatrix`.
    """
    inlined: dict[str, ast.expr] = {}
    kept: list[tuple[str, str]] = []
    for name, text in formula.parts:
        node = _parsed(text, inlined)
        if _has(node, vector):
            inlined[name] = node
        else:
            kept.append((name, text))
    reader = _Reader(vector, shape_of)
    matrix = reader.matrix(_parsed(formula.body, inlined))
    text = spelled(_left(transposed(matrix) if turned else matrix))
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    needed: list[tuple[str, str]] = []
    for name, part in reversed(kept):
        if name in used:
            needed.insert(0, (name, part))
            used |= {n.id for n in ast.walk(ast.parse(part)) if isinstance(n, ast.Name)}
    return Written(tuple(needed), text)


def _left(matrix: Matrix) -> Matrix:
    """Products from the left, so that they need no brackets."""
    match matrix:
        case Product(left, Product(middle, right)):
            return _left(Product(Product(left, middle), right))
        case Product(left, right):
            return Product(_left(left), _left(right))
        case Times(factor, inner, over):
            swapped = _swapped(inner) if factor == "-1" else None
            return Times(factor, _left(inner), over) if swapped is None else _left(swapped)
        case Sum(left, right, sign):
            return Sum(_left(left), _left(right), sign)
        case _:
            return matrix


def _swapped(matrix: Matrix) -> Matrix | None:
    """The negative of a product of which a factor is a difference, None if none is."""
    match matrix:
        case Sum(left, right, "-"):
            return Sum(right, left, "-")
        case Product(left, right):
            first, last = _swapped(left), _swapped(right)
            if first is not None:
                return Product(first, right)
            return None if last is None else Product(left, last)
        case Times(factor, inner, over):
            found = _swapped(inner)
            return None if found is None else Times(factor, found, over)
        case _:
            return None


def _parsed(text: str, inlined: Mapping[str, ast.expr]) -> ast.expr:
    class Inline(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> Any:
            return copy.deepcopy(inlined.get(node.id, node))

    try:
        body = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise NoMatrix from None
    found: ast.expr = _Shares().visit(Inline().visit(body))
    return found


class _Shares(ast.NodeTransformer):
    """Calls the shares of exponentials by their name."""

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        match node:
            case ast.BinOp(
                op=ast.Div(),
                left=ast.Call(func=ast.Name(id="exp"), args=[one]) as top,
                right=ast.Call(func=ast.Name(id="sum"), args=[total], keywords=[]),
            ) if ast.dump(top) == ast.dump(total):
                return _shares(one)
            case ast.BinOp(
                op=ast.Div(),
                left=ast.BinOp(
                    op=ast.MatMult(),
                    left=vector,
                    right=ast.Call(func=ast.Name(id="exp"), args=[one]) as top,
                ),
                right=ast.Call(func=ast.Name(id="sum"), args=[total], keywords=[]),
            ) if ast.dump(top) == ast.dump(total):
                return ast.BinOp(vector, ast.MatMult(), _shares(one))
            case ast.BinOp(
                op=ast.Div(),
                left=ast.BinOp(
                    op=ast.MatMult(),
                    left=ast.Call(func=ast.Name(id="exp"), args=[one]) as top,
                    right=vector,
                ),
                right=ast.Call(func=ast.Name(id="sum"), args=[total], keywords=[]),
            ) if ast.dump(top) == ast.dump(total):
                return ast.BinOp(_shares(one), ast.MatMult(), vector)
            case _:
                return node


def _shares(of: ast.expr) -> ast.Call:
    return ast.Call(ast.Name("softmax", ast.Load()), [of], [])


def _has(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


class _Reader:
    """Reads expressions that are linear in a vector."""

    def __init__(self, vector: str, shape_of: Callable[[str], Shape]) -> None:
        self._vector = vector
        self._shape_of = shape_of

    def _shape(self, node: ast.expr) -> Shape:
        return self._shape_of(_text(node))

    def matrix(self, node: ast.expr) -> Matrix:
        """The matrix of an expression whose value is a vector."""
        match node:
            case ast.Name(id=name) if name == self._vector:
                (size,) = self._shape(node)
                return Identity(size)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return Times("-1", self.matrix(inner))
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                if not (_has(left, self._vector) and _has(right, self._vector)):
                    raise NoMatrix
                sign = "+" if isinstance(op, ast.Add) else "-"
                return self._joined(self._spread(left, node), self._spread(right, node), sign)
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                if _has(left, self._vector) == _has(right, self._vector):
                    raise NoMatrix
                linear, factor = (left, right) if _has(left, self._vector) else (right, left)
                return self._scaled(linear, factor, node)
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                if _has(right, self._vector):
                    raise NoMatrix
                return self._divided(left, right)
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                return self._product(left, right)
            case ast.Call(func=ast.Name(id="solve"), args=[left, right], keywords=[]):
                if _has(left, self._vector):
                    raise NoMatrix
                return product(Plain(f"inv({_text(left)})"), self.matrix(right))
            case ast.Call(func=ast.Name(id="cumsum"), args=[inner], keywords=[]):
                (size,) = self._shape(inner)
                return product(Plain(f"tril(ones({size}, {size}))"), self.matrix(inner))
            case ast.Subscript(value=inner, slice=ast.Slice() as part):
                (size,) = self._shape(inner)
                return product(Plain(f"eye({size})[{_text(part)}]"), self.matrix(inner))
            case _:
                raise NoMatrix

    def _spread(self, node: ast.expr, whole: ast.expr) -> Matrix:
        """The matrix of a term; a number in every element is a column of ones times its row."""
        if self._shape(node):
            return self.matrix(node)
        (size,) = self._shape(whole)
        return self._column(f"ones({size})", node)

    def _joined(self, left: Matrix, right: Matrix, sign: str) -> Matrix:
        """A sum of two matrices, with a last or a first factor of both beside it."""
        for turned in (_same, transposed):
            one, other = turned(left), turned(right)
            for factor in filter(None, (_last(one), _last(other))):
                size = self._shape_of(spelled(factor))[0]
                first, second = (_before(part, factor, size) for part in (one, other))
                if first is not None and second is not None:
                    return turned(Product(Sum(first, second, sign), factor))
        return Sum(left, right, sign)

    def _scaled(self, linear: ast.expr, factor: ast.expr, whole: ast.expr) -> Matrix:
        text, shape = _text(factor), self._shape(factor)
        if not self._shape(linear):
            if len(shape) != 1:
                raise NoMatrix
            return self._column(text, linear)
        if not shape:
            return Times(text, self.matrix(linear))
        if shape != self._shape(linear) or len(shape) != 1:
            raise NoMatrix
        return product(Diagonal(text), self.matrix(linear))

    def _column(self, column: str, linear: ast.expr) -> Matrix:
        """A column times the row of a number that is linear in the vector, numbers in front."""
        match linear:
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return Times("-1", self._column(column, inner))
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                inner, factor = (left, right) if _has(left, self._vector) else (right, left)
                if not self._shape(factor) and not _has(factor, self._vector):
                    return Times(_text(factor), self._column(column, inner))
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                if not self._shape(right) and not _has(right, self._vector):
                    return _times(_text(right), self._column(column, left), over=True)
        return Outer(column, self._row(linear))

    def _divided(self, linear: ast.expr, by: ast.expr) -> Matrix:
        text, shape = _text(by), self._shape(by)
        if not shape:
            return Times(text, self.matrix(linear), over=True)
        if shape != self._shape(linear) or len(shape) != 1:
            raise NoMatrix
        return product(Diagonal(f"1/{_within(text)}"), self.matrix(linear))

    def _product(self, left: ast.expr, right: ast.expr) -> Matrix:
        if _has(left, self._vector) == _has(right, self._vector):
            raise NoMatrix
        if _has(right, self._vector):
            if len(self._shape(left)) != 2 or len(self._shape(right)) != 1:
                raise NoMatrix
            return product(self._known(left), self.matrix(right))
        if len(self._shape(left)) == 2 and len(self._shape(right)) == 1:
            return self.matrix(self._opened(left, right))
        if len(self._shape(right)) != 2 or len(self._shape(left)) != 1:
            raise NoMatrix
        return product(transposed(self._known(right)), self.matrix(left))

    def _known(self, node: ast.expr) -> Matrix:
        """A matrix that does not hang on the vector, by its parts."""
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                if len(self._shape(left)) == len(self._shape(right)) == 2:
                    sign = "+" if isinstance(op, ast.Add) else "-"
                    return self._joined(self._known(left), self._known(right), sign)
            case ast.BinOp(op=ast.Mult() | ast.Div() as op, left=left, right=right):
                over = isinstance(op, ast.Div)
                if not over and not self._shape(left):
                    return Times(_text(left), self._known(right))
                if not self._shape(right):
                    return Times(_text(right), self._known(left), over)
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                if len(self._shape(left)) == len(self._shape(right)) == 2:
                    return product(self._known(left), self._known(right))
            case ast.Call(func=ast.Name(id="outer"), args=[column, row], keywords=[]):
                return Outer(_text(column), _text(row))
            case ast.Call(func=ast.Name(id="diag"), args=[inner], keywords=[]):
                if len(self._shape(inner)) == 1:
                    return Diagonal(_text(inner))
            case ast.Call(func=ast.Name(id="eye"), args=[_], keywords=[]):
                return Identity(self._shape(node)[0])
            case ast.Attribute(value=inner, attr="T"):
                return transposed(self._known(inner))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return Times("-1", self._known(inner))
        return Plain(_text(node))

    def _opened(self, matrix: ast.expr, vector: ast.expr) -> ast.expr:
        """A matrix that is linear in the vector, times another vector, multiplied out."""
        match matrix:
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                parts = (ast.BinOp(part, ast.MatMult(), vector) for part in (left, right))
                return ast.BinOp(next(parts), op, next(parts))
            case ast.BinOp(op=ast.Mult() | ast.Div() as op, left=left, right=right):
                if not self._shape(left):
                    return ast.BinOp(left, op, ast.BinOp(right, ast.MatMult(), vector))
                if not self._shape(right):
                    return ast.BinOp(ast.BinOp(left, ast.MatMult(), vector), op, right)
            case ast.Call(func=ast.Name(id="outer"), args=[column, row], keywords=[]):
                return ast.BinOp(ast.BinOp(row, ast.MatMult(), vector), ast.Mult(), column)
            case ast.UnaryOp(op=ast.USub() as op, operand=inner):
                return ast.UnaryOp(op, ast.BinOp(inner, ast.MatMult(), vector))
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="outer") as f, args=[a, b]), attr="T"
            ):
                return self._opened(ast.Call(f, [b, a], []), vector)
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                return ast.BinOp(left, ast.MatMult(), ast.BinOp(right, ast.MatMult(), vector))
        raise NoMatrix

    def _row(self, node: ast.expr) -> str:
        """The row of an expression whose value is one number."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return f"-{_within(self._row(inner))}"
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                if not (_has(left, self._vector) and _has(right, self._vector)):
                    raise NoMatrix
                sign = "+" if isinstance(op, ast.Add) else "-"
                return f"{self._row(left)} {sign} {_within(self._row(right))}"
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                linear, factor = (left, right) if _has(left, self._vector) else (right, left)
                if _has(factor, self._vector) or self._shape(factor):
                    raise NoMatrix
                return f"{_within(_text(factor))}*{_within(self._row(linear))}"
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                if _has(right, self._vector) or self._shape(right):
                    raise NoMatrix
                return f"{_within(self._row(left))}/{_within(_text(right))}"
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                linear, other = (left, right) if _has(left, self._vector) else (right, left)
                if _has(other, self._vector) or len(self._shape(other)) != 1:
                    raise NoMatrix
                return _applied(transposed(self.matrix(linear)), _text(other))
            case ast.Call(func=ast.Name(id="sum"), args=[inner], keywords=[]):
                shape = self._shape(inner)
                if len(shape) != 1:
                    raise NoMatrix
                if isinstance(inner, ast.Name):
                    return f"ones({shape[0]})"
                found = self.matrix(inner)
                if isinstance(found, Diagonal):
                    return found.text
                return _applied(transposed(found), f"ones({shape[0]})")
            case ast.Call(func=ast.Name(id="mean"), args=[inner], keywords=[]):
                (size,) = self._shape(inner)
                whole = ast.Call(ast.Name("sum", ast.Load()), [inner], [])
                return f"{_within(self._row(whole))}/{size}"
            case ast.Subscript(value=inner, slice=ast.Constant(value=int(place))):
                (size,) = self._shape(inner)
                unit = f"eye({size})[{place}]"
                return _applied(transposed(self.matrix(inner)), unit)
            case _:
                raise NoMatrix


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant)


def _plain(node: ast.expr) -> Matrix:
    """A matrix by its text, without what is said of it otherwise."""
    match node:
        case ast.Attribute(value=inner, attr="T"):
            return transposed(_plain(inner))
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            return product(_plain(left), _plain(right))
        case ast.BinOp(op=ast.Mult(), left=number, right=right) if _is_number(number):
            return Times(_text(number), _plain(right))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return Times("-1", _plain(inner))
        case _:
            return Plain(_text(node))
