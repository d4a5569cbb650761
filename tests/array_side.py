"""The structural primitives on numpy arrays of any objects that know `+ - * / **` and `float`.

`ARRAYS` has by name what a row does to such arrays, with the row's own parameters after `call`:
`call(name, a, b)` applies another primitive to elements; what it gives for a comparison has a truth
value. Nothing of it is made of the operations of the graph: it is what these are held to.
"""

import math
from collections.abc import Callable, Mapping
from functools import cmp_to_key, reduce, wraps
from typing import Any

import mpmath
import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.primitives import PRIMITIVES, Structural
from gradcalc.primitives.contraction import read
from gradcalc.primitives.decompositions import Eigen, Logarithm, Singular, Triangular
from gradcalc.primitives.indexing import index_plan
from gradcalc.primitives.labels import classes_of
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
from tests.array_packed import PACKED
from tests.array_places import PLACES, by_order
from tests.array_windows import WINDOWS
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


def _median(call: Call, x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    if dim is None:
        return box(_sort(call, x.reshape(-1), 0).values[(x.size - 1) // 2])
    along = one_axis(dim, x)
    middle = [(x.shape[along] - 1) // 2]
    parts = (np.take(part, middle, along) for part in _sort(call, x, dim))
    return Extremes(*(part if keepdim else np.squeeze(part, along) for part in parts))


def _accumulated(name: str) -> Call:
    """The running maximum or minimum, the last of equal elements."""
    before = {"maximum": "ge", "minimum": "le"}[name]

    def array(call: Call, x: Any, dim: int) -> Extremes:
        rows = np.moveaxis(x, one_axis(dim, x), -1)
        places = np.zeros(rows.shape, dtype=np.int64)
        for place in np.ndindex(rows.shape[:-1]):
            for k in range(1, rows.shape[-1]):
                best = places[place][k - 1]
                wins = truth(call(before, rows[place][k], rows[place][best]))
                places[place][k] = k if wins else best
        values = np.take_along_axis(rows, places, -1)
        return Extremes(*(np.moveaxis(part, -1, one_axis(dim, x)) for part in (values, places)))

    return array


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
    return _over(determinant, x)


def _inv(call: Call, x: Any) -> Any:
    check_square("inv", x.shape)
    eye = np.eye(x.shape[-1], dtype=int).astype(object)
    return _over(lambda a: solved(a, eye), x)


def _solve(call: Call, a: Any, b: Any, left: bool = True) -> Any:
    vectors = check_solve(a.shape, b.shape, left)
    if not left:
        return np.swapaxes(_solve(call, np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)), -1, -2)
    columns = b[..., None] if vectors else b
    front = np.broadcast_shapes(a.shape[:-2], columns.shape[:-2])
    pair = (np.broadcast_to(x, (*front, *x.shape[-2:])) for x in (a, columns))
    found = _over(solved, *pair)
    return found[..., 0] if vectors else found


def _over(function: Call, *stacks: Any) -> Any:
    """A function of one matrix, of each of a stack."""
    front = stacks[0].shape[:-2]
    if not front:
        return function(*stacks)
    found = np.stack([function(*(s[place] for s in stacks)) for place in np.ndindex(front)])
    return found.reshape((*front, *found.shape[1:]))


def _einsum(call: Call, equation: str, operands: Any) -> Any:
    # torch has sizes of 1 under a label with larger ones, too
    sizes = [np.shape(x) for x in operands]
    read(equation, sizes)
    return np.einsum(equation, *operands)


def _multi_dot(call: Call, tensors: Any) -> Any:
    return reduce(np.matmul, tensors)


def _matrix_power(call: Call, x: Any, n: int) -> Any:
    if x.ndim > 2:
        return np.stack([_matrix_power(call, part, n) for part in x])
    factor = _inv(call, x) if n < 0 else x
    return reduce(np.matmul, [factor] * abs(n), np.eye(len(x), dtype=int).astype(object))


def _slogdet(call: Call, x: Any) -> Any:
    found = box(_over(determinant, x))
    sign = np.frompyfunc(lambda d: int(d > 0) - int(d < 0), 1, 1)(found)
    return Logarithm(box(sign), box(np.frompyfunc(lambda d: mpmath.log(abs(d)), 1, 1)(found)))


def _cholesky(call: Call, x: Any, upper: bool = False) -> Any:
    """Of the symmetric part, which is what torch differentiates."""
    half = (x + np.swapaxes(x, -1, -2)) / 2
    lower = _over(_by_columns, half)
    return np.swapaxes(lower, -1, -2) if upper else lower


def _by_columns(a: Any) -> Any:
    found = np.zeros(a.shape, dtype=int).astype(object)
    for k in range(len(a)):
        below = a[k:, k] - found[k:, :k] @ found[k, :k] if k else a[k:, k]
        found[k:, k] = below / mpmath.sqrt(below[0])
    return found


def _solve_triangular(
    call: Call, a: Any, b: Any, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    cut = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        eye = np.eye(a.shape[-1], dtype=bool)
        cut = np.where(eye, 1, cut)
    return _solve(call, cut, b, left)


def _qr(call: Call, x: Any) -> Any:
    """By Gram and Schmidt, with the signs of numpy's LAPACK."""
    parts = [_by_projection(x[place]) for place in np.ndindex(x.shape[:-2])]
    q, r = (
        np.stack(part).reshape((*x.shape[:-2], *part[0].shape)) for part in zip(*parts, strict=True)
    )
    return Triangular(q, r)


def _by_projection(a: Any) -> Any:
    size = min(a.shape)
    signs = np.sign(np.diag(np.linalg.qr(a.astype(float), mode="r")))
    q = a[:, :size].copy()
    for k in range(size):
        for j in range(k):
            q[:, k] = q[:, k] - q[:, j] * (q[:, j] @ q[:, k])
        q[:, k] = q[:, k] * int(signs[k]) / mpmath.sqrt(q[:, k] @ q[:, k])
    r = np.where(np.tri(size, a.shape[1], -1, dtype=bool), 0, q.T @ a)
    return q, r


def _tensorinv(call: Call, x: Any, ind: int = 2) -> Any:
    size = math.prod(x.shape[:ind])
    found = _inv(call, x.reshape(size, size))
    return found.reshape(x.shape[ind:] + x.shape[:ind])


def _tensorsolve(call: Call, a: Any, b: Any, dims: Any = None) -> Any:
    moved = list(dims or ())
    a = a.transpose([k for k in range(a.ndim) if k not in moved] + moved)
    return solved(a.reshape(b.size, b.size), b.reshape(-1)).reshape(a.shape[b.ndim :])


def _matrix_exp(call: Call, x: Any) -> Any:
    return _over(lambda a: _matrices(mpmath.expm(mpmath.matrix(a.tolist())), a.shape), x)


def _matrices(found: Any, shape: Any) -> Any:
    return np.array(list(found), dtype=object).reshape(shape)


def _eigh(call: Call, x: Any) -> Any:
    """Of the symmetric part, with the signs of numpy's LAPACK."""

    if x.ndim < 2:
        raise ShapeError(f"a matrix, not shape {x.shape}")

    def one(a: Any) -> Any:
        half = (a + a.T) / 2
        values, vectors = mpmath.eigsy(mpmath.matrix(half.tolist()))
        columns = _matrices(vectors, a.shape)
        _, theirs = np.linalg.eigh(half.astype(float))
        signs = np.where(np.sum(columns.astype(float) * theirs, axis=0) < 0, -1, 1)
        return np.array(list(values), dtype=object), columns * signs

    parts = [one(x[place]) for place in np.ndindex(x.shape[:-2])]
    values, vectors = (np.stack(part) for part in zip(*parts, strict=True))
    return Eigen(values.reshape(x.shape[:-1]), vectors.reshape(x.shape))


def _svd(call: Call, x: Any, full_matrices: bool = True) -> Any:
    """By the eigenvalues of A.T A."""
    if x.shape[-1] > x.shape[-2]:
        turned = _svd(call, np.swapaxes(x, -1, -2))
        return Singular(np.swapaxes(turned.Vh, -1, -2), turned.S, np.swapaxes(turned.U, -1, -2))
    squares, vectors = _eigh(call, np.swapaxes(x, -1, -2) @ x)
    values = np.frompyfunc(mpmath.sqrt, 1, 1)(squares[..., ::-1])
    right = vectors[..., ::-1]
    _, _, rows = np.linalg.svd(x.astype(float), full_matrices=False)
    along = np.sum(right.astype(float) * np.swapaxes(rows, -1, -2), axis=-2, keepdims=True)
    right = right * np.where(along < 0, -1, 1)
    return Singular(x @ right / values[..., None, :], values, np.swapaxes(right, -1, -2))


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


def _one_hot(call: Call, x: Any, num_classes: int = -1, dim: int = -1) -> Any:
    places = x.astype(float).astype(int)
    count = classes_of(places, num_classes)
    return np.moveaxis(np.eye(count)[places], -1, dim)


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
    "median": _median,
    "cummax": _accumulated("maximum"),
    "cummin": _accumulated("minimum"),
    "trace": boxed(_trace),
    "det": boxed(_det),
    "inv": _inv,
    "solve": boxed(_solve),
    "einsum": boxed(_einsum),
    "slogdet": _slogdet,
    "cholesky": _cholesky,
    "solve_triangular": _solve_triangular,
    "qr": _qr,
    "tensorinv": _tensorinv,
    "tensorsolve": _tensorsolve,
    "matrix_exp": _matrix_exp,
    "eigvalsh": lambda call, x: _eigh(call, x).eigenvalues,
    "eigh": _eigh,
    "svdvals": lambda call, x: _svd(call, x).S,
    "svd": _svd,
    "matrix_rank": lambda call, x: np.asarray(np.linalg.matrix_rank(x.astype(float))),
    "inner": boxed(lambda call, x, y: np.inner(x, y)),
    "multi_dot": boxed(_multi_dot),
    "matrix_power": _matrix_power,
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
    "one_hot": _one_hot,
    **WINDOWS,
    **LAYOUT,
    **PLACES,
    **by_order(_sort),
    **PACKED,
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
