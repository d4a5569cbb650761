"""Eigenvalues and singular values, with their vectors, as operations on stacks of matrices.

A matrix counts as its symmetric part where eigenvalues are real by that, as torch differentiates
them. Vectors are known up to a sign, which is LAPACK's; where two values coincide there are none,
nor is a slope of either value. What hangs on no such vector has a slope all the same: cotangents
that are 0 ask for none.
"""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.expr.factors import constant, symmetric
from gradcalc.expr.linear import MATMUL, swapped
from gradcalc.expr.moving import RESHAPE
from gradcalc.expr.nodes import Node, Op, Shape
from gradcalc.expr.reducing import SUM


def row(f: Any, x: Node) -> Any:
    """A number for each column of matrices."""
    return f(RESHAPE, x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def _column(f: Any, x: Node) -> Any:
    return f(RESHAPE, x, shape=(*x.shape, 1))


def is_tall(x: Node | Any) -> bool:
    """Whether a matrix has as many rows as columns, or more."""
    return bool(x.shape[-2] >= x.shape[-1])


def weighed(f: Any, left: Node, weights: Node, right: Node) -> Any:
    """The product of two matrices, a weight for each column of the first."""
    return f(MATMUL, f.scalar("mul", left, row(f, weights)), right)


def _apart(f: Any, values: Node) -> Any:
    """1/(w[j] - w[i]) in row i and column j, and 0 on the diagonal."""
    eye = np.eye(values.shape[-1])
    gaps = f.scalar("sub", row(f, values), _column(f, values))
    return f.scalar("div", constant(f, 1 - eye), f.scalar("add", gaps, constant(f, eye)))


def _along(f: Any, vectors: Node, apart: Node, inner: Node) -> Any:
    return f(MATMUL, vectors, f.scalar("mul", apart, inner))


def _asked(weights: Any, vectors: Any) -> Any:
    """The vectors in columns, zeros in place of those whose weight is known to be 0."""
    unasked = np.frompyfunc(lambda weight: bool(weight == 0), 1, 1)(weights).astype(np.bool_)
    if not unasked.any():
        return vectors
    return np.where(unasked[..., None, :], weights[unasked][0], vectors)


def _eigen_back(m: Any, x: Any, g: Any) -> Any:
    """What is the same for all eigenvalues asks for no vector: it is a multiple of the unit matrix.

    So vectors are asked for where a weight is another than most have.
    """
    usual = _usual(g)
    rest = g - usual
    vectors = _asked(rest, m.eigh(x)[1])
    found = m.matmul(vectors * rest[..., None, :], np.swapaxes(vectors, -1, -2))
    return found + m.eye(x.shape[-1]) * usual[..., None]


def _usual(g: Any) -> Any:
    """What most weights of each matrix are known to be."""
    usual = np.empty_like(g[..., :1])
    for place in np.ndindex(g.shape[:-1]):
        usual[place][0] = _most(g[place])
    return usual


def _most(weights: Any) -> Any:
    """The number that most weights are known to be."""
    counts = [sum(bool(one == other) for other in weights) for one in weights]
    return weights[int(np.argmax(counts))]


def _singular_back(m: Any, x: Any, g: Any) -> Any:
    """What is the same for all singular values asks for no vectors, but for a product of them all.

    So vectors are asked for where a weight is another than most have.
    """
    left, _, right = m.svd(x)
    usual = _usual(g)
    unasked = np.frompyfunc(lambda weight: bool(weight == 0), 1, 1)(usual).astype(np.bool_)
    rest = g if unasked.all() else g - np.where(unasked, 0 * g[..., :1], usual)
    parts = (_asked(rest, left) * rest[..., None, :], np.swapaxes(_asked(rest, right), -1, -2))
    found = m.matmul(*parts)
    if unasked.all():
        return found
    whole = m.polar(x) * usual[..., None]
    return found + np.where(unasked[..., None], 0 * usual[..., None], whole)


def _eigen_back_form(f: Any, x: Node, g: Node) -> Any:
    vectors = f(EIGENVECTORS, x)
    return weighed(f, vectors, g, swapped(f, vectors))


def _singular_back_form(f: Any, x: Node, g: Node) -> Any:
    left, _, right = singular(f, x)
    return weighed(f, left, g, right)


def _eigenvalues_jvp(f: Any, t: Any, y: Node, x: Node) -> Any:
    vectors = f(EIGENVECTORS, x)
    products = f.scalar("mul", vectors, f(MATMUL, t[0], vectors))
    return f(SUM, products, axes=(products.ndim - 2,))


def _eigenvectors_vjp(f: Any, g: Node, y: Node, x: Node) -> list[Any]:
    turned = swapped(f, y)
    inner = f(MATMUL, turned, g)
    found = f(MATMUL, _along(f, y, _apart(f, f(EIGENVALUES, x)), inner), turned)
    return [symmetric(f, found)]


def _eigenvectors_jvp(f: Any, t: Any, y: Node, x: Node) -> Any:
    inner = f(MATMUL, swapped(f, y), f(MATMUL, symmetric(f, t[0]), y))
    return _along(f, y, _apart(f, f(EIGENVALUES, x)), inner)


def _singular_jvp(f: Any, t: Any, y: Node, x: Node) -> Any:
    left, _, right = singular(f, x)
    products = f.scalar("mul", left, f(MATMUL, t[0], swapped(f, right)))
    return f(SUM, products, axes=(products.ndim - 2,))


def _right_vjp(f: Any, g: Node, y: Node, x: Node) -> list[Any]:
    """They are the eigenvectors of A.T A, whose eigenvalues fall."""
    vectors, turned = swapped(f, y), swapped(f, g)
    apart = _apart(f, f.scalar("square", f(SINGULAR, x)))
    found = f(MATMUL, _along(f, vectors, apart, f(MATMUL, y, turned)), y)
    return [f(MATMUL, x, f.scalar("add", found, swapped(f, found)))]


def _right_jvp(f: Any, t: Any, y: Node, x: Node) -> Any:
    apart = _apart(f, f.scalar("square", f(SINGULAR, x)))
    vectors = swapped(f, y)
    part = f(MATMUL, swapped(f, f(MATMUL, x, vectors)), f(MATMUL, t[0], vectors))
    return swapped(f, _along(f, vectors, apart, f.scalar("add", part, swapped(f, part))))


def left_vectors(f: Any, x: Node) -> Any:
    """Left vectors of a tall matrix, by the right ones."""
    return f.scalar("div", f(MATMUL, x, swapped(f, f(RIGHT, x))), row(f, f(SINGULAR, x)))


def singular(f: Any, x: Node) -> tuple[Any, Any, Any]:
    """The left vectors, in columns, the singular values, falling, and right vectors, in rows."""
    if is_tall(x):
        return f(LEFT, x), f(SINGULAR, x), f(RIGHT, x)
    turned = swapped(f, x)
    return swapped(f, f(RIGHT, turned)), f(SINGULAR, x), swapped(f, f(LEFT, turned))


def _singular_shape(x: Shape) -> Shape:
    return (*x[:-2], min(x[-2:]))


EIGENVALUES: Op = Op(
    "eigenvalues",
    lambda x: x[:-1],
    lambda m, x: m.eigh(x)[0] if x.size else m.zeros(x.shape[:-1]),
    lambda f, g, y, x: [f(EIGEN_BACK, x, g)],
    lambda w, node: w.call("eigvalsh", node.operands[0]),
    jvp=_eigenvalues_jvp,
)
EIGENVECTORS: Op = Op(
    "eigenvectors",
    lambda x: x,
    lambda m, x: m.eigh(x)[1] if x.size else x,
    _eigenvectors_vjp,
    lambda w, node: w.part(w.call("eigh", node.operands[0]), 1),
    jvp=_eigenvectors_jvp,
)
EIGEN_BACK: Op = Op(
    "eigenvalues_back",
    lambda x, g: x,
    lambda m, x, g: _eigen_back(m, x, g) if x.size else x,
    form=_eigen_back_form,
)
"""`V diag(g) V.T`, the cotangent of a matrix from those of its eigenvalues."""

SINGULAR: Op = Op(
    "singular_values",
    _singular_shape,
    lambda m, x: m.svd(x)[1] if x.size else m.zeros(_singular_shape(x.shape)),
    lambda f, g, y, x: [f(SINGULAR_BACK, x, g)],
    lambda w, node: w.call("svdvals", node.operands[0]),
    jvp=_singular_jvp,
)
LEFT: Op = Op(
    "left_vectors",
    lambda x: x,
    lambda m, x: m.svd(x)[0] if x.size else x,
    text=lambda w, node: w.part(w.call("svd", node.operands[0], full_matrices=False), 0),
    form=left_vectors,
)
"""Those of a matrix with no more columns than rows."""

RIGHT: Op = Op(
    "right_vectors",
    lambda x: (*x[:-2], x[-1], x[-1]),
    lambda m, x: (
        np.swapaxes(m.svd(x)[2], -1, -2)
        if x.size
        else m.zeros((*x.shape[:-2], x.shape[-1], x.shape[-1]))
    ),
    _right_vjp,
    lambda w, node: w.part(w.call("svd", node.operands[0], full_matrices=False), 2),
    jvp=_right_jvp,
)
"""Those of a matrix with no more columns than rows, in rows."""

SINGULAR_BACK: Op = Op(
    "singular_values_back",
    lambda x, g: x,
    lambda m, x, g: _singular_back(m, x, g) if x.size else x,
    form=_singular_back_form,
)
"""`U diag(g) V.T`, the cotangent of a matrix from those of its singular values."""
