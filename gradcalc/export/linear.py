"""Linear operations of spreads: by the names of dimensions, or on all numbers at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.export.contraction import multiplied
from gradcalc.export.spread import Factor, Linear, Spread, Spreader, Term
from gradcalc.expr import ops
from gradcalc.expr.moving import inserted_axes
from gradcalc.expr.nodes import Forms, Node, Shape


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
    gone = inserted_axes(shape, x.shape)
    if gone is None:
        return None

    def taken(term: Term) -> Term:
        return replace(term, own=tuple(n for k, n in enumerate(term.own) if k not in gone))

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
        found: Any = op.form(f, *wide, **static)
        return f.dense(found)

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


def spreader(forms: Forms) -> Spreader:
    """What builds with nodes and spreads on these forms."""
    return Spreader(forms, Linear(RULES, DENSE, multiplied))
