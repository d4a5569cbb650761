"""Factors as LAPACK packs them: triangles in one matrix, reflections in a column each."""

from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr.nodes import Data
from gradcalc.lang import ops, places
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import show
from gradcalc.primitives.triangles import order_of


class Inverse(NamedTuple):
    """What inv_ex gives."""

    inverse: Any
    info: Any


class Factor(NamedTuple):
    """What cholesky_ex gives."""

    L: Any
    info: Any


class Solved(NamedTuple):
    """What solve_ex gives."""

    result: Any
    info: Any


class Parts(NamedTuple):
    """What lu and lu_unpack give."""

    P: Any
    L: Any
    U: Any


class Packed(NamedTuple):
    """What lu_factor gives."""

    LU: Any
    pivots: Any


class Tried(NamedTuple):
    """What lu_factor_ex gives."""

    LU: Any
    pivots: Any
    info: Any


def _fine(machine: Machine, shape: tuple[int, ...]) -> Any:
    """Zeros that say that all matrices of a stack could be factored."""
    return places.whole(machine, np.zeros(shape[:-2]))


def inverse(machine: Machine, A: Any) -> Inverse:  # noqa: N803
    """torch's inv_ex."""
    return Inverse(ops.call(machine, "inv", A), _fine(machine, ops.shape(machine, A)))


def lower(machine: Machine, input: Any, upper: Any) -> Factor:
    """torch's cholesky_ex."""
    found = ops.call(machine, "cholesky", input, upper=upper)
    return Factor(found, _fine(machine, ops.shape(machine, input)))


def solved(machine: Machine, A: Any, B: Any, left: Any) -> Solved:  # noqa: N803
    """torch's solve_ex."""
    found = ops.call(machine, "solve", A, B, left=left)
    return Solved(found, _fine(machine, ops.shape(machine, A)))


# -- triangles in one matrix -------------------------------------------------------------------


def _pivots(machine: Machine, pivots: Any, shape: tuple[int, ...]) -> Any:
    found = places.numbers(machine, pivots)
    if found.shape != (*shape[:-2], min(shape[-2:])):
        raise ShapeError(f"pivots of shape {show(found.shape)} of a factor {show(shape)}")
    if found.size and not (found.min() >= 1 and found.max() <= shape[-2]):
        raise ShapeError(f"pivots are numbers of rows, from 1 to {shape[-2]}")
    # LAPACK counts from 1
    return found - 1


def _rows(machine: Machine, x: Any, order: Any) -> Any:
    """The rows of each matrix of a stack in another order."""
    wide = np.broadcast_to(order[..., None], ops.shape(machine, x))
    return ops.call(machine, "gather", x, len(wide.shape) - 2, Data.of(wide))


def _triangles(machine: Machine, packed: Any) -> tuple[Any, Any]:
    rows, columns = ops.shape(machine, packed)[-2:]
    side = min(rows, columns)
    left = ops.index(machine, packed, (..., slice(None), slice(0, side)))
    below = ops.call(machine, "tril", left, -1)
    unit = machine.constant(np.eye(rows, side))
    above = ops.index(machine, packed, (..., slice(0, side), slice(None)))
    return ops.binary(machine, "add", below, unit), ops.call(machine, "triu", above)


def _permutation(machine: Machine, order: Any) -> Any:
    found = np.zeros((*order.shape, order.shape[-1]))
    np.put_along_axis(found, order[..., None, :], 1.0, -2)
    return machine.constant(found)


def unpacked(
    machine: Machine, LU_data: Any, LU_pivots: Any, unpack_data: Any, unpack_pivots: Any  # noqa: N803
) -> Parts:  # fmt: skip
    """torch's lu_unpack."""
    shape = ops.shape(machine, LU_data)
    order = order_of(_pivots(machine, LU_pivots, shape), shape[-2])
    nothing = machine.constant(np.zeros(0))
    pair = _triangles(machine, LU_data) if unpack_data else (nothing, nothing)
    return Parts(_permutation(machine, order) if unpack_pivots else nothing, *pair)


def factored(machine: Machine, tried: int, **values: Any) -> Any:
    """torch's lu_factor, lu_factor_ex and lu."""
    matrix, pivot, *rest = values.values()
    found = ops.call(machine, "lu_factor", matrix, pivot)
    info = _fine(machine, ops.shape(machine, matrix))
    if tried or (rest and rest[0]):
        return Tried(found.values, found.indices, info)
    return Packed(found.values, found.indices)


def parts(machine: Machine, A: Any, pivot: Any) -> Parts:  # noqa: N803
    """torch's linalg.lu."""
    found = ops.call(machine, "lu_factor", A, pivot)
    return unpacked(machine, found.values, found.indices, True, pivot)


def of_scipy(machine: Machine, a: Any, permute_l: Any) -> tuple[Any, ...]:
    """scipy's linalg.lu: an order of rows, and two triangles."""
    order, lower, upper = parts(machine, a, True)
    if permute_l:
        return ops.call(machine, "matmul", order, lower), upper
    return order, lower, upper


def by_factor(
    machine: Machine, LU: Any, pivots: Any, B: Any, left: Any = True, adjoint: Any = False  # noqa: N803
) -> Any:  # fmt: skip
    """torch's lu_solve: two triangular systems and an order of rows."""
    shape = ops.shape(machine, LU)
    order = order_of(_pivots(machine, pivots, shape), shape[-2])
    if not left:
        turned = by_factor(machine, LU, pivots, _turned(machine, B), True, not adjoint)
        return _turned(machine, turned)
    stack = np.broadcast_shapes(shape[:-2], ops.shape(machine, B)[:-2])
    order = np.broadcast_to(order, (*stack, shape[-1]))
    below, above = _triangles(machine, LU)
    if adjoint:
        first = _triangle(machine, _turned(machine, above), B, upper=False)
        last = _triangle(machine, _turned(machine, below), first, upper=True)
        return _rows(machine, last, np.argsort(order, -1))
    wanted = (*stack, *ops.shape(machine, B)[-2:])
    if ops.shape(machine, B) != wanted:
        B = ops.call(machine, "broadcast_to", B, wanted)  # noqa: N806
    first = _triangle(machine, below, _rows(machine, B, order), upper=False)
    return _triangle(machine, above, first, upper=True)


def old_by_factor(machine: Machine, b: Any, LU_data: Any, LU_pivots: Any) -> Any:  # noqa: N803
    """torch.lu_solve, the right side first."""
    return by_factor(machine, LU_data, LU_pivots, b)


def _triangle(machine: Machine, a: Any, b: Any, *, upper: bool) -> Any:
    return ops.call(machine, "solve_triangular", a, b, upper=upper)


def _turned(machine: Machine, x: Any) -> Any:
    return ops.call(machine, "transpose", x, -2, -1)


# -- reflections -------------------------------------------------------------------------------


def reflected(machine: Machine, A: Any, tau: Any) -> Any:  # noqa: N803
    """torch's householder_product: the first columns of a product of reflections."""
    rows, columns = ops.shape(machine, A)[-2:]
    return _through(machine, A, tau, machine.constant(np.eye(rows, columns)), backwards=True)


def old_reflected(machine: Machine, input: Any, tau: Any) -> Any:
    """The same under LAPACK's name."""
    return reflected(machine, input, tau)


def turned_by(
    machine: Machine, input: Any, tau: Any, other: Any, left: Any, transpose: Any
) -> Any:  # fmt: skip
    """torch's ormqr: a matrix times a product of reflections."""
    if left:
        return _through(machine, input, tau, other, backwards=not transpose)
    found = _through(machine, input, tau, _turned(machine, other), backwards=bool(transpose))
    return _turned(machine, found)


def _through(machine: Machine, A: Any, tau: Any, x: Any, *, backwards: bool) -> Any:  # noqa: N803
    """A matrix through reflections, each 1 - tau v v.T with v a column below the diagonal, from
    the last to the first one or the other way."""
    rows, columns = ops.shape(machine, A)[-2:]
    vectors = ops.binary(
        machine, "add", ops.call(machine, "tril", A, -1), machine.constant(np.eye(rows, columns))
    )
    count = ops.shape(machine, tau)[-1]
    for k in range(count - 1, -1, -1) if backwards else range(count):
        v = ops.index(machine, vectors, (..., slice(k, k + 1)))
        weight = ops.index(machine, tau, (..., slice(k, k + 1), None))
        along = ops.binary(machine, "matmul", _turned(machine, v), x)
        step = ops.binary(machine, "matmul", v, along)
        x = ops.binary(machine, "sub", x, ops.binary(machine, "mul", weight, step))
    return x


def powers(machine: Machine, x: Any, N: Any) -> Any:  # noqa: N803
    """torch.linalg.vander: rising powers along a further dimension."""
    x = ops.tensor(machine, x)
    if not ops.shape(machine, x):
        x = ops.reshape(machine, x, (1,))
    count = ops.shape(machine, x)[-1] if N is None else ops.integer(machine, N)
    if count < 2 and N is not None:
        raise ShapeError(f"vander has at least 2 powers, not {count}")
    return ops.call(
        machine, "stack", [ops.binary(machine, "pow", x, k) for k in range(count)], dim=-1
    )
