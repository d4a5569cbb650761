"""Linear algebra: products of vectors and matrices, traces, determinants, inverses."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import LINALG, InvalidValueError, ShapeError
from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.primitives.row import Samples, Structural, fitted
from gradcalc.primitives.shapes import Shape, show

Call = Callable[..., Any]

SINGULAR, INDEFINITE = "the matrix is singular", "the matrix is not positive definite"
"""What the matter is where there is no inverse, and no triangle of Cholesky's."""


def check_rank(name: str, shape: Shape, rank: int) -> None:
    """Vectors have rank 1, matrices 2."""
    if len(shape) != rank:
        what = {1: "vectors", 2: "a matrix"}[rank]
        raise ShapeError(f"{name} needs {what}, not shape {show(shape)}")


def check_square(name: str, shape: Shape) -> None:
    """Determinants and inverses are of one square matrix."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"{name} needs a square matrix, not shape {show(shape)}")


def check_matmul(name: str, left: Shape, right: Shape) -> None:
    """The last size on the left meets the second to last on the right."""
    if not left or not right:
        raise ShapeError(
            f"{name} needs vectors or matrices, not shapes {show(left)} and {show(right)}",
            hint="write * for a scalar",
        )
    if left[-1] != right[-2 if len(right) > 1 else 0]:
        raise ShapeError(f"{name} of shapes {show(left)} and {show(right)}: the inner sizes differ")
    try:
        np.broadcast_shapes(tuple(left[:-2]), tuple(right[:-2]))
    except ValueError:
        both = f"{show(left)} and {show(right)}"
        raise ShapeError(f"{name} of shapes {both}: the batches differ") from None


def check_dot(left: Shape, right: Shape) -> None:
    """Of more dimensions numpy's dot is not its matmul."""
    if max(len(left), len(right)) > 2:
        both = f"{show(left)} and {show(right)}"
        raise ShapeError(f"dot of shapes {both}: more than two dimensions", hint="write @")
    check_matmul("dot", left, right)


def check_solve(matrix: Shape, right: Shape, left: bool = True, name: str = "solve") -> bool:
    """As many numbers on the right as unknowns, in vectors, of which it tells, or in matrices."""
    check_square(name, matrix)
    a, b = tuple(matrix), tuple(right)
    vectors = len(b) == 1 or (len(b) == len(a) - 1 and b == a[:-1])
    unknowns = b[-1 if vectors or not left else -2] if b else None
    both = f"{name} of shapes {show(matrix)} and {show(right)}"
    if unknowns != a[-1] or (vectors and not left):
        raise ShapeError(f"{both}: the sizes differ")
    try:
        np.broadcast_shapes(a[:-2], b[: -1 if vectors else -2])
    except ValueError:
        raise ShapeError(f"{both}: the batches differ") from None
    return vectors


def solved(f: Any, a: Any, b: Any, left: bool = True, name: str = "solve") -> Any:
    """x with a @ x = b, or x @ a = b, whatever stands in front of the matrices."""
    if not left:
        turned = solved(f, swapped(f, a), swapped(f, b), name=name)
        return swapped(f, turned)
    vectors = check_solve(a.shape, b.shape, name=name)
    if a.ndim == 2 and b.ndim <= 2:
        return f(ops.SOLVE, a, b)
    shape = b.shape
    column = f(ops.RESHAPE, b, shape=(*shape, 1)) if vectors else b
    front = np.broadcast_shapes(a.shape[:-2], column.shape[:-2])
    pair = [
        x if x.shape[:-2] == front else f(ops.BROADCAST, x, shape=(*front, *x.shape[-2:]))
        for x in (a, column)
    ]
    found = f(ops.SOLVE, *pair)
    return f(ops.RESHAPE, found, shape=found.shape[:-1]) if vectors else found


def _factors(x: Any, y: Any) -> tuple[Any, Any]:
    check_matmul("matmul", x.shape, y.shape)
    return x, y


def _dotted(x: Any, y: Any) -> tuple[Any, Any]:
    check_dot(x.shape, y.shape)
    return x, y


def _vectors(x: Any, y: Any) -> tuple[Any, Any]:
    check_rank("outer", x.shape, 1)
    check_rank("outer", y.shape, 1)
    return x, y


def _matrix(x: Any) -> tuple[Any]:
    check_rank("trace", x.shape, 2)
    return (x,)


def _square(name: str) -> Call:
    def fit(x: Any) -> tuple[Any]:
        check_square(name, x.shape)
        return (x,)

    return fit


def _system(a: Any, b: Any, left: bool = True) -> tuple[Any, Any, bool]:
    check_solve(a.shape, b.shape, bool(left))
    return a, b, bool(left)


def _torch_solve(t: Any, a: Any, b: Any, left: bool) -> Any:
    return _regular("solve")(t, a, b) if left else _regular("solve", left=False)(t, a, b)


def _torch_dot(t: Any, x: Any, y: Any) -> Any:
    return t.dot(x, y) if x.ndim == y.ndim == 1 else t.matmul(x, y)


def _regular(name: str, **options: Any) -> Call:
    """torch's function, which says in gradcalc's words that a matrix is singular."""

    def torch(t: Any, *operands: Any) -> Any:
        try:
            return getattr(t.linalg, name)(*operands, **options)
        except t.linalg.LinAlgError:
            raise InvalidValueError(f"{name}: {SINGULAR}", python=LINALG) from None

    return torch


def _applied(op: Any) -> Call:
    return lambda f, *operands: f(op, *operands)


def _kron_form(f: Any, x: Any, y: Any) -> Any:
    rank = max(x.ndim, y.ndim)
    left, right = ((1,) * (rank - z.ndim) + z.shape for z in (x, y))
    apart = [f(ops.RESHAPE, z, shape=_interleaved(sizes, side)) for z, sizes, side in
             ((x, left, 0), (y, right, 1))]  # fmt: skip
    sizes = tuple(a * b for a, b in zip(left, right, strict=True))
    return f(ops.RESHAPE, f.scalar("mul", *apart), shape=sizes)


def _interleaved(sizes: tuple[int, ...], side: int) -> tuple[int, ...]:
    """The sizes with a 1 behind each, or in front of it."""
    return tuple(part for size in sizes for part in ((size, 1), (1, size))[side])


PAIR = ([0.5, -1.5, 2.0], [1.25, 3.0, -0.75])
WIDE = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TALL = [[0.5, 1.0], [-1.5, 2.0], [0.75, -0.25]]
SMALL = [[2.0, -1.0], [0.5, 1.5]]
SQUARE = [[2.0, -1.0, 0.5], [0.5, 1.5, -0.25], [1.0, 0.75, 3.0]]
LARGE = [[4.0 * (i == j) + ((3 * i + 5 * j) % 7) / 7 for j in range(9)] for i in range(9)]
MIDDLE = [row[:5] for row in LARGE[:5]]
BATCH = ([SMALL, SMALL[::-1]], SMALL)
SQUARES: Samples = ((SMALL,), (SQUARE,), (MIDDLE,), ([[2.5]],))
STACK = [SQUARE, [[1.0, 2.0, 0.5], [-0.5, 1.25, 1.0], [0.25, 0.5, -1.5]]]
SYSTEMS: Samples = (
    (SQUARE, PAIR[0]), (SQUARE, TALL), (MIDDLE, [1.0, 2.0, 3.0, 4.0, 5.0]), (STACK, TALL),
    (STACK, [TALL, [[1.0, 0.5], [2.0, -1.0], [0.25, 3.0]]]), (SQUARE, [TALL, TALL]),
    (STACK, list(PAIR)), (STACK, PAIR[0]), (SQUARE, WIDE, {"left": False}),
    (STACK, [WIDE], {"left": False}),
)  # fmt: skip

LINEAR: tuple[Structural, ...] = (
    fitted("matmul", _factors, _applied(ops.MATMUL),
           (PAIR, (WIDE, PAIR[0]), (PAIR[1], TALL), (WIDE, TALL), BATCH),
           "matrix product; of two vectors their inner product",
           tensors=("x", "y"), aliases=("mm", "mv", "bmm"), operator="@"),
    fitted("dot", _dotted, _applied(ops.MATMUL), (PAIR, (WIDE, PAIR[0]), (WIDE, TALL)),
           "inner product of vectors; with a matrix the matrix product, as numpy (torch refuses)",
           _torch_dot, tensors=("x", "y")),
    fitted("outer", _vectors, _applied(ops.OUTER), (PAIR, (PAIR[0], [2.0, 5.0])),
           "outer product of two vectors", tensors=("x", "y"), aliases=("ger",)),
    Structural("kron", _kron_form, ((SMALL, WIDE), PAIR), "Kronecker product", tensors=("x", "y")),
    fitted("trace", _matrix, _applied(ops.TRACE), ((SQUARE,), (WIDE,)),
           "sum of the diagonal of a matrix"),
    fitted("det", _square("det"), _applied(ops.DET), (*SQUARES, (LARGE,), (STACK,)),
           "determinant of square matrices", "linalg.det"),
    fitted("inv", _square("inv"), _applied(ops.INV), (*SQUARES, (STACK,)),
           "inverse of square matrices", _regular("inv"), aliases=("inverse",), fails=SINGULAR),
    fitted("solve", _system, solved, SYSTEMS,
           "x with a @ x = b, or x @ a = b if not left", _torch_solve, tensors=("a", "b"),
           fails=SINGULAR),
)  # fmt: skip
