"""What torch itself makes of an operation, for those that have no row."""

from collections.abc import Callable
from typing import Any

import torch

from gradcalc.checking.tensors import tensors_in

CLOSE = 16.0
"""How far what an operation is made of may be off from it, in roots of the dtype's rounding."""


def decomposition(func: Any) -> Callable[..., Any] | None:
    """What torch itself says that an operation is made of."""
    from torch._decomp import core_aten_decompositions, decomposition_table

    found = decomposition_table.get(func) or core_aten_decompositions().get(func)
    if found is None and torch._C._dispatch_has_kernel_for_dispatch_key(
        func.name(), "CompositeImplicitAutograd"
    ):
        found = func.decompose
    return found


def gives(func: Any, args: Any, kwargs: Any, made: Any) -> bool:
    """Whether an operation gives what was made in its place: torch's own words for it may mean
    something else."""
    right = list(tensors_in(func(*args, **kwargs)))
    ours = list(tensors_in(made))
    pairs = zip(right, ours, strict=False)
    return len(right) == len(ours) and all(_is_near(one, other) for one, other in pairs)


def _is_near(right: torch.Tensor, made: torch.Tensor) -> bool:
    # what is beside the results proper may be of another shape, or none
    if right.shape != made.shape or not right.is_floating_point() or not right.numel():
        return True
    room = CLOSE * torch.finfo(right.dtype).eps ** 0.5
    size = float(right.abs().nan_to_num(0.0, 0.0, 0.0).max())
    return torch.allclose(made, right, rtol=room, atol=room * size, equal_nan=True)


def python_body(name: str) -> Callable[..., Any] | None:
    """The function of Python that `torch.library.custom_op` has made an operation of."""
    from torch._library.custom_ops import OPDEFS

    found = OPDEFS.get(name)
    return None if found is None else found._init_fn
