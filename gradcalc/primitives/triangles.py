"""The LU factors of matrices, as LAPACK packs them."""

from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.decompositions import SQUARE, STACK, TALL, WIDE, check_matrices
from gradcalc.primitives.placing import pointwise, slices
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.row import Structural, fitted

LARGEST = 64
"""Rows or columns of which there may be as many: each is a step of its own."""


def _lu(x: Any, pivot: bool = True) -> tuple[Any, bool]:
    check_matrices("lu_factor", x.shape)
    if min(x.shape[-2:]) > LARGEST:
        raise ShapeError(f"lu_factor of matrices larger than {LARGEST} by {LARGEST}")
    return x, bool(pivot)


def _part(f: Any, x: Any, rows: tuple[int, int], columns: tuple[int, int]) -> Any:
    """Some rows and columns of each matrix."""
    key = (*slices(x.shape[:-2]), *((a, b - a, 1) for a, b in (rows, columns)))
    return f(ops.INDEX, x, key=key)


def _eliminated(f: Any, x: Any, pivot: bool) -> tuple[list[tuple[Any, Any]], Any]:
    """Of each step the row that stays and the factors of the rows below it; and which row came up
    as that, counted from 0."""
    side, rest, steps = min(x.shape[-2:]), x, []
    swaps = np.broadcast_to(np.arange(side), (*x.shape[:-2], side)).copy()
    for k in range(side):
        if pivot:
            rest, found = _brought_up(f, rest)
            swaps[..., k] = found + k
        n, m = rest.shape[-2:]
        top, head = _part(f, rest, (0, 1), (0, m)), _part(f, rest, (0, 1), (0, 1))
        below = f.scalar("div", _part(f, rest, (1, n), (0, 1)), head) if n > 1 else None
        steps.append((top, below))
        if n > 1 and m > 1:
            taken = f(ops.MATMUL, below, _part(f, top, (0, 1), (1, m)))
            rest = f.scalar("sub", _part(f, rest, (1, n), (1, m)), taken)
    return steps, swaps


def _brought_up(f: Any, rest: Any) -> tuple[Any, Any]:
    """The rows with that of the greatest first element in front, and which one it was."""
    n = rest.shape[-2]
    first = f(ops.RESHAPE, _part(f, rest, (0, n), (0, 1)), shape=rest.shape[:-1])
    sizes, last = f.scalar("abs", first), (rest.ndim - 2,)
    # where two are as great, either may come first
    f(ops.AMAX, sizes, axes=last)
    found = np.squeeze(f.positions(sizes, "argmax", last), last).astype(np.int64)
    order = np.broadcast_to(np.arange(n), (*found.shape, n)).copy()
    np.put_along_axis(order, found[..., None], 0, -1)
    order[..., 0] = found
    return _rows(f, rest, order), found


def _rows(f: Any, x: Any, order: Any) -> Any:
    wide = np.broadcast_to(order[..., None], x.shape)
    return f(ops.INDEX, x, key=pointwise(wide, x.ndim - 2))


def _lu_form(f: Any, x: Any, pivot: bool) -> Extremes:
    if 0 in x.shape:
        return Extremes(x, f.literal(np.zeros((*x.shape[:-2], min(x.shape[-2:])))))
    steps, swaps = _eliminated(f, x, pivot)
    if pivot:
        steps, _ = _eliminated(f, _rows(f, x, order_of(swaps, x.shape[-2])), False)
    whole, shape = slices(x.shape[:-2]), tuple(x.shape)
    packed = f.literal(np.zeros(shape))
    for k, (top, below) in enumerate(steps):
        parts = [(top, (k, 1, 1), (k, top.shape[-1], 1))]
        if below is not None:
            parts.append((below, (k + 1, below.shape[-2], 1), (k, 1, 1)))
        for part, rows, columns in parts:
            put = f(ops.SCATTER, part, key=(*whole, rows, columns), shape=shape)
            packed = f.scalar("add", packed, put)
    return Extremes(packed, f.literal((swaps + 1).astype(float)))


def order_of(swaps: Any, count: int) -> Any:
    """Where the rows come from, of the rows that were swapped one after another."""
    lead = swaps.shape[:-1]
    orders = np.broadcast_to(np.arange(count), (*lead, count)).copy()
    for place in np.ndindex(lead):
        order = orders[place]
        for row, other in enumerate(swaps[place]):
            order[[row, other]] = order[[other, row]]
    return orders


FACTORED: tuple[Structural, ...] = (
    fitted("lu_factor", _lu, _lu_form, ((SQUARE,), (TALL,), (WIDE,), (STACK,)),
           "lower and upper factor of a matrix whose rows were swapped, in one; and the rows",
           lambda t, x, pivot: Extremes(*t.linalg.lu_factor(x, pivot=pivot))),
)  # fmt: skip
