"""Operations along dimensions: sums, products, extremes, running sums, orders."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np

from gradcalc.expr.moving import FLIP, RESHAPE
from gradcalc.expr.nodes import Node, Op, Shape


def reduced(shape: Shape, axes: Shape) -> Shape:
    """The shape without some dimensions."""
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def kept(shape: Shape, axes: Shape) -> Shape:
    """The shape with some dimensions of size 1."""
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape))


def expanded(f: Any, g: Any, shape: Shape, axes: Shape) -> Any:
    """What was reduced along some dimensions, laid along them again with size 1."""
    return f(RESHAPE, g, shape=kept(shape, axes)) if axes else g


def _spread(f: Any, g: Node, y: Node, x: Node, axes: Shape) -> list[Node]:
    return [f(BROADCAST, expanded(f, g, x.shape, axes), shape=x.shape)]


def unbroadcast_axes(shape: Shape, wanted: Shape) -> tuple[Shape, Shape]:
    """The dimensions to sum to undo a broadcast: new ones, and those that had size 1."""
    new = len(shape) - len(wanted)
    stretched = [
        new + axis for axis, size in enumerate(wanted) if size == 1 and shape[new + axis] != 1
    ]
    return tuple(range(new)), tuple(stretched)


def unbroadcast(f: Any, g: Node, shape: Shape) -> Node:
    """Sum a cotangent to the shape of what was broadcast. The one place where that is done."""
    if g.shape == shape:
        return g
    new, stretched = unbroadcast_axes(g.shape, shape)
    summed: Node = f(SUM, g, axes=(*new, *stretched))
    if summed.shape != shape:
        summed = f(RESHAPE, summed, shape=shape)
    return summed


def _reduction_text(name: str) -> Any:
    def text(w: Any, node: Node, axes: Shape) -> Any:
        return w.reduction(name, node.operands[0], axes)

    return text


def _others(m: Any, x: Any, axes: Shape) -> Any:
    """The product of all other elements: exclusive running products from both sides."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose([*rest, *axes])
    flat = rows.reshape([*rows.shape[: len(rest)], math.prod(rows.shape[len(rest) :])])
    one = m.ones((*flat.shape[:-1], 1))
    before = np.concatenate([one, np.cumprod(flat[..., :-1], -1)], -1)
    back = flat[..., ::-1]
    behind = np.concatenate([one, np.cumprod(back[..., :-1], -1)], -1)[..., ::-1]
    return (before * behind).reshape(rows.shape).transpose(np.argsort([*rest, *axes]))


def _others_text(w: Any, node: Node, axes: Shape) -> Any:
    return w.others(node, axes)


def _cumprod_back(m: Any, g: Any, x: Any, axis: int) -> Any:
    """The cotangent of a running product: r[i] = g[i] + x[i+1] r[i+1], times what stands before."""
    rows, weights = np.moveaxis(x, axis, -1), np.moveaxis(g, axis, -1)
    one = m.ones((*rows.shape[:-1], 1))
    before = np.concatenate([one, np.cumprod(rows[..., :-1], -1)], -1)
    rest = weights.copy()
    for k in reversed(range(rest.shape[-1] - 1)):
        rest[..., k] = rest[..., k] + rows[..., k + 1] * rest[..., k + 1]
    return np.moveaxis(before * rest, -1, axis)


def _cumprod_back_text(w: Any, node: Node, axis: int) -> Any:
    raise w.unprintable("the derivative of a running product is not written out")


def _running_text(name: str) -> Any:
    def text(w: Any, node: Node, axis: int) -> Any:
        (x,) = node.operands
        return w.call(name, x, **({} if x.ndim == 1 else {"axis": axis}))

    return text


def sorting_order(x: Any, axis: int, descending: bool) -> Any:
    if not descending:
        return np.argsort(x, axis, kind="stable")
    flipped = np.argsort(np.flip(x, axis), axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - flipped, axis)


def _unsorted(m: Any, g: Any, x: Any, axis: int, descending: bool) -> Any:
    result = m.zeros(x.shape)
    np.put_along_axis(result, sorting_order(x, axis, descending), g, axis)
    return result


def _sort_text(w: Any, node: Node, axis: int, descending: bool) -> Any:
    (x,) = node.operands
    named = {"axis": axis} if axis != x.ndim - 1 else {}
    return w.attribute(w.call("sort", x, **named, **({"descending": True} if descending else {})),
                       "values")  # fmt: skip


def _extreme(name: str, array: Any) -> Op:
    def slope(f: Any, g: Node, y: Node, x: Node, axes: Shape) -> list[Node]:
        chosen = f(PEAKS[name], x, axes=axes)
        return [f.scalar("mul", chosen, expanded(f, g, x.shape, axes))]

    return Op(
        name,
        reduced,
        lambda m, x, axes: array(x, axis=axes),
        slope,
        _reduction_text(name),
    )


def _peaks(name: str, array: Any) -> Op:
    """Where a tensor is as large as it gets, as 1 and 0; several share the 1. One operation, for
    both sides of the comparison must be the same number to the last bit."""

    def peaks(m: Any, x: Any, axes: Shape) -> Any:
        chosen = np.where(x == array(x, axis=axes, keepdims=True), 1.0, 0.0)
        count = chosen.sum(axis=axes, keepdims=True)
        # nothing is as large as what is not a number
        return m.asarray(chosen) / m.asarray(np.where(count == 0, np.nan, count))

    return Op(
        f"{name}-peaks",
        lambda x, axes: x,
        peaks,
        text=lambda w, node, axes: w.peaks(node, name, axes),
    )


PEAKS = {"amax": _peaks("amax", np.max), "amin": _peaks("amin", np.min)}
BROADCAST: Op = Op(
    "broadcast",
    lambda x, shape: shape,
    lambda m, x, shape: np.broadcast_to(x, shape),
    lambda f, g, y, x, shape: [unbroadcast(f, g, x.shape)],
    lambda w, node, shape: w.call("broadcast_to", node.operands[0], shape),
    linear=True,
    moves=True,
)
SUM: Op = Op(
    "sum",
    reduced,
    lambda m, x, axes: np.sum(x, axis=axes),
    _spread,
    _reduction_text("sum"),
    linear=True,
)
OTHERS: Op = Op("others", lambda x, axes: x, _others, text=_others_text)
PROD: Op = Op(
    "prod",
    reduced,
    lambda m, x, axes: np.prod(x, axis=axes),
    lambda f, g, y, x, axes: [
        f.scalar("mul", expanded(f, g, x.shape, axes), f(OTHERS, x, axes=axes))
    ],
    _reduction_text("prod"),
)
AMAX: Op = _extreme("amax", np.max)
AMIN: Op = _extreme("amin", np.min)
CUMSUM: Op = Op(
    "cumsum",
    lambda x, axis: x,
    lambda m, x, axis: np.cumsum(x, axis),
    lambda f, g, y, x, axis: [
        f(FLIP, f(CUMSUM, f(FLIP, g, axes=(axis,)), axis=axis), axes=(axis,))
    ],
    _running_text("cumsum"),
    linear=True,
)
CUMPROD: Op = Op(
    "cumprod",
    lambda x, axis: x,
    lambda m, x, axis: np.cumprod(x, axis),
    lambda f, g, y, x, axis: [f(CUMPROD_BACK, g, x, axis=axis)],
    _running_text("cumprod"),
)
CUMPROD_BACK: Op = Op(
    "cumprod_back", lambda g, x, axis: x, _cumprod_back, text=_cumprod_back_text, linear=True
)
SORT: Op = Op(
    "sort",
    lambda x, axis, descending: x,
    lambda m, x, axis, descending: np.take_along_axis(x, sorting_order(x, axis, descending), axis),
    lambda f, g, y, x, axis, descending: [f(UNSORT, g, x, axis=axis, descending=descending)],
    _sort_text,
)
UNSORT: Op = Op(
    "unsort",
    lambda g, x, axis, descending: x,
    _unsorted,
    why="it puts elements back where the sort took them from",
    linear=True,
)

MEAN: Op = Op("mean", reduced, lambda m, x, axes: np.sum(x, axis=axes) / m.number(
    math.prod(np.shape(x)[axis] for axis in axes)), text=_reduction_text("mean"))  # fmt: skip


def _norm(m: Any, x: Any, axes: Shape) -> Any:
    return m.sqrt(np.sum(x * x, axis=axes))


def _deviation(m: Any, x: Any, axes: Shape) -> Any:
    count = math.prod(x.shape[axis] for axis in axes)
    centred = x - (np.sum(x, axis=axes) / m.number(count)).reshape(kept(x.shape, axes))
    return m.sqrt(np.sum(centred * centred, axis=axes) / m.number(count - 1))


STD: Op = Op("std", reduced, _deviation, text=_reduction_text("std"))
NORM: Op = Op("norm", reduced, _norm, text=_reduction_text("norm"))
LOGSUMEXP: Op = Op(
    "logsumexp",
    reduced,
    lambda m, x, axes: m.logsumexp(x, axes),
    text=_reduction_text("logsumexp"),
)
SOFTMAX: Op = Op(
    "softmax",
    lambda x, axis: x,
    lambda m, x, axis: m.softmax(x, axis),
    text=lambda w, node, axis: w.call(
        "softmax", node.operands[0], **({} if node.ndim == 1 else {"axis": axis})
    ),
)
