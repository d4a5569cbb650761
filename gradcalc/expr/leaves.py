"""Where expressions begin: inputs, fixed numbers, detached values; and functions of elements."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.expr.nodes import Data, Node, Op, Shape

SHOWN_ELEMENTS = 12
"""The largest tensor of fixed numbers that is written out."""


def _no_array(m: Any, *values: Any, **static: Any) -> Any:
    raise AssertionError("a leaf has a value, it is not computed")


def _detached_text(w: Any, node: Node, name: str | None) -> Any:
    (x,) = node.operands
    if name is None or (x.op is VAR and w.stands_undetached(x)):
        return w.call("detach", x)
    return w.atom(name)


def _literal_text(w: Any, node: Node, data: Data) -> Any:
    array = data.array
    if array.ndim == 0 or not array.size or (array == array.flat[0]).all():
        return w.uniform(float(array.flat[0]) if array.size else 0.0, array.shape)
    if array.ndim == 1 and array.size > 2 and (array == np.arange(array.size)).all():
        return w.call("arange", array.size)
    if array.ndim == 2 and (array == np.eye(*array.shape)).all():
        return w.call("eye", *(array.shape if array.shape[0] != array.shape[1] else [len(array)]))
    if array.size > SHOWN_ELEMENTS:
        raise w.unprintable(f"it holds {array.size:,} fixed numbers")
    return w.tensor(node, nested_text(array, w.number))


def nested_text(array: Any, text: Any) -> str:
    """Numbers as nested lists."""
    if array.ndim == 0:
        return str(text(float(array)))
    return f"[{', '.join(nested_text(part, text) for part in array)}]"


def _mapped(
    m: Any, *values: Any, symbols: Sequence[Any], body: Any, shape: Shape, source: Any = None
) -> Any:
    result = m.map(symbols, body, values)
    return result if np.shape(result) == shape else np.broadcast_to(result, shape)


def _chained(
    m: Any, g: Any, *values: Any, symbols: Sequence[Any], body: Any, written: Any, shape: Shape
) -> Any:
    return m.chain(g, symbols, body, values)


VAR = Op(
    "var", lambda name, shape: shape, _no_array, text=lambda w, node, name, shape: w.name(name)
)
LITERAL = Op("literal", lambda data: data.shape, _no_array, text=_literal_text)
DETACH = Op("detach", lambda x, name: x, lambda m, x, name: x, text=_detached_text)

MAP = Op("map", lambda *shapes, symbols, body, shape, source=None: shape, _mapped)
"""A scalar expression `body` in `symbols`, one for each operand, broadcast to `shape`.

`source` is the elementwise primitive, and its variant, that it is, if it is one.
"""

CHAIN = Op("chain", lambda *shapes, symbols, body, written, shape: shape, _chained)
"""The chain rule: the first operand times a slope, which may be undefined where that is zero.

`written` is the slope in the form that a formula has.
"""
