"""Products, functions of one matrix, and norms."""

import math
from collections.abc import Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import ops
from gradcalc.lang.dialects.readings import alike, called
from gradcalc.lang.dialects.spelling import RankError
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers as several


@alike
def of_ranks(machine: Machine, name: str, *ranks: int, **values: Any) -> Any:
    """A product that takes operands of these ranks only, as torch has them."""
    operands = [ops.tensor(machine, value) for value in values.values()]
    given = [len(ops.shape(machine, operand)) for operand in operands]
    if given != list(ranks):
        what = " and ".join(str(ops.shape(machine, operand)) for operand in operands)
        wanted = " and ".join(str(rank) for rank in ranks)
        raise RankError(
            f"{called(machine)} takes operands of rank {wanted}, not of shape {what}",
            hint="@ multiplies matrices and vectors",
        )
    return ops.call(machine, name, *operands)


def product(machine: Machine, **values: Any) -> Any:
    """The matrix product."""
    return ops.binary(machine, "matmul", *[ops.tensor(machine, value) for value in values.values()])


def numpy_outer(machine: Machine, a: Any, b: Any) -> Any:
    """numpy's outer product, of all elements in a row."""
    rows = [ops.reshape(machine, ops.tensor(machine, v), (-1,)) for v in (a, b)]
    return ops.call(machine, "outer", *rows)


@alike
def single(machine: Machine, name: str, **values: Any) -> Any:
    """A function of matrices, which another library or module calls by another name."""
    return ops.call(machine, name, *[ops.tensor(machine, value) for value in values.values()])


def numpy_solve(machine: Machine, **values: Any) -> Any:
    """numpy's and scipy's solve, to which only what has one dimension is a vector."""
    a, b = (ops.tensor(machine, v) for v in values.values())
    rank, shape = len(ops.shape(machine, a)), ops.shape(machine, b)
    if 1 < len(shape) == rank - 1:
        b = ops.reshape(machine, b, (1, *shape))
    return ops.call(machine, "solve", a, b)


def element_norm(machine: Machine, **values: Any) -> Any:
    """torch.norm: of the elements, whatever the rank."""
    x, p, dim, keepdim = values.values()
    if p == "nuc":
        axes = (0, 1) if dim is None else several(dim)
        return matrix_norms(machine, ops.tensor(machine, x), p, axes, keepdim)
    if isinstance(p, str) and p != "fro":
        raise InvalidValueError(f"norm does not know p={p!r}")
    return ops.call(machine, "norm", x, 2 if p in (None, "fro") else p, dim, keepdim)


def vector_norm(machine: Machine, x: Any, ord: Any, **along: Any) -> Any:
    """The vector_norm of numpy's and torch's linalg, whose axes have names of their own."""
    dim, keepdim = along.values()
    return ops.call(machine, "norm", x, ord, dim, keepdim)


def matrix_norm(machine: Machine, **values: Any) -> Any:
    """torch.linalg.matrix_norm."""
    matrix, order, dim, keepdim = values.values()
    return matrix_norms(machine, matrix, order, tuple(dim), keepdim)


def norm_of_matrices(machine: Machine, x: Any, keepdims: Any, ord: Any) -> Any:
    """The matrix_norm of numpy's linalg, of the last two axes."""
    return matrix_norms(machine, ops.tensor(machine, x), ord, (-2, -1), keepdims)


def linalg_norm(machine: Machine, **values: Any) -> Any:
    """The norm of numpy's and torch's linalg: of vectors, or of matrices where the order says so.

    Without an order of all elements; with one of a vector, a matrix, or along axes.
    """
    x, order, axis, keepdims = values.values()
    x, keep = ops.tensor(machine, x), keepdims
    rank = len(ops.shape(machine, x))
    if order is None:
        return ops.call(machine, "norm", x, 2, axis, keep)
    if axis is None:
        if rank not in (1, 2):
            raise ShapeError(f"norm of order {order} needs a vector or a matrix, not rank {rank}")
        axis = tuple(range(rank))
    along_axes = several(axis)
    if len(along_axes) == 2:
        return matrix_norms(machine, x, order, along_axes, keep)
    if len(along_axes) != 1:
        raise ShapeError("norm goes along one axis or two")
    if isinstance(order, str):
        raise InvalidValueError(f"a vector has no norm {order!r}")
    return ops.call(machine, "norm", x, order, along_axes[0], keep)


def matrix_norms(machine: Machine, x: Any, order: Any, axes: Sequence[int], keep: bool) -> Any:
    """A norm of matrices: Frobenius', or the largest or least sum of a column or row."""
    rank = len(ops.shape(machine, x))
    if rank < 2:
        raise ShapeError(f"a matrix norm needs a matrix, not shape {ops.shape(machine, x)}")
    rows, columns = (one_of(ops.shape(machine, x), number) for number in axes)
    if rows == columns:
        raise ShapeError("a matrix norm needs two different axes")
    if order == "fro":
        return ops.call(machine, "norm", x, 2, (rows, columns), keep)
    if order in (2, -2, "nuc"):
        return _of_singular_values(machine, x, order, (rows, columns), keep)
    if order not in (1, -1, math.inf, -math.inf):
        raise InvalidValueError(f"a matrix has no norm of order {order}")
    summed, kept = (columns, rows) if order in (math.inf, -math.inf) else (rows, columns)
    sums = ops.call(machine, "sum", ops.call(machine, "abs", x), dim=summed, keepdim=True)
    found = ops.call(machine, "amax" if order > 0 else "amin", sums, dim=kept, keepdim=True)
    if keep:
        return found
    sizes = [s for k, s in enumerate(ops.shape(machine, found)) if k not in (rows, columns)]
    return ops.reshape(machine, found, tuple(sizes))


def _of_singular_values(
    machine: Machine, x: Any, order: Any, axes: tuple[int, int], keep: bool
) -> Any:
    """The greatest or the least singular value, or the sum of them."""
    shape = ops.shape(machine, x)
    order_of_axes = (*(k for k in range(len(shape)) if k not in axes), *axes)
    values = ops.call(machine, "svdvals", ops.call(machine, "permute", x, order_of_axes))
    name = {2: "amax", -2: "amin", "nuc": "sum"}[order]
    found = ops.call(machine, name, values, dim=-1)
    sizes = tuple(1 if k in axes else size for k, size in enumerate(shape))
    return ops.reshape(machine, found, sizes) if keep else found
