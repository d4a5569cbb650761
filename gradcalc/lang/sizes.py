"""How large a result would be, before anything is computed."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.errors import LimitError, ShapeError
from gradcalc.lang.program import amount
from gradcalc.primitives import Elementwise, Primitive
from gradcalc.primitives.shapes import expanded


class TensorShape(tuple[int, ...]):
    """The shape of a tensor, where other tuples may stand beside it."""

    __slots__ = ()


Sizes = Mapping[str, Any]
"""The arguments of a primitive by name, with shapes in place of tensors."""


def check_elements(name: str, count: int, limit: int) -> None:
    """Raises `LimitError` where a result would be too large."""
    if count > limit:
        raise LimitError(f"{name} would make {amount(count)} elements; the limit is {limit:,}")


def check_result(row: Primitive, sizes: Sizes, limit: int) -> None:
    """Raises `LimitError` where a primitive would make too much of its arguments.

    Raises `ShapeError` where the operands of an elementwise primitive do not fit each other; for
    all others it is the primitive itself that says what is wrong with the shapes.
    """
    growth = GROWING.get(row.name, _broadcast)
    try:
        count = growth(sizes)
    except ValueError:
        if not isinstance(row, Elementwise):
            return
        shapes = " and ".join(str(tuple(shape)) for shape in _shapes(sizes))
        raise ShapeError(
            f"the shapes {shapes} do not fit each other in {row.operator or row.name}",
            hint="sizes, compared from the right, must be equal or 1",
        ) from None
    check_elements(row.name, count, limit)


def _shapes(sizes: Sizes) -> list[TensorShape]:
    return [value for value in sizes.values() if isinstance(value, TensorShape)]


def _broadcast(sizes: Sizes) -> int:
    shapes = _shapes(sizes)
    if len(set(shapes)) == 1:
        return math.prod(shapes[0])
    return math.prod(np.broadcast_shapes(*shapes))


def _product(sizes: Sizes) -> int:
    return math.prod(math.prod(shape) for shape in _shapes(sizes))


def _matmul(sizes: Sizes) -> int:
    left, right = _shapes(sizes)
    if len(left) < 2 or len(right) < 2:
        return 0
    batch = math.prod(np.broadcast_shapes(left[:-2], right[:-2]))
    return batch * int(left[-2]) * int(right[-1])


def _joined(sizes: Sizes) -> int:
    return sum(math.prod(shape) for shape in sizes["tensors"])


def _diagonal(sizes: Sizes) -> int:
    shape = sizes["x"]
    return int(shape[0] + abs(sizes["diagonal"])) ** 2 if len(shape) == 1 else 0


def _expanded(sizes: Sizes) -> int:
    return math.prod(expanded(sizes["x"], sizes["shape"]))


def _indexed(sizes: Sizes) -> int:
    shape = sizes["x"]
    arrays: list[tuple[int, ...]] = []
    rest, position = 1, 0
    for item in sizes["key"]:
        if isinstance(item, np.ndarray):
            mask = item.dtype == np.bool_
            arrays.append((int(np.count_nonzero(item)),) if mask else item.shape)
            position += item.ndim if mask else 1
        elif item is not None:
            rest *= shape[position] if isinstance(item, slice) else 1
            position += 1
    rest *= math.prod(shape[position:])
    return math.prod(np.broadcast_shapes(*arrays)) * int(rest)


GROWING: Mapping[str, Callable[[Sizes], int]] = MappingProxyType(
    {
        "outer": _product,
        "kron": _product,
        "matmul": _matmul,
        "dot": _matmul,
        "stack": _joined,
        "concat": _joined,
        "diag": _diagonal,
        "broadcast_to": _expanded,
        "index": _indexed,
    }
)
"""The primitives whose result can be larger than their operands broadcast to each other."""
