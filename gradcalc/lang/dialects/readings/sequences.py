"""numpy's functions of rows: what is appended, left out or put in between, polynomials."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops, places
from gradcalc.lang.dialects.readings import series, statistics, torchs
from gradcalc.lang.dialects.readings.reductions import running
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers


def _row(machine: Machine, x: Any) -> Any:
    return ops.reshape(machine, ops.tensor(machine, x), (-1,))


def appended(machine: Machine, arr: Any, values: Any, axis: Any) -> Any:
    """append: behind all elements in a row, or along an axis."""
    if axis is None:
        pair, axis = [_row(machine, arr), _row(machine, values)], 0
    else:
        pair = [ops.tensor(machine, arr), ops.tensor(machine, values)]
    return ops.call(machine, "concat", pair, dim=axis)


def _where(machine: Machine, obj: Any) -> Any:
    """An index as numpy takes it."""
    if isinstance(obj, slice | int):
        return obj
    tensor = ops.tensor(machine, obj)
    if machine.is_mask(tensor):
        return places.truths(machine, tensor)
    found = places.numbers(machine, obj)
    return found if found.ndim else int(found)


def _kept(name: str, change: Any) -> Any:
    try:
        return change()
    except (IndexError, ValueError) as error:
        raise ShapeError(f"{name}: {error}") from None


def deleted(machine: Machine, arr: Any, obj: Any, axis: Any) -> Any:
    """delete: without some places along an axis, or of all elements in a row."""
    x = _row(machine, arr) if axis is None else ops.tensor(machine, arr)
    dim = 0 if axis is None else one_of(ops.shape(machine, x), axis)
    size, gone = ops.shape(machine, x)[dim], _where(machine, obj)
    left = _kept("delete", lambda: np.delete(np.arange(size), gone))
    return machine.copy(ops.index(machine, x, (*[slice(None)] * dim, left)))


def inserted(machine: Machine, arr: Any, obj: Any, values: Any, axis: Any) -> Any:
    """insert: values in front of some places of a row, or of those along an axis."""
    x, more = ops.tensor(machine, arr), ops.tensor(machine, values)
    if axis is None:
        x, more = _row(machine, x), _row(machine, more)
    size, place = ops.size(machine, x), _where(machine, obj)
    grid = np.arange(size).reshape(ops.shape(machine, x))
    marks = np.arange(ops.size(machine, more)).reshape(ops.shape(machine, more)) + size
    order = _kept("insert", lambda: np.insert(grid, place, marks, axis=axis))
    both = ops.call(machine, "concat", [_row(machine, x), _row(machine, more)], dim=0)
    return machine.copy(ops.index(machine, both, (order,)))


def resized(machine: Machine, a: Any, new_shape: Any) -> Any:
    """resize: all elements again and again, in another shape."""
    row, shape = _row(machine, a), tuple(numbers(new_shape))
    if min(shape, default=0) < 0 or not ops.size(machine, row):
        raise ShapeError(f"resize to shape {shape}")
    order = np.arange(int(np.prod(shape, dtype=int))) % ops.size(machine, row)
    return ops.reshape(machine, ops.index(machine, row, (order,)), shape)


def cumulated(
    machine: Machine, name: str, x: Any, axis: Any, include_initial: Any
) -> Any:  # fmt: skip
    """cumulative_sum and cumulative_prod, which begin with 0 or 1 if that is asked for."""
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    if axis is None and len(shape) != 1:
        raise ShapeError("along which axis is to be said of more dimensions than one")
    dim = one_of(shape, 0 if axis is None else axis)
    found = ops.call(machine, name, x, dim=dim)
    if not include_initial:
        return found
    first = machine.constant(
        np.full((*shape[:dim], 1, *shape[dim + 1 :]), 0.0 if name == "cumsum" else 1.0)
    )
    return ops.call(machine, "concat", [first, found], dim=dim)


def running_numbers(machine: Machine, name: str, a: Any, axis: Any) -> Any:
    """nancumsum and nancumprod: what is no number changes nothing."""
    x = ops.tensor(machine, a)
    neutral = 0.0 if name == "cumsum" else 1.0
    marks = ops.call(machine, "isnan", x)
    return running(machine, name, a=ops.call(machine, "where", marks, neutral, x), axis=axis)


def quantile(
    machine: Machine, of: str, a: Any, q: Any, axis: Any, method: str, keepdims: Any
) -> Any:
    """nanquantile and nanpercentile."""
    if keepdims and axis is None:
        raise UnsupportedError("a quantile of all elements with kept dimensions")
    x, dim = torchs.known(machine, a, axis)
    return statistics.numpy_quantile(machine, of, x, q, dim, method, keepdims)


def middle(machine: Machine, a: Any, axis: Any, keepdims: Any) -> Any:
    """nanmedian: the mean of the two in the middle."""
    return quantile(machine, "quantile", a, 0.5, axis, "linear", keepdims)


def divided(machine: Machine, x1: Any, x2: Any) -> tuple[Any, Any]:
    """divmod: how often, and what is left."""
    return ops.binary(machine, "floordiv", x1, x2), ops.binary(machine, "mod", x1, x2)


def parted(machine: Machine, x: Any) -> tuple[Any, Any]:
    """modf: what stands behind the point, and in front of it."""
    whole = ops.call(machine, "trunc", x)
    return ops.binary(machine, "sub", x, whole), whole


def blocks(machine: Machine, arrays: Any) -> Any:
    """block: nested lists of arrays, the innermost side by side."""
    rank = max(_depth(arrays), _largest(machine, arrays))
    return _joined(machine, arrays, rank, _depth(arrays))


def _depth(value: Any) -> int:
    if not isinstance(value, list):
        return 0
    depths = {_depth(part) for part in value}
    if len(depths) != 1:
        raise ShapeError("block takes lists that are nested equally deep")
    return 1 + depths.pop()


def _largest(machine: Machine, value: Any) -> int:
    if isinstance(value, list):
        return max(_largest(machine, part) for part in value)
    return len(ops.shape(machine, ops.tensor(machine, value)))


def _joined(machine: Machine, value: Any, rank: int, depth: int) -> Any:
    if not depth:
        x = ops.tensor(machine, value)
        shape = ops.shape(machine, x)
        return ops.reshape(machine, x, (*[1] * (rank - len(shape)), *shape))
    parts = [_joined(machine, part, rank, depth - 1) for part in value]
    return ops.call(machine, "concat", parts, dim=rank - depth)


# -- polynomials, the coefficient of the highest power first ----------------------------------


def _coefficients(machine: Machine, p: Any) -> Any:
    x = ops.tensor(machine, p)
    if len(ops.shape(machine, x)) > 1 or not ops.size(machine, x):
        raise ShapeError("a polynomial is a row of coefficients")
    return _row(machine, x)


def polynomials(machine: Machine, name: str, a1: Any, a2: Any) -> Any:
    """polyadd and polysub."""
    pair = [_coefficients(machine, p) for p in (a1, a2)]
    sizes = [ops.size(machine, p) for p in pair]
    longest = max(sizes)
    wide = [
        p if n == longest else ops.call(machine, "pad", p, (longest - n, 0))
        for p, n in zip(pair, sizes, strict=True)
    ]
    return ops.binary(machine, name, *wide)


def multiplied(machine: Machine, a1: Any, a2: Any) -> Any:
    """polymul."""
    first, second = (_coefficients(machine, p) for p in (a1, a2))
    return series.convolved(machine, first, second, "full")


def derived(machine: Machine, p: Any, m: Any) -> Any:
    """polyder, m times."""
    p = _coefficients(machine, p)
    for _ in range(_times(m)):
        size = ops.size(machine, p)
        powers = machine.constant(np.arange(size - 1, 0, -1.0))
        p = ops.binary(machine, "mul", ops.index(machine, p, (slice(0, size - 1),)), powers)
    return p


def integrated(machine: Machine, p: Any, m: Any) -> Any:
    """polyint, m times, with 0 for the constants."""
    p = _coefficients(machine, p)
    for _ in range(_times(m)):
        powers = machine.constant(np.arange(ops.size(machine, p), 0, -1.0))
        p = ops.call(machine, "pad", ops.binary(machine, "div", p, powers), (0, 1))
    return p


def _times(m: Any) -> int:
    if int(m) < 0:
        raise InvalidValueError(f"a polynomial cannot be taken {m} times")
    return int(m)


def of_roots(machine: Machine, seq_of_zeros: Any) -> Any:
    """poly: the polynomial that is 0 at some numbers."""
    roots = ops.tensor(machine, seq_of_zeros)
    if len(ops.shape(machine, roots)) != 1:
        raise UnsupportedError(
            "poly of a matrix", hint="np.poly(np.linalg.eigvalsh(A)) where A is symmetric"
        )
    found = machine.constant(np.ones(1))
    for k in range(ops.size(machine, roots)):
        shifted = ops.call(machine, "pad", found, (1, 0))
        step = ops.binary(machine, "mul", shifted, ops.index(machine, roots, (k,)))
        found = ops.binary(machine, "sub", ops.call(machine, "pad", found, (0, 1)), step)
    return found
