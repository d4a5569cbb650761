"""Operations along dimensions: sums, means, norms, what undoes a broadcast; extremes and order."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np

from gradcalc.expr.moving import RESHAPE
from gradcalc.expr.nodes import LITERAL, Data, Node, Op, Shape
from gradcalc.expr.written import COMPARISON, PRODUCT, Text
from gradcalc.expr.written import SUM as SUM_LEVEL


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


def _extreme(name: str) -> Op:
    def slope(f: Any, g: Node, y: Node, x: Node, axes: Shape) -> list[Node]:
        chosen = f(PEAKS[name], x, axes=axes)
        return [f.scalar("mul", chosen, expanded(f, g, x.shape, axes))]

    return Op(
        name,
        reduced,
        lambda m, x, axes: getattr(m, name)(x, axes).reshape(reduced(x.shape, axes)),
        slope,
        reduction_text(name),
        jvp=lambda f, t, y, x, axes: f(ALONG[name], t[0], x, axes=axes),
    )


def _along(name: str) -> Op:
    """The tangent where a tensor is as large as it gets, of the first of several."""

    def taken(m: Any, t: Any, x: Any, axes: Shape) -> Any:
        rest = [axis for axis in range(x.ndim) if axis not in axes]
        place = getattr(m, f"arg{name[1:]}")(x, axes)
        count = math.prod(x.shape[axis] for axis in axes)
        rows = t.transpose([*rest, *axes]).reshape(*reduced(x.shape, axes), count)
        places = place.reshape(*reduced(x.shape, axes), 1)
        return np.take_along_axis(rows, places, -1)[..., 0]

    return Op(
        f"{name}-along",
        lambda t, x, axes: reduced(x, axes),
        taken,
        why="it takes elements where others are the largest",
        form=lambda f, t, x, axes: f(
            SUM, f.scalar("mul", t, f(PEAKS[name], x, axes=axes)), axes=axes
        ),
    )


def _peaks(name: str) -> Op:
    """Where a tensor is as large as it gets, as 1 and 0; several share the 1. One operation, for
    both sides of the comparison must be the same number to the last bit."""

    def peaks(m: Any, x: Any, axes: Shape) -> Any:
        chosen = m.equal(x, getattr(m, name)(x, axes))
        count = chosen.sum(axis=axes, keepdims=True)
        # nothing is as large as what is not a number
        return m.asarray(np.where(chosen, 1.0, 0.0)) / m.asarray(
            np.where(count == 0, np.nan, count)
        )

    def text(w: Any, node: Node, axes: Shape) -> Any:
        (x,) = node.operands
        keep = len(axes) < x.ndim
        same = f"{w(x).within(SUM_LEVEL)} == {w.reduction(name, x, axes, keep=keep).text}"
        if w.careful:
            along = f", axis={axes[0] if len(axes) == 1 else axes}, keepdims=True" if keep else ""
            return Text(f"where({same}, 1, 0)/sum(where({same}, 1, 0){along})", PRODUCT)
        return Text(f"where({same}, 1, 0)") if w.is_root(node) else Text(same, COMPARISON)

    return Op(
        f"{name}-peaks",
        lambda x, axes: x,
        peaks,
        lambda f, g, y, x, axes: [None],
        text,
        jvp=lambda f, t, y, x, axes: None,
    )


def _reordered(m: Any, t: Any, x: Any, axis: int, descending: bool) -> Any:
    return np.take_along_axis(t, m.order(x, axis, descending), axis)


def _unsorted(m: Any, g: Any, x: Any, axis: int, descending: bool) -> Any:
    result = m.zeros(x.shape)
    np.put_along_axis(result, m.order(x, axis, descending), g, axis)
    return result


def _sort_text(w: Any, node: Node, axis: int, descending: bool) -> Any:
    (x,) = node.operands
    named = {"axis": axis} if axis != x.ndim - 1 else {}
    return w.attribute(w.call("sort", x, **named, **({"descending": True} if descending else {})),
                       "values")  # fmt: skip


ALONG = {"amax": _along("amax"), "amin": _along("amin")}
PEAKS = {"amax": _peaks("amax"), "amin": _peaks("amin")}
AMAX: Op = _extreme("amax")
AMIN: Op = _extreme("amin")
SORT: Op = Op(
    "sort",
    lambda x, axis, descending: x,
    lambda m, x, axis, descending: _reordered(m, x, x, axis, descending),
    lambda f, g, y, x, axis, descending: [f(UNSORT, g, x, axis=axis, descending=descending)],
    _sort_text,
    jvp=lambda f, t, y, x, axis, descending: f(REORDER, t[0], x, axis=axis, descending=descending),
)
UNSORT: Op = Op(
    "unsort",
    lambda g, x, axis, descending: x,
    _unsorted,
    lambda f, g, y, h, x, axis, descending: [
        f(REORDER, g, x, axis=axis, descending=descending), None,
    ],
    why="it puts elements back where the sort took them from",
    jvp="first",
)  # fmt: skip
REORDER: Op = Op(
    "reorder",
    lambda t, x, axis, descending: x,
    _reordered,
    lambda f, g, y, h, x, axis, descending: [
        f(UNSORT, g, x, axis=axis, descending=descending), None,
    ],
    why="it takes elements in the order of others",
    jvp="first",
)  # fmt: skip
