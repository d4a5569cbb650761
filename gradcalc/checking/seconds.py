"""The gradients of own backwards: each call made once more by itself, and differentiated twice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradcalc.checking.backwards import drawn
from gradcalc.checking.ran import Hand, Second
from gradcalc.checking.tensors import tensors_in, to_array
from gradcalc.testimony import Array

Kept = tuple[Callable[..., Any], tuple[Any, ...]]
"""What makes a call again, and what it was made with."""


def seconds(kept: Mapping[int, Kept], seed: int) -> dict[int, Second]:
    """What torch makes of the backward of each call that was kept, where it makes something."""
    made = {n: _second(call, args, seed) for n, (call, args) in kept.items()}
    return {number: second for number, second in made.items() if second is not None}


def gone_back_alone(call: Callable[..., Any], args: Sequence[Any], seed: int) -> Hand | None:
    """What goes through the backward of one call, from weights that are drawn."""
    draw = np.random.default_rng(seed)
    leaves = _leaves(args)
    given = [leaves[k].clone() if k in leaves else value for k, value in enumerate(args)]
    try:
        with torch.enable_grad():
            outs = list(tensors_in(call(*given)))
            weights = {
                k: _drawn(draw, t)
                for k, t in enumerate(outs)
                if t.requires_grad and not t.is_complex()
            }
            handed = torch.autograd.grad(
                [outs[k] for k in weights],
                list(leaves.values()),
                list(weights.values()),
                allow_unused=True,
            )
    # what somebody else wrote may raise anything
    except Exception:
        return None
    numbers = _arrays(weights)
    named = dict(zip(leaves, handed, strict=True))
    places = [k for k, value in enumerate(args) if isinstance(value, torch.Tensor)]
    back = (named.get(k) for k in places)
    return Hand(
        tuple(numbers.get(k) for k in range(len(outs))),
        tuple(None if g is None else np.asarray(to_array(g), np.float64) for g in back),
    )


def _leaves(args: Sequence[Any]) -> dict[int, torch.Tensor]:
    """The arguments that want a gradient, each by itself, by their places."""
    return {
        k: value.detach().clone().requires_grad_()
        for k, value in enumerate(args)
        if isinstance(value, torch.Tensor) and value.requires_grad
    }


def _second(call: Callable[..., Any], args: Sequence[Any], seed: int) -> Second | None:
    """The backward of one call along a direction, differentiated by all that it is of."""
    draw = np.random.default_rng(seed)
    leaves = _leaves(args)
    # of what is made of leaves, as it may be written over
    given = [leaves[k].clone() if k in leaves else value for k, value in enumerate(args)]
    try:
        with torch.enable_grad():
            outs = list(tensors_in(call(*given)))
            flowing = [k for k, t in enumerate(outs) if t.requires_grad and not t.is_complex()]
            weights = {k: _drawn(draw, outs[k]).requires_grad_() for k in flowing}
            first = torch.autograd.grad(
                [outs[k] for k in flowing],
                list(leaves.values()),
                list(weights.values()),
                create_graph=True,
                allow_unused=True,
            )
            tangents = {k: _drawn(draw, leaf) for k, leaf in leaves.items()}
            parts = [
                (gradient * tangent).sum()
                for gradient, tangent in zip(first, tangents.values(), strict=True)
                if gradient is not None and gradient.requires_grad
            ]
            by = [*leaves.values(), *weights.values()]
            handed: Any = [None for _ in by]
            if parts:
                total: Any = sum(parts[1:], parts[0])
                handed = torch.autograd.grad(total, by, allow_unused=True)
    # what somebody else wrote may raise anything
    except Exception:
        return None
    numbers = [_array(g, leaf) for g, leaf in zip(handed, by, strict=True)]
    return Second(
        _arrays(weights),
        _arrays(tangents),
        dict(zip(leaves, numbers, strict=False)),
        dict(zip(weights, numbers[len(leaves) :], strict=True)),
    )


def _drawn(draw: np.random.Generator, like: torch.Tensor) -> torch.Tensor:
    numbers = drawn(draw, tuple(like.shape))
    return torch.as_tensor(numbers, dtype=like.dtype, device=like.device)


def _array(gradient: torch.Tensor | None, leaf: torch.Tensor) -> Array:
    if gradient is None:
        return np.zeros(tuple(leaf.shape))
    return np.asarray(to_array(gradient), np.float64)


def _arrays(tensors: Mapping[int, torch.Tensor]) -> dict[int, Array]:
    return {k: np.asarray(to_array(t), np.float64) for k, t in tensors.items()}
