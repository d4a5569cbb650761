"""What a text is, before anything of it is checked: Python, or mathematics and what it means.

A file, a `def` or several statements are Python. So is what Python can run; what it could only
refuse, such as `(x+1)(x-1)`, `x^2` or `sin -x`, is mathematics.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from gradcalc.errors import GradcalcError, LimitError
from gradcalc.lang import grammar, mathematics, matlab, syntax
from gradcalc.lang.program import Limits
from gradcalc.lang.signs import Reading, Sign, place_of, placed
from gradcalc.lang.tokens import CONSTANTS, TRANSPOSED, is_product

STATEMENT = re.compile(
    r"\s*(?:def|class|if|for|while|with|try|return|assert|raise|import|from|global|del|pass)\b"
)


LAMBDA = re.compile(r"\blambda\b(?!\s*(?:[^\W\d]\w*\s*(?:=[^:]*)?(?:,[^:]*)?)?:)")
"""A Greek letter, and not the head of a function."""

COUNTING = frozenset({"len", "int", "round", "argmax", "argmin"})
"""Functions that give whole numbers."""

WHOLE = frozenset(
    {"abs", "max", "min", "sum", "prod", "where", "sign", "maximum", "minimum", "pow"}
)
"""Those that give whole numbers of whole numbers."""


@dataclass(frozen=True, slots=True)
class Values:
    """Names that have a value: those given, which are numbers, and those that may be anything."""

    numbers: frozenset[str]
    others: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.numbers | self.others


@dataclass(frozen=True, slots=True)
class Text:
    """A text as Python; what was typed, where that is another; and the signs in it."""

    reading: Reading
    typed: str | None = None

    @property
    def source(self) -> str:
        """The Python."""
        return self.reading.source


@lru_cache(maxsize=128)
def understood(text: str, limits: Limits, values: Values) -> Text:
    """What a text that was typed is.

    Raises `GradcalcError` for what is neither, or has two readings.
    """
    source = syntax.tidy(text, limits)
    try:
        tree = syntax.parse(source, limits)
    except LimitError as error:
        error.source = source
        raise
    except GradcalcError as error:
        if LAMBDA.search(source) and _is_one(source):
            return replace(understood(LAMBDA.sub("λ", source), limits, values), typed=source)
        found = _elsewhere(source, values, python=False)
        if found is None and _is_one(source):
            found = _read(source, values, bars=True)
        if found is None:
            error.source = source
            raise
        return found
    expression = _expression(tree)
    if expression is None:
        return Text(Reading(source))
    if (found := _elsewhere(source, values, python=True)) is not None:
        return found
    why = _Doubt(expression, values)
    if not (why.is_mathematics() or TRANSPOSED in source or _is_operator(source, values)):
        return Text(Reading(source))
    return _read(source, values, bars=why.has_bars()) or Text(Reading(source))


def _elsewhere(source: str, values: Values, *, python: bool) -> Text | None:
    """A text in the notation of MATLAB as mathematics, None if it is not in that."""
    if not _is_one(source) or not matlab.is_matlab(source, values.all, python=python):
        return None
    meant = matlab.translated(source)
    found = _read(meant, values, bars=True)
    if found is None and syntax.is_python(meant):
        found = Text(Reading(meant))
    return found and replace(found, typed=source)


def _is_operator(source: str, values: Values) -> bool:
    return mathematics.is_operator(source, values.all)


def is_function(name: str) -> bool:
    """Whether there is a function of that name, all of which are imported for that."""
    from gradcalc.primitives import BY_NAME

    return name in BY_NAME or name in grammar.MATHEMATICAL


def _is_one(source: str) -> bool:
    """Whether a text that is no Python can be one expression."""
    depths = source.translate(str.maketrans("[{]}", "(())"))
    depth = 0
    for character in depths:
        depth += (character == "(") - (character == ")")
        if depth <= 0 and character in "\n;":
            return False
    return not STATEMENT.match(source)


def _expression(tree: ast.Module) -> ast.expr | None:
    """The expression that is the text, or the value of a name."""
    match tree.body:
        case [ast.Expr(value=found)] | [ast.Assign(targets=[ast.Name()], value=found)]:
            return found
        case _:
            return None


def _read(source: str, values: Values, *, bars: bool) -> Text | None:
    """The text as mathematics, None if it is none or just itself."""
    body, head = mathematics.without_head(source)
    parameters = [part.partition("=")[0].strip() for part in head.split(",")] if head else []
    known = values.all | frozenset(parameters)
    found = mathematics.reading(body, is_function, known, bars=bars)
    if found is None and head and syntax.is_python(body):
        found = Reading(body)
    if found is None or found.source == source:
        return None
    try:
        tree = ast.parse(found.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    expression = _expression(tree)
    if expression is None or not _are_powers(found, expression, "**" in source):
        return None
    if "=" in head:
        front = f"def f({head}): return "
        signs = tuple(signed.moved(len(front)) for signed in found.signs)
        found = Reading(front + found.source, signs)
    return Text(found, source)


def _are_powers(found: Reading, expression: ast.expr, stars: bool) -> bool:
    """Whether each `^` is a power: Python has it for truth values and for whole numbers.

    Beside `**`, or in an index, what stands between two whole numbers is not.
    """
    signs = placed(found, expression)
    inside = _within_indexes(expression)
    for node in ast.walk(expression):
        if not isinstance(node, ast.BinOp) or place_of(node) not in signs:
            continue
        if signs[place_of(node)].sign is not Sign.POWER:
            continue
        if _is_truth(node.left) or _is_truth(node.right):
            return False
        whole = _is_whole(node.left) and _is_whole(node.right)
        plain = all(
            isinstance(part, ast.Constant | ast.UnaryOp) for part in (node.left, node.right)
        )
        if whole and (stars or not plain):
            return False
        if id(node) in inside:
            return False
    return True


def _within_indexes(expression: ast.expr) -> frozenset[int]:
    """The nodes inside of an index or of the arguments of range."""
    roots: list[ast.AST] = []
    for node in ast.walk(expression):
        if isinstance(node, ast.Subscript):
            roots.append(node.slice)
        elif isinstance(node, ast.Call) and _name(node.func) == "range":
            roots += node.args
    return frozenset(id(node) for root in roots for node in ast.walk(root))


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _is_truth(node: ast.expr) -> bool:
    """Whether an expression is a truth value."""
    match node:
        case ast.Compare() | ast.BoolOp() | ast.Constant(value=bool()):
            return True
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            return True
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_truth(one) or _is_truth(other)
        case _:
            return False


def _is_whole(node: ast.expr) -> bool:
    """Whether an expression may be a whole number as Python has it."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int)
        case ast.UnaryOp(operand=operand):
            return _is_whole(operand)
        case ast.BinOp(op=ast.Div()):
            return False
        case ast.BinOp(left=left, right=right):
            return _is_whole(left) and _is_whole(right)
        case ast.Call(func=function, args=given):
            kept = _name(function) in WHOLE and all(map(_is_whole, given))
            return kept or _name(function) in COUNTING
        case ast.Attribute(attr=name):
            return name in ("ndim", "size")
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_whole(one) and _is_whole(other)
        case _:
            return False


class _Doubt:
    """Why an expression that Python can parse may be mathematics."""

    def __init__(self, expression: ast.expr, values: Values) -> None:
        self._nodes = list(ast.walk(expression))
        self._expression = expression
        self._values = values
        bound = {node.arg for node in self._nodes if isinstance(node, ast.arg)}
        bound |= {n.id for n in self._names() if isinstance(n.ctx, ast.Store)}
        self._bound = frozenset(bound)

    def is_mathematics(self) -> bool:
        """Whether Python could only refuse it, or it is a function and not its value."""
        return (
            isinstance(self._expression, ast.Lambda)
            or any(map(self._is_odd, self._names()))
            or any(map(self._is_wrong, self._nodes))
            or self.has_bars()
        )

    def has_bars(self) -> bool:
        """Whether `|` stands beside what is certainly no truth value."""
        either = [
            node
            for node in self._nodes
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
        ]
        inside = _within_indexes(self._expression)
        parts = [part for node in either for part in (node.left, node.right)]
        certain = any(self._is_function(part) or _is_number(part) for part in parts)
        return certain and not any(id(node) in inside for node in either)

    def _names(self) -> Iterator[ast.Name]:
        return (node for node in self._nodes if isinstance(node, ast.Name))

    def _is_odd(self, name: ast.Name) -> bool:
        """Whether what Python takes for a name is π, or a product."""
        return (name.id in CONSTANTS and name.id not in self._values.all) or is_product(
            name.id, self._values.all
        )

    def _is_wrong(self, node: ast.AST) -> bool:
        match node:
            case ast.BinOp(op=ast.BitXor()):
                return True
            case ast.BinOp(left=left, right=right):
                return self._is_function(left) or self._is_function(right)
            case ast.Call(func=ast.Name(id=name)):
                return name in self._values.numbers - self._bound
            case ast.Call(func=ast.Call(func=function)):
                return self._is_function(function)
            case ast.Call(func=function):
                return _is_number(function)
            case _:
                return False

    def _is_function(self, node: ast.expr) -> bool:
        """Whether a name is that of a function, and nothing else."""
        name = _name(node)
        return name is not None and name not in self._values.all | self._bound and is_function(name)


def _is_number(node: ast.expr) -> bool:
    """Whether an expression can be nothing that is called, and no truth value."""
    match node:
        case ast.Constant(value=value):
            return not isinstance(value, bool | str)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return True
        case ast.BinOp(op=op):
            return not isinstance(op, ast.BitOr | ast.BitAnd | ast.BitXor)
        case _:
            return False
