"""Order statistics, spreads and covariances, and those of what is a number only."""

from typing import Any

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang import ops, plain
from gradcalc.lang.dialects.readings.reductions import along, spread
from gradcalc.lang.machine import Machine

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
"""How a quantile between two elements is taken, as torch has it; numpy has more."""


def _quantile(machine: Machine, x: Any, q: Any, dim: Any, keep: Any, method: str) -> Any:
    if method not in METHODS:
        raise UnsupportedError(f"quantile by {method!r}", hint=f"one of {', '.join(METHODS)}")
    x = ops.tensor(machine, x)
    if isinstance(dim, list | tuple):
        raise UnsupportedError("quantile along several dimensions", hint="flatten them first")
    shares = [q] if not ops.shape(machine, q) else list(ops.items(machine, q))
    given = {"dim": dim, "keepdim": bool(keep), "interpolation": method}
    found = [ops.call(machine, "quantile", x, share, **given) for share in shares]
    if not ops.shape(machine, q):
        return found[0]
    return ops.call(machine, "stack", found, dim=0)


def quantile(
    machine: Machine, input: Any, q: Any, dim: Any, keepdim: Any, interpolation: str
) -> Any:
    """torch's quantile, of one share or of several."""
    return _quantile(machine, input, q, dim, keepdim, interpolation)


def numpy_quantile(
    machine: Machine, of: str, a: Any, q: Any, axis: Any, method: str, keepdims: Any
) -> Any:
    """numpy's quantile, or percentile of which the shares are in hundredths."""
    if of.endswith("percentile"):
        q = ops.binary(machine, "div", q, 100.0) if plain.is_number(q) else _hundredths(machine, q)
    return _quantile(machine, a, q, axis, keepdims, method)


def _hundredths(machine: Machine, shares: Any) -> list[Any]:
    return [ops.binary(machine, "div", share, 100.0) for share in ops.items(machine, shares)]


def numpy_median(machine: Machine, a: Any, axis: Any, keepdims: Any) -> Any:
    """numpy's median: the mean of the two in the middle."""
    return _quantile(machine, a, 0.5, axis, keepdims, "linear")


def extent(machine: Machine, a: Any, axis: Any, keepdims: Any) -> Any:
    """numpy's ptp: the greatest less the least."""
    ends = [along(machine, name, a, axis, keepdims) for name in ("amax", "amin")]
    return ops.binary(machine, "sub", *ends)


def both_extremes(machine: Machine, input: Any, dim: Any, keepdim: Any) -> Any:
    """torch's aminmax: the least and the greatest, as a pair."""
    return tuple(
        ops.call(machine, name, input, dim=dim, keepdim=keepdim) for name in ("amin", "amax")
    )


def with_mean(machine: Machine, name: str, **values: Any) -> Any:
    """torch's var_mean and std_mean: a pair."""
    x, *_ = values.values()
    options = {key: values[key] for key in ("dim", "keepdim") if key in values}
    apart = spread(machine, name.removesuffix("_mean"), **values)
    return apart, ops.call(machine, "mean", x, **options)


# -- what is not a number ----------------------------------------------------------------------


def without_nan(machine: Machine, name: str, a: Any, axis: Any, keepdims: Any) -> Any:
    """nansum, nanmean, nanprod, nanmax and nanmin of numpy."""
    a = ops.tensor(machine, a)
    if name in ("nansum", "nanmean"):
        return ops.call(machine, name, a, dim=axis, keepdim=keepdims)
    neutral = {"prod": 1.0, "amax": float("-inf"), "amin": float("inf")}[name]
    kept = ops.call(machine, "where", ops.call(machine, "isnan", a), neutral, a)
    return along(machine, name, kept, axis, keepdims)


def spread_without_nan(
    machine: Machine, name: str, a: Any, axis: Any, ddof: Any, keepdims: Any
) -> Any:
    """numpy's nanvar and nanstd."""
    a = ops.tensor(machine, a)
    missing = ops.call(machine, "isnan", a)
    middle = ops.call(machine, "nanmean", a, dim=axis, keepdim=True)
    apart = ops.call(machine, "where", missing, middle, a)
    apart = ops.binary(machine, "sub", apart, middle)
    there = ops.call(machine, "where", missing, 0.0, ops.call(machine, "ones_like", a))
    total = along(machine, "sum", ops.call(machine, "square", apart), axis, keepdims)
    count = ops.binary(machine, "sub", along(machine, "sum", there, axis, keepdims), ddof)
    found = ops.binary(machine, "div", total, count)
    return ops.call(machine, "sqrt", found) if name == "std" else found


# -- covariances -------------------------------------------------------------------------------


def numpy_cov(machine: Machine, m: Any, rowvar: Any, bias: Any, ddof: Any) -> Any:
    """numpy's cov of the rows of one array."""
    correction = ddof if ddof is not None else (0 if bias else 1)
    return ops.call(machine, "cov", observed(machine, m, rowvar), correction)


def numpy_corrcoef(machine: Machine, x: Any, rowvar: Any) -> Any:
    """numpy's corrcoef of the rows of one array."""
    return ops.call(machine, "corrcoef", observed(machine, x, rowvar))


def observed(machine: Machine, m: Any, rowvar: Any) -> Any:
    """An array with its observations in columns."""
    m = ops.tensor(machine, m)
    rank = len(ops.shape(machine, m))
    if rank > 2:
        raise ShapeError("covariances are of one or two dimensions")
    return m if rowvar or rank < 2 else ops.call(machine, "transpose", m, 0, 1)
