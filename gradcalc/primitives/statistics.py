"""Order statistics, sums without what is not a number, covariances, integrals over points."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.expr import ops
from gradcalc.primitives.composite import MATRIX, OTHER, TARGETS, VECTOR
from gradcalc.primitives.indexing import index_form
from gradcalc.primitives.reductions import Extremes, one_axis
from gradcalc.primitives.row import Composite, Samples, Structural
from gradcalc.primitives.shapes import check_full

NAN = float("nan")
HOLED = [[1.5, NAN, 0.5], [3.0, 0.25, NAN]]
FULL: Samples = ((MATRIX,), (HOLED,), (HOLED, {"dim": 1}), (HOLED, {"dim": 0, "keepdim": True}))
RUNNING: Samples = ((VECTOR, {"dim": 0}), (MATRIX, {"dim": 1}), (MATRIX, {"dim": 0}))
QUANTILES: Samples = (
    (VECTOR, {"q": 0.3}), (MATRIX, {"q": 0.6}), (MATRIX, {"q": 0.5, "dim": 1}),
    (MATRIX, {"q": 0.3, "keepdim": True}), (MATRIX, {"q": 0.7, "dim": 0, "keepdim": True}),
    *((VECTOR, {"q": 0.3, "interpolation": word}) for word in ("lower", "higher", "midpoint")),
    (VECTOR, {"q": 0.3, "interpolation": "nearest"}), (VECTOR, {"q": 1.0}),
)  # fmt: skip
ORDER: Samples = ((VECTOR,), (MATRIX,), (MATRIX, {"dim": 0}), (MATRIX, {"dim": -1}))
KEPT: Samples = (*ORDER, (MATRIX, {"dim": 1, "keepdim": True}))
CORNERS = [[0.5, -1.0], [1.5, 2.0], [-0.75, 0.25]]
POINTS = [0.0, 0.5, 2.0]
AREAS: Samples = ((VECTOR,), (MATRIX,), (VECTOR, POINTS), (MATRIX, {"dx": 0.5, "dim": 0}))


AREAS_BETWEEN = """\
    rows = transpose(y, 0, dim)
    if x is None:
        steps = dx
    elif len(x.shape) == 1 and len(y.shape) > 1:
        steps = reshape(x[1:] - x[:-1], [len(x) - 1] + [1]*(len(y.shape) - 1))
    else:
        points = transpose(x, 0, dim)
        steps = points[1:] - points[:-1]
    areas = transpose(steps*((rows[1:] + rows[:-1])/2), 0, dim)
"""
"""The areas between points, as definitions have them."""


def _median_form(f: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    check_full("median", x.shape)
    if dim is None:
        row = f(ops.SORT, f(ops.RESHAPE, x, shape=(x.size,)), axis=0, descending=False)
        return index_form(f, row, ((x.size - 1) // 2,))
    if not x.ndim:
        return Extremes(x, f.literal(0.0))
    along = one_axis(dim, x)
    middle = (x.shape[along] - 1) // 2
    where = slice(middle, middle + 1) if keepdim else middle
    key = (*[slice(None)] * along, where)
    values = index_form(f, f(ops.SORT, x, axis=along, descending=False), key)
    places = f.positions(x, "order", along, descending=False)[key]
    return Extremes(values, f.literal(places))


def _torch_median(t: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    check_full("median", x.shape)
    if dim is None:
        return t.median(x)
    return Extremes(*t.median(x, one_axis(dim, x) if x.ndim else 0, keepdim))


def _running(name: str, larger: str, positions: str) -> Callable[..., Extremes]:
    """The form of the running maximum or minimum, one place after the other."""

    def form(f: Any, x: Any, dim: int) -> Extremes:
        check_full(name, x.shape)
        if not x.ndim:
            return Extremes(x, f.literal(0.0))
        along = one_axis(dim, x)
        parts = [index_form(f, x, (*[slice(None)] * along, k)) for k in range(x.shape[along])]
        found = [parts[0]]
        for part in parts[1:]:
            found.append(f.scalar(larger, found[-1], part))
        values = f(ops.STACK, *found, axis=along)
        return Extremes(values, f.literal(_places(f, x, along, positions)))

    return form


def _places(f: Any, x: Any, along: int, positions: str) -> Any:
    """Where the extremes of the first, the first two, ... elements stand, the last of those that
    tie.

    Such an extreme itself is taken along, for where elements tie the position jumps.
    """
    found = []
    for k in range(x.shape[along]):
        part = index_form(f, x, (*[slice(None)] * along, slice(0, k + 1)))
        first = f.positions(part, positions, (along,))
        last = k - f.positions(f(ops.FLIP, part, axes=(along,)), positions, (along,))
        if (first != last).any():
            f(ops.AMAX if positions == "argmax" else ops.AMIN, part, axes=(along,))
        found.append(last)
    return np.concatenate(found, axis=along)


def _torch_running(name: str) -> Callable[..., Extremes]:
    def torch(t: Any, x: Any, dim: int) -> Extremes:
        check_full(name, x.shape)
        return Extremes(*getattr(t, name)(x, one_axis(dim, x) if x.ndim else 0))

    return torch


def _torch_quantile(
    t: Any, x: Any, q: Any, dim: Any = None, keepdim: bool = False, interpolation: str = "linear"
) -> Any:
    return t.quantile(x, q, dim, keepdim, interpolation=interpolation)


def _torch_cov(t: Any, x: Any, correction: int = 1) -> Any:
    return t.cov(x, correction=int(correction))


def _torch_trapezoid(t: Any, y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    return t.trapezoid(y, dx=dx, dim=dim) if x is None else t.trapezoid(y, x, dim=dim)


def _torch_cumulative(t: Any, y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    function = t.cumulative_trapezoid
    return function(y, dx=dx, dim=dim) if x is None else function(y, x, dim=dim)


def _torch_cross(t: Any, x: Any, y: Any, dim: int = -1) -> Any:
    return t.linalg.cross(x, y, dim=dim)


ORDERED: tuple[Structural, ...] = (
    Structural("median", _median_form, KEPT,
               "middle element, the lower of two: as torch (numpy: their mean)", _torch_median,
               calls=("torch.median torch.Tensor.median (input)",
                      "torch.median torch.Tensor.median (input, dim: int, keepdim: bool = False)")),
    Structural("cummax", _running("cummax", "maximum", "argmax"), RUNNING,
               "running maximum along dim: a pair (values, positions)", _torch_running("cummax"),
               calls=("torch.cummax torch.Tensor.cummax "
                      "(input, dim: int, *, out: target = None)",)),
    Structural("cummin", _running("cummin", "minimum", "argmin"), RUNNING,
               "running minimum along dim: a pair (values, positions)", _torch_running("cummin"),
               calls=("torch.cummin torch.Tensor.cummin "
                      "(input, dim: int, *, out: target = None)",)),
)  # fmt: skip

STATISTICS: tuple[Composite, ...] = (
    Composite("quantile", """\
def quantile(x, q, dim=None, keepdim=False, interpolation='linear'):
    rows = reshape(x, [x.numel()]) if dim is None else transpose(x, 0, dim)
    place = q*(len(rows) - 1)
    low = int(place//1)
    high = low if low == place else low + 1
    share = place - low
    if interpolation == 'lower':
        high = low
    elif interpolation == 'higher':
        low = high
    elif interpolation == 'midpoint':
        share = 0.5
    elif interpolation == 'nearest':
        low = high = int(round(place))
    ordered = sort(rows, 0).values
    found = ordered[low:low + 1]
    if high != low:
        found = found + share*(ordered[high:high + 1] - found)
    if dim is None:
        return reshape(found, [1]*len(x.shape)) if keepdim else found[0]
    found = transpose(found, 0, dim)
    return found if keepdim else squeeze(found, dim)
""", QUANTILES, "what a share q of the elements is less than, between two of them",
              _torch_quantile),
    Composite("nansum", """\
def nansum(x, dim=None, keepdim=False):
    return sum(where(isnan(x), 0.0, x), dim, keepdim)
""", FULL, "sum of what is a number", "nansum",
              calls=("torch.nansum torch.Tensor.nansum (input)",
                     "torch.nansum torch.Tensor.nansum "
                     "(input, dim: ints = None, keepdim: bool = False)")),
    Composite("nanmean", """\
def nanmean(x, dim=None, keepdim=False):
    return nansum(x, dim, keepdim)/sum(where(isnan(x), 0.0, 1.0), dim, keepdim)
""", FULL, "mean of what is a number", "nanmean",
              calls=("torch.nanmean torch.Tensor.nanmean (input)",
                     "torch.nanmean torch.Tensor.nanmean "
                     "(input, dim: ints = None, keepdim: bool = False)")),
    Composite("logcumsumexp", """\
def logcumsumexp(x, dim):
    return log(cumsum(exp(x), dim))
""", RUNNING, "logarithm of the running sum of the exponentials",
              calls=("torch.logcumsumexp torch.Tensor.logcumsumexp "
                     "(input, dim: int, *, out: target = None)",)),
    Composite("cov", """\
def cov(x, correction=1):
    rows = reshape(x, x.shape[:2] if len(x.shape) > 1 else (1,) + (x.shape or (1,)))
    apart = rows - mean(rows, -1, True)
    count = rows.shape[1] - correction
    found = matmul(apart, transpose(apart))/(count if count > 0 else 0.0)
    return reshape(found, ()) if len(rows) == 1 else found
""", ((VECTOR,), (MATRIX,), (MATRIX, {"correction": 0})),
              "covariances of rows; divides by n - 1", _torch_cov),
    Composite("corrcoef", """\
def corrcoef(x):
    found = cov(x)
    if len(found.shape) < 2:
        return found/found
    spread = sqrt(diag(found))
    return found/outer(spread, spread)
""", ((MATRIX,), ([VECTOR, OTHER, [1.0, 2.0, -0.5]],)), "correlations of rows"),
    Composite("trapezoid", f"""\
def trapezoid(y, x=None, dx=1.0, dim=-1):
{AREAS_BETWEEN}\
    return sum(areas, dim)
""", AREAS, "integral over points by the trapezoidal rule", _torch_trapezoid, tensors=("y", "x")),
    Composite("cumulative_trapezoid", f"""\
def cumulative_trapezoid(y, x=None, dx=1.0, dim=-1):
{AREAS_BETWEEN}\
    return cumsum(areas, dim)
""", AREAS, "running integral over points by the trapezoidal rule", _torch_cumulative,
              tensors=("y", "x")),
    Composite("cross", """\
def cross(x, y, dim=-1):
    return roll(x, -1, dim)*roll(y, -2, dim) - roll(x, -2, dim)*roll(y, -1, dim)
""", ((VECTOR, OTHER), (MATRIX, TARGETS), (CORNERS, CORNERS[::-1], {"dim": 0})),
              "vector product along dim, which has three elements", _torch_cross,
              tensors=("x", "y"),
              calls=("torch.linalg.cross (input, other, *, dim: int = -1, out: target = None)",)),
)  # fmt: skip
