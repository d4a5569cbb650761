"""What torch itself makes of an operation, for those that have no row."""

from collections.abc import Callable
from typing import Any

import torch


def decomposition(func: Any) -> Callable[..., Any] | None:
    """What torch itself says that an operation is made of."""
    from torch._decomp import core_aten_decompositions, decomposition_table

    found = decomposition_table.get(func) or core_aten_decompositions().get(func)
    if found is None and torch._C._dispatch_has_kernel_for_dispatch_key(
        func.name(), "CompositeImplicitAutograd"
    ):
        found = func.decompose
    return found


def python_body(name: str) -> Callable[..., Any] | None:
    """The function of Python that `torch.library.custom_op` has made an operation of."""
    from torch._library.custom_ops import OPDEFS

    found = OPDEFS.get(name)
    return None if found is None else found._init_fn
