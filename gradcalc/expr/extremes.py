"""Operations that go by which elements are larger: extremes and order."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.expr.nodes import Node, Op, Shape
from gradcalc.expr.reducing import SUM, expanded, reduced, reduction_text


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
        rows = t.transpose([*rest, *axes]).reshape(*reduced(x.shape, axes), -1)
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

    return Op(
        f"{name}-peaks",
        lambda x, axes: x,
        peaks,
        lambda f, g, y, x, axes: [None],
        lambda w, node, axes: w.peaks(node, name, axes),
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
    linear=True,
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
