"""Order statistics, spreads and covariances, and those of what is a number only."""

from typing import Any

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang import ops, plain
from gradcalc.lang.dialects.readings import folding
from gradcalc.lang.dialects.readings.reductions import along, numpy_spread, reduced, spread
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
        one = plain.is_number(q) or (machine.is_tensor(q) and not machine.shape(q))
        q = ops.binary(machine, "div", q, 100.0) if one else _hundredths(machine, q)
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


def without_nan(
    machine: Machine, name: str, a: Any, axis: Any, keepdims: Any, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """nansum, nanmean, nanprod, nanmax and nanmin of numpy."""
    own = name.removeprefix("nan")
    a = ops.tensor(machine, a)
    if folding.is_open(where) and initial is None and own != name:
        return ops.call(machine, name, a, dim=axis, keepdim=keepdims)
    missing = ops.call(machine, "isnan", a)
    if own == "mean":
        there = _there(machine, missing, a, where)
        return reduced(machine, own, a=a, axis=axis, keepdims=keepdims, where=there)
    folding.check(machine, own, a, where, initial)
    number = ops.call(machine, "where", missing, folding.NEUTRAL[own], a)
    options = {"initial": initial, "where": where}
    return reduced(machine, own, a=number, axis=axis, keepdims=keepdims, **options)


def _there(machine: Machine, missing: Any, a: Any, where: Any) -> Any:
    """Where there is a number that is asked for."""
    there = ops.call(machine, "logical_not", missing)
    if folding.is_open(where):
        return there
    return ops.binary(machine, "logical_and", there, folding.marks(machine, a, where))


def spread_without_nan(
    machine: Machine, name: str, a: Any, axis: Any, ddof: Any, keepdims: Any, where: Any = None,
    mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """numpy's nanvar and nanstd."""
    a = ops.tensor(machine, a)
    there = _there(machine, ops.call(machine, "isnan", a), a, where)
    return numpy_spread(machine, name, a, axis, ddof, keepdims, there, mean, correction)


# -- covariances -------------------------------------------------------------------------------


def jax_cov(machine: Machine, m: Any, y: Any, rowvar: Any, bias: Any, ddof: Any) -> Any:
    """jax's cov of the rows of an array, or of two."""
    _check_broadcast(machine, m, y)
    correction = ddof if ddof is not None else (0 if bias else 1)
    return ops.call(machine, "cov", observed(machine, m, y, rowvar), correction)


def numpy_corrcoef(machine: Machine, x: Any, y: Any, rowvar: Any) -> Any:
    """numpy's corrcoef of the rows of an array, or of two."""
    return ops.call(machine, "corrcoef", observed(machine, x, y, rowvar))


def jax_corrcoef(machine: Machine, x: Any, y: Any, rowvar: Any) -> Any:
    """jax's corrcoef of the rows of an array, or of two."""
    _check_broadcast(machine, x, y)
    return numpy_corrcoef(machine, x, y, rowvar)


def _check_broadcast(machine: Machine, first: Any, second: Any) -> None:
    """jax takes no two arrays together whose shapes would not fit each other in a sum."""
    if second is not None:
        ops.binary(machine, "add", ops.tensor(machine, first), ops.tensor(machine, second))


def observed(machine: Machine, m: Any, y: Any, rowvar: Any) -> Any:
    """An array with its observations in columns, and those of another one below them."""
    first = _turned(machine, m, rowvar)
    if y is None:
        return first
    rank = len(ops.shape(machine, ops.tensor(machine, y)))
    second = _rows(machine, y if rank < 2 else _turned(machine, y, rowvar or _is_row(machine, y)))
    first = _rows(machine, first)
    if ops.shape(machine, first)[1] != ops.shape(machine, second)[1]:
        raise ShapeError("covariances are of equally many observations")
    return ops.call(machine, "concat", [first, second], dim=0)


def _turned(machine: Machine, m: Any, rowvar: Any) -> Any:
    m = ops.tensor(machine, m)
    rank = len(ops.shape(machine, m))
    if rank > 2:
        raise ShapeError("covariances are of one or two dimensions")
    return m if rowvar or rank < 2 else ops.call(machine, "transpose", m, 0, 1)


def _is_row(machine: Machine, y: Any) -> bool:
    return bool(ops.shape(machine, y)[0] == 1)


def _rows(machine: Machine, x: Any) -> Any:
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    return x if len(shape) == 2 else ops.reshape(machine, x, (1, shape[0] if shape else 1))
