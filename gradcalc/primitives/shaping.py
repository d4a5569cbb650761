"""The same elements in another shape or order: reshape, transpose, index, join."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.expr import ops
from gradcalc.primitives.indexing import index_form, torch_index
from gradcalc.primitives.row import Structural
from gradcalc.primitives.shapes import (
    axes,
    axis,
    expanded,
    flattened,
    permuted,
    reshaped,
    transposed,
)

Call = Callable[..., Any]


def squeezed(shape: Any, dim: Any) -> tuple[int, ...]:
    """The shape without those of the named dimensions that have size 1."""
    named = axes(shape, dim)
    return tuple(size for k, size in enumerate(shape) if k not in named or size != 1)


def unsqueezed(shape: Any, dim: int) -> tuple[int, ...]:
    sizes = list(shape)
    sizes.insert(axis([1, *shape], dim), 1)
    return tuple(sizes)


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


MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]
CUBE = [MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]]

SHAPING: tuple[Structural, ...] = (
    Structural(
        name="reshape",
        form=_reshaped_form(reshaped),
        moves=True,
        torch=lambda t, x, shape: t.reshape(x, reshaped(x.shape, shape)),
        samples=((MATRIX, {"shape": (3, 2)}), (MATRIX, {"shape": -1}), ([4.0], {"shape": ()})),
        doc="the elements in another shape; -1 stands for what is left",
        aliases=("view",),
    ),
    Structural(
        name="flatten",
        form=_reshaped_form(lambda s, start_dim=0, end_dim=-1: flattened(s, start_dim, end_dim)),
        moves=True,
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
        torch=lambda t, x, dim0=None, dim1=None: x.permute(transposed(x.shape, dim0, dim1)),
        samples=((MATRIX,), (CUBE, {"dim0": 0, "dim1": -1}), (VECTOR,), (CUBE,)),
        doc="two dimensions swapped, as torch; all reversed where none is named, as numpy",
        aliases=("swapaxes", "swapdims", "t"),
    ),
    Structural(
        name="permute",
        form=_permuted_form(permuted),
        moves=True,
        torch=lambda t, x, dims: t.permute(x, permuted(x.shape, dims)),
        samples=((CUBE, {"dims": (2, 0, -2)}),),
        doc="the dimensions in another order",
    ),
    Structural(
        name="squeeze",
        form=_reshaped_form(lambda s, dim=None: squeezed(s, dim)),
        moves=True,
        torch=lambda t, x, dim=None: t.squeeze(x, axes(x.shape, dim)),
        samples=(([[[1.0], [2.0]]],), ([[[1.0], [2.0]]], {"dim": 0}), (MATRIX, {"dim": 0})),
        doc="without dimensions of size 1; of a named one only if it has that size",
    ),
    Structural(
        name="unsqueeze",
        form=_reshaped_form(unsqueezed),
        moves=True,
        torch=lambda t, x, dim: t.unsqueeze(x, axis([1, *x.shape], dim)),
        samples=((VECTOR, {"dim": 0}), (VECTOR, {"dim": -1}), (2.5, {"dim": 0})),
        doc="with a dimension of size 1 put in at dim",
        aliases=("expand_dims",),
    ),
    Structural(
        name="broadcast_to",
        form=lambda f, x, shape: f(ops.BROADCAST, x, shape=expanded(x.shape, shape)),
        moves=True,
        torch=lambda t, x, shape: t.broadcast_to(x, expanded(x.shape, shape)),
        samples=((VECTOR, {"shape": (2, 3)}), ([[1.0], [2.0]], {"shape": (-1, 4)})),
        doc="repeated along dimensions of size 1 and new ones; -1 keeps a size",
        aliases=("expand",),
    ),
    Structural(
        name="flip",
        form=_flip_form,
        moves=True,
        torch=lambda t, x, dims=None: t.flip(x, axes(x.shape, dims)),
        samples=((VECTOR,), (MATRIX, {"dims": (1,)}), (MATRIX, {"dims": 0}), (MATRIX,)),
        doc="reversed along dims, all of them where none is named",
    ),
    Structural(
        name="roll",
        form=_roll_form,
        moves=True,
        torch=lambda t, x, shifts, dims=None: t.roll(x, shifts, dims),
        samples=((VECTOR, {"shifts": 1}), (MATRIX, {"shifts": (1, -1), "dims": (0, 1)})),
        doc="shifted along dims, what falls off coming back at the other end",
    ),
    Structural(
        name="index",
        form=index_form,
        moves=True,
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
)
