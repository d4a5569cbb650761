"""Statistics and functions of numbers in a row, of all libraries, with their signatures."""

from gradcalc.lang.dialects.rows import tables
from gradcalc.lang.dialects.torch_table import ALSO

OUT = "out: target = None"
DTYPE = "dtype: unset = None"
NAN_FOLDED = "initial: start = None, where: mask = True"
JAX_FOLDED = "initial: start = None, where: mask = None"
NAN_SPREAD = "*, where: mask = True, mean: maybe = None, correction: number = None"
METHOD = "method: str = 'linear', keepdims: flag = False"

TABLES = tables(
    f"""
[torch]
quantile(input, q, dim: int = None, keepdim: bool = False, *, interpolation: str = 'linear',
    {OUT}) -> statistics.quantile
var_mean std_mean(input, unbiased: bool) -> statistics.with_mean(*)
var_mean std_mean(input, dim: some = None, unbiased: bool = True, keepdim: bool = False) ->
    statistics.with_mean(*)
var_mean std_mean(input, dim: some = None, *, correction: number = None, keepdim: bool = False,
    {OUT}) -> statistics.with_mean(*)
aminmax(input, *, dim: int = None, keepdim: bool = False, {OUT}) -> statistics.both_extremes
cov(input, *, correction: int = 1, fweights: maybe = None, aweights: maybe = None) ->
    frequencies.covariance
mode(input, dim: int = -1, keepdim: bool = False, *, {OUT}) -> frequencies.most_frequent
corrcoef(input)
diff(input, n: int = 1, dim: int = -1, prepend=None, append=None, *, {OUT}) -> series.difference
trapezoid trapz(y, x=None, *, dim: int = -1) -> series.integral(trapezoid)
trapezoid trapz(y, *, dx: number = 1, dim: int = -1) -> series.integral_in_steps(trapezoid)
cumulative_trapezoid(y, x=None, *, dim: int = -1) -> series.integral(*)
cumulative_trapezoid(y, *, dx: number = 1, dim: int = -1) -> series.integral_in_steps(*)
cross(input, other, dim: int = None, *, {OUT}) -> series.torch_cross
vander(x, N: int = None, increasing: bool = False) -> series.torch_powers
[numpy]
median(a, axis: int = None, {OUT}, overwrite_input: ignored = False, keepdims: flag = False) ->
    statistics.numpy_median
quantile percentile(a, q, axis: int = None, {OUT}, overwrite_input: ignored = False, {METHOD}) ->
    statistics.numpy_quantile(*)
ptp(a, axis: ints = None, {OUT}, keepdims: flag = False) -> statistics.extent
nansum(a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {NAN_FOLDED}) ->
    statistics.without_nan(*)
nanmean(a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, *, where: mask = True) ->
    statistics.without_nan(*)
nanprod(a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {NAN_FOLDED}) ->
    statistics.without_nan(prod)
nanmax(a, axis: ints = None, {OUT}, keepdims: flag = False, {NAN_FOLDED}) ->
    statistics.without_nan(amax)
nanmin(a, axis: ints = None, {OUT}, keepdims: flag = False, {NAN_FOLDED}) ->
    statistics.without_nan(amin)
nanvar(a, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False,
    {NAN_SPREAD}) -> statistics.spread_without_nan(var)
nanstd(a, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False,
    {NAN_SPREAD}) -> statistics.spread_without_nan(std)
cov(m, y=None, rowvar: flag = True, bias: flag = False, ddof: int = None,
    fweights: maybe = None, aweights: maybe = None, *, {DTYPE}) -> frequencies.numpy_cov
corrcoef(x, y=None, rowvar: flag = True, *, {DTYPE}) -> statistics.numpy_corrcoef
diff(a, n: int = 1, axis: int = -1, prepend=None, append=None) -> series.difference
ediff1d(ary, to_end=None, to_begin=None) -> series.differences_in_a_row
trapezoid(y, x=None, dx=1.0, axis: int = -1) -> series.integral(trapezoid)
gradient(f, *varargs: any, axis: ints = None, edge_order: int = 1) -> series.slopes
cross(a, b, axisa: unset = -1, axisb: unset = -1, axisc: unset = -1, axis: int = None) ->
    series.numpy_cross
polyval(p, x) -> series.polynomial
vander(x, N: int = None, increasing: flag = False) -> series.powers
convolve(a, v, mode: str = 'full') -> series.convolved
correlate(a, v, mode: str = 'valid') -> series.correlated
interp(x, xp, fp, left: maybe = None, right: maybe = None, period: number = None) ->
    series.interpolated
[numpy.linalg]
cross(x1, x2, /, *, axis: int = -1) -> cross
[jax.numpy]
median(a: floats, axis: int = None, {OUT}, overwrite_input: ignored = False,
    keepdims: flag = False) -> statistics.numpy_median
quantile percentile(a: floats, q, axis: int = None, {OUT}, overwrite_input: ignored = False,
    {METHOD}) -> statistics.numpy_quantile(*)
ptp(a, axis: ints = None, {OUT}, keepdims: flag = False) -> statistics.extent
nansum(a: floats, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {JAX_FOLDED}) ->
    statistics.without_nan(*)
nanmean(a: floats, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, where: mask = None) ->
    statistics.without_nan(*)
nanprod(a: floats, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {JAX_FOLDED}) ->
    statistics.without_nan(prod)
nanmax(a: floats, axis: ints = None, {OUT}, keepdims: flag = False, {JAX_FOLDED}) ->
    statistics.without_nan(amax)
nanmin(a: floats, axis: ints = None, {OUT}, keepdims: flag = False, {JAX_FOLDED}) ->
    statistics.without_nan(amin)
nanvar(a: floats, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False,
    where: mask = None, mean: maybe = None) -> statistics.spread_without_nan(var)
nanstd(a: floats, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False,
    where: mask = None, mean: maybe = None) -> statistics.spread_without_nan(std)
cov(m: floats, y=None, rowvar: flag = True, bias: flag = False, ddof: int = None) ->
    statistics.jax_cov
corrcoef(x: floats, y=None, rowvar: flag = True) -> statistics.jax_corrcoef
diff(a, n: int = 1, axis: int = -1, prepend=None, append=None) -> series.difference
ediff1d(ary, to_end=None, to_begin=None) -> series.differences_in_a_row
trapezoid(y, x=None, dx=1.0, axis: int = -1) -> series.integral(trapezoid)
polyval(p, x) -> series.polynomial
vander(x, N: int = None, increasing: flag = False) -> series.powers
convolve(a, v, mode: str = 'full') -> series.convolved
correlate(a, v, mode: str = 'valid') -> series.correlated
interp(x: floats, xp, fp, left: unset = None, right: unset = None, period: unset = None) ->
    series.interpolated
gradient(f, *varargs: any, axis: ints = None, edge_order: unset = None) -> series.jax_slopes
cross(a, b, axisa: unset = -1, axisb: unset = -1, axisc: unset = -1, axis: int = None) ->
    series.numpy_cross
[scipy]
[scipy.integrate]
trapezoid(y, x=None, dx=1.0, axis: int = -1) -> series.integral(trapezoid)
cumulative_trapezoid(y, x=None, dx=1.0, axis: int = -1, initial: unset = None) ->
    series.integral(cumulative_trapezoid)
""",
    also={"torch": ALSO},
)

TORCH_METHODS = {
    name: TABLES["torch"][name]
    for name in ("quantile", "aminmax", "cov", "corrcoef", "diff", "cross", "mode")
}
"""The functions which tensors have as methods too."""
