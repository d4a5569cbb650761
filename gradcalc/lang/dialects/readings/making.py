"""Tensors made of nothing but numbers: places, triangles, progressions."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import casts, memory, ops
from gradcalc.lang.backend import check_elements
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.readings import called, shapes
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import text_of


def whole(machine: Machine, places: Any) -> Any:
    """A tensor of whole numbers, as they are."""
    return machine.mark_integer(machine.constant(np.asarray(places, dtype=np.float64)))


def unfilled_like(machine: Machine, **given: Any) -> Any:
    """empty_like: memory for as many numbers of that kind, to be written before it is read."""
    (like,) = (ops.tensor(machine, value) for value in given.values())
    made = machine.constant(np.zeros(ops.shape(machine, like)))
    made = casts.to(machine, made, casts.dtype_of(machine, like), fresh=True)
    return memory.unfilled(machine.mark_array(made), text_of(machine.node, machine.source))


def new_like(machine: Machine, name: str, self: Any, **given: Any) -> Any:
    """torch's new_zeros and its like: a tensor of the kind of numbers of another one."""
    kind = casts.dtype_of(machine, ops.tensor(machine, self))
    if name == "new_tensor":
        return casts.to(machine, shapes.copied(machine, given["data"]), kind, fresh=True)
    size = given["size"]
    sizes = size if isinstance(size, list | tuple) else (size,)
    if name == "new_empty":
        return unfilled(machine, sizes, kind)
    sizes = _sizes(machine, *sizes)
    if name == "new_full":
        made = BUILTINS["full"].call(machine, tuple(sizes), _constant(machine, given["fill_value"]))
    else:
        filling = 1.0 if name == "new_ones" else 0.0
        made = machine.mark_array(machine.constant(np.full(sizes, filling)))
    # nobody else has it
    return casts.to(machine, made, kind, fresh=True)


def unfilled(machine: Machine, sizes: Sequence[Any], kind: Any) -> Any:
    """Memory for so many numbers of a kind, to be written before it is read."""
    made = machine.mark_array(machine.constant(np.zeros(_sizes(machine, *sizes))))
    # nobody else has it
    made = casts.to(machine, made, kind, fresh=True)
    return memory.unfilled(made, text_of(machine.node, machine.source))


def _constant(machine: Machine, value: Any) -> Any:
    ops.refuse_gradient(machine, "the value", value)
    return value if isinstance(value, int | float) else machine.number(value)


def is_of_kind(machine: Machine, name: str, **values: Any) -> bool:
    """is_floating_point and is_complex: what kind of numbers a tensor has."""
    (value,) = (ops.tensor(machine, value) for value in values.values())
    return name == "is_floating_point" and casts.dtype_of(machine, value).word == "float"


def _sizes(machine: Machine, *sizes: Any) -> list[int]:
    found = [ops.integer(machine, n) for n in sizes]
    if min(found, default=0) < 0:
        raise InvalidValueError(f"a size cannot be negative: {min(found)}")
    check_elements(called(machine), math.prod(found), machine.limits.elements)
    return found


def _triangle(machine: Machine, name: str, rows: Any, columns: Any, offset: Any) -> Any:
    height, width = _sizes(machine, rows, columns)
    cut = {"l": np.tril, "u": np.triu}[name[3]]
    k = max(-height - 1, min(ops.integer(machine, offset), width + 1))
    return np.nonzero(cut(np.ones((height, width), bool), k))


def triangle_places(machine: Machine, name: str, row: Any, col: Any, offset: Any) -> Any:
    """torch's tril_indices and triu_indices: rows and columns, as one tensor."""
    return whole(machine, np.stack(_triangle(machine, name, row, col, offset)))


def numpy_triangle_places(machine: Machine, name: str, n: Any, k: Any, m: Any) -> Any:
    """numpy's, as a pair of arrays."""
    found = _triangle(machine, name, n, n if m is None else m, k)
    return tuple(whole(machine, part) for part in found)


def triangle_places_of(machine: Machine, name: str, arr: Any, k: Any) -> Any:
    """tril_indices_from and triu_indices_from."""
    shape = ops.shape(machine, arr)
    if len(shape) != 2:
        raise ShapeError(f"{name} needs a matrix, not shape {shape}")
    return tuple(whole(machine, part) for part in _triangle(machine, name, *shape, k))


def diagonal_places(machine: Machine, n: Any, ndim: Any) -> Any:
    """numpy's diag_indices."""
    size, rank = ops.integer(machine, n), ops.integer(machine, ndim)
    _sizes(machine, size, rank)
    return tuple(whole(machine, np.arange(size)) for _ in range(rank))


def diagonal_places_of(machine: Machine, arr: Any) -> Any:
    """numpy's diag_indices_from."""
    shape = ops.shape(machine, arr)
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ShapeError(f"diag_indices_from needs equal sizes, not shape {shape}")
    return diagonal_places(machine, shape[0], len(shape))


def all_places(machine: Machine, dimensions: Any, sparse: Any) -> Any:
    """numpy's indices: the places of a shape, along each of its dimensions."""
    sizes = _sizes(machine, *dimensions)
    _sizes(machine, len(sizes), *sizes)
    if sparse:
        return tuple(whole(machine, part) for part in np.indices(sizes, sparse=True))
    return whole(machine, np.indices(sizes))


def triangle(machine: Machine, k: Any, **sizes: Any) -> Any:
    """numpy's tri: ones at and below a diagonal."""
    first, second = sizes.values()
    rows, columns = _sizes(machine, first, first if second is None else second)
    return machine.constant(np.tri(rows, columns, ops.integer(machine, k)))


def window(machine: Machine, name: str, beta: Any = None, **values: Any) -> Any:
    """numpy's windows, which are numbers of their own."""
    (count,) = _sizes(machine, *values.values())
    return machine.constant(_window(machine, name, count, beta))


def torch_window(
    machine: Machine, name: str, window_length: Any, periodic: Any = True, beta: Any = 12.0
) -> Any:
    """torch's windows: periodic ones leave out the last of one number more."""
    (count,) = _sizes(machine, window_length)
    own = {"hann_window": "hanning"}.get(name, name.removesuffix("_window"))
    if not periodic or count < 2:
        return machine.constant(_window(machine, own, count, beta))
    return machine.constant(_window(machine, own, count + 1, beta)[:count])


def _window(machine: Machine, name: str, count: int, beta: Any) -> Any:
    if name != "kaiser":
        return getattr(np, name)(count)
    ops.refuse_gradient(machine, "beta", beta)
    return np.kaiser(count, beta if isinstance(beta, int | float) else machine.number(beta))


RULES = {
    "leggauss": np.polynomial.legendre.leggauss, "hermgauss": np.polynomial.hermite.hermgauss,
    "laggauss": np.polynomial.laguerre.laggauss, "chebgauss": np.polynomial.chebyshev.chebgauss,
    **dict.fromkeys(("roots_legendre", "p_roots"), np.polynomial.legendre.leggauss),
    **dict.fromkeys(("roots_hermite", "h_roots"), np.polynomial.hermite.hermgauss),
    **dict.fromkeys(("roots_laguerre", "l_roots"), np.polynomial.laguerre.laggauss),
}  # fmt: skip
"""Points and weights of the rules of Gauss, by the names that they have."""


def quadrature(machine: Machine, name: str, **values: Any) -> tuple[Any, Any]:
    """The points and the weights of a rule of Gauss, which are numbers of their own."""
    (count,) = _sizes(machine, *values.values())
    if not 1 <= count <= MOST_POINTS:
        raise InvalidValueError(f"{name} of {count} points")
    return tuple(machine.constant(part) for part in RULES[name](count))


MOST_POINTS = 500
"""More points of a rule take long to find."""
