"""Linear algebra: products of vectors and matrices, traces, determinants, inverses."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural
from gradcalc.primitives.shapes import (
    check_dot,
    check_matmul,
    check_rank,
    check_solve,
    check_square,
)

Call = Callable[..., Any]


def _torch_matmul(t: Any, x: Any, y: Any) -> Any:
    check_matmul("matmul", x.shape, y.shape)
    return t.matmul(x, y)


def _torch_dot(t: Any, x: Any, y: Any) -> Any:
    check_dot(x.shape, y.shape)
    return t.dot(x, y) if x.ndim == y.ndim == 1 else t.matmul(x, y)


def _torch_outer(t: Any, x: Any, y: Any) -> Any:
    check_rank("outer", x.shape, 1)
    check_rank("outer", y.shape, 1)
    return t.outer(x, y)


def _torch_trace(t: Any, x: Any) -> Any:
    check_rank("trace", x.shape, 2)
    return t.trace(x)


def _torch_det(t: Any, x: Any) -> Any:
    check_square("det", x.shape)
    return t.linalg.det(x)


def _torch_inv(t: Any, x: Any) -> Any:
    check_square("inv", x.shape)
    with _said("inv", t.linalg.LinAlgError):
        return t.linalg.inv(x)


def _torch_solve(t: Any, a: Any, b: Any) -> Any:
    check_solve(a.shape, b.shape)
    with _said("solve", t.linalg.LinAlgError):
        return t.linalg.solve(a, b)


@contextmanager
def _said(name: str, error: type[Exception]) -> Iterator[None]:
    """Says that a matrix is singular where the library says it in its own way."""
    try:
        yield
    except error:
        raise InvalidValueError(f"{name}: the matrix is singular") from None


def _checked(op: Any, check: Callable[..., None]) -> Call:
    """The form of an operation whose operands' shapes are checked first."""

    def form(f: Any, **operands: Any) -> Any:
        check(*[operand.shape for operand in operands.values()])
        return f(op, *operands.values())

    return form


def _check_outer(left: Any, right: Any) -> None:
    check_rank("outer", left, 1)
    check_rank("outer", right, 1)


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

LINEAR: tuple[Structural, ...] = (
    Structural(
        name="matmul",
        form=_checked(ops.MATMUL, lambda x, y: check_matmul("matmul", x, y)),
        torch=_torch_matmul,
        samples=(
            PAIR,
            (WIDE, PAIR[0]),
            (PAIR[1], TALL),
            (WIDE, TALL),
            ([SMALL, SMALL[::-1]], SMALL),
        ),
        doc="matrix product; of two vectors their inner product",
        tensors=("x", "y"),
        aliases=("mm", "mv", "bmm"),
        operator="@",
    ),
    Structural(
        name="dot",
        form=_checked(ops.MATMUL, check_dot),
        torch=_torch_dot,
        samples=(PAIR, (WIDE, PAIR[0]), (WIDE, TALL)),
        doc="inner product of vectors; with a matrix the matrix product, as numpy (torch refuses)",
        tensors=("x", "y"),
    ),
    Structural(
        name="outer",
        form=_checked(ops.OUTER, _check_outer),
        torch=_torch_outer,
        samples=(PAIR, (PAIR[0], [2.0, 5.0])),
        doc="outer product of two vectors",
        tensors=("x", "y"),
        aliases=("ger",),
    ),
    Structural(
        name="kron",
        form=_kron_form,
        torch=lambda t, x, y: t.kron(x, y),
        samples=((SMALL, WIDE), PAIR),
        doc="Kronecker product",
        tensors=("x", "y"),
    ),
    Structural(
        name="trace",
        form=_checked(ops.TRACE, lambda x: check_rank("trace", x, 2)),
        torch=_torch_trace,
        samples=((SQUARE,), (WIDE,)),
        doc="sum of the diagonal of a matrix",
    ),
    Structural(
        name="det",
        form=_checked(ops.DET, lambda x: check_square("det", x)),
        torch=_torch_det,
        samples=((SMALL,), (SQUARE,), (MIDDLE,), (LARGE,), ([[2.5]],)),
        doc="determinant of a square matrix",
    ),
    Structural(
        name="inv",
        form=_checked(ops.INV, lambda x: check_square("inv", x)),
        torch=_torch_inv,
        samples=((SMALL,), (SQUARE,), (MIDDLE,), ([[2.5]],)),
        doc="inverse of a square matrix",
        aliases=("inverse",),
    ),
    Structural(
        name="solve",
        form=_checked(ops.SOLVE, check_solve),
        torch=_torch_solve,
        samples=((SQUARE, PAIR[0]), (SQUARE, TALL), (MIDDLE, [1.0, 2.0, 3.0, 4.0, 5.0])),
        doc="x with a @ x = b",
        tensors=("a", "b"),
    ),
)
