"""torch.masked: functions of what a mask lets through.

Where it does not, each has the number that changes nothing in its place; but for means and
spreads, which divide by how many elements there are.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import ops
from gradcalc.lang.dialects.readings import torchs
from gradcalc.lang.dialects.readings.linear import vector_norm
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axes, numbers, show

NEUTRAL: Mapping[str, float] = MappingProxyType(
    {
        "sum": 0.0, "prod": 1.0, "cumsum": 0.0, "cumprod": 1.0, "amax": -math.inf, "amin": math.inf,
        "logsumexp": -math.inf, "softmax": -math.inf, "log_softmax": -math.inf, "softmin": math.inf,
        "argmax": -math.inf, "argmin": math.inf, "logaddexp": -math.inf,
    }
)  # fmt: skip
"""What changes nothing."""


def _through(machine: Machine, x: Any, mask: Any, otherwise: float) -> Any:
    """The tensor, with a number where the mask lets nothing through."""
    x = ops.tensor(machine, x)
    return x if mask is None else ops.call(machine, "where", _marks(machine, x, mask), x, otherwise)


def _marks(machine: Machine, x: Any, mask: Any) -> Any:
    """A mask as truth values in the shape of the tensor."""
    mask = ops.tensor(machine, mask)
    mask = mask if machine.is_mask(mask) else ops.binary(machine, "ne", mask, 0)
    shape, own = ops.shape(machine, x), ops.shape(machine, mask)
    short = len(own) > len(shape)
    pairs = zip(own[::-1], shape[::-1], strict=False)
    if short or any(n not in (1, size) for n, size in pairs):
        raise ShapeError(f"a mask of shape {show(own)} on a tensor of shape {show(shape)}")
    return mask if own == shape else ops.call(machine, "broadcast_to", mask, shape)


def _dims(machine: Machine, x: Any, dim: Any) -> Any:
    """The dimensions that are asked for; all of them where there are none."""
    shape = ops.shape(machine, ops.tensor(machine, x))
    wanted = () if dim is None else numbers(dim)
    if not len(wanted):
        return None
    return None if not shape else axes(shape, wanted)


def reduced(machine: Machine, name: str, input: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """sum, amax, amin, logsumexp."""
    x, dims = _through(machine, input, mask, NEUTRAL[name]), _dims(machine, input, dim)
    return ops.call(machine, name, x, dim=dims, keepdim=keepdim)


def multiplied(machine: Machine, input: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """prod, which is one dimension after another."""
    x, dims = _through(machine, input, mask, 1.0), _dims(machine, input, dim)
    rank = len(ops.shape(machine, x))
    for one in sorted(range(rank) if dims is None else dims, reverse=True):
        x = ops.call(machine, "prod", x, one, keepdim)
    return x


def along(machine: Machine, name: str, input: Any, dim: Any, mask: Any) -> Any:
    """cumsum, cumprod and the softmaxes."""
    return ops.call(machine, name, _through(machine, input, mask, NEUTRAL[name]), dim=dim)


def places(machine: Machine, name: str, input: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """argmax and argmin."""
    return ops.call(machine, name, _through(machine, input, mask, NEUTRAL[name]), dim, keepdim)


def middle(machine: Machine, input: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """median, the lower of the two in the middle."""
    return torchs.middle(machine, _through(machine, input, mask, math.nan), dim, keepdim).values


def added(machine: Machine, input: Any, other: Any, input_mask: Any, other_mask: Any) -> Any:
    """logaddexp, with a mask for each side."""
    pair = (
        _through(machine, x, mask, NEUTRAL["logaddexp"])
        for x, mask in ((input, input_mask), (other, other_mask))
    )
    return ops.binary(machine, "logaddexp", *pair)


def normed(machine: Machine, input: Any, ord: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """norm, of which what is left out is 0, or infinite where the least is asked for."""
    order = 2.0 if ord is None else ord
    otherwise = math.inf if order == -math.inf else 0.0
    x, dims = _through(machine, input, mask, otherwise), _dims(machine, input, dim)
    return vector_norm(machine, x, order, dim=dims, keepdim=keepdim)


def normalized(
    machine: Machine, input: Any, ord: Any, dim: Any, eps: Any, mask: Any
) -> Any:  # fmt: skip
    """normalize, whose norm is at least eps."""
    length = normed(machine, input, ord, dim, True, mask)
    least = ops.binary(machine, "maximum", length, ops.tensor(machine, eps))
    return ops.binary(machine, "div", _through(machine, input, mask, 0.0), least)


def _counted(machine: Machine, input: Any, dims: Any, keepdim: bool, mask: Any) -> Any:
    """How many elements a mask lets through."""
    ones = ops.call(machine, "ones_like", ops.tensor(machine, input))
    return ops.call(machine, "sum", _through(machine, ones, mask, 0.0), dim=dims, keepdim=keepdim)


def averaged(machine: Machine, input: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """mean, of what the mask lets through."""
    total = reduced(machine, "sum", input, dim, keepdim, mask)
    dims = _dims(machine, input, dim)
    return ops.binary(machine, "div", total, _counted(machine, input, dims, keepdim, mask))


def spread(
    machine: Machine, name: str, input: Any, dim: Any, unbiased: Any, keepdim: Any, mask: Any,
    correction: Any = None,
) -> Any:  # fmt: skip
    """var and std, whose divisor is at least 0."""
    if unbiased is not None and correction is not None:
        raise InvalidValueError(f"{name} takes unbiased or correction, not both")
    less = 1.0 if unbiased is None else float(unbiased)
    less = less if correction is None else float(correction)
    x, dims = ops.tensor(machine, input), _dims(machine, input, dim)
    off = ops.binary(machine, "sub", x, averaged(machine, x, dim, True, mask))
    squares = ops.call(machine, "square", off)
    total = reduced(machine, "sum", squares, dim, keepdim, mask)
    count = ops.binary(machine, "sub", _counted(machine, x, dims, keepdim, mask), less)
    count = ops.call(machine, "clamp", count, 0.0, None)
    found = ops.binary(machine, "div", total, count)
    return ops.call(machine, "sqrt", found) if name == "std" else found
