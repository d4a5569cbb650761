"""Along dimensions: sums, products, extremes, order, running sums and products."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Samples, Structural
from gradcalc.primitives.shapes import axes, axis, check_full

Call = Callable[..., Any]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]
ALONG: Samples = (
    (VECTOR,), (MATRIX,), (MATRIX, {"dim": 0}), (MATRIX, {"dim": -1, "keepdim": True}),
    (MATRIX, {"keepdim": True}), (2.5,), (2.5, {"dim": -1}),
)  # fmt: skip
SEVERAL: Samples = (
    *ALONG,
    ([MATRIX, MATRIX[::-1]], {"dim": (0, 2)}),
    ([MATRIX, MATRIX[::-1]], {"dim": [-1, 1], "keepdim": True}),
)
# At a tie torch's amax splits the slope; its samples have none.
DISTINCT: Samples = (*ALONG, ([MATRIX, [[9.0, 8.0, 7.0], [6.0, 5.0, 4.0]]], {"dim": (0, 2)}))
RUNNING: Samples = (
    (VECTOR,), (MATRIX,), (MATRIX, {"dim": 0}), (MATRIX, {"dim": -1}), (2.5, {"dim": 0}),
)  # fmt: skip


class Extremes(NamedTuple):
    """What max, min or sort gives along a dimension: torch's pair, under torch's names."""

    values: Any
    indices: Any


def one_axis(dim: Any, x: Any) -> int:
    """The one dimension along which positions are counted."""
    if isinstance(dim, list | tuple):
        raise ShapeError(f"one dimension is needed, not {dim}", hint="amax and amin take several")
    return axis(x.shape, dim)


def _torch_prod(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None and not keepdim:
        return t.prod(x)
    # torch.prod takes one dimension at a time.
    for number in sorted(axes(x.shape, dim), reverse=True):
        x = t.prod(x, number, keepdim)
    return x


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


def _extreme(name: str, op: Any, doc: str) -> Structural:
    """The row of amax or amin, which take several dimensions."""

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        return getattr(t, name)(x, axes(x.shape, dim), keepdim)

    return Structural(name, _reduced(op, full=True), DISTINCT, doc, torch)


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


def _position(name: str, extreme: Any, doc: str) -> Structural:
    """The row of argmax or argmin."""

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        return getattr(t, name)(x, dim if dim is None else one_axis(dim, x), keepdim)

    return Structural(name, _positions(name, extreme), ALONG, doc, torch)


def _pair(name: str, op: Any, doc: str) -> Structural:
    """The row of max or min, which give positions too along a dimension."""
    values, positions = _reduced(op, full=True), _positions(f"arg{name}", op)

    def form(f: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return values(f, x, None, keepdim)
        return Extremes(values(f, x, one_axis(dim, x), keepdim), positions(f, x, dim, keepdim))

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        if dim is not None:
            return Extremes(*getattr(t, name)(x, one_axis(dim, x), keepdim))
        result = getattr(t, name)(x)
        return result.reshape([1] * x.ndim) if keepdim else result

    return Structural(name, form, ALONG, doc, torch)


def _sort_form(f: Any, x: Any, dim: int = -1, descending: bool = False) -> Extremes:
    if not x.ndim:
        return Extremes(x, f.literal(np.zeros(())))
    number, wanted = one_axis(dim, x), bool(descending)
    values = f(ops.SORT, x, axis=number, descending=wanted)
    return Extremes(values, f.literal(f.positions(x, "order", number, descending=wanted)))


def _torch_sort(t: Any, x: Any, dim: int = -1, descending: bool = False) -> Extremes:
    return Extremes(*t.sort(x, one_axis(dim, x) if x.ndim else 0, descending))


def _running(name: str, op: Any, doc: str) -> Structural:
    """The row of a running sum or product."""

    def form(f: Any, x: Any, dim: int | None = None) -> Any:
        if not x.ndim:
            return x
        if dim is None and x.ndim > 1:
            return f(op, f(ops.RESHAPE, x, shape=(int(np.prod(x.shape)),)), axis=0)
        return f(op, x, axis=0 if dim is None else one_axis(dim, x))

    def torch(t: Any, x: Any, dim: int | None = None) -> Any:
        if not x.ndim:
            return x
        function = getattr(t, name)
        return function(x.reshape(-1), 0) if dim is None else function(x, one_axis(dim, x))

    return Structural(name, form, RUNNING, doc, torch)


REDUCTIONS: tuple[Structural, ...] = (
    Structural("sum", _reduced(ops.SUM), SEVERAL, "sum of all elements, or along dim",
               lambda t, x, dim=None, keepdim=False: t.sum(x, axes(x.shape, dim), keepdim)),
    Structural("prod", _reduced(ops.PROD), SEVERAL, "product of all elements, or along dim",
               _torch_prod),
    _extreme("amax", ops.AMAX, "greatest element, or along dim (ties share the slope)"),
    _extreme("amin", ops.AMIN, "least element, or along dim (ties share the slope)"),
    _pair("max", ops.AMAX,
          "greatest element; along dim a pair (values, positions) as torch (numpy: values only)"),
    _pair("min", ops.AMIN,
          "least element; along dim a pair (values, positions) as torch (numpy: values only)"),
    _position("argmax", ops.AMAX, "position of the greatest element, which has no gradient"),
    _position("argmin", ops.AMIN, "position of the least element, which has no gradient"),
)  # fmt: skip

ORDERED: tuple[Structural, ...] = (
    Structural("sort", _sort_form,
               ((VECTOR,), (MATRIX, {"dim": 0}), (MATRIX, {"descending": True}), (2.5,)),
               "elements in order along dim: a pair (values, positions) as torch (numpy: values)",
               _torch_sort),
    _running("cumsum", ops.CUMSUM,
             "running sum along dim; without dim of all elements in a row, as numpy"),
    _running("cumprod", ops.CUMPROD,
             "running product along dim; without dim of all elements in a row, as numpy"),
)  # fmt: skip
