"""Factors of matrices and the matrix exponential, as operations on stacks of matrices.

Cholesky's factor is that of the symmetric part, as torch differentiates it. What a triangular
factor moves by is half of a symmetric matrix, its diagonal halved (Murray, "Differentiation of the
Cholesky decomposition", 2016).
"""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.expr.joining import CONCAT, TRIL, TRIU
from gradcalc.expr.linear import MATMUL, SOLVE, swapped
from gradcalc.expr.moving import INDEX
from gradcalc.expr.nodes import LITERAL, Data, Node, Op


def constant(f: Any, array: Any) -> Any:
    """Fixed numbers, whatever the builder makes."""
    return f(LITERAL, data=Data.of(np.asarray(array, dtype=np.float64)))


def symmetric(f: Any, x: Node) -> Any:
    """The symmetric part of each matrix."""
    return f.scalar("mul", constant(f, 0.5), f.scalar("add", x, swapped(f, x)))


def _lower(f: Any, x: Node) -> Any:
    """The lower half, with half of the diagonal."""
    size = x.shape[-1]
    return f.scalar("mul", x, constant(f, np.tril(np.ones((size, size))) - np.eye(size) / 2))


def _upper(f: Any, x: Node) -> Any:
    size = x.shape[-1]
    return f.scalar("mul", x, constant(f, np.triu(np.ones((size, size))) - np.eye(size) / 2))


def _cholesky_vjp(f: Any, g: Node, y: Node, x: Node) -> list[Node]:
    """inv(L).T sym(P) inv(L), where P is the lower half of L.T G."""
    turned = swapped(f, y)
    half = _lower(f, f(MATMUL, turned, f(TRIL, g, diagonal=0)))
    left = f(SOLVE, turned, symmetric(f, half))
    return [swapped(f, f(SOLVE, turned, swapped(f, left)))]


def _cholesky_jvp(f: Any, t: Any, y: Node, x: Node) -> Node:
    """L times the lower half of inv(L) dA inv(L).T."""
    left = f(SOLVE, y, symmetric(f, t[0]))
    moved = swapped(f, f(SOLVE, y, swapped(f, left)))
    return f(MATMUL, y, _lower(f, moved))  # type: ignore[no-any-return]


def _triangle_vjp(f: Any, g: Node, y: Node, x: Node) -> list[Node]:
    """Q S inv(R).T with S symmetric, of the upper half of G R.T."""
    turned = swapped(f, y)
    half = _upper(f, f(MATMUL, f(TRIU, g, diagonal=0), turned))
    both = f.scalar("add", half, swapped(f, half))
    orthogonal = swapped(f, f(SOLVE, turned, swapped(f, x)))
    # (Q S) inv(R).T is inv(R) (Q S).T, turned
    right = f(SOLVE, y, swapped(f, f(MATMUL, orthogonal, both)))
    return [swapped(f, right)]


def _triangle_jvp(f: Any, t: Any, y: Node, x: Node) -> Node:
    """The upper half of C + C.T, times R, where C is Q.T dA inv(R)."""
    turned = swapped(f, y)
    orthogonal = f(SOLVE, turned, swapped(f, x))
    moved = swapped(f, f(SOLVE, turned, swapped(f, t[0])))
    part = f(MATMUL, orthogonal, moved)
    return f(MATMUL, _upper(f, f.scalar("add", part, swapped(f, part))), y)  # type: ignore[no-any-return]


def _exponential_along(f: Any, x: Node, move: Node) -> Node:
    """The derivative of an exponential: the corner of that of twice the size (Mathias, 1996)."""
    size, axis = x.shape[-1], x.ndim - 2
    rows = [
        f(CONCAT, x, move, axis=axis + 1),
        f(CONCAT, constant(f, np.zeros(x.shape)), x, axis=axis + 1),
    ]
    found = f(EXPM, f(CONCAT, *rows, axis=axis))
    front = [(0, count, 1) for count in x.shape[:-2]]
    return f(INDEX, found, key=(*front, (0, size, 1), (size, size, 1)))  # type: ignore[no-any-return]


CHOLESKY: Op = Op(
    "cholesky",
    lambda x: x,
    lambda m, x: m.cholesky(x) if x.size else x,
    _cholesky_vjp,
    lambda w, node: w.call("cholesky", node.operands[0]),
    jvp=_cholesky_jvp,
)
"""The lower triangle L with L @ L.T the symmetric part of a matrix, its diagonal positive."""

TRIANGLE: Op = Op(
    "triangle",
    lambda x: (*x[:-2], x[-1], x[-1]),
    lambda m, x: m.triangle(x) if x.size else m.zeros((*x.shape[:-2], x.shape[-1], x.shape[-1])),
    _triangle_vjp,
    lambda w, node: w.part(w.call("qr", node.operands[0]), 1),
    jvp=_triangle_jvp,
)
"""The upper triangle R with Q @ R a matrix with no more columns than rows, signs as LAPACK's."""

EXPM: Op = Op(
    "matrix_exp",
    lambda x: x,
    lambda m, x: m.expm(x) if x.size else x,
    lambda f, g, y, x: [_exponential_along(f, swapped(f, x), g)],
    lambda w, node: w.call("matrix_exp", node.operands[0]),
    jvp=lambda f, t, y, x: _exponential_along(f, x, t[0]),
)
