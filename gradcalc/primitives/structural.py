"""Reductions along dimensions: sums, products, extremes, running sums."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural
from gradcalc.primitives.shapes import axes, axis, boxed, check_full

Call = Callable[..., Any]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]


class Extremes(NamedTuple):
    """What max, min or sort gives along a dimension: torch's pair, under torch's names."""

    values: Any
    indices: Any


def _sum(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.sum(x, axis=axes(x.shape, dim), keepdims=keepdim)


def _prod(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.prod(x, axis=axes(x.shape, dim), keepdims=keepdim)


def _torch_prod(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None and not keepdim:
        return t.prod(x)
    # torch.prod takes one dimension at a time.
    for number in sorted(axes(x.shape, dim), reverse=True):
        x = t.prod(x, number, keepdim)
    return x


def _extreme(name: str, elementwise: str) -> tuple[Call, Call]:
    """The array and torch sides of amax or amin, which take several dimensions."""

    def array(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        fold = np.frompyfunc(lambda a, b: call(elementwise, a, b), 2, 1)
        for number in sorted(axes(x.shape, dim), reverse=True):
            x = fold.reduce(x, axis=number, keepdims=keepdim)
        return x

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        return getattr(t, name)(x, axes(x.shape, dim), keepdim)

    return boxed(array), torch


def _position(name: str, better: str) -> tuple[Call, Call]:
    """The array and torch sides of argmax or argmin."""

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

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        return getattr(t, name)(x, dim if dim is None else one_axis(dim, x), keepdim)

    return array, torch


def truth(answer: Any) -> bool:
    # An object without a truth value of its own would count as true, without a word.
    if not hasattr(type(answer), "__bool__"):
        raise TypeError(f"{type(answer).__name__} has no truth value")
    return bool(answer)


def one_axis(dim: Any, x: Any) -> int:
    if isinstance(dim, list | tuple):
        raise ShapeError(f"one dimension is needed, not {dim}", hint="amax and amin take several")
    return axis(x.shape, dim)


AMAX, TORCH_AMAX = _extreme("amax", "maximum")
AMIN, TORCH_AMIN = _extreme("amin", "minimum")
ARGMAX, TORCH_ARGMAX = _position("argmax", "gt")
ARGMIN, TORCH_ARGMIN = _position("argmin", "lt")


def _with_positions(name: str, values: Call, positions: Call) -> tuple[Call, Call]:
    """The array and torch sides of max or min, which give positions too along a dimension."""

    def array(call: Call, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return values(call, x, None, keepdim)
        number = one_axis(dim, x)
        return Extremes(values(call, x, number, keepdim), positions(call, x, dim, keepdim))

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        if dim is not None:
            return Extremes(*getattr(t, name)(x, one_axis(dim, x), keepdim))
        result = getattr(t, name)(x)
        return result.reshape([1] * x.ndim) if keepdim else result

    return array, torch


MAX, TORCH_MAX = _with_positions("max", AMAX, ARGMAX)
MIN, TORCH_MIN = _with_positions("min", AMIN, ARGMIN)


def _reduced(op: Any, *, full: bool = False) -> Call:
    """The form of a reduction, which needs an element if `full`."""

    def form(f: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if full:
            check_full(op.name, x.shape)
        along = tuple(sorted(axes(x.shape, dim)))
        if not along:
            return x
        result = f(op, x, axes=along)
        return ops.expanded(f, result, x.shape, along) if keepdim else result

    return form


def _positions(name: str, extreme: Any) -> Call:
    """The form of argmax or argmin: positions are data, which has no gradient.

    The extreme itself is taken along, for where two elements tie the position jumps.
    """

    def form(f: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        if not x.ndim:
            return f.literal(np.zeros(()))
        number = None if dim is None else one_axis(dim, x)
        along = tuple(range(x.ndim)) if number is None else (number,)
        f(extreme, x, axes=along)
        found = f.positions(x, name, along)
        return f.literal(found if keepdim else np.squeeze(found, along))

    return form


def _pair_form(values: Call, positions: Call) -> Call:
    """The form of max or min."""

    def form(f: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return values(f, x, None, keepdim)
        return Extremes(values(f, x, one_axis(dim, x), keepdim), positions(f, x, dim, keepdim))

    return form


ALONG: tuple[tuple[Any, ...], ...] = (
    (VECTOR,),
    (MATRIX,),
    (MATRIX, {"dim": 0}),
    (MATRIX, {"dim": -1, "keepdim": True}),
    (MATRIX, {"keepdim": True}),
    (2.5,),
    (2.5, {"dim": -1}),
)
SEVERAL: tuple[tuple[Any, ...], ...] = (
    *ALONG,
    ([MATRIX, MATRIX[::-1]], {"dim": (0, 2)}),
    ([MATRIX, MATRIX[::-1]], {"dim": [-1, 1], "keepdim": True}),
)
# At a tie torch's amax splits the slope; its samples have none.
DISTINCT: tuple[tuple[Any, ...], ...] = (
    *ALONG,
    ([MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]], {"dim": (0, 2)}),
)

REDUCTIONS: tuple[Structural, ...] = (
    Structural(
        name="sum",
        array=boxed(_sum),
        form=_reduced(ops.SUM),
        torch=lambda t, x, dim=None, keepdim=False: t.sum(x, axes(x.shape, dim), keepdim),
        samples=SEVERAL,
        doc="sum of all elements, or along dim",
    ),
    Structural(
        name="prod",
        array=boxed(_prod),
        form=_reduced(ops.PROD),
        torch=_torch_prod,
        samples=SEVERAL,
        doc="product of all elements, or along dim",
    ),
    Structural(
        name="amax",
        array=AMAX,
        form=_reduced(ops.AMAX, full=True),
        torch=TORCH_AMAX,
        samples=DISTINCT,
        doc="greatest element, or along dim (ties share the slope)",
    ),
    Structural(
        name="amin",
        array=AMIN,
        form=_reduced(ops.AMIN, full=True),
        torch=TORCH_AMIN,
        samples=DISTINCT,
        doc="least element, or along dim (ties share the slope)",
    ),
    Structural(
        name="max",
        array=MAX,
        form=_pair_form(_reduced(ops.AMAX, full=True), _positions("argmax", ops.AMAX)),
        torch=TORCH_MAX,
        samples=ALONG,
        doc="greatest element; along dim a pair (values, positions) as torch (numpy: values only)",
    ),
    Structural(
        name="min",
        array=MIN,
        form=_pair_form(_reduced(ops.AMIN, full=True), _positions("argmin", ops.AMIN)),
        torch=TORCH_MIN,
        samples=ALONG,
        doc="least element; along dim a pair (values, positions) as torch (numpy: values only)",
    ),
    Structural(
        name="argmax",
        array=ARGMAX,
        form=_positions("argmax", ops.AMAX),
        torch=TORCH_ARGMAX,
        samples=ALONG,
        doc="position of the greatest element, which has no gradient",
    ),
    Structural(
        name="argmin",
        array=ARGMIN,
        form=_positions("argmin", ops.AMIN),
        torch=TORCH_ARGMIN,
        samples=ALONG,
        doc="position of the least element, which has no gradient",
    ),
)
