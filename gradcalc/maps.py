"""A formula that is linear in a vector as a matrix: `2*X.T@(X@v)` is `2*X.T@X` times `v`.

Read off the formula's own text, from the outside in. What is no product of known kinds has no such
matrix, and its formula in the vector says what it does.
"""

import ast
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from gradcalc.collected import shortest
from gradcalc.expr.written import Written
from gradcalc.matrices import (
    Diagonal,
    Identity,
    Matrix,
    Outer,
    Plain,
    Product,
    Sum,
    Times,
    applied,
    as_factor,
    before_factor,
    last_factor,
    product,
    scaled,
    spelled,
    transposed,
    unparsed,
)

Shape = tuple[int, ...]


LONGEST = 1_000
"""The names and numbers of a formula that is read: of a longer one nobody reads the matrix."""


class NoMatrix(Exception):
    """A formula is not read as a matrix times the vector."""


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
    if _length(formula) > LONGEST:
        raise NoMatrix
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
    matrix = shortest(transposed(matrix) if turned else matrix, cache(shape_of), dict(kept))
    text = spelled(matrix)
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    needed: list[tuple[str, str]] = []
    for name, part in reversed(kept):
        if name in used:
            needed.insert(0, (name, part))
            used |= {n.id for n in ast.walk(ast.parse(part)) if isinstance(n, ast.Name)}
    return _numbered(Written(tuple(needed), text), [name for name, _ in formula.parts])


def _length(formula: Written) -> int:
    """How many names and numbers it would have, were each part written out where it is used."""
    lengths: dict[str, int] = {}

    def length(text: str) -> int:
        return sum(lengths.get(word, 1) for word in re.findall(r"\w+", text))

    for name, text in formula.parts:
        lengths[name] = length(text)
    return length(formula.body)


def _numbered(formula: Written, names: Sequence[str]) -> Written:
    """A formula whose parts have the first of some names that are numbered."""
    called = dict(zip((name for name, _ in formula.parts), names, strict=False))
    if not all(re.fullmatch(r"t\d+", name) for name in names):
        return formula

    def renamed(text: str) -> str:
        return re.sub(r"\bt\d+\b", lambda found: called.get(found[0], found[0]), text)

    parts = tuple((called[name], renamed(text)) for name, text in formula.parts)
    return Written(parts, renamed(formula.body))


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
        return self._shape_of(unparsed(node))

    def _size(self, node: ast.expr) -> int:
        """The elements of a vector. Raises `NoMatrix` for what is none."""
        shape = self._shape(node)
        if len(shape) != 1:
            raise NoMatrix
        return shape[0]

    def matrix(self, node: ast.expr) -> Matrix:
        """The matrix of an expression whose value is a vector."""
        match node:
            case ast.Name(id=name) if name == self._vector:
                size = self._size(node)
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
                return product(Plain(f"inv({unparsed(left)})"), self.matrix(right))
            case ast.Call(func=ast.Name(id="cumsum"), args=[inner], keywords=[]):
                size = self._size(inner)
                return product(Plain(f"tril(ones({size}, {size}))"), self.matrix(inner))
            case ast.Subscript(value=inner, slice=ast.Slice() as part):
                size = self._size(inner)
                return product(Plain(f"eye({size})[{unparsed(part)}]"), self.matrix(inner))
            case _:
                raise NoMatrix

    def _spread(self, node: ast.expr, whole: ast.expr) -> Matrix:
        """The matrix of a term; a number in every element is a column of ones times its row."""
        if self._shape(node):
            return self.matrix(node)
        size = self._size(whole)
        return self._column(f"ones({size})", node)

    def _joined(self, left: Matrix, right: Matrix, sign: str) -> Matrix:
        """A sum of two matrices, with a last or a first factor of both beside it."""
        for turned in (lambda matrix: matrix, transposed):
            one, other = turned(left), turned(right)
            for factor in filter(None, (last_factor(one), last_factor(other))):
                size = self._shape_of(spelled(factor))[0]
                first, second = (before_factor(part, factor, size) for part in (one, other))
                if first is not None and second is not None:
                    return turned(Product(Sum(first, second, sign), factor))
        return Sum(left, right, sign)

    def _scaled(self, linear: ast.expr, factor: ast.expr, whole: ast.expr) -> Matrix:
        text, shape = unparsed(factor), self._shape(factor)
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
                    return Times(unparsed(factor), self._column(column, inner))
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                if not self._shape(right) and not _has(right, self._vector):
                    return scaled(unparsed(right), self._column(column, left), over=True)
        return Outer(column, self._row(linear))

    def _divided(self, linear: ast.expr, by: ast.expr) -> Matrix:
        text, shape = unparsed(by), self._shape(by)
        if not shape:
            return Times(text, self.matrix(linear), over=True)
        if shape != self._shape(linear) or len(shape) != 1:
            raise NoMatrix
        return product(Diagonal(f"1/{as_factor(text)}"), self.matrix(linear))

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
                    return Times(unparsed(left), self._known(right))
                if not self._shape(right):
                    return Times(unparsed(right), self._known(left), over)
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                if len(self._shape(left)) == len(self._shape(right)) == 2:
                    return product(self._known(left), self._known(right))
            case ast.Call(func=ast.Name(id="outer"), args=[column, row], keywords=[]):
                return Outer(unparsed(column), unparsed(row))
            case ast.Call(func=ast.Name(id="diag"), args=[inner], keywords=[]):
                if len(self._shape(inner)) == 1:
                    return Diagonal(unparsed(inner))
            case ast.Call(func=ast.Name(id="eye"), args=[_], keywords=[]):
                return Identity(self._shape(node)[0])
            case ast.Attribute(value=inner, attr="T"):
                return transposed(self._known(inner))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return Times("-1", self._known(inner))
        return Plain(unparsed(node))

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
                return f"-{as_factor(self._row(inner))}"
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                if not (_has(left, self._vector) and _has(right, self._vector)):
                    raise NoMatrix
                sign = "+" if isinstance(op, ast.Add) else "-"
                return f"{self._row(left)} {sign} {as_factor(self._row(right))}"
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                linear, factor = (left, right) if _has(left, self._vector) else (right, left)
                if _has(factor, self._vector) or self._shape(factor):
                    raise NoMatrix
                return f"{as_factor(unparsed(factor))}*{as_factor(self._row(linear))}"
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                if _has(right, self._vector) or self._shape(right):
                    raise NoMatrix
                return f"{as_factor(self._row(left))}/{as_factor(unparsed(right))}"
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                linear, other = (left, right) if _has(left, self._vector) else (right, left)
                if _has(other, self._vector) or len(self._shape(other)) != 1:
                    raise NoMatrix
                return applied(transposed(self.matrix(linear)), unparsed(other))
            case ast.Call(func=ast.Name(id="sum"), args=[inner], keywords=[]):
                shape = self._shape(inner)
                if len(shape) != 1:
                    raise NoMatrix
                if isinstance(inner, ast.Name):
                    return f"ones({shape[0]})"
                found = self.matrix(inner)
                if isinstance(found, Diagonal):
                    return found.text
                return applied(transposed(found), f"ones({shape[0]})")
            case ast.Call(func=ast.Name(id="mean"), args=[inner], keywords=[]):
                size = self._size(inner)
                whole = ast.Call(ast.Name("sum", ast.Load()), [inner], [])
                return f"{as_factor(self._row(whole))}/{size}"
            case ast.Subscript(value=inner, slice=ast.Constant(value=int(place))):
                size = self._size(inner)
                unit = f"eye({size})[{place}]"
                return applied(transposed(self.matrix(inner)), unit)
            case _:
                raise NoMatrix
