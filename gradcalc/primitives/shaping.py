"""The same elements in another shape or order, and tensors put together: joined, filled, padded."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.indexing import index_form, torch_index
from gradcalc.primitives.row import Samples, Structural, fitted
from gradcalc.primitives.shapes import (
    axes,
    axis,
    check_concat,
    check_diagonal,
    check_matrix,
    check_stack,
    expanded,
    flattened,
    permuted,
    reshaped,
    show,
    squeezed,
    transposed,
    unsqueezed,
)

MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]
CUBE = [MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]]
KEYS: Samples = (
    (VECTOR, {"key": (1,)}),
    (VECTOR, {"key": (slice(None, None, -1),)}),
    (MATRIX, {"key": (slice(None), 0)}),
    (MATRIX, {"key": (Ellipsis, slice(2, 0, -1))}),
    (MATRIX, {"key": (None, 1, slice(0, 3, 2))}),
    (MATRIX, {"key": (np.array([1, 0, 1]), np.array([0, 2, -1]))}),
    (VECTOR, {"key": (np.array([True, False, True]),)}),
    (CUBE, {"key": (0, slice(None), np.array([0, 2]))}),
    (CUBE, {"key": (np.array([0, 1]), slice(None), np.array([0, 2]))}),
)


def _reshaped(f: Any, x: Any, shape: Any) -> Any:
    return f(ops.RESHAPE, x, shape=shape)


def _permuted(f: Any, x: Any, order: Any) -> Any:
    return x if x.ndim < 2 else f(ops.PERMUTE, x, order=order)


def _flipped(f: Any, x: Any, along: Any) -> Any:
    return f(ops.FLIP, x, axes=tuple(sorted(along))) if along else x


def _plane(shape: Any, dims: Any) -> tuple[int, ...]:
    """The two dimensions of a rotation."""
    plane = axes(shape, dims)
    if len(plane) != 2:
        raise ShapeError(f"rot90 of shape {show(shape)} needs two dimensions, not {dims}")
    return plane


def _turned(f: Any, x: Any, k: int, plane: Any) -> Any:
    flipped = {0: (), 1: plane[1:], 2: plane, 3: plane[:1]}[k]
    order = list(range(x.ndim))
    if k % 2:
        order[plane[0]], order[plane[1]] = plane[1], plane[0]
    result = _flipped(f, x, flipped)
    return _permuted(f, result, tuple(order)) if k % 2 else result


def _rolled(f: Any, x: Any, shifts: Any, dims: Any = None) -> Any:
    if dims is None:
        row = f(ops.RESHAPE, x, shape=(x.size,))
        return f(ops.RESHAPE, f(ops.ROLL, row, shifts=(int(shifts),), axes=(0,)), shape=x.shape)
    along = axes(x.shape, dims)
    counts = tuple(map(int, shifts)) if isinstance(shifts, tuple) else (int(shifts),) * len(along)
    return f(ops.ROLL, x, shifts=counts, axes=along)


SHAPING: tuple[Structural, ...] = (
    fitted("reshape", lambda x, shape: (x, reshaped(x.shape, shape)), _reshaped,
           ((MATRIX, {"shape": (3, 2)}), (MATRIX, {"shape": -1}), ([4.0], {"shape": ()})),
           "the elements in another shape; -1 stands for what is left",
           moves=True, aliases=("view",)),
    fitted("flatten",
           lambda x, start_dim=0, end_dim=-1: (x, flattened(x.shape, start_dim, end_dim)),
           _reshaped, ((MATRIX,), (CUBE, {"start_dim": 1}), (CUBE, {"end_dim": 1}), (2.5,)),
           "the elements in a row", "reshape", moves=True, aliases=("ravel",)),
    fitted("transpose", lambda x, dim0=None, dim1=None: (x, transposed(x.shape, dim0, dim1)),
           _permuted, ((MATRIX,), (CUBE, {"dim0": 0, "dim1": -1}), (VECTOR,), (CUBE,)),
           "two dimensions swapped, as torch; all reversed where none is named, as numpy",
           "permute", moves=True, aliases=("swapaxes", "swapdims", "t")),
    fitted("permute", lambda x, dims: (x, permuted(x.shape, dims)), _permuted,
           ((CUBE, {"dims": (2, 0, -2)}),), "the dimensions in another order", moves=True),
    fitted("squeeze", lambda x, dim=None: (x, axes(x.shape, dim)),
           lambda f, x, along: _reshaped(f, x, squeezed(x.shape, along)),
           (([[[1.0], [2.0]]],), ([[[1.0], [2.0]]], {"dim": 0}), (MATRIX, {"dim": 0})),
           "without dimensions of size 1; of a named one only if it has that size", moves=True),
    fitted("unsqueeze", lambda x, dim: (x, axis([1, *x.shape], dim)),
           lambda f, x, place: _reshaped(f, x, unsqueezed(x.shape, place)),
           ((VECTOR, {"dim": 0}), (VECTOR, {"dim": -1}), (2.5, {"dim": 0})),
           "with a dimension of size 1 put in at dim", moves=True, aliases=("expand_dims",)),
    fitted("broadcast_to", lambda x, shape: (x, expanded(x.shape, shape)),
           lambda f, x, shape: f(ops.BROADCAST, x, shape=shape),
           ((VECTOR, {"shape": (2, 3)}), ([[1.0], [2.0]], {"shape": (-1, 4)})),
           "repeated along dimensions of size 1 and new ones; -1 keeps a size",
           moves=True, aliases=("expand",)),
    fitted("flip", lambda x, dims=None: (x, axes(x.shape, dims)), _flipped,
           ((VECTOR,), (MATRIX, {"dims": (1,)}), (MATRIX, {"dims": 0}), (MATRIX,)),
           "reversed along dims, all of them where none is named", moves=True),
    fitted("rot90", lambda x, k=1, dims=(0, 1): (x, k % 4, _plane(x.shape, dims)), _turned,
           ((MATRIX,), (MATRIX, {"k": -1}), (MATRIX, {"k": 2}), (CUBE, {"k": 5, "dims": (2, 0)})),
           "turned by k right angles in the plane of two dimensions, from the first to the second",
           moves=True, calls=(
               "torch.rot90 torch.Tensor.rot90 (input, k: int = 1, dims: list = (0, 1))",
               "numpy.rot90 jax.numpy.rot90 (m, k: int = 1, axes: list = (0, 1))")),
    Structural("roll", _rolled,
               ((VECTOR, {"shifts": 1}), (MATRIX, {"shifts": (1, -1), "dims": (0, 1)})),
               "shifted along dims, what falls off coming back at the other end", moves=True),
    Structural("index", index_form, KEYS,
               "the elements that stand at a key: x[0], x[1:], x[:, None]", torch_index,
               moves=True),
)  # fmt: skip


def _stacked(tensors: Any, dim: int = 0) -> tuple[Any, int]:
    check_stack([x.shape for x in tensors])
    return list(tensors), axis([1, *tensors[0].shape], dim)


def _concatenated(tensors: Any, dim: int = 0) -> tuple[Any, int]:
    return list(tensors), check_concat([x.shape for x in tensors], dim)


def _filled(f: Any, x: Any, fill_value: Any) -> Any:
    return f.literal(np.full(x.shape, float(fill_value)))


def _diag(x: Any, diagonal: int = 0) -> tuple[Any, int]:
    check_diagonal(x.shape)
    return x, diagonal


def _diag_form(f: Any, x: Any, diagonal: int) -> Any:
    place = {"offset": diagonal, "dim1": 0, "dim2": 1}
    if x.ndim == 2:
        return f(ops.DIAGONAL, x, **place)
    size = x.shape[0] + abs(diagonal)
    return f(ops.EMBED, x, shape=(size, size), **place)


def _diagonal_form(f: Any, x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return f(ops.DIAGONAL, x, offset=offset, dim1=axis(x.shape, dim1), dim2=axis(x.shape, dim2))


def _triangle(name: str, op: Any, doc: str) -> Structural:
    def fit(x: Any, diagonal: int = 0) -> tuple[Any, int]:
        check_matrix(name, x.shape)
        return x, diagonal

    form = lambda f, x, diagonal: f(op, x, diagonal=diagonal)
    return fitted(name, fit, form, ((MATRIX,), (MATRIX, {"diagonal": 1})), doc)


JOINING: tuple[Structural, ...] = (
    fitted("stack", _stacked, lambda f, tensors, dim: f(ops.STACK, *tensors, axis=dim),
           (([VECTOR, VECTOR[::-1]],), ([VECTOR, VECTOR[::-1]], {"dim": -1}), ([1.0, 2.0],)),
           "tensors of one shape side by side along a new dimension",
           tensors=(), lists=("tensors",), moves=True),
    fitted("concat", _concatenated,
           lambda f, tensors, dim: f(ops.CONCAT, *tensors, axis=dim),
           (([VECTOR, VECTOR[1:]],), ([MATRIX, [[1.0], [2.0]]], {"dim": 1})),
           "tensors joined along a dimension", "cat",
           tensors=(), lists=("tensors",), moves=True, aliases=("cat", "concatenate")),
    Structural("zeros_like", lambda f, x: _filled(f, x, 0), ((MATRIX,), (2.5,)),
               "zeros in the shape of x"),
    Structural("ones_like", lambda f, x: _filled(f, x, 1), ((MATRIX,), (2.5,)),
               "ones in the shape of x"),
    Structural("full_like", _filled, ((MATRIX, {"fill_value": 2.5}),),
               "one number in the shape of x"),
    fitted("diag", _diag, _diag_form,
           ((VECTOR,), (MATRIX,), (VECTOR, {"diagonal": 1}), (MATRIX, {"diagonal": -1})),
           "the diagonal of a matrix; of a vector the matrix with that diagonal"),
    Structural("diagonal", _diagonal_form,
               ((MATRIX,), (MATRIX, {"offset": 1}), (CUBE, {"dim1": 1, "dim2": 2})),
               "the diagonal of a matrix, as the last dimension", moves=True),
    _triangle("tril", ops.TRIL, "the lower triangle, zeros elsewhere"),
    _triangle("triu", ops.TRIU, "the upper triangle, zeros elsewhere"),
)  # fmt: skip
