"""Layers of torch.nn.functional that are not one primitive."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.machine import Machine
from gradcalc.primitives.windows import each


def rms_norm(machine: Machine, input: Any, normalized_shape: Any, weight: Any, eps: Any) -> Any:
    """torch's rms_norm, whose eps is that of the dtype where none is given."""
    if eps is None:
        eps = float(np.finfo(machine.backend.precision).eps)
    return ops.call(machine, "rms_norm", input, normalized_shape, weight, eps)


def power_pooled(
    machine: Machine,
    name: str,
    input: Any,
    norm_type: Any,
    kernel_size: Any,
    stride: Any,
    ceil_mode: Any,
) -> Any:
    """lp_pool, whose window may be one number for all dimensions."""
    rank = int(name[-2])
    sizes = each("kernel_size", kernel_size, rank)
    kernel_size = sizes if rank > 1 else sizes[0]
    return ops.call(machine, name, input, norm_type, kernel_size, stride, ceil_mode)


def upsampled(machine: Machine, mode: str, input: Any, size: Any, scale_factor: Any) -> Any:
    """torch's older words for interpolate, of which the linear one keeps the corners."""
    corners = True if mode == "bilinear" else None
    return ops.call(machine, "interpolate", input, size, scale_factor, mode, corners)


def sampled(
    machine: Machine, input: Any, grid: Any, mode: Any, padding_mode: Any, align_corners: Any
) -> Any:
    """torch's grid_sample of pictures, between their pixels."""
    if mode != "bilinear" or padding_mode not in ("zeros", "border"):
        raise UnsupportedError(
            f"grid_sample by {mode} with {padding_mode} is not here",
            hint="mode='bilinear' is, with padding_mode 'zeros' or 'border'",
        )
    shapes = ops.shape(machine, input), ops.shape(machine, grid)
    if len(shapes[0]) != 4 or len(shapes[1]) != 4 or shapes[1][-1] != 2:
        raise ShapeError(f"grid_sample of shapes {shapes[0]} and {shapes[1]}: pictures only")
    return ops.call(machine, "grid_sample", input, grid, mode, padding_mode, bool(align_corners))


def attention(
    machine: Machine, attn_mask: Any, dropout_p: Any, is_causal: Any, **given: Any
) -> Any:
    """torch's attention, which leaves out what a mask of truth values does not have."""
    if dropout_p:
        raise UnsupportedError(
            "attention with dropout_p draws at random what it drops", hint="write dropout_p=0.0"
        )
    if is_causal and attn_mask is not None:
        raise InvalidValueError("attention is given attn_mask or is_causal, not both")
    if attn_mask is not None and machine.is_mask(attn_mask):
        attn_mask = ops.call(machine, "where", attn_mask, 0.0, -math.inf)
    return ops.call(
        machine, "scaled_dot_product_attention", attn_mask=attn_mask, is_causal=is_causal, **given
    )


def standardized(machine: Machine, x: Any, axis: Any, epsilon: Any) -> Any:
    """jax's standardize: less the mean, divided by the standard deviation."""
    x = ops.tensor(machine, x)
    centred = ops.binary(machine, "sub", x, ops.call(machine, "mean", x, axis, True))
    spread = ops.call(machine, "var", x, dim=axis, unbiased=False, keepdim=True)
    root = ops.call(machine, "sqrt", ops.binary(machine, "add", spread, epsilon))
    return ops.binary(machine, "div", centred, root)
