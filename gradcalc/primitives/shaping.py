"""The same elements in another shape or order: reshape, transpose, index, join."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.indexing import array_index, index_form, torch_index
from gradcalc.primitives.row import Structural
from gradcalc.primitives.shapes import (
    axes,
    axis,
    box,
    boxed,
    check_concat,
    check_stack,
    expanded,
    flattened,
    permuted,
    reshaped,
    show,
    transposed,
)

Call = Callable[..., Any]


def _squeezed(shape: Any, dim: Any) -> tuple[int, ...]:
    """The shape without those of the named dimensions that have size 1."""
    named = axes(shape, dim)
    return tuple(size for k, size in enumerate(shape) if k not in named or size != 1)


def _unsqueezed(shape: Any, dim: int) -> tuple[int, ...]:
    sizes = list(shape)
    sizes.insert(axis([1, *shape], dim), 1)
    return tuple(sizes)


def _stack(call: Call, tensors: Any, dim: int = 0) -> Any:
    check_stack([np.shape(x) for x in tensors])
    return np.stack([box(x) for x in tensors], axis([1, *np.shape(tensors[0])], dim))


def _torch_stack(t: Any, tensors: Any, dim: int = 0) -> Any:
    check_stack([x.shape for x in tensors])
    return t.stack(list(tensors), axis([1, *tensors[0].shape], dim))


def _concat(call: Call, tensors: Any, dim: int = 0) -> Any:
    return np.concatenate(list(tensors), check_concat([np.shape(x) for x in tensors], dim))


def _torch_concat(t: Any, tensors: Any, dim: int = 0) -> Any:
    return t.cat(list(tensors), check_concat([x.shape for x in tensors], dim))


def _filled(value: int) -> Call:
    return lambda call, x: np.full(x.shape, value, dtype=object)


def _diagonal_rank(shape: Any) -> None:
    if len(shape) not in (1, 2):
        raise ShapeError(f"diag needs a vector or a matrix, not shape {show(shape)}")


@boxed
def _diag(call: Call, x: Any, diagonal: int = 0) -> Any:
    _diagonal_rank(x.shape)
    return np.diag(x, diagonal).copy()


def _torch_diag(t: Any, x: Any, diagonal: int = 0) -> Any:
    _diagonal_rank(x.shape)
    return t.diag(x, diagonal)


def _matrix_rank(name: str, shape: Any) -> None:
    if len(shape) < 2:
        raise ShapeError(f"{name} needs a matrix, not shape {show(shape)}")


def _triangle(name: str, cut: Call) -> tuple[Call, Call]:
    def array(call: Call, x: Any, diagonal: int = 0) -> Any:
        _matrix_rank(name, x.shape)
        return cut(x, diagonal)

    def torch(t: Any, x: Any, diagonal: int = 0) -> Any:
        _matrix_rank(name, x.shape)
        return getattr(t, name)(x, diagonal)

    return array, torch


TRIL, TORCH_TRIL = _triangle("tril", np.tril)
TRIU, TORCH_TRIU = _triangle("triu", np.triu)


def _roll(call: Call, x: Any, shifts: Any, dims: Any = None) -> Any:
    return np.roll(x, shifts, dims)


def _reshaped_form(shape_of: Call) -> Call:
    """The form of what gives the elements another shape."""

    def form(f: Any, x: Any, **given: Any) -> Any:
        return f(ops.RESHAPE, x, shape=tuple(shape_of(x.shape, *given.values())))

    return form


def _permuted_form(order_of: Call) -> Call:
    def form(f: Any, x: Any, **given: Any) -> Any:
        order = tuple(order_of(x.shape, *given.values()))
        return x if x.ndim < 2 else f(ops.PERMUTE, x, order=order)

    return form


def _flip_form(f: Any, x: Any, dims: Any = None) -> Any:
    along = tuple(sorted(axes(x.shape, dims)))
    return f(ops.FLIP, x, axes=along) if along else x


def _roll_form(f: Any, x: Any, shifts: Any, dims: Any = None) -> Any:
    if dims is None:
        row = f(ops.RESHAPE, x, shape=(x.size,))
        return f(ops.RESHAPE, f(ops.ROLL, row, shifts=(int(shifts),), axes=(0,)), shape=x.shape)
    along = axes(x.shape, dims)
    counts = tuple(map(int, shifts)) if isinstance(shifts, tuple) else (int(shifts),) * len(along)
    return f(ops.ROLL, x, shifts=counts, axes=along)


def _stack_form(f: Any, tensors: Any, dim: int = 0) -> Any:
    check_stack([x.shape for x in tensors])
    return f(ops.STACK, *tensors, axis=axis([1, *tensors[0].shape], dim))


def _concat_form(f: Any, tensors: Any, dim: int = 0) -> Any:
    return f(ops.CONCAT, *tensors, axis=check_concat([x.shape for x in tensors], dim))


def _fixed_form(value: int) -> Call:
    return lambda f, x: f.literal(np.full(x.shape, float(value)))


def _diag_form(f: Any, x: Any, diagonal: int = 0) -> Any:
    _diagonal_rank(x.shape)
    place = {"offset": diagonal, "dim1": 0, "dim2": 1}
    if x.ndim == 2:
        return f(ops.DIAGONAL, x, **place)
    size = x.shape[0] + abs(diagonal)
    return f(ops.EMBED, x, shape=(size, size), **place)


def _diagonal_form(f: Any, x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return f(ops.DIAGONAL, x, offset=offset, dim1=axis(x.shape, dim1), dim2=axis(x.shape, dim2))


def _triangle_form(op: Any) -> Call:
    def form(f: Any, x: Any, diagonal: int = 0) -> Any:
        _matrix_rank(op.name, x.shape)
        return f(op, x, diagonal=diagonal)

    return form


def _paddings(shape: Any, pad: Any) -> tuple[int, ...]:
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


def _pad(call: Call, x: Any, pad: Any, value: float = 0.0) -> Any:
    amounts = _paddings(x.shape, pad)
    pairs = [(amounts[k], amounts[k + 1]) for k in range(0, len(amounts), 2)][::-1]
    widths = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    return np.pad(x, widths, constant_values=value)


def _pad_form(f: Any, x: Any, pad: Any, value: float = 0.0) -> Any:
    amounts = _paddings(x.shape, pad)
    result = ops.pad(f, x, amounts)
    if value == 0:
        return result
    frame = np.ones(result.shape)
    frame[ops.numpy_key(ops.pad_key(x.shape, amounts))] = 0
    return f.scalar("add", result, f.literal(frame * value))


MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]
CUBE = [MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]]

SHAPING: tuple[Structural, ...] = (
    Structural(
        name="reshape",
        form=_reshaped_form(reshaped),
        moves=True,
        array=lambda call, x, shape: x.reshape(reshaped(x.shape, shape)),
        torch=lambda t, x, shape: t.reshape(x, reshaped(x.shape, shape)),
        samples=((MATRIX, {"shape": (3, 2)}), (MATRIX, {"shape": -1}), ([4.0], {"shape": ()})),
        doc="the elements in another shape; -1 stands for what is left",
        aliases=("view",),
    ),
    Structural(
        name="flatten",
        form=_reshaped_form(lambda s, start_dim=0, end_dim=-1: flattened(s, start_dim, end_dim)),
        moves=True,
        array=lambda call, x, start_dim=0, end_dim=-1: x.reshape(
            flattened(x.shape, start_dim, end_dim)
        ),
        torch=lambda t, x, start_dim=0, end_dim=-1: t.reshape(
            x, flattened(x.shape, start_dim, end_dim)
        ),
        samples=((MATRIX,), (CUBE, {"start_dim": 1}), (CUBE, {"end_dim": 1}), (2.5,)),
        doc="the elements in a row",
        aliases=("ravel",),
    ),
    Structural(
        name="transpose",
        form=_permuted_form(lambda s, dim0=None, dim1=None: transposed(s, dim0, dim1)),
        moves=True,
        array=lambda call, x, dim0=None, dim1=None: x.transpose(transposed(x.shape, dim0, dim1)),
        torch=lambda t, x, dim0=None, dim1=None: x.permute(transposed(x.shape, dim0, dim1)),
        samples=((MATRIX,), (CUBE, {"dim0": 0, "dim1": -1}), (VECTOR,), (CUBE,)),
        doc="two dimensions swapped, as torch; all reversed where none is named, as numpy",
        aliases=("swapaxes", "swapdims", "t"),
    ),
    Structural(
        name="permute",
        form=_permuted_form(permuted),
        moves=True,
        array=lambda call, x, dims: x.transpose(permuted(x.shape, dims)),
        torch=lambda t, x, dims: t.permute(x, permuted(x.shape, dims)),
        samples=((CUBE, {"dims": (2, 0, -2)}),),
        doc="the dimensions in another order",
    ),
    Structural(
        name="squeeze",
        form=_reshaped_form(lambda s, dim=None: _squeezed(s, dim)),
        moves=True,
        array=lambda call, x, dim=None: x.reshape(_squeezed(x.shape, dim)),
        torch=lambda t, x, dim=None: t.squeeze(x, axes(x.shape, dim)),
        samples=(([[[1.0], [2.0]]],), ([[[1.0], [2.0]]], {"dim": 0}), (MATRIX, {"dim": 0})),
        doc="without dimensions of size 1; of a named one only if it has that size",
    ),
    Structural(
        name="unsqueeze",
        form=_reshaped_form(_unsqueezed),
        moves=True,
        array=lambda call, x, dim: x.reshape(_unsqueezed(x.shape, dim)),
        torch=lambda t, x, dim: t.unsqueeze(x, axis([1, *x.shape], dim)),
        samples=((VECTOR, {"dim": 0}), (VECTOR, {"dim": -1}), (2.5, {"dim": 0})),
        doc="with a dimension of size 1 put in at dim",
        aliases=("expand_dims",),
    ),
    Structural(
        name="broadcast_to",
        form=lambda f, x, shape: f(ops.BROADCAST, x, shape=expanded(x.shape, shape)),
        moves=True,
        array=boxed(lambda call, x, shape: np.broadcast_to(x, expanded(x.shape, shape))),
        torch=lambda t, x, shape: t.broadcast_to(x, expanded(x.shape, shape)),
        samples=((VECTOR, {"shape": (2, 3)}), ([[1.0], [2.0]], {"shape": (-1, 4)})),
        doc="repeated along dimensions of size 1 and new ones; -1 keeps a size",
        aliases=("expand",),
    ),
    Structural(
        name="flip",
        form=_flip_form,
        moves=True,
        array=boxed(lambda call, x, dims=None: np.flip(x, axes(x.shape, dims))),
        torch=lambda t, x, dims=None: t.flip(x, axes(x.shape, dims)),
        samples=((VECTOR,), (MATRIX, {"dims": (1,)}), (MATRIX, {"dims": 0}), (MATRIX,)),
        doc="reversed along dims, all of them where none is named",
    ),
    Structural(
        name="roll",
        form=_roll_form,
        moves=True,
        array=_roll,
        torch=lambda t, x, shifts, dims=None: t.roll(x, shifts, dims),
        samples=((VECTOR, {"shifts": 1}), (MATRIX, {"shifts": (1, -1), "dims": (0, 1)})),
        doc="shifted along dims, what falls off coming back at the other end",
    ),
    Structural(
        name="index",
        form=index_form,
        moves=True,
        array=array_index,
        torch=torch_index,
        samples=(
            (VECTOR, {"key": (1,)}),
            (VECTOR, {"key": (slice(None, None, -1),)}),
            (MATRIX, {"key": (slice(None), 0)}),
            (MATRIX, {"key": (Ellipsis, slice(2, 0, -1))}),
            (MATRIX, {"key": (None, 1, slice(0, 3, 2))}),
            (MATRIX, {"key": (np.array([1, 0, 1]), np.array([0, 2, -1]))}),
            (VECTOR, {"key": (np.array([True, False, True]),)}),
            (CUBE, {"key": (0, slice(None), np.array([0, 2]))}),
            (CUBE, {"key": (np.array([0, 1]), slice(None), np.array([0, 2]))}),
        ),
        doc="the elements that stand at a key: x[0], x[1:], x[:, None]",
    ),
    Structural(
        name="stack",
        form=_stack_form,
        moves=True,
        array=_stack,
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
        array=_concat,
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
        array=_filled(0),
        torch=lambda t, x: t.zeros_like(x),
        samples=((MATRIX,), (2.5,)),
        doc="zeros in the shape of x",
    ),
    Structural(
        name="ones_like",
        form=_fixed_form(1),
        array=_filled(1),
        torch=lambda t, x: t.ones_like(x),
        samples=((MATRIX,), (2.5,)),
        doc="ones in the shape of x",
    ),
    Structural(
        name="full_like",
        form=lambda f, x, fill_value: f.literal(np.full(x.shape, float(fill_value))),
        array=lambda call, x, fill_value: np.full(x.shape, fill_value, dtype=object),
        torch=lambda t, x, fill_value: t.full_like(x, fill_value),
        samples=((MATRIX, {"fill_value": 2.5}),),
        doc="one number in the shape of x",
    ),
    Structural(
        name="diag",
        form=_diag_form,
        array=_diag,
        torch=_torch_diag,
        samples=((VECTOR,), (MATRIX,), (VECTOR, {"diagonal": 1}), (MATRIX, {"diagonal": -1})),
        doc="the diagonal of a matrix; of a vector the matrix with that diagonal",
    ),
    Structural(
        name="diagonal",
        form=_diagonal_form,
        moves=True,
        array=lambda call, x, offset=0, dim1=0, dim2=1: x.diagonal(offset, dim1, dim2).copy(),
        torch=lambda t, x, offset=0, dim1=0, dim2=1: t.diagonal(x, offset, dim1, dim2),
        samples=((MATRIX,), (MATRIX, {"offset": 1}), (CUBE, {"dim1": 1, "dim2": 2})),
        doc="the diagonal of a matrix, as the last dimension",
    ),
    Structural(
        name="tril",
        form=_triangle_form(ops.TRIL),
        array=TRIL,
        torch=TORCH_TRIL,
        samples=((MATRIX,), (MATRIX, {"diagonal": 1})),
        doc="the lower triangle, zeros elsewhere",
    ),
    Structural(
        name="triu",
        form=_triangle_form(ops.TRIU),
        array=TRIU,
        torch=TORCH_TRIU,
        samples=((MATRIX,), (MATRIX, {"diagonal": 1})),
        doc="the upper triangle, zeros elsewhere",
    ),
    Structural(
        name="pad",
        form=_pad_form,
        array=_pad,
        torch=lambda t, x, pad, value=0.0: t.nn.functional.pad(
            x, _paddings(x.shape, pad), value=value
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
