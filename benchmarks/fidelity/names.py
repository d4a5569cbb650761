"""The functions and methods that are asked for: everyday ones, and all that gradcalc lists."""

import math
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import scipy.special
import torch

from benchmarks.fidelity.readings import bare_namespace, jax_module
from gradcalc.errors import GradcalcError
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.fence import compile_program
from gradcalc.primitives import BY_NAME

_EVERYDAY = """
abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr adjoint all allclose amax
amin aminmax angle any append apply_along_axis arange arccos arccosh arcsin arcsinh arctan
arctan2 arctanh argmax argmin argpartition argsort argwhere around array array_equal array_split
asarray asin asinh astype atan atan2 atanh atleast_1d atleast_2d atleast_3d average baddbmm
bincount block block_diag bmm broadcast_arrays broadcast_tensors broadcast_to bucketize
cartesian_prod cat cbrt cdist ceil chain_matmul choose cholesky cholesky_solve chunk clamp
clamp_max clamp_min clip clone column_stack combinations compress concat concatenate cond conj
contiguous convolve copy copysign corrcoef correlate cos cosh count_nonzero cov cross cummax
cummin cumprod cumsum cumulative_sum cumulative_prod cumulative_trapezoid deg2rad degrees delete
det detach diag diag_embed diagflat diagonal diff digamma digitize dim dist divide div divmod
dot dsplit dstack ediff1d eigh eigvalsh einsum ellipk equal eq erf erfc erfinv exp exp2 expand
expand_as expand_dims expm1 extract eye fabs fill fill_diagonal fix flatten flatnonzero flip
fliplr flipud float_power floor floor_divide fmax fmin fmod frac frexp full full_like gammainc
gammaincc gammaln gather ge gradient greater greater_equal ger gt hamming hann_window hanning
heaviside histc histogram hsplit hstack hypot i0 i0e identity igamma imag index_add index_fill
index_select indices inner insert interp inv inverse isclose isfinite isin isinf isnan isneginf
isposinf isreal item kron kthvalue ldexp le lerp less less_equal lgamma linspace log log10 log1p
log2 logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not logical_or logical_xor
logit logspace logsumexp lstsq lt mH mT masked_fill masked_scatter masked_select matmul
matrix_exp matrix_norm matrix_power matrix_rank matrix_transpose matvec max maximum mean median
meshgrid min minimum mm mod mode modf moveaxis movedim msort mul multi_dot multiply multigammaln
mv mvlgamma nan_to_num nanargmax nanargmin nancumsum nanmax nanmean nanmedian nanmin
nanpercentile nanprod nanquantile nanstd nansum nanvar narrow narrow_copy ndim ne neg negative
nextafter nonzero norm not_equal nuclear_norm numel ones ones_like outer pad partition
percentile permute permute_dims pinv piecewise polygamma poly polyder polyfit polyint polyval
positive pow power prod ptp put qr quantile rad2deg radians ravel real reciprocal relu remainder
renorm repeat repeat_interleave reshape reshape_as resize resolve_conj rint roll rollaxis roots
rot90 round rsqrt rsub scatter scatter_add searchsorted select sgn shape sigmoid sign signbit
sin sinc sinh size slice_scatter slogdet softmax log_softmax solve solve_triangular sort special
split sqrt square squeeze stack std std_mean sub subtract sum svd svdvals swapaxes swapdims t
take take_along_dim take_along_axis tan tanh tensor tensor_split tensordot tensorinv tensorsolve
threshold tile tolist topk trace transpose trapezoid trapz tri tril tril_indices triu
triu_indices true_divide trunc type unbind unflatten unfold unique unsqueeze unstack unwrap
vander var var_mean vdot vecdot vecmat vector_norm view view_as view_as_real vsplit vstack where
xlogy xlog1py zeros zeros_like zeta item tobytes flat conjugate nelement ndimension new_zeros
new_ones new_full float double int long bool dtype new_tensor requires_grad_ bernoulli adjoint
asarray as_tensor scalar_tensor row_stack sum_to_size get_dimensions is_nonzero numpy
logical_and_ add_ mul_ sub_ div_ clamp_ zero_ fill_ exp_ sqrt_ neg_ pow_ copy_ put_ t_ squeeze_
unsqueeze_ binary_cross_entropy binary_cross_entropy_with_logits celu cosine_embedding_loss
cosine_similarity cross_entropy elu gaussian_nll_loss gelu glu hardshrink hardsigmoid hardswish
hardtanh hinge_embedding_loss huber_loss kl_div l1_loss layer_norm leaky_relu linear bilinear
logsigmoid margin_ranking_loss mish mse_loss multi_margin_loss multilabel_margin_loss
multilabel_soft_margin_loss nll_loss normalize one_hot pairwise_distance pdist poisson_nll_loss
prelu relu6 rms_norm rrelu selu silu smooth_l1_loss soft_margin_loss softmin softplus softshrink
softsign tanhshrink triplet_margin_loss avg_pool1d max_pool1d avg_pool2d conv1d conv2d
batch_norm group_norm instance_norm embedding local_response_norm lp_pool1d interpolate
adaptive_avg_pool1d scaled_dot_product_attention relu_ elu_ log_ndtr ndtr ndtri entr expit
log_expit loggamma gamma beta betaln rel_entr logistic swish standardize log_sigmoid soft_sign
squareplus hard_tanh hard_sigmoid erfcx i1 i1e j0 j1 y0 bessel_j0 modified_bessel_i0 psi
factorial comb perm boxcox inv_boxcox huber pseudo_huber kl_div exprel log1mexp radian dist fsum
sumprod gcd lcm isqrt cosdg sindg exp10 round silu
"""
EVERYDAY = frozenset(_EVERYDAY.split())

_DENIED = """
save savez savez_compressed savetxt load loadtxt genfromtxt fromfile fromregex frombuffer
fromstring memmap test info show_config show_runtime get_include seterr setbufsize seterrcall
set_printoptions printoptions empty empty_like random rand randn randint bernoulli normal
dropout compile fork wait kaiser busday_count busday_offset is_busday datetime_data
datetime_as_string nested_iters frompyfunc tofile dump dumps setflags resize result_type
errstate seterr_ geterr share_memory rrelu poisson multinomial newbyteorder getfield setfield
errprint
"""
DENIED = frozenset(_DENIED.split())
"""Random functions, those that leave memory as it is, and those that reach outside."""


@cache
def _jax_modules() -> Mapping[str, Any]:
    jax = jax_module()
    return {
        "jax.numpy": jax.numpy,
        "jax.numpy.linalg": jax.numpy.linalg,
        "jax.nn": jax.nn,
        "jax.scipy.special": jax.scipy.special,
        "jax.lax": jax.lax,
    }


@cache
def module(path: str) -> Any:
    """A module by its full name; the plain names of a text without a library as `""`."""
    if path.startswith("jax"):
        return _jax_modules()[path]
    return _modules()[path]


@cache
def _modules() -> Mapping[str, Any]:
    bare = ModuleType("bare")
    plain = {k: v for k, v in bare_namespace().items() if not isinstance(v, ModuleType)}
    bare.__dict__.update(plain)
    return {
        "torch": torch,
        "torch.nn.functional": torch.nn.functional,
        "torch.linalg": torch.linalg,
        "torch.special": torch.special,
        "": bare,
        "numpy": np,
        "numpy.linalg": np.linalg,
        "scipy.special": scipy.special,
        "math": math,
    }


@cache
def functions(path: str) -> tuple[str, ...]:
    """The functions of a module that are asked for."""
    return tuple(sorted(filter(_asked, _callables(module(path)))))


@cache
def methods(library: str) -> tuple[str, ...]:
    """The methods of a library's arrays that are asked for."""
    return tuple(sorted(n for n in _callables(kind(library)) if _asked(n)))


HAVE_METHODS = ("torch", "bare", "numpy", "jax")


def kind(library: str) -> Any:
    """The type of a library's arrays."""
    if library == "jax":
        return type(module("jax.numpy").zeros(()))
    return np.ndarray if library == "numpy" else torch.Tensor


def _callables(module: Any) -> list[str]:
    return [
        name
        for name in dir(module)
        if not name.startswith("_") and callable(getattr(module, name, None))
        and not isinstance(getattr(module, name), type) and name not in DENIED
    ]  # fmt: skip


def _asked(name: str) -> bool:
    return name in EVERYDAY or name in BY_NAME or name in BUILTINS


@cache
def is_read(text: str) -> bool:
    """Whether gradcalc has a function or method of that name at all."""
    try:
        compile_program(text)
    except GradcalcError:
        return False
    return True
