"""Syntax nodes as terms, those of a program and those of the table's own patterns."""

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.lang.arguments import bind
from gradcalc.primitives import BY_NAME, Elementwise, Primitive
from gradcalc.rewrites import terms
from gradcalc.rewrites.names import Names, Text
from gradcalc.rewrites.terms import Signed, Term, add, chain, multiply, pairs_of, power, signed

LONGEST = 12
"""Parts of a sum or a product that are looked at one by one."""

ALONG = ("dim", "axis", "keepdim", "keepdims")
"""Options of a norm that leave it the length of a vector."""

COMPARED: Mapping[type[ast.AST], str] = MappingProxyType(
    {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
)

LEVELS: tuple[tuple[type[ast.AST], int], ...] = (
    (ast.Add, terms.ADDED),
    (ast.Sub, terms.ADDED),
    (ast.Mult, terms.MULTIPLIED),
    (ast.Div, terms.MULTIPLIED),
    (ast.FloorDiv, terms.MULTIPLIED),
    (ast.Mod, terms.MULTIPLIED),
    (ast.MatMult, terms.MULTIPLIED),
    (ast.Pow, terms.RAISED),
)


class Reader:
    """Reads the nodes of one text, each once.

    With `patterns`, single capital letters are metavariables and `**O` stands for any options.
    `opened` are names that are read as the expressions that they stand for.
    """

    def __init__(
        self,
        text: Text,
        names: Names,
        *,
        patterns: bool = False,
        opened: Mapping[str, ast.expr] = MappingProxyType({}),
    ) -> None:
        self.text, self.names, self._patterns = text, names, patterns
        self._opened = opened
        self._read: dict[int, Term] = {}

    def read(self, node: ast.expr) -> Term:
        key = id(node)
        if key not in self._read:
            term = self._term(node)
            if not self._patterns:
                term = terms.with_text(term, self.text.of(node), level(node))
            self._read[key] = term
        return self._read[key]

    def _term(self, node: ast.expr) -> Term:
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return terms.number(value)
            case ast.Name(id=name) if name in self._opened:
                return self.read(self._opened[name])
            case ast.Name(id=name):
                meta = self._patterns and len(name) == 1 and name.isupper()
                return Term(terms.META if meta else terms.NAME, value=name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                sign, core = signed(self.read(operand))
                return core if sign < 0 else chain(terms.SUM, [(-1, core)])
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                return self._sum(left, 1 if isinstance(op, ast.Add) else -1, right)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                return self._product(left, 1 if isinstance(op, ast.Mult) else -1, right)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return power(self.read(left), self.read(right))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return Term("matmul", (self.read(left), self.read(right)))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
                return Term(COMPARED[type(op)], (self.read(left), self.read(right)))
            case ast.List(elts=items):
                return Term(terms.LIST, tuple(map(self.read, items)))
            case ast.Subscript(value=value, slice=key):
                return Term(terms.ITEM, (self.read(value), self._key(key)))
            case ast.Call():
                return self._call(node) or self._other(node)
        return self._other(node)

    def _other(self, node: ast.expr) -> Term:
        return Term(terms.OTHER, value=ast.unparse(node))

    def _key(self, node: ast.expr) -> Term:
        if self._patterns and isinstance(node, ast.Name):
            return self.read(node)
        # a slice is no expression that could stand anywhere else
        whole = ast.unparse(ast.Subscript(ast.Name("x"), node))
        return Term(terms.OTHER, value=whole[2:-1])

    def _opaque(self, node: ast.expr) -> Term:
        """A term like no other: the beginning of a long chain."""
        return Term(terms.OTHER, value=id(node), text=self.text.of(node), level=level(node))

    def _sum(self, left: ast.expr, sign: int, right: ast.expr) -> Term:
        first, (own, last) = self.read(left), signed(self.read(right))
        flat = first.head == terms.SUM
        pairs = pairs_of(first) if flat else [(1, first)]
        if len(pairs) >= LONGEST:
            pairs = [(1, self._opaque(left))]
        return chain(terms.SUM, [*pairs, (sign * own, last)])

    def _product(self, left: ast.expr, exponent: int, right: ast.expr) -> Term:
        sign, first = signed(self.read(left))
        own, last = signed(self.read(right))
        spine = isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult | ast.Div)
        flat = first.head == terms.PRODUCT and (spine or len(first.parts) == 1)
        pairs = pairs_of(first) if flat else [(1, first)]
        if len(pairs) >= LONGEST:
            pairs, sign = [(1, self._opaque(left))], 1
        if last.head == terms.PRODUCT and len(last.parts) == 1:
            exponent, last = exponent * last.value[0], last.parts[0]
        pairs = [pair for pair in pairs if pair[1] != terms.number(1)]
        pairs = _raised(pairs, (exponent, last))
        if len(pairs) == 1 and pairs[0][0] > 0:
            product = pairs[0][1]
        else:
            product = chain(terms.PRODUCT, pairs)
        return product if sign * own > 0 else chain(terms.SUM, [(-1, product)])

    def _call(self, node: ast.Call) -> Term | None:
        function = self.names.function(node.func)
        if function is None:
            return self._length(node)
        name, value = function
        operands = [self.read(a) for a in ([value] if value is not None else []) + node.args]
        row = BY_NAME.get(name)
        if row is None:
            return None if node.keywords else Term(name, tuple(operands))
        given = {k.arg: self.read(k.value) for k in node.keywords if k.arg is not None}
        try:
            bound = bind(name, row.signature, operands, given)
        except GradcalcError:
            return None
        rest = [self.read(k.value) for k in node.keywords if k.arg is None]
        return _fitted(row, bound, [*given], rest)

    def _length(self, node: ast.Call) -> Term | None:
        """The norm of a module for linear algebra: without an order that of the language."""
        plain = len(node.args) == 1 and all(k.arg in ALONG for k in node.keywords)
        if not plain or not self.names.is_length(node.func):
            return None
        row = BY_NAME["norm"]
        given = {k.arg: self.read(k.value) for k in node.keywords if k.arg is not None}
        bound = bind("norm", row.signature, [self.read(node.args[0])], given)
        return _fitted(row, bound, [*given], [])


def _raised(pairs: list[Signed], last: Signed) -> list[Signed]:
    """The factors with one more, which makes a power of an equal one."""
    exponent, factor = last
    for pair in pairs:
        if pair == last and exponent > 0 and factor.head != terms.NUMBER:
            return [p for p in pairs if p is not pair] + [(1, power(factor, terms.number(2)))]
    return [*pairs, last]


def _fitted(row: Primitive, bound: dict[str, Any], given: list[str], rest: list[Term]) -> Term:
    """A call whose arguments have been fitted to the primitive's parameters."""
    operands: list[Term] = []
    options: list[tuple[str, Term]] = []
    for name, parameter in row.signature.parameters.items():
        value = bound[name]
        if not isinstance(value, Term):
            continue
        listed = value.head == terms.LIST
        if parameter.default is parameter.empty and (listed or _is_operand(row, name)):
            operands.append(value)
        elif terms.write(value) != repr(parameter.default):
            options.append((name, value))
    unnamed = [key for key in given if key not in dict(options)]
    spelled = [_spelling(name, unnamed) for name, _ in options]
    if rest:
        options.insert(0, ("**", rest[0]))
        spelled.insert(0, "**")
    call = Term(row.name, tuple(operands), options=tuple(options), spelled=tuple(spelled))
    return call if options else _plain(row.name, operands) or call


def _is_operand(row: Primitive, parameter: str) -> bool:
    return parameter not in row.static if isinstance(row, Elementwise) else parameter in row.tensors


def _spelling(name: str, given: list[str]) -> str:
    """What the program calls an option of that name."""
    spellings = {"dim": ("axis",), "keepdim": ("keepdims",)}.get(name, ())
    return next((key for key in spellings if key in given), name)


def _plain(name: str, operands: list[Term]) -> Term | None:
    """A function that has an operator, as the operator."""
    match name, operands:
        case "add", [x, y]:
            return chain(terms.SUM, [(1, x), (1, y)])
        case "sub", [x, y]:
            return chain(terms.SUM, [(1, x), (-1, y)])
        case "neg", [x]:
            return add([(-1, x)])
        case "mul", [x, y]:
            return power(x, terms.number(2)) if x == y else multiply([(1, x), (1, y)])
        case "div", [x, y]:
            return multiply([(1, x), (-1, y)])
        case "reciprocal", [x]:
            return chain(terms.PRODUCT, [(-1, x)])
        case "rsqrt", [x]:
            return chain(terms.PRODUCT, [(-1, Term("sqrt", (x,)))])
        case "square", [x]:
            return power(x, terms.number(2))
        case "pow", [x, y]:
            return power(x, y)
    return None


def level(node: ast.expr) -> int:
    """How tightly the outermost operator of a node binds."""
    match node:
        case ast.BinOp(op=op):
            return dict(LEVELS).get(type(op), terms.LOOSE)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()):
            # between the two, and -x**2 and 2*-x are read more easily with brackets
            return terms.ADDED
        case ast.Constant() | ast.Name() | ast.Call() | ast.Attribute() | ast.Subscript():
            return terms.CLOSED
        case ast.List():
            return terms.CLOSED
    return terms.LOOSE
