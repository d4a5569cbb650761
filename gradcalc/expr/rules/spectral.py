"""Rules of what gradients of eigenvalues and singular values are made of."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.nodes import Node
from gradcalc.expr.rules.common import ones
from gradcalc.expr.simplify import Rule, Simplifier
from gradcalc.expr.spectral import row, singular


def _eigen_back(s: Simplifier, x: Node, g: Node) -> Node:
    """`V diag(g) V.T`, which is a multiple of the unit matrix where g is one number."""
    number = s.number_of(g)
    if number is not None and x.ndim == 2:
        return s.scaled(number, s(ops.EYE, size=x.shape[0]))
    vectors = s(ops.EIGENVECTORS, x)
    return s(ops.MATMUL, _weighed(s, vectors, g), swapped(s, vectors))


def _singular_back(s: Simplifier, x: Node, g: Node) -> Node:
    left, _, right = singular(s, x)
    number = s.number_of(g)
    if number is not None:
        return s.scaled(number, s(ops.MATMUL, left, right))
    return s(ops.MATMUL, _weighed(s, left, g), right)


def _weighed(s: Simplifier, vectors: Node, g: Node) -> Node:
    return s.map(s.body(vectors) * s.body(row(s, g)), vectors.shape)


SPECTRAL: tuple[Rule, ...] = (
    Rule("eigenvalues-back", ops.EIGEN_BACK, _eigen_back,
         lambda f, x, a: f(ops.EIGEN_BACK, f(ops.MATMUL, a, swapped(f, a)), x)),
    Rule("eigenvalues-total", ops.EIGEN_BACK, _eigen_back,
         lambda f, x, a: f(ops.EIGEN_BACK, a, ones(f, x.shape))),
    Rule("singular-values-back", ops.SINGULAR_BACK, _singular_back,
         lambda f, x, a: f(ops.SINGULAR_BACK, a, x)),
)  # fmt: skip
