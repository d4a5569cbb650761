"""Linear algebra as operations on whole tensors."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.expr.joining import DIAGONAL, EMBED
from gradcalc.expr.moving import PERMUTE, RESHAPE
from gradcalc.expr.nodes import Node, Op, Shape
from gradcalc.expr.reducing import BROADCAST, SUM, unbroadcast
from gradcalc.expr.written import COMPARISON, POWER, PRODUCT, Text


def swapped(f: Any, x: Node) -> Node:
    """The last two dimensions swapped."""
    rank = x.ndim
    return f(PERMUTE, x, order=(*range(rank - 2), rank - 1, rank - 2))  # type: ignore[no-any-return]


def traces(f: Any, x: Node) -> Node:
    """The trace of each matrix of a stack."""
    if x.ndim == 2:
        return f(TRACE, x)  # type: ignore[no-any-return]
    diagonal = f(DIAGONAL, x, offset=0, dim1=x.ndim - 2, dim2=x.ndim - 1)
    return f(SUM, diagonal, axes=(x.ndim - 2,))  # type: ignore[no-any-return]


def each_matrix(f: Any, g: Node) -> Node:
    """A number for each matrix of a stack, to be spread over its elements."""
    return f(RESHAPE, g, shape=(*g.shape, 1, 1)) if g.ndim else g


def _matmul_shape(x: Shape, y: Shape) -> Shape:
    batch = np.broadcast_shapes(x[:-2], y[:-2])
    return (*batch, *x[-2:-1], *(y[-1:] if len(y) > 1 else ()))


def _matmul_vjp(f: Any, g: Node, z: Node, x: Node, y: Node) -> list[Node]:
    if x.ndim == y.ndim == 1:
        return [f.scalar("mul", g, y), f.scalar("mul", g, x)]
    if y.ndim == 1:
        left = f(OUTER, g, y) if x.ndim == 2 else _pairs(f, g, y)
        return [left, unbroadcast(f, _reduce_rows(f, x, g), y.shape)]
    if x.ndim == 1:
        right = f(OUTER, x, g) if y.ndim == 2 else _pairs_first(f, x, g)
        return [unbroadcast(f, _reduce_columns(f, g, y), x.shape), right]
    return [
        unbroadcast(f, f(MATMUL, g, swapped(f, y)), x.shape),
        unbroadcast(f, f(MATMUL, swapped(f, x), g), y.shape),
    ]


def _pairs(f: Any, g: Node, y: Node) -> Node:
    """`g[..., :, None]*y`."""
    return f.scalar("mul", f(RESHAPE, g, shape=(*g.shape, 1)), y)  # type: ignore[no-any-return]


def _pairs_first(f: Any, x: Node, g: Node) -> Node:
    """`x[:, None]*g[..., None, :]`."""
    column = f(RESHAPE, x, shape=(*x.shape, 1))
    row = f(RESHAPE, g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    return f.scalar("mul", column, row)  # type: ignore[no-any-return]


def _reduce_rows(f: Any, x: Node, g: Node) -> Node:
    """`X.T@g`, whatever stands in front."""
    if x.ndim == 2:
        return f(MATMUL, swapped(f, x), g)  # type: ignore[no-any-return]
    column = f(RESHAPE, g, shape=(*g.shape, 1))
    product = f(MATMUL, swapped(f, x), column)
    return f(RESHAPE, product, shape=product.shape[:-1])  # type: ignore[no-any-return]


def _reduce_columns(f: Any, g: Node, y: Node) -> Node:
    """`Y@g`, whatever stands in front."""
    if y.ndim == 2:
        return f(MATMUL, y, g)  # type: ignore[no-any-return]
    product = f(MATMUL, y, f(RESHAPE, g, shape=(*g.shape, 1)))
    return f(RESHAPE, product, shape=product.shape[:-1])  # type: ignore[no-any-return]


def _solve_vjp(f: Any, g: Node, z: Node, a: Node, b: Node) -> list[Node]:
    back = f(SOLVE, swapped(f, a), g)
    left = f(OUTER, back, z) if b.ndim == 1 else f(MATMUL, back, swapped(f, z))
    return [f.scalar("neg", left), back]


def _inv_vjp(f: Any, g: Node, y: Node, x: Node) -> list[Node]:
    transposed = swapped(f, y)
    return [f.scalar("neg", f(MATMUL, f(MATMUL, transposed, g), transposed))]


def _solve_jvp(f: Any, t: Any, z: Node, a: Node, b: Node) -> Any:
    """a z = b, so that a dz = db - da z."""
    matrix, right = t
    if matrix is None:
        return f(SOLVE, a, right)
    less = f(MATMUL, matrix, z)
    moved = f.scalar("neg", less) if right is None else f.scalar("sub", right, less)
    return f(SOLVE, a, moved)


def _matmul_text(w: Any, node: Node) -> Any:
    """Without the brackets that associativity makes superfluous."""
    x, y = node.operands
    left, right = w(x), w(y)
    if left.level == right.level == COMPARISON:
        # a product of truth values would be one, too
        left = Text(f"where({left.text}, 1, 0)")
    first = left.text if left.matrix else left.within(POWER)
    loose = right.matrix and y.op is MATMUL and y.operands[0].ndim == 2
    second = right.text if loose else right.within(POWER)
    return Text(f"{first}@{second}", PRODUCT, matrix=True)


MATMUL: Op = Op(
    "matmul",
    _matmul_shape,
    lambda m, x, y: m.matmul(x, y),
    _matmul_vjp,
    _matmul_text,
    jvp="each",
)
OUTER: Op = Op(
    "outer",
    lambda x, y: (*x, *y),
    lambda m, x, y: x[:, None] * y[None, :],
    lambda f, g, z, x, y: [f(MATMUL, g, y), f(MATMUL, swapped(f, g), x)],
    lambda w, node: w.call("outer", *node.operands),
    jvp="each",
)
EYE: Op = Op(
    "eye",
    lambda size: (size, size),
    lambda m, size: m.eye(size),
    text=lambda w, node, size: w.call("eye", size),
)
TRACE: Op = Op(
    "trace",
    lambda x: (),
    lambda m, x: m.asarray(np.trace(x)),
    lambda f, g, y, x: [
        f.scalar("mul", g, f(EYE, size=x.shape[0]))
        if x.shape[0] == x.shape[1]
        else f(
            EMBED, f(BROADCAST, g, shape=(min(x.shape),)), shape=x.shape, offset=0, dim1=0, dim2=1
        )
    ],
    lambda w, node: w.call("trace", node.operands[0]),
    jvp="all",
)
DET: Op = Op(
    "det",
    lambda x: x[:-2],
    lambda m, x: m.det(x) if x.size else m.ones(x.shape[:-2]),
    lambda f, g, y, x: [f.scalar("mul", each_matrix(f, g), f(COFACTOR, x))],
    lambda w, node: w.call("det", node.operands[0]),
    jvp=lambda f, t, y, x: f.scalar("mul", y, traces(f, f(SOLVE, x, t[0]))),
)
LOGDET: Op = Op(
    "logdet",
    lambda x: x[:-2],
    lambda m, x: m.logdet(x) if x.size else m.zeros(x.shape[:-2]),
    lambda f, g, y, x: [f.scalar("mul", each_matrix(f, g), swapped(f, f(INV, x)))],
    lambda w, node: w.call("logdet", node.operands[0]),
    jvp=lambda f, t, y, x: traces(f, f(SOLVE, x, t[0])),
)
COFACTOR: Op = Op(
    "cofactor",
    lambda x: x,
    lambda m, x: m.cofactor(x) if x.size else x,
    form=lambda f, x: f.scalar("mul", each_matrix(f, f(DET, x)), swapped(f, f(INV, x))),
)
"""The matrix of cofactors, `det(A)*inv(A).T` where A is not singular."""

INV: Op = Op(
    "inv",
    lambda x: x,
    lambda m, x: m.inv(x) if x.size else x,
    _inv_vjp,
    lambda w, node: w.call("inv", node.operands[0]),
    jvp=lambda f, t, y, x: f.scalar("neg", f(MATMUL, y, f(MATMUL, t[0], y))),
)
SOLVE: Op = Op(
    "solve",
    lambda a, b: b,
    lambda m, a, b: m.solve(a, b) if b.size else b,
    _solve_vjp,
    lambda w, node: w.call("solve", *node.operands),
    jvp=_solve_jvp,
)
"""Of a matrix and a vector, or of stacks of matrices, as many on both sides."""
