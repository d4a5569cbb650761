"""The functions of numpy, scipy, jax and math, and Python's own, with their signatures."""

from gradcalc.lang.dialects.rows import table, tables
from gradcalc.lang.dialects.spelling import Table

UFUNC = (
    "out: target = None, *, where: unset = True, casting: unset = 'same_kind', order: unset = 'K', "
    "dtype: unset = None, subok: unset = True"
)
OUT = "out: target = None"
DTYPE = "dtype: unset = None"
ORDER = "order: unset = 'C'"
LAID = "order: order = 'C'"
FOLDED = "initial: start = None, where: mask = True"

SPREAD = (
    f"a, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False, *, "
    "where: mask = True, mean: maybe = None, correction: number = None"
)
TRUTHS = f"a, axis: some = None, {OUT}, keepdims: flag = False, *, where: mask = True"

REDUCED = "a, axis: ints = None, out: target = None, keepdims: flag = False, initial: start = None"
DTYPED = REDUCED.replace("out:", "dtype: unset = None, out:")
WHERE = "where: mask = None"
LOGSUMEXP = (
    "a: floats, axis: ints = None, b=None, keepdims: flag = False, return_sign: unset = False"
)

NUMPYS = tables(
    f"""
[numpy]
abs absolute sign floor ceil trunc negative positive logical_not(x, /, {UFUNC})
fabs rint exp exp2 expm1 log log1p log2 log10 sqrt square sin cos tan arcsin asin arccos acos
    arctan atan sinh cosh tanh arcsinh asinh arccosh acosh arctanh atanh deg2rad radians rad2deg
    degrees(x: floats, /, {UFUNC})
add subtract multiply divide true_divide mod remainder fmod maximum minimum greater greater_equal
    less less_equal not_equal logical_and logical_or logical_xor(x1, x2, /, {UFUNC})
arctan2 atan2 hypot logaddexp power pow floor_divide(x1: floats, x2: floats, /, {UFUNC})
equal(x1, x2, /, {UFUNC}) -> eq
float_power(x1, x2, /, {UFUNC}) -> elements.float_power
bitwise_and(x1, x2, /, {UFUNC}) -> elements.binary_mask(logical_and)
bitwise_or(x1, x2, /, {UFUNC}) -> elements.binary_mask(logical_or)
bitwise_xor(x1, x2, /, {UFUNC}) -> elements.binary_mask(logical_xor)
invert bitwise_not(x, /, {UFUNC}) -> elements.inverted_mask
fix(x, {OUT}) -> trunc
reciprocal(x: inexact, /, {UFUNC})
sinc(x: floats)
round around(a: floats, decimals: int = 0, {OUT}) -> elements.rounded
clip(a, a_min=None, a_max=None, {OUT})
clip(a, *, min=None, max=None, {OUT})
where(condition, x, y, /) -> shapes.chosen
sum prod(a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {FOLDED}) ->
    reductions.reduced(*)
max amax(a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}) ->
    reductions.reduced(amax)
min amin(a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}) ->
    reductions.reduced(amin)
mean(a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, *, where: mask = True) ->
    reductions.reduced(*)
std var({SPREAD}) -> reductions.numpy_spread(*)
average(a, axis: ints = None, weights=None, returned: unset = False, *, keepdims: flag = False) ->
    reductions.weighted
argmax argmin(a, axis: int = None, {OUT}, *, keepdims: flag = False)
cumsum cumprod(a, axis: int = None, {DTYPE}, {OUT}) -> reductions.running(*)
sort(a, axis: place = -1, kind: unset = None, order: unset = None, *, stable: ignored = None) ->
    reductions.values_in_order
all any({TRUTHS}) -> reductions.truths(*)
matmul(x1, x2, /, {UFUNC}) -> linear.product
outer(a, b, {OUT}) -> linear.numpy_outer
kron(a, b)
reshape(a, /, shape: ints, {LAID}, *, copy: unset = None) -> columns.reshaped(*)
ravel(a, {LAID}) -> columns.raveled
transpose permute_dims(a, axes: ints = None) -> shapes.numpy_transposed
swapaxes(a, axis1: int, axis2: int) -> transpose
squeeze(a, axis: some = None) -> shapes.numpy_squeezed
expand_dims(a, axis: ints) -> shapes.with_axes
broadcast_to(array, shape: ints, subok: unset = False)
flip(m, axis: some = None)
roll(a, shift: ints, axis: ints = None) -> shapes.numpy_rolled
stack(arrays: tensors, axis: int = 0, {OUT}, *, {DTYPE}, casting: unset = 'same_kind')
concatenate concat(arrays: tensors, /, axis: place = 0, {OUT}, *, {DTYPE},
    casting: unset = 'same_kind') -> shapes.joined
diag(v, k: int = 0) -> shapes.numpy_diag
diagonal(a, offset: int = 0, axis1: int = 0, axis2: int = 1)
tril triu(m, k: int = 0)
zeros_like ones_like(a, {DTYPE}, order: unset = 'K', subok: unset = True, shape: unset = None)
full_like(a, fill_value: number, {DTYPE}, order: unset = 'K', subok: unset = True,
    shape: unset = None)
empty_like(prototype, {DTYPE}, order: unset = 'K', subok: unset = True, shape: unset = None) ->
    making.unfilled_like
copy(a, order: unset = 'K', subok: unset = False) -> shapes.arrayed_copy
array(object, {DTYPE}, *, copy: flag = True, order: order = 'K', subok: unset = False,
    ndmin: unset = 0) -> columns.arrayed
asarray asanyarray(a, {DTYPE}, order: unset = None) -> shapes.arrayed
asarray_chkfinite(a, {DTYPE}, order: unset = None) -> shapes.arrayed
zeros ones(shape: ints, {DTYPE}, {LAID}) -> columns.filled(*)
empty(shape: ints, {DTYPE}, {ORDER})
full(shape: ints, fill_value: number, {DTYPE}, {LAID}) -> columns.filled(*)
eye(N: int, M: int = None, k: int = 0, {DTYPE}, {ORDER}) -> shapes.numpy_eye
identity(n: int, {DTYPE}) -> eye
arange(*bounds: any, start: any = None, stop: any = None, step: any = None) ->
    shapes.arranged
linspace(start, stop, num: int = 50, endpoint: flag = True, retstep: flag = False, {DTYPE},
    axis: int = 0) -> spacing.spaced
shape ndim(a)
size(a, axis: int = None) -> shapes.sized
[numpy.linalg]
det inv(a) -> linear.single(*)
norm(x, ord: word = None, axis: ints = None, keepdims: flag = False) -> linear.linalg_norm
matmul(x1, x2, /) -> linear.product
outer(x1, x2, /)
vector_norm(x, /, *, axis: ints = None, keepdims: flag = False, ord: number = 2) ->
    linear.vector_norm
diagonal(x, /, *, offset: int = 0) -> shapes.last_diagonal
"""
)

BOUND = """
    sum prod mean std var max min argmax argmin cumsum cumprod all any round ravel squeeze
    diagonal
"""
"""The functions which arrays have as methods too, the receiver their first argument."""

NUMPY_METHODS: Table = {name: NUMPYS["numpy"][name] for name in BOUND.split()} | table(
    f"""
clip(a, min=None, max=None, {OUT})
reshape(a, *shape: ints, {LAID}, copy: unset = None) -> columns.reshaped(*)
flatten(a, {LAID}) -> columns.flat_copy
transpose(a, *axes: any) -> shapes.numpy_transposed
swapaxes(a, axis1: int, axis2: int, /) -> transpose
copy(a, order: unset = 'C') -> shapes.copied_array
item tolist(a)
"""
)

OTHERS = tables(
    f"""
[math]
sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log1p log2 log10 sqrt
    fabs floor ceil trunc erf erfc lgamma degrees radians(x, /) -> elements.of_math(*)
pow fmod(x, y, /) -> elements.of_math(*)
atan2(y, x, /) -> elements.of_math(*)
remainder(x, y, /) -> elements.ieee_remainder
log(x, base=None, /) -> elements.log_of_base
hypot(*coordinates: any) -> elements.length
dist(p: items, q: items, /) -> elements.distance
fsum(seq: items, /) -> elements.summed_exactly
factorial(x: int, /) -> elements.counted(*)
comb(n: int, k: int, /) -> elements.counted(*)
perm(n: int, k: int = None, /) -> elements.counted(*)
gcd lcm(a: int, b: int, /) -> elements.counted(*)
isqrt(n: int, /) -> elements.counted(*)
modf(x, /) -> elements.parted
prod(iterable: items, /, *, start=1) -> elements.folded(mul)
[scipy]
[scipy.special]
expit exp2 expm1 log1p erf erfc gammaln sinc round(x, /, {OUT})
log_expit(x, /, {OUT}) -> logsigmoid
xlogy(x, y, /, {OUT})
softmax log_softmax(x, axis: ints = None) -> reductions.scipy_softmax(*)
logsumexp(a, axis: ints = None, b=None, keepdims: flag = False, return_sign: unset = False) ->
    reductions.weighted_logsumexp
[scipy.linalg]
det inv(a, overwrite_a: ignored = False, check_finite: ignored = True) -> linear.single(*)
norm(a, ord: word = None, axis: ints = None, keepdims: flag = False) -> linear.linalg_norm
[scipy.spatial]
[scipy.spatial.distance]
euclidean(u, v, w=None) -> distances.euclidean
sqeuclidean(u, v, w=None) -> distances.squared
cityblock(u, v, w=None) -> distances.cityblock
chebyshev(u, v, w: unset = None) -> distances.chebyshev
minkowski(u, v, p: number = 2, w=None) -> distances.minkowski
cosine(u, v, w=None) -> distances.cosine
correlation(u, v, w=None, centered: bool = True) -> distances.correlation
braycurtis(u, v, w=None) -> distances.braycurtis
mahalanobis(u, v, VI) -> distances.mahalanobis
cdist(XA, XB, metric: str = 'euclidean', *, out: target = None, p: number = 2.0) ->
    distances.between(*)
pdist(X, metric: str = 'euclidean', *, out: target = None, p: number = 2.0) -> distances.between(*)
squareform(X, force: unset = 'no', checks: unset = True) -> distances.square_form
[jax]
[jax.numpy]
clip(arr, /, min=None, max=None)
sum prod({DTYPED}, {WHERE}) -> reductions.reduced(*)
max amax({REDUCED}, {WHERE}) -> reductions.reduced(amax)
min amin({REDUCED}, {WHERE}) -> reductions.reduced(amin)
mean(a: floats, axis: ints = None, dtype: unset = None, out: target = None, keepdims: flag = False,
    *, {WHERE}) -> reductions.reduced(*)
std var(a: floats, axis: ints = None, dtype: unset = None, out: target = None, ddof: number = 0,
    keepdims: flag = False, *, {WHERE}, mean: maybe = None, correction: number = None) ->
    reductions.numpy_spread(*)
all any(a, axis: ints = None, out: target = None, keepdims: flag = False, *, {WHERE}) ->
    reductions.truths(*)
argmax argmin(a, axis: int = None, out: target = None, keepdims: flag = None)
array(object, dtype: unset = None, copy: flag = True) -> shapes.arrayed
zeros ones(shape: ints, dtype: unset = None)
full(shape: ints, fill_value: number, dtype: unset = None)
squeeze(a, axis: ints = None) -> shapes.numpy_squeezed
[jax.numpy.linalg]
det inv(a: floats) -> linear.single(*)
norm(x: floats, ord: word = None, axis: ints = None, keepdims: flag = False) -> linear.linalg_norm
vector_norm(x: floats, /, *, axis: ints = None, keepdims: flag = False, ord: number = 2) ->
    linear.vector_norm
[jax.nn]
relu relu6 sigmoid silu swish mish tanh selu(x: floats)
softplus(x: floats) -> elements.soft_plus
log_sigmoid(x: floats) -> logsigmoid
soft_sign(x: floats) -> softsign
hard_tanh(x: floats) -> hardtanh
elu celu(x: floats, alpha: number = 1.0)
leaky_relu(x: floats, negative_slope: number = 0.01)
gelu(x: floats, approximate: bool = True) -> elements.jax_gelu
softmax log_softmax(x: floats, axis: int = -1, where: unset = None)
logsumexp({LOGSUMEXP}) -> reductions.weighted_logsumexp
one_hot(x, num_classes: int, *, dtype: unset = None, axis: int = -1)
standardize(x: floats, axis: int = -1, mean: unset = None, variance: unset = None,
    epsilon: number = 1e-05, where: unset = None) -> layers.standardized
[jax.lax]
stop_gradient(x)
exp log sin cos tan tanh sqrt rsqrt abs sign floor ceil erf erfc lgamma log1p expm1
    square asin acos atan sinh cosh asinh acosh atanh exp2 cbrt neg reciprocal digamma(x: floats)
logistic(x: floats) -> sigmoid
erf_inv(x: floats) -> erfinv
add sub mul div pow(x, y)
atan2(y, x, /)
max(x, y) -> maximum
min(x, y) -> minimum
rem(x, y) -> fmod
select(pred, on_true, on_false) -> where
[jax.scipy]
[jax.scipy.special]
expit erf erfc gammaln(x: floats)
xlogy(x: floats, y)
logsumexp({LOGSUMEXP}) -> reductions.weighted_logsumexp
softmax log_softmax(x: floats, /, *, axis: int = None) -> reductions.scipy_softmax(*)
[builtins]
abs(x, /)
sum(iterable: items, /, start=0) -> elements.folded(add)
all any(iterable: items, /)
max min(*values: any, key: any = None, default: any = ...) -> elements.python_extreme(*)
round(number, ndigits: int = None) -> elements.python_round
pow(base, exp, mod=None) -> elements.python_power
"""
)

CHANGED = """clip sum prod mean std var max amax min amin all any argmax argmin array squeeze
    zeros ones full"""
"""Functions of numpy whose signature jax has changed."""

LACKING = "asanyarray asarray_chkfinite"
"""Functions of numpy that jax does not have."""

_OTHERWISE = frozenset(f"{CHANGED} {LACKING}".split())

TABLES: dict[str, Table] = {
    **NUMPYS,
    **OTHERS,
    "jax.numpy": {
        **{name: rows for name, rows in NUMPYS["numpy"].items() if name not in _OTHERWISE},
        **OTHERS["jax.numpy"],
    },
    "jax.numpy.linalg": {
        **{name: NUMPYS["numpy.linalg"][name] for name in ("matmul", "outer", "diagonal")},
        **OTHERS["jax.numpy.linalg"],
    },
}
"""The modules beside torch's, each with its functions."""

JAX_METHODS: Table = NUMPY_METHODS | {
    name: OTHERS["jax.numpy"][name] for name in ("mean", "std", "var")
}
"""The methods of jax's arrays."""
