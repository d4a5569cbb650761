"""Operations along dimensions that sum: sums, means, norms, and what undoes a broadcast."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np

from gradcalc.expr.leaves import LITERAL
from gradcalc.expr.moving import RESHAPE
from gradcalc.expr.nodes import Data, Node, Op, Shape


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


def unbroadcast(f: Any, g: Any, shape: Shape) -> Any:
    """Sum a cotangent to the shape of what was broadcast. The one place where that is done."""
    if g.shape == shape:
        return g
    new, stretched = unbroadcast_axes(g.shape, shape)
    summed = f(SUM, g, axes=(*new, *stretched))
    if summed.shape != shape:
        summed = f(RESHAPE, summed, shape=shape)
    return summed


def reduction_text(name: str) -> Any:
    def text(w: Any, node: Node, axes: Shape) -> Any:
        return w.reduction(name, node.operands[0], axes)

    return text


def _mean_form(f: Any, x: Any, axes: Shape) -> Any:
    count = math.prod(x.shape[axis] for axis in axes)
    share = f(LITERAL, data=Data.of(np.array(float(count))))
    return f.scalar("div", f(SUM, x, axes=axes), share)


def _norm(m: Any, x: Any, axes: Shape) -> Any:
    return m.sqrt(np.sum(x * x, axis=axes))


def _norm_form(f: Any, x: Any, axes: Shape) -> Any:
    return f.scalar("sqrt", f(SUM, f.scalar("square", x), axes=axes))


def _deviation(m: Any, x: Any, axes: Shape) -> Any:
    count = math.prod(x.shape[axis] for axis in axes)
    centred = x - (np.sum(x, axis=axes) / m.number(count)).reshape(kept(x.shape, axes))
    return m.sqrt(np.sum(centred * centred, axis=axes) / m.number(count - 1))


def _deviation_form(f: Any, x: Any, axes: Shape) -> Any:
    count = math.prod(x.shape[axis] for axis in axes)
    centred = f.scalar("sub", x, expanded(f, _mean_form(f, x, axes), x.shape, axes))
    share = f(LITERAL, data=Data.of(np.array(float(count - 1))))
    squares = f(SUM, f.scalar("square", centred), axes=axes)
    return f.scalar("sqrt", f.scalar("div", squares, share))


def _softmax_form(f: Any, x: Any, axis: int) -> Any:
    total = expanded(f, f(LOGSUMEXP, x, axes=(axis,)), x.shape, (axis,))
    return f.scalar("exp", f.scalar("sub", x, total))


BROADCAST: Op = Op(
    "broadcast",
    lambda x, shape: shape,
    lambda m, x, shape: np.broadcast_to(x, shape),
    lambda f, g, y, x, shape: [unbroadcast(f, g, x.shape)],
    lambda w, node, shape: w.call("broadcast_to", node.operands[0], shape),
    linear=True,
    moves=True,
    jvp="all",
)
SUM: Op = Op(
    "sum",
    reduced,
    # numpy's sums of nothing are plain numbers
    lambda m, x, axes: m.asarray(np.sum(x, axis=axes)),
    _spread,
    reduction_text("sum"),
    linear=True,
    jvp="all",
)
MEAN: Op = Op(
    "mean",
    reduced,
    lambda m, x, axes: (
        np.sum(x, axis=axes) / m.number(math.prod(np.shape(x)[axis] for axis in axes))
    ),
    text=reduction_text("mean"),
    form=_mean_form,
)
STD: Op = Op("std", reduced, _deviation, text=reduction_text("std"), form=_deviation_form)
NORM: Op = Op("norm", reduced, _norm, text=reduction_text("norm"), form=_norm_form)
LOGSUMEXP: Op = Op(
    "logsumexp",
    reduced,
    lambda m, x, axes: m.logsumexp(x, axes),
    text=reduction_text("logsumexp"),
    form=lambda f, x, axes: f.scalar("log", f(SUM, f.scalar("exp", x), axes=axes)),
)
SOFTMAX: Op = Op(
    "softmax",
    lambda x, axis: x,
    lambda m, x, axis: m.softmax(x, axis),
    text=lambda w, node, axis: w.call(
        "softmax", node.operands[0], **({} if node.ndim == 1 else {"axis": axis})
    ),
    form=_softmax_form,
)
