"""Derivatives of tensors by tensors as sums of products, which are multiplied out at the end.

Forward mode takes the whole unit tensor of an input as its tangent. What comes of it is kept as
factors with named dimensions, as in Einstein's notation, until it is known in what it ends: then the
cheapest product comes first, and what is a diagonal is never a matrix (Laue, Mitterreiter and
Giesen, "Computing Higher Order Derivatives of Matrix and Tensor Expressions", 2018).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from gradcalc.errors import UnsupportedError
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.expr.moving import inserted_axes
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

    What is in the factors alone is summed over; a name that stands twice in front is a diagonal, one
    that no factor has is the same all along.
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


class Spreader:
    """Builds with nodes and with spreads: what forward mode gets as `f`."""

    def __init__(self, forms: Forms, multiply: Any) -> None:
        self.forms = forms
        self.sizes: dict[int, int] = {}
        self._numbers = count()
        self._multiply = multiply

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
        rule = RULES.get(op)
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
            if operand.op is ops.LITERAL and not operand.shape and np.isfinite(operand["data"].array)
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
            found = self._multiply(self, term)
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
        rule = DENSE.get(op)
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


# -- rules by names ------------------------------------------------------------------------------


def _each(spread: Spread, shape: Shape, change: Any) -> Spread:
    return Spread(shape, spread.by, tuple(map(change, spread.terms)))


def _summed(f: Spreader, x: Spread, axes: Shape) -> Spread:
    shape = tuple(size for k, size in enumerate(x.shape) if k not in axes)

    def change(term: Term) -> Term:
        gone = [term.own[axis] for axis in axes]
        own = tuple(name for k, name in enumerate(term.own) if k not in axes)
        held = {*own, *term.across, *(n for factor in term.factors for n in factor.names)}
        # nothing depends on it: it is there as often as it is long
        alone = [f.sizes[name] for name in dict.fromkeys(gone) if name not in held]
        return replace(term, own=own, scale=term.scale * float(np.prod(alone, initial=1.0)))

    return _each(x, shape, change)


def _permuted(f: Spreader, x: Spread, order: Shape) -> Spread:
    shape = tuple(x.shape[k] for k in order)
    return _each(x, shape, lambda t: replace(t, own=tuple(t.own[k] for k in order)))


def _reshaped(f: Spreader, x: Spread, shape: Shape) -> Spread | None:
    axes = inserted_axes(x.shape, shape) if x.shape != shape else ()
    if axes is not None:

        def put(term: Term) -> Term:
            left = iter(term.own)
            own = [f.fresh((1,))[0] if k in axes else next(left) for k in range(len(shape))]
            return replace(term, own=tuple(own))

        return _each(x, shape, put)
    axes = inserted_axes(shape, x.shape)
    if axes is None:
        return None

    def taken(term: Term) -> Term:
        return replace(term, own=tuple(n for k, n in enumerate(term.own) if k not in axes))

    return _each(x, shape, taken)


def _broadcast(f: Spreader, x: Spread, shape: Shape) -> Spread:
    return _each(x, shape, lambda term: f.stretched(term, shape))


def _product(f: Spreader, x: Any, y: Any) -> Spread:
    """Of matrices, whatever stands in front."""
    shape = ops.MATMUL.shape(x.shape, y.shape)
    batch = shape[: len(shape) - (x.ndim > 1) - (y.ndim > 1)]
    first = isinstance(x, Spread)
    spread, fixed = (x, y) if first else (y, x)

    def change(term: Term) -> Term:
        lead, tail = term.own[:-2], term.own[-2:]
        # the dimension that is summed over: the last of the first, the last but one of the second
        joint = tail[-1] if first or len(tail) == 1 else tail[0]
        rest = () if len(tail) == 1 else tail[:1] if first else tail[1:]
        own = f.stretched(replace(term, own=lead), batch).own
        others = f.fresh(fixed.shape[-2:][1:] if first else fixed.shape[-2:][:-1])
        matrix = (joint, *others) if first else (*others, joint)
        sizes = fixed.shape[:-2]
        aligned = [
            name if f.sizes[name] == size else f.fresh((size,))[0]
            for name, size in zip(own[len(own) - len(sizes) :], sizes, strict=True)
        ]
        factor = Factor(fixed, (*aligned, *matrix))
        free = (*rest, *others) if first else (*others, *rest)
        return replace(term, factors=(*term.factors, factor), own=(*own, *free))

    return _each(spread, shape, change)


def _outer(f: Spreader, x: Any, y: Any) -> Spread:
    shape = (*x.shape, *y.shape)
    moving, fixed = (x, y) if isinstance(x, Spread) else (y, x)

    def change(term: Term) -> Term:
        (name,) = f.fresh(fixed.shape)
        own = (*term.own, name) if moving is x else (name, *term.own)
        return replace(term, factors=(*term.factors, Factor(fixed, (name,))), own=own)

    return _each(moving, shape, change)


def _diagonal(f: Spreader, x: Spread, offset: int, dim1: int, dim2: int) -> Spread | None:
    if offset or x.shape[dim1] != x.shape[dim2]:
        return None
    shape = (*(s for k, s in enumerate(x.shape) if k not in (dim1, dim2)), x.shape[dim1])

    def change(term: Term) -> Term:
        one, other = term.own[dim1], term.own[dim2]
        joined = term.renamed({other: one})
        own = (*(n for k, n in enumerate(joined.own) if k not in (dim1, dim2)), one)
        return replace(joined, own=own)

    return _each(x, shape, change)


def _trace(f: Spreader, x: Spread) -> Spread | None:
    found = _diagonal(f, x, 0, 0, 1)
    return None if found is None else _summed(f, found, (0,))


def _embedded(
    f: Spreader, x: Spread, shape: Shape, offset: int, dim1: int, dim2: int
) -> Spread | None:
    if offset or shape[dim1] != shape[dim2]:
        return None

    def change(term: Term) -> Term:
        *front, last = term.own
        left = iter(front)
        own = [last if k in (dim1, dim2) else next(left) for k in range(len(shape))]
        return replace(term, own=tuple(own))

    return _each(x, shape, change)


def _cut(op: ops.Op) -> Any:
    """A triangle as a product with ones and zeros."""

    def rule(f: Spreader, x: Spread, diagonal: int) -> Spread:
        ones = f.literal(np.ones(x.shape[-2:]))
        return f.times(x, f.forms(op, ones, diagonal=diagonal))

    return rule


RULES: Mapping[ops.Op, Any] = {
    ops.SUM: _summed, ops.PERMUTE: _permuted, ops.RESHAPE: _reshaped, ops.BROADCAST: _broadcast,
    ops.MATMUL: _product, ops.OUTER: _outer, ops.DIAGONAL: _diagonal, ops.TRACE: _trace,
    ops.EMBED: _embedded, ops.TRIL: _cut(ops.TRIL), ops.TRIU: _cut(ops.TRIU),
}  # fmt: skip
"""Linear operations that change names and factors; one that gives None has to be multiplied out."""


# -- rules on numbers ----------------------------------------------------------------------------


def _as_it_is(op: ops.Op, *sized: str) -> Any:
    """An operation on the first dimensions, which leaves those of the input alone."""

    def rule(f: Spreader, by: Shape, x: Node, **static: Any) -> Node:
        wider = {k: (*v, *by) if k in sized else v for k, v in static.items()}
        return f.forms(op, x, **wider)

    return rule


def _behind(op: ops.Op) -> Any:
    """An operation that puts a dimension last, which then stands before those of the input."""

    def rule(f: Spreader, by: Shape, x: Node, **static: Any) -> Node:
        found = f.forms(op, x, **static)
        own = found.ndim - len(by) - 1
        order = (*range(own), found.ndim - 1, *range(own, found.ndim - 1))
        return f.forms(ops.PERMUTE, found, order=order)

    return rule


def _before(op: ops.Op) -> Any:
    """The contrary: it takes the last dimension."""

    def rule(f: Spreader, by: Shape, x: Node, shape: Shape, **static: Any) -> Node:
        own = x.ndim - len(by)
        order = (*range(own - 1), *range(own, x.ndim), own - 1)
        return f.forms(op, f.forms(ops.PERMUTE, x, order=order), shape=(*shape, *by), **static)

    return rule


def _joined(op: ops.Op) -> Any:
    def rule(f: Spreader, by: Shape, *parts: Node, axis: int) -> Node:
        rank = max(part.ndim for part in parts)
        wide = [
            # what does not move is there as zeros, without dimensions of the input
            part if part.ndim == rank else f.literal(np.zeros((*part.shape, *by)))
            for part in parts
        ]
        return f.forms(op, *wide, axis=axis)

    return rule


def _solved(f: Spreader, by: Shape, a: Node, b: Node) -> Node:
    """The solution for many right-hand sides side by side."""
    size = int(np.prod(by, dtype=int))
    front = a.ndim - 2
    vector = b.ndim - len(by) == 1
    columns = 1 if vector else b.shape[front + 1]
    flat = f.forms(ops.RESHAPE, b, shape=(*a.shape[:-1], columns * size))
    return f.forms(ops.RESHAPE, f.forms(ops.SOLVE, a, flat), shape=b.shape)


def _beside(op: ops.Op) -> Any:
    """The operations that treat a tensor in the order of another one."""

    def rule(f: Spreader, by: Shape, t: Node, x: Node, axis: int, descending: bool) -> Node:
        size = int(np.prod(by, dtype=int))
        flat = f.forms(ops.RESHAPE, t, shape=(*x.shape, size))
        first = f.forms(ops.PERMUTE, flat, order=(x.ndim, *range(x.ndim)))
        wide = f.forms(ops.BROADCAST, x, shape=(size, *x.shape))
        found = f.forms(op, first, wide, axis=axis + 1, descending=descending)
        back = f.forms(ops.PERMUTE, found, order=(*range(1, x.ndim + 1), 0))
        return f.forms(ops.RESHAPE, back, shape=(*x.shape, *by))

    return rule


def _through_form(op: ops.Op) -> Any:
    """An operation of more operands in others, for each of which there is a rule."""

    def rule(f: Spreader, by: Shape, *operands: Node, **static: Any) -> Node:
        wide = [
            f.of_dense(operand, operand.ndim - len(by)) if k == moving(op) else operand
            for k, operand in enumerate(operands)
        ]
        assert op.form is not None
        return f.dense(op.form(f, *wide, **static))

    return rule


def moving(op: ops.Op) -> int:
    """Which operand of an operation of several it is linear in."""
    return 1 if op in (ops.EIGEN_BACK, ops.SINGULAR_BACK) else 0


DENSE: Mapping[ops.Op, Any] = {
    ops.INDEX: _as_it_is(ops.INDEX), ops.SCATTER: _as_it_is(ops.SCATTER, "shape"),
    ops.RESHAPE: _as_it_is(ops.RESHAPE, "shape"), ops.FLIP: _as_it_is(ops.FLIP),
    ops.ROLL: _as_it_is(ops.ROLL), ops.CUMSUM: _as_it_is(ops.CUMSUM),
    ops.DIAGONAL: _behind(ops.DIAGONAL), ops.EMBED: _before(ops.EMBED),
    ops.CONCAT: _joined(ops.CONCAT), ops.STACK: _joined(ops.STACK), ops.SOLVE: _solved,
    ops.REORDER: _beside(ops.REORDER), ops.UNSORT: _beside(ops.UNSORT),
    **{op: _through_form(op) for op in (
        *ops.ALONG.values(), ops.CUMPROD_BACK, ops.CUMPROD_ALONG, ops.EIGEN_BACK,
        ops.SINGULAR_BACK,
    )},
}  # fmt: skip
"""Linear operations on all numbers, the dimensions of the input last."""
