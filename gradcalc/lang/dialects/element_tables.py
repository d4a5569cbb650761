"""More functions of elements, and choices among them, of all libraries, with their signatures."""

from gradcalc.lang.dialects.other_tables import UFUNC
from gradcalc.lang.dialects.rows import tables
from gradcalc.lang.dialects.torch_table import ALSO

OUT = "out: target = None"
CLOSE = "rtol: number = 1e-05, atol: number = 1e-08, equal_nan: bool = False"

TABLES = tables(
    f"""
[torch]
isposinf isneginf(input, *, {OUT}) -> numerics.infinite(*)
nan_to_num(input, nan: number = 0.0, posinf: number = None, neginf: number = None, *, {OUT}) ->
    numerics.with_numbers
clamp_min(input, min, *, {OUT}) -> numerics.limited
clamp_max(input, max, *, {OUT}) -> numerics.limited
logit(input, *, {OUT})
logit(input, eps: number = None, *, {OUT}) -> special.logit_within
rsub(input, other, *, alpha: number = 1) -> numerics.taken_from
float_power(input, exponent, *, {OUT}) -> elements.float_power
isclose(input, other, {CLOSE}) -> numerics.close
allclose(input, other, {CLOSE}) -> numerics.all_close
equal(input: tensor, other: tensor) -> numerics.equal
isin(elements, test_elements, *, assume_unique: ignored = False, invert: bool = False) ->
    numerics.among
count_nonzero(input, dim: ints = None) -> numerics.counted
rrelu(input, lower: number = 0.125, upper: number = 0.3333333333333333,
    training: unset = False, generator: unset = None) -> activations.expected_leak
[torch.nn.functional]
rrelu(input, lower: number = 0.125, upper: number = 0.3333333333333333,
    training: unset = False, inplace: writes = False) -> activations.expected_leak
[torch.special]
logit(input, *, {OUT})
logit(input, eps: number = None, *, {OUT}) -> special.logit_within
[numpy]
cbrt(x: floats, /, {UFUNC})
isnan isinf isfinite signbit(x, /, {UFUNC})
isscalar(element: any) -> elements.is_single
isposinf isneginf(x, {OUT}) -> numerics.infinite(*)
copysign logaddexp2(x1: floats, x2: floats, /, {UFUNC})
fmax fmin ldexp(x1, x2, /, {UFUNC})
heaviside(x1: floats, x2: floats, /, {UFUNC}) -> numerics.step
nan_to_num(x, copy: true = True, nan: number = 0.0, posinf: number = None,
    neginf: number = None) -> numerics.with_numbers
isclose(a, b, {CLOSE}) -> numerics.close
allclose(a, b, {CLOSE}) -> numerics.all_close
array_equal(a1, a2, equal_nan: flag = False) -> numerics.equal
isin(element, test_elements, assume_unique: ignored = False, invert: flag = False, *,
    kind: unset = None) -> numerics.among
select(condlist: items, choicelist: items, default=0) -> numerics.selected
count_nonzero(a, axis: ints = None, *, keepdims: flag = False) -> numerics.counted
real(val) -> layout.itself
[jax.numpy]
cbrt(x: floats, /)
isnan isinf isfinite signbit(x, /)
isposinf isneginf(x, /) -> numerics.infinite(*)
copysign logaddexp2 fmax fmin(x1: floats, x2: floats, /)
heaviside(x1: floats, x2: floats, /) -> numerics.step
isclose(a, b, {CLOSE}) -> numerics.close
allclose(a, b, {CLOSE}) -> numerics.all_close
array_equal(a1, a2, equal_nan: flag = False) -> numerics.equal
select(condlist: items, choicelist: items, default=0) -> numerics.selected
count_nonzero(a, axis: ints = None, keepdims: flag = False) -> numerics.counted
nan_to_num(x, copy: true = True, nan: number = 0.0, posinf: number = None,
    neginf: number = None) -> numerics.with_numbers
isin(element, test_elements, assume_unique: ignored = False, invert: flag = False, *,
    method: unset = 'auto') -> numerics.among
ldexp(x1, x2, /)
[math]
cbrt gamma isnan isinf isfinite(x, /) -> elements.of_math(*)
copysign(x, y, /) -> elements.of_math(*)
ldexp(x, i: int, /) -> elements.of_math(*)
isclose(a, b, *, rel_tol: number = 1e-09, abs_tol: number = 0.0) -> numerics.math_close
[jax.nn]
hard_sigmoid(x: floats) -> activations.jax_hard_sigmoid
hard_silu hard_swish(x: floats) -> hardswish
sparse_sigmoid(x: floats) -> activations.sparse_sigmoid
log1mexp(x: floats) -> activations.log_of_less
logmeanexp(x: floats, axis: ints = None, where: unset = None, keepdims: flag = False) ->
    activations.log_of_mean
identity(x: floats) -> layout.itself
standardize(x: floats, axis: ints = -1, mean: unset = None, variance: unset = None,
    epsilon: number = 1e-05, where: unset = None) -> activations.standardized
[scipy.special]
kl_div(x, y, /, {OUT}) -> special.divergence
huber(delta, r, /, {OUT}) -> special.huber
pseudo_huber(delta, r, /, {OUT}) -> special.pseudo_huber
boxcox(x, lmbda, /, {OUT}) -> special.box_cox(log)
boxcox1p(x, lmbda, /, {OUT}) -> special.box_cox(log1p)
inv_boxcox(y, lmbda, /, {OUT}) -> special.inverse_box_cox(exp)
inv_boxcox1p(y, lmbda, /, {OUT}) -> special.inverse_box_cox(expm1)
rgamma(x, /, {OUT}) -> special.one_over_gamma
binom(n, k, /, {OUT}) -> special.binomial
poch(z, m, /, {OUT}) -> special.rising
comb(N, k, *, exact: flag = False, repetition: flag = False) -> special.combinations
perm(N, k, exact: flag = False) -> special.arrangements
factorial(n, exact: flag = False, extend: any = 'zero') -> special.factorial
sindg(x, /, {OUT}) -> special.of_degrees(sin)
cosdg(x, /, {OUT}) -> special.of_degrees(cos)
xlog1py(x, y, /, {OUT})
[jax.scipy]
[jax.scipy.special]
kl_div(p: floats, q: floats) -> special.divergence
boxcox(x: floats, lmbda: floats) -> special.box_cox(log)
boxcox1p(x: floats, lmbda: floats) -> special.box_cox(log1p)
poch(z: floats, m: floats) -> special.rising
erfcx dawsn(x: floats)
""",
    also={"torch": ALSO},
)

TORCH_METHODS = {
    name: TABLES["torch"][name]
    for name in (
        "nan_to_num", "logit", "clamp_min", "clamp_max", "float_power", "isclose", "allclose",
        "count_nonzero", "isposinf", "isneginf", "equal",
    )
}  # fmt: skip
"""The functions which tensors have as methods too."""
