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
TORCH_ONE = f"n: int = None, dim: int = -1, norm: any = None, *, {OUT}"
TORCH_TWO = f"s: ints = None, dim: ints = (-2, -1), norm: any = None, *, {OUT}"
TORCH_MANY = f"s: ints = None, dim: ints = None, norm: any = None, *, {OUT}"
ONE = "n: int = None, axis: int = -1, norm: any = None"
TWO = "s: ints = None, axes: ints = (-2, -1), norm: any = None"
MANY = "s: ints = None, axes: ints = None, norm: any = None"
FREQUENCIES = """
fftfreq(n: int, d: number = 1.0, *, device: unset = None) -> transforms.frequencies(0)
rfftfreq(n: int, d: number = 1.0, *, device: unset = None) -> transforms.frequencies(1)
"""


def _numpys(name: str) -> str:
    """The transforms of numpy, and of scipy, which calls its first argument otherwise."""
    return f"""
fft({name}: waves, {ONE}) -> transforms.along_one(whole, 0)
ifft({name}: waves, {ONE}) -> transforms.along_one(whole, 1)
fft2({name}: waves, {TWO}) -> transforms.along_several(whole, 0)
ifft2({name}: waves, {TWO}) -> transforms.along_several(whole, 1)
fftn({name}: waves, {MANY}) -> transforms.along_several(whole, 0)
ifftn({name}: waves, {MANY}) -> transforms.along_several(whole, 1)
rfft({name}: waves, {ONE}) -> transforms.along_one(half, 0)
ihfft({name}: waves, {ONE}) -> transforms.along_one(half, 1)
rfft2({name}: waves, {TWO}) -> transforms.along_several(half, 0)
rfftn({name}: waves, {MANY}) -> transforms.along_several(half, 0)
irfft({name}: waves, {ONE}) -> transforms.along_one(from_half, 1)
hfft({name}: waves, {ONE}) -> transforms.along_one(from_half, 0)
irfft2({name}: waves, {TWO}) -> transforms.along_several(from_half, 1)
irfftn({name}: waves, {MANY}) -> transforms.along_several(from_half, 1)
fftshift(x: waves, axes: ints = None) -> transforms.shifted(1)
ifftshift(x: waves, axes: ints = None) -> transforms.shifted(0)
{FREQUENCIES.strip()}
"""


TABLES = tables(
    f"""
[torch]
complex(real, imag, *, {OUT}) -> imaginary.of_parts
polar(abs, angle, *, {OUT}) -> imaginary.of_angle
view_as_complex(input) -> imaginary.of_pairs
view_as_real imag(input: waves) -> imaginary.by_element(*)
angle(input, *, {OUT}) -> imaginary.by_element(*)
[torch.fft]
fftshift(input: waves, dim: ints = None) -> transforms.shifted(1)
ifftshift(input: waves, dim: ints = None) -> transforms.shifted(0)
{FREQUENCIES.strip()}
fft(input: waves, {TORCH_ONE}) -> transforms.along_one(whole, 0)
ifft(input: waves, {TORCH_ONE}) -> transforms.along_one(whole, 1)
fft2(input: waves, {TORCH_TWO}) -> transforms.along_several(whole, 0)
ifft2(input: waves, {TORCH_TWO}) -> transforms.along_several(whole, 1)
fftn(input: waves, {TORCH_MANY}) -> transforms.along_several(whole, 0)
ifftn(input: waves, {TORCH_MANY}) -> transforms.along_several(whole, 1)
rfft(input: waves, {TORCH_ONE}) -> transforms.along_one(half, 0)
ihfft(input: waves, {TORCH_ONE}) -> transforms.along_one(half, 1)
rfft2(input: waves, {TORCH_TWO}) -> transforms.along_several(half, 0)
ihfft2(input: waves, {TORCH_TWO}) -> transforms.along_several(half, 1)
rfftn(input: waves, {TORCH_MANY}) -> transforms.along_several(half, 0)
ihfftn(input: waves, {TORCH_MANY}) -> transforms.along_several(half, 1)
irfft(input: waves, {TORCH_ONE}) -> transforms.along_one(from_half, 1)
hfft(input: waves, {TORCH_ONE}) -> transforms.along_one(from_half, 0)
irfft2(input: waves, {TORCH_TWO}) -> transforms.along_several(from_half, 1)
hfft2(input: waves, {TORCH_TWO}) -> transforms.along_several(from_half, 0)
irfftn(input: waves, {TORCH_MANY}) -> transforms.along_several(from_half, 1)
hfftn(input: waves, {TORCH_MANY}) -> transforms.along_several(from_half, 0)
[numpy]
{NUMPYS}
real_if_close(a, tol: number = 100) -> layout.itself
imag(val: waves) -> imaginary.by_element(*)
angle(z: waves, deg: flag = False) -> imaginary.angle
iscomplexobj isrealobj(x: waves) -> imaginary.is_of_kind(*)
[numpy.fft]
{_numpys("a").strip()}
[scipy.fft]
{_numpys("x").strip()}
[jax.numpy]
append(arr, values, axis: int = None) -> sequences.appended
imag(val: waves) -> imaginary.by_element(*)
angle(z: waves, deg: flag = False) -> imaginary.angle
[jax.numpy.fft]
{_numpys("a").strip()}
[cmath]
exp log sqrt sin cos tan sinh cosh tanh phase(x: waves, /) -> imaginary.by_element(*)
log(z: waves, base: waves, /) -> imaginary.logarithm
polar(x: waves, /) -> imaginary.size_and_angle
rect(r, phi, /) -> imaginary.of_angle
"""
)

TORCH_METHODS = {name: TABLES["torch"][name] for name in ("angle",)}
"""The functions which tensors have as methods too."""
