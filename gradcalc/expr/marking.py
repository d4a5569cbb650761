"""What whole numbers stand for: a one at the place that each of them counts."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.expr.nodes import Node, Op, Shape


def _marked_shape(x: Shape, size: int, axis: int) -> Shape:
    return (*x[:axis], size, *x[axis:])


def _marked(m: Any, x: Any, size: int, axis: int) -> Any:
    # a little beside a whole number there is nothing else
    places = np.expand_dims(np.round(m.floats(x)), axis)
    along = [1] * places.ndim
    along[axis] = size
    marks = places == np.arange(float(size)).reshape(along)
    return m.asarray(np.where(marks, 1.0, 0.0))


def _marked_text(w: Any, node: Node, size: int, axis: int) -> Any:
    (x,) = node.operands
    return w.call("one_hot", x, size, **({} if axis == x.ndim else {"axis": axis}))


ONE_HOT: Op = Op(
    "one-hot",
    _marked_shape,
    _marked,
    lambda f, g, y, x, size, axis: [None],
    _marked_text,
    jvp=lambda f, t, y, x, size, axis: None,
)
"""A one along a new dimension where the whole numbers say, zeros elsewhere. It passes nothing on:
of whole numbers there is no slope."""
