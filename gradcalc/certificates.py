"""What the form of a Hessian shows of it: that it is 0, constant, diagonal, symmetric, or positive
semidefinite, which makes the function convex. Never by numbers.

A sum of `M.T@D@M` with D diagonal and not negative is positive semidefinite (Boyd and Vandenberghe,
Convex Optimization, 2004, 3.1.4 and A.5.2).
"""

import ast
import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from gradcalc.expr.nodes import Node
from gradcalc.expr.written import Written
from gradcalc.smoothness import is_everywhere

POSITIVE = frozenset(
    """exp exp2 sigmoid softmax abs sqrt square relu softplus cosh norm erfc ones ones_like
    eye""".split()  # noqa: SIM905
)
"""Functions that are never negative."""

OF_ALL = frozenset({"sum", "mean", "norm", "det", "logdet", "trace"})
"""Functions that make one number of all elements."""

ELEMENTWISE = frozenset(
    """exp log sqrt square abs sin cos tanh sigmoid softplus relu softmax sinh cosh erf
    erfc""".split()  # noqa: SIM905
)
"""Functions that keep the shape."""

NONNEGATIVE_OF = frozenset({"sum", "mean", "prod", "diag", "amax", "max", "cumsum", "sqrt"})
"""Those that are not negative of what is not."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names in a formula: how many dimensions they have, which are never
    negative, which symmetric, which positive semidefinite."""

    ranks: Mapping[str, int] = field(default_factory=dict)
    nonnegative: frozenset[str] = frozenset()
    symmetric: frozenset[str] = frozenset()
    definite: frozenset[str] = frozenset()


def certificates(
    formula: Written | None, by: Collection[str], known: Known, *, matrix: bool
) -> tuple[str, ...]:
    """What the form of a block of a Hessian shows, in words. `by` are the inputs that it is by;
    it is a `matrix`, or a number."""
    if formula is None or formula.tangent:
        return ()
    try:
        tree = _whole(formula)
    except (SyntaxError, RecursionError):
        return ()
    if _is_zero(tree):
        return ("zero",)
    form = _Form(known)
    found = []
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names & set(by):
        found.append("constant")
    if matrix and form.is_diagonal(tree):
        found.append("diagonal")
    elif matrix and form.is_symmetric(tree):
        found.append("symmetric")
    above = form.is_semidefinite if matrix else form.is_nonnegative
    if above(tree):
        found.append(SEMIDEFINITE)
    elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub) and above(tree.operand):
        found.append(NEGATIVE)
    return tuple(found)


def convexity(
    shown: Collection[str],
    formula: Written,
    by: str,
    known: Known,
    nodes: Collection[Node],
    *,
    matrix: bool,
) -> str | None:
    """What follows for the function where the whole of a Hessian shows this; None if nothing.

    `nodes` are the function's own. Where it is only so as the input is not negative, that is said.
    """
    way = {SEMIDEFINITE: "convex", NEGATIVE: "concave"}
    found = next((way[word] for word in shown if word in way), None)
    if found is None:
        return None
    anywhere = _is_everywhere(_whole(formula), by, _Form(known)) and is_everywhere(nodes)
    where = "" if anywhere else " on any convex set where it is smooth"
    of_any = replace(known, nonnegative=known.nonnegative - {by})
    if not {SEMIDEFINITE, NEGATIVE} & {*certificates(formula, (by,), of_any, matrix=matrix)}:
        where = f" where {by} is not negative{where and f',{where}'}"
    return f"f is {found} in {by}{where}, by the form of its Hessian"


SEMIDEFINITE, NEGATIVE = "positive semidefinite", "negative semidefinite"

EVERYWHERE = frozenset(
    """exp sigmoid softmax softplus tanh sin cos erf abs sum mean diag outer eye ones ones_like
    zeros zeros_like norm cosh sinh trace""".split()  # noqa: SIM905
)
"""Functions that have a value wherever their arguments have one."""


def _is_everywhere(tree: ast.expr, by: str, form: "_Form") -> bool:
    """Whether a formula has a value at every point."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) not in EVERYWHERE:
            root = _called(node) == "sqrt" and len(node.args) == 1
            if not (root and form.is_nonnegative(node.args[0])):
                return False
        if not isinstance(node, ast.BinOp):
            continue
        moving = any(isinstance(n, ast.Name) and n.id == by for n in ast.walk(node.right))
        number = node.right.value if isinstance(node.right, ast.Constant) else -1
        whole = isinstance(number, int) and number > 0
        if isinstance(node.op, ast.Div) and form.is_positive(node.right):
            continue
        if moving if isinstance(node.op, ast.Div) else isinstance(node.op, ast.Pow) and not whole:
            return False
    return True


def _whole(formula: Written) -> ast.expr:
    """The formula as one expression, its parts put in."""
    parts: dict[str, ast.expr] = {}

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return parts.get(node.id, node)

    for name, text in formula.parts:
        parts[name] = Put().visit(ast.parse(text, mode="eval").body)
    whole: ast.expr = Put().visit(ast.parse(formula.body, mode="eval").body)
    return whole


def _is_zero(node: ast.expr) -> bool:
    return _called(node) in ("zeros", "zeros_like") or (
        isinstance(node, ast.Constant) and node.value == 0
    )


def _called(node: ast.expr) -> str:
    """The function that a node calls."""
    own = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if own else ""  # type: ignore[attr-defined]


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def _factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product of matrices."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _mirrors(one: ast.expr, other: ast.expr) -> bool:
    """Whether one is the transpose of the other."""
    if isinstance(one, ast.Attribute) and one.attr == "T":
        return _same(one.value, other)
    return isinstance(other, ast.Attribute) and other.attr == "T" and _same(other.value, one)


class _Form:
    def __init__(self, known: Known) -> None:
        self._known = known

    # -- numbers, and elements ---------------------------------------------------------------

    def is_nonnegative(self, node: ast.expr) -> bool:
        """Whether no element can be negative."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return value >= 0
            case ast.Name(id=name):
                constant = name in ("pi", "e") and name not in self._known.ranks
                return name in self._known.nonnegative or constant
            case ast.BinOp(op=ast.Add() | ast.Div() | ast.Mult()):
                if isinstance(node.op, ast.Mult) and _same(node.left, node.right):
                    return True
                return self.is_nonnegative(node.left) and self.is_nonnegative(node.right)
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return _is_even(exponent) or self.is_nonnegative(base)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=part):
                return _is_below_one(part)
            case ast.BinOp(op=ast.MatMult()):
                return self._is_square_of(node)
            case ast.Compare():
                return True
            case ast.Call():
                name = _called(node)
                inner = name in NONNEGATIVE_OF and bool(node.args)
                return name in POSITIVE or (inner and self.is_nonnegative(node.args[0]))
            case _:
                return False

    def is_positive(self, node: ast.expr) -> bool:
        """Whether no element can be 0 or less."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return value > 0
            case ast.BinOp(left=one, op=ast.Add(), right=other):
                return (self.is_positive(one) and self.is_nonnegative(other)) or (
                    self.is_nonnegative(one) and self.is_positive(other)
                )
            case ast.BinOp(left=one, op=ast.Mult() | ast.Div(), right=other):
                return self.is_positive(one) and self.is_positive(other)
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant()):
                return self.is_positive(base)
            case ast.Call(args=[inner]) if _called(node) in ("sqrt", "sum"):
                return self.is_positive(inner)
            case _:
                return _called(node) in ("exp", "softplus", "cosh", "sigmoid", "softmax")

    def _is_square_of(self, node: ast.expr, vector: ast.expr | None = None) -> bool:
        """Whether this is `u@u` of a vector u, or of that one; of `A@x` it is `A@x@A@x`."""
        factors = _factors(node)
        half = len(factors) // 2
        own = factors[:half] if vector is None else _factors(vector)
        if list(map(ast.dump, factors)) != 2 * list(map(ast.dump, own)):
            return False
        return self._rank(functools.reduce(lambda a, b: ast.BinOp(a, ast.MatMult(), b), own)) == 1

    def _rank(self, node: ast.expr) -> int | None:
        """How many dimensions a value has, None where its text does not tell."""
        match node:
            case ast.Constant():
                return 0
            case ast.Name(id=name):
                return self._known.ranks.get(name)
            case ast.UnaryOp(operand=inner) | ast.Attribute(value=inner, attr="T"):
                return self._rank(inner)
            case ast.BinOp(left=one, op=op, right=other):
                left, right = self._rank(one), self._rank(other)
                if left is None or right is None:
                    return None
                if isinstance(op, ast.MatMult):
                    return left + right - 2 if left and right else None
                return max(left, right)
            case ast.Call(args=[inner], keywords=[]):
                name = _called(node)
                if name in OF_ALL:
                    return 0
                return self._rank(inner) if name in ELEMENTWISE else None
            case _:
                return None

    def is_number(self, node: ast.expr) -> bool:
        """Whether this can only be one number: a constant, a sum of all, a norm."""
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name):
                return self._known.ranks.get(name) == 0
            case ast.UnaryOp(operand=inner):
                return self.is_number(inner)
            case ast.BinOp(op=ast.MatMult()):
                return self._rank(node) == 0
            case ast.BinOp(left=one, right=other):
                return self.is_number(one) and self.is_number(other)
            case ast.Call(args=[inner], keywords=[]):
                name = _called(node)
                return name in OF_ALL or (name in ELEMENTWISE and self.is_number(inner))
            case _:
                return False

    # -- matrices ----------------------------------------------------------------------------

    def is_diagonal(self, node: ast.expr) -> bool:
        """Whether a matrix has numbers on its diagonal only."""
        match node:
            case ast.UnaryOp(operand=inner):
                return self.is_diagonal(inner)
            case ast.BinOp(left=one, op=ast.Add() | ast.Sub(), right=other):
                return self.is_diagonal(one) and self.is_diagonal(other)
            case ast.BinOp(left=one, op=ast.Mult(), right=other):
                return self.is_diagonal(one) or self.is_diagonal(other)
            case ast.BinOp(left=one, op=ast.Div()):
                return self.is_diagonal(one)
            case _:
                return _called(node) in ("diag", "eye")

    def is_symmetric(self, node: ast.expr) -> bool:
        """Whether a matrix is its own transpose."""
        match node:
            case ast.UnaryOp(operand=inner):
                return self.is_symmetric(inner)
            case ast.Name(id=name):
                return name in self._known.symmetric | self._known.definite
            case ast.BinOp(left=one, op=ast.Add() | ast.Sub(), right=other):
                both = self.is_symmetric(one) and self.is_symmetric(other)
                return both or _mirrors(one, other)
            case ast.BinOp(left=one, op=ast.Mult() | ast.Div(), right=other):
                return (self.is_symmetric(one) and self.is_number(other)) or (
                    self.is_number(one) and self.is_symmetric(other)
                )
            case ast.BinOp(op=ast.MatMult()):
                return self._is_mirrored(self._apart(node)[1], self.is_symmetric)
            case ast.Call(args=[one, other]) if _called(node) == "outer":
                return _same(self._scaled(one)[1], self._scaled(other)[1])
            case ast.Call(args=[inner, *_]) if _called(node) == "inv":
                return self.is_symmetric(inner)
            case _:
                return self.is_diagonal(node)

    def _scaled(self, node: ast.expr) -> tuple[list[ast.expr], ast.expr]:
        """The numbers that a vector is multiplied by, and the rest of it."""
        numbers: list[ast.expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            if self.is_number(node.left):
                numbers.append(node.left)
                node = node.right
            elif self.is_number(node.right):
                numbers.append(node.right)
                node = node.left
            else:
                break
        return numbers, node

    def _apart(self, node: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
        """The numbers in a product of matrices, and its factors without them."""
        numbers: list[ast.expr] = []
        factors: list[ast.expr] = []
        for factor in _factors(node):
            while isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Mult):
                if not self.is_number(factor.left):
                    break
                numbers.append(factor.left)
                factor = factor.right
            factors.append(factor)
        return numbers, factors

    def _is_mirrored(self, factors: list[ast.expr], middle: Callable[[ast.expr], bool]) -> bool:
        """Whether the factors of a product read the same from behind, `middle` says of the last."""
        while len(factors) > 1:
            if not _mirrors(factors[0], factors[-1]):
                return False
            factors = factors[1:-1]
        return not factors or middle(factors[0])

    def is_semidefinite(self, node: ast.expr) -> bool:
        """Whether no quadratic form of a matrix is negative; of a number, whether it is not."""
        match node:
            case ast.Name(id=name):
                return name in self._known.definite
            case ast.BinOp(left=one, op=ast.Add(), right=other):
                return self.is_semidefinite(one) and self.is_semidefinite(other)
            case ast.BinOp(left=one, op=ast.Mult(), right=other):
                return (self.is_semidefinite(one) and self._is_share(other)) or (
                    self._is_share(one) and self.is_semidefinite(other)
                )
            case ast.BinOp(left=one, op=ast.Div(), right=other):
                return self.is_semidefinite(one) and self._is_share(other)
            case ast.BinOp(op=ast.MatMult()):
                numbers, factors = self._apart(node)
                shares = all(map(self.is_nonnegative, numbers))
                return shares and self._is_mirrored(factors, self.is_semidefinite)
            case ast.BinOp(left=one, op=ast.Sub(), right=other):
                return _is_of_shares(one, other) or self._is_across(one, other)
            case ast.Call(args=[inner, *_]) if _called(node) == "diag":
                return self.is_nonnegative(inner)
            case ast.Call(args=[one, other]) if _called(node) == "outer":
                (numbers, left), (more, right) = self._scaled(one), self._scaled(other)
                return _same(left, right) and all(map(self.is_nonnegative, [*numbers, *more]))
            case ast.Call(args=[inner, *_]) if _called(node) == "inv":
                return self.is_semidefinite(inner)
            case _:
                return _called(node) == "eye"

    def _is_across(self, one: ast.expr, other: ast.expr) -> bool:
        """`eye(n) - outer(u, u)/q` with q no less than `u@u`, or both by `norm(u)`: what is left
        across u (Cauchy and Schwarz)."""
        match one, other:
            case ast.Call(), ast.BinOp(
                left=ast.Call(args=[left, right]) as turned, op=ast.Div(), right=below
            ) if _called(turned) == "outer" and _same(left, right):
                return _called(one) == "eye" and self._is_length(below, left)
            case ast.BinOp(left=ast.Call() as ones, op=ast.Div(), right=length), ast.BinOp(
                left=ast.Call(args=[left, right]) as turned,
                op=ast.Div(),
                right=ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=3)),
            ) if _called(turned) == "outer" and _same(left, right):
                return _called(ones) == "eye" and _same(base, length) and _is_norm(length, left)
        return False

    def _is_length(self, node: ast.expr, vector: ast.expr) -> bool:
        """Whether a number is the square of a vector's length, or more."""
        match node:
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=2)):
                return _is_norm(base, vector)
            case ast.BinOp(op=ast.MatMult()):
                return self._is_square_of(node, vector)
            case ast.BinOp(left=one, op=ast.Add(), right=other):
                return any(
                    self._is_length(a, vector) and self._is_share(b)
                    for a, b in ((one, other), (other, one))
                )
        return False

    def _is_share(self, node: ast.expr) -> bool:
        """Whether this is a number that is not negative."""
        return self.is_number(node) and self.is_nonnegative(node)


def _is_norm(node: ast.expr, vector: ast.expr) -> bool:
    """Whether this is the length of a vector."""
    own = isinstance(node, ast.Call) and _called(node) == "norm" and not node.keywords
    return own and len(node.args) == 1 and _same(node.args[0], vector)  # type: ignore[attr-defined]


def _is_even(node: ast.expr) -> bool:
    """Whether this is an even whole number."""
    number = node.operand if isinstance(node, ast.UnaryOp) else node
    value = number.value if isinstance(number, ast.Constant) else None
    return isinstance(value, int) and value % 2 == 0


def _is_below_one(node: ast.expr) -> bool:
    """Whether no element is above 1."""
    match node:
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int() as power)):
            return power > 0 and _called(base) in ("tanh", "sin", "cos", "sigmoid", "erf")
        case _:
            return _called(node) in ("sigmoid", "softmax", "tanh", "sin", "cos", "erf")


def _is_of_shares(one: ast.expr, other: ast.expr) -> bool:
    """`diag(p) - outer(p, p)` of shares p, which add up to 1: it is a matrix of covariances."""
    if not (_called(one) == "diag" and _called(other) == "outer"):
        return False
    assert isinstance(one, ast.Call)
    assert isinstance(other, ast.Call)
    (p,) = one.args[:1]
    return _called(p) == "softmax" and all(_same(p, arg) for arg in other.args)
