"""Tensors put together: joined, filled, laid on diagonals, cut to triangles, padded."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural
from gradcalc.primitives.shapes import axis, check_concat, check_stack, show

Call = Callable[..., Any]


def _torch_stack(t: Any, tensors: Any, dim: int = 0) -> Any:
    check_stack([x.shape for x in tensors])
    return t.stack(list(tensors), axis([1, *tensors[0].shape], dim))


def _torch_concat(t: Any, tensors: Any, dim: int = 0) -> Any:
    return t.cat(list(tensors), check_concat([x.shape for x in tensors], dim))


def check_diagonal(shape: Any) -> None:
    if len(shape) not in (1, 2):
        raise ShapeError(f"diag needs a vector or a matrix, not shape {show(shape)}")


def _torch_diag(t: Any, x: Any, diagonal: int = 0) -> Any:
    check_diagonal(x.shape)
    return t.diag(x, diagonal)


def check_matrix(name: str, shape: Any) -> None:
    if len(shape) < 2:
        raise ShapeError(f"{name} needs a matrix, not shape {show(shape)}")


def _torch_triangle(name: str) -> Call:
    def torch(t: Any, x: Any, diagonal: int = 0) -> Any:
        check_matrix(name, x.shape)
        return getattr(t, name)(x, diagonal)

    return torch


def _stack_form(f: Any, tensors: Any, dim: int = 0) -> Any:
    check_stack([x.shape for x in tensors])
    return f(ops.STACK, *tensors, axis=axis([1, *tensors[0].shape], dim))


def _concat_form(f: Any, tensors: Any, dim: int = 0) -> Any:
    return f(ops.CONCAT, *tensors, axis=check_concat([x.shape for x in tensors], dim))


def _fixed_form(value: int) -> Call:
    return lambda f, x: f.literal(np.full(x.shape, float(value)))


def _diag_form(f: Any, x: Any, diagonal: int = 0) -> Any:
    check_diagonal(x.shape)
    place = {"offset": diagonal, "dim1": 0, "dim2": 1}
    if x.ndim == 2:
        return f(ops.DIAGONAL, x, **place)
    size = x.shape[0] + abs(diagonal)
    return f(ops.EMBED, x, shape=(size, size), **place)


def _diagonal_form(f: Any, x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return f(ops.DIAGONAL, x, offset=offset, dim1=axis(x.shape, dim1), dim2=axis(x.shape, dim2))


def _triangle_form(op: Any) -> Call:
    def form(f: Any, x: Any, diagonal: int = 0) -> Any:
        check_matrix(op.name, x.shape)
        return f(op, x, diagonal=diagonal)

    return form


def paddings(shape: Any, pad: Any) -> tuple[int, ...]:
    """The numbers of `pad`, checked: pairs for the last dimension, the last but one, and so on."""
    amounts = tuple(pad) if isinstance(pad, tuple) else (pad,)
    if len(amounts) % 2 or len(amounts) > 2 * len(shape):
        raise ShapeError(
            f"pad of shape {show(shape)} by {amounts}",
            hint="give two numbers a dimension, the last dimension first: (before, behind)",
        )
    if min(amounts, default=0) < 0:
        raise ShapeError("pad does not take elements away", hint="slice: x[1:]")
    return amounts


def _pad_form(f: Any, x: Any, pad: Any, value: float = 0.0) -> Any:
    amounts = paddings(x.shape, pad)
    result = ops.pad(f, x, amounts)
    if value == 0:
        return result
    frame = np.ones(result.shape)
    frame[ops.numpy_key(ops.pad_key(x.shape, amounts))] = 0
    return f.scalar("add", result, f.literal(frame * value))


MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]
CUBE = [MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]]

JOINING: tuple[Structural, ...] = (
    Structural(
        name="stack",
        form=_stack_form,
        moves=True,
        torch=_torch_stack,
        samples=(([VECTOR, VECTOR[::-1]],), ([VECTOR, VECTOR[::-1]], {"dim": -1}), ([1.0, 2.0],)),
        doc="tensors of one shape side by side along a new dimension",
        tensors=(),
        lists=("tensors",),
    ),
    Structural(
        name="concat",
        form=_concat_form,
        moves=True,
        torch=_torch_concat,
        samples=(([VECTOR, VECTOR[1:]],), ([MATRIX, [[1.0], [2.0]]], {"dim": 1})),
        doc="tensors joined along a dimension",
        tensors=(),
        lists=("tensors",),
        aliases=("cat", "concatenate"),
    ),
    Structural(
        name="zeros_like",
        form=_fixed_form(0),
        torch=lambda t, x: t.zeros_like(x),
        samples=((MATRIX,), (2.5,)),
        doc="zeros in the shape of x",
    ),
    Structural(
        name="ones_like",
        form=_fixed_form(1),
        torch=lambda t, x: t.ones_like(x),
        samples=((MATRIX,), (2.5,)),
        doc="ones in the shape of x",
    ),
    Structural(
        name="full_like",
        form=lambda f, x, fill_value: f.literal(np.full(x.shape, float(fill_value))),
        torch=lambda t, x, fill_value: t.full_like(x, fill_value),
        samples=((MATRIX, {"fill_value": 2.5}),),
        doc="one number in the shape of x",
    ),
    Structural(
        name="diag",
        form=_diag_form,
        torch=_torch_diag,
        samples=((VECTOR,), (MATRIX,), (VECTOR, {"diagonal": 1}), (MATRIX, {"diagonal": -1})),
        doc="the diagonal of a matrix; of a vector the matrix with that diagonal",
    ),
    Structural(
        name="diagonal",
        form=_diagonal_form,
        moves=True,
        torch=lambda t, x, offset=0, dim1=0, dim2=1: t.diagonal(x, offset, dim1, dim2),
        samples=((MATRIX,), (MATRIX, {"offset": 1}), (CUBE, {"dim1": 1, "dim2": 2})),
        doc="the diagonal of a matrix, as the last dimension",
    ),
    Structural(
        name="tril",
        form=_triangle_form(ops.TRIL),
        torch=_torch_triangle("tril"),
        samples=((MATRIX,), (MATRIX, {"diagonal": 1})),
        doc="the lower triangle, zeros elsewhere",
    ),
    Structural(
        name="triu",
        form=_triangle_form(ops.TRIU),
        torch=_torch_triangle("triu"),
        samples=((MATRIX,), (MATRIX, {"diagonal": 1})),
        doc="the upper triangle, zeros elsewhere",
    ),
    Structural(
        name="pad",
        form=_pad_form,
        torch=lambda t, x, pad, value=0.0: t.nn.functional.pad(
            x, paddings(x.shape, pad), value=value
        ),
        samples=(
            (VECTOR, {"pad": (1, 0)}),
            (VECTOR, {"pad": (1, 2), "value": 0.5}),
            (MATRIX, {"pad": (0, 1)}),
            (MATRIX, {"pad": (1, 0, 0, 2)}),
        ),
        doc="x with zeros around it: (before, behind) of the last dimension, then of others",
    ),
)
