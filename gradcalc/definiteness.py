"""Which matrices are diagonal, symmetric, or positive semidefinite by their texts, and which
numbers are not negative. Never by values: what is not shown to be so may be so.

A sum of `M.T@D@M` with D diagonal and not negative is positive semidefinite (Boyd and Vandenberghe,
Convex Optimization, 2004, 3.1.4 and A.5.2).
"""

import ast
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.products import Products, Term, apart, called, same

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

ALIKE = frozenset({"softmax", "ones_like", "zeros_like", "cumsum"})
"""Further ones that keep the shape."""

MADE = frozenset({"ones", "zeros"})
"""Functions that are given sizes, one for each dimension."""

Key = str
"""A text that is the same only for the same matrix."""

NONNEGATIVE_OF = frozenset({"sum", "mean", "prod", "diag", "amax", "max", "cumsum", "sqrt"})
"""Those that are not negative of what is not."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names in a formula: how many dimensions they have, which are never
    negative, which symmetric, which positive semidefinite, which diagonal, which numbers of
    something that there is."""

    ranks: Mapping[str, int] = field(default_factory=dict)
    nonnegative: frozenset[str] = frozenset()
    symmetric: frozenset[str] = frozenset()
    definite: frozenset[str] = frozenset()
    diagonal: frozenset[str] = frozenset()
    counts: frozenset[str] = frozenset()


def _factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product of matrices."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def negated(node: ast.expr) -> ast.expr:
    """The negative of an expression, a sign in it left out if there is one."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return inner
        case ast.BinOp(left=one, op=ast.Mult() | ast.Div() as op, right=other):
            return ast.BinOp(negated(one), op, other)
        case ast.BinOp(left=one, op=ast.Add(), right=other):
            return ast.BinOp(negated(one), ast.Add(), negated(other))
        case ast.BinOp(left=one, op=ast.Sub(), right=other):
            return ast.BinOp(other, ast.Sub(), one)
        case _:
            return ast.UnaryOp(ast.USub(), node)


class Form:
    """What texts show where so much is known of their names."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._products = Products(self.is_number)

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
                if isinstance(node.op, ast.Mult) and same(node.left, node.right):
                    return True
                return self.is_nonnegative(node.left) and self.is_nonnegative(node.right)
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return _is_even(exponent) or self.is_nonnegative(base)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=part):
                return _is_below_one(part)
            case ast.BinOp(left=ast.Name(id=name), op=ast.Sub(), right=ast.Constant(value=1)):
                return name in self._known.counts
            case ast.BinOp(op=ast.MatMult()):
                return self._is_square_of(node) or self._is_form(node)
            case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub(), operand=inner)):
                return self.is_nonnegative(inner)
            case ast.Compare():
                return True
            case ast.Call():
                name = called(node)
                kept = name in NONNEGATIVE_OF and bool(node.args)
                return name in POSITIVE or (kept and self.is_nonnegative(node.args[0]))
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
            case ast.Call(args=[inner]) if called(node) in ("sqrt", "sum"):
                return self.is_positive(inner)
            case _:
                return called(node) in ("exp", "softplus", "cosh", "sigmoid", "softmax")

    def _is_square_of(self, node: ast.expr, vector: ast.expr | None = None) -> bool:
        """Whether this is `u@u` of a vector u, or of that one; of `A@x` it is `A@x@A@x`."""
        factors = _factors(node)
        half = len(factors) // 2
        own = factors[:half] if vector is None else _factors(vector)
        if list(map(ast.dump, factors)) != 2 * list(map(ast.dump, own)):
            return False
        return self._rank(functools.reduce(lambda a, b: ast.BinOp(a, ast.MatMult(), b), own)) == 1

    def _is_form(self, node: ast.expr) -> bool:
        """Whether this is `u@M@u` with M positive semidefinite."""
        first, *inner, last = _factors(node)
        ends = self._rank(first) == self._rank(last) == 1 and same(first, last)
        return ends and bool(inner) and self._is_definite(inner, 1)

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
            case ast.Compare(left=inner):
                return self._rank(inner)
            case ast.Call(args=args, keywords=[]):
                return self._rank_of_call(called(node), args)
            case ast.Call(args=[inner], keywords=[ast.keyword(arg="axis")]) if _is_sum(node):
                rank = self._rank(inner)
                return rank and rank - 1
            case _:
                return None

    def _rank_of_call(self, name: str, args: Sequence[ast.expr]) -> int | None:
        ranks = [self._rank(arg) for arg in args]
        first = ranks[0] if ranks else None
        if name in OF_ALL and len(args) == 1:
            return 0
        if name in MADE and all(rank == 0 for rank in ranks):
            return len(args)
        if name in ("outer", "eye"):
            return 2
        if name == "diag":
            return {1: 2, 2: 1}.get(first or 0) if len(args) == 1 else None
        if name in ALIKE and len(args) == 1:
            return first
        if isinstance(BY_NAME.get(name), Elementwise):
            return None if None in ranks else max(rank or 0 for rank in ranks)
        return None

    def _is_diag(self, node: ast.expr) -> bool:
        """Whether this is a matrix with a vector on its diagonal, not beside it."""
        match node:
            case ast.Call(args=[inner], keywords=[]) if called(node) == "diag":
                return self._rank(inner) == 1
            case ast.Call(args=[_], keywords=[]):
                return called(node) == "eye"
            case _:
                return False

    def is_number(self, node: ast.expr) -> bool:
        """Whether this can only be one number: a constant, a sum of all, a norm."""
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name):
                return self._known.ranks.get(name, 0 if name in ("pi", "e") else None) == 0
            case ast.UnaryOp(operand=inner):
                return self.is_number(inner)
            case ast.BinOp(op=ast.MatMult()):
                return self._rank(node) == 0
            case ast.BinOp(left=one, right=other):
                return self.is_number(one) and self.is_number(other)
            case ast.Call(args=[inner], keywords=[]):
                name = called(node)
                return name in OF_ALL or (name in ELEMENTWISE and self.is_number(inner))
            case _:
                return False

    # -- matrices ----------------------------------------------------------------------------

    def is_diagonal(self, node: ast.expr) -> bool:
        """Whether a matrix has numbers on its diagonal only."""
        match node:
            case ast.Name(id=name):
                return name in self._known.diagonal
            case ast.UnaryOp(operand=inner) | ast.Attribute(value=inner, attr="T"):
                return self.is_diagonal(inner)
            case ast.BinOp(left=one, op=ast.Add() | ast.Sub() | ast.MatMult(), right=other):
                return self.is_diagonal(one) and self.is_diagonal(other)
            case ast.BinOp(left=one, op=ast.Mult(), right=other):
                return self.is_diagonal(one) or self.is_diagonal(other)
            case ast.BinOp(left=one, op=ast.Div()):
                return self.is_diagonal(one)
            case ast.Call(args=[inner]) if called(node) == "inv":
                return self.is_diagonal(inner)
            case _:
                return self._is_diag(node)

    def is_symmetric(self, node: ast.expr) -> bool:
        """Whether a matrix is its own transpose: the same when it is turned."""
        return self._key(node, turned=False) == self._key(node, turned=True)

    def _key(self, node: ast.expr, *, turned: bool) -> Key:
        """The terms of a matrix, or of its transpose, like ones added, in an order of their own."""
        found: dict[str, Fraction] = {}
        for term in self._products.terms(node, spread=True):
            factors = [self._single(factor, turned=turned) for factor in term.factors]
            numbers = [sorted(map(ast.dump, part)) for part in (term.above, term.below)]
            kind = repr((*numbers, factors[::-1] if turned else factors))
            found[kind] = found.get(kind, Fraction(0)) + term.number
        return repr(sorted((kind, number) for kind, number in found.items() if number))

    def _single(self, node: ast.expr, *, turned: bool) -> Key:
        """A factor of a product, or its transpose."""
        match node:
            case ast.Attribute(value=inner, attr="T"):
                return self._single(inner, turned=not turned)
            case ast.Name(id=name):
                known = self._known
                same = name in known.symmetric | known.definite | known.diagonal
                return f"{name}{'.T' * (turned and not same)}"
            case ast.Call(args=[one, other], keywords=[]) if called(node) == "outer":
                sides = [ast.dump(one), ast.dump(other)]
                return f"outer {sides[::-1] if turned else sides}"
            case ast.Call(args=[inner], keywords=[]) if called(node) == "inv":
                return f"inv {self._key(inner, turned=turned)}"
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return f"({self._key(node, turned=turned)})"
        if self.is_diagonal(node):
            return ast.dump(node)
        return f"{ast.dump(node)}{'.T' * turned}"

    # -- definite matrices -------------------------------------------------------------------

    def is_semidefinite(self, node: ast.expr, sign: int = 1) -> bool:
        """Whether no quadratic form of a matrix, times a sign, is negative."""
        terms = [replace(term, number=sign * term.number) for term in self._products.terms(node)]
        if not all(self._has_sign(term) for term in terms):
            return False
        left = [term for term in terms if term.number > 0]
        for term in terms:
            if term.number < 0 and not self._is_definite(term.factors, -1):
                heavier = next((other for other in left if self._outweighs(other, term)), None)
                if heavier is None:
                    return False
                left.remove(heavier)
        return all(self._is_definite(term.factors, 1) for term in left)

    def _has_sign(self, term: Term) -> bool:
        """Whether the product of the numbers of a term that are not known is not negative."""
        numbers = [*term.above, *term.below]
        odd = (one for one in numbers if sum(same(one, other) for other in numbers) % 2)
        return all(map(self.is_nonnegative, odd))

    def _is_definite(self, factors: Sequence[ast.expr], sign: int) -> bool:
        """Whether a product that reads the same from behind has a middle that is semidefinite, or
        none; times a sign."""
        while len(factors) > 1:
            ends = [self._single(factors[0], turned=True), self._single(factors[-1], turned=False)]
            if ends[0] != ends[1]:
                return False
            factors = factors[1:-1]
        if not factors:
            return sign > 0
        match factors[0]:
            case ast.Attribute(value=inner, attr="T"):
                return self.is_semidefinite(inner, sign)
            case ast.BinOp(op=ast.Add() | ast.Sub()) as inner:
                return self.is_semidefinite(inner, sign)
            case ast.Call(args=[inner]) as node if called(node) == "inv":
                return self.is_semidefinite(inner, sign)
            case ast.Call(args=[inner]) as node if called(node) == "diag":
                elements = inner if sign > 0 else negated(inner)
                return self._is_diag(node) and self.is_nonnegative(elements)
            case ast.Call(args=[one, other]) as node if called(node) == "outer":
                return sign > 0 and same(one, other)
            case ast.Name(id=name):
                known = self._known
                shown = known.definite | (known.diagonal & known.nonnegative)
                return sign > 0 and name in shown
            case node:
                return sign > 0 and called(node) == "eye" and self._is_diag(node)

    def _outweighs(self, one: Term, other: Term) -> bool:
        """Whether a term less another one is semidefinite: a matrix of covariances, or `eye(n) -
        outer(u, u)/q` with q no less than `u@u`, what is left across u (Cauchy and Schwarz)."""
        above, more = apart(one.above, other.above)
        below, under = apart(one.below, other.below)
        if above or more or below or len(one.factors) != 1 or len(other.factors) != 1:
            return False
        (whole,), (part,) = one.factors, other.factors
        if called(part) != "outer":
            return False
        assert isinstance(part, ast.Call)
        vector, again = part.args
        share = abs(other.number) / one.number
        if not same(vector, again):
            return False
        if not self._is_diag(whole):
            return False
        if called(whole) == "diag":
            return not under and share <= 1 and _is_of_shares(whole, vector)
        if not under:
            match vector:
                case ast.Call(func=ast.Name(id="ones"), args=[ast.Constant(value=int() as size)]):
                    return share * size <= 1
        if len(under) == 2:
            return share <= 1 and all(_is_norm(part, vector) for part in under)
        return share <= 1 and len(under) == 1 and self._is_length(under[0], vector)

    def _is_length(self, node: ast.expr, vector: ast.expr) -> bool:
        """Whether a number is the square of a vector's length, or more."""
        match node:
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=2)):
                return _is_norm(base, vector)
            case ast.BinOp(op=ast.MatMult()):
                return self._is_square_of(node, vector)
            case ast.Name():
                return _is_ones(vector, node)
            case ast.BinOp(left=one, op=ast.Add(), right=other):
                return any(
                    self._is_length(a, vector) and self._is_share(b)
                    for a, b in ((one, other), (other, one))
                )
        return False

    def _is_share(self, node: ast.expr) -> bool:
        """Whether this is a number that is not negative."""
        return self.is_number(node) and self.is_nonnegative(node)


def _is_sum(node: ast.expr) -> bool:
    return called(node) in ("sum", "mean")


def _is_norm(node: ast.expr, vector: ast.expr) -> bool:
    """Whether this is the length of a vector."""
    match node:
        case ast.Call(func=ast.Name(id="norm"), args=[inner], keywords=[]):
            return same(inner, vector)
        case _:
            return False


def _is_ones(node: ast.expr, size: ast.expr) -> bool:
    """Whether this is a vector of ones of a size."""
    match node:
        case ast.Call(func=ast.Name(id="ones"), args=[given]):
            return same(given, size)
        case _:
            return False


def _is_even(node: ast.expr) -> bool:
    """Whether this is an even whole number."""
    number = node.operand if isinstance(node, ast.UnaryOp) else node
    value = number.value if isinstance(number, ast.Constant) else None
    return isinstance(value, int) and value % 2 == 0


def _is_below_one(node: ast.expr) -> bool:
    """Whether no element is above 1."""
    match node:
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int() as power)):
            return power > 0 and called(base) in ("tanh", "sin", "cos", "sigmoid", "erf")
        case _:
            return called(node) in ("sigmoid", "softmax", "tanh", "sin", "cos", "erf")


def _is_of_shares(diagonal: ast.expr, p: ast.expr) -> bool:
    """`diag(p) - outer(p, p)` of shares p, which add up to 1: it is a matrix of covariances."""
    own = isinstance(diagonal, ast.Call) and same(diagonal.args[0], p)
    return own and called(p) == "softmax"
