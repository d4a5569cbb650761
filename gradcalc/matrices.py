"""Matrices by their texts: sums and products of what formulas have, and how they are spelled."""

import ast
import re
from dataclasses import dataclass


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
            return Diagonal(f"{as_factor(first)}*{as_factor(second)}")
        case Outer(column, row), Diagonal(text):
            return Outer(column, f"{as_factor(row)}*{as_factor(text)}")
        case Diagonal(text), Outer(column, row) if column.startswith("ones("):
            return Outer(text, row)
        case Diagonal(text), Outer(column, row):
            return Outer(f"{as_factor(text)}*{as_factor(column)}", row)
        case _, Outer(column, row):
            return Outer(applied(left, column), row)
        case Outer(column, row), _:
            return Outer(column, applied(transposed(right), row))
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


def last_factor(matrix: Matrix) -> Plain | None:
    """The last factor of a product, if it is a matrix by its text."""
    match matrix:
        case Plain():
            return matrix
        case Product(_, right):
            return last_factor(right)
        case Times(_, inner, _):
            return last_factor(inner)
        case _:
            return None


def scaled(number: str, matrix: Matrix, over: bool) -> Matrix:
    """A number times a matrix, or a matrix by a number: of exponentials their shares."""
    match matrix:
        case Outer(column, row) if over and row.startswith("exp(") and number == f"sum({row})":
            return Outer(column, f"softmax{row.removeprefix('exp')}")
        case _:
            return Times(number, matrix, over)


def before_factor(matrix: Matrix, factor: Plain, size: int) -> Matrix | None:
    """What is multiplied by a last factor of so many rows; None where it is none."""
    match matrix:
        case Plain():
            return Identity(size) if matrix == factor else None
        case Times(number, inner, over):
            found = before_factor(inner, factor, size)
            return None if found is None else scaled(number, found, over)
        case Product(left, right):
            found = before_factor(right, factor, size)
            return None if found is None else product(left, found)
        case Outer(column, row):
            match ast.parse(row, mode="eval").body:
                case ast.BinOp(op=ast.MatMult(), left=one, right=other):
                    if by_text(other) == factor:
                        return Outer(column, unparsed(one))
                    if by_text(one) == transposed(factor):
                        return Outer(column, unparsed(other))
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


def applied(matrix: Matrix, vector: str) -> str:
    """The text of a matrix times a vector."""
    match matrix:
        case Identity():
            return vector
        case Diagonal(text):
            return f"{as_factor(text)}*{as_factor(vector)}"
        case Outer(column, row):
            return f"({as_factor(row)}@{as_factor(vector)})*{as_factor(column)}"
        case Times(factor, inner, over):
            sign = "/" if over else "*"
            if over:
                return f"{as_factor(applied(inner, vector))}{sign}{as_factor(factor)}"
            return f"{as_factor(factor)}{sign}{as_factor(applied(inner, vector))}"
        case Sum(left, right, sign):
            return f"({applied(left, vector)} {sign} {as_factor(applied(right, vector))})"
        case Product(left, right):
            return applied(left, f"({applied(right, vector)})")
        case _:
            return f"{spelled(matrix, ast.MatMult)}@{as_factor(vector)}"


def as_factor(text: str) -> str:
    """A text as a factor."""
    node = ast.parse(text, mode="eval").body
    tight = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Constant)
    tight = tight or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow))
    return text if tight else f"({text})"


def unparsed(node: ast.expr) -> str:
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
            return f"{as_factor(text)}.T" if turned else (_factor(text) if around else text)
        case Outer(column, row):
            return f"outer({column}, {row})"
        case Times(factor, inner, over):
            inside = spelled(inner, ast.Mult)
            if factor == "-1":
                text = f"-{inside}"
            else:
                text = f"{inside}/{as_factor(factor)}" if over else f"{_first(factor)}*{inside}"
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
    return text if plain or text.startswith("-") else as_factor(text)


def _factor(text: str) -> str:
    return f"({text})" if "**" in text.rpartition(")")[2] else as_factor(text)


def _right(matrix: Matrix) -> str:
    text = spelled(matrix, ast.MatMult)
    return f"({text})" if isinstance(matrix, Product) else text


def from_the_left(matrix: Matrix) -> Matrix:
    """Products from the left, so that they need no brackets."""
    match matrix:
        case Product(left, Product(middle, right)):
            return from_the_left(Product(Product(left, middle), right))
        case Product(left, right):
            return Product(from_the_left(left), from_the_left(right))
        case Times(factor, inner, over):
            swapped = _swapped(inner) if factor == "-1" else None
            return (
                Times(factor, from_the_left(inner), over)
                if swapped is None
                else from_the_left(swapped)
            )
        case Sum(left, right, sign):
            return Sum(from_the_left(left), from_the_left(right), sign)
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


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant)


def by_text(node: ast.expr) -> Matrix:
    """A matrix by its text, without what is said of it otherwise."""
    match node:
        case ast.Attribute(value=inner, attr="T"):
            return transposed(by_text(inner))
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            return product(by_text(left), by_text(right))
        case ast.BinOp(op=ast.Mult(), left=number, right=right) if _is_number(number):
            return Times(unparsed(number), by_text(right))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return Times("-1", by_text(inner))
        case _:
            return Plain(unparsed(node))
