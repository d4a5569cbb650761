"""numpy's functions of rows, and transforms that give real numbers, with their signatures."""

from gradcalc.lang.dialects.rows import tables

OUT = "out: target = None"
DTYPE = "dtype: unset = None"
NUMPYS = f"""
append(arr, values, axis: int = None) -> sequences.appended
delete(arr, obj: any, axis: int = None) -> sequences.deleted
insert(arr, obj: any, values, axis: int = None) -> sequences.inserted
resize(a, new_shape: ints) -> sequences.resized
cumulative_sum(x, /, *, axis: int = None, {DTYPE}, {OUT}, include_initial: bool = False) ->
    sequences.cumulated(cumsum)
cumulative_prod(x, /, *, axis: int = None, {DTYPE}, {OUT}, include_initial: bool = False) ->
    sequences.cumulated(cumprod)
nancumsum(a, axis: int = None, {DTYPE}, {OUT}) -> sequences.running_numbers(cumsum)
nancumprod(a, axis: int = None, {DTYPE}, {OUT}) -> sequences.running_numbers(cumprod)
nanmedian(a, axis: int = None, {OUT}, overwrite_input: ignored = False, keepdims: flag = False) ->
    sequences.middle
nanquantile nanpercentile(a, q, axis: int = None, {OUT}, overwrite_input: ignored = False,
    method: str = 'linear', keepdims: flag = False) -> sequences.quantile(*)
divmod(x1, x2, /) -> sequences.divided
modf(x: floats, /) -> sequences.parted
block(arrays: any) -> sequences.blocks
poly(seq_of_zeros: floats) -> sequences.of_roots
polyadd(a1, a2) -> sequences.polynomials(add)
polysub(a1, a2) -> sequences.polynomials(sub)
polymul(a1, a2) -> sequences.multiplied
polyder(p, m: int = 1) -> sequences.derived
polyint(p, m: int = 1, k: unset = None) -> sequences.integrated
polyfit(x, y, deg: int, rcond: unset = None, full: unset = False, w=None, cov: unset = False) ->
    fitting.polynomial
ndindex(*shape: any) -> fitting.places
ndenumerate(arr) -> fitting.enumerated
"""
HALF = "n: int = None, axis: int = -1, norm: any = None"

TABLES = tables(
    f"""
[torch.fft]
fftshift(input, dim: ints = None) -> transforms.shifted(1)
ifftshift(input, dim: ints = None) -> transforms.shifted(0)
irfft(input, n: int = None, dim: int = -1, norm: any = None, *, {OUT}) -> transforms.from_half(1)
hfft(input, n: int = None, dim: int = -1, norm: any = None, *, {OUT}) -> transforms.from_half(0)
irfft2(input, s: ints = None, dim: ints = (-2, -1), norm: any = None, *, {OUT}) ->
    transforms.from_halves(1)
hfft2(input, s: ints = None, dim: ints = (-2, -1), norm: any = None, *, {OUT}) ->
    transforms.from_halves(0)
irfftn(input, s: ints = None, dim: ints = None, norm: any = None, *, {OUT}) ->
    transforms.from_halves(1)
hfftn(input, s: ints = None, dim: ints = None, norm: any = None, *, {OUT}) ->
    transforms.from_halves(0)
[numpy]
{NUMPYS}
real_if_close(a, tol: number = 100) -> layout.itself
[numpy.fft]
fftshift(x, axes: ints = None) -> transforms.shifted(1)
ifftshift(x, axes: ints = None) -> transforms.shifted(0)
irfft(a, {HALF}) -> transforms.from_half(1)
hfft(a, {HALF}) -> transforms.from_half(0)
irfft2(a, s: ints = None, axes: ints = (-2, -1), norm: any = None) -> transforms.from_halves(1)
irfftn(a, s: ints = None, axes: ints = None, norm: any = None) -> transforms.from_halves(1)
"""
)
