"""The primitives in jax, by name, with the parameters of their rows; what jax lacks is not here."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np

from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.shapes import axes, expanded, flattened, permuted, reshaped, transposed

Function = Callable[..., Any]


def _axis(dim: Any) -> Any:
    return tuple(dim) if isinstance(dim, list) else dim


def _reducing(function: Function) -> Function:
    return lambda x, dim=None, keepdim=False: function(x, axis=_axis(dim), keepdims=keepdim)


def _extreme(function: Function, place: Function) -> Function:
    def extreme(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return function(x)
        return Extremes(function(x, axis=dim, keepdims=keepdim), place(x, dim, keepdims=keepdim))

    return extreme


def _spread(function: Function) -> Function:
    def spread(
        x: Any,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: Any = None,
    ) -> Any:
        ddof = int(bool(unbiased)) if correction is None else correction
        return function(x, axis=_axis(dim), ddof=ddof, keepdims=keepdim)

    return spread


def _norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    order = 2 if p in (None, "fro") else p
    flat = x.reshape(-1) if dim is None and not keepdim else x
    return jnp.linalg.norm(flat, order, axis=_axis(dim), keepdims=keepdim)


def _sort(x: Any, dim: int = -1, descending: bool = False) -> Any:
    order = jnp.argsort(x, axis=dim, descending=descending)
    return Extremes(jnp.sort(x, axis=dim, descending=descending), order)


def _pad(x: Any, pad: Any, value: float = 0.0) -> Any:
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return jnp.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, constant_values=value)


def _where(condition: Any, x: Any, y: Any) -> Any:
    return jnp.where(jnp.asarray(condition) != 0, x, y)


def _index(x: Any, key: Any) -> Any:
    items = key if isinstance(key, tuple) else (key,)
    return x[tuple(np.asarray(item) if isinstance(item, list) else item for item in items)]


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return jnp.where(beta * x > threshold, x, jax.nn.softplus(beta * x) / beta)


def _transpose(x: Any, dim0: Any = None, dim1: Any = None) -> Any:
    return jnp.transpose(x, transposed(x.shape, dim0, dim1))


def _squeeze(x: Any, dim: Any = None) -> Any:
    return jnp.squeeze(x, tuple(k for k in axes(x.shape, dim) if x.shape[k] == 1))


NAMESAKES = (
    "logical_and", "logical_or", "logical_xor", "logical_not", "exp", "log", "log1p", "expm1",
    "exp2", "log2", "log10", "sqrt", "square", "reciprocal", "sin", "cos", "tan", "asin", "acos",
    "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "hypot", "logaddexp",
    "sinc", "deg2rad", "rad2deg", "abs", "sign", "floor", "ceil", "round", "trunc", "maximum",
    "minimum", "matmul", "dot", "outer", "kron", "trace", "zeros_like", "ones_like", "full_like",
)  # fmt: skip
"""What jax.numpy has by the same name, with operands only."""

OPERATORS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "neg": operator.neg,
    "pos": operator.pos, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt,
    "le": operator.le, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip

ACTIVATIONS: Mapping[str, Function] = {
    "rsqrt": jax.lax.rsqrt,
    "xlogy": special.xlogy,
    "erf": special.erf,
    "erfc": special.erfc,
    "lgamma": special.gammaln,
    "frac": lambda x: jnp.modf(x)[0],
    "where": _where,
    "clamp": jnp.clip,
    "sigmoid": jax.nn.sigmoid,
    "logsigmoid": jax.nn.log_sigmoid,
    "softplus": _softplus,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "celu": jax.nn.celu,
    "selu": jax.nn.selu,
    "gelu": lambda x, approximate="none": jax.nn.gelu(x, approximate=approximate == "tanh"),
    "silu": jax.nn.silu,
    "mish": jax.nn.mish,
    "softsign": jax.nn.soft_sign,
    "hardtanh": lambda x, min_val=-1.0, max_val=1.0: jnp.clip(x, min_val, max_val),
}

WHOLE: Mapping[str, Function] = {
    "sum": _reducing(jnp.sum),
    "prod": _reducing(jnp.prod),
    "amax": _reducing(jnp.max),
    "amin": _reducing(jnp.min),
    "max": _extreme(jnp.max, jnp.argmax),
    "min": _extreme(jnp.min, jnp.argmin),
    "argmax": _reducing(jnp.argmax),
    "argmin": _reducing(jnp.argmin),
    "sort": _sort,
    "cumsum": lambda x, dim=None: jnp.cumsum(x, axis=dim),
    "cumprod": lambda x, dim=None: jnp.cumprod(x, axis=dim),
    "det": jnp.linalg.det,
    "inv": jnp.linalg.inv,
    "solve": jnp.linalg.solve,
    "logdet": lambda x: jnp.linalg.slogdet(x)[1],
    "mean": _reducing(jnp.mean),
    "var": _spread(jnp.var),
    "std": _spread(jnp.std),
    "norm": _norm,
    "logsumexp": _reducing(jax.nn.logsumexp),
    "softmax": lambda x, dim=-1: jax.nn.softmax(x, dim),
    "log_softmax": lambda x, dim=-1: jax.nn.log_softmax(x, dim),
    "softmin": lambda x, dim=-1: jax.nn.softmax(-x, dim),
}

SHAPES: Mapping[str, Function] = {
    "reshape": lambda x, shape: jnp.reshape(x, reshaped(x.shape, shape)),
    "flatten": lambda x, start_dim=0, end_dim=-1: jnp.reshape(
        x, flattened(x.shape, start_dim, end_dim)
    ),
    "transpose": _transpose,
    "permute": lambda x, dims: jnp.transpose(x, permuted(x.shape, dims)),
    "squeeze": _squeeze,
    "unsqueeze": lambda x, dim: jnp.expand_dims(x, dim),
    "broadcast_to": lambda x, shape: jnp.broadcast_to(x, expanded(x.shape, shape)),
    "flip": lambda x, dims=None: jnp.flip(x, axes(x.shape, dims)),
    "roll": lambda x, shifts, dims=None: jnp.roll(x, shifts, dims),
    "index": _index,
    "stack": lambda tensors, dim=0: jnp.stack(tensors, dim),
    "concat": lambda tensors, dim=0: jnp.concatenate(tensors, dim),
    "diag": lambda x, diagonal=0: jnp.diag(x, diagonal),
    "diagonal": lambda x, offset=0, dim1=0, dim2=1: jnp.diagonal(x, offset, dim1, dim2),
    "tril": lambda x, diagonal=0: jnp.tril(x, diagonal),
    "triu": lambda x, diagonal=0: jnp.triu(x, diagonal),
    "pad": _pad,
}

FUNCTIONS: Mapping[str, Function] = {
    **{name: getattr(jnp, name) for name in NAMESAKES},
    **OPERATORS,
    **ACTIVATIONS,
    **WHOLE,
    **SHAPES,
}
"""Every primitive that jax has."""
