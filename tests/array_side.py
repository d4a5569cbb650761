"""The structural primitives on numpy arrays of any objects that know `+ - * / **` and `float`.

`ARRAYS` has by name what a row does to such arrays, with the row's own parameters after `call`:
`call(name, a, b)` applies another primitive to elements; what it gives for a comparison has a truth
value. Nothing of it is made of the operations of the graph: it is what these are held to.
"""

from collections.abc import Callable, Mapping
from functools import cmp_to_key, wraps
from typing import Any

import numpy as np

from gradcalc.primitives import PRIMITIVES, Structural
from gradcalc.primitives.indexing import index_plan
from gradcalc.primitives.linear import (
    check_dot,
    check_matmul,
    check_rank,
    check_solve,
    check_square,
)
from gradcalc.primitives.reductions import Extremes, one_axis
from gradcalc.primitives.shapes import (
    axes,
    axis,
    check_concat,
    check_diagonal,
    check_full,
    check_matrix,
    check_stack,
    expanded,
    flattened,
    permuted,
    reshaped,
    squeezed,
    transposed,
    unsqueezed,
)
from tests.array_layout import LAYOUT
from tests.array_places import PLACES, by_order
from tests.elimination import determinant, solved

Call = Callable[..., Any]


def boxed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a result of no dimensions an array: numpy hands out the bare element."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return box(function(*args, **kwargs))

    return wrapper


def box(value: Any) -> Any:
    """The value itself if it is an array, otherwise an array of no dimensions around it."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), dtype=object)
    array[()] = value
    return array


# -- along dimensions -----------------------------------------------------------------------


def _sum(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.sum(x, axis=axes(x.shape, dim), keepdims=keepdim)


def _prod(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.prod(x, axis=axes(x.shape, dim), keepdims=keepdim)


def _extreme(name: str, elementwise: str) -> Call:
    @boxed
    def array(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        fold = np.frompyfunc(lambda a, b: call(elementwise, a, b), 2, 1)
        for number in sorted(axes(x.shape, dim), reverse=True):
            x = fold.reduce(x, axis=number, keepdims=keepdim)
        return x

    return array


def _position(name: str, better: str) -> Call:
    def array(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        rows = x.reshape(-1) if dim is None or not x.ndim else np.moveaxis(x, one_axis(dim, x), -1)
        found = np.zeros(rows.shape[:-1], dtype=np.int64)
        for place in np.ndindex(found.shape):
            row = rows[place]
            for k in range(1, len(row)):
                if truth(call(better, row[k], row[found[place]])):
                    found[place] = k
        if not keepdim:
            return found
        return (
            found.reshape([1] * x.ndim) if dim is None else np.expand_dims(found, one_axis(dim, x))
        )

    return array


def truth(answer: Any) -> bool:
    # An object without a truth value of its own would count as true, without a word.
    if not hasattr(type(answer), "__bool__"):
        raise TypeError(f"{type(answer).__name__} has no truth value")
    return bool(answer)


AMAX, AMIN = _extreme("amax", "maximum"), _extreme("amin", "minimum")
ARGMAX, ARGMIN = _position("argmax", "gt"), _position("argmin", "lt")


def _with_positions(values: Call, positions: Call) -> Call:
    def array(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return values(call, x, None, keepdim)
        number = one_axis(dim, x)
        return Extremes(values(call, x, number, keepdim), positions(call, x, dim, keepdim))

    return array


def _sort(call: Call, x: Any, dim: int = -1, descending: bool = False) -> Extremes:
    if not x.ndim:
        return Extremes(x, np.zeros((), dtype=np.int64))
    rows = np.moveaxis(x, one_axis(dim, x), -1)
    order = np.zeros(rows.shape, dtype=np.int64)
    before, after = ("gt", "lt") if descending else ("lt", "gt")
    for place in np.ndindex(rows.shape[:-1]):
        row = rows[place]

        def compare(i: int, j: int, row: Any = row) -> int:
            return truth(call(after, row[i], row[j])) - truth(call(before, row[i], row[j]))

        order[place] = sorted(range(len(row)), key=cmp_to_key(compare))
    values = np.take_along_axis(rows, order, -1)
    back = (np.moveaxis(part, -1, one_axis(dim, x)) for part in (values, order))
    return Extremes(*back)


def _running(accumulate: Call) -> Call:
    def array(call: Call, x: Any, dim: int | None = None) -> Any:
        if not x.ndim:
            return x
        return accumulate(x.reshape(-1), 0) if dim is None else accumulate(x, one_axis(dim, x))

    return array


# -- linear algebra -------------------------------------------------------------------------


def _matmul(call: Call, x: Any, y: Any) -> Any:
    check_matmul("matmul", x.shape, y.shape)
    return np.matmul(x, y)


def _dot(call: Call, x: Any, y: Any) -> Any:
    check_dot(x.shape, y.shape)
    return np.matmul(x, y)


def _outer(call: Call, x: Any, y: Any) -> Any:
    check_rank("outer", x.shape, 1)
    check_rank("outer", y.shape, 1)
    return x[:, None] * y[None, :]


def _trace(call: Call, x: Any) -> Any:
    check_rank("trace", x.shape, 2)
    return np.trace(x)


def _det(call: Call, x: Any) -> Any:
    check_square("det", x.shape)
    return determinant(x)


def _inv(call: Call, x: Any) -> Any:
    check_square("inv", x.shape)
    return solved(x, np.eye(len(x), dtype=int).astype(object))


def _solve(call: Call, a: Any, b: Any) -> Any:
    check_solve(a.shape, b.shape)
    return solved(a, b)


# -- elements moved about -------------------------------------------------------------------


def _stack(call: Call, tensors: Any, dim: int = 0) -> Any:
    check_stack([np.shape(x) for x in tensors])
    return np.stack([box(x) for x in tensors], axis([1, *np.shape(tensors[0])], dim))


def _concat(call: Call, tensors: Any, dim: int = 0) -> Any:
    return np.concatenate(list(tensors), check_concat([np.shape(x) for x in tensors], dim))


def _triangle(name: str, cut: Call) -> Call:
    def array(call: Call, x: Any, diagonal: int = 0) -> Any:
        check_matrix(name, x.shape)
        return cut(x, diagonal)

    return array


def _diag(call: Call, x: Any, diagonal: int = 0) -> Any:
    check_diagonal(x.shape)
    return np.diag(x, diagonal).copy()


def _index(call: Call, x: Any, key: Any) -> Any:
    flips, basic, arrays = index_plan(x.shape, key)
    turned = np.flip(x, tuple(flips)) if flips else x
    # The Ellipsis makes numpy return an array, not an element.
    part = turned[(*basic, ...)]
    return (part[arrays] if arrays else part).copy()


OWN: Mapping[str, Call] = {
    "sum": boxed(_sum),
    "prod": boxed(_prod),
    "amax": AMAX,
    "amin": AMIN,
    "max": _with_positions(AMAX, ARGMAX),
    "min": _with_positions(AMIN, ARGMIN),
    "argmax": ARGMAX,
    "argmin": ARGMIN,
    "sort": _sort,
    "cumsum": _running(np.cumsum),
    "cumprod": _running(np.cumprod),
    "matmul": boxed(_matmul),
    "dot": boxed(_dot),
    "outer": _outer,
    "kron": boxed(lambda call, x, y: np.kron(x, y)),
    "trace": boxed(_trace),
    "det": boxed(_det),
    "inv": _inv,
    "solve": boxed(_solve),
    "reshape": lambda call, x, shape: x.reshape(reshaped(x.shape, shape)),
    "flatten": lambda call, x, start_dim=0, end_dim=-1: x.reshape(
        flattened(x.shape, start_dim, end_dim)
    ),
    "transpose": lambda call, x, dim0=None, dim1=None: x.transpose(transposed(x.shape, dim0, dim1)),
    "permute": lambda call, x, dims: x.transpose(permuted(x.shape, dims)),
    "squeeze": lambda call, x, dim=None: x.reshape(squeezed(x.shape, dim)),
    "unsqueeze": lambda call, x, dim: x.reshape(unsqueezed(x.shape, dim)),
    "broadcast_to": boxed(lambda call, x, shape: np.broadcast_to(x, expanded(x.shape, shape))),
    "flip": boxed(lambda call, x, dims=None: np.flip(x, axes(x.shape, dims))),
    "roll": lambda call, x, shifts, dims=None: np.roll(x, shifts, dims),
    "index": boxed(_index),
    "stack": _stack,
    "concat": _concat,
    "zeros_like": lambda call, x: np.full(x.shape, 0, dtype=object),
    "ones_like": lambda call, x: np.full(x.shape, 1, dtype=object),
    "full_like": lambda call, x, fill_value: np.full(x.shape, fill_value, dtype=object),
    "diag": boxed(_diag),
    "diagonal": lambda call, x, offset=0, dim1=0, dim2=1: x.diagonal(offset, dim1, dim2).copy(),
    "tril": _triangle("tril", np.tril),
    "triu": _triangle("triu", np.triu),
    **LAYOUT,
    **PLACES,
    **by_order(_sort),
}


def _numpys(row: Structural) -> Call:
    """numpy's function of that name, called with all of the row's parameters in order."""

    @boxed
    def array(call: Call, *args: Any, **given: Any) -> Any:
        bound = row.signature.bind(*args, **given)
        bound.apply_defaults()
        return getattr(np, row.name)(*bound.arguments.values()).copy()

    return array


ARRAYS: Mapping[str, Call] = {
    row.name: OWN.get(row.name) or _numpys(row) for row in PRIMITIVES if isinstance(row, Structural)
}
"""The rows by name, those without a function of their own with numpy's."""
