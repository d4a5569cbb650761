"""Syntax nodes as terms, those of a program and those of the table's own patterns."""

import ast
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import GradcalcError, Span
from gradcalc.lang.arguments import bind
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.spelling import Function
from gradcalc.lang.machine import Builtin
from gradcalc.lang.program import Naming, Program, dotted, span_of, stretch_of
from gradcalc.primitives import BY_NAME, Elementwise, Primitive
from gradcalc.rewrites import terms
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


class Text:
    """A source text and where the nodes of its syntax tree stand in it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0]
        for line in source.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def range(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends, brackets around it not counted."""
        span = stretch_of(node, self.source)
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1

    def of(self, node: ast.AST) -> str:
        """The text of a node, as it is."""
        start, end = self.range(node)
        return self.source[start:end]

    def span(self, node: ast.AST) -> Span:
        return span_of(node, self.source)

    def brackets(self, node: ast.AST) -> tuple[int, int]:
        """The range of a node with the brackets around it, if it has its own and no blanks."""
        start, end = self.range(node)
        if self.source[:start][-1:] != "(" or self.source[end : end + 1] != ")":
            return start, end
        outside = self.source[: start - 1].rstrip(" ")[-1:]
        # these may be the brackets of a call; at the beginning of a line, who knows
        called = outside.isalnum() or outside in ("_", ")", "]", "\n")
        return (start, end) if called and outside else (start - 1, end + 1)

    def enclosed(self, node: ast.AST) -> bool:
        """Whether a node stands alone between round brackets on its line."""
        start, end = self.range(node)
        before, after = self.source[:start].rstrip(" "), self.source[end:].lstrip()
        return before[-1:] == "(" and after[:1] == ")"


class Names:
    """What the names that a program calls mean.

    `own` are names that the program or its user gives a meaning: they are no functions of the
    library.
    """

    def __init__(self, program: Program | None = None, known: Collection[str] = ()) -> None:
        self._naming = Naming() if program is None else program.naming
        self.own = frozenset(known) if program is None else program.assigned | frozenset(known)

    def function(self, func: ast.expr) -> tuple[str, ast.expr | None] | None:
        """The language's own name of what is called, and the value in front of its dot, if any."""
        if isinstance(func, ast.Name):
            if func.id in self.own:
                return None
            return self._known(catalogue.bare(func.id, self._naming), None)
        if isinstance(func, ast.Attribute):
            name = dotted(func)
            if name and name[0] in self._naming.modules:
                member = catalogue.place(self._naming, name)
                found = catalogue.member(*member) if member and catalogue.has(*member) else None
                return self._known(found, None)
            return self._known(catalogue.method(func.attr, self._naming), func.value)
        return None

    def _known(self, found: Any, value: ast.expr | None) -> tuple[str, ast.expr | None] | None:
        if isinstance(found, Function) and found.core is None:
            return None if found.row is None else (found.row, value)
        found = getattr(found, "core", found)
        return (found.name, value) if isinstance(found, Builtin | Primitive) else None

    def is_length(self, func: ast.expr) -> bool:
        """Whether what is called is `norm` of a module for linear algebra."""
        name = dotted(func) if isinstance(func, ast.Attribute) else ()
        if not name or name[0] not in self._naming.modules:
            return False
        member = catalogue.place(self._naming, name)
        found = catalogue.member(*member) if member and catalogue.has(*member) else None
        return isinstance(found, Function) and found.shown.endswith("linalg.norm")

    def is_fixed(self, name: str) -> bool:
        """Whether a name is that of a module, or of a constant of the library."""
        constant = catalogue.is_constant(name, self._naming)
        return name in self._naming.modules or (constant and name not in self.own)

    def means_itself(self, name: str) -> bool:
        """Whether a name, written anew, calls the library's function of that name."""
        imported = self._naming.imported.get(name)
        return name not in self.own and (imported is None or imported[1] == name)


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
