"""Shapes that fit or do not: each check serves both sides of a row."""

import math
from collections.abc import Sequence
from typing import Any

from gradcalc.errors import AXIS, ShapeError

Shape = Sequence[int]


def show(shape: Shape) -> str:
    """A shape as Python writes it."""
    return str(tuple(int(size) for size in shape))


def numbers(sizes: Any) -> tuple[int, ...]:
    """One number or several, as a tuple."""
    return tuple(sizes) if isinstance(sizes, list | tuple) else (sizes,)


def axes(shape: Shape, dim: Any) -> tuple[int, ...]:
    """The dimensions named by a number, several, or None for all, counted from the front."""
    named = range(len(shape)) if dim is None or dim == () else numbers(dim)
    # As in torch, a scalar may be reduced along 0 or -1 as if it had one dimension.
    rank = max(len(shape), 1)
    for number in named:
        if not -rank <= number < rank:
            raise ShapeError(
                f"dimension {number} is out of range for shape {show(shape)}", python=AXIS
            )
    found = tuple(number % rank for number in named)
    if len(set(found)) < len(found):
        raise ShapeError(f"a dimension is named twice in {tuple(named)}")
    return found if len(shape) else ()


def axis(shape: Shape, dim: int) -> int:
    """One dimension, counted from the front; 0 for a scalar."""
    return (axes(shape, dim) or (0,))[0]


def check_full(name: str, shape: Shape) -> None:
    """An extreme needs an element."""
    if 0 in shape:
        raise ShapeError(f"{name} of a tensor without elements, of shape {show(shape)}")


def check_diagonal(shape: Shape) -> None:
    """A diagonal is that of a matrix, or will be."""
    if len(shape) not in (1, 2):
        raise ShapeError(f"diag needs a vector or a matrix, not shape {show(shape)}")


def check_matrix(name: str, shape: Shape) -> None:
    """Triangles are those of the last two dimensions."""
    if len(shape) < 2:
        raise ShapeError(f"{name} needs a matrix, not shape {show(shape)}")


def check_stack(shapes: Sequence[Shape]) -> None:
    """Tensors are stacked if all have one shape."""
    if not shapes:
        raise ShapeError("stack needs at least one tensor")
    for shape in shapes:
        if tuple(shape) != tuple(shapes[0]):
            raise ShapeError(f"stack of different shapes: {show(shapes[0])} and {show(shape)}")


def check_concat(shapes: Sequence[Shape], dim: int) -> int:
    """Along which dimension tensors are joined, the other sizes being equal."""
    if not shapes:
        raise ShapeError("concat needs at least one tensor")
    first = tuple(shapes[0])
    if not first:
        raise ShapeError("concat of scalars", hint="write stack([a, b])")
    joined = axis(first, dim)
    for shape in shapes:
        rest = [size for k, size in enumerate(shape) if k != joined]
        if len(shape) != len(first) or rest != [s for k, s in enumerate(first) if k != joined]:
            raise ShapeError(
                f"concat along dimension {joined} of shapes {show(first)} and {show(shape)}"
            )
    return joined


def reshaped(shape: Shape, wanted: Any) -> tuple[int, ...]:
    """The new shape of as many elements, its -1 worked out."""
    sizes, count = numbers(wanted), math.prod(shape)
    rest = math.prod(size for size in sizes if size != -1)
    open_size = sizes.count(-1)
    if open_size == 1 and rest > 0 and count % rest == 0:
        sizes = tuple(count // rest if size == -1 else size for size in sizes)
    if min(sizes, default=0) < 0 or math.prod(sizes) != count:
        raise ShapeError(f"reshape of shape {show(shape)}, {count} elements, to {show(sizes)}")
    return sizes


def flattened(shape: Shape, start_dim: int, end_dim: int) -> tuple[int, ...]:
    """The shape with the dimensions from start to end, both included, made into one."""
    start, end = axis(shape, start_dim), axis(shape, end_dim)
    if start > end:
        raise ShapeError(f"flatten from dimension {start} to {end}: they are the wrong way round")
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


def expanded(shape: Shape, wanted: Any) -> tuple[int, ...]:
    """The shape to broadcast to, where -1 keeps a size."""
    sizes = numbers(wanted)
    added = len(sizes) - len(shape)
    kept = [1] * added + list(shape)
    full = tuple(kept[k] if size == -1 and k >= added else size for k, size in enumerate(sizes))
    if added < 0 or any(size not in (1, new) for size, new in zip(kept, full, strict=True)):
        raise ShapeError(f"shape {show(shape)} cannot be broadcast to {show(sizes)}")
    return full


def permuted(shape: Shape, dims: Any) -> tuple[int, ...]:
    """The order of all dimensions."""
    order = axes(shape, numbers(dims))
    if len(order) != len(shape):
        raise ShapeError(f"permute of shape {show(shape)} names {len(order)} dimensions")
    return order


def transposed(shape: Shape, dim0: Any, dim1: Any) -> tuple[int, ...]:
    """The order of the dimensions: reversed, two of them swapped, or numpy's tuple of all."""
    if dim0 is None and dim1 is None:
        return tuple(reversed(range(len(shape))))
    if dim1 is None:
        return permuted(shape, dim0)
    order = list(range(len(shape)))
    if order:
        first, second = axis(shape, dim0), axis(shape, dim1)
        order[first], order[second] = order[second], order[first]
    return tuple(order)


def squeezed(shape: Shape, dim: Any) -> tuple[int, ...]:
    """The shape without those of the named dimensions that have size 1."""
    named = axes(shape, dim)
    return tuple(size for k, size in enumerate(shape) if k not in named or size != 1)


def unsqueezed(shape: Shape, dim: int) -> tuple[int, ...]:
    """The shape with a dimension of size 1 put in."""
    place = axis([1, *shape], dim)
    return (*shape[:place], 1, *shape[place:])


def paddings(shape: Shape, pad: Any, mode: str = "constant") -> tuple[int, ...]:
    """The numbers of `pad`, checked: pairs for the last dimension, the last but one, and so on.

    A constant is put around what is left of the tensor, its own elements around the whole of it.
    """
    amounts = tuple(pad) if isinstance(pad, tuple) else (pad,)
    if len(amounts) % 2 or len(amounts) > 2 * len(shape):
        raise ShapeError(
            f"pad of shape {show(shape)} by {amounts}",
            hint="give two numbers a dimension, the last dimension first: (before, behind)",
        )
    pairs = [(shape[-1 - k // 2], amounts[k : k + 2]) for k in range(0, len(amounts), 2)]
    if mode == "constant":
        left = [size + sum(min(n, 0) for n in pair) for size, pair in pairs]
    else:
        left = [size + sum(pair) - 1 for size, pair in pairs]
    if min(left, default=0) < 0:
        raise ShapeError(f"pad of shape {show(shape)} by {amounts} takes too much away")
    return amounts
