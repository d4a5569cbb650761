"""Reductions along dimensions: sums, products, extremes, running sums."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural
from gradcalc.primitives.shapes import axes, axis, check_full

Call = Callable[..., Any]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
VECTOR = [0.5, -1.5, 2.0]


class Extremes(NamedTuple):
    """What max, min or sort gives along a dimension: torch's pair, under torch's names."""

    values: Any
    indices: Any


def _torch_prod(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None and not keepdim:
        return t.prod(x)
    # torch.prod takes one dimension at a time.
    for number in sorted(axes(x.shape, dim), reverse=True):
        x = t.prod(x, number, keepdim)
    return x


def _torch_extreme(name: str) -> Call:
    """Torch's amax or amin, which take several dimensions."""

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        return getattr(t, name)(x, axes(x.shape, dim), keepdim)

    return torch


def _torch_position(name: str) -> Call:
    """Torch's argmax or argmin."""

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        return getattr(t, name)(x, dim if dim is None else one_axis(dim, x), keepdim)

    return torch


def one_axis(dim: Any, x: Any) -> int:
    if isinstance(dim, list | tuple):
        raise ShapeError(f"one dimension is needed, not {dim}", hint="amax and amin take several")
    return axis(x.shape, dim)


def _torch_pair(name: str) -> Call:
    """Torch's max or min, which give positions too along a dimension."""

    def torch(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        check_full(name, x.shape)
        if dim is not None:
            return Extremes(*getattr(t, name)(x, one_axis(dim, x), keepdim))
        result = getattr(t, name)(x)
        return result.reshape([1] * x.ndim) if keepdim else result

    return torch


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
        form=_reduced(ops.SUM),
        torch=lambda t, x, dim=None, keepdim=False: t.sum(x, axes(x.shape, dim), keepdim),
        samples=SEVERAL,
        doc="sum of all elements, or along dim",
    ),
    Structural(
        name="prod",
        form=_reduced(ops.PROD),
        torch=_torch_prod,
        samples=SEVERAL,
        doc="product of all elements, or along dim",
    ),
    Structural(
        name="amax",
        form=_reduced(ops.AMAX, full=True),
        torch=_torch_extreme("amax"),
        samples=DISTINCT,
        doc="greatest element, or along dim (ties share the slope)",
    ),
    Structural(
        name="amin",
        form=_reduced(ops.AMIN, full=True),
        torch=_torch_extreme("amin"),
        samples=DISTINCT,
        doc="least element, or along dim (ties share the slope)",
    ),
    Structural(
        name="max",
        form=_pair_form(_reduced(ops.AMAX, full=True), _positions("argmax", ops.AMAX)),
        torch=_torch_pair("max"),
        samples=ALONG,
        doc="greatest element; along dim a pair (values, positions) as torch (numpy: values only)",
    ),
    Structural(
        name="min",
        form=_pair_form(_reduced(ops.AMIN, full=True), _positions("argmin", ops.AMIN)),
        torch=_torch_pair("min"),
        samples=ALONG,
        doc="least element; along dim a pair (values, positions) as torch (numpy: values only)",
    ),
    Structural(
        name="argmax",
        form=_positions("argmax", ops.AMAX),
        torch=_torch_position("argmax"),
        samples=ALONG,
        doc="position of the greatest element, which has no gradient",
    ),
    Structural(
        name="argmin",
        form=_positions("argmin", ops.AMIN),
        torch=_torch_position("argmin"),
        samples=ALONG,
        doc="position of the least element, which has no gradient",
    ),
)
