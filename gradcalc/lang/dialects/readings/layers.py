"""Layers of torch.nn.functional that are not one primitive."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops, writing
from gradcalc.lang.dialects.readings import chance, drawing
from gradcalc.lang.machine import Machine, Untold
from gradcalc.lang.memory import Tensor
from gradcalc.primitives.shapes import show
from gradcalc.primitives.windows import each


def rms_norm(machine: Machine, input: Any, normalized_shape: Any, weight: Any, eps: Any) -> Any:
    """torch's rms_norm, whose eps is that of the dtype where none is given."""
    if eps is None:
        eps = float(np.finfo(machine.backend.precision).eps)
    return ops.call(machine, "rms_norm", input, normalized_shape, weight, eps)


def batch_norm(
    machine: Machine, input: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any,
    training: Any, momentum: Any, eps: Any,
) -> Any:  # fmt: skip
    """torch's batch_norm, which in training moves the running statistics on."""
    held = running_mean, running_var
    found = ops.call(machine, "batch_norm", input, *held, weight, bias, training, momentum, eps)
    if not training or not momentum or held == (None, None):
        return found
    if any(isinstance(value, Tensor) and value.leaf for value in held):
        raise UnsupportedError("in training torch writes over running statistics: give none")
    x = machine.detach(machine.copy(ops.tensor(machine, input)), None, "batch_norm")
    rest = tuple(k for k in range(len(ops.shape(machine, x))) if k != 1)
    _move_on(machine, held, x, rest, momentum)
    return found


def _move_on(machine: Machine, held: Any, x: Any, rest: tuple[int, ...], momentum: Any) -> None:
    """Move running statistics towards those of each channel, along the rest of the dimensions, the
    mean over what is left of a batch."""
    news = ops.call(machine, "mean", x, rest), ops.call(machine, "var", x, dim=rest)
    for old, new in zip(held, news, strict=True):
        if isinstance(old, Tensor):
            many = len(ops.shape(machine, new)) > 1
            new = ops.call(machine, "mean", new, 0) if many else new
            kept = ops.binary(machine, "mul", old, 1 - momentum)
            moved = ops.binary(machine, "add", kept, ops.binary(machine, "mul", new, momentum))
            writing.over(machine, old, moved)


def instance_norm(
    machine: Machine, running_mean: Any, running_var: Any, use_input_stats: Any, momentum: Any,
    **given: Any,
) -> Any:  # fmt: skip
    """torch's instance_norm, which moves the running statistics on that it does not use."""
    held = running_mean, running_var
    found = ops.call(
        machine, "instance_norm", running_mean=running_mean, running_var=running_var,
        use_input_stats=use_input_stats, momentum=momentum, **given,
    )  # fmt: skip
    if not use_input_stats or not momentum or held == (None, None):
        return found
    if any(isinstance(value, Tensor) and value.leaf for value in held):
        raise UnsupportedError("in training torch writes over running statistics: give none")
    x = machine.detach(machine.copy(ops.tensor(machine, given["input"])), None, "instance_norm")
    _move_on(machine, held, x, tuple(range(2, len(ops.shape(machine, x)))), momentum)
    return found


def natively(machine: Machine, name: str, input: Any, eps: Any, **given: Any) -> Any:
    """The kernels of torch's norms under their own names, which give their statistics too."""
    word = f"what {name} gives as statistics without their gradient"
    rest = Untold(word), Untold(word)
    if name == "native_layer_norm":
        return (ops.call(machine, "layer_norm", input, eps=eps, **given), *rest)
    if name == "native_batch_norm":
        return (batch_norm(machine, input=input, eps=eps, **given), *rest)
    sizes = [ops.integer(machine, given.pop(key)) for key in ("N", "C", "HxW")]
    x = ops.reshape(machine, ops.tensor(machine, input), tuple(sizes))
    found = ops.call(machine, "group_norm", x, given.pop("group"), eps=eps, **given)
    return (ops.reshape(machine, found, ops.shape(machine, input)), *rest)


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
    """torch's grid_sample of pictures and solids."""
    shape, places = ops.shape(machine, input), ops.shape(machine, grid)
    rank = len(shape) - 2
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise _bad(f"grid_sample has no mode {mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise _bad(f"grid_sample has no padding_mode {padding_mode!r}")
    if rank not in (2, 3) or len(places) != rank + 2 or places[-1] != rank:
        raise ShapeError(f"grid_sample of shapes {show(shape)} and {show(places)}")
    if shape[0] != places[0] or 0 in shape[1:]:
        raise ShapeError(f"grid_sample of shapes {show(shape)} and {show(places)}")
    if mode == "bicubic" and rank != 2:
        raise ShapeError("grid_sample by bicubic is of pictures")
    return ops.call(machine, "grid_sample", input, grid, mode, padding_mode, bool(align_corners))


def bagged(
    machine: Machine, input: Any, weight: Any, offsets: Any, mode: Any, per_sample_weights: Any,
    include_last_offset: Any, padding_idx: Any,
) -> Any:  # fmt: skip
    """embedding_bag: the bags are the rows of `input`, or start in it where `offsets` say."""
    if machine.is_integer(weight) and not machine.is_integer(input):
        # the older order, which torch still takes
        input, weight = weight, input
    shape, size = ops.shape(machine, input), ops.shape(machine, weight)
    if mode not in ("sum", "mean", "max"):
        raise _bad("embedding_bag has the modes 'sum', 'mean' and 'max'")
    if per_sample_weights is not None:
        if mode != "sum":
            raise _bad("embedding_bag takes per_sample_weights with mode='sum' only")
        if ops.shape(machine, per_sample_weights) != shape:
            raise _bad("per_sample_weights is of the shape of input")
    if len(size) != 2 or len(shape) != (2 if offsets is None else 1):
        raise _bad("embedding_bag takes a row of numbers with offsets, or a matrix without")
    if padding_idx is not None and not -size[0] <= padding_idx < size[0]:
        raise _bad("padding_idx is none of the rows of weight")
    if offsets is not None:
        offsets = _starts(machine, offsets, shape[0], bool(include_last_offset))
    return ops.call(
        machine, "embedding_bag", input, weight, mode, per_sample_weights, offsets, padding_idx
    )


def _starts(machine: Machine, offsets: Any, count: int, last: bool) -> Any:
    """Where the bags start; with `last` the end of all is given too."""
    places = machine.elements(ops.tensor(machine, offsets))
    if places.ndim != 1 or places.size <= last:
        raise _bad("offsets are where the bags start, in a row")
    if places[0] != 0 or places[-1] > count or (np.diff(places) < 0).any():
        raise _bad(f"offsets go up from 0 to at most {count}, how many numbers there are")
    if not last:
        return offsets
    if places[-1] != count:
        raise _bad(f"with include_last_offset the last of offsets is {count}, the end of input")
    return machine.mark_integer(machine.constant(places[:-1]))


def _bad(text: str) -> InvalidValueError:
    return InvalidValueError(text, python="ValueError")


@drawing
def attention(
    machine: Machine, attn_mask: Any, dropout_p: Any, is_causal: Any, **given: Any
) -> Any:
    """torch's attention, which leaves out what a mask of truth values does not have."""
    if is_causal and attn_mask is not None:
        raise InvalidValueError("attention is given attn_mask or is_causal, not both")
    if attn_mask is not None and machine.is_mask(attn_mask):
        attn_mask = ops.call(machine, "where", attn_mask, 0.0, -math.inf)
    masked = None if attn_mask is None else _masked_rows(machine, attn_mask)
    if masked is not None:
        attn_mask = ops.call(machine, "where", masked, 0.0, attn_mask)
    if dropout_p:
        found = _dropping(machine, attn_mask, dropout_p, is_causal, **given)
    else:
        found = ops.call(
            machine, "scaled_dot_product_attention", attn_mask=attn_mask, is_causal=is_causal,
            **given,
        )  # fmt: skip
    return found if masked is None else ops.call(machine, "where", masked, 0.0, found)


def _masked_rows(machine: Machine, attn_mask: Any) -> Any:
    """The rows of a mask that leave nothing, of which torch makes 0; None where there are none."""
    mask = ops.tensor(machine, attn_mask)
    numbers = machine.elements(mask)
    if not (numbers.shape[-1] and np.isneginf(numbers).all(axis=-1).any()):
        return None
    # of the mask itself, which may hang on what is differentiated by
    return ops.binary(machine, "eq", ops.call(machine, "amax", mask, -1, True), -math.inf)


def _dropping(
    machine: Machine, attn_mask: Any, dropout_p: Any, is_causal: Any, query: Any, key: Any,
    value: Any, scale: Any, enable_gqa: Any,
) -> Any:  # fmt: skip
    """Attention that drops weights, which torch puts together from its parts."""
    query, key, value = (ops.tensor(machine, part) for part in (query, key, value))
    length, width = ops.shape(machine, query)[-2:]
    if enable_gqa:
        heads, groups = ops.shape(machine, query)[-3], ops.shape(machine, key)[-3]
        of_head = np.arange(heads) * groups // heads
        key, value = (
            ops.index(machine, part, (..., of_head, slice(None), slice(None)))
            for part in (key, value)
        )
    scores = ops.call(machine, "matmul", query, ops.call(machine, "transpose", key, -2, -1))
    root = math.sqrt(width) if scale is None else None
    scores = ops.binary(machine, "mul" if root is None else "div", scores, root or scale)
    if is_causal:
        later = np.triu(np.full((length, ops.shape(machine, key)[-2]), -math.inf), 1)
        attn_mask = machine.constant(later)
    if attn_mask is not None:
        scores = ops.binary(machine, "add", scores, attn_mask)
    weights = ops.call(machine, "softmax", scores, -1)
    dropped = chance.dropped(machine, "dropout", weights, dropout_p, True)
    return ops.call(machine, "matmul", dropped, value)


def standardized(machine: Machine, x: Any, axis: Any, epsilon: Any) -> Any:
    """jax's standardize: less the mean, divided by the standard deviation."""
    x = ops.tensor(machine, x)
    centred = ops.binary(machine, "sub", x, ops.call(machine, "mean", x, axis, True))
    spread = ops.call(machine, "var", x, dim=axis, unbiased=False, keepdim=True)
    root = ops.call(machine, "sqrt", ops.binary(machine, "add", spread, epsilon))
    return ops.binary(machine, "div", centred, root)
