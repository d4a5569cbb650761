"""A file of torch's, run by torch itself behind seed 0 and in doubles."""

from typing import Any

import torch
from torch import nn


def by_torch(text: str, values: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the `f` of a file gives, and the gradient of its sum, its networks made doubles."""
    scope: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(text, scope)
    for module in {id(v): v for v in scope.values() if isinstance(v, nn.Module)}.values():
        module.double()
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    value = scope["f"](x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), slope
