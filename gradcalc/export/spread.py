"""Derivatives of tensors by tensors as sums of products, which are multiplied out at the end.

Forward mode takes the whole unit tensor of an input as its tangent. What comes of it is kept as
factors with named dimensions, as in Einstein's notation, until it is known in what it ends: then
the cheapest product comes first, and what is a diagonal is never a matrix (Laue, Mitterreiter and
Giesen, "Computing Higher Order Derivatives of Matrix and Tensor Expressions", 2018).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from gradcalc.errors import UnsupportedError
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Data, Forms, Node, Shape, ancestry
from gradcalc.expr.scalars import number

MOST_TERMS, MOST_FACTORS = 6, 8
"""Terms of a sum and factors of a term above which they are multiplied out."""

Names = tuple[int, ...]
"""Dimensions by number: the same number is the same index wherever it stands."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A tensor and the names of its dimensions."""

    node: Node
    names: Names


@dataclass(frozen=True, slots=True)
class Term:
    """A product: `own` are the dimensions of the tensor that moves, `across` those of the input.

    What is in the factors alone is summed over; a name that stands twice in front is a diagonal,
    one that no factor has is the same all along.
    """

    factors: tuple[Factor, ...]
    own: Names
    across: Names
    scale: float = 1.0

    def renamed(self, names: Mapping[int, int]) -> "Term":
        """The term with other names."""

        def new(old: Names) -> Names:
            return tuple(names.get(name, name) for name in old)

        factors = tuple(Factor(f.node, new(f.names)) for f in self.factors)
        return replace(self, factors=factors, own=new(self.own), across=new(self.across))


@dataclass(frozen=True, slots=True)
class Spread:
    """What a tensor of a `shape` does where an input of the shape `by` moves: a sum of terms."""

    shape: Shape
    by: Shape
    terms: tuple[Term, ...]

    @property
    def ndim(self) -> int:
        """The number of dimensions of the tensor."""
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class Linear:
    """How linear operations act: on `names` and factors, where that gives something; else on all
    `numbers`, the dimensions of the input last. `multiply` gives all numbers of a term."""

    names: Mapping[ops.Op, Any]
    numbers: Mapping[ops.Op, Any]
    multiply: Callable[["Spreader", Term], Node]


class Spreader:
    """Builds with nodes and with spreads: what forward mode gets as `f`."""

    def __init__(self, forms: Forms, rules: Linear) -> None:
        self.forms = forms
        self.sizes: dict[int, int] = {}
        self._numbers = count()
        self._rules = rules

    # -- what forward mode calls ---------------------------------------------------------------

    def unit(self, leaf: Node) -> Spread:
        """How an input moves with itself."""
        names = self.fresh(leaf.shape)
        return Spread(leaf.shape, leaf.shape, (Term((), names, names),))

    def __call__(self, op: ops.Op, *operands: Any, **static: Any) -> Any:
        moving = [operand for operand in operands if isinstance(operand, Spread)]
        if not moving:
            return self.forms(op, *operands, **static)
        if op is ops.CHAIN:
            return self._chained(*operands, **static)
        rule = self._rules.names.get(op)
        if rule is not None:
            found = rule(self, *operands, **static)
            if found is not None:
                return self._kept(found)
        return self._dense_rule(op, operands, static)

    def scalar(self, name: str, *operands: Any) -> Any:
        """A function of elements by its name, which is linear in what moves."""
        moving = [isinstance(operand, Spread) for operand in operands]
        if not any(moving):
            return self.forms.scalar(name, *operands)
        if name in ("add", "sub") and all(moving):
            left, right = operands
            return self._sum(left, right if name == "add" else scaled(right, -1.0))
        if name == "neg":
            return scaled(operands[0], -1.0)
        if name == "mul":
            left, right = operands
            return self.times(left, right) if moving[0] else self.times(right, left)
        if name == "div" and moving == [True, False]:
            one = self.literal(1.0)
            return self.times(operands[0], self.forms.scalar("div", one, operands[1]))
        raise UnsupportedError(f"{name} of what moves is not exported")

    def literal(self, array: Any) -> Node:
        """Fixed numbers."""
        return self.forms(ops.LITERAL, data=Data.of(np.asarray(array, dtype=np.float64)))

    # -- names -----------------------------------------------------------------------------------

    def fresh(self, shape: Sequence[int]) -> Names:
        """Names that nothing has, for dimensions of these sizes."""
        names = tuple(next(self._numbers) for _ in shape)
        self.sizes.update(zip(names, shape, strict=True))
        return names

    def stretched(self, term: Term, shape: Shape) -> Term:
        """A term broadcast to another shape: what was of size 1 is the same all along."""
        extra = len(shape) - len(term.own)
        own = [
            name if self.sizes[name] == size else self.fresh((size,))[0]
            for name, size in zip(term.own, shape[extra:], strict=True)
        ]
        return replace(term, own=(*self.fresh(shape[:extra]), *own))

    def aligned(self, node: Node, own: Names) -> Factor:
        """A node that is broadcast to dimensions as a factor."""
        names = own[len(own) - node.ndim :]
        return Factor(node, tuple(
            name if self.sizes[name] == size else self.fresh((size,))[0]
            for name, size in zip(names, node.shape, strict=True)
        ))  # fmt: skip

    # -- arithmetic --------------------------------------------------------------------------------

    def times(self, moving: Spread, factor: Node) -> Spread:
        """A spread times a node, element by element."""
        shape = tuple(np.broadcast_shapes(moving.shape, factor.shape))
        number = _number(factor)
        terms = []
        for term in moving.terms:
            wide = self.stretched(term, shape)
            if number is not None:
                terms.append(replace(wide, scale=wide.scale * number))
            else:
                one = self.aligned(factor, wide.own)
                terms.append(replace(wide, factors=(*wide.factors, one)))
        return self._kept(Spread(shape, moving.by, tuple(terms)))

    def _sum(self, left: Spread, right: Spread) -> Spread:
        shape = tuple(np.broadcast_shapes(left.shape, right.shape))
        both = (*left.terms, *right.terms)
        terms = tuple(self.stretched(term, shape) for term in both)
        return self._kept(Spread(shape, left.by, terms))

    def _chained(
        self, g: Spread, *operands: Node, symbols: Any, body: Any, written: Any, shape: Shape
    ) -> Spread:
        # fixed numbers put in: x**y has no slope left of x where y is 2 and it is the second one
        fixed = {
            symbol: number(float(operand["data"].array))
            for symbol, operand in zip(symbols, operands, strict=True)
            if operand.op is ops.LITERAL
            and not operand.shape
            and np.isfinite(operand["data"].array)
        }
        # as it is written: with choices in it, products of which are choices
        slope = written.xreplace(fixed)
        left = {s: o for s, o in zip(symbols, operands, strict=True) if s in slope.free_symbols}
        return self.times(g, self.forms.map(tuple(left), slope, None, tuple(left.values())))

    def _kept(self, spread: Spread) -> Spread:
        """A spread as it is, or multiplied out where it grows."""
        long = any(len(term.factors) > MOST_FACTORS for term in spread.terms)
        if len(spread.terms) > MOST_TERMS or long:
            return self.as_one(spread)
        return spread

    # -- multiplied out ----------------------------------------------------------------------------

    def dense(self, spread: Spread) -> Node:
        """All of its numbers, the dimensions of the input last."""
        whole = (*spread.shape, *spread.by)
        total: Node | None = None
        for term in spread.terms:
            found = self._rules.multiply(self, term)
            total = found if total is None else self.forms.scalar("add", total, found)
        return self.literal(np.zeros(whole)) if total is None else total

    def as_one(self, spread: Spread) -> Spread:
        """The same with a single factor."""
        return self.of_dense(self.dense(spread), spread.ndim) if spread.terms else spread

    def of_dense(self, node: Node, rank: int) -> Spread:
        """The spread with these numbers, of a tensor of a rank."""
        names = self.fresh(node.shape)
        term = Term((Factor(node, names),), names[:rank], names[rank:])
        return Spread(node.shape[:rank], node.shape[rank:], (term,))

    def _dense_rule(self, op: ops.Op, operands: Sequence[Any], static: Mapping[str, Any]) -> Spread:
        by = next(operand.by for operand in operands if isinstance(operand, Spread))
        rule = self._rules.numbers.get(op)
        if rule is None:
            raise UnsupportedError(
                f"the matrix of {op.name} is not exported", hint="--what hvp or vjp needs none"
            )
        given = [
            self.dense(operand) if isinstance(operand, Spread) else operand for operand in operands
        ]
        found = rule(self, by, *given, **static)
        return self.of_dense(found, found.ndim - len(by))


def scaled(spread: Spread, factor: float) -> Spread:
    """A spread times a number."""
    terms = tuple(replace(term, scale=term.scale * factor) for term in spread.terms)
    return replace(spread, terms=terms)


FEW = 10_000
"""Fixed numbers that are looked at for whether all are the same."""


def _number(node: Node) -> float | None:
    """The one number that all elements are, for which no factor is needed."""
    if math.prod(node.shape) > FEW:
        return None
    if any(part.op in (ops.VAR, ops.DETACH) for part in ancestry([node])):
        return None
    with np.errstate(all="ignore"):
        (values,) = evaluate([node], Floats(), {})
    return float(values.flat[0]) if values.size and (values == values.flat[0]).all() else None
