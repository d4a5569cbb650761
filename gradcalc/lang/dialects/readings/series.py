"""Numbers in a row: differences, integrals, polynomials, convolutions, interpolation."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops, plain
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of

LONGEST = 4096
"""The longest sequence that is slid over another."""


# -- differences and integrals -----------------------------------------------------------------


def _slices(machine: Machine, x: Any, dim: int, *ends: slice) -> list[Any]:
    key = [slice(None)] * dim
    return [ops.index(machine, x, (*key, end)) for end in ends]


def _differences(machine: Machine, x: Any, dim: int) -> Any:
    later, earlier = _slices(machine, x, dim, slice(1, None), slice(None, -1))
    return ops.binary(machine, "sub", later, earlier)


def difference(
    machine: Machine, n: Any, prepend: Any = None, append: Any = None, **values: Any
) -> Any:
    """diff: n times the differences of neighbours, of a row with more at its ends if given."""
    x, dim = values.values()
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    if not shape:
        raise ShapeError("diff of one number")
    dim = one_of(shape, dim)
    parts = [_end(machine, shape, dim, prepend), x, _end(machine, shape, dim, append)]
    parts = [part for part in parts if part is not None]
    if len(parts) > 1:
        x = ops.call(machine, "concat", parts, dim=dim)
    if n < 0:
        raise InvalidValueError(f"diff cannot be taken {n} times")
    for _ in range(n):
        x = _differences(machine, x, dim)
    return x


def _end(machine: Machine, shape: tuple[int, ...], dim: int, value: Any) -> Any:
    if value is None:
        return None
    value = ops.tensor(machine, value)
    if ops.shape(machine, value):
        return value
    return ops.call(machine, "broadcast_to", value, (*shape[:dim], 1, *shape[dim + 1 :]))


def differences_in_a_row(machine: Machine, ary: Any, to_end: Any, to_begin: Any) -> Any:
    """numpy's ediff1d: the differences of all elements in a row, with more at the ends."""
    row = ops.reshape(machine, ops.tensor(machine, ary), (-1,))
    found = [_differences(machine, row, 0)]
    if to_begin is not None:
        found.insert(0, ops.reshape(machine, ops.tensor(machine, to_begin), (-1,)))
    if to_end is not None:
        found.append(ops.reshape(machine, ops.tensor(machine, to_end), (-1,)))
    return ops.call(machine, "concat", found, dim=0) if len(found) > 1 else found[0]


def integral(machine: Machine, name: str, y: Any, x: Any, dx: Any = 1.0, **values: Any) -> Any:
    """trapezoid and cumulative_trapezoid, over points or in steps."""
    (dim,) = values.values()
    y = ops.tensor(machine, y)
    x = None if x is None else ops.tensor(machine, x)
    if ops.shape(machine, dx):
        raise UnsupportedError("dx is one number here", hint="give the points themselves as x")
    if x is None and not plain.is_number(dx):
        unit = ops.call(machine, name, y, None, 1.0, dim)
        return ops.binary(machine, "mul", unit, dx)
    return ops.call(machine, name, y, x, dx, dim)


def integral_in_steps(machine: Machine, name: str, y: Any, dx: Any, dim: Any) -> Any:
    """torch's trapezoid where the points are in equal steps."""
    return integral(machine, name, y, None, dx, dim=dim)


def slopes(machine: Machine, f: Any, varargs: Any, axis: Any, edge_order: Any) -> Any:
    """numpy's gradient: the slopes at points in equal steps, by both neighbours where there are."""
    f = ops.tensor(machine, f)
    shape = ops.shape(machine, f)
    axes = range(len(shape)) if axis is None else [axis] if isinstance(axis, int) else axis
    dims = [one_of(shape, number) for number in axes]
    steps = list(varargs) * (len(dims) if len(varargs) == 1 else 1) or [1.0] * len(dims)
    if len(steps) != len(dims):
        raise InvalidValueError(f"gradient along {len(dims)} dimensions with {len(steps)} steps")
    found = [
        _slopes(machine, f, dim, step, int(edge_order))
        for dim, step in zip(dims, steps, strict=True)
    ]
    return found[0] if len(found) == 1 else tuple(found)


def jax_slopes(machine: Machine, f: Any, varargs: Any, axis: Any) -> Any:
    """jax's gradient, which is of the first order at the ends."""
    return slopes(machine, f, varargs, axis, 1)


def _slopes(machine: Machine, f: Any, dim: int, step: Any, edges: int) -> Any:
    if ops.shape(machine, f)[dim] < edges + 1 or edges not in (1, 2):
        raise ShapeError("gradient needs more points along a dimension than its edge order")
    if ops.shape(machine, step):
        return _slopes_at(machine, f, dim, step, edges)
    ahead, behind = _slices(machine, f, dim, slice(2, None), slice(None, -2))
    middle = ops.binary(machine, "mul", ops.binary(machine, "sub", ahead, behind), 0.5)
    parts = [_edge(machine, f, dim, edges, 1), middle, _edge(machine, f, dim, edges, -1)]
    return ops.binary(machine, "div", ops.call(machine, "concat", parts, dim=dim), step)


def _slopes_at(machine: Machine, f: Any, dim: int, points: Any, edges: int) -> Any:
    """The slopes at uneven points: of the parabola through a point and its neighbours, and at an
    end of the line or parabola through the first ones."""
    shape = ops.shape(machine, f)
    if ops.shape(machine, points) != (shape[dim],):
        raise ShapeError("gradient needs a point for each place along a dimension")
    wide = ops.reshape(machine, points, (-1, *[1] * (len(shape) - 1 - dim)))
    steps = _differences(machine, wide, 0)
    rises = ops.binary(machine, "div", _differences(machine, f, dim), steps)
    first, last = _slices(machine, rises, dim, slice(0, 1), slice(-1, None))
    if shape[dim] == 2:
        return ops.call(machine, "concat", [first, last], dim=dim)
    before, behind = _slices(machine, rises, dim, slice(None, -1), slice(1, None))
    left, right = _slices(machine, steps, 0, slice(None, -1), slice(1, None))
    both = ops.binary(machine, "add", left, right)
    bend = ops.binary(machine, "div", ops.binary(machine, "sub", behind, before), both)
    middle = ops.binary(machine, "add", before, ops.binary(machine, "mul", bend, left))
    if edges == 2:
        first, last = (
            ops.binary(machine, sign, end, ops.binary(machine, "mul", *(
                _slices(machine, value, along, at)[0] for value, along in ((bend, dim), (step, 0))
            )))
            for sign, end, step, at in (
                ("sub", first, left, slice(0, 1)), ("add", last, right, slice(-1, None))
            )
        )  # fmt: skip
    return ops.call(machine, "concat", [first, middle, last], dim=dim)


def _edge(machine: Machine, f: Any, dim: int, order: int, sign: int) -> Any:
    """The slope at an end, from the points that come first on the way inwards."""
    places = range(order + 1) if sign > 0 else range(-1, -order - 2, -1)
    ends = [slice(k, k + 1 if k != -1 else None) for k in places]
    points = _slices(machine, f, dim, *ends)
    weights = (-1.0, 1.0) if order == 1 else (-1.5, 2.0, -0.5)
    terms = [
        ops.binary(machine, "mul", point, sign * w)
        for point, w in zip(points, weights, strict=True)
    ]
    return _total(machine, terms)


def _total(machine: Machine, terms: list[Any]) -> Any:
    found = terms[0]
    for term in terms[1:]:
        found = ops.binary(machine, "add", found, term)
    return found


def torch_cross(machine: Machine, input: Any, other: Any, dim: Any) -> Any:
    """torch's cross: along the first dimension of three elements where none is named."""
    if dim is None:
        shape = ops.shape(machine, ops.tensor(machine, input))
        if 3 not in shape:
            raise ShapeError("cross needs a dimension of three elements")
        dim = shape.index(3)
    return ops.call(machine, "cross", input, other, dim)


def numpy_cross(machine: Machine, a: Any, b: Any, axis: Any) -> Any:
    """numpy's cross of vectors of three elements."""
    a, b = (ops.tensor(machine, value) for value in (a, b))
    dim = -1 if axis is None else axis
    if any(ops.shape(machine, value)[dim] != 3 for value in (a, b)):
        raise UnsupportedError("cross of vectors of other than three elements")
    if dim == -1:
        # torch wants as many dimensions of both
        rank = max(len(ops.shape(machine, value)) for value in (a, b))
        a, b = (_of_rank(machine, value, rank) for value in (a, b))
    return ops.call(machine, "cross", a, b, dim)


def _of_rank(machine: Machine, value: Any, rank: int) -> Any:
    """A tensor with dimensions of one element in front."""
    shape = ops.shape(machine, value)
    missing = rank - len(shape)
    return ops.reshape(machine, value, (*[1] * missing, *shape)) if missing else value


# -- polynomials, sequences, points ------------------------------------------------------------


def polynomial(machine: Machine, p: Any, x: Any) -> Any:
    """numpy's polyval: the coefficient of the highest power first."""
    coefficients = list(ops.items(machine, p))
    if not coefficients:
        raise InvalidValueError("polyval of no coefficients")
    x = x if plain.is_number(x) else ops.tensor(machine, x)
    found = ops.binary(machine, "mul", coefficients[0], ops.binary(machine, "pow", x, 0))
    for coefficient in coefficients[1:]:
        found = ops.binary(machine, "add", ops.binary(machine, "mul", found, x), coefficient)
    return found


def powers(machine: Machine, x: Any, N: Any, increasing: Any) -> Any:  # noqa: N803
    """vander: a column for each power, the highest first unless they are increasing."""
    x = ops.tensor(machine, x)
    if len(ops.shape(machine, x)) != 1:
        raise ShapeError("vander needs a vector")
    count = ops.size(machine, x) if N is None else N
    exponents = range(count) if increasing else range(count - 1, -1, -1)
    columns = [ops.binary(machine, "pow", x, k) for k in exponents]
    return ops.call(machine, "stack", columns, dim=1)


def torch_powers(machine: Machine, **values: Any) -> Any:
    """torch.vander, which writes over what its own backward needs."""
    machine.note_underived("vander", values["x"])
    return powers(machine, **values)


def convolved(machine: Machine, a: Any, v: Any, mode: str) -> Any:
    """numpy's convolve of two vectors."""
    return _slid(machine, ops.tensor(machine, a), ops.tensor(machine, v), mode)


def correlated(machine: Machine, a: Any, v: Any, mode: str) -> Any:
    """numpy's correlate of two vectors: a convolution with the second turned round."""
    a, v = (ops.tensor(machine, value) for value in (a, v))
    if ops.size(machine, v) > ops.size(machine, a) and mode == "same":
        raise UnsupportedError("correlate with a longer vector in mode 'same'")
    return _slid(machine, a, ops.call(machine, "flip", v, 0), mode)


def _slid(machine: Machine, a: Any, v: Any, mode: str) -> Any:
    sizes = [ops.shape(machine, value) for value in (a, v)]
    if any(len(size) != 1 or not size[0] for size in sizes):
        raise ShapeError("a convolution here is of two vectors")
    (n,), (m,) = sizes
    if min(n, m) > LONGEST:
        raise UnsupportedError(f"a convolution of vectors longer than {LONGEST:,}")
    if n < m:
        a, v, n, m = v, a, m, n
    parts = [
        ops.binary(
            machine, "mul", ops.index(machine, v, (k,)),
            ops.call(machine, "pad", a, (k, m - 1 - k)),
        )
        for k in range(m)
    ]  # fmt: skip
    found = _total(machine, parts)
    if mode == "full":
        return found
    if mode not in ("same", "valid"):
        raise InvalidValueError(f"there is no mode {mode!r}")
    first = m - 1 if mode == "valid" else (m - 1) // 2
    last = first + (n - m + 1 if mode == "valid" else n)
    return ops.index(machine, found, (slice(first, last),))


def interpolated(
    machine: Machine, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None,
    period: Any = None,
) -> Any:  # fmt: skip
    """numpy's interp: `left` and `right` are what it gives outside of the points, of which there
    is none where all repeats itself after a `period`.

    At a point the line behind it counts, as for jax.
    """
    x, xp, fp = (ops.tensor(machine, value) for value in (x, xp, fp))
    if len(ops.shape(machine, xp)) != 1 or ops.shape(machine, xp) != ops.shape(machine, fp):
        raise ShapeError("interp needs as many values as points, in two vectors")
    if period is not None:
        return _on_lines(machine, *_repeated(machine, x, xp, fp, abs(period)))
    found = _on_lines(machine, x, xp, fp)
    for beyond, sign, place in ((left, "lt", 0), (right, "gt", -1)):
        if beyond is not None:
            outside = ops.binary(machine, sign, x, ops.index(machine, xp, (place,)))
            found = ops.call(machine, "where", outside, beyond, found)
    return found


def _repeated(machine: Machine, x: Any, xp: Any, fp: Any, period: float) -> list[Any]:
    """The points within one period in order, with one more on either side."""
    if not period:
        raise InvalidValueError("interp repeats nothing after a period of 0", python="ValueError")
    x, xp = (ops.call(machine, "remainder", value, period) for value in (x, xp))
    order = np.argsort(machine.elements(xp), kind="stable")
    xp, fp = (ops.index(machine, value, (order,)) for value in (xp, fp))
    ends = [_slices(machine, value, 0, slice(-1, None), slice(0, 1)) for value in (xp, fp)]
    before = ops.binary(machine, "sub", ends[0][0], period)
    behind = ops.binary(machine, "add", ends[0][1], period)
    return [
        x,
        ops.call(machine, "concat", [before, xp, behind], 0),
        ops.call(machine, "concat", [ends[1][0], fp, ends[1][1]], 0),
    ]


def _on_lines(machine: Machine, x: Any, xp: Any, fp: Any) -> Any:
    """Straight lines between points, which is a sum of lines that are limited."""
    first = ops.index(machine, fp, (0,))
    if ops.size(machine, xp) == 1:
        return ops.binary(machine, "mul", first, ops.call(machine, "ones_like", x))
    left, right = _slices(machine, xp, 0, slice(None, -1), slice(1, None))
    wide = ops.reshape(machine, x, (*ops.shape(machine, x), 1))
    before = ops.binary(machine, "lt", wide, left)
    behind = ops.binary(machine, "ge", wide, right)
    whole = ops.binary(machine, "sub", right, left)
    part = ops.binary(machine, "sub", wide, left)
    # what is neither, NaN, stays what it is
    part = ops.call(machine, "where", before, 0.0, part)
    way = ops.call(machine, "where", behind, whole, part)
    steps = [_differences(machine, value, 0) for value in (fp, xp)]
    rises = ops.binary(machine, "mul", way, ops.binary(machine, "div", *steps))
    return ops.binary(machine, "add", first, ops.call(machine, "sum", rises, dim=-1))
