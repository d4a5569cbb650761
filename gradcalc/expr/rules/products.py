"""Rules of products of vectors and matrices, of inverses and determinants."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import each_matrix, swapped
from gradcalc.expr.nodes import Node
from gradcalc.expr.rules.common import ones
from gradcalc.expr.simplify import Rule, Simplifier
from gradcalc.expr.symmetry import is_transposed


def _matmul_uniform(s: Simplifier, x: Node, y: Node) -> Node | None:
    """A product with ones is a sum."""
    if s.number_of(y) == 1 and y.ndim == 1 and x.ndim <= 2:
        return s(ops.SUM, x, axes=(x.ndim - 1,))
    if s.number_of(x) == 1 and x.ndim == 1 and y.ndim <= 2:
        return s(ops.SUM, y, axes=(0,))
    if x.ndim == y.ndim == 2 and x.shape[1] == 1 and 1 in (s.number_of(x), s.number_of(y)):
        return s.map(s.body(y if s.number_of(x) == 1 else x), (x.shape[0], y.shape[1]))
    if x.ndim == y.ndim == 2 and s.number_of(y) == 1:
        rows = s(ops.SUM, x, axes=(1,))
        column = s(ops.RESHAPE, rows, shape=(x.shape[0], 1))
        return s.map(s.body(column), (x.shape[0], y.shape[1]))
    if x.ndim == y.ndim == 2 and s.number_of(x) == 1:
        return s.map(s.body(s(ops.SUM, y, axes=(0,))), (x.shape[0], y.shape[1]))
    return None


def _matmul_single(s: Simplifier, x: Node, y: Node) -> Node | None:
    """A product with a matrix of one element is a multiple."""
    if x.ndim != 2 or y.ndim != 2 or (1, 1) not in (x.shape, y.shape):
        return None
    return s.map(s.body(x) * s.body(y), (x.shape[0], y.shape[1]))


def _matmul_eye(s: Simplifier, x: Node, y: Node) -> Node | None:
    if x.op is ops.EYE and y.ndim <= 2:
        return y
    return x if y.op is ops.EYE and x.ndim <= 2 else None


def _matmul_inverse(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`inv(A) @ A` is the unit matrix, `A @ (inv(A) @ b)` is b, `A @ solve(A, b)` too."""
    if x.ndim != 2:
        return None
    if _are_inverse(x, y):
        return s(ops.EYE, size=x.shape[0])
    if y.op is ops.MATMUL and _are_inverse(x, y.operands[0]):
        return y.operands[1]
    if x.op is ops.MATMUL and _are_inverse(x.operands[1], y):
        return x.operands[0]
    return y.operands[1] if y.op is ops.SOLVE and y.operands[0] is x else None


def _are_inverse(x: Node, y: Node) -> bool:
    """Whether a matrix is the inverse of the other one, or both turned."""
    if is_transposed(x) and is_transposed(y):
        return _are_inverse(x.operands[0], y.operands[0])
    pairs = ((x, y), (y, x))
    return x.ndim == 2 and any(a.op is ops.INV and a.operands[0] is b for a, b in pairs)


def _solve_product(s: Simplifier, a: Node, b: Node) -> Node | None:
    """`solve(A, A @ b)` is b."""
    if a.ndim != 2:
        return None
    if a is b:
        return s(ops.EYE, size=a.shape[0])
    return b.operands[1] if b.op is ops.MATMUL and b.operands[0] is a else None


def _matmul_spread(s: Simplifier, x: Node, y: Node) -> Node | None:
    """A product with a matrix whose rows are all the same is an outer product, or has such rows."""
    if not x.ndim == y.ndim == 2:
        return None
    if _has_one_row(y):
        return s(ops.OUTER, s(ops.SUM, x, axes=(1,)), s.map(y["body"], y.shape[1:]))
    if _has_one_row(x):
        row = s(ops.MATMUL, swapped(s, y), s.map(x["body"], x.shape[1:]))
        return s.map(s.body(row), (x.shape[0], y.shape[1]))
    return None


def _has_one_row(x: Node) -> bool:
    """Whether a matrix is a vector along each of its rows."""
    ranks = [operand.ndim for operand in x.operands]
    return x.op is ops.MAP and max(ranks, default=0) == 1


def _matmul_softmax(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`softmax(u) @ (v + c)` is `softmax(u) @ v + c`."""
    for weights, other in ((x, y), (y, x)):
        if weights.op is not ops.SOFTMAX or x.ndim != 1 or y.ndim != 1 or other.op is not ops.MAP:
            continue
        terms = sympy.Add.make_args(other["body"])
        fixed = [term for term in terms if s.is_scalar(term)]
        rest = sympy.Add(*[term for term in terms if not s.is_scalar(term)])
        if fixed and rest != 0:
            product = s(ops.MATMUL, weights, s.map(rest, other.shape))
            return s.map(sympy.Add(*fixed) + s.body(product), ())
    return None


def _matmul_placed(s: Simplifier, x: Node, y: Node) -> Node | None:
    """The product with a vector of one element and zeros takes one element out."""
    if x.ndim != 1 or y.ndim != 1:
        return None
    for placed, other in ((x, y), (y, x)):
        if (
            placed.op is ops.SCATTER
            and len(placed["key"]) == 1
            and isinstance(placed["key"][0], int)
        ):
            element = s(ops.INDEX, other, key=placed["key"])
            return s.map(s.body(placed.operands[0]) * s.body(element), ())
    return None


def _matmul_vector_first(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`v @ M` is `M.T @ v`."""
    if x.ndim == 1 and y.ndim == 2:
        return s(ops.MATMUL, swapped(s, y), x)
    return None


def _matmul_order(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`u @ v` and `v @ u` are one node."""
    if x.ndim == y.ndim == 1 and _precedence(x) > _precedence(y):
        return s(ops.MATMUL, y, x)
    return None


def _matmul_turned(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`u @ A.T @ v` is `v @ A @ u`."""
    if x.ndim == y.ndim == 1 and y.op is ops.MATMUL and y.operands[0].op is ops.PERMUTE:
        turned, vector = y.operands
        return s(ops.MATMUL, vector, s(ops.MATMUL, turned.operands[0], x))
    return None


def _precedence(x: Node) -> tuple[int, int]:
    # a quadratic form is x @ A @ x, its plain vector in front
    return (x.op is ops.MATMUL, x.order)


def _matmul_outer(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`outer(a, b) @ v` is `a*(b @ v)`."""
    if x.op is ops.OUTER:
        a, b = x.operands
        if y.ndim == 1:
            return s.map(s.body(a) * s.body(s(ops.MATMUL, b, y)), a.shape)
        return s(ops.OUTER, a, s(ops.MATMUL, b, y)) if y.ndim == 2 else None
    if y.op is ops.OUTER and x.ndim == 2:
        a, b = y.operands
        return s(ops.OUTER, s(ops.MATMUL, x, a), b)
    return None


def _matmul_diagonal(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`diag(d) @ v` is `d*v`."""
    if x.op is ops.EMBED and x.ndim == 2 and not x["offset"] and y.ndim == 1:
        (d,) = x.operands
        if d.shape == y.shape == x.shape[:1] == x.shape[1:]:
            return s.map(s.body(d) * s.body(y), y.shape)
    return None


def _outer_uniform(s: Simplifier, x: Node, y: Node) -> Node | None:
    """`outer(ones, v)` repeats v."""
    shape = (*x.shape, *y.shape)
    if s.number_of(x) == 1:
        return s.map(s.body(y), shape)
    if s.number_of(y) == 1:
        return s.map(s.body(s(ops.RESHAPE, x, shape=(*x.shape, 1))), shape)
    return None


def _inverse(s: Simplifier, x: Node) -> Node | None:
    if x.op is ops.INV:
        return x.operands[0]
    if x.op is ops.PERMUTE and x["order"] == (1, 0):
        return swapped(s, s(ops.INV, x.operands[0]))
    return x if x.op is ops.EYE else None


def _cofactor(s: Simplifier, x: Node) -> Node | None:
    inverse, det = swapped(s, s(ops.INV, x)), each_matrix(s, s(ops.DET, x))
    return s.map(s.body(det) * s.body(inverse), x.shape)


def _det_transposed(s: Simplifier, x: Node) -> Node | None:
    return s(ops.DET, x.operands[0]) if x.op is ops.PERMUTE and x.ndim == 2 else None


def _trace_transposed(s: Simplifier, x: Node) -> Node | None:
    return s(ops.TRACE, x.operands[0]) if x.op is ops.PERMUTE else None


PRODUCTS: tuple[Rule, ...] = (
    Rule("matmul-uniform", ops.MATMUL, _matmul_uniform,
         lambda f, x, a: f(ops.MATMUL, a, ones(f, x.shape))),
    Rule("matmul-single", ops.MATMUL, _matmul_single,
         lambda f, x, a: f(ops.MATMUL, f(ops.RESHAPE, x, shape=(3, 1)),
                           f(ops.RESHAPE, f(ops.SUM, x, axes=(0,)), shape=(1, 1)))),
    Rule("matmul-eye", ops.MATMUL, _matmul_eye,
         lambda f, x, a: f(ops.MATMUL, a, f(ops.EYE, size=3))),
    Rule("matmul-inverse", ops.MATMUL, _matmul_inverse,
         lambda f, x, a: f(ops.MATMUL, f(ops.INV, a), a)),
    Rule("matmul-inverse-turned", ops.MATMUL, _matmul_inverse,
         lambda f, x, a: f(ops.MATMUL, f(ops.MATMUL, a, swapped(f, a)),
                           swapped(f, f(ops.INV, a)))),
    Rule("matmul-solve", ops.MATMUL, _matmul_inverse,
         lambda f, x, a: f(ops.MATMUL, a, f(ops.SOLVE, a, x))),
    Rule("solve-product", ops.SOLVE, _solve_product,
         lambda f, x, a: f(ops.SOLVE, a, f(ops.MATMUL, a, x))),
    Rule("matmul-spread", ops.MATMUL, _matmul_spread,
         lambda f, x, a: f(ops.MATMUL, a, f.map(sympy.exp(f.symbol(x)), (3, 3)))),
    Rule("matmul-spread-first", ops.MATMUL, _matmul_spread,
         lambda f, x, a: f(ops.MATMUL, f.map(sympy.exp(f.symbol(x)), (3, 3)), a)),
    Rule("matmul-placed", ops.MATMUL, _matmul_placed,
         lambda f, x, a: f(ops.MATMUL, x, f(ops.SCATTER, f(ops.INDEX, x, key=(0,)), key=(1,),
                                            shape=(3,)))),
    Rule("matmul-vector-first", ops.MATMUL, _matmul_vector_first,
         lambda f, x, a: f(ops.MATMUL, x, a)),
    Rule("matmul-outer", ops.MATMUL, _matmul_outer,
         lambda f, x, a: f(ops.MATMUL, f(ops.OUTER, x, x), x)),
    Rule("matmul-diagonal", ops.MATMUL, _matmul_diagonal,
         lambda f, x, a: f(ops.MATMUL, f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1),
                           x)),
    Rule("matmul-softmax", ops.MATMUL, _matmul_softmax,
         lambda f, x, a: f(ops.MATMUL, f(ops.SOFTMAX, x, axis=0), f.map(
             f.symbol(x) - f.symbol(f(ops.AMAX, x, axes=(0,))), (3,)))),
    Rule("matmul-turned", ops.MATMUL, _matmul_turned,
         lambda f, x, a: f(ops.MATMUL, x, f(ops.MATMUL, swapped(f, a), x))),
    Rule("matmul-order", ops.MATMUL, _matmul_order,
         lambda f, x, a: f(ops.MATMUL, f(ops.MATMUL, a, x), x)),
    Rule("outer-uniform", ops.OUTER, _outer_uniform,
         lambda f, x, a: f(ops.OUTER, ones(f, x.shape), x)),
    Rule("inverse", ops.INV, _inverse, lambda f, x, a: f(ops.INV, f(ops.INV, a))),
    Rule("cofactor", ops.COFACTOR, _cofactor, lambda f, x, a: f(ops.COFACTOR, a)),
    Rule("det-transposed", ops.DET, _det_transposed, lambda f, x, a: f(ops.DET, swapped(f, a))),
    Rule("trace-transposed", ops.TRACE, _trace_transposed,
         lambda f, x, a: f(ops.TRACE, swapped(f, a))),
)  # fmt: skip
