"""Operations that join tensors, and those of diagonals and triangles."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.expr.moving import INDEX
from gradcalc.expr.nodes import Node, Op, Shape


def _joined(*shapes: Shape, axis: int) -> Shape:
    first = list(shapes[0])
    first[axis] = sum(shape[axis] for shape in shapes)
    return tuple(first)


def _cut(f: Any, g: Node, y: Node, *parts: Node, axis: int) -> list[Node]:
    result, start = [], 0
    for part in parts:
        size = part.shape[axis]
        key = (*[(0, s, 1) for s in g.shape[:axis]], (start, size, 1))
        result.append(f(INDEX, g, key=key))
        start += size
    return result


def _unstack(f: Any, g: Node, y: Node, *parts: Node, axis: int) -> list[Node]:
    whole = [(0, size, 1) for size in g.shape[:axis]]
    return [f(INDEX, g, key=(*whole, k)) for k in range(len(parts))]


def _is_list(node: Node) -> bool:
    """Whether a tensor is nothing but single elements put side by side."""
    if node.shape == ():
        return True
    return node.op is STACK and not node["axis"] and all(map(_is_list, node.operands))


def _stack_text(w: Any, node: Node, axis: int) -> Any:
    if axis == 0 and all(map(_is_list, node.operands)):
        return w.listed(node)
    return w.call("stack", node.operands, **({"axis": axis} if axis else {}))


def _embedded(m: Any, g: Any, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    result = m.zeros(shape)
    view = np.moveaxis(result, (dim1, dim2), (-2, -1))
    rows = np.arange(g.shape[-1]) + max(-offset, 0)
    view[..., rows, rows + offset] = g
    return result


def _diagonal_shape(shape: Shape, offset: int, dim1: int, dim2: int) -> Shape:
    rows, columns = shape[dim1], shape[dim2]
    size = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    return (*[s for k, s in enumerate(shape) if k not in (dim1, dim2)], size)


def _diagonal_text(w: Any, node: Node, offset: int, dim1: int, dim2: int) -> Any:
    (x,) = node.operands
    if x.ndim == 2 and (dim1, dim2) == (0, 1):
        return w.call("diag", x, *([offset] if offset else []))
    return w.call("diagonal", x, offset, dim1, dim2)


def _embed_text(w: Any, node: Node, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    if len(shape) != 2 or shape[0] != shape[1] or (dim1, dim2) != (0, 1):
        raise w.unprintable("it puts elements on a diagonal that is not that of a square matrix")
    return w.call("diag", node.operands[0], *([offset] if offset else []))


def _triangle(name: str, cut: Any) -> Op:
    op = Op(
        name,
        lambda x, diagonal: x,
        lambda m, x, diagonal: np.where(cut(np.ones(x.shape, np.bool_), diagonal), x, m.zeros(())),
        lambda f, g, y, x, diagonal: [f(op, g, diagonal=diagonal)],
        lambda w, node, diagonal: w.call(name, node.operands[0], *([diagonal] if diagonal else [])),
        jvp="all",
    )
    return op


CONCAT: Op = Op(
    "concat",
    _joined,
    lambda m, *parts, axis: np.concatenate(parts, axis),
    _cut,
    lambda w, node, axis: w.call("concat", node.operands, **({"axis": axis} if axis else {})),
    moves=True,
    jvp="all",
)
STACK: Op = Op(
    "stack",
    lambda *shapes, axis: (*shapes[0][:axis], len(shapes), *shapes[0][axis:]),
    lambda m, *parts, axis: np.stack(parts, axis),
    _unstack,
    _stack_text,
    moves=True,
    jvp="all",
)
DIAGONAL: Op = Op(
    "diagonal",
    _diagonal_shape,
    lambda m, x, offset, dim1, dim2: x.diagonal(offset, dim1, dim2),
    lambda f, g, y, x, offset, dim1, dim2: [
        f(EMBED, g, shape=x.shape, offset=offset, dim1=dim1, dim2=dim2)
    ],
    _diagonal_text,
    moves=True,
    jvp="all",
)
EMBED: Op = Op(
    "embed",
    lambda g, shape, offset, dim1, dim2: shape,
    _embedded,
    lambda f, g, y, x, shape, offset, dim1, dim2: [
        f(DIAGONAL, g, offset=offset, dim1=dim1, dim2=dim2)
    ],
    _embed_text,
    jvp="all",
)
TRIL: Op = _triangle("tril", np.tril)
TRIU: Op = _triangle("triu", np.triu)
